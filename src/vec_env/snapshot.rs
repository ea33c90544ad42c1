//! Where the worlds of a batch stand, for a copy of it in another process.

use super::VecEnv;
use super::batch::length;
use crate::error::Result;
use crate::world::State;

/// Where one world of a batch stands: all that is its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// The present state.
    pub state: State,
    /// The state that its resets return to, before seed and episode are written into it.
    pub starting: State,
    /// Whether an episode was begun, by a reset or by a state that was set.
    pub begun: bool,
    /// Whether the episode is over and no other has begun.
    pub ended: bool,
    /// Whether it was given a seed or a state; before, its first reset takes its index for one.
    pub seeded: bool,
}

impl VecEnv {
    /// Where one world stands; `None` beyond the last.
    pub fn save(&self, world: usize) -> Option<Snapshot> {
        let slot = self.slots.get(world)?;
        Some(Snapshot {
            state: slot.env.state().clone(),
            starting: slot.env.starting_state().clone(),
            begun: slot.env.has_begun(),
            ended: slot.ended,
            seeded: slot.seeded,
        })
    }

    /// Puts worlds where those of this or of another batch of the same configuration stood; `None`
    /// leaves a world alone.
    ///
    /// What the last step brought is not part of it: [`Env::info`](crate::Env::info) has zeros for
    /// the reward's terms then, and [`VecEnv::last`] nothing.
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
                slot.env.check_state(&snapshot.state)?;
                slot.env.check_state(&snapshot.starting)
            }
        })?;
        self.each(|world, slot| {
            let Some(snapshot) = &snapshots[world] else { return Ok(()) };
            slot.env.restore(&snapshot.state, &snapshot.starting, snapshot.begun)?;
            (slot.ended, slot.seeded, slot.last) = (snapshot.ended, snapshot.seeded, None);
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
        moved.state.step = 3;
        let mut wrong = worlds.save(1).unwrap();
        wrong.starting.world ^= 1;
        let before = worlds.states();
        assert!(worlds.restore(&[Some(moved.clone()), Some(wrong), None]).is_err());
        assert_eq!(worlds.states(), before);
        assert!(worlds.restore(&[None]).is_err());
        worlds.restore(&[Some(moved), None, None]).unwrap();
        assert_eq!(worlds.world(0).unwrap().state().step, 3);
        assert_eq!(worlds.states()[1..], before[1..]);
    }
}
