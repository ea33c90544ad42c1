//! Which states a world can be in: every number in its limits, lists as long as the scene says.

use std::fmt::{Arguments, Display};

use super::limits::{self, Limits};
use super::{
    Appearance, ArenaState, BlockState, CameraState, GoalShape, GoalState, LightState, Pattern,
    State, SurfaceState, TaskState,
};
use crate::error::{Error, Result};
use crate::math::Quat;
use crate::robot::{ActionQueue, QUEUE, RobotState};

impl State {
    /// Refuses a state that no world can be in; every other one steps to finite numbers.
    ///
    /// The limits hold what interventions can set and what the engines make of it. Nothing is
    /// allocated for a state that is possible.
    ///
    /// # Errors
    /// [`Error::Impossible`] with the path of the number and what is possible; [`Error::Shape`] for
    /// another number of blocks or goals than the scene has.
    pub fn check(&self) -> Result<()> {
        // Whatever is added to a state must be named here; seeds and identities can be any number.
        let Self {
            world: _,
            seed: _,
            episode,
            step,
            scene,
            robot,
            arena,
            task,
            blocks,
            goals,
            appearance,
        } = self;
        count("episode", *episode, limits::COUNTED)?;
        count("step", *step, limits::COUNTED)?;
        length("blocks", blocks.len(), scene.blocks.len())?;
        length("goals", goals.len(), scene.goals.len())?;
        check_robot(robot)?;
        check_arena(arena)?;
        check_task(task)?;
        blocks.iter().enumerate().try_for_each(|(i, block)| check_block(i, block))?;
        for (i, (goal, description)) in goals.iter().zip(&scene.goals).enumerate() {
            check_goal(i, goal, description.shape)?;
        }
        check_appearance(appearance)
    }
}

impl State {
    /// Holds what a tick has changed within its limits; whether something was beyond.
    ///
    /// Without it, what is accelerated for ever would leave the numbers that [`State::check`] allows.
    pub(super) fn hold(&mut self) -> bool {
        let robot = &mut self.robot;
        let mut beyond = hold(limits::ANGLE, &mut robot.joint_positions);
        beyond |= hold(limits::VELOCITY, &mut robot.joint_velocities);
        for block in &mut self.blocks {
            beyond |= hold(limits::POSITION, &mut block.position);
            beyond |= hold(limits::VELOCITY, &mut block.linear_velocity);
            beyond |= hold(limits::VELOCITY, &mut block.angular_velocity);
        }
        beyond
    }
}

fn hold([low, high]: Limits, values: &mut [f64]) -> bool {
    if values.iter().all(|value| (low..=high).contains(value)) {
        return false;
    }
    for value in values {
        *value = value.clamp(low, high);
    }
    true
}

fn check_robot(robot: &RobotState) -> Result<()> {
    let RobotState {
        joint_positions,
        joint_velocities,
        height,
        links,
        friction,
        restitution,
        joint_damping,
        position_gain_factor,
        velocity_gain_factor,
        torque_limit,
        action_delay,
        action_smoothing,
        joint_position_noise,
        target,
        torques,
        actions: ActionQueue { count: queued, recent },
    } = robot;
    all(limits::ANGLE, joint_positions, format_args!("robot.joint_positions"))?;
    all(limits::VELOCITY, joint_velocities, format_args!("robot.joint_velocities"))?;
    one(limits::HEIGHT, *height, format_args!("robot.height"))?;
    for (i, link) in links.iter().enumerate() {
        one(limits::MASS, link.mass, format_args!("robot.links[{i}].mass"))?;
        all(limits::UNIT, &link.color, format_args!("robot.links[{i}].color"))?;
    }
    for (name, limits, value) in [
        ("friction", limits::FRICTION, friction),
        ("restitution", limits::UNIT, restitution),
        ("joint_damping", limits::DAMPING, joint_damping),
        ("position_gain_factor", limits::FACTOR, position_gain_factor),
        ("velocity_gain_factor", limits::FACTOR, velocity_gain_factor),
        ("torque_limit", limits::TORQUE_LIMIT, torque_limit),
        ("joint_position_noise", limits::UNIT, joint_position_noise),
    ] {
        one(limits, *value, format_args!("robot.{name}"))?;
    }
    all(limits::ANGLE, target, format_args!("robot.target"))?;
    all(limits::TORQUE, torques, format_args!("robot.torques"))?;
    for (name, [low, high], value) in [
        ("action_delay", [0, QUEUE - 1], *action_delay),
        ("action_smoothing", [1, QUEUE], *action_smoothing),
        ("actions.count", [0, recent.len()], *queued),
    ] {
        if !(low..=high).contains(&value) {
            let reason = format_args!("it must be a whole number from {low} to {high}");
            return impossible(format_args!("robot.{name}"), &[value as f64], reason);
        }
    }
    recent.iter().enumerate().try_for_each(|(i, action)| {
        all(limits::ACTION, action, format_args!("robot.actions.recent[{i}]"))
    })
}

fn check_arena(ArenaState { floor, wall, gravity }: &ArenaState) -> Result<()> {
    all(limits::GRAVITY, gravity, format_args!("arena.gravity"))?;
    for (name, SurfaceState { friction, restitution, color }) in [("floor", floor), ("wall", wall)]
    {
        one(limits::FRICTION, *friction, format_args!("arena.{name}.friction"))?;
        one(limits::UNIT, *restitution, format_args!("arena.{name}.restitution"))?;
        all(limits::UNIT, color, format_args!("arena.{name}.color"))?;
    }
    Ok(())
}

fn check_task(task: &TaskState) -> Result<()> {
    let number = |limits, value: f64, name: &str| one(limits, value, format_args!("task.{name}"));
    match task {
        TaskState::Listed => Ok(()),
        TaskState::Tower(tower) => {
            let counts = tower.number_of_blocks_in_tower.map(f64::from);
            all(limits::COUNT, &counts, format_args!("task.tower.number_of_blocks_in_tower"))?;
            all(limits::SIZE, &tower.tower_dims, format_args!("task.tower.tower_dims"))?;
            all(limits::AXIS, &tower.tower_center, format_args!("task.tower.tower_center"))?;
            number(limits::MASS, tower.blocks_mass, "tower.blocks_mass")
        }
        TaskState::Stack(stack) => {
            number(limits::COUNT, stack.stack_levels.into(), "stack.stack_levels")?;
            number(limits::SIZE, stack.blocks_min_size, "stack.blocks_min_size")?;
            number(limits::LEVEL, stack.max_level_width, "stack.max_level_width")?;
            number(limits::MASS, stack.blocks_mass, "stack.blocks_mass")
        }
        TaskState::Pile(pile) => {
            number(limits::COUNT, pile.nums_objects.into(), "pile.nums_objects")?;
            number(limits::SIZE, pile.tool_block_size, "pile.tool_block_size")?;
            number(limits::MASS, pile.blocks_mass, "pile.blocks_mass")
        }
    }
}

fn check_block(i: usize, block: &BlockState) -> Result<()> {
    let BlockState {
        size,
        mass,
        friction,
        restitution,
        linear_damping,
        angular_damping,
        color,
        position,
        orientation,
        linear_velocity,
        angular_velocity,
    } = block;
    all(limits::SIZE, size, format_args!("blocks[{i}].size"))?;
    for (name, limits, value) in [
        ("mass", limits::MASS, mass),
        ("friction", limits::FRICTION, friction),
        ("restitution", limits::UNIT, restitution),
        ("linear_damping", limits::DAMPING, linear_damping),
        ("angular_damping", limits::DAMPING, angular_damping),
    ] {
        one(limits, *value, format_args!("blocks[{i}].{name}"))?;
    }
    all(limits::UNIT, color, format_args!("blocks[{i}].color"))?;
    all(limits::POSITION, position, format_args!("blocks[{i}].position"))?;
    unit(orientation, format_args!("blocks[{i}].orientation"))?;
    all(limits::VELOCITY, linear_velocity, format_args!("blocks[{i}].linear_velocity"))?;
    all(limits::VELOCITY, angular_velocity, format_args!("blocks[{i}].angular_velocity"))
}

fn check_goal(i: usize, goal: &GoalState, shape: GoalShape) -> Result<()> {
    let GoalState { size, color, position, orientation } = goal;
    all(limits::SIZE, size, format_args!("goals[{i}].size"))?;
    if shape == GoalShape::Sphere && (size[1] != size[0] || size[2] != size[0]) {
        let reason = "a sphere's three sizes are one diameter";
        return impossible(format_args!("goals[{i}].size"), size, reason);
    }
    all(limits::UNIT, color, format_args!("goals[{i}].color"))?;
    all(limits::PLACE, position, format_args!("goals[{i}].position"))?;
    unit(orientation, format_args!("goals[{i}].orientation"))
}

fn check_appearance(Appearance { light, cameras, patterns }: &Appearance) -> Result<()> {
    let LightState { turn, intensity, ambient } = light;
    all(limits::TURN, turn, format_args!("appearance.light.turn"))?;
    one(limits::BRIGHTNESS, *intensity, format_args!("appearance.light.intensity"))?;
    one(limits::BRIGHTNESS, *ambient, format_args!("appearance.light.ambient"))?;
    for (i, CameraState { shift, turn, field_of_view_factor }) in cameras.iter().enumerate() {
        all(limits::SHIFT, shift, format_args!("appearance.cameras[{i}].shift"))?;
        all(limits::TURN, turn, format_args!("appearance.cameras[{i}].turn"))?;
        one(
            limits::VIEW,
            *field_of_view_factor,
            format_args!("appearance.cameras[{i}].field_of_view_factor"),
        )?;
    }
    for (name, Pattern { kind: _, color, scale }) in patterns {
        all(limits::UNIT, color, format_args!("appearance.patterns.{name}.color"))?;
        one(limits::SCALE, *scale, format_args!("appearance.patterns.{name}.scale"))?;
    }
    Ok(())
}

fn one([low, high]: Limits, value: f64, path: Arguments<'_>) -> Result<()> {
    match (low..=high).contains(&value) {
        true => Ok(()),
        false => impossible(path, &[value], format_args!("it must lie in [{low}, {high}]")),
    }
}

fn all([low, high]: Limits, values: &[f64], path: Arguments<'_>) -> Result<()> {
    match values.iter().position(|value| !(low..=high).contains(value)) {
        None => Ok(()),
        Some(i) => one([low, high], values[i], format_args!("{path}[{i}]")),
    }
}

fn unit(q: &Quat, path: Arguments<'_>) -> Result<()> {
    let squared = q.iter().map(|x| x * x).sum::<f64>();
    // Not finite where a number of it is not.
    match (squared - 1.0).abs() <= limits::UNIT_LENGTH {
        true => Ok(()),
        false => impossible(path, q, "it must be a quaternion x, y, z, w of length 1"),
    }
}

fn count(name: &str, value: u64, most: u64) -> Result<()> {
    match value <= most {
        true => Ok(()),
        false => impossible(
            format_args!("{name}"),
            &[value as f64],
            format_args!("it must be a whole number from 0 to {most}"),
        ),
    }
}

fn length(name: &str, found: usize, expected: usize) -> Result<()> {
    match found == expected {
        true => Ok(()),
        false => Err(Error::Shape {
            what: format!("state.{name}"),
            expected: format!("{expected}, as in its scene"),
            found: found.to_string(),
        }),
    }
}

fn impossible(path: Arguments<'_>, value: &[f64], reason: impl Display) -> Result<()> {
    Err(Error::Impossible {
        path: format!("state.{path}"),
        value: value.to_vec(),
        reason: reason.to_string(),
    })
}
