//! Counterfactuals, and the masks of environments and of batches, as Python asks for them.

use numpy::{PyArray1, PyArray2, PyArray3, PyArrayMethods, PyReadonlyArray2};
use pyo3::prelude::*;
use trifactor::causal::{self, LocalMask, Question, Slots, Strength};
use trifactor::robot::JOINTS;
use trifactor::variable::Space;
use trifactor::vec_env::{Autoreset, VecEnv};
use trifactor::world::{Coupling, Entity};
use trifactor::{Env, Error};

use super::names;
use crate::errors::to_python;
use crate::state::State;

/// Two nodes, the first tick, the largest impulse, the smallest gap.
pub(crate) type MaskEdge = (usize, usize, u32, f64, f64);

/// Two bodies, the tick, the impulse, the gap, the place, the impulse on the second as a vector.
pub(crate) type Contact = (String, String, u32, f64, f64, [f64; 3], [f64; 3]);

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

/// A mask and the pairs behind it, and whether there is a step that they are of.
pub(crate) type OfStep<'py> = (Bound<'py, PyArray2<bool>>, Bound<'py, PyArray3<f64>>, bool);

/// The last step's mask and pairs in arrays of one shape; false and NaN where no step of the
/// dynamics alone led to the present state.
pub(crate) fn step_masks<'py>(
    py: Python<'py>,
    env: &Env,
    strength: &str,
    intervened: bool,
) -> PyResult<OfStep<'py>> {
    let strength = Strength::parse(strength).map_err(to_python)?;
    let (slots, known) = (Slots::of_one(env), env.has_stepped() && !intervened);
    let nodes = slots.nodes();
    let mut mask = vec![false; slots.entries()];
    let mut pairs = vec![f64::NAN; nodes * nodes * causal::PAIR];
    if known {
        let (contacts, scene) = (env.contacts(), &env.state().scene);
        let found = LocalMask::of(contacts, scene, strength).map_err(to_python)?;
        slots.write(&found, scene, &mut mask).map_err(to_python)?;
        slots.write_pairs(contacts, scene, &mut pairs).map_err(to_python)?;
    }
    let mask = PyArray1::from_vec(py, mask).reshape([nodes + causal::ACTIONS, nodes])?;
    let pairs = PyArray1::from_vec(py, pairs).reshape([nodes, nodes, causal::PAIR])?;
    Ok((mask, pairs, known))
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

/// The names of a mask's rows: the nodes, then the actions.
pub(crate) fn mask_names(env: &Env) -> Vec<String> {
    LocalMask::names(&env.state().scene)
}

/// The last step's mask: the nodes and the actions, by the nodes.
pub(crate) fn local_mask<'py>(
    py: Python<'py>,
    env: &Env,
    strength: &str,
) -> PyResult<Bound<'py, PyArray2<bool>>> {
    let mask = mask(env, strength)?;
    let shape = [mask.nodes() + causal::ACTIONS, mask.nodes()];
    let mut out = vec![false; shape[0] * shape[1]];
    mask.write(&mut out).map_err(to_python)?;
    PyArray1::from_vec(py, out).reshape(shape)
}

/// The last step's mask over the observation's numbers and the nine of the action.
pub(crate) fn feature_mask<'py>(
    py: Python<'py>,
    env: &Env,
    strength: &str,
) -> PyResult<Bound<'py, PyArray2<bool>>> {
    let entries = causal::feature_mask(&mask(env, strength)?, env).map_err(to_python)?;
    let columns = env.observation_len();
    PyArray1::from_vec(py, entries).reshape([columns + JOINTS, columns])
}

/// The pairs that the solver coupled in the last step.
pub(crate) fn mask_edges(env: &Env) -> PyResult<Vec<MaskEdge>> {
    require_step(env)?;
    let edges = LocalMask::edges(env.contacts());
    Ok(edges.iter().map(|e| (e.first, e.second, e.tick, e.impulse, e.gap)).collect())
}

/// The last step's contacts that pushed.
pub(crate) fn contacts(env: &Env) -> PyResult<Vec<Contact>> {
    require_step(env)?;
    let name = |entity: Entity| entity.name(&env.state().scene);
    let contact =
        |c: &Coupling| (name(c.first), name(c.second), c.tick, c.impulse, c.gap, c.place, c.push);
    Ok(env.contacts().couplings.iter().filter(|c| c.impulse > 0.0).map(contact).collect())
}

fn mask(env: &Env, strength: &str) -> PyResult<LocalMask> {
    require_step(env)?;
    let strength = Strength::parse(strength).map_err(to_python)?;
    LocalMask::of(env.contacts(), &env.state().scene, strength).map_err(to_python)
}

/// Refuses what only a step can answer.
fn require_step(env: &Env) -> PyResult<()> {
    if env.has_stepped() {
        return Ok(());
    }
    let order = "call step first: a mask is of the step that led to the present state";
    Err(to_python(Error::Order(order)))
}
