//! A world's description: from which any release makes the same environment, or says why not.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Config, Env};
use crate::error::{Error, Result};
use crate::saved::{self, Format};
use crate::task::{Document, Family};
use crate::world;

/// The version of the environments, the `0` of `trifactor/Pushing-v0`.
///
/// It goes up with every change that moves a trajectory, a reward or an observation.
pub const ENVIRONMENT_VERSION: u32 = 0;

/// How descriptions are written.
const DESCRIPTION: Format = Format { what: "world", version: 1 };

/// What an environment was made of: family, parameters, configuration, versions.
///
/// It says nothing of the state, which is a value of its own, nor of what a
/// [`Task`](crate::task::Task) of one's own wants beside its family.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// [`ENVIRONMENT_VERSION`] of the release that wrote it.
    pub environment: u32,
    /// The library that finds contacts, with its version; `config` has the physics preset's numbers
    /// and what solves them.
    pub engine: String,
    /// The world id, 16 hexadecimal digits; that of the world's states.
    pub world: String,
    /// The configuration, with the family's name and parameters.
    pub config: Config,
    /// The family's document, where it is not built in with the same parameters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Box<Document>>,
}

impl Description {
    /// The description as JSON.
    ///
    /// # Errors
    /// [`Error::Malformed`] for what JSON can not say; a described world has nothing of that.
    pub fn to_json(&self) -> Result<String> {
        DESCRIPTION.write_pretty(self)
    }

    /// The description that [`Description::to_json`] wrote, in this release or an earlier one.
    ///
    /// # Errors
    /// [`Error::Malformed`] with the place: a version that this release can not read, a field that
    /// is missing, unknown or of the wrong kind.
    pub fn from_json(json: &str) -> Result<Self> {
        DESCRIPTION.read(json)
    }

    /// Writes [`Description::to_json`] to a file.
    ///
    /// # Errors
    /// [`Error::File`], or as [`Description::to_json`].
    pub fn save(&self, path: &Path) -> Result<()> {
        saved::write_file(path, &self.to_json()?)
    }

    /// The description that [`Description::save`] wrote.
    ///
    /// # Errors
    /// [`Error::File`], or as [`Description::from_json`].
    pub fn load(path: &Path) -> Result<Self> {
        Self::from_json(&saved::read_file(path)?)
    }

    /// Refuses an environment that is of another world.
    ///
    /// # Errors
    /// [`Error::OtherWorld`] with the versions that differ.
    pub fn check(&self, env: &Env) -> Result<()> {
        let own = env.description();
        let reason = if self.environment != own.environment {
            format!(
                "it was described in environment version {}, this release makes version {}",
                self.environment, own.environment
            )
        } else if self.world != own.world {
            format!(
                "its world id is {} with {}, that of what this release makes of it is {} with {}",
                self.world, self.engine, own.world, own.engine
            )
        } else {
            return Ok(());
        };
        Err(Error::OtherWorld { reason })
    }
}

impl Env {
    /// What this environment was made of.
    pub fn description(&self) -> Description {
        let family = self.family();
        let built_in = |config: &Config| {
            let same =
                Family::named(&config.family).and_then(|f| f.with_params(&config.task_params));
            same.is_ok_and(|same| same == *family)
        };
        let mut config = Config { family: family.name().to_string(), ..self.config().clone() };
        if !built_in(&config) {
            config.task_params = family.params();
        }
        let document = (!built_in(&config)).then(|| Box::new(family.document().clone()));
        Description {
            environment: ENVIRONMENT_VERSION,
            engine: world::engine(),
            world: format!("{:016x}", self.state().world),
            config,
            document,
        }
    }

    /// The environment that was described; its states continue here.
    ///
    /// # Errors
    /// [`Error::OtherWorld`] where this release would make another world of it, or as
    /// [`Env::new`].
    pub fn from_description(description: &Description) -> Result<Self> {
        let config = description.config.clone();
        let family = match &description.document {
            Some(document) => Family::from_document(document.as_ref().clone())?,
            None => Family::named(&config.family)?,
        };
        let family = family.with_params(&config.task_params)?;
        let env = Self::with_family(config, family)?;
        description.check(&env)?;
        Ok(env)
    }
}
