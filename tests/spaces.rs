//! Spaces: draws lie inside, membership is what interventions are checked against.

use trifactor::curriculum::{Part, Space};
use trifactor::error::Error;
use trifactor::error::Result;
use trifactor::intervention::{self, Intervention, Request};
use trifactor::rng::Rng;
use trifactor::task::{Family, registry};
use trifactor::variable::{Subspace, Variable};
use trifactor::{Config, Env};

fn env(name: &str, seed: u64) -> Env {
    let mut env = Env::new(Config::new(name)).expect("a built-in family");
    env.reset(Some(seed));
    env
}

fn drawn(env: &mut Env, space: &Space, attempt: u64) -> Result<Intervention> {
    env.draw(&Request { attempt, ..Request::new(space, "test") })
}

/// A space with a random part for every variable of the family's start.
fn random_space(env: &Env, rng: &mut Rng) -> Space {
    let words = ["A", "B", "A∪B", "nothing"];
    let pick = |rng: &mut Rng| Space::parse(words[rng.below(4) as usize]).unwrap().all().clone();
    let mut space = Space::of(pick(rng)).unwrap();
    for (path, bounds) in env.space(Subspace::A) {
        let part = match rng.below(6) {
            0 => Part::Box(bounds),
            1 => Part::Set(vec![bounds.low, bounds.high]),
            2 | 3 => pick(rng),
            _ => continue,
        };
        // A block's height follows from its size, which a fixed box does not know.
        if !path.ends_with("_position") {
            space = space.except(&path, part).unwrap();
        }
    }
    space.except("robot/joint_positions", Part::Nothing).unwrap()
}

#[test]
fn draws_lie_inside_their_space_and_are_functions_of_seed_and_attempt() {
    for name in registry::names() {
        let mut rng = Rng::stream(23, 0, name);
        let mut count = 0;
        for seed in 0..12 {
            let mut env = env(name, seed);
            let space = random_space(&env, &mut rng);
            // Some random scenes can not be built; they are refused when they are drawn.
            let Ok(wanted) = drawn(&mut env, &space, 0) else { continue };
            let (state, rules) = (env.state().clone(), env.family().rules().clone());
            let inside = intervention::within(&rules, &state, &wanted, &space);
            assert_eq!(inside, Ok(()), "{name}, seed {seed}: {wanted:?} of {space}");
            for path in wanted.values.keys() {
                assert_ne!(*space.part(path), Part::Nothing, "{name}, seed {seed}: {path}");
            }
            assert_eq!(drawn(&mut env, &space, 0), Ok(wanted.clone()));
            let again = drawn(&mut env, &space, 1);
            assert!(wanted.is_empty() || again != Ok(wanted.clone()), "{name}: attempts differ");
            count += usize::from(!wanted.is_empty());
        }
        assert!(count > 5, "{name}: only {count} spaces gave something to set");
    }
}

#[test]
fn leaving_a_variable_out_moves_no_other() {
    let mut env = env("pushing", 3);
    let all = drawn(&mut env, &Space::from(Subspace::A), 0).unwrap();
    let fewer = Space::parse("A except floor/friction, */color from nothing").unwrap();
    let fewer = drawn(&mut env, &fewer, 0).unwrap();
    assert!(fewer.values.len() < all.values.len() - 10);
    for (path, value) in &fewer.values {
        assert_eq!(all.values[path], *value, "{path}");
    }
}

#[test]
fn heights_are_those_of_the_sizes_drawn_with_them() {
    let mut env = env("pushing", 3);
    let space = Space::parse(
        "nothing except tool_block/size, goal_block/size, */cylindrical_position from A",
    );
    let space = space.unwrap();
    for attempt in 0..20 {
        let wanted = drawn(&mut env, &space, attempt).unwrap();
        let sizes: Vec<_> = wanted.values.iter().filter(|(p, _)| p.ends_with("/size")).collect();
        assert_eq!(sizes.len(), 1, "both blocks have one size, drawn once");
        let half = 0.5 * sizes[0].1[2];
        for block in ["tool_block", "goal_block"] {
            let place = &wanted.values[&format!("{block}/cylindrical_position")];
            assert_eq!(place[2], half);
        }
        env.intervene_within(&wanted, Some(&space)).unwrap();
        env.reset(None);
    }
}

#[test]
fn an_intervention_outside_the_space_in_force_is_refused_with_the_reason() {
    let mut env = env("pushing", 0);
    let space = Space::parse("A except tool_block/mass from B, floor/* from nothing").unwrap();
    let before = env.state().clone();
    let mut refused = |path: &str, value: f64| {
        let wanted = Intervention::new().with(path, [value]);
        env.intervene_within(&wanted, Some(&space)).expect_err(path).to_string()
    };
    assert!(refused("tool_block/mass", 0.021).contains("outside [[0.045], [0.1]]"));
    assert!(refused("floor/friction", 0.4).contains("not in the intervention space in force"));
    assert!(refused("tool_block/mess", 0.4).contains("did you mean 'tool_block/mass'?"));
    assert_eq!(*env.state(), before);
    // What it has already is no change, wherever it lies.
    let present = Intervention::new().with("tool_block/mass", [before.blocks[0].mass]);
    env.intervene_within(&present, Some(&space)).unwrap();
    assert_eq!(*env.state(), before);
    let light = Intervention::new().with("tool_block/mass", [0.05]);
    env.intervene_within(&light, Some(&space)).unwrap();
    // Cartesian coordinates are judged by the range of the cylindrical ones.
    let near = Intervention::new().with("tool_block/cartesian_position", [0.0, -0.1, 0.0325]);
    env.intervene_within(&near, Some(&space)).unwrap();
    let far = Intervention::new().with("tool_block/cartesian_position", [0.0, -0.14, 0.0325]);
    assert!(matches!(env.intervene_within(&far, Some(&space)), Err(Error::OutOfSpace { .. })));
}

#[test]
fn boxes_sets_and_distributions_of_ones_own_are_drawn_from_and_checked() {
    let mut env = env("pushing", 0);
    let space: Space = serde_json::from_str(
        r#"{"all": "nothing", "except": {
            "tool_block/mass": {"values": [0.3, 0.4]},
            "tool_block/friction": {"low": 0.1, "high": 0.2},
            "floor/friction": {"normal": {"mean": 0.5, "deviation": 0.1, "low": 0.4, "high": 0.9}},
            "stage/friction": {"log_uniform": {"low": 0.01, "high": 1.0}},
            "robot/action_delay": {"low": 1, "high": 3}}}"#,
    )
    .unwrap();
    space.check_names(env.state(), env.family().rules()).unwrap();
    let (mut masses, mut delays, mut below) = (0, [0; 4], 0);
    for attempt in 0..400 {
        let wanted = drawn(&mut env, &space, attempt).unwrap();
        assert_eq!(wanted.values.len(), 5);
        env.intervene_within(&wanted, Some(&space)).unwrap();
        masses += usize::from(wanted.values["tool_block/mass"] == [0.3]);
        delays[wanted.values["robot/action_delay"][0] as usize] += 1;
        below += usize::from(wanted.values["stage/friction"][0] < 0.1);
    }
    // Five standard deviations of a fair coin, and of a fair die of three.
    assert!((150..=250).contains(&masses) && (150..=250).contains(&below), "{masses} {below}");
    assert!(delays[0] == 0 && delays[1..].iter().all(|n| (86..=181).contains(n)), "{delays:?}");
    let other = Intervention::new().with("tool_block/mass", [0.35]);
    let message = env.intervene_within(&other, Some(&space)).unwrap_err().to_string();
    assert!(message.contains("none of [[0.3], [0.4]]"), "{message}");
}

#[test]
fn names_and_lengths_that_fit_no_variable_are_refused() {
    let family = Family::named("pushing").unwrap();
    let check = |json: &str| {
        let space: Space = serde_json::from_str(json).unwrap();
        space.check_names(&family.initial_state(), family.rules()).unwrap_err().to_string()
    };
    assert!(check(r#""A except tool_block/mas from B""#).contains("did you mean"));
    assert!(check(r#""A except tol_*/mass from B""#).contains("'tol_*/mass'"));
    let long = r#"{"all": "A", "except": {"tool_block/mass": {"low": [0, 0], "high": [1, 1]}}}"#;
    assert!(check(long).contains("tool_block/mass: expected 1 numbers, got 2"));
    assert!(Variable::all(&family.initial_state().scene, family.rules()).len() > 60);
}
