//! Recorded steps for commands: from a log of `run`, or from a data set of episodes.

use std::path::Path;

use super::log::{self, Header, Recorded};
use crate::causal::proof::Taken;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::record::Dataset;

/// What a file holds.
pub(super) enum Data {
    Log(Header, Vec<Recorded>),
    Episodes(Dataset),
}

impl Data {
    /// Opens a file: a log where its name ends in `.jsonl`, else a data set.
    pub(super) fn open(path: &Path) -> Result<Self> {
        if path.extension().is_some_and(|extension| extension == "jsonl") {
            let (header, episodes) = log::read(path)?;
            return Ok(Self::Log(header, episodes));
        }
        Dataset::open(path).map(Self::Episodes)
    }

    /// The environment that was recorded.
    pub(super) fn env(&self) -> Result<Env> {
        match self {
            Self::Log(header, _) => header.env(),
            Self::Episodes(dataset) => dataset.header().env(),
        }
    }

    /// How many episodes there are.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Log(_, episodes) => episodes.len(),
            Self::Episodes(dataset) => dataset.len(),
        }
    }

    /// The steps of an episode that are transitions of the dynamics.
    ///
    /// # Errors
    /// [`Error::Setting`] beyond the last episode; those of reading it.
    pub(super) fn episode(&self, index: usize) -> Result<Vec<Taken>> {
        if index >= self.len() {
            let reason = "the file has fewer";
            return Err(Error::Setting { name: "episode", value: index.to_string(), reason });
        }
        Ok(match self {
            Self::Log(_, episodes) => {
                let taken = episodes[index].transitions.iter().map(|t| Taken {
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
    /// in between.
    ///
    /// # Errors
    /// As [`Data::episode`]; [`Error::Setting`] for a step that is not there.
    pub(super) fn span(&self, episode: usize, step: u64) -> Result<Vec<Taken>> {
        let all = self.episode(episode)?;
        let Some(first) = all.iter().position(|taken| taken.before.step == step) else {
            let reason = "the episode has no such step, or something was set within it";
            return Err(Error::Setting { name: "step", value: step.to_string(), reason });
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
