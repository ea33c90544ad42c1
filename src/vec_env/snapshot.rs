//! Where the worlds of a batch stand, for a copy of it in another process.

use std::sync::Arc;

use super::VecEnv;
use super::batch::length;
use crate::env::{self, Description};
use crate::error::Result;
use crate::world::State;

/// Where one world of a batch stands: all that is its own.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Where its environment stands.
    pub env: env::Snapshot,
    /// Whether the episode is over and no other has begun.
    pub ended: bool,
    /// Whether it was given a seed or a state; before, its first reset takes its index for one.
    pub seeded: bool,
    /// Whether a director intervened within the last step.
    pub intervened: bool,
}

impl VecEnv {
    /// Makes states the ones that resets return to, each in its world, without a reset; `None`
    /// leaves a world alone. All of them are taken, or none.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) for another number than of worlds;
    /// [`Error::InWorld`](crate::Error::InWorld) with the first world that refuses its state.
    pub fn start_from(&mut self, states: &[Option<Arc<State>>]) -> Result<()> {
        length("starting states", states.len(), self.len())?;
        self.each(|world, slot| {
            states[world].as_ref().map_or(Ok(()), |state| slot.env.check_state(state))
        })?;
        self.each(|world, slot| {
            states[world].as_ref().map_or(Ok(()), |state| slot.env.start_from(state))
        })
    }

    /// What the worlds were made of, as [`Env::description`](crate::Env::description); where their
    /// starting states differ, `code` names that: no one description has them all.
    pub fn description(&self) -> Description {
        let first = self.world(0).unwrap_or(&self.model);
        let mut description = first.description();
        if !self.worlds().all(|env| env.starts_as(first.starting_state())) {
            description.start = None;
            description.code.push("starting_state: each world has its own".to_string());
        }
        description
    }

    /// Where one world stands; `None` beyond the last.
    pub fn save(&self, world: usize) -> Option<Snapshot> {
        let slot = self.slots.get(world)?;
        Some(Snapshot {
            env: slot.env.snapshot(),
            ended: slot.ended,
            seeded: slot.seeded,
            intervened: slot.intervened,
        })
    }

    /// Puts worlds where those of this or of another batch of the same configuration stood; `None`
    /// leaves a world alone.
    ///
    /// [`VecEnv::last`] has nothing then.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) for another number than of worlds;
    /// [`Error::InWorld`](crate::Error::InWorld) with the first world that refuses its states.
    /// Nothing changes then.
    pub fn restore(&mut self, snapshots: &[Option<Snapshot>]) -> Result<()> {
        length("snapshots", snapshots.len(), self.len())?;
        self.each(|world, slot| match &snapshots[world] {
            None => Ok(()),
            Some(snapshot) => {
                slot.env.check_state(&snapshot.env.state)?;
                slot.env.check_state(&snapshot.env.starting)
            }
        })?;
        self.each(|world, slot| {
            let Some(snapshot) = &snapshots[world] else { return Ok(()) };
            slot.env.restore(&snapshot.env)?;
            (slot.ended, slot.seeded, slot.last) = (snapshot.ended, snapshot.seeded, None);
            slot.intervened = snapshot.intervened;
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Autoreset, VecEnv};
    use crate::Config;
    use crate::intervention::Intervention;

    fn worlds() -> VecEnv {
        let config = Config { max_episode_length: Some(4), ..Config::new("pushing") };
        VecEnv::new(config, 3, 1, Autoreset::NextStep).unwrap()
    }

    #[test]
    fn a_restored_batch_goes_on_as_the_one_that_was_saved() {
        let (mut worlds, mut copy) = (worlds(), worlds());
        let (mut batch, mut same) = (worlds.batch::<f64>(), copy.batch::<f64>());
        worlds.reset(&worlds.seeds(7), None, &mut batch.observations).unwrap();
        let rough = Intervention::new().with("floor/friction", [0.7]);
        let wanted = [Intervention::new(), rough, Intervention::new()];
        worlds.set_starting_states(&wanted, true).unwrap().remove(1).unwrap();
        for _ in 0..4 {
            worlds.step(&[0.3; 27], batch.rows()).unwrap();
        }
        let saved: Vec<_> = (0..3).map(|world| worlds.save(world)).collect();
        assert!(saved[0].as_ref().unwrap().ended);
        copy.restore(&saved).unwrap();
        // Through the reset that the next step is, and the end of another episode.
        for _ in 0..7 {
            worlds.step(&[0.3; 27], batch.rows()).unwrap();
            copy.step(&[0.3; 27], same.rows()).unwrap();
            assert_eq!(batch, same);
            assert_eq!(worlds.states(), copy.states());
        }
        assert!(worlds.save(3).is_none());
    }

    #[test]
    fn a_restore_is_of_all_worlds_or_of_none() {
        let mut worlds = worlds();
        worlds.reset(&worlds.seeds(0), None, &mut worlds.batch::<f64>().observations).unwrap();
        let mut moved = worlds.save(0).unwrap();
        moved.env.state.step = 3;
        let mut wrong = worlds.save(1).unwrap();
        wrong.env.starting.world ^= 1;
        let before = worlds.states();
        assert!(worlds.restore(&[Some(moved.clone()), Some(wrong), None]).is_err());
        assert_eq!(worlds.states(), before);
        assert!(worlds.restore(&[None]).is_err());
        worlds.restore(&[Some(moved), None, None]).unwrap();
        assert_eq!(worlds.world(0).unwrap().state().step, 3);
        assert_eq!(worlds.states()[1..], before[1..]);
    }
}
