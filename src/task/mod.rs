//! What is wanted: task families as data, their goals and their rewards.

mod document;
mod family;
pub mod goal;
pub mod overlap;
mod parameter;
pub mod registry;
pub mod reward;
mod sampler;
mod solution;
mod table;
mod wanted;

pub use document::{
    BlockDocument, Document, EpisodeSeconds, GoalDocument, MeshDocument, MeshFile, MeshHulls,
    ObservationKey, RewardDocument, StructureKeys, StructureOrder, WeightedTerm,
};
pub use family::Family;
pub use parameter::{Parameter, Part, Target};
pub use sampler::{GoalSampling, Radius};
pub use table::Row;
pub use wanted::Task;
