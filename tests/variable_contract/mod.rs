//! The contract of every variable of every family, one generated test: at both ends of A and of B
//! it is written, read back, continued bitwise by a fresh process, and gone after a reset.

mod cases;
mod expected;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::process::Command as Process;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::{Deserialize, Serialize};
use trifactor::intervention::Intervention;
use trifactor::rng::Rng;
use trifactor::robot::Nine;
use trifactor::task::registry;
use trifactor::variable::Variable;
use trifactor::{Config, Env, Error, State};

use self::cases::{End, Space, clearance, ends, scenes};
use self::expected::{engine_agrees, read_back};

const SEED: u64 = 303;
/// Control steps that follow an intervention.
const STEPS: usize = 3;
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
            // Patterns are kept by name and enter no engine: one body of a kind stands for all.
            let kind = match variable.attribute.name {
                name if name.starts_with("pattern") => {
                    format!("{:?} {name}", std::mem::discriminant(&variable.entity))
                }
                _ => path.clone(),
            };
            if !known.insert(kind) {
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

/// Continues the states of a file and writes the digests in their place.
fn serve(path: &Path) {
    let lines = BufReader::new(File::open(path).unwrap()).lines();
    let lines: Vec<String> = lines.collect::<Result<_, _>>().unwrap();
    // Every other one on each of two threads, as walls of many blocks stand next to each other.
    let half = |first: usize| lines.iter().skip(first).step_by(2).collect::<Vec<_>>();
    let [even, odd] = std::thread::scope(|scope| {
        [half(0), half(1)]
            .map(|lines| scope.spawn(|| continue_all(lines)))
            .map(|t| t.join().unwrap())
    });
    let digests: Vec<u64> =
        (0..lines.len()).map(|i| if i % 2 == 0 { even[i / 2] } else { odd[i / 2] }).collect();
    std::fs::write(path, serde_json::to_vec(&digests).unwrap()).unwrap();
}

/// Continues the states of some lines, last one first; the digests in the order of the lines.
fn continue_all(lines: Vec<&String>) -> Vec<u64> {
    let mut environments: BTreeMap<String, Env> = BTreeMap::new();
    let continued = lines.into_iter().rev().map(|line| {
        let Continued { family, case, state } = serde_json::from_str(line).unwrap();
        let env = environments.entry(family).or_insert_with_key(|name| environment(name));
        env.set_state(&state).unwrap();
        continue_from(env, case).0
    });
    let mut digests: Vec<u64> = continued.collect();
    digests.reverse();
    digests
}
