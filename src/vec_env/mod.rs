//! Many worlds at once: environments of one configuration, stepped on a pool of threads.
//!
//! World i of a batch gives the same bits as an [`Env`] of its own with the same seed, whatever the
//! size of the batch, the number of threads and what becomes of the other worlds.

mod batch;
mod branch;
mod pool;
mod slot;
mod snapshot;

use std::borrow::Borrow;

use rayon::prelude::*;

use crate::env::observation::Number;
use crate::env::{Config, Director, Env};
use crate::error::{Error, Result, all_finite};
use crate::intervention::{Event, Intervention};
use crate::robot::JOINTS;
use crate::world::State;

use batch::length;
pub use batch::{Batch, Rows};
pub use branch::Branch;
pub(crate) use branch::{check as check_sequence, follow};
pub(crate) use pool::Pool;
pub use slot::Final;
use slot::Slot;
pub use snapshot::Snapshot;

/// What becomes of a world whose episode has ended; the words are Gymnasium's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Autoreset {
    /// The next step resets it in place of stepping it: the action has no effect, the reward is 0.
    #[default]
    NextStep,
    /// The step that ended it resets it too: the observation is the next episode's first, and
    /// [`VecEnv::last`] has the old one's last.
    SameStep,
    /// Nothing: it can not be stepped until it was reset.
    Disabled,
}

/// Many environments of one configuration, each with a seed and a history of its own.
///
/// ```
/// use trifactor::vec_env::{Autoreset, VecEnv};
/// use trifactor::Config;
///
/// # fn main() -> trifactor::Result<()> {
/// let mut worlds = VecEnv::new(Config::new("pushing"), 4, 2, Autoreset::NextStep)?;
/// let mut batch = worlds.batch::<f32>();
/// worlds.reset(&worlds.seeds(0), None, &mut batch.observations)?;
/// worlds.step(&[0.1; 4 * 9], batch.rows())?;
/// assert_eq!(batch.rewards.len(), 4);
/// # Ok(())
/// # }
/// ```
pub struct VecEnv {
    // What the worlds are made like; it is never stepped.
    model: Env,
    slots: Vec<Slot>,
    // Environments that branches are tried in, one for each thread that ever did.
    scratch: Vec<Slot>,
    pool: Pool,
    autoreset: Autoreset,
}

impl VecEnv {
    /// Makes the worlds; call [`VecEnv::reset`] before the first step.
    ///
    /// `threads` counts the threads that step them, 0 for as many as the machine runs at once; with
    /// one it is the caller's. The threads are started by the first call that has work for them.
    ///
    /// # Errors
    /// As [`Env::new`]; [`Error::Setting`] for no world at all.
    pub fn new(
        config: Config,
        worlds: usize,
        threads: usize,
        autoreset: Autoreset,
    ) -> Result<Self> {
        Self::like(&Env::new(config)?, worlds, threads, autoreset)
    }

    /// Makes worlds like an environment: its configuration, task, features and starting state.
    ///
    /// # Errors
    /// As [`VecEnv::new`].
    pub fn like(env: &Env, worlds: usize, threads: usize, autoreset: Autoreset) -> Result<Self> {
        for (name, count) in
            [("num_envs", worlds), ("numbers in an observation", env.observation_len())]
        {
            if count == 0 {
                let reason = "must be at least 1";
                return Err(Error::Setting { name, value: "0".to_string(), reason });
            }
        }
        let model = env.twin()?;
        let slot = |_| {
            let mut env = model.twin()?;
            env.fix_lengths();
            Ok(Slot::new(env))
        };
        let slots = (0..worlds).map(slot).collect::<Result<_>>()?;
        Ok(Self { model, slots, scratch: Vec::new(), pool: Pool::new(threads), autoreset })
    }

    /// How many worlds there are.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether there is no world; never so.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// How many threads step them.
    pub fn threads(&self) -> usize {
        self.pool.threads()
    }

    /// What becomes of a world whose episode has ended.
    pub fn autoreset(&self) -> Autoreset {
        self.autoreset
    }

    /// One world's environment, to be asked; `None` beyond the last.
    pub fn world(&self, world: usize) -> Option<&Env> {
        self.slots.get(world).map(|slot| &slot.env)
    }

    /// Every world's environment, to be asked.
    pub fn worlds(&self) -> impl ExactSizeIterator<Item = &Env> {
        self.slots.iter().map(|slot| &slot.env)
    }

    /// How the episode ended that the last step ended in a world, where that step began another.
    pub fn last(&self, world: usize) -> Option<&Final> {
        self.slots.get(world)?.last.as_ref()
    }

    /// Whether a director intervened within the last step of a world.
    pub fn intervened(&self, world: usize) -> bool {
        self.slots.get(world).is_some_and(|slot| slot.intervened)
    }

    /// From now on lets another of this director's kind intervene in every world, or nobody; from
    /// each world's next reset on.
    pub fn set_director(&mut self, director: Option<&dyn Director>) {
        for slot in &mut self.slots {
            slot.env.set_director(director.map(Director::another));
        }
    }

    /// Why the first world's director that could not do its work could not, once.
    pub fn take_failure(&mut self) -> Option<Error> {
        let failures = self.slots.iter_mut().map(|slot| slot.env.take_failure());
        failures.enumerate().find_map(|(world, e)| e.map(|e| e.in_world(world)))
    }

    /// What every world's director tried since this was asked last.
    pub fn take_events(&mut self) -> Vec<Vec<Event>> {
        self.slots.iter_mut().map(|slot| slot.env.take_events()).collect()
    }

    /// Does something in every world's environment, such as an intervention; each has an outcome.
    ///
    /// Refused is what would change how many numbers an observation has. A reset in it goes
    /// unnoticed by the batch: use [`VecEnv::reset`].
    ///
    /// # Errors
    /// Where the threads can not be started.
    pub fn in_each(
        &mut self,
        work: impl Fn(usize, &mut Env) -> Result<()> + Sync,
    ) -> Result<Vec<Result<()>>> {
        self.run_each(|world, slot| work(world, &mut slot.env))?;
        Ok(self.slots.iter_mut().map(|slot| slot.failure.take().map_or(Ok(()), Err)).collect())
    }

    /// How many numbers an observation has, the same for every world and always.
    pub fn observation_len(&self) -> usize {
        self.model.observation_len()
    }

    /// Memory for what a step brings.
    pub fn batch<T: Number>(&self) -> Batch<T> {
        Batch::new(self.len(), self.observation_len())
    }

    /// The seeds that Gymnasium derives of one: `first` for world 0, `first + 1` for world 1.
    pub fn seeds(&self, first: u64) -> Vec<Option<u64>> {
        (0..self.len()).map(|world| Some(first.wrapping_add(world as u64))).collect()
    }

    /// Begins an episode in every world, or in those that the mask names; writes every world's
    /// observation.
    ///
    /// `seeds` are one for each world: with a seed it is that seed's first episode, with `None` the
    /// next of the world's present seed, which is its index until it was given another.
    ///
    /// # Errors
    /// [`Error::Shape`] for other lengths; nothing changes then.
    pub fn reset<T: Number + Send>(
        &mut self,
        seeds: &[Option<u64>],
        mask: Option<&[bool]>,
        observations: &mut [T],
    ) -> Result<()> {
        length("seeds", seeds.len(), self.len())?;
        if let Some(mask) = mask {
            length("reset_mask", mask.len(), self.len())?;
        }
        length("observations", observations.len(), self.len() * self.observation_len())?;
        let chosen = |world: usize| mask.is_none_or(|mask| mask[world]);
        self.each(|world, slot| {
            if chosen(world) {
                slot.reset(world, seeds[world]);
            }
            Ok(())
        })?;
        self.observe(observations)
    }

    /// Takes one control step in every world; `actions` are nine numbers for each, in a row.
    ///
    /// The batch itself allocates nothing, but for the last observation of an episode that
    /// [`Autoreset::SameStep`] ends; with several threads the pool's queue takes a little memory
    /// now and then, however many worlds there are. The goal arrays of goal-conditioned worlds, and the
    /// exact overlap of meshes or of three boxes at one place, do allocate.
    ///
    /// # Errors
    /// Refused before any world moved: other lengths, a number that is not finite, a world that
    /// waits for its reset. [`Error::InWorld`] with [`Error::Panicked`] where the code of one world
    /// panicked: the others have moved, and that one must be reset.
    pub fn step<T: Number + Send>(&mut self, actions: &[f64], rows: Rows<'_, T>) -> Result<()> {
        let observation_len = self.observation_len();
        length("actions", actions.len(), self.len() * JOINTS)?;
        rows.check(self.len(), observation_len)?;
        for (world, (slot, action)) in self.slots.iter().zip(actions.chunks(JOINTS)).enumerate() {
            may_step(slot, action, self.autoreset).map_err(|error| error.in_world(world))?;
        }
        let autoreset = self.autoreset;
        let together = self.observes_together();
        let one =
            |(((slot, action), observation), ((reward, terminated), truncated)): Row<'_, T>| {
                let result = slot.guarded(|slot| {
                    let step = slot.step(action, autoreset)?;
                    (*reward, *terminated, *truncated) =
                        (step.reward, step.terminated, step.truncated);
                    if together { Ok(()) } else { slot.env.observe(observation) }
                });
                slot.failure = result.err();
            };
        let Rows { observations, rewards, terminated, truncated } = rows;
        let all = &mut *observations;
        let slots = &mut self.slots;
        self.pool.run(|many| match many {
            // Worlds differ in cost: an idle thread takes single ones from a busy one.
            true => {
                let flags = rewards.par_iter_mut().zip(terminated).zip(truncated);
                let ins = slots.par_iter_mut().zip(actions.par_chunks(JOINTS));
                let outs = all.par_chunks_mut(observation_len);
                ins.zip(outs).zip(flags).with_max_len(1).for_each(one);
            }
            false => {
                let flags = rewards.iter_mut().zip(terminated).zip(truncated);
                let ins = slots.iter_mut().zip(actions.chunks(JOINTS));
                let outs = all.chunks_mut(observation_len);
                ins.zip(outs).zip(flags).for_each(one);
            }
        })?;
        let failure = self.first_failure();
        if together {
            self.observe(observations)?;
        }
        failure
    }

    /// Whether one call draws the images of all worlds.
    fn observes_together(&self) -> bool {
        self.slots.first().is_some_and(|slot| slot.env.observes_together())
    }

    /// Writes every world's present observation.
    ///
    /// # Errors
    /// [`Error::Shape`] for another length than worlds times [`VecEnv::observation_len`].
    pub fn observe<T: Number>(&self, observations: &mut [T]) -> Result<()> {
        length("observations", observations.len(), self.len() * self.observation_len())?;
        if self.observes_together() {
            let all: Vec<&Env> = self.slots.iter().map(|slot| &slot.env).collect();
            return Env::observe_all(&all, observations);
        }
        let rows = observations.chunks_mut(self.observation_len());
        self.slots.iter().zip(rows).try_for_each(|(slot, row)| slot.env.observe(row))
    }

    /// Sets variables, each world its own; an empty intervention leaves its world alone.
    ///
    /// Every world has its own outcome, as [`Env::do_intervention`] has it. Refused is also what
    /// would change how many numbers an observation has ([`Error::OutOfBatch`]).
    ///
    /// # Errors
    /// [`Error::Shape`] for another number of interventions than of worlds.
    pub fn intervene(
        &mut self,
        wanted: &[Intervention],
        check_bounds: bool,
    ) -> Result<Vec<Result<()>>> {
        self.set(wanted, |slot, wanted| slot.env.do_intervention(wanted, check_bounds))
    }

    /// Sets variables of the states that later resets return to, each world its own, and resets
    /// the worlds where it was accepted; an empty intervention leaves its world alone.
    ///
    /// # Errors
    /// As [`VecEnv::intervene`].
    pub fn set_starting_states(
        &mut self,
        wanted: &[Intervention],
        check_bounds: bool,
    ) -> Result<Vec<Result<()>>> {
        self.set(wanted, |slot, wanted| {
            slot.env.set_starting_state(wanted, check_bounds)?;
            (slot.ended, slot.last) = (false, None);
            Ok(())
        })
    }

    /// Every world's state.
    pub fn states(&self) -> Vec<State> {
        self.slots.iter().map(|slot| slot.env.state().clone()).collect()
    }

    /// Continues every world from a state; all of them, or none.
    ///
    /// # Errors
    /// [`Error::InWorld`] with the first world whose state is refused, as by [`Env::set_state`].
    pub fn set_states<S: Borrow<State> + Sync>(&mut self, states: &[S]) -> Result<()> {
        length("states", states.len(), self.len())?;
        self.each(|world, slot| slot.env.check_state(states[world].borrow()))?;
        self.each(|world, slot| {
            slot.env.set_state(states[world].borrow())?;
            (slot.ended, slot.seeded, slot.last) = (false, true, None);
            Ok(())
        })
    }

    /// Ends the threads; a later call that has work for some starts new ones.
    pub fn close(&mut self) {
        self.pool.close();
    }

    fn set(
        &mut self,
        wanted: &[Intervention],
        set: impl Fn(&mut Slot, &Intervention) -> Result<()> + Sync,
    ) -> Result<Vec<Result<()>>> {
        length("interventions", wanted.len(), self.len())?;
        self.run_each(|world, slot| match &wanted[world] {
            nothing if nothing.is_empty() => Ok(()),
            wanted => set(slot, wanted),
        })?;
        Ok(self.slots.iter_mut().map(|slot| slot.failure.take().map_or(Ok(()), Err)).collect())
    }

    /// Does some work in every world; the error is the first world's that has one.
    fn each(&mut self, work: impl Fn(usize, &mut Slot) -> Result<()> + Sync) -> Result<()> {
        self.run_each(work)?;
        self.first_failure()
    }

    /// Does some work in every world; its errors are left in the slots.
    fn run_each(&mut self, work: impl Fn(usize, &mut Slot) -> Result<()> + Sync) -> Result<()> {
        let one = |(world, slot): (usize, &mut Slot)| {
            slot.failure = slot.guarded(|slot| work(world, slot)).err();
        };
        let slots = &mut self.slots;
        self.pool.run(|many| match many {
            true => slots.par_iter_mut().enumerate().with_max_len(1).for_each(one),
            false => slots.iter_mut().enumerate().for_each(one),
        })
    }

    fn first_failure(&mut self) -> Result<()> {
        let failures = self.slots.iter_mut().map(|slot| slot.failure.take());
        let first = failures.enumerate().fold(None, |first, (world, failure)| {
            first.or_else(|| failure.map(|error| error.in_world(world)))
        });
        first.map_or(Ok(()), Err)
    }
}

/// A world with its action, where its observation goes, and its reward and flags.
type Row<'a, T> =
    (((&'a mut Slot, &'a [f64]), &'a mut [T]), ((&'a mut f64, &'a mut bool), &'a mut bool));

/// Refuses a step of a world that waits for its reset, and an action that is none.
fn may_step(slot: &Slot, action: &[f64], autoreset: Autoreset) -> Result<()> {
    if !slot.env.has_begun() {
        return Err(Error::Order("step was called before reset; call reset first"));
    }
    if !slot.ended {
        return all_finite("action", action);
    }
    match autoreset {
        Autoreset::Disabled => {
            Err(Error::Order("its episode has ended; reset it, with a reset_mask that names it"))
        }
        _ => Ok(()),
    }
}
