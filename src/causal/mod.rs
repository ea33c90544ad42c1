//! What influenced what: local causal masks of control steps.
//!
//! Pure functions of what the world reports; nothing here steps it.

mod mask;

pub use mask::{ACTIONS, Edge, LocalMask, Source, Strength};
