//! Episodes on disk: what is written is what is read, whatever becomes of the file's end.

use std::fs;
use std::path::PathBuf;

use trifactor::intervention::{Event, Intervention, Target};
use trifactor::record::{Dataset, Episode, Header, Kind, Precision, Row, Writer};
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

fn seen(env: &Env, kind: Kind) -> Row {
    let mut row = Row::new(kind, env.state().clone());
    row.observation = vec![0.0; env.observation_len()];
    env.observe(&mut row.observation).unwrap();
    let info = env.info();
    (row.success, row.fractional_success) = (info.success, info.fractional_success);
    row
}

/// An episode with a few steps, an intervention and numbers that are easily lost.
fn episode(env: &mut Env, seed: u64, steps: usize) -> Episode {
    env.reset(Some(seed));
    let mut rng = Rng::stream(seed, 0, "test/actions");
    let mut rows = vec![seen(env, Kind::Reset)];
    for step in 0..steps {
        if step == steps / 2 {
            let values = Intervention::new().with("world/gravity", [-0.0, 0.0, -9.0]);
            env.do_intervention(&values, false).unwrap();
            let (by, refused) = ("weather".to_string(), None);
            let (episode, step, target) = (0, step as u64, Target::State);
            let mut row = seen(env, Kind::Intervention);
            row.interventions = vec![Event { by, seed, episode, step, target, values, refused }; 2];
            rows.push(row);
        }
        let action = std::array::from_fn(|_| rng.uniform(-1.0, 1.0));
        let step = env.step(&action).unwrap();
        let mut row = seen(env, Kind::Step);
        (row.action, row.reward) = (Some(action), Some(step.reward));
        rows.push(row);
    }
    Episode { world: 3, rows }
}

fn env() -> Env {
    Env::new(Config { skip_frame: 2, ..Config::new("pushing") }).unwrap()
}

fn exact(env: &Env) -> Header {
    Header { observations: Some(Precision::Float64), ..Header::of(env) }
}

fn same(a: &Episode, b: &Episode) -> bool {
    let states = a.rows.iter().zip(&b.rows).all(|(a, b)| a.state.same_bits(&b.state));
    a == b && states
}

#[test]
fn what_is_written_is_read_back_to_the_last_bit() {
    let (mut env, path) = (env(), scratch("round"));
    let written: Vec<_> = (0..3).map(|seed| episode(&mut env, seed, 7)).collect();
    let mut writer = Writer::create(&path, &exact(&env)).unwrap();
    written.iter().for_each(|episode| writer.write(episode).unwrap());
    writer.close().unwrap();
    let dataset = Dataset::open(&path).unwrap();
    assert_eq!(dataset.header(), &exact(&env));
    assert!(dataset.is_closed() && dataset.cut() == 0 && dataset.len() == 3);
    let read: Vec<_> = dataset.episodes().collect::<Result<_>>().unwrap();
    assert!(written.iter().zip(&read).all(|(a, b)| same(a, b)));
    for index in [2, 0, 1] {
        assert!(same(&dataset.episode(index).unwrap().unwrap(), &written[index]));
    }
    assert_eq!(dataset.episode(3), Ok(None));
    assert_eq!(read[0].transitions().count(), 7);
    fs::remove_file(path).unwrap();
}

#[test]
fn a_closed_data_set_can_be_gone_on_with_and_only_by_its_own_world() {
    let (mut env, path) = (env(), scratch("append"));
    let written: Vec<_> = (0..3).map(|seed| episode(&mut env, seed, 4)).collect();
    let mut writer = Writer::create(&path, &exact(&env)).unwrap();
    writer.write(&written[0]).unwrap();
    writer.close().unwrap();
    assert!(Writer::create(&path, &exact(&env)).is_err(), "no file is overwritten");
    let mut writer = Writer::append(&path, &exact(&env)).unwrap();
    writer.write(&written[1]).unwrap();
    drop(writer);
    let mut writer = Writer::append(&path, &exact(&env)).unwrap();
    writer.write(&written[2]).unwrap();
    writer.close().unwrap();
    let dataset = Dataset::open(&path).unwrap();
    let read: Vec<_> = dataset.episodes().collect::<Result<_>>().unwrap();
    assert!(written.len() == read.len() && written.iter().zip(&read).all(|(a, b)| same(a, b)));
    assert!(matches!(Writer::append(&path, &Header::of(&env)), Err(Error::OtherWorld { .. })));
    let other = Env::new(Config::new("pushing")).unwrap();
    assert!(matches!(Writer::append(&path, &exact(&other)), Err(Error::OtherWorld { .. })));
    fs::remove_file(path).unwrap();
}

#[test]
fn an_episode_longer_than_a_batch_goes_on_in_the_next_with_every_transition() {
    let (mut env, path) = (env(), scratch("parts"));
    let written = episode(&mut env, 5, 23);
    let mut writer = Writer::create(&path, &exact(&env)).unwrap().with_part(5);
    writer.write(&written).unwrap();
    writer.close().unwrap();
    let dataset = Dataset::open(&path).unwrap();
    let parts: Vec<_> = dataset.episodes().collect::<Result<_>>().unwrap();
    assert!(parts.len() > 4 && parts[1..].iter().all(|p| p.rows[0].kind == Kind::Continued));
    let steps = |episode: &Episode| {
        episode.transitions().map(|t| (t.before.clone(), *t.action, t.after.clone())).collect()
    };
    let joined: Vec<_> = parts.iter().flat_map(|part| -> Vec<_> { steps(part) }).collect();
    assert_eq!(joined, steps(&written));
    fs::remove_file(path).unwrap();
}
