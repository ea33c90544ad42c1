//! An environment with what is recorded of it.

use pyo3::prelude::*;
use trifactor::Error;
use trifactor::env::Env;
use trifactor::env::observation::Number;
use trifactor::space::BoxSpace;

use crate::convert::numbers::{self, Write};
use crate::convert::picture::Painter;
use crate::convert::recording::Recording;

/// An environment, and what beside it outlives a call.
pub(crate) struct Inner {
    pub(crate) env: Env,
    /// What its actions lie in.
    pub(super) actions: BoxSpace,
    pub(super) recording: Option<Recording>,
    pub(super) painter: Painter,
}

impl Inner {
    /// Resets, and records it where that was asked for.
    pub(super) fn reset(&mut self, seed: Option<u64>) -> trifactor::Result<()> {
        self.env.reset(seed);
        match &mut self.recording {
            Some(recording) => recording.recorder.reset(0, &self.env),
            None => Ok(()),
        }
    }

    /// Steps, and records it where that was asked for.
    pub(super) fn step(&mut self, action: &[f64]) -> trifactor::Result<trifactor::Step> {
        if let Some(recording) = &mut self.recording
            && self.env.has_begun()
        {
            recording.recorder.before(0, &self.env)?;
        }
        let step = self.env.step(action)?;
        if let Some(recording) = &mut self.recording {
            recording.recorder.step(0, &self.env, action, &step)?;
        }
        Ok(step)
    }

    /// The observation, in a new array of the type that numpy calls `kind`.
    pub(super) fn observation<'py>(
        &self,
        py: Python<'py>,
        kind: &str,
    ) -> PyResult<Bound<'py, PyAny>> {
        numbers::array(py, kind, self.env.observation_len(), Observe(&self.env))
    }
}

struct Observe<'a>(&'a Env);

impl Write for Observe<'_> {
    fn write<T: Number + Send>(self, numbers: &mut [T]) -> Result<(), Error> {
        self.0.observe(numbers)
    }
}
