//! Observations of one's own: a function of the state.

use std::fmt;
use std::sync::Arc;

use crate::error::{Error, Result, all_finite};
use crate::world::State;

/// Writes a feature's numbers for a state.
type Write = dyn Fn(&State, &mut [f64]) + Send + Sync;

/// Numbers that a function of the state gives, appended to the observation.
#[derive(Clone)]
pub struct Feature {
    name: String,
    low: Vec<f64>,
    high: Vec<f64>,
    write: Arc<Write>,
}

impl Feature {
    /// A feature with as many numbers as it has bounds.
    ///
    /// Normalised observations map its nominal bounds to \[-1, 1\] without clipping; where two
    /// bounds are equal the number stays as it is. The function must give the same numbers for
    /// the same state, or the same seed no longer gives the same run.
    ///
    /// # Errors
    /// [`Error::Shape`] for lists of different length or none, [`Error::NotFinite`], or
    /// [`Error::Setting`] for a low bound above the high one.
    pub fn new(
        name: &str,
        low: impl Into<Vec<f64>>,
        high: impl Into<Vec<f64>>,
        write: impl Fn(&State, &mut [f64]) + Send + Sync + 'static,
    ) -> Result<Self> {
        let (low, high) = (low.into(), high.into());
        if low.is_empty() || low.len() != high.len() {
            return Err(Error::Shape {
                what: format!("bounds of '{name}'"),
                expected: "as many low bounds as high bounds, one or more".to_string(),
                found: format!("{} and {}", low.len(), high.len()),
            });
        }
        all_finite(name, &low)?;
        all_finite(name, &high)?;
        if low.iter().zip(&high).any(|(low, high)| low > high) {
            let (name, value) = ("feature", format!("{name}: {low:?} to {high:?}"));
            let reason = "its low bounds must not exceed its high bounds";
            return Err(Error::Setting { name, value, reason });
        }
        Ok(Self { name: name.to_string(), low, high, write: Arc::new(write) })
    }

    /// Its name, a key of the observation.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn bounds(&self) -> [&[f64]; 2] {
        [&self.low, &self.high]
    }

    pub(super) fn values(&self, state: &State) -> Vec<f64> {
        let mut values = vec![0.0; self.low.len()];
        (self.write)(state, &mut values);
        values
    }
}

impl fmt::Debug for Feature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Feature").field("name", &self.name).finish_non_exhaustive()
    }
}
