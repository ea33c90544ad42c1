//! Parameters of a family: which variables of the start a named value sets.

use serde::{Deserialize, Deserializer, Serialize};

use crate::error::{Error, Result};
use crate::variable::{self, Rules};
use crate::world::{State, whole_number};

/// What one parameter sets: one place or several.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a variable, a part of one, or a list of these")]
pub enum Parameter {
    /// One place.
    One(Target),
    /// Several; the parameter reads as the first.
    Many(Vec<Target>),
}

/// A place that a parameter sets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a variable or a part of one")]
pub enum Target {
    /// A whole variable; one number given for several sets them all.
    Variable(String),
    /// Some numbers of a variable.
    Part(Part),
}

/// Some numbers of a variable, set from the parameter's first numbers in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// The variable's path.
    pub variable: String,
    /// Which of its numbers, counted from 0.
    #[serde(deserialize_with = "whole")]
    pub components: Vec<usize>,
    /// What the parameter's numbers are multiplied by; not 0.
    #[serde(default = "one")]
    pub factor: f64,
}

fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Vec<usize>, D::Error> {
    let numbers = Vec::<f64>::deserialize(deserializer)?;
    numbers.into_iter().map(|number| whole_number(number).map(|n| n as usize)).collect()
}

fn one() -> f64 {
    1.0
}

impl Parameter {
    /// The places.
    pub fn targets(&self) -> &[Target] {
        match self {
            Self::One(target) => std::slice::from_ref(target),
            Self::Many(targets) => targets,
        }
    }

    /// Its value in a state.
    pub(super) fn read(&self, state: &State, rules: &Rules) -> Result<Vec<f64>> {
        match self.targets().first() {
            None => Ok(Vec::new()),
            Some(Target::Variable(path)) => variable::read(state, rules, path),
            Some(Target::Part(part)) => {
                let whole = variable::read(state, rules, &part.variable)?;
                Ok(part.components.iter().map(|i| whole[*i] / part.factor).collect())
            }
        }
    }

    /// Sets all its places in a start.
    ///
    /// # Errors
    /// Whatever is wrong with the value at one of them.
    pub(super) fn write(
        &self,
        name: &str,
        state: &mut State,
        rules: &Rules,
        value: &[f64],
    ) -> Result<()> {
        let length = self.read(state, rules)?.len();
        if value.len() != length {
            return Err(Error::Shape {
                what: name.to_string(),
                expected: counted(length),
                found: counted(value.len()),
            });
        }
        self.targets().iter().try_for_each(|target| match target {
            Target::Variable(path) => {
                let length = variable::read(state, rules, path)?.len();
                variable::write(state, rules, path, &spread(value, length))
            }
            Target::Part(Part { variable: path, components, factor }) => {
                let mut whole = variable::read(state, rules, path)?;
                for (component, number) in components.iter().zip(&spread(value, components.len())) {
                    whole[*component] = factor * number;
                }
                variable::write(state, rules, path, &whole)
            }
        })
    }

    /// Refuses places that the start does not have, with the reason.
    pub(super) fn check(&self, state: &State, rules: &Rules) -> std::result::Result<(), String> {
        if self.targets().is_empty() {
            return Err("expected a variable".to_string());
        }
        self.targets().iter().try_for_each(|target| {
            let path = match target {
                Target::Variable(path) | Target::Part(Part { variable: path, .. }) => path,
            };
            let length = variable::read(state, rules, path).map_err(|e| e.to_string())?.len();
            let Target::Part(part) = target else { return Ok(()) };
            let whole = !part.components.is_empty() && part.components.iter().all(|i| *i < length);
            let usable = part.factor.is_finite() && part.factor != 0.0;
            match (whole, usable) {
                (false, _) => Err(format!("expected components from 0 to {}", length - 1)),
                (_, false) => Err("expected a factor that is not 0".to_string()),
                _ => Ok(()),
            }
        })
    }
}

/// One number for several stands for all of them.
fn spread(value: &[f64], length: usize) -> Vec<f64> {
    match value {
        [number] => vec![*number; length],
        numbers => numbers.to_vec(),
    }
}

fn counted(length: usize) -> String {
    if length == 1 { "1 number".to_string() } else { format!("{length} numbers") }
}
