//! What CoDA writes per second, on one core, three fingers and three cubes: state, action, next
//! state and mask of every accepted sample.
//!
//! The rows lie in a folder, `TRIFACTOR_REPLAY` (`target/coda-replay`), and are read from there into
//! memory, or with `TRIFACTOR_MAPPED` set stay where they are; where there are fewer than
//! `TRIFACTOR_ROWS` (a million), more are recorded first. `benches/peers/coda_numpy.py` reads the same
//! folder.

use std::path::PathBuf;
use std::time::Instant;

use trifactor::augment::{Coda, Generator, Method, Samples};
use trifactor::causal::Replay;
use trifactor::rng::Rng;
use trifactor::world::Preset;

mod busy;
#[allow(dead_code, reason = "shared with the promises")]
#[path = "../tests/contact.rs"]
mod contact;
#[allow(dead_code, reason = "shared with the promises")]
#[path = "../tests/coda/data.rs"]
mod data;

use busy::busy;
use data::{Plan, arena};

const BLOCKS: usize = 3;
/// Samples of a turn.
const SAMPLES: usize = 200_000;
/// Turns that every setting takes, one after the other, so that all see the same machine.
const ROUNDS: usize = 7;

fn main() -> trifactor::Result<()> {
    let mut replay = rows()?;
    if std::env::var_os("TRIFACTOR_MAPPED").is_none() {
        // A clone lies in memory.
        replay = replay.clone();
    }
    println!(
        "{} rows of {} episodes, {:.3} of them with a finger on a block or two blocks in contact",
        replay.len(),
        replay.contexts().len(),
        replay.touching_share()
    );
    let mut settings: Vec<(&str, Coda, Vec<f64>)> = Vec::new();
    for (name, tries, reuse) in [
        ("cut, 1 try a pair, every pair by itself", 1, 1),
        ("cut, 2 tries, every pair by itself", 2, 1),
        ("cut, 2 tries, rows used 4 times", 2, 4),
        ("cut, 2 tries, rows used 16 times", 2, 16),
        ("cut, 4 tries, rows used 16 times", 4, 16),
    ] {
        settings.push((name, Coda { tries, reuse, ..Coda::default() }, Vec::new()));
    }
    let fast = || Coda { reuse: 16, ..Coda::default() };
    let repeated = Coda { unique: false, ..fast() };
    settings.push(("cut, 2 tries, rows used 16 times, duplicates kept", repeated, Vec::new()));
    let blind = Coda { method: Method::Blind, ..fast() };
    settings.push(("blind, 2 tries, rows used 16 times", blind, Vec::new()));
    let mut rng = Rng::stream(0, 0, "benchmark");
    let mut generators: Vec<_> = Vec::new();
    for (name, coda, rates) in &mut settings {
        generators.push((*name, Generator::new(&replay, coda)?, rates));
    }
    let mut samples = Samples::new(replay.layout());
    for round in 0..=ROUNDS {
        for (name, generator, rates) in &mut generators {
            samples.clear();
            let start = busy();
            let report = generator.fill(SAMPLES, &mut rng, &mut samples)?;
            let rate = report.accepted as f64 / (busy() - start);
            // The first round fetches the memory.
            if round > 0 {
                rates.push(rate);
            }
            if round == ROUNDS {
                rates.sort_by(f64::total_cmp);
                println!(
                    "{name}: {:.0} accepted samples/s (median of {ROUNDS}, best {:.0}); {:.2} of {} \
                     proposals accepted, {} duplicates",
                    rates[ROUNDS / 2],
                    rates[ROUNDS - 1],
                    report.acceptance(),
                    report.proposals,
                    report.duplicates
                );
            }
        }
    }
    let env = arena(BLOCKS, Preset::Accurate);
    let start = busy();
    let count = 2000;
    for sample in 0..count {
        samples.worth(sample, &env)?;
    }
    println!("rewards, lazily: {:.0}/s", count as f64 / (busy() - start));
    Ok(())
}

/// Episodes after which what was recorded is made sure of.
const SAVED: u64 = 400;

/// The rows, recorded now as far as they are not on disk.
fn rows() -> trifactor::Result<Replay> {
    let path = std::env::var_os("TRIFACTOR_REPLAY").map(PathBuf::from);
    let path = path.unwrap_or_else(|| {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target").join("coda-replay")
    });
    let rows = std::env::var("TRIFACTOR_ROWS").ok().and_then(|rows| rows.parse().ok());
    let rows: usize = rows.unwrap_or(1_000_000);
    let plan = Plan { steps: 50, ..Plan::default() };
    let mut env = arena(BLOCKS, Preset::Accurate);
    let mut replay = if path.exists() {
        Replay::open(&path)?
    } else {
        Replay::create(&path, &env.state().scene, rows.next_multiple_of(plan.steps))?
    };
    let start = Instant::now();
    while replay.len() < rows {
        let first = (replay.len() / plan.steps) as u64;
        let last = (first + SAVED).min(rows.div_ceil(plan.steps) as u64);
        data::record(&mut env, plan, first..last, |t| replay.push(&t))?;
        replay.flush()?;
        if replay.len() < last as usize * plan.steps {
            // The folder was made for fewer.
            break;
        }
        println!("{} rows after {:.0} s", replay.len(), start.elapsed().as_secs_f64());
    }
    Ok(replay)
}
