//! The rows that are dealt out, drawn many at a time: reads that are made together wait for the memory
//! together, and what was read stays near the processor while the rows are used.

use std::hint;

use super::coda::MOST_SOURCES;
use super::generator::{Generator, Proposal, Rows};
use crate::causal::Replay;
use crate::rng::Rng;

/// So many rows are drawn at a time.
pub(super) const HAND: usize = 256;
/// Bytes that the machine fetches at once.
const LINE: usize = 64;

impl Generator<'_> {
    /// Draws rows and reads them.
    pub(super) fn draw(&mut self, rng: &mut Rng) {
        let rows = self.replay.len() as u64;
        self.hand.iter_mut().for_each(|row| *row = rng.below(rows) as usize);
        self.fetch();
    }

    /// The rows of a set, one for every source, all of one group.
    pub(super) fn deal(&self, set: usize, rng: &mut Rng) -> Rows {
        let sources = self.coda.sources;
        let dealt = &self.hand[set * sources..(set + 1) * sources];
        let mut rows = [dealt[0]; MOST_SOURCES];
        if self.groups.len() < 2 {
            rows[..sources].copy_from_slice(dealt);
        } else {
            // Rows at hand are seldom of one group; hands of one group alone would leave out others.
            let group = &self.groups[self.replay.group_of(dealt[0]) as usize];
            let mut any = || group[rng.below(group.len() as u64) as usize] as usize;
            rows[1..sources].iter_mut().for_each(|row| *row = any());
        }
        rows
    }

    /// Brings the rows into another order, every one as likely as any other.
    pub(super) fn shuffle(&mut self, rng: &mut Rng) {
        for i in (1..self.hand.len()).rev() {
            self.hand.swap(i, rng.below(i as u64 + 1) as usize);
        }
    }

    /// Reads the rows that were drawn: these reads wait for the memory together, later ones would one
    /// after the other.
    fn fetch(&self) {
        let columns = self.replay.columns();
        let (mut numbers, mut bounds, mut bits) = (0.0, 0.0, 0);
        for &row in &self.hand {
            for values in [columns.before_row(row), columns.after_row(row), columns.action_row(row)]
            {
                numbers += values.iter().step_by(LINE / 8).sum::<f64>();
            }
            if self.replay.has_regions() {
                bounds += self.replay.regions(row).iter().step_by(LINE / 4).sum::<f32>();
            }
            bits ^= columns.mask_row(row)[0] ^ self.replay.digests(row)[0];
            bits ^= u64::from(self.labels(row)[0]) ^ self.replay.step_of(row);
            bits ^= self.replay.context_of(row) as u64;
        }
        hint::black_box((numbers, bounds, bits));
    }

    /// Looks where the hashes of what would be made would be, for the same reason.
    pub(super) fn fetch_seen(&self, pending: &[Proposal]) {
        if self.coda.unique {
            let seen = pending.iter().fold(0, |all, proposal| all ^ self.seen.fetch(proposal.hash));
            hint::black_box(seen);
        }
    }
}

/// The rows of every group.
pub(super) fn groups_of(replay: &Replay) -> Vec<Vec<u32>> {
    let mut groups: Vec<Vec<u32>> = Vec::new();
    for row in 0..replay.len() {
        let group = replay.group_of(row) as usize;
        groups.resize_with(groups.len().max(group + 1), Vec::new);
        groups[group].push(row as u32);
    }
    groups
}
