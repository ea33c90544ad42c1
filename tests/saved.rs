//! Worlds and states on disk: what one release saved the next one loads, or says why not.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use trifactor::env::Description;
use trifactor::intervention::Intervention;
use trifactor::rng::Rng;
use trifactor::task::{Family, registry};
use trifactor::world::{Physics, Preset};
use trifactor::{Config, Env, Error, State};

/// A path for a file that this test alone uses.
fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{name}", std::process::id()))
}

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn bits(state: &State) -> String {
    state.to_json().unwrap()
}

/// The environment some random steps and an intervention away from its start.
fn under_way(name: &str) -> Env {
    let mut env = Env::new(Config { skip_frame: 2, ..Config::new(name) }).unwrap();
    env.reset(Some(u64::MAX - 3));
    env.do_intervention(&Intervention::new().with("robot/action_delay", [2.0]), false).unwrap();
    walk(&mut env, 3, 5);
    env
}

fn walk(env: &mut Env, seed: u64, steps: usize) -> Vec<String> {
    let mut rng = Rng::stream(seed, 0, "actions");
    let mut states = Vec::new();
    for _ in 0..steps {
        let action: [f64; 9] = std::array::from_fn(|_| rng.uniform(-1.0, 1.0));
        let reward = env.step(&action).unwrap().reward;
        states.push(format!("{:016x} {}", reward.to_bits(), bits(env.state())));
    }
    states
}

#[test]
fn a_saved_state_goes_on_in_a_saved_world_bit_for_bit() {
    for name in registry::names() {
        let mut env = under_way(name);
        let (state, world) = (file(&format!("{name}-state")), file(&format!("{name}-world")));
        env.state().save(&state).unwrap();
        env.description().save(&world).unwrap();
        let description = Description::load(&world).unwrap();
        assert_eq!(description, env.description(), "{name}");
        assert_eq!(description.document, None, "built in, so its name says it all");
        let mut again = Env::from_description(&description).unwrap();
        let loaded = State::load(&state).unwrap();
        assert_eq!(bits(&loaded), bits(env.state()), "{name}");
        again.set_state(&loaded).unwrap();
        assert_eq!(walk(&mut again, 7, 5), walk(&mut env, 7, 5), "{name}");
    }
}

#[test]
fn every_bit_of_every_number_survives_a_write_and_a_read() {
    let seed = 21;
    println!("seed {seed}");
    let mut rng = Rng::stream(seed, 0, "bits");
    let mut state = Env::new(Config::new("stacking2")).unwrap().state().clone();
    for _ in 0..2000 {
        // Any number that a state can have: every exponent below, both signs, denormals.
        let mut any = || loop {
            let number = f64::from_bits(rng.bits());
            if number.abs() <= 10.0 {
                return number;
            }
        };
        for block in &mut state.blocks {
            (block.position, block.linear_velocity) = ([any(), any(), any()], [any(), 0.0, -0.0]);
        }
        state.robot.torques = std::array::from_fn(|_| any());
        (state.seed, state.world) = (rng.bits(), rng.bits());
        let read = State::from_json(&state.to_json().unwrap()).unwrap();
        assert_eq!((read.seed, read.world), (state.seed, state.world));
        for (block, other) in read.blocks.iter().zip(&state.blocks) {
            assert_eq!(block.position.map(f64::to_bits), other.position.map(f64::to_bits));
            let speed = |b: &trifactor::world::BlockState| b.linear_velocity.map(f64::to_bits);
            assert_eq!(speed(block), speed(other));
        }
        assert_eq!(read.robot.torques.map(f64::to_bits), state.robot.torques.map(f64::to_bits));
    }
}

#[test]
fn parameters_settings_and_families_of_one_s_own_come_back() {
    let params = json!({"tool_block_mass": 0.07, "activate_sparse_reward": true});
    let own = Config {
        task_params: params.as_object().cloned().unwrap(),
        physics: Physics { passes: 6, ..Preset::Reference.physics() },
        skip_frame: 4,
        max_episode_length: Some(77),
        normalize_observations: false,
        ..Config::new("pushing")
    };
    let mut document: Value = serde_json::from_str(registry::document("pushing").unwrap()).unwrap();
    document["name"] = json!("mine");
    document["blocks"][0]["color"] = json!([0.1, 0.2, 0.3]);
    let mine = || Family::from_json(&document.to_string()).unwrap();
    let set = mine().with_params(params.as_object().unwrap()).unwrap();
    let tampered = Family::named("pushing").unwrap().with_params(params.as_object().unwrap());
    for (made, with_document) in [
        (Env::new(own.clone()), false),
        (Env::with_family(own.clone(), mine()), true),
        (Env::with_family(Config::new("mine"), set), true),
        // Parameters that were set before the environment was made are described as well.
        (Env::with_family(Config::new("pushing"), tampered.unwrap()), false),
    ] {
        let mut env = made.unwrap();
        let description = Description::from_json(&env.description().to_json().unwrap()).unwrap();
        assert_eq!(description.document.is_some(), with_document);
        let mut again = Env::from_description(&description).unwrap();
        assert_eq!(again.description(), description);
        assert_eq!(again.config().physics, env.config().physics);
        for env in [&mut env, &mut again] {
            env.reset(Some(1));
        }
        assert_eq!(again.max_episode_length(), env.max_episode_length());
        assert_eq!(walk(&mut again, 8, 5), walk(&mut env, 8, 5));
    }
}

#[test]
fn what_can_not_be_loaded_is_refused_with_the_reason() {
    let env = under_way("pushing");
    let state: Value = serde_json::from_str(&bits(env.state())).unwrap();
    let world: Value = serde_json::from_str(&env.description().to_json().unwrap()).unwrap();
    let without = |document: &Value, pointer: &str, key: &str| {
        let mut document = document.clone();
        let parent = document.pointer_mut(pointer).unwrap().as_object_mut().unwrap();
        assert!(parent.remove(key).is_some(), "{pointer} has no {key}");
        document
    };
    let with = |document: &Value, pointer: &str, key: &str, value: Value| {
        let mut document = document.clone();
        document.pointer_mut(pointer).unwrap()[key] = value;
        document
    };
    for (broken, told) in [
        (with(&state, "", "version", json!(2)), "this release reads version 1"),
        (with(&state, "", "format", json!("trifactor world")), "trifactor world"),
        (without(&state, "", "format"), "at format"),
        (without(&state, "", "robot"), "missing field `robot`"),
        (without(&state, "/robot", "target"), "at robot: missing field `target`"),
        (without(&state, "/blocks/0", "mass"), "at blocks[0]: missing field `mass`"),
        (with(&state, "/blocks/0", "charge", json!(1.0)), "unknown field `charge`"),
        (with(&state, "", "charge", json!(1.0)), "unknown field `charge`"),
        (with(&state, "/robot", "height", json!("tall")), "at robot.height"),
        (with(&state, "", "blocks", json!([])), "at blocks: expected 1"),
        (with(&state, "", "goals", json!([])), "at goals: expected 1"),
    ] {
        let refused = State::from_json(&broken.to_string()).unwrap_err();
        assert!(matches!(refused, Error::Malformed { .. }), "{refused:?}");
        assert!(refused.to_string().contains(told), "{told} in {refused}");
    }
    for (broken, told) in [
        (with(&world, "", "version", json!(2)), "this release reads version 1"),
        (with(&world, "", "format", json!("trifactor state")), "trifactor state"),
        (without(&world, "", "engine"), "missing field `engine`"),
        (with(&world, "/config", "skip_frames", json!(2)), "skip_frames"),
        (with(&world, "/config", "physics", json!("wishful")), "wishful"),
        (with(&world, "/config", "action_mode", json!("telepathy")), "at config.action_mode"),
    ] {
        let refused = Description::from_json(&broken.to_string()).unwrap_err().to_string();
        assert!(refused.contains(told), "{told} in {refused}");
    }
    for (other, told) in [
        (with(&world, "", "environment", json!(1)), "environment version 1"),
        (with(&world, "/config", "skip_frame", json!(3)), "world id"),
        (with(&world, "/config", "physics", json!("reference")), "world id"),
        (with(&world, "/config", "family", json!("picking")), "world id"),
        (with(&world, "/config", "family", json!("juggling")), "juggling"),
        (with(&world, "/config", "task_params", json!({"tool_block_mass": 0.03})), "world id"),
        (with(&world, "/config", "task_params", json!({"mass": 0.03})), "mass"),
    ] {
        let description = Description::from_json(&other.to_string()).unwrap();
        let refused = Env::from_description(&description).err().expect("another world").to_string();
        assert!(refused.contains(told), "{told} in {refused}");
    }
    let mut other = Env::new(Config::new("picking")).unwrap();
    let before = bits(other.state());
    let refused = other.set_state(env.state()).unwrap_err().to_string();
    assert!(refused.contains("family pushing, not picking and skip_frame 2, not 10"), "{refused}");
    assert_eq!(bits(other.state()), before);
    let nowhere = file("nowhere");
    assert!(matches!(State::load(&nowhere), Err(Error::File { .. })));
    assert!(matches!(env.state().save(&nowhere.join("deeper")), Err(Error::File { .. })));
}

/// Whether all that a part says stands in the whole, with the same bits.
fn holds(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            part.iter().all(|(key, part)| whole.get(key).is_some_and(|whole| holds(whole, part)))
        }
        (Value::Array(whole), Value::Array(part)) => {
            whole.len() == part.len() && whole.iter().zip(part).all(|(w, p)| holds(w, p))
        }
        (Value::Number(whole), Value::Number(part)) if whole.is_f64() => {
            whole.as_f64().map(f64::to_bits) == part.as_f64().map(f64::to_bits)
        }
        _ => whole == part,
    }
}

#[test]
fn files_of_the_first_format_still_load() {
    let path = golden("state_1.json");
    let state = State::load(&path).unwrap();
    assert_eq!((state.seed, state.episode, state.step), (5, 0, 4));
    assert_eq!(state.scene.blocks[1].name, "tool_block_2");
    // What was written is what is read: nothing dropped, nothing altered.
    let mut file: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    for header in ["format", "version", "program"] {
        assert!(file.as_object_mut().unwrap().remove(header).is_some());
    }
    assert!(holds(&serde_json::from_str(&bits(&state)).unwrap(), &file));

    let description = Description::load(&golden("world_1.json")).unwrap();
    assert_eq!(description.config.skip_frame, 5);
    assert_eq!(description.config.task_params["tool_block_mass"], json!(0.05));
    assert_eq!(description.config.physics, Preset::Accurate.physics());
    // The state's numbers can be lived in here, whatever became of the engine since.
    let mut env = Env::new(description.config).unwrap();
    env.set_state(&State { world: env.state().world, ..state }).unwrap();
    walk(&mut env, 1, 3);
}
