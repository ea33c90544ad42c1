//! New goals, drawn from the present ranges of the goals' variables.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::intervention::{Intervention, structure};
use crate::math::{self, Triple};
use crate::rng::Rng;
use crate::robot::{FINGERS, JOINTS_PER_FINGER, kinematics};
use crate::space::BoxSpace;
use crate::variable::{self, HighEnd, Rules, Subspace, holds};
use crate::world::{GoalState, State};

/// How a family draws its goals (facts 5.3).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum GoalSampling {
    /// Each goal gets a cylindrical position and a rotation from its ranges.
    Poses {
        /// The goals' names.
        goals: Vec<String>,
        /// How the radius is distributed.
        radius: Radius,
        /// Whether the scene's first goals are the fingers', in their order, and each must be
        /// where the tip of its finger can be brought.
        #[serde(default, skip_serializing_if = "is_false")]
        within_reach: bool,
    },
    /// Each variable gets a uniform draw from its range; the high end of a range of whole
    /// numbers is not drawn, as in the reference (facts 5.3).
    Variables(Vec<String>),
    /// The tool goes to one of two places on either side of the plane y = 0, the goal gets a
    /// cylindrical position and a rotation from its ranges, which lie opposite.
    OppositeSides {
        /// The movable block's name.
        tool: String,
        /// The goal's name.
        goal: String,
        /// How far from the axis the tool goes, m, or as near to that as its range allows.
        radius: f64,
    },
}

/// How the radius of a cylindrical position is distributed between its bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Radius {
    /// Every radius is equally likely: positions crowd the centre.
    Uniform,
    /// Every area is equally likely.
    AreaUniform,
}

/// How often a goal outside the arena is drawn again: enough that only ranges that lie wholly
/// outside are left, whose goals are then refused with the reason.
const TRIES: usize = 1000;

impl GoalSampling {
    /// New goals as an intervention on the state.
    ///
    /// Each variable draws from its own stream at the state's step. A position from which the
    /// goal would stick out of the arena, and the intervention be refused, is drawn again, and so
    /// is one that is out of reach where goals must be within.
    ///
    /// # Errors
    /// Only where the rules name goals that the state has not.
    pub fn sample(&self, state: &State, rules: &Rules, subspace: Subspace) -> Result<Intervention> {
        match self {
            Self::Poses { goals, radius, within_reach } => {
                poses(state, rules, subspace, goals, *radius, *within_reach)
            }
            Self::Variables(paths) => variables(state, rules, subspace, paths),
            Self::OppositeSides { tool, goal, radius } => {
                opposite_sides(state, rules, subspace, [tool, goal], *radius)
            }
        }
    }

    /// Refuses names that the start does not have, with the reason.
    pub(super) fn check(&self, start: &State, rules: &Rules) -> std::result::Result<(), String> {
        let is_goal = |name: &String| match start.scene.goal_index(name) {
            Some(_) => Ok(()),
            None => Err(format!("no goal is '{name}'")),
        };
        match self {
            Self::Poses { goals, .. } if goals.is_empty() => Err("expected goals".to_string()),
            Self::Poses { goals, within_reach, .. } => goals.iter().try_for_each(|name| {
                is_goal(name)?;
                match start.scene.goal_index(name) {
                    Some(index) if *within_reach && index >= FINGERS => {
                        Err(format!("'{name}' is no finger's goal; those are the first three"))
                    }
                    _ => Ok(()),
                }
            }),
            Self::Variables(paths) if paths.is_empty() => Err("expected variables".to_string()),
            Self::Variables(paths) => paths.iter().try_for_each(|path| {
                match variable::space(start, rules, path, Subspace::Both) {
                    Ok(Some(_)) => Ok(()),
                    Ok(None) => Err(format!("'{path}' has no range")),
                    Err(error) => Err(error.to_string()),
                }
            }),
            Self::OppositeSides { tool, goal, radius } => {
                is_goal(goal)?;
                if start.scene.block_index(tool).is_none() {
                    return Err(format!("no block is '{tool}'"));
                }
                let usable = radius.is_finite() && *radius > 0.0;
                if usable { Ok(()) } else { Err("expected a radius above 0 m".to_string()) }
            }
        }
    }
}

fn poses(
    state: &State,
    rules: &Rules,
    subspace: Subspace,
    goals: &[String],
    radius: Radius,
    within_reach: bool,
) -> Result<Intervention> {
    let mut intervention = Intervention::new();
    for name in goals {
        let turn = format!("{name}/euler_orientation");
        let rotation = variable::draw(state, rules, &turn, subspace)?;
        let place = format!("{name}/cylindrical_position");
        if let Some(space) = variable::space(state, rules, &place, subspace)? {
            let finger = state.scene.goal_index(name).filter(|_| within_reach);
            let good = |at| holds_at(state, name, &rotation, at) && reaches(state, finger, at);
            let position = draw_position(state, radius, &place, &space, good);
            intervention = intervention.with(&place, position);
        }
        if let Some(rotation) = rotation {
            intervention = intervention.with(&turn, rotation);
        }
    }
    Ok(intervention)
}

/// Draws until the arena can hold what the variables of the task ask for.
fn variables(
    state: &State,
    rules: &Rules,
    subspace: Subspace,
    paths: &[String],
) -> Result<Intervention> {
    let stream = |path: &String| Rng::at_step(state.seed, state.episode, path, state.step);
    let mut streams: Vec<Rng> = paths.iter().map(stream).collect();
    let mut draft = state.clone();
    let mut intervention = Intervention::new();
    for _ in 0..TRIES {
        intervention = Intervention::new();
        for (path, rng) in paths.iter().zip(&mut streams) {
            let high_end = HighEnd::Excluded;
            let value = variable::draw_from(rng, state, rules, path, subspace, high_end)?;
            let Some(value) = value else { continue };
            if path.starts_with("task/") {
                variable::write(&mut draft, rules, path, &value)?;
            }
            intervention = intervention.with(path, value);
        }
        if structure::fits(&draft.task).is_ok() {
            break;
        }
    }
    Ok(intervention)
}

/// Facts 5.3, pick_and_place. The reference's tool leaves its range where that begins beyond the
/// radius (space B); here it goes to the nearest radius inside.
fn opposite_sides(
    state: &State,
    rules: &Rules,
    subspace: Subspace,
    [tool, goal]: [&String; 2],
    radius: f64,
) -> Result<Intervention> {
    let place = format!("{tool}/cylindrical_position");
    let mut rng = Rng::at_step(state.seed, state.episode, &place, state.step);
    let mut angle = std::f64::consts::FRAC_PI_2;
    if rng.below(2) == 0 {
        angle = -angle;
    }
    let (mut radius, mut height) = (radius, 0.0);
    if let Some(space) = variable::space(state, rules, &place, subspace)? {
        radius = radius.max(space.low[0]).min(space.high[0]);
        height = space.low[2];
    }
    let position = [radius, angle, height];
    let mut moved = state.clone();
    variable::write(&mut moved, rules, &place, &position)?;
    let goals = std::slice::from_ref(goal);
    Ok(poses(&moved, rules, subspace, goals, Radius::Uniform, false)?.with(&place, position))
}

/// A position, cylindrical, drawn until it is good or patience ends.
fn draw_position(
    state: &State,
    radius: Radius,
    path: &str,
    space: &BoxSpace,
    good: impl Fn(Triple) -> bool,
) -> Triple {
    let mut rng = Rng::at_step(state.seed, state.episode, path, state.step);
    let mut draw = || {
        let (low, high) = (space.low[0], space.high[0]);
        let rho = match radius {
            Radius::Uniform => rng.uniform(low, high),
            // Squaring and its root round: the bounds hold for the root too.
            Radius::AreaUniform => rng.uniform(low * low, high * high).sqrt().max(low).min(high),
        };
        [rho, rng.uniform(space.low[1], space.high[1]), rng.uniform(space.low[2], space.high[2])]
    };
    let mut position = draw();
    for _ in 1..TRIES {
        if good(math::from_cylindrical(position)) {
            break;
        }
        position = draw();
    }
    position
}

/// Whether the arena holds a goal that is put there.
fn holds_at(state: &State, name: &str, rotation: &Option<Vec<f64>>, position: Triple) -> bool {
    state.scene.goal_index(name).is_none_or(|index| {
        let mut goal = GoalState { position, ..state.goals[index] };
        if let Some(v) = rotation {
            goal.orientation = math::from_rotation_vector([v[0], v[1], v[2]]);
        }
        holds(state.scene.goals[index].shape, &goal)
    })
}

/// Whether joints that can be commanded bring that finger's tip there; always without a finger.
fn reaches(state: &State, finger: Option<usize>, position: Triple) -> bool {
    finger.is_none_or(|finger| {
        let near =
            std::array::from_fn(|i| state.robot.joint_positions[JOINTS_PER_FINGER * finger + i]);
        kinematics::inverse(finger, position, state.robot.height, near).reached
    })
}

fn is_false(value: &bool) -> bool {
    !value
}
