//! The way back: a goal array written into a state.

use std::sync::Arc;

use super::check::Named;
use super::reward::read;
use super::{Form, GoalLayout, ROW, goal_of, is_empty};
use crate::error::Result;
use crate::world::{GoalDescription, GoalShape, GoalState, Scene, State};

/// The state with these goals in place of its own; nothing else of it changes.
///
/// A row that has a goal moves, turns and sizes it; a row of zeros takes it away; another row without
/// a goal gets a cuboid one, named after the row's block. For reaching the first three goals
/// move. The layout must be that of the state, and the array one of its arrays.
///
/// ```
/// use trifactor::task::goal::relabel;
/// use trifactor::{Config, Env};
///
/// # fn main() -> trifactor::Result<()> {
/// let mut env = Env::new(Config { goal_conditioned: true, ..Config::new("pushing") })?;
/// env.reset(Some(0));
/// let mut achieved = vec![0.0; env.goal_layout().len()];
/// env.achieved_goal(&mut achieved)?;
/// let hindsight = relabel(env.goal_layout(), env.state(), &achieved)?;
/// assert_eq!(hindsight.goals[0].position, env.state().blocks[0].position);
/// assert_eq!(env.goal_reward().reward(&achieved, &achieved)?, env.dt());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape), [`Error::OtherWorld`](crate::Error::OtherWorld), or for
/// numbers that no goal has those of [`GoalReward::outcome`](super::GoalReward::outcome).
pub fn relabel(layout: &GoalLayout, state: &State, desired: &[f64]) -> Result<State> {
    layout.check(state, desired.len())?;
    let named = Named { array: "desired_goal", goal: None };
    let mut next = state.clone();
    match &layout.form {
        Form::Tips => {
            named.check_tips(desired)?;
            for (goal, tip) in next.goals.iter_mut().zip(desired.chunks_exact(3)) {
                goal.position.copy_from_slice(tip);
            }
        }
        Form::Rows { blocks, goals, .. } => {
            named.check_rows(desired, true)?;
            let mut kept = Vec::new();
            for (row, numbers) in desired.chunks_exact(ROW).enumerate() {
                if is_empty(numbers) {
                    continue;
                }
                let old = goals.iter().position(|&of_goal| of_goal == row);
                let (description, goal) = match old {
                    Some(i) => (state.scene.goals[i].clone(), state.goals[i]),
                    None => (new_goal(&state.scene, blocks.get(row)), GoalState::default()),
                };
                let place = read(numbers);
                let (position, orientation, size) = (place.center, place.orientation, place.size);
                // In the scene's order, so that a state keeps its scene where no goal comes or goes.
                let order = old.unwrap_or(state.goals.len() + row);
                kept.push((order, description, GoalState { position, orientation, size, ..goal }));
            }
            kept.sort_by_key(|(order, ..)| *order);
            let (descriptions, values): (Vec<_>, Vec<_>) =
                kept.into_iter().map(|(_, description, goal)| (description, goal)).unzip();
            next.goals = values;
            if descriptions != state.scene.goals {
                next.scene = Arc::new(Scene { goals: descriptions, ..(*state.scene).clone() });
            }
        }
    }
    Ok(next)
}

fn new_goal(scene: &Scene, block: Option<&usize>) -> GoalDescription {
    let block = block.map(|&block| &scene.blocks[block]);
    let mut name = goal_of(block.map_or("row", |block| &block.name));
    // A row without a block, or a goal that stands in another row under this name.
    while scene.goal_index(&name).is_some() {
        name.push('_');
    }
    let mesh = block.and_then(|block| block.mesh.clone());
    GoalDescription { name, shape: GoalShape::Cuboid, mesh }
}
