//! Random interventions, each from a stream named by seed, episode, step and number of the draw.

use super::Env;
use crate::error::Result;
use crate::intervention::{self, Intervention, Request};
use crate::rng::Rng;
use crate::variable::{self, Subspace, to_reference};
use crate::world::State;

impl Env {
    /// A random intervention on the present state, not yet applied; as [`intervention::draw`] has it.
    ///
    /// # Errors
    /// Those of [`intervention::draw`].
    pub fn draw(&mut self, request: &Request<'_>) -> Result<Intervention> {
        let (state, rules, world) = (&self.state, self.task.family().rules(), &mut self.world);
        let mut stuck = |state: &State, name: &str| intervention::stuck(world, state, name);
        intervention::draw(state, rules, request, &mut stuck)
    }

    /// The bodies that are too deep in one, by name, where the present state is changed to that;
    /// `robot` stands for all fingers.
    pub(crate) fn stuck(&mut self, state: &State, name: &str) -> Vec<String> {
        intervention::stuck(&mut self.world, state, name)
    }

    /// New goals for the present state, drawn from a subspace; not yet applied.
    ///
    /// It is a function of the state and of `attempt`, of which 0 is [`Env::sample_new_goal`]'s.
    ///
    /// # Errors
    /// [`Error::UnknownVariable`](crate::Error::UnknownVariable) where the family has no such goals.
    pub fn sample_goal_from(&self, subspace: Subspace, attempt: u64) -> Result<Intervention> {
        let mut state = self.state.clone();
        state.step |= attempt << 32;
        self.task.sample_goal(&state, subspace)
    }

    /// One variable of the space in force, set to a uniform draw from its range; not yet applied.
    ///
    /// First one of the reference's top-level names is drawn, then a variable below it (facts
    /// 4.5). It is a function of the state and of `draw`, the number of the draw in this state.
    ///
    /// # Errors
    /// [`Error::UnknownVariable`](crate::Error::UnknownVariable) never, unless the family's own
    /// rules name a variable that does not exist.
    pub fn sample_intervention(&self, draw: u64) -> Result<Intervention> {
        let subspace = self.config.variables_space;
        let mut groups: Vec<(String, Vec<String>)> = Vec::new();
        for (path, _) in self.space(subspace) {
            let (top, _) = to_reference(&path);
            match groups.iter_mut().find(|(name, _)| *name == top) {
                Some((_, paths)) => paths.push(path),
                None => groups.push((top, vec![path])),
            }
        }
        if groups.is_empty() {
            return Ok(Intervention::new());
        }
        // Streams differ in their step; those of draws lie beyond every step of an episode.
        let mut state = self.state.clone();
        state.step |= (draw + 1) << 32;
        let mut rng = Rng::at_step(state.seed, state.episode, "intervention", state.step);
        let (_, paths) = groups.swap_remove(rng.below(groups.len() as u64) as usize);
        let path = &paths[rng.below(paths.len() as u64) as usize];
        let value = variable::draw(&state, self.family().rules(), path, subspace)?;
        Ok(value.map_or_else(Intervention::new, |value| Intervention::new().with(path, value)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::{Config, Env};
    use crate::variable::Subspace;

    #[test]
    fn random_interventions_are_functions_of_the_state_and_lie_in_the_space_in_force() {
        let mut env = Env::new(Config::new("pushing")).unwrap();
        env.set_variables_space(Subspace::A);
        env.reset(Some(3));
        let space = env.space(Subspace::A);
        let mut drawn = BTreeSet::new();
        for draw in 0..200 {
            let intervention = env.sample_intervention(draw).unwrap();
            assert_eq!(intervention, env.sample_intervention(draw).unwrap());
            let (path, value) = intervention.values.first_key_value().unwrap();
            let (_, bounds) = space.iter().find(|(name, _)| name == path).unwrap();
            assert!(bounds.contains(value), "{path} = {value:?} is outside {bounds:?}");
            drawn.insert(path.clone());
        }
        assert!(drawn.len() > 20, "200 draws reached only {drawn:?}");
    }
}
