//! The decision process.

pub mod observation;
