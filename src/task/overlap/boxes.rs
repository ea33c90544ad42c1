//! Boxes that hardly overlap each other, as blocks and goals mostly do: volumes added up by pairs.

use super::{Cuboid, share, shared};
use crate::math;

/// Boxes that reach into each other by no more than this touch, m: the rounding of positions.
const TOUCH: f64 = 1e-15;

/// The share of the goals' united volume that the blocks fill, as
/// [`fractional_success`](super::fractional_success); `None` where three goals overlap, or three
/// blocks in a goal. It allocates nothing.
pub(super) fn filled(
    blocks: impl Iterator<Item = Cuboid> + Clone,
    goals: impl Iterator<Item = Cuboid> + Clone,
) -> Option<f64> {
    let (mut filled, mut whole) = (0.0, 0.0);
    for (i, goal) in goals.clone().enumerate() {
        whole += goal.volume();
        filled += filled_of(&blocks, &[&goal])?;
        let others = goals.clone().enumerate().skip(i + 1);
        for (j, other) in others.filter(|(_, other)| !apart(&goal, other)) {
            let both = [&goal, &other];
            if goals.clone().skip(j + 1).any(|third| both.iter().all(|g| !apart(g, &third))) {
                return None;
            }
            whole -= shared(&goal, &[&other]);
            filled -= filled_of(&blocks, &both)?;
        }
    }
    Some(share(filled, whole, goals.clone().next().is_some()).clamp(0.0, 1.0))
}

/// The volume that the blocks fill of what one or two goals have in common, m³.
fn filled_of(blocks: &(impl Iterator<Item = Cuboid> + Clone), goals: &[&Cuboid]) -> Option<f64> {
    let inside = |after: usize| {
        let near = |block: &Cuboid| goals.iter().all(|goal| !apart(block, goal));
        blocks.clone().enumerate().skip(after).filter(move |(_, block)| near(block))
    };
    let mut filled = 0.0;
    for (i, block) in inside(0) {
        filled += shared(&block, goals);
        for (j, other) in inside(i + 1).filter(|(_, other)| !apart(&block, other)) {
            if inside(j + 1).any(|(_, third)| !apart(&third, &block) && !apart(&third, &other)) {
                return None;
            }
            let mut bounds = [&other; 3];
            bounds[1..=goals.len()].copy_from_slice(goals);
            filled -= shared(&block, &bounds[..=goals.len()]);
        }
    }
    Some(filled)
}

/// Whether a face of one of two boxes parts them; two that meet edge to edge may be missed.
fn apart(a: &Cuboid, b: &Cuboid) -> bool {
    if a.far_from(b) {
        return true;
    }
    let between = math::vector(b.center) - math::vector(a.center);
    let (of_a, of_b) = (a.axes(), b.axes());
    of_a.iter().chain(&of_b).any(|axis| {
        let reach = |cuboid: &Cuboid, axes: &[nalgebra::Vector3<f64>; 3]| -> f64 {
            (0..3).map(|i| 0.5 * cuboid.size[i] * axes[i].dot(axis).abs()).sum()
        };
        between.dot(axis).abs() >= reach(a, &of_a) + reach(b, &of_b) - TOUCH
    })
}

#[cfg(test)]
mod tests {
    use super::super::parts_filled;
    use super::*;
    use crate::rng::Rng;

    fn cuboid(rng: &mut Rng, spread: f64) -> Cuboid {
        let mut triple = |most: f64| [(); 3].map(|()| rng.uniform(-most, most));
        let (center, turn) = (triple(spread), triple(3.0));
        Cuboid { center, orientation: math::from_rotation_vector(turn), size: [0.065, 0.05, 0.08] }
    }

    #[test]
    fn pairs_give_the_volume_that_cutting_into_pieces_gives() {
        let (mut rng, mut by_pairs, mut overlapping) = (Rng::stream(7, 0, "boxes"), 0, 0);
        for _ in 0..2000 {
            let [goals, blocks] = [(); 2].map(|()| [(); 3].map(|()| cuboid(&mut rng, 0.08)));
            let pieces = parts_filled(&blocks, &goals);
            if let Some(pairs) = filled(blocks.into_iter(), goals.into_iter()) {
                assert!((pairs - pieces).abs() < 1e-12, "{pairs} {pieces} {blocks:?} {goals:?}");
                by_pairs += 1;
                let meet = |a: usize, b: usize| shared(&goals[a], &[&goals[b], &blocks[0]]) > 0.0;
                overlapping += i32::from(meet(0, 1) || meet(1, 2) || meet(0, 2));
            }
        }
        assert!(by_pairs > 200 && overlapping > 20, "{by_pairs} {overlapping}");
    }

    #[test]
    fn a_goal_on_a_goal_touches_it_and_three_blocks_at_one_place_are_for_the_general_way() {
        let at = |z: f64| Cuboid {
            center: [0.0, 0.0, z],
            orientation: math::IDENTITY,
            size: [0.065; 3],
        };
        let tower: Vec<_> = (0..5).map(|i| at(0.0325 + 0.065 * f64::from(i))).collect();
        assert_eq!(filled(tower.iter().copied(), tower.iter().copied()), Some(1.0));
        let heap = [at(0.0), at(0.01), at(0.02)];
        assert_eq!(filled(heap.into_iter(), [at(0.0)].into_iter()), None);
        assert_eq!(filled([at(0.0)].into_iter(), heap.into_iter()), None);
    }
}
