//! Fingers against floor and blocks: swings and grasps.

use std::sync::Arc;

use trifactor::math::{self, Triple};
use trifactor::robot::{
    Command, FINGERS, HEIGHT, JOINTS_PER_FINGER, Nine, REST, RobotState, kinematics,
};
use trifactor::world::{Physics, Scene, State};

use super::Run;

/// The radius of a fingertip, m (facts 1.8).
const TIP_RADIUS: f64 = 0.0105;

/// What a fingertip is swung against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Floor,
    /// The face of a cube (0.065 m) that is fixed.
    Fixed,
    /// The face of a cube (0.065 m, 0.08 kg) that is free to go.
    Movable,
}

/// The finger that swings.
const SWINGER: usize = 0;
/// How far behind what it meets a swung fingertip is aimed, m.
const BEYOND: f64 = 0.04;

/// The deepest penetration when a fingertip at `speed`, m/s, meets its target after `gap`, m, and
/// drives on for 0.3 s, m.
pub(crate) fn swing(
    physics: Physics,
    skip_frame: u32,
    target: Target,
    speed: f64,
    gap: f64,
) -> f64 {
    let scene = match target {
        Target::Floor => Scene::new(),
        Target::Fixed => Scene::new().fixed("block"),
        Target::Movable => Scene::new().movable("block"),
    };
    let mut state = State::new(Arc::new(scene), RobotState::resting(REST));
    let (start, way): (Triple, Triple) = match target {
        Target::Floor => ([-0.03, 0.05, TIP_RADIUS + gap], [0.0, 0.0, -1.0]),
        Target::Fixed | Target::Movable => {
            let face = state.blocks[0].position[1] + 0.5 * state.blocks[0].size[1];
            ([0.0, face + TIP_RADIUS + gap, 0.04], [0.0, -1.0, 0.0])
        }
    };
    let near = kinematics::of_finger(&REST, SWINGER);
    let from = kinematics::inverse(SWINGER, start, HEIGHT, near);
    assert!(from.reached, "the swing starts within reach");
    let jacobian = kinematics::jacobian(SWINGER, from.joints);
    let towards = jacobian.try_inverse().expect("not singular") * math::vector(way);
    let mut wanted = REST;
    for joint in 0..JOINTS_PER_FINGER {
        let index = SWINGER * JOINTS_PER_FINGER + joint;
        state.robot.joint_positions[index] = from.joints[joint];
        state.robot.joint_velocities[index] = speed * towards[joint];
        wanted[index] = from.joints[joint] + (gap + BEYOND) * towards[joint];
    }
    let mut run = Run::new(physics, skip_frame, state);
    let mut worst = 0.0_f64;
    for _ in 0..run.steps_of(0.3) {
        run.step(&Command::JointPositions(wanted));
        worst = worst.max(run.deepest());
    }
    worst
}

/// A grasp at µ = 1: the cube's edge length, m, and its mass, kg.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grasp {
    pub(crate) size: f64,
    pub(crate) mass: f64,
}

/// The grasps that are promised.
pub(crate) const GRASPS: [Grasp; 5] = [
    Grasp { size: 0.065, mass: 0.08 },
    Grasp { size: 0.065, mass: 0.02 },
    Grasp { size: 0.065, mass: 0.15 },
    Grasp { size: 0.055, mass: 0.08 },
    Grasp { size: 0.075, mass: 0.08 },
];

/// What became of a grasp.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Held {
    /// How far the cube was lifted in the end, m.
    pub(crate) lifted: f64,
    /// The farthest that a fingertip strayed over the cube while it was held, m.
    pub(crate) drift: f64,
    /// The deepest penetration from the lift on, m.
    pub(crate) penetration: f64,
}

/// How far inside the faces the tips are aimed, m.
const PRESS: f64 = 0.008;
/// How far outside the faces the tips wait before they close, m.
const BESIDE: f64 = 0.01;
/// How far the tips are raised, m: the controller does not make up for weight, so the cube rises
/// a little less.
const RAISE: f64 = 0.085;

/// A grasp under way.
pub(crate) struct Lifted {
    run: Run,
    grasp: Grasp,
    joints: Nine,
    penetration: f64,
}

impl Lifted {
    /// Closes the three fingers on the cube, lifts it and lets it come to rest.
    pub(crate) fn new(physics: Physics, skip_frame: u32, grasp: Grasp) -> Self {
        let mut state =
            State::new(Arc::new(Scene::new().movable("block")), RobotState::resting(REST));
        state.robot.friction = 1.0;
        let block = &mut state.blocks[0];
        block.friction = 1.0;
        block.size = [grasp.size; 3];
        block.mass = grasp.mass;
        block.position[2] = 0.5 * grasp.size;
        let run = Run::new(physics, skip_frame, state);
        let mut lifted = Self { run, grasp, joints: REST, penetration: 0.0 };
        lifted.go(0.6, |_| (-BESIDE, 0.0));
        lifted.go(0.5, |share| (share * (BESIDE + PRESS) - BESIDE, 0.0));
        lifted.penetration = 0.0;
        lifted.go(1.0, |share| (PRESS, share * RAISE));
        lifted.go(0.5, |_| (PRESS, RAISE));
        lifted
    }

    /// One more control step of holding the cube where it is.
    pub(crate) fn hold(&mut self) {
        self.aim(PRESS, RAISE);
        self.run.step(&Command::JointPositions(self.joints));
    }

    /// Holds the cube and says what became of it.
    pub(crate) fn held(mut self, seconds: f64) -> Held {
        let start = self.tips_on_cube();
        let mut held = Held::default();
        for _ in 0..self.run.steps_of(seconds) {
            self.hold();
            self.penetration = self.penetration.max(self.run.deepest());
            for (now, then) in self.tips_on_cube().into_iter().zip(start) {
                held.drift = held.drift.max((math::vector(now) - math::vector(then)).norm());
            }
        }
        held.lifted = self.run.state.blocks[0].position[2] - 0.5 * self.grasp.size;
        held.penetration = self.penetration;
        held
    }

    /// Steps for so many seconds with the tips aimed as the time's share says: how far inside the
    /// faces and how high over the cube's first place.
    fn go(&mut self, seconds: f64, aim: impl Fn(f64) -> (f64, f64)) {
        let steps = self.run.steps_of(seconds);
        for i in 0..steps {
            let (inset, rise) = aim((i + 1) as f64 / steps as f64);
            self.aim(inset, rise);
            self.run.step(&Command::JointPositions(self.joints));
            self.penetration = self.penetration.max(self.run.deepest());
        }
    }

    /// Aims at three faces: finger 60 at +y, finger 120 at +x, finger 300 at -x; the latter two
    /// also pull along +y, so that the three forces balance by friction.
    fn aim(&mut self, inset: f64, rise: f64) {
        let out = 0.5 * self.grasp.size + TIP_RADIUS - inset;
        let height = 0.5 * self.grasp.size + rise;
        let along = 0.5 * inset;
        let targets: [Triple; FINGERS] =
            [[0.0, out, height], [out, along, height], [-out, along, height]];
        for (finger, target) in targets.into_iter().enumerate() {
            let near = kinematics::of_finger(&self.joints, finger);
            let found = kinematics::inverse(finger, target, HEIGHT, near);
            assert!(found.reached, "the grasp is within reach");
            let first = finger * JOINTS_PER_FINGER;
            self.joints[first..first + JOINTS_PER_FINGER].copy_from_slice(&found.joints);
        }
    }

    /// The fingertips in the frame of the cube, m.
    fn tips_on_cube(&self) -> [Triple; FINGERS] {
        let state = &self.run.state;
        let block = &state.blocks[0];
        let turn = math::rotation(block.orientation).inverse();
        std::array::from_fn(|finger| {
            let joints = kinematics::of_finger(&state.robot.joint_positions, finger);
            let tip = math::vector(kinematics::tip(finger, joints, state.robot.height));
            math::triple(turn * (tip - math::vector(block.position)))
        })
    }
}
