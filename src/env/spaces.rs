//! What can be asked of an environment without stepping it: spaces, variables, lengths.

use super::observation::Owner;
use super::{Config, Env};
use crate::error::{Error, Result};
use crate::robot::JOINTS;
use crate::space::BoxSpace;
use crate::task::Family;
use crate::variable::Subspace;

/// Refuses an episode that is shorter than a control step; `seconds` is the family's length.
pub(super) fn check_length(config: &Config, seconds: f64, dt: f64) -> Result<()> {
    let refuse = |name, value, reason| Err(Error::Setting { name, value, reason });
    match config.max_episode_length {
        Some(0) => {
            let reason = "must be at least 1 control step, or None for the family's own length";
            refuse("max_episode_length", "0".to_string(), reason)
        }
        None if seconds < dt => {
            let reason = "makes a control step longer than the family's episode; choose a smaller \
                          one, or set max_episode_length";
            refuse("skip_frame", config.skip_frame.to_string(), reason)
        }
        _ => Ok(()),
    }
}

impl Env {
    /// The configuration it was made with, with later changes of the intervention space.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The task family, with its parameters.
    pub fn family(&self) -> &Family {
        self.task.family()
    }

    /// Seconds per control step.
    pub fn dt(&self) -> f64 {
        self.world.dt()
    }

    /// Seconds until an episode is truncated.
    pub fn episode_seconds(&self) -> f64 {
        match self.config.max_episode_length {
            Some(steps) => steps as f64 * self.dt(),
            None => self.family().episode_seconds(&self.state),
        }
    }

    /// Seconds until an episode is truncated, whatever the scene becomes.
    fn longest_episode_seconds(&self) -> f64 {
        match self.config.max_episode_length {
            Some(_) => self.episode_seconds(),
            None => self.family().longest_episode_seconds(),
        }
    }

    /// Control steps until an episode is truncated: the whole part of seconds over dt (facts 5.2).
    pub fn max_episode_length(&self) -> u64 {
        // The allowance keeps a quotient like 10 / 0.04 from falling below its whole number.
        let family = || (self.family().episode_seconds(&self.state) / self.dt() + 1e-9) as u64;
        self.config.max_episode_length.unwrap_or_else(family)
    }

    /// The actions' bounds.
    pub fn action_space(&self) -> BoxSpace {
        if self.config.normalize_actions {
            BoxSpace::new([-1.0; JOINTS], [1.0; JOINTS])
        } else {
            self.config.action_mode.bounds()
        }
    }

    /// How many numbers an observation has.
    pub fn observation_len(&self) -> usize {
        match self.image_shape() {
            Some(shape) => shape.iter().product(),
            None => self.shown.observation.len(),
        }
    }

    /// Whose every number of an observation is; of pixels nothing is said.
    pub fn observation_owners(&self) -> Vec<Owner> {
        self.shown.observation.owners()
    }

    /// The shape of an observation of pixels: images, rows, columns, channels, or images, channels,
    /// rows, columns; `None` where numbers are observed.
    pub fn image_shape(&self) -> Option<[usize; 4]> {
        self.pictures.as_ref().map(|pictures| pictures.pixels().shape())
    }

    /// The largest value of every channel of an observation of pixels, as floats have it.
    pub fn image_highest(&self) -> Option<Vec<f64>> {
        self.pictures.as_ref().map(|pictures| pictures.pixels().highest())
    }

    /// Bounds that every observation keeps: infinite where nothing bounds a number, for nothing is
    /// clipped. [`Layout::space`](super::observation::Layout::space) says which numbers have
    /// finite ones; pixels have.
    pub fn observation_space(&self) -> BoxSpace {
        let Some(pictures) = &self.pictures else {
            let normalized = self.config.normalize_observations;
            return self.shown.observation.space(self.longest_episode_seconds(), normalized);
        };
        let (highest, plane) = (pictures.pixels().highest(), pictures.pixels().plane());
        let of = |number: usize| highest[number / plane % highest.len()];
        let high: Vec<f64> = (0..self.observation_len()).map(of).collect();
        BoxSpace::new(vec![0.0; high.len()], high)
    }

    /// Rows and columns of the entity set that the observation begins with; `None` where it is
    /// none.
    pub fn observation_table(&self) -> Option<[usize; 2]> {
        self.shown.observation.table()
    }

    /// The bounds that values are normalised by; values can leave them.
    pub fn nominal_observation_space(&self) -> BoxSpace {
        if self.pictures.is_some() {
            return self.observation_space();
        }
        self.shown
            .observation
            .nominal_space(self.episode_seconds(), self.config.normalize_observations)
    }

    /// The name of every number of an observation; of pixels, that of every image.
    pub fn observation_names(&self) -> Vec<String> {
        match &self.pictures {
            Some(pictures) => pictures.pixels().names(),
            None => self.shown.observation.names(),
        }
    }

    /// Every variable with its present value, in the reference's order.
    pub fn variables(&self) -> Vec<(String, Vec<f64>)> {
        self.family().variables(&self.state)
    }

    /// Every variable that has a range in a subspace, with the range.
    pub fn space(&self, subspace: Subspace) -> Vec<(String, BoxSpace)> {
        self.family().spaces(&self.state, subspace)
    }

    /// Changes the intervention space in force.
    pub fn set_variables_space(&mut self, subspace: Subspace) {
        self.config.variables_space = subspace;
    }
}
