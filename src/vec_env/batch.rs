//! Where the results of a batch are written: row i belongs to world i.

use crate::env::observation::Number;
use crate::error::{Error, Result};

/// Memory for what a step of a batch brings, made once and written by every step.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch<T> {
    /// The observations, one row after the other.
    pub observations: Vec<T>,
    /// The rewards, already multiplied by the step's seconds.
    pub rewards: Vec<f64>,
    /// Whether the task ended the episode.
    pub terminated: Vec<bool>,
    /// Whether the episode's time is over.
    pub truncated: Vec<bool>,
}

/// The same in memory of the caller's.
#[derive(Debug)]
pub struct Rows<'a, T> {
    /// The observations, one row after the other.
    pub observations: &'a mut [T],
    /// The rewards, already multiplied by the step's seconds.
    pub rewards: &'a mut [f64],
    /// Whether the task ended the episode.
    pub terminated: &'a mut [bool],
    /// Whether the episode's time is over.
    pub truncated: &'a mut [bool],
}

impl<T: Number> Batch<T> {
    pub(super) fn new(worlds: usize, observation_len: usize) -> Self {
        Self {
            observations: vec![T::of(0.0); worlds * observation_len],
            rewards: vec![0.0; worlds],
            terminated: vec![false; worlds],
            truncated: vec![false; worlds],
        }
    }

    /// The memory, to be written into.
    pub fn rows(&mut self) -> Rows<'_, T> {
        Rows {
            observations: &mut self.observations,
            rewards: &mut self.rewards,
            terminated: &mut self.terminated,
            truncated: &mut self.truncated,
        }
    }
}

impl<T> Rows<'_, T> {
    pub(super) fn check(&self, worlds: usize, observation_len: usize) -> Result<()> {
        length("observations", self.observations.len(), worlds * observation_len)?;
        length("rewards", self.rewards.len(), worlds)?;
        length("terminated", self.terminated.len(), worlds)?;
        length("truncated", self.truncated.len(), worlds)
    }
}

/// Refuses another length than the expected one.
pub(super) fn length(what: &str, found: usize, expected: usize) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(Error::Shape {
        what: what.to_string(),
        expected: format!("{expected} in all"),
        found: found.to_string(),
    })
}
