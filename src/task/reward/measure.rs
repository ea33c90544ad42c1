//! What the terms of several families measure.

use crate::math::{self, Quat, Triple};
use crate::robot::{FINGERS, Nine};
use crate::world::{BlockKind, BlockState, GoalState, State};

/// The movable blocks, in the scene's order.
pub(super) fn movable(state: &State) -> impl Iterator<Item = &BlockState> {
    let blocks = state.scene.blocks.iter().zip(&state.blocks);
    blocks.filter(|(b, _)| b.kind == BlockKind::Movable).map(|(_, block)| block)
}

/// The movable block with that number; one at its default where there is none, so that terms
/// that speak of it do not change.
pub(super) fn block(state: &State, number: usize) -> BlockState {
    movable(state).nth(number).copied().unwrap_or_default()
}

/// The goal with that number; one at its default where there is none.
pub(super) fn goal(state: &State, number: usize) -> GoalState {
    state.goals.get(number).copied().unwrap_or_default()
}

/// The way from one point to another, m.
pub(super) fn offset(from: &Triple, to: &Triple) -> impl Iterator<Item = f64> + use<> {
    let (from, to) = (*from, *to);
    (0..3).map(move |i| to[i] - from[i])
}

/// Root of the sum over the fingers of the squared tip-to-block distances, m.
pub(super) fn tips_to_block(tips: &Nine, block: &BlockState) -> f64 {
    norm((0..tips.len()).map(|i| tips[i] - block.position[i % 3]))
}

/// Norm of what the joint velocities changed by, rad/s.
///
/// Pick and place of the reference compares with the velocities at the reset (facts 12, item 25).
pub(super) fn joint_velocity_change(before: &State, after: &State) -> f64 {
    let velocities = after.robot.joint_velocities.iter();
    norm(velocities.zip(&before.robot.joint_velocities).map(|(v, u)| v - u))
}

/// The coordinates of the first three goals less those of the tips, m.
pub(super) fn tip_errors(state: &State, tips: &Nine) -> impl Iterator<Item = f64> {
    let wanted = state.goals.iter().take(FINGERS).flat_map(|goal| goal.position);
    wanted.zip(tips).map(|(goal, tip)| goal - tip)
}

pub(super) fn norm(components: impl Iterator<Item = f64>) -> f64 {
    components.map(|x| x * x).sum::<f64>().sqrt()
}

/// The angle of the rotation between two attitudes, in \[0, π\] rad: 2 acos |w|.
///
/// The reference leaves out the absolute value, so that a quaternion and its negative, which are
/// the same attitude, differ by up to 2π (facts 5.6, 12 item 24).
pub fn rotation_angle(a: Quat, b: Quat) -> f64 {
    let difference = math::rotation(a).inverse() * math::rotation(b);
    // The arc tangent keeps full accuracy at small angles, where the arc cosine loses half.
    2.0 * math::atan2(math::norm(&difference.imag()), difference.w.abs())
}
