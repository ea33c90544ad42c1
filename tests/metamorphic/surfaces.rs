//! Experiments on the floor, the wall and gravity.

use super::Experiment;
use super::bodies::higher_with_more;
use super::lab::{Lab, about, across};
use crate::scenes::GRAVITY;

pub(super) const EXPERIMENTS: [Experiment; 7] = [
    ("floor/color", the_colours_of_floor_and_wall_are_read),
    ("floor/friction", a_rougher_floor_stops_a_block_sooner),
    ("floor/restitution", a_more_elastic_floor_lets_a_block_bounce_higher),
    ("stage/color", the_colours_of_floor_and_wall_are_read),
    ("stage/friction", a_rougher_wall_holds_a_block_that_is_pressed_to_it),
    ("stage/restitution", a_more_elastic_wall_throws_a_block_back_faster),
    ("world/gravity", more_gravity_falls_faster),
];

#[test]
fn the_colours_of_floor_and_wall_are_read() {
    for path in ["floor/color", "stage/color"] {
        let lab = Lab::new("pushing").set(path, [0.6, 0.7, 0.8]).wait(0.1);
        assert_eq!(lab.read(path), [0.6, 0.7, 0.8]);
    }
}

#[test]
fn a_rougher_floor_stops_a_block_sooner() {
    let speed = 0.5;
    for friction in [0.3, 0.6, 0.8] {
        let lab = Lab::of_blocks("pushing")
            .set("floor/friction", [friction])
            .set("tool_block/linear_velocity", [speed, 0.0, 0.0]);
        let start = lab.block("tool_block").position;
        let far = across(lab.wait(1.0).block("tool_block").position, start);
        about(far, speed * speed / (2.0 * friction * GRAVITY), 0.1);
    }
}

#[test]
fn a_more_elastic_floor_lets_a_block_bounce_higher() {
    higher_with_more("floor/restitution");
}

#[test]
fn a_rougher_wall_holds_a_block_that_is_pressed_to_it() {
    let falls = |friction: f64| {
        // Pressed with 9.81 m/s² and drawn down along the wall with 3: held above µ = 0.31.
        let mut lab = Lab::of_blocks("pushing")
            .set("tool_block/cartesian_position", [0.2, 0.0, 0.15])
            .set("stage/friction", [friction])
            .set("world/gravity", [GRAVITY, 0.0, 0.0])
            .wait(0.3);
        lab = lab.set("world/gravity", [GRAVITY, 0.0, -3.0]);
        let height = lab.block("tool_block").position[2];
        height - lab.wait(0.3).block("tool_block").position[2]
    };
    let (held, slides) = (falls(0.8), falls(0.1));
    assert!(held.abs() < 0.005, "{held}");
    // At half of 3 - 0.1 · 9.81 m/s² it falls 0.045 m; the corner may lean on two faces.
    assert!(slides > 0.03, "{slides}");
}

#[test]
fn a_more_elastic_wall_throws_a_block_back_faster() {
    let back = |restitution: f64| {
        let lab = Lab::of_blocks("pushing")
            .set("tool_block/cartesian_position", [0.15, 0.0, 0.0325])
            .set_all(&[("tool_block/friction", &[0.0]), ("tool_block/restitution", &[1.0])])
            .set("stage/restitution", [restitution])
            .set("tool_block/linear_velocity", [0.5, 0.0, 0.0]);
        -lab.wait(0.25).block("tool_block").linear_velocity[0]
    };
    let [none, some, more] = [0.0, 0.3, 0.6].map(back);
    assert!(none < 0.05, "{none}");
    assert!(some > none + 0.04 && more > some + 0.04, "{none} {some} {more}");
    assert!(more < 0.5, "{more}");
}

#[test]
fn more_gravity_falls_faster() {
    for gravity in [8.0, 10.5, 13.0] {
        let lab = Lab::of_blocks("pushing")
            .set("tool_block/cartesian_position", [0.0, 0.0, 0.25])
            .set("world/gravity", [0.0, 0.0, -gravity])
            .wait(0.1);
        about(0.25 - lab.block("tool_block").position[2], 0.5 * gravity * 0.01, 0.06);
    }
}
