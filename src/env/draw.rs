//! Random interventions, each from a stream named by seed, episode, step and number of the draw.

use super::Env;
use crate::error::Result;
use crate::intervention::{self, Draw, Intervention, TRIES};
use crate::rng::Rng;
use crate::variable::{self, Space, to_reference};

impl Env {
    /// A draw of the chosen variables from a space, not yet applied; as [`Draw`] has it.
    ///
    /// It is a function of the state, of what it is for and of `attempt`, the number of draws for
    /// the same purpose that were refused in this state.
    ///
    /// # Errors
    /// As [`Draw::sample`].
    pub fn draw(
        &mut self,
        space: &Space,
        chosen: &dyn Fn(&str) -> bool,
        purpose: &str,
        attempt: u64,
    ) -> Result<Intervention> {
        self.draw_trying(space, chosen, purpose, attempt, TRIES)
    }

    /// As [`Env::draw`], with the number of times that a pose is drawn at most.
    pub(crate) fn draw_trying(
        &mut self,
        space: &Space,
        chosen: &dyn Fn(&str) -> bool,
        purpose: &str,
        attempt: u64,
        tries: usize,
    ) -> Result<Intervention> {
        let (state, rules) = (&self.state, self.task.family().rules());
        let world = &mut self.world;
        Draw { state, rules, space, chosen, purpose, attempt, tries }
            .sample(&mut |state, name| intervention::stuck(world, state, name))
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
