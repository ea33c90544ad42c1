//! Actors: each says what to set at a moment, and decides nothing else.

mod draws;
mod goal;
mod interpolation;
mod joints;
mod widening;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::env::{Env, Info};
use crate::error::{Error, Result};
use crate::intervention::{Intervention, Request, Shape};
use crate::rng::Rng;
use crate::variable::{Rules, Space};
use crate::world::State;

pub use draws::{Draws, REFERENCE_VARIABLES};
pub use goal::Goal;
pub use interpolation::Interpolation;
pub use joints::Joints;
pub use widening::{Pace, Widening};

/// The first part of the names of all actors' streams.
const PURPOSE: &str = "actor";

/// Intervenes on variables: says what to set when a [`Curriculum`](super::Curriculum) asks it.
///
/// What it says should follow from the moment and from the ends of episodes that it heard of, and
/// be drawn from the moment's streams, so that a world of a batch is what it is alone.
pub trait Actor: Send + Sync {
    /// Its name, for the record of who intervened.
    fn name(&self) -> &str;

    /// What to set now; an empty intervention for nothing.
    ///
    /// # Errors
    /// A refusal, after which it is asked again; or why it can not do its work.
    fn act(&mut self, moment: &mut Moment<'_>) -> Result<Intervention>;

    /// Hears how an episode ended.
    fn hear(&mut self, _end: &Info) {}

    /// What it has learned since it began: what another of its kind must know to go on as it does.
    fn progress(&self) -> Value {
        Value::Null
    }

    /// Goes on from what [`Actor::progress`] of one of its kind said.
    ///
    /// # Errors
    /// [`Error::Malformed`](crate::Error::Malformed) where it is of another kind.
    fn resume(&mut self, _progress: &Value) -> Result<()> {
        Ok(())
    }

    /// Another of its kind, as if nothing had happened yet.
    fn another(&self) -> Box<dyn Actor>;
}

/// What somebody's progress says.
pub(super) fn of_progress<T: DeserializeOwned>(of: &str, progress: &Value) -> Result<T> {
    serde_path_to_error::deserialize(progress).map_err(|error| Error::Malformed {
        what: format!("progress of a {of}"),
        path: error.path().to_string(),
        reason: error.into_inner().to_string(),
    })
}

/// When an actor is asked, and what it may draw from.
pub struct Moment<'a> {
    env: &'a mut Env,
    space: &'a Space,
    attempt: u64,
}

impl<'a> Moment<'a> {
    /// The present of an environment, with the space in force.
    pub(super) fn new(env: &'a mut Env, space: &'a Space, attempt: u64) -> Self {
        Self { env, space, attempt }
    }

    /// The state; seed, episode and step are in it.
    pub fn state(&self) -> &State {
        self.env.state()
    }

    /// What the task family says about variables.
    pub fn rules(&self) -> &Rules {
        self.env.family().rules()
    }

    /// The environment, to be asked.
    pub fn env(&self) -> &Env {
        self.env
    }

    /// The space in force: what lies outside is refused.
    pub fn space(&self) -> &'a Space {
        self.space
    }

    /// How many interventions of the actor were refused at this moment.
    pub fn attempt(&self) -> u64 {
        self.attempt
    }

    /// The stream of that name at this moment and attempt.
    pub fn rng(&self, name: &str) -> Rng {
        let State { seed, episode, step, .. } = *self.state();
        // Attempts lie beyond every step of an episode.
        Rng::at_step(seed, episode, &format!("{PURPOSE}/{name}"), step | self.attempt << 32)
    }

    /// A draw of the chosen variables from a space, or from the one in force.
    ///
    /// # Errors
    /// As [`intervention::draw`](crate::intervention::draw).
    pub fn draw(
        &mut self,
        space: Option<&Space>,
        chosen: &dyn Fn(&str) -> bool,
        shape: Option<Shape<'_>>,
    ) -> Result<Intervention> {
        let (space, attempt) = (space.unwrap_or(self.space), self.attempt);
        self.env.draw(&Request { chosen, attempt, shape, ..Request::new(space, PURPOSE) })
    }

    /// Whether fingers would be in anything in a state.
    fn fingers_stuck(&mut self, state: &State) -> bool {
        !self.env.stuck(state, "robot").is_empty()
    }
}
