//! Replay and CoDA as Python's `trifactor.augment` drives them.

use std::path::PathBuf;
use std::sync::Arc;

use numpy::{PyArray1, PyArray2, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use trifactor::augment::{Coda, Generator, Method, Report, Resimulator, Samples};
use trifactor::causal::replay::Columns;
use trifactor::causal::{ACTIONS, Distance, Replay, Transition};
use trifactor::rng::Rng;
use trifactor::robot::JOINTS;
use trifactor::space::normalize;

use crate::env::NativeEnv;
use crate::errors::{shape_error, to_python};
use crate::state::State;

type Array1<'py, T> = Bound<'py, PyArray1<T>>;
type Array2<'py, T> = Bound<'py, PyArray2<T>>;

/// Observations, actions, rewards, next observations, terminated.
type Learned<'py> =
    (Array2<'py, f32>, Array2<'py, f32>, Array1<'py, f64>, Array2<'py, f32>, Array1<'py, bool>);

/// Transitions in columns; `trifactor.augment.Replay` says what each call means.
#[pyclass(module = "trifactor._trifactor")]
pub(crate) struct NativeReplay {
    // Shared with the samples that are made of it.
    replay: Arc<Replay>,
}

#[pymethods]
impl NativeReplay {
    #[new]
    fn new(env: &NativeEnv, capacity: usize) -> PyResult<Self> {
        let replay = Replay::new(&env.env().state().scene, capacity).map_err(to_python)?;
        Ok(Self { replay: Arc::new(replay) })
    }

    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let replay = py.detach(|| Replay::load(&path)).map_err(to_python)?;
        Ok(Self { replay: Arc::new(replay) })
    }

    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        py.detach(|| self.replay.save(&path)).map_err(to_python)
    }

    /// Adds an environment's last step, which began in that state.
    fn add(&mut self, env: &NativeEnv, before: &State) -> PyResult<()> {
        let before = trifactor::State::clone(&before.inner);
        let t = Transition::last(env.env(), before).map_err(to_python)?;
        Arc::make_mut(&mut self.replay).push(&t).map_err(to_python)
    }

    fn __len__(&self) -> usize {
        self.replay.len()
    }

    fn touching_share(&self) -> f64 {
        self.replay.touching_share()
    }

    fn arrays<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        arrays(py, self.replay.columns())
    }

    /// Samples by CoDA, and what came of the proposals.
    #[pyo3(signature = (env, count, *, method, tries, sources, steps, seed))]
    #[expect(clippy::too_many_arguments, reason = "Python's keyword arguments, one by one")]
    fn coda<'py>(
        &self,
        py: Python<'py>,
        env: &NativeEnv,
        count: usize,
        method: &str,
        tries: usize,
        sources: usize,
        steps: usize,
        seed: u64,
    ) -> PyResult<(NativeSamples, Bound<'py, PyDict>)> {
        let method = self::method(method, env)?;
        let mut coda = Coda { method, tries, sources, steps, ..Coda::default() };
        let replay = Arc::clone(&self.replay);
        let mut samples = Samples::new(replay.layout());
        let mut rng = Rng::stream(seed, 0, "coda");
        let made = Generator::new(&replay, &mut coda)
            .and_then(|mut generator| generator.fill(count, &mut rng, &mut samples));
        let report = report(py, &made.map_err(to_python)?)?;
        Ok((NativeSamples { replay, samples }, report))
    }
}

/// What CoDA made; `trifactor.augment.Samples` says what each call means.
#[pyclass(module = "trifactor._trifactor")]
pub(crate) struct NativeSamples {
    replay: Arc<Replay>,
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

    /// The replay's row that each finger and block comes from.
    fn sources<'py>(&self, py: Python<'py>) -> PyResult<Array2<'py, u32>> {
        let rows = (0..self.len()).map(|i| self.samples.sources(i).to_vec());
        table(py, rows.flatten().collect(), self.len())
    }

    /// The states of a sample before and after.
    fn states(&self, sample: usize) -> PyResult<(State, State)> {
        self.check(sample)?;
        let t = self.samples.transition(sample, &self.replay);
        Ok((State::new(&t.before), State::new(&t.after)))
    }

    /// The largest difference of a sample from its repeated step, and whether it is none.
    fn check_sample(&self, env: &NativeEnv, sample: usize) -> PyResult<(bool, f64)> {
        self.check(sample)?;
        let t = self.samples.transition(sample, &self.replay);
        let found = oracle(env)?.check(&t).map_err(to_python)?;
        Ok((found.bitwise, found.largest()))
    }

    /// Every sample as an agent of an environment would have seen it.
    fn learned<'py>(&self, py: Python<'py>, env: &NativeEnv) -> PyResult<Learned<'py>> {
        let mut twin = env.env().twin().map_err(to_python)?;
        let config = twin.config().clone();
        let (count, length) = (self.len(), twin.observation_len());
        let mut observations = [vec![0.0; count * length], vec![0.0; count * length]];
        let (mut actions, mut rewards, mut ends) = (Vec::new(), Vec::new(), Vec::new());
        let bounds = config.action_mode.bounds();
        for i in 0..count {
            let t = self.samples.transition(i, &self.replay);
            for (state, rows) in [&t.before, &t.after].into_iter().zip(&mut observations) {
                twin.set_state(state).map_err(to_python)?;
                twin.observe(&mut rows[i * length..(i + 1) * length]).map_err(to_python)?;
            }
            let worth = twin.worth(&t.before, &t.after).map_err(to_python)?;
            rewards.push(worth.reward);
            ends.push(worth.terminated);
            let entry = |(j, x): (usize, &f64)| match config.normalize_actions {
                true => normalize(*x, bounds.low[j], bounds.high[j]) as f32,
                false => *x as f32,
            };
            actions.extend(t.action.iter().enumerate().map(entry));
        }
        let [before, after] = observations;
        Ok((
            table(py, before, count)?,
            table(py, actions, count)?,
            PyArray1::from_vec(py, rewards),
            table(py, after, count)?,
            PyArray1::from_vec(py, ends),
        ))
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
    Resimulator::new(env.env().twin_in_units().map_err(to_python)?).map_err(to_python)
}

fn method(name: &str, env: &NativeEnv) -> PyResult<Method> {
    Ok(match name {
        "cut" => Method::Cut,
        "simulation" => Method::Simulation(Box::new(oracle(env)?)),
        "distance" => Method::Model(Box::new(Distance::default())),
        "unchecked" => Method::Unchecked,
        "blind" => Method::Blind,
        _ => {
            return Err(to_python(trifactor::Error::UnknownName {
                what: "method",
                name: name.to_string(),
                known: "cut, simulation, distance, unchecked, blind".to_string(),
            }));
        }
    })
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
