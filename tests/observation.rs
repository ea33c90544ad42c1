//! Structured observations: the reference's layouts, start vectors and recorded rows.

use std::sync::Arc;

use serde::Deserialize;
use trifactor::State;
use trifactor::env::observation::{Layout, standard_keys};
use trifactor::math::{self, Quat, Triple};
use trifactor::robot::{Nine, REST, RobotState, kinematics};
use trifactor::task::Family;
use trifactor::world::{GoalShape, Scene};

fn pushing() -> State {
    let scene = Scene::new().movable("tool_block").goal("goal_block", GoalShape::Cuboid);
    let mut state = State::new(Arc::new(scene), RobotState::resting(REST));
    state.blocks[0].position = [0.0, -0.08, 0.0325];
    state.goals[0].position = [0.0, 0.08, 0.0325];
    state
}

fn picking() -> State {
    let mut state = pushing();
    state.blocks[0].position = [0.0, 0.0, 0.0325];
    state.goals[0].position = [0.0, 0.0, 0.15];
    state
}

fn pick_and_place() -> State {
    let scene =
        Scene::new().fixed("obstacle").movable("tool_block").goal("goal_block", GoalShape::Cuboid);
    let mut state = State::new(Arc::new(scene), RobotState::resting(REST));
    state.blocks[0].size = [0.5, 0.015, 0.065];
    state.blocks[1].position = [0.0, -0.09, 0.0325];
    state.goals[0].position = [0.0, 0.09, 0.0325];
    state
}

fn reaching(obstacles: usize) -> State {
    let mut scene = Scene::new();
    for finger in ["60", "120", "300"] {
        scene = scene.goal(&format!("goal_{finger}"), GoalShape::Sphere);
    }
    for i in 0..obstacles {
        scene = scene.fixed(&format!("obstacle_{i}"));
    }
    let mut state = State::new(Arc::new(scene), RobotState::resting(REST));
    for (i, goal) in state.goals.iter_mut().enumerate() {
        goal.position = [0.0, 0.0, 0.1 + 0.03 * i as f64];
    }
    state
}

fn layout(state: &State) -> Layout {
    Layout::new(&standard_keys(&state.scene), &state.scene).unwrap()
}

fn tips(state: &State) -> Nine {
    kinematics::tips(&state.robot.joint_positions, state.robot.height)
}

fn observe(state: &State, time_left: f64, seconds: f64, normalized: bool) -> Vec<f64> {
    let layout = layout(state);
    let mut out = vec![f64::NAN; layout.len()];
    layout.write(state, &tips(state), time_left, seconds, normalized, &mut out).unwrap();
    out
}

/// The first place of a key's numbers and how many there are.
fn place(layout: &Layout, key: &str) -> (usize, usize) {
    let range = layout.keys().find(|(k, _)| *k == key).unwrap().1;
    (range.start, range.len())
}

fn all_near(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= tolerance, "entry {i}: {a} is not {b}");
    }
}

#[test]
fn layouts_are_the_references() {
    let head = [
        ("time_left_for_task", 0, 1),
        ("joint_positions", 1, 9),
        ("joint_velocities", 10, 9),
        ("end_effector_positions", 19, 9),
    ];
    let block = [
        ("tool_block_type", 28, 1),
        ("tool_block_size", 29, 3),
        ("tool_block_cartesian_position", 32, 3),
        ("tool_block_orientation", 35, 4),
        ("tool_block_linear_velocity", 39, 3),
        ("tool_block_angular_velocity", 42, 3),
        ("goal_block_type", 45, 1),
        ("goal_block_size", 46, 3),
        ("goal_block_cartesian_position", 49, 3),
        ("goal_block_orientation", 52, 4),
    ];
    let obstacle = [
        ("obstacle_type", 56, 1),
        ("obstacle_size", 57, 3),
        ("obstacle_cartesian_position", 60, 3),
        ("obstacle_orientation", 63, 4),
    ];
    let goals = [
        ("goal_60_cartesian_position", 28, 3),
        ("goal_120_cartesian_position", 31, 3),
        ("goal_300_cartesian_position", 34, 3),
    ];
    let second_obstacle = [("obstacle_1_type", 48, 1), ("obstacle_1_orientation", 55, 4)];
    type Places<'a> = Vec<&'a [(&'a str, usize, usize)]>;
    let cases: [(State, usize, Places); 4] = [
        (pushing(), 56, vec![&head, &block]),
        (pick_and_place(), 67, vec![&head, &block, &obstacle]),
        (reaching(0), 37, vec![&head, &goals]),
        (reaching(2), 59, vec![&head, &goals, &second_obstacle]),
    ];
    for (state, length, parts) in cases {
        let layout = layout(&state);
        assert_eq!(layout.len(), length);
        for (key, start, size) in parts.into_iter().flatten() {
            assert_eq!(place(&layout, key), (*start, *size), "{key}");
        }
    }
}

#[test]
fn families_observe_the_standard_layout_of_their_scene() {
    for (name, seconds, by_hand) in [("pushing", 10.0, pushing()), ("reaching", 5.0, reaching(0))] {
        let family = Family::named(name).unwrap();
        let state = family.initial_state();
        assert_eq!(family.observation(&state), standard_keys(&state.scene));
        assert_eq!(
            observe(&state, seconds, seconds, true),
            observe(&by_hand, seconds, seconds, true)
        );
    }
}

#[test]
fn names_say_key_and_component_of_every_number() {
    let names = layout(&pushing()).names();
    assert_eq!(names.len(), 56);
    assert_eq!(names[0], "time_left_for_task");
    assert_eq!(names[18], "joint_velocities[8]");
    assert_eq!(names[45], "goal_block_type");
    assert_eq!(names[55], "goal_block_orientation[3]");
}

/// The normalised robot part at the start of an episode (facts 3.2).
#[rustfmt::skip]
const START: [f64; 28] = [
    1.0,
    0.22179, 0.4335, -0.2618, 0.22179, 0.4335, -0.2618, 0.22179, 0.4335, -0.2618,
    0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
    -0.1189, 0.31727, -0.77655, 0.33422, -0.05567, -0.77655, -0.21532, -0.26161, -0.77655,
];

#[test]
fn the_start_of_pushing_has_the_references_numbers() {
    let state = pushing();
    #[rustfmt::skip]
    let objects = [
        1.0, 0.0, 0.0, 0.0, 0.0, -0.16, -0.87, 0.0, 0.0, 0.0, 0.1, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
        20.0, 0.0, 0.0, 0.0, 0.0, 0.16, -0.87, 0.0, 0.0, 0.0, 0.1,
    ];
    // The facts give five digits.
    let found = observe(&state, 10.0, 10.0, true);
    all_near(&found[..28], &START, 5.1e-6);
    all_near(&found[28..], &objects, 1e-12);
    assert!((observe(&state, 10.0 - 0.012, 10.0, true)[0] - 0.9976).abs() < 1e-12);
    // Without normalisation (facts 3.4).
    let raw = observe(&state, 10.0, 10.0, false);
    assert_eq!(raw[0], 10.0);
    assert_eq!(raw[1..10], REST);
    all_near(&raw[19..22], &[-0.059450, 0.158637, 0.055863], 5.1e-7);
    assert_eq!(raw[28..32], [1.0, 0.065, 0.065, 0.065]);
    assert_eq!(raw[32..39], [0.0, -0.08, 0.0325, 0.0, 0.0, 0.0, 1.0]);
    assert_eq!(raw[45..49], [20.0, 0.065, 0.065, 0.065]);
    assert_eq!(raw[49..56], [0.0, 0.08, 0.0325, 0.0, 0.0, 0.0, 1.0]);
}

#[test]
fn the_start_of_reaching_has_the_references_numbers() {
    let state = reaching(0);
    all_near(&observe(&state, 5.0, 5.0, true)[..28], &START, 5.1e-6);
    let raw = observe(&state, 5.0, 5.0, false);
    assert_eq!(raw[0], 5.0);
    all_near(&raw[28..], &[0.0, 0.0, 0.1, 0.0, 0.0, 0.13, 0.0, 0.0, 0.16], 1e-15);
    let normalized = observe(&state, 5.0, 5.0, true);
    all_near(&normalized[28..], &[0.0, 0.0, -0.6, 0.0, 0.0, -0.48, 0.0, 0.0, -0.36], 1e-12);
}

#[derive(Deserialize)]
struct Recorded {
    joint_positions: Nine,
    joint_velocities: Nine,
    block_position: Triple,
    block_orientation: Quat,
    block_linear_velocity: Triple,
    block_angular_velocity: Triple,
}

#[derive(Deserialize)]
struct Row {
    family: String,
    step: u64,
    block_mass: f64,
    block_size: Triple,
    state: Recorded,
    observation: Vec<f64>,
}

#[test]
fn recorded_observations_are_recomputed_from_recorded_states() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/one_step.jsonl");
    let text = std::fs::read_to_string(path).unwrap();
    let mut count = 0;
    for line in text.lines() {
        let row: Row = serde_json::from_str(line).unwrap();
        let (mut state, seconds) = match row.family.as_str() {
            "pushing" => (pushing(), 10.0),
            "picking" => (picking(), 10.0),
            "pick_and_place" => (pick_and_place(), 20.0),
            other => panic!("no scene for {other}"),
        };
        state.robot.joint_positions = row.state.joint_positions;
        state.robot.joint_velocities = row.state.joint_velocities;
        let tool = state.scene.block_index("tool_block").unwrap();
        let block = &mut state.blocks[tool];
        (block.mass, block.size) = (row.block_mass, row.block_size);
        block.position = row.state.block_position;
        block.orientation = row.state.block_orientation;
        block.linear_velocity = row.state.block_linear_velocity;
        block.angular_velocity = row.state.block_angular_velocity;
        // The goals were drawn at random; the rows hold them in the observation alone.
        let goal = &row.observation[49..56];
        state.goals[0].position = [goal[0] * 0.5, goal[1] * 0.5, (goal[2] + 1.0) * 0.25];
        state.goals[0].orientation = [goal[3], goal[4], goal[5], goal[6]].map(|x| x * 10.0);
        // Three ticks of 4 ms a step, and seconds in the observed time.
        let time_left = seconds - 0.012 * row.step as f64;
        all_near(&observe(&state, time_left, seconds, true), &row.observation, 1e-9);
        count += 1;
    }
    assert_eq!(count, 871);
}

#[test]
fn every_observable_key_reads_its_variable() {
    let mut state = pick_and_place();
    let block = &mut state.blocks[1];
    (block.mass, block.friction) = (0.05, 0.7);
    block.color = [0.1, 0.2, 0.3];
    state.goals[0].color = [0.4, 0.5, 0.6];
    state.blocks[0].friction = 0.9;
    state.robot.torques = [0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09];
    state.robot.target = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
    let keys = [
        "joint_torques",
        "action_joint_positions",
        "tool_block_cylindrical_position",
        "tool_block_mass",
        "tool_block_friction",
        "tool_block_color",
        "goal_block_color",
        "goal_block_cylindrical_position",
        "obstacle_friction",
    ];
    let layout = Layout::new(&keys, &state.scene).unwrap();
    let mut raw = vec![0.0; layout.len()];
    layout.write(&state, &[0.0; 9], 1.0, 2.0, false, &mut raw).unwrap();
    let mut expected = [state.robot.torques, state.robot.target].concat();
    expected.extend(math::to_cylindrical(state.blocks[1].position));
    expected.extend([0.05, 0.7, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6]);
    expected.extend(math::to_cylindrical(state.goals[0].position));
    expected.push(0.9);
    assert_eq!(raw, expected);
    // Normalised once, with the bounds of facts 3.2 and 3.3.
    let mut scaled = vec![0.0; layout.len()];
    layout.write(&state, &[0.0; 9], 1.0, 2.0, true, &mut scaled).unwrap();
    let share = |value: f64, low: f64, high: f64| 2.0 * (value - low) / (high - low) - 1.0;
    all_near(&scaled[..1], &[share(0.01, -0.36, 0.36)], 1e-15);
    all_near(&scaled[9..10], &[share(0.1, -1.57, 1.0)], 1e-15);
    all_near(&scaled[18..20], &[share(0.09, 0.0, 0.2), -2.0], 1e-12);
    all_near(&scaled[21..23], &[share(0.05, 0.02, 0.2), share(0.7, 0.0, 10.0)], 1e-15);
}

#[test]
fn single_precision_is_the_rounded_double_precision() {
    let mut state = pushing();
    state.blocks[0].linear_velocity = [3.0, -0.123_456_789, 0.0];
    let layout = layout(&state);
    let mut single = vec![0.0_f32; layout.len()];
    layout.write(&state, &tips(&state), 7.0, 10.0, true, &mut single).unwrap();
    let double = observe(&state, 7.0, 10.0, true);
    assert_eq!(single, double.iter().map(|&x| x as f32).collect::<Vec<_>>());
    // Nothing is clipped: this velocity is six times its nominal bound.
    assert_eq!(double[39], 6.0);
}

#[test]
fn nominal_bounds_normalise_to_the_unit_interval_and_all_values_lie_in_the_space() {
    let state = pushing();
    let layout = layout(&state);
    let raw = layout.nominal_space(10.0, false);
    assert_eq!((raw.low[0], raw.high[0]), (0.0, 10.0));
    assert_eq!((raw.low[1], raw.high[3]), (-1.57, 3.0));
    assert_eq!((raw.low[34], raw.high[34]), (0.0, 0.5));
    assert_eq!((raw.low[28], raw.high[45]), (1.0, 20.0));
    let scaled = layout.nominal_space(10.0, true);
    for i in 0..layout.len() {
        let id = [(28, 1.0), (45, 20.0)].iter().find(|(at, _)| *at == i).map(|(_, id)| *id);
        assert_eq!(scaled.low[i], id.unwrap_or(-1.0), "{i}");
        assert_eq!(scaled.high[i], id.unwrap_or(1.0), "{i}");
    }
    let space = layout.space(10.0, true);
    let mut wild = state.clone();
    wild.blocks[0].linear_velocity = [1e6; 3];
    assert!(space.contains(&observe(&wild, -3.0, 10.0, true)));
    assert!(!scaled.contains(&observe(&wild, -3.0, 10.0, true)));
    assert!(space.low.iter().zip(&space.high).all(|(low, high)| low < high));
    // What has no bound is not bounded by some large number.
    let bounds = space.low.iter().chain(&space.high);
    assert!(bounds.clone().all(|x| x.is_infinite() || x.abs() < 100.0));
    assert!(bounds.clone().any(|x| x.is_infinite()) && bounds.clone().any(|x| x.is_finite()));
}

#[test]
fn noise_on_joint_positions_depends_on_seed_episode_and_step_alone() {
    let mut state = pushing();
    let exact = observe(&state, 10.0, 10.0, false);
    state.robot.joint_position_noise = 0.01;
    let noisy = observe(&state, 10.0, 10.0, false);
    assert!((1..10).all(|i| noisy[i] != exact[i]));
    assert_eq!(noisy[10..], exact[10..]);
    state.blocks[0].mass = 0.1;
    assert_eq!(observe(&state, 10.0, 10.0, false)[1..10], noisy[1..10]);
    let mut squares = 0.0;
    for step in 0..1000 {
        state.step = step;
        let observed = observe(&state, 10.0, 10.0, false);
        squares +=
            (1..10).map(|i| (observed[i] - exact[i]) * (observed[i] - exact[i])).sum::<f64>();
    }
    // The mean square of 9,000 draws lies within four standard errors of the variance.
    let ratio = squares / 9000.0 / 1e-4;
    assert!((ratio - 1.0).abs() < 4.0 * (2.0_f64 / 9000.0).sqrt(), "{ratio}");
    for change in [|s: &mut State| s.seed += 1, |s: &mut State| s.episode += 1] {
        let mut other = state.clone();
        change(&mut other);
        assert_ne!(
            observe(&other, 10.0, 10.0, false)[1..10],
            observe(&state, 10.0, 10.0, false)[1..10]
        );
    }
}

#[test]
fn keys_and_shapes_that_do_not_fit_are_refused_by_name() {
    let state = pick_and_place();
    for key in ["tool_block_masss", "goal_block_friction", "obstacle_mass", "tool_type", "_size"] {
        let message = Layout::new(&[key], &state.scene).unwrap_err().to_string();
        assert!(message.contains(&format!("'{key}'")), "{message}");
        assert!(message.contains("tool_block_mass") && message.contains("joint_torques"));
    }
    let layout = layout(&state);
    let mut short = [0.5; 66];
    let refused = layout.write(&state, &[0.0; 9], 1.0, 1.0, true, &mut short);
    assert!(refused.unwrap_err().to_string().contains("expected 67 numbers, got 66"));
    let mut out = [0.5; 67];
    let refused = layout.write(&pushing(), &[0.0; 9], 1.0, 1.0, true, &mut out);
    assert!(refused.unwrap_err().to_string().contains("1 blocks and 1 goals"));
    assert_eq!(out, [0.5; 67]);
}
