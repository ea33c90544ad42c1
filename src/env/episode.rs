//! Which world a state belongs to, and whether it can be continued there.

use serde_json::json;

use super::Config;
use crate::error::{Error, Result, all_finite};
use crate::rng::fnv1a;
use crate::task::Family;
use crate::world::State;

/// The identity of a world description: family with parameters, physics, ticks per step.
///
/// Two worlds with the same identity make the same next state of the same state and command.
pub(super) fn world_id(family: &Family, config: &Config) -> u64 {
    let description = json!([family.digest(), config.physics, config.skip_frame]);
    fnv1a(description.to_string().as_bytes(), 0xcbf2_9ce4_8422_2325)
}

/// Refuses a state that is not of this world or that no world can be in.
pub(super) fn check_state(own: &State, state: &State) -> Result<()> {
    let other = |reason: String| Err(Error::OtherWorld { reason });
    if state.world != own.world {
        return other(format!(
            "its world id is {:016x}, this world's is {:016x}; family, task_params, physics and \
             skip_frame must agree",
            state.world, own.world
        ));
    }
    let (blocks, goals) = (state.scene.blocks.len(), state.scene.goals.len());
    if (state.blocks.len(), state.goals.len()) != (blocks, goals) {
        return other(format!(
            "its scene has {blocks} blocks and {goals} goals, but it has values for {} and {}",
            state.blocks.len(),
            state.goals.len()
        ));
    }
    let robot = &state.robot;
    all_finite("state.robot.joint_positions", &robot.joint_positions)?;
    all_finite("state.robot.joint_velocities", &robot.joint_velocities)?;
    all_finite("state.arena.gravity", &state.arena.gravity)?;
    for (block, description) in state.blocks.iter().zip(&state.scene.blocks) {
        let name = |what: &str| format!("state.{}.{what}", description.name);
        all_finite(&name("position"), &block.position)?;
        all_finite(&name("orientation"), &block.orientation)?;
        all_finite(&name("linear_velocity"), &block.linear_velocity)?;
        all_finite(&name("angular_velocity"), &block.angular_velocity)?;
        for (what, value) in
            [("mass", block.mass), ("size", block.size.into_iter().fold(f64::INFINITY, f64::min))]
        {
            if !(value.is_finite() && value > 0.0) {
                return Err(Error::Impossible {
                    path: name(what),
                    value: vec![value],
                    reason: "must be a finite number above 0".to_string(),
                });
            }
        }
    }
    Ok(())
}
