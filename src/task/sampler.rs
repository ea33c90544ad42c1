//! New goals, drawn from the present ranges of the goals' variables.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::intervention::Intervention;
use crate::math;
use crate::rng::Rng;
use crate::space::BoxSpace;
use crate::variable::{self, Rules, Subspace, holds};
use crate::world::State;

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
    /// The names of the goals it draws.
    pub fn goals(&self) -> &[String] {
        let Self::Poses { goals, .. } = self;
        goals
    }

    /// New goals as an intervention on the state.
    ///
    /// Each variable draws from its own stream at the state's step. A position from which the
    /// goal would stick out of the arena, and the intervention be refused, is drawn again.
    ///
    /// # Errors
    /// Only where the rules name goals that the state has not.
    pub fn sample(&self, state: &State, rules: &Rules, subspace: Subspace) -> Result<Intervention> {
        let Self::Poses { goals, radius } = self;
        let mut intervention = Intervention::new();
        for name in goals {
            let turn = format!("{name}/euler_orientation");
            let rotation = variable::draw(state, rules, &turn, subspace)?;
            let place = format!("{name}/cylindrical_position");
            if let Some(space) = variable::space(state, rules, &place, subspace)? {
                let position = draw_position(state, name, *radius, &place, &space, &rotation);
                intervention = intervention.with(&place, position);
            }
            if let Some(rotation) = rotation {
                intervention = intervention.with(&turn, rotation);
            }
        }
        Ok(intervention)
    }
}

fn draw_position(
    state: &State,
    name: &str,
    radius: Radius,
    path: &str,
    space: &BoxSpace,
    rotation: &Option<Vec<f64>>,
) -> [f64; 3] {
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
    let inside = |cylindrical: [f64; 3]| {
        state.scene.goal_index(name).is_none_or(|index| {
            let mut goal = state.goals[index];
            goal.position = math::from_cylindrical(cylindrical);
            if let Some(v) = rotation {
                goal.orientation = math::from_rotation_vector([v[0], v[1], v[2]]);
            }
            holds(state.scene.goals[index].shape, &goal)
        })
    };
    let mut position = draw();
    for _ in 1..TRIES {
        if inside(position) {
            break;
        }
        position = draw();
    }
    position
}
