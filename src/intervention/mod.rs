//! Interventions: do(X = x), as a transaction that happens whole or not at all.

mod apply;
mod document;
mod draw;
mod masses;
pub mod structure;
mod tracker;

use std::collections::BTreeMap;

pub(crate) use apply::stuck;
pub use apply::{apply, apply_within, feasible, within};
pub use draw::{Drawn, Request, Shape, Stuck, draw};
pub use masses::check_masses;
pub use tracker::{Count, Event, Target, Tracker, USER};

/// What to set: paths `entity/attribute` and the values they shall have.
///
/// As JSON a map from paths to a number or a list of numbers; the reference's two-level names
/// (`{"tool_block": {"mass": 0.05}, "floor_friction": 0.6}`) mean the same and can be mixed in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Intervention {
    /// The values by path; scalars have one number.
    pub values: BTreeMap<String, Vec<f64>>,
}

impl Intervention {
    /// An intervention that sets nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The intervention that sets one more variable.
    #[must_use]
    pub fn with(mut self, path: &str, value: impl AsRef<[f64]>) -> Self {
        self.values.insert(path.to_string(), value.as_ref().to_vec());
        self
    }

    /// Whether it sets nothing.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}
