//! Endurance: millions of ticks of random actions and interventions leave every number finite,
//! every body on its side of floor and wall, and memory as it was; and what happens at the edges.

use std::process::Command as Process;
use std::sync::Arc;

use trifactor::intervention::{self, Intervention};
use trifactor::rng::Rng;
use trifactor::robot::{Command, RAISED, RobotState, kinematics};
use trifactor::variable::{Rules, Subspace, Variable};
use trifactor::world::{BlockKind, Physics, Preset, Scene, WALL_HEIGHT, WALL_RADIUS, World};
use trifactor::{Config, Env, State, math};

use crate::contact::{self, Place, Setting, Worker, bits};

const SEED: u64 = 99;

/// Ticks of the short form and of the long one.
const SHORT: u64 = 100_000;
const LONG: u64 = 10_000_000;

/// How far outwards the wall reaches, m.
const WALL_END: f64 = WALL_RADIUS + 0.1;

/// Memory that may be added after a tenth of the run, KiB: a few MiB for the allocator's slack.
const GROWTH: u64 = 4096;

/// What is watched in a run.
#[derive(Debug, Default)]
struct Watch {
    ticks: u64,
    interventions: u64,
    refused: u64,
    thrown_out: u64,
    /// Of the accurate preset and of the reference's, m.
    deepest_in_floor: [f64; 2],
    deepest_in_wall: f64,
    memory: Vec<u64>,
}

/// Where a point is against the ring wall, seen from above.
fn radius(point: &[f64]) -> f64 {
    math::hypot(point[0], point[1])
}

impl Watch {
    /// Asserts what must hold after a step from one state to another.
    ///
    /// A block may be thrown over the wall's rim and then lies on the floor outside; but no
    /// centre is ever below the floor or within the wall below its rim, and none changes sides
    /// with both its centres below the rim.
    fn step(&mut self, before: &State, after: &State, preset: Preset) {
        assert_eq!(after.check(), Ok(()), "a world takes back what it was in");
        let robot = &after.robot;
        let joints = robot.joint_positions.iter().chain(&robot.joint_velocities);
        assert!(joints.chain(&robot.torques).all(|x| x.is_finite()), "{robot:?}");
        let tips = kinematics::tips(&robot.joint_positions, robot.height);
        for tip in tips.chunks(3) {
            assert!(tip[2] > 0.0, "a fingertip's centre is at {tip:?}");
            self.side(tip, "a fingertip");
        }
        for ((block, last), description) in
            after.blocks.iter().zip(&before.blocks).zip(&after.scene.blocks)
        {
            if description.kind == BlockKind::Fixed {
                continue;
            }
            let pose = block.position.iter().chain(&block.orientation);
            let velocity = block.linear_velocity.iter().chain(&block.angular_velocity);
            assert!(pose.chain(velocity).all(|x| x.is_finite()), "{block:?}");
            let half = math::vector(block.size) * 0.5;
            let axes = math::rotation(block.orientation).to_rotation_matrix();
            let lowest =
                block.position[2] - (0..3).map(|i| axes[(2, i)].abs() * half[i]).sum::<f64>();
            let deepest = &mut self.deepest_in_floor[preset as usize];
            *deepest = deepest.max(-lowest);
            assert!(block.position[2] > 0.0, "through the floor: {block:?} after {last:?}");
            self.side(&block.position, &description.name);
            let inside = |position: &[f64; 3]| radius(position) < WALL_RADIUS;
            if inside(&last.position) && !inside(&block.position) {
                self.thrown_out += 1;
                assert!(
                    block.position[2].max(last.position[2]) > WALL_HEIGHT[1],
                    "through the wall: {block:?} after {last:?}"
                );
            }
        }
    }

    /// Asserts that a centre is not within the wall.
    fn side(&mut self, point: &[f64], name: &str) {
        if point[2] < WALL_HEIGHT[1] && radius(point) < 0.5 * (WALL_RADIUS + WALL_END) {
            // The ring has 38 flat segments: its corners are 0.8 mm further out than their middles.
            let corner = WALL_RADIUS / math::cos(std::f64::consts::PI / 38.0);
            self.deepest_in_wall = self.deepest_in_wall.max(radius(point) - WALL_RADIUS);
            assert!(radius(point) < corner, "{name} is within the wall: {point:?}");
        }
    }

    /// Notes an intervention's outcome.
    fn intervened(&mut self, outcome: trifactor::Result<()>) {
        match outcome {
            Ok(()) => self.interventions += 1,
            Err(_) => self.refused += 1,
        }
    }

    fn measure(&mut self) {
        self.memory.extend(resident());
    }
}

/// The process's resident memory, KiB, where the system says.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Draws values for one to three variables of all that have a range.
fn draw(state: &State, rules: &Rules, rng: &mut Rng) -> Intervention {
    let all = Variable::all(&state.scene, rules);
    let mut intervention = Intervention::new();
    for _ in 0..=rng.below(3) {
        let variable = &all[rng.below(all.len() as u64) as usize];
        if let Some(space) = variable.space(state, rules, Subspace::Both) {
            let bounds = space.low.iter().zip(&space.high);
            let values: Vec<f64> = bounds.map(|(low, high)| rng.uniform(*low, *high)).collect();
            intervention = intervention.with(&variable.path(&state.scene), values);
        }
    }
    intervention
}

/// A family's environment under random actions, episodes and interventions.
fn environment(family: &str, skip_frame: u32, ticks: u64, seed: u64, watch: &mut Watch) {
    let mut rng = Rng::stream(seed, 0, family);
    let config = Config { skip_frame, max_episode_length: Some(400), ..Config::new(family) };
    let mut env = Env::new(config).expect("a built-in family");
    env.reset(Some(seed));
    let mut observation = vec![0.0; env.observation_len()];
    let mut action = [0.0; 9];
    let end = watch.ticks + ticks;
    let mut before = env.state().clone();
    while watch.ticks < end {
        if rng.below(8) == 0 {
            action = [(); 9].map(|()| rng.uniform(-1.0, 1.0));
        }
        if rng.below(20) == 0 {
            let intervention = draw(env.state(), env.family().rules(), &mut rng);
            watch.intervened(env.do_intervention(&intervention, true));
        }
        before.clone_from(env.state());
        let step = env.step(&action).expect("nine finite numbers");
        watch.ticks += u64::from(skip_frame);
        watch.step(&before, env.state(), Preset::Accurate);
        assert!(step.reward.is_finite());
        if env.observation_len() == observation.len() {
            env.observe(&mut observation).expect("its own length");
            assert!(observation.iter().all(|x: &f64| x.is_finite()));
        }
        if step.truncated {
            if rng.below(4) == 0 {
                env.reset_default_state();
            }
            env.reset(None);
        }
    }
}

/// A scene of several blocks under fingers that work them, and interventions.
fn world(place: Place, setting: Setting, ticks: u64, seed: u64, watch: &mut Watch) {
    let mut rng = Rng::stream(seed, 1, "endurance");
    let mut worker = Worker::new(Rng::stream(seed, 2, "endurance"));
    let rules = Rules::default();
    let mut world = setting.world();
    let mut state = contact::initial(place, &mut rng);
    let mut next = state.clone();
    let end = watch.ticks + ticks;
    let mut left = 400;
    while watch.ticks < end {
        if rng.below(20) == 0 {
            let intervention = draw(&state, &rules, &mut rng);
            let check = Some(Subspace::Both);
            let outcome = intervention::apply(&mut world, &rules, &mut state, &intervention, check);
            watch.intervened(outcome);
        }
        world.step(&state, &worker.command(&state), &mut next);
        watch.ticks += u64::from(setting.skip_frame);
        watch.step(&state, &next, setting.preset);
        std::mem::swap(&mut state, &mut next);
        left -= 1;
        if left == 0 {
            state = contact::initial(place, &mut rng);
            left = 400;
        }
    }
    assert!(!bits(&state).contains(&u64::MAX));
}

/// Says that this process is the one that runs and measures itself.
const ALONE: &str = "TRIFACTOR_TEST_ENDURANCE";

#[test]
fn random_actions_and_interventions_leave_all_numbers_finite_and_all_bodies_in_place() {
    if std::env::var_os(ALONE).is_none() {
        // In a process of its own, whose memory no other test can move.
        let name = "endurance::\
             random_actions_and_interventions_leave_all_numbers_finite_and_all_bodies_in_place";
        let ran = Process::new(std::env::current_exe().expect("this binary"))
            .args(["--exact", name, "--nocapture"])
            .env(ALONE, "1")
            .output()
            .expect("a process");
        println!("{}", String::from_utf8_lossy(&ran.stdout));
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        return;
    }
    let all = std::env::var_os("TRIFACTOR_ALL").is_some_and(|v| v == "1");
    let ticks = if all { LONG } else { SHORT };
    let mut watch = Watch::default();
    const ROUNDS: u64 = 10;
    for round in 0..ROUNDS {
        let share = ticks / ROUNDS / 5;
        let seed = SEED + round;
        environment("pushing", 10, share, seed, &mut watch);
        environment("pushing", 3, share, seed, &mut watch);
        environment("reaching", 10, share, seed, &mut watch);
        let (setting, _) = contact::SETTINGS[(round % 6) as usize];
        for place in [Place::Five, Place::Crowd, Place::Barrier, Place::Wall] {
            world(place, setting, share / 2, seed, &mut watch);
        }
        watch.measure();
    }
    let form = if all { "long form" } else { "short form" };
    println!("endurance: {form}");
    println!("seed {SEED}: {watch:?}");
    assert!(watch.ticks >= ticks);
    assert!(watch.interventions > watch.ticks / 2000);
    if let (Some(first), Some(last)) = (watch.memory.first(), watch.memory.last()) {
        assert!(last - first.min(last) < GROWTH, "memory grew, KiB: {:?}", watch.memory);
    }
}

#[test]
fn a_world_without_blocks_steps() {
    let state = State::new(Arc::new(Scene::new()), RobotState::resting(RAISED));
    let mut next = state.clone();
    let mut world = World::new(Physics::default(), 3).expect("the default");
    world.step(&state, &Command::JointPositions(RAISED), &mut next);
    assert!(next.blocks.is_empty());
    assert!(!bits(&next).contains(&u64::MAX));
    assert_ne!(next.robot.joint_velocities, state.robot.joint_velocities);
}

#[test]
fn thirty_five_blocks_step_and_stay_where_they_lie() {
    let mut scene = Scene::new();
    for i in 0..35 {
        scene = scene.movable(&format!("block_{i}"));
    }
    let mut state = State::new(Arc::new(scene), RobotState::resting(RAISED));
    for (i, block) in state.blocks.iter_mut().enumerate() {
        block.size = [0.03; 3];
        let (x, y, z) = (i % 6, i / 6 % 3, i / 18);
        block.position = [0.04 * x as f64 - 0.1, 0.04 * y as f64 - 0.04, 0.015 + 0.03 * z as f64];
    }
    let mut world = World::new(Physics::default(), 10).expect("the default");
    let mut now = state.clone();
    let mut next = state.clone();
    let began = std::time::Instant::now();
    for _ in 0..25 {
        world.step(&now, &Command::JointPositions(RAISED), &mut next);
        std::mem::swap(&mut now, &mut next);
    }
    println!(
        "35 blocks: {:.1} ms per control step of 10 ticks",
        began.elapsed().as_secs_f64() * 40.0
    );
    for (block, begun) in now.blocks.iter().zip(&state.blocks) {
        for axis in 0..3 {
            let moved = (block.position[axis] - begun.position[axis]).abs();
            assert!(moved < 1e-3, "a block at rest moved {moved} m: {block:?}");
        }
    }
}

#[test]
fn a_block_thrown_at_ten_metres_per_second_passes_neither_floor_nor_wall() {
    // 10 m/s are 40 mm in a tick, less than the block's 65 and the wall's 100 mm.
    const SPEED: f64 = 10.0;
    let mut rng = Rng::stream(SEED, 0, "thrown");
    let scene = Arc::new(Scene::new().movable("tool_block"));
    for (setting, _) in contact::SETTINGS {
        let mut world = setting.world();
        for throw in 0..100 {
            let mut state = State::new(Arc::clone(&scene), RobotState::resting(RAISED));
            let angle = rng.uniform(-3.1, 3.1);
            let block = &mut state.blocks[0];
            block.position = [0.0, 0.0, rng.uniform(0.06, 0.12)];
            block.orientation =
                math::from_rotation_vector([(); 3].map(|()| rng.uniform(-1.0, 1.0)));
            block.linear_velocity = match throw % 2 {
                0 => [0.0, 0.0, -SPEED],
                _ => math::from_cylindrical([SPEED, angle, 0.0]),
            };
            let mut watch = Watch::default();
            let mut next = state.clone();
            for _ in 0..30 {
                world.step(&state, &Command::JointPositions(RAISED), &mut next);
                watch.step(&state, &next, setting.preset);
                std::mem::swap(&mut state, &mut next);
            }
        }
    }
}

/// Writes one number of a state.
type Write = fn(&mut State, f64);

/// A number of each kind that a state has.
const NUMBERS: [(&str, Write); 39] = [
    ("joint position", |s, x| s.robot.joint_positions[8] = x),
    ("joint velocity", |s, x| s.robot.joint_velocities[4] = x),
    ("height", |s, x| s.robot.height = x),
    ("link mass", |s, x| s.robot.links[11].mass = x),
    ("link color", |s, x| s.robot.links[0].color[2] = x),
    ("robot friction", |s, x| s.robot.friction = x),
    ("robot restitution", |s, x| s.robot.restitution = x),
    ("joint damping", |s, x| s.robot.joint_damping = x),
    ("position gain", |s, x| s.robot.position_gain_factor = x),
    ("velocity gain", |s, x| s.robot.velocity_gain_factor = x),
    ("torque limit", |s, x| s.robot.torque_limit = x),
    ("noise", |s, x| s.robot.joint_position_noise = x),
    ("target", |s, x| s.robot.target[3] = x),
    ("torque", |s, x| s.robot.torques[3] = x),
    ("action", |s, x| s.robot.actions.recent[7][8] = x),
    ("floor friction", |s, x| s.arena.floor.friction = x),
    ("floor restitution", |s, x| s.arena.floor.restitution = x),
    ("floor color", |s, x| s.arena.floor.color[0] = x),
    ("wall friction", |s, x| s.arena.wall.friction = x),
    ("wall restitution", |s, x| s.arena.wall.restitution = x),
    ("wall color", |s, x| s.arena.wall.color[1] = x),
    ("gravity", |s, x| s.arena.gravity[2] = x),
    ("block size", |s, x| s.blocks[0].size[2] = x),
    ("block mass", |s, x| s.blocks[0].mass = x),
    ("block friction", |s, x| s.blocks[0].friction = x),
    ("block restitution", |s, x| s.blocks[0].restitution = x),
    ("block drag", |s, x| s.blocks[0].linear_damping = x),
    ("block rotational drag", |s, x| s.blocks[0].angular_damping = x),
    ("block color", |s, x| s.blocks[0].color[0] = x),
    ("block position", |s, x| s.blocks[0].position[1] = x),
    ("block orientation", |s, x| s.blocks[0].orientation[3] = x),
    ("block velocity", |s, x| s.blocks[0].linear_velocity[0] = x),
    ("block spin", |s, x| s.blocks[0].angular_velocity[1] = x),
    ("goal size", |s, x| s.goals[0].size[0] = x),
    ("goal color", |s, x| s.goals[0].color[0] = x),
    ("goal position", |s, x| s.goals[0].position[2] = x),
    ("goal orientation", |s, x| s.goals[0].orientation[1] = x),
    ("delay", |s, x| s.robot.action_delay = x.to_bits() as usize),
    ("smoothing", |s, x| s.robot.action_smoothing = x.to_bits() as usize),
];

#[test]
fn no_number_that_is_not_finite_gets_in() {
    let mut env = Env::new(Config::new("pushing")).expect("a built-in family");
    env.reset(Some(SEED));
    let state = env.state().clone();
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for i in 0..9 {
            let mut action = [0.0; 9];
            action[i] = bad;
            assert!(env.step(&action).is_err());
        }
        for variable in Variable::all(&state.scene, env.family().rules()) {
            let path = variable.path(&state.scene);
            for i in 0..variable.read(&state).len() {
                let mut values = variable.read(&state);
                values[i] = bad;
                let intervention = Intervention::new().with(&path, values);
                assert!(env.do_intervention(&intervention, false).is_err(), "{path} took {bad}");
            }
        }
        for (name, change) in NUMBERS {
            let mut other = state.clone();
            change(&mut other, bad);
            assert!(env.set_state(&other).is_err(), "{name} took {bad}");
        }
        assert_eq!(env.state(), &state);
    }
}
