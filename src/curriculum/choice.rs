//! The agent as actor: numbers that a policy gives, as an intervention in the allowed space.

use crate::env::Env;
use crate::error::{Error, Result};
use crate::intervention::{Drawn, Intervention, Request};
use crate::space::denormalize;
use crate::variable::{Space, matches};

/// The agent's name, where it intervenes.
const BY: &str = "agent";

/// What an agent may choose: some variables of a space, each component a number in \[-1, 1\].
///
/// -1 is the low end of what the space allows in the present state, 1 the high end; of a set it is
/// the value nearest to that. The order is that of the environment's variables.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    space: Space,
    variables: Vec<(String, usize)>,
}

impl Choice {
    /// The variables that one of the globs fits and the space has bounds for, in the present scene.
    ///
    /// # Errors
    /// As [`Space::check_names`]; [`Error::UnknownName`] where nothing is left to choose.
    pub fn new(env: &Env, space: Space, globs: &[String]) -> Result<Self> {
        let (state, rules) = (env.state(), env.family().rules());
        space.check_names(state, rules)?;
        let mut variables = Vec::new();
        for (path, value) in env.variables() {
            let fits = globs.iter().any(|glob| matches(glob, &path));
            if fits && space.bounds(state, rules, &path)?.is_some() {
                variables.push((path, value.len()));
            }
        }
        if variables.is_empty() {
            return Err(Error::UnknownName {
                what: "variable to choose",
                name: globs.join(", "),
                known: format!("those with bounds in the space '{space}'"),
            });
        }
        Ok(Self { space, variables })
    }

    /// The variables, and how many numbers each takes.
    pub fn variables(&self) -> &[(String, usize)] {
        &self.variables
    }

    /// How many numbers a choice has.
    pub fn len(&self) -> usize {
        self.variables.iter().map(|(_, length)| length).sum()
    }

    /// Whether there is nothing to choose; never so.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The intervention that the numbers choose in the present state; ranges of poses follow from
    /// the sizes chosen.
    ///
    /// # Errors
    /// [`Error::Shape`] for another length.
    pub fn intervention(&self, env: &mut Env, numbers: &[f64]) -> Result<Intervention> {
        if numbers.len() != self.len() {
            return Err(Error::Shape {
                what: "choice".to_string(),
                expected: format!("{} numbers", self.len()),
                found: numbers.len().to_string(),
            });
        }
        let mut places = Vec::new();
        let mut rest = numbers;
        for (path, length) in &self.variables {
            let (own, after) = rest.split_at(*length);
            places.push((path.as_str(), own));
            rest = after;
        }
        let place = |path: &str| places.iter().find(|(name, _)| *name == path);
        let shape = |drawn: &Drawn<'_>| -> Vec<f64> {
            let bounds = drawn.bounds.low.iter().zip(&drawn.bounds.high);
            let numbers = place(drawn.path).map_or(&[][..], |(_, numbers)| numbers);
            let each = numbers.iter().zip(bounds);
            each.map(|(n, (low, high))| denormalize(n.clamp(-1.0, 1.0), *low, *high)).collect()
        };
        let chosen = |path: &str| place(path).is_some();
        let request = Request::new(&self.space, "choice");
        env.draw(&Request { chosen: &chosen, shape: Some(&shape), tries: 1, ..request })
    }

    /// Makes the intervention that the numbers choose.
    ///
    /// # Errors
    /// As [`Choice::intervention`] and [`Env::do_intervention`]; nothing has changed then.
    pub fn act(&self, env: &mut Env, numbers: &[f64]) -> Result<()> {
        let wanted = self.intervention(env, numbers)?;
        env.intervene_as(BY, &wanted, Some(&self.space))
    }
}
