//! What influenced what: local causal masks of control steps, and the steps they are of; what would
//! have come of it; who can change whom at all.
//!
//! Masks are pure functions of what the world reports, transitions what an environment's steps
//! were. Proofs, counterfactuals and graphs take steps again in environments of their own.

mod batch;
mod counterfactual;
mod features;
pub mod graph;
mod mask;
mod model;
pub mod proof;
pub mod replay;
mod score;
mod transition;

pub use batch::{PAIR, Slots, masks, pairs};
pub use counterfactual::{Course, Courses, Difference, Question, counterfactuals, differences};
pub use features::feature_mask;
pub use mask::{ACTIONS, Edge, LocalMask, Source, Strength};
pub use model::{Distance, External, MaskModel, Nulling, Simulated};
pub use replay::Replay;
pub use score::{Cuts, Score};
pub use transition::{Transition, touching};
