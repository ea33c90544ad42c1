//! Which world a command is about: family, physics, length of a control step.

use std::path::{Path, PathBuf};

use super::output::Failure;
use crate::env::{Config, Description, Env};
use crate::error::Result;
use crate::robot::ActionMode;
use crate::task::Family;
use crate::world::{Physics, Preset};

/// The family where none is named.
const FAMILY: &str = "pushing";
/// Ticks per control step where none are named: those of [`Config::new`], and of Python.
const SKIP_FRAME: u32 = 10;

/// Which task family: `trifactor run pushing`, or `trifactor run --family pushing`.
#[derive(clap::Args)]
pub(super) struct FamilyWords {
    /// Task family: its name, or the JSON file of one of your own [default: pushing]
    #[arg(value_name = "FAMILY", index = 1)]
    first: Option<String>,
    #[arg(long = "family", value_name = "FAMILY", hide = true)]
    named: Option<String>,
}

impl FamilyWords {
    /// The family, where one is named.
    pub(super) fn named(&self) -> std::result::Result<Option<Family>, Failure> {
        match self.split() {
            (Some(_), Some(second)) => {
                Err(Failure::setting("FAMILY", second, "the family is given twice; name it once"))
            }
            (named, None) => named.map(family).transpose(),
            (None, Some(_)) => Ok(None),
        }
    }

    /// The family that is meant where none is named, or the one that is.
    pub(super) fn one(&self) -> std::result::Result<Family, Failure> {
        Ok(self.named()?.map_or_else(|| Family::named(FAMILY), Ok)?)
    }

    /// Whether the word stands in its place, without `--family`.
    pub(super) fn is_positional(&self) -> bool {
        self.named.is_none() && self.first.is_some()
    }

    /// The family's word, and the word that stands in its place where `--family` names it.
    pub(super) fn split(&self) -> (Option<&str>, Option<&str>) {
        match (&self.named, &self.first) {
            (Some(named), first) => (Some(named), first.as_deref()),
            (None, first) => (first.as_deref(), None),
        }
    }
}

/// The family of a word of the command line.
pub(super) fn family(word: &str) -> std::result::Result<Family, Failure> {
    let path = Path::new(word);
    let found = if is_document(path) { Family::from_file(path) } else { Family::named(word) };
    found.map_err(Failure::Usage)
}

/// Whether a word is the file of a family.
pub(super) fn is_document(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "json")
}

/// How a family's world is computed.
#[derive(clap::Args)]
pub(super) struct Physical {
    /// Ticks of 4 ms per control step, as in Python
    #[arg(long, default_value_t = SKIP_FRAME, value_parser = clap::value_parser!(u32).range(1..=1000))]
    skip_frame: u32,
    /// Physics preset: accurate or reference
    #[arg(long, default_value = "accurate", value_parser = physics)]
    physics: Physics,
}

impl Physical {
    /// The environment of a family, whose actions are joint targets: in rad, or in \[-1, 1\].
    pub(super) fn env(&self, family: Family, normalize_actions: bool) -> Result<Env> {
        let (skip_frame, physics) = (self.skip_frame, self.physics);
        let config =
            Config { skip_frame, physics, normalize_actions, ..Config::new(family.name()) };
        Env::with_family(config, family)
    }
}

/// What describes the world on every command line.
#[derive(clap::Args)]
pub(super) struct WorldOptions {
    #[command(flatten)]
    pub(super) family: FamilyWords,
    #[command(flatten)]
    physical: Physical,
    /// A world's description, as `describe` prints it, in place of the above
    #[arg(long, value_name = "FILE.json")]
    #[arg(conflicts_with_all = ["named", "skip_frame", "physics"])]
    world: Option<PathBuf>,
}

impl WorldOptions {
    /// The environment just as it was described.
    pub(super) fn described(&self) -> std::result::Result<Env, Failure> {
        self.said_once()?;
        match &self.world {
            Some(path) => Ok(Env::from_description(&Description::load(path)?)?),
            None => self.env(true),
        }
    }

    fn said_once(&self) -> std::result::Result<(), Failure> {
        match (&self.world, self.family.split().0) {
            (Some(_), Some(word)) => {
                let reason = "the description of --world names its family; give one of the two";
                Err(Failure::setting("FAMILY", word, reason))
            }
            _ => Ok(()),
        }
    }

    /// The environment, whose actions are joint targets: in rad, or in \[-1, 1\].
    pub(super) fn env(&self, normalize_actions: bool) -> std::result::Result<Env, Failure> {
        self.said_once()?;
        self.like(|| self.family.one(), normalize_actions)
    }

    /// As [`WorldOptions::env`], of a family that was found otherwise.
    pub(super) fn like(
        &self,
        family: impl FnOnce() -> std::result::Result<Family, Failure>,
        normalize_actions: bool,
    ) -> std::result::Result<Env, Failure> {
        let Some(path) = &self.world else {
            return Ok(self.physical.env(family()?, normalize_actions)?);
        };
        let mut description = Description::load(path)?;
        let action_mode = ActionMode::default();
        description.config = Config { normalize_actions, action_mode, ..description.config };
        Ok(Env::from_description(&description)?)
    }
}

fn physics(name: &str) -> Result<Physics> {
    Preset::parse(name).map(Preset::physics)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_make_the_worlds_that_the_library_makes_by_default() {
        assert_eq!(Config::new(FAMILY).skip_frame, SKIP_FRAME);
    }
}
