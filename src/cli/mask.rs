//! Local masks of recorded steps: printed, drawn, proved.

use std::fs;
use std::path::{Path, PathBuf};

use comfy_table::Cell;

use super::data::Data;
use super::run::{number, plain};
use super::work::{Progress, Threads};
use super::{WorldOptions, file_error, print};
use crate::causal::proof::{self, Settings, Taken};
use crate::causal::{Edge, LocalMask, Source, Strength};
use crate::error::{Error, Result};
use crate::report::diagram::{Diagram, Link, Place};
use crate::vec_env::{Autoreset, VecEnv};

#[derive(clap::Args)]
pub(super) struct Options {
    /// A log or a data set, as `run` writes them; without one, the first step of an episode
    file: Option<PathBuf>,
    #[command(flatten)]
    world: WorldOptions,
    /// Prove the masks of all steps by intervention: donor swaps, finite pushes, infinitesimal
    /// perturbations, and controls
    #[arg(long, requires = "file")]
    verify: bool,
    /// With --verify: look at no more than so many steps
    #[arg(long, value_name = "STEPS", requires = "verify")]
    most: Option<usize>,
    /// With --verify: push only in every so many-th step; donors are swapped in all
    #[arg(long, value_name = "STEPS", default_value_t = 1, requires = "verify",
        value_parser = clap::value_parser!(u64).range(1..))]
    pushes_every: u64,
    /// With --verify: print the tables in Markdown
    #[arg(long, requires = "verify")]
    markdown: bool,
    /// Which episode, from 0
    #[arg(long, default_value_t = 0, conflicts_with = "verify")]
    episode: usize,
    /// Which control step, from 0
    #[arg(long, default_value_t = 0, conflicts_with = "verify")]
    step: u64,
    /// Another action, nine numbers as JSON, as the file's actions are; in an episode of one's own
    /// joint angles, rad
    #[arg(long, value_name = "[..]", allow_hyphen_values = true, conflicts_with = "verify",
        value_parser = super::counterfactual::nine)]
    action: Option<[f64; 9]>,
    /// What counts as influence: sound (every coupled pair) or tight (those that pushed)
    #[arg(long, default_value = "sound", value_parser = Strength::parse)]
    strength: Strength,
    /// Draw the local graph: .svg, .png, .dot or .json
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Seed: of the episode without a file; of the values that are tried with --verify
    #[arg(long, default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    threads: Threads,
    #[command(flatten)]
    progress: Progress,
}

/// Prints and draws one step's mask, or proves all; 1 where something was found to be wrong.
pub(super) fn mask(options: &Options) -> Result<i32> {
    options.output.as_deref().map(kind).transpose()?;
    match &options.file {
        Some(file) if options.verify => verify(options, &Data::open(file)?),
        Some(file) => {
            let data = Data::open(file)?;
            let taken = data.span(options.episode, options.step)?.swap_remove(0);
            let action = options.action.unwrap_or(taken.action);
            one(options, data.env()?, &taken.before, &action)
        }
        None => {
            let mut env = options.world.env(false)?;
            env.reset(Some(options.seed));
            let state = env.state().clone();
            let action = options.action.unwrap_or(state.robot.target);
            one(options, env, &state, &action)
        }
    }
}

fn verify(options: &Options, data: &Data) -> Result<i32> {
    let most = options.most.unwrap_or(usize::MAX);
    let episodes: Vec<Vec<Taken>>;
    let steps: Box<dyn Iterator<Item = Result<Taken>>> = match data {
        Data::Log(..) => {
            episodes = (0..data.len()).map(|i| data.episode(i)).collect::<Result<_>>()?;
            Box::new(episodes.into_iter().flatten().map(Ok))
        }
        Data::Episodes(_) => Box::new((0..data.len()).flat_map(|i| match data.episode(i) {
            Ok(steps) => steps.into_iter().map(Ok).collect::<Vec<_>>(),
            Err(error) => vec![Err(error)],
        })),
    };
    let mut worlds = VecEnv::like(&data.env()?, 1, options.threads.count, Autoreset::Disabled)?;
    // How many steps there are is known only when all are read.
    let bar = options.progress.bar(options.most.map(|most| most as u64));
    let told = |steps| {
        bar.inc(steps);
        bar.set_message(format!("step {}", bar.position()));
    };
    let settings = Settings { seed: options.seed, pushes_every: options.pushes_every };
    let findings = proof::prove(&mut worlds, steps.take(most), settings, &told)?;
    bar.finish_and_clear();
    for example in &findings.examples {
        print(&format!("violation: {example}"))?;
    }
    for table in findings.tables() {
        match options.markdown {
            true => print(&table.markdown())?,
            false => {
                let mut drawn = plain(&table.head);
                for row in table.rows {
                    let mut cells = row.into_iter();
                    let first = cells.next().map(Cell::new);
                    drawn.add_row(first.into_iter().chain(cells.map(number)).collect::<Vec<_>>());
                }
                print(&format!("{}\n{drawn}", table.title))?;
            }
        }
    }
    let controls = findings.not_replayed + findings.copied_wrong;
    Ok(i32::from(controls + findings.violations() + findings.wrong + findings.carried_wrong > 0))
}

/// The mask of one step: taken, printed, drawn.
fn one(
    options: &Options,
    mut env: crate::Env,
    state: &crate::State,
    action: &[f64; 9],
) -> Result<i32> {
    env.set_state(state)?;
    env.step(action)?;
    let scene = &state.scene;
    let mask = LocalMask::of(env.contacts(), scene, options.strength)?;
    let names = LocalMask::names(scene);
    let nodes = mask.nodes();
    let sources = (0..nodes).map(Source::Node).chain((0..names.len() - nodes).map(Source::Action));
    let mut influences = plain(&["before the step", "influences after it"]);
    for (source, name) in sources.zip(&names) {
        let reached = (0..nodes).filter(|node| mask.influences(source, *node));
        let reached: Vec<&str> = reached.map(|node| names[node].as_str()).collect();
        influences.add_row(vec![name.as_str(), &reached.join(", ")]);
    }
    print(&influences.to_string())?;
    let edges = LocalMask::edges(env.contacts());
    let mut pairs = plain(&["pair", "first tick", "largest impulse, N s", "smallest gap, mm"]);
    for edge in &edges {
        pairs.add_row(vec![
            Cell::new(format!("{}, {}", names[edge.first], names[edge.second])),
            number(edge.tick.to_string()),
            number(format!("{:.2e}", edge.impulse)),
            number(format!("{:.3}", 1e3 * edge.gap)),
        ]);
    }
    match edges.is_empty() {
        true => print("no two of them were coupled")?,
        false => print(&pairs.to_string())?,
    }
    if let Some(path) = &options.output {
        let bytes = match kind(path)? {
            "json" => document(&mask, &names, &edges).to_string().into_bytes(),
            kind => picture(&diagram(&mask, &names), kind)?,
        };
        write(path, &bytes)?;
    }
    Ok(0)
}

/// The two time slices of a mask.
fn diagram(mask: &LocalMask, names: &[String]) -> Diagram {
    let nodes = mask.nodes();
    let source = |row: usize| match row.checked_sub(nodes) {
        None => Source::Node(row),
        Some(finger) => Source::Action(finger),
    };
    // An action has its finger's colour.
    let place = |(i, name): (usize, &String)| Place { name: name.clone(), group: i % nodes };
    let pairs = (0..names.len()).flat_map(|from| (0..nodes).map(move |to| (from, to)));
    let links = pairs.filter(|(from, to)| mask.influences(source(*from), *to));
    Diagram {
        title: "who influenced whom in this step".to_string(),
        before: names.iter().enumerate().map(place).collect(),
        after: names[..nodes].iter().enumerate().map(place).collect(),
        links: links.map(|(from, to)| Link { from, to, own: from % nodes == to }).collect(),
    }
}

/// The mask and the coupled pairs, as JSON.
fn document(mask: &LocalMask, names: &[String], edges: &[Edge]) -> serde_json::Value {
    let nodes = mask.nodes();
    let row = |source| (0..nodes).map(|node| mask.influences(source, node)).collect::<Vec<_>>();
    let sources = (0..nodes).map(Source::Node).chain((0..names.len() - nodes).map(Source::Action));
    let rows: Vec<_> = sources.map(row).collect();
    serde_json::json!({"rows": names, "columns": names[..nodes], "mask": rows, "pairs": edges})
}

/// A diagram as `svg`, `png` or `dot`.
pub(super) fn picture(diagram: &Diagram, kind: &str) -> Result<Vec<u8>> {
    match kind {
        "svg" => diagram.svg().map(String::into_bytes),
        "png" => diagram.png(),
        _ => Ok(diagram.dot().into_bytes()),
    }
}

/// Writes a picture or document and says so.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).map_err(|e| file_error(path, &e))?;
    print(&format!("written to {}", path.display()))
}

/// The kind of picture that a file's name asks for.
///
/// # Errors
/// [`Error::UnknownName`] for any but the known ones.
pub(super) fn kind(path: &Path) -> Result<&str> {
    let kind = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    match kind {
        "svg" | "png" | "dot" | "json" => Ok(kind),
        other => Err(Error::UnknownName {
            what: "kind of picture",
            name: other.to_string(),
            known: "svg, png, dot, json".to_string(),
        }),
    }
}
