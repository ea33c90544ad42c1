//! A family's JSON document: what it may say, and the checks that a schema can not express.

mod check;
mod mesh;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use self::mesh::{MeshDocument, MeshFile, MeshHulls};

use super::parameter::Parameter;
use super::reward;
use super::sampler::GoalSampling;
use crate::error::{Error, Result};
use crate::intervention::structure::{self, Arrangement};
use crate::math::{Quat, Triple};
use crate::robot::{Nine, RobotState};
use crate::variable::{self, Coupling, RangeEdit, Rules};
use crate::world::{BlockKind, GoalShape, Scene, State, TaskState};

/// A task family as it is written down.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Its name.
    pub name: String,
    /// What is wanted, in one sentence.
    pub description: String,
    /// The joint angles at the start, rad.
    pub joint_positions: Nine,
    /// The blocks, in creation order.
    pub blocks: Vec<BlockDocument>,
    /// The goals, in creation order.
    pub goals: Vec<GoalDocument>,
    /// What blocks and goals are built from where they are not listed.
    #[serde(default, skip_serializing_if = "TaskState::is_listed")]
    pub structure: TaskState,
    /// How long an episode lasts.
    pub episode_seconds: EpisodeSeconds,
    /// The keys of the structured observation, in order.
    pub observation: Vec<ObservationKey>,
    /// The reward.
    pub reward: RewardDocument,
    /// The family's parameters: their names, and the variables they set at the start.
    pub parameters: BTreeMap<String, Parameter>,
    /// The attributes of the entity `task`, and `goal_tower`.
    pub task_variables: Vec<String>,
    /// What follows from setting a variable, and what must hold.
    pub couplings: Vec<Coupling>,
    /// Ranges that differ from the generic ones.
    pub ranges: Vec<RangeEdit>,
    /// How new goals are drawn.
    pub goal_sampling: GoalSampling,
}

/// A block at the start; attributes not named have the defaults of all blocks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockDocument {
    /// Its name in variables.
    pub name: String,
    /// Whether it moves.
    pub kind: BlockKind,
    /// Its form, where it is no box.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mesh: Option<MeshDocument>,
    /// Edge lengths, m.
    pub size: Triple,
    /// Mass, kg; of movable blocks only.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub mass: Option<f64>,
    /// RGB.
    pub color: Triple,
    /// Centre, world frame, m.
    pub position: Triple,
    /// Quaternion x, y, z, w.
    pub orientation: Quat,
}

/// A goal at the start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoalDocument {
    /// Its name in variables.
    pub name: String,
    /// Its form, or that of its bounds where it has a mesh.
    pub shape: GoalShape,
    /// Its form, where it is neither a box nor a ball.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mesh: Option<MeshDocument>,
    /// Edge lengths, m; three times the diameter for a sphere.
    pub size: Triple,
    /// RGB.
    pub color: Triple,
    /// Centre, world frame, m.
    pub position: Triple,
    /// Quaternion x, y, z, w.
    pub orientation: Quat,
}

/// One key of the structured observation, or those of all blocks and goals of a structure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a key or { \"structure\": an order }")]
pub enum ObservationKey {
    /// One key.
    Key(String),
    /// The keys of every movable block and every goal there is.
    Structure(StructureKeys),
}

/// The keys of every movable block and every goal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StructureKeys {
    /// In which order.
    pub structure: StructureOrder,
}

/// The order in which the blocks and goals of a structure are observed (facts 3.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StructureOrder {
    /// Every block, followed by its goal if it has one.
    Interleaved,
    /// First all blocks, then all goals.
    BlocksFirst,
}

/// The length of an episode, s.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EpisodeSeconds {
    /// Always the same.
    Fixed(f64),
    /// So much for every block, fixed ones included (facts 5.2).
    PerBlock(f64),
}

/// The reward: dense terms and the fractional success.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RewardDocument {
    /// By which rules it is computed.
    pub rules: reward::Rules,
    /// The dense terms, by the rules' names and in their order (facts 5.6).
    pub terms: Vec<WeightedTerm>,
    /// The weight of the goal reward.
    pub fractional_weight: f64,
    /// Whether success alone is rewarded.
    pub sparse: bool,
}

impl RewardDocument {
    /// What the terms are worth.
    pub fn weights(&self) -> reward::Weights {
        reward::Weights {
            dense: self.terms.iter().map(|term| term.weight).collect(),
            fractional: self.fractional_weight,
            sparse: self.sparse,
        }
    }

    /// What a step pays per second, as [`reward::Weights::reward`]; allocates nothing.
    pub fn pay(&self, terms: &reward::Terms, outcome: &reward::Outcome) -> f64 {
        let dense = self.terms.iter().map(|term| term.weight);
        reward::pay(dense, self.fractional_weight, self.sparse, terms, outcome)
    }
}

/// A dense reward term.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightedTerm {
    /// Its name.
    pub term: String,
    /// Its weight.
    pub weight: f64,
}

/// A value that may be left out but not be null.
fn given<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<f64>, D::Error> {
    f64::deserialize(deserializer).map(Some)
}

impl Document {
    /// The document as JSON says it, with everything checked and its meshes' files read.
    ///
    /// # Errors
    /// [`Error::Malformed`] with the place in the document and what was expected there.
    pub fn from_json(json: &str) -> Result<Self> {
        let document = Self::parse(json)?.resolved(Path::new(""))?;
        document.check()?;
        Ok(document)
    }

    /// The document as JSON says it; how its parts refer to each other is not checked, and its
    /// meshes' files are not read.
    ///
    /// # Errors
    /// As [`Document::from_json`].
    pub fn parse(json: &str) -> Result<Self> {
        let mut deserializer = serde_json::Deserializer::from_str(json);
        let document: Self = serde_path_to_error::deserialize(&mut deserializer).map_err(|e| {
            let place = e.path().to_string();
            malformed(&place, e.into_inner().to_string())
        })?;
        deserializer.end().map_err(|e| malformed(".", e.to_string()))?;
        Ok(document)
    }

    /// What it says about variables.
    pub fn rules(&self) -> Rules {
        Rules {
            family: self.name.clone(),
            couplings: self.couplings.clone(),
            ranges: self.ranges.clone(),
            task_variables: self.task_variables.clone(),
        }
    }

    /// The state it starts from, or the place of the first value that can not be meant.
    fn start(&self, rules: &Rules) -> Result<State> {
        let mut scene = Scene::new();
        for (i, block) in self.blocks.iter().enumerate() {
            scene = match block.kind {
                BlockKind::Movable => scene.movable(&block.name),
                BlockKind::Fixed => scene.fixed(&block.name),
            };
            if let Some(mesh) = &block.mesh {
                scene = scene.meshed(&block.name, mesh.mesh(&format!("blocks[{i}].mesh"))?);
            }
        }
        for (i, goal) in self.goals.iter().enumerate() {
            scene = scene.goal(&goal.name, goal.shape);
            if let Some(mesh) = &goal.mesh {
                if goal.shape == GoalShape::Sphere {
                    let reason = "a sphere has no mesh; expected \"cuboid\"".to_string();
                    return Err(malformed(&format!("goals[{i}].shape"), reason));
                }
                scene = scene.meshed(&goal.name, mesh.mesh(&format!("goals[{i}].mesh"))?);
            }
        }
        let mut state = State::new(Arc::new(scene), RobotState::resting(self.joint_positions));
        let mut set = |place: String, path: String, value: &[f64]| {
            variable::write(&mut state, rules, &path, value)
                .map_err(|e| malformed(&place, e.to_string()))
        };
        let positions = "joint_positions".to_string();
        set(positions, "robot/joint_positions".to_string(), &self.joint_positions)?;
        for (i, block) in self.blocks.iter().enumerate() {
            let mut set = |field: &str, attribute: &str, value: &[f64]| {
                set(format!("blocks[{i}].{field}"), format!("{}/{attribute}", block.name), value)
            };
            set("size", "size", &block.size)?;
            set("color", "color", &block.color)?;
            set("position", "cartesian_position", &block.position)?;
            set("orientation", "orientation", &block.orientation)?;
            if let Some(mass) = block.mass {
                set("mass", "mass", &[mass])?;
            }
        }
        for (i, goal) in self.goals.iter().enumerate() {
            let mut set = |field: &str, attribute: &str, value: &[f64]| {
                set(format!("goals[{i}].{field}"), format!("{}/{attribute}", goal.name), value)
            };
            set("size", "size", &goal.size)?;
            set("color", "color", &goal.color)?;
            set("position", "cartesian_position", &goal.position)?;
            set("orientation", "orientation", &goal.orientation)?;
        }
        state.task = self.structure;
        self.check_structure(&state)?;
        structure::build(&mut state, Arrangement::Default)
            .map_err(|e| malformed("structure", e.to_string()))?;
        Ok(state)
    }
}

pub(super) fn malformed(path: &str, reason: String) -> Error {
    Error::Malformed { what: "task family".to_string(), path: path.to_string(), reason }
}
