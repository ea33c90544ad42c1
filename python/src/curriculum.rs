//! Worlds of protocols, and what an agent may choose to set.

use numpy::{PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use trifactor::curriculum::Choice;
use trifactor::vec_env::VecEnv;

use crate::convert::curriculum::{self, reason, space};
use crate::env::NativeEnv;
use crate::errors::{shape_error, to_python};
use crate::vector::NativeVecEnv;

/// Begins the episode of a protocol's world.
#[pyfunction]
pub(crate) fn begin_world(env: &NativeEnv, world: &str) -> PyResult<()> {
    env.change(|env| curriculum::begin(env, world))
}

/// Makes the interventions of a protocol's world that are due; whether there was one.
#[pyfunction]
pub(crate) fn follow_world(env: &NativeEnv, world: &str) -> PyResult<bool> {
    env.change(|env| curriculum::follow(env, world))
}

/// What an agent may choose to set; `AgentInterventionWrapper` says what each call means.
#[pyclass(frozen, module = "trifactor._trifactor")]
pub(crate) struct NativeChoice {
    choice: Choice,
}

#[pymethods]
impl NativeChoice {
    #[new]
    fn new(env: &NativeEnv, space: &str, globs: Vec<String>) -> PyResult<Self> {
        let choice = Choice::new(&env.read()?.env, self::space(space)?, &globs);
        let choice = choice.map_err(to_python)?;
        Ok(Self { choice })
    }

    fn variables(&self) -> Vec<(String, usize)> {
        self.choice.variables().to_vec()
    }

    /// Makes the intervention that the numbers choose; the reason where it was refused.
    fn act(
        &self,
        py: Python<'_>,
        env: &NativeEnv,
        numbers: PyReadonlyArray1<'_, f64>,
    ) -> PyResult<Option<Py<PyAny>>> {
        let numbers = numbers.as_array().to_vec();
        env.change(|env| reason(py, self.choice.act(env, &numbers)))
    }

    /// The same in every world that is wanted; the reasons where they were refused.
    fn act_each(
        &self,
        py: Python<'_>,
        envs: &NativeVecEnv,
        numbers: PyReadonlyArray2<'_, f64>,
        wanted: Vec<bool>,
    ) -> PyResult<Vec<Option<Py<PyAny>>>> {
        let rows: Vec<Vec<f64>> =
            numbers.as_array().rows().into_iter().map(|row| row.to_vec()).collect();
        envs.change(|worlds| self.act_in(py, worlds, &rows, &wanted))
    }
}

impl NativeChoice {
    fn act_in(
        &self,
        py: Python<'_>,
        worlds: &mut VecEnv,
        rows: &[Vec<f64>],
        wanted: &[bool],
    ) -> PyResult<Vec<Option<Py<PyAny>>>> {
        if rows.len() != worlds.len() || wanted.len() != worlds.len() {
            let expected = format!("{} rows", worlds.len());
            return Err(shape_error("choices", &expected, rows.len().to_string()));
        }
        let choice = &self.choice;
        let outcomes = py.detach(|| {
            worlds.in_each(|world, env| match wanted[world] {
                true => choice.act(env, &rows[world]),
                false => Ok(()),
            })
        });
        let outcomes = outcomes.map_err(to_python)?;
        outcomes.into_iter().map(|outcome| reason(py, outcome)).collect()
    }
}
