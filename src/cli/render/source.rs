//! What is drawn: the states of a task, a file, a log or a data set.

use super::super::data::dataset;
use super::super::log::{Log, Transition};
use super::super::output::{Failure, note};
use super::Options;
use crate::causal::{LocalMask, Source, Strength};
use crate::env::Env;
use crate::error::Result;
use crate::robot::FINGERS;
use crate::world::{Contacts, Entity, State};

/// A state, with what happened in the step that led to it.
pub(super) struct Shown {
    pub(super) state: State,
    /// Who touched, where that is wanted and known.
    pub(super) contacts: Contacts,
    /// Who influenced whom.
    pub(super) influences: Vec<(Entity, Entity)>,
}

impl Shown {
    fn plain(state: State) -> Self {
        Self { state, contacts: Contacts::default(), influences: Vec::new() }
    }
}

/// The states to draw, and the seconds between them.
pub(super) fn states(options: &Options) -> std::result::Result<(Vec<Shown>, f64), Failure> {
    if let Some(path) = &options.log {
        let log = Log::read(path)?;
        if let Some(lost) = log.lost() {
            note(&format!("note: {}: {lost}", path.display()));
        }
        let count = log.episodes.len();
        let mut env = log.header.env()?;
        let episode = log.episodes.into_iter().nth(options.episode);
        let episode = episode.ok_or_else(|| missing(options, count))?;
        let mut shown = Vec::new();
        for Transition { before, action, after, .. } in episode.transitions {
            shown.push(led_to(options, &mut env, &before, &action, after)?);
        }
        return Ok((shown, env.dt()));
    }
    if let Some(path) = &options.data {
        let data = dataset(path)?;
        let mut env = data.header().env()?;
        let episode = data.episode(options.episode)?;
        let episode = episode.ok_or_else(|| missing(options, data.len()))?;
        let mut shown: Vec<Shown> =
            episode.rows.iter().map(|row| Shown::plain(row.state.clone())).collect();
        for step in episode.transitions() {
            let after = step.after.clone();
            shown[step.index] = led_to(options, &mut env, step.before, step.action, after)?;
        }
        return Ok((shown, env.dt()));
    }
    let mut env = options.world.env(true)?;
    if let Some(path) = &options.state {
        return Ok((vec![Shown::plain(State::load(path)?)], env.dt()));
    }
    env.reset(Some(options.seed));
    Ok((vec![Shown::plain(env.state().clone())], env.dt()))
}

fn missing(options: &Options, count: usize) -> Failure {
    let reason = if count == 0 { "there is none" } else { "there are fewer" };
    Failure::setting("episode", &options.episode.to_string(), reason)
}

/// A state with what happened in the step that led to it, which is taken again to know.
fn led_to(
    options: &Options,
    env: &mut Env,
    before: &State,
    action: &[f64],
    after: State,
) -> Result<Shown> {
    let mut shown = Shown::plain(after);
    if options.contacts || options.influences {
        env.set_state(before)?;
        env.step(action)?;
        shown.contacts = env.contacts().clone();
    }
    if options.influences {
        let scene = &shown.state.scene;
        let mask = LocalMask::of(&shown.contacts, scene, Strength::Tight)?;
        let bodies = FINGERS + scene.blocks.len();
        let body = |i: usize| match i.checked_sub(FINGERS) {
            None => Entity::Finger(i),
            Some(block) => Entity::Block(block),
        };
        let either =
            |a, b| mask.influences(Source::Node(a), b) || mask.influences(Source::Node(b), a);
        let pairs = (0..bodies).flat_map(|a| (a + 1..bodies).map(move |b| (a, b)));
        let coupled = pairs.filter(|(a, b)| either(*a, *b));
        shown.influences = coupled.map(|(a, b)| (body(a), body(b))).collect();
    }
    if !options.contacts {
        shown.contacts = Contacts::default();
    }
    Ok(shown)
}
