//! Experiments on what images alone tell: light, cameras, patterns.

use trifactor::env::observation::Mode;
use trifactor::env::pixels::Pixels;
use trifactor::intervention::Intervention;
use trifactor::{Config, Env};

use super::Experiment;

#[rustfmt::skip]
pub(super) const EXPERIMENTS: [Experiment; 36] = [
    ("finger_base/pattern", every_pattern_is_seen),
    ("finger_base/pattern_color", every_pattern_is_seen),
    ("finger_base/pattern_scale", every_pattern_is_seen),
    ("link/pattern", every_pattern_is_seen),
    ("link/pattern_color", every_pattern_is_seen),
    ("link/pattern_scale", every_pattern_is_seen),
    ("movable/pattern", every_pattern_is_seen),
    ("movable/pattern_color", every_pattern_is_seen),
    ("movable/pattern_scale", every_pattern_is_seen),
    ("fixed/pattern", every_pattern_is_seen),
    ("fixed/pattern_color", every_pattern_is_seen),
    ("fixed/pattern_scale", every_pattern_is_seen),
    ("goal/pattern", every_pattern_is_seen),
    ("goal/pattern_color", every_pattern_is_seen),
    ("goal/pattern_scale", every_pattern_is_seen),
    ("sphere_goal/pattern", every_pattern_is_seen),
    ("sphere_goal/pattern_color", every_pattern_is_seen),
    ("sphere_goal/pattern_scale", every_pattern_is_seen),
    ("floor/pattern", every_pattern_is_seen),
    ("floor/pattern_color", every_pattern_is_seen),
    ("floor/pattern_scale", every_pattern_is_seen),
    ("stage/pattern", every_pattern_is_seen),
    ("stage/pattern_color", every_pattern_is_seen),
    ("stage/pattern_scale", every_pattern_is_seen),
    ("camera_0/shift", every_camera_moves_its_own_images),
    ("camera_0/turn", every_camera_moves_its_own_images),
    ("camera_0/field_of_view_factor", every_camera_moves_its_own_images),
    ("camera_1/shift", every_camera_moves_its_own_images),
    ("camera_1/turn", every_camera_moves_its_own_images),
    ("camera_1/field_of_view_factor", every_camera_moves_its_own_images),
    ("camera_2/shift", every_camera_moves_its_own_images),
    ("camera_2/turn", every_camera_moves_its_own_images),
    ("camera_2/field_of_view_factor", every_camera_moves_its_own_images),
    ("light/turn", the_light_is_seen),
    ("light/intensity", the_light_is_seen),
    ("light/ambient", the_light_is_seen),
];

fn env(family: &str) -> Env {
    let pixels = Pixels { width: 96, height: 96, ..Pixels::default() };
    let mode = Mode::Pixel(Box::new(pixels));
    let mut env = Env::new(Config { observation_mode: mode, ..Config::new(family) }).unwrap();
    env.reset(Some(5));
    env
}

/// The three present images, then the goals'.
fn images(env: &Env) -> Vec<Vec<u8>> {
    let mut bytes = vec![0_u8; env.observation_len()];
    env.observe(&mut bytes).unwrap();
    bytes.chunks(bytes.len() / 6).map(<[u8]>::to_vec).collect()
}

fn set(env: &mut Env, path: &str, value: &[f64]) {
    let wanted = Intervention::new().with(path, value);
    env.do_intervention(&wanted, false).unwrap_or_else(|e| panic!("{path}: {e}"));
}

fn mean(images: &[Vec<u8>]) -> f64 {
    let all = images.concat();
    all.iter().map(|byte| f64::from(*byte)).sum::<f64>() / all.len() as f64
}

#[test]
fn every_pattern_is_seen() {
    for (family, entity) in [
        ("pushing", "robot_finger_60_link_0"),
        ("pushing", "robot_finger_300_link_2"),
        ("pushing", "tool_block"),
        ("pick_and_place", "obstacle"),
        ("pushing", "goal_block"),
        ("reaching", "goal_60"),
        ("pushing", "floor"),
        ("pushing", "stage"),
    ] {
        let mut env = env(family);
        set(&mut env, &format!("{entity}/color"), &[0.9, 0.6, 0.3]);
        for (attribute, value) in [
            ("pattern", &[1.0][..]),
            ("pattern_color", &[0.5, 0.9, 1.0]),
            ("pattern_scale", &[0.02]),
        ] {
            let before = images(&env);
            set(&mut env, &format!("{entity}/{attribute}"), value);
            assert!(images(&env) != before, "{family}: {entity}/{attribute}");
        }
    }
}

#[test]
fn every_camera_moves_its_own_images() {
    for camera in 0..3 {
        for (attribute, value) in [
            ("shift", &[0.0, 0.0, 0.05][..]),
            ("turn", &[0.0, 0.0, 0.3]),
            ("field_of_view_factor", &[0.8]),
        ] {
            let mut env = env("pushing");
            let before = images(&env);
            set(&mut env, &format!("camera_{camera}/{attribute}"), value);
            for (i, (before, after)) in before.iter().zip(images(&env)).enumerate() {
                assert_eq!(*before != after, i % 3 == camera, "{camera} {attribute}, image {i}");
            }
        }
    }
}

#[test]
fn the_light_is_seen() {
    let mut env = env("pushing");
    let plain = images(&env);
    // From the other side other faces are bright.
    set(&mut env, "light/turn", &[0.0, 0.0, 3.0]);
    assert!(images(&env) != plain);
    set(&mut env, "light/turn", &[0.0; 3]);
    assert!(images(&env) == plain);
    for path in ["light/intensity", "light/ambient"] {
        let mut last = 0.0;
        for value in [0.2, 0.6, 1.0] {
            set(&mut env, path, &[value]);
            let bright = mean(&images(&env));
            assert!(bright > last, "{path} = {value}: {bright} is not above {last}");
            last = bright;
        }
    }
}
