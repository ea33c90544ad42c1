//! The roll-outs of facts 7.2: what the reference's blocks did, and the same scenes in our world.

use std::sync::Arc;

use trifactor::State;
use trifactor::math::{self, Quat, Triple};
use trifactor::robot::kinematics::tips;
use trifactor::robot::{Command, REST, RobotState};
use trifactor::world::{Physics, Scene, World};

/// A block's coordinate in the reference after that many ticks, m.
pub(crate) type Point = (usize, f64);

/// Sliding along x from x = -0.1 m, by the speed at the start, m/s.
pub(crate) const SLIDING: [(f64, [Point; 5]); 2] = [
    (0.3, [(1, -0.09888), (5, -0.09506), (10, -0.09195), (20, -0.09079), (100, -0.09085)]),
    (0.6, [(1, -0.09768), (5, -0.08886), (10, -0.07956), (20, -0.06758), (100, -0.06366)]),
];
/// Where the sliding block starts, m.
pub(crate) const SLIDING_FROM: f64 = -0.1;

/// Falling flat from z = 0.15 m: free, then through the impact, then out of the floor.
pub(crate) const DROP: [Point; 12] = [
    (1, 0.14984),
    (2, 0.14953),
    (10, 0.14137),
    (20, 0.11708),
    (30, 0.07719),
    (35, 0.05142),
    (38, 0.03409),
    (39, 0.02801),
    (40, 0.02836),
    (45, 0.02977),
    (50, 0.03070),
    (100, 0.03246),
];
/// Where the block is let go, m.
pub(crate) const DROP_FROM: f64 = 0.15;
/// One phase of the pushing roll-out: control steps of ten ticks, targets of finger 300 (rad).
pub(crate) struct Phase {
    pub(crate) steps: usize,
    pub(crate) targets: Triple,
}

/// Finger 300 swings behind the block, and in the last phase through it.
pub(crate) const PUSHING: [Phase; 3] = [
    Phase { steps: 40, targets: [0.16483, 0.47477, -0.39313] },
    Phase { steps: 40, targets: [0.22890, 0.26465, -0.34260] },
    Phase { steps: 60, targets: [-0.02559, 0.36160, -0.82900] },
];

/// What the reference shows of the pushing roll-out after that many control steps, m.
pub(crate) struct Mark {
    pub(crate) step: usize,
    pub(crate) tip: Triple,
    pub(crate) block: Triple,
    /// The block's yaw, degrees.
    pub(crate) yaw: f64,
}

/// The ends of the three phases, with the middle of the slide before the last.
pub(crate) const MARKS: [Mark; 4] = [
    Mark { step: 40, tip: [-0.05918, -0.15578, 0.03928], block: [0.0, -0.08, 0.0325], yaw: 0.0 },
    Mark { step: 80, tip: [-0.00090, -0.14571, 0.03512], block: [0.0, -0.08, 0.0325], yaw: 0.0 },
    Mark {
        step: 85,
        tip: [0.00104, -0.05947, 0.03505],
        block: [0.0047, 0.0761, 0.0313],
        yaw: 61.6,
    },
    Mark {
        step: 140,
        tip: [-0.00012, -0.05783, 0.03468],
        block: [0.0064, 0.1122, 0.0325],
        yaw: 77.0,
    },
];

/// Finger 300's tip and the block after a control step.
#[derive(Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) tip: Triple,
    pub(crate) block: Triple,
    orientation: Quat,
}

/// A cube of 0.065 m and 0.02 kg on a floor of friction 0.5, fingers at rest beside it.
fn cube(position: Triple) -> State {
    let mut state =
        State::new(Arc::new(Scene::new().movable("tool_block")), RobotState::resting(REST));
    state.blocks[0].mass = 0.02;
    state.blocks[0].position = position;
    state
}

/// The block's centre at the start and after each tick, m.
fn centres(physics: Physics, mut state: State, ticks: usize) -> Vec<Triple> {
    let mut world = World::new(physics, 1).expect("a preset's settings are valid");
    let mut next = state.clone();
    let mut centres = vec![state.blocks[0].position];
    for _ in 0..ticks {
        world.step(&state, &Command::JointPositions(REST), &mut next);
        std::mem::swap(&mut state, &mut next);
        centres.push(state.blocks[0].position);
    }
    centres
}

/// The sliding block's x at the start and after each tick, m.
pub(crate) fn slide(physics: Physics, speed: f64, ticks: usize) -> Vec<f64> {
    let mut state = cube([SLIDING_FROM, 0.0, 0.0325]);
    state.blocks[0].linear_velocity = [speed, 0.0, 0.0];
    centres(physics, state, ticks).iter().map(|centre| centre[0]).collect()
}

/// The falling block's z at the start and after each tick, m.
pub(crate) fn fall(physics: Physics, ticks: usize) -> Vec<f64> {
    centres(physics, cube([0.0, 0.0, DROP_FROM]), ticks).iter().map(|centre| centre[2]).collect()
}

/// The pushing roll-out: a sample at the start and after each control step of ten ticks.
pub(crate) fn push(physics: Physics) -> Vec<Sample> {
    let mut world = World::new(physics, 10).expect("a preset's settings are valid");
    let mut state = cube([0.0, -0.08, 0.0325]);
    let mut next = state.clone();
    let mut samples = vec![sample(&state)];
    for phase in &PUSHING {
        let mut targets = REST;
        targets[6..].copy_from_slice(&phase.targets);
        for _ in 0..phase.steps {
            world.step(&state, &Command::JointPositions(targets), &mut next);
            std::mem::swap(&mut state, &mut next);
            samples.push(sample(&state));
        }
    }
    samples
}

impl Sample {
    /// The block's yaw, degrees.
    pub(crate) fn yaw(&self) -> f64 {
        2.0 * math::atan2(self.orientation[2], self.orientation[3]).to_degrees()
    }
}

fn sample(state: &State) -> Sample {
    let tips = tips(&state.robot.joint_positions, state.robot.height);
    Sample {
        tip: [tips[6], tips[7], tips[8]],
        block: state.blocks[0].position,
        orientation: state.blocks[0].orientation,
    }
}
