//! Stacks: levels of blocks, one above the other, that stand.

use super::place::{Heights, place};
use super::{Arrangement, Bench, Parts, check_size, replace, stream};
use crate::error::{Error, Result};
use crate::rng::Rng;
use crate::variable::{ARENA_HIGH, ARENA_LOW};
use crate::world::{BlockState, StackGoals, StackState, State};

/// How far levels of the default arrangement are shifted along x, to and fro, m (facts 5.2).
const SHIFT: f64 = 0.005;
/// Where the blocks of the default arrangement stand in y, to and fro, m (facts 5.2).
const ASIDE: f64 = 0.1;
/// How often each block may be halved (facts 5.5).
const HALVINGS: usize = 3;
/// How many structures are drawn until one stands, and then how many of whole levels.
const TRIES: usize = 12;
/// How long a structure must stand to be taken, s.
const STANDING: f64 = 2.0;

/// One block of a level: its width and the x of its centre, m.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Piece {
    width: f64,
    x: f64,
}

/// A structure: levels from below, and the y of all of them, m.
struct Levels {
    levels: Vec<Vec<Piece>>,
    y: f64,
}

/// Builds the scene of a stack.
pub(super) fn build(state: &mut State, stack: &StackState, arrangement: Arrangement) -> Result<()> {
    let edge = stack.blocks_min_size;
    check_size("task/blocks_min_size", [edge; 3])?;
    if arrangement == Arrangement::Default {
        let levels = default(stack);
        let mut parts = parts(stack, &levels);
        for (block, (level, piece)) in parts.blocks.iter_mut().zip(levels.each()) {
            // Closed up: the reference leaves the gaps of the levels on the other side, so that
            // blocks begin in the air, and high stacks inside the robot.
            let aside = if level % 2 == 0 { -ASIDE } else { ASIDE };
            block.1.position = [piece.x, aside, ((level / 2) as f64 + 0.5) * edge];
        }
        replace(state, parts);
        return Ok(());
    }
    let mut bench = Bench::new()?;
    let levels = drawn(state, stack, &mut bench)?;
    let mut parts = parts(stack, &levels);
    let mut colors = stream(state, "task/colors");
    for (_, block) in &mut parts.blocks {
        block.color = std::array::from_fn(|_| colors.unit());
    }
    replace(state, parts);
    let mut places = stream(state, "task/places");
    place(state, &mut bench, &mut places, Heights::Floor)
}

impl Levels {
    /// Every block with the number of its level, from below.
    fn each(&self) -> impl Iterator<Item = (usize, Piece)> {
        let levels = self.levels.iter().enumerate();
        levels.flat_map(|(level, pieces)| pieces.iter().map(move |piece| (level, *piece)))
    }
}

/// The blocks at the places of the structure, and the goals there.
fn parts(stack: &StackState, levels: &Levels) -> Parts {
    let edge = stack.blocks_min_size;
    let mut parts = Parts::default();
    for (level, pieces) in levels.levels.iter().enumerate() {
        for (number, piece) in pieces.iter().enumerate() {
            let name = |kind| format!("{kind}_level_{level}_num_{number}");
            let size = [piece.width, edge, edge];
            let position = [piece.x, levels.y, (level as f64 + 0.5) * edge];
            parts.block(name("tool"), size, stack.blocks_mass, position);
            let end = level == 0 || level + 1 == levels.levels.len();
            if end || stack.goals == StackGoals::Everywhere {
                parts.goal(name("goal"), size, position);
            }
        }
    }
    parts
}

/// Equal cubes side by side, shifted to and fro from level to level (facts 5.2).
fn default(stack: &StackState) -> Levels {
    let edge = stack.blocks_min_size;
    // The allowance keeps a quotient like 0.07 / 0.035 from falling below its whole number.
    let count = (stack.max_level_width / edge + 1e-9).floor().max(1.0);
    let level = |l: u32| {
        let shift = if l.is_multiple_of(2) { -SHIFT } else { SHIFT };
        let x = |i: u32| -0.5 * count * edge + 0.5 * edge + shift + f64::from(i) * edge;
        (0..count as u32).map(|i| Piece { width: edge, x: x(i) }).collect()
    };
    Levels { levels: (0..stack.stack_levels).map(level).collect(), y: 0.0 }
}

/// A random structure that stands when it is built (facts 5.5).
///
/// The reference asks only that every centre lie above the level below, and does not try.
fn drawn(state: &State, stack: &StackState, bench: &mut Bench) -> Result<Levels> {
    let mut rng = stream(state, "task/structure");
    for attempt in 0..2 * TRIES {
        let mut levels = whole(&mut rng, stack);
        // Every whole level lies with its centre above all levels below it and nearly always
        // stands; halves may not.
        if attempt < TRIES {
            (0..HALVINGS).for_each(|_| halve(&mut levels, stack.blocks_min_size));
        }
        let blocks: Vec<BlockState> =
            parts(stack, &levels).blocks.into_iter().map(|(_, block)| block).collect();
        if bench.stands(blocks, STANDING) {
            return Ok(levels);
        }
    }
    Err(Error::Impossible {
        path: "task/stack_levels".to_string(),
        value: vec![f64::from(stack.stack_levels)],
        reason: format!("none of {} structures drawn stood; ask for fewer levels", 2 * TRIES),
    })
}

/// One block per level, each centred above all below it (facts 5.5, steps 1 and 2).
fn whole(rng: &mut Rng, stack: &StackState) -> Levels {
    let edge = stack.blocks_min_size;
    let mut low = [ARENA_LOW[0] + edge, ARENA_LOW[1] + edge];
    let mut high = [ARENA_HIGH[0] - edge, ARENA_HIGH[1] - edge];
    let mut levels = Vec::new();
    let mut y = 0.0;
    for _ in 0..stack.stack_levels {
        let x = rng.uniform(low[0], high[0]);
        y = rng.uniform(low[1], high[1]);
        let room = 2.0 * (ARENA_HIGH[0] - x).min(x - ARENA_LOW[0]);
        let width = rng.uniform(edge, room.min(stack.max_level_width).max(edge));
        levels.push(vec![Piece { width, x }]);
        for (i, (center, reach)) in [(x, 0.5 * width), (y, 0.5 * edge)].into_iter().enumerate() {
            low[i] = low[i].max(center - reach);
            high[i] = high[i].min(center + reach);
        }
    }
    Levels { levels, y }
}

/// Halves what is wide enough and keeps its centres above the level below (facts 5.5, step 3).
fn halve(levels: &mut Levels, edge: f64) {
    let mut below = [f64::NEG_INFINITY, f64::INFINITY];
    for pieces in &mut levels.levels {
        for i in 0..pieces.len() {
            let Piece { width, x } = pieces[i];
            let halves = [x - 0.25 * width, x + 0.25 * width];
            let carried = halves.iter().all(|x| below[0] <= *x && *x <= below[1]);
            if width > 2.0 * edge && carried {
                pieces[i] = Piece { width: 0.5 * width, x: halves[1] };
                pieces.push(Piece { width: 0.5 * width, x: halves[0] });
            }
        }
        let ends = |sign: f64| pieces.iter().map(move |p| p.x + sign * 0.5 * p.width);
        below =
            [ends(-1.0).fold(f64::INFINITY, f64::min), ends(1.0).fold(f64::NEG_INFINITY, f64::max)];
    }
}
