//! What a copy of an environment in another process needs beyond its configuration.

use super::Env;
use super::episode::check_state;
use crate::error::Result;
use crate::world::State;

impl Env {
    /// The state that every reset returns to, before seed and episode are written into it.
    pub fn starting_state(&self) -> &State {
        &self.starting
    }

    /// Whether an episode was begun, by a reset or by a state that was set.
    pub fn has_begun(&self) -> bool {
        self.ready
    }

    /// Puts the environment where another one of the same configuration stands.
    ///
    /// # Errors
    /// [`Error::OtherWorld`](crate::Error::OtherWorld), or what is impossible in one of the
    /// states; nothing changes then.
    pub fn restore(&mut self, state: &State, starting: &State, begun: bool) -> Result<()> {
        self.check_world(starting)?;
        check_state(&self.starting, self.world.physics(), starting)?;
        let starting_shown = self.shown_of(starting)?;
        self.set_state(state)?;
        self.starting.clone_from(starting);
        self.starting_shown = starting_shown;
        self.ready = begun;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Config, Env};
    use crate::intervention::Intervention;

    #[test]
    fn a_restored_copy_resets_to_the_same_starting_state() {
        let mut env = Env::new(Config::new("pushing")).unwrap();
        env.reset(Some(5));
        let start = Intervention::new().with("floor/friction", [0.7]);
        env.set_starting_state(&start, true).unwrap();
        env.step(&[0.5; 9]).unwrap();

        let mut copy = Env::new(Config::new("pushing")).unwrap();
        copy.restore(env.state(), env.starting_state(), env.has_begun()).unwrap();
        assert_eq!(copy.state(), env.state());
        env.reset(None);
        copy.reset(None);
        assert_eq!(copy.state(), env.state());
        assert_eq!(copy.state().arena.floor.friction, 0.7);
    }

    #[test]
    fn a_restore_of_another_family_changes_nothing() {
        let mut env = Env::new(Config::new("pushing")).unwrap();
        let other = Env::new(Config::new("reaching")).unwrap();
        let before = env.state().clone();
        assert!(env.restore(other.state(), other.starting_state(), true).is_err());
        assert!(env.restore(&before, other.starting_state(), true).is_err());
        assert!(env.restore(other.state(), &before, true).is_err());
        assert_eq!(env.state(), &before);
        assert!(!env.has_begun());
    }
}
