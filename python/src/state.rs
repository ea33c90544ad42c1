//! Snapshots: a value that can be compared, written and read.

use std::sync::Arc;

use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::convert::arguments;
use crate::errors::to_python;

/// Everything that can matter to what comes next, as plain numbers.
///
/// A value: it never changes, can be compared, pickled and written as JSON without losing a bit,
/// and read like a dictionary.
#[pyclass(frozen, module = "trifactor._trifactor", mapping)]
pub(crate) struct State {
    pub(crate) inner: Arc<trifactor::State>,
}

impl State {
    pub(crate) fn new(state: &trifactor::State) -> Self {
        Self { inner: Arc::new(state.clone()) }
    }

    fn dictionary<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let json = py.import("json")?;
        Ok(json.call_method1("loads", (self.to_json()?,))?.cast_into()?)
    }
}

#[pymethods]
impl State {
    /// The state as JSON; reading it back gives the same bits.
    fn to_json(&self) -> PyResult<String> {
        self.inner.to_json().map_err(to_python)
    }

    /// The state that `to_json` wrote, in this release or an earlier one.
    #[staticmethod]
    fn from_json(text: &Bound<'_, PyAny>) -> PyResult<Self> {
        let state =
            trifactor::State::from_json(&arguments::text("text", text)?).map_err(to_python)?;
        Ok(Self { inner: Arc::new(state) })
    }

    /// Writes `to_json` to a file.
    fn save(&self, path: &Bound<'_, PyAny>) -> PyResult<()> {
        self.inner.save(&arguments::path("path", path)?).map_err(to_python)
    }

    /// The state that `save` wrote.
    #[staticmethod]
    fn load(path: &Bound<'_, PyAny>) -> PyResult<Self> {
        let state = trifactor::State::load(&arguments::path("path", path)?).map_err(to_python)?;
        Ok(Self { inner: Arc::new(state) })
    }

    /// The seed of all random streams.
    #[getter]
    fn seed(&self) -> u64 {
        self.inner.seed
    }

    /// How many episodes were begun with this seed before this one.
    #[getter]
    fn episode(&self) -> u64 {
        self.inner.episode
    }

    /// Control steps taken in this episode.
    #[getter]
    fn step(&self) -> u64 {
        self.inner.step
    }

    /// The state as a dictionary of plain numbers, strings and lists; changing it changes no state.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.dictionary(py)
    }

    fn keys<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(self.dictionary(py)?.keys().into_any())
    }

    fn __getitem__<'py>(&self, py: Python<'py>, key: &str) -> PyResult<Bound<'py, PyAny>> {
        self.dictionary(py)?.get_item(key)?.ok_or_else(|| PyKeyError::new_err(key.to_string()))
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.dictionary(py)?.len())
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(self.keys(py)?.try_iter()?.into_any())
    }

    fn __contains__(&self, py: Python<'_>, key: &str) -> PyResult<bool> {
        self.dictionary(py)?.contains(key)
    }

    // Equal means: the same bits everywhere. JSON tells -0.0 from 0.0, which `==` of numbers
    // does not, and a state holds finite numbers only.
    fn __eq__(&self, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        match other.cast::<Self>() {
            Ok(other) => Ok(self.to_json()? == other.get().to_json()?),
            Err(_) => Ok(false),
        }
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        self.to_json()?.into_pyobject(py)?.hash()
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, (String,))> {
        Ok((py.get_type::<Self>().getattr("from_json")?, (self.to_json()?,)))
    }

    fn __copy__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __deepcopy__<'py>(slf: Bound<'py, Self>, _memo: &Bound<'py, PyAny>) -> Bound<'py, Self> {
        slf
    }

    fn __repr__(&self) -> String {
        let state = &self.inner;
        format!(
            "State(seed={}, episode={}, step={}, blocks={}, goals={})",
            state.seed,
            state.episode,
            state.step,
            state.blocks.len(),
            state.goals.len()
        )
    }
}
