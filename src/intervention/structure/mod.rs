//! Scenes that are built from the task's own variables: towers, stacks, piles.
//!
//! Building is a function of the state's task variables, seed, episode and step: every draw comes
//! from a stream named `task/…`. Whether a structure stands or falls is tried on a [`Bench`], a
//! world of its own with the default physics, so that the same variables build the same scene
//! whatever physics the environment has.

mod bench;
mod pile;
mod place;
mod stack;
mod tower;

use std::sync::Arc;

use self::bench::Bench;
use crate::error::{Error, Result};
use crate::math::{Quat, Triple};
use crate::rng::Rng;
use crate::robot::{ActionQueue, JOINTS, RAISED};
use crate::variable::{SIZE, holds};
use crate::world::{
    BlockDescription, BlockKind, BlockState, GoalDescription, GoalShape, GoalState, Scene, State,
    TaskState,
};

/// Which of the scenes that the task's variables allow is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrangement {
    /// The family's own start (facts 5.2).
    Default,
    /// One drawn from the streams of the state's seed, episode and step (facts 5.4, 5.5).
    Random,
}

/// Puts the movable blocks and the goals that the state's task variables ask for in place of
/// those there are; fixed blocks stay.
///
/// A random tower or pile begins with the robot raised and at rest, as in the reference.
///
/// # Errors
/// [`Error::Impossible`] for variables that no scene can have or where no try gave a structure
/// that stands, [`Error::OutOfArena`] for a tower that sticks out.
pub fn build(state: &mut State, arrangement: Arrangement) -> Result<()> {
    let task = state.task;
    match task {
        TaskState::Listed => Ok(()),
        TaskState::Tower(tower) => {
            raise(state, arrangement);
            replace(state, tower::parts(&tower)?);
            Ok(())
        }
        TaskState::Stack(stack) => stack::build(state, &stack, arrangement),
        TaskState::Pile(pile) => {
            raise(state, arrangement);
            pile::build(state, &pile, arrangement)
        }
    }
}

/// Whether the arena can hold what the task's variables ask for.
///
/// # Errors
/// As [`build`]; what has to be tried is not tried.
pub fn fits(task: &TaskState) -> Result<()> {
    match task {
        TaskState::Tower(tower) => tower::parts(tower).map(|_| ()),
        _ => Ok(()),
    }
}

/// Blocks and goals with their names, in creation order.
#[derive(Default)]
struct Parts {
    blocks: Vec<(String, BlockState)>,
    goals: Vec<(String, GoalState)>,
}

impl Parts {
    /// Adds a block that may be pushed around.
    fn block(&mut self, name: String, size: Triple, mass: f64, position: Triple) {
        self.blocks.push((name, BlockState { size, mass, position, ..BlockState::default() }));
    }

    /// Adds a goal that stands upright.
    fn goal(&mut self, name: String, size: Triple, position: Triple) {
        self.goals.push((name, GoalState { size, position, ..GoalState::default() }));
    }
}

/// Puts the parts in place of the movable blocks and the goals.
fn replace(state: &mut State, parts: Parts) {
    let mut scene = Scene::new();
    let mut blocks = Vec::with_capacity(parts.blocks.len());
    for (name, block) in parts.blocks {
        scene.blocks.push(BlockDescription::cuboid(&name, BlockKind::Movable));
        blocks.push(block);
    }
    for (description, block) in state.scene.blocks.iter().zip(&state.blocks) {
        if description.kind == BlockKind::Fixed {
            scene.blocks.push(description.clone());
            blocks.push(*block);
        }
    }
    state.goals.clear();
    for (name, goal) in parts.goals {
        scene.goals.push(GoalDescription { name, shape: GoalShape::Cuboid, mesh: None });
        state.goals.push(goal);
    }
    state.blocks = blocks;
    state.scene = Arc::new(scene);
}

/// Lifts the robot out of the way of a random arrangement.
fn raise(state: &mut State, arrangement: Arrangement) {
    if arrangement == Arrangement::Random {
        state.robot.joint_positions = RAISED;
        state.robot.joint_velocities = [0.0; JOINTS];
        state.robot.target = RAISED;
        state.robot.actions = ActionQueue::default();
    }
}

/// The stream of one kind of draw.
fn stream(state: &State, name: &str) -> Rng {
    Rng::at_step(state.seed, state.episode, name, state.step)
}

/// The refusal of blocks too small or too large to be simulated.
fn check_size(path: &str, size: Triple) -> Result<()> {
    if size.iter().all(|edge| (SIZE[0]..=SIZE[1]).contains(edge)) {
        return Ok(());
    }
    Err(Error::Impossible {
        path: path.to_string(),
        value: size.to_vec(),
        reason: format!("a block's edges must lie in [{}, {}] m", SIZE[0], SIZE[1]),
    })
}

/// The refusal of goals that stick out of the arena.
fn check_arena(goals: &[(String, GoalState)]) -> Result<()> {
    match goals.iter().find(|(_, goal)| !holds(GoalShape::Cuboid, goal)) {
        None => Ok(()),
        Some((name, goal)) => {
            Err(Error::OutOfArena { name: name.clone(), position: goal.position })
        }
    }
}

/// Poses, as a trial leaves them.
type Pose = (Triple, Quat);
