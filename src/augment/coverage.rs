//! Selection by coverage: no more than so many samples of one kind.

use std::collections::BTreeMap;

use crate::causal::replay::Layout;
use crate::robot::FINGERS;

/// How many samples there may be whose blocks stand in the same cells of a grid.
///
/// CoDA multiplies what is common already; this keeps rare placements of the blocks from drowning.
#[derive(Clone, Debug, PartialEq)]
pub struct Coverage {
    /// Edge of a cell, m.
    cell: f64,
    /// The most samples per placement.
    most: u32,
    counts: BTreeMap<Vec<i32>, u32>,
}

impl Coverage {
    /// Cells of this edge, m, and the most samples of each placement of all blocks in them.
    pub fn new(cell: f64, most: u32) -> Self {
        Self { cell, most, counts: BTreeMap::new() }
    }

    /// How many placements have been seen.
    pub fn placements(&self) -> usize {
        self.counts.len()
    }

    /// Counts a sample by the columns of its state before; says whether there was room for it.
    pub(super) fn admit(&mut self, layout: &Layout, before: &[f64]) -> bool {
        let blocks = FINGERS..layout.bodies();
        let place = |body: usize| {
            let first = layout.columns(body).start;
            before[first..first + 3].iter().map(|x| (x / self.cell).floor() as i32)
        };
        let count = self.counts.entry(blocks.flat_map(place).collect()).or_insert(0);
        let room = *count < self.most;
        *count += u32::from(room);
        room
    }
}
