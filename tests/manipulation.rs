//! Picking, pick and place, stacking two: their terms by hand, their ranges, their goals.

use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI};

use serde_json::{Map, Value, json};
use trifactor::intervention::{Intervention, apply};
use trifactor::math::{self, from_cylindrical, from_rotation_vector};
use trifactor::robot::{Nine, kinematics};
use trifactor::task::Family;
use trifactor::task::reward::Rules;
use trifactor::variable::{self, Subspace};
use trifactor::world::{Physics, State, World};
use trifactor::{Config, Env, Error};

fn started(name: &str) -> (World, Family, State) {
    let family = Family::named(name).unwrap();
    let state = family.initial_state();
    (World::new(Physics::default(), 10).unwrap(), family, state)
}

fn near(value: f64, expected: f64) {
    assert!((value - expected).abs() < 1e-12, "{value} is not {expected}");
}

fn every_tip(tip: [f64; 3]) -> Nine {
    std::array::from_fn(|i| tip[i % 3])
}

/// The raw terms of a step between two states, held against the expected ones.
fn terms(rules: Rules, [before, after]: [&State; 2], tips: [Nine; 2], expected: &[(&str, f64)]) {
    let terms = rules.terms(before, after, &tips[0], &tips[1]);
    assert_eq!(terms.len(), expected.len());
    for ((name, value), (wanted, number)) in terms.iter().zip(expected) {
        assert_eq!(name, wanted);
        assert!((value - number).abs() < 1e-12, "{name}: {value} is not {number}");
    }
}

#[test]
fn picking_pays_height_axis_and_tips() {
    let (_, family, mut before) = started("picking");
    // The goal hangs at 0.15 m.
    before.blocks[0].position = [0.03, 0.04, 0.05];
    let mut after = before.clone();
    after.blocks[0].position = [0.0, 0.03, 0.17];
    after.robot.joint_velocities[3] = -0.25;
    let mut tips = every_tip([0.0, 0.03, 0.27]);
    // One finger far off, one near along every axis, one far along z alone.
    tips[..3].copy_from_slice(&[0.4, 0.03, 0.17]);
    tips[3..6].copy_from_slice(&[0.064, 0.03, 0.17]);
    let before_tips = every_tip([0.03, 0.04, 0.05]);
    let to_block = (0.16_f64 + 0.064 * 0.064 + 0.01).sqrt();
    let expected = [
        ("height_progress", 0.10 - 0.02),
        ("height", -0.02),
        ("axis_progress", 0.05 - 0.03),
        ("axis", -0.03),
        ("tips_to_block_progress", -to_block),
        ("tips_to_block", -to_block),
        // Means 0.4 / 3, 0 and 0.1 / 3: what is nearer than the size of 0.065 m counts nothing.
        ("two_nearest_tips", -0.1 / 3.0),
        ("joint_velocity_change", -0.25),
    ];
    terms(Rules::Picking, [&before, &after], [before_tips, tips], &expected);
    let weights = family.reward().weights();
    assert_eq!(weights.dense, [250.0, 0.0, 125.0, 0.0, 750.0, 0.0, 0.0, 0.005]);
    assert_eq!(weights, Rules::Picking.default_weights());
}

#[test]
fn pick_and_place_pays_the_carrying_height_across_and_the_resting_height_beyond() {
    let (_, family, mut before) = started("pick_and_place");
    let tips = every_tip([0.0, 0.0, 0.3]);
    before.blocks[1].position = [0.0, -0.05, 0.10];
    before.robot.joint_velocities = [0.3; 9];
    let mut after = before.clone();
    after.blocks[1].position = [0.0, -0.01, 0.17];
    after.blocks[1].orientation = from_rotation_vector([0.0, 0.0, -FRAC_PI_2]);
    let distance = |y: f64, z: f64| (3.0 * (y * y + (0.3 - z) * (0.3 - z))).sqrt();
    let mut expected = [
        ("tips_to_block_progress", distance(0.05, 0.10) - distance(0.01, 0.17)),
        ("block_to_goal_progress", 0.14 - 0.10),
        ("height_progress", 0.05 - 0.02),
        ("rotation_progress", -FRAC_PI_2),
        // The velocities did not change, though they differ from those of the start.
        ("joint_velocity_change", 0.0),
    ];
    terms(Rules::PickAndPlace, [&before, &after], [tips; 2], &expected);
    // On the goal's side the block is to come down, and was already where it was before.
    after.blocks[1].position = [0.0, 0.01, 0.17];
    // A quaternion's sign does not matter.
    after.blocks[1].orientation = after.blocks[1].orientation.map(|x| -x);
    expected[1].1 = 0.14 - 0.08;
    expected[2].1 = (0.10 - 0.0325) - (0.17 - 0.0325);
    terms(Rules::PickAndPlace, [&before, &after], [tips; 2], &expected);
    let weights = family.reward().weights();
    assert_eq!(
        (weights.fractional, weights.dense.as_slice()),
        (0.0, &[750.0, 50.0, 250.0, 0.0, 0.005][..])
    );
    assert_eq!(weights, Rules::PickAndPlace.default_weights());
}

#[test]
fn stacking_pays_the_first_block_until_it_is_positioned_and_then_the_second() {
    let (_, family, mut before) = started("stacking2");
    let tips = [every_tip([0.0, 0.0, 0.1]), every_tip([0.01, 0.08, 0.1])];
    before.robot.joint_velocities[0] = 1.0;
    let mut after = before.clone();
    after.robot.joint_velocities[0] = 0.6;
    // Goals at (−0.06, −0.06): the first block moves 0.02 m towards it along x and y.
    after.blocks[0].position = [-0.02, -0.02, 0.0325];
    let first = |x: f64, y: f64| (3.0 * (x * x + y * y + 0.0675 * 0.0675)).sqrt();
    let mut expected = [
        ("tips_to_block_progress", first(0.0, 0.0) - first(0.03, 0.10)),
        ("block_1_to_goal_progress", 0.02 * 2_f64.sqrt()),
        ("block_2_height_progress", 0.0),
        ("block_2_over_block_1_progress", 0.0),
        ("joint_velocity_change", -0.4),
    ];
    terms(Rules::Stacking2, [&before, &after], tips, &expected);
    // In place, with the second block lifted above its goal at 0.0975 m.
    before.blocks[0].position = [-0.06, -0.05, 0.0325];
    after.blocks[0].position = [-0.06, -0.06, 0.0325];
    after.blocks[1].position = [-0.06, 0.02, 0.1275];
    let second = |x: f64, y: f64, z: f64| (3.0 * (x * x + y * y + z * z)).sqrt();
    expected[0].1 = second(0.01, 0.08, 0.0675) - second(0.07, 0.06, 0.0275);
    expected[1].1 = 0.0;
    expected[2].1 = 0.065 - 0.03;
    expected[3].1 = (0.07_f64 * 0.07 + 0.13 * 0.13).sqrt() - 0.08;
    terms(Rules::Stacking2, [&before, &after], tips, &expected);
    // Right above the first block there is nothing left to lift.
    after.blocks[1].position = [-0.056, -0.06, 0.1275];
    expected[0].1 = second(0.01, 0.08, 0.0675) - second(0.066, 0.14, 0.0275);
    expected[2].1 = 0.0;
    expected[3].1 = (0.07_f64 * 0.07 + 0.13 * 0.13).sqrt() - 0.004;
    terms(Rules::Stacking2, [&before, &after], tips, &expected);
    let weights = family.reward().weights();
    assert_eq!(weights.dense, [750.0, 250.0, 250.0, 125.0, 0.005]);
    assert_eq!(weights, Rules::Stacking2.default_weights());
}

#[test]
fn the_default_scenes_of_manipulation_are_those_of_the_facts() {
    let (_, picking, state) = started("picking");
    assert_eq!(state.blocks[0].position, [0.0, 0.0, 0.0325]);
    assert_eq!(state.goals[0].position, [0.0, 0.0, 0.15]);
    assert_eq!((state.blocks[0].mass, picking.episode_seconds(&state)), (0.02, 10.0));
    let (_, place, state) = started("pick_and_place");
    assert_eq!((state.blocks[0].size, state.blocks[0].color), ([0.5, 0.015, 0.065], [0.0; 3]));
    assert_eq!(state.blocks[0].position, [0.0, 0.0, 0.0325]);
    assert_eq!(state.blocks[1].position, [0.0, -0.09, 0.0325]);
    assert_eq!(state.goals[0].position, [0.0, 0.09, 0.0325]);
    assert_eq!(place.episode_seconds(&state), 20.0, "the fixed block counts");
    let (_, stacking, state) = started("stacking2");
    assert_eq!(state.blocks[0].position, [0.0, 0.0, 0.0325]);
    assert_eq!(state.blocks[1].position, [0.01, 0.08, 0.0325]);
    assert_eq!(state.goals[0].position, [-0.06, -0.06, 0.0325]);
    assert_eq!(state.goals[1].position, [-0.06, -0.06, 0.0975]);
    assert_eq!(stacking.episode_seconds(&state), 20.0);
}

#[test]
fn parameters_reach_every_place_they_stand_for() {
    let with = |name: &str, params: Value| {
        let params: Map<String, Value> = params.as_object().cloned().unwrap();
        Family::named(name).unwrap().with_params(&params)
    };
    let turn = [0.0, 0.0, 1.0, 0.0];
    let picking = with(
        "picking",
        json!({"goal_height": 0.2, "tool_block_position": [0.03, 0.0, 0.04], "tool_block_orientation": turn}),
    )
    .unwrap();
    let state = picking.initial_state();
    assert_eq!(state.blocks[0].position, [0.03, 0.0, 0.04]);
    assert_eq!(state.goals[0].position, [0.03, 0.0, 0.2]);
    assert_eq!((state.blocks[0].orientation, state.goals[0].orientation), (turn, turn));
    assert_eq!(picking.params()["goal_height"], json!(0.2));

    let stacking = with(
        "stacking2",
        json!({"tool_block_size": 0.06, "tool_block_mass": 0.05, "goal_block_position": [0.05, 0.04, 0.03]}),
    )
    .unwrap();
    let state = stacking.initial_state();
    assert!(state.blocks.iter().all(|b| (b.size, b.mass) == ([0.06; 3], 0.05)));
    assert_eq!(state.blocks[1].position, [0.01, 0.08, 0.03]);
    assert_eq!(state.goals[0].position, [0.05, 0.04, 0.03]);
    near(state.goals[1].position[2], 0.09);
    assert_eq!(state.goals[1].position[..2], [0.05, 0.04]);
    assert_eq!(stacking.params()["tool_block_size"], json!(0.06));
    let message = with("picking", json!({"goal_height": [0.1, 0.2]})).unwrap_err().to_string();
    assert!(message.contains("goal_height") && message.contains("expected 1 number"), "{message}");
    assert!(with("picking", json!({"tool_block_position": [0.0, 0.1]})).is_err());
}

#[test]
fn the_ranges_of_manipulation_are_those_of_the_facts() {
    use Subspace::{A, B};
    let is = |(_, family, state): &(World, Family, State),
              path: &str,
              subspace,
              low: &[f64],
              high: &[f64]| {
        let space = variable::space(state, family.rules(), path, subspace).unwrap().unwrap();
        for (found, expected) in space.low.iter().zip(low).chain(space.high.iter().zip(high)) {
            assert!((found - expected).abs() < 1e-12, "{path}: {space:?}");
        }
        assert_eq!(space.len(), low.len());
    };
    let none = |(_, family, state): &(World, Family, State), path: &str| {
        assert_eq!(variable::space(state, family.rules(), path, A), Ok(None), "{path}");
    };
    let place = "/cylindrical_position";
    let (tool, goal) = (&format!("tool_block{place}"), &format!("goal_block{place}"));
    let picking = started("picking");
    is(&picking, goal, A, &[0.0, 0.0, 0.08], &[0.0, 0.0, 0.2]);
    is(&picking, goal, B, &[0.0, 0.0, 0.2], &[0.0, 0.0, 0.25]);
    is(&picking, tool, B, &[0.11, -PI, 0.0325], &[0.15, PI, 0.3]);

    let mut placing = started("pick_and_place");
    let near_side = [PI / 6.0, 5.0 * PI / 6.0];
    let height = 0.0325;
    // The tool stands at negative y, so the goal lies at positive y; and the other way round.
    for sign in [-1.0, 1.0] {
        placing.2.blocks[1].position[1] = sign * 0.09;
        let side = |sign: f64| if sign > 0.0 { near_side } else { [-near_side[1], -near_side[0]] };
        let ([low, high], [over_low, over_high]) = (side(sign), side(-sign));
        is(&placing, tool, A, &[0.07, low, height], &[0.12, high, height]);
        is(&placing, goal, A, &[0.07, over_low, height], &[0.12, over_high, height]);
        is(&placing, goal, B, &[0.12, over_low, height], &[0.15, over_high, height]);
    }
    is(&placing, "obstacle/size", A, &[0.5, 0.015, 0.02], &[0.5, 0.015, 0.065]);
    is(&placing, "obstacle/size", B, &[0.5, 0.015, 0.065], &[0.5, 0.015, 0.1]);

    let stacking = started("stacking2");
    let tower = &format!("goal_tower{place}");
    is(&stacking, tower, A, &[0.0, -PI, 0.065], &[0.11, PI, 0.065]);
    is(&stacking, tower, B, &[0.11, -PI, 0.065], &[0.15, PI, 0.065]);
    is(&stacking, "goal_tower/euler_orientation", B, &[0.0, 0.0, -PI], &[0.0, 0.0, PI]);
    is(&stacking, "tool_block_2/cylindrical_position", A, &[0.0, -PI, 0.0325], &[0.11, PI, 0.15]);
    for path in ["tool_block_1/size", "goal_block_1/cylindrical_position", "goal_block_2/size"] {
        none(&stacking, path);
    }
}

#[test]
fn a_picked_block_that_is_resized_stays_on_the_floor_and_its_goal_in_its_range() {
    let (mut world, family, mut state) = started("picking");
    let size = Intervention::new().with("goal_block/size", [0.075; 3]);
    apply(&mut world, family.rules(), &mut state, &size, Some(Subspace::A)).unwrap();
    assert_eq!((state.blocks[0].size, state.goals[0].size), ([0.075; 3], [0.075; 3]));
    assert_eq!(state.blocks[0].position, [0.0, 0.0, 0.0375]);
    assert_eq!(state.goals[0].position, [0.0, 0.0, 0.15]);
    let path = "goal_block/cylindrical_position";
    let space = variable::space(&state, family.rules(), path, Subspace::A).unwrap().unwrap();
    assert_eq!(space.low[2], 0.08, "the goal's range does not follow the size");
}

#[test]
fn a_barrier_that_is_resized_stands_on_the_floor() {
    let (mut world, family, mut state) = started("pick_and_place");
    for height in [0.02, 0.1] {
        let size = Intervention::new().with("obstacle/size", [0.5, 0.015, height]);
        apply(&mut world, family.rules(), &mut state, &size, Some(Subspace::Both)).unwrap();
        assert_eq!(state.blocks[0].position, [0.0, 0.0, height / 2.0]);
    }
}

#[test]
fn the_goal_goes_to_the_other_side_of_the_barrier_than_the_tool() {
    let (mut world, family, start) = started("pick_and_place");
    let place = |name: &str, angle: f64| {
        Intervention::new().with(&format!("{name}/cylindrical_position"), [0.1, angle, 0.0325])
    };
    let mut tried = |wanted: &Intervention| {
        let mut state = start.clone();
        apply(&mut world, family.rules(), &mut state, wanted, Some(Subspace::A)).map(|()| state)
    };
    // On a fresh environment, either of both.
    tried(&place("goal_block", FRAC_PI_2)).unwrap();
    tried(&place("tool_block", -FRAC_PI_2)).unwrap();
    assert!(matches!(tried(&place("goal_block", -FRAC_PI_2)), Err(Error::OutOfSpace { .. })));
    assert!(matches!(tried(&place("tool_block", 0.1)), Err(Error::OutOfSpace { .. })));
    // Together they change sides.
    let mut swapped = place("tool_block", FRAC_PI_2);
    swapped.values.extend(place("goal_block", -FRAC_PI_2).values);
    let state = tried(&swapped).unwrap();
    assert!(state.blocks[1].position[1] > 0.0 && state.goals[0].position[1] < 0.0);
    let mut same = place("tool_block", FRAC_PI_2);
    same.values.extend(place("goal_block", FRAC_PI_2).values);
    assert!(matches!(tried(&same), Err(Error::OutOfSpace { .. })));
}

#[test]
fn the_goal_tower_sets_place_and_turn_of_both_goals_and_reads_back() {
    let (mut world, family, mut state) = started("stacking2");
    let read = |state: &State, path: &str| variable::read(state, family.rules(), path).unwrap();
    let start = read(&state, "goal_tower/cylindrical_position");
    near(start[0], 0.06 * 2_f64.sqrt());
    assert_eq!(start[2], 0.065);
    let json = r#"{"goal_tower": {"cylindrical_position": [0.1, 0.5, 0.065],
                                  "euler_orientation": [0, 0, 1.5]}}"#;
    let tower: Intervention = serde_json::from_str(json).unwrap();
    apply(&mut world, family.rules(), &mut state, &tower, Some(Subspace::A)).unwrap();
    for (goal, height) in state.goals.iter().zip([0.0325, 0.0975]) {
        near(goal.position[0], 0.1 * math::cos(0.5));
        near(goal.position[1], 0.1 * math::sin(0.5));
        near(goal.position[2], height);
        assert_eq!(goal.orientation, from_rotation_vector([0.0, 0.0, 1.5]));
    }
    for (path, value) in &tower.values {
        for (found, wanted) in read(&state, path).iter().zip(value) {
            near(*found, *wanted);
        }
    }
    let out = Intervention::new().with("goal_tower/cylindrical_position", [0.3, 0.0, 0.065]);
    let refused = apply(&mut world, family.rules(), &mut state, &out, None);
    assert!(matches!(refused, Err(Error::OutOfArena { .. })), "{refused:?}");
    // Families whose goals are no tower do not know it.
    let (_, pushing, state) = started("pushing");
    assert!(variable::read(&state, pushing.rules(), "goal_tower/orientation").is_err());
}

#[test]
fn sampled_goals_of_manipulation_are_accepted_in_the_space_they_come_from() {
    for name in ["pushing", "reaching", "picking", "pick_and_place", "stacking2"] {
        let (mut world, family, start) = started(name);
        for subspace in [Subspace::A, Subspace::B, Subspace::Both] {
            let mut sides = [0; 2];
            for episode in 0..334 {
                let mut state = State { seed: 5, episode, ..start.clone() };
                let goals = family.sample_goal(&state, subspace).unwrap();
                apply(&mut world, family.rules(), &mut state, &goals, Some(subspace))
                    .unwrap_or_else(|e| panic!("{name} {subspace:?}: {goals:?}: {e}"));
                let y = state.goals[0].position[1];
                sides[usize::from(y > 0.0)] += 1;
                if name == "pick_and_place" {
                    assert!(y * state.blocks[1].position[1] < 0.0, "on different sides");
                }
            }
            // 334 fair coins: fewer than 120 of a kind lie 5 standard deviations out.
            let fair = sides.iter().all(|count| *count > 120);
            assert!(name == "picking" || fair, "{name}: {sides:?}");
        }
    }
}

#[test]
fn sampled_goals_of_reaching_are_within_reach_of_their_fingers() {
    let (_, family, start) = started("reaching");
    for episode in 0..1000 {
        let state = State { seed: 6, episode, ..start.clone() };
        let space = if episode % 2 == 0 { Subspace::A } else { Subspace::B };
        let goals = family.sample_goal(&state, space).unwrap();
        for (finger, name) in ["goal_60", "goal_120", "goal_300"].iter().enumerate() {
            let place = &goals.values[&format!("{name}/cylindrical_position")];
            let target = from_cylindrical([place[0], place[1], place[2]]);
            let found = kinematics::inverse(finger, target, state.robot.height, [0.0, 0.8, -0.8]);
            assert!(found.reached, "episode {episode}: {name} at {target:?}");
        }
    }
}

#[test]
fn starts_are_observed_in_the_order_and_the_units_of_the_reference() {
    // Facts 1.5, 3.4: joints at rest and their tips.
    let joints = [0.0, FRAC_PI_4, -FRAC_PI_4].repeat(3);
    let tips = [
        [-0.059450, 0.158637, 0.055863],
        [0.167109, -0.027833, 0.055863],
        [-0.107659, -0.130804, 0.055863],
    ];
    let body = |kind: f64, size: [f64; 3], place: [f64; 3]| {
        [&[kind], &size[..], &place, &[0.0, 0.0, 0.0, 1.0]].concat()
    };
    let tool = |place| [body(1.0, [0.065; 3], place), vec![0.0; 6]].concat();
    let goal = |place| body(20.0, [0.065; 3], place);
    for (name, seconds, bodies) in [
        ("picking", 10.0, vec![tool([0.0, 0.0, 0.0325]), goal([0.0, 0.0, 0.15])]),
        (
            "pick_and_place",
            20.0,
            vec![
                tool([0.0, -0.09, 0.0325]),
                goal([0.0, 0.09, 0.0325]),
                body(10.0, [0.5, 0.015, 0.065], [0.0, 0.0, 0.0325]),
            ],
        ),
        (
            "stacking2",
            20.0,
            vec![
                tool([0.0, 0.0, 0.0325]),
                tool([0.01, 0.08, 0.0325]),
                goal([-0.06, -0.06, 0.0325]),
                goal([-0.06, -0.06, 0.0975]),
            ],
        ),
    ] {
        let config = Config { normalize_observations: false, ..Config::new(name) };
        let env = Env::new(config).unwrap();
        let mut observed = vec![0.0; env.observation_len()];
        env.observe(&mut observed).unwrap();
        let head = [vec![seconds], joints.clone(), vec![0.0; 9], tips.concat()].concat();
        let expected = [head, bodies.concat()].concat();
        assert_eq!(observed.len(), expected.len());
        for (i, (found, wanted)) in observed.iter().zip(&expected).enumerate() {
            assert!((found - wanted).abs() < 1e-6, "{name}, number {i}: {found} not {wanted}");
        }
    }
}

#[test]
fn families_of_manipulation_have_the_layouts_of_the_reference() {
    for (name, length, places) in [
        ("picking", 56, &[("tool_block_type", 28), ("goal_block_type", 45)][..]),
        (
            "pick_and_place",
            67,
            &[("tool_block_type", 28), ("goal_block_type", 45), ("obstacle_type", 56)],
        ),
        (
            "stacking2",
            84,
            &[
                ("tool_block_1_type", 28),
                ("tool_block_2_type", 45),
                ("goal_block_1_type", 62),
                ("goal_block_2_type", 73),
                ("goal_block_2_orientation[0]", 80),
            ],
        ),
    ] {
        let env = Env::new(Config::new(name)).unwrap();
        assert_eq!(env.observation_len(), length, "{name}");
        let names = env.observation_names();
        for (key, place) in places {
            assert_eq!(names[*place], *key, "{name}");
        }
    }
}
