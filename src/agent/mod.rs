//! What moves the robot: policies.

mod blocks;
mod clearance;
mod errand;
mod grasp;
mod motion;
mod pose;
mod reach;

use crate::robot::Nine;
use crate::task::Family;
use crate::task::reward::Rules;
use crate::world::State;

pub use blocks::{ScriptedBlocks, ScriptedPush};
pub use reach::ScriptedReach;

/// Moves the robot: chooses an action from a state.
pub trait Policy {
    /// Forgets the past: the next state begins an episode.
    fn reset(&mut self);

    /// Writes the joint angles to drive to, rad: an action of the mode `joint_positions` without
    /// normalisation.
    fn act(&mut self, state: &State, action: &mut Nine);
}

/// The scripted policy for a family, for control steps of `dt` seconds: [`ScriptedReach`] where
/// fingertips have goals, else [`ScriptedBlocks`].
pub fn scripted(family: &Family, dt: f64) -> Box<dyn Policy + Send> {
    match family.reward().rules {
        Rules::Reaching => Box::new(ScriptedReach),
        _ => Box::new(ScriptedBlocks::new(dt)),
    }
}
