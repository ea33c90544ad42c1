//! Environments that share what they are made of, as the worlds of a batch do.

use std::sync::Arc;

use super::episode::check_state;
use super::pixels::Pictures;
use super::shown::Shown;
use super::{Config, Env};
use crate::error::{Error, Result};
use crate::intervention::Tracker;
use crate::world::{State, World};

impl Env {
    /// Another environment of the same configuration, task, features and starting state, before
    /// its first reset, and without a director.
    ///
    /// It shares task and scene with this one, so it is cheap to make and small; nothing that
    /// either does is seen by the other.
    ///
    /// # Errors
    /// None for an environment that could be made; those of [`World::new`].
    pub fn twin(&self) -> Result<Self> {
        let world = World::new(self.config.physics, self.config.skip_frame)?;
        let (starting, shown) = (self.starting.clone(), self.starting_shown.clone());
        let tips = super::tips_of(&starting);
        Ok(Self {
            config: Config::clone(&self.config),
            task: Arc::clone(&self.task),
            world,
            features: self.features.clone(),
            outcome: self.task.outcome(&starting, &tips, self.config.overlap),
            starting_shown: shown.clone(),
            shown,
            pictures: self.twin_of_pictures(&starting),
            state: starting.clone(),
            before: starting.clone(),
            starting,
            tips,
            terms: None,
            ready: false,
            director: None,
            fixed: self.fixed,
            tracker: Tracker::default(),
            beside: self.beside.clone(),
        })
    }

    /// The pictures of the starting state.
    fn twin_of_pictures(&self, starting: &State) -> Option<Pictures> {
        let mut pictures = self.pictures.clone()?;
        pictures.follow(starting);
        Some(pictures)
    }

    /// As [`Env::twin`], with actions in physical units whatever this one's are in.
    ///
    /// # Errors
    /// As [`Env::twin`].
    pub fn twin_in_units(&self) -> Result<Self> {
        let mut twin = self.twin()?;
        twin.config.normalize_actions = false;
        Ok(twin)
    }

    /// Whether [`Env::set_state`] would take a state; nothing changes.
    ///
    /// # Errors
    /// Those of [`Env::set_state`].
    pub fn check_state(&self, state: &State) -> Result<()> {
        self.check_world(state)?;
        check_state(&self.starting, self.world.physics(), state)?;
        if self.shown.fits(state) { Ok(()) } else { self.shown_of(state).map(drop) }
    }

    /// From now on refuses what would change how many numbers an observation or a goal array has.
    pub(crate) fn fix_lengths(&mut self) {
        self.fixed = Some([self.shown.observation.len(), self.shown.goals.len()]);
    }

    /// Makes the environment usable again after a panic in it; it needs a reset then, which begins
    /// the same episode once more.
    pub(crate) fn recover(&mut self) -> Result<()> {
        self.ready = false;
        self.world = World::new(self.config.physics, self.config.skip_frame)?;
        Ok(())
    }

    pub(super) fn check_fixed(&self, shown: &Shown) -> Result<()> {
        let Some([observation, goals]) = self.fixed else { return Ok(()) };
        let refuse = |what, found, expected| Err(Error::OutOfBatch { what, found, expected });
        if shown.observation.len() != observation {
            return refuse("observation", shown.observation.len(), observation);
        }
        // Goals are no part of what other environments show.
        if self.config.goal_conditioned && shown.goals.len() != goals {
            return refuse("goals", shown.goals.len(), goals);
        }
        Ok(())
    }
}
