//! Who intervenes from outside the dynamics: at the start of episodes and after control steps.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use serde_json::Value;

use super::{Env, Step};
use crate::error::{Error, Result};
use crate::intervention::Event;

/// Intervenes on an environment: a curriculum while an agent learns, a protocol's world while it is
/// evaluated.
///
/// What it does should follow from the state (seed, episode, step) and from what it was told of
/// earlier steps of the same environment, so that world i of a batch is what it is alone.
pub trait Director: Send + Sync {
    /// Called at the start of every episode, after the reset.
    fn begin(&mut self, env: &mut Env);

    /// Called after every control step, when its reward is paid and before it is observed; whether
    /// anything was changed.
    fn follow(&mut self, env: &mut Env, step: &Step) -> bool;

    /// Another of its kind for another environment, as if nothing had happened yet.
    fn another(&self) -> Box<dyn Director>;

    /// Its document, from which one of its kind can be made; or the name of what in it is code,
    /// which no document holds.
    ///
    /// # Errors
    /// The name, as in [`Description::code`](super::Description::code): `curriculum: my_actor`.
    fn document(&self) -> std::result::Result<Value, String> {
        Err("director".to_string())
    }

    /// What it has learned since it began: what another of its kind must know to go on as it does.
    fn progress(&self) -> Value {
        Value::Null
    }

    /// Goes on from what [`Director::progress`] of one of its kind said.
    ///
    /// # Errors
    /// [`Error::Malformed`] where it is of another kind.
    fn resume(&mut self, _progress: &Value) -> Result<()> {
        Ok(())
    }

    /// What it tried since this was asked last.
    fn take_events(&mut self) -> Vec<Event> {
        Vec::new()
    }

    /// Why it could not do its work, once; a refused intervention is no failure.
    fn take_failure(&mut self) -> Option<Error> {
        None
    }
}

impl Env {
    /// From now on lets somebody intervene, or nobody.
    ///
    /// A director begins with the next reset. Step and info are those of the dynamics: reward,
    /// success and reward terms are what they were before it intervened, observation and goals
    /// what they are after.
    pub fn set_director(&mut self, director: Option<Box<dyn Director>>) {
        self.director = director;
    }

    /// What the director tried since this was asked last.
    pub fn take_events(&mut self) -> Vec<Event> {
        self.director.as_mut().map_or_else(Vec::new, |director| director.take_events())
    }

    /// Why the director could not do its work, once.
    pub fn take_failure(&mut self) -> Option<Error> {
        self.director.as_mut()?.take_failure()
    }

    pub(super) fn begin_directed(&mut self) {
        self.directed(|director, env| director.begin(env));
    }

    /// Whether the director changed anything after the step.
    pub(super) fn follow_directed(&mut self, step: &Step) -> bool {
        let (terms, outcome) = (self.terms, self.outcome);
        let intervened = self.directed(|director, env| director.follow(env, step));
        if intervened == Some(true) {
            (self.terms, self.outcome) = (terms, outcome);
        }
        intervened == Some(true)
    }

    fn directed<R>(&mut self, work: impl FnOnce(&mut dyn Director, &mut Self) -> R) -> Option<R> {
        let mut director = self.director.take()?;
        let done = catch_unwind(AssertUnwindSafe(|| work(director.as_mut(), self)));
        // A panic in it must not leave the environment without it, unseen.
        self.director = Some(director);
        match done {
            Ok(done) => Some(done),
            Err(panic) => resume_unwind(panic),
        }
    }
}
