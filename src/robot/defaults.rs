//! The robot's defaults: what its state says until somebody intervenes.

use super::{
    ActionQueue, JOINTS, LINKS, LINKS_PER_FINGER, LinkState, Nine, RobotState, description,
};
use crate::math::Triple;

/// The variable `robot_height` of an untouched robot, m (facts 1.7).
pub const HEIGHT: f64 = 0.34;
/// How far `robot_height` counts from below the floor's surface, m (`FLOOR_HEIGHT` in facts 1.7).
pub const HEIGHT_OFFSET: f64 = 0.011;
/// Friction of the finger links (facts 1.6).
pub const FRICTION: f64 = 0.5;
/// Position gains of the upper, middle and lower joint, N m/rad (facts 2.1).
pub const POSITION_GAINS: Triple = [10.0, 10.0, 10.0];
/// Velocity gains of the upper, middle and lower joint, N m s/rad (facts 2.1).
pub const VELOCITY_GAINS: Triple = [0.1, 0.3, 0.001];
/// Safety damping of the upper, middle and lower joint, N m s/rad (facts 2.1).
pub const SAFETY_DAMPING: Triple = [0.08, 0.08, 0.04];
/// Largest torque of a joint, N m (facts 2.1).
pub const TORQUE_LIMIT: f64 = 0.36;
/// Lower bounds of joint targets, rad (facts 2.2); the URDF's limits are wider.
pub const JOINT_POSITIONS_LOW: Triple = [-1.57, -1.2, -3.0];
/// Upper bounds of joint targets, rad (facts 2.2).
pub const JOINT_POSITIONS_HIGH: Triple = [1.0, 1.57, 3.0];
/// The joint angles an episode starts from, rad (facts 1.5).
pub const REST: Nine =
    every_finger([0.0, std::f64::consts::FRAC_PI_4, -std::f64::consts::FRAC_PI_4]);
/// Joint angles with the fingers lifted out of the way, rad (facts 1.5).
pub const RAISED: Nine = every_finger([-1.56, -0.08, -2.7]);

/// The nine-vector that says the same of every finger.
pub const fn every_finger(one: Triple) -> Nine {
    [one[0], one[1], one[2], one[0], one[1], one[2], one[0], one[1], one[2]]
}

impl RobotState {
    /// The robot at rest with the given joint angles (rad) and everything else at its default.
    pub fn resting(joint_positions: Nine) -> Self {
        let mut links = [LinkState { mass: 0.0, color: [0.0; 3] }; LINKS];
        for (finger, links) in
            description().fingers.iter().zip(links.chunks_exact_mut(LINKS_PER_FINGER))
        {
            for (link, state) in finger.links.iter().zip(links) {
                *state = LinkState { mass: link.mass, color: link.color };
            }
        }
        Self {
            joint_positions,
            joint_velocities: [0.0; JOINTS],
            height: HEIGHT,
            links,
            friction: FRICTION,
            restitution: 0.0,
            joint_damping: 0.0,
            position_gain_factor: 1.0,
            velocity_gain_factor: 1.0,
            torque_limit: TORQUE_LIMIT,
            action_delay: 0,
            action_smoothing: 1,
            joint_position_noise: 0.0,
            target: joint_positions,
            torques: [0.0; JOINTS],
            actions: ActionQueue::default(),
        }
    }
}
