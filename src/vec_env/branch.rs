//! What would come of several sequences of actions, all from one state.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use super::VecEnv;
use super::slot::Slot;
use crate::env::Env;
use crate::error::{Error, Result, all_finite};
use crate::robot::JOINTS;
use crate::world::State;

/// What came of one sequence of actions.
#[derive(Clone, Debug, PartialEq)]
pub struct Branch {
    /// The reward of every step taken; fewer than actions where the episode ended before.
    pub rewards: Vec<f64>,
    /// Whether the task ended the episode with the last step.
    pub terminated: bool,
    /// Whether time ended it.
    pub truncated: bool,
    /// Whether the goal is reached in the last state.
    pub success: bool,
    /// How much of the goal is achieved in the last state, 0 to 1.
    pub fractional_success: f64,
    /// The last state.
    pub state: State,
    /// The state after every step, where they were asked for.
    pub states: Vec<State>,
}

impl VecEnv {
    /// Tries sequences of actions from one state, in parallel; no world of the batch is touched.
    ///
    /// A sequence is the actions of its steps in a row, nine numbers each; sequences may differ in
    /// length. It is followed to its end or the episode's. With `keep_states` every state on the
    /// way is returned. What comes of a sequence is what [`Env::set_state`] and [`Env::step`] would
    /// give, bit for bit, whatever else is tried beside it.
    ///
    /// # Errors
    /// [`Error::OtherWorld`] for a state of another world; [`Error::Shape`] or [`Error::NotFinite`]
    /// with the sequence's number, before any is tried; [`Error::Panicked`] with the number of the
    /// first that panicked.
    pub fn branch<S: AsRef<[f64]> + Sync>(
        &mut self,
        state: &State,
        sequences: &[S],
        keep_states: bool,
    ) -> Result<Vec<Branch>> {
        self.model.check_state(state)?;
        for (i, sequence) in sequences.iter().enumerate() {
            check(i, sequence.as_ref())?;
        }
        let work = |i: usize, env: &mut Env| {
            env.set_state(state)?;
            follow(env, sequences[i].as_ref(), keep_states)
        };
        let results = self.in_scratch(sequences.len(), work)?.into_iter().enumerate();
        let named = |(i, result)| match result {
            Err(Error::Panicked { reason }) => {
                Err(Error::Panicked { reason: format!("sequence {i}: {reason}") })
            }
            result => result,
        };
        results.map(named).collect()
    }

    /// Does pieces of work in environments like those of the batch, in parallel; no world of the
    /// batch is touched.
    ///
    /// A piece is told its number and given an environment that stands anywhere: set its state
    /// first. What comes of a piece is then the same on any number of threads.
    ///
    /// # Errors
    /// Where environments or threads can not be made; a piece that panicked has
    /// [`Error::Panicked`] for its result.
    pub fn in_scratch<R: Send>(
        &mut self,
        pieces: usize,
        work: impl Fn(usize, &mut Env) -> Result<R> + Sync,
    ) -> Result<Vec<Result<R>>> {
        let hands = self.pool.threads().min(pieces);
        while self.scratch.len() < hands {
            self.scratch.push(Slot::new(self.model.twin()?));
        }
        let next = AtomicUsize::new(0);
        let done: Vec<Mutex<Option<Result<R>>>> = (0..pieces).map(|_| Mutex::new(None)).collect();
        // Each thread takes the next piece when it is done with one, so that long ones do not keep
        // the others waiting; every result has its own place.
        let hand = |slot: &mut Slot| {
            loop {
                let i = next.fetch_add(1, Ordering::Relaxed);
                let Some(place) = done.get(i) else { return };
                let result = slot.guarded(|slot| work(i, &mut slot.env));
                if let Ok(mut place) = place.lock() {
                    *place = Some(result);
                }
            }
        };
        let scratch = &mut self.scratch[..hands];
        self.pool.run(|many| match many {
            true => scratch.par_iter_mut().with_max_len(1).for_each(hand),
            false => scratch.iter_mut().for_each(hand),
        })?;
        let lost = || Err(Error::Panicked { reason: "without a result".to_string() });
        let results = done.into_iter().map(|place| place.into_inner().ok().flatten());
        Ok(results.map(|result| result.unwrap_or_else(lost)).collect())
    }
}

/// Refuses what is no sequence of actions.
pub(crate) fn check(i: usize, sequence: &[f64]) -> Result<()> {
    if !sequence.len().is_multiple_of(JOINTS) {
        return Err(Error::Shape {
            what: format!("action sequence {i}"),
            expected: format!("{JOINTS} numbers per step"),
            found: format!("{} in all", sequence.len()),
        });
    }
    all_finite(&format!("action sequence {i}"), sequence)
}

/// Takes actions, nine numbers each, from where an environment stands, to their end or the
/// episode's.
///
/// # Errors
/// As [`Env::step`].
pub(crate) fn follow(env: &mut Env, sequence: &[f64], keep_states: bool) -> Result<Branch> {
    let (mut rewards, mut states) = (Vec::with_capacity(sequence.len() / JOINTS), Vec::new());
    let (mut terminated, mut truncated) = (false, false);
    for action in sequence.chunks_exact(JOINTS) {
        let step = env.step(action)?;
        rewards.push(step.reward);
        if keep_states {
            states.push(env.state().clone());
        }
        (terminated, truncated) = (step.terminated, step.truncated);
        if terminated || truncated {
            break;
        }
    }
    let info = env.info();
    let (success, fractional_success) = (info.success, info.fractional_success);
    let state = env.state().clone();
    Ok(Branch { rewards, terminated, truncated, success, fractional_success, state, states })
}
