//! Evaluation protocols: which variables are drawn from where, and the worlds that come of it.

mod acceptance;
mod axes;
mod library;
mod world;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::task::Family;
use crate::variable::Space;

pub use acceptance::Acceptance;
pub use world::{Manifest, ProtocolWorld, WorldEvent};

/// How often a world that was refused is drawn again before it counts as one that the protocol
/// fails to give; the reference stops there (facts 8.3).
pub const REDRAWS: usize = 5;

/// Which variables are drawn from where: the reference's protocols, those generated from a family's
/// variables, and one's own.
///
/// ```
/// use trifactor::curriculum::Protocol;
/// use trifactor::task::Family;
///
/// # fn main() -> trifactor::Result<()> {
/// let family = Family::named("pushing")?;
/// let heavy = Protocol::named(&family, "P2")?;
/// let worlds = heavy.worlds(&family, 3, 0)?;
/// assert_eq!(worlds.len(), 3);
/// assert!(worlds[0].start.values["tool_block/mass"][0] >= 0.045);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Protocol {
    /// Its name: `P4`, `single/tool_block/mass/B`.
    pub name: String,
    /// What it varies, in a few words.
    pub description: String,
    /// The family whose worlds these are, where it is not the one that the agent was trained on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
    /// What is drawn before the episode; variables that it has nothing of keep their defaults.
    pub start: Space,
    /// What is drawn for times within the episode.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub within: Vec<Within>,
}

/// An intervention within the episode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Within {
    /// When, as a fraction of the episode's control steps, 0 to 1.
    pub at: f64,
    /// What is drawn.
    pub space: Space,
}

impl Protocol {
    /// A protocol of one's own that draws from a space before every episode.
    pub fn new(name: &str, description: &str, start: Space) -> Self {
        let (name, description) = (name.to_string(), description.to_string());
        Self { name, description, family: None, start, within: Vec::new() }
    }

    /// The same protocol with one more intervention within the episode, after that fraction of its
    /// control steps.
    ///
    /// # Errors
    /// [`Error::Setting`] for no fraction.
    pub fn and_within(mut self, at: f64, space: Space) -> Result<Self> {
        if !(0.0..1.0).contains(&at) {
            return Err(Error::Setting {
                name: "at",
                value: at.to_string(),
                reason: "must be a fraction of the episode, at least 0 and below 1",
            });
        }
        self.within.push(Within { at, space });
        self.within.sort_by(|a, b| a.at.total_cmp(&b.at));
        Ok(self)
    }

    /// The protocol of that name for a family.
    ///
    /// | name | draws |
    /// | --- | --- |
    /// | `P0` to `P12` | as the reference's protocol does, where the family has it |
    /// | `single/PATH/B` | one variable, or all that a glob fits, from a range: `A`, `B`, `A∪B` |
    /// | `joint/B` | every variable that has a range |
    /// | `joint/ATTRIBUTE/B` | that attribute of everything |
    /// | `axis/PATH` | everything from A, but this from B |
    /// | `within/PATH/B` | one variable, half way through the episode |
    /// | `cross/FAMILY/NAME` | the protocol of that name of another family, in its worlds |
    ///
    /// # Errors
    /// [`Error::UnknownName`] with the names there are, [`Error::UnknownVariable`] with the nearest
    /// path.
    pub fn named(family: &Family, name: &str) -> Result<Self> {
        library::named(family, name)
    }

    /// The family that the worlds are of, for an agent that was trained on another or on that one.
    ///
    /// # Errors
    /// [`Error::UnknownName`] where there is no such family.
    pub fn home(&self, trained: &Family) -> Result<Family> {
        match &self.family {
            Some(name) if name != trained.name() => Family::named(name),
            _ => Ok(trained.clone()),
        }
    }

    /// The reference's protocols of a family, in order; none where it has none (facts 8.4).
    pub fn benchmark(family: &Family) -> Vec<Self> {
        library::benchmark(family.name())
    }

    /// The protocols generated from a family's variables: single and axis for every axis, joint,
    /// within the episode, and across families that are observed in the same form.
    pub fn generated(family: &Family) -> Vec<Self> {
        library::generated(family)
    }
}
