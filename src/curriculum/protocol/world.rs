//! The worlds of a protocol: drawn once, the same for every agent.

use serde::{Deserialize, Serialize};

use super::{Protocol, REDRAWS};
use crate::env::{Config, Env};
use crate::error::{Error, Result};
use crate::intervention::{Intervention, Request};
use crate::rng::Rng;
use crate::saved::Format;
use crate::task::Family;

/// Who intervenes, as trackers have it.
const BY: &str = "protocol";

/// Draws after which a world is given up.
const DRAWS: u64 = 100;

/// The form in which manifests are written; version 1.
const FORMAT: Format = Format { what: "protocol worlds", version: 1 };

/// One world of a protocol: a seed, and what is set before and within its episode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProtocolWorld {
    /// The family that the world is of.
    pub family: String,
    /// The seed of its episode.
    pub seed: u64,
    /// What is set before the episode; an [`Env`] of the family's defaults accepted it.
    pub start: Intervention,
    /// What is set within the episode, in order of time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub within: Vec<WorldEvent>,
    /// Why the draws before the one that was accepted were refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<String>,
}

/// An intervention within the episode of a frozen world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorldEvent {
    /// When, as a fraction of the episode's control steps.
    pub at: f64,
    /// What to set: the first of these that is accepted. What an agent has done to the world by
    /// then can make one infeasible, so there are as many as a protocol may draw.
    pub tries: Vec<Intervention>,
}

/// A protocol's worlds as a document: what to evaluate in, whoever made it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The protocol.
    pub protocol: Protocol,
    /// The family's name, document and parameters as one number ([`Family::digest`]).
    pub family_digest: u64,
    /// The seed that the worlds were drawn from.
    pub seed: u64,
    /// The worlds.
    pub worlds: Vec<ProtocolWorld>,
}

impl Protocol {
    /// The first `count` worlds of the protocol for a family: a function of the arguments alone.
    ///
    /// World i is the same whatever the count and whatever was drawn before. Streams are named by
    /// seed, i and the variable but not by the protocol, so that the masses of P1 are those of P7:
    /// scores differ by what the protocols vary, not by luck. A world that is refused is drawn
    /// again, [`REDRAWS`] times and, so that none is missing, more often where that is not enough;
    /// [`ProtocolWorld::refused`] tells.
    ///
    /// # Errors
    /// [`Error::InWorld`] with the world that no draw gave, and why the last was refused.
    pub fn worlds(&self, family: &Family, count: usize, seed: u64) -> Result<Vec<ProtocolWorld>> {
        let family = self.home(family)?;
        let mut env = Env::with_family(Config::new(family.name()), family)?;
        let one = |index| self.world(&mut env, seed, index as u64).map_err(|e| e.in_world(index));
        (0..count).map(one).collect()
    }

    /// The worlds with what they are of.
    ///
    /// # Errors
    /// As [`Protocol::worlds`].
    pub fn manifest(&self, family: &Family, count: usize, seed: u64) -> Result<Manifest> {
        let worlds = self.worlds(family, count, seed)?;
        Ok(Manifest { protocol: self.clone(), family_digest: family.digest(), seed, worlds })
    }

    fn world(&self, env: &mut Env, seed: u64, index: u64) -> Result<ProtocolWorld> {
        let (start, mut refused) = self.start_of(env, seed, index, DRAWS, None);
        match start {
            Some(start) => Ok(ProtocolWorld {
                family: env.family().name().to_string(),
                seed: env.state().seed,
                start,
                within: self.events(env)?,
                refused: refused.iter().map(Error::to_string).collect(),
            }),
            None => Err(refused.pop().unwrap_or(Error::Order("no draw was allowed"))),
        }
    }

    /// Puts the environment at the start of a world: what was accepted, and why what was drawn
    /// before was refused.
    pub(super) fn start_of(
        &self,
        env: &mut Env,
        seed: u64,
        index: u64,
        draws: u64,
        tries: Option<usize>,
    ) -> (Option<Intervention>, Vec<Error>) {
        // 53 bits, so that every JSON reader keeps them.
        let own = Rng::stream(seed, index, "protocol/world").bits() >> 11;
        env.reset(Some(own));
        let mut refused = Vec::new();
        for attempt in 0..draws {
            let request = Request { attempt, ..Request::new(&self.start, "protocol") };
            let drawn = env.draw(&Request { tries: tries.unwrap_or(request.tries), ..request });
            let applied = drawn.and_then(|wanted| {
                env.intervene_as(BY, &wanted, Some(&self.start))?;
                Ok(wanted)
            });
            match applied {
                Ok(start) => return (Some(start), refused),
                Err(error) => refused.push(error),
            }
        }
        (None, refused)
    }

    fn events(&self, env: &mut Env) -> Result<Vec<WorldEvent>> {
        let mut event = |(number, within): (usize, &super::Within)| {
            let purpose = format!("protocol/within {number}");
            let tries = (0..=REDRAWS as u64)
                .map(|attempt| {
                    env.draw(&Request { attempt, ..Request::new(&within.space, &purpose) })
                })
                .collect::<Result<_>>()?;
            Ok(WorldEvent { at: within.at, tries })
        };
        self.within.iter().enumerate().map(&mut event).collect()
    }
}

impl ProtocolWorld {
    /// Begins the world's episode: from the family's own start, whatever the starting state was.
    ///
    /// The next reset goes to the starting state that there was, so no protocol leaves a trace.
    ///
    /// # Errors
    /// [`Error::OtherWorld`] where the environment is of another family, or why its physics or its
    /// observation does not take the world.
    pub fn begin(&self, env: &mut Env) -> Result<()> {
        if env.family().name() != self.family {
            let reason = format!("it is of {}, not of {}", self.family, env.family().name());
            return Err(Error::OtherWorld { reason });
        }
        let starting = env.starting_state().clone();
        env.reset_default_state();
        env.reset(Some(self.seed));
        let done = env.intervene_as(BY, &self.start, None);
        env.start_from(&starting)?;
        done
    }

    /// Makes the interventions that are due after the present step; whether one changed anything.
    ///
    /// # Errors
    /// Why the last of an event's tries was refused.
    pub fn follow(&self, env: &mut Env) -> Result<bool> {
        let (step, steps) = (env.state().step, env.max_episode_length());
        let due = |event: &&WorldEvent| (event.at * steps as f64) as u64 == step;
        let mut changed = false;
        for event in self.within.iter().filter(due) {
            let before = env.state().clone();
            let mut tries = event.tries.iter().map(|wanted| env.intervene_as(BY, wanted, None));
            let Some(mut outcome) = tries.next() else { continue };
            while outcome.is_err() {
                match tries.next() {
                    Some(next) => outcome = next,
                    None => break,
                }
            }
            outcome?;
            changed |= !env.state().same_bits(&before);
        }
        Ok(changed)
    }
}

impl Manifest {
    /// The manifest as a JSON document.
    ///
    /// # Errors
    /// None for what [`Protocol::manifest`] gives.
    pub fn to_json(&self) -> Result<String> {
        FORMAT.write_pretty(self)
    }

    /// The manifest of a JSON document.
    ///
    /// # Errors
    /// [`Error::Malformed`] with the place in it.
    pub fn from_json(json: &str) -> Result<Self> {
        FORMAT.read(json)
    }
}
