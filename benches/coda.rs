//! What CoDA writes per second, on one core, three fingers and three cubes: state, action, next
//! state and mask of every accepted sample.
//!
//! The rows are a file, recorded first where it is not there: `TRIFACTOR_ROWS` of them (a million),
//! in `TRIFACTOR_REPLAY` (`target/coda.replay`). `benches/peers/coda_numpy.py` reads the same file.

use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Instant;

use trifactor::augment::{Coda, Generator, Method, Samples};
use trifactor::causal::Replay;
use trifactor::rng::Rng;
use trifactor::world::Preset;

#[allow(dead_code, reason = "shared with the promises")]
#[path = "../tests/contact.rs"]
mod contact;
#[allow(dead_code, reason = "shared with the promises")]
#[path = "../tests/coda/data.rs"]
mod data;

use data::{Plan, arena};

const BLOCKS: usize = 3;
/// Samples of a turn.
const SAMPLES: usize = 200_000;
/// Turns that every setting takes, one after the other, so that all see the same machine.
const ROUNDS: usize = 7;

fn main() -> trifactor::Result<()> {
    let replay = rows()?;
    println!(
        "{} rows of {} episodes, {:.3} of them with a finger on a block or two blocks in contact",
        replay.len(),
        replay.contexts().len(),
        replay.touching_share()
    );
    let mut settings: Vec<(&str, Coda, Vec<f64>)> = Vec::new();
    for tries in [1, 2, 4] {
        let name = ["", "cut, 1 try a pair", "cut, 2 tries", "", "cut, 4 tries"][tries];
        settings.push((name, Coda { tries, ..Coda::default() }, Vec::new()));
    }
    let repeated = Coda { unique: false, ..Coda::default() };
    settings.push(("cut, 2 tries, duplicates kept", repeated, Vec::new()));
    let blind = Coda { method: Method::Blind, ..Coda::default() };
    settings.push(("blind", blind, Vec::new()));
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
        samples.worth(sample, &replay, &env)?;
    }
    println!("rewards, lazily: {:.0}/s", count as f64 / (busy() - start));
    Ok(())
}

/// Seconds that this thread has worked, by the system's account where there is one: other work on
/// the machine then takes nothing from the rate but what it takes from the caches.
fn busy() -> f64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let account = std::fs::read_to_string("/proc/thread-self/schedstat");
    let nanoseconds = account.ok().and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| START.elapsed().as_secs_f64(), |ns| ns * 1e-9)
}

/// The rows, recorded now where they are not on disk.
fn rows() -> trifactor::Result<Replay> {
    let path = std::env::var_os("TRIFACTOR_REPLAY").map(PathBuf::from);
    let path = path.unwrap_or_else(|| {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target").join("coda.replay")
    });
    if path.exists() {
        return Replay::load(&path);
    }
    let rows = std::env::var("TRIFACTOR_ROWS").ok().and_then(|rows| rows.parse().ok());
    let rows: u64 = rows.unwrap_or(1_000_000);
    let plan = Plan { steps: 50, ..Plan::default() };
    let start = Instant::now();
    let mut env = arena(BLOCKS, Preset::Accurate);
    let replay = data::replay(&mut env, plan, 0..rows.div_ceil(plan.steps as u64))?;
    println!("recorded in {:.0} s", start.elapsed().as_secs_f64());
    replay.save(&path)?;
    Ok(replay)
}
