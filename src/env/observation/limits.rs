//! What no observation leaves: bounds that physics or construction guarantees.

use std::f64::consts::PI;

use super::source::{Attribute, Source};
use super::{Entry, Layout};
use crate::space::{BoxSpace, normalize};
use crate::variable::{Attribute as Kind, SIZE};

/// Of a number that nothing bounds.
const NONE: [f64; 2] = [f64::NEG_INFINITY, f64::INFINITY];
/// From no kind at all to the largest id of the reference.
const TYPES: [f64; 2] = [0.0, 23.0];
const COLORS: [f64; 2] = [0.0, 1.0];

impl Layout {
    /// Bounds that every observation keeps, in the units of the output; −∞ and ∞ where nothing
    /// bounds a number.
    ///
    /// Finite are those of presence and kind (0 and 1), types (0 and 23), components of quaternions
    /// (−1 and 1), colours (0 and 1), edge lengths (0 and 0.5 m), angles of cylindrical positions
    /// (−π and π); of their radii the lower one (0), of the time left the upper one. Normalised they
    /// are mapped as values are. Joints, positions and velocities have none, nor has what only
    /// interventions change, and numbers of the user's own.
    ///
    /// `episode_seconds` is the most that an episode can last.
    pub fn space(&self, episode_seconds: f64, normalized: bool) -> BoxSpace {
        let limits = self.entries.iter().flat_map(|entry| {
            let of = |number| self.limits(entry, number, episode_seconds, normalized);
            (0..entry.range.len()).map(of).collect::<Vec<_>>()
        });
        let (low, high): (Vec<f64>, Vec<f64>) = limits.map(|[low, high]| (low, high)).unzip();
        BoxSpace::new(low, high)
    }

    fn limits(&self, entry: &Entry, number: usize, seconds: f64, normalized: bool) -> [f64; 2] {
        let i = entry.range.start + number;
        let [low, high] = match entry.source {
            // Zeros stand among what would be observed there, mapped as that is.
            Source::Nothing(_, Some(attribute)) => {
                attribute.bounds().map(|bounds| bounds.as_slice()[number])
            }
            _ => [self.low[i], self.high[i]],
        };
        entry.source.limits(number, if normalized { 1.0 } else { seconds }).map(|limit| {
            match normalized && low != high {
                true => normalize(limit, low, high),
                false => limit,
            }
        })
    }
}

impl Source {
    /// Zeros where a slot has nothing with an attribute.
    pub(super) fn nothing_of(kind: &Kind) -> Self {
        let attribute = (kind.name == "color").then_some(Attribute::Color);
        Self::Nothing(kind.shape.len(), attribute)
    }

    /// The bounds (low, high) that a number of this source never leaves; `time` is that of the time
    /// left.
    fn limits(self, number: usize, time: f64) -> [f64; 2] {
        match self {
            Self::TimeLeft => [f64::NEG_INFINITY, time],
            Self::BlockType(_) | Self::GoalType(_) => TYPES,
            Self::Flag(_) => [0.0, 1.0],
            Self::Block(_, attribute)
            | Self::Goal(_, attribute)
            | Self::Nothing(_, Some(attribute)) => attribute.limits(number),
            Self::Variable(variable) if variable.attribute.name.ends_with("color") => COLORS,
            _ => NONE,
        }
    }
}

impl Attribute {
    fn limits(self, number: usize) -> [f64; 2] {
        match self {
            Self::CartesianPosition => NONE,
            Self::CylindricalPosition => [[0.0, f64::INFINITY], [-PI, PI], NONE][number],
            Self::Orientation | Self::Quaternion => [-1.0, 1.0],
            Self::Size => [0.0, SIZE[1]],
            Self::Color => COLORS,
        }
    }
}
