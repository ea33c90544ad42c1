//! Curricula: actors, and when each acts.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::actor::{Actor, Moment, of_progress};
use super::document::{ActorDocument, CurriculumDocument, Entry};
use super::protocol::REDRAWS;
use crate::env::{Director, Env, Step};
use crate::error::{Error, Result};
use crate::intervention::{Event, Intervention, Target};
use crate::variable::Space;

/// When an actor acts; as JSON the reference's four numbers, or five.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Option<u64>>", into = "Vec<Option<u64>>")]
pub struct Active {
    /// The first episode, from 0.
    pub start: u64,
    /// The last episode; `None` for ever.
    pub end: Option<u64>,
    /// Every how many episodes, from the first on; at least 1.
    pub period: u64,
    /// After how many control steps of the episode; 0 for its start, before it is observed.
    pub step: u64,
    /// Every how many control steps again; `None` for once in an episode.
    pub every: Option<u64>,
}

impl Active {
    /// At the start of every episode.
    pub const ALWAYS: Self = Self { start: 0, end: None, period: 1, step: 0, every: None };

    /// Whether the actor acts in that episode after that many control steps.
    pub fn fires(&self, episode: u64, step: u64) -> bool {
        let Some(since) = episode.checked_sub(self.start) else { return false };
        let again = |every: u64| step > self.step && (step - self.step).is_multiple_of(every);
        self.end.is_none_or(|end| episode <= end)
            && since.is_multiple_of(self.period)
            && (step == self.step || self.every.is_some_and(again))
    }

    fn check(&self) -> Result<()> {
        let refuse = |name| {
            let (value, reason) = ("0".to_string(), "must be at least 1");
            Err(Error::Setting { name, value, reason })
        };
        match self {
            Self { period: 0, .. } => refuse("period of an actor"),
            Self { every: Some(0), .. } => refuse("every of an actor"),
            Self { start, end: Some(end), .. } if end < start => Err(Error::Setting {
                name: "last episode of an actor",
                value: end.to_string(),
                reason: "must not come before its first episode",
            }),
            _ => Ok(()),
        }
    }
}

impl TryFrom<Vec<Option<u64>>> for Active {
    type Error = String;

    fn try_from(numbers: Vec<Option<u64>>) -> std::result::Result<Self, String> {
        let active = match numbers[..] {
            [Some(start), end, Some(period), Some(step)] => {
                Self { start, end, period, step, every: None }
            }
            [Some(start), end, Some(period), Some(step), every] => {
                Self { start, end, period, step, every }
            }
            _ => return Err(
                "expected [first episode, last episode or null, period, step] of whole numbers, \
                 and perhaps every how many steps"
                    .to_string(),
            ),
        };
        active.check().map_err(|error| error.to_string())?;
        Ok(active)
    }
}

impl From<Active> for Vec<Option<u64>> {
    fn from(active: Active) -> Self {
        let Active { start, end, period, step, every } = active;
        let mut numbers = vec![Some(start), end, Some(period), Some(step)];
        numbers.extend(every.map(Some));
        numbers
    }
}

/// How many events a curriculum remembers until they are taken; the oldest are forgotten first.
const REMEMBERED: usize = 1000;

/// Actors that intervene while an agent learns, each when its turn comes.
///
/// Actors whose turn comes at once act in their order, each on what the one before it left: sizes
/// before goals, for instance, give goals at the new height. What is refused is asked for again,
/// [`REDRAWS`] times; then the actor leaves the world as it is. Nothing outlives the episode.
pub struct Curriculum {
    actors: Vec<(Box<dyn Actor>, Active)>,
    space: Option<Space>,
    events: Vec<Event>,
    failure: Option<Error>,
    // What it was built from; none where it was put together by hand.
    document: Option<CurriculumDocument>,
}

impl Curriculum {
    /// A curriculum without actors: no world changes.
    pub fn new() -> Self {
        let (actors, events) = (Vec::new(), Vec::new());
        Self { actors, space: None, events, failure: None, document: None }
    }

    /// One of the paper's curricula (section 4), all within space A: `0`, nothing changes; `1`, a
    /// new goal in every episode; `2`, everything that the reference varies in every episode.
    ///
    /// # Errors
    /// [`Error::UnknownName`].
    pub fn named(name: &str) -> Result<Self> {
        CurriculumDocument::named(name)?.build(|_| Err(Error::Order("it has no custom actor")))
    }

    /// The same with one more actor, after the others.
    ///
    /// # Errors
    /// [`Error::Setting`] for a period of 0.
    pub fn and(mut self, actor: Box<dyn Actor>, active: Active) -> Result<Self> {
        active.check()?;
        self.actors.push((actor, active));
        self.document = None;
        Ok(self)
    }

    /// The same with the document that it was built from.
    pub(super) fn of(self, document: &CurriculumDocument) -> Self {
        Self { document: Some(document.clone()), ..self }
    }

    /// The same with a space of its own in force, in place of the environment's.
    pub fn within(mut self, space: Space) -> Self {
        (self.space, self.document) = (Some(space), None);
        self
    }

    /// Lets every actor act whose turn it is; whether anything was changed.
    fn act(&mut self, env: &mut Env) -> bool {
        let (episode, step) = (env.state().episode, env.state().step);
        let own = self.space.clone();
        let space = own.unwrap_or_else(|| env.config().variables_space.into());
        let mut changed = false;
        for index in 0..self.actors.len() {
            if self.actors[index].1.fires(episode, step) {
                changed |= self.attempt(index, env, &space);
            }
        }
        changed
    }

    /// Lets one actor act, again where it is refused; whether anything was changed.
    fn attempt(&mut self, index: usize, env: &mut Env, space: &Space) -> bool {
        let mut before = None;
        for attempt in 0..=REDRAWS as u64 {
            let actor = &mut self.actors[index].0;
            let wanted = match actor.act(&mut Moment::new(env, space, attempt)) {
                Ok(wanted) if wanted.is_empty() => return false,
                Ok(wanted) => wanted,
                Err(error) if error.is_refusal() => {
                    self.remember(index, env, Intervention::new(), Some(&error));
                    continue;
                }
                Err(error) => {
                    self.failure = Some(error);
                    return false;
                }
            };
            // An actor that says the same again would be refused again.
            if before.as_ref() == Some(&wanted) {
                return false;
            }
            let by = actor.name().to_string();
            let state = env.state().clone();
            match env.intervene_as(&by, &wanted, Some(space)) {
                Ok(()) => {
                    self.remember(index, env, wanted, None);
                    return !env.state().same_bits(&state);
                }
                Err(error) if error.is_refusal() => {
                    self.remember(index, env, wanted.clone(), Some(&error));
                    before = Some(wanted);
                }
                Err(error) => {
                    self.failure = Some(error);
                    return false;
                }
            }
        }
        false
    }

    fn remember(&mut self, index: usize, env: &Env, values: Intervention, why: Option<&Error>) {
        let by = self.actors[index].0.name().to_string();
        let (seed, episode, step) = (env.state().seed, env.state().episode, env.state().step);
        if self.events.len() == REMEMBERED {
            self.events.remove(0);
        }
        let refused = why.map(ToString::to_string);
        let target = Target::State;
        self.events.push(Event { by, seed, episode, step, target, values, refused });
    }
}

impl Default for Curriculum {
    fn default() -> Self {
        Self::new()
    }
}

impl Director for Curriculum {
    fn begin(&mut self, env: &mut Env) {
        self.act(env);
    }

    fn follow(&mut self, env: &mut Env, step: &Step) -> bool {
        if step.terminated || step.truncated {
            let end = env.info();
            self.actors.iter_mut().for_each(|(actor, _)| actor.hear(&end));
        }
        self.act(env)
    }

    fn another(&self) -> Box<dyn Director> {
        let actors = self.actors.iter().map(|(actor, active)| (actor.another(), *active));
        let (actors, space) = (actors.collect(), self.space.clone());
        Box::new(Self { actors, space, document: self.document.clone(), ..Self::new() })
    }

    fn document(&self) -> std::result::Result<Value, String> {
        let Some(document) = &self.document else {
            return Err("curriculum".to_string());
        };
        let custom = |entry: &Entry| matches!(entry.actor, ActorDocument::Custom { .. });
        let mut own = document.actors.iter().zip(&self.actors).filter(|(entry, _)| custom(entry));
        match own.next() {
            Some((_, (actor, _))) => Err(format!("curriculum: {}", actor.name())),
            None => serde_json::to_value(document).map_err(|error| format!("curriculum: {error}")),
        }
    }

    fn progress(&self) -> Value {
        let actors: Vec<Value> = self.actors.iter().map(|(actor, _)| actor.progress()).collect();
        json!({"actors": actors, "events": self.events})
    }

    fn resume(&mut self, progress: &Value) -> Result<()> {
        #[derive(Deserialize)]
        struct Progress {
            actors: Vec<Value>,
            events: Vec<Event>,
        }
        let Progress { actors, events } = of_progress("curriculum", progress)?;
        for ((actor, _), progress) in self.actors.iter_mut().zip(&actors) {
            actor.resume(progress)?;
        }
        self.events = events;
        Ok(())
    }

    fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    fn take_failure(&mut self) -> Option<Error> {
        self.failure.take()
    }
}
