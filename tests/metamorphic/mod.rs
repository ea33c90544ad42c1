//! Metamorphic promises: every variable does something, and in the direction it should.
//!
//! For each kind of entity and each of its attributes one experiment intervenes on the variable by
//! its path and compares what follows: the trajectory, or where a variable concerns the task or the
//! eye alone, what is rewarded, counted or observed.

mod bodies;
mod goals;
mod lab;
mod looks;
mod robot;
mod surfaces;
mod task;

use std::collections::{BTreeMap, BTreeSet};

use trifactor::intervention::Intervention;
use trifactor::robot::LINKS_PER_FINGER;
use trifactor::task::registry;
use trifactor::variable::{Entity, Variable};
use trifactor::world::{BlockKind, GoalShape, Scene};
use trifactor::{Config, Env};

use crate::contact::motion;

/// A pattern of variables, and the test that is their experiment.
type Experiment = (&'static str, fn());

/// The kind of a variable's entity, and its attribute: what an experiment is about.
fn pattern(variable: &Variable, scene: &Scene) -> String {
    let kind = match variable.entity {
        Entity::Link(i) if i % LINKS_PER_FINGER == 0 => "finger_base",
        Entity::Link(_) => "link",
        Entity::Block(i) => match scene.blocks[i].kind {
            BlockKind::Movable => "movable",
            BlockKind::Fixed => "fixed",
        },
        Entity::Goal(i) => match scene.goals[i].shape {
            GoalShape::Cuboid => "goal",
            GoalShape::Sphere => "sphere_goal",
        },
        one_of_its_kind => &one_of_its_kind.name(scene),
    };
    format!("{kind}/{}", variable.attribute.name)
}

/// Every pattern that occurs in a family, with one path that fits it.
fn patterns() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for family in registry::names() {
        let mut env = Env::new(Config::new(family)).unwrap();
        env.reset(Some(0));
        // Obstacles that an intervention brings are blocks of their own kind.
        let _ = env
            .do_intervention(&Intervention::new().with("task/number_of_obstacles", [1.0]), false);
        let scene = &env.state().scene;
        for variable in Variable::all(scene, env.family().rules()) {
            let path = format!("{family}: {}", variable.path(scene));
            found.entry(pattern(&variable, scene)).or_insert(path);
        }
    }
    found
}

#[test]
fn the_list_of_variables_without_an_experiment_is_empty() {
    let lists: [&[Experiment]; 6] = [
        &bodies::EXPERIMENTS,
        &surfaces::EXPERIMENTS,
        &robot::EXPERIMENTS,
        &goals::EXPERIMENTS,
        &task::EXPERIMENTS,
        &looks::EXPERIMENTS,
    ];
    let tried: BTreeSet<&str> = lists.concat().iter().map(|(pattern, _)| *pattern).collect();
    let known = patterns();
    let without: Vec<_> = known.iter().filter(|(p, _)| !tried.contains(p.as_str())).collect();
    assert!(without.is_empty(), "without an experiment: {without:?}");
    let unknown: Vec<_> = tried.iter().filter(|p| !known.contains_key(**p)).collect();
    assert!(unknown.is_empty(), "experiments on nothing: {unknown:?}");
    println!("{} patterns of variables, each with its experiment", known.len());
}

#[test]
fn changing_any_look_changes_not_one_bit_of_the_physics() {
    let follow = |env: &mut Env| {
        let reward = env.step(&[0.3, -0.2, 0.1, 0.0, 0.5, -0.5, 0.4, 0.2, -0.3]).unwrap().reward;
        (motion(env.state()), reward.to_bits(), env.state().robot.torques.map(f64::to_bits))
    };
    let mut colours = 0;
    for family in registry::names() {
        let mut env = Env::new(Config { skip_frame: 3, ..Config::new(family) }).unwrap();
        env.reset(Some(7));
        let _ = env
            .do_intervention(&Intervention::new().with("task/number_of_obstacles", [2.0]), false);
        let start = env.state().clone();
        let paths: Vec<String> = env.variables().into_iter().map(|(path, _)| path).collect();
        let value = |path: &str| match path.split_once('/').unwrap() {
            (_, "color" | "pattern_color") => vec![0.123, 0.456, 0.789],
            (_, "pattern") => vec![2.0],
            (_, "pattern_scale") => vec![0.05],
            ("light", "turn") | ("camera_0" | "camera_1" | "camera_2", "shift" | "turn") => {
                vec![0.01, -0.02, 0.03]
            }
            ("light" | "camera_0" | "camera_1" | "camera_2", _) => vec![0.9],
            _ => Vec::new(),
        };
        let valued = paths.iter().map(|path| (path, value(path))).filter(|(_, v)| !v.is_empty());
        let alone: Vec<Intervention> =
            valued.map(|(path, value)| Intervention::new().with(path, value)).collect();
        let all = alone.iter().flat_map(|one| one.values.clone()).collect();
        let all = Intervention { values: all };
        let plain: Vec<_> = (0..20).map(|_| follow(&mut env)).collect();
        // Each alone for a step, all of them for many.
        for (colour, steps) in alone.iter().map(|one| (one, 1)).chain([(&all, plain.len())]) {
            env.set_state(&start).unwrap();
            env.do_intervention(colour, false).unwrap();
            assert_ne!(env.state(), &start);
            for (step, expected) in plain[..steps].iter().enumerate() {
                assert!(&follow(&mut env) == expected, "{family}: {colour:?} at step {step}");
            }
        }
        colours += alone.len();
    }
    println!("{colours} looks changed, alone and together");
    assert!(colours > 0);
}
