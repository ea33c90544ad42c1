//! The three columns that users compare: the environment alone, with a policy, and with training.

use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::json;

use super::super::output::Done;
use super::super::table::{narrow, number};
use super::super::work;
use super::policy::Network;
use super::{Options, build};
use crate::error::Result;
use crate::rng::Rng;
use crate::robot::JOINTS;
use crate::vec_env::{Autoreset, Batch, VecEnv};

/// Worlds of a batch unless the command line says otherwise.
const WORLDS: usize = 64;
/// How long one turn of one figure is.
const TURN: Duration = Duration::from_millis(500);
/// How many different batches of random actions there are.
const ROWS: usize = 16;

/// A batch on so many threads, with the rates of its turns, steps/s.
struct Row {
    worlds: VecEnv,
    batch: Batch<f32>,
    actions: Vec<Vec<f64>>,
    network: Network,
    environment: Vec<f64>,
    policy: Vec<f64>,
}

/// The medians of a row, steps of one world per second.
#[derive(Serialize)]
struct Rates {
    threads: usize,
    environment: f64,
    policy: f64,
    training: Option<f64>,
}

/// What was measured, and of what.
#[derive(Serialize)]
struct Report {
    family: String,
    skip_frame: u32,
    worlds: usize,
    rows: Vec<Rates>,
    build: String,
}

/// Measures every number of threads in turns, so that all see the same machine.
pub(super) fn measure(options: &Options) -> Done {
    let env = options.world.env(true)?;
    let worlds = options.worlds.map_or(WORLDS, |worlds| worlds as usize);
    let most = VecEnv::like(&env, 1, options.most_threads(), Autoreset::NextStep)?.threads();
    let mut rows = Vec::new();
    for threads in 1..=most {
        rows.push(Row::new(VecEnv::like(&env, worlds, threads, Autoreset::NextStep)?)?);
    }
    let bar = work::bar(u64::from(options.rounds) * most as u64);
    for _ in 0..options.rounds {
        for row in &mut rows {
            row.turn()?;
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    let training = |i: usize| options.training.get(i).copied();
    let report = Report {
        family: env.family().name().to_string(),
        skip_frame: env.config().skip_frame,
        worlds,
        rows: rows.iter().enumerate().map(|(i, row)| row.rates(training(i))).collect(),
        build: build(),
    };
    options.json.print(|| json!(report), || table(&report))?;
    Ok(0)
}

impl Row {
    fn new(mut worlds: VecEnv) -> Result<Self> {
        let mut batch = worlds.batch();
        worlds.reset(&worlds.seeds(0), None, &mut batch.observations)?;
        let mut rng = Rng::stream(0, 0, "bench");
        let mut row = || (0..JOINTS * worlds.len()).map(|_| rng.uniform(-1.0, 1.0)).collect();
        let actions = (0..ROWS).map(|_| row()).collect();
        let network = Network::new(worlds.observation_len());
        Ok(Self { worlds, batch, actions, network, environment: Vec::new(), policy: Vec::new() })
    }

    /// A turn of each figure.
    fn turn(&mut self) -> Result<()> {
        let environment = self.stepped(|_, _| ())?;
        self.environment.push(environment);
        // The policy's answer is thrown away, so that both columns step the same actions.
        let mut answer = vec![0.0; JOINTS * self.worlds.len()];
        let policy =
            self.stepped(|network, observations| network.act(observations, &mut answer))?;
        self.policy.push(policy);
        Ok(())
    }

    /// Steps for one turn, with some work before each step; steps/s.
    fn stepped(&mut self, mut work: impl FnMut(&mut Network, &[f32])) -> Result<f64> {
        let (begun, mut steps) = (Instant::now(), 0);
        while begun.elapsed() < TURN {
            work(&mut self.network, &self.batch.observations);
            self.worlds.step(&self.actions[steps % ROWS], self.batch.rows())?;
            steps += 1;
        }
        Ok((steps * self.worlds.len()) as f64 / begun.elapsed().as_secs_f64())
    }

    fn rates(&self, training: Option<f64>) -> Rates {
        let threads = self.worlds.threads();
        let [environment, policy] = [&self.environment, &self.policy].map(|rates| median(rates));
        Rates { threads, environment, policy, training }
    }
}

fn median(rates: &[f64]) -> f64 {
    let mut rates = rates.to_vec();
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

fn table(report: &Report) -> String {
    let head = ["threads", "environment", "+ 256x256 policy", "+ training", "over one thread"];
    let mut table = narrow(&head);
    let first = report.rows.first().map_or(1.0, |row| row.environment);
    for row in &report.rows {
        let rate = |rate: f64| format!("{rate:.0}");
        table.add_row(vec![
            number(row.threads.to_string()),
            number(rate(row.environment)),
            number(rate(row.policy)),
            number(row.training.map_or("-".to_string(), rate)),
            number(format!("{:.2}", row.environment / first)),
        ]);
    }
    let Report { family, skip_frame, worlds, build, .. } = report;
    let what = format!(
        "steps/s of {family}, skip_frame {skip_frame}, {worlds} worlds, random actions\n{build}"
    );
    let training = match report.rows.iter().any(|row| row.training.is_some()) {
        true => "training: PPO of Stable-Baselines3",
        false => "training is measured by the Python package where stable_baselines3 is installed",
    };
    format!("{what}\n{table}\n{training}")
}
