//! The TriFinger as numbers: description, kinematics, dynamics, actions, controller.
//!
//! Joint vectors have nine entries: upper, middle, lower joint of finger 60, then of finger 120,
//! then of finger 300. World frame: origin on the floor at the table's centre, z up.

mod action;
mod chain;
pub mod controller;
mod defaults;
mod description;
pub mod dynamics;
mod inverse;
pub mod kinematics;
mod semi_implicit;
mod state;
mod urdf;

pub use action::{ActionMode, check_action, command};
pub use defaults::{
    FRICTION, HEIGHT, HEIGHT_OFFSET, JOINT_POSITIONS_HIGH, JOINT_POSITIONS_LOW, POSITION_GAINS,
    RAISED, REST, SAFETY_DAMPING, TORQUE_LIMIT, VELOCITY_GAINS, every_finger,
};
pub use description::{Capsule, Description, Finger, Joint, Link, URDF, Visual, description};
pub(crate) use state::QUEUE;
pub use state::{ActionQueue, Command, LinkState, RobotState};

/// The number of fingers.
pub const FINGERS: usize = 3;
/// The number of joints of one finger.
pub const JOINTS_PER_FINGER: usize = 3;
/// The number of joints of the robot.
pub const JOINTS: usize = FINGERS * JOINTS_PER_FINGER;
/// The number of links of one finger that are variables (base, upper, middle, lower).
pub const LINKS_PER_FINGER: usize = 4;
/// The number of links of the robot that are variables.
pub const LINKS: usize = FINGERS * LINKS_PER_FINGER;
/// The fingers' names in variables; the reference's, which are neither its URDF names nor angles.
pub const FINGER_NAMES: [&str; FINGERS] = ["60", "120", "300"];

/// The name of a link, such as `robot_finger_60_link_0`; four times the finger plus the link.
pub fn link_name(index: usize) -> String {
    let finger = FINGER_NAMES[index / LINKS_PER_FINGER];
    format!("robot_finger_{finger}_link_{}", index % LINKS_PER_FINGER)
}

/// Nine numbers, one per joint (or three per finger).
pub type Nine = [f64; JOINTS];
