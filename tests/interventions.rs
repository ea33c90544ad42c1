//! An intervention is a transaction: it happens whole, or nothing changes and the reason is told.

use std::collections::BTreeMap;

use trifactor::Error;
use trifactor::intervention::{Intervention, apply};
use trifactor::rng::Rng;
use trifactor::robot::kinematics;
use trifactor::task::{Family, registry};
use trifactor::variable::{self, Domain, Subspace, Variable};
use trifactor::world::{BlockKind, Physics, Preset, State, World};

struct Bench {
    world: World,
    family: Family,
    state: State,
}

impl Bench {
    fn new(family: &str) -> Self {
        Self::with(family, Physics::default())
    }

    fn with(family: &str, physics: Physics) -> Self {
        let family = Family::named(family).unwrap();
        let state = family.initial_state();
        Self { world: World::new(physics, 10).unwrap(), family, state }
    }

    fn checked(&mut self, intervention: Intervention) -> Result<(), Error> {
        let rules = self.family.rules();
        apply(&mut self.world, rules, &mut self.state, &intervention, Some(Subspace::Both))
    }

    fn free(&mut self, intervention: Intervention) -> Result<(), Error> {
        apply(&mut self.world, self.family.rules(), &mut self.state, &intervention, None)
    }
}

fn set(path: &str, value: impl AsRef<[f64]>) -> Intervention {
    Intervention::new().with(path, value)
}

/// A state as text: numbers in it are equal exactly where their bits are.
fn bits(state: &State) -> String {
    serde_json::to_string(state).unwrap()
}

/// Some variable and a value that can be meant, from its range where it has one.
fn random_setting(rng: &mut Rng, family: &Family, state: &State) -> (String, Vec<f64>) {
    let mut all = Variable::all(&state.scene, family.rules());
    all.retain(|v| v.attribute.is_writable());
    // Mostly variables with a range, or hardly any checked intervention would come that far.
    if rng.below(4) != 0 {
        all.retain(|v| v.space(state, family.rules(), Subspace::Both).is_some());
    }
    let variable = &all[rng.below(all.len() as u64) as usize];
    let path = variable.path(&state.scene);
    let whole = matches!(variable.attribute.domain, Domain::Whole(..));
    let value = match variable.space(state, family.rules(), Subspace::Both) {
        Some(space) => (space.low.iter().zip(&space.high))
            .map(|(low, high)| rng.uniform(*low, *high))
            .map(|value| if whole { value.round() } else { value })
            .collect(),
        None => variable.read(state),
    };
    (path, value)
}

/// How an intervention is made one that must be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Spoiled {
    Misspelled,
    OutOfSpace,
    Infeasible,
    Meaningless,
}

/// A setting that can not be taken, and the bounds that it is to be checked against.
fn spoiled_setting(
    kind: Spoiled,
    rng: &mut Rng,
    family: &Family,
    state: &State,
) -> (String, Vec<f64>, Option<Subspace>) {
    let pick = |rng: &mut Rng, count: usize| rng.below(count as u64) as usize;
    let (mut path, mut value) = random_setting(rng, family, state);
    let some = pick(rng, value.len());
    match kind {
        Spoiled::Misspelled => {
            let at = pick(rng, path.len());
            match rng.below(3) {
                0 => path.truncate(path.len() - 1),
                1 => path.insert(at, 'q'),
                _ => path.replace_range(at..=at, "%"),
            }
            (path, value, None)
        }
        Spoiled::Meaningless => {
            match rng.below(3) {
                0 => value[some] = [f64::NAN, f64::INFINITY, -1e300][pick(rng, 3)],
                1 => value.push(0.0),
                _ => value.clear(),
            }
            (path, value, None)
        }
        Spoiled::OutOfSpace => {
            let (space, subspace) = loop {
                let subspace = [Subspace::A, Subspace::B, Subspace::Both][pick(rng, 3)];
                let found = variable::space(state, family.rules(), &path, subspace).unwrap();
                match found {
                    Some(space) => break (space, subspace),
                    None => path = random_setting(rng, family, state).0,
                }
            };
            // Where a range lies on one side of a barrier, an angle beyond it may be on the other.
            let placed = path.ends_with("/cylindrical_position");
            let some = if placed { 0 } else { pick(rng, space.len()) };
            let beyond = 0.01 + space.high[some] - space.low[some];
            value = space.low.clone();
            value[some] = if rng.below(2) == 0 {
                space.low[some] - beyond
            } else {
                space.high[some] + beyond
            };
            (path, value, Some(subspace))
        }
        Spoiled::Infeasible => {
            let bodies = state.blocks.len() + state.goals.len();
            let place = |name: &str| format!("{name}/cartesian_position");
            match pick(rng, bodies + 1) {
                // Fingers in each other (facts 1.5).
                0 => {
                    let crossed = [-1.57, -1.2, -3.0].repeat(3);
                    ("robot/joint_positions".to_string(), crossed, None)
                }
                body if body <= state.blocks.len() => {
                    let (i, scene) = (body - 1, &state.scene);
                    // What is fixed may reach into what is fixed; a finger it must not.
                    let sunk = match scene.blocks[i].kind {
                        BlockKind::Movable => [0.0, 0.0, -0.2],
                        BlockKind::Fixed => kinematics::tip(
                            0,
                            kinematics::of_finger(&state.robot.joint_positions, 0),
                            state.robot.height,
                        ),
                    };
                    (place(&scene.blocks[i].name), sunk.to_vec(), None)
                }
                body => {
                    let i = body - 1 - state.blocks.len();
                    let out = vec![0.35, 0.0, state.goals[i].position[2]];
                    (place(&state.scene.goals[i].name), out, None)
                }
            }
        }
    }
}

/// Whether a refusal names what of the intervention it refuses: its path, or the one in whose
/// coordinates its range is, or, where bodies are in the way, one that was set or built.
fn names_the_variable(error: &Error, intervention: &Intervention) -> bool {
    let message = error.to_string();
    intervention.values.keys().any(|path| {
        let entity = path.split('/').next().unwrap_or_default();
        let twin = path
            .replace("cartesian_position", "cylindrical_position")
            .replace("/orientation", "/euler_orientation");
        let bodies = matches!(error, Error::Infeasible { .. } | Error::OutOfArena { .. });
        let built = entity == "task" || entity == "goal_tower";
        message.contains(&format!("'{path}'"))
            || message.contains(path.as_str())
            || message.contains(&twin)
            || (bodies && (message.contains(entity) || built))
    })
}

#[test]
fn ten_thousand_interventions_a_third_of_them_bad_happen_whole_or_change_no_bit_and_say_why() {
    const SEED: u64 = 20;
    const EACH: usize = 10_000_usize.div_ceil(9);
    println!("seed {SEED}");
    let mut rng = Rng::stream(SEED, 0, "interventions");
    let (mut made, mut refused, mut applied) = (0, 0, 0);
    let mut spoiled: BTreeMap<(&str, Spoiled), usize> = BTreeMap::new();
    for name in registry::names() {
        let mut bench = Bench::new(name);
        for _ in 0..EACH {
            let mut intervention = Intervention::new();
            for _ in 0..1 + rng.below(3) {
                let (path, value) = random_setting(&mut rng, &bench.family, &bench.state);
                intervention = intervention.with(&path, value);
            }
            let mut check = [None, Some(Subspace::A), Some(Subspace::Both)][rng.below(3) as usize];
            let kinds = [Spoiled::Misspelled, Spoiled::OutOfSpace, Spoiled::Infeasible];
            let kind = match rng.below(20) {
                bad @ 0..=6 => Some(kinds[bad as usize % 3]),
                7 => Some(Spoiled::Meaningless),
                _ => None,
            };
            if let Some(kind) = kind {
                let bad = spoiled_setting(kind, &mut rng, &bench.family, &bench.state);
                intervention = intervention.with(&bad.0, bad.1);
                check = bad.2.or(check.filter(|_| kind != Spoiled::Infeasible));
                *spoiled.entry((name, kind)).or_default() += 1;
            }
            let before = bits(&bench.state);
            let rules = bench.family.rules();
            let done = apply(&mut bench.world, rules, &mut bench.state, &intervention, check);
            made += 1;
            match done {
                Err(error) => {
                    refused += 1;
                    assert_eq!(bits(&bench.state), before, "{intervention:?}: {error}");
                    let named = names_the_variable(&error, &intervention);
                    assert!(named, "{name}: {intervention:?}: {error}");
                }
                Ok(()) => {
                    applied += 1;
                    assert!(kind.is_none(), "{name}: {kind:?} was taken: {intervention:?}");
                }
            }
            // Back to the start now and then, so that the states stay of many kinds.
            if rng.below(10) == 0 {
                bench.state = bench.family.initial_state();
            }
        }
    }
    let meaningless = |((_, kind), _): &(&(&str, Spoiled), &usize)| *kind == Spoiled::Meaningless;
    let bad: usize = spoiled.iter().filter(|s| !meaningless(s)).map(|(_, count)| count).sum();
    println!(
        "{made} made, {bad} of them misspelled, out of space or infeasible: {refused} refused, {applied} applied"
    );
    println!("{spoiled:?}");
    assert!(made >= 10_000 && 3 * bad >= made, "{bad} of {made}");
    assert_eq!(spoiled.len(), 4 * registry::names().count());
    assert!(spoiled.values().all(|count| *count > 30) && applied > made / 5);
}

#[test]
fn an_applied_intervention_changes_what_it_names_and_what_follows_from_it_and_nothing_else() {
    for name in registry::names() {
        let start = Bench::new(name).state;
        let mut bench = Bench::new(name);
        for variable in Variable::all(&start.scene, bench.family.rules()) {
            let path = variable.path(&start.scene);
            let Some(space) = variable.space(&start, bench.family.rules(), Subspace::A) else {
                continue;
            };
            bench.state = start.clone();
            let value: Vec<f64> =
                space.low.iter().zip(&space.high).map(|(l, h)| 0.25 * l + 0.75 * h).collect();
            // What builds another scene is held to its own promises.
            let built = path.starts_with("task/") && !path.ends_with("/blocks_mass");
            if built && path != "task/number_of_obstacles" {
                continue;
            }
            let whole = matches!(variable.attribute.domain, Domain::Whole(..));
            let value = if whole { vec![1.0] } else { value };
            if bench.checked(set(&path, value)).is_err() {
                assert!(
                    path == "robot/joint_positions" || path.contains("cylindrical"),
                    "{path}: only a pose may be in another body's way"
                );
                continue;
            }
            for (other, before) in bench.family.variables(&start) {
                let after = variable::read(&bench.state, bench.family.rules(), &other).unwrap();
                let entity = |path: &str| path.split('/').next().unwrap().to_string();
                let is_body = |path: &str| path.contains("_block/") || path.contains("obstacle/");
                let is_pose = |path: &str, of| is_body(path) && path.ends_with(of);
                let twin = |of: &str| path.ends_with(of) && other.ends_with(of);
                let follows = other == path
                    || (entity(&other) == entity(&path)
                        && (twin("position") || twin("orientation")))
                    || (path.starts_with("goal_tower/") && other.starts_with("goal_block_"))
                    || (path == "task/blocks_mass" && other.ends_with("/mass"))
                    || (is_pose(&path, "/size")
                        && (is_pose(&other, "/size") || is_pose(&other, "_position")));
                assert!(after == before || follows, "{path} changed {other}");
            }
        }
    }
}

#[test]
fn goal_and_tool_of_pushing_have_one_size_and_rest_on_the_floor() {
    for path in ["tool_block/size", "goal_block/size"] {
        let mut bench = Bench::new("pushing");
        let size = [0.06, 0.07, 0.056];
        bench.checked(set(path, size)).unwrap();
        let (tool, goal) = (&bench.state.blocks[0], &bench.state.goals[0]);
        assert_eq!((tool.size, goal.size), (size, size));
        assert_eq!((tool.position, goal.position), ([0.0, -0.08, 0.028], [0.0, 0.08, 0.028]));
    }
    // A position given with the size is judged and kept for the new size.
    let mut bench = Bench::new("pushing");
    let both = set("goal_block/size", [0.056; 3])
        .with("goal_block/cylindrical_position", [0.1, 0.5, 0.028]);
    bench.checked(both).unwrap();
    assert_eq!(bench.state.goals[0].position[2], 0.028);
    let old = set("tool_block/size", [0.07; 3])
        .with("tool_block/cylindrical_position", [0.1, 0.5, 0.028]);
    assert!(matches!(bench.checked(old), Err(Error::OutOfSpace { .. })));
}

#[test]
fn a_block_that_lies_on_its_side_is_put_to_rest_on_that_side() {
    let mut bench = Bench::new("pushing");
    let quarter = std::f64::consts::FRAC_PI_2;
    let tipped = set("tool_block/euler_orientation", [quarter, 0.0, 0.0]);
    bench.free(tipped).unwrap();
    bench.free(set("tool_block/size", [0.06, 0.07, 0.056])).unwrap();
    assert!((bench.state.blocks[0].position[2] - 0.035).abs() < 1e-12);
    assert_eq!(bench.state.goals[0].position[2], 0.028);
}

#[test]
fn conflicting_sizes_are_refused_and_both_are_named() {
    let mut bench = Bench::new("pushing");
    let before = bits(&bench.state);
    let sizes = set("tool_block/size", [0.06; 3]).with("goal_block/size", [0.07; 3]);
    let message = bench.checked(sizes).unwrap_err().to_string();
    assert!(
        message.contains("tool_block/size") && message.contains("goal_block/size"),
        "{message}"
    );
    assert_eq!(bits(&bench.state), before);
    let same = set("tool_block/size", [0.06; 3]).with("goal_block/size", [0.06; 3]);
    bench.checked(same).unwrap();
}

#[test]
fn what_the_reference_refuses_and_accepts_is_refused_and_accepted() {
    // Facts 4.5, with the reference's own tolerances.
    let mut bench = Bench::with("pushing", Preset::Reference.physics());
    let tool = |z| set("tool_block/cartesian_position", [0.0, -0.08, z]);
    assert!(matches!(bench.free(tool(-0.02)), Err(Error::Infeasible { .. })));
    let goal = |x| set("goal_block/cartesian_position", [x, 0.0, 0.0325]);
    assert!(matches!(bench.free(goal(0.3)), Err(Error::OutOfArena { .. })));
    bench.free(goal(0.149)).unwrap();
    let joints = |pose: [f64; 3]| set("robot/joint_positions", pose.repeat(3));
    let low = bench.free(joints([-1.57, -1.2, -3.0]));
    assert!(matches!(low, Err(Error::Infeasible { .. })), "fingers in each other: {low:?}");
    let zeros = bench.free(joints([0.0; 3]));
    assert!(matches!(zeros, Err(Error::Infeasible { .. })), "a finger in the block: {zeros:?}");
    bench.free(joints([1.0, 1.57, 3.0])).unwrap();
}

#[test]
fn an_infeasible_intervention_names_two_bodies_and_the_depth() {
    let mut bench = Bench::new("pushing");
    let sunk = bench.free(set("tool_block/cartesian_position", [0.0, -0.08, 0.0225]));
    match sunk {
        Err(Error::Infeasible { first, second, depth }) => {
            let mut pair = [first, second];
            pair.sort();
            assert_eq!(pair, ["floor", "tool_block"]);
            assert!((depth - 0.010).abs() < 1e-6, "{depth}");
        }
        other => panic!("{other:?}"),
    }
    bench.free(set("tool_block/cartesian_position", [0.0, -0.08, 0.0315])).unwrap();
}

#[test]
fn the_goal_of_pushing_stays_on_the_floor_and_the_tool_may_be_lifted_unchecked() {
    let mut bench = Bench::new("pushing");
    let lifted = |name: &str| set(&format!("{name}/cartesian_position"), [0.0, 0.08, 0.1]);
    assert!(matches!(bench.free(lifted("goal_block")), Err(Error::OutOfFamily { .. })));
    assert!(matches!(bench.checked(lifted("goal_block")), Err(Error::OutOfSpace { .. })));
    assert!(matches!(bench.checked(lifted("tool_block")), Err(Error::OutOfSpace { .. })));
    bench.free(lifted("tool_block")).unwrap();
    assert_eq!(bench.state.blocks[0].position, [0.0, 0.08, 0.1]);
}

#[test]
fn values_that_can_not_be_meant_are_refused_without_any_check() {
    let mut bench = Bench::new("pushing");
    let refused: [(&str, &[f64]); 11] = [
        ("tool_block/mass", &[0.0]),
        ("tool_block/mass", &[-0.02]),
        ("tool_block/size", &[0.065, 0.0, 0.065]),
        ("tool_block/friction", &[-0.1]),
        ("tool_block/orientation", &[0.0; 4]),
        ("tool_block/linear_velocity", &[0.0, f64::NAN, 0.0]),
        ("robot/action_delay", &[8.0]),
        ("robot/action_delay", &[1.5]),
        ("robot/action_smoothing", &[0.0]),
        ("robot/joint_positions", &[2.0; 9]),
        ("world/gravity", &[-9.81]),
    ];
    let before = bits(&bench.state);
    for (path, value) in refused {
        let error = bench.free(set(path, value)).unwrap_err();
        assert!(error.to_string().contains(path), "{error}");
        assert_eq!(bits(&bench.state), before);
    }
    assert!(matches!(bench.free(set("tool_block/type", [2.0])), Err(Error::OutOfFamily { .. })));
    assert!(matches!(
        bench.free(set("tool_block/masss", [0.02])),
        Err(Error::UnknownVariable { suggestion: Some(_), .. })
    ));
}

#[test]
fn one_pose_in_two_coordinates_is_refused_where_they_differ() {
    let mut bench = Bench::new("pushing");
    let twice = |x| {
        set("goal_block/cartesian_position", [x, 0.0, 0.0325])
            .with("goal_block/cylindrical_position", [0.1, 0.0, 0.0325])
    };
    bench.checked(twice(0.1)).unwrap();
    assert!(matches!(bench.checked(twice(0.05)), Err(Error::Impossible { .. })));
}

#[test]
fn all_variables_of_a_state_can_be_fed_back_and_change_nothing() {
    for name in registry::names() {
        let mut bench = Bench::new(name);
        let all =
            Intervention { values: bench.family.variables(&bench.state).into_iter().collect() };
        let before = bits(&bench.state);
        bench.free(all).unwrap();
        assert_eq!(bits(&bench.state), before);
    }
}

#[test]
fn joint_positions_take_their_targets_along_and_forget_waiting_actions() {
    let mut bench = Bench::new("reaching");
    bench.state.robot.actions.push([0.1; 9]);
    bench.state.robot.target = [0.2; 9];
    let joints = [0.1, 0.8, -0.9].repeat(3);
    bench.checked(set("robot/torque_limit", [0.4])).unwrap();
    assert_eq!(bench.state.robot.actions.count, 1, "other variables leave them waiting");
    bench.free(set("robot/joint_positions", &joints)).unwrap();
    assert_eq!(bench.state.robot.target.to_vec(), joints);
    assert_eq!(bench.state.robot.actions, Default::default());
}

#[test]
fn a_pose_alone_keeps_the_velocity() {
    let mut bench = Bench::new("pushing");
    bench.free(set("tool_block/linear_velocity", [0.1, 0.2, 0.3])).unwrap();
    bench.checked(set("tool_block/cylindrical_position", [0.05, 1.0, 0.0325])).unwrap();
    assert_eq!(bench.state.blocks[0].linear_velocity, [0.1, 0.2, 0.3]);
}

#[test]
fn the_reference_s_two_level_dictionary_means_the_same() {
    let json = r#"{"tool_block": {"mass": 0.05, "cylindrical_position": [0.05, 1.0, 0.0325]},
                   "floor_friction": 0.6, "robot_finger_60_link_1": {"mass": 0.02}}"#;
    let mut bench = Bench::new("pushing");
    bench.checked(serde_json::from_str(json).unwrap()).unwrap();
    let state = &bench.state;
    assert_eq!((state.blocks[0].mass, state.arena.floor.friction), (0.05, 0.6));
    assert_eq!(state.robot.links[1].mass, 0.02);
}
