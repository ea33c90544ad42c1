//! How often the worlds that a protocol draws are accepted.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Protocol, REDRAWS};
use crate::env::{Config, Env};
use crate::error::{Error, Result};
use crate::task::Family;

/// How often draws of a protocol were accepted, and why the others were refused.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Acceptance {
    /// How many worlds were drawn.
    pub worlds: usize,
    /// How many are accepted with every variable drawn once, whatever stands in its way.
    pub at_once: usize,
    /// How many are accepted at the first draw, in which each body looks for a free place.
    pub first: usize,
    /// How many are accepted at the first draw or within [`REDRAWS`] more.
    pub within_redraws: usize,
    /// Why those were refused that were not accepted at once.
    pub reasons: BTreeMap<String, usize>,
}

impl Protocol {
    /// Draws worlds as [`Protocol::worlds`] does, and counts.
    ///
    /// # Errors
    /// None for a protocol of an existing family.
    pub fn acceptance(&self, family: &Family, count: usize, seed: u64) -> Result<Acceptance> {
        let family = self.home(family)?;
        let mut env = Env::with_family(Config::new(family.name()), family)?;
        let (worlds, reasons) = (count, BTreeMap::new());
        let mut found = Acceptance { worlds, at_once: 0, first: 0, within_redraws: 0, reasons };
        for index in 0..count as u64 {
            let (start, refused) = self.start_of(&mut env, seed, index, 1, Some(1));
            found.at_once += usize::from(start.is_some());
            for error in &refused {
                *found.reasons.entry(kind(error)).or_insert(0) += 1;
            }
            let draws = 1 + REDRAWS as u64;
            let (start, refused) = self.start_of(&mut env, seed, index, draws, None);
            found.first += usize::from(refused.is_empty());
            found.within_redraws += usize::from(start.is_some());
        }
        Ok(found)
    }
}

/// What kind of refusal it is: which bodies, without numbers.
fn kind(error: &Error) -> String {
    match error {
        Error::Infeasible { first, second, .. } => {
            let mut pair = [body(first), body(second)];
            pair.sort();
            format!("{} in {}", pair[1], pair[0])
        }
        Error::OutOfArena { name, .. } => format!("{} out of the arena", body(name)),
        Error::OutOfSpace { path, .. } => format!("{} out of its range", body(path)),
        Error::Impossible { path, .. }
        | Error::NotInSpace { path, .. }
        | Error::OutOfFamily { path, .. } => format!("{} cannot be built", body(path)),
        other => other.to_string(),
    }
}

/// A body's name without its number.
fn body(name: &str) -> String {
    if name.contains("finger") {
        return "finger".to_string();
    }
    let first = name.find(|c: char| c.is_ascii_digit()).unwrap_or(name.len());
    name[..first].trim_end_matches(['_', ' ']).to_string()
}
