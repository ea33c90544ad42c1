//! Obstacles: small fixed cubes that the variable `task/number_of_obstacles` counts.

use std::sync::Arc;

use super::arena::{ARENA_HIGH, ARENA_LOW};
use super::value::Domain;
use crate::math::Triple;
use crate::rng::Rng;
use crate::world::{BlockDescription, BlockKind, BlockState, Scene, State};

/// The task variable that counts them.
pub(crate) const OBSTACLES: &str = "number_of_obstacles";

/// How many obstacles there may be; five is the most that any range asks for (facts 4.3).
pub(super) const NUMBER: Domain = Domain::Whole(0.0, 32.0);

/// The edge of an obstacle, m (facts 5.4).
const SIDE: f64 = 0.01;

/// The name of the obstacle with that number.
pub(crate) fn name(index: usize) -> String {
    format!("obstacle_{index}")
}

/// How many obstacles a scene has; they are numbered without gaps.
pub(crate) fn count(scene: &Scene) -> usize {
    (0..).take_while(|i| is_there(scene, *i)).count()
}

fn is_there(scene: &Scene, index: usize) -> bool {
    let name = name(index);
    scene.blocks.iter().any(|b| b.kind == BlockKind::Fixed && b.name == name)
}

/// Adds obstacles with the next numbers, or removes those with the highest.
pub(super) fn set_count(state: &mut State, wanted: usize) {
    let present = count(&state.scene);
    if wanted == present {
        return;
    }
    for index in wanted..present {
        if let Some(place) = state.scene.block_index(&name(index)) {
            Arc::make_mut(&mut state.scene).blocks.remove(place);
            state.blocks.remove(place);
        }
    }
    for index in present..wanted {
        let position = Places::new(state, index).draw();
        Arc::make_mut(&mut state.scene)
            .blocks
            .push(BlockDescription::cuboid(&name(index), BlockKind::Fixed));
        state.blocks.push(BlockState {
            size: [SIDE; 3],
            color: [0.0; 3],
            position,
            ..BlockState::default()
        });
    }
}

/// The places that an obstacle tries in turn, fixed by seed, episode and its number.
pub(crate) struct Places(Rng);

impl Places {
    /// The places of the obstacle with that number.
    pub(crate) fn new(state: &State, index: usize) -> Self {
        let path = format!("{}/cartesian_position", name(index));
        Self(Rng::stream(state.seed, state.episode, &path))
    }

    /// The next place: uniform in the arena, the whole cube inside it, m.
    pub(crate) fn draw(&mut self) -> Triple {
        let half = 0.5 * SIDE;
        std::array::from_fn(|i| self.0.uniform(ARENA_LOW[i] + half, ARENA_HIGH[i] - half))
    }
}
