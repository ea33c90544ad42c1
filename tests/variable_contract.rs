//! The contract of every variable of every family, one generated test: at both ends of A and of B
//! it is written, read back, continued bitwise by a fresh process, and gone after a reset.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::process::Command as Process;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::{Deserialize, Serialize};
use trifactor::intervention::Intervention;
use trifactor::math::{self, from_cylindrical, from_rotation_vector};
use trifactor::rng::Rng;
use trifactor::robot::Nine;
use trifactor::task::{Document, registry};
use trifactor::variable::{self, Coupling, Subspace, Variable, half_extents};
use trifactor::world::BlockKind;
use trifactor::{Config, Env, Error, State};

const SEED: u64 = 303;
/// Control steps that follow an intervention.
const STEPS: usize = 3;
/// How far a body may be from where it was put after the tick that follows, m: an overlap of
/// 2 mm is accepted and may be undone at once.
const NEAR: f64 = 0.003;
/// Joint angles of fingers that point up and out of every block's way, rad (facts 1.5: accepted).
const OUT_OF_THE_WAY: [f64; 3] = [1.0, 1.57, 3.0];

/// One end of one range, or a value of a variable that has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Low(Space),
    High(Space),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Space {
    A,
    B,
    /// The variable has no range: two values that can be meant, unchecked.
    None,
}

impl Space {
    fn checked(self) -> Option<Subspace> {
        match self {
            Self::A => Some(Subspace::A),
            Self::B => Some(Subspace::B),
            Self::None => None,
        }
    }
}

impl End {
    fn space(self) -> Space {
        match self {
            Self::Low(space) | Self::High(space) => space,
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// What a fresh process shall continue.
#[derive(Serialize, Deserialize)]
struct Continued {
    family: String,
    /// Names the stream of actions.
    case: u64,
    state: State,
}

fn environment(family: &str) -> Env {
    // One tick per control step, so that what is read after a step is what the engine was given.
    Env::new(Config { skip_frame: 1, ..Config::new(family) }).unwrap()
}

/// A state as text: numbers in it are equal exactly where their bits are.
fn bits(state: &State) -> String {
    serde_json::to_string(state).unwrap()
}

/// Steps on, and hashes the states, rewards and observations on the way; also the state after the
/// first tick.
fn continue_from(env: &mut Env, case: u64) -> (u64, State) {
    let mut rng = Rng::stream(SEED, case, "actions");
    let mut hash = DefaultHasher::new();
    let mut observation = vec![0.0_f64; env.observation_len()];
    let mut first = None;
    for _ in 0..STEPS {
        let action: Nine = std::array::from_fn(|_| rng.uniform(-1.0, 1.0));
        let reward = env.step(&action).unwrap().reward;
        env.observe(&mut observation).unwrap();
        bits(env.state()).hash(&mut hash);
        reward.to_bits().hash(&mut hash);
        observation.iter().for_each(|x| x.to_bits().hash(&mut hash));
        first.get_or_insert_with(|| env.state().clone());
    }
    (hash.finish(), first.unwrap())
}

/// The attribute that stores a pose given in other coordinates, and what is stored there.
fn stored<'a>(attribute: &'a str, v: &[f64]) -> (&'a str, Vec<f64>) {
    match attribute {
        "cylindrical_position" => {
            ("cartesian_position", from_cylindrical([v[0], v[1], v[2]]).to_vec())
        }
        "euler_orientation" => ("orientation", from_rotation_vector([v[0], v[1], v[2]]).to_vec()),
        _ => (attribute, v.to_vec()),
    }
}

/// The coordinates in which a pose has its range.
fn ranged(attribute: &str) -> &str {
    match attribute {
        "cartesian_position" => "cylindrical_position",
        "orientation" => "euler_orientation",
        other => other,
    }
}

/// Both ends of A and of B, in the variable's own coordinates; or two values where it has none.
fn ends(env: &Env, variable: &Variable) -> Vec<(End, Vec<f64>)> {
    let (state, rules) = (env.state(), env.family().rules());
    let path = variable.path(&state.scene);
    let (entity, attribute) = variable::split(&path).unwrap();
    let twin = format!("{entity}/{}", ranged(attribute));
    let own = |v: Vec<f64>| if twin == path { v } else { stored(ranged(attribute), &v).1 };
    let mut ends = Vec::new();
    for space in [Space::A, Space::B] {
        let range = variable::space(state, rules, &twin, space.checked().unwrap()).unwrap();
        if let Some(range) = range {
            ends.push((End::Low(space), own(range.low)));
            ends.push((End::High(space), own(range.high)));
        }
    }
    if ends.is_empty() {
        let half =
            variable::read(state, rules, &format!("{entity}/size")).map_or(0.0, |s| 0.5 * s[2]);
        let [low, high] = without_range(ranged(attribute), half, &variable.read(state));
        ends = vec![(End::Low(Space::None), own(low)), (End::High(Space::None), own(high))];
    }
    ends
}

/// Two values of a variable that has no range in its family: where others have one, theirs (facts
/// 4.2), and for velocities the nominal bounds of their observation (facts 3.3).
fn without_range(attribute: &str, half_height: f64, present: &[f64]) -> [Vec<f64>; 2] {
    const PI: f64 = std::f64::consts::PI;
    let even = |low: f64, high: f64| [low, high].map(|v| vec![v; present.len()]);
    match attribute {
        "cylindrical_position" => [vec![0.0, -PI, half_height], vec![0.11, PI, 0.15]],
        "euler_orientation" => [vec![0.0, 0.0, -PI], vec![0.0, 0.0, PI]],
        "size" => even(0.055, 0.095),
        "color" => even(0.0, 1.0),
        "linear_velocity" => even(-0.5, 0.5),
        "angular_velocity" => even(-PI, PI),
        "joint_velocities" => even(-2.0, 2.0),
        other => panic!("{other} has no range, and this test no value for it"),
    }
}

/// Where the fingers are up and every body but one stands apart, far from the arena.
///
/// What is given a size alone is lifted, so that it can grow.
fn clearance(state: &State, variable: &Variable) -> Intervention {
    let path = variable.path(&state.scene);
    let (entity, attribute) = variable::split(&path).unwrap();
    let mut clear = Intervention::new();
    if entity != "robot" {
        clear = clear.with("robot/joint_positions", OUT_OF_THE_WAY.repeat(3));
    }
    for (i, (description, block)) in state.scene.blocks.iter().zip(&state.blocks).enumerate() {
        let place = format!("{}/cartesian_position", description.name);
        if description.name != entity {
            // In rows of ten, half a metre and more from each other.
            let apart = [2.0 + 0.6 * (i % 10) as f64, 2.0 + 0.6 * (i / 10) as f64];
            clear = clear.with(&place, [apart[0], apart[1], 0.5 * block.size[2]]);
        }
    }
    if attribute == "size" {
        clear = clear.with(&format!("{entity}/cartesian_position"), [0.0, 0.0, 0.2]);
    }
    clear
}

/// Asserts that a state says what was written to it, in every coordinate, and what follows.
fn read_back(env: &Env, path: &str, value: &[f64]) {
    let (state, rules) = (env.state(), env.family().rules());
    let (entity, attribute) = variable::split(path).unwrap();
    let read = |path: &str| variable::read(state, rules, path).unwrap();
    let (name, wanted) = stored(attribute, value);
    let found = read(&format!("{entity}/{name}"));
    let same = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(x, y)| x.to_bits() == y.to_bits());
    assert!(same(&found, &wanted), "{path} = {value:?} reads back as {found:?}");
    // The same in the coordinates it was given in, to rounding; at ±π either sign is the angle.
    let again = stored(attribute, &read(path)).1;
    let sign = if name == "orientation" && again.iter().zip(&wanted).any(|(x, y)| x * y < -1e-9) {
        -1.0
    } else {
        1.0
    };
    let close = again.iter().zip(&wanted).all(|(x, y)| (sign * x - y).abs() < 1e-12);
    assert!(close, "{path} = {value:?} reads as {:?}", read(path));
    follows(env, entity, attribute, value);
}

/// Asserts what the family declares to follow from a size, or from a variable of the task.
fn follows(env: &Env, entity: &str, attribute: &str, value: &[f64]) {
    let (state, rules) = (env.state(), env.family().rules());
    let pose = |name: &str| match state.scene.block_index(name) {
        Some(i) => (state.blocks[i].size, state.blocks[i].position, state.blocks[i].orientation),
        None => {
            let goal = &state.goals[state.scene.goal_index(name).unwrap()];
            (goal.size, goal.position, goal.orientation)
        }
    };
    let named = |names: &[String]| names.iter().any(|name| name == entity);
    let mut sized = vec![entity.to_string()];
    for coupling in rules.couplings.iter().filter(|_| attribute == "size") {
        match coupling {
            Coupling::EqualSize(names) if named(names) => sized.clone_from(names),
            Coupling::OnFloor(names) => {
                for name in names.iter().filter(|name| sized.contains(name)) {
                    let (size, position, orientation) = pose(name);
                    assert_eq!(position[2], half_extents(size, orientation)[2], "{name} rests");
                }
            }
            _ => {}
        }
    }
    if attribute == "size" {
        for name in &sized {
            assert_eq!(pose(name).0.as_slice(), value, "{name} has the one size");
        }
    }
    if entity == "goal_tower" && attribute.ends_with("position") {
        let [x, y, z] = pose(&state.scene.goals[1].name).1;
        let [x0, y0, z0] = pose(&state.scene.goals[0].name).1;
        assert!(x == x0 && y == y0 && (z - 3.0 * z0).abs() < 1e-12, "the goals stand in a tower");
    }
    let movable = || {
        let both = state.scene.blocks.iter().zip(&state.blocks);
        both.filter(|(d, _)| d.kind == BlockKind::Movable).map(|(_, block)| block)
    };
    if entity == "task" {
        let obstacles = state.scene.blocks.len() - movable().count();
        match attribute {
            "blocks_mass" => assert!(movable().all(|b| b.mass == value[0])),
            "nums_objects" => assert_eq!(movable().count() as f64, value[0]),
            "tool_block_size" => assert!(movable().all(|b| b.size == [value[0]; 3])),
            "number_of_blocks_in_tower" => {
                assert_eq!(movable().count() as f64, value.iter().product::<f64>());
            }
            "blocks_min_size" => assert!(movable().all(|b| b.size[1..] == [value[0]; 2])),
            "max_level_width" => {
                // A level is no wider than that unless a single block already is.
                let least = movable().map(|b| b.size[1]).fold(0.0, f64::max);
                let widest = movable().map(|b| b.size[0]).fold(0.0, f64::max);
                assert!(widest <= value[0].max(least) + 1e-12);
            }
            "stack_levels" => {
                let height = state.goals.iter().map(|g| g.position[2] + 0.5 * g.size[2]);
                let levels = height.fold(0.0, f64::max) / state.goals[0].size[2];
                assert_eq!(levels.round(), value[0]);
            }
            "tower_dims" | "tower_center" => {
                let top = state.goals.iter().map(|g| g.position[2] + 0.5 * g.size[2]);
                let center: [f64; 2] = std::array::from_fn(|i| {
                    let sum: f64 = state.goals.iter().map(|g| g.position[i]).sum();
                    sum / state.goals.len() as f64
                });
                let told = |name| variable::read(state, rules, name).unwrap();
                let (dims, axis) = (told("task/tower_dims"), told("task/tower_center"));
                assert!((top.fold(0.0, f64::max) - dims[2]).abs() < 1e-12);
                assert!((0..2).all(|i| (center[i] - axis[i]).abs() < 1e-12));
            }
            "number_of_obstacles" => assert_eq!(obstacles as f64, value[0]),
            other => panic!("task/{other}: this test does not know what follows from it"),
        }
    }
}

/// Asserts that after a tick the engine has everything where and as it was written.
fn engine_agrees(before: &State, after: &State, dt: f64) {
    assert_eq!((&before.arena, before.task), (&after.arena, after.task));
    assert_eq!(before.goals, after.goals);
    let (old, new) = (&before.robot, &after.robot);
    assert_eq!((old.height, old.links), (new.height, new.links));
    for (block, next) in before.blocks.iter().zip(&after.blocks) {
        let speed = |v| math::vector(v).norm();
        let moved = math::vector(block.position) - math::vector(next.position);
        let room = NEAR + dt * speed(block.linear_velocity).max(speed(next.linear_velocity));
        assert!(moved.norm() < room, "{block:?} is at {:?} after a tick", next.position);
        let same = |b: &trifactor::world::BlockState| {
            (
                b.size,
                b.mass,
                b.friction,
                b.restitution,
                b.linear_damping,
                b.angular_damping,
                b.color,
            )
        };
        assert_eq!(same(block), same(next));
    }
    for (joint, (q, next)) in old.joint_positions.iter().zip(&new.joint_positions).enumerate() {
        let speed = old.joint_velocities[joint].abs().max(new.joint_velocities[joint].abs());
        assert!((q - next).abs() < 1e-3 + dt * speed, "joint {joint}: {q} became {next}");
    }
}

/// What the test found out about one family's variables.
#[derive(Default)]
struct Report {
    /// How many ends of each variable's range were accepted.
    accepted: BTreeMap<(String, Space), usize>,
    refused: Vec<String>,
    read_only: usize,
    moved_aside: usize,
    continued: Vec<(Continued, u64)>,
}

/// A family's environment in a scene that has all its kinds of entities.
fn scenes(family: &str) -> Vec<Intervention> {
    let document = Document::from_json(registry::document(family).unwrap()).unwrap();
    let mut scenes = vec![Intervention::new()];
    if document.task_variables.iter().any(|name| name == "number_of_obstacles") {
        // An obstacle has variables of its own, and must be there for them.
        scenes.push(Intervention::new().with("task/number_of_obstacles", [1.0]));
    }
    scenes
}

fn try_family(family: &str) -> Report {
    let mut report = Report::default();
    let mut env = environment(family);
    env.reset(Some(SEED));
    let default = bits(env.state());
    let mut known = BTreeSet::new();
    for scene in scenes(family) {
        env.do_intervention(&scene, false).unwrap();
        let start = env.state().clone();
        for variable in Variable::all(&start.scene, env.family().rules()) {
            let path = variable.path(&start.scene);
            if !known.insert(path.clone()) {
                continue;
            }
            if !variable.attribute.is_writable() {
                read_only(&mut env, &variable, &mut report);
                continue;
            }
            env.set_state(&start).unwrap();
            let ends = ends(&env, &variable);
            for (end, value) in ends {
                env.set_state(&start).unwrap();
                try_end(&mut env, &variable, end, value, &mut report);
                env.reset(Some(SEED));
                assert_eq!(bits(env.state()), default, "{family}: {path} outlives the reset");
            }
        }
        env.reset(Some(SEED));
    }
    report
}

/// Asserts that a variable that can only be read refuses every other value, and says so.
fn read_only(env: &mut Env, variable: &Variable, report: &mut Report) {
    let path = variable.path(&env.state().scene);
    let present = variable.read(env.state());
    let before = bits(env.state());
    let other: Vec<f64> = present.iter().map(|v| v + 1.0).collect();
    let refused = env.do_intervention(&Intervention::new().with(&path, other), false);
    let message = refused.unwrap_err().to_string();
    assert!(message.contains(&path) && message.contains("can be read but not set"), "{message}");
    assert_eq!(bits(env.state()), before);
    report.read_only += 1;
}

fn try_end(env: &mut Env, variable: &Variable, end: End, value: Vec<f64>, report: &mut Report) {
    let family = env.family().name().to_string();
    let path = variable.path(&env.state().scene);
    let accepted = report.accepted.entry((path.clone(), end.space())).or_default();
    let wanted = Intervention::new().with(&path, &value);
    let check = end.space().checked();
    env.set_variables_space(check.unwrap_or_default());
    let mut done = env.do_intervention(&wanted, check.is_some());
    if matches!(done, Err(Error::Infeasible { .. } | Error::OutOfArena { .. })) {
        // Something is in the way: it is moved aside, and the same is tried again.
        env.do_intervention(&clearance(env.state(), variable), false).unwrap();
        done = env.do_intervention(&wanted, check.is_some());
        report.moved_aside += usize::from(done.is_ok());
    }
    match done {
        Ok(()) => {
            read_back(env, &path, &value);
            *accepted += 1;
            let state = env.state().clone();
            let case = report.continued.len() as u64;
            let (digest, after) = continue_from(env, case);
            engine_agrees(&state, &after, env.dt());
            report.continued.push((Continued { family, case, state }, digest));
        }
        Err(error) => {
            let declared = matches!(error, Error::Infeasible { .. } | Error::OutOfArena { .. });
            assert!(declared, "{family}: {path} at {end}: {error}");
            report.refused.push(format!("{family}: {path} at {end} = {value:?}: {error}"));
        }
    }
}

/// Names the file of states that a fresh process shall continue.
const SERVE: &str = "TRIFACTOR_TEST_CONTINUE_FILE";

#[test]
fn every_variable_at_both_ends_of_a_and_of_b_is_read_back_reset_and_continued_by_a_fresh_process() {
    if let Some(path) = std::env::var_os(SERVE) {
        return serve(Path::new(&path));
    }
    println!("seed {SEED}");
    // The families of many blocks first: the others fill the time that one of them takes.
    let mut families: Vec<&str> = registry::names().collect();
    families.sort_by_key(|name| Reverse(environment(name).state().blocks.len()));
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut reports = Vec::new();
        while let Some(family) = families.get(next.fetch_add(1, Ordering::Relaxed)) {
            let report = try_family(family);
            tell(family, &report);
            reports.push(report);
        }
        reports
    };
    let reports: Vec<Report> = std::thread::scope(|scope| {
        let threads = [(); 2].map(|()| scope.spawn(worker));
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(reports.len(), families.len());
    let refused: usize = reports.iter().map(|report| report.refused.len()).sum();
    compare_with_a_fresh_process(reports.into_iter().flat_map(|r| r.continued).collect(), refused);
}

/// Says how a family's variables fared, and asserts that of every range an end was accepted.
fn tell(family: &str, report: &Report) {
    println!(
        "{family}: {} ends accepted, {} of them once others were moved aside; {} refused for a \
         declared reason; {} variables can be read but not set",
        report.continued.len(),
        report.moved_aside,
        report.refused.len(),
        report.read_only,
    );
    report.refused.iter().for_each(|line| println!("  {line}"));
    let missing = report.accepted.iter().filter(|(_, count)| **count == 0);
    let missing: Vec<_> = missing.map(|(what, _)| what).collect();
    assert!(missing.is_empty(), "{family}: no end was accepted of {missing:?}");
}

fn compare_with_a_fresh_process(continued: Vec<(Continued, u64)>, refused: usize) {
    let path = std::env::temp_dir().join(format!("trifactor-contract-{}", std::process::id()));
    let mut file = BufWriter::new(File::create(&path).unwrap());
    for (case, _) in &continued {
        serde_json::to_writer(&mut file, case).unwrap();
        file.write_all(b"\n").unwrap();
    }
    file.into_inner().unwrap().sync_all().unwrap();
    let name = concat!(
        "variable_contract::every_variable_at_both_ends_of_a_and_of_b_is_read_back_reset_and_",
        "continued_by_a_fresh_process"
    );
    let ran = Process::new(std::env::current_exe().unwrap())
        .args(["--exact", name])
        .env(SERVE, &path)
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));
    let answer = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let digests: Vec<u64> = serde_json::from_slice(&answer).unwrap();
    assert_eq!(digests.len(), continued.len());
    let mut wrong = 0;
    for ((case, digest), found) in continued.iter().zip(&digests) {
        if digest != found {
            println!("case {} of {} continued otherwise", case.case, case.family);
            wrong += 1;
        }
    }
    println!(
        "{} accepted, {refused} refused; continued by a fresh process: {wrong} otherwise",
        continued.len()
    );
    assert_eq!(wrong, 0);
}

/// Continues the states of a file, last one first, and writes the digests in their place.
fn serve(path: &Path) {
    let lines = BufReader::new(File::open(path).unwrap()).lines();
    let lines: Vec<String> = lines.collect::<Result<_, _>>().unwrap();
    let mut environments: BTreeMap<String, Env> = BTreeMap::new();
    let mut digests: Vec<u64> = lines
        .iter()
        .rev()
        .map(|line| {
            let Continued { family, case, state } = serde_json::from_str(line).unwrap();
            let env = environments.entry(family).or_insert_with_key(|name| environment(name));
            env.set_state(&state).unwrap();
            continue_from(env, case).0
        })
        .collect();
    digests.reverse();
    std::fs::write(path, serde_json::to_vec(&digests).unwrap()).unwrap();
}
