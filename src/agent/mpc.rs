//! Model-predictive control with the simulator itself as the model.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::cem::Cem;
use super::motion::joints;
use super::pose::{Upright, distance, nearest, standing};
use super::{MEMORY, Policy};
use crate::env::{Config, Env};
use crate::error::{Error, Result};
use crate::math::Triple;
use crate::rng::Rng;
use crate::robot::{ActionMode, FINGERS, Nine, kinematics};
use crate::task::overlap::Overlap;
use crate::vec_env::{Autoreset, Branch, VecEnv};
use crate::world::{BlockKind, State};

/// Where fingertips are planned to be: lowest and highest, world frame, m.
const ROOM: [Triple; 2] = [[-0.19, -0.19, 0.012], [0.19, 0.19, 0.25]];
/// A block nearer to its goal is no longer what the fingertips are drawn to, m.
const DONE: f64 = 0.003;

/// What a plan is worth, of its last state but for the rewards: what is near counts less.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Worth {
    /// Of the sum of the rewards on the way: the family's own terms.
    pub rewards: f64,
    /// Of a metre between a block and its goal, or a fingertip and its goal.
    pub place: f64,
    /// Of a radian by which a block is turned from its goal, about the vertical.
    pub turn: f64,
    /// Of a metre between the first block that is not at its goal and the fingertips, their mean.
    pub tips: f64,
}

/// Settings of [`Mpc`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MpcSettings {
    /// The search.
    pub cem: Cem,
    /// Points that each fingertip passes on its planned way, on straight lines.
    pub knots: usize,
    /// Control steps from one such point to the next, after which the rest is planned again.
    pub stride: usize,
    /// The deviation with which the points are first drawn, m.
    pub spread: f64,
    /// What a plan is worth.
    pub worth: Worth,
    /// Fractional success from which on the robot holds still.
    pub enough: f64,
    /// Threads that try plans, 0 for as many as the machine runs at once; never of influence on
    /// what is planned.
    pub threads: usize,
}

impl Default for MpcSettings {
    /// What solves pushing at 25 control steps a second (`skip_frame` 10).
    fn default() -> Self {
        Self {
            cem: Cem { population: 48, elites: 6, iterations: 3, keep: 0.1 },
            knots: 4,
            stride: 5,
            spread: 0.04,
            worth: Worth { rewards: 0.0, place: 1.0, turn: 0.03, tips: 0.1 },
            enough: 0.97,
            threads: 0,
        }
    }
}

/// Plans by trying: the cross-entropy method over ways of the fingertips, each followed in the
/// true model by [`VecEnv::branch`]; the best is begun, and the rest of it is where the next
/// search begins.
///
/// A plan is a function of the state and of what was planned before in the episode.
pub struct Mpc {
    settings: MpcSettings,
    model: VecEnv,
    memory: Memory,
}

/// What a policy remembers of the episode.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Memory {
    /// The points still ahead.
    plan: Vec<Nine>,
    /// The joint angles of the steps until the next one.
    next: VecDeque<Nine>,
    tried: u64,
}

impl Mpc {
    /// A policy for the worlds of an environment.
    ///
    /// # Errors
    /// [`Error::Setting`] for settings that plan nothing; those of [`VecEnv::like`].
    pub fn new(env: &Env, settings: MpcSettings) -> Result<Self> {
        settings.cem.check()?;
        for (name, count) in [("knots", settings.knots), ("stride", settings.stride)] {
            if count == 0 {
                let reason = "must be at least 1";
                return Err(Error::Setting { name, value: "0".to_string(), reason });
            }
        }
        let Config { skip_frame, physics, max_episode_length, ref family, .. } = *env.config();
        let config = Config {
            skip_frame,
            physics,
            max_episode_length,
            action_mode: ActionMode::JointPositions,
            normalize_actions: false,
            ..Config::new(family)
        };
        let model = Env::with_family(config, env.family().clone())?;
        let model = VecEnv::like(&model, 1, settings.threads, Autoreset::Disabled)?;
        Ok(Self { settings, model, memory: Memory::default() })
    }

    /// How many control steps were tried in the model so far.
    pub fn tried(&self) -> u64 {
        self.memory.tried
    }

    /// The joint angles to drive to, rad.
    ///
    /// # Errors
    /// [`Error::OtherWorld`] for a state of another world than the environment's.
    pub fn plan(&mut self, state: &State) -> Result<Nine> {
        if let Some(next) = self.memory.next.pop_front() {
            return Ok(next);
        }
        let blocks = !state.blocks.is_empty();
        if blocks && Overlap::Volume.of_state(state) >= self.settings.enough {
            self.memory.plan.clear();
            return Ok(state.robot.target);
        }
        self.search(state)?;
        Ok(self.memory.next.pop_front().unwrap_or(state.robot.target))
    }

    /// Plans anew and begins the plan.
    fn search(&mut self, state: &State) -> Result<()> {
        let MpcSettings { cem, knots, stride, spread, worth, .. } = self.settings;
        let last = self.memory.plan.last().copied().unwrap_or_else(|| begun(state));
        self.memory.plan.resize(knots, last);
        let mut mean = self.memory.plan.concat();
        let mut deviations = vec![spread; mean.len()];
        let mut rng = Rng::at_step(state.seed, state.episode, "mpc", state.step);
        let (model, tried) = (&mut self.model, &mut self.memory.tried);
        let (best, _) = cem.maximise(&mut rng, &mut mean, &mut deviations, |candidates| {
            let sequences: Vec<Vec<f64>> =
                candidates.iter().map(|points| ways(state, points, stride).concat()).collect();
            let ends = model.branch(state, &sequences, false)?;
            *tried += ends.iter().map(|end| end.rewards.len() as u64).sum::<u64>();
            Ok(ends.iter().map(|end| worth.of(end)).collect())
        })?;
        self.memory.next = ways(state, &best[..9], stride).into();
        self.memory.plan = best[9..].chunks_exact(9).map(within).collect();
        Ok(())
    }
}

impl Worth {
    /// The worth of a branch.
    fn of(&self, end: &Branch) -> f64 {
        let state = &end.state;
        let rewards = end.rewards.iter().sum::<f64>();
        let tips = kinematics::tips(&state.robot.joint_positions, state.robot.height);
        let tips: [Triple; FINGERS] = std::array::from_fn(|f| kinematics::of_finger(&tips, f));
        let mut missing = 0.0;
        let mut drawn_to = None;
        let movable = state.scene.blocks.iter().zip(&state.blocks);
        let movable = movable.filter(|(described, _)| described.kind == BlockKind::Movable);
        for ((_, block), goal) in movable.zip(&state.goals) {
            let [from, to] =
                [(block.position, block.orientation), (goal.position, goal.orientation)]
                    .map(|(position, orientation)| Upright::of(position, orientation));
            let size = standing(block.size, block.orientation);
            let off = distance(&from.position, &to.position);
            let turn = nearest(to.yaw - from.yaw, size).abs();
            missing += self.place * off + self.turn * turn;
            if off > DONE {
                drawn_to = drawn_to.or(Some(block.position));
            }
        }
        if state.blocks.is_empty() {
            let each = tips.iter().zip(&state.goals);
            missing +=
                self.place * each.map(|(tip, goal)| distance(tip, &goal.position)).sum::<f64>();
        }
        if let Some(block) = drawn_to {
            let away = tips.iter().map(|tip| distance(tip, &block)).sum::<f64>();
            missing += self.tips * away / FINGERS as f64;
        }
        self.rewards * rewards - missing
    }
}

/// Where the fingertips are driven to at present, m.
fn begun(state: &State) -> Nine {
    kinematics::tips(&state.robot.target, state.robot.height)
}

/// The points within the room, m.
fn within(points: &[f64]) -> Nine {
    std::array::from_fn(|i| {
        points.get(i).copied().unwrap_or_default().clamp(ROOM[0][i % 3], ROOM[1][i % 3])
    })
}

/// The joint angles on the straight lines from where the fingertips are driven to now through
/// points of nine numbers each, `stride` control steps from one to the next.
fn ways(state: &State, points: &[f64], stride: usize) -> Vec<Nine> {
    let mut from = begun(state);
    let mut way = Vec::with_capacity(stride * points.len() / 9);
    for to in points.chunks_exact(9).map(within) {
        for step in 1..=stride {
            let share = step as f64 / stride as f64;
            let at: Nine = std::array::from_fn(|i| from[i] + share * (to[i] - from[i]));
            way.push(joints(state, &std::array::from_fn(|f| kinematics::of_finger(&at, f))));
        }
        from = to;
    }
    way
}

impl Policy for Mpc {
    fn reset(&mut self) {
        self.memory.plan.clear();
        self.memory.next.clear();
    }

    fn memory(&self) -> Result<String> {
        MEMORY.write(&self.memory)
    }

    fn recall(&mut self, memory: &str) -> Result<()> {
        self.memory = MEMORY.read(memory)?;
        Ok(())
    }

    /// As [`Mpc::plan`]; in a state of another world the robot keeps its targets.
    fn act(&mut self, state: &State, action: &mut Nine) {
        *action = self.plan(state).unwrap_or(state.robot.target);
    }
}
