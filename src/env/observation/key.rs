//! The keys of a structured observation: robot keys and `<object>_<variable>` (facts 3.2, 3.3).

use super::source::{Attribute, BodyAttribute, Source};
use crate::error::{Error, Result};
use crate::world::{BlockDescription, BlockKind, GoalDescription, GoalShape, Scene};

const ROBOT_KEYS: [(&str, Source); 6] = [
    ("time_left_for_task", Source::TimeLeft),
    ("joint_positions", Source::JointPositions),
    ("joint_velocities", Source::JointVelocities),
    ("end_effector_positions", Source::EndEffectorPositions),
    ("joint_torques", Source::JointTorques),
    ("action_joint_positions", Source::ActionJointPositions),
];

const ATTRIBUTES: [(&str, Attribute); 5] = [
    ("cartesian_position", Attribute::CartesianPosition),
    ("cylindrical_position", Attribute::CylindricalPosition),
    ("orientation", Attribute::Orientation),
    ("size", Attribute::Size),
    ("color", Attribute::Color),
];

const BODY_ATTRIBUTES: [(&str, BodyAttribute); 4] = [
    ("friction", BodyAttribute::Friction),
    ("linear_velocity", BodyAttribute::LinearVelocity),
    ("angular_velocity", BodyAttribute::AngularVelocity),
    ("mass", BodyAttribute::Mass),
];

impl Source {
    /// The source that a key names in a scene.
    ///
    /// # Errors
    /// [`Error::UnknownName`] with the keys that there are.
    pub(super) fn parse(key: &str, scene: &Scene) -> Result<Self> {
        Self::find(key, scene).ok_or_else(|| Error::UnknownName {
            what: "observation key",
            name: key.to_string(),
            known: known_keys(scene).join(", "),
        })
    }

    /// The source that a key names in a scene, if it names one.
    pub(super) fn find(key: &str, scene: &Scene) -> Option<Self> {
        if let Some((_, source)) = ROBOT_KEYS.iter().find(|(name, _)| *name == key) {
            return Some(*source);
        }
        // A name can contain underscores and so can a variable: match the variable's whole name.
        let object = |variable: &str| key.strip_suffix(variable)?.strip_suffix('_');
        if let Some(name) = object("type") {
            if let Some(i) = scene.block_index(name) {
                return Some(Self::BlockType(block_type(&scene.blocks[i])));
            }
            if let Some(i) = scene.goal_index(name) {
                return Some(Self::GoalType(goal_type(&scene.goals[i])));
            }
        }
        for (variable, attribute) in ATTRIBUTES {
            let Some(name) = object(variable) else { continue };
            if let Some(i) = scene.block_index(name) {
                return Some(Self::Block(i, attribute));
            }
            if let Some(i) = scene.goal_index(name) {
                return Some(Self::Goal(i, attribute));
            }
        }
        for (variable, attribute) in BODY_ATTRIBUTES {
            let Some(i) = object(variable).and_then(|name| scene.block_index(name)) else {
                continue;
            };
            let movable = scene.blocks[i].kind == BlockKind::Movable;
            if movable || attribute == BodyAttribute::Friction {
                return Some(Self::Body(i, attribute));
            }
        }
        None
    }
}

/// The ids of facts 7.1.
fn block_type(block: &BlockDescription) -> f64 {
    match (block.kind, &block.mesh) {
        (BlockKind::Movable, None) => 1.0,
        (BlockKind::Movable, Some(_)) => 2.0,
        (BlockKind::Fixed, _) => 10.0,
    }
}

/// The ids of facts 7.1.
fn goal_type(goal: &GoalDescription) -> f64 {
    match (goal.shape, &goal.mesh) {
        (_, Some(_)) => 23.0,
        (GoalShape::Cuboid, None) => 20.0,
        (GoalShape::Sphere, None) => 21.0,
    }
}

/// Every key that a scene has.
pub(super) fn known_keys(scene: &Scene) -> Vec<String> {
    let variables = |name: &str, body: &[(&str, BodyAttribute)]| -> Vec<String> {
        let names = ATTRIBUTES.iter().map(|a| a.0).chain(body.iter().map(|a| a.0));
        ["type"].into_iter().chain(names).map(|variable| format!("{name}_{variable}")).collect()
    };
    let robot = ROBOT_KEYS.iter().map(|(name, _)| name.to_string());
    let blocks = scene.blocks.iter().flat_map(|block| match block.kind {
        BlockKind::Movable => variables(&block.name, &BODY_ATTRIBUTES),
        BlockKind::Fixed => variables(&block.name, &BODY_ATTRIBUTES[..1]),
    });
    robot.chain(blocks).chain(scene.goals.iter().flat_map(|g| variables(&g.name, &[]))).collect()
}
