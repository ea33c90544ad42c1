//! A data set certifies itself: every transition is re-run from its state and action.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use serde::Serialize;

use super::columns::{block_numbers, moved};
use super::{Dataset, Episode, Kind, Loss, Precision, Row, Transition};
use crate::causal::LocalMask;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::world::State;

/// How many differences are told one by one; the rest is only counted.
const TOLD: usize = 100;

/// A recorded step that came out differently.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// The episode's number in the data set, from 0.
    pub episode: usize,
    /// The row's number in the episode, from 0.
    pub row: usize,
    /// What differs.
    pub what: String,
    /// The largest difference of a number that the step moves: rad, rad/s, N m, m, m/s; NaN where
    /// there is none to compare.
    pub largest: f64,
}

/// What came of re-running a data set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verification {
    /// Episodes that were read.
    pub episodes: usize,
    /// Those of them with a transition that does not agree.
    pub disagreeing: usize,
    /// Transitions that were re-run.
    pub transitions: u64,
    /// Those of them that agree with what was recorded in every bit: the next state, reward and
    /// flags, observation, mask.
    pub agreed: u64,
    /// Steps within which an actor intervened: no transitions of the dynamics, not re-run.
    pub intervened: u64,
    /// The first differences, in the data set's order.
    pub differences: Vec<Difference>,
    /// Whether the data set was closed; if not, episodes may be missing at its end.
    pub closed: bool,
    /// What is missing at its end; `None` where it was closed.
    pub lost: Option<Loss>,
}

impl Verification {
    /// Whether all that was re-run agrees.
    pub fn all_agree(&self) -> bool {
        self.agreed == self.transitions
    }

    /// The share that agrees, 0 to 1; 1 where there is nothing to re-run.
    pub fn fraction(&self) -> f64 {
        if self.transitions == 0 { 1.0 } else { self.agreed as f64 / self.transitions as f64 }
    }

    fn add(&mut self, other: Self) {
        self.episodes += other.episodes;
        self.disagreeing += other.disagreeing;
        self.transitions += other.transitions;
        self.agreed += other.agreed;
        self.intervened += other.intervened;
        self.differences.extend(other.differences);
    }
}

/// Re-runs every transition of a data set in the world that it describes, on that many threads
/// (0 for as many as the machine runs at once); `progress` is told of every episode's steps.
///
/// # Errors
/// [`Error::OtherWorld`] where this release would make another world; as [`Dataset::episodes`]:
/// also where a digest is not that of the contents.
pub fn verify(
    dataset: &Dataset,
    threads: usize,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Verification> {
    verify_in(&dataset.header().env()?, dataset, threads, progress)
}

/// As [`verify`], in a world like a given one: for tasks that no description can tell.
///
/// # Errors
/// As [`verify`].
pub fn verify_in(
    world: &Env,
    dataset: &Dataset,
    threads: usize,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Verification> {
    let available = || thread::available_parallelism().map_or(1, usize::from);
    let threads = if threads == 0 { available() } else { threads };
    let envs: Vec<Env> = (0..threads).map(|_| world.twin()).collect::<Result<_>>()?;
    let episodes = Mutex::new(dataset.episodes().enumerate());
    let (failed, precision) = (AtomicBool::new(false), dataset.header().observations);
    let masks = dataset.header().masks;
    let work = |mut env: Env| {
        let mut sum = Verification::default();
        while !failed.load(Ordering::Relaxed) {
            let next = episodes.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((index, episode)) = next else { break };
            let one = episode.and_then(|episode| {
                let mut run = Run { env: &mut env, precision, masks, index };
                run.episode(&episode)
            });
            if one.is_err() {
                failed.store(true, Ordering::Relaxed);
            }
            let one = one?;
            progress(one.transitions);
            sum.add(one);
        }
        Ok(sum)
    };
    let work = &work;
    let parts: Vec<Result<Verification>> = thread::scope(|scope| {
        let hands: Vec<_> = envs.into_iter().map(|env| scope.spawn(move || work(env))).collect();
        let panicked = |_| Err(Error::Panicked { reason: "while it was re-run".to_string() });
        hands.into_iter().map(|hand| hand.join().unwrap_or_else(panicked)).collect()
    });
    let mut sum = Verification {
        closed: dataset.is_closed(),
        lost: dataset.lost(),
        ..Verification::default()
    };
    for part in parts {
        sum.add(part?);
    }
    sum.differences.sort_by_key(|difference| (difference.episode, difference.row));
    sum.differences.truncate(TOLD);
    Ok(sum)
}

/// An episode that is re-run.
struct Run<'a> {
    env: &'a mut Env,
    precision: Option<Precision>,
    masks: Option<crate::causal::Strength>,
    index: usize,
}

impl Run<'_> {
    fn episode(&mut self, episode: &Episode) -> Result<Verification> {
        let intervened = |row: &&Row| row.kind == Kind::Step && row.intervened;
        let mut sum = Verification {
            episodes: 1,
            intervened: episode.rows.iter().filter(intervened).count() as u64,
            ..Verification::default()
        };
        for transition in episode.transitions() {
            sum.transitions += 1;
            match self.rerun(&transition)? {
                None => sum.agreed += 1,
                Some(_) if sum.differences.len() == TOLD => {}
                Some(what) => {
                    let largest = largest(self.env.state(), transition.after);
                    let (episode, row) = (self.index, transition.index);
                    sum.differences.push(Difference { episode, row, what, largest });
                }
            }
        }
        sum.disagreeing = usize::from(!sum.all_agree());
        Ok(sum)
    }

    /// Takes the step again; what came out differently.
    fn rerun(&mut self, transition: &Transition<'_>) -> Result<Option<String>> {
        let env = &mut *self.env;
        if let Err(error) = env.set_state(transition.before) {
            return Ok(Some(format!("the state before it is refused: {error}")));
        }
        let step = match env.step(transition.action) {
            Ok(step) => step,
            Err(error) => return Ok(Some(format!("the action is refused: {error}"))),
        };
        if !env.state().same_bits(transition.after) {
            return Ok(Some("the next state".to_string()));
        }
        let row = transition.row;
        if step.reward.to_bits() != transition.reward.to_bits() {
            return Ok(Some(format!("the reward is {}, not {}", step.reward, transition.reward)));
        }
        let info = env.info();
        let found = (step.terminated, step.truncated, info.success);
        let success = info.fractional_success.to_bits() == row.fractional_success.to_bits();
        if found != (row.terminated, row.truncated, row.success) || !success {
            return Ok(Some("termination, truncation or success".to_string()));
        }
        if !self.same_observation(row)? {
            return Ok(Some("the observation".to_string()));
        }
        Ok((!self.same_mask(row)?).then(|| "the mask".to_string()))
    }

    fn same_observation(&self, row: &Row) -> Result<bool> {
        let Some(precision) = self.precision else { return Ok(true) };
        let mut observation = vec![0.0; self.env.observation_len()];
        self.env.observe(&mut observation)?;
        let kept = |number: f64| match precision {
            Precision::Float32 => f64::from(number as f32),
            Precision::Float64 => number,
        };
        let bits = |numbers: &[f64]| numbers.iter().map(|n| kept(*n).to_bits()).collect::<Vec<_>>();
        Ok(bits(&observation) == bits(&row.observation))
    }

    fn same_mask(&self, row: &Row) -> Result<bool> {
        let (Some(strength), Some(recorded)) = (self.masks, &row.mask) else { return Ok(true) };
        let mask = LocalMask::of(self.env.contacts(), &row.state.scene, strength)?;
        let mut entries = vec![false; recorded.len()];
        let pairs = LocalMask::edges(self.env.contacts()) == row.pairs;
        Ok(pairs && mask.write(&mut entries).is_ok() && entries == *recorded)
    }
}

/// The largest difference of a number that a control step moves.
fn largest(a: &State, b: &State) -> f64 {
    let numbers = |state: &State| {
        let blocks = state.blocks.iter().flat_map(block_numbers);
        moved(state).into_iter().flatten().copied().chain(blocks).collect::<Vec<f64>>()
    };
    let (a, b) = (numbers(a), numbers(b));
    match a.len() == b.len() {
        true => a.iter().zip(&b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max),
        false => f64::NAN,
    }
}
