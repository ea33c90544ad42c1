//! What came of proposals.

/// What came of proposals.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Sets of rows that were looked at.
    pub drawn: usize,
    /// Those of them whose parts all hang together: nothing can be exchanged.
    pub whole: usize,
    /// The number of components, of all rows together, summed over what was drawn.
    pub components: usize,
    /// Choices of parts that were stitched.
    pub proposals: usize,
    /// Proposals that the test refused.
    pub refused: usize,
    /// Proposals that were there already.
    pub duplicates: usize,
    /// Proposals for which coverage had no room.
    pub crowded: usize,
    /// Proposals that became samples; with several steps each, so many segments.
    pub accepted: usize,
    /// Proposals by the number of components that are not of the first row.
    pub proposed_by_size: Vec<usize>,
    /// Accepted proposals by that number.
    pub accepted_by_size: Vec<usize>,
}

impl Report {
    /// The share of proposals that the test accepted.
    pub fn acceptance(&self) -> f64 {
        1.0 - self.refused as f64 / self.proposals as f64
    }

    /// Components per set of rows.
    pub fn mean_components(&self) -> f64 {
        self.components as f64 / self.drawn as f64
    }

    /// Samples per set of rows.
    pub fn yield_per_draw(&self) -> f64 {
        self.accepted as f64 / self.drawn as f64
    }

    /// Counts a proposal of so many exchanged components.
    pub(crate) fn proposed(&mut self, size: usize) {
        self.proposals += 1;
        count_in(&mut self.proposed_by_size, size);
    }

    /// Counts an accepted proposal of so many exchanged components.
    pub(crate) fn accept(&mut self, size: usize) {
        self.accepted += 1;
        count_in(&mut self.accepted_by_size, size);
    }
}

fn count_in(counts: &mut Vec<usize>, size: usize) {
    counts.resize(counts.len().max(size + 1), 0);
    counts[size] += 1;
}
