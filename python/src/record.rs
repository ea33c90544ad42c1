//! Episodes on disk, as Python's `trifactor.record` reads, checks and makes them.

use std::path::PathBuf;

use numpy::{PyArray1, PyArray2};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use trifactor::Error;
use trifactor::causal::{Edge, Strength};
use trifactor::record::{Dataset, Episode, Header, Manifest, Precision, Row, Writer};

use crate::env::NativeEnv;
use crate::errors::{json_error, shape_error, to_python};
use crate::guarded::Guarded;
use crate::state::State;

/// The world's description as JSON, the precision of observations, the strength of masks, the
/// policy, the notes.
type Said<'a> = (String, Option<&'a str>, Option<&'a str>, &'a str, &'a str);

/// An episode, a row, what differs, by how much.
type Difference = (usize, usize, String, f64);

/// Episodes, those that disagree, transitions, those that agree, steps with an actor within, the
/// first differences, whether the data set was closed.
type Verified = (usize, usize, u64, u64, u64, Vec<Difference>, bool);

/// A data set on disk; `trifactor.record.Dataset` says what each call means.
#[pyclass(frozen, module = "trifactor._trifactor")]
pub(crate) struct NativeDataset {
    dataset: Dataset,
}

#[pymethods]
impl NativeDataset {
    #[new]
    fn new(path: PathBuf) -> PyResult<Self> {
        Ok(Self { dataset: Dataset::open(&path).map_err(to_python)? })
    }

    fn __len__(&self) -> usize {
        self.dataset.len()
    }

    /// Whether it was closed, and how many bytes at its end belong to no whole episode.
    fn end(&self) -> (bool, u64) {
        (self.dataset.is_closed(), self.dataset.cut())
    }

    /// What is missing at its end, in words; nothing where it was closed.
    fn lost(&self) -> Option<String> {
        self.dataset.lost().map(|lost| lost.to_string())
    }

    /// What the data set says of itself.
    fn header(&self) -> PyResult<Said<'_>> {
        let Header { world, observations, masks, policy, notes } = self.dataset.header();
        let precision = observations.map(|precision| match precision {
            Precision::Float32 => "float32",
            Precision::Float64 => "float64",
        });
        let world = world.to_json().map_err(to_python)?;
        Ok((world, precision, masks.map(Strength::name), policy, notes))
    }

    /// An episode's columns.
    fn episode<'py>(&self, py: Python<'py>, index: usize) -> PyResult<Bound<'py, PyDict>> {
        let episode = py.detach(|| self.dataset.episode(index)).map_err(to_python)?;
        let missing = || shape_error("index", "an episode's number", index.to_string());
        columns(py, &episode.ok_or_else(missing)?)
    }

    /// Re-runs every transition; `progress` is called with the steps of every episode.
    fn verify(
        &self,
        py: Python<'_>,
        threads: usize,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Verified> {
        let raised = std::sync::Mutex::new(None);
        let told = |steps: u64| {
            let Some(progress) = &progress else { return };
            let error = Python::attach(|py| progress.call1(py, (steps,)).err());
            if let (Some(error), Ok(mut raised)) = (error, raised.lock()) {
                raised.get_or_insert(error);
            }
        };
        let verified = py.detach(|| trifactor::record::verify(&self.dataset, threads, &told));
        let v = verified.map_err(to_python)?;
        if let Ok(Some(error)) = raised.into_inner() {
            return Err(error);
        }
        let told = v.differences.into_iter().map(|d| (d.episode, d.row, d.what, d.largest));
        let told = told.collect();
        Ok((v.episodes, v.disagreeing, v.transitions, v.agreed, v.intervened, told, v.closed))
    }

    /// The manifest as JSON.
    fn manifest(&self, py: Python<'_>) -> PyResult<String> {
        let manifest = py.detach(|| Manifest::of(&self.dataset, false)?.to_json());
        manifest.map_err(to_python)
    }
}

/// Makes a data set from a manifest's JSON.
pub(crate) fn regenerate(py: Python<'_>, manifest: &str, path: PathBuf) -> PyResult<()> {
    py.detach(|| trifactor::cli::from_nothing(&Manifest::from_json(manifest)?, &path))
        .map_err(to_python)
}

fn columns<'py>(py: Python<'py>, episode: &Episode) -> PyResult<Bound<'py, PyDict>> {
    let rows = &episode.rows;
    let out = PyDict::new(py);
    out.set_item("world", episode.world)?;
    out.set_item("kind", rows.iter().map(|row| row.kind.name()).collect::<Vec<_>>())?;
    let none = [f64::NAN; 9];
    let actions: Vec<Vec<f64>> =
        rows.iter().map(|row| row.action.unwrap_or(none).to_vec()).collect();
    out.set_item("action", PyArray2::from_vec2(py, &actions)?)?;
    let numbers = |of: fn(&Row) -> f64| PyArray1::from_iter(py, rows.iter().map(of));
    out.set_item("reward", numbers(|row| row.reward.unwrap_or(f64::NAN)))?;
    out.set_item("fractional_success", numbers(|row| row.fractional_success))?;
    let truths = |of: fn(&Row) -> bool| PyArray1::from_iter(py, rows.iter().map(of));
    out.set_item("terminated", truths(|row| row.terminated))?;
    out.set_item("truncated", truths(|row| row.truncated))?;
    out.set_item("intervened", truths(|row| row.intervened))?;
    out.set_item("success", truths(|row| row.success))?;
    let observations = rows.iter().map(|row| PyArray1::from_slice(py, &row.observation));
    out.set_item("observation", PyList::new(py, observations)?)?;
    let masks = rows.iter().map(|row| row.mask.as_ref().map(|m| PyArray1::from_slice(py, m)));
    out.set_item("mask", PyList::new(py, masks.collect::<Vec<_>>())?)?;
    let pairs = rows.iter().map(|row| {
        let numbers =
            |p: &Edge| vec![p.first as f64, p.second as f64, f64::from(p.tick), p.impulse, p.gap];
        let pairs: Vec<Vec<f64>> = row.pairs.iter().map(numbers).collect();
        match (&row.mask, pairs.is_empty()) {
            (None, _) => Ok(None),
            (_, true) => Ok(Some(PyArray2::zeros(py, [0, 5], false))),
            _ => PyArray2::from_vec2(py, &pairs).map(Some),
        }
    });
    let pairs = pairs.collect::<Result<Vec<_>, _>>()?;
    out.set_item("pairs", PyList::new(py, pairs)?)?;
    let events = rows.iter().map(|row| serde_json::to_string(&row.interventions));
    let events: Result<Vec<String>, _> = events.collect();
    out.set_item("interventions", events.map_err(|error| json_error("interventions", &error))?)?;
    let states = rows.iter().map(|row| State::new(&row.state));
    out.set_item("state", states.collect::<Vec<_>>().into_pyobject(py)?)?;
    Ok(out)
}

/// Writes episodes that came from elsewhere, row by row.
#[pyclass(frozen, module = "trifactor._trifactor")]
pub(crate) struct NativeWriter {
    writer: Guarded<Option<Writer>>,
}

#[pymethods]
impl NativeWriter {
    #[new]
    fn new(env: &NativeEnv, path: PathBuf, policy: String, notes: String) -> PyResult<Self> {
        let header = Header { policy, notes, observations: None, ..Header::of(&env.read()?.env) };
        let writer = Writer::create(&path, &header).map_err(to_python)?;
        Ok(Self { writer: Guarded::new("writer", Some(writer)) })
    }

    /// Adds a row: its kind and state; of a step also action, reward, terminated, truncated, and
    /// whether something was set after it.
    #[pyo3(signature = (kind, state, success, step, intervened=false))]
    fn push(
        &self,
        kind: &str,
        state: &State,
        success: (bool, f64),
        step: Option<(Vec<f64>, f64, bool, bool)>,
        intervened: bool,
    ) -> PyResult<()> {
        let kind = trifactor::record::Kind::parse(kind).map_err(to_python)?;
        let mut row = Row::new(kind, trifactor::State::clone(&state.inner));
        (row.success, row.fractional_success) = success;
        row.intervened = intervened;
        if let Some((action, reward, terminated, truncated)) = step {
            let nine =
                |action: Vec<f64>| shape_error("action", "nine numbers", format!("{action:?}"));
            row.action = Some(action.try_into().map_err(nine)?);
            (row.reward, row.terminated, row.truncated) = (Some(reward), terminated, truncated);
        }
        match &mut *self.writer.write()? {
            Some(writer) => writer.push(0, &row).map_err(to_python),
            None => Err(to_python(Error::Order("the data set is closed"))),
        }
    }

    /// Ends an episode, whether it ended by itself or broke off.
    fn end_episode(&self) -> PyResult<()> {
        let mut writer = self.writer.write()?;
        writer.as_mut().map_or(Ok(()), |writer| writer.flush(0)).map_err(to_python)
    }

    fn close(&self) -> PyResult<()> {
        self.writer.write()?.take().map_or(Ok(()), Writer::close).map_err(to_python)
    }
}
