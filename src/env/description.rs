//! A world's description: from which any release makes the same environment, or says why not.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Config, Env};
use crate::error::{Error, Result};
use crate::saved::{self, Format};
use crate::task::{Document, Family};
use crate::world::{self, State};

/// The version of the environments, the `0` of `trifactor/Pushing-v0`.
///
/// It goes up with every change that moves a trajectory, a reward or an observation.
pub const ENVIRONMENT_VERSION: u32 = 0;

/// How descriptions are written.
const DESCRIPTION: Format = Format { what: "world", version: 1 };

/// What a [`Task`](crate::task::Task) of one's own is called among [`Description::code`].
const TASK: &str = "task";

/// What an environment was made of: family, parameters, configuration, starting state, curriculum,
/// versions.
///
/// It says nothing of the present state, which is a value of its own.
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
    /// The starting state, where it is not the family's own; its seed, episode and step are 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Box<State>>,
    /// The document of the curriculum that intervenes, where one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub curriculum: Option<Value>,
    /// What it was made of that is code, which no document holds: its kind, and after a colon its
    /// name, as in `observation: height`. Who makes the environment again must bring it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub code: Vec<String>,
    /// Settings of another language's environment around this one, such as the number type of its
    /// observations; no trajectory depends on them.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub binding: Map<String, Value>,
}

/// What a description says that is not in the configuration.
#[derive(Clone, Debug, Default)]
pub(super) struct Beside {
    code: Vec<String>,
    binding: Map<String, Value>,
}

impl Beside {
    /// Of an environment with a task of one's own.
    pub(super) fn of_a_task() -> Self {
        Self { code: vec![TASK.to_string()], ..Self::default() }
    }
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

    /// What of it decides about transitions: without the curriculum, whose interventions are no
    /// part of them, and without code that only chooses goals or is only shown.
    pub fn of_transitions(&self) -> Self {
        let code = self.code.iter().filter(|name| *name == TASK).cloned().collect();
        Self { curriculum: None, code, ..self.clone() }
    }

    /// The same with the binding of another description, which is no part of the world.
    pub fn bound_as(&self, other: &Self) -> Self {
        Self { binding: other.binding.clone(), ..self.clone() }
    }

    /// Refuses what no document can hold, or only a higher floor can make.
    fn check_whole(&self) -> Result<()> {
        let reason = if !self.code.is_empty() {
            format!(
                "it was made with code, which no description holds: {}; bring it again, or take it \
                 out of `code` to do without",
                self.code.join(", ")
            )
        } else if self.curriculum.is_some() {
            "it has a curriculum: curriculum::from_description makes it with that; take out \
             `curriculum` to do without"
                .to_string()
        } else {
            return Ok(());
        };
        Err(Error::OtherWorld { reason })
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
        let director = self.director.as_ref().map(|director| director.document());
        let (curriculum, coded) = match director {
            None => (None, None),
            Some(Ok(document)) => (Some(document), None),
            Some(Err(code)) => (None, Some(code)),
        };
        let features = self.features.iter().map(|own| format!("observation: {}", own.name()));
        let code = self.beside.code.iter().cloned().chain(features).chain(coded).collect();
        Description {
            environment: ENVIRONMENT_VERSION,
            engine: world::engine(),
            world: format!("{:016x}", self.state().world),
            config,
            document,
            start: self.own_start().map(Box::new),
            curriculum,
            code,
            binding: self.beside.binding.clone(),
        }
    }

    /// Lets the description say more: settings of another language's environment around this one,
    /// and the names of what there is code, which no description holds.
    pub fn describe_binding(&mut self, binding: Map<String, Value>, code: Vec<String>) {
        let own = self.beside.code.iter().filter(|name| *name == TASK).cloned();
        self.beside = Beside { code: own.chain(code).collect(), binding };
    }

    /// The environment that was described; its states continue here.
    ///
    /// # Errors
    /// [`Error::OtherWorld`] where this release would make another world of it, and where code or
    /// a curriculum belongs to it; or as [`Env::new`] and [`Env::start_from`].
    pub fn from_description(description: &Description) -> Result<Self> {
        description.check_whole()?;
        let config = description.config.clone();
        let family = match &description.document {
            Some(document) => Family::from_document(document.as_ref().clone())?,
            None => Family::named(&config.family)?,
        };
        let family = family.with_params(&config.task_params)?;
        let mut env = Self::with_family(config, family)?;
        description.check(&env)?;
        if let Some(start) = &description.start {
            env.start_from(start)?;
        }
        env.describe_binding(description.binding.clone(), Vec::new());
        Ok(env)
    }
}
