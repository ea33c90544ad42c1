//! Transitions side by side, a row each, node by node.

use std::ops::Range;

use super::buffer::Buffer;
use super::layout::Layout;
use crate::causal::{ACTIONS, LocalMask, Transition};
use crate::rng::{fnv1a, mix};
use crate::robot::{JOINTS, Nine};
use crate::world::State;

/// Transitions as matrices, a row each: what changes of the states, the actions, goals and masks.
///
/// Constants such as masses are not repeated in every row; they stand in the rows' contexts.
#[derive(Clone, Debug, PartialEq)]
pub struct Columns {
    pub(super) layout: Layout,
    pub(crate) rows: usize,
    pub(crate) before: Buffer<f64>,
    pub(crate) action: Buffer<f64>,
    pub(crate) after: Buffer<f64>,
    pub(crate) goals: Buffer<f64>,
    pub(crate) mask: Buffer<u64>,
}

impl Columns {
    /// No rows yet.
    pub fn new(layout: Layout) -> Self {
        let [before, action, after, goals] = Default::default();
        Self { layout, rows: 0, before, action, after, goals, mask: Buffer::default() }
    }

    /// Which column is what.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// What changes of the states before, row by row, `width` columns each.
    pub fn before(&self) -> &[f64] {
        &self.before
    }

    /// The actions, row by row, nine columns each, physical units of the action mode.
    pub fn actions(&self) -> &[f64] {
        &self.action
    }

    /// What changes of the states after, row by row, `width` columns each.
    pub fn after(&self) -> &[f64] {
        &self.after
    }

    /// The goals, row by row, `goal_width` columns each.
    pub fn goals(&self) -> &[f64] {
        &self.goals
    }

    /// The masks' bits, row by row, `mask_words` words each.
    ///
    /// Entry (i, j) of a mask of n bodies is bit i n + j, least bit first: bodies, then actions.
    pub fn masks(&self) -> &[u64] {
        &self.mask
    }

    /// One row of the states before.
    pub fn before_row(&self, row: usize) -> &[f64] {
        let width = self.layout.width();
        &self.before[row * width..(row + 1) * width]
    }

    /// One row of the states after.
    pub fn after_row(&self, row: usize) -> &[f64] {
        let width = self.layout.width();
        &self.after[row * width..(row + 1) * width]
    }

    /// One row of the actions.
    pub fn action_row(&self, row: usize) -> &[f64] {
        &self.action[row * JOINTS..(row + 1) * JOINTS]
    }

    /// One row of the actions, as an action.
    pub fn action(&self, row: usize) -> Nine {
        std::array::from_fn(|i| self.action[row * JOINTS + i])
    }

    /// One row of the goals.
    pub fn goal_row(&self, row: usize) -> &[f64] {
        let width = self.layout.goal_width();
        &self.goals[row * width..(row + 1) * width]
    }

    /// One row of the masks.
    pub fn mask_row(&self, row: usize) -> &[u64] {
        let words = self.layout.mask_words();
        &self.mask[row * words..(row + 1) * words]
    }

    /// One row's mask.
    pub fn local_mask(&self, row: usize) -> LocalMask {
        let bodies = self.layout.bodies();
        let words = self.mask_row(row);
        let rows = (0..bodies + ACTIONS).map(|i| bits(words, i * bodies, bodies)).collect();
        LocalMask::from_rows(rows, self.layout.scene())
    }

    /// Adds a row of zeros.
    pub(crate) fn grow(&mut self) {
        self.rows += 1;
        self.before.resize(self.rows * self.layout.width(), 0.0);
        self.after.resize(self.rows * self.layout.width(), 0.0);
        self.action.resize(self.rows * JOINTS, 0.0);
        self.goals.resize(self.rows * self.layout.goal_width(), 0.0);
        self.mask.resize(self.rows * self.layout.mask_words(), 0);
    }

    /// Adds to a row that is being written what some bodies, next to each other, were, did and
    /// became in a row of another table of the same layout.
    pub(crate) fn extend_bodies(&mut self, from: &Self, row: usize, bodies: Range<usize>) {
        let columns =
            self.layout.columns(bodies.start).start..self.layout.columns(bodies.end - 1).end;
        self.before.extend_from_slice(&from.before_row(row)[columns.clone()]);
        self.after.extend_from_slice(&from.after_row(row)[columns]);
        let fingers = 3 * bodies.start.min(ACTIONS)..3 * bodies.end.min(ACTIONS);
        self.action.extend_from_slice(&from.action_row(row)[fingers]);
    }

    /// Ends a row whose bodies are written, with goals and mask of a row of another table.
    pub(crate) fn push_rest(&mut self, from: &Self, row: usize) {
        self.rows += 1;
        self.goals.extend_from_slice(from.goal_row(row));
        self.mask.extend_from_slice(from.mask_row(row));
    }

    /// Takes the last rows away, so that so many are left.
    pub(crate) fn truncate(&mut self, rows: usize) {
        self.rows = self.rows.min(rows);
        self.before.truncate(self.rows * self.layout.width());
        self.after.truncate(self.rows * self.layout.width());
        self.action.truncate(self.rows * JOINTS);
        self.goals.truncate(self.rows * self.layout.goal_width());
        self.mask.truncate(self.rows * self.layout.mask_words());
    }
}

impl Columns {
    /// A row as a transition with these constants; step numbers are zero and one.
    pub(crate) fn transition(&self, row: usize, constants: &State) -> Transition {
        let layout = self.layout();
        let mut before = constants.clone();
        layout.read(self.before_row(row), &mut before);
        layout.read_goals(self.goal_row(row), &mut before);
        let mut after = before.clone();
        layout.read(self.after_row(row), &mut after);
        after.step = before.step + 1;
        let (action, mask) = (self.action(row), self.local_mask(row));
        Transition { before, action, after, mask, touching: false, sweep: None }
    }

    /// A hash of what a body was, did and became.
    pub(super) fn digest(&self, row: usize, body: usize) -> u64 {
        let columns = self.layout().columns(body);
        let action = if body < ACTIONS { 3 * body..3 * body + 3 } else { 0..0 };
        let numbers = self.before_row(row)[columns.clone()]
            .iter()
            .chain(&self.after_row(row)[columns])
            .chain(&self.action_row(row)[action]);
        let hash = fnv1a(&[body as u8], 0xcbf2_9ce4_8422_2325);
        let hash = numbers.fold(hash, |hash, x| fnv1a(&x.to_le_bytes(), hash));
        // Hashes of bodies are added up, so that each has to be well mixed by itself.
        mix(0, hash)
    }
}

/// So many bits from a place on, as the low bits of a number.
pub(crate) fn bits(words: &[u64], first: usize, count: usize) -> u128 {
    let (word, shift) = (first / 64, first % 64);
    let at = |i: usize| u128::from(words.get(word + i).copied().unwrap_or(0));
    let mut value = (at(0) | at(1) << 64) >> shift;
    if shift > 0 {
        value |= at(2) << (128 - shift);
    }
    if count < 128 { value & ((1 << count) - 1) } else { value }
}

/// Writes the low bits of a number from a place on.
pub(crate) fn set_bits(words: &mut [u64], first: usize, count: usize, value: u128) {
    let (word, shift) = (first / 64, first % 64);
    let ones = if count < 128 { (1_u128 << count) - 1 } else { u128::MAX };
    // 128 bits from a place within a word reach into two words more.
    let over = |bits: u128| if shift > 0 { (bits >> (128 - shift)) as u64 } else { 0 };
    let (low, value_low) = (ones << shift, (value & ones) << shift);
    let pairs = [
        (low as u64, value_low as u64),
        ((low >> 64) as u64, (value_low >> 64) as u64),
        (over(ones), over(value & ones)),
    ];
    for (place, (ones, value)) in words[word..].iter_mut().zip(pairs) {
        *place = (*place & !ones) | value;
    }
}

#[cfg(test)]
mod tests {
    use super::{bits, set_bits};
    use crate::rng::Rng;

    #[test]
    fn bits_written_anywhere_are_read_there_and_touch_no_others() {
        let mut rng = Rng::stream(8, 0, "bits");
        let mut words: Vec<u64> = (0..8).map(|_| rng.bits()).collect();
        for _ in 0..10_000 {
            let count = 1 + rng.below(128) as usize;
            let first = rng.below(512 - count as u64 + 1) as usize;
            let value = u128::from(rng.bits()) << 64 | u128::from(rng.bits());
            let before = words.clone();
            set_bits(&mut words, first, count, value);
            let kept = if count < 128 { value & ((1 << count) - 1) } else { value };
            assert_eq!(bits(&words, first, count), kept, "{count} bits from {first}");
            for i in (0..512).filter(|i| !(first..first + count).contains(i)) {
                assert_eq!(bits(&words, i, 1), bits(&before, i, 1), "bit {i}");
            }
        }
    }
}
