//! Free places for blocks: drawn at random, upright, beside each other.

use super::Bench;
use crate::error::{Error, Result};
use crate::math::{self, Triple};
use crate::rng::Rng;
use crate::world::{BlockKind, BlockState, State, WALL_RADIUS};

/// How far from the axis a centre may lie, m (facts 5.5).
const RADIUS: f64 = 0.15;
/// What is left free between blocks, and before the wall, m.
const CLEARANCE: f64 = 0.001;
/// How many places are tried on the floor, and then on each layer above it.
const TRIES: usize = 200;
/// Layers in all; the reference stops looking at 0.15 m too.
const LAYERS: usize = 4;
/// How often blocks that stick in the robot or an obstacle are placed anew.
const ROUNDS: usize = 64;

/// How high blocks are placed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Heights {
    /// On the floor; in layers above it where the floor is full.
    Floor,
    /// Anywhere with the centre up to here, m.
    UpTo(f64),
}

/// Puts every movable block of a state at a free place, upright and turned about z at random.
///
/// # Errors
/// [`Error::Impossible`] where there is no room.
pub(super) fn place(
    state: &mut State,
    bench: &mut Bench,
    rng: &mut Rng,
    heights: Heights,
) -> Result<()> {
    let movable: Vec<usize> = (0..state.blocks.len())
        .filter(|i| state.scene.blocks[*i].kind == BlockKind::Movable)
        .collect();
    let mut wanting = movable.clone();
    for _ in 0..ROUNDS {
        for index in wanting.clone() {
            let taken: Vec<BlockState> = (movable.iter())
                .filter(|other| **other < index || !wanting.contains(other))
                .filter(|other| **other != index)
                .map(|other| state.blocks[*other])
                .collect();
            let pose = free(rng, state.blocks[index], &taken, heights)
                .ok_or_else(|| full(movable.len()))?;
            state.blocks[index] = pose;
        }
        let stuck = bench.stuck(state);
        wanting = movable.clone();
        wanting.retain(|i| stuck.contains(&state.scene.blocks[*i].name));
        if wanting.is_empty() {
            return Ok(());
        }
    }
    Err(full(movable.len()))
}

fn full(blocks: usize) -> Error {
    Error::Impossible {
        path: "task".to_string(),
        value: vec![blocks as f64],
        reason: "the floor has no room for so many blocks; ask for fewer or smaller ones"
            .to_string(),
    }
}

/// The block at the first place drawn that is clear of the others and of the wall.
fn free(
    rng: &mut Rng,
    block: BlockState,
    taken: &[BlockState],
    heights: Heights,
) -> Option<BlockState> {
    for attempt in 0..TRIES * LAYERS {
        let radius = rng.uniform(0.0, RADIUS * RADIUS).sqrt();
        let angle = rng.uniform(-std::f64::consts::PI, std::f64::consts::PI);
        let yaw = rng.uniform(-std::f64::consts::PI, std::f64::consts::PI);
        let lowest = 0.5 * block.size[2];
        let height = match heights {
            Heights::Floor => lowest + (attempt / TRIES) as f64 * (block.size[2] + 2.0 * CLEARANCE),
            Heights::UpTo(highest) => rng.uniform(lowest, highest.max(lowest)),
        };
        let placed = BlockState {
            position: math::from_cylindrical([radius, angle, height]),
            orientation: math::from_rotation_vector([0.0, 0.0, yaw]),
            ..block
        };
        let inside = Footprint::of(&placed)
            .corners()
            .iter()
            .all(|[x, y]| math::hypot(*x, *y) < 0.99 * WALL_RADIUS - CLEARANCE);
        if inside && taken.iter().all(|other| apart(&placed, other)) {
            return Some(placed);
        }
    }
    None
}

/// Whether two upright blocks leave the clearance between them.
fn apart(a: &BlockState, b: &BlockState) -> bool {
    let height = (a.position[2] - b.position[2]).abs();
    height >= 0.5 * (a.size[2] + b.size[2]) + CLEARANCE || Footprint::of(a).apart(&Footprint::of(b))
}

/// What an upright block covers of the floor: a turned rectangle.
struct Footprint {
    center: [f64; 2],
    /// Unit vectors along the two edges.
    axes: [[f64; 2]; 2],
    half: [f64; 2],
}

impl Footprint {
    fn of(block: &BlockState) -> Self {
        let x: Triple = math::triple(math::rotation(block.orientation) * nalgebra::Vector3::x());
        let [px, py, _] = block.position;
        Self {
            center: [px, py],
            axes: [[x[0], x[1]], [-x[1], x[0]]],
            half: [0.5 * block.size[0], 0.5 * block.size[1]],
        }
    }

    fn corners(&self) -> [[f64; 2]; 4] {
        [(1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0)].map(|(u, v)| {
            std::array::from_fn(|i| {
                self.center[i]
                    + u * self.half[0] * self.axes[0][i]
                    + v * self.half[1] * self.axes[1][i]
            })
        })
    }

    /// Whether a line along one of the four edges parts the two (separating axes).
    fn apart(&self, other: &Self) -> bool {
        let dot = |a: [f64; 2], b: [f64; 2]| a[0] * b[0] + a[1] * b[1];
        let between = [other.center[0] - self.center[0], other.center[1] - self.center[1]];
        self.axes.iter().chain(&other.axes).any(|axis| {
            let reach =
                |of: &Self| (0..2).map(|i| of.half[i] * dot(of.axes[i], *axis).abs()).sum::<f64>();
            dot(between, *axis).abs() >= reach(self) + reach(other) + CLEARANCE
        })
    }
}
