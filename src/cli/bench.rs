//! Measures steps per second on given action sequences.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::run::{number, plain};
use super::{WorldOptions, file_error, json_reason, print};
use crate::env::observation::Layout;
use crate::env::{Config, Env, observation};
use crate::error::{Error, Result};
use crate::robot::{self, ActionMode, Command, REST, RobotState};
use crate::world::{GoalShape, Scene, State, World};

/// Length of the episodes that five blocks would have in the reference, s per block.
const SECONDS_PER_BLOCK: f64 = 10.0;
/// Mass of the blocks, kg (facts 5.2).
const BLOCK_MASS: f64 = 0.02;
/// Edge of the blocks, m (facts 5.2).
const BLOCK_SIZE: f64 = 0.065;

#[derive(clap::Args)]
pub(super) struct Options {
    #[command(flatten)]
    world: WorldOptions,
    /// JSON file with `episodes`: normalised joint targets, episodes x steps x 9
    #[arg(long, value_name = "FILE.json")]
    actions: PathBuf,
    /// How often the episodes are run
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
    /// Blocks; more than one lie at the file's `block_centres`, outside any task
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    blocks: u64,
}

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
    /// What one tick of the bare world takes on the same states and commands, s.
    tick_seconds: f64,
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

pub(super) fn bench(options: &Options) -> Result<i32> {
    let actions = read(&options.actions)?;
    let env = options.world.env(true)?;
    let Config { physics, skip_frame, .. } = *env.config();
    let world = World::new(physics, skip_frame)?;
    let mut measured = if options.blocks == 1 {
        let observation = vec![0.0; env.observation_len()];
        measure(&mut Task { env, observation }, &actions, options.rounds, world)?
    } else {
        let start = scene(&actions.block_centres, options.blocks as usize)?;
        let own = World::new(physics, skip_frame)?;
        measure(&mut Blocks::new(own, start)?, &actions, options.rounds, world)?
    };
    measured.build = build();
    print(&if options.json { json(&measured)? } else { table(&measured) })?;
    Ok(0)
}

fn read(path: &std::path::Path) -> Result<Actions> {
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
        tick_seconds: begun.elapsed().as_secs_f64() / ticks,
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

/// Profile, processor features and allocator of this build.
fn build() -> String {
    let profile = if cfg!(debug_assertions) { "with debug assertions" } else { "release" };
    let level = if cfg!(all(target_feature = "avx2", target_feature = "fma")) {
        "x86-64-v3"
    } else {
        "baseline"
    };
    let allocator = if cfg!(feature = "mimalloc") { "mimalloc" } else { "system allocator" };
    format!("{profile}, {} {level}, {allocator}", std::env::consts::ARCH)
}

fn json(measured: &Measured) -> Result<String> {
    serde_json::to_string(measured)
        .map_err(|e| file_error(std::path::Path::new("standard output"), &e.into()))
}

fn table(measured: &Measured) -> String {
    let mut table = plain(&["what", "measured"]);
    let rows = [
        ("control steps", measured.steps.to_string()),
        ("steps/s", format!("{:.0}", measured.steps as f64 / measured.seconds)),
        ("steps with a finger on a block", format!("{:.0} %", 100.0 * measured.contact_fraction)),
        ("one tick", format!("{:.1} µs", 1e6 * measured.tick_seconds)),
        ("build", measured.build.clone()),
    ];
    for (what, value) in rows {
        table.add_row(vec![comfy_table::Cell::new(what), number(value)]);
    }
    table.to_string()
}
