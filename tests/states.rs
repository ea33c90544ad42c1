//! Which states a world takes: what it was in itself, and of other numbers those that step to
//! finite ones; the rest is refused with its path.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use trifactor::causal::{Question, counterfactuals};
use trifactor::rng::Rng;
use trifactor::robot::ActionMode;
use trifactor::task::registry;
use trifactor::vec_env::Autoreset;
use trifactor::world::{BlockKind, Preset};
use trifactor::{Config, Env, Error, State, VecEnv, math};

const SEED: u64 = 1407;

/// Numbers that no state should have in most places.
const ABSURD: [f64; 12] =
    [1e308, -1e308, 1e30, -1e30, 1e17, -1e6, 1e4, 0.0, -1.0, 0.5, 5e-324, 1e-300];

fn all_forms() -> bool {
    std::env::var_os("TRIFACTOR_ALL").is_some_and(|v| v == "1")
}

fn environment(family: &str, preset: Preset) -> Env {
    let config = Config { physics: preset.physics(), skip_frame: 3, ..Config::new(family) };
    let mut env = Env::new(config).unwrap();
    env.reset(Some(SEED));
    env
}

/// The places of all numbers of a document, as JSON pointers.
fn numbers(value: &Value, place: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            map.iter().for_each(|(key, value)| numbers(value, &format!("{place}/{key}"), found));
        }
        Value::Array(list) => {
            let places = list.iter().enumerate();
            places.for_each(|(i, value)| numbers(value, &format!("{place}/{i}"), found));
        }
        Value::Number(_) => found.push(place.to_string()),
        _ => {}
    }
}

/// The place without the numbers of what is one of several.
fn kind(place: &str) -> String {
    place.split('/').filter(|part| part.parse::<usize>().is_err()).collect::<Vec<_>>().join("/")
}

/// A JSON pointer as errors write places: `robot.links[2].mass`.
fn path(place: &str) -> String {
    place.split('/').skip(1).fold(String::new(), |path, part| match part.parse::<usize>() {
        Ok(i) => format!("{path}[{i}]"),
        Err(_) if path.is_empty() => part.to_string(),
        Err(_) => format!("{path}.{part}"),
    })
}

/// Whether every number of a state is finite.
fn is_finite(state: &State) -> bool {
    let document = serde_json::to_value(state).unwrap();
    let mut places = Vec::new();
    numbers(&document, "", &mut places);
    // What is not finite is written as null.
    !document.to_string().contains("null") && places.len() > 200
}

/// A state of a family with something in all of its lists, mid-episode.
fn rich(env: &mut Env) -> Value {
    let mut rng = Rng::stream(SEED, 0, "rich");
    for _ in 0..3 {
        env.step(&std::array::from_fn::<f64, 9, _>(|_| rng.uniform(-1.0, 1.0))).unwrap();
    }
    let patterned = trifactor::intervention::Intervention::new()
        .with("floor/pattern", [1.0])
        .with("light/intensity", [0.9]);
    env.do_intervention(&patterned, false).unwrap();
    serde_json::from_str(&env.state().to_json().unwrap()).unwrap()
}

#[test]
fn every_number_of_a_state_made_absurd_is_refused_by_its_path_or_steps_to_finite_numbers() {
    println!("seed {SEED}");
    let mut rng = Rng::stream(SEED, 0, "absurd");
    let (mut refused, mut stepped) = (0, 0);
    for family in registry::names() {
        for preset in [Preset::Accurate, Preset::Reference] {
            if preset == Preset::Reference && !all_forms() {
                continue;
            }
            let mut env = environment(family, preset);
            let state = rich(&mut env);
            let mut places = Vec::new();
            numbers(&state, "", &mut places);
            if !all_forms() {
                // One of each kind, another in every family.
                let mut known = BTreeSet::new();
                let first = rng.below(places.len() as u64) as usize;
                places.rotate_left(first);
                places.retain(|place| known.insert(kind(place)));
            }
            for place in &places {
                for absurd in ABSURD {
                    match try_state(&mut env, &state, place, absurd) {
                        Ok(()) => stepped += 1,
                        Err(error) => {
                            let named = error.to_string().contains(&path(place));
                            let named = named || matches!(error, Error::OtherWorld { .. });
                            // Masses are judged with the other blocks'.
                            let named = named || kind(place).ends_with("blocks/mass");
                            // A number of a quaternion is judged with the others.
                            let whole = path(place.rsplit_once('/').unwrap().0);
                            let named = named || error.to_string().contains(&whole);
                            assert!(named, "{family}: {place} = {absurd:e}: {error}");
                            refused += 1;
                        }
                    }
                }
            }
        }
    }
    println!("{refused} refused, {stepped} stepped");
    assert!(refused > 1000 && stepped > 100, "{refused} refused, {stepped} stepped");
}

/// Steps from a state with one number replaced, or says why not.
fn try_state(env: &mut Env, state: &Value, place: &str, number: f64) -> Result<(), Error> {
    let mut state = state.clone();
    // Where a whole number stands, a whole one: the largest there is for those beyond.
    let here = state.pointer_mut(place).unwrap();
    *here = match here.is_u64() && number >= 0.0 && number.fract() == 0.0 {
        true => json!(number as u64),
        false => json!(number),
    };
    let state = State::from_json(&state.to_string())?;
    env.set_state(&state)?;
    for step in 0..3 {
        env.step(&[0.3; 9]).unwrap();
        assert!(is_finite(env.state()), "{place} = {number:e} is not finite after step {step}");
        let again = env.state().check();
        assert!(again.is_ok(), "{place} = {number:e}, after step {step}: {again:?}");
    }
    let mut observation = vec![0.0_f64; env.observation_len()];
    env.observe(&mut observation).unwrap();
    assert!(observation.iter().all(|x| x.is_finite()), "{place} = {number:e}");
    Ok(())
}

/// The limits of a number, as its refusal names them.
fn limits(state: &Value, place: &str) -> Option<[f64; 2]> {
    let mut state = state.clone();
    *state.pointer_mut(place)? = json!(1e300);
    let refused = State::from_json(&state.to_string()).err()?.to_string();
    let (_, bounds) = refused.split_once("lie in [")?;
    let (low, high) = bounds.strip_suffix(']')?.split_once(", ")?;
    Some([low.parse().ok()?, high.parse().ok()?])
}

#[test]
fn states_at_the_limits_of_all_of_their_numbers_step_to_states_that_are_possible_again() {
    println!("seed {SEED}");
    let tries = if all_forms() { 3000 } else { 30 };
    let mut failed = Vec::new();
    for family in registry::names() {
        for preset in [Preset::Accurate, Preset::Reference] {
            let mut env = environment(family, preset);
            let state = rich(&mut env);
            let mut places = Vec::new();
            numbers(&state, "", &mut places);
            let limited: Vec<(String, [f64; 2])> =
                places.iter().filter_map(|p| Some((p.clone(), limits(&state, p)?))).collect();
            assert!(limited.len() > 150, "{family}: only {} numbers have limits", limited.len());
            for number in 0..tries {
                let mut rng = Rng::stream(SEED, number, family);
                let extreme = extreme(&state, &limited, &mut rng);
                let extreme = State::from_json(&extreme.to_string()).unwrap();
                env.set_state(&extreme).unwrap();
                for step in 0..4 {
                    let action = [(); 9].map(|()| rng.uniform(-1.0, 1.0));
                    let reward = env.step(&action).unwrap().reward;
                    let of = format!("{family}, {preset:?}, try {number}, step {step}");
                    if let Err(error) = env.state().check() {
                        failed.push(format!("{of}: {error}"));
                        break;
                    }
                    if !reward.is_finite() {
                        failed.push(format!("{of}: the reward is {reward}"));
                    }
                    assert!(is_finite(env.state()), "what is possible is finite");
                }
            }
        }
    }
    assert!(failed.is_empty(), "{} failed: {:#?}", failed.len(), &failed[..failed.len().min(20)]);
}

/// The state with a share of its numbers anywhere in their limits, often at an end.
fn extreme(state: &Value, limited: &[(String, [f64; 2])], rng: &mut Rng) -> Value {
    let mut state = state.clone();
    let share = 1 + rng.below(6);
    for (place, [low, high]) in limited {
        if rng.below(6) >= share || place.ends_with("_in_tower") {
            continue;
        }
        let number = match rng.below(4) {
            0 => *low,
            1 => *high,
            2 => low + (high - low) * rng.uniform(0.0, 1.0),
            // Near what is usual.
            _ => (10.0 * rng.uniform(-1.0, 1.0) * rng.uniform(0.0, 1.0)).max(*low).min(*high),
        };
        *state.pointer_mut(place).unwrap() = json!(number);
    }
    let turned =
        |rng: &mut Rng| json!(math::from_rotation_vector([(); 3].map(|()| rng.uniform(-3.0, 3.0))));
    let mass = state.pointer("/blocks/0/mass").cloned();
    for list in ["blocks", "goals"] {
        for body in state[list].as_array_mut().unwrap() {
            // Contact holds where masses are alike.
            if let (Some(mass), "blocks") = (&mass, list) {
                body["mass"] = mass.clone();
            }
            body["orientation"] = turned(rng);
            // A sphere has one diameter.
            if list == "goals" {
                body["size"] = json!([body["size"][0], body["size"][0], body["size"][0]]);
            }
            // Half of the blocks are near each other and the robot.
            if rng.below(2) == 0 {
                body["position"] = json!([(); 3].map(|()| rng.uniform(-0.2, 0.3)));
            }
        }
    }
    state
}

#[test]
fn every_state_that_a_world_reaches_it_takes_back() {
    println!("seed {SEED}");
    let steps = if all_forms() { 4000 } else { 60 };
    for family in registry::names() {
        for (mode, preset) in
            ActionMode::ALL.iter().zip([Preset::Accurate, Preset::Reference].iter().cycle())
        {
            let mut rng = Rng::stream(SEED, *mode as u64, family);
            let config = Config {
                action_mode: *mode,
                physics: preset.physics(),
                skip_frame: 5,
                ..Config::new(family)
            };
            let mut env = Env::new(config).unwrap();
            let mut again = env.twin().unwrap();
            env.reset(Some(SEED));
            let mut action = [0.0; 9];
            for step in 0..steps {
                match rng.below(12) {
                    0..4 => {
                        action = [(); 9]
                            .map(|()| [-1.0, 1.0, rng.uniform(-1.0, 1.0)][rng.below(3) as usize])
                    }
                    4 => throw(&mut env, &mut rng),
                    5 => {
                        // Whether it is taken or refused.
                        let drawn = anything(&env, &mut rng);
                        let _ = env.do_intervention(&drawn, false);
                    }
                    _ => {}
                }
                env.step(&action).unwrap();
                let taken = again.set_state(env.state());
                assert_eq!(taken, Ok(()), "{family}, {mode:?}, {preset:?}, step {step}");
                let read = State::from_json(&env.state().to_json().unwrap()).unwrap();
                assert!(read.same_bits(env.state()));
            }
        }
    }
}

/// Throws the blocks about, as fast as they can be set to fly.
fn throw(env: &mut Env, rng: &mut Rng) {
    let mut state = env.state().clone();
    for (block, description) in state.blocks.iter_mut().zip(&state.scene.blocks) {
        if description.kind == BlockKind::Movable {
            let fast = [1.0, 30.0, 1000.0][rng.below(3) as usize];
            block.linear_velocity = [(); 3].map(|()| rng.uniform(-fast, fast));
            block.angular_velocity = [(); 3].map(|()| rng.uniform(-fast, fast));
        }
    }
    env.set_state(&state).unwrap();
}

/// One variable at an end of what it can be set to, or anywhere between.
fn anything(env: &Env, rng: &mut Rng) -> trifactor::intervention::Intervention {
    use trifactor::variable::{Domain, Variable};
    let mut all = Variable::all(&env.state().scene, env.family().rules());
    all.retain(|v| !v.path(&env.state().scene).starts_with("task/"));
    let variable = &all[rng.below(all.len() as u64) as usize];
    let present = variable.read(env.state());
    let value = match variable.attribute.domain {
        Domain::Within(low, high) => present
            .iter()
            .map(|_| [low, high, rng.uniform(low, high)][rng.below(3) as usize])
            .collect(),
        Domain::Edges | Domain::Diameter => vec![rng.uniform(0.005, 0.1); 3],
        _ => present,
    };
    trifactor::intervention::Intervention::new().with(&variable.path(&env.state().scene), value)
}

#[test]
fn a_state_that_no_world_can_be_in_is_refused_at_every_door() {
    let mut env = environment("pushing", Preset::Accurate);
    let before = env.state().clone();
    let mut absurd = before.clone();
    absurd.robot.joint_velocities[3] = 1e308;
    let told = "'state.robot.joint_velocities[3]' = [1e308] is not possible: it must lie in [";
    let check = |outcome: Result<(), Error>| {
        let message = outcome.unwrap_err().to_string();
        assert!(message.contains(told), "{message}");
    };
    check(absurd.check());
    check(env.set_state(&absurd));
    check(env.check_state(&absurd));
    let stands = env.snapshot();
    let mut wrong = stands.clone();
    wrong.state = absurd.clone();
    check(env.restore(&wrong));
    let mut wrong = stands;
    wrong.starting = absurd.clone();
    check(env.restore(&wrong));
    assert!(env.state().same_bits(&before));

    let config = env.config().clone();
    let mut worlds = VecEnv::new(config, 2, 1, Autoreset::NextStep).unwrap();
    worlds.reset(&worlds.seeds(0), None, &mut worlds.batch::<f64>().observations).unwrap();
    let whole = worlds.states();
    check(worlds.set_states(&[before.clone(), absurd.clone()]));
    let snapshot = worlds.save(0).unwrap();
    let mut wrong = snapshot.clone();
    wrong.env.state = absurd.clone();
    check(worlds.restore(&[Some(wrong), None]));
    let mut wrong = snapshot;
    wrong.env.starting = absurd.clone();
    check(worlds.restore(&[None, Some(wrong)]));
    check(worlds.branch(&absurd, &[vec![0.0; 9]], false).map(drop));
    let questions = [Question::default()];
    check(counterfactuals(&mut worlds, &absurd, &[0.0; 9], &questions, None).map(drop));
    assert_eq!(worlds.states(), whole);

    // On paper as in memory.
    let message = State::from_json(&absurd.to_json().unwrap()).unwrap_err().to_string();
    assert!(message.contains("at robot.joint_velocities[3]: [1e308]"), "{message}");
}

#[test]
fn counts_rotations_and_queues_that_no_state_has_are_refused() {
    let env = environment("stacking2", Preset::Accurate);
    let refused = |change: fn(&mut State), told: &str| {
        let mut state = env.state().clone();
        change(&mut state);
        let message = state.check().unwrap_err().to_string();
        assert!(message.contains(told), "{message}");
    };
    refused(|s| s.blocks.truncate(1), "state.blocks: expected 2, as in its scene, got 1");
    refused(|s| s.goals.clear(), "state.goals: expected 2, as in its scene, got 0");
    refused(|s| s.blocks[1].orientation = [0.0; 4], "state.blocks[1].orientation");
    refused(|s| s.goals[0].orientation = [0.0, 0.0, 1.0, 1.0], "of length 1");
    refused(|s| s.goals[1].size[2] = -0.065, "state.goals[1].size[2]");
    refused(|s| s.robot.actions.count = 16, "whole number from 0 to 15");
    refused(|s| s.robot.actions.recent[14][8] = f64::NAN, "state.robot.actions.recent[14][8]");
    refused(|s| s.robot.target[0] = 1e3, "state.robot.target[0]");
    refused(|s| s.step = u64::MAX, "state.step");
    refused(|s| s.episode = u64::MAX, "state.episode");
    assert_eq!(env.state().check(), Ok(()));
}
