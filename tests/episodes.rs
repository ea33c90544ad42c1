//! Episodes on disk: what is written is what is read, whatever becomes of the file's end.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use trifactor::causal::Strength;
use trifactor::intervention::{Event, Intervention, Target};
use trifactor::record::{
    Dataset, Episode, Header, Kind, Manifest, Precision, Recorder, Row, Writer, verify,
};
use trifactor::rng::Rng;
use trifactor::vec_env::{Autoreset, VecEnv};
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

/// Whatever a file has become: what of the written episodes is read before anything is refused.
fn survivors(path: &Path, written: &[Episode]) -> std::result::Result<usize, String> {
    let dataset = Dataset::open(path).map_err(|error| error.to_string())?;
    let mut count = 0;
    for (index, episode) in dataset.episodes().enumerate() {
        let episode = episode.map_err(|error| error.to_string())?;
        assert!(same(&episode, &written[index]), "episode {index} reads as another");
        count += 1;
    }
    match dataset.is_closed() {
        true => Ok(count),
        false => Err(format!("{count} episodes, {} bytes cut", dataset.cut())),
    }
}

/// A closed data set of short episodes, with the byte at which each is whole.
fn small(name: &str) -> (PathBuf, Vec<Episode>, Vec<u64>) {
    let (mut env, path) = (env(), scratch(name));
    let written: Vec<_> = (0..5).map(|seed| episode(&mut env, seed, 3)).collect();
    let mut writer = Writer::create(&path, &exact(&env)).unwrap();
    let length = || fs::metadata(&path).unwrap().len();
    let mut ends = vec![length()];
    for episode in &written {
        writer.write(episode).unwrap();
        ends.push(length());
    }
    writer.close().unwrap();
    (path, written, ends)
}

#[test]
fn a_truncated_file_loses_at_most_the_episode_it_was_in_and_can_be_gone_on_with() {
    let (path, written, ends) = small("truncated");
    let whole = fs::read(&path).unwrap();
    let seed = 20;
    println!("seed {seed}");
    let mut rng = Rng::stream(seed, 0, "test/cuts");
    let random = (0..300).map(|_| rng.below(whole.len() as u64));
    let edges = ends.iter().flat_map(|end| (0..10).map(move |back| end - back.min(*end)));
    for cut in random.chain(edges.collect::<Vec<_>>()) {
        fs::write(&path, &whole[..cut as usize]).unwrap();
        let Some(kept) = ends.iter().filter(|end| **end <= cut).count().checked_sub(1) else {
            assert!(Dataset::open(&path).is_err(), "not even the columns are whole");
            continue;
        };
        let dataset = Dataset::open(&path).unwrap();
        let read: Vec<_> = dataset.episodes().collect::<Result<_>>().unwrap();
        assert_eq!(read.len(), kept, "cut at byte {cut}");
        assert!(read.iter().zip(&written).all(|(a, b)| same(a, b)));
        assert_eq!(dataset.cut(), cut - ends[kept]);
        assert!(!dataset.is_closed(), "nothing tells that byte {cut} was not the end");
        if cut % 7 == 0 {
            let mut writer = Writer::append(&path, dataset.header()).unwrap();
            written[kept..].iter().for_each(|episode| writer.write(episode).unwrap());
            writer.close().unwrap();
            assert!(fs::read(&path).unwrap() == whole, "gone on with after byte {cut}");
        }
    }
    fs::remove_file(path).unwrap();
}

#[test]
fn a_tampered_file_is_found_whichever_byte_was_changed() {
    let (path, written, ends) = small("tampered");
    let (whole, header) = (fs::read(&path).unwrap(), exact(&env()));
    let seed = 21;
    println!("seed {seed}");
    let mut rng = Rng::stream(seed, 0, "test/tampering");
    let random: Vec<_> = (0..600).map(|_| rng.below(whole.len() as u64) as usize).collect();
    let edges = ends.iter().flat_map(|end| *end as usize..(*end as usize + 200).min(whole.len()));
    let (mut found, mut idle) = (0, 0);
    for place in random.into_iter().chain(edges) {
        let mut bytes = whole.clone();
        bytes[place] ^= 1 << rng.below(8);
        fs::write(&path, &bytes).unwrap();
        // Padding says nothing: a change of it, and of nothing else, changes nothing that is read.
        match survivors(&path, &written) {
            Err(_) => found += 1,
            Ok(count) => {
                assert_eq!(count, written.len(), "byte {place} hides episodes");
                assert_eq!(Dataset::open(&path).unwrap().header(), &header, "byte {place}");
                idle += 1;
            }
        }
    }
    assert!(found > idle, "only {found} of {} changes are found", found + idle);
    fs::remove_file(path).unwrap();
}

#[test]
fn an_episode_taken_out_or_put_elsewhere_is_found() {
    let (path, written, ends) = small("moved");
    let whole = fs::read(&path).unwrap();
    let part = |index: usize| &whole[ends[index] as usize..ends[index + 1] as usize];
    let head = &whole[..ends[0] as usize];
    for order in [&[1, 2, 3, 4][..], &[0, 2, 1, 3, 4], &[0, 1, 1, 2, 3, 4], &[0, 1, 2, 4]] {
        let mut bytes = head.to_vec();
        order.iter().for_each(|index| bytes.extend(part(*index)));
        bytes.extend(&whole[ends[5] as usize..]);
        fs::write(&path, &bytes).unwrap();
        let refused = Dataset::open(&path).unwrap().episodes().any(|episode| episode.is_err());
        assert!(refused, "{order:?} reads as if nothing were amiss");
    }
    assert!(written.len() == 5);
    fs::remove_file(path).unwrap();
}

#[test]
fn recorded_transitions_agree_bit_for_bit_when_they_are_re_run() {
    let (mut env, path) = (env(), scratch("verified"));
    let all = std::env::var_os("TRIFACTOR_ALL").is_some();
    if !all {
        println!("100 000 recorded transitions: short form");
    }
    let transitions = if all { 100_000 } else { 2000 };
    let header = Header { masks: Some(Strength::Sound), observations: None, ..Header::of(&env) };
    let mut recorder = Recorder::new(Writer::create(&path, &header).unwrap());
    let seed = 22;
    println!("seed {seed}");
    let mut rng = Rng::stream(seed, 0, "test/actions");
    env.reset(Some(seed));
    recorder.reset(0, &env).unwrap();
    let (mut target, mut set) = ([0.0; 9], 0);
    for step in 0..transitions {
        // Held for a while, so that fingers reach the block.
        if step % 25 == 0 {
            target = std::array::from_fn(|_| rng.uniform(-1.0, 1.0));
        }
        if step % 70 == 0 {
            let drawn = env.sample_intervention(step).unwrap();
            set += u64::from(env.intervene_as("weather", &drawn, None).is_ok());
        }
        recorder.before(0, &env).unwrap();
        let done = env.step(&target).unwrap();
        recorder.step(0, &env, &target, &done).unwrap();
        if done.truncated {
            env.reset(None);
            recorder.reset(0, &env).unwrap();
        }
    }
    recorder.close().unwrap();
    let dataset = Dataset::open(&path).unwrap();
    let coupled = |episode: &Episode| episode.rows.iter().any(|row| !row.pairs.is_empty());
    assert!(dataset.episodes().any(|episode| coupled(&episode.unwrap())), "pairs are kept");
    let told = AtomicU64::new(0);
    let progress = |steps| {
        told.fetch_add(steps, Ordering::Relaxed);
    };
    let verified = verify(&dataset, 2, &progress).unwrap();
    assert!(set > 0 && verified.all_agree(), "{:?}", verified.differences.first());
    assert_eq!((verified.transitions, verified.agreed), (transitions, transitions));
    assert_eq!(told.into_inner(), transitions);
    let events = dataset.episodes().flat_map(|episode| episode.unwrap().rows);
    let events: Vec<_> = events.flat_map(|row| row.interventions).collect();
    let accepted = events.iter().filter(|event| event.refused.is_none()).count() as u64;
    assert!(accepted == set && events.iter().all(|event| event.by == "weather"));
    println!("{transitions} transitions of {} bytes agree", fs::metadata(&path).unwrap().len());
    fs::remove_file(path).unwrap();
}

#[test]
fn a_transition_that_the_dynamics_did_not_make_is_found() {
    let (mut env, path) = (env(), scratch("forged"));
    let mut forged = episode(&mut env, 1, 8);
    let last = forged.rows.len() - 1;
    let before = forged.rows[last].state.blocks[0].position[0];
    forged.rows[last].state.blocks[0].position[0] = before.next_up();
    forged.rows[2].reward = forged.rows[2].reward.map(f64::next_up);
    forged.rows[3].observation[0] += 1e-9;
    let mut writer = Writer::create(&path, &exact(&env)).unwrap();
    writer.write(&forged).unwrap();
    writer.close().unwrap();
    let verified = verify(&Dataset::open(&path).unwrap(), 1, &|_| ()).unwrap();
    assert_eq!((verified.transitions, verified.agreed), (8, 5));
    assert!(verified.episodes == 1 && verified.disagreeing == 1 && verified.closed);
    let rows: Vec<_> = verified.differences.iter().map(|d| (d.row, &d.what[..10])).collect();
    assert_eq!(rows, [(2, "the reward"), (3, "the observ"), (last, "the next s")]);
    assert_eq!(verified.differences[2].largest, before.next_up() - before);
    fs::remove_file(path).unwrap();
}

/// Steps a batch through several ends of episodes, with interventions on the way.
fn batched(path: &Path, autoreset: Autoreset) {
    let config = Config { skip_frame: 2, max_episode_length: Some(6), ..Config::new("pushing") };
    let mut worlds = VecEnv::new(config, 3, 2, autoreset).unwrap();
    let header = Header::of(worlds.world(0).unwrap());
    let mut recorder = Recorder::new(Writer::create(path, &header).unwrap());
    let mut batch = worlds.batch::<f32>();
    let seeds = worlds.seeds(7);
    worlds.reset(&seeds, None, &mut batch.observations).unwrap();
    recorder.reset_batch(&worlds, None).unwrap();
    let mut rng = Rng::stream(7, 0, "test/actions");
    for step in 0..20 {
        if [4, 15].contains(&step) {
            let lighter = Intervention::new().with("tool_block/mass", [0.05]);
            let wanted = [Intervention::new(), lighter.clone(), Intervention::new()];
            worlds.intervene(&wanted, true).unwrap();
            let start = [lighter, Intervention::new(), Intervention::new()];
            worlds.set_starting_states(&start, true).unwrap();
        }
        let actions: Vec<f64> = (0..27).map(|_| rng.uniform(-1.0, 1.0)).collect();
        recorder.before_batch(&worlds).unwrap();
        worlds.step(&actions, batch.rows()).unwrap();
        let flags = [&batch.terminated[..], &batch.truncated[..]];
        recorder.step_batch(&worlds, &actions, &batch.rewards, flags).unwrap();
        if autoreset == Autoreset::Disabled && batch.truncated.contains(&true) {
            let mask = batch.truncated.clone();
            worlds.reset(&[None; 3], Some(&mask), &mut batch.observations).unwrap();
            recorder.reset_batch(&worlds, Some(&mask)).unwrap();
        }
    }
    recorder.close().unwrap();
}

#[test]
fn a_batch_is_recorded_in_every_mode_of_its_resets() {
    // World 0 begins anew before steps 4 and 15; with NextStep its step 10 is a reset, and steps 6
    // and 13 of the others are.
    for (autoreset, steps) in
        [(Autoreset::NextStep, 55), (Autoreset::SameStep, 60), (Autoreset::Disabled, 60)]
    {
        let path = scratch("batch");
        batched(&path, autoreset);
        let dataset = Dataset::open(&path).unwrap();
        let episodes: Vec<_> = dataset.episodes().collect::<Result<_>>().unwrap();
        let verified = verify(&dataset, 1, &|_| ()).unwrap();
        assert!(verified.all_agree(), "{autoreset:?}: {:?}", verified.differences.first());
        assert_eq!(verified.transitions, steps, "{autoreset:?}");
        for episode in &episodes {
            let first = &episode.rows[0];
            assert!(first.kind == Kind::Reset && first.state.step == 0, "{autoreset:?}");
            let seed = 7 + u64::from(episode.world);
            assert!(episode.rows.iter().all(|row| row.state.seed == seed), "{autoreset:?}");
            assert!(episode.rows.iter().all(|row| row.state.episode == first.state.episode));
        }
        let ended = episodes.iter().filter(|episode| episode.ended());
        assert!(ended.clone().count() == 7 && ended.into_iter().all(|e| e.steps() == 6));
        fs::remove_file(path).unwrap();
    }
}

#[test]
fn a_manifest_makes_the_same_file_from_nothing() {
    let (path, copy) = (scratch("manifest"), scratch("manifest-copy"));
    for autoreset in [Autoreset::SameStep, Autoreset::NextStep] {
        batched(&path, autoreset);
        let manifest = Manifest::of(&Dataset::open(&path).unwrap(), false).unwrap();
        let text = manifest.to_json().unwrap();
        let manifest = Manifest::from_json(&text).unwrap();
        assert!(manifest.lists_actions());
        manifest.regenerate(&copy, &mut |_, _, _| unreachable!("all actions are listed")).unwrap();
        assert!(fs::read(&path).unwrap() == fs::read(&copy).unwrap(), "{autoreset:?}");
        fs::remove_file(&copy).unwrap();
        let changed = text.replacen("\"tool_block/mass\":0.05", "\"tool_block/mass\":0.06", 1);
        assert_ne!(changed, text);
        let other = Manifest::from_json(&changed).unwrap();
        let refused = other.regenerate(&copy, &mut |_, _, _| ());
        assert!(matches!(refused, Err(Error::OtherWorld { .. })), "{refused:?}");
        fs::remove_file(&copy).unwrap();
        fs::remove_file(&path).unwrap();
    }
}
