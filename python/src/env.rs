//! The environment as Python's `TriFingerEnv` drives it.

mod inner;

use std::path::PathBuf;
use std::sync::RwLockReadGuard;

use numpy::{PyArray1, PyArray3, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use trifactor::agent;
use trifactor::env::{Description, Env};
use trifactor::render;
use trifactor::robot::JOINTS;
use trifactor::variable::Subspace;

use crate::convert::numbers::{self, Bounds};
use crate::convert::picture::Painter;
use crate::convert::recording::{self, Recording};
use crate::convert::{config, curriculum, goals, info, names};
use crate::errors::{json_error, to_python};
use crate::guarded::Guarded;
use crate::snapshot::Snapshot;
use crate::state::State;
use inner::Inner;

/// The observation, the reward, terminated, truncated, the info, and whether the action was outside
/// its space.
type Stepped<'py> = (Bound<'py, PyAny>, f64, bool, bool, Bound<'py, PyDict>, bool);

/// One environment; `trifactor.env.TriFingerEnv` says what each call means.
#[pyclass(frozen, module = "trifactor._trifactor")]
pub(crate) struct NativeEnv {
    inner: Guarded<Inner>,
}

impl NativeEnv {
    /// The environment, for others that read it.
    pub(crate) fn read(&self) -> PyResult<RwLockReadGuard<'_, Inner>> {
        self.inner.read()
    }

    /// Changes the environment.
    pub(crate) fn change<T>(&self, how: impl FnOnce(&mut Env) -> PyResult<T>) -> PyResult<T> {
        how(&mut self.inner.write()?.env)
    }
}

#[pymethods]
impl NativeEnv {
    /// `config` is the configuration as JSON; `document` that of a family that is not built in.
    #[new]
    fn new(py: Python<'_>, config: &str, document: Option<&str>) -> PyResult<Self> {
        let env = config::environment(py, config, document)?;
        let (actions, painter) = (env.action_space(), Painter::default());
        let inner = Inner { env, actions, recording: None, painter };
        Ok(Self { inner: Guarded::new("environment", inner) })
    }

    #[pyo3(signature = (seed=None))]
    fn reset(&self, py: Python<'_>, seed: Option<u64>) -> PyResult<()> {
        let inner = &mut *self.inner.write()?;
        py.detach(|| inner.reset(seed)).map_err(to_python)
    }

    /// Steps and observes, in an array of the type that numpy calls `kind`.
    fn step<'py>(
        &self,
        py: Python<'py>,
        action: PyReadonlyArray1<'_, f64>,
        kind: &str,
    ) -> PyResult<Stepped<'py>> {
        // Copied, because another thread may write into the array while this one steps.
        let action = action.as_array().to_vec();
        let inner = &mut *self.inner.write()?;
        let step = py.detach(|| inner.step(&action)).map_err(to_python)?;
        let info = info::of_one(py, inner.env.info(), step.intervened)?;
        let seen = inner.observation(py, kind)?;
        let outside = numbers::any_outside(&action, &inner.actions);
        Ok((seen, step.reward, step.terminated, step.truncated, info, outside))
    }

    /// The observation, in a new array of the type that numpy calls `kind`.
    fn observe<'py>(&self, py: Python<'py>, kind: &str) -> PyResult<Bound<'py, PyAny>> {
        self.read()?.observation(py, kind)
    }

    /// What Gymnasium calls `info`; every value in it is new.
    fn info<'py>(&self, py: Python<'py>, intervened: bool) -> PyResult<Bound<'py, PyDict>> {
        info::of_one(py, self.read()?.env.info(), intervened)
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
        let Inner { env, recording, .. } = &mut *self.inner.write()?;
        let world = env.description();
        Recording::begin(recording, world, path, append, observations, masks, policy, notes, None)
    }

    /// Writes what was recorded and closes the file.
    fn end_record(&self) -> PyResult<()> {
        Recording::end(&mut self.inner.write()?.recording)
    }

    /// What was intervened on, when and by whom, as JSON.
    fn tracker(&self) -> PyResult<String> {
        recording::tracker(&self.read()?.env)
    }

    /// The action that drives the joints to these angles, rad.
    fn joint_action<'py>(
        &self,
        py: Python<'py>,
        joints: [f64; JOINTS],
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let action = agent::action(self.read()?.env.config(), &joints).map_err(to_python)?;
        Ok(PyArray1::from_slice(py, &action))
    }

    fn dt(&self) -> PyResult<f64> {
        Ok(self.read()?.env.dt())
    }

    fn observation_len(&self) -> PyResult<usize> {
        Ok(self.read()?.env.observation_len())
    }

    fn observation_names(&self) -> PyResult<Vec<String>> {
        Ok(self.read()?.env.observation_names())
    }

    /// Rows and columns of the entity set that the observation begins with.
    fn observation_table(&self) -> PyResult<Option<(usize, usize)>> {
        Ok(self.read()?.env.observation_table().map(|[rows, columns]| (rows, columns)))
    }

    fn observation_space<'py>(&self, py: Python<'py>) -> PyResult<Bounds<'py>> {
        Ok(numbers::bounds(py, &self.read()?.env.observation_space()))
    }

    fn nominal_observation_space<'py>(&self, py: Python<'py>) -> PyResult<Bounds<'py>> {
        Ok(numbers::bounds(py, &self.read()?.env.nominal_observation_space()))
    }

    fn action_space<'py>(&self, py: Python<'py>) -> PyResult<Bounds<'py>> {
        Ok(numbers::bounds(py, &self.read()?.env.action_space()))
    }

    /// Images, rows, columns and channels of an observation of pixels.
    fn image_shape(&self) -> PyResult<Option<[usize; 4]>> {
        Ok(self.read()?.env.image_shape())
    }

    /// The largest value of every channel, as floats have it.
    fn image_highest(&self) -> PyResult<Option<Vec<f64>>> {
        Ok(self.read()?.env.image_highest())
    }

    /// The entities' names in the order of their numbers in images.
    fn entity_names(&self) -> PyResult<Vec<String>> {
        Ok(render::entities(&self.read()?.env.state().scene))
    }

    /// Who draws the images that are observed, in words.
    fn renderer(&self) -> PyResult<Option<String>> {
        Ok(self.read()?.env.renderer().map(String::from))
    }

    /// A picture of the present state: rows, columns, RGB.
    fn render<'py>(
        &self,
        py: Python<'py>,
        camera: Option<&str>,
        width: usize,
        height: usize,
    ) -> PyResult<Bound<'py, PyArray3<u8>>> {
        let Inner { env, painter, .. } = &mut *self.inner.write()?;
        painter.picture(py, env, camera, width, height)
    }

    fn goal_len(&self) -> PyResult<usize> {
        Ok(self.read()?.env.goal_layout().len())
    }

    fn goal_names(&self) -> PyResult<Vec<String>> {
        Ok(self.read()?.env.goal_layout().names())
    }

    /// The bounds of every number of a goal.
    fn goal_space<'py>(&self, py: Python<'py>) -> PyResult<Bounds<'py>> {
        Ok(numbers::bounds(py, &self.read()?.env.goal_layout().space()))
    }

    /// What is achieved and what is desired.
    fn goals<'py>(&self, py: Python<'py>) -> PyResult<Bounds<'py>> {
        goals::present(py, &self.read()?.env)
    }

    /// The rewards of goals, one in every row.
    fn goal_rewards<'py>(
        &self,
        py: Python<'py>,
        achieved: PyReadonlyArray2<'py, f64>,
        desired: PyReadonlyArray2<'py, f64>,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        goals::rewards(py, &self.read()?.env, &achieved, &desired)
    }

    /// What the environment was made of, as JSON.
    fn description(&self) -> PyResult<String> {
        self.read()?.env.description().to_json().map_err(to_python)
    }

    /// Refuses a description of another world than this environment's.
    fn check_description(&self, description: &str) -> PyResult<()> {
        let description = Description::from_json(description).map_err(to_python)?;
        description.check(&self.read()?.env).map_err(to_python)
    }

    fn state(&self) -> PyResult<State> {
        Ok(State::new(self.read()?.env.state()))
    }

    fn set_state(&self, py: Python<'_>, state: &State) -> PyResult<()> {
        self.change(|env| py.detach(|| env.set_state(&state.inner)).map_err(to_python))
    }

    /// Where it stands, for copies.
    fn save(&self) -> PyResult<Snapshot> {
        Ok(Snapshot::new(self.read()?.env.snapshot()))
    }

    /// Puts it where `save` found it.
    fn restore(&self, saved: &Snapshot) -> PyResult<()> {
        self.change(|env| env.restore(&saved.inner).map_err(to_python))
    }

    /// The starting state where it is not the family's own, of seed, episode and step 0.
    fn own_start(&self) -> PyResult<Option<State>> {
        Ok(self.read()?.env.own_start().map(|state| State::new(&state)))
    }

    /// Makes a state the starting state, without a reset.
    fn start_from(&self, state: &State) -> PyResult<()> {
        self.change(|env| env.start_from(&state.inner).map_err(to_python))
    }

    /// Lets the description say what Python's half was made of: settings as JSON, code by name.
    fn describe_binding(&self, settings: &str, code: Vec<String>) -> PyResult<()> {
        let settings =
            serde_json::from_str(settings).map_err(|error| json_error("settings", &error))?;
        self.change(|env| {
            env.describe_binding(settings, code);
            Ok(())
        })
    }

    fn do_intervention(
        &self,
        py: Python<'_>,
        interventions: &Bound<'_, PyAny>,
        check_bounds: bool,
    ) -> PyResult<()> {
        let wanted = names::intervention(interventions)?;
        self.change(|env| {
            py.detach(|| env.do_intervention(&wanted, check_bounds)).map_err(to_python)
        })
    }

    fn set_starting_state(
        &self,
        py: Python<'_>,
        interventions: &Bound<'_, PyAny>,
        check_bounds: bool,
    ) -> PyResult<()> {
        let wanted = names::intervention(interventions)?;
        self.change(|env| {
            py.detach(|| env.set_starting_state(&wanted, check_bounds)).map_err(to_python)
        })
    }

    fn reset_default_state(&self) -> PyResult<()> {
        self.change(|env| {
            env.reset_default_state();
            Ok(())
        })
    }

    fn sample_new_goal<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let inner = self.read()?;
        let env = &inner.env;
        let goal = env.sample_new_goal().map_err(to_python)?;
        names::values_to_python(py, env, goal.values)
    }

    fn sample_intervention<'py>(&self, py: Python<'py>, draw: u64) -> PyResult<Bound<'py, PyDict>> {
        let inner = self.read()?;
        let env = &inner.env;
        let intervention = env.sample_intervention(draw).map_err(to_python)?;
        names::values_to_python(py, env, intervention.values)
    }

    fn variables<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let inner = self.read()?;
        let env = &inner.env;
        names::values_to_python(py, env, env.variables())
    }

    /// The table of variables in the present state, as JSON.
    fn variable_table(&self) -> PyResult<String> {
        let inner = self.read()?;
        let env = &inner.env;
        let table = env.family().table(env.state());
        serde_json::to_string(&table).map_err(|error| json_error("table of variables", &error))
    }

    fn space<'py>(&self, py: Python<'py>, subspace: &str) -> PyResult<Bound<'py, PyDict>> {
        let subspace = Subspace::parse(subspace).map_err(to_python)?;
        names::spaces_to_python(py, self.read()?.env.space(subspace))
    }

    fn set_variables_space(&self, subspace: &str) -> PyResult<()> {
        let subspace = Subspace::parse(subspace).map_err(to_python)?;
        self.change(|env| {
            env.set_variables_space(subspace);
            Ok(())
        })
    }

    /// Lets the actors of a curriculum intervene from the next reset on.
    fn set_curriculum(&self, document: &str, custom: Vec<(String, Py<PyAny>)>) -> PyResult<()> {
        let curriculum = curriculum::curriculum(document, &custom)?;
        self.change(|env| {
            env.set_director(Some(Box::new(curriculum)));
            Ok(())
        })
    }

    /// Raises why an actor could not do its work.
    fn check_curriculum(&self) -> PyResult<()> {
        self.change(|env| env.take_failure().map_or(Ok(()), |error| Err(to_python(error))))
    }

    /// What the curriculum's actors tried since this was asked last, as JSON.
    fn take_events(&self) -> PyResult<String> {
        let events = self.change(|env| Ok(env.take_events()))?;
        serde_json::to_string(&events).map_err(|error| json_error("events", &error))
    }

    /// Whether to record where every part is in every tick.
    fn record_sweeps(&self, on: bool) -> PyResult<()> {
        self.change(|env| {
            env.record_sweeps(on);
            Ok(())
        })
    }
}
