//! What influenced what: local causal masks of control steps, and the steps they are of.
//!
//! Masks are pure functions of what the world reports, transitions what an environment's steps
//! were.

mod mask;
mod model;
pub mod replay;
mod score;
mod transition;

pub use mask::{ACTIONS, Edge, LocalMask, Source, Strength};
pub use model::{Distance, External, MaskModel, Nulling, Simulated};
pub use replay::Replay;
pub use score::{Cuts, Score};
pub use transition::{Transition, touching};
