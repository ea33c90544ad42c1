//! Episodes to and from disk: what was done, what came of it, and every state on the way.
//!
//! A data set is one file, an Arrow IPC stream, which every data frame library reads. A record
//! batch is an episode; its rows are what happened in it, in order, each with the state that it
//! led to. `docs/episodes.md` has the columns.
//!
//! It reads states and touches nothing: an environment that is recorded goes on as one that is not.

mod columns;
mod decode;
mod digest;
mod episode;
mod frames;
mod header;
mod loss;
mod manifest;
mod reader;
mod recorder;
mod verify;
mod writer;

pub use episode::{Episode, Kind, Row, Transition};
pub use header::{FORMAT_VERSION, Header, Precision};
pub use loss::Loss;
pub use manifest::{Act, Deed, Manifest, Recipe};
pub use reader::{Dataset, Episodes};
pub use recorder::Recorder;
pub use verify::{Difference, Verification, verify, verify_in};
pub use writer::Writer;

use arrow_schema::ArrowError;

use crate::error::{Error, Result};
use crate::saved::file_error;

fn arrow_error(place: &str, error: &ArrowError) -> Error {
    let what = "episodes".to_string();
    Error::Malformed { what, path: place.to_string(), reason: error.to_string() }
}

fn to_json<T: serde::Serialize>(what: &str, value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|e| Error::Malformed {
        what: what.to_string(),
        path: ".".to_string(),
        reason: e.to_string(),
    })
}
