//! Rewards: raw terms computed by hand on fixed pairs of states.

use std::f64::consts::PI;
use std::sync::Arc;

use trifactor::State;
use trifactor::math;
use trifactor::robot::{Nine, RobotState};
use trifactor::task::overlap::Overlap;
use trifactor::task::reward::{Rules, Weights, rotation_angle};
use trifactor::world::{GoalShape, Scene};

fn near(value: f64, expected: f64) {
    assert!((value - expected).abs() < 1e-12, "{value} is not {expected}");
}

fn yaw(angle: f64) -> [f64; 4] {
    math::from_rotation_vector([0.0, 0.0, angle])
}

fn every_tip(tip: [f64; 3]) -> Nine {
    std::array::from_fn(|i| tip[i % 3])
}

fn pushing() -> State {
    let scene =
        Scene::new().fixed("obstacle").movable("tool_block").goal("goal_block", GoalShape::Cuboid);
    let mut state = State::new(Arc::new(scene), RobotState::resting([0.0; 9]));
    state.goals[0].position = [0.0, 0.08, 0.0325];
    state.goals[0].orientation = yaw(PI / 2.0);
    state
}

fn reaching() -> State {
    let scene = Scene::new()
        .goal("goal_60", GoalShape::Sphere)
        .goal("goal_120", GoalShape::Sphere)
        .goal("goal_300", GoalShape::Sphere);
    let mut state = State::new(Arc::new(scene), RobotState::resting([0.0; 9]));
    for (i, goal) in state.goals.iter_mut().enumerate() {
        goal.position = [0.0, 0.0, 0.1 + 0.03 * i as f64];
    }
    state
}

/// The nine coordinates of the goals, each shifted by `error`.
fn tips_off(state: &State, error: f64) -> Nine {
    std::array::from_fn(|i| state.goals[i / 3].position[i % 3] + error)
}

#[test]
fn pushing_pays_what_tips_block_and_rotation_came_nearer() {
    let before = pushing();
    let mut after = before.clone();
    after.blocks[1].position = [0.03, 0.04, 0.0325];
    after.blocks[1].orientation = yaw(PI / 3.0);
    let tips_before = every_tip([0.03, 0.04, 0.0325]);
    let tips_after = every_tip([0.03, 0.04, 0.0525]);
    let terms = Rules::Pushing.terms(&before, &after, &tips_before, &tips_after);
    assert!(terms.iter().map(|t| t.0).eq(Rules::Pushing.term_names()));
    // Each tip was 0.05 m from the block and is 0.02 m from it: 0.03 √3 over three fingers.
    near(terms[0].1, 0.051_961_524_227_066_32);
    // The block was 0.08 m from the goal and is (0.03, 0.04, 0) from it.
    near(terms[1].1, 0.03);
    // 90 degrees were missing, 30 are.
    near(terms[2].1, PI / 3.0);
    let outcome = Rules::Pushing.outcome(&after, &tips_after, Overlap::Volume);
    let expected =
        750.0 * 0.051_961_524_227_066_32 + 250.0 * 0.03 + 100.0 * PI / 3.0 + outcome.goal_term;
    let reward = Rules::Pushing.default_weights().reward(&terms, &outcome);
    assert!((reward - expected).abs() < 1e-9, "{reward} is not {expected}");
}

#[test]
fn the_rotation_term_does_not_see_the_sign_of_a_quaternion() {
    near(rotation_angle(yaw(0.0), yaw(PI)), PI);
    near(rotation_angle(yaw(0.5), yaw(0.5 + 1e-9)), 1e-9);
    assert_eq!(rotation_angle(yaw(0.0), yaw(0.0)), 0.0);
    for angle in [0.1, 1.0, 2.0, 3.0] {
        let (a, b) = (yaw(0.7), yaw(0.7 + angle));
        near(rotation_angle(a, b), angle);
        near(rotation_angle(b, a), angle);
        near(rotation_angle(a, b.map(|x| -x)), angle);
        near(rotation_angle(a.map(|x| -x), b), angle);
    }
}

#[test]
fn pushing_succeeds_above_nine_tenths_of_the_goals_volume() {
    let mut state = pushing();
    let outcome = |state: &State, overlap| Rules::Pushing.outcome(state, &[0.0; 9], overlap);
    near(outcome(&state, Overlap::Volume).fractional_success, 0.0);
    state.blocks[1].orientation = yaw(PI / 2.0);
    for (share, success) in [(0.91, true), (0.89, false)] {
        state.blocks[1].position = [(1.0 - share) * 0.065, 0.08, 0.0325];
        let outcome = outcome(&state, Overlap::Volume);
        near(outcome.fractional_success, share);
        near(outcome.goal_term, share);
        assert_eq!(outcome.success, success);
    }
    // A fixed block in the goal counts for nothing, and the bounds' figure is there by name.
    state.blocks[0] = state.blocks[1];
    state.blocks[0].position = state.goals[0].position;
    near(outcome(&state, Overlap::Volume).fractional_success, 0.89);
    state.blocks[1].position = state.goals[0].position;
    state.blocks[1].orientation = yaw(PI / 4.0);
    near(outcome(&state, Overlap::Aabb).fractional_success, 1.0);
    near(outcome(&state, Overlap::Volume).fractional_success, 2.0 * (2_f64.sqrt() - 1.0));
}

#[test]
fn reaching_pays_progress_and_names_distance_torques_and_velocity_change() {
    let before = reaching();
    let mut after = before.clone();
    after.robot.joint_velocities = std::array::from_fn(|i| if i < 4 { -0.5 } else { 0.0 });
    after.robot.torques = [0.1, -0.1, 0.1, -0.1, 0.0, 0.0, 0.0, 0.0, 0.0];
    let (far, close) = (tips_off(&before, 0.02), tips_off(&after, -0.005));
    let terms = Rules::Reaching.terms(&before, &after, &far, &close);
    assert!(terms.iter().map(|t| t.0).eq(Rules::Reaching.term_names()));
    // The root of nine equal squares is three times the coordinate error.
    near(terms[0].1, 0.06 - 0.015);
    near(terms[1].1, -0.015);
    near(terms[2].1, -0.2);
    near(terms[3].1, -1.0);
    let outcome = Rules::Reaching.outcome(&after, &close, Overlap::Volume);
    let reward = Rules::Reaching.default_weights().reward(&terms, &outcome);
    assert!((reward - (4500.0 - 0.005)).abs() < 1e-8, "{reward}");
}

#[test]
fn reaching_succeeds_below_a_centimetre_and_counts_from_three() {
    let state = reaching();
    for (error, fraction, success) in [
        (0.0, 1.0, true),
        (0.0099, 1.0, true),
        (0.0101, 0.995, false),
        (-0.02, 0.5, false),
        (0.03, 0.0, false),
        (0.5, 0.0, false),
    ] {
        let outcome = Rules::Reaching.outcome(&state, &tips_off(&state, error), Overlap::Volume);
        near(outcome.fractional_success, fraction);
        near(outcome.goal_term, -error.abs());
        assert_eq!(outcome.success, success, "{error}");
    }
}

#[test]
fn a_sparse_reward_is_one_on_success_and_else_nothing() {
    let state = reaching();
    let sparse = Weights { sparse: true, ..Rules::Reaching.default_weights() };
    for (error, expected) in [(0.001, 1.0), (0.02, 0.0)] {
        let (far, tips) = (tips_off(&state, 0.3), tips_off(&state, error));
        let terms = Rules::Reaching.terms(&state, &state, &far, &tips);
        let outcome = Rules::Reaching.outcome(&state, &tips, Overlap::Volume);
        assert_eq!(sparse.reward(&terms, &outcome), expected);
    }
}

#[test]
fn goals_wanted_and_achieved_have_the_references_form() {
    let state = pushing();
    let wanted = Rules::Pushing.desired_goal(&state);
    let expected = [-0.0325, 0.0475, 0.0, 0.0325, 0.1125, 0.065];
    assert_eq!(wanted.len(), 6);
    wanted.iter().zip(expected).for_each(|(value, expected)| near(*value, expected));
    let achieved = Rules::Pushing.achieved_goal(&state, &[0.0; 9]);
    let expected = [-0.0325, -0.0325, 0.0, 0.0325, 0.0325, 0.065];
    assert_eq!(achieved.len(), 6);
    achieved.iter().zip(expected).for_each(|(value, expected)| near(*value, expected));
    let state = reaching();
    assert_eq!(Rules::Reaching.desired_goal(&state), tips_off(&state, 0.0));
    assert_eq!(Rules::Reaching.achieved_goal(&state, &[0.25; 9]), [0.25; 9]);
}

#[test]
fn weights_and_scenes_that_do_not_fit_are_refused_by_name() {
    let short = Weights { dense: vec![1.0], fractional: 1.0, sparse: false };
    let message = Rules::Pushing.check_weights(&short).unwrap_err().to_string();
    assert!(message.contains("dense_reward_weights: expected 3 numbers (tips_to_block"));
    let infinite = Weights { dense: vec![f64::INFINITY, 0.0, 0.0], ..short };
    assert!(Rules::Pushing.check_weights(&infinite).unwrap_err().to_string().contains("finite"));
    for rules in [Rules::Pushing, Rules::Reaching] {
        assert_eq!(rules.check_weights(&rules.default_weights()), Ok(()));
    }
    assert_eq!(Rules::Pushing.check_scene(&pushing().scene), Ok(()));
    assert_eq!(Rules::Reaching.check_scene(&reaching().scene), Ok(()));
    assert!(Rules::Reaching.check_scene(&pushing().scene).is_err());
    assert!(Rules::Pushing.check_scene(&reaching().scene).is_err());
    let message = Rules::parse("pushign").unwrap_err().to_string();
    assert!(message.contains("'pushign'") && message.contains("reaching, pushing"), "{message}");
}
