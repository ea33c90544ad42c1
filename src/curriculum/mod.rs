//! How the world changes while an agent learns, and in which worlds it is evaluated.
//!
//! A [`Protocol`] says which variables are drawn from where before an episode, or within it; its
//! worlds are frozen, the same for every agent, so that scores pair.

mod protocol;

pub use crate::variable::{Distribution, Part, Space};
pub use protocol::{Acceptance, Manifest, Protocol, ProtocolWorld, REDRAWS, Within, WorldEvent};
