//! A batch of environments as Python's `TriFingerVectorEnv` drives it.

use std::path::PathBuf;

use numpy::{PyArray1, PyArray2, PyArray3, PyArrayMethods, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use trifactor::Error;
use trifactor::env::observation::Number;
use trifactor::env::{Env, Info};
use trifactor::intervention::Intervention;
use trifactor::vec_env::{Autoreset, Rows, Snapshot, VecEnv};

use crate::causal::{self, OfBatch};
use crate::curriculum;
use crate::env::{NativeEnv, Painter, own_camera};
use crate::errors::{self, json_error, shape_error, to_python};
use crate::names;
use crate::record::{self, Recording};
use crate::state::State;

/// Sequences of actions for each thread that are tried between two looks for an interrupt.
const AT_ONCE: usize = 4;
/// How many rows of recorded episodes are gathered in memory before parts of them are written.
const GATHERED: usize = 1 << 20;

type Array1<'py, T> = Bound<'py, PyArray1<T>>;
type Array2<'py, T> = Bound<'py, PyArray2<T>>;

/// Rewards, terminated, truncated, success, fractional success, last state, states.
type Branch<'py> = (Array1<'py, f64>, bool, bool, bool, f64, State, Vec<State>);

/// Worlds, last observations (a row each), achieved goals, desired goals, and infos.
type Finals<'py> =
    (Vec<usize>, Bound<'py, PyAny>, Array2<'py, f64>, Array2<'py, f64>, Bound<'py, PyDict>);

/// State, starting state, whether the world has begun, ended, and has a seed.
type Saved = (State, State, bool, bool, bool);

/// The same, as it comes back.
type Given<'py> = (PyRef<'py, State>, PyRef<'py, State>, bool, bool, bool);

/// Many environments; `trifactor.vector.TriFingerVectorEnv` says what each call means.
#[pyclass(module = "trifactor._trifactor")]
pub(crate) struct NativeVecEnv {
    worlds: VecEnv,
    actions: Vec<f64>,
    painter: Painter,
    recording: Option<Recording>,
}

impl NativeVecEnv {
    /// The worlds, to be intervened on.
    pub(crate) fn worlds_mut(&mut self) -> &mut VecEnv {
        &mut self.worlds
    }
}

#[pymethods]
impl NativeVecEnv {
    #[new]
    fn new(
        py: Python<'_>,
        like: PyRef<'_, NativeEnv>,
        num_envs: usize,
        num_threads: usize,
        autoreset: &str,
    ) -> PyResult<Self> {
        let autoreset = mode(autoreset)?;
        let env = like.env();
        let made = py.detach(|| VecEnv::like(env, num_envs, num_threads, autoreset));
        Ok(Self {
            worlds: made.map_err(errors::of_settings)?,
            actions: Vec::new(),
            painter: Painter::default(),
            recording: None,
        })
    }

    fn threads(&self) -> usize {
        self.worlds.threads()
    }

    /// Resets the worlds of the mask, or all; writes every world's observation.
    fn reset(
        &mut self,
        py: Python<'_>,
        seeds: Vec<Option<u64>>,
        mask: Option<Vec<bool>>,
        observations: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let (worlds, mask) = (&mut self.worlds, mask.as_deref());
        into(observations, Reset { py, worlds, seeds: &seeds, mask })?;
        match &mut self.recording {
            Some(recording) => {
                recording.recorder.reset_batch(&self.worlds, mask).map_err(to_python)
            }
            None => Ok(()),
        }
    }

    /// Records what is done from now on; what was recorded before is closed.
    #[pyo3(signature = (path, *, append, observations, masks, policy, notes))]
    fn record(
        &mut self,
        path: PathBuf,
        append: bool,
        observations: Option<&str>,
        masks: Option<&str>,
        policy: String,
        notes: String,
    ) -> PyResult<()> {
        self.end_record()?;
        let Some(world) = self.worlds.world(0) else { return Ok(()) };
        let part = Some((GATHERED / self.worlds.len()).clamp(16, 10_000));
        let recording =
            Recording::new(world, path, append, observations, masks, policy, notes, part)?;
        self.recording = Some(recording);
        Ok(())
    }

    /// Writes what was recorded and closes the file.
    fn end_record(&mut self) -> PyResult<()> {
        match self.recording.take() {
            Some(recording) => recording.recorder.close().map_err(to_python),
            None => Ok(()),
        }
    }

    /// What was intervened on in each world, when and by whom, as JSON.
    fn trackers(&self) -> PyResult<Vec<String>> {
        self.worlds.worlds().map(record::tracker).collect()
    }

    /// Steps every world; writes into the caller's arrays.
    fn step(
        &mut self,
        py: Python<'_>,
        actions: PyReadonlyArray2<'_, f64>,
        observations: &Bound<'_, PyAny>,
        rewards: &Array1<'_, f64>,
        terminated: &Array1<'_, bool>,
        truncated: &Array1<'_, bool>,
    ) -> PyResult<()> {
        // Copied, because another thread may write into the array while this one steps.
        self.actions.clear();
        self.actions.extend(actions.as_array().iter());
        let (mut rewards, mut terminated, mut truncated) =
            (rewards.try_readwrite()?, terminated.try_readwrite()?, truncated.try_readwrite()?);
        let flags =
            (rewards.as_slice_mut()?, terminated.as_slice_mut()?, truncated.as_slice_mut()?);
        if let Some(recording) = &mut self.recording {
            recording.recorder.before_batch(&self.worlds).map_err(to_python)?;
        }
        let (worlds, actions) = (&mut self.worlds, &self.actions[..]);
        let step =
            Step { py, worlds, actions, flags: (&mut *flags.0, &mut *flags.1, &mut *flags.2) };
        into(observations, step)?;
        match &mut self.recording {
            Some(recording) => {
                let ended = [&*flags.1, &*flags.2];
                let recorder = &mut recording.recorder;
                recorder.step_batch(&self.worlds, actions, flags.0, ended).map_err(to_python)
            }
            None => Ok(()),
        }
    }

    /// Writes every world's observation into a contiguous array of uint8, float32 or float64.
    fn observe_into(&self, out: &Bound<'_, PyAny>) -> PyResult<()> {
        into(out, Observe { worlds: &self.worlds })
    }

    /// What is achieved and what is desired, a row for each world.
    fn goals_into(&self, achieved: &Array2<'_, f64>, desired: &Array2<'_, f64>) -> PyResult<()> {
        let (mut achieved, mut desired) = (achieved.try_readwrite()?, desired.try_readwrite()?);
        let (achieved, desired) = (achieved.as_slice_mut()?, desired.as_slice_mut()?);
        let length = self.worlds.world(0).map_or(0, |env| env.goal_layout().len());
        let whole = length * self.worlds.len();
        if achieved.len() != whole || desired.len() != whole {
            return Err(shape_error(
                "goals",
                &format!("{whole} numbers"),
                achieved.len().to_string(),
            ));
        }
        let rows = achieved.chunks_mut(length.max(1)).zip(desired.chunks_mut(length.max(1)));
        for (env, (achieved, desired)) in self.worlds.worlds().zip(rows) {
            env.achieved_goal(achieved).map_err(to_python)?;
            env.desired_goal(desired).map_err(to_python)?;
        }
        Ok(())
    }

    /// Gymnasium's `infos` of the worlds of the mask, or of all; every array in it is new.
    #[pyo3(signature = (mask=None))]
    fn infos<'py>(&self, py: Python<'py>, mask: Option<Vec<bool>>) -> PyResult<Bound<'py, PyDict>> {
        let shown = |world: usize| mask.as_ref().is_none_or(|mask| mask.get(world) == Some(&true));
        let infos = self.worlds.worlds().map(Env::info).enumerate();
        let infos: Vec<_> = infos.filter(|(world, _)| shown(*world)).collect();
        let intervened =
            (0..self.worlds.len()).map(|world| self.worlds.intervened(world)).collect();
        infos_to_python(py, self.worlds.len(), &infos, intervened)
    }

    /// Every world's mask of the last step, one after the other; nodes; which worlds have one.
    fn local_masks<'py>(&self, py: Python<'py>, strength: &str) -> PyResult<OfBatch<'py, bool>> {
        causal::masks(py, &self.worlds, strength)
    }

    /// What was coupled in every world's last step; nodes; which worlds have one.
    fn mask_pairs<'py>(&self, py: Python<'py>) -> PyResult<OfBatch<'py, f64>> {
        causal::pairs(py, &self.worlds)
    }

    /// How the episodes ended that the last step ended, where it began others; None without any.
    /// Observations are float64, or of uint8 where `bytes`.
    fn finals<'py>(&self, py: Python<'py>, bytes: bool) -> PyResult<Option<Finals<'py>>> {
        let ended = |world| self.worlds.last(world).map(|last| (world, last));
        let ended: Vec<_> = (0..self.worlds.len()).filter_map(ended).collect();
        if ended.is_empty() {
            return Ok(None);
        }
        let infos: Vec<_> = ended.iter().map(|(world, last)| (*world, last.info.clone())).collect();
        let row = |pick: fn(&trifactor::vec_env::Final) -> &Vec<f64>| {
            let rows: Vec<_> = ended.iter().map(|(_, last)| pick(last).clone()).collect();
            PyArray2::from_vec2(py, &rows)
        };
        // With the last step; the reset that followed it tells of the next episode.
        let intervened =
            (0..self.worlds.len()).map(|world| self.worlds.intervened(world)).collect();
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
            infos_to_python(py, self.worlds.len(), &infos, intervened)?,
        )))
    }

    /// Sets variables in every world that has an intervention; the reasons of the refused.
    fn intervene(
        &mut self,
        py: Python<'_>,
        interventions: Vec<Option<Bound<'_, PyAny>>>,
        check_bounds: bool,
    ) -> PyResult<Vec<Option<Py<PyAny>>>> {
        let wanted = wanted(interventions)?;
        let outcomes = py.detach(|| self.worlds.intervene(&wanted, check_bounds));
        Ok(reasons(py, outcomes.map_err(to_python)?))
    }

    /// Sets variables of the starting states; the reasons of the refused.
    fn set_starting_states(
        &mut self,
        py: Python<'_>,
        interventions: Vec<Option<Bound<'_, PyAny>>>,
        check_bounds: bool,
    ) -> PyResult<Vec<Option<Py<PyAny>>>> {
        let wanted = wanted(interventions)?;
        let outcomes = py.detach(|| self.worlds.set_starting_states(&wanted, check_bounds));
        Ok(reasons(py, outcomes.map_err(to_python)?))
    }

    /// Lets the actors of a curriculum intervene in every world, each its own, from its next reset.
    fn set_curriculum(&mut self, document: &str, custom: Vec<(String, Py<PyAny>)>) -> PyResult<()> {
        let curriculum = curriculum::curriculum(document, &custom)?;
        self.worlds.set_director(Some(&curriculum));
        Ok(())
    }

    /// Raises why an actor could not do its work.
    fn check_curriculum(&mut self) -> PyResult<()> {
        self.worlds.take_failure().map_or(Ok(()), |error| Err(to_python(error)))
    }

    /// What every world's actors tried since this was asked last, as JSON.
    fn take_events(&mut self) -> PyResult<String> {
        let events = self.worlds.take_events();
        serde_json::to_string(&events).map_err(|error| json_error("events", &error))
    }

    fn states(&self) -> Vec<State> {
        self.worlds.worlds().map(|env| State::new(env.state())).collect()
    }

    fn set_states(&mut self, py: Python<'_>, states: Vec<PyRef<'_, State>>) -> PyResult<()> {
        let states: Vec<_> = states.iter().map(|state| state.inner.clone()).collect();
        py.detach(|| self.worlds.set_states(&states)).map_err(to_python)
    }

    /// What a copy of one world needs.
    fn save(&self, world: usize) -> PyResult<Saved> {
        let Some(saved) = self.worlds.save(world) else {
            return Err(shape_error("world", "one of the batch", world.to_string()));
        };
        let Snapshot { state, starting, begun, ended, seeded } = saved;
        Ok((State::new(&state), State::new(&starting), begun, ended, seeded))
    }

    /// Puts worlds where `save` found them; None leaves a world alone.
    fn restore(&mut self, py: Python<'_>, saved: Vec<Option<Given<'_>>>) -> PyResult<()> {
        let snapshot = |(state, starting, begun, ended, seeded): Given<'_>| {
            let state = trifactor::State::clone(&state.inner);
            let starting = trifactor::State::clone(&starting.inner);
            Snapshot { state, starting, begun, ended, seeded }
        };
        let saved: Vec<_> = saved.into_iter().map(|one| one.map(snapshot)).collect();
        py.detach(|| self.worlds.restore(&saved)).map_err(to_python)
    }

    /// The variables of one world, by the reference's names.
    fn variables<'py>(&self, py: Python<'py>, world: usize) -> PyResult<Bound<'py, PyDict>> {
        match self.worlds.world(world) {
            Some(env) => names::values_to_python(py, env, env.variables()),
            None => Err(shape_error("world", "one of the batch", world.to_string())),
        }
    }

    /// Tries sequences of actions, a row for each step, from one state.
    fn branch<'py>(
        &mut self,
        py: Python<'py>,
        state: PyRef<'_, State>,
        sequences: Vec<PyReadonlyArray2<'_, f64>>,
        keep_states: bool,
    ) -> PyResult<Vec<Branch<'py>>> {
        let state = state.inner.clone();
        let sequences: Vec<Vec<f64>> =
            sequences.iter().map(|actions| actions.as_array().iter().copied().collect()).collect();
        let mut branches = Vec::with_capacity(sequences.len());
        for some in sequences.chunks(AT_ONCE * self.worlds.threads()) {
            let tried = py.detach(|| self.worlds.branch(&state, some, keep_states));
            branches.extend(tried.map_err(to_python)?);
            py.check_signals()?;
        }
        let to_python = |branch: trifactor::vec_env::Branch| {
            (
                PyArray1::from_vec(py, branch.rewards),
                branch.terminated,
                branch.truncated,
                branch.success,
                branch.fractional_success,
                State::new(&branch.state),
                branch.states.iter().map(State::new).collect(),
            )
        };
        Ok(branches.into_iter().map(to_python).collect())
    }

    /// A picture of one world's present state: rows, columns, RGB.
    fn render<'py>(
        &mut self,
        py: Python<'py>,
        world: usize,
        camera: Option<&str>,
        width: usize,
        height: usize,
    ) -> PyResult<Bound<'py, PyArray3<u8>>> {
        let camera = own_camera(camera)?;
        let Self { worlds, painter, .. } = self;
        let Some(env) = worlds.world(world) else {
            return Err(shape_error("world", "one of the batch", world.to_string()));
        };
        py.detach(|| painter.draw(env, &camera, width, height));
        painter.to_python(py)
    }

    fn close(&mut self, py: Python<'_>) {
        py.detach(|| self.worlds.close());
    }
}

/// Something that is written into numbers of either precision.
pub(crate) trait Write {
    fn write<T: Number + Send>(self, numbers: &mut [T]) -> Result<(), Error>;
}

struct Reset<'a, 'py> {
    py: Python<'py>,
    worlds: &'a mut VecEnv,
    seeds: &'a [Option<u64>],
    mask: Option<&'a [bool]>,
}

impl Write for Reset<'_, '_> {
    fn write<T: Number + Send>(self, numbers: &mut [T]) -> Result<(), Error> {
        let Self { py, worlds, seeds, mask } = self;
        py.detach(|| worlds.reset(seeds, mask, numbers))
    }
}

struct Step<'a, 'py> {
    py: Python<'py>,
    worlds: &'a mut VecEnv,
    actions: &'a [f64],
    flags: (&'a mut [f64], &'a mut [bool], &'a mut [bool]),
}

impl Write for Step<'_, '_> {
    fn write<T: Number + Send>(self, numbers: &mut [T]) -> Result<(), Error> {
        let Self { py, worlds, actions, flags: (rewards, terminated, truncated) } = self;
        let rows = Rows { observations: numbers, rewards, terminated, truncated };
        py.detach(|| worlds.step(actions, rows))
    }
}

struct Observe<'a> {
    worlds: &'a VecEnv,
}

impl Write for Observe<'_> {
    fn write<T: Number + Send>(self, numbers: &mut [T]) -> Result<(), Error> {
        self.worlds.observe(numbers)
    }
}

/// Writes into a contiguous array of uint8, float32 or float64.
pub(crate) fn into(out: &Bound<'_, PyAny>, what: impl Write) -> PyResult<()> {
    if let Ok(out) = out.cast::<PyArray2<u8>>() {
        what.write(out.try_readwrite()?.as_slice_mut()?).map_err(to_python)
    } else if let Ok(out) = out.cast::<PyArray2<f32>>() {
        what.write(out.try_readwrite()?.as_slice_mut()?).map_err(to_python)
    } else if let Ok(out) = out.cast::<PyArray2<f64>>() {
        what.write(out.try_readwrite()?.as_slice_mut()?).map_err(to_python)
    } else {
        Err(shape_error("out", "an array of uint8, float32 or float64", out.get_type().to_string()))
    }
}

fn mode(name: &str) -> PyResult<Autoreset> {
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

fn wanted(interventions: Vec<Option<Bound<'_, PyAny>>>) -> PyResult<Vec<Intervention>> {
    let one = |wanted: Option<Bound<'_, PyAny>>| match wanted {
        None => Ok(Intervention::new()),
        Some(wanted) => names::intervention(&wanted),
    };
    interventions.into_iter().map(one).collect()
}

fn reasons(py: Python<'_>, outcomes: Vec<Result<(), Error>>) -> Vec<Option<Py<PyAny>>> {
    let reason = |outcome: Result<(), Error>| {
        outcome.err().map(|error| to_python(error).into_value(py).into_any())
    };
    outcomes.into_iter().map(reason).collect()
}

/// Infos of some worlds as arrays with a row for every world, and under `_key` which have it.
fn infos_to_python<'py>(
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
