//! Steps per second on given action sequences: one environment, a batch, or several bare blocks.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::output::{Done, file_error, json_reason};
use super::super::table::figures;
use super::{Options, build};
use crate::env::observation::Layout;
use crate::env::{Config, Env, observation};
use crate::error::{Error, Result};
use crate::robot::{self, ActionMode, Command, REST, RobotState};
use crate::vec_env::{Autoreset, VecEnv};
use crate::world::{GoalShape, Scene, State, World};

/// Length of the episodes that five blocks would have in the reference, s per block.
const SECONDS_PER_BLOCK: f64 = 10.0;
/// Mass of the blocks, kg (facts 5.2).
const BLOCK_MASS: f64 = 0.02;
/// Edge of the blocks, m (facts 5.2).
const BLOCK_SIZE: f64 = 0.065;

/// Action sequences; the file may say more than is needed here.
#[derive(Deserialize)]
struct Actions {
    episodes: Vec<Vec<[f64; 9]>>,
    #[serde(default)]
    block_centres: Vec<[f64; 2]>,
}

#[derive(Default, Serialize)]
struct Measured {
    /// Control steps measured.
    steps: u64,
    /// What they took, observation and reward included, resets excluded, s.
    seconds: f64,
    /// The share of steps in which a finger pushed on a block.
    contact_fraction: f64,
    /// What one tick of the bare world takes on the same states and commands, s; not of a batch.
    tick_seconds: Option<f64>,
    /// Which build this is.
    build: String,
}

/// Something that is reset and stepped with normalised actions.
trait Stepped {
    fn reset(&mut self);
    /// Steps and observes; whether a finger pushed on a block.
    fn step(&mut self, action: &[f64; 9]) -> Result<bool>;
    fn state(&self) -> &State;
}

/// Replays the file's actions and prints what was measured.
pub(super) fn replay(options: &Options, file: &Path) -> Done {
    let actions = read(file)?;
    let env = options.world.env(true)?;
    let Config { physics, skip_frame, .. } = *env.config();
    let mut measured = if let Some(worlds) = options.worlds {
        batch(&env, &actions, options, worlds as usize)?
    } else if options.blocks > 1 {
        let start = scene(&actions.block_centres, options.blocks as usize)?;
        let (own, world) = (World::new(physics, skip_frame)?, World::new(physics, skip_frame)?);
        measure(&mut Blocks::new(own, start)?, &actions, options.rounds, world)?
    } else {
        let (observation, world) =
            (vec![0.0; env.observation_len()], World::new(physics, skip_frame)?);
        measure(&mut Task { env, observation }, &actions, options.rounds, world)?
    };
    measured.build = build();
    options.json.print(|| json!(measured), || table(&measured))?;
    Ok(0)
}

/// Replays the episodes in a batch, world i the one of that number, counted round.
fn batch(env: &Env, actions: &Actions, options: &Options, worlds: usize) -> Result<Measured> {
    let length = actions.episodes.iter().map(Vec::len).min().unwrap_or(0);
    let of_step = |step: usize| -> Vec<f64> {
        let episodes = actions.episodes.iter().cycle().take(worlds);
        episodes.flat_map(|episode| episode[step]).collect()
    };
    let rows: Vec<_> = (0..length).map(of_step).collect();
    let mut many = VecEnv::like(env, worlds, options.most_threads(), Autoreset::Disabled)?;
    let mut memory = many.batch::<f32>();
    let (mut touching, mut spent) = (0, Duration::ZERO);
    // The round before the first warms up and counts contacts.
    for round in 0..=options.rounds {
        many.reset(&many.seeds(0), None, &mut memory.observations)?;
        let begun = Instant::now();
        for row in &rows {
            many.step(row, memory.rows())?;
            if round == 0 {
                touching += many.worlds().filter(|env| env.contacts().finger_on_block()).count();
            }
        }
        if round > 0 {
            spent += begun.elapsed();
        }
    }
    let steps = (rows.len() * worlds) as u64;
    Ok(Measured {
        steps: steps * u64::from(options.rounds),
        seconds: spent.as_secs_f64(),
        contact_fraction: touching as f64 / steps as f64,
        tick_seconds: None,
        build: String::new(),
    })
}

fn read(path: &Path) -> Result<Actions> {
    let text = std::fs::read_to_string(path).map_err(|e| file_error(path, &e))?;
    let malformed = |place: String, reason: String| Error::Malformed {
        what: path.display().to_string(),
        path: place,
        reason,
    };
    let actions: Actions = serde_json::from_str(&text).map_err(|e| {
        malformed(format!("line {} column {}", e.line(), e.column()), json_reason(&e))
    })?;
    if actions.episodes.iter().all(Vec::is_empty) {
        return Err(malformed("episodes".to_string(), "expected at least one step".to_string()));
    }
    Ok(actions)
}

/// Runs all episodes once to warm up and to record states, then measures.
fn measure(
    subject: &mut dyn Stepped,
    actions: &Actions,
    rounds: u32,
    mut world: World,
) -> Result<Measured> {
    let mut recorded = Vec::new();
    let mut contacts = 0;
    for episode in &actions.episodes {
        subject.reset();
        for action in episode {
            let before = subject.state().clone();
            contacts += u64::from(subject.step(action)?);
            recorded.push((before, Command::JointPositions(subject.state().robot.target)));
        }
    }
    let mut spent = Duration::ZERO;
    for _ in 0..rounds {
        for episode in &actions.episodes {
            subject.reset();
            let begun = Instant::now();
            for action in episode {
                subject.step(action)?;
            }
            spent += begun.elapsed();
        }
    }
    let mut next = recorded[0].0.clone();
    let begun = Instant::now();
    for (state, command) in &recorded {
        world.step(state, command, &mut next);
    }
    let ticks = recorded.len() as f64 * f64::from(world.skip_frame());
    Ok(Measured {
        steps: recorded.len() as u64 * u64::from(rounds),
        seconds: spent.as_secs_f64(),
        contact_fraction: contacts as f64 / recorded.len() as f64,
        tick_seconds: Some(begun.elapsed().as_secs_f64() / ticks),
        build: String::new(),
    })
}

/// A task of a family.
struct Task {
    env: Env,
    observation: Vec<f64>,
}

impl Stepped for Task {
    fn reset(&mut self) {
        self.env.reset(Some(0));
    }

    fn step(&mut self, action: &[f64; 9]) -> Result<bool> {
        self.env.step(action)?;
        self.env.observe(&mut self.observation)?;
        Ok(self.env.contacts().finger_on_block())
    }

    fn state(&self) -> &State {
        self.env.state()
    }
}

/// Several blocks and as many goals, observed as a task would be.
struct Blocks {
    world: World,
    start: State,
    state: State,
    next: State,
    layout: Layout,
    observation: Vec<f64>,
}

impl Blocks {
    fn new(world: World, start: State) -> Result<Self> {
        let layout = Layout::new(&observation::standard_keys(&start.scene), &start.scene)?;
        let observation = vec![0.0; layout.len()];
        Ok(Self { world, state: start.clone(), next: start.clone(), start, layout, observation })
    }
}

impl Stepped for Blocks {
    fn reset(&mut self) {
        self.state.clone_from(&self.start);
    }

    fn step(&mut self, action: &[f64; 9]) -> Result<bool> {
        let mode = ActionMode::JointPositions;
        let mut robot = self.state.robot;
        let command = robot::command(mode, mode.denormalize(action), &mut robot);
        self.world.step(&self.state, &command, &mut self.next);
        (self.next.robot.target, self.next.robot.actions) = (robot.target, robot.actions);
        std::mem::swap(&mut self.state, &mut self.next);
        self.state.step += 1;
        let tips =
            robot::kinematics::tips(&self.state.robot.joint_positions, self.state.robot.height);
        let seconds = SECONDS_PER_BLOCK * self.state.blocks.len() as f64;
        let left = seconds - self.state.step as f64 * self.world.dt();
        self.layout.write(&self.state, &tips, left, seconds, true, &mut self.observation)?;
        Ok(self.world.contacts().finger_on_block())
    }

    fn state(&self) -> &State {
        &self.state
    }
}

/// Equal blocks on the floor; each goal lies where the next block is.
fn scene(centres: &[[f64; 2]], count: usize) -> Result<State> {
    let Some(centres) = centres.get(..count) else {
        return Err(Error::Shape {
            what: "block_centres".to_string(),
            expected: format!("{count} centres"),
            found: centres.len().to_string(),
        });
    };
    let mut scene = Scene::new();
    for index in 0..count {
        scene = scene
            .movable(&format!("tool_{index}"))
            .goal(&format!("goal_{index}"), GoalShape::Cuboid);
    }
    let mut state = State::new(Arc::new(scene), RobotState::resting(REST));
    for (index, [x, y]) in centres.iter().enumerate() {
        let block = &mut state.blocks[index];
        (block.mass, block.size) = (BLOCK_MASS, [BLOCK_SIZE; 3]);
        block.position = [*x, *y, 0.5 * BLOCK_SIZE];
        let goal = &mut state.goals[(index + count - 1) % count];
        (goal.size, goal.position) = ([BLOCK_SIZE; 3], [*x, *y, 0.5 * BLOCK_SIZE]);
    }
    Ok(state)
}

fn table(measured: &Measured) -> String {
    let rows = [
        ("control steps", measured.steps.to_string()),
        ("steps/s", format!("{:.0}", measured.steps as f64 / measured.seconds)),
        ("steps with a finger on a block", format!("{:.0} %", 100.0 * measured.contact_fraction)),
        ("build", measured.build.clone()),
    ];
    let tick = measured.tick_seconds.map(|tick| ("one tick", format!("{:.1} µs", 1e6 * tick)));
    figures(&rows.into_iter().chain(tick).collect::<Vec<_>>())
}
