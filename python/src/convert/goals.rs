//! Goals as arrays: what is achieved, what is desired, and what they are worth.

use numpy::{PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray2};
use pyo3::prelude::*;
use trifactor::env::Env;

use super::numbers::Bounds;
use crate::errors::{shape_error, to_python};

type Goals<'py> = Bound<'py, PyArray2<f64>>;

/// What is achieved and what is desired.
pub(crate) fn present<'py>(py: Python<'py>, env: &Env) -> PyResult<Bounds<'py>> {
    let length = env.goal_layout().len();
    let mut goals = [vec![0.0; length], vec![0.0; length]];
    env.achieved_goal(&mut goals[0]).map_err(to_python)?;
    env.desired_goal(&mut goals[1]).map_err(to_python)?;
    let [achieved, desired] = goals;
    Ok((PyArray1::from_vec(py, achieved), PyArray1::from_vec(py, desired)))
}

/// The same of many environments, a row for each.
pub(crate) fn into<'a>(
    envs: impl ExactSizeIterator<Item = &'a Env>,
    achieved: &Goals<'_>,
    desired: &Goals<'_>,
) -> PyResult<()> {
    let (mut achieved, mut desired) = (achieved.try_readwrite()?, desired.try_readwrite()?);
    let (achieved, desired) = (achieved.as_slice_mut()?, desired.as_slice_mut()?);
    if achieved.len() != desired.len() {
        let expected = format!("{} numbers", achieved.len());
        return Err(shape_error("desired goals", &expected, desired.len().to_string()));
    }
    let width = (achieved.len() / envs.len().max(1)).max(1);
    let rows = achieved.chunks_mut(width).zip(desired.chunks_mut(width));
    for (env, (achieved, desired)) in envs.zip(rows) {
        env.achieved_goal(achieved).map_err(to_python)?;
        env.desired_goal(desired).map_err(to_python)?;
    }
    Ok(())
}

/// The rewards of goals, one in every row.
pub(crate) fn rewards<'py>(
    py: Python<'py>,
    env: &Env,
    achieved: &PyReadonlyArray2<'py, f64>,
    desired: &PyReadonlyArray2<'py, f64>,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let reward = env.goal_reward();
    let (achieved, desired) = (achieved.as_array(), desired.as_array());
    let (count, other) = (achieved.nrows(), desired.nrows());
    if count != other {
        return Err(shape_error("desired_goal", &format!("{count} goals"), other.to_string()));
    }
    // Copied, because another thread may write into the arrays while this one computes.
    let [achieved, desired] = [achieved, desired].map(|goals| goals.iter().copied().collect());
    let (achieved, desired): (Vec<f64>, Vec<f64>) = (achieved, desired);
    let rewards = py.detach(|| reward.rewards(&achieved, &desired, count)).map_err(to_python)?;
    Ok(PyArray1::from_vec(py, rewards))
}
