//! Recorded steps for commands: from a log of `run`, or from a data set of episodes.

use std::path::Path;

use super::log::Log;
use super::output::{Failure, note};
use crate::causal::proof::Taken;
use crate::env::Env;
use crate::error::Result;
use crate::record::Dataset;

/// Whether a file that was cut off will do.
#[derive(clap::Args)]
pub(super) struct Truncated {
    /// Accept a file that was cut off or never closed, and judge what is left of it
    #[arg(long)]
    allow_truncated: bool,
}

impl Truncated {
    /// Says what a file has lost; whether it lost nothing, or what is left will do.
    pub(super) fn accepts(&self, path: &Path, lost: Option<String>) -> bool {
        let Some(lost) = lost else { return true };
        let path = path.display();
        match self.allow_truncated {
            true => note(&format!("note: {path}: {lost}")),
            false => note(&format!(
                "error: {path}: {lost}; with --allow-truncated what is left is enough"
            )),
        }
        self.allow_truncated
    }
}

/// Opens a data set for a command that takes what is there; says what is not.
pub(super) fn dataset(path: &Path) -> Result<Dataset> {
    let dataset = Dataset::open(path)?;
    if let Some(lost) = dataset.lost() {
        note(&format!("note: {}: {lost}", path.display()));
    }
    Ok(dataset)
}

/// What a file holds.
pub(super) enum Data {
    Log(Box<Log>),
    Episodes(Box<Dataset>),
}

impl Data {
    /// Opens a file: a log where its name ends in `.jsonl`, else a data set.
    pub(super) fn open(path: &Path) -> Result<Self> {
        if path.extension().is_some_and(|extension| extension == "jsonl") {
            return Ok(Self::Log(Box::new(Log::read(path)?)));
        }
        Ok(Self::Episodes(Box::new(Dataset::open(path)?)))
    }

    /// As [`Data::open`], and says what of the file is missing.
    pub(super) fn open_what_is_there(path: &Path) -> Result<Self> {
        let data = Self::open(path)?;
        if let Some(lost) = data.lost() {
            note(&format!("note: {}: {lost}", path.display()));
        }
        Ok(data)
    }

    /// What is missing at the file's end.
    pub(super) fn lost(&self) -> Option<String> {
        match self {
            Self::Log(log) => log.lost(),
            Self::Episodes(dataset) => dataset.lost().map(|lost| lost.to_string()),
        }
    }

    /// The environment that was recorded.
    pub(super) fn env(&self) -> Result<Env> {
        match self {
            Self::Log(log) => log.header.env(),
            Self::Episodes(dataset) => dataset.header().env(),
        }
    }

    /// How many episodes there are.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Log(log) => log.episodes.len(),
            Self::Episodes(dataset) => dataset.len(),
        }
    }

    /// The steps of an episode that are transitions of the dynamics; an argument's failure beyond the
    /// last episode.
    pub(super) fn episode(&self, index: usize) -> std::result::Result<Vec<Taken>, Failure> {
        if index >= self.len() {
            return Err(Failure::setting("episode", &index.to_string(), "the file has fewer"));
        }
        Ok(match self {
            Self::Log(log) => {
                let taken = log.episodes[index].transitions.iter().map(|t| Taken {
                    before: t.before.clone(),
                    action: t.action,
                    after: t.after.clone(),
                });
                taken.collect()
            }
            Self::Episodes(dataset) => {
                let episode = dataset.episode(index)?;
                let taken = |t: crate::record::Transition<'_>| Taken {
                    before: t.before.clone(),
                    action: *t.action,
                    after: t.after.clone(),
                };
                episode.iter().flat_map(|episode| episode.transitions()).map(taken).collect()
            }
        })
    }

    /// The steps from one on that follow each other: up to the end, or to where something was set
    /// in between; an argument's failure for a step that is not there.
    pub(super) fn span(
        &self,
        episode: usize,
        step: u64,
    ) -> std::result::Result<Vec<Taken>, Failure> {
        let all = self.episode(episode)?;
        let Some(first) = all.iter().position(|taken| taken.before.step == step) else {
            let reason = "the episode has no such step, or something was set within it";
            return Err(Failure::setting("step", &step.to_string(), reason));
        };
        let mut span: Vec<Taken> = Vec::new();
        for taken in all.into_iter().skip(first) {
            if span.last().is_some_and(|last| !last.after.same_bits(&taken.before)) {
                break;
            }
            span.push(taken);
        }
        Ok(span)
    }
}
