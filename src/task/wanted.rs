//! What is wanted, as the environment asks for it.

use super::Family;
use super::overlap::Overlap;
use super::reward::{Outcome, Terms};
use crate::error::Result;
use crate::intervention::Intervention;
use crate::robot::Nine;
use crate::variable::Subspace;
use crate::world::State;

/// What is wanted in a world: how goals are drawn, what a step is worth, when it is done.
///
/// A [`Family`] is a task by itself. A task of your own stands on a family, which gives it scene,
/// start, variables and observation, and says otherwise what it wants otherwise. Every method must
/// be a function of its arguments: then the same seed gives the same run.
pub trait Task: Send + Sync {
    /// The family that the task stands on.
    fn family(&self) -> &Family;

    /// New goals for a state, an intervention that is not yet applied; by default the family's.
    ///
    /// Draw from [`Rng::at_step`](crate::rng::Rng::at_step) with the state's seed, episode and
    /// step and a name of your own, so that no other draw moves.
    ///
    /// # Errors
    /// Where the state has no such goals.
    fn sample_goal(&self, state: &State, subspace: Subspace) -> Result<Intervention> {
        self.family().sample_goal(state, subspace)
    }

    /// The raw terms of a step, always with the same names; by default the family's.
    ///
    /// `tips` are the fingertips of the two states, world frame, m.
    fn terms(&self, before: &State, after: &State, tips: [&Nine; 2]) -> Terms {
        self.family().reward().rules.terms(before, after, tips[0], tips[1])
    }

    /// How near a state is to its goal; by default as the family's rules say.
    fn outcome(&self, state: &State, tips: &Nine, overlap: Overlap) -> Outcome {
        self.family().reward().rules.outcome(state, tips, overlap)
    }

    /// What a step pays per second; by default the family's weights on terms and outcome.
    fn reward(&self, terms: &Terms, outcome: &Outcome) -> f64 {
        self.family().reward().pay(terms, outcome)
    }

    /// Whether a step ends the episode; by default never.
    fn terminated(&self, _before: &State, _after: &State) -> bool {
        false
    }
}

impl Task for Family {
    fn family(&self) -> &Family {
        self
    }
}
