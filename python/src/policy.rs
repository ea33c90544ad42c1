//! Policies without learning, as `trifactor.policies` drives them.

use numpy::PyArray1;
use pyo3::prelude::*;
use trifactor::agent::{self, Policy};
use trifactor::env::Config;

use crate::env::NativeEnv;
use crate::errors::to_python;
use crate::state::State;

/// A policy of `trifactor::agent` for one world, with what its actions mean there.
#[pyclass(module = "trifactor._trifactor")]
pub(crate) struct NativePolicy {
    policy: Box<dyn Policy + Send + Sync>,
    config: Config,
}

#[pymethods]
impl NativePolicy {
    #[new]
    fn new(env: PyRef<'_, NativeEnv>, name: &str) -> PyResult<Self> {
        let (env, config) = (env.env(), env.env().config().clone());
        agent::action(&config, &env.state().robot.target).map_err(to_python)?;
        Ok(Self { policy: agent::named(name, env).map_err(to_python)?, config })
    }

    /// The environment's action in a state; the first of an episode forgets what was before.
    fn act<'py>(&mut self, py: Python<'py>, state: &State) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let mut joints = state.inner.robot.target;
        py.detach(|| {
            if state.inner.step == 0 {
                self.policy.reset();
            }
            self.policy.act(&state.inner, &mut joints);
        });
        let action = agent::action(&self.config, &joints).map_err(to_python)?;
        Ok(PyArray1::from_slice(py, &action))
    }

    /// Forgets what was before.
    fn reset(&mut self) {
        self.policy.reset();
    }
}
