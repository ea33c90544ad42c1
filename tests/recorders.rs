//! One writer at a time: no second recorder, and no way of ending, costs more than an episode.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use trifactor::agent;
use trifactor::causal::Strength;
use trifactor::record::{Dataset, Header, Manifest, Recorder, Writer, verify};
use trifactor::rng::Rng;
use trifactor::{Config, Env, Error, Result};

/// A file of its own for a test; an old one is removed.
fn scratch(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join("trifactor-tests");
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(format!("{name}-{}.arrow", std::process::id()));
    let _ = fs::remove_file(&path);
    path
}

fn env() -> Env {
    let config = Config { skip_frame: 1, max_episode_length: Some(4), ..Config::new("pushing") };
    Env::new(config).unwrap()
}

/// An episode of a seed, its steps as many as asked for of the four that it has.
fn play(recorder: &mut Recorder, env: &mut Env, seed: u64, steps: u64) -> Result<()> {
    let mut rng = Rng::stream(seed, 0, "test/actions");
    env.reset(Some(seed));
    let mut first = recorder.reset(0, env);
    for _ in 0..steps {
        let action: [f64; 9] = std::array::from_fn(|_| rng.uniform(-1.0, 1.0));
        first = first.and(recorder.before(0, env));
        let step = env.step(&action)?;
        first = first.and(recorder.step(0, env, &action, &step));
    }
    first
}

/// The seeds of the episodes that can be read, all of which agree when they are re-run.
fn seeds(path: &Path) -> Vec<u64> {
    let dataset = Dataset::open(path).unwrap();
    assert!(verify(&dataset, 1, &|_| ()).unwrap().all_agree());
    let episodes = dataset.episodes().map(|episode| episode.unwrap());
    episodes.map(|episode| episode.rows[0].state.seed).collect()
}

fn begin(path: &Path, env: &Env) -> Recorder {
    Recorder::new(Writer::create(path, &Header::of(env)).unwrap())
}

#[test]
fn a_file_has_one_writer_at_a_time() {
    let (mut world, path) = (env(), scratch("one-writer"));
    let header = Header::of(&world);
    let mut first = begin(&path, &world);
    play(&mut first, &mut world, 1, 4).unwrap();
    for seed in 2..5 {
        let refused = Writer::append(&path, &header).map(drop).unwrap_err().to_string();
        assert!(refused.contains("another recorder"), "{refused}");
        assert!(matches!(Writer::create(&path, &header), Err(Error::File { .. })));
        play(&mut first, &mut world, seed, 4).unwrap();
    }
    // It can be read meanwhile.
    assert_eq!(seeds(&path), [1, 2, 3, 4]);
    first.close().unwrap();
    let mut second = Recorder::new(Writer::append(&path, &header).unwrap());
    play(&mut second, &mut world, 5, 4).unwrap();
    second.close().unwrap();
    assert_eq!(seeds(&path), [1, 2, 3, 4, 5]);
    fs::remove_file(path).unwrap();
}

/// How a recording ends.
type Ending = fn(Recorder);

#[test]
fn no_way_of_ending_loses_more_than_the_episode_that_was_not_over() {
    let endings: [(&str, Ending, bool); 3] = [
        ("closed", |recorder| recorder.close().unwrap(), true),
        ("dropped", drop, false),
        (
            "panicked",
            |recorder| {
                let fails = || {
                    let _recorder = recorder;
                    panic!("on purpose");
                };
                assert!(catch_unwind(AssertUnwindSafe(fails)).is_err());
            },
            false,
        ),
    ];
    for (name, end, whole) in endings {
        for steps in [0, 3] {
            let (mut world, path) = (env(), scratch("endings"));
            let mut recorder = begin(&path, &world);
            play(&mut recorder, &mut world, 1, 4).unwrap();
            play(&mut recorder, &mut world, 2, 4).unwrap();
            play(&mut recorder, &mut world, 3, steps).unwrap();
            end(recorder);
            let expected: &[u64] = if whole { &[1, 2, 3] } else { &[1, 2] };
            assert_eq!(seeds(&path), expected, "{name}");
            assert_eq!(Dataset::open(&path).unwrap().is_closed(), whole, "{name}");
            // The lock is gone, and the file is gone on with.
            let header = Header::of(&world);
            let mut next = Recorder::new(Writer::append(&path, &header).unwrap());
            play(&mut next, &mut world, 9, 4).unwrap();
            next.close().unwrap();
            assert_eq!(seeds(&path), [expected, &[9]].concat(), "{name}");
            fs::remove_file(path).unwrap();
        }
    }
}

#[test]
fn what_someone_else_writes_into_the_file_is_noticed_and_nothing_is_lost_when_it_is_gone() {
    let (mut world, path) = (env(), scratch("disturbed"));
    let mut recorder = begin(&path, &world);
    play(&mut recorder, &mut world, 1, 4).unwrap();
    let length = fs::metadata(&path).unwrap().len();
    OpenOptions::new().append(true).open(&path).unwrap().write_all(b"more").unwrap();
    let refused = play(&mut recorder, &mut world, 2, 4).unwrap_err().to_string();
    assert!(refused.contains("something else writes into it"), "{refused}");
    assert!(recorder.finish().is_err());
    OpenOptions::new().write(true).open(&path).unwrap().set_len(length).unwrap();
    play(&mut recorder, &mut world, 3, 2).unwrap();
    recorder.finish().unwrap();
    assert_eq!(seeds(&path), [1, 2, 3]);
    assert!(matches!(play(&mut recorder, &mut world, 4, 1), Err(Error::Order(_))));
    fs::remove_file(path).unwrap();
}

#[cfg(unix)]
#[test]
fn a_file_that_is_removed_while_it_is_recorded_into_is_noticed() {
    let (mut world, path) = (env(), scratch("removed"));
    let mut recorder = begin(&path, &world);
    play(&mut recorder, &mut world, 1, 4).unwrap();
    fs::remove_file(&path).unwrap();
    let refused = play(&mut recorder, &mut world, 2, 4).unwrap_err().to_string();
    assert!(refused.contains("removed"), "{refused}");
}

#[test]
fn a_file_that_cannot_be_begun_is_not_left_behind() {
    let (world, path) = (env(), scratch("not-begun"));
    let folder = path.with_extension("folder");
    fs::write(&folder, "a file where a folder should be").unwrap();
    assert!(Writer::create(&folder.join("episodes.arrow"), &Header::of(&world)).is_err());
    fs::remove_file(folder).unwrap();
}

#[test]
fn a_manifest_makes_the_same_file_where_masks_and_coupled_pairs_are_kept() {
    let (path, copy) = (scratch("pairs"), scratch("pairs-copy"));
    let mut world = Env::new(Config::new("pushing")).unwrap();
    let header = Header { masks: Some(Strength::Sound), ..Header::of(&world) };
    let mut recorder = Recorder::new(Writer::create(&path, &header).unwrap());
    world.reset(Some(3));
    recorder.reset(0, &world).unwrap();
    let mut policy = agent::scripted(world.family(), world.dt());
    for _ in 0..60 {
        let mut joints = world.state().robot.target;
        policy.act(world.state(), &mut joints);
        let action = agent::action(world.config(), &joints).unwrap();
        recorder.before(0, &world).unwrap();
        let step = world.step(&action).unwrap();
        recorder.step(0, &world, &action, &step).unwrap();
    }
    recorder.close().unwrap();
    let dataset = Dataset::open(&path).unwrap();
    let coupled = dataset.episodes().any(|e| e.unwrap().rows.iter().any(|r| !r.pairs.is_empty()));
    assert!(coupled, "no step couples anything: the test tests nothing");
    Manifest::of(&dataset, false).unwrap().regenerate(&copy, &mut |_, _, _| ()).unwrap();
    assert!(fs::read(&path).unwrap() == fs::read(&copy).unwrap());
    fs::remove_file(path).unwrap();
    fs::remove_file(copy).unwrap();
}
