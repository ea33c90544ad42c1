//! How well a policy does in the frozen worlds of protocols, with honest statistics.
//!
//! A [`Plan`] is some protocols with their worlds. Policies that see states are run by
//! [`Plan::each`], an episode a thread; those that see a batch of observations by a [`Rollout`].
//! [`Scores`] is what comes of it, and what outlives it.

mod compare;
mod episode;
mod film;
mod gap;
mod invariance;
mod metric;
mod origin;
mod plan;
mod rollout;
mod scores;
pub mod statistics;
mod summary;

pub use compare::{Comparison, Paired, ProtocolComparison};
pub use episode::{EpisodeScore, LAST_STEPS};
pub use film::{Film, Frame, Shown, Take};
pub use gap::Gap;
pub use invariance::{Invariance, Probes};
pub use metric::Metric;
pub use origin::Origin;
pub use plan::{Driver, Plan, ProtocolRun, protocols};
pub use rollout::Rollout;
pub use scores::{ProtocolScores, Run, Scores};
pub use summary::{Spread, Summary};
