//! The attributes of every kind of entity: the one list of what can be read and set.
//!
//! The order is the reference's (facts 3.3, 13.1); what the reference lacks follows it.

mod look;
mod task;

use self::look::pattern;
pub(super) use self::look::{CAMERA, LIGHT};
pub(super) use self::task::{GOAL_TOWER, TASK};
use super::value::{Domain, Shape};
use crate::math;
use crate::robot::{ActionQueue, Nine, QUEUE, RobotState};
use crate::world::{BlockKind, GoalShape, State, SurfaceState, limits};

/// When an attribute is written within one intervention, first to last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// What stands in the world.
    Structure,
    Size,
    Mass,
    /// Friction, restitution, damping.
    Surface,
    Color,
    Pose,
    Velocity,
    Joints,
    Globals,
}

/// One attribute: what it is called, what it means, how it is read and written.
#[derive(Debug)]
pub struct Attribute {
    /// Its name, the path's second half.
    pub name: &'static str,
    /// The shape of its values.
    pub shape: Shape,
    /// The unit of its values; empty for pure numbers.
    pub unit: &'static str,
    /// Which values can be meant.
    pub domain: Domain,
    /// What it is, in one line.
    pub meaning: &'static str,
    pub(crate) phase: Phase,
    pub(crate) read: fn(&State, usize) -> Vec<f64>,
    pub(crate) write: Option<fn(&mut State, usize, &[f64])>,
}

impl Attribute {
    /// Whether it can be set at all.
    pub fn is_writable(&self) -> bool {
        self.write.is_some()
    }
}

/// An attribute of one number: a place in the state.
macro_rules! scalar {
    ($name:literal, $unit:literal, $phase:ident, $domain:expr, |$s:ident, $i:ident| $place:expr, $meaning:literal) => {
        Attribute {
            name: $name,
            shape: Shape::Scalar,
            unit: $unit,
            domain: $domain,
            meaning: $meaning,
            phase: Phase::$phase,
            read: |$s, $i| {
                let _ = $i;
                vec![$place]
            },
            write: Some(|$s, $i, v| {
                let _ = $i;
                $place = v[0];
            }),
        }
    };
}

/// An attribute of several numbers: an array in the state.
macro_rules! vector {
    ($name:literal, $length:expr, $unit:literal, $phase:ident, $domain:expr, |$s:ident, $i:ident| $place:expr, $meaning:literal) => {
        Attribute {
            name: $name,
            shape: Shape::Vector($length),
            unit: $unit,
            domain: $domain,
            meaning: $meaning,
            phase: Phase::$phase,
            read: |$s, $i| {
                let _ = $i;
                $place.to_vec()
            },
            write: Some(|$s, $i, v| {
                let _ = $i;
                $place.copy_from_slice(v);
            }),
        }
    };
}

/// A kind that can be read and not set: the reference's number for it (facts 7.1).
macro_rules! kind {
    ($number:literal, $meaning:literal) => {
        Attribute {
            name: "type",
            shape: Shape::Scalar,
            unit: "",
            domain: Domain::Whole(0.0, 100.0),
            meaning: $meaning,
            phase: Phase::Structure,
            read: |_, _| vec![$number],
            write: None,
        }
    };
}

/// The attributes of a place and a rotation, of whichever list of bodies.
macro_rules! pose {
    (position $list:ident) => {
        vector!(
            "cartesian_position",
            3,
            "m",
            Pose,
            POSITION,
            |s, i| s.$list[i].position,
            "position of the centre, world frame"
        )
    };
    (cylindrical $list:ident) => {
        Attribute {
            name: "cylindrical_position",
            shape: Shape::Vector(3),
            unit: "m, rad, m",
            domain: POSITION,
            meaning: "the same position as radius, angle about z, height",
            phase: Phase::Pose,
            read: |s, i| math::to_cylindrical(s.$list[i].position).to_vec(),
            write: Some(|s, i, v| s.$list[i].position = math::from_cylindrical([v[0], v[1], v[2]])),
        }
    };
    (orientation $list:ident) => {
        vector!(
            "orientation",
            4,
            "",
            Pose,
            Domain::Rotation,
            |s, i| s.$list[i].orientation,
            "rotation to the world frame, quaternion x, y, z, w"
        )
    };
    (euler $list:ident) => {
        Attribute {
            name: "euler_orientation",
            shape: Shape::Vector(3),
            unit: "rad",
            domain: Domain::Within(-100.0, 100.0),
            meaning: "the same rotation as a rotation vector: axis times angle",
            phase: Phase::Pose,
            read: |s, i| math::to_rotation_vector(s.$list[i].orientation).to_vec(),
            write: Some(|s, i, v| {
                s.$list[i].orientation = math::from_rotation_vector([v[0], v[1], v[2]]);
            }),
        }
    };
}

const POSITION: Domain = Domain::within(limits::PLACE);
const SPEED: Domain = Domain::within(limits::SPEED);
const MASS: Domain = Domain::within(limits::MASS);
const FRICTION: Domain = Domain::within(limits::FRICTION);
const DAMPING: Domain = Domain::within(limits::DAMPING);
const FACTOR: Domain = Domain::within(limits::FACTOR);
const UNIT: Domain = Domain::within(limits::UNIT);
const HEIGHT: Domain = Domain::within(limits::HEIGHT);
const TORQUE: Domain = Domain::within(limits::TORQUE_LIMIT);
const GRAVITY: Domain = Domain::within(limits::GRAVITY);
const DELAY: Domain = Domain::Whole(0.0, (QUEUE - 1) as f64);
const SMOOTHING: Domain = Domain::Whole(1.0, QUEUE as f64);

/// Moved joints take their targets along, and actions still waiting are forgotten (facts 2.3).
fn settle(robot: &mut RobotState) {
    robot.target = robot.joint_positions;
    robot.actions = ActionQueue::default();
}

fn nine(v: &[f64]) -> Nine {
    std::array::from_fn(|i| v[i])
}

#[rustfmt::skip]
pub(super) static ROBOT: [Attribute; 13] = [
    Attribute {
        name: "joint_positions", shape: Shape::Vector(9), unit: "rad", domain: Domain::Joints,
        meaning: "joint angles: upper, middle, lower of finger 60, then 120, then 300",
        phase: Phase::Joints,
        read: |s, _| s.robot.joint_positions.to_vec(),
        write: Some(|s, _, v| { s.robot.joint_positions = nine(v); settle(&mut s.robot); }),
    },
    Attribute {
        name: "control_index", shape: Shape::Scalar, unit: "",
        domain: Domain::Whole(-1.0, f64::MAX),
        meaning: "control steps taken in this episode, less one",
        phase: Phase::Joints,
        read: |s, _| vec![s.step as f64 - 1.0],
        write: None,
    },
    Attribute {
        name: "joint_velocities", shape: Shape::Vector(9), unit: "rad/s", domain: SPEED,
        meaning: "joint velocities, in the order of joint_positions",
        phase: Phase::Joints,
        read: |s, _| s.robot.joint_velocities.to_vec(),
        write: Some(|s, _, v| { s.robot.joint_velocities = nine(v); settle(&mut s.robot); }),
    },
    scalar!("height", "m", Globals, HEIGHT, |s, _i| s.robot.height,
        "height of the robot's base above the floor, plus 0.011"),
    scalar!("friction", "", Surface, FRICTION, |s, _i| s.robot.friction,
        "Coulomb friction of the finger links; multiplied with the other body's"),
    scalar!("restitution", "", Surface, UNIT, |s, _i| s.robot.restitution,
        "restitution of the finger links; multiplied with the other body's"),
    scalar!("joint_damping", "N m s/rad", Globals, DAMPING, |s, _i| s.robot.joint_damping,
        "viscous damping of every joint"),
    scalar!("position_gain_factor", "", Globals, FACTOR, |s, _i| s.robot.position_gain_factor,
        "factor on the controller's position gains"),
    scalar!("velocity_gain_factor", "", Globals, FACTOR, |s, _i| s.robot.velocity_gain_factor,
        "factor on the controller's velocity gains"),
    scalar!("torque_limit", "N m", Globals, TORQUE, |s, _i| s.robot.torque_limit,
        "largest torque of a joint"),
    Attribute {
        name: "action_delay", shape: Shape::Scalar, unit: "control steps", domain: DELAY,
        meaning: "how many control steps an action waits before it acts",
        phase: Phase::Globals,
        read: |s, _| vec![s.robot.action_delay as f64],
        write: Some(|s, _, v| s.robot.action_delay = v[0] as usize),
    },
    Attribute {
        name: "action_smoothing", shape: Shape::Scalar, unit: "control steps", domain: SMOOTHING,
        meaning: "over how many of the last actions the command is averaged",
        phase: Phase::Globals,
        read: |s, _| vec![s.robot.action_smoothing as f64],
        write: Some(|s, _, v| s.robot.action_smoothing = v[0] as usize),
    },
    scalar!("joint_position_noise", "rad", Globals, UNIT, |s, _i| s.robot.joint_position_noise,
        "standard deviation of the noise on observed joint positions"),
];

#[rustfmt::skip]
pub(super) static LINK: [Attribute; 5] = [
    vector!("color", 3, "", Color, UNIT, |s, i| s.robot.links[i].color, "red, green, blue"),
    scalar!("mass", "kg", Mass, MASS, |s, i| s.robot.links[i].mass,
        "mass; the inertia scales with it"),
    pattern!(kind look::link),
    pattern!(color look::link),
    pattern!(scale look::link),
];

fn surface(state: &State, index: usize) -> &SurfaceState {
    if index == 0 { &state.arena.floor } else { &state.arena.wall }
}

fn surface_mut(state: &mut State, index: usize) -> &mut SurfaceState {
    if index == 0 { &mut state.arena.floor } else { &mut state.arena.wall }
}

/// Floor (index 0) and wall (index 1).
#[rustfmt::skip]
pub(super) static SURFACE: [Attribute; 6] = [
    Attribute {
        name: "color", shape: Shape::Vector(3), unit: "", domain: UNIT,
        meaning: "red, green, blue", phase: Phase::Color,
        read: |s, i| surface(s, i).color.to_vec(),
        write: Some(|s, i, v| surface_mut(s, i).color = [v[0], v[1], v[2]]),
    },
    Attribute {
        name: "friction", shape: Shape::Scalar, unit: "", domain: FRICTION,
        meaning: "Coulomb friction; multiplied with the other body's", phase: Phase::Surface,
        read: |s, i| vec![surface(s, i).friction],
        write: Some(|s, i, v| surface_mut(s, i).friction = v[0]),
    },
    Attribute {
        name: "restitution", shape: Shape::Scalar, unit: "", domain: UNIT,
        meaning: "restitution; multiplied with the other body's", phase: Phase::Surface,
        read: |s, i| vec![surface(s, i).restitution],
        write: Some(|s, i, v| surface_mut(s, i).restitution = v[0]),
    },
    pattern!(kind look::surface),
    pattern!(color look::surface),
    pattern!(scale look::surface),
];

#[rustfmt::skip]
pub(super) static WORLD: [Attribute; 1] = [
    vector!("gravity", 3, "m/s²", Globals, GRAVITY, |s, _i| s.arena.gravity,
        "acceleration of gravity, world frame"),
];

#[rustfmt::skip]
pub(super) static MOVABLE: [Attribute; 17] = [
    kind!(1.0, "the kind: 1, a movable cuboid"),
    pose!(position blocks),
    pose!(cylindrical blocks),
    pose!(orientation blocks),
    pose!(euler blocks),
    vector!("size", 3, "m", Size, Domain::Edges, |s, i| s.blocks[i].size, "edge lengths"),
    vector!("color", 3, "", Color, UNIT, |s, i| s.blocks[i].color, "red, green, blue"),
    scalar!("friction", "", Surface, FRICTION, |s, i| s.blocks[i].friction,
        "Coulomb friction; multiplied with the other body's"),
    vector!("linear_velocity", 3, "m/s", Velocity, SPEED, |s, i| s.blocks[i].linear_velocity,
        "velocity of the centre, world frame"),
    vector!("angular_velocity", 3, "rad/s", Velocity, SPEED, |s, i| s.blocks[i].angular_velocity,
        "angular velocity, world frame"),
    scalar!("mass", "kg", Mass, MASS, |s, i| s.blocks[i].mass,
        "mass; the inertia is that of an even cuboid"),
    scalar!("restitution", "", Surface, UNIT, |s, i| s.blocks[i].restitution,
        "restitution; multiplied with the other body's"),
    scalar!("linear_damping", "1/s", Surface, DAMPING, |s, i| s.blocks[i].linear_damping,
        "drag d on the centre: force −m v (d + d |v|)"),
    scalar!("angular_damping", "1/s", Surface, DAMPING, |s, i| s.blocks[i].angular_damping,
        "drag d on the rotation: torque −I ω (d + d |ω|)"),
    pattern!(kind look::block),
    pattern!(color look::block),
    pattern!(scale look::block),
];

#[rustfmt::skip]
pub(super) static FIXED: [Attribute; 12] = [
    kind!(10.0, "the kind: 10, a fixed cuboid"),
    pose!(position blocks),
    pose!(cylindrical blocks),
    pose!(orientation blocks),
    pose!(euler blocks),
    vector!("size", 3, "m", Size, Domain::Edges, |s, i| s.blocks[i].size, "edge lengths"),
    vector!("color", 3, "", Color, UNIT, |s, i| s.blocks[i].color, "red, green, blue"),
    scalar!("friction", "", Surface, FRICTION, |s, i| s.blocks[i].friction,
        "Coulomb friction; multiplied with the other body's"),
    scalar!("restitution", "", Surface, UNIT, |s, i| s.blocks[i].restitution,
        "restitution; multiplied with the other body's"),
    pattern!(kind look::block),
    pattern!(color look::block),
    pattern!(scale look::block),
];

#[rustfmt::skip]
pub(super) static GOAL_CUBOID: [Attribute; 10] = [
    kind!(20.0, "the kind: 20, a cuboid goal"),
    pose!(position goals),
    pose!(cylindrical goals),
    pose!(orientation goals),
    pose!(euler goals),
    vector!("size", 3, "m", Size, Domain::Edges, |s, i| s.goals[i].size, "edge lengths"),
    vector!("color", 3, "", Color, UNIT, |s, i| s.goals[i].color, "red, green, blue"),
    pattern!(kind look::goal),
    pattern!(color look::goal),
    pattern!(scale look::goal),
];

#[rustfmt::skip]
pub(super) static GOAL_SPHERE: [Attribute; 10] = [
    kind!(21.0, "the kind: 21, a spherical goal"),
    pose!(position goals),
    pose!(cylindrical goals),
    pose!(orientation goals),
    pose!(euler goals),
    vector!("size", 3, "m", Size, Domain::Diameter, |s, i| s.goals[i].size,
        "the diameter, three times"),
    vector!("color", 3, "", Color, UNIT, |s, i| s.goals[i].color, "red, green, blue"),
    pattern!(kind look::goal),
    pattern!(color look::goal),
    pattern!(scale look::goal),
];

pub(super) fn of_block(kind: BlockKind) -> &'static [Attribute] {
    match kind {
        BlockKind::Movable => &MOVABLE,
        BlockKind::Fixed => &FIXED,
    }
}

pub(super) fn of_goal(shape: GoalShape) -> &'static [Attribute] {
    match shape {
        GoalShape::Cuboid => &GOAL_CUBOID,
        GoalShape::Sphere => &GOAL_SPHERE,
    }
}
