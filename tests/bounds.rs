//! Bounds of observations: true in every state, infinite where nothing bounds a number.

use trifactor::env::observation::{Context, Feature, Mode};
use trifactor::intervention::Intervention;
use trifactor::rng::Rng;
use trifactor::space::BoxSpace;
use trifactor::task::registry;
use trifactor::variable::{Domain, Entity, Subspace, Variable};
use trifactor::{Config, Env, State};

/// Every form of an observation, by name.
fn forms(family: &str) -> Vec<(&'static str, Config)> {
    let config = || Config { skip_frame: 2, ..Config::new(family) };
    let mode = |observation_mode| Config { observation_mode, ..config() };
    let all = |config| Config { context: Context::All, ..config };
    vec![
        ("structured", config()),
        ("structured with a context", all(config())),
        ("entities", mode(Mode::Entities)),
        ("entities with a context", all(mode(Mode::Entities))),
        ("slots", all(Config { max_blocks: Some(60), ..config() })),
        ("padded entities", all(Config { max_entities: Some(130), ..mode(Mode::Entities) })),
        ("custom", mode(Mode::Custom(["*/*", "*"].map(String::from).to_vec()))),
    ]
}

/// What a family's worlds can look like: states of random steps, draws and the ends of what any
/// variable can be set to.
fn states(family: &str, rng: &mut Rng) -> Vec<State> {
    let mut env = Env::new(Config { skip_frame: 2, ..Config::new(family) }).unwrap();
    env.reset(Some(rng.bits()));
    let mut states = vec![env.state().clone()];
    let step = |env: &mut Env, rng: &mut Rng| {
        let action: [f64; 9] = std::array::from_fn(|_| rng.uniform(-1.0, 1.0));
        env.step(&action).unwrap();
    };
    for _ in 0..3 {
        step(&mut env, rng);
        states.push(env.state().clone());
    }
    let mut accepted = 0;
    for variable in Variable::all(&env.state().scene.clone(), env.family().rules()) {
        // Scenes that are built anew take seconds, and of equal bodies two are enough.
        match variable.entity {
            Entity::Task | Entity::Block(2..) | Entity::Goal(2..) | Entity::Link(2..) => continue,
            _ => {}
        }
        for end in [0, 1] {
            let Some(value) = extreme(&variable, end, rng) else { continue };
            let path = variable.path(&env.state().scene);
            let before = env.state().clone();
            if env.do_intervention(&Intervention::new().with(&path, value), false).is_ok() {
                accepted += 1;
                states.push(env.state().clone());
                // What it makes of the world, where it is no blow that ends it.
                if accepted % 8 == 0 {
                    step(&mut env, rng);
                    states.push(env.state().clone());
                }
            }
            env.set_state(&before).unwrap();
        }
    }
    assert!(accepted > 20, "{family}: only {accepted} extremes were accepted");
    for _ in 0..3 {
        env.do_intervention(&env.sample_new_goal().unwrap(), false).unwrap();
        states.push(env.state().clone());
    }
    states
}

/// An end of what a variable can be set to in any space.
fn extreme(variable: &Variable, end: usize, rng: &mut Rng) -> Option<Vec<f64>> {
    let length = variable.attribute.shape.len();
    match variable.attribute.domain {
        _ if !variable.attribute.is_writable() => None,
        Domain::Within(low, high) => Some(vec![[low, high][end]; length]),
        Domain::Whole(low, high) if high < 1e3 => Some(vec![[low, high][end]; length]),
        Domain::Edges | Domain::Diameter => Some(vec![[0.005, 0.5][end]; length]),
        // Of unit length to the last bits that are taken as they are.
        Domain::Rotation => Some(vec![0.0, 0.0, 0.0, [1.0 + 4e-13, -1.0 - 4e-13][end]]),
        _ => Some((0..length).map(|_| rng.uniform(-0.1, 0.1)).collect()),
    }
}

fn observed(env: &Env) -> Vec<f64> {
    let mut numbers = vec![0.0; env.observation_len()];
    env.observe(&mut numbers).unwrap();
    numbers
}

/// The first number outside its bounds.
fn outside(space: &BoxSpace, numbers: &[f64]) -> Option<usize> {
    (0..numbers.len()).find(|&i| !(space.low[i] <= numbers[i] && numbers[i] <= space.high[i]))
}

#[test]
fn every_observation_and_every_goal_array_lies_in_its_space() {
    let seed = 14;
    println!("seed {seed}");
    let mut rng = Rng::stream(seed, 0, "bounds");
    for family in registry::names() {
        let states = states(family, &mut rng);
        for (form, config) in forms(family) {
            for normalize_observations in [true, false] {
                for goal_conditioned in [false, true] {
                    let config =
                        Config { normalize_observations, goal_conditioned, ..config.clone() };
                    let mut env = Env::new(config).unwrap();
                    for state in &states {
                        env.set_state(state).unwrap();
                        let (space, numbers) = (env.observation_space(), observed(&env));
                        if let Some(i) = outside(&space, &numbers) {
                            let name = &env.observation_names()[i];
                            let (low, high) = (space.low[i], space.high[i]);
                            panic!(
                                "{family}, {form}, normalised {normalize_observations}: {name} = \
                                 {} is outside [{low}, {high}]",
                                numbers[i]
                            );
                        }
                        let goals = env.goal_layout();
                        let mut array = vec![0.0; goals.len()];
                        env.achieved_goal(&mut array).unwrap();
                        assert_eq!(outside(&goals.space(), &array), None, "{family}, achieved");
                        env.desired_goal(&mut array).unwrap();
                        assert_eq!(outside(&goals.space(), &array), None, "{family}, desired");
                    }
                }
            }
        }
    }
}

#[test]
fn bounds_are_finite_where_something_bounds_a_number_and_nowhere_else() {
    // The ends of names whose numbers are bounded on both sides, as the page on observations says.
    let bounded = [
        "presence",
        "finger",
        "fixed_block",
        "block",
        "goal",
        "type",
        "orientation",
        "size",
        "color",
    ];
    for family in registry::names() {
        for (form, config) in forms(family) {
            for normalize_observations in [true, false] {
                let env = Env::new(Config { normalize_observations, ..config.clone() }).unwrap();
                let space = env.observation_space();
                let mut count = 0;
                for (i, name) in env.observation_names().iter().enumerate() {
                    let key = name.split('[').next().unwrap();
                    let angle = key.ends_with("cylindrical_position") && name.ends_with("[1]");
                    // Of a tower's pose, of rotation vectors and of a task's own nothing is said.
                    let silent = key.starts_with("goal_tower")
                        || key.ends_with("euler_orientation")
                        || key.starts_with("task/");
                    let expected =
                        (bounded.iter().any(|end| key.ends_with(end)) || angle) && !silent;
                    let found = space.low[i].is_finite() && space.high[i].is_finite();
                    assert_eq!(found, expected, "{family}, {form}: {name}");
                    assert!(space.low[i] < space.high[i], "{family}, {form}: {name}");
                    count += usize::from(found);
                    if name == "time_left_for_task" {
                        assert_eq!(space.low[i], f64::NEG_INFINITY);
                        let per_block = env.family().longest_episode_seconds().is_infinite();
                        let most = if normalize_observations {
                            1.0
                        } else if per_block {
                            f64::INFINITY
                        } else {
                            env.episode_seconds()
                        };
                        assert_eq!(space.high[i], most, "{family}");
                    }
                }
                assert!(count > 0 || family == "reaching", "{family}, {form}: nothing is bounded");
                assert!(count < space.len(), "{family}, {form}: nothing is unbounded");
            }
        }
    }
}

#[test]
fn a_declared_maximum_keeps_the_bounds_whatever_stands_in_the_slots() {
    for normalize_observations in [true, false] {
        for (form, config) in forms("towers") {
            if config.max_blocks.is_none() && config.max_entities.is_none() {
                continue;
            }
            let mut env = Env::new(Config { normalize_observations, ..config }).unwrap();
            env.reset(Some(1));
            let before = env.observation_space();
            for (path, value) in [
                ("task/number_of_blocks_in_tower", vec![1.0, 1.0, 2.0]),
                ("task/number_of_blocks_in_tower", vec![1.0, 2.0, 4.0]),
            ] {
                let change = Intervention::new().with(path, value);
                env.do_intervention(&change, false).unwrap();
                assert_eq!(env.observation_space(), before, "{form}");
            }
        }
    }
}

#[test]
fn numbers_of_one_s_own_have_no_bounds_but_those_they_are_normalised_by() {
    let mut env = Env::new(Config::new("pushing")).unwrap();
    let height = |state: &State, out: &mut [f64]| out[0] = state.blocks[0].position[2];
    env.add_feature(Feature::new("height", [0.0], [0.5], height).unwrap()).unwrap();
    let (space, nominal) = (env.observation_space(), env.nominal_observation_space());
    let last = space.len() - 1;
    assert_eq!((space.low[last], space.high[last]), (f64::NEG_INFINITY, f64::INFINITY));
    assert_eq!((nominal.low[last], nominal.high[last]), (-1.0, 1.0));
    let refused = Feature::new("x", [1.0], [0.0], |_, _| ()).err().unwrap().to_string();
    assert!(refused.contains("must not exceed"), "{refused}");
    assert!(env.space(Subspace::A).len() > 3);
}
