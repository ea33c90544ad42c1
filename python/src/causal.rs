//! Counterfactuals and the masks of batches, as Python asks for them.

use numpy::{PyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use trifactor::Env;
use trifactor::causal::{self, Question, Slots, Strength};
use trifactor::variable::Space;
use trifactor::vec_env::{Autoreset, VecEnv};

use crate::errors::to_python;
use crate::names;
use crate::state::State;

/// The states, the first before any action; rewards; success; fractional success; every variable at
/// every step that differs: step, path, factual and counterfactual value.
pub(crate) type Course<'py> =
    (Vec<State>, Bound<'py, PyArray1<f64>>, bool, f64, Vec<(usize, String, Vec<f64>, Vec<f64>)>);

/// Masks or pairs of a batch, with the shape of one world's, and which worlds have them.
pub(crate) type OfBatch<'py, T> = (Bound<'py, PyArray1<T>>, usize, Vec<bool>);

/// The factual course and what comes of each question; a refused one has its error.
pub(crate) fn counterfactuals<'py>(
    py: Python<'py>,
    env: &Env,
    state: &State,
    actions: Vec<f64>,
    questions: Vec<(Bound<'py, PyAny>, Option<PyReadonlyArray2<'py, f64>>)>,
    check_bounds: bool,
    threads: usize,
) -> PyResult<(Course<'py>, Vec<Bound<'py, PyAny>>)> {
    let question = |(set, actions): (Bound<'py, PyAny>, Option<PyReadonlyArray2<'py, f64>>)| {
        let set = names::intervention(&set)?;
        let actions = actions.map(|actions| actions.as_array().iter().copied().collect());
        Ok(Question { set, actions })
    };
    let questions: Vec<Question> = questions.into_iter().map(question).collect::<PyResult<_>>()?;
    let space = check_bounds.then(|| Space::from(env.config().variables_space));
    let courses = py.detach(|| {
        let mut worlds = VecEnv::like(env, 1, threads, Autoreset::Disabled)?;
        causal::counterfactuals(&mut worlds, &state.inner, &actions, &questions, space.as_ref())
    });
    let courses = courses.map_err(to_python)?;
    let rules = env.family().rules();
    let told = |course: &causal::Course| -> Course<'py> {
        let differences = causal::differences(rules, &courses.factual, course);
        let differences = differences.into_iter();
        (
            course.states().map(State::new).collect(),
            PyArray1::from_slice(py, &course.branch.rewards),
            course.branch.success,
            course.branch.fractional_success,
            differences.map(|d| (d.step, d.path, d.factual, d.counterfactual)).collect(),
        )
    };
    let each = courses.counterfactual.iter().map(|course| match course {
        Ok(course) => Ok(told(course).into_pyobject(py)?.into_any()),
        Err(error) => Ok(to_python(error.clone()).into_value(py).into_bound(py).into_any()),
    });
    let each = each.collect::<PyResult<Vec<_>>>()?;
    Ok((told(&courses.factual), each))
}

/// Every world's mask of the last step.
pub(crate) fn masks<'py>(
    py: Python<'py>,
    worlds: &VecEnv,
    strength: &str,
) -> PyResult<OfBatch<'py, bool>> {
    let strength = Strength::parse(strength).map_err(to_python)?;
    let slots = Slots::of(worlds);
    let mut known = vec![false; worlds.len()];
    let mut out = vec![false; worlds.len() * slots.entries()];
    causal::masks(worlds, slots, strength, &mut out, &mut known).map_err(to_python)?;
    Ok((PyArray1::from_vec(py, out), slots.nodes(), known))
}

/// What the solver coupled in every world's last step.
pub(crate) fn pairs<'py>(py: Python<'py>, worlds: &VecEnv) -> PyResult<OfBatch<'py, f64>> {
    let slots = Slots::of(worlds);
    let mut known = vec![false; worlds.len()];
    let mut out = vec![0.0; worlds.len() * slots.nodes() * slots.nodes() * causal::PAIR];
    causal::pairs(worlds, slots, &mut out, &mut known).map_err(to_python)?;
    Ok((PyArray1::from_vec(py, out), slots.nodes(), known))
}
