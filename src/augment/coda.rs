//! Counterfactual data augmentation (Pitis et al. 2020, algorithm 1): parts of several transitions
//! that had nothing to do with each other make another transition.

use super::{Augmenter, Coverage, Generator, Resimulator, Samples};
use crate::causal::{MaskModel, Replay};
use crate::error::{Error, Result};
use crate::rng::Rng;

/// The most rows that a sample may be stitched of.
pub(super) const MOST_SOURCES: usize = 16;

/// What says which parts of a row belong together, and whether a stitched sample is right.
pub enum Method {
    /// The rows' own masks; no part may have come near a part from another row in any tick. Right
    /// bit for bit where the rows' sweeps were recorded.
    Cut,
    /// The rows' own masks; the stitched step is computed, accepted where nothing was coupled across
    /// the cut, and its outcome is the computed one.
    Simulation(Box<Resimulator>),
    /// Another mask, for the rows and for what is stitched of them: the paper's algorithm.
    Model(Box<dyn MaskModel>),
    /// The rows' own masks, and no test of what is stitched: a control.
    Unchecked,
    /// Neither masks nor a test: a control.
    Blind,
}

impl Method {
    /// Its name in reports and certificates.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Cut => "cut",
            Self::Simulation(_) => "simulation",
            Self::Model(_) => "model",
            Self::Unchecked => "unchecked",
            Self::Blind => "blind",
        }
    }
}

/// Which rows may exchange parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contexts {
    /// Those that agree in all that must agree: gravity, the floor's friction, gains and so on.
    Agreeing,
    /// All: wrong wherever a constant is not the same (the paper's icy room); a control.
    Any,
}

/// How to stitch.
pub struct Coda {
    /// What is accepted.
    pub method: Method,
    /// Which rows may exchange parts.
    pub contexts: Contexts,
    /// Of how many rows a sample is made, 2 to 16.
    pub sources: usize,
    /// How many choices of parts are tried for the same rows.
    pub tries: usize,
    /// How often a row that was drawn is used, each time with others, before others are drawn.
    ///
    /// Whatever it is, every pair of rows is as likely as any other. More is faster, as the memory is
    /// what limits it, and leaves more rows out of few samples: of 256 rows that are drawn at a time
    /// `128 reuse` pairs are made.
    pub reuse: usize,
    /// How many consecutive steps a sample has; every one of them must be accepted (remark 3.2).
    pub steps: usize,
    /// Which bodies may come from other rows than the first, as bits in the order of the nodes.
    pub exchanged: u128,
    /// Whether exact duplicates, of rows or of other samples, are left out.
    pub unique: bool,
    /// How many samples there may be of a kind, where that is bounded.
    pub coverage: Option<Coverage>,
}

impl Default for Coda {
    /// The cut test on pairs of rows, two tries for each, rows used four times, without duplicates.
    fn default() -> Self {
        Self {
            method: Method::Cut,
            contexts: Contexts::Agreeing,
            sources: 2,
            tries: 2,
            reuse: 4,
            steps: 1,
            exchanged: u128::MAX,
            unique: true,
            coverage: None,
        }
    }
}

impl Coda {
    /// Refuses settings that nothing can be made with.
    pub(super) fn check(&self, replay: &Replay) -> Result<()> {
        let refuse = |name, value: String, reason| Err(Error::Setting { name, value, reason });
        if !(2..=MOST_SOURCES).contains(&self.sources) {
            return refuse("sources", self.sources.to_string(), "must be between 2 and 16");
        }
        if [self.tries, self.reuse, self.steps].contains(&0) {
            let value = format!("{}, {}, {}", self.tries, self.reuse, self.steps);
            return refuse("tries, reuse, steps", value, "must be at least 1");
        }
        if replay.is_empty() {
            return Err(Error::Order("the replay is empty; push transitions first"));
        }
        if matches!(self.method, Method::Cut) && !replay.has_regions() {
            return Err(Error::Order(
                "the cut test needs sweeps: record them (record_sweeps), or guess_regions",
            ));
        }
        Ok(())
    }
}

impl Augmenter for Coda {
    fn name(&self) -> &'static str {
        "coda"
    }

    fn augment(
        &mut self,
        replay: &Replay,
        count: usize,
        rng: &mut Rng,
        out: &mut Samples,
    ) -> Result<usize> {
        let report = Generator::new(replay, self)?.fill(count, rng, out)?;
        Ok(report.accepted)
    }
}
