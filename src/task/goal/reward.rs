//! What a goal array is worth: a pure function of what is achieved and what is desired.

use std::sync::Arc;

use super::check::{Named, UNIT};
use super::{GoalLayout, ORIENTATION, POSITION, ROW, SIZE, is_empty};
use crate::error::{Error, Result};
use crate::math::{self, Quat};
use crate::robot::JOINTS;
use crate::task::RewardDocument;
use crate::task::overlap::{Cuboid, Overlap, Solid};
use crate::task::reward::{Outcome, Rules};
use crate::world::Mesh;

/// All that the reward of a goal array depends on, beside the arrays.
///
/// It is the family's reward without the dense terms, which compare with the state before: the
/// fractional weight (1 where the family has none) times the filled share of the goals, or for
/// reaching times the mean coordinate error with a negative sign; or, where the family's reward is
/// sparse, 1 in success and else 0; always times the seconds of a control step.
#[derive(Clone, Debug, PartialEq)]
pub struct GoalReward {
    rules: Rules,
    fractional: f64,
    sparse: bool,
    overlap: Overlap,
    seconds: f64,
    /// Whether an array must hold anything, achieved and desired.
    needed: [bool; 2],
    /// The meshes of every row, achieved and desired.
    meshes: Arc<[[Option<Arc<Mesh>>; 2]]>,
}

impl GoalReward {
    /// The reward of a family's goals; `seconds` is the length of a control step.
    pub fn new(
        reward: &RewardDocument,
        overlap: Overlap,
        seconds: f64,
        layout: &GoalLayout,
    ) -> Self {
        let weight = reward.fractional_weight;
        let fractional = if weight == 0.0 { 1.0 } else { weight };
        let (rules, sparse, meshes) = (reward.rules, reward.sparse, layout.meshes().into());
        let needed = [layout.has()[0], true];
        Self { rules, fractional, sparse, overlap, seconds, needed, meshes }
    }

    /// How near what is achieved is to what is desired.
    ///
    /// The two may have different numbers of rows; rows of zeros count as nothing.
    ///
    /// # Errors
    /// [`Error::Shape`] for a length that is no goal's; [`Error::NotFinite`], or
    /// [`Error::Impossible`] for a row that is neither zeros nor a block or goal (an edge of 0 m or
    /// less or beyond 0.5 m, a zero quaternion, a coordinate beyond 1e9 m), for desired rows that
    /// are all zeros, and achieved ones where the scene has blocks. They name the number.
    pub fn outcome(&self, achieved: &[f64], desired: &[f64]) -> Result<Outcome> {
        self.outcome_of(achieved, desired, None)
    }

    /// As [`GoalReward::outcome`]; `goal` is which of a list the goals are.
    fn outcome_of(
        &self,
        achieved: &[f64],
        desired: &[f64],
        goal: Option<usize>,
    ) -> Result<Outcome> {
        let arrays = [("achieved_goal", achieved), ("desired_goal", desired)];
        for ((array, numbers), needed) in arrays.into_iter().zip(self.needed) {
            self.check(array, numbers.len())?;
            let named = Named { array, goal };
            match self.rules {
                Rules::Reaching => named.check_tips(numbers)?,
                _ => named.check_rows(numbers, needed)?,
            }
        }
        Ok(self.measured(achieved, desired))
    }

    /// The outcome of arrays that are goals.
    fn measured(&self, achieved: &[f64], desired: &[f64]) -> Outcome {
        match self.rules {
            Rules::Reaching => {
                let errors = desired.iter().zip(achieved).map(|(goal, tip)| (goal - tip).abs());
                Outcome::of_error(errors.sum::<f64>() / JOINTS as f64)
            }
            _ => {
                let (blocks, goals) = (self.solids(achieved, 0), self.solids(desired, 1));
                Outcome::of_filled(self.overlap.of_solids(&blocks, &goals))
            }
        }
    }

    /// What one step pays in whose end this is achieved.
    ///
    /// # Errors
    /// As [`GoalReward::outcome`].
    pub fn reward(&self, achieved: &[f64], desired: &[f64]) -> Result<f64> {
        Ok(self.pay(&self.outcome(achieved, desired)?))
    }

    /// The same of a state's own arrays, which are goals.
    pub(crate) fn reward_of_own(&self, achieved: &[f64], desired: &[f64]) -> f64 {
        self.pay(&self.measured(achieved, desired))
    }

    fn pay(&self, outcome: &Outcome) -> f64 {
        let paid = match (self.sparse, outcome.success) {
            (true, true) => 1.0,
            (true, false) => 0.0,
            (false, _) => self.fractional * outcome.goal_term,
        };
        paid * self.seconds
    }

    /// The rewards of a batch: `count` goals one after the other in each list.
    ///
    /// # Errors
    /// As [`GoalReward::outcome`], with the goal's place in the list before the number's; or
    /// [`Error::Shape`] where a list is no whole number of goals.
    pub fn rewards(&self, achieved: &[f64], desired: &[f64], count: usize) -> Result<Vec<f64>> {
        let [of_achieved, of_desired] = [("achieved_goal", achieved), ("desired_goal", desired)]
            .map(|(what, list)| {
                let length = list.len().checked_div(count).unwrap_or(0);
                let whole = (length * count == list.len()).then_some(length);
                whole.ok_or_else(|| self.shape(what, format!("{} for {count}", list.len())))
            });
        let (a, d) = (of_achieved?, of_desired?);
        let goal = |i: usize| {
            let (achieved, desired) = (&achieved[a * i..][..a], &desired[d * i..][..d]);
            Ok(self.pay(&self.outcome_of(achieved, desired, Some(i))?))
        };
        (0..count).map(goal).collect()
    }

    /// What stands in the rows that are not empty; `which` is 0 for achieved, 1 for desired.
    fn solids(&self, goal: &[f64], which: usize) -> Vec<Solid<'_>> {
        let rows = goal.chunks_exact(ROW).enumerate();
        let taken = rows.filter(|(_, row)| !is_empty(row));
        let mesh = |i: usize| self.meshes.get(i).and_then(|meshes| meshes[which].as_deref());
        taken.map(|(i, row)| (read(row), mesh(i))).collect()
    }

    /// Refuses a length that no goal of this family has.
    fn check(&self, what: &str, length: usize) -> Result<()> {
        let fits = match self.rules {
            Rules::Reaching => length == JOINTS,
            _ => length.is_multiple_of(ROW),
        };
        if fits { Ok(()) } else { Err(self.shape(what, format!("{length}"))) }
    }

    fn shape(&self, what: &str, found: String) -> Error {
        let expected = match self.rules {
            Rules::Reaching => format!("{JOINTS} numbers"),
            _ => format!("{ROW} numbers for every block"),
        };
        Error::Shape { what: what.to_string(), expected, found }
    }
}

/// The block or goal of a row that was checked.
pub(super) fn read(row: &[f64]) -> Cuboid {
    let at = |start: usize| [row[start], row[start + 1], row[start + 2]];
    let quat: Quat = std::array::from_fn(|i| row[ORIENTATION.start + i]);
    let squared: f64 = quat.iter().map(|x| x * x).sum();
    // An array in single precision is farther away and is brought to unit length.
    let unit = (squared - 1.0).abs() < UNIT;
    let orientation = if unit { quat } else { math::normalized(quat).unwrap_or(math::IDENTITY) };
    Cuboid { center: at(POSITION.start), orientation, size: at(SIZE.start) }
}
