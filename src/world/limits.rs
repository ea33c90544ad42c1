//! Between which two numbers every number of a state lies, so that each step leads to finite ones.
//!
//! What interventions can set is the same or narrower: bodies fly farther and faster than they can
//! be put and thrown. The engines hold angles, positions and velocities within these limits, which
//! no world of a robot among blocks comes near.

use std::f64::consts::PI;

/// A lowest and a highest number, both included.
pub(crate) type Limits = [f64; 2];

/// The smallest and largest edge of a block or goal, m: below, the solver's contact distances
/// exceed the body; above, the block does not fit between the fingers and the wall.
pub const SIZE: Limits = [0.005, 0.5];
/// Masses, kg; no real robot comes near them, as with all that follow.
pub(crate) const MASS: Limits = [1e-6, 1000.0];
pub(crate) const FRICTION: Limits = [0.0, 10.0];
/// Drag of blocks, 1/s, and viscous damping of joints, N m s/rad.
pub(crate) const DAMPING: Limits = [0.0, 100.0];
/// Factors on the controller's gains.
pub(crate) const FACTOR: Limits = [0.0, 100.0];
/// Parts of colours, restitution, standard deviations of noise, rad.
pub(crate) const UNIT: Limits = [0.0, 1.0];
/// The variable `robot/height`, m.
pub(crate) const HEIGHT: Limits = [0.1, 1.0];
/// The largest torque of a joint, N m.
pub(crate) const TORQUE_LIMIT: Limits = [0.0, 10.0];
/// Torques that were applied, N m.
pub(super) const TORQUE: Limits = [-10.0, 10.0];
/// Gravity, m/s².
pub(crate) const GRAVITY: Limits = [-1000.0, 1000.0];

/// Positions of blocks and goals that can be set, m.
pub(crate) const PLACE: Limits = [-10.0, 10.0];
/// Positions that are reached, m.
pub(super) const POSITION: Limits = [-1e6, 1e6];
/// Velocities that can be set: of blocks, m/s and rad/s, and of joints, rad/s.
pub(crate) const SPEED: Limits = [-1000.0, 1000.0];
/// Velocities that are reached, m/s or rad/s.
pub(super) const VELOCITY: Limits = [-1e4, 1e4];
/// Joint angles that are reached, and targets, rad: a joint's own limits give way a little.
pub(super) const ANGLE: Limits = [-10.0, 10.0];
/// Actions of every mode in its own unit.
pub(super) const ACTION: Limits = [-10.0, 10.0];

/// How the light and cameras are turned, rad.
pub(crate) const TURN: Limits = [-PI, PI];
pub(crate) const BRIGHTNESS: Limits = [0.0, 10.0];
/// How far cameras are moved, m.
pub(crate) const SHIFT: Limits = [-10.0, 10.0];
/// Factors on cameras' fields of view.
pub(crate) const VIEW: Limits = [0.1, 3.0];
/// How far it is until a pattern repeats, m: less no image resolves, more is the floor.
pub(crate) const SCALE: Limits = [0.001, 1.0];

/// More blocks along an axis than any range asks for, and as many as a step can still be waited for.
pub(crate) const COUNT: Limits = [1.0, 16.0];
/// x and y of a tower's axis, m.
pub(crate) const AXIS: Limits = [-1.0, 1.0];
/// The greatest width of a stack's level, m.
pub(crate) const LEVEL: Limits = [SIZE[0], 0.3];

/// The most episodes and steps that are counted: what every reader of JSON keeps.
pub(super) const COUNTED: u64 = 1 << 53;
/// How far the square of a quaternion's length may be from 1.
pub(super) const UNIT_LENGTH: f64 = 1e-6;
