//! One key of the structured observation: its name, its nominal bounds, its values.

use crate::error::{Error, Result};
use crate::math::{self, Quat, Triple};
use crate::rng::Rng;
use crate::robot::{
    JOINT_POSITIONS_HIGH, JOINT_POSITIONS_LOW, JOINTS, Nine, TORQUE_LIMIT, every_finger,
};
use crate::world::{
    BlockDescription, BlockKind, BlockState, GoalDescription, GoalShape, GoalState, Scene, State,
};

/// The stream of the noise on observed joint positions.
const NOISE: &str = "robot/joint_position_noise";
/// The largest nominal joint velocity, rad/s (facts 3.2).
const JOINT_VELOCITY: f64 = 50.0;
/// The nominal range of positions, m (facts 3.2, 3.3).
const POSITIONS: [Triple; 2] = [[-0.5, -0.5, 0.0], [0.5, 0.5, 0.5]];
/// The nominal range of radius (m), angle (rad) and height (m); the angle's lower bound is the
/// reference's, though angles from -π to 0 occur (facts 3.3).
const CYLINDRICAL: [Triple; 2] = [[0.0, 0.0, 0.0], [0.20, std::f64::consts::PI, 0.5]];

/// Where one run of numbers comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Source {
    TimeLeft,
    JointPositions,
    JointVelocities,
    EndEffectorPositions,
    JointTorques,
    ActionJointPositions,
    /// The constant id of a block's or a goal's kind.
    Type(f64),
    /// A variable of the block with this index.
    Block(usize, Attribute),
    /// A variable of the goal with this index.
    Goal(usize, Attribute),
    /// A variable that goals lack, of the block with this index.
    Body(usize, BodyAttribute),
}

/// Some numbers, at most one per joint.
#[derive(Clone, Copy)]
pub(super) struct Values {
    list: Nine,
    count: usize,
}

impl Values {
    pub(super) fn as_slice(&self) -> &[f64] {
        &self.list[..self.count]
    }
}

impl<const N: usize> From<[f64; N]> for Values {
    fn from(values: [f64; N]) -> Self {
        const { assert!(N <= JOINTS) };
        let mut list = [0.0; JOINTS];
        list[..N].copy_from_slice(&values);
        Self { list, count: N }
    }
}

/// The observable variables of blocks and goals alike (facts 3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attribute {
    CartesianPosition,
    CylindricalPosition,
    Orientation,
    Size,
    Color,
}

/// The observable variables of blocks alone; fixed ones have friction only (facts 3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyAttribute {
    Friction,
    LinearVelocity,
    AngularVelocity,
    Mass,
}

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
    pub(super) fn parse(key: &str, scene: &Scene) -> Result<Self> {
        if let Some((_, source)) = ROBOT_KEYS.iter().find(|(name, _)| *name == key) {
            return Ok(*source);
        }
        // A name can contain underscores and so can a variable: match the variable's whole name.
        let object = |variable: &str| key.strip_suffix(variable)?.strip_suffix('_');
        if let Some(name) = object("type") {
            if let Some(i) = scene.block_index(name) {
                return Ok(Self::Type(block_type(&scene.blocks[i])));
            }
            if let Some(i) = scene.goal_index(name) {
                return Ok(Self::Type(goal_type(&scene.goals[i])));
            }
        }
        for (variable, attribute) in ATTRIBUTES {
            let Some(name) = object(variable) else { continue };
            if let Some(i) = scene.block_index(name) {
                return Ok(Self::Block(i, attribute));
            }
            if let Some(i) = scene.goal_index(name) {
                return Ok(Self::Goal(i, attribute));
            }
        }
        for (variable, attribute) in BODY_ATTRIBUTES {
            let Some(i) = object(variable).and_then(|name| scene.block_index(name)) else {
                continue;
            };
            let movable = scene.blocks[i].kind == BlockKind::Movable;
            if movable || attribute == BodyAttribute::Friction {
                return Ok(Self::Body(i, attribute));
            }
        }
        Err(Error::UnknownName {
            what: "observation key",
            name: key.to_string(),
            known: known_keys(scene).join(", "),
        })
    }

    /// The values in a state; `time` as it is to be observed.
    pub(super) fn values(self, state: &State, tips: &Nine, time: f64) -> Values {
        let robot = &state.robot;
        match self {
            Self::TimeLeft => [time].into(),
            Self::JointPositions => observed_joint_positions(state).into(),
            Self::JointVelocities => robot.joint_velocities.into(),
            Self::EndEffectorPositions => (*tips).into(),
            Self::JointTorques => robot.torques.into(),
            Self::ActionJointPositions => robot.target.into(),
            Self::Type(id) => [id].into(),
            Self::Block(i, attribute) => {
                let BlockState { position, orientation, size, color, .. } = state.blocks[i];
                attribute.of(position, orientation, size, color)
            }
            Self::Goal(i, attribute) => {
                let GoalState { position, orientation, size, color } = state.goals[i];
                attribute.of(position, orientation, size, color)
            }
            Self::Body(i, attribute) => {
                let block = &state.blocks[i];
                match attribute {
                    BodyAttribute::Friction => [block.friction].into(),
                    BodyAttribute::LinearVelocity => block.linear_velocity.into(),
                    BodyAttribute::AngularVelocity => block.angular_velocity.into(),
                    BodyAttribute::Mass => [block.mass].into(),
                }
            }
        }
    }

    /// The nominal bounds (low, high) of facts 3.2 and 3.3; the time's are 0 and 1.
    pub(super) fn bounds(self) -> [Values; 2] {
        const PI: f64 = std::f64::consts::PI;
        fn both<const N: usize>(low: f64, high: f64) -> [Values; 2] {
            [[low; N].into(), [high; N].into()]
        }
        let thrice = |triple: Triple| Values::from(every_finger(triple));
        match self {
            Self::TimeLeft => both::<1>(0.0, 1.0),
            Self::JointPositions | Self::ActionJointPositions => {
                [JOINT_POSITIONS_LOW, JOINT_POSITIONS_HIGH].map(thrice)
            }
            Self::JointVelocities => both::<JOINTS>(-JOINT_VELOCITY, JOINT_VELOCITY),
            Self::EndEffectorPositions => POSITIONS.map(thrice),
            Self::JointTorques => both::<JOINTS>(-TORQUE_LIMIT, TORQUE_LIMIT),
            Self::Type(id) => both::<1>(id, id),
            Self::Block(_, attribute) | Self::Goal(_, attribute) => match attribute {
                Attribute::CartesianPosition => POSITIONS.map(Values::from),
                Attribute::CylindricalPosition => CYLINDRICAL.map(Values::from),
                Attribute::Orientation => both::<4>(-10.0, 10.0),
                Attribute::Size => both::<3>(0.03, 0.1),
                Attribute::Color => both::<3>(0.0, 1.0),
            },
            Self::Body(_, attribute) => match attribute {
                BodyAttribute::Friction => both::<1>(0.0, 10.0),
                BodyAttribute::LinearVelocity => both::<3>(-0.5, 0.5),
                BodyAttribute::AngularVelocity => both::<3>(-PI, PI),
                BodyAttribute::Mass => both::<1>(0.02, 0.2),
            },
        }
    }
}

impl Attribute {
    fn of(self, position: Triple, orientation: Quat, size: Triple, rgb: Triple) -> Values {
        match self {
            Self::CartesianPosition => position.into(),
            Self::CylindricalPosition => math::to_cylindrical(position).into(),
            Self::Orientation => orientation.into(),
            Self::Size => size.into(),
            Self::Color => rgb.into(),
        }
    }
}

/// The joint positions with the noise of the robot's sensors, rad.
fn observed_joint_positions(state: &State) -> Nine {
    let deviation = state.robot.joint_position_noise;
    let mut positions = state.robot.joint_positions;
    if deviation > 0.0 {
        let mut rng = Rng::at_step(state.seed, state.episode, NOISE, state.step);
        positions.iter_mut().for_each(|position| *position += deviation * rng.normal());
    }
    positions
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

fn known_keys(scene: &Scene) -> Vec<String> {
    let variables = |name: &str, body: &[(&str, BodyAttribute)]| -> Vec<String> {
        let names = ATTRIBUTES.iter().map(|a| a.0).chain(body.iter().map(|a| a.0));
        names.map(|variable| format!("{name}_{variable}")).collect()
    };
    let robot = ROBOT_KEYS.iter().map(|(name, _)| name.to_string());
    let blocks = scene.blocks.iter().flat_map(|block| match block.kind {
        BlockKind::Movable => variables(&block.name, &BODY_ATTRIBUTES),
        BlockKind::Fixed => variables(&block.name, &BODY_ATTRIBUTES[..1]),
    });
    robot.chain(blocks).chain(scene.goals.iter().flat_map(|g| variables(&g.name, &[]))).collect()
}
