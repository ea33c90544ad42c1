//! What the loop that stitches reads in advance: reads that are made together wait for the memory
//! together, and those of a row at a time one after the other.

use std::hint;

use super::generator::{Generator, Proposal};

/// Bytes that the machine fetches at once.
const LINE: usize = 64;

impl Generator<'_> {
    /// Reads the rows that were drawn: these reads wait for the memory together, later ones would one
    /// after the other.
    pub(super) fn fetch(&self) {
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
            bits ^= u64::from(self.labels(row)[0]);
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
