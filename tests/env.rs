//! The decision process: episodes, seeds, truncation, refusals that change nothing.

use serde_json::json;
use trifactor::intervention::Intervention;
use trifactor::robot::ActionMode;
use trifactor::variable::Subspace;
use trifactor::world::Preset;
use trifactor::{Config, Env, Error};

fn env(family: &str) -> Env {
    let mut env = Env::new(Config::new(family)).expect("a built-in family");
    env.reset(Some(1));
    env
}

fn observation(env: &Env) -> Vec<f64> {
    let mut buffer = vec![0.0; env.observation_len()];
    env.observe(&mut buffer).expect("the length is the environment's own");
    buffer
}

#[test]
fn families_have_the_observation_sizes_of_the_reference() {
    assert_eq!(env("pushing").observation_len(), 56);
    assert_eq!(env("reaching").observation_len(), 37);
}

#[test]
fn episodes_are_truncated_on_the_last_step_of_their_seconds() {
    for (family, skip_frame, steps) in
        [("pushing", 10, 250), ("pushing", 3, 833), ("reaching", 10, 125)]
    {
        let config = Config { skip_frame, ..Config::new(family) };
        let mut env = Env::new(config).unwrap();
        env.reset(Some(0));
        assert_eq!(env.max_episode_length(), steps);
        for step in 1..=steps {
            let outcome = env.step(&[0.0; 9]).unwrap();
            assert_eq!(outcome.truncated, step == steps, "{family} step {step}");
            assert!(!outcome.terminated);
        }
    }
}

#[test]
fn time_left_is_in_seconds_however_the_length_was_given() {
    let config = Config {
        max_episode_length: Some(600),
        skip_frame: 3,
        normalize_observations: false,
        ..Config::new("pushing")
    };
    let mut env = Env::new(config).unwrap();
    env.reset(None);
    assert!((observation(&env)[0] - 7.2).abs() < 1e-12);
    env.step(&[0.0; 9]).unwrap();
    assert!((observation(&env)[0] - 7.188).abs() < 1e-12);
}

#[test]
fn the_same_seed_gives_the_same_episode_and_the_next_one_another_stream() {
    let (mut a, mut b) = (env("pushing"), env("pushing"));
    b.step(&[0.3; 9]).unwrap();
    b.reset(None);
    assert_ne!(a.sample_new_goal().unwrap(), b.sample_new_goal().unwrap());
    b.reset(Some(1));
    assert_eq!(a.sample_new_goal().unwrap(), b.sample_new_goal().unwrap());
    for _ in 0..20 {
        let (x, y) = (a.step(&[0.2; 9]).unwrap(), b.step(&[0.2; 9]).unwrap());
        assert_eq!(x.reward.to_bits(), y.reward.to_bits());
    }
    assert_eq!(a.state(), b.state());
}

#[test]
fn a_step_before_the_first_reset_is_refused() {
    let mut env = Env::new(Config::new("pushing")).unwrap();
    assert!(matches!(env.step(&[0.0; 9]), Err(Error::Order(_))));
    assert!(matches!(env.do_intervention(&Intervention::new(), true), Err(Error::Order(_))));
}

#[test]
fn bad_actions_are_refused_and_change_nothing() {
    let mut env = env("pushing");
    let before = env.state().clone();
    for action in [&[0.0; 8][..], &[0.0; 10][..], &[f64::NAN; 9][..], &[f64::INFINITY; 9][..]] {
        assert!(env.step(action).is_err());
        assert_eq!(env.state(), &before);
    }
}

#[test]
fn finite_actions_outside_the_bounds_are_clipped() {
    let (mut a, mut b) = (env("pushing"), env("pushing"));
    a.step(&[7.0; 9]).unwrap();
    b.step(&[1.0; 9]).unwrap();
    assert_eq!(a.state().robot.joint_positions, b.state().robot.joint_positions);
}

#[test]
fn a_state_continues_in_another_environment_and_through_json() {
    let mut a = env("pushing");
    a.do_intervention(&Intervention::new().with("tool_block/mass", [0.05]), true).unwrap();
    for _ in 0..10 {
        a.step(&[0.1; 9]).unwrap();
    }
    let text = serde_json::to_string(a.state()).unwrap();
    let mut b = Env::new(Config::new("pushing")).unwrap();
    b.set_state(&serde_json::from_str(&text).unwrap()).unwrap();
    assert_eq!(a.state(), b.state());
    assert_eq!(a.step(&[-0.4; 9]).unwrap(), b.step(&[-0.4; 9]).unwrap());
    assert_eq!(a.state(), b.state());
}

#[test]
fn states_of_another_family_physics_or_skip_frame_are_refused() {
    let own = env("pushing");
    let others = [
        Config::new("reaching"),
        Config { skip_frame: 3, ..Config::new("pushing") },
        Config { physics: Preset::Reference.physics(), ..Config::new("pushing") },
        Config {
            task_params: json!({"tool_block_mass": 0.03}).as_object().cloned().unwrap(),
            ..Config::new("pushing")
        },
    ];
    for config in others {
        let mut env = Env::new(config).unwrap();
        env.reset(Some(5));
        let before = env.state().clone();
        assert!(matches!(env.set_state(own.state()), Err(Error::OtherWorld { .. })));
        assert_eq!(env.state(), &before);
    }
}

#[test]
fn interventions_end_with_the_episode_and_starting_states_persist() {
    let mut env = env("pushing");
    let heavier = Intervention::new().with("tool_block/mass", [0.05]);
    env.do_intervention(&heavier, true).unwrap();
    assert_eq!(env.state().blocks[0].mass, 0.05);
    env.reset(None);
    assert_eq!(env.state().blocks[0].mass, 0.02);
    env.set_starting_state(&heavier, true).unwrap();
    env.reset(None);
    assert_eq!(env.state().blocks[0].mass, 0.05);
    env.reset_default_state();
    env.reset(None);
    assert_eq!(env.state().blocks[0].mass, 0.02);
}

#[test]
fn the_space_in_force_decides_what_is_refused() {
    let mut env = env("pushing");
    env.set_variables_space(Subspace::A);
    let b_only = Intervention::new().with("tool_block/mass", [0.08]);
    assert!(matches!(env.do_intervention(&b_only, true), Err(Error::OutOfSpace { .. })));
    assert_eq!(env.state().blocks[0].mass, 0.02);
    env.do_intervention(&b_only, false).unwrap();
    env.reset(None);
    env.set_variables_space(Subspace::Both);
    env.do_intervention(&b_only, true).unwrap();
}

#[test]
fn obstacles_lengthen_the_observation_and_vanish_with_the_reset() {
    let mut env = env("reaching");
    env.do_intervention(&Intervention::new().with("task/number_of_obstacles", [3.0]), true)
        .unwrap();
    assert_eq!(env.observation_len(), 70);
    env.reset(None);
    assert_eq!(env.observation_len(), 37);
}

fn in_mode(mode: &str) -> Env {
    let config = Config {
        action_mode: ActionMode::parse(mode).unwrap(),
        normalize_actions: false,
        ..Config::new("reaching")
    };
    let mut env = Env::new(config).unwrap();
    env.reset(Some(0));
    env
}

#[test]
fn every_action_mode_moves_the_joints() {
    for mode in ActionMode::ALL {
        let mut env = in_mode(mode.name());
        let before = env.state().robot.joint_positions;
        env.step(&[0.05; 9]).unwrap();
        let after = env.state().robot.joint_positions;
        assert!(after.iter().all(|q| q.is_finite()), "{}", mode.name());
        assert!(after.iter().zip(before).any(|(a, b)| (a - b).abs() > 1e-3), "{}", mode.name());
    }
}

#[test]
fn a_zero_delta_holds_the_targets() {
    for mode in ["delta_joint_positions", "delta_end_effector_positions"] {
        let mut env = in_mode(mode);
        let before = env.state().robot.target;
        for _ in 0..10 {
            env.step(&[0.0; 9]).unwrap();
        }
        for (held, start) in env.state().robot.target.iter().zip(before) {
            assert!((held - start).abs() < 1e-9, "{mode}: {held} instead of {start}");
        }
    }
}

#[test]
fn a_configuration_is_read_from_one_document_and_refused_with_the_place() {
    let own = Config { skip_frame: 3, max_blocks: Some(4), ..Config::new("stacking2") };
    let text = serde_json::to_string(&own).unwrap();
    assert_eq!(Config::from_json(&text), Ok(own));
    assert_eq!(Config::from_json("{}"), Ok(Config::default()));
    for (document, place) in [
        (json!({"skip_frame": -1}), "skip_frame"),
        (json!({"skip_fame": 1}), "skip_fame"),
        (json!({"action_mode": "telepathy"}), "action_mode"),
        (json!({"observation_mode": {"pixel": {"width": -1}}}), "observation_mode.pixel.width"),
        (json!({"physics": {"substeps": "two"}}), "physics"),
        (json!({"normalize_actions": 1}), "normalize_actions"),
    ] {
        match Config::from_json(&document.to_string()) {
            Err(Error::Malformed { path, reason, .. }) => {
                assert_eq!(path, place);
                assert!(!reason.contains(" at line "), "{reason}");
            }
            other => panic!("{document}: {other:?}"),
        }
    }
}
