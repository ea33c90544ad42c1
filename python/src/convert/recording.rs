//! What is recorded while an environment or a batch is driven.

use std::path::PathBuf;

use pyo3::prelude::*;
use trifactor::Error;
use trifactor::causal::Strength;
use trifactor::env::Description;
use trifactor::record::{Header, Precision, Recorder, Writer};

use crate::errors::{json_error, to_python};

/// Where and what an environment records.
pub(crate) struct Recording {
    pub(crate) recorder: Recorder,
    path: PathBuf,
}

impl Recording {
    /// Begins to record, or goes on with a file; refuses an environment that is recorded already.
    #[expect(clippy::too_many_arguments, reason = "Python's keyword arguments, one by one")]
    pub(crate) fn begin(
        present: &mut Option<Self>,
        world: Description,
        path: PathBuf,
        append: bool,
        observations: Option<&str>,
        masks: Option<&str>,
        policy: String,
        notes: String,
        part: Option<usize>,
    ) -> PyResult<()> {
        if let Some(present) = present {
            let reason = "is recorded into already: close that recorder before another begins";
            return Err(to_python(Error::Setting {
                name: "env",
                value: present.path.display().to_string(),
                reason,
            }));
        }
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
        let header = Header { world, observations, masks, policy, notes };
        let writer = match append && path.exists() {
            true => Writer::append(&path, &header),
            false => Writer::create(&path, &header),
        };
        let mut writer = writer.map_err(to_python)?;
        if let Some(part) = part {
            writer = writer.with_part(part);
        }
        *present = Some(Self { recorder: Recorder::new(writer), path });
        Ok(())
    }

    /// Writes what was recorded and closes the file; where that fails, it can be tried again.
    pub(crate) fn end(present: &mut Option<Self>) -> PyResult<()> {
        if let Some(recording) = present {
            recording.recorder.finish().map_err(to_python)?;
        }
        *present = None;
        Ok(())
    }
}

/// What a tracker counted and remembers, as JSON.
pub(crate) fn tracker(env: &trifactor::Env) -> PyResult<String> {
    serde_json::to_string(env.tracker()).map_err(|error| json_error("tracker", &error))
}
