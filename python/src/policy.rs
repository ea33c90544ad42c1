//! Policies without learning, as `trifactor.policies` drives them.

use std::path::PathBuf;

use numpy::{PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use trifactor::Error;
use trifactor::agent::{self, BuiltIn, Network};
use trifactor::space::BoxSpace;

use crate::convert::names;
use crate::env::NativeEnv;
use crate::errors::to_python;
use crate::guarded::Guarded;
use crate::state::State;

/// A function and its arguments, which make an object again.
type Made<'py> = (Bound<'py, PyAny>, (Bound<'py, PyBytes>,));

/// A policy of `trifactor::agent` for one world.
#[pyclass(frozen, module = "trifactor._trifactor")]
pub(crate) struct NativePolicy {
    policy: Guarded<BuiltIn>,
}

#[pymethods]
impl NativePolicy {
    #[new]
    fn new(env: &NativeEnv, name: &str) -> PyResult<Self> {
        let policy = BuiltIn::new(name, &env.read()?.env).map_err(to_python)?;
        Ok(Self { policy: Guarded::new("policy", policy) })
    }

    /// The environment's action in a state; the first of an episode forgets what was before.
    fn act<'py>(&self, py: Python<'py>, state: &State) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let policy = &mut *self.policy.write()?;
        let mut action = [0.0; 9];
        let acted = py.detach(|| {
            if state.inner.step == 0 {
                policy.reset();
            }
            policy.act(&state.inner, &mut action)
        });
        acted.map_err(to_python)?;
        Ok(PyArray1::from_slice(py, &action))
    }

    /// Forgets what was before.
    fn reset(&self) -> PyResult<()> {
        self.policy.write()?.reset();
        Ok(())
    }

    /// What it remembers of the episode, as JSON.
    fn memory(&self) -> PyResult<String> {
        self.policy.read()?.memory().map_err(to_python)
    }

    /// Remembers what `memory` of another one gave.
    fn recall(&self, memory: &str) -> PyResult<()> {
        self.policy.write()?.recall(memory).map_err(to_python)
    }
}

/// The names of the policies without learning.
#[pyfunction]
pub(crate) fn policy_names() -> Vec<&'static str> {
    agent::NAMES.to_vec()
}

/// What fills the goals, as an intervention.
#[pyfunction]
pub(crate) fn partial_solution<'py>(
    py: Python<'py>,
    env: &NativeEnv,
) -> PyResult<Bound<'py, PyDict>> {
    let inner = env.read()?;
    let env = &inner.env;
    names::values_to_python(py, env, env.family().partial_solution(env.state()).values)
}

/// A network from a file of safetensors.
#[pyclass(frozen, module = "trifactor._trifactor")]
pub(crate) struct NativeNetwork {
    network: Network,
    content: Vec<u8>,
}

#[pymethods]
impl NativeNetwork {
    #[new]
    fn new(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let read = || std::fs::read(&path);
        let content = py.detach(read).map_err(|error| {
            let (path, reason) = (path.display().to_string(), error.to_string());
            to_python(Error::File { path, reason })
        })?;
        Self::from_bytes(content)
    }

    /// The network of a file's contents.
    #[staticmethod]
    fn from_bytes(content: Vec<u8>) -> PyResult<Self> {
        let network = Network::from_bytes(&content).map_err(to_python)?;
        Ok(Self { network, content })
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Made<'py>> {
        let made = py.get_type::<Self>().getattr("from_bytes")?;
        Ok((made, (PyBytes::new(py, &self.content),)))
    }

    /// How many numbers an observation has.
    fn takes(&self) -> usize {
        self.network.takes()
    }

    /// The actions for observations, a row each, within bounds.
    fn act<'py>(
        &self,
        py: Python<'py>,
        observations: PyReadonlyArray2<'_, f64>,
        low: [f64; 9],
        high: [f64; 9],
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let rows: Vec<Vec<f64>> =
            observations.as_array().rows().into_iter().map(|row| row.to_vec()).collect();
        let bounds = BoxSpace::new(low, high);
        let chosen = py.detach(|| {
            rows.iter().map(|row| self.network.act(row, &bounds)).collect::<Result<Vec<_>, _>>()
        });
        let chosen: Vec<f64> = chosen.map_err(to_python)?.into_iter().flatten().collect();
        PyArray1::from_vec(py, chosen).reshape([rows.len(), 9])
    }
}
