//! Reaching by inverse kinematics.

use super::Policy;
use super::motion::{joints, leading, tips};
use crate::robot::Nine;
use crate::world::State;

/// Moves each fingertip to the goal of its finger.
#[derive(Clone, Copy, Debug, Default)]
pub struct ScriptedReach;

impl Policy for ScriptedReach {
    fn reset(&mut self) {}

    fn act(&mut self, state: &State, action: &mut Nine) {
        let mut aims = tips(state);
        for (aim, goal) in aims.iter_mut().zip(&state.goals) {
            *aim = goal.position;
        }
        *action = leading(state, &joints(state, &aims), &[0.0; 9]);
    }
}
