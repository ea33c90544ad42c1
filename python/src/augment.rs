//! Replay and CoDA as Python's `trifactor.augment` drives them.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLockReadGuard};

use numpy::{PyArray1, PyArray2, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use trifactor::augment::{Coda, Generator, Method, Report, Resimulator, Samples};
use trifactor::augmented::Recorded;
use trifactor::causal::replay::{Columns, Layout};
use trifactor::causal::{
    ACTIONS, Cuts, Distance, External, MaskModel, Nulling, Replay, Score, Simulated, Transition,
};
use trifactor::record::Dataset;
use trifactor::rng::Rng;
use trifactor::robot::JOINTS;
use trifactor::space::normalize;

use crate::env::NativeEnv;
use crate::errors::{shape_error, to_python};
use crate::guarded::Guarded;
use crate::state::State;

type Array1<'py, T> = Bound<'py, PyArray1<T>>;
type Array2<'py, T> = Bound<'py, PyArray2<T>>;

/// Actions, rewards, terminated.
type Outcomes<'py> = (Array2<'py, f32>, Array1<'py, f64>, Array1<'py, bool>);

/// A function and its arguments, which make an object again.
type Made<'py> = (Bound<'py, PyAny>, (Bound<'py, PyBytes>,));

/// Transitions in columns; `trifactor.augment.Replay` says what each call means.
#[pyclass(frozen, module = "trifactor._trifactor")]
pub(crate) struct NativeReplay {
    replay: Guarded<Replay>,
}

#[pymethods]
impl NativeReplay {
    #[new]
    fn new(env: &NativeEnv, capacity: usize) -> PyResult<Self> {
        let replay = Replay::new(&env.read()?.env.state().scene, capacity).map_err(to_python)?;
        Ok(Self::of(replay))
    }

    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        Ok(Self::of(py.detach(|| Replay::load(&path)).map_err(to_python)?))
    }

    /// The transitions of a data set.
    #[staticmethod]
    fn read(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let read = || Recorded::read(&Dataset::open(&path)?).map(Recorded::into_replay);
        Ok(Self::of(py.detach(read).map_err(to_python)?))
    }

    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        let replay = self.get()?;
        let replay: &Replay = &replay;
        py.detach(|| replay.save(&path)).map_err(to_python)
    }

    /// What `to_bytes` gave.
    #[staticmethod]
    fn from_bytes(bytes: &[u8]) -> PyResult<Self> {
        Ok(Self::of(Replay::read_from(&mut &*bytes).map_err(to_python)?))
    }

    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let replay = self.get()?;
        bytes(py, |out| replay.write_to(out))
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Made<'py>> {
        Ok((py.get_type::<Self>().getattr("from_bytes")?, (self.to_bytes(py)?,)))
    }

    /// Adds an environment's last step, which began in that state.
    fn add(&self, env: &NativeEnv, before: &State) -> PyResult<()> {
        let before = trifactor::State::clone(&before.inner);
        let t = Transition::last(&env.read()?.env, before).map_err(to_python)?;
        self.replay.write()?.push(&t).map_err(to_python)
    }

    fn __len__(&self) -> PyResult<usize> {
        Ok(self.get()?.len())
    }

    fn touching_share(&self) -> PyResult<f64> {
        Ok(self.get()?.touching_share())
    }

    fn arrays<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        arrays(py, self.get()?.columns())
    }

    /// How a mask model stands to the truth: precision, recall and area under the ROC curve, of
    /// entries and of cuts.
    fn score<'py>(
        &self,
        py: Python<'py>,
        env: &NativeEnv,
        model: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let (failed, replay) = (Failed::default(), self.get()?);
        let in_units = || env.read()?.env.twin_in_units().map_err(to_python);
        let mut model: Box<dyn MaskModel> = match model.extract::<&str>() {
            Ok("distance") => Box::new(Distance::default()),
            Ok("nulling") => Box::new(Nulling::new(in_units()?)),
            Ok("simulation") => Box::new(Simulated::new(in_units()?)),
            Ok(name) => return Err(unknown("mask model", name, "distance, nulling, simulation")),
            Err(_) => self::model(model, &replay, &failed)?,
        };
        let all: Vec<_> = (0..replay.len()).map(|row| replay.transition(row)).collect();
        let score = failed.or(Score::of(model.as_mut(), &all))?;
        let dictionary = PyDict::new(py);
        for (name, cuts) in [("entries", &score.entries), ("cuts", &score.cuts)] {
            dictionary.set_item(name, figures(py, cuts)?)?;
        }
        Ok(dictionary)
    }

    /// Samples by CoDA, and what came of the proposals.
    #[pyo3(signature = (env, count, *, method, tries, reuse, sources, steps, seed))]
    #[expect(clippy::too_many_arguments, reason = "Python's keyword arguments, one by one")]
    fn coda<'py>(
        &self,
        py: Python<'py>,
        env: &NativeEnv,
        count: usize,
        method: &Bound<'py, PyAny>,
        tries: usize,
        reuse: usize,
        sources: usize,
        steps: usize,
        seed: u64,
    ) -> PyResult<(NativeSamples, Bound<'py, PyDict>)> {
        let (failed, replay) = (Failed::default(), self.get()?);
        let method = match method.extract::<&str>() {
            Ok(name) => self::method(name, env)?,
            Err(_) => Method::Model(model(method, &replay, &failed)?),
        };
        let mut coda = Coda { method, tries, reuse, sources, steps, ..Coda::default() };
        let mut samples = Samples::new(replay.layout());
        let mut rng = Rng::stream(seed, 0, "coda");
        let made = Generator::new(&replay, &mut coda)
            .and_then(|mut generator| generator.fill(count, &mut rng, &mut samples));
        let report = report(py, &failed.or(made)?)?;
        Ok((NativeSamples { samples }, report))
    }
}

impl NativeReplay {
    fn of(replay: Replay) -> Self {
        Self { replay: Guarded::new("replay", replay) }
    }

    /// The transitions, to which none is added meanwhile.
    fn get(&self) -> PyResult<RwLockReadGuard<'_, Replay>> {
        self.replay.read()
    }
}

/// What a mask model written in Python raised; the library's own error says less.
#[derive(Clone, Default)]
struct Failed(Arc<Mutex<Option<PyErr>>>);

impl Failed {
    fn set(&self, error: PyErr) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }

    fn or<T>(&self, result: trifactor::Result<T>) -> PyResult<T> {
        let raised = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        result.map_err(|error| raised.unwrap_or_else(|| to_python(error)))
    }
}

/// A mask model written in Python: `name`, `threshold`, `scores(before, action)`.
fn model(
    model: &Bound<'_, PyAny>,
    replay: &Replay,
    failed: &Failed,
) -> PyResult<Box<dyn MaskModel>> {
    let name: String = model.getattr("name")?.extract()?;
    let threshold: f64 = model.getattr("threshold")?.extract()?;
    let scores = model.getattr("scores")?.unbind();
    let (layout, failed): (Layout, _) = (replay.layout().clone(), failed.clone());
    let call = move |before: &trifactor::State, action: &[f64; JOINTS]| {
        Python::attach(|py| -> PyResult<Vec<f64>> {
            let row = layout.row(before).map_err(to_python)?;
            let arrays = (PyArray1::from_vec(py, row), PyArray1::from_slice(py, action));
            let numpy = py.import("numpy")?;
            let scores = scores.call1(py, arrays)?;
            let flat = numpy.call_method1("ravel", (scores,))?;
            flat.call_method0("tolist")?.extract()
        })
        .unwrap_or_else(|error| {
            failed.set(error);
            Vec::new()
        })
    };
    Ok(Box::new(External::new(&name, threshold, call)))
}

/// What CoDA made; `trifactor.augment.Samples` says what each call means.
#[pyclass(frozen, module = "trifactor._trifactor")]
pub(crate) struct NativeSamples {
    samples: Samples,
}

#[pymethods]
impl NativeSamples {
    fn __len__(&self) -> usize {
        self.samples.len()
    }

    fn arrays<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        arrays(py, self.samples.columns())
    }

    /// What `to_bytes` gave.
    #[staticmethod]
    fn from_bytes(bytes: &[u8]) -> PyResult<Self> {
        Ok(Self { samples: Samples::read_from(&mut &*bytes).map_err(to_python)? })
    }

    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        bytes(py, |out| self.samples.write_to(out))
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Made<'py>> {
        Ok((py.get_type::<Self>().getattr("from_bytes")?, (self.to_bytes(py)?,)))
    }

    /// The replay's row that each finger and block comes from.
    fn sources<'py>(&self, py: Python<'py>) -> PyResult<Array2<'py, u32>> {
        let rows = (0..self.len()).map(|i| self.samples.sources(i).to_vec());
        table(py, rows.flatten().collect(), self.len())
    }

    /// The states of a sample before and after.
    fn states(&self, sample: usize) -> PyResult<(State, State)> {
        self.check(sample)?;
        let t = self.samples.transition(sample);
        Ok((State::new(&t.before), State::new(&t.after)))
    }

    /// The largest difference of a sample from its repeated step, and whether it is none.
    fn check_sample(&self, env: &NativeEnv, sample: usize) -> PyResult<(bool, f64)> {
        self.check(sample)?;
        let t = self.samples.transition(sample);
        let found = oracle(env)?.check(&t).map_err(to_python)?;
        Ok((found.bitwise, found.largest()))
    }

    /// The observations before and after of every sample, flat, as an environment writes them.
    fn observations<'py>(
        &self,
        py: Python<'py>,
        env: &NativeEnv,
    ) -> PyResult<(Array2<'py, f32>, Array2<'py, f32>)> {
        let mut twin = env.read()?.env.twin().map_err(to_python)?;
        let (count, mut both) = (self.len(), [Vec::new(), Vec::new()]);
        for i in 0..count {
            let t = self.samples.transition(i);
            for (state, rows) in [&t.before, &t.after].into_iter().zip(&mut both) {
                twin.set_state(state).map_err(to_python)?;
                let begun = rows.len();
                rows.resize(begun + twin.observation_len(), 0.0);
                twin.observe(&mut rows[begun..]).map_err(to_python)?;
            }
        }
        let [before, after] = both;
        Ok((table(py, before, count)?, table(py, after, count)?))
    }

    /// The actions of every sample as an environment takes them, what its task pays, and whether it
    /// ends the episode.
    fn outcomes<'py>(&self, py: Python<'py>, env: &NativeEnv) -> PyResult<Outcomes<'py>> {
        let twin = env.read()?.env.twin().map_err(to_python)?;
        let (config, count) = (twin.config(), self.len());
        let bounds = config.action_mode.bounds();
        let (mut actions, mut rewards, mut ends) = (Vec::new(), Vec::new(), Vec::new());
        for i in 0..count {
            let t = self.samples.transition(i);
            let worth = twin.worth(&t.before, &t.after).map_err(to_python)?;
            rewards.push(worth.reward);
            ends.push(worth.terminated);
            let entry = |(j, x): (usize, &f64)| match config.normalize_actions {
                true => normalize(*x, bounds.low[j], bounds.high[j]) as f32,
                false => *x as f32,
            };
            actions.extend(t.action.iter().enumerate().map(entry));
        }
        let (rewards, ends) = (PyArray1::from_vec(py, rewards), PyArray1::from_vec(py, ends));
        Ok((table(py, actions, count)?, rewards, ends))
    }
}

impl NativeSamples {
    fn len(&self) -> usize {
        self.samples.len()
    }

    fn check(&self, sample: usize) -> PyResult<()> {
        if sample < self.len() {
            return Ok(());
        }
        let expected = format!("a number below {}", self.len());
        Err(shape_error("sample", &expected, sample.to_string()))
    }
}

fn oracle(env: &NativeEnv) -> PyResult<Resimulator> {
    Resimulator::new(env.read()?.env.twin_in_units().map_err(to_python)?).map_err(to_python)
}

fn method(name: &str, env: &NativeEnv) -> PyResult<Method> {
    Ok(match name {
        "cut" => Method::Cut,
        "simulation" => Method::Simulation(Box::new(oracle(env)?)),
        "distance" => Method::Model(Box::new(Distance::default())),
        "unchecked" => Method::Unchecked,
        "blind" => Method::Blind,
        _ => return Err(unknown("method", name, "cut, simulation, distance, unchecked, blind")),
    })
}

fn unknown(what: &'static str, name: &str, known: &str) -> PyErr {
    let (name, known) = (name.to_string(), known.to_string());
    to_python(trifactor::Error::UnknownName { what, name, known })
}

fn figures<'py>(py: Python<'py>, cuts: &Cuts) -> PyResult<Bound<'py, PyDict>> {
    let dictionary = PyDict::new(py);
    dictionary.set_item("precision", cuts.precision())?;
    dictionary.set_item("recall", cuts.recall())?;
    dictionary.set_item("auc", cuts.auc())?;
    Ok(dictionary)
}

/// Makes a data set of samples of another; as `trifactor augment`.
#[pyfunction]
#[pyo3(signature = (path, output, count, *, method, tries, reuse, sources, steps, seed))]
#[expect(clippy::too_many_arguments, reason = "Python's keyword arguments, one by one")]
pub(crate) fn augment_dataset<'py>(
    py: Python<'py>,
    path: PathBuf,
    output: PathBuf,
    count: usize,
    method: &str,
    tries: usize,
    reuse: usize,
    sources: usize,
    steps: usize,
    seed: u64,
) -> PyResult<Bound<'py, PyDict>> {
    let recorded = py.detach(|| Recorded::read(&Dataset::open(&path)?)).map_err(to_python)?;
    let made = recorded.method(method).map_err(to_python)?;
    let mut coda = Coda { method: made, tries, reuse, sources, steps, ..Coda::default() };
    let mut samples = Samples::new(recorded.replay().layout());
    let mut rng = Rng::stream(seed, 0, "coda");
    let found = Generator::new(recorded.replay(), &mut coda)
        .and_then(|mut generator| generator.fill(count, &mut rng, &mut samples))
        .map_err(to_python)?;
    let notes = format!("method {method}, seed {seed}, of {}", path.display());
    py.detach(|| recorded.write(&samples, steps, &output, &notes)).map_err(to_python)?;
    report(py, &found)
}

fn report<'py>(py: Python<'py>, report: &Report) -> PyResult<Bound<'py, PyDict>> {
    let dictionary = PyDict::new(py);
    for (name, count) in [
        ("drawn", report.drawn),
        ("whole", report.whole),
        ("proposals", report.proposals),
        ("refused", report.refused),
        ("duplicates", report.duplicates),
        ("accepted", report.accepted),
    ] {
        dictionary.set_item(name, count)?;
    }
    dictionary.set_item("mean_components", report.mean_components())?;
    Ok(dictionary)
}

/// What is written, as bytes.
fn bytes(
    py: Python<'_>,
    write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>,
) -> PyResult<Bound<'_, PyBytes>> {
    let mut out = Vec::new();
    write(&mut out)?;
    Ok(PyBytes::new(py, &out))
}

/// A table of so many rows.
fn table<'py, T: numpy::Element>(
    py: Python<'py>,
    numbers: Vec<T>,
    rows: usize,
) -> PyResult<Array2<'py, T>> {
    let columns = numbers.len().checked_div(rows).unwrap_or(0);
    PyArray1::from_vec(py, numbers).reshape([rows, columns])
}

fn arrays<'py>(py: Python<'py>, columns: &Columns) -> PyResult<Bound<'py, PyDict>> {
    let (rows, bodies) = (columns.len(), columns.layout().bodies());
    let dictionary = PyDict::new(py);
    for (name, numbers) in [
        ("before", columns.before()),
        ("action", columns.actions()),
        ("after", columns.after()),
        ("goals", columns.goals()),
    ] {
        dictionary.set_item(name, table(py, numbers.to_vec(), rows)?)?;
    }
    debug_assert_eq!(columns.actions().len(), rows * JOINTS);
    let mut mask = Vec::with_capacity(rows * (bodies + ACTIONS) * bodies);
    for row in 0..rows {
        for bits in columns.local_mask(row).rows() {
            mask.extend((0..bodies).map(|j| bits >> j & 1 != 0));
        }
    }
    let mask = PyArray1::from_vec(py, mask).reshape([rows, bodies + ACTIONS, bodies])?;
    dictionary.set_item("mask", mask)?;
    Ok(dictionary)
}
