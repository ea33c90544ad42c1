//! The sprites as Python's `trifactor.sprites` drives them.

use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use trifactor::sprites::{NUMBERS, Reward, SpriteEnv, Sprites, components, step};

use crate::errors::{shape_error, to_python};
use crate::guarded::Guarded;

type Array1<'py, T> = Bound<'py, PyArray1<T>>;

/// State, reward, truncated, mask, components, noise.
type Taken<'py> = (Array1<'py, f64>, f64, bool, Vec<bool>, usize, [f64; 2]);

/// The sprites; `trifactor.sprites.SpriteEnv` says what each call means.
#[pyclass(frozen, module = "trifactor._trifactor")]
pub(crate) struct NativeSprites {
    env: Guarded<SpriteEnv>,
}

#[pymethods]
impl NativeSprites {
    #[new]
    fn new(place: usize, sparse: bool) -> PyResult<Self> {
        let reward = if sparse { Reward::Sparse } else { Reward::Partial };
        let env = SpriteEnv::new(place, reward).map_err(to_python)?;
        Ok(Self { env: Guarded::new("environment", env) })
    }

    #[pyo3(signature = (seed=None))]
    fn reset<'py>(&self, py: Python<'py>, seed: Option<u64>) -> PyResult<Array1<'py, f64>> {
        Ok(PyArray1::from_slice(py, &self.env.write()?.reset(seed).numbers()))
    }

    fn step<'py>(
        &self,
        py: Python<'py>,
        action: PyReadonlyArray1<'_, f64>,
    ) -> PyResult<Taken<'py>> {
        let action = fixed("action", &action)?;
        let taken = self.env.write()?.step(&action).map_err(to_python)?;
        let t = &taken.transition;
        let state = PyArray1::from_slice(py, &t.after.numbers());
        let mask = t.mask.as_flattened().to_vec();
        Ok((state, taken.reward, taken.truncated, mask, components(&t.mask), t.noise))
    }

    /// What `to_json` gave.
    #[staticmethod]
    fn from_json(text: &str) -> PyResult<Self> {
        let env = SpriteEnv::from_json(text).map_err(to_python)?;
        Ok(Self { env: Guarded::new("environment", env) })
    }

    fn to_json(&self) -> PyResult<String> {
        self.env.read()?.to_json().map_err(to_python)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, (String,))> {
        Ok((py.get_type::<Self>().getattr("from_json")?, (self.to_json()?,)))
    }

    fn state<'py>(&self, py: Python<'py>) -> PyResult<Array1<'py, f64>> {
        Ok(PyArray1::from_slice(py, &self.env.read()?.state().numbers()))
    }

    fn set_state(&self, numbers: PyReadonlyArray1<'_, f64>) -> PyResult<()> {
        let numbers: [f64; NUMBERS] = fixed("state", &numbers)?;
        self.env.write()?.set_state(&Sprites::of(&numbers)).map_err(to_python)
    }

    /// What a state, an action and a noise become.
    #[staticmethod]
    fn dynamics<'py>(
        py: Python<'py>,
        state: PyReadonlyArray1<'_, f64>,
        action: PyReadonlyArray1<'_, f64>,
        noise: PyReadonlyArray1<'_, f64>,
    ) -> PyResult<(Array1<'py, f64>, Vec<bool>)> {
        let state = Sprites::of(&fixed("state", &state)?);
        let t = step(&state, &fixed("action", &action)?, &fixed("noise", &noise)?);
        Ok((PyArray1::from_slice(py, &t.after.numbers()), t.mask.as_flattened().to_vec()))
    }
}

/// So many numbers.
fn fixed<const N: usize>(what: &str, numbers: &PyReadonlyArray1<'_, f64>) -> PyResult<[f64; N]> {
    let numbers = numbers.as_array().to_vec();
    let found = numbers.len();
    let refuse = |_| shape_error(what, &format!("{N} numbers"), found.to_string());
    numbers.try_into().map_err(refuse)
}
