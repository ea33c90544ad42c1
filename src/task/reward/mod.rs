//! Rewards: pure functions of the state before and after a step, in named raw terms.
//!
//! A raw term is what the reference pays per unit of weight (facts 5.6); [`Weights`] stand apart,
//! so the same terms are reported whatever they are worth. The environment multiplies the sum by
//! the control step's length in seconds.

mod block;
mod measure;
mod stack;
mod table;

use serde::{Deserialize, Serialize};

pub use self::measure::rotation_angle;
use self::measure::{joint_velocity_change, movable, norm, tip_errors};
use self::table::{Row, TABLE};
use super::overlap::{Cuboid, Overlap};
use crate::error::{self, Error, Result};
use crate::math::Triple;
use crate::robot::{FINGERS, Nine};
use crate::world::{Scene, State};

/// A raw term's name and value.
pub type Term = (&'static str, f64);

/// Blocks count as in place where more than this share of the goals is filled (facts 5.7).
pub const SUCCESS_OVERLAP: f64 = 0.9;
/// Tips count as in place where their mean coordinate error is below this, m (facts 5.7).
pub const SUCCESS_ERROR: f64 = 0.01;
/// The mean coordinate error from which reaching counts as not begun, m (facts 5.7).
pub const LARGEST_ERROR: f64 = 0.03;

/// The most terms that a task has.
const CAPACITY: usize = 16;

/// The raw terms of one step, in the order of the weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terms {
    list: [Term; CAPACITY],
    count: usize,
}

impl Terms {
    /// Terms by name, at most 16.
    pub fn new<const N: usize>(terms: [Term; N]) -> Self {
        const { assert!(N <= CAPACITY, "a task has at most 16 terms") };
        let mut list = [("", 0.0); CAPACITY];
        list[..N].copy_from_slice(&terms);
        Self { list, count: N }
    }

    /// The same names with these values, in their order; those that are left out stay.
    pub(crate) fn with_values(mut self, values: &[f64]) -> Self {
        self.list.iter_mut().zip(values).for_each(|(term, value)| term.1 = *value);
        self
    }
}

impl std::ops::Deref for Terms {
    type Target = [Term];

    fn deref(&self) -> &[Term] {
        &self.list[..self.count]
    }
}

/// How near a state is to its goal.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// What the weight of the fractional reward multiplies.
    ///
    /// For blocks the filled share of the goals; for reaching the mean absolute coordinate error
    /// (m) with a negative sign. The reference adds the positive error, which rewards staying
    /// away; the sign is mended here (facts 5.6, 12 item 7).
    pub goal_term: f64,
    /// How much is achieved: 0 nothing, 1 all.
    pub fractional_success: f64,
    /// Whether the goal is reached: [`SUCCESS_OVERLAP`] or [`SUCCESS_ERROR`].
    pub success: bool,
}

impl Outcome {
    /// Of a mean absolute coordinate error of the fingertips, m.
    pub(super) fn of_error(error: f64) -> Self {
        let excess = error.clamp(SUCCESS_ERROR, LARGEST_ERROR) - SUCCESS_ERROR;
        Self {
            goal_term: -error,
            fractional_success: 1.0 - excess / (LARGEST_ERROR - SUCCESS_ERROR),
            success: error < SUCCESS_ERROR,
        }
    }

    /// Of the share of the goals that the blocks fill.
    pub(super) fn of_filled(filled: f64) -> Self {
        Self { goal_term: filled, fractional_success: filled, success: filled > SUCCESS_OVERLAP }
    }
}

/// What the terms are worth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weights {
    /// One weight per raw term, in the terms' order.
    pub dense: Vec<f64>,
    /// The weight of [`Outcome::goal_term`].
    pub fractional: f64,
    /// Whether only success pays: 1 in a state of success, else 0, whatever the weights.
    pub sparse: bool,
}

impl Weights {
    /// The reward of a step before it is multiplied by the step's seconds.
    pub fn reward(&self, terms: &Terms, outcome: &Outcome) -> f64 {
        pay(self.dense.iter().copied(), self.fractional, self.sparse, terms, outcome)
    }
}

/// What a step pays per second, whoever holds the weights.
pub(super) fn pay(
    weights: impl Iterator<Item = f64>,
    fractional: f64,
    sparse: bool,
    terms: &Terms,
    outcome: &Outcome,
) -> f64 {
    if sparse {
        return if outcome.success { 1.0 } else { 0.0 };
    }
    let dense: f64 = weights.zip(terms.iter()).map(|(weight, (_, term))| weight * term).sum();
    dense + fractional * outcome.goal_term
}

/// By which rules a family is rewarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rules {
    /// Each fingertip approaches its goal: the first three goals in the fingers' order.
    Reaching,
    /// Fingertips approach the first movable block, it approaches the first goal.
    Pushing,
    /// Fingertips approach the first movable block, it rises to the height of the first goal.
    Picking,
    /// As pushing, with the block carried over a barrier along y = 0.
    PickAndPlace,
    /// The first movable block comes to the first goal, the second upon it.
    Stacking2,
    /// The filled share of the goals alone.
    Filling,
}

impl Rules {
    fn row(self) -> &'static Row {
        // The table has the order of the declaration, which a test holds.
        &TABLE[self as usize]
    }

    /// The rules of that name.
    pub fn parse(name: &str) -> Result<Self> {
        TABLE.iter().find(|row| row.name == name).map(|row| row.rules).ok_or_else(|| {
            Error::UnknownName {
                what: "reward rules",
                name: name.to_string(),
                known: TABLE.map(|row| row.name).join(", "),
            }
        })
    }

    /// The name.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The names of the raw terms, in the weights' order.
    pub fn term_names(self) -> impl ExactSizeIterator<Item = &'static str> {
        self.row().terms.iter().map(|term| term.0)
    }

    /// The reference's default weights (facts 5.1, 5.6).
    ///
    /// Pick and place leaves the goal's filled share unpaid, as the reference does.
    pub fn default_weights(self) -> Weights {
        let fractional = if self == Self::PickAndPlace { 0.0 } else { 1.0 };
        let dense = self.row().terms.iter().map(|term| term.1).collect();
        Weights { dense, fractional, sparse: false }
    }

    /// Refuses weights of another number than the terms' and weights that are not finite.
    pub fn check_weights(self, weights: &Weights) -> Result<()> {
        let names = self.term_names();
        if weights.dense.len() != names.len() {
            let list = names.collect::<Vec<_>>();
            return Err(Error::Shape {
                what: "dense_reward_weights".to_string(),
                expected: format!("{} numbers ({})", list.len(), list.join(", ")),
                found: format!("{}", weights.dense.len()),
            });
        }
        error::all_finite("dense_reward_weights", &weights.dense)?;
        error::all_finite("fractional_reward_weight", &[weights.fractional])
    }

    /// Refuses a scene that lacks what the rules speak of.
    ///
    /// In a state of such a scene the terms that speak of a missing block or goal are 0.
    pub fn check_scene(self, scene: &Scene) -> Result<()> {
        match self.lacks(scene) {
            None => Ok(()),
            Some(reason) => {
                let (what, path) = ("task family".to_string(), "scene".to_string());
                Err(Error::Malformed { what, path, reason })
            }
        }
    }

    /// What a scene lacks that the rules speak of.
    pub(crate) fn lacks(self, scene: &Scene) -> Option<String> {
        let (blocks, goals) = match self {
            Self::Reaching => (0, FINGERS),
            Self::Pushing | Self::Picking | Self::PickAndPlace => (1, 1),
            Self::Stacking2 => (2, 2),
            Self::Filling => (0, 1),
        };
        if scene.movable_count() >= blocks && scene.goals.len() >= goals {
            return None;
        }
        let name = self.name();
        Some(format!(
            "{name} needs {blocks} movable blocks and {goals} goals or more; there are {} and {}",
            scene.movable_count(),
            scene.goals.len()
        ))
    }

    /// The raw terms of a step; the tips (m, world frame) are those of the two states.
    pub fn terms(
        self,
        before: &State,
        after: &State,
        tips_before: &Nine,
        tips_after: &Nine,
    ) -> Terms {
        let tips = [tips_before, tips_after];
        match self {
            Self::Reaching => {
                let earlier = norm(tip_errors(before, tips_before));
                let later = norm(tip_errors(after, tips_after));
                let torques = norm(after.robot.torques.into_iter());
                let change = joint_velocity_change(before, after);
                self.named([earlier - later, -later, -torques, -change])
            }
            Self::Pushing => self.named(block::pushing(before, after, tips)),
            Self::Picking => self.named(block::picking(before, after, tips)),
            Self::PickAndPlace => self.named(block::pick_and_place(before, after, tips)),
            Self::Stacking2 => self.named(stack::stacking2(before, after, tips)),
            Self::Filling => self.named([]),
        }
    }

    fn named<const N: usize>(self, values: [f64; N]) -> Terms {
        let mut terms = values.map(|value| ("", value));
        for ((name, _), known) in terms.iter_mut().zip(self.term_names()) {
            *name = known;
        }
        Terms::new(terms)
    }

    /// How near a state is to its goal; `overlap` chooses the figure for blocks.
    pub fn outcome(self, state: &State, tips: &Nine, overlap: Overlap) -> Outcome {
        match self {
            Self::Reaching => {
                let errors = tip_errors(state, tips).map(f64::abs);
                Outcome::of_error(errors.sum::<f64>() / tips.len() as f64)
            }
            _ => Outcome::of_filled(overlap.of_state(state)),
        }
    }

    /// What is wanted, as numbers: the goals' axis-aligned bounds (low, high; six numbers each)
    /// or, for reaching, their nine coordinates, m (facts 5.7).
    pub fn desired_goal(self, state: &State) -> Vec<f64> {
        match self {
            Self::Reaching => state.goals.iter().take(FINGERS).flat_map(|g| g.position).collect(),
            _ => state.goals.iter().flat_map(|goal| flat_bounds(&goal.into())).collect(),
        }
    }

    /// What is achieved, in the form of [`Rules::desired_goal`]: the movable blocks' bounds or the
    /// nine coordinates of the tips, m (facts 5.7).
    pub fn achieved_goal(self, state: &State, tips: &Nine) -> Vec<f64> {
        match self {
            Self::Reaching => tips.to_vec(),
            _ => movable(state).flat_map(|block| flat_bounds(&block.into())).collect(),
        }
    }
}

fn flat_bounds(cuboid: &Cuboid) -> [f64; 6] {
    let [low, high]: [Triple; 2] = cuboid.bounds();
    [low[0], low[1], low[2], high[0], high[1], high[2]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_rules_has_their_order() {
        for (i, Row { rules, name, .. }) in TABLE.into_iter().enumerate() {
            assert_eq!(rules as usize, i);
            assert_eq!(Rules::parse(name), Ok(rules));
        }
    }
}
