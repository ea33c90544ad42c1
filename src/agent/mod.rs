//! What moves the robot: policies.

mod blocks;
mod cem;
mod clearance;
mod driver;
mod errand;
mod grasp;
mod motion;
mod mpc;
#[cfg(feature = "networks")]
mod network;
mod pose;
mod reach;

use crate::env::Config;
use crate::error::{Error, Result};
use crate::robot::{ActionMode, Nine};
use crate::saved::Format;
use crate::space::normalize;
use crate::task::Family;
use crate::task::reward::Rules;
use crate::world::State;

pub use blocks::{ScriptedBlocks, ScriptedPush};
pub use cem::Cem;
pub use driver::{BuiltIn, NAMES, driver};
pub use mpc::{Mpc, MpcSettings, Worth};
#[cfg(feature = "networks")]
pub use network::Network;
pub use reach::ScriptedReach;

/// Moves the robot: chooses an action from a state.
pub trait Policy {
    /// Forgets the past: the next state begins an episode.
    fn reset(&mut self);

    /// Writes the joint angles to drive to, rad: an action of the mode `joint_positions` without
    /// normalisation.
    fn act(&mut self, state: &State, action: &mut Nine);

    /// What it remembers of the episode, as JSON; a policy that remembers nothing writes nothing.
    ///
    /// # Errors
    /// [`Error::Malformed`] for what JSON cannot say.
    fn memory(&self) -> Result<String> {
        Ok(String::new())
    }

    /// Remembers what [`Policy::memory`] of a policy made in the same way wrote, and goes on as that
    /// one would.
    ///
    /// # Errors
    /// [`Error::Malformed`].
    fn recall(&mut self, _memory: &str) -> Result<()> {
        Ok(())
    }
}

/// How policies write what they remember.
const MEMORY: Format = Format { what: "memory of a policy", version: 1 };

/// The scripted policy for a family, for control steps of `dt` seconds: [`ScriptedReach`] where
/// fingertips have goals, else [`ScriptedBlocks`].
pub fn scripted(family: &Family, dt: f64) -> Box<dyn Policy + Send + Sync> {
    match family.reward().rules {
        Rules::Reaching => Box::new(ScriptedReach),
        _ => Box::new(ScriptedBlocks::new(dt)),
    }
}

/// The action of an environment so configured that drives the joints to these angles, rad: what
/// [`Policy::act`] writes, within the bounds and normalised where actions are.
///
/// # Errors
/// [`Error::Setting`] where actions are no joint angles.
pub fn action(config: &Config, joints: &Nine) -> Result<Nine> {
    let mode = config.action_mode;
    if mode != ActionMode::JointPositions {
        let (name, value) = ("action_mode", mode.name().to_string());
        let reason = "must be joint_positions for policies without learning";
        return Err(Error::Setting { name, value, reason });
    }
    let (bounds, clipped) = (mode.bounds(), mode.clip(joints));
    Ok(match config.normalize_actions {
        true => std::array::from_fn(|i| normalize(clipped[i], bounds.low[i], bounds.high[i])),
        false => clipped,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::robot::REST;

    #[test]
    fn joint_angles_become_the_action_that_means_them() {
        let normalized = action(&Config::new("pushing"), &REST).unwrap();
        let meant = ActionMode::JointPositions.denormalize(&normalized);
        assert!(meant.iter().zip(REST).all(|(a, b)| (a - b).abs() < 1e-12), "{meant:?}");
        let plain = Config { normalize_actions: false, ..Config::new("pushing") };
        assert_eq!(action(&plain, &REST), Ok(REST));
        let torques = Config { action_mode: ActionMode::JointTorques, ..plain };
        assert!(matches!(action(&torques, &REST), Err(Error::Setting { .. })));
    }
}
