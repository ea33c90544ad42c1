//! The goals as one tower: what `goal_tower` reads and sets.
//!
//! Its position is x and y of the axis and, as the reference has it, one block's height for z:
//! the centre of the k-th goal from below stands at k + ½ of these heights (facts 5.4). The
//! reference sets the position alone where both are given, and reads back another height and no
//! rotation; here both are set and read (facts 12, item 9).

use crate::math::{IDENTITY, Quat, Triple};
use crate::world::State;

/// Axis and height of one block, m, as the lowest goal tells them.
pub(super) fn position(state: &State) -> Triple {
    let [x, y, z] = state.goals.first().map_or([0.0; 3], |goal| goal.position);
    [x, y, 2.0 * z]
}

/// The rotation of the lowest goal.
pub(super) fn orientation(state: &State) -> Quat {
    state.goals.first().map_or(IDENTITY, |goal| goal.orientation)
}

/// Puts the goals above each other.
pub(super) fn place(state: &mut State, [x, y, height]: Triple) {
    for (k, goal) in state.goals.iter_mut().enumerate() {
        goal.position = [x, y, (k as f64 + 0.5) * height];
    }
}

/// Turns the goals, each about its centre.
pub(super) fn turn(state: &mut State, orientation: Quat) {
    for goal in &mut state.goals {
        goal.orientation = orientation;
    }
}
