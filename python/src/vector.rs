//! A batch of environments as Python's `TriFingerVectorEnv` drives it.

mod inner;

use std::path::PathBuf;

use numpy::{PyArray1, PyArray2, PyArray3, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use trifactor::env::Env;
use trifactor::vec_env::VecEnv;

use crate::convert::batch::{self, Branch, Finals, Given, Saved};
use crate::convert::causal::{self, OfBatch};
use crate::convert::picture::Painter;
use crate::convert::recording::{self, Recording};
use crate::convert::{curriculum, goals, info, names};
use crate::env::NativeEnv;
use crate::errors::{self, json_error, to_python};
use crate::guarded::Guarded;
use crate::state::State;
use inner::Inner;

/// Sequences of actions for each thread that are tried between two looks for an interrupt.
const AT_ONCE: usize = 4;
/// How many rows of recorded episodes are gathered in memory before parts of them are written.
const GATHERED: usize = 1 << 20;

type Array1<'py, T> = Bound<'py, PyArray1<T>>;
type Array2<'py, T> = Bound<'py, PyArray2<T>>;

/// Many environments; `trifactor.vector.TriFingerVectorEnv` says what each call means.
#[pyclass(frozen, module = "trifactor._trifactor")]
pub(crate) struct NativeVecEnv {
    inner: Guarded<Inner>,
}

impl NativeVecEnv {
    /// Changes the worlds.
    pub(crate) fn change<T>(&self, how: impl FnOnce(&mut VecEnv) -> PyResult<T>) -> PyResult<T> {
        how(&mut self.inner.write()?.worlds)
    }
}

#[pymethods]
impl NativeVecEnv {
    #[new]
    fn new(
        py: Python<'_>,
        like: &NativeEnv,
        num_envs: usize,
        num_threads: usize,
        autoreset: &str,
    ) -> PyResult<Self> {
        let autoreset = batch::autoreset(autoreset)?;
        let like = like.read()?;
        let env = &like.env;
        let made = py.detach(|| VecEnv::like(env, num_envs, num_threads, autoreset));
        let worlds = made.map_err(errors::of_settings)?;
        let (space, painter) = (env.action_space(), Painter::default());
        let inner = Inner { worlds, actions: Vec::new(), space, painter, recording: None };
        Ok(Self { inner: Guarded::new("batch", inner) })
    }

    fn threads(&self) -> PyResult<usize> {
        Ok(self.inner.read()?.worlds.threads())
    }

    /// Resets the worlds of the mask, or all; writes every world's observation.
    fn reset(
        &self,
        py: Python<'_>,
        seeds: Vec<Option<u64>>,
        mask: Option<Vec<bool>>,
        observations: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        self.inner.write()?.reset(py, &seeds, mask.as_deref(), observations)
    }

    /// Steps every world; writes into the caller's arrays. Whether an action was outside its space.
    fn step(
        &self,
        py: Python<'_>,
        actions: PyReadonlyArray2<'_, f64>,
        observations: &Bound<'_, PyAny>,
        rewards: &Array1<'_, f64>,
        terminated: &Array1<'_, bool>,
        truncated: &Array1<'_, bool>,
    ) -> PyResult<bool> {
        let ended = [terminated, truncated];
        self.inner.write()?.step(py, &actions, observations, rewards, ended)
    }

    /// Writes every world's observation into a contiguous array of uint8, float32 or float64.
    fn observe_into(&self, out: &Bound<'_, PyAny>) -> PyResult<()> {
        self.inner.read()?.observe(out)
    }

    /// What is achieved and what is desired, a row for each world.
    fn goals_into(&self, achieved: &Array2<'_, f64>, desired: &Array2<'_, f64>) -> PyResult<()> {
        goals::into(self.inner.read()?.worlds.worlds(), achieved, desired)
    }

    /// Gymnasium's `infos` of the worlds of the mask, or of all; every array in it is new.
    #[pyo3(signature = (mask=None))]
    fn infos<'py>(&self, py: Python<'py>, mask: Option<Vec<bool>>) -> PyResult<Bound<'py, PyDict>> {
        let inner = self.inner.read()?;
        let worlds = &inner.worlds;
        let shown = |world: usize| mask.as_ref().is_none_or(|mask| mask.get(world) == Some(&true));
        let infos = worlds.worlds().map(Env::info).enumerate();
        let infos: Vec<_> = infos.filter(|(world, _)| shown(*world)).collect();
        let intervened = (0..worlds.len()).map(|world| worlds.intervened(world)).collect();
        info::of_batch(py, worlds.len(), &infos, intervened)
    }

    /// How the episodes ended that the last step ended, where it began others; None without any.
    fn finals<'py>(&self, py: Python<'py>, bytes: bool) -> PyResult<Option<Finals<'py>>> {
        batch::finals(py, &self.inner.read()?.worlds, bytes)
    }

    /// Every world's mask of the last step, one after the other; nodes; which worlds have one.
    fn local_masks<'py>(&self, py: Python<'py>, strength: &str) -> PyResult<OfBatch<'py, bool>> {
        causal::masks(py, &self.inner.read()?.worlds, strength)
    }

    /// What was coupled in every world's last step; nodes; which worlds have one.
    fn mask_pairs<'py>(&self, py: Python<'py>) -> PyResult<OfBatch<'py, f64>> {
        causal::pairs(py, &self.inner.read()?.worlds)
    }

    /// Records what is done from now on.
    #[pyo3(signature = (path, *, append, observations, masks, policy, notes))]
    fn record(
        &self,
        path: PathBuf,
        append: bool,
        observations: Option<&str>,
        masks: Option<&str>,
        policy: String,
        notes: String,
    ) -> PyResult<()> {
        let Inner { worlds, recording, .. } = &mut *self.inner.write()?;
        let world = worlds.description();
        let part = Some((GATHERED / worlds.len()).clamp(16, 10_000));
        Recording::begin(recording, world, path, append, observations, masks, policy, notes, part)
    }

    /// Writes what was recorded and closes the file.
    fn end_record(&self) -> PyResult<()> {
        Recording::end(&mut self.inner.write()?.recording)
    }

    /// What was intervened on in each world, when and by whom, as JSON.
    fn trackers(&self) -> PyResult<Vec<String>> {
        self.inner.read()?.worlds.worlds().map(recording::tracker).collect()
    }

    /// Sets variables in every world that has an intervention; the reasons of the refused.
    fn intervene(
        &self,
        py: Python<'_>,
        interventions: Vec<Option<Bound<'_, PyAny>>>,
        check_bounds: bool,
    ) -> PyResult<Vec<Option<Py<PyAny>>>> {
        let wanted = batch::interventions(interventions)?;
        self.change(|worlds| {
            let outcomes = py.detach(|| worlds.intervene(&wanted, check_bounds));
            Ok(batch::reasons(py, outcomes.map_err(to_python)?))
        })
    }

    /// Sets variables of the starting states; the reasons of the refused.
    fn set_starting_states(
        &self,
        py: Python<'_>,
        interventions: Vec<Option<Bound<'_, PyAny>>>,
        check_bounds: bool,
    ) -> PyResult<Vec<Option<Py<PyAny>>>> {
        let wanted = batch::interventions(interventions)?;
        self.change(|worlds| {
            let outcomes = py.detach(|| worlds.set_starting_states(&wanted, check_bounds));
            Ok(batch::reasons(py, outcomes.map_err(to_python)?))
        })
    }

    /// Lets the actors of a curriculum intervene in every world, each its own, from its next reset.
    fn set_curriculum(&self, document: &str, custom: Vec<(String, Py<PyAny>)>) -> PyResult<()> {
        let curriculum = curriculum::curriculum(document, &custom)?;
        self.change(|worlds| {
            worlds.set_director(Some(&curriculum));
            Ok(())
        })
    }

    /// Raises why an actor could not do its work.
    fn check_curriculum(&self) -> PyResult<()> {
        self.change(|worlds| worlds.take_failure().map_or(Ok(()), |error| Err(to_python(error))))
    }

    /// What every world's actors tried since this was asked last, as JSON.
    fn take_events(&self) -> PyResult<String> {
        let events = self.change(|worlds| Ok(worlds.take_events()))?;
        serde_json::to_string(&events).map_err(|error| json_error("events", &error))
    }

    fn states(&self) -> PyResult<Vec<State>> {
        let inner = self.inner.read()?;
        Ok(inner.worlds.worlds().map(|env| State::new(env.state())).collect())
    }

    fn set_states(&self, py: Python<'_>, states: Vec<PyRef<'_, State>>) -> PyResult<()> {
        let states: Vec<_> = states.iter().map(|state| state.inner.clone()).collect();
        self.change(|worlds| py.detach(|| worlds.set_states(&states)).map_err(to_python))
    }

    /// Every world's starting state where it is not the family's own.
    fn own_starts(&self) -> PyResult<Vec<Option<State>>> {
        let inner = self.inner.read()?;
        let starts = inner.worlds.worlds().map(|env| env.own_start());
        Ok(starts.map(|start| start.map(|state| State::new(&state))).collect())
    }

    /// Makes states the starting states, each of its world; None leaves a world alone.
    fn start_from(&self, states: Vec<Option<PyRef<'_, State>>>) -> PyResult<()> {
        let states: Vec<_> =
            states.iter().map(|state| state.as_ref().map(|state| state.inner.clone())).collect();
        self.change(|worlds| worlds.start_from(&states).map_err(to_python))
    }

    /// What a copy of one world needs.
    fn save(&self, world: usize) -> PyResult<Saved> {
        let inner = self.inner.read()?;
        let worlds = &inner.worlds;
        let saved = worlds.save(world).ok_or_else(|| batch::no_world(world, worlds))?;
        Ok(batch::saved(&saved))
    }

    /// Puts worlds where `save` found them; None leaves a world alone.
    fn restore(&self, py: Python<'_>, saved: Vec<Option<Given<'_>>>) -> PyResult<()> {
        let saved: Vec<_> = saved.into_iter().map(|one| one.map(batch::snapshot)).collect();
        self.change(|worlds| py.detach(|| worlds.restore(&saved)).map_err(to_python))
    }

    /// The variables of one world, by the reference's names.
    fn variables<'py>(&self, py: Python<'py>, world: usize) -> PyResult<Bound<'py, PyDict>> {
        let inner = self.inner.read()?;
        let worlds = &inner.worlds;
        let env = worlds.world(world).ok_or_else(|| batch::no_world(world, worlds))?;
        names::values_to_python(py, env, env.variables())
    }

    /// Tries sequences of actions, a row for each step, from one state.
    fn branch<'py>(
        &self,
        py: Python<'py>,
        state: &State,
        sequences: Vec<PyReadonlyArray2<'_, f64>>,
        keep_states: bool,
    ) -> PyResult<Vec<Branch<'py>>> {
        let sequences: Vec<Vec<f64>> =
            sequences.iter().map(|actions| actions.as_array().iter().copied().collect()).collect();
        self.change(|worlds| {
            let mut branches = Vec::with_capacity(sequences.len());
            for some in sequences.chunks(AT_ONCE * worlds.threads()) {
                let tried = py.detach(|| worlds.branch(&state.inner, some, keep_states));
                branches.extend(tried.map_err(to_python)?);
                py.check_signals()?;
            }
            Ok(branches.into_iter().map(|branch| batch::branch(py, branch)).collect())
        })
    }

    /// A picture of one world's present state: rows, columns, RGB.
    fn render<'py>(
        &self,
        py: Python<'py>,
        world: usize,
        camera: Option<&str>,
        width: usize,
        height: usize,
    ) -> PyResult<Bound<'py, PyArray3<u8>>> {
        let Inner { worlds, painter, .. } = &mut *self.inner.write()?;
        let env = worlds.world(world).ok_or_else(|| batch::no_world(world, worlds))?;
        painter.picture(py, env, camera, width, height)
    }

    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.change(|worlds| {
            py.detach(|| worlds.close());
            Ok(())
        })
    }
}
