//! Boxes of numbers: bounds, membership, clipping, normalisation to \[-1, 1\].

use serde::{Deserialize, Serialize};

/// A box: one closed interval per component.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BoxSpace {
    /// The lower bounds.
    pub low: Vec<f64>,
    /// The upper bounds.
    pub high: Vec<f64>,
}

impl BoxSpace {
    /// A box from its bounds, which must have the same length.
    pub fn new(low: impl Into<Vec<f64>>, high: impl Into<Vec<f64>>) -> Self {
        let (low, high) = (low.into(), high.into());
        debug_assert_eq!(low.len(), high.len());
        Self { low, high }
    }

    /// The number of components.
    pub fn len(&self) -> usize {
        self.low.len()
    }

    /// Whether the box has no component.
    pub fn is_empty(&self) -> bool {
        self.low.is_empty()
    }

    /// Whether every component lies inside its closed interval.
    pub fn contains(&self, values: &[f64]) -> bool {
        values.len() == self.len()
            && values
                .iter()
                .zip(self.low.iter().zip(&self.high))
                .all(|(v, (low, high))| low <= v && v <= high)
    }
}

/// Maps `value` from \[low, high\] to \[-1, 1\], linearly and without clipping.
pub fn normalize(value: f64, low: f64, high: f64) -> f64 {
    2.0 * (value - low) / (high - low) - 1.0
}

/// Maps `value` from \[-1, 1\] to \[low, high\], linearly.
pub fn denormalize(value: f64, low: f64, high: f64) -> f64 {
    low + (value + 1.0) / 2.0 * (high - low)
}
