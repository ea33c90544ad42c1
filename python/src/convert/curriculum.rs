//! Curricula and protocols for Python: JSON in and out, and actors written in Python.

use pyo3::prelude::*;
use trifactor::Error;
use trifactor::curriculum::{
    Actor, Curriculum, CurriculumDocument, Moment, Protocol, ProtocolWorld,
};
use trifactor::env::Env;
use trifactor::error::Result;
use trifactor::intervention::Intervention;
use trifactor::task::Family;
use trifactor::variable::Space;

use super::names;
use crate::errors::{json_error, to_python};

/// An actor written in Python: called with the variables and the moment's four numbers.
struct PythonActor {
    name: String,
    call: Py<PyAny>,
}

impl PythonActor {
    fn ask(&self, py: Python<'_>, moment: &Moment<'_>) -> PyResult<Intervention> {
        let (env, state) = (moment.env(), moment.state());
        let variables = names::values_to_python(py, env, env.variables())?;
        let key = (state.seed, state.episode, state.step, moment.attempt());
        match self.call.bind(py).call1((variables, key))? {
            nothing if nothing.is_none() => Ok(Intervention::new()),
            wanted => names::intervention(&wanted),
        }
    }
}

impl Actor for PythonActor {
    fn name(&self) -> &str {
        &self.name
    }

    fn act(&mut self, moment: &mut Moment<'_>) -> Result<Intervention> {
        // A worker's thread attaches on its own; the caller's is detached while it waits.
        Python::attach(|py| self.ask(py, moment)).map_err(|error| Error::Malformed {
            what: "actor".to_string(),
            path: self.name.clone(),
            reason: error.to_string(),
        })
    }

    fn another(&self) -> Box<dyn Actor> {
        let call = Python::attach(|py| self.call.clone_ref(py));
        Box::new(Self { name: self.name.clone(), call })
    }
}

/// The curriculum of a document, with its custom actors, which have names.
pub(crate) fn curriculum(document: &str, custom: &[(String, Py<PyAny>)]) -> PyResult<Curriculum> {
    let document = CurriculumDocument::from_json(document).map_err(to_python)?;
    let own = |index: usize| -> Result<Box<dyn Actor>> {
        let (name, call) = custom.get(index).ok_or(Error::Order("no custom actor was given"))?;
        let call = Python::attach(|py| call.clone_ref(py));
        Ok(Box::new(PythonActor { name: name.clone(), call }))
    };
    document.build(own).map_err(to_python)
}

/// The document of one of the paper's curricula.
#[pyfunction]
pub(crate) fn curriculum_document(name: &str) -> PyResult<String> {
    let document = CurriculumDocument::named(name).map_err(to_python)?;
    serde_json::to_string(&document).map_err(|error| json_error("curriculum", &error))
}

fn family(name: &str, document: Option<&str>) -> PyResult<Family> {
    document.map_or_else(|| Family::named(name), Family::from_json).map_err(to_python)
}

/// The protocols of a family as JSON: those of the reference, and those that are generated.
#[pyfunction]
pub(crate) fn protocols(name: &str, document: Option<&str>, generated: bool) -> PyResult<String> {
    let family = family(name, document)?;
    let mut all = Protocol::benchmark(&family);
    if generated {
        all.extend(Protocol::generated(&family));
    }
    serde_json::to_string(&all).map_err(|error| json_error("protocols", &error))
}

/// The manifest of a protocol's worlds, as JSON; the protocol by name, or as JSON.
#[pyfunction]
pub(crate) fn protocol_manifest(
    py: Python<'_>,
    name: &str,
    document: Option<&str>,
    protocol: &str,
    count: usize,
    seed: u64,
) -> PyResult<String> {
    let family = family(name, document)?;
    let protocol = match protocol.starts_with('{') {
        true => serde_json::from_str(protocol).map_err(|error| json_error("protocol", &error))?,
        false => Protocol::named(&family, protocol).map_err(to_python)?,
    };
    let manifest = py.detach(|| protocol.manifest(&family, count, seed)).map_err(to_python)?;
    manifest.to_json().map_err(to_python)
}

/// A space in its one form, as JSON; from a text, or from JSON.
#[pyfunction]
pub(crate) fn parse_space(text: &str) -> PyResult<String> {
    serde_json::to_string(&space(text)?).map_err(|error| json_error("space", &error))
}

pub(crate) fn space(text: &str) -> PyResult<Space> {
    match text.starts_with(['{', '"']) {
        true => serde_json::from_str(text).map_err(|error| json_error("space", &error)),
        false => Space::parse(text).map_err(to_python),
    }
}

/// Begins the episode of a protocol's world.
pub(crate) fn begin(env: &mut Env, world: &str) -> PyResult<()> {
    self::world(world)?.begin(env).map_err(to_python)
}

/// Makes the interventions of a protocol's world that are due; whether there was one.
pub(crate) fn follow(env: &mut Env, world: &str) -> PyResult<bool> {
    self::world(world)?.follow(env).map_err(to_python)
}

fn world(json: &str) -> PyResult<ProtocolWorld> {
    serde_json::from_str(json).map_err(|error| json_error("protocol world", &error))
}

/// The exception of a refusal, as a value; other errors are raised.
pub(crate) fn reason(py: Python<'_>, outcome: Result<()>) -> PyResult<Option<Py<PyAny>>> {
    match outcome {
        Ok(()) => Ok(None),
        Err(error) if error.is_refusal() => Ok(Some(to_python(error).into_value(py).into_any())),
        Err(error) => Err(to_python(error)),
    }
}
