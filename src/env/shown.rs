//! What an environment shows of the states of one scene: the observation, and goals as arrays.

use super::Config;
use super::observation::{Feature, Layout, Plan};
use crate::error::{Error, Result};
use crate::task::Family;
use crate::task::goal::GoalLayout;
use crate::world::State;

#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub(super) observation: Layout,
    pub(super) goals: GoalLayout,
}

impl Shown {
    /// What is shown of the scene that an environment starts with; refuses what can not be meant.
    pub(super) fn first(family: &Family, config: &Config, state: &State) -> Result<Self> {
        Plan { family, config, features: &[] }.check(state)?;
        Self::of(family, config, &[], state)
    }

    /// What is shown of a state's scene.
    ///
    /// # Errors
    /// [`Error::OtherWorld`] where it lacks what the family's rules speak of, such as a goal.
    pub(super) fn of(
        family: &Family,
        config: &Config,
        features: &[Feature],
        state: &State,
    ) -> Result<Self> {
        let (rules, most) = (family.reward().rules, config.max_blocks);
        if let Some(reason) = rules.lacks(&state.scene) {
            return Err(Error::OtherWorld { reason });
        }
        Ok(Self {
            observation: Plan { family, config, features }.layout(state)?,
            goals: GoalLayout::new(rules, &state.scene, most)?,
        })
    }

    /// Whether a state has the blocks and goals that this was made for.
    pub(super) fn fits(&self, state: &State) -> bool {
        self.observation.fits(state)
    }
}
