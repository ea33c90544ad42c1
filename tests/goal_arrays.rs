//! Goals as arrays: what a goal-conditioned environment pays, hindsight, and the way back.

use std::sync::Arc;

use serde_json::json;
use trifactor::env::{Config, Env};
use trifactor::rng::Rng;
use trifactor::robot::{REST, RobotState, kinematics};
use trifactor::task::goal::{GoalLayout, GoalReward, ROW, relabel};
use trifactor::task::overlap::Overlap;
use trifactor::task::reward::Rules;
use trifactor::task::{Family, RewardDocument, registry};
use trifactor::world::{GoalShape, Hull, Mesh, Scene};
use trifactor::{Error, State};

/// The goal-conditioned environment of a family, reset.
fn env(family: &str, change: impl FnOnce(&mut Config)) -> Env {
    let mut config = Config { goal_conditioned: true, skip_frame: 2, ..Config::new(family) };
    change(&mut config);
    let mut env = Env::new(config).unwrap();
    env.reset(Some(3));
    env
}

fn arrays(env: &Env) -> [Vec<f64>; 2] {
    let mut arrays = [vec![0.0; env.goal_layout().len()], vec![0.0; env.goal_layout().len()]];
    env.achieved_goal(&mut arrays[0]).unwrap();
    env.desired_goal(&mut arrays[1]).unwrap();
    arrays
}

/// What is achieved, moved by up to 2 cm and turned a little: an overlap between none and all.
fn near(rng: &mut Rng, goal: &[f64], rows: bool) -> Vec<f64> {
    let mut moved = goal.to_vec();
    for row in moved.chunks_exact_mut(if rows { ROW } else { 3 }) {
        row[..3].iter_mut().for_each(|x| *x += rng.uniform(-0.02, 0.02));
        if rows {
            let mut quat = [0.0, 0.0, rng.uniform(-0.3, 0.3), 1.0];
            let length = (quat[2] * quat[2] + 1.0_f64).sqrt();
            quat.iter_mut().for_each(|x| *x /= length);
            row[3..7].copy_from_slice(&quat);
        }
    }
    moved
}

fn action(rng: &mut Rng) -> [f64; 9] {
    std::array::from_fn(|_| rng.uniform(-1.0, 1.0))
}

#[test]
fn every_family_pays_what_its_goal_arrays_are_worth_bit_for_bit() {
    let mut rng = Rng::stream(1, 0, "goals");
    for family in registry::names() {
        for (sparse, overlap) in
            [(false, Overlap::Volume), (false, Overlap::Aabb), (true, Overlap::Volume)]
        {
            let params = json!({ "activate_sparse_reward": sparse });
            let mut env = env(family, |config| {
                config.overlap = overlap;
                config.task_params = params.as_object().unwrap().clone();
            });
            // Goals near the blocks, so that the reward is not nothing.
            let [achieved, _] = arrays(&env);
            let desired = near(&mut rng, &achieved, family != "reaching");
            let state = relabel(env.goal_layout(), env.state(), &desired).unwrap();
            env.set_state(&state).unwrap();
            for _ in 0..3 {
                let paid = env.step(&action(&mut rng)).unwrap().reward;
                let [achieved, desired] = arrays(&env);
                let worth = env.goal_reward().reward(&achieved, &desired).unwrap();
                assert_eq!(worth.to_bits(), paid.to_bits(), "{family}");
                let outcome = env.goal_reward().outcome(&achieved, &desired).unwrap();
                let expected = match sparse {
                    true => f64::from(u8::from(outcome.success)),
                    false => outcome.goal_term,
                };
                assert_eq!(paid, expected * env.dt(), "{family}");
                assert_ne!(outcome.goal_term, 0.0, "{family}: nothing was measured");
            }
        }
    }
}

#[test]
fn a_goal_conditioned_environment_pays_the_family_s_reward_without_the_dense_terms() {
    let mut rng = Rng::stream(2, 0, "goals");
    for family in registry::names() {
        let rules = Family::named(family).unwrap().reward().rules;
        let zeros = vec![0.0; rules.term_names().len()];
        let mut goal = env(family, |_| ());
        let params = json!({ "dense_reward_weights": zeros, "fractional_reward_weight": 1.0 });
        let task_params = params.as_object().unwrap().clone();
        let config = Config { task_params, skip_frame: 2, ..Config::new(family) };
        let mut plain = Env::new(config).unwrap();
        plain.reset(Some(3));
        for _ in 0..3 {
            let action = action(&mut rng);
            let (a, b) = (goal.step(&action).unwrap().reward, plain.step(&action).unwrap().reward);
            assert!((a - b).abs() <= 1e-12, "{family}: {a} is not {b}");
            assert_eq!(goal.state().blocks, plain.state().blocks);
        }
    }
}

#[test]
fn a_batch_is_worth_what_its_goals_are_worth_one_by_one() {
    let mut rng = Rng::stream(3, 0, "goals");
    for family in ["pushing", "reaching", "stacking2", "creative_stacked_blocks"] {
        let env = env(family, |_| ());
        let [start, _] = arrays(&env);
        let rows = family != "reaching";
        let pairs: Vec<[Vec<f64>; 2]> =
            (0..50).map(|_| [near(&mut rng, &start, rows), near(&mut rng, &start, rows)]).collect();
        let flat = |i: usize| pairs.iter().flat_map(|pair| pair[i].clone()).collect::<Vec<_>>();
        let reward = env.goal_reward();
        let batch = reward.rewards(&flat(0), &flat(1), 50).unwrap();
        let single: Vec<f64> = pairs.iter().map(|[a, d]| reward.reward(a, d).unwrap()).collect();
        assert_eq!(batch, single);
        assert!(batch.iter().any(|r| *r != batch[0]), "{family}: all alike");
        assert!(reward.rewards(&[], &[], 0).unwrap().is_empty());
    }
}

#[test]
fn what_was_achieved_and_is_desired_in_hindsight_is_success() {
    for family in registry::names() {
        let mut env = env(family, |_| ());
        env.step(&[0.3; 9]).unwrap();
        let [achieved, _] = arrays(&env);
        let outcome = env.goal_reward().outcome(&achieved, &achieved).unwrap();
        assert!(outcome.success, "{family}");
        assert!((outcome.fractional_success - 1.0).abs() < 1e-9, "{family}");
        // And so it is in a state with these goals.
        let state = relabel(env.goal_layout(), env.state(), &achieved).unwrap();
        let rules = env.family().reward().rules;
        let tips = kinematics::tips(&state.robot.joint_positions, state.robot.height);
        let of_state = rules.outcome(&state, &tips, Overlap::Volume);
        assert!((of_state.fractional_success - outcome.fractional_success).abs() < 1e-12);
    }
}

#[test]
fn a_state_takes_any_goal_array_and_gives_it_back() {
    let mut rng = Rng::stream(4, 0, "goals");
    for family in registry::names() {
        let env = env(family, |_| ());
        let [achieved, own] = arrays(&env);
        // Its own goals change nothing, not even the scene in memory.
        assert_eq!(&relabel(env.goal_layout(), env.state(), &own).unwrap(), env.state());
        let mut desired = near(&mut rng, &achieved, family != "reaching");
        if desired.len() > 2 * ROW {
            desired[ROW..2 * ROW].fill(0.0);
        }
        let state = relabel(env.goal_layout(), env.state(), &desired).unwrap();
        let layout = GoalLayout::new(env.family().reward().rules, &state.scene, None).unwrap();
        let mut back = vec![0.0; layout.len()];
        layout.desired(&state, &mut back).unwrap();
        assert_eq!(back, desired, "{family}");
        let same =
            State { scene: env.state().scene.clone(), goals: env.state().goals.clone(), ..state };
        assert_eq!(&same, env.state(), "{family}: something but the goals changed");
    }
}

#[test]
fn a_row_is_a_block_and_its_goal_and_zeros_where_it_has_none() {
    let env = env("creative_stacked_blocks", |_| ());
    let scene = &env.state().scene;
    let [achieved, desired] = arrays(&env);
    assert_eq!(achieved.len(), ROW * scene.movable_count());
    assert_eq!((scene.blocks.len(), scene.goals.len()), (24, 6));
    for (row, block) in scene.blocks.iter().enumerate() {
        let numbers = &desired[ROW * row..][..ROW];
        let goal = scene.goal_index(&block.name.replace("tool", "goal"));
        match goal.map(|goal| env.state().goals[goal]) {
            None => assert_eq!(numbers, [0.0; ROW]),
            Some(goal) => {
                assert_eq!(numbers[..3], goal.position);
                assert_eq!(numbers[3..7], goal.orientation);
                assert_eq!(numbers[7..], goal.size);
            }
        }
        assert_eq!(achieved[ROW * row..][..3], env.state().blocks[row].position);
    }
    let names = env.goal_layout().names();
    assert_eq!(names.len(), achieved.len());
    assert_eq!(names[ROW + 6], format!("{}_orientation[3]", scene.blocks[1].name));
}

#[test]
fn a_declared_maximum_pads_the_arrays_and_changes_no_reward() {
    let padded = env("stacking2", |config| config.max_blocks = Some(5));
    let plain = env("stacking2", |_| ());
    let ([a, d], [padded_a, padded_d]) = (arrays(&plain), arrays(&padded));
    assert_eq!((a.len(), padded_a.len()), (2 * ROW, 5 * ROW));
    assert_eq!((&padded_a[..2 * ROW], &padded_d[..2 * ROW]), (&a[..], &d[..]));
    assert!(padded_a[2 * ROW..].iter().chain(&padded_d[2 * ROW..]).all(|x| *x == 0.0));
    let reward = plain.goal_reward();
    assert_eq!(reward.reward(&padded_a, &padded_d), reward.reward(&a, &d));
    assert_eq!(reward.reward(&a, &padded_d), reward.reward(&a, &d));
    let short = Config { max_blocks: Some(1), ..Config::new("stacking2") };
    let refused = Env::new(short).map(|_| ()).unwrap_err();
    assert!(matches!(refused, Error::TooMany { found: 2, most: 1, .. }), "{refused}");
}

#[test]
fn arrays_in_single_precision_are_worth_the_same_to_its_rounding() {
    let mut rng = Rng::stream(5, 0, "goals");
    for family in ["pushing", "reaching", "towers"] {
        let env = env(family, |_| ());
        let [achieved, _] = arrays(&env);
        for _ in 0..100 {
            let desired = near(&mut rng, &achieved, family != "reaching");
            let rounded =
                |goal: &[f64]| goal.iter().map(|x| f64::from(*x as f32)).collect::<Vec<_>>();
            let reward = |a: &[f64], d: &[f64]| env.goal_reward().reward(a, d).unwrap() / env.dt();
            let (exact, single) =
                (reward(&achieved, &desired), reward(&rounded(&achieved), &rounded(&desired)));
            // Six faces of an edge of 0.035 m or more, each moved by at most 1e-7 of 0.3 m.
            assert!((exact - single).abs() < 1e-5, "{family}: {exact} and {single}");
        }
    }
}

#[test]
fn arrays_that_are_no_goals_are_refused_with_the_reason() {
    let reward: GoalReward = env("pushing", |_| ()).goal_reward();
    let good = [0.0; ROW];
    let message = |a: &[f64], d: &[f64]| reward.reward(a, d).unwrap_err().to_string();
    assert!(message(&good[..9], &good).contains("achieved_goal: expected 10 numbers for every"));
    assert!(message(&good, &good[..1]).contains("desired_goal"));
    let mut nan = good;
    nan[2] = f64::NAN;
    assert!(message(&good, &nan).contains("desired_goal contains NaN"));
    assert!(reward.rewards(&[0.0; 21], &[0.0; 20], 2).is_err());
    let reaching = env("reaching", |_| ());
    assert!(reaching.goal_reward().reward(&good, &good).is_err(), "nine numbers, not ten");
    // A rotation that is none counts as no rotation; nothing panics and nothing is NaN.
    let mut wild = good;
    wild[7..].fill(0.065);
    assert_eq!(reward.outcome(&wild, &wild).unwrap().fractional_success, 1.0);
    let other = env("stacking2", |_| ());
    assert!(relabel(reaching.goal_layout(), other.state(), &[0.0; 9]).is_err());
}

/// A wedge: half of a box, its faces through the box's diagonal.
fn wedge() -> Mesh {
    let [x, y, z] = [0.5; 3];
    let vertices =
        vec![[-x, -y, -z], [x, -y, -z], [-x, y, -z], [x, y, -z], [-x, -y, z], [-x, y, z]];
    let triangles = vec![
        [0, 2, 3],
        [0, 3, 1],
        [0, 4, 5],
        [0, 5, 2],
        [1, 3, 5],
        [1, 5, 4],
        [0, 1, 4],
        [2, 5, 3],
    ];
    Mesh::new(vec![Hull { vertices, triangles }]).unwrap()
}

#[test]
fn rows_of_meshes_are_worth_what_the_state_says() {
    let scene = Scene::new()
        .movable("tool_wedge")
        .movable("tool_cube")
        .movable("tool_spare")
        .goal("goal_wedge", GoalShape::Cuboid)
        .goal("goal_cube", GoalShape::Cuboid)
        .meshed("tool_wedge", wedge())
        .meshed("tool_spare", wedge())
        .meshed("goal_wedge", wedge());
    let mut state = State::new(Arc::new(scene), RobotState::resting(REST));
    for (i, block) in state.blocks.iter_mut().enumerate() {
        block.position = [0.1 * i as f64, 0.0, 0.05];
    }
    let layout = GoalLayout::new(Rules::Filling, &state.scene, None).unwrap();
    let document = RewardDocument {
        rules: Rules::Filling,
        terms: vec![],
        fractional_weight: 1.0,
        sparse: false,
    };
    let mut rng = Rng::stream(6, 0, "goals");
    for overlap in [Overlap::Volume, Overlap::Aabb] {
        let reward = GoalReward::new(&document, overlap, 1.0, &layout);
        let mut achieved = vec![0.0; layout.len()];
        layout.achieved(&state, &[0.0; 9], &mut achieved).unwrap();
        let mut seen = Vec::new();
        for _ in 0..20 {
            let mut desired = near(&mut rng, &achieved, true);
            desired[2 * ROW..].fill(0.0);
            let other = relabel(&layout, &state, &desired).unwrap();
            let of_arrays = reward.outcome(&achieved, &desired).unwrap().fractional_success;
            let of_state = overlap.of_state(&other);
            assert!((of_arrays - of_state).abs() < 1e-12, "{of_arrays} is not {of_state}");
            seen.push(of_arrays);
        }
        assert!(seen.iter().any(|share| *share < 0.9 * seen[0] || *share > 1.1 * seen[0]));
        // In hindsight the spare wedge is wanted as the wedge that it is.
        let all = reward.outcome(&achieved, &achieved).unwrap().fractional_success;
        assert!((all - 1.0).abs() < 1e-9, "{all}");
        let hindsight = relabel(&layout, &state, &achieved).unwrap();
        assert!((overlap.of_state(&hindsight) - 1.0).abs() < 1e-9);
        assert!(hindsight.scene.goals[2].mesh.is_some());
    }
}
