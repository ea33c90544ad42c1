//! More transitions from few: parts of several, goals, looks, each sample with its proof.
//!
//! Everything here works on transitions in columns, [`Replay`], and makes more of them,
//! [`Samples`]. Whether a sample is what the dynamics would have brought is decided by the
//! [`Method`] of a generator, and can be proved afterwards by a [`Certificate`].

mod certificate;
mod choice;
mod coda;
mod coverage;
mod cut;
mod file;
mod generator;
mod hand;
mod mixture;
mod origins;
mod relabel;
mod report;
mod resimulate;
mod samples;
mod seen;

pub use certificate::{Certificate, Verdict};
pub use choice::{Choice, MOST_NODES};
pub use coda::{Coda, Contexts, Method};
pub use coverage::Coverage;
pub use generator::Generator;
pub use mixture::{Drawn, Mixture};
pub use relabel::{GoalRelabel, VisualRelabel};
pub use report::Report;
pub use resimulate::{Difference, Resimulator};
pub use samples::Samples;

use crate::causal::Replay;
use crate::error::Result;
use crate::rng::Rng;

/// What makes more transitions of those there are.
pub trait Augmenter {
    /// Its name in reports.
    fn name(&self) -> &'static str;

    /// Adds up to so many samples made of a replay's rows; says how many were added.
    ///
    /// # Errors
    /// What the replay lacks for it.
    fn augment(
        &mut self,
        replay: &Replay,
        count: usize,
        rng: &mut Rng,
        out: &mut Samples,
    ) -> Result<usize>;
}
