//! Recording environments as they are used, one or a batch.

use super::{Kind, Row, Writer};
use crate::causal::{ACTIONS, LocalMask};
use crate::env::{Description, Env, Info, Step};
use crate::error::{Error, Result};
use crate::intervention::Target;
use crate::robot::{JOINTS, Nine};
use crate::vec_env::VecEnv;
use crate::world::State;

/// Records what is done with an environment, or with the worlds of a batch.
///
/// Call [`Recorder::before`] before every step and [`Recorder::step`] after it: the first sees what
/// was set in between, by whomever.
///
/// ```
/// use trifactor::record::{Dataset, Header, Recorder, Writer};
/// use trifactor::{Config, Env};
///
/// # fn main() -> trifactor::Result<()> {
/// # let folder = std::env::temp_dir().join(format!("trifactor-recorder-{}", std::process::id()));
/// # let path = folder.join("episodes.arrow");
/// let mut env = Env::new(Config::new("pushing"))?;
/// let mut recorder = Recorder::new(Writer::create(&path, &Header::of(&env))?);
/// env.reset(Some(0));
/// recorder.reset(0, &env)?;
/// for _ in 0..3 {
///     recorder.before(0, &env)?;
///     let step = env.step(&[0.1; 9])?;
///     recorder.step(0, &env, &[0.1; 9], &step)?;
/// }
/// recorder.close()?;
/// let episode = Dataset::open(&path)?.episode(0)?.expect("it was recorded");
/// assert_eq!(episode.transitions().count(), 3);
/// # std::fs::remove_dir_all(folder).expect("the folder was made above");
/// # Ok(())
/// # }
/// ```
pub struct Recorder {
    writer: Writer,
    // Whether the data set is known to say what world this is.
    begun: bool,
    worlds: Vec<Last>,
}

/// What was recorded last of a world.
#[derive(Default)]
struct Last {
    state: Option<State>,
    // How many of its tracker's events are recorded.
    events: u64,
}

/// How a step ended.
struct Outcome<'a> {
    state: &'a State,
    info: &'a Info,
    observation: Vec<f64>,
}

impl Recorder {
    /// Records into a data set.
    pub fn new(writer: Writer) -> Self {
        Self { writer, begun: false, worlds: Vec::new() }
    }

    /// Records that an episode was begun by a reset.
    ///
    /// # Errors
    /// As [`Writer::push`].
    pub fn reset(&mut self, world: u32, env: &Env) -> Result<()> {
        self.begin(|| env.description())?;
        self.seen(world, env, Kind::Reset)?;
        self.writer.put()
    }

    /// Records what was set since the last call; nothing where nothing was.
    ///
    /// # Errors
    /// As [`Writer::push`].
    pub fn before(&mut self, world: u32, env: &Env) -> Result<()> {
        self.begin(|| env.description())?;
        self.changed(world, env)?;
        self.writer.put()
    }

    fn changed(&mut self, world: u32, env: &Env) -> Result<()> {
        self.writer.check()?;
        let (now, known) = (env.state(), self.world(world));
        let tried = env.tracker().len() > known.events;
        let kind = match &known.state {
            None => Kind::State,
            Some(last) if (last.seed, last.episode) != (now.seed, now.episode) && now.step == 0 => {
                Kind::Reset
            }
            Some(_) if tried => Kind::Intervention,
            Some(last) if !last.same_bits(now) => Kind::State,
            Some(_) => return Ok(()),
        };
        self.seen(world, env, kind)
    }

    /// Records a step that was taken with an action.
    ///
    /// # Errors
    /// As [`Writer::push`].
    pub fn step(&mut self, world: u32, env: &Env, action: &[f64], step: &Step) -> Result<()> {
        self.begin(|| env.description())?;
        self.taken(world, env, action, step)?;
        self.writer.put()
    }

    fn taken(&mut self, world: u32, env: &Env, action: &[f64], step: &Step) -> Result<()> {
        let (state, info) = (env.state(), &env.info());
        let outcome = Outcome { state, info, observation: self.observation(env)? };
        self.stepped(world, env, action, step, outcome)
    }

    /// Records that episodes were begun by a reset of a batch, in those worlds that the mask names.
    ///
    /// # Errors
    /// As [`Writer::push`].
    pub fn reset_batch(&mut self, worlds: &VecEnv, mask: Option<&[bool]>) -> Result<()> {
        self.begin(|| worlds.description())?;
        for (world, env) in worlds.worlds().enumerate() {
            if mask.is_none_or(|mask| mask.get(world) == Some(&true)) {
                self.seen(world as u32, env, Kind::Reset)?;
            }
        }
        self.writer.put()
    }

    /// As [`Recorder::before`], for every world of a batch that has begun.
    ///
    /// # Errors
    /// As [`Writer::push`].
    pub fn before_batch(&mut self, worlds: &VecEnv) -> Result<()> {
        self.begin(|| worlds.description())?;
        let begun = worlds.worlds().enumerate().filter(|(_, env)| env.has_begun());
        begun.into_iter().try_for_each(|(world, env)| self.changed(world as u32, env))?;
        self.writer.put()
    }

    /// Records a batch's step, with the resets that stood in its place or followed it.
    ///
    /// `actions` are nine numbers for each world; rewards and flags are those of the step.
    ///
    /// # Errors
    /// [`Error::Shape`] for other lengths; as [`Writer::push`].
    pub fn step_batch(
        &mut self,
        worlds: &VecEnv,
        actions: &[f64],
        rewards: &[f64],
        [terminated, truncated]: [&[bool]; 2],
    ) -> Result<()> {
        let lengths = [actions.len() / JOINTS, rewards.len(), terminated.len(), truncated.len()];
        if lengths != [worlds.len(); 4] {
            return Err(Error::Shape {
                what: "step".to_string(),
                expected: format!("the numbers of {} worlds", worlds.len()),
                found: format!("{lengths:?}"),
            });
        }
        self.begin(|| worlds.description())?;
        for (index, env) in worlds.worlds().enumerate() {
            let world = index as u32;
            let step = Step {
                reward: rewards[index],
                terminated: terminated[index],
                truncated: truncated[index],
                intervened: false,
            };
            let action = &actions[JOINTS * index..JOINTS * (index + 1)];
            if let Some(last) = worlds.last(index) {
                let (state, info) = (&last.state, &last.info);
                let observation = match self.writer.header().observations {
                    Some(_) => last.observation.clone(),
                    None => Vec::new(),
                };
                self.stepped(world, env, action, &step, Outcome { state, info, observation })?;
                self.seen(world, env, Kind::Reset)?;
            } else if env.state().step == 0 {
                self.seen(world, env, Kind::Reset)?;
            } else {
                self.taken(world, env, action, &step)?;
            }
        }
        self.writer.put()
    }

    /// Writes all that was recorded and marks the data set's end.
    ///
    /// # Errors
    /// As [`Writer::close`].
    pub fn close(self) -> Result<()> {
        self.writer.close()
    }

    /// As [`Recorder::close`], to be tried again where it failed.
    ///
    /// # Errors
    /// As [`Writer::finish`].
    pub fn finish(&mut self) -> Result<()> {
        self.writer.finish()
    }

    /// Lets the data set say what the world was when the first row was recorded: wrappers that
    /// were put on after the recorder have changed it.
    fn begin(&mut self, world: impl FnOnce() -> Description) -> Result<()> {
        if !self.begun {
            self.writer.record_in(&world())?;
            self.begun = true;
        }
        Ok(())
    }

    fn world(&mut self, world: u32) -> &mut Last {
        let world = world as usize;
        if self.worlds.len() <= world {
            self.worlds.resize_with(world + 1, Last::default);
        }
        &mut self.worlds[world]
    }

    /// Records the present state, which no step led to.
    fn seen(&mut self, world: u32, env: &Env, kind: Kind) -> Result<()> {
        let info = env.info();
        let mut row = Row::new(kind, env.state().clone());
        row.observation = self.observation(env)?;
        (row.success, row.fractional_success) = (info.success, info.fractional_success);
        self.push(world, env, row)
    }

    fn stepped(
        &mut self,
        world: u32,
        env: &Env,
        action: &[f64],
        step: &Step,
        outcome: Outcome<'_>,
    ) -> Result<()> {
        let mut row = Row::new(Kind::Step, outcome.state.clone());
        let action: Result<Nine> = action.try_into().map_err(|_| Error::Shape {
            what: "action".to_string(),
            expected: format!("{JOINTS} numbers"),
            found: action.len().to_string(),
        });
        (row.action, row.reward) = (Some(action?), Some(step.reward));
        (row.terminated, row.truncated) = (step.terminated, step.truncated);
        let events = self.world(world).events;
        let set = |event: &crate::intervention::Event| {
            event.refused.is_none() && event.target == Target::State
        };
        row.intervened = step.intervened || env.tracker().since(events).any(set);
        (row.success, row.fractional_success) =
            (outcome.info.success, outcome.info.fractional_success);
        row.observation = outcome.observation;
        // After an intervention the scene may be another than the report's.
        if let (Some(strength), false) = (self.writer.header().masks, row.intervened) {
            let mask = LocalMask::of(env.contacts(), &row.state.scene, strength)?;
            let mut entries = vec![false; (mask.nodes() + ACTIONS) * mask.nodes()];
            mask.write(&mut entries)?;
            row.mask = Some(entries);
            row.pairs = LocalMask::edges(env.contacts());
        }
        self.push(world, env, row)
    }

    fn push(&mut self, world: u32, env: &Env, mut row: Row) -> Result<()> {
        let (tracker, known) = (env.tracker(), self.world(world));
        row.interventions = tracker.since(known.events).cloned().collect();
        known.events = tracker.len();
        match &mut known.state {
            Some(state) => state.clone_from(&row.state),
            None => known.state = Some(row.state.clone()),
        }
        self.writer.add(world, &row)
    }

    fn observation(&self, env: &Env) -> Result<Vec<f64>> {
        if self.writer.header().observations.is_none() {
            return Ok(Vec::new());
        }
        let mut observation = vec![0.0; env.observation_len()];
        env.observe(&mut observation)?;
        Ok(observation)
    }
}
