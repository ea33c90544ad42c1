//! What a step is worth that this environment did not take itself.

use super::{Env, tips_of};
use crate::error::Result;
use crate::task::overlap::Overlap;
use crate::world::State;

/// How a step stands to the task.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Worth {
    /// The reward, already multiplied by the step's seconds.
    pub reward: f64,
    /// How much of the goal the state after achieves, 0 to 1.
    pub fractional_success: f64,
    /// Whether the state after reaches the goal.
    pub success: bool,
    /// Whether the task ends the episode there.
    pub terminated: bool,
}

impl Env {
    /// How much of the goal the present state achieves, 0 to 1, by either figure.
    pub fn fractional_success(&self, overlap: Overlap) -> f64 {
        match overlap == self.config.overlap {
            true => self.outcome.fractional_success,
            false => self.task.outcome(&self.state, &self.tips, overlap).fractional_success,
        }
    }

    /// What a step from one state to another is worth: what [`Env::step`] pays for it.
    ///
    /// # Errors
    /// In a goal-conditioned environment, where the states' scene is not the present one.
    pub fn worth(&self, before: &State, after: &State) -> Result<Worth> {
        let tips = [tips_of(before), tips_of(after)];
        let outcome = self.task.outcome(after, &tips[1], self.config.overlap);
        let reward = if self.config.goal_conditioned {
            let goals = self.goal_layout();
            let (mut achieved, mut desired) = (vec![0.0; goals.len()], vec![0.0; goals.len()]);
            goals.achieved(after, &tips[1], &mut achieved)?;
            goals.desired(after, &mut desired)?;
            self.goal_reward().reward_of_own(&achieved, &desired)
        } else {
            let terms = self.task.terms(before, after, [&tips[0], &tips[1]]);
            self.task.reward(&terms, &outcome) * self.dt()
        };
        Ok(Worth {
            reward,
            fractional_success: outcome.fractional_success,
            success: outcome.success,
            terminated: self.task.terminated(before, after),
        })
    }
}
