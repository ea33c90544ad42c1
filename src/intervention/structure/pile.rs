//! Piles: blocks fall one by one until they rest; where they lie are the goals.

use super::bench::poses;
use super::place::{Heights, place};
use super::{Arrangement, Bench, Parts, Pose, check_arena, check_size, replace, stream};
use crate::error::{Error, Result};
use crate::math::{self, IDENTITY, Triple};
use crate::rng::Rng;
use crate::world::{BlockState, GoalState, PileState, State};

/// Where blocks of the default arrangement are dropped, in turn, m (facts 5.2).
const DROPS: [Triple; 8] = [
    [0.1, 0.1, 0.2],
    [0.0, 0.0, 0.2],
    [0.05, 0.05, 0.3],
    [-0.05, -0.05, 0.1],
    [-0.12, -0.12, 0.2],
    [-0.12, 0.12, 0.2],
    [0.12, -0.10, 0.3],
    [0.09, -0.08, 0.1],
];
/// How far from the axis in x and y others are dropped, m (facts 5.4).
const ACROSS: f64 = 0.11;
/// From how high others are dropped at most, m (facts 5.4).
const HIGHEST: f64 = 0.22;
/// How far beside the default place a block is dropped when the pile is tried again, m.
const BESIDE: f64 = 0.01;
/// How much higher a block is held where another is in its way, m.
const STEP: f64 = 0.02;
/// How long after a block the next one falls, s (facts 5.2).
const INTERVAL: f64 = 0.8;
/// How long the pile may take to come to rest, s.
const PATIENCE: f64 = 8.0;
/// How many piles are dropped until one comes to rest in the arena.
const TRIES: usize = 16;
/// How high the blocks' centres are placed afterwards, m (facts 5.2).
const PLACES: f64 = 0.15;

/// Builds the scene of a pile.
pub(super) fn build(state: &mut State, pile: &PileState, arrangement: Arrangement) -> Result<()> {
    let edge = pile.tool_block_size;
    check_size("task/tool_block_size", [edge; 3])?;
    let mut bench = Bench::new()?;
    let mut drops = stream(state, "task/drops");
    for attempt in 0..TRIES {
        let from = |i: u32| match arrangement {
            Arrangement::Default => {
                let [x, y, z] = DROPS[i as usize % DROPS.len()];
                // A fall is chaotic: a pile that rolled out of the arena is dropped a bit beside.
                let mut beside = || if attempt == 0 { 0.0 } else { drops.uniform(-BESIDE, BESIDE) };
                ([x + beside(), y + beside(), z], IDENTITY)
            }
            Arrangement::Random => drawn(&mut drops, edge),
        };
        let from = (0..pile.nums_objects).map(from).collect();
        let Some(rested) = dropped(&mut bench, pile, from) else { continue };
        let mut parts = Parts::default();
        for (i, (position, orientation)) in rested.into_iter().enumerate() {
            parts.block(format!("tool_{i}"), [edge; 3], pile.blocks_mass, position);
            let goal = GoalState { size: [edge; 3], position, orientation, ..GoalState::default() };
            parts.goals.push((format!("goal_{i}"), goal));
        }
        if check_arena(&parts.goals).is_ok() {
            replace(state, parts);
            let mut places = stream(state, "task/places");
            return place(state, &mut bench, &mut places, Heights::UpTo(PLACES));
        }
    }
    Err(Error::Impossible {
        path: "task/nums_objects".to_string(),
        value: vec![f64::from(pile.nums_objects)],
        reason: format!("none of {TRIES} piles came to rest in the arena; ask for fewer objects"),
    })
}

/// Somewhere in the air, turned anyhow (facts 5.4); the lowest corner above the floor.
fn drawn(rng: &mut Rng, edge: f64) -> Pose {
    let [x, y] = [(); 2].map(|()| rng.uniform(-ACROSS, ACROSS));
    let clear = 0.5 * 3_f64.sqrt() * edge;
    let height = rng.uniform(0.0, HIGHEST).max(clear);
    let turn = [(); 3].map(|()| rng.uniform(0.0, 2.0 * std::f64::consts::PI));
    ([x, y, height], math::from_rotation_vector(turn))
}

/// Where blocks that fall from these poses, one after the other, come to rest.
fn dropped(bench: &mut Bench, pile: &PileState, from: Vec<Pose>) -> Option<Vec<Pose>> {
    let mut blocks: Vec<BlockState> = Vec::new();
    for (position, orientation) in from {
        blocks.push(BlockState {
            size: [pile.tool_block_size; 3],
            mass: pile.blocks_mass,
            position,
            orientation,
            ..BlockState::default()
        });
        let mut state = Bench::state(blocks);
        let last = state.blocks.len() - 1;
        let name = state.scene.blocks[last].name.clone();
        while bench.stuck(&state).contains(&name) {
            state.blocks[last].position[2] += STEP;
        }
        bench.run(&mut state, INTERVAL);
        blocks = state.blocks;
    }
    let mut state = Bench::state(blocks);
    bench.settle(&mut state, PATIENCE).then(|| poses(&state))
}
