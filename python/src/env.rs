//! The environment as Python's `TriFingerEnv` drives it.

use std::path::PathBuf;

use numpy::{PyArray1, PyArray2, PyArray3, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use trifactor::Error;
use trifactor::agent;
use trifactor::causal::{self, LocalMask};
use trifactor::env::observation::{Context, Mode};
use trifactor::env::pixels::Pixels;
use trifactor::env::{Config, Description, Env, Info};
use trifactor::render;
use trifactor::robot::{ActionMode, FINGERS, JOINTS, kinematics, link_name};
use trifactor::space::BoxSpace;
use trifactor::task::Family;
use trifactor::task::overlap::Overlap;
use trifactor::variable::Subspace;
use trifactor::world::{Coupling, Entity, Physics};

use crate::curriculum;
use crate::errors::{self, json_error, shape_error, to_python};
use crate::names;
use crate::record::{self, Recording};
use crate::state::State;

/// Low bounds and high bounds.
type Bounds<'py> = (Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<f64>>);

/// Two nodes, the first tick, the largest impulse, the smallest gap.
type MaskEdge = (usize, usize, u32, f64, f64);

/// Two bodies, the tick, the impulse, the gap, the place, the impulse on the second as a vector.
type Contact = (String, String, u32, f64, f64, [f64; 3], [f64; 3]);

/// One environment; `trifactor.env.TriFingerEnv` says what each call means.
#[pyclass(module = "trifactor._trifactor")]
pub(crate) struct NativeEnv {
    env: Env,
    recording: Option<Recording>,
    painter: Painter,
}

impl NativeEnv {
    /// The environment, for a batch of its like.
    pub(crate) fn env(&self) -> &Env {
        &self.env
    }

    /// The environment, to be intervened on.
    pub(crate) fn env_mut(&mut self) -> &mut Env {
        &mut self.env
    }
}

#[pymethods]
impl NativeEnv {
    #[new]
    #[pyo3(signature = (family, *, document, task_params, skip_frame, action_mode, observation_mode,
        observe, pixels, context, drop, max_blocks, max_entities, goal_conditioned, normalize_actions,
        normalize_observations, max_episode_length, variables_space, physics, overlap))]
    #[expect(clippy::too_many_arguments, reason = "Python's keyword arguments, one by one")]
    fn new(
        py: Python<'_>,
        family: String,
        document: Option<&str>,
        task_params: &str,
        skip_frame: u32,
        action_mode: &str,
        observation_mode: &str,
        observe: Option<Vec<String>>,
        pixels: Option<&str>,
        context: &str,
        drop: Vec<String>,
        max_blocks: Option<usize>,
        max_entities: Option<usize>,
        goal_conditioned: bool,
        normalize_actions: bool,
        normalize_observations: bool,
        max_episode_length: Option<u64>,
        variables_space: &str,
        physics: &str,
        overlap: &str,
    ) -> PyResult<Self> {
        let config = Config {
            family,
            task_params: serde_json::from_str(task_params)
                .map_err(|error| json_error("task_params", &error))?,
            skip_frame,
            action_mode: ActionMode::parse(action_mode).map_err(to_python)?,
            observation_mode: mode(observation_mode, observe, pixels)?,
            context: Context::parse(context).map_err(to_python)?,
            drop,
            max_blocks,
            max_entities,
            goal_conditioned,
            normalize_actions,
            normalize_observations,
            max_episode_length,
            variables_space: Subspace::parse(variables_space).map_err(to_python)?,
            physics: self::physics(physics)?,
            overlap: self::overlap(overlap)?,
        };
        let made = py.detach(|| match document {
            None => Env::new(config),
            Some(document) => {
                let family = Family::from_json(document)?.with_params(&config.task_params)?;
                Env::with_family(config, family)
            }
        });
        let env = made.map_err(errors::of_settings)?;
        Ok(Self { env, recording: None, painter: Painter::default() })
    }

    #[pyo3(signature = (seed=None))]
    fn reset(&mut self, py: Python<'_>, seed: Option<u64>) -> PyResult<()> {
        py.detach(|| {
            self.env.reset(seed);
            match &mut self.recording {
                Some(recording) => recording.recorder.reset(0, &self.env),
                None => Ok(()),
            }
        })
        .map_err(to_python)
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
        let recording =
            Recording::new(&self.env, path, append, observations, masks, policy, notes, None)?;
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

    /// What was intervened on, when and by whom, as JSON.
    fn tracker(&self) -> PyResult<String> {
        record::tracker(&self.env)
    }

    /// Steps; returns reward, terminated, truncated, intervened.
    fn step(
        &mut self,
        py: Python<'_>,
        action: PyReadonlyArray1<'_, f64>,
    ) -> PyResult<(f64, bool, bool, bool)> {
        // Copied, because another thread may write into the array while this one steps.
        let action = action.as_array().to_vec();
        let step = py.detach(|| self.taken(&action)).map_err(to_python)?;
        Ok((step.reward, step.terminated, step.truncated, step.intervened))
    }

    /// The action that drives the joints to these angles, rad.
    fn joint_action<'py>(
        &self,
        py: Python<'py>,
        joints: [f64; JOINTS],
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let action = agent::action(self.env.config(), &joints).map_err(to_python)?;
        Ok(PyArray1::from_slice(py, &action))
    }

    fn dt(&self) -> f64 {
        self.env.dt()
    }

    fn observation_len(&self) -> usize {
        self.env.observation_len()
    }

    /// Writes the observation into a contiguous array of uint8, float32 or float64.
    fn observe_into(&self, out: &Bound<'_, PyAny>) -> PyResult<()> {
        if let Ok(out) = out.cast::<PyArray1<u8>>() {
            self.env.observe(out.try_readwrite()?.as_slice_mut()?).map_err(to_python)
        } else if let Ok(out) = out.cast::<PyArray1<f32>>() {
            self.env.observe(out.try_readwrite()?.as_slice_mut()?).map_err(to_python)
        } else if let Ok(out) = out.cast::<PyArray1<f64>>() {
            self.env.observe(out.try_readwrite()?.as_slice_mut()?).map_err(to_python)
        } else {
            Err(shape_error(
                "out",
                "an array of uint8, float32 or float64",
                out.get_type().to_string(),
            ))
        }
    }

    /// Images, rows, columns and channels of an observation of pixels.
    fn image_shape(&self) -> Option<[usize; 4]> {
        self.env.image_shape()
    }

    /// The largest value of every channel, as floats have it.
    fn image_highest(&self) -> Option<Vec<f64>> {
        self.env.image_highest()
    }

    /// The entities' names in the order of their numbers in images.
    fn entity_names(&self) -> Vec<String> {
        render::entities(&self.env.state().scene)
    }

    /// Who draws the images that are observed, in words.
    fn renderer(&self) -> Option<&str> {
        self.env.renderer()
    }

    /// Refuses a camera that sees nothing.
    #[staticmethod]
    fn check_camera(camera: Option<&str>) -> PyResult<()> {
        own_camera(camera).map(drop)
    }

    /// A picture of the present state: rows, columns, RGB.
    fn render<'py>(
        &mut self,
        py: Python<'py>,
        camera: Option<&str>,
        width: usize,
        height: usize,
    ) -> PyResult<Bound<'py, PyArray3<u8>>> {
        let camera = own_camera(camera)?;
        let Self { env, painter, .. } = self;
        py.detach(|| painter.draw(env, &camera, width, height));
        painter.to_python(py)
    }

    /// Rows and columns of the entity set that the observation begins with.
    fn observation_table(&self) -> Option<(usize, usize)> {
        self.env.observation_table().map(|[rows, columns]| (rows, columns))
    }

    fn goal_len(&self) -> usize {
        self.env.goal_layout().len()
    }

    fn goal_names(&self) -> Vec<String> {
        self.env.goal_layout().names()
    }

    /// What is achieved and what is desired.
    fn goals<'py>(&self, py: Python<'py>) -> PyResult<Bounds<'py>> {
        let mut goals = [vec![0.0; self.goal_len()], vec![0.0; self.goal_len()]];
        self.env.achieved_goal(&mut goals[0]).map_err(to_python)?;
        self.env.desired_goal(&mut goals[1]).map_err(to_python)?;
        let [achieved, desired] = goals;
        Ok((PyArray1::from_vec(py, achieved), PyArray1::from_vec(py, desired)))
    }

    /// The rewards of goals, one in every row.
    fn goal_rewards<'py>(
        &self,
        py: Python<'py>,
        achieved: PyReadonlyArray2<'py, f64>,
        desired: PyReadonlyArray2<'py, f64>,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let reward = self.env.goal_reward();
        let (achieved, desired) = (achieved.as_array(), desired.as_array());
        let (count, other) = (achieved.nrows(), desired.nrows());
        if count != other {
            return Err(shape_error("desired_goal", &format!("{count} goals"), other.to_string()));
        }
        // Copied, because another thread may write into the arrays while this one computes.
        let [achieved, desired] = [achieved, desired].map(|goals| goals.iter().copied().collect());
        let (achieved, desired): (Vec<f64>, Vec<f64>) = (achieved, desired);
        let rewards =
            py.detach(|| reward.rewards(&achieved, &desired, count)).map_err(to_python)?;
        Ok(PyArray1::from_vec(py, rewards))
    }

    fn observation_names(&self) -> Vec<String> {
        self.env.observation_names()
    }

    fn observation_space<'py>(&self, py: Python<'py>) -> Bounds<'py> {
        bounds(py, &self.env.observation_space())
    }

    fn nominal_observation_space<'py>(&self, py: Python<'py>) -> Bounds<'py> {
        bounds(py, &self.env.nominal_observation_space())
    }

    fn action_space<'py>(&self, py: Python<'py>) -> Bounds<'py> {
        bounds(py, &self.env.action_space())
    }

    /// What Gymnasium calls `info`; every value in it is new.
    fn info<'py>(&self, py: Python<'py>, intervened: bool) -> PyResult<Bound<'py, PyDict>> {
        let info = info_to_python(py, self.env.info())?;
        info.set_item("intervened", intervened)?;
        Ok(info)
    }

    /// What the environment was made of, as JSON.
    fn description(&self) -> PyResult<String> {
        self.env.description().to_json().map_err(to_python)
    }

    /// The keyword arguments of a description's environment, as JSON.
    #[staticmethod]
    fn arguments(description: &str) -> PyResult<String> {
        let Description { config, document, .. } =
            Description::from_json(description).map_err(to_python)?;
        let refuse = |error| json_error("world", &error);
        let mut arguments = serde_json::to_value(&config).map_err(refuse)?;
        match config.observation_mode {
            Mode::Custom(globs) => {
                arguments["observation_mode"] = "custom".into();
                arguments["observe"] = globs.into();
            }
            Mode::Pixel(pixels) => {
                arguments["observation_mode"] = "pixel".into();
                arguments["pixels"] = serde_json::to_value(*pixels).map_err(refuse)?;
            }
            _ => {}
        }
        if let Some(document) = document {
            arguments["family"] = serde_json::to_value(document).map_err(refuse)?;
        }
        Ok(arguments.to_string())
    }

    /// Refuses a description of another world than this environment's.
    fn check_description(&self, description: &str) -> PyResult<()> {
        let description = Description::from_json(description).map_err(to_python)?;
        description.check(&self.env).map_err(to_python)
    }

    fn state(&self) -> State {
        State::new(self.env.state())
    }

    fn set_state(&mut self, py: Python<'_>, state: &State) -> PyResult<()> {
        py.detach(|| self.env.set_state(&state.inner)).map_err(to_python)
    }

    /// What a copy of this environment needs: the state, the starting state, whether it began.
    fn save(&self) -> (State, State, bool) {
        let env = &self.env;
        (State::new(env.state()), State::new(env.starting_state()), env.has_begun())
    }

    /// Puts back what `save` gave.
    fn restore(&mut self, state: &State, starting_state: &State, begun: bool) -> PyResult<()> {
        self.env.restore(&state.inner, &starting_state.inner, begun).map_err(to_python)
    }

    fn do_intervention(
        &mut self,
        py: Python<'_>,
        interventions: &Bound<'_, PyAny>,
        check_bounds: bool,
    ) -> PyResult<()> {
        let intervention = names::intervention(interventions)?;
        py.detach(|| self.env.do_intervention(&intervention, check_bounds)).map_err(to_python)
    }

    fn set_starting_state(
        &mut self,
        py: Python<'_>,
        interventions: &Bound<'_, PyAny>,
        check_bounds: bool,
    ) -> PyResult<()> {
        let intervention = names::intervention(interventions)?;
        py.detach(|| self.env.set_starting_state(&intervention, check_bounds)).map_err(to_python)
    }

    /// Lets the actors of a curriculum intervene from the next reset on.
    fn set_curriculum(&mut self, document: &str, custom: Vec<(String, Py<PyAny>)>) -> PyResult<()> {
        let curriculum = curriculum::curriculum(document, &custom)?;
        self.env.set_director(Some(Box::new(curriculum)));
        Ok(())
    }

    /// Raises why an actor could not do its work.
    fn check_curriculum(&mut self) -> PyResult<()> {
        self.env.take_failure().map_or(Ok(()), |error| Err(to_python(error)))
    }

    /// What the curriculum's actors tried since this was asked last, as JSON.
    fn take_events(&mut self) -> PyResult<String> {
        let events = self.env.take_events();
        serde_json::to_string(&events).map_err(|error| json_error("events", &error))
    }

    /// Begins the episode of a protocol's world.
    fn begin_world(&mut self, world: &str) -> PyResult<()> {
        curriculum::begin(&mut self.env, world)
    }

    /// Makes the interventions of a protocol's world that are due; whether there was one.
    fn follow_world(&mut self, world: &str) -> PyResult<bool> {
        curriculum::follow(&mut self.env, world)
    }

    fn reset_default_state(&mut self) {
        self.env.reset_default_state();
    }

    fn sample_new_goal<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let goal = self.env.sample_new_goal().map_err(to_python)?;
        names::values_to_python(py, &self.env, goal.values)
    }

    fn sample_intervention<'py>(&self, py: Python<'py>, draw: u64) -> PyResult<Bound<'py, PyDict>> {
        let intervention = self.env.sample_intervention(draw).map_err(to_python)?;
        names::values_to_python(py, &self.env, intervention.values)
    }

    /// Whether to record where every part is in every tick.
    fn record_sweeps(&mut self, on: bool) {
        self.env.record_sweeps(on);
    }

    /// The last step's mask, row by row; rows and columns.
    fn local_mask(&self, strength: &str) -> PyResult<(Vec<bool>, usize, usize)> {
        self.require_step()?;
        let scene = &self.env.state().scene;
        let strength = causal::Strength::parse(strength).map_err(to_python)?;
        let mask = LocalMask::of(self.env.contacts(), scene, strength).map_err(to_python)?;
        let (rows, columns) = (mask.nodes() + causal::ACTIONS, mask.nodes());
        let mut out = vec![false; rows * columns];
        mask.write(&mut out).map_err(to_python)?;
        Ok((out, rows, columns))
    }

    /// The last step's pairs: two nodes, the first tick, the largest impulse, the smallest gap.
    fn mask_edges(&self) -> PyResult<Vec<MaskEdge>> {
        self.require_step()?;
        let edges = LocalMask::edges(self.env.contacts());
        Ok(edges.iter().map(|e| (e.first, e.second, e.tick, e.impulse, e.gap)).collect())
    }

    /// Whether the present state is what a step led to.
    fn has_stepped(&self) -> bool {
        self.env.has_stepped()
    }

    /// The last step's mask expanded to the observation's numbers and the nine of the action.
    fn feature_mask<'py>(
        &self,
        py: Python<'py>,
        strength: &str,
    ) -> PyResult<Bound<'py, PyArray2<bool>>> {
        self.require_step()?;
        let scene = &self.env.state().scene;
        let strength = causal::Strength::parse(strength).map_err(to_python)?;
        let mask = LocalMask::of(self.env.contacts(), scene, strength).map_err(to_python)?;
        let entries = causal::feature_mask(&mask, &self.env).map_err(to_python)?;
        let columns = self.env.observation_len();
        PyArray1::from_vec(py, entries).reshape([columns + JOINTS, columns])
    }

    /// What would have come of actions: the factual course, then one for each question, or why it
    /// was refused.
    #[pyo3(signature = (state, actions, questions, *, check_bounds, threads))]
    fn counterfactuals<'py>(
        &self,
        py: Python<'py>,
        state: &State,
        actions: PyReadonlyArray2<'py, f64>,
        questions: Vec<(Bound<'py, PyAny>, Option<PyReadonlyArray2<'py, f64>>)>,
        check_bounds: bool,
        threads: usize,
    ) -> PyResult<(crate::causal::Course<'py>, Vec<Bound<'py, PyAny>>)> {
        crate::causal::counterfactuals(
            py,
            &self.env,
            state,
            actions.as_array().iter().copied().collect(),
            questions,
            check_bounds,
            threads,
        )
    }

    /// The last step's contacts that pushed.
    fn contacts(&self) -> PyResult<Vec<Contact>> {
        self.require_step()?;
        let scene = &self.env.state().scene;
        let pushed = self.env.contacts().couplings.iter().filter(|c| c.impulse > 0.0);
        let name = |entity: Entity| entity.name(scene);
        let tell = |c: &Coupling| {
            (name(c.first), name(c.second), c.tick, c.impulse, c.gap, c.place, c.push)
        };
        Ok(pushed.map(tell).collect())
    }

    /// Every link's name and where it is: position, m, and quaternion x, y, z, w, world frame.
    fn link_poses(&self) -> Vec<(String, [f64; 3], [f64; 4])> {
        let robot = &self.env.state().robot;
        let finger = |finger| {
            let joints = kinematics::of_finger(&robot.joint_positions, finger);
            kinematics::link_poses(finger, joints, robot.height)
        };
        let poses = (0..FINGERS).flat_map(finger).enumerate();
        poses.map(|(link, (position, turn))| (link_name(link), position, turn)).collect()
    }

    fn mask_names(&self) -> Vec<String> {
        LocalMask::names(&self.env.state().scene)
    }

    fn variables<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        names::values_to_python(py, &self.env, self.env.variables())
    }

    /// The table of variables in the present state, as JSON.
    fn variable_table(&self) -> PyResult<String> {
        let table = self.env.family().table(self.env.state());
        serde_json::to_string(&table).map_err(|error| json_error("table of variables", &error))
    }

    fn space<'py>(&self, py: Python<'py>, subspace: &str) -> PyResult<Bound<'py, PyDict>> {
        let subspace = Subspace::parse(subspace).map_err(to_python)?;
        names::spaces_to_python(py, self.env.space(subspace))
    }

    fn set_variables_space(&mut self, subspace: &str) -> PyResult<()> {
        self.env.set_variables_space(Subspace::parse(subspace).map_err(to_python)?);
        Ok(())
    }
}

impl NativeEnv {
    /// Steps, and records it where that was asked for.
    fn taken(&mut self, action: &[f64]) -> trifactor::Result<trifactor::Step> {
        if let Some(recording) = &mut self.recording
            && self.env.has_begun()
        {
            recording.recorder.before(0, &self.env)?;
        }
        let step = self.env.step(action)?;
        if let Some(recording) = &mut self.recording {
            recording.recorder.step(0, &self.env, action, &step)?;
        }
        Ok(step)
    }

    /// Refuses what only a step can tell.
    fn require_step(&self) -> PyResult<()> {
        if self.env.has_stepped() {
            return Ok(());
        }
        let order = "call step first: a mask is of the step that led to the present state";
        Err(to_python(Error::Order(order)))
    }
}

/// The observation of that name; `observe` chooses variables and keys.
fn mode(name: &str, observe: Option<Vec<String>>, pixels: Option<&str>) -> PyResult<Mode> {
    if let Some(pixels) = pixels {
        let pixels: Pixels =
            serde_json::from_str(pixels).map_err(|error| json_error("pixels", &error))?;
        return Ok(Mode::Pixel(Box::new(pixels)));
    }
    match (name, observe) {
        ("structured", None) => Ok(Mode::Structured),
        ("structured" | "custom", Some(globs)) => Ok(Mode::Custom(globs)),
        ("entities", None) => Ok(Mode::Entities),
        ("custom", None) => Ok(Mode::Custom(Vec::new())),
        ("entities", Some(_)) => Err(to_python(Error::Setting {
            name: "observe",
            value: "given".to_string(),
            reason: "chooses variables; an entity set has its own columns, of which drop takes some",
        })),
        _ => Err(to_python(Error::UnknownName {
            what: "observation_mode",
            name: name.to_string(),
            known: "structured, entities, custom, pixel".to_string(),
        })),
    }
}

/// What draws pictures for people.
#[derive(Default)]
pub(crate) struct Painter {
    renderer: Option<render::Renderer>,
    image: render::Image,
}

impl Painter {
    /// Draws the present state of an environment, its goals to be seen through.
    pub(crate) fn draw(&mut self, env: &Env, camera: &render::Camera, width: usize, height: usize) {
        let new = || render::Renderer::new(render::Style::picture());
        let renderer = self.renderer.get_or_insert_with(new);
        renderer.pose(env.state(), &render::Content::picture(), &[]);
        renderer.shoot(camera, width, height, &mut self.image);
    }

    /// The picture: rows, columns, RGB.
    pub(crate) fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray3<u8>>> {
        let shape = [self.image.height, self.image.width, 3];
        PyArray1::from_slice(py, &self.image.rgb).reshape(shape)
    }
}

/// The camera that a JSON document describes; the overview where there is none.
pub(crate) fn own_camera(text: Option<&str>) -> PyResult<render::Camera> {
    let Some(text) = text else { return Ok(render::Camera::overview()) };
    let own: render::LookAt =
        serde_json::from_str(text).map_err(|error| json_error("render_camera", &error))?;
    own.camera().map_err(errors::of_settings)
}

/// The figure of that name.
fn overlap(name: &str) -> PyResult<Overlap> {
    match name {
        "volume" => Ok(Overlap::Volume),
        "aabb" => Ok(Overlap::Aabb),
        _ => Err(to_python(Error::UnknownName {
            what: "overlap",
            name: name.to_string(),
            known: "volume, aabb".to_string(),
        })),
    }
}

/// The physics of a JSON document.
fn physics(text: &str) -> PyResult<Physics> {
    let value = serde_json::from_str(text).map_err(|error| json_error("physics", &error))?;
    trifactor::world::physics::from_value(value).map_err(to_python)
}

fn bounds<'py>(py: Python<'py>, space: &BoxSpace) -> Bounds<'py> {
    (PyArray1::from_slice(py, &space.low), PyArray1::from_slice(py, &space.high))
}

fn info_to_python(py: Python<'_>, info: Info) -> PyResult<Bound<'_, PyDict>> {
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
    Ok(dictionary)
}
