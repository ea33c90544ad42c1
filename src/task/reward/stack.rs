//! The dense terms of stacking two blocks.

use super::measure::{block, goal, joint_velocity_change, norm, offset, tips_to_block};
use crate::robot::Nine;
use crate::world::State;

/// The first block counts as in place where it is nearer to its goal than this, m (facts 5.6).
const POSITIONED: f64 = 0.02;
/// The second block is lifted until it stands above the first to within this, m (facts 5.6).
const ABOVE: f64 = 0.005;

/// Tips to the block that is next, the first to its goal, the second up, the second over the
/// first, steadiness (facts 5.6, stacking2).
///
/// Which terms pay is decided by the state after the step.
pub(super) fn stacking2(before: &State, after: &State, tips: [&Nine; 2]) -> [f64; 5] {
    let (first, goals) = (block(after, 0), [goal(after, 0), goal(after, 1)]);
    let to_goal = |state: &State| norm(offset(&block(state, 0).position, &goal(state, 0).position));
    let apart =
        |state: &State| norm(offset(&block(state, 0).position, &block(state, 1).position).take(2));
    let height = |state: &State| (block(state, 1).position[2] - goal(state, 1).position[2]).abs();
    let nearer = |of: &dyn Fn(&State) -> f64| of(before) - of(after);

    let positioned = norm(offset(&first.position, &goals[0].position)) < POSITIONED;
    let next = usize::from(positioned);
    let approach =
        tips_to_block(tips[0], &block(before, next)) - tips_to_block(tips[1], &block(after, next));
    let lift = positioned && apart(after) >= ABOVE;
    let over = positioned && block(after, 1).position[2] > goals[1].position[2];
    [
        approach,
        if positioned { 0.0 } else { nearer(&to_goal) },
        if lift { nearer(&height) } else { 0.0 },
        if over { nearer(&apart) } else { 0.0 },
        -joint_velocity_change(before, after),
    ]
}
