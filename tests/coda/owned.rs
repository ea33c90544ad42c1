//! Samples and replays as values: samples outlive what they were made of, both come back from bytes,
//! and a replay on disk outlives a run that broke off.

use std::io::BufReader;

use trifactor::augment::{Augmenter, Coda, Generator, Samples, VisualRelabel};
use trifactor::causal::{Replay, Transition};
use trifactor::rng::Rng;
use trifactor::world::Preset;

use super::data::{Plan, arena, record};

const SEED: u64 = 64;

/// Every step of some episodes; masses and frictions vary from one to the next.
fn steps(seeds: std::ops::Range<u64>) -> Vec<Transition> {
    let mut all = Vec::new();
    record(&mut arena(3, Preset::Accurate), Plan::default(), seeds, |t| {
        all.push(t);
        Ok(())
    })
    .unwrap();
    all
}

fn filled(all: &[Transition], capacity: usize) -> Replay {
    let mut replay = Replay::new(&all[0].before.scene, capacity).unwrap();
    all.iter().for_each(|t| replay.push(t).unwrap());
    replay
}

/// Stitched samples, and others with colours of their own.
fn made(replay: &Replay, count: usize) -> Samples {
    let (mut coda, mut samples) = (Coda::default(), Samples::new(replay.layout()));
    let mut rng = Rng::stream(SEED, 0, "owned");
    Generator::new(replay, &mut coda).unwrap().fill(count, &mut rng, &mut samples).unwrap();
    VisualRelabel.augment(replay, count, &mut rng, &mut samples).unwrap();
    samples
}

fn transitions(samples: &Samples) -> Vec<Transition> {
    (0..samples.len()).map(|sample| samples.transition(sample)).collect()
}

#[test]
fn a_step_that_is_added_while_samples_live_costs_no_copy_of_the_replay() {
    let all = steps(0..6);
    let mut replay = filled(&all, all.len());
    let samples = made(&replay, 20);
    let row = 8 * replay.columns().before().len() / replay.len();
    let spent = allocation_counter::measure(|| replay.push(&all[0]).unwrap());
    println!("a row has {row} bytes of state; adding one allocated {}", spent.bytes_total);
    assert!(spent.bytes_total < 40 * row as u64, "{} bytes for a row", spent.bytes_total);
    assert_eq!(samples.len(), 40);
}

#[test]
fn samples_stay_what_they_are_whatever_becomes_of_the_replay() {
    let all = steps(0..6);
    let half = all.len() / 2;
    let mut replay = filled(&all[..half], half);
    let mut samples = made(&replay, 30);
    let before = transitions(&samples);
    let seeds = |t: &Transition| (t.before.seed, t.before.step);
    assert!(before.iter().map(seeds).collect::<std::collections::BTreeSet<_>>().len() > 20);
    // Every row gives way to one of another episode.
    all[half..].iter().for_each(|t| replay.push(t).unwrap());
    assert_eq!(transitions(&samples), before);
    // Of this replay, and of another one, more are made.
    let mut rng = Rng::stream(SEED, 1, "owned");
    for other in [&replay, &filled(&all[..half], half)] {
        let (mut coda, first) = (Coda::default(), samples.len());
        Generator::new(other, &mut coda).unwrap().fill(10, &mut rng, &mut samples).unwrap();
        for sample in first..first + 10 {
            let t = samples.transition(sample);
            let base = other.transition(samples.base(sample));
            assert_eq!(seeds(&t), seeds(&base));
            for block in 0..3 {
                let source = samples.sources(sample)[3 + block] as usize;
                let own = other.transition(source).before.blocks[block];
                assert_eq!(t.before.blocks[block].mass, own.mass, "sample {sample}");
            }
        }
    }
    drop(replay);
    assert_eq!(transitions(&samples)[..before.len()], before);
}

#[test]
fn samples_and_replays_are_whole_when_they_come_back_from_bytes() {
    let all = steps(0..4);
    let replay = filled(&all, all.len() - 30);
    let mut bytes = Vec::new();
    replay.write_to(&mut bytes).unwrap();
    let mut read = Replay::read_from(&mut BufReader::new(&bytes[..])).unwrap();
    assert!(read == replay, "the replay is not what was written");
    let samples = made(&replay, 15);
    let mut bytes = Vec::new();
    samples.write_to(&mut bytes).unwrap();
    let again = Samples::read_from(&mut BufReader::new(&bytes[..])).unwrap();
    assert_eq!(transitions(&again), transitions(&samples));
    for sample in 0..samples.len() {
        assert_eq!(again.sources(sample), samples.sources(sample));
        assert_eq!(again.base(sample), samples.base(sample));
    }
    // Both go on as the originals do.
    read.push(&all[0]).unwrap();
    assert_eq!(transitions(&made(&read, 5)).len(), 10);
    for cut in [0, 10, bytes.len() / 2, bytes.len() - 1] {
        let refused = Samples::read_from(&mut BufReader::new(&bytes[..cut]));
        assert!(refused.is_err(), "{cut} of {} bytes", bytes.len());
    }
}

#[test]
fn a_replay_on_disk_outlives_a_run_that_broke_off_while_rows_gave_way() {
    let all = steps(0..4);
    let folder = std::env::temp_dir().join(format!("trifactor-{}-broken-off", std::process::id()));
    let kept = |t: &Transition| (t.before.seed, t.before.step, t.after.blocks[0].position);
    let known: Vec<_> = all.iter().map(kept).collect();
    for torn in [None, Some(0), Some(17), Some(39)] {
        let mut disk = Replay::create(&folder, &all[0].before.scene, 40).unwrap();
        all[..40].iter().for_each(|t| disk.push(t).unwrap());
        disk.flush().unwrap();
        // Of episodes that were never announced; no flush.
        all[40..70].iter().for_each(|t| disk.push(t).unwrap());
        drop(disk);
        if let Some(row) = torn {
            let path = folder.join("context.u32");
            let mut bytes = std::fs::read(&path).unwrap();
            bytes[4 * row..4 * row + 4].fill(255);
            std::fs::write(&path, bytes).unwrap();
        }
        let mut disk = Replay::open(&folder).unwrap();
        assert_eq!(disk.len(), 40 - usize::from(torn.is_some()), "{torn:?}");
        let rows: Vec<_> = (0..disk.len()).map(|row| kept(&disk.transition(row))).collect();
        assert!(rows.iter().all(|row| known.contains(row)), "{torn:?}");
        assert!((known[40..70].iter()).filter(|row| rows.contains(row)).count() >= 29, "{torn:?}");
        all[70..100].iter().for_each(|t| disk.push(t).unwrap());
        disk.flush().unwrap();
        drop(disk);
        let disk = Replay::open(&folder).unwrap();
        let rows: Vec<_> = (0..disk.len()).map(|row| kept(&disk.transition(row))).collect();
        assert!(
            disk.len() == 40 && known[70..100].iter().all(|row| rows.contains(row)),
            "{torn:?}"
        );
        drop(disk);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}

#[test]
fn a_replay_that_cannot_be_saved_leaves_the_file_that_was_there() {
    let all = steps(0..1);
    let replay = filled(&all, all.len());
    let folder = std::env::temp_dir().join(format!("trifactor-{}-saved", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("steps.replay");
    replay.save(&path).unwrap();
    replay.save(&path).unwrap();
    assert!(Replay::load(&path).unwrap() == replay);
    let others: Vec<_> = std::fs::read_dir(&folder).unwrap().collect();
    assert_eq!(others.len(), 1, "{others:?}");
    assert!(replay.save(&folder.join("nowhere/steps.replay")).is_err());
    std::fs::remove_dir_all(&folder).unwrap();
}
