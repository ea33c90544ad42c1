//! `trifactor evaluate`: a policy in the frozen worlds of protocols, its scores and a report.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::output::{Done, Failure, note, pretty, print};
use super::table::{narrow, number};
use super::work::{Progress, Threads};
use super::world::WorldOptions;
use crate::agent::{self, Network};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::evaluation::statistics::Bootstrap;
use crate::evaluation::{
    self, Comparison, Invariance, Metric, Paired, Plan, Probes, ProtocolRun, Run, Scores, Summary,
};
use crate::report;

/// In how many worlds it is asked whether the policy follows colours.
const PROBES: usize = 200;
/// Worlds that a network acts in side by side.
const ROWS: usize = 256;
/// The scores among the files that are written.
const SCORES: &str = "scores.json";
/// What the table shows, and whether with an interval.
const SHOWN: [(Metric, &str, bool); 4] = [
    (Metric::LastFractionalSuccess, "last fract. success", true),
    (Metric::AabbLastFractionalSuccess, "by boxes", false),
    (Metric::Success, "success rate", true),
    (Metric::Return, "return", false),
];

/// What is to be evaluated, and where.
#[derive(clap::Args)]
pub(super) struct Options {
    #[command(flatten)]
    world: WorldOptions,
    /// The policy: scripted, mpc, random, idle, or the safetensors file of a network, as
    /// Stable-Baselines3 and torch.nn.Sequential name its layers; with --world, the one it learnt in
    #[arg(long, default_value = "scripted")]
    policy: String,
    /// Protocols, comma separated: all (the reference's), generated, or names as `protocols`
    /// prints them
    #[arg(long, default_value = "all")]
    protocols: String,
    /// Worlds of every protocol
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..))]
    worlds: u64,
    /// Seed that the worlds are drawn from
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Where the scores and the report go [default: runs/FAMILY-POLICY]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// The scores.json of another policy in the same worlds, to compare with
    #[arg(long, value_name = "scores.json")]
    against: Option<PathBuf>,
    /// Resamples of the bootstrap that makes the intervals
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..))]
    resamples: u32,
    /// Print JSON in place of tables: the scores as in scores.json, and the comparison
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    threads: Threads,
    #[command(flatten)]
    progress: Progress,
}

/// Runs the worlds, writes the files, prints the table.
pub(super) fn evaluate(options: &Options) -> Done {
    let against = options.against.as_deref().map(Scores::load).transpose()?;
    let (actor, env) = actor(options)?;
    let protocols =
        evaluation::protocols(env.family(), &options.protocols).map_err(Failure::Usage)?;
    let (worlds, threads) = (options.worlds as usize, options.threads.count);
    let mut plan = Plan::new(&env, &protocols, worlds, options.seed, threads)?;
    let bar = options.progress.bar(Some((worlds * protocols.len()) as u64));
    let mut run = Run { name: "0".to_string(), protocols: Vec::new() };
    for (index, protocol) in protocols.iter().enumerate() {
        bar.set_message(protocol.name.clone());
        run.protocols.push(actor.run(&mut plan, index, threads, &|| bar.inc(1))?);
    }
    bar.finish_and_clear();
    let bootstrap = Bootstrap { resamples: options.resamples as usize, ..Bootstrap::default() };
    let mut scores = Scores::new(&plan, actor.name(), &[run], bootstrap)?;
    scores.invariance = Some(actor.probe(&plan.probes("*/color", PROBES)?)?);
    let default = PathBuf::from(format!("runs/{}-{}", env.family().name(), actor.name()));
    let folder = options.out.as_deref().unwrap_or(&default);
    let comparison = against.as_ref().map(|other| Comparison::new(&scores, other)).transpose()?;
    let all: Vec<Scores> = std::iter::once(scores.clone()).chain(against).collect();
    let files = report::write(folder, &all)?;
    let file = folder.join(SCORES);
    scores.save(&file)?;
    let text = match options.json {
        true => pretty(&json!({"scores": scores, "comparison": comparison}))?,
        false => std::iter::once(table(&scores))
            .chain(comparison.as_ref().map(compared))
            .collect::<Vec<_>>()
            .join("\n"),
    };
    print(&text)?;
    note(&format!("written to {}", file.display()));
    files.first().iter().for_each(|page| note(&format!("written to {}", page.display())));
    Ok(0)
}

/// What is evaluated.
enum Actor {
    BuiltIn(String),
    Network(String, Box<Network>),
}

/// The policy, and the environment in the form that it acts in.
fn actor(options: &Options) -> std::result::Result<(Actor, Env), Failure> {
    let path = Path::new(&options.policy);
    let name = options.policy.clone();
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("safetensors") => {
            let stem = path.file_stem().map_or(name, |stem| stem.to_string_lossy().into_owned());
            let network = Box::new(Network::load(path)?);
            Ok((Actor::Network(stem, network), options.world.described()?))
        }
        _ if agent::NAMES.contains(&name.as_str()) => {
            Ok((Actor::BuiltIn(name), options.world.env(false)?))
        }
        _ => Err(Failure::Usage(Error::UnknownName {
            what: "policy",
            name,
            known: format!(
                "{}, FILE.safetensors; trifactor.evaluate from Python takes functions, models and \
                 FILE.onnx too",
                agent::NAMES.join(", ")
            ),
        })),
    }
}

impl Actor {
    fn name(&self) -> &str {
        match self {
            Self::BuiltIn(name) | Self::Network(name, _) => name,
        }
    }

    fn run(
        &self,
        plan: &mut Plan,
        protocol: usize,
        threads: usize,
        tick: &(dyn Fn() + Sync),
    ) -> Result<ProtocolRun> {
        match self {
            Self::BuiltIn(name) => plan.each(protocol, &|env: &Env| agent::driver(name, env), tick),
            Self::Network(_, network) => {
                network.evaluate(plan, protocol, ROWS, threads, &|| tick())
            }
        }
    }

    fn probe(&self, probes: &Probes) -> Result<Invariance> {
        match self {
            Self::BuiltIn(name) => probes.drive(&|env: &Env| agent::driver(name, env)),
            Self::Network(_, network) => network.probe(probes),
        }
    }
}

fn table(scores: &Scores) -> String {
    let mut head = vec!["protocol"];
    head.extend(SHOWN.iter().map(|(_, name, _)| *name));
    let mut table = narrow(&head);
    let rows = scores.protocols.iter().map(|p| (p.protocol.name.as_str(), &p.summary));
    for (name, summary) in rows.chain([("all", &scores.overall)]) {
        let cells = SHOWN.iter().map(|(metric, _, with_interval)| {
            let Summary { mean, mean_interval: [low, high], .. } = summary[metric];
            number(match with_interval {
                true => format!("{mean:.3} [{low:.3}, {high:.3}]"),
                false => format!("{mean:.3}"),
            })
        });
        table.add_row(std::iter::once(name.into()).chain(cells));
    }
    format!(
        "{} on {}: means with {:.0} % intervals\n{}\n{table}\nall metrics are in scores.json, the \
         report and --json",
        scores.policy,
        scores.world.config.family,
        100.0 * scores.bootstrap.confidence,
        scores.made_by().replace("; ", "\n")
    )
}

fn compared(found: &Comparison) -> String {
    let metric = Metric::LastFractionalSuccess;
    let mut table = narrow(&["protocol", "difference", &format!("{} better", found.first)]);
    let rows = found.protocols.iter().map(|p| (p.protocol.as_str(), &p.metrics));
    for (name, metrics) in rows.chain([("all", &found.overall)]) {
        let Paired { difference, interval: [low, high], better } = metrics[&metric];
        table.add_row(vec![
            name.into(),
            number(format!("{difference:.3} [{low:.3}, {high:.3}]")),
            number(format!("{:.1} %", 100.0 * better)),
        ]);
    }
    format!("{} against {}: {}\n{table}", found.first, found.second, metric.title())
}
