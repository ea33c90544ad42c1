//! The roll-outs of facts 7.2 beside ours, and both presets where nothing is touched.
//!
//! A cube of 0.065 m and 0.02 kg, friction 1, on a floor of friction 0.5; ticks of 4 ms.

use std::sync::Arc;

use trifactor::State;
use trifactor::math::{Triple, vector};
use trifactor::robot::{Command, REST, RobotState, every_finger};
use trifactor::world::{Physics, Preset, Scene, World};

#[path = "../examples/rollouts/plots.rs"]
mod plots;
#[path = "../examples/rollouts/scenes.rs"]
mod scenes;

use scenes::{DROP, DROP_FROM, MARKS, SLIDING, SLIDING_FROM};

/// The recorded coordinates have five decimals, m.
const ROUNDING: f64 = 0.5e-5;
/// The last tick before the falling block reaches the floor, and the one in which it dives into it.
const LAST_FREE: usize = 38;
const IMPACT: usize = 39;

fn reference() -> Physics {
    Preset::Reference.physics()
}

#[test]
fn both_presets_move_untouched_fingers_alike() {
    // That they move as the reference's is held to its rows elsewhere, for one of the presets.
    let commands = [
        Command::JointTorques([0.0; 9]),
        Command::JointTorques(every_finger([0.1, -0.1, 0.05])),
        Command::JointPositions(REST),
        Command::JointPositions(every_finger([-0.3, 0.3, -1.0])),
    ];
    for command in commands {
        let ends = [Preset::Accurate, Preset::Reference].map(|preset| {
            let mut world = World::new(preset.physics(), 1).unwrap();
            let mut state = State::new(Arc::new(Scene::new()), RobotState::resting(REST));
            let mut next = state.clone();
            for _ in 0..250 {
                world.step(&state, &command, &mut next);
                // A tip may come near enough to the floor for contact to be expected.
                assert!(world.contacts().couplings.iter().all(|c| c.impulse == 0.0));
                std::mem::swap(&mut state, &mut next);
            }
            (state.robot.joint_positions, state.robot.joint_velocities)
        });
        let [accurate, reference] = ends.map(|(q, v)| [q, v].concat());
        for (a, b) in accurate.iter().zip(&reference) {
            // Two engines that solve the same equations: rounding errors of a second apart.
            assert!((a - b).abs() < 1e-11, "{command:?}: {a} {b}");
        }
    }
}

#[test]
fn a_falling_block_obeys_gravity_and_drag() {
    // Semi-implicit Euler with the drag of facts 1.6 and 7.2, coefficient 0.04.
    let (mut z, mut velocity, mut free) = (DROP_FROM, 0.0_f64, vec![DROP_FROM]);
    for _ in 0..LAST_FREE {
        velocity += 0.004 * (-9.81 - velocity * 0.04 * (1.0 + velocity.abs()));
        z += 0.004 * velocity;
        free.push(z);
    }
    for preset in [Preset::Accurate, Preset::Reference] {
        let found = scenes::fall(preset.physics(), LAST_FREE);
        for (found, free) in found.iter().zip(&free) {
            assert!((found - free).abs() < 1e-12, "{preset:?}: {found} {free}");
        }
        for (step, z) in DROP.into_iter().filter(|(step, _)| *step <= LAST_FREE) {
            // The first micrometre is for rows that were rounded at a tie.
            let error = (found[step] - z).abs();
            assert!(error < ROUNDING + 1e-6, "{preset:?} step {step}: {error} m");
        }
    }
}

#[test]
fn with_the_reference_preset_a_block_dives_into_the_floor_and_recovers_as_in_the_reference() {
    let found = scenes::fall(reference(), 100);
    for (step, z) in DROP.into_iter().filter(|(step, _)| *step >= IMPACT) {
        let error = (found[step] - z).abs();
        // 1 % of the 4.5 mm of penetration.
        assert!(error < 4.5e-5, "step {step}: {error} m");
    }
}

#[test]
fn with_the_reference_preset_a_block_slides_nearly_as_far_as_in_the_reference() {
    for (speed, points) in SLIDING {
        let found = scenes::slide(reference(), speed, 100);
        for (step, x) in points {
            // The reference itself goes up to 7 % further than exact Coulomb friction allows.
            let (distance, error) = (x - SLIDING_FROM, (found[step] - x).abs());
            assert!(error < 0.05 * distance + ROUNDING, "{speed} m/s, step {step}: {error} m");
        }
        if speed == 0.3 {
            let (_, x) = points[4];
            let error = (found[100] - x).abs();
            assert!(error < 0.01 * (x - SLIDING_FROM), "at rest: {error} m");
        }
    }
}

fn distance(a: Triple, b: Triple) -> f64 {
    (vector(a) - vector(b)).norm()
}

#[test]
fn the_pushing_rollout_leaves_the_block_alone_until_it_is_hit() {
    for preset in [Preset::Accurate, Preset::Reference] {
        let samples = scenes::push(preset.physics());
        for mark in MARKS.iter().filter(|mark| mark.step <= 80) {
            let found = samples[mark.step];
            let error = distance(found.tip, mark.tip);
            // Facts 7.2 give the tip with five decimals; a tenth of a millimetre is visible.
            assert!(error < 1e-4, "{preset:?} step {}: tip off by {error} m", mark.step);
            let moved = distance(found.block, mark.block);
            assert!(moved < 5e-5, "{preset:?} step {}: block moved by {moved} m", mark.step);
        }
    }
}

#[test]
fn the_pushing_rollout_throws_the_block_to_where_the_reference_throws_it() {
    let samples = scenes::push(reference());
    let [.., middle, end] = &MARKS;
    // The finger is at rest again: its tip hangs where gravity and controller balance.
    let error = distance(samples[end.step].tip, end.tip);
    assert!(error < 1e-4, "tip off by {error} m");
    // The hit is chaotic: one more or fewer solver pass moves the end by up to 10 mm.
    for mark in [middle, end] {
        let error = distance(samples[mark.step].block, mark.block);
        assert!(error < 0.015, "step {}: block off by {error} m", mark.step);
    }
    let turned = samples[end.step].yaw();
    assert!((turned - end.yaw).abs() < 45.0, "turned by {turned} degrees, not {}", end.yaw);
}

#[test]
fn the_pictures_in_the_documentation_are_those_of_this_tree() {
    for (name, picture) in plots::all().unwrap() {
        let path = format!("{}/docs/rollouts/{name}", env!("CARGO_MANIFEST_DIR"));
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(kept == picture, "{name} is out of date: run `cargo run --example rollouts`");
    }
}
