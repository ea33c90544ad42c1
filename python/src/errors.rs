//! The library's one error as a tree of Python exceptions; the messages are the library's.

use pyo3::PyErr;
use trifactor::Error;

// The classes are written in Python, where they can have two bases and attributes.
mod classes {
    pyo3::import_exception!(trifactor.errors, BusyError);
    pyo3::import_exception!(trifactor.errors, FormatError);
    pyo3::import_exception!(trifactor.errors, ImpossibleError);
    pyo3::import_exception!(trifactor.errors, InfeasibleError);
    pyo3::import_exception!(trifactor.errors, NotFiniteError);
    pyo3::import_exception!(trifactor.errors, OrderError);
    pyo3::import_exception!(trifactor.errors, OutOfSpaceError);
    pyo3::import_exception!(trifactor.errors, SettingError);
    pyo3::import_exception!(trifactor.errors, ShapeError);
    pyo3::import_exception!(trifactor.errors, StateError);
    pyo3::import_exception!(trifactor.errors, TrifactorError);
    pyo3::import_exception!(trifactor.errors, UnknownVariableError);
}
use classes::*;

/// The Python exception of an error of the library, with what can be done about it in Python.
pub(crate) fn to_python(error: Error) -> PyErr {
    let advice = if is_of_space(&error) { "; check_bounds=False lifts the bounds" } else { "" };
    named(format!("{error}{advice}"), error)
}

/// Whether the intervention space in force refuses it, and nothing else.
fn is_of_space(error: &Error) -> bool {
    match error {
        Error::InWorld { error, .. } => is_of_space(error),
        Error::OutOfSpace { .. } | Error::NotInSpace { .. } => true,
        _ => false,
    }
}

/// The exception of the error's kind with this message.
fn named(message: String, error: Error) -> PyErr {
    match error {
        Error::InWorld { error, .. } => named(message, *error),
        Error::UnknownVariable { path, suggestion } => {
            UnknownVariableError::new_err((message, path, suggestion))
        }
        Error::OutOfSpace { path, value, low, high } => {
            OutOfSpaceError::new_err((message, path, value, low, high))
        }
        Error::Impossible { path, .. }
        | Error::NotInSpace { path, .. }
        | Error::OutOfFamily { path, .. } => ImpossibleError::new_err((message, path)),
        Error::TooMany { .. } | Error::OutOfBatch { .. } => {
            ImpossibleError::new_err((message, None::<String>))
        }
        Error::Infeasible { first, second, depth } => {
            InfeasibleError::new_err((message, first, Some(second), Some(depth)))
        }
        Error::OutOfArena { name, .. } => {
            InfeasibleError::new_err((message, name, None::<String>, None::<f64>))
        }
        Error::Shape { .. } => ShapeError::new_err(message),
        Error::NotFinite { .. } => NotFiniteError::new_err(message),
        Error::UnknownName { .. } | Error::Setting { .. } => SettingError::new_err(message),
        Error::OtherWorld { .. } => StateError::new_err(message),
        Error::Malformed { .. } => FormatError::new_err(message),
        Error::Order(_) => OrderError::new_err(message),
        _ => TrifactorError::new_err(message),
    }
}

/// The Python exception of an error of the library in making an environment, where a scene that
/// is too large is the fault of a setting.
pub(crate) fn of_settings(error: Error) -> PyErr {
    match error {
        Error::TooMany { .. } => SettingError::new_err(error.to_string()),
        error => to_python(error),
    }
}

/// The Python exception of a document that is not the JSON it should be.
pub(crate) fn json_error(what: &str, error: &serde_json::Error) -> PyErr {
    FormatError::new_err(format!("{what}: {error}"))
}

/// The Python exception of a value that has not the shape it should have.
pub(crate) fn shape_error(what: &str, expected: &str, found: String) -> PyErr {
    to_python(Error::Shape { what: what.to_string(), expected: expected.to_string(), found })
}

/// The Python exception of a document among the arguments that is not what it should be.
pub(crate) fn format_error(message: String) -> PyErr {
    FormatError::new_err(message)
}

/// The Python exception of an argument that is not one of its values.
pub(crate) fn setting_error(message: String) -> PyErr {
    SettingError::new_err(message)
}

/// The Python exception of a call into something that another call has not left yet.
pub(crate) fn busy(what: &str) -> PyErr {
    BusyError::new_err(format!(
        "another call is still at work in this {what}; give each thread {} of its own",
        if what.starts_with(['e', 'i']) { format!("an {what}") } else { format!("a {what}") }
    ))
}
