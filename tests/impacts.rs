//! Impacts at the accurate preset: how deep bodies enter each other, at the start of any tick and
//! after every control step.

use trifactor::world::Preset;

use crate::scenes::blocks::{Falls, throw, throw_at_wall};
use crate::scenes::fingers::{Target, swing};
use crate::scenes::long_form;

/// From how many heights each throw starts: the phase of the impact within a tick decides.
const HEIGHTS: usize = 100;

/// The deepest over all start heights, m.
fn deepest_of(falls: Falls, speed: f64, skip_frame: u32) -> f64 {
    let physics = Preset::Accurate.physics();
    let gap = |i: usize| 0.5e-3 + 0.3137e-3 * i as f64;
    (0..HEIGHTS).map(|i| throw(physics, skip_frame, falls, speed, gap(i))).fold(0.0, f64::max)
}

#[test]
fn a_block_thrown_at_the_floor_hardly_enters_it() {
    // 0.065 m, 0.08 kg, µ = 0.5, from 0.5 to 32 mm above the floor.
    let speeds = [(1.0, 2e-4), (2.0, 2e-4), (3.0, 5e-4), (4.0, 5e-4)];
    let skip_frames: &[u32] = if long_form("throws") { &[1, 3, 10] } else { &[1, 3] };
    for &skip_frame in skip_frames {
        for falls in [Falls::Flat, Falls::CornerFirst] {
            for (speed, bound) in speeds {
                let deepest = deepest_of(falls, speed, skip_frame);
                assert!(
                    deepest <= bound,
                    "{falls:?} at {speed} m/s, skip_frame {skip_frame}: {deepest} m"
                );
                println!("{falls:?} at {speed} m/s, skip_frame {skip_frame}: {deepest:.6} m");
            }
        }
    }
}

#[test]
fn a_swung_fingertip_hardly_enters_floor_or_block() {
    // 1.4 m/s from 5 to 25 mm away, driven on; cubes of 0.065 m, the movable one of 0.08 kg;
    // µ = 0.25 on the floor, 0.5 on the cube.
    let physics = Preset::Accurate.physics();
    let swings = if long_form("swings") { 400 } else { 100 };
    for skip_frame in [1, 3, 10] {
        for target in [Target::Floor, Target::Fixed, Target::Movable] {
            let gap = |i: usize| 5e-3 + 20e-3 * i as f64 / swings as f64;
            let deepest = (0..swings)
                .map(|i| swing(physics, skip_frame, target, 1.4, gap(i)))
                .fold(0.0, f64::max);
            assert!(deepest <= 2e-4, "{target:?}, skip_frame {skip_frame}: {deepest} m");
            println!("{target:?}, skip_frame {skip_frame}: {deepest:.6} m");
        }
    }
}

#[test]
fn a_block_that_flies_farther_in_a_tick_than_contacts_are_predicted_stops_at_wall_and_floor() {
    // 0.065 m, 0.08 kg; at 20 m/s it flies 80 mm in a tick, four times the prediction distance.
    for skip_frame in [1, 3] {
        for speed in [5.0, 10.0, 20.0] {
            let physics = Preset::Accurate.physics();
            let wall =
                |i: usize| throw_at_wall(physics, skip_frame, speed, 3e-3 + 3.137e-3 * i as f64);
            let at_wall = (0..40).map(wall).fold(0.0, f64::max);
            let [flat, corner] =
                [Falls::Flat, Falls::CornerFirst].map(|falls| deepest_of(falls, speed, skip_frame));
            println!(
                "{speed} m/s, skip_frame {skip_frame}: wall {at_wall:.6}, flat {flat:.6}, \
                 corner first {corner:.6} m"
            );
            let deepest = at_wall.max(flat).max(corner);
            assert!(deepest <= 1e-3, "{speed} m/s, skip_frame {skip_frame}: {deepest} m");
        }
    }
}
