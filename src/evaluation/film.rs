//! What an episode looked like, so that a report can show it.

use serde::{Deserialize, Serialize};

use super::{Metric, ProtocolRun};
use crate::env::Env;
use crate::math;
use crate::robot::Nine;
use crate::world::State;

/// The most frames between an episode's two ends.
const FRAMES: u64 = 16;
/// Frames hold numbers to so many parts of a rad or a metre: finer than a picture shows.
const PARTS: f64 = 1e4;

/// What an episode looked like: both ends in full, and how bodies moved between them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Film {
    /// Seconds between two frames.
    pub interval: f64,
    /// What was seen between two interventions; the first begins the episode.
    pub takes: Vec<Take>,
    /// The state after the last step.
    pub end: State,
}

/// The beginning of an episode or what follows an intervention within it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Take {
    /// The state that it began with.
    pub start: State,
    /// How bodies stood later on.
    pub frames: Vec<Frame>,
}

/// How bodies stood, to a tenth of a millimetre.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frame {
    /// Joint angles, rad.
    pub joints: Nine,
    /// The centre of every block, m, and its rotation, a quaternion x, y, z, w.
    pub blocks: Vec<[f64; 7]>,
}

impl Film {
    pub(super) fn begin(env: &Env) -> Self {
        let every = env.max_episode_length().div_ceil(FRAMES).max(1);
        let take = Take { start: env.state().clone(), frames: Vec::new() };
        let interval = every as f64 * env.dt();
        Self { interval, takes: vec![take], end: env.state().clone() }
    }

    /// Notes what a step led to, and whether an intervention came after it.
    pub(super) fn follow(&mut self, env: &Env, intervened: bool) {
        let state = env.state();
        if intervened {
            self.takes.push(Take { start: state.clone(), frames: Vec::new() });
        } else if state.step.is_multiple_of(env.max_episode_length().div_ceil(FRAMES).max(1))
            && let Some(take) = self.takes.last_mut()
        {
            take.frames.push(Frame::of(state));
        }
    }

    pub(super) fn finish(&mut self, env: &Env) {
        self.end.clone_from(env.state());
    }

    /// The states that it shows, the first and the last exactly.
    pub fn states(&self) -> Vec<State> {
        let mut states = Vec::new();
        for take in &self.takes {
            states.push(take.start.clone());
            states.extend(take.frames.iter().map(|frame| frame.within(&take.start)));
        }
        states.push(self.end.clone());
        states
    }
}

impl Frame {
    fn of(state: &State) -> Self {
        let blocks = state.blocks.iter().map(|block| {
            let ([x, y, z], [i, j, k, w]) = (block.position, block.orientation);
            [x, y, z, i, j, k, w].map(rounded)
        });
        Self { joints: state.robot.joint_positions.map(rounded), blocks: blocks.collect() }
    }

    fn within(&self, start: &State) -> State {
        let mut state = start.clone();
        state.robot.joint_positions = self.joints;
        for (block, [x, y, z, i, j, k, w]) in state.blocks.iter_mut().zip(&self.blocks) {
            block.position = [*x, *y, *z];
            block.orientation = math::normalized([*i, *j, *k, *w]).unwrap_or(block.orientation);
        }
        state
    }
}

fn rounded(number: f64) -> f64 {
    (number * PARTS).round() / PARTS
}

/// One episode of a protocol to be looked at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    /// The run's name.
    pub run: String,
    /// The world's number.
    pub world: usize,
    /// What it looked like.
    pub film: Film,
}

/// The worst episode of some runs by last fractional success, then the best; the earliest of equal
/// ones, one where all are equal, and none of those that were not seen.
pub(super) fn extremes(runs: &[(&str, &ProtocolRun)]) -> Vec<Shown> {
    let all = || {
        runs.iter().flat_map(|(name, run)| {
            let of = move |(world, score)| (*name, world, score);
            run.iter().enumerate().map(of)
        })
    };
    let last = |score: &super::EpisodeScore| score.values[Metric::LastFractionalSuccess as usize];
    let worst = all().min_by(|a, b| last(a.2).total_cmp(&last(b.2)));
    // Of equal ones `max_by` takes the latest, and the first of a reversed list is that.
    let every: Vec<_> = all().collect();
    let best = every.iter().rev().copied().max_by(|a, b| last(a.2).total_cmp(&last(b.2)));
    let differ = |best: &(_, _, &_)| worst.is_some_and(|worst| last(worst.2) < last(best.2));
    let chosen = worst.into_iter().chain(best.filter(differ));
    let shown = chosen.filter_map(|(run, world, score)| {
        let film = score.film.as_deref()?.clone();
        Some(Shown { run: run.to_string(), world, film })
    });
    shown.collect()
}
