//! A batch with what is recorded of it, and its calls that write into numpy's arrays.

use numpy::{PyArray1, PyArrayMethods, PyReadonlyArray2};
use pyo3::prelude::*;
use trifactor::Error;
use trifactor::env::observation::Number;
use trifactor::space::BoxSpace;
use trifactor::vec_env::{Rows, VecEnv};

use crate::convert::numbers::{Write, any_outside, into};
use crate::convert::picture::Painter;
use crate::convert::recording::Recording;
use crate::errors::to_python;

type Array1<'py, T> = Bound<'py, PyArray1<T>>;

/// A batch, and what beside it outlives a call.
pub(super) struct Inner {
    pub(super) worlds: VecEnv,
    pub(super) actions: Vec<f64>,
    /// What the actions of a world lie in.
    pub(super) space: BoxSpace,
    pub(super) painter: Painter,
    pub(super) recording: Option<Recording>,
}

impl Inner {
    /// Resets the worlds of the mask, or all, and records it where that was asked for.
    pub(super) fn reset(
        &mut self,
        py: Python<'_>,
        seeds: &[Option<u64>],
        mask: Option<&[bool]>,
        observations: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let worlds = &mut self.worlds;
        into(observations, Reset { py, worlds, seeds, mask })?;
        match &mut self.recording {
            Some(recording) => {
                recording.recorder.reset_batch(&self.worlds, mask).map_err(to_python)
            }
            None => Ok(()),
        }
    }

    /// Steps every world, and records it where that was asked for; whether an action was outside its
    /// space.
    pub(super) fn step(
        &mut self,
        py: Python<'_>,
        actions: &PyReadonlyArray2<'_, f64>,
        observations: &Bound<'_, PyAny>,
        rewards: &Array1<'_, f64>,
        ended: [&Array1<'_, bool>; 2],
    ) -> PyResult<bool> {
        // Copied, because another thread may write into the array while this one steps.
        self.actions.clear();
        self.actions.extend(actions.as_array().iter());
        let [terminated, truncated] = ended;
        let (mut rewards, mut terminated, mut truncated) =
            (rewards.try_readwrite()?, terminated.try_readwrite()?, truncated.try_readwrite()?);
        let (rewards, terminated, truncated) =
            (rewards.as_slice_mut()?, terminated.as_slice_mut()?, truncated.as_slice_mut()?);
        if let Some(recording) = &mut self.recording {
            recording.recorder.before_batch(&self.worlds).map_err(to_python)?;
        }
        let (worlds, actions) = (&mut self.worlds, &self.actions[..]);
        let flags = (&mut *rewards, &mut *terminated, &mut *truncated);
        into(observations, Step { py, worlds, actions, flags })?;
        if let Some(recording) = &mut self.recording {
            let (recorder, ended) = (&mut recording.recorder, [&*terminated, &*truncated]);
            recorder.step_batch(&self.worlds, actions, rewards, ended).map_err(to_python)?;
        }
        Ok(any_outside(actions, &self.space))
    }

    /// Writes every world's observation.
    pub(super) fn observe(&self, out: &Bound<'_, PyAny>) -> PyResult<()> {
        into(out, Observe(&self.worlds))
    }
}

struct Reset<'a, 'py> {
    py: Python<'py>,
    worlds: &'a mut VecEnv,
    seeds: &'a [Option<u64>],
    mask: Option<&'a [bool]>,
}

impl Write for Reset<'_, '_> {
    fn write<T: Number + Send>(self, numbers: &mut [T]) -> Result<(), Error> {
        let Self { py, worlds, seeds, mask } = self;
        py.detach(|| worlds.reset(seeds, mask, numbers))
    }
}

struct Step<'a, 'py> {
    py: Python<'py>,
    worlds: &'a mut VecEnv,
    actions: &'a [f64],
    flags: (&'a mut [f64], &'a mut [bool], &'a mut [bool]),
}

impl Write for Step<'_, '_> {
    fn write<T: Number + Send>(self, numbers: &mut [T]) -> Result<(), Error> {
        let Self { py, worlds, actions, flags: (rewards, terminated, truncated) } = self;
        let rows = Rows { observations: numbers, rewards, terminated, truncated };
        py.detach(|| worlds.step(actions, rows))
    }
}

struct Observe<'a>(&'a VecEnv);

impl Write for Observe<'_> {
    fn write<T: Number + Send>(self, numbers: &mut [T]) -> Result<(), Error> {
        self.0.observe(numbers)
    }
}
