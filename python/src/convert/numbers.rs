//! Numbers written into numpy's arrays, in the precision that Python asked for.

use numpy::{Element, PyArray1, PyArrayDyn, PyArrayMethods};
use pyo3::prelude::*;
use trifactor::Error;
use trifactor::env::observation::Number;
use trifactor::space::BoxSpace;

use crate::errors::{shape_error, to_python};

/// Low bounds and high bounds.
pub(crate) type Bounds<'py> = (Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<f64>>);

/// Something that is written into numbers of any precision.
pub(crate) trait Write {
    fn write<T: Number + Send>(self, numbers: &mut [T]) -> Result<(), Error>;
}

/// Writes into a contiguous array of uint8, float32 or float64.
pub(crate) fn into(out: &Bound<'_, PyAny>, what: impl Write) -> PyResult<()> {
    if let Ok(out) = out.cast::<PyArrayDyn<u8>>() {
        what.write(out.try_readwrite()?.as_slice_mut()?).map_err(to_python)
    } else if let Ok(out) = out.cast::<PyArrayDyn<f32>>() {
        what.write(out.try_readwrite()?.as_slice_mut()?).map_err(to_python)
    } else if let Ok(out) = out.cast::<PyArrayDyn<f64>>() {
        what.write(out.try_readwrite()?.as_slice_mut()?).map_err(to_python)
    } else {
        Err(shape_error("out", "an array of uint8, float32 or float64", out.get_type().to_string()))
    }
}

/// A new array of `count` numbers of the type that numpy calls `kind`.
pub(crate) fn array<'py>(
    py: Python<'py>,
    kind: &str,
    count: usize,
    what: impl Write,
) -> PyResult<Bound<'py, PyAny>> {
    match kind {
        "uint8" => array_of::<u8>(py, count, what),
        "float32" => array_of::<f32>(py, count, what),
        "float64" => array_of::<f64>(py, count, what),
        _ => Err(shape_error("dtype", "uint8, float32 or float64", kind.to_string())),
    }
}

fn array_of<T: Number + Element + Send>(
    py: Python<'_>,
    count: usize,
    what: impl Write,
) -> PyResult<Bound<'_, PyAny>> {
    let out = PyArray1::<T>::zeros(py, count, false);
    what.write(out.try_readwrite()?.as_slice_mut()?).map_err(to_python)?;
    Ok(out.into_any())
}

/// Whether a number of some actions, one after the other, is outside a space as `float32` has it.
pub(crate) fn any_outside(actions: &[f64], space: &BoxSpace) -> bool {
    let bounds = space.low.iter().zip(&space.high).cycle();
    let outside = |(x, (low, high)): (&f64, (&f64, &f64))| {
        (*x as f32) < *low as f32 || (*x as f32) > *high as f32
    };
    actions.iter().zip(bounds).any(outside)
}

/// The bounds of a box.
pub(crate) fn bounds<'py>(py: Python<'py>, space: &BoxSpace) -> Bounds<'py> {
    (PyArray1::from_slice(py, &space.low), PyArray1::from_slice(py, &space.high))
}
