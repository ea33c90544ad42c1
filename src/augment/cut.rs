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

/// How many parts are compared with one part at a time.
const LANES: usize = 4;

/// The test, and its room to work in.
#[derive(Clone, Debug)]
pub(super) struct Cut {
    parts: Vec<Part>,
    /// What is added to every part's distance to a part at hand, and to an upper link at hand: zero
    /// where it matters whether they meet, and else more than anything.
    beyond: [Vec<f32>; 2],
}

#[derive(Clone, Copy, Debug)]
struct Part {
    body: u8,
    /// What never moves is the same in every row, so that nothing new can meet it.
    still: bool,
    /// Upper links meet none of their kind, for their bases stand apart.
    upper: bool,
}

impl Part {
    /// Whether it moves and comes from a source.
    fn comes_from(self, source: usize, choice: &[u8]) -> bool {
        !self.still && usize::from(choice[usize::from(self.body)]) == source
    }
}

impl Cut {
    pub(super) fn new(layout: &Layout) -> Self {
        let links = FINGERS * JOINTS_PER_FINGER;
        let part = |part: usize| {
            let body = Layout::body_of(part);
            let upper = part < links && part.is_multiple_of(JOINTS_PER_FINGER);
            Part { body: body as u8, still: !layout.moves(body), upper }
        };
        let parts: Vec<Part> = (0..layout.parts()).map(part).collect();
        let beyond = [vec![0.0; parts.len()], vec![0.0; parts.len()]];
        Self { parts, beyond }
    }

    /// Whether bodies from different rows, one row for every source, could have met, by the source of
    /// every body.
    pub(super) fn crossed(&mut self, replay: &Replay, rows: &[usize], choice: &[u8]) -> bool {
        for second in 1..rows.len() {
            for first in 0..second {
                // The fewer parts are held against the more.
                let count = |source| choice.iter().filter(|of| usize::from(**of) == source).count();
                let (few, many) =
                    if count(second) < count(first) { (second, first) } else { (first, second) };
                self.take(many, choice);
                let (own, others) = (replay.regions(rows[few]), replay.regions(rows[many]));
                let parts = self.parts.iter().enumerate();
                let mut chosen = { parts }.filter(|(_, part)| part.comes_from(few, choice));
                if chosen.any(|(i, part)| self.meets(own, i, part.upper, others)) {
                    return true;
                }
            }
        }
        false
    }

    /// Makes only the parts matter that come from a source.
    fn take(&mut self, source: usize, choice: &[u8]) {
        let [any, upper] = &mut self.beyond;
        for ((part, any), upper) in self.parts.iter().zip(any).zip(upper) {
            let out = !part.comes_from(source, choice);
            *any = if out { f32::INFINITY } else { 0.0 };
            *upper = if out || part.upper { f32::INFINITY } else { 0.0 };
        }
    }

    /// Whether a part of one row meets any that matters of another.
    fn meets(&self, own: &[f32], part: usize, upper: bool, others: &[f32]) -> bool {
        let count = self.parts.len();
        let own: [f32; 6] = std::array::from_fn(|bound| own[bound * count + part]);
        let beyond = &self.beyond[usize::from(upper)];
        if count < LANES {
            let bounds = |other: usize| std::array::from_fn(|bound| others[bound * count + other]);
            return (0..count).any(|other| apart(&own, &bounds(other)) + beyond[other] <= 0.0);
        }
        let mut least = [f32::INFINITY; LANES];
        // The last ones may be looked at twice.
        for at in (0..count).step_by(LANES).map(|at| at.min(count - LANES)) {
            let lanes = |bound: usize| lanes_of(&others[bound * count..], at);
            let bounds: [[f32; LANES]; 6] = std::array::from_fn(lanes);
            let beyond = lanes_of(beyond, at);
            for lane in 0..LANES {
                let distance = apart(&own, &bounds.map(|of| of[lane])) + beyond[lane];
                least[lane] = if distance < least[lane] { distance } else { least[lane] };
            }
        }
        least.iter().any(|distance| *distance <= 0.0)
    }
}

/// The distance of two boxes along the axis on which they are farthest apart; of each box its three
/// low bounds, then its three high ones.
#[inline]
fn apart(one: &[f32; 6], other: &[f32; 6]) -> f32 {
    let more = |a: f32, b: f32| if a > b { a } else { b };
    let along = |axis: usize| more(other[axis] - one[3 + axis], one[axis] - other[3 + axis]);
    more(along(0), more(along(1), along(2)))
}

/// Some numbers from a place on.
#[inline]
fn lanes_of(numbers: &[f32], at: usize) -> [f32; LANES] {
    let mut lanes = [0.0; LANES];
    lanes.copy_from_slice(&numbers[at..at + LANES]);
    lanes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    /// Boxes of many parts as a replay keeps them: lows of x of all parts, of y, of z, then highs.
    fn boxes(count: usize, rng: &mut Rng) -> Vec<f32> {
        let lows: Vec<f32> = (0..3 * count).map(|_| rng.uniform(0.0, 1.0) as f32).collect();
        let highs: Vec<f32> = lows.iter().map(|low| low + rng.uniform(0.0, 0.7) as f32).collect();
        [lows, highs].concat()
    }

    #[test]
    fn parts_meet_where_their_boxes_do_however_many_parts_there_are() {
        let seed = 31;
        println!("seed {seed}");
        let mut rng = Rng::stream(seed, 0, "cut");
        let mut found = [0; 2];
        for count in 1..=2 * LANES + 3 {
            for _ in 0..200 {
                let own_body = Part { body: 0, still: false, upper: false };
                let mut parts = vec![own_body; count];
                parts.iter_mut().for_each(|part| part.body = rng.below(2) as u8);
                parts.iter_mut().for_each(|part| part.upper = rng.below(3) == 0);
                let mut cut = Cut { beyond: [vec![0.0; count], vec![0.0; count]], parts };
                let (own, others) = (boxes(count, &mut rng), boxes(count, &mut rng));
                cut.take(1, &[0, 1]);
                for part in 0..count {
                    let upper = cut.parts[part].upper;
                    let meets = |other: usize| {
                        let matters = cut.parts[other].body == 1;
                        let both_upper = upper && cut.parts[other].upper;
                        let touch = |axis: usize| {
                            let low = |of: &[f32], part: usize| of[axis * count + part];
                            let high = |of: &[f32], part: usize| of[(3 + axis) * count + part];
                            low(&own, part) <= high(&others, other)
                                && low(&others, other) <= high(&own, part)
                        };
                        matters && !both_upper && (0..3).all(touch)
                    };
                    let expected = (0..count).any(meets);
                    let met = cut.meets(&own, part, upper, &others);
                    assert_eq!(met, expected, "part {part} of {count}");
                    found[usize::from(met)] += 1;
                }
            }
        }
        assert!(found.iter().all(|count| *count > 1000), "{found:?}");
    }
}
