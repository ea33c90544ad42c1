//! Where an environment stands: a value, for copies and pickles of it.

use std::sync::Arc;

use pyo3::prelude::*;

use crate::errors::json_error;

/// Where a `NativeEnv` stands: its states, what its last step brought, what was tried on it.
#[pyclass(frozen, module = "trifactor._trifactor")]
pub(crate) struct Snapshot {
    pub(crate) inner: Arc<trifactor::env::Snapshot>,
}

impl Snapshot {
    pub(crate) fn new(inner: trifactor::env::Snapshot) -> Self {
        Self { inner: Arc::new(inner) }
    }
}

#[pymethods]
impl Snapshot {
    /// The snapshot as JSON; reading it back gives the same bits.
    fn to_json(&self) -> PyResult<String> {
        serde_json::to_string(&*self.inner).map_err(|error| json_error("snapshot", &error))
    }

    /// The snapshot that `to_json` wrote, in this release.
    #[staticmethod]
    fn from_json(text: &str) -> PyResult<Self> {
        let inner = serde_json::from_str(text).map_err(|error| json_error("snapshot", &error))?;
        Ok(Self::new(inner))
    }

    /// The same to the last bit.
    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| self.inner.same(&other.get().inner))
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
}
