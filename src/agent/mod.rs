//! What moves the robot: policies.

mod clearance;
mod grasp;
mod motion;
mod scripted;

use crate::robot::Nine;
use crate::world::State;

pub use scripted::{ScriptedPush, ScriptedReach};

/// Moves the robot: chooses an action from a state.
pub trait Policy {
    /// Forgets the past: the next state begins an episode.
    fn reset(&mut self);

    /// Writes the joint angles to drive to, rad: an action of the mode `joint_positions` without
    /// normalisation.
    fn act(&mut self, state: &State, action: &mut Nine);
}
