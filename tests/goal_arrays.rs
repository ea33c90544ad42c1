//! Goals as arrays: what a goal-conditioned environment pays, hindsight, and the way back.

use std::sync::Arc;

use serde_json::json;
use trifactor::env::{Config, Env};
use trifactor::intervention::Intervention;
use trifactor::rng::Rng;
use trifactor::robot::{REST, RobotState, kinematics};
use trifactor::task::goal::{GoalLayout, GoalReward, ROW, relabel};
use trifactor::task::overlap::Overlap;
use trifactor::task::reward::Rules;
use trifactor::task::{Family, RewardDocument, registry};
use trifactor::world::{GoalShape, GoalState, Hull, Mesh, Scene};
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
    let env = env("pushing", |_| ());
    let reward: GoalReward = env.goal_reward();
    let [good, _] = arrays(&env);
    let message = |a: &[f64], d: &[f64]| reward.reward(a, d).unwrap_err().to_string();
    assert!(message(&good[..9], &good).contains("achieved_goal: expected 10 numbers for every"));
    assert!(message(&good, &good[..1]).contains("desired_goal"));
    let twice = [&good[..], &good[..]].concat();
    assert!(reward.rewards(&twice[..19], &twice, 2).is_err());
    let mut second = twice.clone();
    second[17] = -0.065;
    let refused = reward.rewards(&twice, &second, 2).unwrap_err().to_string();
    assert!(refused.contains("desired_goal[1, 7]") && refused.contains("-0.065"), "{refused}");
    // Nothing desired is no goal that is reached.
    let nothing = message(&good, &[0.0; 2 * ROW]);
    assert!(nothing.contains("desired_goal") && nothing.contains("at least one row"), "{nothing}");
    assert!(message(&[0.0; ROW], &good).contains("'achieved_goal'"));
    let reaching = self::env("reaching", |_| ());
    assert!(reaching.goal_reward().reward(&good, &good).is_err(), "nine numbers, not ten");
    let other = self::env("stacking2", |_| ());
    assert!(relabel(reaching.goal_layout(), other.state(), &[0.0; 9]).is_err());
}

/// What stands in a row, by the place in it.
fn part_of(number: usize, reaching: bool) -> &'static str {
    match number % ROW {
        _ if reaching => "position",
        0..=2 => "position",
        3..=6 => "orientation",
        _ => "size",
    }
}

#[test]
fn every_number_of_a_goal_array_is_possible_or_refused_by_its_place() {
    for family in registry::names() {
        let reaching = family == "reaching";
        let env = env(family, |_| ());
        let (layout, reward) = (env.goal_layout(), env.goal_reward());
        let [achieved, own] = arrays(&env);
        let most = reward.reward(&own, &own).unwrap();
        for i in 0..own.len() {
            if !reaching && own[i / ROW * ROW..][..ROW] == [0.0; ROW] {
                continue;
            }
            for value in [0.0, -own[i], -1.0, f64::NAN, f64::INFINITY, 1e30, -1e300] {
                let mut changed = own.clone();
                changed[i] = value;
                let quaternion_left = || {
                    let start = i / ROW * ROW + 3;
                    changed[start..start + 4].iter().any(|x| *x != 0.0)
                };
                let possible = value.is_finite()
                    && match part_of(i, reaching) {
                        "position" => value.abs() < 1e6,
                        // Of any length but zero, as interventions take it.
                        "orientation" => value.abs() < 1e100 && quaternion_left(),
                        _ => value > 0.0 && value < 0.5,
                    };
                let place = match part_of(i, reaching) {
                    "orientation" if value.is_finite() => i / ROW * ROW + 3,
                    _ => i,
                };
                let named = |array: &str, refused: Error| {
                    let (text, path) = (refused.to_string(), format!("{array}[{place}]"));
                    assert!(text.contains(&path), "{family}: {path} is not in '{text}'");
                };
                let what = format!("{family}: number {i} = {value}");
                match (reward.reward(&achieved, &changed), possible) {
                    (Ok(paid), true) => assert!(paid.is_finite() && paid <= most, "{what}: {paid}"),
                    (Err(refused), false) => named("desired_goal", refused),
                    (found, _) => panic!("{what}: {found:?}"),
                }
                match (relabel(layout, env.state(), &changed), possible) {
                    (Ok(state), true) => env.check_state(&state).unwrap(),
                    (Err(refused), false) => named("desired_goal", refused),
                    (found, _) => panic!("{what}: {found:?}"),
                }
                if let Err(refused) = reward.reward(&changed, &own) {
                    assert!(!possible, "{what}: {refused}");
                    named("achieved_goal", refused);
                } else {
                    assert!(possible, "{what} was achieved");
                }
            }
        }
        if !reaching {
            let nothing = vec![0.0; own.len()];
            assert!(reward.reward(&achieved, &nothing).is_err(), "{family}: nothing is desired");
            assert!(relabel(layout, env.state(), &nothing).is_err(), "{family}: nothing is left");
        }
    }
}

#[test]
fn a_goal_that_is_none_is_refused_in_states_and_interventions_alike() {
    for family in registry::names() {
        let mut env = env(family, |_| ());
        let before = env.state().clone();
        let name = before.scene.goals[0].name.clone();
        let goal = before.goals[0];
        for value in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e300] {
            for (attribute, field, wrong) in [
                ("size", "size", GoalState { size: [value; 3], ..goal }),
                ("orientation", "orientation", GoalState { orientation: [value; 4], ..goal }),
                ("cartesian_position", "position", GoalState { position: [value; 3], ..goal }),
                ("color", "color", GoalState { color: [value; 3], ..goal }),
            ] {
                let length = if attribute == "orientation" { 4 } else { 3 };
                let turn = attribute == "orientation" && value == -1.0;
                let possible = match attribute {
                    "cartesian_position" => value.abs() <= 1.0,
                    "color" => value == 0.0,
                    _ => false,
                };
                let mut goals = before.goals.clone();
                goals[0] = wrong;
                let set = env.set_state(&State { goals, ..before.clone() });
                assert_eq!(set.is_ok(), possible, "{family}: a state with {attribute} {value}");
                if let Err(refused) = set {
                    let path = format!("goals[0].{field}");
                    assert!(refused.to_string().contains(&path), "{path}: {refused}");
                }
                env.set_state(&before).unwrap();
                let path = format!("{name}/{attribute}");
                let wanted = Intervention::new().with(&path, vec![value; length]);
                match env.do_intervention(&wanted, false) {
                    Ok(()) => assert!(possible || turn, "{family}: {path} = {value} was taken"),
                    Err(refused) => {
                        let (text, arena) = (refused.to_string(), "would leave the arena");
                        assert!(text.contains(&path) || text.contains(arena), "{path}: {text}");
                    }
                }
                env.set_state(&before).unwrap();
            }
        }
        // No goal at all is none that is reached.
        let scene = Scene { goals: Vec::new(), ..(*before.scene).clone() };
        let bare = State { scene: Arc::new(scene), goals: Vec::new(), ..before.clone() };
        let refused = env.set_state(&bare).unwrap_err().to_string();
        assert!(refused.contains("goals or more"), "{refused}");
        assert_eq!(env.state(), &before);
    }
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
