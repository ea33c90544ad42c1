//! Which variables are parameters of the world, and which of them a camera could see.

use std::sync::Arc;

use super::choice::Context;
use crate::robot::{REST, RobotState};
use crate::space::BoxSpace;
use crate::task::Family;
use crate::variable::{Entity, Rules, Subspace, Variable};
use crate::world::{GoalShape, Scene, State};

/// What changes from step to step by itself, what other attributes say as well, and what can not
/// be set: no parameters.
const NO_PARAMETERS: [&str; 9] = [
    "type",
    "cartesian_position",
    "cylindrical_position",
    "orientation",
    "euler_orientation",
    "linear_velocity",
    "angular_velocity",
    "joint_positions",
    "joint_velocities",
];

/// The context that a variable belongs to first; [`Context::None`] where it is no parameter, and
/// where images alone tell it.
pub(super) fn context_of(variable: &Variable) -> Context {
    let name = variable.attribute.name;
    let settable = variable.attribute.is_writable();
    match (variable.entity, name) {
        (Entity::GoalTower, _) => Context::None,
        _ if NO_PARAMETERS.contains(&name) || !settable => Context::None,
        _ if variable.is_seen_alone() => Context::None,
        (Entity::Task, "blocks_mass") => Context::All,
        (Entity::Task, _) | (_, "size" | "color" | "height") => Context::Visible,
        _ => Context::All,
    }
}

impl Context {
    /// Whether a variable is shown.
    pub(super) fn shows(self, variable: &Variable) -> bool {
        match context_of(variable) {
            Self::None => false,
            Self::Visible => self != Self::None,
            Self::All => self == Self::All,
        }
    }
}

/// The variables of a scene with one block or goal of every kind: what attributes each kind has.
pub(super) fn kinds() -> Vec<Variable> {
    let scene = Scene::new()
        .movable("block")
        .fixed("fixed_block")
        .goal("goal", GoalShape::Cuboid)
        .goal("sphere", GoalShape::Sphere);
    Variable::all(&scene, &Rules::default())
}

/// The bounds that a variable is normalised by where the reference has none: ranges A and B
/// together, of bodies at their default so that they never move; `None` where it has no range.
pub(super) fn nominal(
    variable: &Variable,
    family: &Family,
    scene: &Arc<Scene>,
) -> Option<BoxSpace> {
    let mut plain = State::new(Arc::clone(scene), RobotState::resting(REST));
    plain.task = family.initial_state().task;
    variable.space(&plain, family.rules(), Subspace::Both)
}
