//! Recorded steps full of contact, for the promises of augmentation and their benchmark.

use serde_json::json;
use trifactor::causal::{Replay, Transition};
use trifactor::math;
use trifactor::rng::Rng;
use trifactor::robot::{Command, Nine};
use trifactor::world::Preset;
use trifactor::{Config, Env, Result, State};

use crate::contact::Worker;

/// An environment with so many free cubes of 0.05 m, actions in physical units.
pub(crate) fn arena(blocks: usize, preset: Preset) -> Env {
    let mut config = Config::new("general");
    config.task_params.insert("nums_objects".to_string(), json!(blocks));
    config.physics = preset.physics();
    config.normalize_actions = false;
    Env::new(config).expect("a pile of cubes is a start")
}

/// How episodes of a data set begin and go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// Steps of an episode.
    pub(crate) steps: usize,
    /// Nearest that two cubes' centres stand at the beginning, m.
    pub(crate) apart: f64,
    /// How far from the centre they stand at most, m.
    pub(crate) radius: f64,
    /// Whether masses and frictions of the cubes vary from episode to episode.
    pub(crate) vary: bool,
}

impl Default for Plan {
    fn default() -> Self {
        Self { steps: 25, apart: 0.085, radius: 0.17, vary: true }
    }
}

/// A start: the environment's own with its cubes strewn over the floor.
pub(crate) fn strewn(env: &Env, plan: Plan, rng: &mut Rng) -> State {
    let mut state = env.starting_state().clone();
    for i in 0..state.blocks.len() {
        let place = loop {
            let [x, y] = [(); 2].map(|()| rng.uniform(-plan.radius, plan.radius));
            let others = state.blocks[..i].iter();
            let clear = |b: &trifactor::world::BlockState| {
                math::hypot(b.position[0] - x, b.position[1] - y) >= plan.apart
            };
            if math::hypot(x, y) <= plan.radius && { others }.all(clear) {
                break [x, y];
            }
        };
        let block = &mut state.blocks[i];
        block.position = [place[0], place[1], 0.5 * block.size[2]];
        block.orientation = math::from_rotation_vector([0.0, 0.0, rng.uniform(-3.1, 3.1)]);
        if plan.vary {
            block.mass = rng.uniform(0.02, 0.15);
            block.friction = rng.uniform(0.3, 1.2);
        }
    }
    state
}

/// Runs episodes in which the fingers work the cubes, and hands every step on.
pub(crate) fn record(
    env: &mut Env,
    plan: Plan,
    seeds: std::ops::Range<u64>,
    mut take: impl FnMut(Transition) -> Result<()>,
) -> Result<()> {
    env.record_sweeps(true);
    for seed in seeds {
        let mut rng = Rng::stream(seed, 0, "coda/start");
        let mut state = strewn(env, plan, &mut rng);
        state.seed = seed;
        env.set_state(&state)?;
        let mut worker = Worker::new(Rng::stream(seed, 0, "coda/worker"));
        for _ in 0..plan.steps {
            let action: Nine = match worker.command(env.state()) {
                Command::JointPositions(joints) => joints,
                // Now and then the fingers stay where they are.
                Command::JointTorques(_) => env.state().robot.joint_positions,
            };
            take(Transition::take(env, &action)?.1)?;
        }
    }
    Ok(())
}

/// A replay of so many episodes.
pub(crate) fn replay(env: &mut Env, plan: Plan, seeds: std::ops::Range<u64>) -> Result<Replay> {
    let rows = plan.steps * (seeds.end - seeds.start) as usize;
    let mut replay = Replay::new(&env.state().scene, rows)?;
    record(env, plan, seeds, |t| replay.push(&t))?;
    Ok(replay)
}
