//! How a batch scales: control steps per second for numbers of worlds and threads, what each gains
//! over one world, and over one thread, in the same run; and how long many worlds take to build.
//!
//! Random actions in pushing at skip_frame 3, observation and reward included.

use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use trifactor::Config;
use trifactor::rng::Rng;
use trifactor::vec_env::{Autoreset, Batch, VecEnv};

const WORLDS: [usize; 4] = [1, 16, 256, 1024];
/// Worlds whose building is timed.
const MANY: usize = 4096;
/// Turns that every batch takes, one after the other, so that all see the same machine.
const ROUNDS: usize = 7;
/// How long a turn is.
const TURN: Duration = Duration::from_millis(400);

/// A batch with its measurements.
struct Runner {
    worlds: VecEnv,
    batch: Batch<f32>,
    actions: Vec<Vec<f64>>,
    rates: Vec<f64>,
}

impl Runner {
    fn new(count: usize, threads: usize) -> trifactor::Result<Self> {
        let config = Config { skip_frame: 3, ..Config::new("pushing") };
        let mut worlds = VecEnv::new(config, count, threads, Autoreset::NextStep)?;
        let mut batch = worlds.batch();
        worlds.reset(&worlds.seeds(0), None, &mut batch.observations)?;
        let mut rng = Rng::stream(0, 0, "benchmark");
        let row = |_| (0..9 * count).map(|_| rng.uniform(-1.0, 1.0)).collect();
        let actions = (0..16).map(row).collect();
        Ok(Self { worlds, batch, actions, rates: Vec::new() })
    }

    /// Steps for one turn.
    fn turn(&mut self) -> trifactor::Result<()> {
        let (start, mut steps) = (Instant::now(), 0);
        while start.elapsed() < TURN {
            let actions = &self.actions[steps % self.actions.len()];
            self.worlds.step(actions, self.batch.rows())?;
            steps += 1;
        }
        let rate = (steps * self.worlds.len()) as f64 / start.elapsed().as_secs_f64();
        self.rates.push(rate);
        Ok(())
    }

    /// Control steps of one world per second, the median of the turns.
    fn rate(&self) -> f64 {
        let mut rates = self.rates.clone();
        rates.sort_by(f64::total_cmp);
        rates[rates.len() / 2]
    }
}

fn main() -> trifactor::Result<()> {
    let most = available_parallelism().map_or(1, usize::from);
    let mut threads = vec![1, 2, most];
    threads.retain(|count| *count <= most);
    threads.dedup();
    let mut runners = Vec::new();
    for count in WORLDS {
        for &threads in &threads {
            runners.push(Runner::new(count, threads)?);
        }
    }
    for _ in 0..ROUNDS {
        for runner in &mut runners {
            runner.turn()?;
        }
    }
    println!("worlds  threads  steps/s  over one world  over one thread");
    let alone = runners[0].rate();
    for row in runners.chunks(threads.len()) {
        for runner in row {
            let (rate, single) = (runner.rate(), row[0].rate());
            let (worlds, threads) = (runner.worlds.len(), runner.worlds.threads());
            let (over_world, over_thread) = (rate / alone, rate / single);
            println!("{worlds:6}  {threads:7}  {rate:7.0}  {over_world:14.2}  {over_thread:15.2}");
        }
    }
    building()
}

/// Builds and resets many worlds a few times, each time from nothing.
fn building() -> trifactor::Result<()> {
    let mut seconds = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let config = Config { skip_frame: 3, ..Config::new("pushing") };
        let mut worlds = VecEnv::new(config, MANY, 0, Autoreset::NextStep)?;
        let mut batch = worlds.batch::<f32>();
        worlds.reset(&worlds.seeds(0), None, &mut batch.observations)?;
        seconds.push(start.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    println!("{MANY} worlds built and reset in {:.3} s", seconds[ROUNDS / 2]);
    Ok(())
}
