//! Evaluations as `trifactor.evaluation` drives them.

use std::path::PathBuf;

use numpy::{PyArray2, PyArrayMethods, PyReadonlyArray2};
use pyo3::prelude::*;
use trifactor::Error;
use trifactor::agent;
use trifactor::curriculum::Protocol;
use trifactor::env::Env;
use trifactor::env::observation::Number;
use trifactor::evaluation::statistics::Bootstrap;
use trifactor::evaluation::{self, Comparison, Invariance, Plan, Probes, Rollout, Run, Scores};
use trifactor::report;

use crate::env::NativeEnv;
use crate::errors::{self, json_error, shape_error, to_python};
use crate::vector::{Write, into};

type Goals<'py> = Bound<'py, PyArray2<f64>>;

/// What a policy is evaluated in, and the runs of it so far.
#[pyclass(module = "trifactor._trifactor")]
pub(crate) struct NativePlan {
    plan: Plan,
    runs: Vec<Run>,
}

#[pymethods]
impl NativePlan {
    /// `protocols` are lists of names, or documents of protocols of one's own as JSON.
    #[new]
    fn new(
        py: Python<'_>,
        like: PyRef<'_, NativeEnv>,
        protocols: Vec<String>,
        worlds: usize,
        seed: u64,
        threads: usize,
    ) -> PyResult<Self> {
        let env = like.env();
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
        Ok(Self { plan: plan.map_err(errors::of_settings)?, runs: Vec::new() })
    }

    fn protocols(&self) -> Vec<String> {
        self.plan.protocols().map(|protocol| protocol.name.clone()).collect()
    }

    /// Begins a run; what follows is added to it.
    fn begin(&mut self, name: String) {
        self.runs.push(Run { name, protocols: Vec::new() });
    }

    /// Runs a policy that is built in on the run's next protocol.
    fn drive(&mut self, py: Python<'_>, like: PyRef<'_, NativeEnv>, policy: &str) -> PyResult<()> {
        drop(agent::driver(policy, like.env()).map_err(to_python)?);
        let driver = |env: &Env| agent::driver(policy, env);
        let next = self.next()?;
        let scores = py.detach(|| self.plan.each(next, &driver, &|| ())).map_err(to_python)?;
        self.add(scores);
        Ok(())
    }

    /// The worlds of the run's next protocol, in at most so many rows.
    fn rollout(&self, py: Python<'_>, rows: usize, threads: usize) -> PyResult<NativeRollout> {
        let next = self.next()?;
        let made = py.detach(|| self.plan.rollout(next, rows, threads)).map_err(to_python)?;
        Ok(NativeRollout { rollout: Some(made) })
    }

    /// Adds what a roll-out that is over brought.
    fn finish(&mut self, mut rollout: PyRefMut<'_, NativeRollout>) -> PyResult<()> {
        let rollout = rollout.rollout.take().ok_or_else(finished)?;
        let scores = rollout.finish().map_err(to_python)?;
        self.add(scores);
        Ok(())
    }

    fn probes(&self, glob: &str, count: usize) -> PyResult<NativeProbes> {
        Ok(NativeProbes { probes: self.plan.probes(glob, count).map_err(to_python)? })
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
        let made = py.detach(|| {
            let scores = Scores::new(&self.plan, policy, &self.runs, bootstrap)?;
            Scores { invariance, ..scores }.to_json()
        });
        made.map_err(to_python)
    }
}

impl NativePlan {
    fn next(&self) -> PyResult<usize> {
        let run = self.runs.last().map(|run| run.protocols.len());
        run.filter(|next| *next < self.plan.protocols().len())
            .ok_or_else(|| to_python(Error::Order("begin a run first; every protocol has its own")))
    }

    fn add(&mut self, scores: evaluation::ProtocolRun) {
        if let Some(run) = self.runs.last_mut() {
            run.protocols.push(scores);
        }
    }
}

fn finished() -> PyErr {
    to_python(Error::Order("the roll-out is finished already"))
}

/// Many episodes side by side.
#[pyclass(module = "trifactor._trifactor")]
pub(crate) struct NativeRollout {
    rollout: Option<Rollout>,
}

impl NativeRollout {
    fn get(&self) -> PyResult<&Rollout> {
        self.rollout.as_ref().ok_or_else(finished)
    }
}

#[pymethods]
impl NativeRollout {
    fn rows(&self) -> PyResult<usize> {
        Ok(self.get()?.rows())
    }

    fn begun(&self) -> PyResult<Vec<bool>> {
        Ok(self.get()?.begun())
    }

    fn ended(&self) -> PyResult<usize> {
        Ok(self.get()?.ended())
    }

    fn is_over(&self) -> PyResult<bool> {
        Ok(self.get()?.is_over())
    }

    fn observe_into(&self, out: &Bound<'_, PyAny>) -> PyResult<()> {
        into(out, Observe(self.get()?))
    }

    fn goals_into(&self, achieved: &Goals<'_>, desired: &Goals<'_>) -> PyResult<()> {
        goals(self.get()?.envs(), achieved, desired)
    }

    fn step(&mut self, py: Python<'_>, actions: PyReadonlyArray2<'_, f64>) -> PyResult<()> {
        let actions: Vec<f64> = actions.as_array().iter().copied().collect();
        let rollout = self.rollout.as_mut().ok_or_else(finished)?;
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
#[pyclass(module = "trifactor._trifactor")]
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
        goals(self.probes.envs(changed), achieved, desired)
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

/// What is achieved and what is desired, a row for each environment.
fn goals<'a>(
    envs: impl ExactSizeIterator<Item = &'a Env>,
    achieved: &Goals<'_>,
    desired: &Goals<'_>,
) -> PyResult<()> {
    let (mut achieved, mut desired) = (achieved.try_readwrite()?, desired.try_readwrite()?);
    let (achieved, desired) = (achieved.as_slice_mut()?, desired.as_slice_mut()?);
    let width = (achieved.len() / envs.len().max(1)).max(1);
    let rows = achieved.chunks_mut(width).zip(desired.chunks_mut(width));
    for (env, (achieved, desired)) in envs.zip(rows) {
        env.achieved_goal(achieved).map_err(to_python)?;
        env.desired_goal(desired).map_err(to_python)?;
    }
    Ok(())
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
