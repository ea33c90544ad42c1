//! What an environment is made of, as one JSON document.

use pyo3::prelude::*;
use serde_json::Value;
use trifactor::Error;
use trifactor::env::{Config, Description, Env};
use trifactor::task::Family;

use crate::errors::{self, format_error, setting_error, to_python};
use crate::state::State;

/// What stands elsewhere in the document than among Python's arguments.
const ELSEWHERE: [(&str, &str); 2] =
    [("observation_mode.pixel", "pixels"), ("observation_mode.custom", "observe")];

/// The environment of a configuration; of a family that is not built in with its document.
pub(crate) fn environment(py: Python<'_>, text: &str, document: Option<&str>) -> PyResult<Env> {
    let config = Config::from_json(text).map_err(|error| of_argument(error, text))?;
    let made = py.detach(|| match document {
        None => Env::new(config),
        Some(document) => {
            let family = Family::from_json(document)?.with_params(&config.task_params)?;
            Env::with_family(config, family)
        }
    });
    made.map_err(errors::of_settings)
}

/// The exception of a configuration that is none: it names the argument, and the place in it
/// where the argument is a document itself.
fn of_argument(error: Error, text: &str) -> PyErr {
    let Error::Malformed { path, reason, .. } = error else { return to_python(error) };
    let mut place = path.clone();
    for (theirs, python) in ELSEWHERE {
        if let Some(rest) = path.strip_prefix(theirs) {
            place = format!("{python}{rest}");
        }
    }
    // What is read within an argument has named its place already.
    let message = match reason.starts_with(&place) {
        true => reason,
        false => format!("{place}: {reason}"),
    };
    let argument = path.split(['.', '[']).next().unwrap_or_default();
    let value = serde_json::from_str::<Value>(text).unwrap_or_default();
    match value.get(argument) {
        Some(Value::Object(_)) => format_error(message),
        _ => setting_error(message),
    }
}

/// A description as this release writes it, and the starting state in it where there is one.
#[pyfunction]
pub(crate) fn read_description(description: &str) -> PyResult<(String, Option<State>)> {
    let mut description = Description::from_json(description).map_err(to_python)?;
    let start = description.start.take().map(|state| State::new(&state));
    Ok((description.to_json().map_err(to_python)?, start))
}
