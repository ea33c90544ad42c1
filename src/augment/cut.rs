//! The cut test: whether what comes from one row could have met what comes from another.
//!
//! Where no region of a part from one row meets a region of a part from another row, no tick of the
//! stitched step couples them; then each part goes through exactly the numbers that it went through
//! in its own row, and the stitched outcome is the dynamics', bit for bit. Two bodies that overlap
//! have regions that meet, so that a stitched state never has bodies inside each other across the
//! cut.

use crate::causal::Replay;
use crate::causal::replay::Layout;
use crate::robot::{FINGERS, JOINTS_PER_FINGER};

/// Which pairs of parts matter to the cut.
#[derive(Clone, Debug)]
pub(super) struct Parts {
    /// The body of every part.
    pub(super) body: Vec<usize>,
    /// Parts that meet none of their kind: upper links, whose bases stand apart.
    upper: Vec<bool>,
    /// Parts that never move and are the same in every row.
    still: Vec<bool>,
}

impl Parts {
    pub(super) fn new(layout: &Layout) -> Self {
        let body: Vec<usize> = (0..layout.parts()).map(Layout::body_of).collect();
        let links = FINGERS * JOINTS_PER_FINGER;
        let upper = |part: usize| part < links && part.is_multiple_of(JOINTS_PER_FINGER);
        Self {
            upper: (0..body.len()).map(upper).collect(),
            still: body.iter().map(|body| !layout.moves(*body)).collect(),
            body,
        }
    }

    /// Whether parts with different owners could have met; regions as a replay's row has them.
    pub(super) fn cross(&self, regions: &[f32], owner: &[u8]) -> bool {
        let parts = self.body.len();
        let (low, high) = regions.split_at(3 * parts);
        let [low_x, low_y, low_z] = [0, 1, 2].map(|axis| &low[axis * parts..][..parts]);
        let [high_x, high_y, high_z] = [0, 1, 2].map(|axis| &high[axis * parts..][..parts]);
        let (upper, still, owner) = (&self.upper[..parts], &self.still[..parts], &owner[..parts]);
        // Every pair that matters has a part that is not of the first row.
        (0..parts).filter(|p| owner[*p] != 0).any(|p| {
            let mut met = false;
            for q in 0..parts {
                met |= (owner[q] != owner[p])
                    & !still[q]
                    & !(upper[p] & upper[q])
                    & (low_x[q] <= high_x[p])
                    & (low_x[p] <= high_x[q])
                    & (low_y[q] <= high_y[p])
                    & (low_y[p] <= high_y[q])
                    & (low_z[q] <= high_z[p])
                    & (low_z[p] <= high_z[q]);
            }
            met
        })
    }

    /// Gathers every part's region from the row of its owner.
    pub(super) fn gather(&self, replay: &Replay, rows: &[usize], owner: &[u8], out: &mut [f32]) {
        let parts = self.body.len();
        out.copy_from_slice(replay.regions(rows[0]));
        for p in (0..parts).filter(|p| owner[*p] != 0) {
            let regions = replay.regions(rows[usize::from(owner[p])]);
            for bound in 0..6 {
                out[bound * parts + p] = regions[bound * parts + p];
            }
        }
    }
}
