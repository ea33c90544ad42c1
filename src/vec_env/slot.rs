//! One world of a batch: its environment, and where it stands between two episodes.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::Autoreset;
use crate::env::{Env, Info, Step};
use crate::error::{Error, Result};
use crate::world::State;

/// How an episode ended, where the same call began the next one.
#[derive(Clone, Debug, PartialEq)]
pub struct Final {
    /// The last observation, as [`Env::observe`] writes it.
    pub observation: Vec<f64>,
    /// The same as bytes, where images are observed; else empty.
    pub bytes: Vec<u8>,
    /// What was achieved at last, as [`Env::achieved_goal`] writes it.
    pub achieved_goal: Vec<f64>,
    /// What was desired at last, as [`Env::desired_goal`] writes it.
    pub desired_goal: Vec<f64>,
    /// How the last state stood to the task.
    pub info: Info,
    /// The last state.
    pub state: State,
}

impl Final {
    fn of(env: &Env) -> Result<Self> {
        let goals = env.goal_layout().len();
        let mut last = Self {
            observation: vec![0.0; env.observation_len()],
            bytes: env.image_shape().map_or(Vec::new(), |shape| vec![0; shape.iter().product()]),
            achieved_goal: vec![0.0; goals],
            desired_goal: vec![0.0; goals],
            info: env.info(),
            state: env.state().clone(),
        };
        env.observe(&mut last.observation)?;
        if !last.bytes.is_empty() {
            env.observe(&mut last.bytes)?;
        }
        env.achieved_goal(&mut last.achieved_goal)?;
        env.desired_goal(&mut last.desired_goal)?;
        Ok(last)
    }
}

pub(super) struct Slot {
    pub(super) env: Env,
    /// Whether the episode is over and no other has begun.
    pub(super) ended: bool,
    /// Whether it was given a seed or a state; before, a reset takes the world's index for one.
    pub(super) seeded: bool,
    /// How the episode ended that the last step ended, where that step began another.
    pub(super) last: Option<Final>,
    /// Whether a director intervened within the last step.
    pub(super) intervened: bool,
    /// Why the last call could not do its work here.
    pub(super) failure: Option<Error>,
}

impl Slot {
    pub(super) fn new(env: Env) -> Self {
        Self { env, ended: false, seeded: false, last: None, intervened: false, failure: None }
    }

    /// Begins an episode: the first of a seed, or the next.
    pub(super) fn reset(&mut self, world: usize, seed: Option<u64>) {
        let seed = if self.seeded { seed } else { seed.or(Some(world as u64)) };
        self.env.reset(seed);
        (self.ended, self.seeded, self.last) = (false, true, None);
        self.intervened = false;
    }

    /// Takes one step, or the reset that stands in its place.
    pub(super) fn step(&mut self, action: &[f64], autoreset: Autoreset) -> Result<Step> {
        (self.last, self.intervened) = (None, false);
        if self.ended && autoreset == Autoreset::NextStep {
            self.env.reset(None);
            self.ended = false;
            return Ok(Step {
                reward: 0.0,
                terminated: false,
                truncated: false,
                intervened: false,
            });
        }
        let step = self.env.step(action)?;
        self.ended = step.terminated || step.truncated;
        self.intervened = step.intervened;
        if self.ended && autoreset == Autoreset::SameStep {
            self.last = Some(Final::of(&self.env)?);
            self.env.reset(None);
            self.ended = false;
        }
        Ok(step)
    }

    /// Does some work; a panic in it becomes an error and asks for a reset of this world.
    pub(super) fn guarded<R>(&mut self, work: impl FnOnce(&mut Self) -> Result<R>) -> Result<R> {
        // What a panic leaves half done is overwritten by the reset that it asks for.
        match catch_unwind(AssertUnwindSafe(|| work(self))) {
            Ok(result) => result,
            Err(panic) => {
                self.env.recover()?;
                (self.ended, self.last) = (false, None);
                Err(Error::Panicked { reason: said(&*panic) })
            }
        }
    }
}

/// What a panic said.
pub(super) fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a message".to_string())
}
