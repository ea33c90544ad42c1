//! Which numbers a goal array can have.

use super::{ORIENTATION, POSITION, ROW, SIZE, is_empty};
use crate::error::{Error, Result};
use crate::math;
use crate::variable::SIZE as EDGES;

/// How far from the origin a coordinate can be, m: farther than anything gets, and near enough that
/// rounding leaves the edges of a block their length.
const FARTHEST: f64 = 1e9;

/// How far from 1 the squared length of a rotation may be that is taken as it is.
pub(super) const UNIT: f64 = 1e-9;

/// A goal array as a refusal names it.
#[derive(Clone, Copy)]
pub(super) struct Named {
    /// What it is called.
    pub(super) array: &'static str,
    /// Which goal of a list it is.
    pub(super) goal: Option<usize>,
}

impl Named {
    /// Refuses coordinates of fingertips that nothing can have.
    pub(super) fn check_tips(self, goal: &[f64]) -> Result<()> {
        self.check_finite(0, goal)?;
        self.check_near(0, goal)
    }

    /// Refuses rows that are no block and no goal, and where one is `needed` an array without any.
    pub(super) fn check_rows(self, goal: &[f64], needed: bool) -> Result<()> {
        let mut count = 0;
        for (row, numbers) in goal.chunks_exact(ROW).enumerate() {
            if !is_empty(numbers) {
                self.check_row(ROW * row, numbers)?;
                count += 1;
            }
        }
        if needed && count == 0 {
            let path = self.goal.map_or(self.array.to_string(), |i| format!("{}[{i}]", self.array));
            let reason = "every row is zeros, which says that nothing is there; at least one row \
                          must be a block or goal"
                .to_string();
            return Err(Error::Impossible { path, value: goal.to_vec(), reason });
        }
        Ok(())
    }

    fn check_row(self, start: usize, row: &[f64]) -> Result<()> {
        self.check_finite(start, row)?;
        self.check_near(start, &row[POSITION])?;
        if math::normalized(std::array::from_fn(|i| row[ORIENTATION.start + i])).is_none() {
            let reason = "the length of a quaternion must be above 0 and finite; only a row of ten \
                          zeros says that nothing is there";
            return Err(self.impossible(start + ORIENTATION.start, &row[ORIENTATION], reason));
        }
        match row[SIZE].iter().position(|edge| !(*edge > 0.0 && *edge <= EDGES[1])) {
            None => Ok(()),
            Some(axis) => {
                let reason = format!(
                    "an edge must be above 0 and at most {} m; only a row of ten zeros says that \
                     nothing is there",
                    EDGES[1]
                );
                let number = SIZE.start + axis;
                Err(self.impossible(start + number, &row[number..=number], &reason))
            }
        }
    }

    fn check_finite(self, start: usize, numbers: &[f64]) -> Result<()> {
        match numbers.iter().position(|x| !x.is_finite()) {
            None => Ok(()),
            Some(i) => Err(Error::NotFinite { what: self.place(start + i), value: numbers[i] }),
        }
    }

    fn check_near(self, start: usize, coordinates: &[f64]) -> Result<()> {
        match coordinates.iter().position(|x| x.abs() > FARTHEST) {
            None => Ok(()),
            Some(i) => {
                let reason = format!("a coordinate must lie in [-{FARTHEST}, {FARTHEST}] m");
                Err(self.impossible(start + i, &coordinates[i..=i], &reason))
            }
        }
    }

    fn impossible(self, number: usize, value: &[f64], reason: &str) -> Error {
        let (path, reason) = (self.place(number), reason.to_string());
        Error::Impossible { path, value: value.to_vec(), reason }
    }

    fn place(self, number: usize) -> String {
        match self.goal {
            None => format!("{}[{number}]", self.array),
            Some(goal) => format!("{}[{goal}, {number}]", self.array),
        }
    }
}
