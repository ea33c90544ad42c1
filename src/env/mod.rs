//! The decision process: one world, one task, `reset`, `step`, interventions.

mod belongs;
mod config;
mod description;
mod directed;
mod draw;
mod episode;
mod goal;
pub mod observation;
pub mod pixels;
mod shown;
mod snapshot;
mod spaces;
mod tracked;
mod twin;
mod worth;

use std::mem;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::intervention::{self, Intervention, Tracker};
use crate::robot::{self, Nine, kinematics};
use crate::task::reward::{Outcome, Terms};
use crate::task::{Family, Task};
use crate::world::{Contacts, State, Sweep, World};

pub use config::Config;
use description::Beside;
pub use description::{Description, ENVIRONMENT_VERSION};
pub use directed::Director;
use observation::{Feature, Mode, Number};
use pixels::{Pictures, Pixels};
use shown::Shown;
pub use snapshot::Snapshot;
pub use worth::Worth;

/// What a control step brought.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The reward, already multiplied by the step's seconds (facts 2.4).
    pub reward: f64,
    /// Whether the task ended the episode; the families never do.
    pub terminated: bool,
    /// Whether the episode's time is over.
    pub truncated: bool,
    /// Whether an intervention followed the dynamics within this step: then the observation is
    /// not the outcome of the dynamics alone.
    pub intervened: bool,
}

/// How a state stands to its task.
#[derive(Clone, Debug, PartialEq)]
pub struct Info {
    /// Whether the goal is reached.
    pub success: bool,
    /// How much of the goal is achieved, 0 to 1.
    pub fractional_success: f64,
    /// The raw terms of the last step's reward, unweighted; zeros after a reset.
    pub reward_terms: Vec<(&'static str, f64)>,
    /// The goal as the family states it: bounds (low, high) of every goal, or tip positions, m.
    pub desired_goal: Vec<f64>,
    /// What of it is achieved, in the same form, m.
    pub achieved_goal: Vec<f64>,
}

/// A TriFinger among blocks, with a task: the environment that agents act in.
pub struct Env {
    config: Config,
    // Shared with the twins of a batch.
    task: Arc<dyn Task>,
    world: World,
    features: Vec<Feature>,
    shown: Shown,
    // Where images are observed.
    pictures: Option<Pictures>,
    // The state that a reset returns to, before seed and episode are written into it.
    starting: State,
    starting_shown: Shown,
    state: State,
    before: State,
    tips: Nine,
    terms: Option<Terms>,
    outcome: Outcome,
    ready: bool,
    // Who intervenes from outside the dynamics, where anybody does.
    director: Option<Box<dyn Director>>,
    // The numbers in an observation and in a goal array, where a batch needs them to stay.
    fixed: Option<[usize; 2]>,
    tracker: Tracker,
    // What the description says beside the configuration.
    beside: Beside,
}

impl Env {
    /// Makes the environment; call [`Env::reset`] before the first step.
    ///
    /// # Errors
    /// An unknown family or parameter, a setting out of range, or a start that is not feasible.
    pub fn new(config: Config) -> Result<Self> {
        let family = Family::named(&config.family)?.with_params(&config.task_params)?;
        Self::with_family(config, family)
    }

    /// Makes the environment of a family of your own; `config.family` is only its name then.
    ///
    /// # Errors
    /// As [`Env::new`].
    pub fn with_family(config: Config, family: Family) -> Result<Self> {
        Self::with_beside(config, Box::new(family), Beside::default())
    }

    /// Makes the environment of a task of your own; `config.family` is only its name then, and
    /// `config.task_params` must be set in the task's family already.
    ///
    /// # Errors
    /// As [`Env::new`].
    pub fn with_task(config: Config, task: Box<dyn Task>) -> Result<Self> {
        Self::with_beside(config, task, Beside::of_a_task())
    }

    fn with_beside(config: Config, task: Box<dyn Task>, beside: Beside) -> Result<Self> {
        let family = task.family();
        let mut world = World::new(config.physics, config.skip_frame)?;
        let mut starting = family.initial_state();
        spaces::check_length(&config, family.episode_seconds(&starting), world.dt())?;
        starting.world = episode::world_id(family, &config);
        starting.check()?;
        intervention::feasible(&mut world, family.rules(), &starting)?;
        let features = Vec::new();
        let shown = Shown::first(family, &config, &starting)?;
        let pictures = pictures(&config, &starting)?;
        let tips = tips_of(&starting);
        let outcome = task.outcome(&starting, &tips, config.overlap);
        let (state, before) = (starting.clone(), starting.clone());
        let starting_shown = shown.clone();
        let (terms, ready, fixed, tracker) = (None, false, None, Tracker::default());
        Ok(Self {
            config,
            task: Arc::from(task),
            world,
            features,
            shown,
            pictures,
            starting,
            starting_shown,
            state,
            before,
            tips,
            terms,
            outcome,
            ready,
            director: None,
            fixed,
            tracker,
            beside,
        })
    }

    /// Begins an episode from the starting state.
    ///
    /// With a seed, its first episode; without, the next episode of the present seed.
    pub fn reset(&mut self, seed: Option<u64>) {
        let (seed, episode) = match seed {
            Some(seed) => (seed, 0),
            None if self.ready => (self.state.seed, self.state.episode + 1),
            None => (self.state.seed, self.state.episode),
        };
        self.state.clone_from(&self.starting);
        (self.state.seed, self.state.episode, self.state.step) = (seed, episode, 0);
        self.ready = true;
        if !self.shown.fits(&self.state) {
            self.shown.clone_from(&self.starting_shown);
        }
        self.refresh();
        self.begin_directed();
    }

    /// Takes one control step.
    ///
    /// Finite actions outside the bounds are clipped.
    ///
    /// # Errors
    /// A wrong length, a number that is not finite, or no reset before; nothing changes then.
    pub fn step(&mut self, action: &[f64]) -> Result<Step> {
        if !self.ready {
            return Err(Error::Order("step was called before reset; call reset first"));
        }
        let action = self.decode(action)?;
        mem::swap(&mut self.before, &mut self.state);
        // The command's own memory (delay, smoothing, last target) belongs to the robot's state.
        let mut robot = self.before.robot;
        let command = robot::command(self.config.action_mode, action, &mut robot);
        self.world.step(&self.before, &command, &mut self.state);
        self.state.robot.target = robot.target;
        self.state.robot.actions = robot.actions;
        self.state.step += 1;
        let tips = tips_of(&self.state);
        let terms = self.task.terms(&self.before, &self.state, [&self.tips, &tips]);
        self.tips = tips;
        self.outcome = self.task.outcome(&self.state, &tips, self.config.overlap);
        self.terms = Some(terms);
        let reward = match self.config.goal_conditioned {
            true => self.reward_of_goal()?,
            false => self.task.reward(&terms, &self.outcome) * self.dt(),
        };
        let mut step = Step {
            reward,
            terminated: self.task.terminated(&self.before, &self.state),
            truncated: self.state.step >= self.max_episode_length(),
            intervened: false,
        };
        step.intervened = self.follow_directed(&step);
        Ok(step)
    }

    /// The action in physical units, clipped to its bounds.
    fn decode(&self, action: &[f64]) -> Result<Nine> {
        let action = robot::check_action(action)?;
        let mode = self.config.action_mode;
        Ok(if self.config.normalize_actions {
            mode.denormalize(&action)
        } else {
            mode.clip(&action)
        })
    }

    /// Writes the observation; the structured one and entity sets without a context allocate nothing
    /// once they were written before.
    ///
    /// # Errors
    /// [`Error::Shape`] where the buffer has another length than [`Env::observation_len`];
    /// [`Error::Device`] where a graphics processor draws images and fails.
    pub fn observe<T: Number>(&self, buffer: &mut [T]) -> Result<()> {
        if let Some(pictures) = &self.pictures {
            return pictures.write(&self.state, buffer);
        }
        let normalized = self.config.normalize_observations;
        let seconds = self.episode_seconds();
        let left = seconds - self.state.step as f64 * self.dt();
        self.shown.observation.write(&self.state, &self.tips, left, seconds, normalized, buffer)
    }

    /// Whether many environments' observations are best written in one call,
    /// [`Env::observe_all`].
    pub fn observes_together(&self) -> bool {
        self.pictures.as_ref().is_some_and(Pictures::is_batched)
    }

    /// Writes the observations of twins one after the other; images that a graphics processor draws
    /// in one go.
    ///
    /// # Errors
    /// As [`Env::observe`], for the whole buffer.
    pub fn observe_all<T: Number>(environments: &[&Self], buffer: &mut [T]) -> Result<()> {
        let pictures: Option<Vec<(&Pictures, &State)>> =
            environments.iter().map(|env| Some((env.pictures.as_ref()?, &env.state))).collect();
        match pictures {
            Some(all) => Pictures::write_all(&all, buffer),
            None => {
                let rows =
                    buffer.chunks_mut(buffer.len().div_ceil(environments.len().max(1)).max(1));
                environments.iter().zip(rows).try_for_each(|(env, row)| env.observe(row))
            }
        }
    }

    /// Who draws the images that are observed, in words, and why it is not who was asked for;
    /// `None` where no images are observed.
    pub fn renderer(&self) -> Option<&str> {
        self.pictures.as_ref().map(Pictures::renderer)
    }

    /// Makes the family's own start the starting state again; the next reset goes there.
    pub fn reset_default_state(&mut self) {
        let mut starting = self.family().initial_state();
        starting.world = self.starting.world;
        // The layout was made for this very scene when the environment was.
        if let Ok(shown) = self.shown_of(&starting) {
            self.starting_shown = shown;
            self.starting = starting;
        }
    }

    /// New goals for the present state, drawn from the space in force; not yet applied.
    ///
    /// # Errors
    /// [`Error::UnknownVariable`] where the family has no such goals.
    pub fn sample_new_goal(&self) -> Result<Intervention> {
        self.task.sample_goal(&self.state, self.config.variables_space)
    }

    /// The state: everything that can matter to what comes next.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Continues from a state that this world, or another of the same description, was in.
    ///
    /// # Errors
    /// [`Error::OtherWorld`] with the difference, or what is impossible in it.
    pub fn set_state(&mut self, state: &State) -> Result<()> {
        self.check_world(state)?;
        episode::check_state(&self.starting, self.world.physics(), state)?;
        self.adopt(state)?;
        self.ready = true;
        Ok(())
    }

    /// How the present state stands to the task.
    pub fn info(&self) -> Info {
        let rules = self.family().reward().rules;
        let terms = self
            .terms
            .unwrap_or_else(|| self.task.terms(&self.state, &self.state, [&self.tips, &self.tips]));
        let value = |value| if self.terms.is_some() { value } else { 0.0 };
        Info {
            success: self.outcome.success,
            fractional_success: self.outcome.fractional_success,
            reward_terms: terms.iter().map(|(name, raw)| (*name, value(*raw))).collect(),
            desired_goal: rules.desired_goal(&self.state),
            achieved_goal: rules.achieved_goal(&self.state, &self.tips),
        }
    }

    /// The bodies that the solver coupled in the last step.
    pub fn contacts(&self) -> &Contacts {
        self.world.contacts()
    }

    /// Whether to record where every part was in every tick, from the next step on; the results
    /// stay the same.
    pub fn record_sweeps(&mut self, on: bool) {
        self.world.record_sweeps(on);
    }

    /// Where every part was in the last step, if it is recorded.
    pub fn sweep(&self) -> Option<&Sweep> {
        self.world.sweep()
    }

    /// Whether the present state is what a step led to, and not a reset or an intervention.
    pub fn has_stepped(&self) -> bool {
        self.terms.is_some()
    }

    fn require_reset(&self) -> Result<()> {
        if self.ready { Ok(()) } else { Err(Error::Order("call reset first")) }
    }

    /// Makes a state the present one, with the observation of its scene; whole or not at all.
    fn adopt(&mut self, state: &State) -> Result<()> {
        if !self.shown.fits(state) {
            self.shown = self.shown_of(state)?;
        }
        self.state.clone_from(state);
        self.refresh();
        Ok(())
    }

    fn shown_of(&self, state: &State) -> Result<Shown> {
        let shown = Shown::of(self.family(), &self.config, &self.features, state)?;
        self.check_fixed(&shown)?;
        Ok(shown)
    }

    /// Computes what follows from the present state without a step.
    fn refresh(&mut self) {
        // One scene in memory: whether the layout still fits is then seen at a glance.
        self.state.scene = Arc::clone(self.shown.observation.scene());
        self.tips = tips_of(&self.state);
        self.outcome = self.task.outcome(&self.state, &self.tips, self.config.overlap);
        self.terms = None;
        if let Some(pictures) = &mut self.pictures {
            pictures.follow(&self.state);
        }
    }
}

/// What draws the observations, where they are images.
fn pictures(config: &Config, state: &State) -> Result<Option<Pictures>> {
    let Mode::Pixel(pixels) = &config.observation_mode else { return Ok(None) };
    let goal_images = pixels.goal_images && !config.goal_conditioned;
    let pixels = Pixels { goal_images, ..Pixels::clone(pixels) };
    Pictures::new(pixels, state).map(Some)
}

fn tips_of(state: &State) -> Nine {
    kinematics::tips(&state.robot.joint_positions, state.robot.height)
}
