//! Towers: a grid of equal blocks, and the blocks laid out beside each other on the floor.

use super::{Parts, check_arena, check_size};
use crate::error::Result;
use crate::math::Triple;
use crate::variable::ARENA_HIGH;
use crate::world::TowerState;

/// x and y of the first block that is laid out, m; the last lies opposite (facts 5.2).
const CORNER: f64 = -0.12;
/// The gap between blocks that are laid out, m (facts 5.2).
const GAP: f64 = 0.005;

/// Blocks and goals of a tower, by level, column and row (facts 5.2).
pub(super) fn parts(tower: &TowerState) -> Result<Parts> {
    let counts = tower.number_of_blocks_in_tower;
    let size: Triple = std::array::from_fn(|i| tower.tower_dims[i] / f64::from(counts[i]));
    check_size("task/tower_dims", size)?;
    let mut places = laid_out(size);
    let mut parts = Parts::default();
    for level in 0..counts[2] {
        for column in 0..counts[1] {
            for row in 0..counts[0] {
                let name = |kind| format!("{kind}_level_{level}_col_{column}_row_{row}");
                let along = |i: usize, index: u32| {
                    tower.tower_center[i] - 0.5 * tower.tower_dims[i]
                        + (f64::from(index) + 0.5) * size[i]
                };
                let height = (f64::from(level) + 0.5) * size[2];
                let goal = [along(0, row), along(1, column), height];
                let place = places.next().unwrap_or(goal);
                parts.block(name("tool"), size, tower.blocks_mass, place);
                parts.goal(name("goal"), size, goal);
            }
        }
    }
    check_arena(&parts.goals)?;
    Ok(parts)
}

/// Places without end: the diagonal first, as in the reference, then the rest of the floor, row
/// by row, then the next layer, a whole block higher (the reference: half a block, facts 12).
///
/// The reference piles layer on layer on the diagonal alone, which lets a tower of many blocks
/// reach into the robot; and blocks too large for its corner stand in the wall, here they begin
/// where the arena does.
fn laid_out(size: Triple) -> impl Iterator<Item = Triple> {
    let first = |edge: f64| CORNER.max(0.5 * edge - ARENA_HIGH[0]);
    let (corner, pitch) = ([first(size[0]), first(size[1])], [size[0] + GAP, size[1] + GAP]);
    let count = |i: usize| {
        let fitting = (-2.0 * corner[i] / pitch[i] + 1e-9).floor() as usize;
        fitting + 1
    };
    let (rows, columns) = (count(0), count(1));
    let diagonal = (0..rows.min(columns)).map(|k| (k, k));
    let rest = (0..rows).flat_map(move |i| (0..columns).map(move |j| (i, j)));
    let layer: Vec<_> = diagonal.chain(rest.filter(|(i, j)| i != j)).collect();
    (0_u32..).flat_map(move |level| {
        let height = (f64::from(level) + 0.5) * size[2];
        let at = move |i: usize, index: usize| corner[i] + index as f64 * pitch[i];
        let places: Vec<_> = layer.iter().map(|&(i, j)| [at(0, i), at(1, j), height]).collect();
        places
    })
}

#[cfg(test)]
mod tests {
    use super::laid_out;

    #[test]
    fn layers_stand_a_whole_block_above_each_other_and_nothing_overlaps() {
        for size in [[0.035; 3], [0.2, 0.2, 0.04], [0.02, 0.06, 0.1], [0.06, 0.06, 0.035]] {
            let places: Vec<_> = laid_out(size).take(120).collect();
            for (k, a) in places.iter().enumerate() {
                assert!(a[..2].iter().zip(size).all(|(x, s)| x.abs() + s / 2.0 < 0.1501), "{a:?}");
                let apart = |b: &[f64; 3]| (0..3).any(|i| (a[i] - b[i]).abs() > size[i] - 1e-12);
                assert!(places[..k].iter().all(apart), "{size:?}: {a:?}");
            }
        }
    }
}
