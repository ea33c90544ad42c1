//! Python's two-level dictionaries and the library's values by path.

use std::collections::BTreeMap;

use numpy::{AllowTypeChange, PyArray1, PyArray2, PyArrayLike1};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use trifactor::env::Env;
use trifactor::intervention::Intervention;
use trifactor::space::BoxSpace;
use trifactor::variable::{Domain, Variable, of_reference, to_reference};

use super::arguments::repr;
use crate::errors::shape_error;

/// The two-level dictionary of some paths and their Python values, in the same order.
fn nested<'py>(
    py: Python<'py>,
    entries: impl IntoIterator<Item = (String, Bound<'py, PyAny>)>,
) -> PyResult<Bound<'py, PyDict>> {
    let top = PyDict::new(py);
    for (path, value) in entries {
        match to_reference(&path) {
            (key, None) => top.set_item(key, value)?,
            (key, Some(attribute)) => match top.get_item(&key)? {
                Some(inner) => inner.set_item(attribute, value)?,
                None => {
                    let inner = PyDict::new(py);
                    inner.set_item(attribute, value)?;
                    top.set_item(key, inner)?;
                }
            },
        }
    }
    Ok(top)
}

/// One number as a float (an int where the variable counts), several as an array.
fn number_or_array<'py>(
    py: Python<'py>,
    env: &Env,
    path: &str,
    values: &[f64],
) -> PyResult<Bound<'py, PyAny>> {
    let [value] = values else { return Ok(PyArray1::from_slice(py, values).into_any()) };
    let variable = Variable::find(&env.state().scene, env.family().rules(), path);
    match variable.map(|variable| variable.attribute.domain) {
        Ok(Domain::Whole(..)) => Ok((*value as i64).into_pyobject(py)?.into_any()),
        _ => Ok(value.into_pyobject(py)?.into_any()),
    }
}

/// Values by path as a two-level dictionary of numbers and arrays.
pub(crate) fn values_to_python<'py>(
    py: Python<'py>,
    env: &Env,
    values: impl IntoIterator<Item = (String, Vec<f64>)>,
) -> PyResult<Bound<'py, PyDict>> {
    let entries: PyResult<Vec<_>> = values
        .into_iter()
        .map(|(path, values)| {
            let value = number_or_array(py, env, &path, &values)?;
            Ok((path, value))
        })
        .collect();
    nested(py, entries?)
}

/// Spaces by path as a two-level dictionary of arrays, the low bounds and the high bounds.
pub(crate) fn spaces_to_python<'py>(
    py: Python<'py>,
    spaces: impl IntoIterator<Item = (String, BoxSpace)>,
) -> PyResult<Bound<'py, PyDict>> {
    let entries: PyResult<Vec<_>> =
        spaces.into_iter().map(|(path, space)| Ok((path, bounds(py, space)?))).collect();
    nested(py, entries?)
}

/// The bounds of a box: of shape (2,) for a scalar, (2, n) for a vector.
fn bounds(py: Python<'_>, space: BoxSpace) -> PyResult<Bound<'_, PyAny>> {
    match (&space.low[..], &space.high[..]) {
        ([low], [high]) => Ok(PyArray1::from_slice(py, &[*low, *high]).into_any()),
        _ => Ok(PyArray2::from_vec2(py, &[space.low, space.high])?.into_any()),
    }
}

/// The intervention that a dictionary of one or two levels describes.
pub(crate) fn intervention(dictionary: &Bound<'_, PyAny>) -> PyResult<Intervention> {
    let mut values = BTreeMap::new();
    for (key, value) in entries(dictionary, "an intervention")? {
        match value.cast::<PyDict>() {
            Ok(_) => {
                for (attribute, value) in entries(&value, &key)? {
                    insert(&mut values, of_reference(&key, Some(&attribute)), &value)?;
                }
            }
            Err(_) => insert(&mut values, of_reference(&key, None), &value)?,
        }
    }
    Ok(Intervention { values })
}

fn entries<'py>(
    dictionary: &Bound<'py, PyAny>,
    what: &str,
) -> PyResult<Vec<(String, Bound<'py, PyAny>)>> {
    let expected = "a dictionary of variables by name";
    let refuse = || shape_error(what, expected, repr(dictionary));
    let dictionary = dictionary.cast::<PyDict>().map_err(|_| refuse())?;
    dictionary
        .iter()
        .map(|(key, value)| Ok((key.extract::<String>().map_err(|_| refuse())?, value)))
        .collect()
}

fn insert(
    values: &mut BTreeMap<String, Vec<f64>>,
    path: String,
    value: &Bound<'_, PyAny>,
) -> PyResult<()> {
    let numbers = numbers(&path, value)?;
    if values.contains_key(&path) {
        return Err(shape_error(&path, "one value", "two spellings of it".to_string()));
    }
    values.insert(path, numbers);
    Ok(())
}

/// A number, or a sequence of numbers, as numbers.
fn numbers(path: &str, value: &Bound<'_, PyAny>) -> PyResult<Vec<f64>> {
    let refuse = |_| shape_error(path, "a number or a sequence of numbers", repr(value));
    if value.len().is_err() {
        return Ok(vec![value.extract::<f64>().map_err(refuse)?]);
    }
    let array = value.extract::<PyArrayLike1<'_, f64, AllowTypeChange>>().map_err(refuse)?;
    Ok(array.as_array().to_vec())
}
