//! What commands say, and where: results on standard output; progress, notes and errors on standard
//! error.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;

use crate::error::{Error, Result};

/// How a command ends: its exit status, or why it did not get that far.
pub(super) type Done = std::result::Result<i32, Failure>;

/// Why a command did not do what it was asked for.
pub(super) enum Failure {
    /// The arguments ask for what is not possible: exit status 2.
    Usage(Error),
    /// Something went wrong on the way: exit status 1.
    Failed(Error),
}

impl Failure {
    /// An argument that cannot be followed.
    pub(super) fn setting(name: &'static str, value: &str, reason: &'static str) -> Self {
        Self::Usage(Error::Setting { name, value: value.to_string(), reason })
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// Whether results are for programs.
#[derive(clap::Args)]
pub(super) struct Json {
    /// Print JSON in place of tables; docs/commands.md lists its keys
    #[arg(long = "json")]
    pub(super) wanted: bool,
}

impl Json {
    /// Prints one of the two: the document as JSON, or the text.
    pub(super) fn print(
        &self,
        document: impl FnOnce() -> Value,
        text: impl FnOnce() -> String,
    ) -> Result<()> {
        if self.wanted { print(&pretty(&document())?) } else { print(&text()) }
    }
}

/// A document as JSON over several lines.
pub(super) fn pretty(document: &impl Serialize) -> Result<String> {
    serde_json::to_string_pretty(document)
        .map_err(|error| file_error(Path::new("standard output"), &error.into()))
}

/// Prints a result and a line's end to standard output; a reader that has gone away is no error.
pub(super) fn print(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(file_error(&PathBuf::from("standard output"), &error))
        }
        _ => Ok(()),
    }
}

/// Says something that is no result on standard error; what cannot be said there is left unsaid.
pub(super) fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// An error of a file.
pub(super) fn file_error(path: &Path, error: &io::Error) -> Error {
    Error::File { path: path.display().to_string(), reason: error.to_string() }
}

/// What is wrong with a JSON text, without the place, which the caller knows better.
pub(super) fn json_reason(error: &serde_json::Error) -> String {
    let mut reason = error.to_string();
    if let Some(place) = reason.rfind(" at line ") {
        reason.truncate(place);
    }
    reason
}
