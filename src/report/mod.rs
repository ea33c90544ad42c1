//! Scores as pictures and as one page that needs nothing beside it; causal graphs as pictures.

pub mod diagram;
mod gallery;
pub mod matrix;
mod page;
mod picture;
mod plot;
mod sketch;
mod table;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::evaluation::{Metric, ProtocolScores, Scores};

pub use page::page;
pub use plot::{bars, radar};

/// The name of the page among the report's files.
pub const PAGE: &str = "report.html";

/// The folder of stills and clips among the report's files.
pub const STILLS: &str = "stills";

/// Writes the page and its pictures as files of their own into a folder, which is made; returns
/// their paths, the page first.
///
/// Charts are `bars_METRIC` and, of shares where there are three protocols or more,
/// `radar_METRIC`, each as `.svg` and `.png`. Of every episode that the scores keep, the worst of a
/// protocol and the best, `stills/N_PROTOCOL_worst_start.png`, `…_end.png` and `…_worst.gif` are
/// what it looked like, `N` the number of the scores. Several scores, such as those of several
/// policies, stand side by side.
///
/// # Errors
/// [`Error::Shape`] for no scores, [`Error::File`].
pub fn write(folder: &Path, all: &[Scores]) -> Result<Vec<PathBuf>> {
    if all.is_empty() {
        let (what, expected) = ("scores".to_string(), "one or more".to_string());
        return Err(Error::Shape { what, expected, found: "none".to_string() });
    }
    let pictures = gallery::gallery(all)?;
    let page = page::with(all, &pictures)?;
    let mut files = vec![(PAGE.to_string(), page.into_bytes())];
    for metric in Metric::ALL {
        let radar = plot::radar_chart(all, metric).map(|chart| ("radar", chart));
        for (kind, chart) in std::iter::once(("bars", plot::bar_chart(all, metric))).chain(radar) {
            let name = format!("{kind}_{}", metric.name());
            files.push((format!("{name}.svg"), chart.svg().into_bytes()));
            files.push((format!("{name}.png"), chart.png()?));
        }
    }
    for (name, bytes) in pictures.iter().flat_map(gallery::Pictures::files) {
        files.push((format!("{STILLS}/{name}"), bytes.to_vec()));
    }
    let stills = if pictures.is_empty() { folder.to_path_buf() } else { folder.join(STILLS) };
    fs::create_dir_all(&stills).map_err(|error| file_error(&stills, &error))?;
    let save = |(name, bytes): (String, Vec<u8>)| {
        let path = folder.join(name);
        fs::write(&path, bytes).map_err(|error| file_error(&path, &error)).map(|()| path)
    };
    files.into_iter().map(save).collect()
}

fn file_error(path: &Path, error: &std::io::Error) -> Error {
    Error::File { path: path.display().to_string(), reason: error.to_string() }
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
