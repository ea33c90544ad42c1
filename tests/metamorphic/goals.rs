//! Experiments on goals: they move nothing, and what is rewarded follows them.

use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, SQRT_2};

use trifactor::math;
use trifactor::robot::RAISED;

use super::Experiment;
use super::lab::Lab;

pub(super) const EXPERIMENTS: [Experiment; 18] = [
    ("goal/type", the_kind_of_a_goal_is_observed_and_can_not_be_set),
    ("goal/cartesian_position", a_goal_put_on_the_block_is_reached),
    ("goal/cylindrical_position", a_goal_put_on_the_block_is_reached),
    ("goal/orientation", a_goal_turned_over_the_block_is_reached_less),
    ("goal/euler_orientation", a_goal_turned_over_the_block_is_reached_less),
    ("goal/size", a_larger_goal_is_filled_less),
    ("goal/color", the_colour_of_a_goal_is_observed),
    ("sphere_goal/type", the_kind_of_a_goal_is_observed_and_can_not_be_set),
    ("sphere_goal/cartesian_position", spheres_put_on_the_tips_are_reached),
    ("sphere_goal/cylindrical_position", spheres_put_on_the_tips_are_reached),
    ("sphere_goal/orientation", turn_and_size_of_a_sphere_are_observed),
    ("sphere_goal/euler_orientation", turn_and_size_of_a_sphere_are_observed),
    ("sphere_goal/size", turn_and_size_of_a_sphere_are_observed),
    ("sphere_goal/color", the_colour_of_a_goal_is_observed),
    ("goal_tower/cartesian_position", a_tower_of_goals_put_on_a_block_is_half_filled),
    ("goal_tower/cylindrical_position", a_tower_of_goals_put_on_a_block_is_half_filled),
    ("goal_tower/orientation", a_tower_of_goals_that_is_turned_is_filled_less),
    ("goal_tower/euler_orientation", a_tower_of_goals_that_is_turned_is_filled_less),
];

/// The share of a square that the same square covers when it is turned by half a quarter.
const EIGHTH: f64 = 2.0 * (SQRT_2 - 1.0);

fn fraction(lab: &Lab) -> f64 {
    lab.env.info().fractional_success
}

fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
}

#[test]
fn the_kind_of_a_goal_is_observed_and_can_not_be_set() {
    for (family, name, kind) in [("pushing", "goal_block", 20.0), ("reaching", "goal_60", 21.0)] {
        let mut lab = Lab::new(family);
        assert_eq!(lab.observed(&format!("{name}_type")), [kind]);
        lab.can_only_be_read(&format!("{name}/type"), kind);
    }
}

#[test]
fn the_colour_of_a_goal_is_observed() {
    for (family, name) in [("pushing", "goal_block"), ("reaching", "goal_120")] {
        let lab = Lab::new(family).set(&format!("{name}/color"), [0.1, 0.9, 0.4]);
        assert_eq!(lab.observed(&format!("{name}_color")), [0.1, 0.9, 0.4]);
    }
}

#[test]
fn a_goal_put_on_the_block_is_reached() {
    near(fraction(&Lab::new("pushing")), 0.0);
    for (path, place) in [
        ("goal_block/cartesian_position", [0.0, -0.08, 0.0325]),
        ("goal_block/cylindrical_position", [0.08, -FRAC_PI_2, 0.0325]),
    ] {
        let mut lab = Lab::new("pushing").set(path, place);
        near(fraction(&lab), 1.0);
        assert!(lab.env.info().success);
        let there = lab.env.step(&lab.state().robot.target.clone()).unwrap().reward;
        let mut away = Lab::new("pushing");
        let elsewhere = away.env.step(&away.state().robot.target.clone()).unwrap().reward;
        // The fractional term alone, weight 1, for a step of 4 ms.
        assert!((there - elsewhere - 0.004).abs() < 1e-4, "{there} {elsewhere}");
    }
}

#[test]
fn a_goal_turned_over_the_block_is_reached_less() {
    let over = || Lab::new("pushing").set("goal_block/cartesian_position", [0.0, -0.08, 0.0325]);
    let eighth = [0.0, 0.0, FRAC_PI_4];
    near(fraction(&over().set("goal_block/euler_orientation", eighth)), EIGHTH);
    let turn = math::from_rotation_vector(eighth);
    near(fraction(&over().set("goal_block/orientation", turn)), EIGHTH);
}

#[test]
fn a_larger_goal_is_filled_less() {
    let filled = |edge: f64| {
        let lab = Lab::new("stacking2")
            .set("goal_block_1/cartesian_position", [0.0, 0.0, 0.0325])
            .set("goal_block_1/size", [edge, 0.065, 0.065]);
        fraction(&lab)
    };
    // One block in two goals: its volume over theirs.
    near(filled(0.065), 0.5);
    near(filled(0.130), 1.0 / 3.0);
}

#[test]
fn spheres_put_on_the_tips_are_reached() {
    // Raised, the tips are where goals may be.
    let raised = || Lab::new("reaching").set("robot/joint_positions", RAISED);
    assert!(!raised().env.info().success);
    for cylindrical in [false, true] {
        let mut lab = raised();
        let error = |lab: &Lab| {
            let info = lab.env.info();
            let both = info.desired_goal.iter().zip(&info.achieved_goal);
            both.map(|(a, b)| (a - b).abs()).sum::<f64>()
        };
        for (finger, name) in ["goal_60", "goal_120", "goal_300"].into_iter().enumerate() {
            let (before, tip) = (error(&lab), lab.tip(finger));
            lab = if cylindrical {
                lab.set(&format!("{name}/cylindrical_position"), math::to_cylindrical(tip))
            } else {
                lab.set(&format!("{name}/cartesian_position"), tip)
            };
            assert!(error(&lab) < before - 0.1, "each goal that is moved is nearer");
        }
        assert!(lab.env.info().success && fraction(&lab) == 1.0);
    }
}

#[test]
fn turn_and_size_of_a_sphere_are_observed() {
    let lab = Lab::new("reaching").set("goal_60/size", [0.05; 3]);
    assert_eq!(lab.observed("goal_60_size"), [0.05; 3]);
    let turn = [0.0, 0.0, 0.3];
    let lab = Lab::new("reaching").set("goal_60/euler_orientation", turn);
    assert_eq!(lab.observed("goal_60_orientation"), math::from_rotation_vector(turn));
    let quaternion = math::from_rotation_vector([0.1, 0.2, 0.3]);
    let lab = Lab::new("reaching").set("goal_60/orientation", quaternion);
    assert_eq!(lab.observed("goal_60_orientation"), quaternion);
}

#[test]
fn a_tower_of_goals_put_on_a_block_is_half_filled() {
    // At the start a corner of the first block lies in the lower goal.
    assert!(fraction(&Lab::new("stacking2")) < 0.01);
    let place = [0.0, 0.0, 0.065];
    near(fraction(&Lab::new("stacking2").set("goal_tower/cartesian_position", place)), 0.5);
    near(fraction(&Lab::new("stacking2").set("goal_tower/cylindrical_position", place)), 0.5);
}

#[test]
fn a_tower_of_goals_that_is_turned_is_filled_less() {
    let over = || Lab::new("stacking2").set("goal_tower/cartesian_position", [0.0, 0.0, 0.065]);
    let eighth = [0.0, 0.0, FRAC_PI_4];
    near(fraction(&over().set("goal_tower/euler_orientation", eighth)), 0.5 * EIGHTH);
    let turn = math::from_rotation_vector(eighth);
    near(fraction(&over().set("goal_tower/orientation", turn)), 0.5 * EIGHTH);
}
