//! How the world changes while an agent learns, and in which worlds it is evaluated.
//!
//! A [`Curriculum`] composes [`Actor`]s, each of which intervenes when its turn comes. A [`Protocol`]
//! says which variables are drawn from where before an episode, or within it; its
//! worlds are frozen, the same for every agent, so that scores pair.

pub mod actor;
mod choice;
mod document;
mod protocol;
mod schedule;

pub use crate::variable::{Distribution, Part, Space};
pub use actor::{Actor, Moment};
pub use choice::Choice;
pub use document::{ActorDocument, CurriculumDocument, Entry, from_description};
pub use protocol::{Acceptance, Manifest, Protocol, ProtocolWorld, REDRAWS, Within, WorldEvent};
pub use schedule::{Active, Curriculum};
