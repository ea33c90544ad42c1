//! Which rows a learner sees: uniform, by priority, with goals in hindsight.

use super::Replay;
use crate::causal::Transition;
use crate::error::{Error, Result};
use crate::rng::Rng;
use crate::robot::kinematics;
use crate::task::goal::{GoalLayout, relabel};
use crate::world::State;

impl Replay {
    /// Draws so many rows, each as likely as any other, with replacement.
    ///
    /// # Errors
    /// [`Error::Order`] from an empty replay.
    pub fn sample(&self, count: usize, rng: &mut Rng) -> Result<Vec<usize>> {
        if self.is_empty() {
            return Err(EMPTY);
        }
        Ok((0..count).map(|_| rng.below(self.len() as u64) as usize).collect())
    }

    /// A row with what a later state achieved in place of its goals (Andrychowicz et al. 2017).
    ///
    /// Goals move nothing, so that the dynamics of the row stay true; its reward has to be computed
    /// anew. The goals of both states are replaced.
    ///
    /// # Errors
    /// As [`relabel`].
    pub fn in_hindsight(
        &self,
        row: usize,
        goals: &GoalLayout,
        hindsight: Hindsight,
        rng: &mut Rng,
    ) -> Result<Transition> {
        let achieved = self.transition(self.hindsight_row(row, hindsight, rng)).after;
        let mut t = self.transition(row);
        t.before = achieve(goals, &t.before, &achieved)?;
        t.after = achieve(goals, &t.after, &achieved)?;
        Ok(t)
    }

    /// The row whose outcome becomes the goal.
    fn hindsight_row(&self, row: usize, hindsight: Hindsight, rng: &mut Rng) -> usize {
        let mut later = vec![row];
        while let Some(next) = self.following(later[later.len() - 1]) {
            later.push(next);
        }
        match hindsight {
            Hindsight::Final => later[later.len() - 1],
            Hindsight::Future => later[rng.below(later.len() as u64) as usize],
            Hindsight::Random => rng.below(self.len() as u64) as usize,
        }
    }
}

const EMPTY: Error = Error::Order("the replay is empty; push transitions first");

/// Whose outcome becomes the goal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hindsight {
    /// The last row of the same episode.
    Final,
    /// Any row of the same episode from this one on.
    Future,
    /// Any row.
    Random,
}

/// How likely every row is drawn (Schaul et al. 2016): a binary tree of sums.
#[derive(Clone, Debug, PartialEq)]
pub struct Priorities {
    // The sum of everything stands at 1, the children of i at 2 i and 2 i + 1.
    sums: Vec<f64>,
    leaves: usize,
    largest: f64,
    exponent: f64,
}

/// A row drawn by priority.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prioritised {
    /// The row.
    pub row: usize,
    /// How likely it was to be drawn.
    pub probability: f64,
}

impl Prioritised {
    /// What its loss is to be multiplied by for an unbiased estimate over so many rows, to the
    /// power of `beta`.
    pub fn weight(&self, rows: usize, beta: f64) -> f64 {
        libm::pow(1.0 / (rows as f64 * self.probability), beta)
    }
}

impl Priorities {
    /// Priorities for so many rows, raised to an exponent: 0 is uniform.
    ///
    /// # Errors
    /// [`Error::Setting`] for an exponent below zero.
    pub fn new(capacity: usize, exponent: f64) -> Result<Self> {
        if !(exponent.is_finite() && exponent >= 0.0) {
            let (name, value) = ("exponent", exponent.to_string());
            return Err(Error::Setting { name, value, reason: "must be a number of at least 0" });
        }
        let leaves = capacity.next_power_of_two();
        Ok(Self { sums: vec![0.0; 2 * leaves], leaves, largest: 1.0, exponent })
    }

    /// Gives a row the largest priority there was, as a new row has.
    ///
    /// # Errors
    /// As [`Priorities::set`].
    pub fn add(&mut self, row: usize) -> Result<()> {
        self.set(row, self.largest)
    }

    /// Sets the priority of a row, above zero: the size of its last error.
    ///
    /// # Errors
    /// [`Error::Setting`] for another number, [`Error::Shape`] for a row beyond the capacity.
    pub fn set(&mut self, row: usize, priority: f64) -> Result<()> {
        if !(priority.is_finite() && priority > 0.0) {
            let (name, value) = ("priority", priority.to_string());
            return Err(Error::Setting { name, value, reason: "must be a finite number above 0" });
        }
        if row >= self.leaves {
            return Err(Error::Shape {
                what: "row".to_string(),
                expected: format!("a row below {}", self.leaves),
                found: row.to_string(),
            });
        }
        self.largest = self.largest.max(priority);
        let mut at = self.leaves + row;
        self.sums[at] = libm::pow(priority, self.exponent);
        while at > 1 {
            at /= 2;
            self.sums[at] = self.sums[2 * at] + self.sums[2 * at + 1];
        }
        Ok(())
    }

    /// Draws so many rows, one from each of as many equal shares of the sum.
    ///
    /// # Errors
    /// [`Error::Order`] where no row has a priority.
    pub fn sample(&self, count: usize, rng: &mut Rng) -> Result<Vec<Prioritised>> {
        let total = self.sums[1];
        if total <= 0.0 {
            return Err(EMPTY);
        }
        let draw = |i: usize| {
            let mut left = total * (i as f64 + rng.unit()) / count as f64;
            let mut at = 1;
            while at < self.leaves {
                at *= 2;
                // Rounding may leave more than there is; a row without priority is never drawn.
                if left >= self.sums[at] && self.sums[at + 1] > 0.0 {
                    left -= self.sums[at];
                    at += 1;
                }
            }
            Prioritised { row: at - self.leaves, probability: self.sums[at] / total }
        };
        Ok((0..count).map(draw).collect())
    }
}

/// The goals of a state replaced by what another state achieved.
pub(crate) fn achieve(goals: &GoalLayout, state: &State, achieved: &State) -> Result<State> {
    let mut array = vec![0.0; goals.len()];
    let tips = kinematics::tips(&achieved.robot.joint_positions, achieved.robot.height);
    goals.achieved(achieved, &tips, &mut array)?;
    relabel(goals, state, &array)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_drawn_as_often_as_their_priorities_say() {
        let mut priorities = Priorities::new(5, 0.5).unwrap();
        for (row, priority) in [(0, 1.0), (1, 4.0), (4, 16.0)] {
            priorities.set(row, priority).unwrap();
        }
        let mut rng = Rng::stream(3, 0, "priorities");
        let drawn = priorities.sample(70_000, &mut rng).unwrap();
        for (row, share) in [(0, 1.0 / 7.0), (1, 2.0 / 7.0), (2, 0.0), (3, 0.0), (4, 4.0 / 7.0)] {
            let found = drawn.iter().filter(|d| d.row == row).count() as f64 / 70_000.0;
            assert!((found - share).abs() < 1e-4, "row {row}: {found} instead of {share}");
        }
        for d in &drawn[..100] {
            let mean = d.weight(7, 1.0) * d.probability * 7.0;
            assert!((mean - 1.0).abs() < 1e-12);
        }
        assert!(priorities.set(5, -1.0).is_err() && priorities.set(8, 1.0).is_err());
        assert!(Priorities::new(4, 1.0).unwrap().sample(1, &mut rng).is_err());
    }
}
