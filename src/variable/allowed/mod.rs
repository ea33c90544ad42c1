//! Spaces of interventions: a subspace for every variable, together their product.

mod part;
mod text;

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::path;
use super::table::Variable;
use super::{Rules, Subspace, value};
use crate::error::{Error, Result};
use crate::space::BoxSpace;
use crate::world::State;

pub use part::{Distribution, Numbers, Part};

/// How far beyond a bound a value may come to lie by the conversion to the coordinates that have
/// the range.
const ROUNDING: f64 = 1e-9;

/// What may be set, and to what: a [`Part`] for every variable, and the values are their product.
///
/// One part is that of all variables; others are those of the paths that a glob fits. Where several
/// globs fit a path the one with the most characters beside its stars has it, so the path itself
/// wins over every glob. Ranges A and B are derived from the state in which they are asked for.
///
/// As text `"A"`, `"B"`, `"A∪B"`, `"A except tool_block/mass from B"`; as JSON such a text, or
/// `{"all": "A", "except": {"tool_block/mass": {"low": 0.02, "high": 0.03}}}`.
///
/// ```
/// use trifactor::variable::Space;
///
/// # fn main() -> trifactor::Result<()> {
/// let space = Space::parse("A except tool_block/mass, floor/friction from B, */color from nothing")?;
/// assert_eq!(space.part("tool_block/mass").to_string(), "B");
/// assert_eq!(space.part("goal_block/color").to_string(), "nothing");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Space {
    all: Part,
    except: BTreeMap<String, Part>,
}

impl Space {
    /// The space in which every variable has that part.
    ///
    /// # Errors
    /// [`Error::Malformed`] for a box, a set or a distribution, which belong to one variable.
    pub fn of(all: Part) -> Result<Self> {
        match all {
            Part::Nothing | Part::Range(_) | Part::Anything => {
                Ok(Self { all, except: BTreeMap::new() })
            }
            _ => Err(malformed("all", "expected A, B, A∪B, nothing or anything".to_string())),
        }
    }

    /// The space in which nothing may be set.
    pub fn nothing() -> Self {
        Self { all: Part::Nothing, except: BTreeMap::new() }
    }

    /// The same space, but for the variables that a path or glob fits.
    ///
    /// # Errors
    /// [`Error::Malformed`] for what is no path, or a part that contradicts itself.
    pub fn except(mut self, glob: &str, part: Part) -> Result<Self> {
        if path::split(glob).is_none() {
            let reason = "expected entity/attribute, such as tool_block/mass or */mass";
            return Err(malformed(glob, reason.to_string()));
        }
        part.check().map_err(|reason| malformed(glob, reason))?;
        self.except.insert(glob.to_string(), part);
        Ok(self)
    }

    /// The part of the variable with that path, whether or not there is one.
    pub fn part(&self, path: &str) -> &Part {
        let literal = |glob: &str| glob.chars().filter(|c| *c != '*').count();
        let fitting = self.except.iter().filter(|(glob, _)| path::matches(glob, path));
        // Of equals the first in the alphabet has it.
        let nearest = fitting.rev().max_by_key(|(glob, _)| (*glob == path, literal(glob)));
        nearest.map_or(&self.all, |(_, part)| part)
    }

    /// The part that all variables have which no glob fits.
    pub fn all(&self) -> &Part {
        &self.all
    }

    /// The paths and globs that have a part of their own, with it.
    pub fn exceptions(&self) -> impl Iterator<Item = (&str, &Part)> {
        self.except.iter().map(|(glob, part)| (glob.as_str(), part))
    }

    /// Refuses a space that speaks of variables which a state has not, or whose values have another
    /// length there.
    ///
    /// # Errors
    /// [`Error::UnknownVariable`], or [`Error::Shape`] with the path.
    pub fn check_names(&self, state: &State, rules: &Rules) -> Result<()> {
        let variables = Variable::all(&state.scene, rules);
        for (glob, part) in &self.except {
            if !glob.contains('*') {
                Variable::find(&state.scene, rules, glob)?;
            }
            let named = |v: &&Variable| path::matches(glob, &v.path(&state.scene));
            let mut fitting = variables.iter().filter(named).peekable();
            if fitting.peek().is_none() {
                return Err(Error::UnknownVariable { path: glob.clone(), suggestion: None });
            }
            for variable in fitting {
                part.check_length(&variable.path(&state.scene), variable.attribute.shape.len())?;
            }
        }
        Ok(())
    }

    /// The smallest box that holds what a variable may be set to in a state; `None` where it has no
    /// bounds or may not be set.
    ///
    /// # Errors
    /// [`Error::UnknownVariable`], suggesting the nearest path.
    pub fn bounds(&self, state: &State, rules: &Rules, path: &str) -> Result<Option<BoxSpace>> {
        let variable = Variable::find(&state.scene, rules, path)?;
        Ok(self.part(path).bounds(&variable, state, rules))
    }

    /// Whether a variable can be drawn from it in a state.
    pub fn draws(&self, variable: &Variable, state: &State, rules: &Rules) -> bool {
        self.part(&variable.path(&state.scene)).draws(variable, state, rules)
    }

    /// Refuses a value that a variable may not be set to, in the state that the intervention leaves.
    ///
    /// A pose may be given in coordinates that have no part of their own; it is then judged in
    /// those that have one.
    pub(crate) fn check(
        &self,
        rules: &Rules,
        state: &State,
        variable: &Variable,
        value: &[f64],
    ) -> Result<()> {
        let path = variable.path(&state.scene);
        let part = self.part(&path);
        if part.judges(variable, state, rules) {
            return part.admit(variable, state, rules, value);
        }
        let twin = value::ranged(variable.attribute.name, value).and_then(|(name, value)| {
            let twin = Variable::of(&state.scene, variable.entity, name)?;
            let part = self.part(&twin.path(&state.scene));
            part.judges(&twin, state, rules).then_some((twin, part, value))
        });
        if let Some((twin, part, value)) = twin {
            let value = match part.bounds(&twin, state, rules) {
                Some(bounds) => onto_bounds(&bounds, value),
                None => value,
            };
            return part.admit(&twin, state, rules, &value);
        }
        let reason = match part {
            Part::Range(subspace) => format!("it has no range in {}", subspace.name()),
            _ => "it is not in the intervention space in force".to_string(),
        };
        Err(Error::NotInSpace { path, reason })
    }
}

impl From<Subspace> for Space {
    fn from(subspace: Subspace) -> Self {
        Self { all: Part::Range(subspace), except: BTreeMap::new() }
    }
}

impl Default for Space {
    /// Both ranges of every variable.
    fn default() -> Self {
        Subspace::default().into()
    }
}

/// The value with every component that misses a bound by no more than rounding on that bound.
fn onto_bounds(space: &BoxSpace, mut value: Vec<f64>) -> Vec<f64> {
    for (v, (low, high)) in value.iter_mut().zip(space.low.iter().zip(&space.high)) {
        for bound in [low, high] {
            if (*v - bound).abs() <= ROUNDING {
                *v = *bound;
            }
        }
    }
    value
}

fn malformed(path: &str, reason: String) -> Error {
    Error::Malformed { what: "space".to_string(), path: path.to_string(), reason }
}

/// A space as JSON, where no text can say it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    all: Part,
    #[serde(default)]
    except: BTreeMap<String, Part>,
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "expected a text such as \"A except tool_block/mass from B\", or \
{\"all\": \"A\", \"except\": {\"tool_block/mass\": \"B\"}}"
)]
enum Written {
    Text(String),
    Document(Document),
}

impl Serialize for Space {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match self.except.values().all(Part::has_a_word) {
            true => serializer.serialize_str(&self.to_string()),
            false => Document { all: self.all.clone(), except: self.except.clone() }
                .serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Space {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let read = match Written::deserialize(deserializer)? {
            Written::Text(text) => Self::parse(&text),
            Written::Document(Document { all, except }) => Self::of(all).and_then(|space| {
                except.into_iter().try_fold(space, |space, (glob, part)| space.except(&glob, part))
            }),
        };
        read.map_err(serde::de::Error::custom)
    }
}
