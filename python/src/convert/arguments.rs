//! Arguments that reach the native half unchecked: refused by name.

use std::path::PathBuf;

use pyo3::prelude::*;

use crate::errors::shape_error;

/// A string.
pub(crate) fn text(what: &str, value: &Bound<'_, PyAny>) -> PyResult<String> {
    value.extract().map_err(|_| shape_error(what, "a string", repr(value)))
}

/// The path of a file.
pub(crate) fn path(what: &str, value: &Bound<'_, PyAny>) -> PyResult<PathBuf> {
    value.extract().map_err(|_| shape_error(what, "a path", repr(value)))
}

/// A value as Python shows it.
pub(crate) fn repr(value: &Bound<'_, PyAny>) -> String {
    value.repr().map_or_else(|_| "something else".to_string(), |text| text.to_string())
}
