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

/// The parts of a scene, where each comes from, and where it was.
#[derive(Clone, Debug)]
pub(super) struct Parts {
    /// The body of every part.
    body: Vec<usize>,
    /// Parts that meet none of their kind: upper links, whose bases stand apart.
    upper: Vec<bool>,
    /// Parts that never move and are the same in every row.
    still: Vec<bool>,
    /// Which source every part comes from.
    owner: Vec<u8>,
    /// The parts' bounds, as a replay's row has them.
    regions: Vec<f32>,
    /// How far apart every part must be from one at hand, and from an upper link at hand: zero
    /// where it matters, and else less than anything.
    limits: [Vec<f32>; 2],
}

impl Parts {
    pub(super) fn new(layout: &Layout) -> Self {
        let body: Vec<usize> = (0..layout.parts()).map(Layout::body_of).collect();
        let (links, parts) = (FINGERS * JOINTS_PER_FINGER, body.len());
        let upper = |part: usize| part < links && part.is_multiple_of(JOINTS_PER_FINGER);
        Self {
            upper: (0..parts).map(upper).collect(),
            still: body.iter().map(|body| !layout.moves(*body)).collect(),
            body,
            owner: vec![0; parts],
            regions: vec![0.0; 6 * parts],
            limits: [vec![0.0; parts], vec![0.0; parts]],
        }
    }

    /// Gives every part the source of its body.
    pub(super) fn own(&mut self, sources: &[u8]) {
        for (owner, body) in self.owner.iter_mut().zip(&self.body) {
            *owner = sources[*body];
        }
    }

    /// Whether parts from different rows could have met; a row for every source.
    pub(super) fn cross(&mut self, replay: &Replay, rows: &[usize]) -> bool {
        self.gather(replay, rows);
        // Every pair that matters has a part that is not of the first row.
        (1..rows.len() as u8).any(|source| {
            self.limit(source);
            let own = |part: &usize| self.owner[*part] == source;
            (0..self.owner.len()).filter(own).any(|part| self.meets_any(part))
        })
    }

    /// Gathers every part's region from the row of its owner.
    fn gather(&mut self, replay: &Replay, rows: &[usize]) {
        let parts = self.body.len();
        self.regions.copy_from_slice(replay.regions(rows[0]));
        for (part, owner) in self.owner.iter().enumerate().filter(|(_, owner)| **owner != 0) {
            let regions = replay.regions(rows[usize::from(*owner)]);
            for bound in 0..6 {
                self.regions[bound * parts + part] = regions[bound * parts + part];
            }
        }
    }

    /// Says for every part whether it matters to parts of one source that it comes near.
    fn limit(&mut self, source: u8) {
        let [plain, to_upper] = &mut self.limits;
        let (plain, to_upper) = (plain.iter_mut(), to_upper.iter_mut());
        let kinds = self.owner.iter().zip(self.still.iter().zip(&self.upper));
        for ((plain, to_upper), (owner, (still, upper))) in plain.zip(to_upper).zip(kinds) {
            let apart = *owner == source || *still;
            *plain = if apart { f32::NEG_INFINITY } else { 0.0 };
            *to_upper = if apart || *upper { f32::NEG_INFINITY } else { 0.0 };
        }
    }

    /// Whether the region of a part meets that of any part that matters.
    fn meets_any(&self, part: usize) -> bool {
        let parts = self.body.len();
        let limits = &self.limits[usize::from(self.upper[part])][..parts];
        let bounds: [&[f32]; 6] =
            std::array::from_fn(|bound| &self.regions[bound * parts..][..parts]);
        let own = bounds.map(|bound| bound[part]);
        let more = |a: f32, b: f32| if a > b { a } else { b };
        let mut met = 0;
        for other in 0..parts {
            // The distance along the axis on which the two are farthest apart.
            let apart = |axis: usize| {
                more(bounds[axis][other] - own[3 + axis], own[axis] - bounds[3 + axis][other])
            };
            let distance = more(apart(0), more(apart(1), apart(2)));
            met |= u32::from(distance <= limits[other]);
        }
        met != 0
    }
}
