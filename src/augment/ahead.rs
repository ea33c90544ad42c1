//! What the loop that stitches reads in advance: reads that are made together wait for the memory
//! together, and those of a row at a time one after the other.

use std::hint;

use super::generator::{AHEAD, Generator, Proposal, Rows};

/// Bytes that the machine fetches at once.
const LINE: usize = 64;

impl Generator<'_> {
    /// Reads what is about to be looked at: these reads wait for the memory together, later ones
    /// would one after the other.
    pub(super) fn fetch(&self, starts: &[Rows; AHEAD]) {
        let (mut labels, mut bounds) = (0, 0.0);
        for &row in starts.iter().flat_map(|rows| &rows[..self.coda.sources]) {
            labels ^= self.labels(row)[0];
            if self.replay.has_regions() {
                bounds += self.replay.regions(row).iter().step_by(LINE / 4).sum::<f32>();
            }
        }
        hint::black_box((labels, bounds));
    }

    /// Reads what is about to be copied, for the same reason.
    pub(super) fn fetch_columns(&self, pending: &[Proposal]) {
        let (layout, columns) = (self.replay.layout(), self.replay.columns());
        let (mut numbers, mut bits) = (0.0, 0);
        for proposal in pending {
            for body in 0..layout.bodies() {
                let row = proposal.start[usize::from(proposal.sources[body])];
                let own = layout.columns(body);
                for matrix in [columns.before_row(row), columns.after_row(row)] {
                    numbers += matrix[own.clone()].iter().step_by(LINE / 8).sum::<f64>();
                }
            }
            for row in &proposal.start[..self.coda.sources] {
                numbers += columns.action_row(*row)[0];
                bits ^= columns.mask_row(*row)[0] ^ self.replay.digests(*row)[0];
            }
        }
        hint::black_box((numbers, bits));
    }

    /// Computes the hashes of what would be made, and looks where they would be, for the same reason.
    pub(super) fn identify(&mut self, pending: &mut [Proposal]) {
        if !self.coda.unique {
            return;
        }
        let mut seen = 0;
        for proposal in pending {
            self.resume(proposal);
            proposal.hash = self.hash();
            seen ^= self.seen.fetch(proposal.hash);
        }
        hint::black_box(seen);
    }
}
