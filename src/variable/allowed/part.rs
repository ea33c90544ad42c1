//! What one variable may be set to: a range, a box, a set or a distribution.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::super::table::Variable;
use super::super::value::Domain;
use super::super::{Rules, Subspace};
use crate::error::{Error, Result};
use crate::math;
use crate::rng::Rng;
use crate::space::BoxSpace;
use crate::world::State;

/// What one variable may be set to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub enum Part {
    /// Nothing: it keeps the value it has.
    Nothing,
    /// Range A, range B or both together, derived from the state.
    Range(Subspace),
    /// Every value that can be meant; there is no draw from it.
    Anything,
    /// A box of one's own, bounds included.
    Box(BoxSpace),
    /// One of some values, all equally likely.
    Set(Vec<Vec<f64>>),
    /// A distribution of one's own, within bounds.
    Distribution(Distribution),
}

/// How a value is distributed, component by component and within bounds, which are included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Distribution {
    /// A normal distribution; what falls outside the bounds is drawn again.
    Normal {
        /// The means.
        mean: Numbers,
        /// The standard deviations.
        deviation: Numbers,
        /// The lowest values.
        low: Numbers,
        /// The highest values.
        high: Numbers,
    },
    /// Every ratio is equally likely: the logarithm is uniform.
    LogUniform {
        /// The lowest values, above 0.
        low: Numbers,
        /// The highest values.
        high: Numbers,
    },
}

/// Some numbers; one may stand without brackets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "OneOrMany", into = "OneOrMany")]
pub struct Numbers(pub Vec<f64>);

#[derive(Clone, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a number or a list of numbers")]
enum OneOrMany {
    One(f64),
    Many(Vec<f64>),
}

impl From<OneOrMany> for Numbers {
    fn from(written: OneOrMany) -> Self {
        match written {
            OneOrMany::One(number) => Self(vec![number]),
            OneOrMany::Many(numbers) => Self(numbers),
        }
    }
}

impl From<Numbers> for OneOrMany {
    fn from(Numbers(numbers): Numbers) -> Self {
        match numbers[..] {
            [number] => Self::One(number),
            _ => Self::Many(numbers),
        }
    }
}

/// A part as JSON.
#[derive(Clone, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "expected A, B, A∪B, nothing, anything, {\"low\": …, \"high\": …}, \
{\"values\": […]}, {\"normal\": …} or {\"log_uniform\": …}"
)]
enum Written {
    Word(String),
    Box { low: Numbers, high: Numbers },
    Set { values: Vec<Numbers> },
    Distribution(Distribution),
}

impl TryFrom<Written> for Part {
    type Error = String;

    fn try_from(written: Written) -> std::result::Result<Self, String> {
        let part = match written {
            Written::Word(word) => Self::word(&word).ok_or_else(|| {
                format!("expected A, B, A∪B, nothing or anything, found '{word}'")
            })?,
            Written::Box { low, high } => Self::Box(BoxSpace { low: low.0, high: high.0 }),
            Written::Set { values } => Self::Set(values.into_iter().map(|v| v.0).collect()),
            Written::Distribution(distribution) => Self::Distribution(distribution),
        };
        part.check()?;
        Ok(part)
    }
}

impl From<Part> for Written {
    fn from(part: Part) -> Self {
        match part {
            Part::Box(BoxSpace { low, high }) => {
                Self::Box { low: Numbers(low), high: Numbers(high) }
            }
            Part::Set(values) => Self::Set { values: values.into_iter().map(Numbers).collect() },
            Part::Distribution(distribution) => Self::Distribution(distribution),
            word => Self::Word(word.to_string()),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing"),
            Self::Range(Subspace::A) => f.write_str("A"),
            Self::Range(Subspace::B) => f.write_str("B"),
            Self::Range(Subspace::Both) => f.write_str("A∪B"),
            Self::Anything => f.write_str("anything"),
            Self::Box(space) => write!(f, "[{:?}, {:?}]", space.low, space.high),
            Self::Set(values) => write!(f, "one of {values:?}"),
            Self::Distribution(_) => f.write_str("a distribution"),
        }
    }
}

impl Distribution {
    fn bounds(&self) -> BoxSpace {
        let (Self::Normal { low, high, .. } | Self::LogUniform { low, high }) = self;
        BoxSpace { low: low.0.clone(), high: high.0.clone() }
    }
}

impl Part {
    /// The part that a word names.
    pub(super) fn word(word: &str) -> Option<Self> {
        match word {
            "nothing" => Some(Self::Nothing),
            "anything" => Some(Self::Anything),
            "A" | "space_a" => Some(Self::Range(Subspace::A)),
            "B" | "space_b" => Some(Self::Range(Subspace::B)),
            "A∪B" | "A|B" | "space_a_b" => Some(Self::Range(Subspace::Both)),
            _ => None,
        }
    }

    /// Whether a word can say it.
    pub(super) fn has_a_word(&self) -> bool {
        matches!(self, Self::Nothing | Self::Range(_) | Self::Anything)
    }

    /// Refuses what contradicts itself, with the reason.
    pub(super) fn check(&self) -> std::result::Result<(), String> {
        let finite = |values: &[f64]| values.iter().all(|v| v.is_finite());
        let spans = |BoxSpace { low, high }: &BoxSpace| match low.len() == high.len() {
            false => Err(format!("low has {} numbers, high has {}", low.len(), high.len())),
            true if low.is_empty() => Err("expected numbers".to_string()),
            true if !finite(low) || !finite(high) => Err("every bound must be finite".to_string()),
            true if low.iter().zip(high).any(|(low, high)| low > high) => {
                Err(format!("low {low:?} exceeds high {high:?}"))
            }
            true => Ok(()),
        };
        match self {
            Self::Nothing | Self::Range(_) | Self::Anything => Ok(()),
            Self::Box(space) => spans(space),
            Self::Set(values) if values.is_empty() => Err("expected values".to_string()),
            Self::Set(values) if values.iter().any(|v| !finite(v) || v.is_empty()) => {
                Err("every value must be finite numbers".to_string())
            }
            Self::Set(values) if values.iter().any(|v| v.len() != values[0].len()) => {
                Err("every value must have the same length".to_string())
            }
            Self::Set(_) => Ok(()),
            Self::Distribution(distribution) => {
                spans(&distribution.bounds())?;
                distribution.check()
            }
        }
    }

    /// Refuses another length than the variable's.
    pub(super) fn check_length(&self, path: &str, length: usize) -> Result<()> {
        let found = match self {
            Self::Box(space) => Some(space.len()),
            Self::Set(values) => values.iter().map(Vec::len).find(|found| *found != length),
            Self::Distribution(distribution) => Some(distribution.bounds().len()),
            _ => None,
        };
        match found {
            Some(found) if found != length => Err(Error::Shape {
                what: format!("the space of {path}"),
                expected: format!("{length} numbers"),
                found: found.to_string(),
            }),
            _ => Ok(()),
        }
    }

    /// Whether it says anything of a variable: its range exists, or it needs none.
    pub(super) fn judges(&self, variable: &Variable, state: &State, rules: &Rules) -> bool {
        match self {
            Self::Nothing => false,
            Self::Range(subspace) => variable.space(state, rules, *subspace).is_some(),
            _ => true,
        }
    }

    /// The smallest box that holds it in a state.
    pub(crate) fn bounds(
        &self,
        variable: &Variable,
        state: &State,
        rules: &Rules,
    ) -> Option<BoxSpace> {
        match self {
            Self::Nothing | Self::Anything => None,
            Self::Range(subspace) => variable.space(state, rules, *subspace),
            Self::Box(space) => Some(space.clone()),
            Self::Set(values) => {
                let edge = |edge: fn(f64, f64) -> f64| {
                    let first = values.first()?.clone();
                    Some(values.iter().fold(first, |so_far, value| {
                        so_far.iter().zip(value).map(|(a, b)| edge(*a, *b)).collect()
                    }))
                };
                Some(BoxSpace { low: edge(f64::min)?, high: edge(f64::max)? })
            }
            Self::Distribution(distribution) => Some(distribution.bounds()),
        }
    }

    /// Refuses a value outside.
    pub(super) fn admit(
        &self,
        variable: &Variable,
        state: &State,
        rules: &Rules,
        value: &[f64],
    ) -> Result<()> {
        let path = variable.path(&state.scene);
        let Some(bounds) = self.bounds(variable, state, rules) else { return Ok(()) };
        let member = match self {
            Self::Set(values) => values.iter().any(|known| known == value),
            _ => bounds.contains(value),
        };
        match (member, self) {
            (true, _) => Ok(()),
            (false, Self::Set(values)) => Err(Error::NotInSpace {
                path,
                reason: format!("{value:?} is none of {values:?}, the space in force"),
            }),
            (false, _) => Err(Error::OutOfSpace {
                path,
                value: value.to_vec(),
                low: bounds.low,
                high: bounds.high,
            }),
        }
    }

    /// Whether there is something to draw from.
    pub(crate) fn draws(&self, variable: &Variable, state: &State, rules: &Rules) -> bool {
        !matches!(self, Self::Anything) && self.judges(variable, state, rules)
    }

    /// The member that is nearest to a value, component by component.
    pub(crate) fn nearest(
        &self,
        variable: &Variable,
        bounds: &BoxSpace,
        mut value: Vec<f64>,
    ) -> Vec<f64> {
        if let Self::Set(values) = self {
            let far = |known: &Vec<f64>| -> f64 {
                known.iter().zip(&value).map(|(a, b)| (a - b) * (a - b)).sum()
            };
            let nearest = values.iter().min_by(|a, b| far(a).total_cmp(&far(b)));
            return nearest.cloned().unwrap_or(value);
        }
        let whole = matches!(variable.attribute.domain, Domain::Whole(..));
        for (v, (low, high)) in value.iter_mut().zip(bounds.low.iter().zip(&bounds.high)) {
            *v = if whole { v.round() } else { *v };
            *v = v.max(*low).min(*high);
        }
        value
    }

    /// A draw from it in a state; `None` where there is nothing to draw from.
    ///
    /// Boxes and ranges are uniform, component by component; whole-number variables take each of
    /// their values with the same probability.
    pub(crate) fn draw(
        &self,
        rng: &mut Rng,
        variable: &Variable,
        state: &State,
        rules: &Rules,
    ) -> Option<Vec<f64>> {
        match self {
            Self::Nothing | Self::Anything => None,
            Self::Set(values) => values.get(rng.below(values.len() as u64) as usize).cloned(),
            Self::Distribution(distribution) => Some(distribution.draw(rng)),
            Self::Range(_) | Self::Box(_) => {
                let whole = matches!(variable.attribute.domain, Domain::Whole(..));
                let bounds = self.bounds(variable, state, rules)?;
                let spans = bounds.low.iter().zip(&bounds.high);
                Some(spans.map(|(low, high)| between(rng, *low, *high, whole)).collect())
            }
        }
    }
}

/// A uniform draw between two bounds; a whole number where it must be one.
fn between(rng: &mut Rng, low: f64, high: f64, whole: bool) -> f64 {
    if !whole {
        // The sum rounds, and the bounds hold for what it rounds to.
        return rng.uniform(low, high).min(high);
    }
    let (low, high) = (low.ceil(), high.floor());
    low + rng.below((high - low).max(0.0) as u64 + 1) as f64
}

impl Distribution {
    fn check(&self) -> std::result::Result<(), String> {
        match self {
            Self::Normal { mean, deviation, low, high } => {
                let length = low.0.len();
                if mean.0.len() != length || deviation.0.len() != length {
                    return Err("mean, deviation, low and high differ in length".to_string());
                }
                let spread = |deviation: &f64| deviation.is_finite() && *deviation > 0.0;
                if !deviation.0.iter().all(spread) {
                    return Err("every deviation must be a finite number above 0".to_string());
                }
                let inside =
                    |(mean, (low, high)): (&f64, (&f64, &f64))| low <= mean && mean <= high;
                match mean.0.iter().zip(low.0.iter().zip(&high.0)).all(inside) {
                    true => Ok(()),
                    false => Err("every mean must lie between low and high".to_string()),
                }
            }
            Self::LogUniform { low, .. } if low.0.iter().any(|low| *low <= 0.0) => {
                Err("every low must be above 0".to_string())
            }
            Self::LogUniform { .. } => Ok(()),
        }
    }

    fn draw(&self, rng: &mut Rng) -> Vec<f64> {
        match self {
            Self::Normal { mean, deviation, low, high } => {
                let each = mean.0.iter().zip(&deviation.0).zip(low.0.iter().zip(&high.0));
                each.map(|((mean, deviation), (low, high))| {
                    truncated(rng, [*mean, *deviation], [*low, *high])
                })
                .collect()
            }
            Self::LogUniform { low, high } => {
                let ratio = |low: f64, high: f64, u: f64| low * math::exp(u * math::ln(high / low));
                let each = low.0.iter().zip(&high.0);
                each.map(|(low, high)| ratio(*low, *high, rng.unit()).clamp(*low, *high)).collect()
            }
        }
    }
}

/// How often a draw outside its bounds is drawn again; the mean lies between them, so that half of
/// an open side is always inside and only bounds far narrower than the deviation need more.
const TRIES: usize = 1000;

fn truncated(rng: &mut Rng, [mean, deviation]: [f64; 2], [low, high]: [f64; 2]) -> f64 {
    let tries = std::iter::repeat_with(|| mean + deviation * rng.normal()).take(TRIES);
    let mut inside = tries.filter(|v| (low..=high).contains(v));
    let found = inside.next();
    drop(inside);
    // Bounds that narrow see a flat density.
    found.unwrap_or_else(|| rng.uniform(low, high))
}
