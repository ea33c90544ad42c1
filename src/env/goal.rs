//! Goals as arrays, and observations of one's own.

use super::Env;
use super::observation::Feature;
use super::shown::Shown;
use crate::error::{Error, Result};
use crate::task::goal::{GoalLayout, GoalReward};

impl Env {
    /// Which numbers are achieved and desired in the present scene.
    pub fn goal_layout(&self) -> &GoalLayout {
        &self.shown.goals
    }

    /// What a goal array is worth: the reward of a goal-conditioned environment, and a pure
    /// function of what is achieved and desired.
    ///
    /// With a task of your own it is still the reward of the family that the task stands on.
    pub fn goal_reward(&self) -> GoalReward {
        let (overlap, seconds) = (self.config.overlap, self.dt());
        GoalReward::new(self.family().reward(), overlap, seconds, &self.shown.goals)
    }

    /// Writes what is achieved in the present state, [`GoalLayout::len`] numbers.
    ///
    /// # Errors
    /// [`Error::Shape`] for another length.
    pub fn achieved_goal(&self, out: &mut [f64]) -> Result<()> {
        self.shown.goals.achieved(&self.state, &self.tips, out)
    }

    /// Writes what is desired in the present state, [`GoalLayout::len`] numbers.
    ///
    /// # Errors
    /// [`Error::Shape`] for another length.
    pub fn desired_goal(&self, out: &mut [f64]) -> Result<()> {
        self.shown.goals.desired(&self.state, out)
    }

    /// The reward of the present state's goals, computed from the arrays that agents see.
    pub(super) fn reward_of_goal(&self) -> Result<f64> {
        let length = self.shown.goals.len();
        let (mut achieved, mut desired) = (vec![0.0; length], vec![0.0; length]);
        self.achieved_goal(&mut achieved)?;
        self.desired_goal(&mut desired)?;
        Ok(self.goal_reward().reward_of_own(&achieved, &desired))
    }

    /// Appends numbers of your own to every later observation.
    ///
    /// It is no part of the [`Config`](super::Config): a copy made from that lacks it.
    ///
    /// ```
    /// use trifactor::env::observation::Feature;
    /// use trifactor::{Config, Env, State};
    ///
    /// # fn main() -> trifactor::Result<()> {
    /// let mut env = Env::new(Config::new("pushing"))?;
    /// let height = |state: &State, out: &mut [f64]| out[0] = state.blocks[0].position[2];
    /// env.add_feature(Feature::new("height", [0.0], [0.5], height)?)?;
    /// assert_eq!(env.observation_names().last().map(String::as_str), Some("height"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::UnknownName`] where the observation has a key of that name already.
    pub fn add_feature(&mut self, feature: Feature) -> Result<()> {
        let name = feature.name().to_string();
        if self.image_shape().is_some() {
            let reason = "numbers of one's own do not fit among images";
            return Err(Error::Setting { name: "feature", value: name, reason });
        }
        if self.shown.observation.keys().any(|(key, _)| key == name) {
            let known = "any name that the observation does not have yet".to_string();
            return Err(Error::UnknownName { what: "feature", name, known });
        }
        let features = [&self.features[..], &[feature]].concat();
        let shown = |state| Shown::of(self.family(), &self.config, &features, state);
        let (starting, present) = (shown(&self.starting)?, shown(&self.state)?);
        (self.starting_shown, self.shown, self.features) = (starting, present, features);
        Ok(())
    }
}
