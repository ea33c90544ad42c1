//! Which world a state belongs to, and whether it can be continued there.

use serde_json::json;

use super::{Config, ENVIRONMENT_VERSION};
use crate::error::{Error, Result, all_finite};
use crate::rng::fnv1a;
use crate::robot::{QUEUE, RobotState};
use crate::task::Family;
use crate::world::{Appearance, ArenaState, State};

/// The identity of a world description: environment version, family with parameters, physics,
/// ticks per step.
///
/// Two worlds with the same identity make the same next state of the same state and command.
pub(super) fn world_id(family: &Family, config: &Config) -> u64 {
    let (physics, ticks) = (config.physics, config.skip_frame);
    let description = json!([ENVIRONMENT_VERSION, family.digest(), physics, ticks]);
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
    check_robot(&state.robot)?;
    check_arena(&state.arena)?;
    check_appearance(&state.appearance)?;
    for (block, description) in state.blocks.iter().zip(&state.scene.blocks) {
        let name = |what: &str| format!("state.{}.{what}", description.name);
        all_finite(&name("position"), &block.position)?;
        all_finite(&name("orientation"), &block.orientation)?;
        all_finite(&name("linear_velocity"), &block.linear_velocity)?;
        all_finite(&name("angular_velocity"), &block.angular_velocity)?;
        all_finite(&name("color"), &block.color)?;
        above_zero(&name("mass"), &[block.mass])?;
        above_zero(&name("size"), &block.size)?;
        not_negative(&name("friction"), block.friction)?;
        not_negative(&name("restitution"), block.restitution)?;
        not_negative(&name("linear_damping"), block.linear_damping)?;
        not_negative(&name("angular_damping"), block.angular_damping)?;
    }
    for (goal, description) in state.goals.iter().zip(&state.scene.goals) {
        let name = |what: &str| format!("state.{}.{what}", description.name);
        all_finite(&name("position"), &goal.position)?;
        all_finite(&name("orientation"), &goal.orientation)?;
        all_finite(&name("color"), &goal.color)?;
        above_zero(&name("size"), &goal.size)?;
    }
    Ok(())
}

fn check_robot(robot: &RobotState) -> Result<()> {
    all_finite("state.robot.joint_positions", &robot.joint_positions)?;
    all_finite("state.robot.joint_velocities", &robot.joint_velocities)?;
    all_finite("state.robot.target", &robot.target)?;
    all_finite("state.robot.torques", &robot.torques)?;
    all_finite("state.robot.actions", robot.actions.recent.as_flattened())?;
    all_finite("state.robot.height", &[robot.height])?;
    for link in &robot.links {
        above_zero("state.robot.links.mass", &[link.mass])?;
        all_finite("state.robot.links.color", &link.color)?;
    }
    not_negative("state.robot.friction", robot.friction)?;
    not_negative("state.robot.restitution", robot.restitution)?;
    not_negative("state.robot.joint_damping", robot.joint_damping)?;
    not_negative("state.robot.position_gain_factor", robot.position_gain_factor)?;
    not_negative("state.robot.velocity_gain_factor", robot.velocity_gain_factor)?;
    not_negative("state.robot.torque_limit", robot.torque_limit)?;
    not_negative("state.robot.joint_position_noise", robot.joint_position_noise)?;
    let whole = |what: &str, value: usize, low: usize, high: usize| {
        let reason = format!("must be a whole number from {low} to {high}");
        match (low..=high).contains(&value) {
            true => Ok(()),
            false => Err(impossible(&format!("state.robot.{what}"), &[value as f64], &reason)),
        }
    };
    whole("action_delay", robot.action_delay, 0, QUEUE - 1)?;
    whole("action_smoothing", robot.action_smoothing, 1, QUEUE)?;
    whole("actions.count", robot.actions.count, 0, robot.actions.recent.len())
}

fn check_arena(arena: &ArenaState) -> Result<()> {
    all_finite("state.arena.gravity", &arena.gravity)?;
    for (name, surface) in [("floor", &arena.floor), ("wall", &arena.wall)] {
        let name = |what: &str| format!("state.arena.{name}.{what}");
        not_negative(&name("friction"), surface.friction)?;
        not_negative(&name("restitution"), surface.restitution)?;
        all_finite(&name("color"), &surface.color)?;
    }
    Ok(())
}

fn check_appearance(appearance: &Appearance) -> Result<()> {
    let light = appearance.light;
    all_finite("state.appearance.light.turn", &light.turn)?;
    not_negative("state.appearance.light.intensity", light.intensity)?;
    not_negative("state.appearance.light.ambient", light.ambient)?;
    for camera in &appearance.cameras {
        all_finite("state.appearance.cameras.shift", &camera.shift)?;
        all_finite("state.appearance.cameras.turn", &camera.turn)?;
        let factor = camera.field_of_view_factor;
        above_zero("state.appearance.cameras.field_of_view_factor", &[factor])?;
    }
    for pattern in appearance.patterns.values() {
        all_finite("state.appearance.patterns.color", &pattern.color)?;
        above_zero("state.appearance.patterns.scale", &[pattern.scale])?;
    }
    Ok(())
}

/// Refuses numbers of a state that must be finite and above zero.
fn above_zero(path: &str, values: &[f64]) -> Result<()> {
    match values.iter().all(|v| v.is_finite() && *v > 0.0) {
        true => Ok(()),
        false => Err(impossible(path, values, "must be a finite number above 0")),
    }
}

/// Refuses a number of a state that must be finite and not below zero.
fn not_negative(path: &str, value: f64) -> Result<()> {
    match value.is_finite() && value >= 0.0 {
        true => Ok(()),
        false => Err(impossible(path, &[value], "must be a finite number of at least 0")),
    }
}

fn impossible(path: &str, value: &[f64], reason: &str) -> Error {
    Error::Impossible { path: path.to_string(), value: value.to_vec(), reason: reason.to_string() }
}
