//! Local masks of recorded steps: printed, drawn, proved.

use std::fs;
use std::path::{Path, PathBuf};

use comfy_table::Cell;
use serde_json::json;

use super::data::{Data, Truncated};
use super::output::{Done, Failure, Json, file_error, note};
use super::table::{narrow, number};
use super::work::{Progress, Threads};
use super::world::{self, WorldOptions};
use crate::causal::proof::{self, Settings, Taken};
use crate::causal::{Edge, LocalMask, Source, Strength};
use crate::error::{Error, Result};
use crate::math::Triple;
use crate::report::diagram::{Diagram, Link, Place};
use crate::robot::{FINGERS, LINKS_PER_FINGER};
use crate::task::registry;
use crate::vec_env::{Autoreset, VecEnv};
use crate::world::State;

#[derive(clap::Args)]
pub(super) struct Options {
    #[command(flatten)]
    world: WorldOptions,
    /// Prove the masks of all steps of a file by intervention: donor swaps, finite pushes,
    /// infinitesimal perturbations, and controls
    #[arg(long)]
    verify: bool,
    /// With --verify: look at no more than so many steps
    #[arg(long, value_name = "STEPS", requires = "verify")]
    most: Option<usize>,
    /// With --verify: push only in every so many-th step; donors are swapped in all
    #[arg(long, value_name = "STEPS", default_value_t = 1, requires = "verify",
        value_parser = clap::value_parser!(u64).range(1..))]
    pushes_every: u64,
    /// With --verify: print the tables in Markdown
    #[arg(long, requires = "verify", conflicts_with = "wanted")]
    markdown: bool,
    #[command(flatten)]
    truncated: Truncated,
    #[command(flatten)]
    json: Json,
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

/// Prints and draws one step's mask, or proves all; 1 where something was found to be wrong, or where
/// a file that is to be proved was cut off.
pub(super) fn mask(options: &Options) -> Done {
    options.output.as_deref().map(kind).transpose()?;
    match (file(&options.world)?, options.verify) {
        (Some(file), true) => verify(options, &file),
        (Some(file), false) => {
            let data = Data::open_what_is_there(&file)?;
            let taken = data.span(options.episode, options.step)?.swap_remove(0);
            let action = options.action.unwrap_or(taken.action);
            one(options, data.env()?, &taken.before, &action)
        }
        (None, true) => {
            let reason = "masks are proved on a log or a data set: name the file";
            Err(Failure::setting("verify", "true", reason))
        }
        (None, false) => {
            let mut env = options.world.env(false)?;
            env.reset(Some(options.seed));
            let state = env.state().clone();
            let action = options.action.unwrap_or(state.robot.target);
            one(options, env, &state, &action)
        }
    }
}

/// The file of recorded steps that is named, in the place where otherwise a family stands.
fn file(world: &WorldOptions) -> std::result::Result<Option<PathBuf>, Failure> {
    let (named, word) = world.family.split();
    let of_family = |word: &str| {
        let path = Path::new(word);
        world::is_document(path) || (registry::names().any(|name| name == word) && !path.exists())
    };
    match (named, word) {
        (Some(_), Some(word)) => {
            let reason = "a file's world is known: name no family beside it";
            Err(Failure::setting("family", word, reason))
        }
        (Some(word), None) if world.family.is_positional() && !of_family(word) => {
            Ok(Some(PathBuf::from(word)))
        }
        _ => Ok(None),
    }
}

fn verify(options: &Options, file: &Path) -> Done {
    let data = &Data::open(file)?;
    let most = options.most.unwrap_or(usize::MAX);
    let episodes: Vec<Vec<Taken>>;
    let steps: Box<dyn Iterator<Item = Result<Taken>>> = match data {
        Data::Log(..) => {
            episodes =
                (0..data.len()).map(|i| data.episode(i)).collect::<std::result::Result<_, _>>()?;
            Box::new(episodes.into_iter().flatten().map(Ok))
        }
        Data::Episodes(_) => Box::new((0..data.len()).flat_map(|i| match data.episode(i) {
            Ok(steps) => steps.into_iter().map(Ok).collect::<Vec<_>>(),
            Err(Failure::Usage(error) | Failure::Failed(error)) => vec![Err(error)],
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
    let tables = findings.tables();
    let document = || {
        let tables =
            tables.iter().map(|t| json!({"title": t.title, "head": t.head, "rows": t.rows}));
        json!({
            "violations": findings.violations(),
            "examples": findings.examples.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "tables": tables.collect::<Vec<_>>(),
        })
    };
    let text = || {
        let examples = findings.examples.iter().map(|example| format!("violation: {example}"));
        let tables = tables.iter().map(|table| match options.markdown {
            true => table.markdown(),
            false => format!("{}\n{}", table.title, drawn(table)),
        });
        examples.chain(tables).collect::<Vec<_>>().join("\n")
    };
    options.json.print(document, text)?;
    let whole = options.truncated.accepts(file, data.lost());
    let wrong = findings.not_replayed
        + findings.copied_wrong
        + findings.violations()
        + findings.wrong
        + findings.carried_wrong;
    Ok(i32::from(wrong > 0 || !whole))
}

fn drawn(table: &proof::Table) -> comfy_table::Table {
    let mut drawn = narrow(&table.head);
    for row in &table.rows {
        let mut cells = row.iter();
        let first = cells.next().map(Cell::new);
        let cells = cells.map(|cell| number(cell.clone()));
        drawn.add_row(first.into_iter().chain(cells).collect::<Vec<_>>());
    }
    drawn
}

/// The mask of one step: taken, printed, drawn.
fn one(options: &Options, mut env: crate::Env, state: &crate::State, action: &[f64; 9]) -> Done {
    env.set_state(state)?;
    env.step(action)?;
    let scene = &state.scene;
    let mask = LocalMask::of(env.contacts(), scene, options.strength)?;
    let names = LocalMask::names(scene);
    let edges = LocalMask::edges(env.contacts());
    options.json.print(|| document(&mask, &names, &edges), || tables(&mask, &names, &edges))?;
    if let Some(path) = &options.output {
        let bytes = match kind(path)? {
            "json" => document(&mask, &names, &edges).to_string().into_bytes(),
            kind => picture(&diagram(&mask, &names, state), kind)?,
        };
        write(path, &bytes)?;
    }
    Ok(0)
}

/// Who influenced whom, and by which contacts.
fn tables(mask: &LocalMask, names: &[String], edges: &[Edge]) -> String {
    let nodes = mask.nodes();
    let sources = (0..nodes).map(Source::Node).chain((0..names.len() - nodes).map(Source::Action));
    let mut influences = narrow(&["before the step", "influences after it"]);
    for (source, name) in sources.zip(names) {
        let reached = (0..nodes).filter(|node| mask.influences(source, *node));
        let reached: Vec<&str> = reached.map(|node| names[node].as_str()).collect();
        influences.add_row(vec![name.as_str(), &reached.join(", ")]);
    }
    if edges.is_empty() {
        return format!("{influences}\nno two of them were coupled");
    }
    let mut pairs = narrow(&["pair", "first tick", "largest impulse, N s", "smallest gap, mm"]);
    for edge in edges {
        pairs.add_row(vec![
            Cell::new(format!("{}, {}", names[edge.first], names[edge.second])),
            number(edge.tick.to_string()),
            number(format!("{:.2e}", edge.impulse)),
            number(format!("{:.3}", 1e3 * edge.gap)),
        ]);
    }
    format!("{influences}\n{pairs}")
}

/// The two time slices of a mask; everything has the colour that pictures show it in.
fn diagram(mask: &LocalMask, names: &[String], state: &State) -> Diagram {
    let nodes = mask.nodes();
    let source = |row: usize| match row.checked_sub(nodes) {
        None => Source::Node(row),
        Some(finger) => Source::Action(finger),
    };
    // An action has its finger's colour.
    let colour = |row: usize| {
        let node = row % nodes;
        let rgb = match (node.checked_sub(FINGERS), node.checked_sub(FINGERS + state.blocks.len()))
        {
            (_, Some(goal)) => state.goals[goal].color,
            (Some(block), None) => state.blocks[block].color,
            (None, None) => finger_color(state, node),
        };
        rgb.map(|part| (255.0 * part.clamp(0.0, 1.0)).round() as u8)
    };
    let place = |(i, name): (usize, &String)| Place { name: name.clone(), colour: colour(i) };
    let pairs = (0..names.len()).flat_map(|from| (0..nodes).map(move |to| (from, to)));
    let links = pairs.filter(|(from, to)| mask.influences(source(*from), *to));
    Diagram {
        title: "who influenced whom in this step".to_string(),
        before: names.iter().enumerate().map(place).collect(),
        after: names[..nodes].iter().enumerate().map(place).collect(),
        links: links.map(|(from, to)| Link { from, to, own: from % nodes == to }).collect(),
    }
}

/// The colour of a finger: of its link in the middle, which pictures show most of.
pub(super) fn finger_color(state: &State, finger: usize) -> Triple {
    state.robot.links[LINKS_PER_FINGER * finger + 1].color
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
        "svg" => Ok(diagram.svg().into_bytes()),
        "png" => diagram.png(),
        _ => Ok(diagram.dot().into_bytes()),
    }
}

/// Writes a picture or document and says so.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).map_err(|e| file_error(path, &e))?;
    note(&format!("written to {}", path.display()));
    Ok(())
}

/// The kind of picture that a file's name asks for; an argument's failure for any but the known ones.
pub(super) fn kind(path: &Path) -> std::result::Result<&str, Failure> {
    let kind = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    match kind {
        "svg" | "png" | "dot" | "json" => Ok(kind),
        other => Err(Failure::Usage(Error::UnknownName {
            what: "kind of picture",
            name: other.to_string(),
            known: "svg, png, dot, json".to_string(),
        })),
    }
}
