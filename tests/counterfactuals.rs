//! Counterfactuals are exact: what would have come of it is what comes of it in a world built so.

use serde_json::Value;
use trifactor::agent;
use trifactor::causal::{Question, counterfactuals, touching};
use trifactor::intervention::Intervention;
use trifactor::rng::Rng;
use trifactor::robot::{self, Nine};
use trifactor::vec_env::{Autoreset, VecEnv};
use trifactor::world::World;
use trifactor::{Config, Env, State};

use crate::scenes::long_form;

const SEED: u64 = 61;
const FAMILIES: [&str; 3] = ["pushing", "picking", "stacking2"];
/// The most actions that a course has.
const LONGEST: usize = 4;

fn env(family: &str) -> Env {
    Env::new(Config { skip_frame: 3, normalize_actions: false, ..Config::new(family) }).unwrap()
}

/// An episode of the scripted policy: the states, the actions, and which steps were in contact.
fn episode(env: &mut Env, seed: u64, steps: usize) -> Vec<(State, Nine, bool)> {
    let mut policy = agent::scripted(env.family(), env.dt());
    env.reset(Some(seed));
    let goal = env.sample_new_goal().unwrap();
    env.do_intervention(&goal, false).unwrap();
    let mut action = env.state().robot.target;
    let mut taken = Vec::new();
    for _ in 0..steps {
        let before = env.state().clone();
        policy.act(&before, &mut action);
        env.step(&action).unwrap();
        taken.push((before, action, touching(env.contacts())));
    }
    taken
}

/// What a case asks: the variable's path and value, and the same as a place in the state's JSON.
struct Asked {
    set: Intervention,
    place: Option<(String, Value)>,
    actions: Option<Vec<f64>>,
}

/// Another mass, friction, place of a block, or other actions.
fn ask(state: &State, actions: &[f64], rng: &mut Rng) -> Asked {
    let block = rng.below(state.blocks.len() as u64) as usize;
    let name = &state.scene.blocks[block].name;
    let set = |path: String, value: &[f64], place: String| Asked {
        set: Intervention::new().with(&path, value),
        place: Some((place, if value.len() == 1 { value[0].into() } else { value.into() })),
        actions: None,
    };
    match rng.below(5) {
        0 => {
            let mass = [rng.uniform(0.01, 0.3)];
            set(format!("{name}/mass"), &mass, format!("/blocks/{block}/mass"))
        }
        1 => {
            let friction = [rng.uniform(0.1, 1.5)];
            set(format!("{name}/friction"), &friction, format!("/blocks/{block}/friction"))
        }
        2 => {
            let friction = [rng.uniform(0.05, 1.5)];
            let place = "/arena/floor/friction".to_string();
            set("floor/friction".to_string(), &friction, place)
        }
        3 => {
            let [x, y, z] = state.blocks[block].position;
            let moved = [x + rng.uniform(-0.06, 0.06), y + rng.uniform(-0.06, 0.06), z];
            let place = format!("/blocks/{block}/position");
            set(format!("{name}/cartesian_position"), &moved, place)
        }
        _ => {
            let other = actions.iter().map(|a| a + rng.uniform(-0.3, 0.3)).collect();
            Asked { set: Intervention::new(), place: None, actions: Some(other) }
        }
    }
}

/// A world of its own in which the number was another before anything was simulated, stepped
/// without an environment.
fn built(env: &Env, start: &State, actions: &[f64]) -> Vec<State> {
    let mut world = World::new(env.config().physics, env.config().skip_frame).unwrap();
    let (mut state, mut states) = (start.clone(), Vec::new());
    for action in actions.chunks_exact(9) {
        let mode = env.config().action_mode;
        let action = mode.clip(&std::array::from_fn(|i| action[i]));
        let mut own = state.robot;
        let command = robot::command(mode, action, &mut own);
        let mut next = state.clone();
        world.step(&state, &command, &mut next);
        (next.robot.target, next.robot.actions) = (own.target, own.actions);
        next.step += 1;
        state.clone_from(&next);
        states.push(next);
    }
    states
}

/// The state with one number, or a few, written into its JSON.
fn written(state: &State, place: Option<&(String, Value)>) -> State {
    let mut value = serde_json::to_value(state).unwrap();
    if let Some((place, number)) = place {
        *value.pointer_mut(place).expect("the place of a number") = number.clone();
    }
    serde_json::from_value(value).unwrap()
}

#[test]
fn counterfactuals_are_bitwise_what_a_world_built_so_gives() {
    println!("seed {SEED}");
    let cases = if long_form("counterfactuals") { 10_000 } else { 400 };
    let mut rng = Rng::stream(SEED, 0, "cases");
    let (mut asked, mut refused, mut other, mut contact) = ([0; 5], 0, 0, 0);
    let mut seed = 0;
    while asked.iter().sum::<usize>() < cases {
        let mut env = env(FAMILIES[seed as usize % FAMILIES.len()]);
        let taken = episode(&mut env, seed, 500);
        let mut worlds = VecEnv::like(&env, 1, 1, Autoreset::Disabled).unwrap();
        seed += 1;
        for _ in 0..80 {
            let first = rng.below((taken.len() - LONGEST) as u64) as usize;
            let count = 1 + rng.below(LONGEST as u64) as usize;
            let span = &taken[first..first + count];
            let actions: Vec<f64> = span.iter().flat_map(|(_, action, _)| *action).collect();
            let state = &span[0].0;
            let Asked { set, place, actions: instead } = ask(state, &actions, &mut rng);
            let question = Question { set, actions: instead.clone() };
            let all = counterfactuals(&mut worlds, state, &actions, &[question], None).unwrap();
            let after: Vec<_> = taken[first + 1..=first + count].iter().map(|t| &t.0).collect();
            assert!(all.factual.branch.states.iter().zip(after).all(|(a, b)| a.same_bits(b)));
            let Ok(course) = &all.counterfactual[0] else {
                refused += 1;
                continue;
            };
            let start = written(state, place.as_ref());
            assert!(course.start.same_bits(&start), "more was set than {place:?}");
            let expected = built(&env, &start, instead.as_ref().unwrap_or(&actions));
            assert_eq!(course.branch.states.len(), expected.len());
            for (step, (found, expected)) in course.branch.states.iter().zip(&expected).enumerate()
            {
                assert!(found.same_bits(expected), "{place:?}, {step} steps after {first}");
            }
            let kind = place.as_ref().map_or(4, |(place, _)| match place.rsplit_once('/') {
                Some((_, "mass")) => 0,
                Some(("/arena/floor", _)) => 2,
                Some((_, "friction")) => 1,
                _ => 3,
            });
            asked[kind] += 1;
            let ends = expected.last().zip(all.factual.branch.states.last());
            // The number itself is other in any case: the motion is what is compared here.
            let motion = |s: &State| {
                (
                    s.robot.joint_positions,
                    s.blocks
                        .iter()
                        .map(|b| (b.linear_velocity, b.angular_velocity))
                        .collect::<Vec<_>>(),
                )
            };
            other += usize::from(ends.is_some_and(|(a, b)| motion(a) != motion(b)));
            contact += usize::from(span.iter().any(|(_, _, touching)| *touching));
        }
    }
    let all: usize = asked.iter().sum();
    println!(
        "{all} counterfactuals bitwise right: mass {}, friction of a block {}, of the floor {}, \
         place of a block {}, other actions {}; {other} moved otherwise than in fact, {contact} in \
         contact, {refused} refused as infeasible",
        asked[0], asked[1], asked[2], asked[3], asked[4]
    );
    assert!(asked.iter().all(|kind| *kind > cases / 20), "{asked:?}");
    assert!(other > cases / 2 && contact > cases * 3 / 10, "{other} {contact}");
}

#[test]
fn a_counterfactual_of_an_episodes_first_state_is_the_episode_of_another_starting_state() {
    println!("seed {SEED}");
    let cases = if long_form("counterfactuals") { 600 } else { 30 };
    let mut rng = Rng::stream(SEED, 1, "starts");
    let mut compared = 0;
    for case in 0..cases {
        let mut env = env(FAMILIES[case as usize % FAMILIES.len()]);
        env.reset(Some(case));
        let state = env.state().clone();
        let actions: Vec<f64> =
            (0..9 * 20).map(|i| state.robot.target[i % 9] + rng.uniform(-0.2, 0.2)).collect();
        let Asked { set, actions: instead, .. } = ask(&state, &actions, &mut rng);
        let question = Question { set: set.clone(), actions: instead.clone() };
        let mut worlds = VecEnv::like(&env, 1, 1, Autoreset::Disabled).unwrap();
        let all = counterfactuals(&mut worlds, &state, &actions, &[question], None).unwrap();
        let Ok(course) = &all.counterfactual[0] else { continue };
        // Another environment, which never knew the value in fact.
        let mut other = self::env(FAMILIES[case as usize % FAMILIES.len()]);
        other.set_starting_state(&set, false).unwrap();
        other.reset(Some(case));
        for (step, action) in instead.unwrap_or(actions).chunks_exact(9).enumerate() {
            let paid = other.step(action).unwrap().reward;
            assert!(other.state().same_bits(&course.branch.states[step]), "{set:?}, step {step}");
            assert_eq!(paid.to_bits(), course.branch.rewards[step].to_bits());
        }
        compared += 1;
    }
    println!("{compared} of {cases} episodes compared, the others infeasible");
    assert!(compared > cases / 2);
}
