//! What is wanted: families, goals, rewards.

pub mod overlap;
pub mod reward;
