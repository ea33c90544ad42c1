//! The dense terms of the families with one block: pushing, picking, pick and place.

use super::measure::{
    block, goal, joint_velocity_change, norm, offset, rotation_angle, tips_to_block,
};
use crate::math::Triple;
use crate::robot::{FINGERS, Nine};
use crate::world::State;

/// How high a block is carried over the barrier, m (facts 5.6).
const CARRYING_HEIGHT: f64 = 0.15;

/// What came nearer: tips to block, block to goal, rotation (facts 5.6, pushing).
pub(super) fn pushing(before: &State, after: &State, tips: [&Nine; 2]) -> [f64; 3] {
    let of = |state: &State, tips: &Nine| {
        let (block, goal) = (block(state, 0), goal(state, 0));
        [
            tips_to_block(tips, &block),
            norm(offset(&block.position, &goal.position)),
            rotation_angle(block.orientation, goal.orientation),
        ]
    };
    progress(of(before, tips[0]), of(after, tips[1]))
}

/// Height, distance from the axis, tips, in pairs of progress and distance; then how near the
/// two nearest fingers are, and how steady the joints (facts 5.6, picking).
pub(super) fn picking(before: &State, after: &State, tips: [&Nine; 2]) -> [f64; 8] {
    let of = |state: &State, tips: &Nine| {
        let (block, goal) = (block(state, 0), goal(state, 0));
        let [x, y, z] = block.position;
        [(z - goal.position[2]).abs(), norm([x, y].into_iter()), tips_to_block(tips, &block)]
    };
    let later = of(after, tips[1]);
    let [height, axis, tips_nearer] = progress(of(before, tips[0]), later);
    [
        height,
        -later[0],
        axis,
        -later[1],
        tips_nearer,
        -later[2],
        -two_nearest(after, tips[1]),
        -joint_velocity_change(before, after),
    ]
}

/// Sum of the two smallest mean distances of a finger's coordinates to the block's, m, where a
/// coordinate nearer than the block is large counts as nothing.
fn two_nearest(state: &State, tips: &Nine) -> f64 {
    let block = block(state, 0);
    let mean = |finger: usize| {
        let apart = |i: usize| {
            let apart = (tips[3 * finger + i] - block.position[i]).abs();
            if apart < block.size[i] { 0.0 } else { apart }
        };
        (apart(0) + apart(1) + apart(2)) / 3.0
    };
    let means: [f64; FINGERS] = std::array::from_fn(mean);
    means.iter().sum::<f64>() - means.into_iter().fold(f64::NEG_INFINITY, f64::max)
}

/// Tips, way over the floor, height, rotation came nearer; steadiness (facts 5.6, pick_and_place).
///
/// The height wanted is the carrying height while block and goal stand on different sides of the
/// barrier, and the goal's own where they stand on one.
pub(super) fn pick_and_place(before: &State, after: &State, tips: [&Nine; 2]) -> [f64; 5] {
    let (now, wanted) = (block(after, 0), goal(after, 0));
    let across = side(&now.position) != side(&wanted.position);
    let height = if across { CARRYING_HEIGHT } else { 0.5 * wanted.size[2] };
    let of = |state: &State, tips: &Nine| {
        let (block, goal) = (block(state, 0), goal(state, 0));
        [
            tips_to_block(tips, &block),
            norm(offset(&block.position, &goal.position).take(2)),
            (block.position[2] - height).abs(),
            rotation_angle(block.orientation, goal.orientation),
        ]
    };
    let [tips, way, height, rotation] = progress(of(before, tips[0]), of(after, tips[1]));
    [tips, way, height, rotation, -joint_velocity_change(before, after)]
}

/// The side of the barrier: the sign of y, or 0.
fn side(position: &Triple) -> i8 {
    i8::from(position[1] > 0.0) - i8::from(position[1] < 0.0)
}

/// By how much each distance shrank.
fn progress<const N: usize>(before: [f64; N], after: [f64; N]) -> [f64; N] {
    std::array::from_fn(|i| before[i] - after[i])
}
