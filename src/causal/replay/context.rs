//! What is constant for as long as nobody intervenes: what must agree, and what travels.

use serde::{Deserialize, Serialize};

use crate::math::IDENTITY;
use crate::robot::{ActionQueue, FINGERS, LINKS_PER_FINGER};
use crate::world::{BlockKind, GoalState, State};

/// The constants of an episode, or of the part of one between two interventions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Context {
    /// A state with these constants; everything that changes is zero in it.
    pub(crate) state: State,
    /// Which group it belongs to: contexts of one group agree in all that must agree.
    pub(crate) group: u32,
}

impl Context {
    /// The constants, as a state in which everything that changes is zero.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The number of the group whose members agree in all that must agree.
    pub fn group(&self) -> u32 {
        self.group
    }
}

/// The constants of a state: the state with everything that changes set to zero.
pub(crate) fn constants(state: &State) -> State {
    let mut constants = state.clone();
    constants.step = 0;
    let robot = &mut constants.robot;
    for values in [
        &mut robot.joint_positions,
        &mut robot.joint_velocities,
        &mut robot.target,
        &mut robot.torques,
    ] {
        values.fill(0.0);
    }
    robot.actions = ActionQueue::default();
    for block in &mut constants.blocks {
        block.position = [0.0; 3];
        block.orientation = IDENTITY;
        block.linear_velocity = [0.0; 3];
        block.angular_velocity = [0.0; 3];
    }
    for goal in &mut constants.goals {
        *goal = GoalState { color: goal.color, ..GoalState::default() };
    }
    constants
}

/// Every variable that two transitions must have in common for their parts to be exchanged, with
/// its name: what enters the dynamics and belongs to no node that moves.
pub(crate) fn agreed(state: &State) -> Vec<(String, u64)> {
    let mut all = vec![("world".to_string(), state.world)];
    let mut add = |name: &str, values: &[f64]| {
        all.extend(values.iter().map(|value| (name.to_string(), value.to_bits())));
    };
    let (robot, arena) = (&state.robot, &state.arena);
    add("world/gravity", &arena.gravity);
    for (name, surface) in [("floor", &arena.floor), ("stage", &arena.wall)] {
        add(&format!("{name}/friction"), &[surface.friction]);
        add(&format!("{name}/restitution"), &[surface.restitution]);
    }
    add("robot/height", &[robot.height]);
    add("robot/friction", &[robot.friction]);
    add("robot/restitution", &[robot.restitution]);
    add("robot/joint_damping", &[robot.joint_damping]);
    add("robot/position_gain_factor", &[robot.position_gain_factor]);
    add("robot/velocity_gain_factor", &[robot.velocity_gain_factor]);
    add("robot/torque_limit", &[robot.torque_limit]);
    for (block, description) in state.blocks.iter().zip(&state.scene.blocks) {
        if description.kind == BlockKind::Fixed {
            let name = &description.name;
            add(&format!("{name}/size"), &block.size);
            add(&format!("{name}/friction"), &[block.friction]);
            add(&format!("{name}/restitution"), &[block.restitution]);
            add(&format!("{name}/cartesian_position"), &block.position);
            add(&format!("{name}/orientation"), &block.orientation);
        }
    }
    all
}

/// Gives a finger or block of a state the constants that it has in another state.
pub(crate) fn transplant(body: usize, from: &State, to: &mut State) {
    match body.checked_sub(FINGERS) {
        None => {
            let links = body * LINKS_PER_FINGER..(body + 1) * LINKS_PER_FINGER;
            to.robot.links[links.clone()].copy_from_slice(&from.robot.links[links]);
        }
        Some(block) => {
            let old = to.blocks[block];
            to.blocks[block] = crate::world::BlockState {
                position: old.position,
                orientation: old.orientation,
                linear_velocity: old.linear_velocity,
                angular_velocity: old.angular_velocity,
                ..from.blocks[block]
            };
        }
    }
}
