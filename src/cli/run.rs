//! The main job: a scripted policy at work while the world is intervened on.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use comfy_table::Cell;
use indicatif::ProgressBar;
use serde_json::{Value, json};

use super::log::{Header, Outcome, Writer};
use super::output::{Done, Json, note};
use super::table::{narrow, number};
use super::work::Progress;
use super::world::WorldOptions;
use crate::agent::{self, BuiltIn};
use crate::causal::Strength;
use crate::env::Env;
use crate::error::Result;
use crate::intervention::Intervention;
use crate::record::{self, Recorder};
use crate::rng::Rng;
use crate::variable::{self, Space};

/// What the interventions change, in turn.
const CHANGED: [&str; 3] = ["mass", "size", "friction"];

#[derive(clap::Args)]
pub(super) struct Options {
    #[command(flatten)]
    world: WorldOptions,
    /// What moves the robot; mpc plans with the true model and takes minutes an episode
    #[arg(long, default_value = "scripted", value_parser = agent::NAMES)]
    policy: String,
    /// Number of episodes
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    episodes: u64,
    /// Seed of all random streams
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Where to write the log [default: runs/FAMILY.jsonl]
    #[arg(long, value_name = "FILE.jsonl")]
    log: Option<PathBuf>,
    /// Write a data set of episodes too, which `verify` checks; there must be no such file yet
    #[arg(long, value_name = "FILE.arrow")]
    record: Option<PathBuf>,
    /// With --record: keep every step's local causal mask and the coupled pairs: sound or tight
    #[arg(long, requires = "record", value_parser = Strength::parse)]
    masks: Option<Strength>,
    #[command(flatten)]
    json: Json,
    #[command(flatten)]
    progress: Progress,
}

/// The name of the scripted policy in data sets.
pub(super) const SCRIPTED: &str = "scripted";
/// The name of this run's interventions in data sets.
const RUN: &str = "run";

/// One episode, as a row of the table.
struct Report {
    made: Vec<Intervention>,
    change: String,
    outcome: Outcome,
    steps: u64,
    // Spent in the environment alone, not in the policy or the log.
    seconds: f64,
}

/// Runs the episodes, writes the log, prints the table.
pub(super) fn run(options: &Options) -> Done {
    let mut env = options.world.env(false)?;
    let header = Header::new(env.description(), options.seed, options.episodes);
    env.reset(Some(options.seed));
    let mut policy = BuiltIn::new(&options.policy, &env)?;
    let default = PathBuf::from(format!("runs/{}.jsonl", env.family().name()));
    let path = options.log.as_deref().unwrap_or(&default);
    // Before the log, which takes the place of the last run's.
    let mut recorder = match &options.record {
        Some(path) => {
            let (policy, masks) = (options.policy.clone(), options.masks);
            let header = record::Header { policy, masks, ..record::Header::of(&env) };
            Some(Recorder::new(record::Writer::create(path, &header)?))
        }
        None => None,
    };
    let mut log = Writer::create(path, &header)?;
    let bar = options.progress.bar(Some(options.episodes * env.max_episode_length()));
    let mut reports = Vec::new();
    for episode in 0..options.episodes {
        if episode > 0 {
            env.reset(None);
        }
        bar.set_message(format!("episode {} of {}", episode + 1, options.episodes));
        let kept = (&mut log, recorder.as_mut());
        reports.push(self::episode(&mut env, &mut policy, kept, &bar)?);
    }
    recorder.map_or(Ok(()), Recorder::close)?;
    bar.finish_and_clear();
    options.json.print(|| document(&env, options, path, &reports), || table(&reports))?;
    note(&closing(path, &reports));
    Ok(0)
}

/// Intervenes, samples a goal, and lets the policy work until the episode's end.
fn episode(
    env: &mut Env,
    policy: &mut BuiltIn,
    (log, mut recorder): (&mut Writer, Option<&mut Recorder>),
    bar: &ProgressBar,
) -> Result<Report> {
    if let Some(recorder) = &mut recorder {
        recorder.reset(0, env)?;
    }
    let space = Space::from(env.config().variables_space);
    let mut made: Vec<Intervention> = Vec::new();
    let mut told = "none".to_string();
    if let Some(change) = change(env)? {
        told = show(&change);
        match env.intervene_as(RUN, &change, Some(&space)) {
            Ok(()) => made.push(change),
            Err(reason) => told = format!("{told} was refused: {reason}"),
        }
    }
    // Drawn after the change: where a goal can lie follows from the block's size.
    let goal = env.sample_new_goal()?;
    env.intervene_as(RUN, &goal, Some(&space))?;
    made.push(goal);
    log.episode(&made, env.state())?;
    policy.reset();
    let mut observation = vec![0.0; env.observation_len()];
    let (mut action, mut reward, mut spent) = ([0.0; 9], 0.0, Duration::ZERO);
    let steps = env.max_episode_length();
    for _ in 0..steps {
        policy.act(env.state(), &mut action)?;
        if let Some(recorder) = &mut recorder {
            recorder.before(0, env)?;
        }
        let begun = Instant::now();
        let step = env.step(&action)?;
        env.observe(&mut observation)?;
        spent += begun.elapsed();
        log.step(&action, step.reward, env.state())?;
        if let Some(recorder) = &mut recorder {
            recorder.step(0, env, &action, &step)?;
        }
        reward += step.reward;
        bar.inc(1);
    }
    let info = env.info();
    let outcome =
        Outcome { fractional_success: info.fractional_success, success: info.success, reward };
    log.end(outcome)?;
    Ok(Report { made, change: told, outcome, steps, seconds: spent.as_secs_f64() })
}

/// The intervention before an episode: mass, size or friction in turn, of a block where there is
/// one, else of whatever has it.
fn change(env: &Env) -> Result<Option<Intervention>> {
    let state = env.state();
    let subspace = env.config().variables_space;
    let ranged: Vec<String> = env.space(subspace).into_iter().map(|(path, _)| path).collect();
    let turn = state.episode as usize % CHANGED.len();
    let kinds = CHANGED.iter().cycle().skip(turn).take(CHANGED.len());
    for kind in kinds {
        let of_kind = |path: &&String| {
            let (entity, attribute) = path.split_once('/').unwrap_or((path, ""));
            attribute == *kind && state.scene.goal_index(entity).is_none()
        };
        let of_block = |path: &&String| {
            path.split_once('/')
                .is_some_and(|(entity, _)| state.scene.block_index(entity).is_some())
        };
        let all: Vec<&String> = ranged.iter().filter(of_kind).collect();
        let blocks: Vec<&String> = all.iter().copied().filter(of_block).collect();
        let among = if blocks.is_empty() { all } else { blocks };
        if among.is_empty() {
            continue;
        }
        let mut rng = Rng::stream(state.seed, state.episode, "run/variable");
        let path = among[rng.below(among.len() as u64) as usize];
        let value = variable::draw(state, env.family().rules(), path, subspace)?;
        return Ok(value.map(|value| Intervention::new().with(path, value)));
    }
    Ok(None)
}

/// An intervention in a few words.
pub(super) fn show(intervention: &Intervention) -> String {
    let value = |values: &[f64]| {
        let numbers: Vec<String> = values.iter().map(|v| format!("{v:.3}")).collect();
        if values.len() == 1 { numbers[0].clone() } else { format!("[{}]", numbers.join(", ")) }
    };
    let each =
        intervention.values.iter().map(|(path, values)| format!("{path} = {}", value(values)));
    each.collect::<Vec<_>>().join("\n")
}

/// The means over all episodes: fractional success, reward, steps/s.
fn means(reports: &[Report]) -> [f64; 3] {
    let count = reports.len() as f64;
    let mean = |of: fn(&Report) -> f64| reports.iter().map(of).sum::<f64>() / count;
    let steps: u64 = reports.iter().map(|report| report.steps).sum();
    let seconds: f64 = reports.iter().map(|report| report.seconds).sum();
    [
        mean(|report| report.outcome.fractional_success),
        mean(|report| report.outcome.reward),
        steps as f64 / seconds,
    ]
}

fn document(env: &Env, options: &Options, log: &Path, reports: &[Report]) -> Value {
    let episodes = reports.iter().enumerate().map(|(index, report)| {
        json!({
            "episode": index,
            "interventions": report.made,
            "steps": report.steps,
            "outcome": report.outcome,
            "steps_per_second": report.steps as f64 / report.seconds,
        })
    });
    let [fractional_success, reward, steps_per_second] = means(reports);
    json!({
        "family": env.family().name(),
        "skip_frame": env.config().skip_frame,
        "policy": options.policy,
        "seed": options.seed,
        "log": log.display().to_string(),
        "episodes": episodes.collect::<Vec<_>>(),
        "mean": {
            "fractional_success": fractional_success,
            "reward": reward,
            "steps_per_second": steps_per_second,
        },
    })
}

fn table(reports: &[Report]) -> String {
    let mut table = narrow(&["episode", "intervention", "fractional success", "reward", "steps/s"]);
    let mut row = |episode: String, change: &str, [success, reward, rate]: [f64; 3]| {
        table.add_row(vec![
            number(episode),
            Cell::new(change),
            number(format!("{success:.3}")),
            number(format!("{reward:.2}")),
            number(format!("{rate:.0}")),
        ]);
    };
    for (episode, report) in reports.iter().enumerate() {
        let Outcome { fractional_success, reward, .. } = report.outcome;
        let rate = report.steps as f64 / report.seconds;
        row(episode.to_string(), &report.change, [fractional_success, reward, rate]);
    }
    row("mean".to_string(), "", means(reports));
    table.to_string()
}

fn closing(path: &Path, reports: &[Report]) -> String {
    let steps: u64 = reports.iter().map(|report| report.steps).sum();
    let path = path.display();
    format!("{steps} transitions in {path}; re-run them: trifactor replay {path} --verify")
}
