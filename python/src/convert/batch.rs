//! What only batches give: how episodes ended, branches, and what copies of worlds need.

use numpy::{PyArray1, PyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use trifactor::Error;
use trifactor::intervention::Intervention;
use trifactor::vec_env::{self, Autoreset, Final, VecEnv};

use super::{info, names};
use crate::errors::{shape_error, to_python};
use crate::snapshot::Snapshot;
use crate::state::State;

/// Rewards, terminated, truncated, success, fractional success, last state, states.
pub(crate) type Branch<'py> = (Bound<'py, PyArray1<f64>>, bool, bool, bool, f64, State, Vec<State>);

/// Worlds, last observations (a row each), achieved goals, desired goals, and infos.
pub(crate) type Finals<'py> = (
    Vec<usize>,
    Bound<'py, PyAny>,
    Bound<'py, PyArray2<f64>>,
    Bound<'py, PyArray2<f64>>,
    Bound<'py, PyDict>,
);

/// Where the world stands, whether it has ended, has a seed, and was intervened on last.
pub(crate) type Saved = (Snapshot, bool, bool, bool);

/// The same, as it comes back.
pub(crate) type Given<'py> = (PyRef<'py, Snapshot>, bool, bool, bool);

/// The mode of that name.
pub(crate) fn autoreset(name: &str) -> PyResult<Autoreset> {
    match name {
        "NextStep" => Ok(Autoreset::NextStep),
        "SameStep" => Ok(Autoreset::SameStep),
        "Disabled" => Ok(Autoreset::Disabled),
        _ => Err(to_python(Error::UnknownName {
            what: "autoreset_mode",
            name: name.to_string(),
            known: "NextStep, SameStep, Disabled".to_string(),
        })),
    }
}

/// Refuses the number of a world that the batch has not.
pub(crate) fn no_world(world: usize, worlds: &VecEnv) -> PyErr {
    shape_error("world", &format!("0 to {}", worlds.len() - 1), world.to_string())
}

/// How the episodes ended that the last step ended, where it began others; None without any.
/// Observations are float64, or of uint8 where `bytes`.
pub(crate) fn finals<'py>(
    py: Python<'py>,
    worlds: &VecEnv,
    bytes: bool,
) -> PyResult<Option<Finals<'py>>> {
    let ended = |world| worlds.last(world).map(|last| (world, last));
    let ended: Vec<_> = (0..worlds.len()).filter_map(ended).collect();
    if ended.is_empty() {
        return Ok(None);
    }
    let infos: Vec<_> = ended.iter().map(|(world, last)| (*world, last.info.clone())).collect();
    let row = |pick: fn(&Final) -> &Vec<f64>| {
        let rows: Vec<_> = ended.iter().map(|(_, last)| pick(last).clone()).collect();
        PyArray2::from_vec2(py, &rows)
    };
    // With the last step; the reset that followed it belongs to the next episode.
    let intervened = (0..worlds.len()).map(|world| worlds.intervened(world)).collect();
    let observations = if bytes {
        let rows: Vec<_> = ended.iter().map(|(_, last)| last.bytes.clone()).collect();
        PyArray2::from_vec2(py, &rows)?.into_any()
    } else {
        row(|last| &last.observation)?.into_any()
    };
    Ok(Some((
        ended.iter().map(|(world, _)| *world).collect(),
        observations,
        row(|last| &last.achieved_goal)?,
        row(|last| &last.desired_goal)?,
        info::of_batch(py, worlds.len(), &infos, intervened)?,
    )))
}

/// What would come of one sequence of actions.
pub(crate) fn branch(py: Python<'_>, branch: trifactor::vec_env::Branch) -> Branch<'_> {
    (
        PyArray1::from_vec(py, branch.rewards),
        branch.terminated,
        branch.truncated,
        branch.success,
        branch.fractional_success,
        State::new(&branch.state),
        branch.states.iter().map(State::new).collect(),
    )
}

/// A world as a copy of it needs it.
pub(crate) fn saved(snapshot: &vec_env::Snapshot) -> Saved {
    let vec_env::Snapshot { env, ended, seeded, intervened } = snapshot;
    (Snapshot::new(env.clone()), *ended, *seeded, *intervened)
}

/// What [`saved`] gave.
pub(crate) fn snapshot((env, ended, seeded, intervened): Given<'_>) -> vec_env::Snapshot {
    let env = trifactor::env::Snapshot::clone(&env.inner);
    vec_env::Snapshot { env, ended, seeded, intervened }
}

/// An intervention for each world; None leaves a world alone.
pub(crate) fn interventions(given: Vec<Option<Bound<'_, PyAny>>>) -> PyResult<Vec<Intervention>> {
    let one = |wanted: Option<Bound<'_, PyAny>>| match wanted {
        None => Ok(Intervention::new()),
        Some(wanted) => names::intervention(&wanted),
    };
    given.into_iter().map(one).collect()
}

/// Why worlds refused, as exceptions that are not raised.
pub(crate) fn reasons(py: Python<'_>, outcomes: Vec<Result<(), Error>>) -> Vec<Option<Py<PyAny>>> {
    let reason = |outcome: Result<(), Error>| {
        outcome.err().map(|error| to_python(error).into_value(py).into_any())
    };
    outcomes.into_iter().map(reason).collect()
}
