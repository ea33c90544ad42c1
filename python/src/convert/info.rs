//! What Gymnasium calls `info`, of one environment and of a batch.

use numpy::{PyArray1, PyArray2, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use trifactor::env::Info;

/// The info of one environment; every value in it is new.
pub(crate) fn of_one(py: Python<'_>, info: Info, intervened: bool) -> PyResult<Bound<'_, PyDict>> {
    let dictionary = PyDict::new(py);
    dictionary.set_item("success", info.success)?;
    dictionary.set_item("fractional_success", info.fractional_success)?;
    let terms = PyDict::new(py);
    for (name, value) in info.reward_terms {
        terms.set_item(name, value)?;
    }
    dictionary.set_item("reward_terms", terms)?;
    dictionary.set_item("desired_goal", PyArray1::from_vec(py, info.desired_goal))?;
    dictionary.set_item("achieved_goal", PyArray1::from_vec(py, info.achieved_goal))?;
    dictionary.set_item("intervened", intervened)?;
    Ok(dictionary)
}

/// Infos of some worlds as arrays with a row for every world, and under `_key` which have it.
pub(crate) fn of_batch<'py>(
    py: Python<'py>,
    count: usize,
    infos: &[(usize, Info)],
    intervened: Vec<bool>,
) -> PyResult<Bound<'py, PyDict>> {
    let mut mask = vec![false; count];
    infos.iter().for_each(|(world, _)| mask[*world] = true);
    let add = |to: &Bound<'py, PyDict>, key: &str, value: Bound<'py, PyAny>| {
        to.set_item(key, value)?;
        to.set_item(format!("_{key}"), PyArray1::from_slice(py, &mask))
    };
    let column = |value: &dyn Fn(&Info) -> f64| {
        let mut column = vec![0.0; count];
        infos.iter().for_each(|(world, info)| column[*world] = value(info));
        PyArray1::from_vec(py, column).into_any()
    };
    // Where scenes differ, the shorter rows end in zeros.
    let table = |value: fn(&Info) -> &Vec<f64>| {
        let width = infos.iter().map(|(_, info)| value(info).len()).max().unwrap_or(0);
        let table = PyArray2::zeros(py, [count, width], false);
        let mut rows = table.try_readwrite()?;
        for (world, info) in infos {
            let row = &mut rows.as_slice_mut()?[world * width..][..value(info).len()];
            row.copy_from_slice(value(info));
        }
        PyResult::Ok(table.into_any())
    };
    let all = PyDict::new(py);
    if infos.is_empty() {
        return Ok(all);
    }
    let mut success = vec![false; count];
    infos.iter().for_each(|(world, info)| success[*world] = info.success);
    add(&all, "success", PyArray1::from_vec(py, success).into_any())?;
    add(&all, "fractional_success", column(&|info| info.fractional_success))?;
    let terms = PyDict::new(py);
    for (i, (name, _)) in infos[0].1.reward_terms.iter().enumerate() {
        add(&terms, name, column(&|info| info.reward_terms.get(i).map_or(0.0, |term| term.1)))?;
    }
    add(&all, "reward_terms", terms.into_any())?;
    add(&all, "desired_goal", table(|info| &info.desired_goal)?)?;
    add(&all, "achieved_goal", table(|info| &info.achieved_goal)?)?;
    add(&all, "intervened", PyArray1::from_vec(py, intervened).into_any())?;
    Ok(all)
}
