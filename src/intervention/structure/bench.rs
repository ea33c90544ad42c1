//! The bench on which structures are tried: a world with the robot far away.

use std::sync::Arc;

use crate::error::Result;
use crate::math::{self, Triple};
use crate::robot::{Command, RAISED, RobotState};
use crate::world::{BlockState, Preset, Scene, State, World};

use super::Pose;

/// Ticks per trial step: 0.1 s.
const TICKS: u32 = 25;
/// Where the robot's base stands during a trial, m: out of everything's reach.
const AWAY: f64 = 100.0;
/// A block counts as standing where its centre moved less than this, m.
const DRIFT: f64 = 0.003;
/// A block counts as standing where it turned by less than this, rad.
const TURN: f64 = 0.05;
/// Blocks count as being at rest below these speeds, m/s and rad/s.
const REST: [f64; 2] = [1e-3, 2e-2];

/// A world to try things in.
pub(super) struct Bench(World);

impl Bench {
    /// A bench with the default physics.
    pub(super) fn new() -> Result<Self> {
        Ok(Self(World::new(Preset::Accurate.physics(), TICKS)?))
    }

    /// A state of these blocks and nothing else.
    pub(super) fn state(blocks: Vec<BlockState>) -> State {
        let scene =
            (0..blocks.len()).fold(Scene::new(), |scene, i| scene.movable(&format!("block_{i}")));
        let robot = RobotState { height: AWAY, ..RobotState::resting(RAISED) };
        State { blocks, ..State::new(Arc::new(scene), robot) }
    }

    /// Lets time pass, in whole steps of 0.1 s.
    pub(super) fn run(&mut self, state: &mut State, seconds: f64) {
        let steps = (seconds / self.0.dt()).round() as u64;
        for _ in 0..steps {
            self.step(state);
        }
    }

    /// Lets time pass until everything is at rest, or says that it never came to be.
    pub(super) fn settle(&mut self, state: &mut State, seconds: f64) -> bool {
        let steps = (seconds / self.0.dt()).round() as u64;
        for _ in 0..steps {
            if state.blocks.iter().all(at_rest) {
                return true;
            }
            self.step(state);
        }
        state.blocks.iter().all(at_rest)
    }

    fn step(&mut self, state: &mut State) {
        let mut next = state.clone();
        self.0.step(state, &Command::JointPositions(RAISED), &mut next);
        *state = next;
    }

    /// Whether blocks that are put together like this stay so for some seconds.
    pub(super) fn stands(&mut self, blocks: Vec<BlockState>, seconds: f64) -> bool {
        let before = Self::state(blocks);
        let mut after = before.clone();
        self.run(&mut after, seconds);
        before.blocks.iter().zip(&after.blocks).all(|(a, b)| {
            let moved = math::vector(a.position) - math::vector(b.position);
            let turned = math::rotation(a.orientation).inverse() * math::rotation(b.orientation);
            math::norm(&moved) < DRIFT
                && 2.0 * math::asin(math::norm(&turned.imag()).min(1.0)) < TURN
        })
    }

    /// The names of the bodies that stick in another, deeper than an intervention may leave them.
    pub(super) fn stuck(&mut self, state: &State) -> Vec<String> {
        let physics = *self.0.physics();
        let found = self.0.penetrations(state).into_iter();
        found
            .filter(|p| {
                let robot = physics.robot_penetration_tolerance;
                p.depth > if p.robot { robot } else { physics.penetration_tolerance }
            })
            .flat_map(|p| [p.first, p.second])
            .collect()
    }
}

fn at_rest(block: &BlockState) -> bool {
    let below = |v: Triple, limit: f64| math::norm(&math::vector(v)) < limit;
    below(block.linear_velocity, REST[0]) && below(block.angular_velocity, REST[1])
}

/// The poses of a state's blocks.
pub(super) fn poses(state: &State) -> Vec<Pose> {
    state.blocks.iter().map(|block| (block.position, block.orientation)).collect()
}
