//! What is observed, in which form: two of an environment's settings.

use serde::{Deserialize, Serialize};

use crate::env::pixels::Pixels;
use crate::error::{Error, Result};

/// What is observed and in which form.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The family's keys, one after the other (facts 3); with `max_blocks`, slots that are the
    /// same for every family.
    #[default]
    Structured,
    /// A row for every node: fingers, blocks, goals.
    Entities,
    /// What these globs choose, in their order: with a slash, variables by path (`*/mass`);
    /// without one, keys of a structured observation (`end_effector_positions`).
    Custom(Vec<String>),
    /// What cameras see.
    Pixel(Box<Pixels>),
}

/// Which parameters of the world are shown: what stays as it is unless somebody intervenes.
///
/// What is observed anyway is not shown twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Context {
    /// None beyond what the mode observes.
    #[default]
    None,
    /// Those that a camera could see: sizes, colours, the robot's height, the task's own.
    Visible,
    /// Those as well that can only be felt: masses, frictions, damping, gravity, gains, delays.
    All,
}

impl Context {
    /// The context of that name: `none`, `visible`, `all`.
    ///
    /// # Errors
    /// [`Error::UnknownName`].
    pub fn parse(name: &str) -> Result<Self> {
        match name {
            "none" => Ok(Self::None),
            "visible" => Ok(Self::Visible),
            "all" => Ok(Self::All),
            _ => Err(Error::UnknownName {
                what: "context",
                name: name.to_string(),
                known: "none, visible, all".to_string(),
            }),
        }
    }
}

impl Mode {
    /// Refuses bounds that do not belong to the mode.
    ///
    /// # Errors
    /// [`Error::Setting`].
    pub(super) fn check(
        &self,
        max_blocks: Option<usize>,
        max_entities: Option<usize>,
    ) -> Result<()> {
        let refuse = |name, value: Option<usize>, reason| {
            let value = value.map_or_else(String::new, |value| value.to_string());
            Err(Error::Setting { name, value, reason })
        };
        match self {
            Self::Custom(globs) if globs.is_empty() => {
                refuse("observe", None, "must choose something; name a glob")
            }
            Self::Custom(_) if max_blocks.is_some() => refuse(
                "max_blocks",
                max_blocks,
                "pads structured observations and entity sets; an observation of chosen variables \
                 follows the scene",
            ),
            Self::Structured | Self::Custom(_) if max_entities.is_some() => refuse(
                "max_entities",
                max_entities,
                "bounds an entity set; choose observation_mode='entities', or max_blocks",
            ),
            Self::Pixel(_) => {
                let reason = "declares room for numbers; images have the same size always";
                match (max_blocks, max_entities) {
                    (Some(_), _) => refuse("max_blocks", max_blocks, reason),
                    (_, Some(_)) => refuse("max_entities", max_entities, reason),
                    _ => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }
}
