//! Minibatches of real and made-up transitions.

use super::Samples;
use crate::causal::Replay;
use crate::error::{Error, Result};
use crate::rng::Rng;

/// A row of a minibatch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drawn {
    /// A row of the replay.
    Real(usize),
    /// A sample.
    Counterfactual(usize),
}

/// How many made-up transitions there are for a real one in a minibatch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mixture {
    /// The share of made-up transitions, 0 to 1.
    share: f64,
}

impl Mixture {
    /// One real transition to so many made-up ones.
    ///
    /// # Errors
    /// [`Error::Setting`] for a number below zero.
    pub fn one_to(counterfactual: f64) -> Result<Self> {
        if !(counterfactual.is_finite() && counterfactual >= 0.0) {
            let (name, value) = ("counterfactual", counterfactual.to_string());
            return Err(Error::Setting { name, value, reason: "must be a number of at least 0" });
        }
        Ok(Self { share: counterfactual / (1.0 + counterfactual) })
    }

    /// Draws a minibatch: each row made-up with the mixture's share, uniform among its kind; real
    /// ones alone as long as there are no samples.
    ///
    /// # Errors
    /// [`Error::Order`] from an empty replay.
    pub fn draw(
        &self,
        count: usize,
        replay: &Replay,
        samples: &Samples,
        rng: &mut Rng,
    ) -> Result<Vec<Drawn>> {
        if replay.is_empty() {
            return Err(Error::Order("the replay is empty; push transitions first"));
        }
        let one = |_| {
            let counterfactual = rng.unit() < self.share && !samples.is_empty();
            let rows = if counterfactual { samples.len() } else { replay.len() };
            let row = rng.below(rows as u64) as usize;
            if counterfactual { Drawn::Counterfactual(row) } else { Drawn::Real(row) }
        };
        Ok((0..count).map(one).collect())
    }
}
