//! Where the parts of samples come from: rows of a replay, and what was constant in these.

use std::sync::Arc;

use crate::causal::Replay;
use crate::causal::replay::Context;

/// Where the parts of samples come from, sample by sample.
///
/// Contexts are shared with the replay, and never change.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Origins {
    /// The replay's row that each finger and block comes from.
    pub(super) rows: Vec<u32>,
    /// The replay's row that everything else comes from: goals, what must agree, the episode.
    pub(super) bases: Vec<u32>,
    /// The step number of that row.
    pub(super) steps: Vec<u64>,
    /// The number among `contexts` of each finger's and block's row, then that of the base.
    pub(super) numbers: Vec<u32>,
    /// The contexts that numbers are of.
    pub(super) contexts: Vec<Arc<Context>>,
    /// How many of them are of other replays than the last one.
    others: usize,
}

impl Origins {
    /// Adds a sample: the row of every finger and block, and the row of everything else.
    pub(super) fn push(
        &mut self,
        replay: &Replay,
        rows: impl Iterator<Item = usize> + Clone,
        base: usize,
    ) {
        self.adopt(replay);
        self.rows.extend(rows.clone().map(|row| row as u32));
        let number = |row: usize| (self.others + replay.context_of(row)) as u32;
        self.numbers.extend(rows.chain([base]).map(number));
        self.bases.push(base as u32);
        self.steps.push(replay.step_of(base));
    }

    /// Takes over the contexts that a replay has got since the last sample.
    fn adopt(&mut self, replay: &Replay) {
        let all = replay.contexts();
        let known = self.contexts.len() - self.others;
        let last = known.checked_sub(1).and_then(|last| all.get(last)).zip(self.contexts.last());
        if !last.is_some_and(|(a, b)| Arc::ptr_eq(a, b)) {
            self.others = self.contexts.len();
        }
        self.contexts.extend_from_slice(&all[self.contexts.len() - self.others..]);
    }

    /// The context of a sample's finger or block; that of everything else for the number of bodies.
    pub(super) fn context(&self, sample: usize, body: usize, bodies: usize) -> &Arc<Context> {
        &self.contexts[self.numbers[sample * (bodies + 1) + body] as usize]
    }

    /// Keeps the first `samples` samples and drops the rest.
    pub(super) fn truncate(&mut self, samples: usize, bodies: usize) {
        self.rows.truncate(samples * bodies);
        self.numbers.truncate(samples * (bodies + 1));
        self.bases.truncate(samples);
        self.steps.truncate(samples);
    }

    /// Forgets the contexts; there must be no samples.
    pub(super) fn forget(&mut self) {
        self.contexts.clear();
        self.others = 0;
    }
}
