//! Worlds made again from what is said of them: descriptions, recordings, manifests.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use trifactor::curriculum::{self, Active, Curriculum, CurriculumDocument, actor};
use trifactor::env::observation::Feature;
use trifactor::env::{Description, ENVIRONMENT_VERSION};
use trifactor::intervention::Intervention;
use trifactor::record::{Dataset, Header, Manifest, Recorder, Writer, verify};
use trifactor::rng::Rng;
use trifactor::robot::Nine;
use trifactor::task::reward::Terms;
use trifactor::task::{Family, Task, registry};
use trifactor::{Config, Env, State};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-again-{name}", std::process::id()))
}

/// Starting states by what they set, as wrappers and users set them.
fn starts() -> Vec<Intervention> {
    vec![
        Intervention::new(),
        Intervention::new().with("robot/action_delay", [3.0]),
        Intervention::new().with("robot/action_smoothing", [4.0]),
        Intervention::new().with("floor/friction", [0.7]).with("world/gravity", [0.0, 0.0, -8.0]),
    ]
}

fn config(name: &str) -> Config {
    Config { skip_frame: 2, max_episode_length: Some(6), ..Config::new(name) }
}

/// States and rewards of an episode of random actions, to the last bit, through the next reset.
fn walk(env: &mut Env) -> Vec<String> {
    let mut rng = Rng::stream(9, 0, "actions");
    env.reset(Some(5));
    let mut seen = vec![env.state().to_json().unwrap()];
    for _ in 0..4 {
        let action: Nine = std::array::from_fn(|_| rng.uniform(-1.0, 1.0));
        let reward = env.step(&action).unwrap().reward;
        seen.push(format!("{:016x} {}", reward.to_bits(), env.state().to_json().unwrap()));
    }
    env.reset(None);
    seen.push(env.state().to_json().unwrap());
    seen
}

fn through_json(env: &Env) -> Description {
    Description::from_json(&env.description().to_json().unwrap()).unwrap()
}

fn reason<T>(made: trifactor::Result<T>) -> String {
    made.err().expect("refused").to_string()
}

#[test]
fn a_world_made_again_of_its_description_has_its_starting_state_in_every_family() {
    for name in registry::names() {
        for start in starts() {
            let mut env = Env::new(config(name)).unwrap();
            env.reset(Some(u64::MAX));
            env.set_starting_state(&start, false).unwrap();
            let description = through_json(&env);
            assert_eq!(description.start.is_some(), !start.is_empty(), "{name} {start:?}");
            let mut again = Env::from_description(&description).unwrap();
            assert_eq!(again.description(), env.description(), "{name} {start:?}");
            assert_eq!(walk(&mut again), walk(&mut env), "{name} {start:?}");
            again.reset_default_state();
            env.reset_default_state();
            assert_eq!(through_json(&again).start, None);
            assert_eq!(walk(&mut again), walk(&mut env), "{name} {start:?}");
        }
    }
}

#[test]
fn a_recording_and_its_manifest_know_the_starting_state() {
    let mut env = Env::new(config("pushing")).unwrap();
    env.reset(Some(1));
    env.set_starting_state(&starts()[1], false).unwrap();
    let (path, copy) = (file("delayed.arrow"), file("copy.arrow"));
    let mut recorder = Recorder::new(Writer::create(&path, &Header::of(&env)).unwrap());
    env.reset(Some(5));
    recorder.reset(0, &env).unwrap();
    for _ in 0..4 {
        let action = [0.4; 9];
        recorder.before(0, &env).unwrap();
        let step = env.step(&action).unwrap();
        recorder.step(0, &env, &action, &step).unwrap();
    }
    recorder.close().unwrap();
    let dataset = Dataset::open(&path).unwrap();
    assert!(verify(&dataset, 1, &|_| ()).unwrap().all_agree());
    let mut again = dataset.header().env().unwrap();
    assert_eq!(walk(&mut again), walk(&mut env));
    let manifest = Manifest::from_json(&Manifest::of(&dataset, false).unwrap().to_json().unwrap());
    let manifest = manifest.unwrap();
    assert_eq!(manifest.episodes[0].start, None, "a reset leads to it");
    manifest.regenerate(&copy, &mut |_, _, _| ()).unwrap();
    assert_eq!(std::fs::read(&copy).unwrap(), std::fs::read(&path).unwrap());
    for path in [path, copy] {
        std::fs::remove_file(path).unwrap();
    }
}

#[test]
fn a_world_made_again_has_its_curriculum() {
    let document = json!({"space": "A", "actors": [
        {"actor": "goal", "active": [0, null, 1, 0]},
        {"actor": "widening", "variables": ["*/mass"], "pace": {"width": 0.5},
         "active": [0, null, 1, 2]},
    ]});
    let document = CurriculumDocument::from_json(&document.to_string()).unwrap();
    let built = document.build(|_| unreachable!("there is no custom actor")).unwrap();
    let mut env = Env::new(config("pushing")).unwrap();
    env.set_director(Some(Box::new(built)));
    let description = through_json(&env);
    let refused = reason(Env::from_description(&description));
    assert!(refused.contains("curriculum::from_description"), "{refused}");
    let mut again = curriculum::from_description(&description).unwrap();
    assert_eq!(again.description(), env.description());
    assert_eq!(walk(&mut again), walk(&mut env));
    assert!(!again.tracker().is_empty());
    assert!(Env::from_description(&description.of_transitions()).is_ok());
}

#[test]
fn a_copy_goes_on_with_what_its_curriculum_has_learned() {
    let document = json!({"actors": [{"actor": "widening", "variables": ["floor/friction"],
        "pace": {"window": 1, "widen_from": 0.0, "step": 0.25}, "active": [0, null, 1, 0]}]});
    let document = CurriculumDocument::from_json(&document.to_string()).unwrap();
    let directed = || {
        let mut env = Env::new(config("pushing")).unwrap();
        let built = document.build(|_| unreachable!("there is no custom actor")).unwrap();
        env.set_director(Some(Box::new(built)));
        env
    };
    let mut env = directed();
    env.reset(Some(2));
    for _ in 0..2 {
        for _ in 0..6 {
            env.step(&[0.0; 9]).unwrap();
        }
        env.reset(None);
    }
    let mut copy = directed();
    copy.restore(&env.snapshot()).unwrap();
    assert_eq!(copy.take_events(), env.take_events());
    for _ in 0..2 {
        (0..6).for_each(|_| assert_eq!(copy.step(&[0.0; 9]), env.step(&[0.0; 9])));
        copy.reset(None);
        env.reset(None);
        assert_eq!(copy.state(), env.state());
    }
    let mut fresh = directed();
    fresh.set_state(env.state()).unwrap();
    fresh.reset(None);
    env.reset(None);
    assert_ne!(fresh.state(), env.state(), "the width matters here");
}

struct Lift(Family);

impl Task for Lift {
    fn family(&self) -> &Family {
        &self.0
    }
    fn terms(&self, before: &State, after: &State, _tips: [&Nine; 2]) -> Terms {
        Terms::new([("lift", after.blocks[0].position[2] - before.blocks[0].position[2])])
    }
}

#[test]
fn what_is_code_is_named_and_a_world_is_not_made_again_without_it() {
    let plain = || Env::new(config("picking")).unwrap();
    let task = Lift(Family::named("picking").unwrap());
    let task = Env::with_task(config("picking"), Box::new(task)).unwrap();
    let mut feature = plain();
    let height = |state: &State, out: &mut [f64]| out[0] = state.blocks[0].position[2];
    feature.add_feature(Feature::new("height", [0.0], [0.5], height).unwrap()).unwrap();
    let mut directed = plain();
    let own = Curriculum::new().and(Box::new(actor::Goal), Active::ALWAYS).unwrap();
    directed.set_director(Some(Box::new(own)));
    let mut bound = plain();
    let binding: Map<String, Value> = json!({"dtype": "float64"}).as_object().cloned().unwrap();
    bound.describe_binding(binding.clone(), vec!["goal_sampler".to_string()]);
    for (env, named) in [
        (&task, "task"),
        (&feature, "observation: height"),
        (&directed, "curriculum"),
        (&bound, "goal_sampler"),
    ] {
        let description = through_json(env);
        assert_eq!(description.code, [named]);
        let refused = reason(Env::from_description(&description));
        assert!(refused.contains(named) && refused.contains("code"), "{refused}");
        let refused = reason(curriculum::from_description(&description));
        assert!(refused.contains(named), "{refused}");
        let without = Description { code: Vec::new(), ..description };
        assert!(Env::from_description(&without).is_ok());
    }
    let mut without = through_json(&bound);
    without.code.clear();
    assert_eq!(Env::from_description(&without).unwrap().description().binding, binding);
    assert_eq!(plain().description().environment, ENVIRONMENT_VERSION);
}
