//! Names and ranges of variables: what of a state can be read and set, and how far.
//!
//! A variable has a path, `entity/attribute`, such as `tool_block/mass`; at the outer edge the
//! reference's two-level names mean the same. What a task family changes about variables
//! travels as [`Rules`], plain data.

mod allowed;
mod arena;
mod attributes;
mod coupling;
mod obstacles;
mod path;
mod ranges;
mod structures;
mod table;
mod tower;
mod value;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::rng::Rng;
use crate::space::BoxSpace;
use crate::world::State;

pub use allowed::{Distribution, Numbers, Part, Space};
pub use arena::{ARENA_HIGH, ARENA_LOW, half_extents, holds};
pub use attributes::Attribute;
pub use coupling::Coupling;
pub use path::{matches, of_reference, split, to_reference};
pub use ranges::{Bound, BySide, Interval, Range, RangeEdit, Subspace};
pub use table::{Entity, GOAL_TOWER, Variable};
pub use value::{Domain, SIZE, Shape};

pub(crate) use coupling::{Write, complete, verify_on_floor};
pub(crate) use obstacles::{OBSTACLES, Places, count as obstacle_count, name as obstacle_name};
pub(crate) use structures::variables_of;

/// What a task family says about variables.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// The family's name, for messages.
    pub family: String,
    /// What follows from setting a variable, and what must hold.
    pub couplings: Vec<Coupling>,
    /// Ranges that differ from the generic ones; the first that fits a path is in force.
    pub ranges: Vec<RangeEdit>,
    /// The attributes of the entity `task` that this family has, and `goal_tower` where its goals
    /// have a pose as one tower.
    pub task_variables: Vec<String>,
}

/// The value of the variable with that path.
///
/// # Errors
/// [`Error::UnknownVariable`](crate::Error::UnknownVariable), suggesting the nearest path.
pub fn read(state: &State, rules: &Rules, path: &str) -> Result<Vec<f64>> {
    Ok(Variable::find(&state.scene, rules, path)?.read(state))
}

/// Writes one variable of a state that no world needs to agree with yet, such as a start state.
///
/// Interventions on a running world go through [`apply`](crate::intervention::apply), which
/// also completes, verifies and refuses.
///
/// # Errors
/// An unknown path, a value that can not be meant, a variable that can only be read.
pub fn write(state: &mut State, rules: &Rules, path: &str, values: &[f64]) -> Result<()> {
    let variable = Variable::find(&state.scene, rules, path)?;
    let values = variable.admit(&state.scene, values)?;
    variable.write(state, rules, &values)
}

/// The range of the variable with that path in a subspace, derived from the present state;
/// `None` where it has none.
///
/// # Errors
/// [`Error::UnknownVariable`](crate::Error::UnknownVariable), suggesting the nearest path.
pub fn space(
    state: &State,
    rules: &Rules,
    path: &str,
    subspace: Subspace,
) -> Result<Option<BoxSpace>> {
    Ok(Variable::find(&state.scene, rules, path)?.space(state, rules, subspace))
}

/// A uniform draw from the variable's range, from the stream of that variable at this step.
///
/// Components are drawn one by one; whole-number variables are equally likely to take each of
/// their values. `None` where the variable has no range.
///
/// # Errors
/// [`Error::UnknownVariable`](crate::Error::UnknownVariable), suggesting the nearest path.
pub fn draw(
    state: &State,
    rules: &Rules,
    path: &str,
    subspace: Subspace,
) -> Result<Option<Vec<f64>>> {
    let mut rng = Rng::at_step(state.seed, state.episode, path, state.step);
    draw_from(&mut rng, state, rules, path, subspace, HighEnd::Included)
}

/// Whether whole numbers are drawn up to the high end of their range or to the one below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HighEnd {
    Included,
    Excluded,
}

/// As [`draw`], from a stream that goes on.
pub(crate) fn draw_from(
    rng: &mut Rng,
    state: &State,
    rules: &Rules,
    path: &str,
    subspace: Subspace,
    high_end: HighEnd,
) -> Result<Option<Vec<f64>>> {
    let variable = Variable::find(&state.scene, rules, path)?;
    let Some(space) = variable.space(state, rules, subspace) else { return Ok(None) };
    let whole = matches!(variable.attribute.domain, Domain::Whole(..));
    let draws = space.low.iter().zip(&space.high).map(|(&low, &high)| {
        if !whole {
            return rng.uniform(low, high);
        }
        let steps = (high - low) as u64;
        let values = if high_end == HighEnd::Included { steps + 1 } else { steps.max(1) };
        low + rng.below(values) as f64
    });
    Ok(Some(draws.collect()))
}
