//! The cut test: whether what comes from one row could have met what comes from another.
//!
//! Where no region of a part from one row meets a region of a part from another row, no tick of the
//! stitched step couples them; then each part goes through exactly the numbers that it went through
//! in its own row, and the stitched outcome is the dynamics', bit for bit. Two bodies that overlap
//! have regions that meet, so that a stitched state never has bodies inside each other across the
//! cut.
//!
//! Which bodies of one row meet which of another is found once for all choices among these rows.

use crate::causal::Replay;
use crate::causal::replay::Layout;
use crate::robot::{FINGERS, JOINTS_PER_FINGER};

/// Which bodies of some rows could meet which of others of them.
#[derive(Clone, Debug)]
pub(super) struct Meetings {
    /// The parts of every body that moves, as many as it has, one after the other.
    parts: Vec<Vec<usize>>,
    /// The body of every part.
    body: Vec<u8>,
    /// Parts that meet none of their kind: upper links, whose bases stand apart.
    upper: Vec<bool>,
    /// How near every part must come to one at hand, and to an upper link at hand: zero where it
    /// matters, and else less than anything.
    limits: [Vec<f32>; 2],
    /// Whether a part meets any of the body at hand.
    met: Vec<u32>,
    /// For every pair of sources, the lesser first, and every body of the first: the bodies of the
    /// second that it meets, as bits.
    found: Vec<u128>,
    /// The bodies of every source, as bits.
    chosen: Vec<u128>,
}

impl Meetings {
    pub(super) fn new(layout: &Layout) -> Self {
        let body: Vec<u8> = (0..layout.parts()).map(|part| Layout::body_of(part) as u8).collect();
        let links = FINGERS * JOINTS_PER_FINGER;
        let upper: Vec<bool> = (0..body.len())
            .map(|part| part < links && part.is_multiple_of(JOINTS_PER_FINGER))
            .collect();
        let mut parts = vec![Vec::new(); layout.bodies()];
        let mut limits = [vec![0.0; body.len()], vec![0.0; body.len()]];
        for (part, &own) in body.iter().enumerate() {
            // What never moves is the same in every row.
            let still = !layout.moves(usize::from(own));
            if !still {
                parts[usize::from(own)].push(part);
            }
            for (to_upper, limits) in limits.iter_mut().enumerate() {
                if still || (to_upper == 1 && upper[part]) {
                    limits[part] = f32::NEG_INFINITY;
                }
            }
        }
        let met = vec![0; body.len()];
        Self { parts, body, upper, limits, met, found: Vec::new(), chosen: Vec::new() }
    }

    /// Forgets what was found.
    pub(super) fn clear(&mut self) {
        self.found.clear();
    }

    /// Adds what bodies meet between rows, one for every source.
    pub(super) fn add(&mut self, replay: &Replay, rows: &[usize]) {
        let bodies = self.parts.len();
        self.found.resize(pairs(rows.len()) * bodies, 0);
        let mut place = 0;
        for (i, first) in rows.iter().enumerate() {
            for second in &rows[i + 1..] {
                for body in 0..bodies {
                    let met = self.meets(body, replay.regions(*first), replay.regions(*second));
                    self.found[place] |= met;
                    place += 1;
                }
            }
        }
    }

    /// The bodies of one row that a body of another meets.
    fn meets(&mut self, body: usize, first: &[f32], second: &[f32]) -> u128 {
        let count = self.body.len();
        let met = &mut self.met[..count];
        met.fill(0);
        let bounds: [&[f32]; 6] = std::array::from_fn(|bound| &second[bound * count..][..count]);
        let more = |a: f32, b: f32| if a > b { a } else { b };
        for &part in &self.parts[body] {
            let own: [f32; 6] = std::array::from_fn(|bound| first[bound * count + part]);
            let limits = &self.limits[usize::from(self.upper[part])][..count];
            for other in 0..count {
                // The distance along the axis on which the two are farthest apart.
                let apart = |axis: usize| {
                    more(bounds[axis][other] - own[3 + axis], own[axis] - bounds[3 + axis][other])
                };
                let distance = more(apart(0), more(apart(1), apart(2)));
                met[other] |= u32::from(distance <= limits[other]);
            }
        }
        met.iter().zip(&self.body).fold(0, |bits, (met, body)| bits | u128::from(*met) << body)
    }

    /// Whether bodies from different rows could have met, by the source of every body.
    pub(super) fn cross(&mut self, sources: usize, choice: &[u8]) -> bool {
        let bodies = self.parts.len();
        self.chosen.clear();
        self.chosen.resize(sources, 0);
        for (body, source) in choice.iter().enumerate() {
            self.chosen[usize::from(*source)] |= 1 << body;
        }
        let mut found = self.found.chunks_exact(bodies);
        for (i, first) in self.chosen.iter().enumerate() {
            for second in &self.chosen[i + 1..] {
                let (both, Some(found)) = ([*first, *second], found.next()) else { return false };
                let meets =
                    |(body, met): (usize, &u128)| both[0] >> body & 1 != 0 && met & both[1] != 0;
                if found.iter().enumerate().any(meets) {
                    return true;
                }
            }
        }
        false
    }
}

/// How many pairs there are of so many.
fn pairs(count: usize) -> usize {
    count * (count - 1) / 2
}
