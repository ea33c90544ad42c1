//! The state of a world: plain numbers, everything that can matter to what comes next.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Appearance, Scene, TaskState};
use crate::math::{IDENTITY, Quat, Triple};
use crate::robot::RobotState;

/// A block's variables.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockState {
    /// Edge lengths, m.
    pub size: Triple,
    /// Mass, kg; of no effect where the block is fixed.
    pub mass: f64,
    /// Coulomb friction; combined with the other body's by product.
    pub friction: f64,
    /// Restitution; combined with the other body's by product.
    pub restitution: f64,
    /// Drag on the centre's velocity: force −m v (d + d |v|), 1/s.
    pub linear_damping: f64,
    /// Drag on the rotation: torque −I ω (d + d |ω|), 1/s.
    pub angular_damping: f64,
    /// RGB, each in \[0, 1\].
    pub color: Triple,
    /// Centre, world frame, m.
    pub position: Triple,
    /// Unit quaternion x, y, z, w.
    pub orientation: Quat,
    /// Velocity of the centre, world frame, m/s.
    pub linear_velocity: Triple,
    /// Angular velocity, world frame, rad/s.
    pub angular_velocity: Triple,
}

impl Default for BlockState {
    /// A red cube of 0.065 m and 0.08 kg resting at the centre (facts 7.1, 7.2).
    fn default() -> Self {
        Self {
            size: [0.065; 3],
            mass: 0.08,
            friction: 1.0,
            restitution: 0.0,
            linear_damping: 0.04,
            angular_damping: 0.04,
            color: [1.0, 0.0, 0.0],
            position: [0.0, 0.0, 0.0325],
            orientation: IDENTITY,
            linear_velocity: [0.0; 3],
            angular_velocity: [0.0; 3],
        }
    }
}

/// A goal's variables.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoalState {
    /// Edge lengths, m; three times the diameter for a sphere.
    pub size: Triple,
    /// RGB, each in \[0, 1\].
    pub color: Triple,
    /// Centre, world frame, m.
    pub position: Triple,
    /// Unit quaternion x, y, z, w.
    pub orientation: Quat,
}

impl Default for GoalState {
    /// A green cube of 0.065 m at the centre (facts 7.1).
    fn default() -> Self {
        Self {
            size: [0.065; 3],
            color: [0.0, 1.0, 0.0],
            position: [0.0, 0.0, 0.0325],
            orientation: IDENTITY,
        }
    }
}

/// The variables of the floor or the wall.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SurfaceState {
    /// Coulomb friction; combined with the other body's by product.
    pub friction: f64,
    /// Restitution; combined with the other body's by product.
    pub restitution: f64,
    /// RGB, each in \[0, 1\].
    pub color: Triple,
}

/// Floor, wall and gravity.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArenaState {
    /// The table plate; its surface is z = 0.
    pub floor: SurfaceState,
    /// The ring wall, the reference's "stage".
    pub wall: SurfaceState,
    /// Gravity, world frame, m/s².
    pub gravity: Triple,
}

impl Default for ArenaState {
    /// Facts 4.1.
    fn default() -> Self {
        Self {
            floor: SurfaceState { friction: 0.5, restitution: 0.0, color: [0.31, 0.27, 0.25] },
            wall: SurfaceState { friction: 0.5, restitution: 0.0, color: [0.95, 0.95, 0.95] },
            gravity: [0.0, 0.0, -9.81],
        }
    }
}

/// Everything that can matter to what comes next, as plain numbers; a snapshot is a `State`.
///
/// The names and kinds of the blocks and goals are shared, not copied, between the states of one
/// world, so that copying a state into place allocates nothing.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Identity of the world description this state belongs to (family, parameters, settings).
    pub world: u64,
    /// The seed of all random streams.
    pub seed: u64,
    /// How many episodes were begun with this seed before this one.
    pub episode: u64,
    /// Control steps taken in this episode.
    pub step: u64,
    /// What stands in the world.
    pub scene: Arc<Scene>,
    /// The robot.
    pub robot: RobotState,
    /// Floor, wall, gravity.
    pub arena: ArenaState,
    /// The task's own variables.
    pub task: TaskState,
    /// The blocks, in the scene's order.
    pub blocks: Vec<BlockState>,
    /// The goals, in the scene's order.
    pub goals: Vec<GoalState>,
    /// What only images tell; not written where nobody changed it.
    #[serde(default = "Appearance::plain", skip_serializing_if = "Appearance::is_plain")]
    pub appearance: Arc<Appearance>,
}

impl State {
    /// A state of the given scene: everything at its default, blocks and goals at theirs.
    pub fn new(scene: Arc<Scene>, robot: RobotState) -> Self {
        Self {
            world: 0,
            seed: 0,
            episode: 0,
            step: 0,
            blocks: vec![BlockState::default(); scene.blocks.len()],
            goals: vec![GoalState::default(); scene.goals.len()],
            scene,
            robot,
            arena: ArenaState::default(),
            task: TaskState::default(),
            appearance: Appearance::plain(),
        }
    }
}

impl Clone for State {
    fn clone(&self) -> Self {
        Self {
            world: self.world,
            seed: self.seed,
            episode: self.episode,
            step: self.step,
            scene: Arc::clone(&self.scene),
            robot: self.robot,
            arena: self.arena,
            task: self.task,
            blocks: self.blocks.clone(),
            goals: self.goals.clone(),
            appearance: Arc::clone(&self.appearance),
        }
    }

    // Reuses the vectors: a step copies states and must not allocate.
    fn clone_from(&mut self, source: &Self) {
        self.world = source.world;
        self.seed = source.seed;
        self.episode = source.episode;
        self.step = source.step;
        if !Arc::ptr_eq(&self.scene, &source.scene) {
            self.scene = Arc::clone(&source.scene);
        }
        self.robot = source.robot;
        self.arena = source.arena;
        self.task = source.task;
        self.blocks.clone_from(&source.blocks);
        self.goals.clone_from(&source.goals);
        if !Arc::ptr_eq(&self.appearance, &source.appearance) {
            self.appearance = Arc::clone(&source.appearance);
        }
    }
}
