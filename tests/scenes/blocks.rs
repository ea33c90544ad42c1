//! Blocks alone: sliding, standing, falling.

use std::sync::Arc;

use trifactor::math::{self, Triple};
use trifactor::robot::{REST, RobotState};
use trifactor::world::{BlockState, Physics, Scene, State, WALL_HEIGHT, WALL_RADIUS};

use super::{GRAVITY, Run};

/// A robot height that keeps the fingers above all that these scenes build, m.
const OUT_OF_THE_WAY: f64 = 0.7;

/// Blocks without drag in an arena without wall, the fingers out of their way.
fn blocks_alone(count: usize) -> State {
    let scene = (0..count).fold(Scene::new().without_wall(), |s, i| s.movable(&format!("b{i}")));
    let mut state = State::new(Arc::new(scene), RobotState::resting(REST));
    state.robot.height = OUT_OF_THE_WAY;
    for block in &mut state.blocks {
        (block.linear_damping, block.angular_damping) = (0.0, 0.0);
    }
    state
}

fn horizontal_distance(a: Triple, b: Triple) -> f64 {
    math::hypot(a[0] - b[0], a[1] - b[1])
}

/// A cube (0.065 m, 0.08 kg) on a floor: friction, its yaw and the direction it goes to, rad.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slide {
    pub(crate) friction: f64,
    pub(crate) yaw: f64,
    pub(crate) direction: f64,
}

impl Slide {
    fn state(self) -> State {
        let mut state = blocks_alone(1);
        state.arena.floor.friction = self.friction;
        state.blocks[0].orientation = math::from_rotation_vector([0.0, 0.0, self.yaw]);
        state
    }

    /// How far the cube gets from a starting speed, m/s, over its exact Coulomb distance.
    ///
    /// At the internal step dt, semi-implicit Euler stops at v²/(2µg) − v dt/2.
    pub(crate) fn stopping(self, physics: Physics, skip_frame: u32, speed: f64) -> f64 {
        let mut state = self.state();
        let (sin, cos) = math::sin_cos(self.direction);
        state.blocks[0].linear_velocity = [speed * cos, speed * sin, 0.0];
        let start = state.blocks[0].position;
        let mut run = Run::new(physics, skip_frame, state);
        for _ in 0..run.steps_of(speed / (self.friction * GRAVITY) + 0.1) {
            run.idle();
        }
        let step = physics.tick / f64::from(physics.substeps);
        let exact = speed * speed / (2.0 * self.friction * GRAVITY) - 0.5 * speed * step;
        horizontal_distance(run.state.blocks[0].position, start) / exact
    }

    /// How far the cube slides down a slope in 5 s, and how far exact friction lets it, m.
    ///
    /// The slope's tangent is `ratio` times the friction; gravity is tilted, not the floor.
    pub(crate) fn on_slope(self, physics: Physics, skip_frame: u32, ratio: f64) -> (f64, f64) {
        let mut state = self.state();
        let tangent = ratio * self.friction;
        let cosine = 1.0 / (1.0 + tangent * tangent).sqrt();
        let (along, down) = (GRAVITY * tangent * cosine, GRAVITY * cosine);
        let (sin, cos) = math::sin_cos(self.direction);
        state.arena.gravity = [along * cos, along * sin, -down];
        let start = state.blocks[0].position;
        let mut run = Run::new(physics, skip_frame, state);
        let steps = run.steps_of(5.0);
        for _ in 0..steps {
            run.idle();
        }
        let time = steps as f64 * run.dt();
        let step = physics.tick / f64::from(physics.substeps);
        let acceleration = (along - self.friction * down).max(0.0);
        let exact = 0.5 * acceleration * time * (time + step);
        (horizontal_distance(run.state.blocks[0].position, start), exact)
    }
}

/// A tower of cubes: the edge length, m, and mass, kg, of each from below.
pub(crate) struct Tower<'a> {
    pub(crate) name: &'a str,
    pub(crate) cubes: &'a [(f64, f64)],
}

/// One cube of 0.065 m, 0.08 kg.
pub(crate) const SINGLE: Tower = Tower { name: "single", cubes: &[(0.065, 0.08)] };
/// Five cubes of 0.065 m, 0.08 kg each.
pub(crate) const EQUAL: Tower = Tower { name: "equal", cubes: &[(0.065, 0.08); 5] };
/// Five cubes of 0.04 m, 0.08 kg each.
pub(crate) const SMALL: Tower = Tower { name: "small", cubes: &[(0.04, 0.08); 5] };
/// Five cubes from 0.065 m below to 0.025 m on top, of one density.
pub(crate) const SHRINKING: Tower = Tower {
    name: "shrinking",
    cubes: &[(0.065, 0.08), (0.055, 0.0485), (0.045, 0.0265), (0.035, 0.0125), (0.025, 0.00455)],
};
/// Five cubes from 0.065 m below to 0.025 m on top, 0.08 kg each.
pub(crate) const SHRINKING_EQUALLY_HEAVY: Tower = Tower {
    name: "shrinking, equally heavy",
    cubes: &[(0.065, 0.08), (0.055, 0.08), (0.045, 0.08), (0.035, 0.08), (0.025, 0.08)],
};
/// A cube of 0.2 kg on one of 0.02 kg, both 0.065 m.
pub(crate) const HEAVY_ON_LIGHT: Tower =
    Tower { name: "heavy on light", cubes: &[(0.065, 0.02), (0.065, 0.2)] };

/// What became of a tower.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Stood {
    /// The farthest that any cube strayed horizontally from where it was put, m.
    pub(crate) drift: f64,
    /// The farthest that any cube sank, m.
    pub(crate) sag: f64,
    /// The deepest penetration at the end, m.
    pub(crate) penetration: f64,
}

impl Tower<'_> {
    /// The run with the tower put up exactly: the lowest cube turned by `yaw`, each other one by
    /// `twist` over the one below, rad.
    pub(crate) fn put_up(&self, physics: Physics, skip_frame: u32, yaw: f64, twist: f64) -> Run {
        let mut state = blocks_alone(self.cubes.len());
        let mut top = 0.0;
        for (i, (block, &(size, mass))) in state.blocks.iter_mut().zip(self.cubes).enumerate() {
            block.size = [size; 3];
            block.mass = mass;
            block.position = [0.0, 0.0, top + 0.5 * size];
            block.orientation = math::from_rotation_vector([0.0, 0.0, yaw + twist * i as f64]);
            top += size;
        }
        Run::new(physics, skip_frame, state)
    }

    /// What becomes of it in so many seconds.
    pub(crate) fn stand(&self, mut run: Run, seconds: f64) -> Stood {
        let start: Vec<BlockState> = run.state.blocks.clone();
        let mut stood = Stood::default();
        for _ in 0..run.steps_of(seconds) {
            run.idle();
            for (now, then) in run.state.blocks.iter().zip(&start) {
                stood.drift = stood.drift.max(horizontal_distance(now.position, then.position));
                stood.sag = stood.sag.max(then.position[2] - now.position[2]);
            }
        }
        stood.penetration = run.penetration();
        stood
    }
}

/// How a block meets the floor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Falls {
    Flat,
    CornerFirst,
}

/// How far from balance a cube that falls corner first leans, rad.
const LEAN: f64 = 0.1;

/// The deepest that a cube (0.065 m, 0.08 kg) enters the floor when it arrives there at `speed`,
/// m/s, thrown downwards from `gap`, m, above it and followed for 0.4 s, m.
pub(crate) fn throw(physics: Physics, skip_frame: u32, falls: Falls, speed: f64, gap: f64) -> f64 {
    let mut state = blocks_alone(1);
    let block = &mut state.blocks[0];
    let half = 0.5 * block.size[2];
    let reach = match falls {
        Falls::Flat => half,
        Falls::CornerFirst => {
            // The space diagonal is turned almost to the vertical, about (1, -1, 0) by atan √2
            // less what makes it topple.
            let angle = math::atan2(2.0_f64.sqrt(), 1.0) - LEAN;
            let part = angle * 0.5_f64.sqrt();
            block.orientation = math::from_rotation_vector([part, -part, 0.0]);
            half * (2.0_f64.sqrt() * math::sin(angle) + math::cos(angle))
        }
    };
    block.position = [0.0, 0.0, reach + gap];
    let thrown = (speed * speed - 2.0 * GRAVITY * gap).max(0.0).sqrt();
    block.linear_velocity = [0.0, 0.0, -thrown];
    let mut run = Run::new(physics, skip_frame, state);
    let mut worst = 0.0_f64;
    for _ in 0..run.steps_of(0.4) {
        run.idle();
        worst = worst.max(run.deepest());
    }
    worst
}

/// The deepest that a cube (0.065 m, 0.08 kg) enters the ring wall, in whose middle it is thrown,
/// one face ahead, at `speed`, m/s, from `gap`, m, before the wall; followed for 0.1 s, m.
pub(crate) fn throw_at_wall(physics: Physics, skip_frame: u32, speed: f64, gap: f64) -> f64 {
    let mut state = State::new(Arc::new(Scene::new().movable("b0")), RobotState::resting(REST));
    state.robot.height = OUT_OF_THE_WAY;
    let block = &mut state.blocks[0];
    let reach = WALL_RADIUS - 0.5 * block.size[0] - gap;
    block.position = [reach, 0.0, 0.5 * (WALL_HEIGHT[0] + WALL_HEIGHT[1])];
    block.linear_velocity = [speed, 0.0, 0.0];
    let mut run = Run::new(physics, skip_frame, state);
    let mut worst = 0.0_f64;
    for _ in 0..run.steps_of(0.1) {
        run.idle();
        let [x, ..] = run.state.blocks[0].position;
        // A cube that is through lies clear of the wall again.
        worst = worst.max(run.deepest()).max(x - WALL_RADIUS);
    }
    worst
}
