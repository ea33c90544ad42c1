//! What of the robot can change: a value, plain numbers.

use serde::{Deserialize, Serialize};

use super::{LINKS, Nine};
use crate::math::Triple;

/// One more than the longest action delay, and the longest smoothing window, in control steps.
pub(crate) const QUEUE: usize = 8;
/// How many actions the longest delay before the longest window needs.
const HISTORY: usize = 2 * QUEUE - 1;

/// One link's variables.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkState {
    /// Mass, kg; the inertia scales with it. The fixed finger base's mass moves nothing.
    pub mass: f64,
    /// RGB, each in \[0, 1\].
    pub color: Triple,
}

/// The most recent actions, newest first, as the delay and the smoothing read them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionQueue {
    /// How many of `recent` have been filled since the reset.
    pub count: usize,
    /// Clipped actions in physical units of the action mode, newest first; zeros beyond `count`.
    pub recent: [Nine; HISTORY],
}

impl ActionQueue {
    /// Puts an action in front; the oldest falls out.
    pub fn push(&mut self, action: Nine) {
        self.recent.copy_within(..HISTORY - 1, 1);
        self.recent[0] = action;
        self.count = (self.count + 1).min(HISTORY);
    }

    /// The action that acts: the one put in `delay` actions before the newest, or the oldest
    /// there is; the mean of it and those before it once there are `smoothing` of them.
    pub(super) fn acting(&self, delay: usize, smoothing: usize) -> Nine {
        let first = delay.min(self.count.saturating_sub(1));
        if smoothing < 2 || delay + smoothing > self.count {
            return self.recent[first];
        }
        let window = &self.recent[first..first + smoothing];
        std::array::from_fn(|i| {
            window.iter().map(|action| action[i]).sum::<f64>() / smoothing as f64
        })
    }
}

/// Everything about the robot that can matter to what comes next.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RobotState {
    /// Joint angles, rad.
    pub joint_positions: Nine,
    /// Joint velocities, rad/s.
    pub joint_velocities: Nine,
    /// The variable `robot_height`, m: the base stands at this less 0.011 above the floor.
    pub height: f64,
    /// Mass and colour of the twelve links: base, upper, middle, lower of each finger.
    pub links: [LinkState; LINKS],
    /// Friction of the finger links; combined with the other body's by product.
    pub friction: f64,
    /// Restitution of the finger links; combined by product.
    pub restitution: f64,
    /// Viscous damping of every joint, N m s/rad.
    pub joint_damping: f64,
    /// Factor on the position gains.
    pub position_gain_factor: f64,
    /// Factor on the velocity gains.
    pub velocity_gain_factor: f64,
    /// Largest torque of a joint, N m.
    pub torque_limit: f64,
    /// How many control steps an action waits before it acts, 0 to `QUEUE - 1`.
    pub action_delay: usize,
    /// Over how many of the last actions the command is averaged, 1 to `QUEUE`.
    pub action_smoothing: usize,
    /// Standard deviation of the noise on observed joint positions, rad.
    pub joint_position_noise: f64,
    /// The joint targets last applied (position modes), rad.
    pub target: Nine,
    /// The torques last applied, N m: those of the last tick of the last control step.
    pub torques: Nine,
    /// The actions that delay and smoothing still need.
    pub actions: ActionQueue,
}

/// What the robot does for one control step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// The PD controller drives the joints to these angles, rad.
    JointPositions(Nine),
    /// These torques are held, N m, subject to the safety stage.
    JointTorques(Nine),
}
