//! Where the numbers of an observation come from, and their nominal bounds.

use std::f64::consts::PI;

use super::feature::Feature;
use crate::math::{self, Quat, Triple};
use crate::rng::Rng;
use crate::robot::{
    JOINT_POSITIONS_HIGH, JOINT_POSITIONS_LOW, JOINTS, Nine, TORQUE_LIMIT, every_finger,
};
use crate::variable::{Entity, Variable};
use crate::world::{BlockState, GoalState, Scene, State};

/// The stream of the noise on observed joint positions.
const NOISE: &str = "robot/joint_position_noise";
/// The largest nominal joint velocity, rad/s (facts 3.2).
const JOINT_VELOCITY: f64 = 50.0;
/// The nominal range of positions, m (facts 3.2, 3.3).
const POSITIONS: [Triple; 2] = [[-0.5, -0.5, 0.0], [0.5, 0.5, 0.5]];
/// The nominal range of radius (m), angle (rad) and height (m); the angle's lower bound is the
/// reference's, though angles from -π to 0 occur (facts 3.3).
const CYLINDRICAL: [Triple; 2] = [[0.0, 0.0, 0.0], [0.20, PI, 0.5]];

/// Where one run of numbers comes from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source {
    TimeLeft,
    JointPositions,
    JointVelocities,
    EndEffectorPositions,
    JointTorques,
    ActionJointPositions,
    /// The position of a finger's tip.
    Tip(usize),
    /// The joint positions of a finger.
    FingerPositions(usize),
    /// The joint velocities of a finger.
    FingerVelocities(usize),
    /// The constant id of a block's kind; 0 for none.
    BlockType(f64),
    /// The constant id of a goal's kind; 0 for none.
    GoalType(f64),
    /// 1 where something holds, else 0.
    Flag(bool),
    /// A count of zeros, where there is nothing to observe, and the attribute whose place it is, if
    /// that has bounds.
    Nothing(usize, Option<Attribute>),
    /// A variable of the block with this index.
    Block(usize, Attribute),
    /// A variable of the goal with this index.
    Goal(usize, Attribute),
    /// A variable that goals lack, of the block with this index.
    Body(usize, BodyAttribute),
    /// Any other variable.
    Variable(Variable),
    /// A function of the user's, by its index.
    Feature(usize),
}

/// Some numbers; up to one per joint allocate nothing.
pub(super) enum Values {
    Few(Nine, usize),
    Many(Vec<f64>),
}

impl Values {
    pub(super) fn as_slice(&self) -> &[f64] {
        match self {
            Self::Few(list, count) => &list[..*count],
            Self::Many(list) => list,
        }
    }

    fn zeros(count: usize) -> Self {
        if count <= JOINTS { Self::Few([0.0; JOINTS], count) } else { vec![0.0; count].into() }
    }
}

impl<const N: usize> From<[f64; N]> for Values {
    fn from(values: [f64; N]) -> Self {
        const { assert!(N <= JOINTS) };
        let mut list = [0.0; JOINTS];
        list[..N].copy_from_slice(&values);
        Self::Few(list, N)
    }
}

impl From<Vec<f64>> for Values {
    fn from(values: Vec<f64>) -> Self {
        Self::Many(values)
    }
}

/// The observable variables of blocks and goals alike (facts 3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attribute {
    CartesianPosition,
    CylindricalPosition,
    Orientation,
    /// The orientation between the bounds of a unit quaternion, which entity sets have.
    Quaternion,
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

impl Source {
    /// The source of a variable: that of the reference's key where there is one, so that observed
    /// joint positions carry their noise under either name.
    pub(super) fn of(variable: Variable, scene: &Scene) -> Self {
        let name = variable.attribute.name;
        let key = match variable.entity {
            Entity::Robot => name.to_string(),
            Entity::Block(_) | Entity::Goal(_) => {
                format!("{}_{name}", variable.entity.name(scene))
            }
            _ => return Self::Variable(variable),
        };
        Self::find(&key, scene).unwrap_or(Self::Variable(variable))
    }

    /// What stands in a slot without a block or goal, for that attribute.
    pub(super) fn nothing(attribute: &str) -> Self {
        match attribute {
            "type" => Self::BlockType(0.0),
            "orientation" => Self::Nothing(4, Some(Attribute::Orientation)),
            "size" => Self::Nothing(3, Some(Attribute::Size)),
            _ => Self::Nothing(3, None),
        }
    }

    /// Whether it tells of a goal, as the task's own variables do.
    pub(super) fn is_of_goal(&self) -> bool {
        match self {
            Self::GoalType(_) | Self::Goal(..) => true,
            Self::Variable(variable) => {
                matches!(variable.entity, Entity::Goal(_) | Entity::GoalTower | Entity::Task)
            }
            _ => false,
        }
    }

    /// Whether it tells of the robot or the time alone.
    pub(super) fn is_of_robot(&self) -> bool {
        matches!(
            self,
            Self::TimeLeft
                | Self::JointPositions
                | Self::JointVelocities
                | Self::EndEffectorPositions
                | Self::JointTorques
                | Self::ActionJointPositions
        )
    }

    /// The values in a state; `time` as it is to be observed.
    pub(super) fn values(
        self,
        state: &State,
        tips: &Nine,
        time: f64,
        features: &[Feature],
    ) -> Values {
        let robot = &state.robot;
        match self {
            Self::TimeLeft => [time].into(),
            Self::JointPositions => observed_joint_positions(state).into(),
            Self::JointVelocities => robot.joint_velocities.into(),
            Self::EndEffectorPositions => (*tips).into(),
            Self::JointTorques => robot.torques.into(),
            Self::ActionJointPositions => robot.target.into(),
            Self::Tip(i) => of_finger(tips, i),
            Self::FingerPositions(i) => of_finger(&observed_joint_positions(state), i),
            Self::FingerVelocities(i) => of_finger(&robot.joint_velocities, i),
            Self::BlockType(id) | Self::GoalType(id) => [id].into(),
            Self::Flag(holds) => [flag(holds)].into(),
            Self::Nothing(count, _) => Values::zeros(count),
            Self::Variable(variable) => variable.read(state).into(),
            Self::Feature(i) => features[i].values(state).into(),
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

    /// The nominal bounds (low, high) of facts 3.2 and 3.3; the time's are 0 and 1. Equal ones mean
    /// that there is nothing to normalise by.
    pub(super) fn bounds(self, features: &[Feature]) -> [Values; 2] {
        let thrice = |triple: Triple| Values::from(every_finger(triple));
        match self {
            Self::TimeLeft => both::<1>(0.0, 1.0),
            Self::JointPositions | Self::ActionJointPositions => {
                [JOINT_POSITIONS_LOW, JOINT_POSITIONS_HIGH].map(thrice)
            }
            Self::JointVelocities => both::<JOINTS>(-JOINT_VELOCITY, JOINT_VELOCITY),
            Self::EndEffectorPositions => POSITIONS.map(thrice),
            Self::JointTorques => both::<JOINTS>(-TORQUE_LIMIT, TORQUE_LIMIT),
            Self::Tip(_) => POSITIONS.map(Values::from),
            Self::FingerPositions(_) => {
                [JOINT_POSITIONS_LOW, JOINT_POSITIONS_HIGH].map(Values::from)
            }
            Self::FingerVelocities(_) => both::<3>(-JOINT_VELOCITY, JOINT_VELOCITY),
            Self::BlockType(id) | Self::GoalType(id) => both::<1>(id, id),
            Self::Flag(holds) => both::<1>(flag(holds), flag(holds)),
            Self::Nothing(count, _) => [count, count].map(Values::zeros),
            Self::Variable(variable) => [variable.attribute.shape.len(); 2].map(Values::zeros),
            Self::Feature(i) => features[i].bounds().map(|bounds| bounds.to_vec().into()),
            Self::Block(_, attribute) | Self::Goal(_, attribute) => attribute.bounds(),
            Self::Body(_, attribute) => match attribute {
                BodyAttribute::Friction => both::<1>(0.0, 10.0),
                BodyAttribute::LinearVelocity => both::<3>(-0.5, 0.5),
                BodyAttribute::AngularVelocity => both::<3>(-PI, PI),
                BodyAttribute::Mass => both::<1>(0.02, 0.2),
            },
        }
    }
}

/// The same bounds (low, high) for `N` numbers.
fn both<const N: usize>(low: f64, high: f64) -> [Values; 2] {
    [[low; N].into(), [high; N].into()]
}

/// The three numbers of a finger.
fn of_finger(all: &Nine, finger: usize) -> Values {
    [all[3 * finger], all[3 * finger + 1], all[3 * finger + 2]].into()
}

fn flag(holds: bool) -> f64 {
    if holds { 1.0 } else { 0.0 }
}

impl Attribute {
    /// The nominal bounds (low, high) of facts 3.3.
    pub(super) fn bounds(self) -> [Values; 2] {
        match self {
            Self::CartesianPosition => POSITIONS.map(Values::from),
            Self::CylindricalPosition => CYLINDRICAL.map(Values::from),
            Self::Orientation => both::<4>(-10.0, 10.0),
            Self::Quaternion => both::<4>(-1.0, 1.0),
            Self::Size => both::<3>(0.03, 0.1),
            Self::Color => both::<3>(0.0, 1.0),
        }
    }

    fn of(self, position: Triple, orientation: Quat, size: Triple, rgb: Triple) -> Values {
        match self {
            Self::CartesianPosition => position.into(),
            Self::CylindricalPosition => math::to_cylindrical(position).into(),
            // A unit quaternion that was rounded may miss its bounds by the last bit.
            Self::Orientation | Self::Quaternion => orientation.map(|x| x.clamp(-1.0, 1.0)).into(),
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
