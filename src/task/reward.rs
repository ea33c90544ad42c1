//! Rewards: pure functions of the state before and after a step, in named raw terms.
//!
//! A raw term is what the reference pays per unit of weight (facts 5.6); [`Weights`] stand apart,
//! so the same terms are reported whatever they are worth. The environment multiplies the sum by
//! the control step's length in seconds.

use serde::{Deserialize, Serialize};

use super::overlap::{Cuboid, Overlap};
use crate::error::{self, Error, Result};
use crate::math::{self, Quat, Triple};
use crate::robot::{FINGERS, Nine};
use crate::world::{BlockKind, BlockState, Scene, State};

/// A raw term's name and value.
pub type Term = (&'static str, f64);

/// Blocks count as in place where more than this share of the goals is filled (facts 5.7).
pub const SUCCESS_OVERLAP: f64 = 0.9;
/// Tips count as in place where their mean coordinate error is below this, m (facts 5.7).
pub const SUCCESS_ERROR: f64 = 0.01;
/// The mean coordinate error from which reaching counts as not begun, m (facts 5.7).
pub const LARGEST_ERROR: f64 = 0.03;

/// The most terms that a family has.
const CAPACITY: usize = 8;

/// The raw terms of one step, in the order of the weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terms {
    list: [Term; CAPACITY],
    count: usize,
}

impl Terms {
    fn new<const N: usize>(terms: [Term; N]) -> Self {
        const { assert!(N <= CAPACITY) };
        let mut list = [("", 0.0); CAPACITY];
        list[..N].copy_from_slice(&terms);
        Self { list, count: N }
    }
}

impl std::ops::Deref for Terms {
    type Target = [Term];

    fn deref(&self) -> &[Term] {
        &self.list[..self.count]
    }
}

/// How near a state is to its goal.
#[derive(Clone, Copy, Debug, PartialEq)]
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
        if self.sparse {
            return if outcome.success { 1.0 } else { 0.0 };
        }
        let dense: f64 = self.dense.iter().zip(terms.iter()).map(|(w, (_, term))| w * term).sum();
        dense + self.fractional * outcome.goal_term
    }
}

/// By which rules a family is rewarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rules {
    /// Fingertips approach the first movable block, it approaches the first goal.
    Pushing,
    /// Each fingertip approaches its goal: the first three goals in the fingers' order.
    Reaching,
}

impl Rules {
    /// The rules of that name.
    pub fn parse(name: &str) -> Result<Self> {
        match name {
            "pushing" => Ok(Self::Pushing),
            "reaching" => Ok(Self::Reaching),
            _ => Err(Error::UnknownName {
                what: "reward rules",
                name: name.to_string(),
                known: "pushing, reaching".to_string(),
            }),
        }
    }

    /// The names of the raw terms, in the weights' order.
    pub fn term_names(self) -> &'static [&'static str] {
        match self {
            Self::Pushing => {
                &["tips_to_block_progress", "block_to_goal_progress", "rotation_progress"]
            }
            Self::Reaching => {
                &["tips_to_goals_progress", "tips_to_goals", "torques", "joint_velocity_change"]
            }
        }
    }

    /// The reference's default weights (facts 5.1, 5.6).
    pub fn default_weights(self) -> Weights {
        let dense = match self {
            Self::Pushing => vec![750.0, 250.0, 100.0],
            Self::Reaching => vec![100_000.0, 0.0, 0.0, 0.0],
        };
        Weights { dense, fractional: 1.0, sparse: false }
    }

    /// Refuses weights of another number than the terms' and weights that are not finite.
    pub fn check_weights(self, weights: &Weights) -> Result<()> {
        let names = self.term_names();
        if weights.dense.len() != names.len() {
            return Err(Error::Shape {
                what: "dense_reward_weights".to_string(),
                expected: format!("{} numbers ({})", names.len(), names.join(", ")),
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
        let reason = match self {
            Self::Pushing if scene.movable_count() == 0 => "pushing needs a movable block",
            Self::Pushing if scene.goals.is_empty() => "pushing needs a goal",
            Self::Reaching if scene.goals.len() < FINGERS => "reaching needs three goals",
            _ => return Ok(()),
        };
        Err(Error::Malformed {
            what: "task family".to_string(),
            path: "scene".to_string(),
            reason: reason.to_string(),
        })
    }

    /// The raw terms of a step; the tips (m, world frame) are those of the two states.
    pub fn terms(
        self,
        before: &State,
        after: &State,
        tips_before: &Nine,
        tips_after: &Nine,
    ) -> Terms {
        let names = self.term_names();
        match self {
            Self::Pushing => {
                let earlier = PushingDistances::of(before, tips_before);
                let later = PushingDistances::of(after, tips_after);
                Terms::new([
                    (names[0], earlier.tips_to_block - later.tips_to_block),
                    (names[1], earlier.block_to_goal - later.block_to_goal),
                    (names[2], earlier.rotation - later.rotation),
                ])
            }
            Self::Reaching => {
                let later = norm(tip_errors(after, tips_after));
                let velocities = after.robot.joint_velocities.iter();
                let change = velocities.zip(&before.robot.joint_velocities).map(|(v, u)| v - u);
                Terms::new([
                    (names[0], norm(tip_errors(before, tips_before)) - later),
                    (names[1], -later),
                    (names[2], -norm(after.robot.torques.into_iter())),
                    (names[3], -norm(change)),
                ])
            }
        }
    }

    /// How near a state is to its goal; `overlap` chooses the figure for blocks.
    pub fn outcome(self, state: &State, tips: &Nine, overlap: Overlap) -> Outcome {
        match self {
            Self::Pushing => {
                let filled = overlap.of_state(state);
                Outcome {
                    goal_term: filled,
                    fractional_success: filled,
                    success: filled > SUCCESS_OVERLAP,
                }
            }
            Self::Reaching => {
                let error = tip_errors(state, tips).map(f64::abs).sum::<f64>() / tips.len() as f64;
                let excess = error.clamp(SUCCESS_ERROR, LARGEST_ERROR) - SUCCESS_ERROR;
                Outcome {
                    goal_term: -error,
                    fractional_success: 1.0 - excess / (LARGEST_ERROR - SUCCESS_ERROR),
                    success: error < SUCCESS_ERROR,
                }
            }
        }
    }

    /// What is wanted, as numbers: the goals' axis-aligned bounds (low, high; six numbers each)
    /// or, for reaching, their nine coordinates, m (facts 5.7).
    pub fn desired_goal(self, state: &State) -> Vec<f64> {
        match self {
            Self::Pushing => {
                state.goals.iter().flat_map(|goal| flat_bounds(&goal.into())).collect()
            }
            Self::Reaching => state.goals.iter().take(FINGERS).flat_map(|g| g.position).collect(),
        }
    }

    /// What is achieved, in the form of [`Rules::desired_goal`]: the movable blocks' bounds or the
    /// nine coordinates of the tips, m (facts 5.7).
    pub fn achieved_goal(self, state: &State, tips: &Nine) -> Vec<f64> {
        match self {
            Self::Pushing => movable(state).flat_map(|block| flat_bounds(&block.into())).collect(),
            Self::Reaching => tips.to_vec(),
        }
    }
}

/// What the terms of pushing take differences of.
struct PushingDistances {
    /// Root of the sum over the fingers of the squared tip-to-block distances, m.
    tips_to_block: f64,
    /// Distance of the block's centre to the goal's, m.
    block_to_goal: f64,
    /// Angle of the rotation between block and goal, rad.
    rotation: f64,
}

impl PushingDistances {
    fn of(state: &State, tips: &Nine) -> Self {
        let mut distances = Self { tips_to_block: 0.0, block_to_goal: 0.0, rotation: 0.0 };
        let Some(block) = movable(state).next() else { return distances };
        distances.tips_to_block = norm((0..tips.len()).map(|i| tips[i] - block.position[i % 3]));
        if let Some(goal) = state.goals.first() {
            distances.block_to_goal = norm((0..3).map(|i| goal.position[i] - block.position[i]));
            distances.rotation = rotation_angle(block.orientation, goal.orientation);
        }
        distances
    }
}

fn movable(state: &State) -> impl Iterator<Item = &BlockState> {
    let blocks = state.scene.blocks.iter().zip(&state.blocks);
    blocks.filter(|(b, _)| b.kind == BlockKind::Movable).map(|(_, block)| block)
}

/// The coordinates of the first three goals less those of the tips, m.
fn tip_errors(state: &State, tips: &Nine) -> impl Iterator<Item = f64> {
    let wanted = state.goals.iter().take(FINGERS).flat_map(|goal| goal.position);
    wanted.zip(tips).map(|(goal, tip)| goal - tip)
}

fn norm(components: impl Iterator<Item = f64>) -> f64 {
    components.map(|x| x * x).sum::<f64>().sqrt()
}

fn flat_bounds(cuboid: &Cuboid) -> [f64; 6] {
    let [low, high]: [Triple; 2] = cuboid.bounds();
    [low[0], low[1], low[2], high[0], high[1], high[2]]
}

/// The angle of the rotation between two attitudes, in \[0, π\] rad: 2 acos |w|.
///
/// The reference leaves out the absolute value, so that a quaternion and its negative, which are
/// the same attitude, differ by up to 2π (facts 5.6, 12 item 24).
pub fn rotation_angle(a: Quat, b: Quat) -> f64 {
    let difference = math::rotation(a).inverse() * math::rotation(b);
    // The arc tangent keeps full accuracy at small angles, where the arc cosine loses half.
    2.0 * math::atan2(difference.imag().norm(), difference.w.abs())
}
