//! Scores as pictures and as one page that needs nothing beside it.

mod page;
mod plot;
mod table;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::evaluation::{Metric, ProtocolScores, Scores};
use crate::saved;

pub use page::page;
pub use plot::{bars, radar};

/// The name of the page among the report's files.
pub const PAGE: &str = "report.html";

/// Writes the page and its pictures as files of their own into a folder, which is made; returns
/// their paths, the page first.
///
/// Pictures are `bars_METRIC.svg` and, of shares where there are three protocols or more,
/// `radar_METRIC.svg`. Several scores, such as those of several policies, stand side by side.
///
/// # Errors
/// [`Error::Shape`] for no scores, [`Error::File`].
pub fn write(folder: &Path, all: &[Scores]) -> Result<Vec<PathBuf>> {
    if all.is_empty() {
        let (what, expected) = ("scores".to_string(), "one or more".to_string());
        return Err(Error::Shape { what, expected, found: "none".to_string() });
    }
    fs::create_dir_all(folder).map_err(|error| Error::File {
        path: folder.display().to_string(),
        reason: error.to_string(),
    })?;
    let mut files = vec![(PAGE.to_string(), page(all)?)];
    for metric in Metric::ALL {
        files.push((format!("bars_{}.svg", metric.name()), bars(all, metric)?));
        if let Some(picture) = radar(all, metric)? {
            files.push((format!("radar_{}.svg", metric.name()), picture));
        }
    }
    let save = |(name, text): (String, String)| {
        let path = folder.join(name);
        saved::write_file(&path, &text).map(|()| path)
    };
    files.into_iter().map(save).collect()
}

/// Every protocol that some scores are of, in the order in which they come.
fn protocol_names(all: &[Scores]) -> Vec<&str> {
    let mut seen = BTreeSet::new();
    let names = all.iter().flat_map(|s| &s.protocols).map(|p| p.protocol.name.as_str());
    names.filter(|name| seen.insert(*name)).collect()
}

fn of_protocol<'a>(scores: &'a Scores, name: &str) -> Option<&'a ProtocolScores> {
    scores.protocols.iter().find(|scores| scores.protocol.name == name)
}
