//! What is recorded while an environment or a batch is driven.

use std::path::PathBuf;

use pyo3::prelude::*;
use trifactor::Error;
use trifactor::causal::Strength;
use trifactor::record::{Header, Precision, Recorder, Writer};

use crate::errors::{json_error, to_python};

/// Where and what an environment records.
pub(crate) struct Recording {
    pub(crate) recorder: Recorder,
}

impl Recording {
    /// Begins to record, or goes on with a file.
    #[expect(clippy::too_many_arguments, reason = "Python's keyword arguments, one by one")]
    pub(crate) fn new(
        env: &trifactor::Env,
        path: PathBuf,
        append: bool,
        observations: Option<&str>,
        masks: Option<&str>,
        policy: String,
        notes: String,
        part: Option<usize>,
    ) -> PyResult<Self> {
        let observations = match observations {
            None => None,
            Some("float32") => Some(Precision::Float32),
            Some("float64") => Some(Precision::Float64),
            Some(other) => {
                return Err(to_python(Error::UnknownName {
                    what: "precision of observations",
                    name: other.to_string(),
                    known: "float32, float64".to_string(),
                }));
            }
        };
        let masks = masks.map(Strength::parse).transpose().map_err(to_python)?;
        let header = Header { observations, masks, policy, notes, ..Header::of(env) };
        let writer = match append && path.exists() {
            true => Writer::append(&path, &header),
            false => Writer::create(&path, &header),
        };
        let mut writer = writer.map_err(to_python)?;
        if let Some(part) = part {
            writer = writer.with_part(part);
        }
        Ok(Self { recorder: Recorder::new(writer) })
    }

    /// Writes what was recorded and closes the file, where there is one.
    pub(crate) fn end(recording: &mut Option<Self>) -> PyResult<()> {
        match recording.take() {
            Some(recording) => recording.recorder.close().map_err(to_python),
            None => Ok(()),
        }
    }
}

/// What a tracker counted and remembers, as JSON.
pub(crate) fn tracker(env: &trifactor::Env) -> PyResult<String> {
    serde_json::to_string(env.tracker()).map_err(|error| json_error("tracker", &error))
}
