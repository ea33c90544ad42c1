//! Families whose scenes are built: towers, stacks, piles.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use trifactor::intervention::{Intervention, apply};
use trifactor::math;
use trifactor::robot::{Command, RAISED, RobotState};
use trifactor::task::{Family, registry};
use trifactor::variable::{self, Subspace};
use trifactor::world::{BlockState, Physics, Scene, State, World};
use trifactor::{Config, Env, Error};

use crate::scenes::{in_parallel, long_form};

const BUILT: [&str; 4] = ["towers", "stacked_blocks", "creative_stacked_blocks", "general"];

fn started(name: &str, episode: u64) -> (Family, State) {
    let family = Family::named(name).unwrap();
    let state = State { seed: 3, episode, ..family.initial_state() };
    (family, state)
}

fn world() -> World {
    World::new(Physics::default(), 10).unwrap()
}

fn set(path: &str, value: impl AsRef<[f64]>) -> Intervention {
    Intervention::new().with(path, value)
}

fn bits(state: &State) -> String {
    serde_json::to_string(state).unwrap()
}

fn near(value: f64, expected: f64) {
    assert!((value - expected).abs() < 1e-12, "{value} is not {expected}");
}

fn names(env: &Env) -> Vec<String> {
    env.observation_names()
}

#[test]
fn built_families_have_the_layouts_of_the_reference() {
    for (name, length, seconds) in [
        ("towers", 168, 50.0),
        ("stacked_blocks", 1008, 350.0),
        ("creative_stacked_blocks", 502, 240.0),
        ("general", 168, 50.0),
    ] {
        let env = Env::new(Config::new(name)).unwrap();
        assert_eq!((env.observation_len(), env.episode_seconds()), (length, seconds), "{name}");
        let names = names(&env);
        let group = |at: usize, tool: &str, goal: Option<&str>| {
            assert_eq!(names[at], format!("{tool}_type"));
            assert_eq!(names[at + 16], format!("{tool}_angular_velocity[2]"));
            if let Some(goal) = goal {
                assert_eq!(names[at + 17], format!("{goal}_type"));
                assert_eq!(names[at + 27], format!("{goal}_orientation[3]"));
            }
        };
        match name {
            "towers" => (0..5).for_each(|k| {
                let body = |kind: &str| format!("{kind}_level_{k}_col_0_row_0");
                group(28 + 28 * k, &body("tool"), Some(&body("goal")));
            }),
            "stacked_blocks" => (0..35).for_each(|k| {
                let body = |kind: &str| format!("{kind}_level_{}_num_{}", k / 7, k % 7);
                group(28 + 28 * k, &body("tool"), Some(&body("goal")));
            }),
            "creative_stacked_blocks" => {
                for k in 0..3 {
                    let body = |kind: &str, l: usize| format!("{kind}_level_{l}_num_{k}");
                    group(28 + 28 * k, &body("tool", 0), Some(&body("goal", 0)));
                    group(418 + 28 * k, &body("tool", 7), Some(&body("goal", 7)));
                    (1..7)
                        .for_each(|l| group(112 + 17 * (3 * (l - 1) + k), &body("tool", l), None));
                }
            }
            _ => (0..5).for_each(|k| {
                group(28 + 17 * k, &format!("tool_{k}"), None);
                assert_eq!(names[113 + 11 * k], format!("goal_{k}_type"));
            }),
        }
    }
}

#[test]
fn built_families_start_as_the_facts_say() {
    let (towers, state) = started("towers", 0);
    assert_eq!(state.robot.joint_positions, RAISED);
    let size = [0.035, 0.035, 0.175 / 5.0];
    assert!(state.blocks.iter().all(|b| (b.size, b.mass) == (size, 0.08)));
    for (k, (block, goal)) in state.blocks.iter().zip(&state.goals).enumerate() {
        near(block.position[0], -0.12 + 0.04 * k as f64);
        near(block.position[1], -0.12 + 0.04 * k as f64);
        near(block.position[2], 0.0175);
        near(goal.position[2], 0.0175 + 0.035 * k as f64);
        assert!(goal.position[0].abs() < 1e-12 && goal.position[1].abs() < 1e-12);
    }
    // Facts 5.2: the fourth block starts in the lowest goal.
    let overlap = trifactor::task::overlap::Overlap::Volume.of_state(&state);
    assert!((overlap - 0.2).abs() < 1e-3, "{overlap}");
    assert!(!towers.params().contains_key("joint_positions"));

    let (_, state) = started("stacked_blocks", 0);
    assert_eq!((state.blocks.len(), state.goals.len()), (35, 35));
    let xs: Vec<f64> = state.goals[..7].iter().map(|goal| goal.position[0]).collect();
    for (x, expected) in xs.iter().zip([-0.110, -0.075, -0.040, -0.005, 0.030, 0.065, 0.100]) {
        near(*x, expected);
    }
    near(state.goals[7].position[0], -0.100);
    near(state.blocks[7].position[1], 0.1);
    near(state.blocks[14].position[1], -0.1);
    near(state.blocks[14].position[2], 0.0525);

    let (_, state) = started("creative_stacked_blocks", 0);
    assert_eq!((state.blocks.len(), state.goals.len()), (24, 6));
    for (goal, expected) in state.goals.iter().zip([-0.040, -0.005, 0.030]) {
        near(goal.position[0], expected);
    }

    let (_, state) = started("general", 0);
    assert_eq!((state.blocks.len(), state.goals.len()), (5, 5));
    assert!(state.blocks.iter().all(|b| (b.size, b.mass) == ([0.05; 3], 0.08)));
    for goal in &state.goals {
        assert!(goal.position[2] > 0.024 && goal.position[2] < 0.2, "{:?}", goal.position);
    }
}

/// A world with nothing but blocks at the goals' poses, the robot out of reach.
fn built(state: &State) -> State {
    let blocks: Vec<BlockState> = (state.goals.iter())
        .map(|g| BlockState {
            size: g.size,
            position: g.position,
            orientation: g.orientation,
            mass: 0.05,
            ..BlockState::default()
        })
        .collect();
    let scene = (0..blocks.len()).fold(Scene::new(), |s, i| s.movable(&format!("block_{i}")));
    let robot = RobotState { height: 50.0, ..RobotState::resting(RAISED) };
    State { blocks, ..State::new(Arc::new(scene), robot) }
}

fn drift(state: &State, seconds: f64) -> f64 {
    let mut world = World::new(Physics::default(), 50).unwrap();
    let start = built(state);
    let mut now = start.clone();
    for _ in 0..(seconds / world.dt()).round() as u64 {
        let mut next = now.clone();
        world.step(&now, &Command::JointPositions(RAISED), &mut next);
        now = next;
    }
    let moved = |(a, b): (&BlockState, &BlockState)| {
        (math::vector(a.position) - math::vector(b.position)).norm()
    };
    start.blocks.iter().zip(&now.blocks).map(moved).fold(0.0, f64::max)
}

#[test]
fn what_the_goals_show_stands_five_seconds_when_it_is_built() {
    let long = long_form("structures that are built");
    let count = if long { 1000 } else { 5 };
    // Creative stacks show their ends alone; what is between them is the agent's to choose.
    for name in ["towers", "stacked_blocks", "general"] {
        let built = in_parallel(count, |i| {
            let episode = i as u64;
            let (family, mut state) = started(name, episode);
            if episode > 0 {
                let space = if episode % 2 == 1 { Subspace::A } else { Subspace::B };
                let goals = family.sample_goal(&state, space).unwrap();
                apply(&mut world(), family.rules(), &mut state, &goals, Some(space)).unwrap();
            }
            // Towers of a hundred blocks take minutes: a few of them, in the long form alone.
            if state.blocks.len() > 36 && !(long && episode % 100 == 2) {
                return false;
            }
            let drift = drift(&state, 5.0);
            assert!(drift < 0.005, "{name}, episode {episode}: a block moved {drift} m");
            true
        });
        println!("{name}: {} of {count} built", built.iter().filter(|built| **built).count());
    }
}

#[test]
fn sampled_goals_of_built_families_are_accepted_and_lie_in_the_space_they_come_from() {
    let count = if long_form("sampled structures") { 334 } else { 6 };
    for name in BUILT {
        let mut world = world();
        let family = Family::named(name).unwrap();
        for subspace in [Subspace::A, Subspace::B, Subspace::Both] {
            for episode in 0..count {
                let mut state = State { seed: 8, episode, ..family.initial_state() };
                let goals = family.sample_goal(&state, subspace).unwrap();
                apply(&mut world, family.rules(), &mut state, &goals, Some(subspace))
                    .unwrap_or_else(|e| panic!("{name} {subspace:?} {episode}: {goals:?}: {e}"));
                for (path, value) in &goals.values {
                    assert_eq!(&variable::read(&state, family.rules(), path).unwrap(), value);
                }
                assert!(!state.goals.is_empty() && state.goals.len() <= state.blocks.len());
                for goal in &state.goals {
                    assert!(goal.position[..2].iter().all(|x| x.abs() <= 0.15), "{goal:?}");
                }
            }
        }
    }
}

#[test]
fn the_same_seed_builds_the_same_scenes_and_another_episode_others() {
    for (name, path, value) in
        [("stacked_blocks", "task/stack_levels", 4.0), ("general", "task/nums_objects", 3.0)]
    {
        let build = |episode: u64| {
            let (family, mut state) = started(name, episode);
            // What the world did before must not matter.
            let mut world = world();
            if episode == 1 {
                let mut other = state.clone();
                apply(&mut world, family.rules(), &mut other, &set(path, [value + 1.0]), None)
                    .unwrap();
            }
            apply(&mut world, family.rules(), &mut state, &set(path, [value]), None).unwrap();
            state.episode = 0;
            bits(&state)
        };
        let first = build(1);
        assert_eq!(first, build(1));
        assert_ne!(first, build(2), "{name}");
    }
}

#[test]
fn counts_can_be_lowered_and_raised_and_the_reset_gives_the_first_scene_back() {
    for (name, path, low, high) in [
        ("towers", "task/number_of_blocks_in_tower", vec![1.0, 1.0, 2.0], vec![2.0, 2.0, 2.0]),
        ("stacked_blocks", "task/stack_levels", vec![2.0], vec![6.0]),
        ("creative_stacked_blocks", "task/stack_levels", vec![3.0], vec![4.0]),
        ("general", "task/nums_objects", vec![2.0], vec![6.0]),
    ] {
        let config = Config { normalize_observations: false, ..Config::new(name) };
        let mut env = Env::new(config).unwrap();
        env.reset(Some(1));
        let (start, length) = (bits(env.state()), env.observation_len());
        for counts in [&high, &low, &high] {
            // Some heights and widths let the tower stick out: no check of bounds.
            env.do_intervention(&set(path, counts), false).unwrap();
            let state = env.state();
            let per_block = 28 + 17 * state.blocks.len() + 11 * state.goals.len();
            assert_eq!(env.observation_len(), per_block, "{name} {counts:?}");
            assert_eq!(env.observation_names().len(), per_block);
            env.step(&[0.0; 9]).unwrap();
        }
        match name {
            "towers" => assert_eq!(env.state().blocks.len(), 8),
            "general" => assert_eq!((env.state().blocks.len(), env.state().goals.len()), (6, 6)),
            _ => {}
        }
        env.reset(Some(1));
        assert_eq!((bits(env.state()), env.observation_len()), (start, length), "{name}");
        // As a starting state it persists.
        env.set_starting_state(&set(path, &low), false).unwrap();
        let blocks = env.state().blocks.len();
        env.reset(None);
        assert_eq!(env.state().blocks.len(), blocks, "{name}");
    }
}

#[test]
fn a_scene_of_the_same_size_with_other_names_is_observed_by_its_own_names() {
    let mut env = Env::new(Config::new("towers")).unwrap();
    env.reset(Some(0));
    for (counts, last) in [([1.0, 2.0, 2.0], "col_1_row_0"), ([2.0, 1.0, 2.0], "col_0_row_1")] {
        env.do_intervention(&set("task/number_of_blocks_in_tower", counts), false).unwrap();
        assert_eq!(names(&env)[28 + 28 * 3], format!("tool_level_1_{last}_type"));
    }
}

#[test]
fn refused_structures_leave_every_bit_of_the_state_and_say_why() {
    for (name, wanted, reason) in [
        ("towers", set("task/tower_center", [0.3, 0.0]), "arena"),
        (
            "towers",
            set("task/tower_dims", [0.01, 0.08, 0.08])
                .with("task/number_of_blocks_in_tower", [4.0, 1.0, 1.0]),
            "edges",
        ),
        ("towers", set("task/number_of_blocks_in_tower", [1.5, 1.0, 1.0]), "whole number"),
        ("towers", set("task/stack_levels", [2.0]), "unknown variable"),
        ("stacked_blocks", set("task/stack_levels", [0.0]), "whole number"),
        ("stacked_blocks", set("task/blocks_min_size", [f64::NAN]), "finite"),
        ("general", set("task/nums_objects", [400.0]), "whole number"),
        (
            "general",
            set("task/tool_block_size", [0.5]).with("task/nums_objects", [1.0]),
            "none of 16 piles",
        ),
        // The new scene is there, its block is not free.
        (
            "general",
            set("task/nums_objects", [2.0]).with("tool_0/cartesian_position", [0.0, 0.0, -0.01]),
            "overlap",
        ),
        // What the new scene lacks can not be set.
        ("general", set("task/nums_objects", [2.0]).with("tool_4/mass", [0.05]), "tool_4/mass"),
    ] {
        let (family, mut state) = started(name, 0);
        let before = bits(&state);
        let error = apply(&mut world(), family.rules(), &mut state, &wanted, None).unwrap_err();
        assert!(error.to_string().contains(reason), "{wanted:?}: {error}");
        assert_eq!(bits(&state), before);
    }
    let (family, mut state) = started("towers", 0);
    let out = set("task/tower_dims", [0.3; 3]);
    let refused = apply(&mut world(), family.rules(), &mut state, &out, Some(Subspace::Both));
    assert!(matches!(refused, Err(Error::OutOfSpace { .. })), "{refused:?}");
}

#[test]
fn a_mass_alone_builds_nothing_and_values_that_are_there_already_change_nothing() {
    for name in BUILT {
        let (family, start) = started(name, 0);
        let mut state = start.clone();
        let mass = set("task/blocks_mass", [0.05]);
        apply(&mut world(), family.rules(), &mut state, &mass, Some(Subspace::A)).unwrap();
        assert!(state.blocks.iter().all(|block| block.mass == 0.05));
        let back = set("task/blocks_mass", [0.08]);
        apply(&mut world(), family.rules(), &mut state, &back, Some(Subspace::Both)).unwrap();
        assert_eq!(bits(&state), bits(&start), "{name}");
        // One block's own mass wins over that of all.
        let path = format!("{}/mass", state.scene.blocks[0].name);
        let both = set("task/blocks_mass", [0.05]).with(&path, [0.03]);
        apply(&mut world(), family.rules(), &mut state, &both, None).unwrap();
        assert_eq!((state.blocks[0].mass, state.blocks[1].mass), (0.03, 0.05));
    }
}

#[test]
fn obstacles_of_creative_stacks_outlive_a_new_structure() {
    let (family, mut state) = started("creative_stacked_blocks", 1);
    let mut world = world();
    let mut set = |path: &str, value: f64| {
        apply(&mut world, family.rules(), &mut state, &set(path, [value]), None).unwrap();
        let count = variable::read(&state, family.rules(), "task/number_of_obstacles").unwrap();
        (count[0], family.observation(&state))
    };
    let (count, keys) = set("task/number_of_obstacles", 2.0);
    assert_eq!((count, keys.last().unwrap().as_str()), (2.0, "obstacle_1_orientation"));
    let (count, keys) = set("task/stack_levels", 3.0);
    assert_eq!((count, keys.last().unwrap().as_str()), (2.0, "obstacle_1_orientation"));
    assert_eq!(set("task/number_of_obstacles", 0.0).0, 0.0);
}

#[test]
fn parameters_build_the_start_and_the_defaults_said_change_nothing() {
    let with = |name: &str, params: Value| {
        let params: Map<String, Value> = params.as_object().cloned().unwrap();
        Family::named(name).unwrap().with_params(&params)
    };
    let towers =
        with("towers", json!({"number_of_blocks_in_tower": [2, 1, 2], "tool_block_mass": 0.03}));
    let state = towers.unwrap().initial_state();
    assert_eq!((state.blocks.len(), state.blocks[3].mass), (4, 0.03));
    let stacked = with("stacked_blocks", json!({"num_of_levels": 2, "max_level_width": 0.11}));
    assert_eq!(stacked.unwrap().initial_state().blocks.len(), 6);
    assert_eq!(with("general", json!({"nums_objects": 2})).unwrap().initial_state().goals.len(), 2);
    assert!(with("general", json!({"nums_objects": 2.5})).is_err());
    for name in registry::names() {
        let family = Family::named(name).unwrap();
        let again = family.clone().with_params(&family.params()).unwrap();
        assert_eq!(again.digest(), family.digest(), "{name}");
    }
}

#[test]
fn a_built_world_continues_bitwise_from_its_state_in_another_environment() {
    let mut env = Env::new(Config::new("general")).unwrap();
    env.reset(Some(4));
    env.do_intervention(&set("task/nums_objects", [3.0]), true).unwrap();
    env.step(&[0.2; 9]).unwrap();
    let text = serde_json::to_string(env.state()).unwrap();
    let mut other = Env::new(Config::new("general")).unwrap();
    other.set_state(&serde_json::from_str(&text).unwrap()).unwrap();
    assert_eq!(other.observation_names(), env.observation_names());
    for _ in 0..5 {
        env.step(&[0.3; 9]).unwrap();
        other.step(&[0.3; 9]).unwrap();
        assert_eq!(bits(env.state()), bits(other.state()));
    }
}

#[test]
fn a_start_is_observed_in_the_order_and_the_units_of_the_reference() {
    let config = Config { normalize_observations: false, ..Config::new("towers") };
    let env = Env::new(config).unwrap();
    let mut observed = vec![0.0; env.observation_len()];
    env.observe(&mut observed).unwrap();
    let mut expected = vec![50.0];
    expected.extend(RAISED);
    expected.extend([0.0; 9]);
    // Facts 1.5, the tips of the raised robot.
    expected.extend([0.009192, -0.023889, 0.269447, -0.025284, 0.003984, 0.269447]);
    expected.extend([0.016092, 0.019905, 0.269447]);
    for k in 0..5 {
        let (place, height) = (-0.12 + 0.04 * f64::from(k), 0.0175 + 0.035 * f64::from(k));
        let upright = [0.0, 0.0, 0.0, 1.0];
        expected.extend([1.0, 0.035, 0.035, 0.035, place, place, 0.0175]);
        expected.extend(upright);
        expected.extend([0.0; 6]);
        expected.extend([20.0, 0.035, 0.035, 0.035, 0.0, 0.0, height]);
        expected.extend(upright);
    }
    assert_eq!(observed.len(), expected.len());
    for (i, (found, wanted)) in observed.iter().zip(&expected).enumerate() {
        assert!((found - wanted).abs() < 1e-6, "number {i}: {found} is not {wanted}");
    }
}
