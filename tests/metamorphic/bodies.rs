//! Experiments on blocks, movable and fixed.

use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI};

use trifactor::math::{self, Triple};
use trifactor::variable::half_extents;

use super::Experiment;
use super::lab::{Lab, about, across};
use crate::scenes::GRAVITY;

pub(super) const EXPERIMENTS: [Experiment; 23] = [
    ("movable/type", the_kind_of_a_block_is_observed_and_can_not_be_set),
    ("movable/cartesian_position", a_block_put_elsewhere_slides_as_far_from_there),
    ("movable/cylindrical_position", a_block_put_elsewhere_slides_as_far_from_there),
    ("movable/orientation", a_block_put_on_its_edge_falls_over),
    ("movable/euler_orientation", a_block_put_on_its_edge_falls_over),
    ("movable/size", a_larger_block_rests_higher),
    ("movable/color", the_colour_of_a_block_is_observed),
    ("movable/friction", a_rougher_block_stops_sooner),
    ("movable/linear_velocity", twice_as_fast_slides_four_times_as_far),
    ("movable/angular_velocity", twice_the_spin_turns_twice_as_far),
    ("movable/mass", a_heavier_block_slides_less_far_under_the_same_push),
    ("movable/restitution", a_more_elastic_block_bounces_higher),
    ("movable/linear_damping", more_drag_slows_a_sliding_block),
    ("movable/angular_damping", more_drag_slows_a_spinning_block),
    ("fixed/type", the_kind_of_a_block_is_observed_and_can_not_be_set),
    ("fixed/cartesian_position", a_barrier_put_aside_lets_a_block_pass),
    ("fixed/cylindrical_position", a_barrier_put_aside_lets_a_block_pass),
    ("fixed/orientation", a_barrier_turned_aside_lets_a_block_pass),
    ("fixed/euler_orientation", a_barrier_turned_aside_lets_a_block_pass),
    ("fixed/size", a_shorter_barrier_lets_a_block_pass),
    ("fixed/color", the_colour_of_a_block_is_observed),
    ("fixed/friction", a_rougher_barrier_stops_a_block_that_is_pressed_to_it_sooner),
    ("fixed/restitution", a_more_elastic_barrier_throws_a_block_back_faster),
];

/// The height at which a cube of 0.065 m rests, m.
const RESTS: f64 = 0.0325;

/// A block on the floor that moves along x from there.
fn sliding(speed: f64) -> Lab {
    Lab::of_blocks("pushing")
        .set("tool_block/cartesian_position", [-0.15, 0.0, RESTS])
        .set("tool_block/linear_velocity", [speed, 0.0, 0.0])
}

/// How far the block of pushing slides until it stands.
fn slides(lab: Lab) -> f64 {
    let start = lab.block("tool_block").position;
    across(lab.wait(1.0).block("tool_block").position, start)
}

#[test]
fn the_kind_of_a_block_is_observed_and_can_not_be_set() {
    for (name, kind) in [("tool_block", 1.0), ("obstacle", 10.0)] {
        let mut lab = Lab::new("pick_and_place");
        assert_eq!(lab.observed(&format!("{name}_type")), [kind]);
        lab.can_only_be_read(&format!("{name}/type"), kind);
    }
}

#[test]
fn the_colour_of_a_block_is_observed() {
    for name in ["tool_block", "obstacle"] {
        let lab = Lab::new("pick_and_place").set(&format!("{name}/color"), [0.1, 0.9, 0.4]);
        assert_eq!(lab.observed(&format!("{name}_color")), [0.1, 0.9, 0.4]);
    }
}

#[test]
fn a_block_put_elsewhere_slides_as_far_from_there() {
    let far = |path: &str, place: Triple| {
        let lab = sliding(0.5).set(path, place);
        lab.wait(0.5).block("tool_block").position
    };
    let here = far("tool_block/cartesian_position", [-0.1, 0.0, RESTS]);
    let there = far("tool_block/cartesian_position", [-0.07, 0.05, RESTS]);
    let again = far("tool_block/cylindrical_position", math::to_cylindrical([-0.07, 0.05, RESTS]));
    for moved in [there, again] {
        assert!((moved[0] - here[0] - 0.03).abs() < 1e-3, "{here:?} {moved:?}");
        assert!((moved[1] - here[1] - 0.05).abs() < 1e-3, "{here:?} {moved:?}");
    }
}

#[test]
fn a_block_put_on_its_edge_falls_over() {
    let lean = 0.5;
    let turned = math::from_rotation_vector([lean, 0.0, 0.0]);
    let height = half_extents([0.065; 3], turned)[2];
    let place = [0.0, 0.0, height];
    for pose in [
        ("tool_block/orientation", turned.to_vec()),
        ("tool_block/euler_orientation", vec![lean, 0.0, 0.0]),
    ] {
        let lab = Lab::of_blocks("pushing")
            .set_all(&[(pose.0, &pose.1), ("tool_block/cartesian_position", &place)]);
        let fallen = lab.wait(1.0);
        let block = fallen.block("tool_block");
        assert!((block.position[2] - RESTS).abs() < 1e-3, "{block:?}");
        let up = math::rotation(block.orientation) * math::vector([0.0, 0.0, 1.0]);
        assert!(up.z > 0.999, "it falls back on the side that it leans from: {block:?}");
    }
    // Leant further than its balance it falls on the next side.
    let lab = Lab::of_blocks("pushing").set_all(&[
        ("tool_block/euler_orientation", &[FRAC_PI_2 - lean, 0.0, 0.0]),
        ("tool_block/cartesian_position", &place),
    ]);
    let fallen = lab.wait(1.0);
    let up = math::rotation(fallen.block("tool_block").orientation) * math::vector([0.0, 0.0, 1.0]);
    assert!(up.z.abs() < 0.05, "{up:?}");
}

#[test]
fn a_larger_block_rests_higher() {
    let rests = |size: f64| {
        let lab = Lab::of_blocks("stacking2")
            .set("tool_block_1/cartesian_position", [0.0, -0.1, 0.1])
            .set("tool_block_1/size", [size; 3]);
        lab.wait(1.0).block("tool_block_1").position[2]
    };
    for size in [0.055, 0.075, 0.095] {
        assert!((rests(size) - 0.5 * size).abs() < 1e-3);
    }
}

#[test]
fn a_rougher_block_stops_sooner() {
    let speed = 0.5;
    for friction in [0.5, 1.0] {
        let far = slides(sliding(speed).set("tool_block/friction", [friction]));
        // Times the floor's 0.5.
        about(far, speed * speed / (2.0 * 0.5 * friction * GRAVITY), 0.1);
    }
}

#[test]
fn twice_as_fast_slides_four_times_as_far() {
    about(slides(sliding(0.5)) / slides(sliding(0.25)), 4.0, 0.1);
}

#[test]
fn twice_the_spin_turns_twice_as_far() {
    let turned = |spin: f64| {
        let lab = Lab::of_blocks("pushing")
            .set("tool_block/friction", [0.0])
            .set("tool_block/angular_damping", [0.0])
            .set("tool_block/angular_velocity", [0.0, 0.0, spin]);
        math::to_rotation_vector(lab.wait(0.5).block("tool_block").orientation)[2]
    };
    about(turned(2.0), 1.0, 0.02);
    about(turned(4.0), 2.0, 0.02);
}

#[test]
fn a_heavier_block_slides_less_far_under_the_same_push() {
    // Pushed by a block that runs into it, the same each time.
    let far = |mass: f64| {
        let lab = Lab::of_blocks("stacking2")
            .set_all(&[
                ("tool_block_1/cartesian_position", &[-0.1, 0.0, RESTS]),
                ("tool_block_2/cartesian_position", &[0.0, 0.0, RESTS]),
            ])
            .set("tool_block_1/mass", [0.05])
            .set("tool_block_2/mass", [mass])
            .set("tool_block_1/linear_velocity", [0.8, 0.0, 0.0]);
        across(lab.wait(1.0).block("tool_block_2").position, [0.0; 3])
    };
    let (light, medium, heavy) = (far(0.015), far(0.045), far(0.1));
    // By momentum alone the struck block leaves with a share m / (m + M) of the speed, or, at
    // best, twice that; squared, that is its distance.
    assert!(
        heavy > 1e-3 && medium > 1.3 * heavy && light > 1.3 * medium,
        "{light} {medium} {heavy}"
    );
}

/// The highest that a block gets after it was dropped from 0.1 m above the floor, over its rest.
fn bounce(path: &str, restitution: f64) -> f64 {
    let mut lab = Lab::of_blocks("pushing")
        .set("tool_block/cartesian_position", [0.0, 0.0, RESTS + 0.1])
        .set_all(&[("tool_block/restitution", &[0.8]), ("floor/restitution", &[0.8])])
        .set(path, [restitution]);
    let (mut highest, mut fallen) = (0.0_f64, false);
    lab.watch(0.8, |state| {
        let height = state.blocks[0].position[2] - RESTS;
        fallen |= state.blocks[0].linear_velocity[2] >= 0.0 && height < 0.05;
        if fallen {
            highest = highest.max(height);
        }
    });
    assert!(fallen);
    highest
}

#[test]
fn a_more_elastic_block_bounces_higher() {
    higher_with_more("tool_block/restitution");
}

/// Asserts that a dropped block bounces higher with more of this restitution, the other being 0.8:
/// not at all without any, and to the product's square of its height with all.
pub(super) fn higher_with_more(path: &str) {
    let [none, some, more] = [0.0, 0.5, 1.0].map(|restitution| bounce(path, restitution));
    assert!(none < 0.003, "{none}");
    assert!(some > none + 0.005 && more > some + 0.005, "{none} {some} {more}");
    assert!(more < 0.1, "it gains nothing: {more}");
}

#[test]
fn more_drag_slows_a_sliding_block() {
    let far = |drag: f64| {
        let lab = sliding(0.5).set("tool_block/friction", [0.0]);
        let lab = lab.set("tool_block/linear_damping", [drag]).wait(0.5);
        lab.block("tool_block").position[0] + 0.15
    };
    about(far(0.0), 0.25, 0.01);
    // v' = -d (v + v²) lasts t: the distance is ln(1 + v (1 - e^(-d t))) / d.
    for drag in [0.1, 0.3] {
        let exact = math::ln(1.0 + 0.5 * (1.0 - math::exp(-drag * 0.5))) / drag;
        about(far(drag), exact, 0.02);
    }
}

#[test]
fn more_drag_slows_a_spinning_block() {
    let spin = |drag: f64| {
        let lab = Lab::of_blocks("pushing")
            .set("tool_block/friction", [0.0])
            .set("tool_block/angular_velocity", [0.0, 0.0, 4.0])
            .set("tool_block/angular_damping", [drag]);
        lab.wait(0.5).block("tool_block").angular_velocity[2]
    };
    about(spin(0.0), 4.0, 0.01);
    assert!(spin(0.1) < 0.95 * spin(0.0) && spin(0.3) < 0.9 * spin(0.1));
}

/// The barrier of pick and place, and a block that slides without friction towards it, beside
/// the middle.
fn towards_the_barrier() -> Lab {
    Lab::of_blocks("pick_and_place")
        .set("tool_block/cartesian_position", [0.12, -0.1, RESTS])
        .set("tool_block/friction", [0.0])
}

/// How far along y the block gets in half a second.
fn gets(lab: Lab) -> f64 {
    let lab = lab.set("tool_block/linear_velocity", [0.0, 0.4, 0.0]);
    lab.wait(0.5).block("tool_block").position[1]
}

/// Asserts that a block that the barrier stops passes when something is done to the barrier.
fn passes_when(path: &str, value: &[f64]) {
    let stopped = gets(towards_the_barrier());
    assert!(stopped < -0.035, "the barrier's face is at y = -7.5 mm: {stopped}");
    let passed = gets(towards_the_barrier().set(path, value));
    assert!(passed > 0.05, "{path} = {value:?}: {passed}");
}

#[test]
fn a_barrier_put_aside_lets_a_block_pass() {
    passes_when("obstacle/cartesian_position", &[0.0, 0.2, RESTS]);
    passes_when("obstacle/cylindrical_position", &[0.2, FRAC_PI_2, RESTS]);
}

#[test]
fn a_barrier_turned_aside_lets_a_block_pass() {
    passes_when("obstacle/orientation", &math::from_rotation_vector([0.0, 0.0, FRAC_PI_2]));
    passes_when("obstacle/euler_orientation", &[0.0, 0.0, FRAC_PI_2]);
}

#[test]
fn a_shorter_barrier_lets_a_block_pass() {
    passes_when("obstacle/size", &[0.1, 0.015, 0.065]);
}

#[test]
fn a_rougher_barrier_stops_a_block_that_is_pressed_to_it_sooner() {
    let far = |friction: f64| {
        let touching = -0.0075 - RESTS;
        // Gravity alone presses it: no weight is left on the floor.
        let lab = Lab::of_blocks("pick_and_place")
            .set("tool_block/cartesian_position", [-0.1, touching, RESTS])
            .set("world/gravity", [0.0, GRAVITY, 0.0])
            .set("obstacle/friction", [friction])
            .set("tool_block/linear_velocity", [0.6, 0.0, 0.0]);
        lab.wait(0.3).block("tool_block").position[0] + 0.1
    };
    let (smooth, rough) = (far(0.5), far(1.5));
    about(smooth, 0.36 / (2.0 * 0.5 * GRAVITY), 0.2);
    assert!(rough < 0.6 * smooth, "{smooth} {rough}");
}

#[test]
fn a_more_elastic_barrier_throws_a_block_back_faster() {
    let back = |restitution: f64| {
        let lab = towards_the_barrier()
            .set("tool_block/restitution", [1.0])
            .set("obstacle/restitution", [restitution])
            .set("tool_block/linear_velocity", [0.0, 0.4, 0.0]);
        -lab.wait(0.3).block("tool_block").linear_velocity[1]
    };
    let [none, some, more] = [0.0, 0.3, 0.6].map(back);
    assert!(none < 0.05, "{none}");
    assert!(some > none + 0.04 && more > some + 0.04, "{none} {some} {more}");
    assert!(more < 0.4, "{more}");
}

#[test]
fn a_quarter_turn_is_a_quarter_turn_in_both_coordinates() {
    let by_vector = Lab::new("pushing").set("tool_block/euler_orientation", [0.0, 0.0, FRAC_PI_4]);
    let half = 0.125 * PI;
    let quaternion = [0.0, 0.0, math::sin(half), math::cos(half)];
    let by_quaternion = Lab::new("pushing").set("tool_block/orientation", quaternion);
    let pose = |lab: &Lab| lab.block("tool_block").orientation;
    assert!(pose(&by_vector).iter().zip(pose(&by_quaternion)).all(|(a, b)| (a - b).abs() < 1e-15));
}
