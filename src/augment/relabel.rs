//! Other goals and other looks: augmentation of what the dynamics do not depend on.

use super::{Augmenter, Samples};
use crate::causal::Replay;
use crate::causal::replay::Hindsight;
use crate::error::Result;
use crate::rng::Rng;
use crate::task::goal::GoalLayout;

/// Replaces the goals by what a later state achieved: goals keep to themselves in every mask, so
/// that this too is an exchange of independent parts (Pitis et al. 2020, section 4).
#[derive(Clone, Debug, PartialEq)]
pub struct GoalRelabel {
    /// How goal arrays stand to the states of the replay's scene.
    pub goals: GoalLayout,
    /// Whose outcome becomes the goal.
    pub hindsight: Hindsight,
}

impl Augmenter for GoalRelabel {
    fn name(&self) -> &'static str {
        "goal_relabel"
    }

    fn augment(
        &mut self,
        replay: &Replay,
        count: usize,
        rng: &mut Rng,
        out: &mut Samples,
    ) -> Result<usize> {
        let layout = replay.layout();
        let mut goals = vec![0.0; layout.goal_width()];
        for row in replay.sample(count, rng)? {
            let t = replay.in_hindsight(row, &self.goals, self.hindsight, rng)?;
            layout.check(&t.before)?;
            layout.write_goals(&t.before, &mut goals);
            out.push(replay, &[row], &vec![0; layout.bodies()]);
            out.set_goals(out.len() - 1, &goals);
        }
        Ok(count)
    }
}

/// Gives everything another colour: what is seen changes, and nothing else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VisualRelabel;

impl Augmenter for VisualRelabel {
    fn name(&self) -> &'static str {
        "visual_relabel"
    }

    fn augment(
        &mut self,
        replay: &Replay,
        count: usize,
        rng: &mut Rng,
        out: &mut Samples,
    ) -> Result<usize> {
        let bodies = replay.layout().bodies();
        for row in replay.sample(count, rng)? {
            out.push(replay, &[row], &vec![0; bodies]);
            let color = || [rng.unit(), rng.unit(), rng.unit()];
            out.set_colors(out.len() - 1, color);
        }
        Ok(count)
    }
}
