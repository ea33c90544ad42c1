//! Evaluations as `trifactor.evaluation` drives them.

use std::path::PathBuf;

use numpy::{PyArray2, PyReadonlyArray2};
use pyo3::prelude::*;
use trifactor::Error;
use trifactor::agent;
use trifactor::curriculum::Protocol;
use trifactor::env::Env;
use trifactor::env::observation::Number;
use trifactor::evaluation::statistics::Bootstrap;
use trifactor::evaluation::{self, Comparison, Invariance, Plan, Probes, Rollout, Run, Scores};
use trifactor::report;

use crate::convert::goals;
use crate::convert::numbers::{Write, into};
use crate::env::NativeEnv;
use crate::errors::{self, json_error, shape_error, to_python};
use crate::guarded::Guarded;

type Goals<'py> = Bound<'py, PyArray2<f64>>;

/// What a policy is evaluated in, and the runs of it so far.
#[pyclass(frozen, module = "trifactor._trifactor")]
pub(crate) struct NativePlan {
    inner: Guarded<Inner>,
}

struct Inner {
    plan: Plan,
    runs: Vec<Run>,
}

#[pymethods]
impl NativePlan {
    /// `protocols` are lists of names, or documents of protocols of one's own as JSON.
    #[new]
    fn new(
        py: Python<'_>,
        like: &NativeEnv,
        protocols: Vec<String>,
        worlds: usize,
        seed: u64,
        threads: usize,
    ) -> PyResult<Self> {
        let like = like.read()?;
        let env = &like.env;
        let mut all = Vec::new();
        for text in &protocols {
            if text.trim_start().starts_with('{') {
                let own: Protocol =
                    serde_json::from_str(text).map_err(|error| json_error("protocol", &error))?;
                all.push(own);
            } else {
                all.extend(evaluation::protocols(env.family(), text).map_err(to_python)?);
            }
        }
        let plan = py.detach(|| Plan::new(env, &all, worlds, seed, threads));
        let plan = plan.map_err(errors::of_settings)?;
        Ok(Self { inner: Guarded::new("evaluation", Inner { plan, runs: Vec::new() }) })
    }

    fn protocols(&self) -> PyResult<Vec<String>> {
        let inner = self.inner.read()?;
        Ok(inner.plan.protocols().map(|protocol| protocol.name.clone()).collect())
    }

    /// Begins a run; what follows is added to it.
    fn begin(&self, name: String) -> PyResult<()> {
        self.inner.write()?.runs.push(Run { name, protocols: Vec::new() });
        Ok(())
    }

    /// Runs a policy that is built in on the run's next protocol.
    fn drive(&self, py: Python<'_>, like: &NativeEnv, policy: &str) -> PyResult<()> {
        drop(agent::driver(policy, &like.read()?.env).map_err(to_python)?);
        let driver = |env: &Env| agent::driver(policy, env);
        let Inner { plan, runs } = &mut *self.inner.write()?;
        let next = next(plan, runs)?;
        let scores = py.detach(|| plan.each(next, &driver, &|| ())).map_err(to_python)?;
        add(runs, scores);
        Ok(())
    }

    /// The worlds of the run's next protocol, in at most so many rows.
    fn rollout(&self, py: Python<'_>, rows: usize, threads: usize) -> PyResult<NativeRollout> {
        let Inner { plan, runs } = &*self.inner.read()?;
        let next = next(plan, runs)?;
        let made = py.detach(|| plan.rollout(next, rows, threads)).map_err(to_python)?;
        Ok(NativeRollout { rollout: Guarded::new("roll-out", Some(made)) })
    }

    /// Adds what a roll-out that is over brought.
    fn finish(&self, rollout: &NativeRollout) -> PyResult<()> {
        let rollout = rollout.rollout.write()?.take().ok_or_else(finished)?;
        add(&mut self.inner.write()?.runs, rollout.finish().map_err(to_python)?);
        Ok(())
    }

    fn probes(&self, glob: &str, count: usize) -> PyResult<NativeProbes> {
        Ok(NativeProbes { probes: self.inner.read()?.plan.probes(glob, count).map_err(to_python)? })
    }

    /// The scores of all runs, as JSON.
    fn scores(
        &self,
        py: Python<'_>,
        policy: &str,
        resamples: usize,
        confidence: f64,
        invariance: Option<&str>,
    ) -> PyResult<String> {
        let bootstrap = Bootstrap { resamples, confidence, ..Bootstrap::default() };
        let invariance: Option<Invariance> = match invariance {
            Some(text) => {
                serde_json::from_str(text).map_err(|error| json_error("invariance", &error))?
            }
            None => None,
        };
        let Inner { plan, runs } = &*self.inner.read()?;
        let made = py.detach(|| {
            let scores = Scores::new(plan, policy, runs, bootstrap)?;
            Scores { invariance, ..scores }.to_json()
        });
        made.map_err(to_python)
    }
}

/// The number of the run's next protocol.
fn next(plan: &Plan, runs: &[Run]) -> PyResult<usize> {
    let run = runs.last().map(|run| run.protocols.len());
    run.filter(|next| *next < plan.protocols().len())
        .ok_or_else(|| to_python(Error::Order("begin a run first; every protocol has its own")))
}

fn add(runs: &mut [Run], scores: evaluation::ProtocolRun) {
    if let Some(run) = runs.last_mut() {
        run.protocols.push(scores);
    }
}

fn finished() -> PyErr {
    to_python(Error::Order("the roll-out is finished already"))
}

/// Many episodes side by side.
#[pyclass(frozen, module = "trifactor._trifactor")]
pub(crate) struct NativeRollout {
    rollout: Guarded<Option<Rollout>>,
}

impl NativeRollout {
    fn with<T>(&self, what: impl FnOnce(&Rollout) -> PyResult<T>) -> PyResult<T> {
        what(self.rollout.read()?.as_ref().ok_or_else(finished)?)
    }
}

#[pymethods]
impl NativeRollout {
    fn rows(&self) -> PyResult<usize> {
        self.with(|rollout| Ok(rollout.rows()))
    }

    fn begun(&self) -> PyResult<Vec<bool>> {
        self.with(|rollout| Ok(rollout.begun()))
    }

    fn ended(&self) -> PyResult<usize> {
        self.with(|rollout| Ok(rollout.ended()))
    }

    fn is_over(&self) -> PyResult<bool> {
        self.with(|rollout| Ok(rollout.is_over()))
    }

    fn observe_into(&self, out: &Bound<'_, PyAny>) -> PyResult<()> {
        self.with(|rollout| into(out, Observe(rollout)))
    }

    fn goals_into(&self, achieved: &Goals<'_>, desired: &Goals<'_>) -> PyResult<()> {
        self.with(|rollout| goals::into(rollout.envs(), achieved, desired))
    }

    fn step(&self, py: Python<'_>, actions: PyReadonlyArray2<'_, f64>) -> PyResult<()> {
        let actions: Vec<f64> = actions.as_array().iter().copied().collect();
        let mut rollout = self.rollout.write()?;
        let rollout = rollout.as_mut().ok_or_else(finished)?;
        py.detach(|| rollout.step(&actions)).map_err(to_python)
    }
}

struct Observe<'a>(&'a Rollout);

impl Write for Observe<'_> {
    fn write<T: Number + Send>(self, numbers: &mut [T]) -> Result<(), Error> {
        self.0.observe(numbers)
    }
}

/// Worlds in pairs that differ in some variables only.
#[pyclass(frozen, module = "trifactor._trifactor")]
pub(crate) struct NativeProbes {
    probes: Probes,
}

#[pymethods]
impl NativeProbes {
    fn rows(&self) -> usize {
        self.probes.len()
    }

    fn observe_into(&self, changed: bool, out: &Bound<'_, PyAny>) -> PyResult<()> {
        into(out, ObserveProbes(&self.probes, changed))
    }

    fn goals_into(&self, changed: bool, achieved: &Goals<'_>, desired: &Goals<'_>) -> PyResult<()> {
        goals::into(self.probes.envs(changed), achieved, desired)
    }

    /// What became of a policy that is built in, as JSON.
    fn drive(&self, policy: &str) -> PyResult<String> {
        let driver = |env: &Env| agent::driver(policy, env);
        json(&self.probes.drive(&driver).map_err(to_python)?)
    }

    /// What became of the actions in the worlds as they were and with the change, as JSON.
    fn judge(
        &self,
        before: PyReadonlyArray2<'_, f64>,
        after: PyReadonlyArray2<'_, f64>,
    ) -> PyResult<String> {
        let nine = |actions: &PyReadonlyArray2<'_, f64>| {
            let rows = actions.as_array();
            let rows = rows.rows().into_iter().map(|row| row.iter().copied().collect::<Vec<_>>());
            rows.map(|row| {
                <[f64; 9]>::try_from(row).map_err(|row| {
                    shape_error("actions", "nine numbers a row", row.len().to_string())
                })
            })
            .collect::<PyResult<Vec<_>>>()
        };
        json(&self.probes.judge(&nine(&before)?, &nine(&after)?))
    }
}

struct ObserveProbes<'a>(&'a Probes, bool);

impl Write for ObserveProbes<'_> {
    fn write<T: Number + Send>(self, numbers: &mut [T]) -> Result<(), Error> {
        self.0.observe(self.1, numbers)
    }
}

fn json(what: &impl serde::Serialize) -> PyResult<String> {
    serde_json::to_string(what).map_err(|error| json_error("evaluation", &error))
}

fn read(texts: &[String]) -> PyResult<Vec<Scores>> {
    texts.iter().map(|text| Scores::from_json(text).map_err(to_python)).collect()
}

/// Two policies' scores, world by world, as JSON.
#[pyfunction]
pub(crate) fn compare_scores(py: Python<'_>, first: String, second: String) -> PyResult<String> {
    let scores = read(&[first, second])?;
    json(&py.detach(|| Comparison::new(&scores[0], &scores[1])).map_err(to_python)?)
}

/// Writes the report of some scores; the files' paths.
#[pyfunction]
pub(crate) fn write_report(
    py: Python<'_>,
    folder: PathBuf,
    scores: Vec<String>,
) -> PyResult<Vec<PathBuf>> {
    let scores = read(&scores)?;
    py.detach(|| report::write(&folder, &scores)).map_err(to_python)
}
