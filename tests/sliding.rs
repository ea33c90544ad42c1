//! Sliding at the accurate preset: Coulomb's law on flat and tilted floors.
//!
//! A cube of 0.065 m and 0.08 kg without drag, no wall; the floor's friction is µ, the cube's 1.

use std::f64::consts::PI;

use trifactor::world::Preset;

use crate::scenes::blocks::Slide;
use crate::scenes::{SKIP_FRAMES, long_form};

const YAWS: [f64; 3] = [0.0, PI / 8.0, PI / 4.0];
const DIRECTIONS: usize = 8;

fn direction(index: usize) -> f64 {
    2.0 * PI * index as f64 / DIRECTIONS as f64
}

#[test]
fn a_block_stops_where_coulombs_law_says_in_every_direction() {
    let physics = Preset::Accurate.physics();
    let speeds: &[f64] = if long_form("slides") { &[0.3, 0.4, 0.5, 0.6, 0.7] } else { &[0.3, 0.7] };
    let (mut error, mut spread) = (0.0_f64, 0.0_f64);
    for skip_frame in SKIP_FRAMES {
        for friction in [0.1, 0.2, 0.3, 0.4, 0.5] {
            for &speed in speeds {
                let (mut low, mut high) = (f64::INFINITY, 0.0_f64);
                for yaw in YAWS {
                    for direction in (0..DIRECTIONS).map(direction) {
                        let slide = Slide { friction, yaw, direction };
                        let ratio = slide.stopping(physics, skip_frame, speed);
                        assert!(
                            (ratio - 1.0).abs() < 0.01,
                            "{slide:?} at {speed} m/s, skip_frame {skip_frame}: {ratio}"
                        );
                        (low, high) = (low.min(ratio), high.max(ratio));
                        error = error.max((ratio - 1.0).abs());
                    }
                }
                assert!(high - low < 0.015, "µ {friction}, {speed} m/s: {low} to {high}");
                spread = spread.max(high - low);
            }
        }
    }
    println!("slides: worst error {error:.4}, worst spread {spread:.4}");
}

#[test]
fn a_block_rests_just_below_the_friction_angle_and_slides_by_theory_just_above() {
    let physics = Preset::Accurate.physics();
    let long = long_form("slopes");
    let frictions: &[f64] = if long { &[0.1, 0.2, 0.3, 0.4, 0.5] } else { &[0.1, 0.3, 0.5] };
    let directions = if long { DIRECTIONS } else { 2 };
    let (mut creep, mut error) = (0.0_f64, 0.0_f64);
    for skip_frame in SKIP_FRAMES {
        for &friction in frictions {
            for yaw in YAWS {
                for direction in (0..directions).map(direction) {
                    let slide = Slide { friction, yaw, direction };
                    let (crept, _) = slide.on_slope(physics, skip_frame, 0.99);
                    assert!(crept < 1e-4, "{slide:?}, skip_frame {skip_frame}: crept {crept} m");
                    let (slid, exact) = slide.on_slope(physics, skip_frame, 1.01);
                    assert!(
                        (slid / exact - 1.0).abs() < 0.01,
                        "{slide:?}, skip_frame {skip_frame}: {slid} m instead of {exact} m"
                    );
                    creep = creep.max(crept);
                    error = error.max((slid / exact - 1.0).abs());
                }
            }
        }
    }
    println!("slopes: worst creep {creep:.6} m, worst error {error:.4}");
}
