//! Summarises a log, or re-runs its transitions.

use std::path::PathBuf;

use comfy_table::Cell;
use serde_json::{Value, json};

use super::data::Truncated;
use super::log::{Header, Log, Transition};
use super::output::{Done, Json, note};
use super::patch::same_bits;
use super::run::show;
use super::table::{narrow, number};
use crate::env::Env;
use crate::error::Result;
use crate::rng::Rng;
use crate::world::State;

/// How many differences are named before the rest is only counted.
const NAMED: usize = 5;

#[derive(clap::Args)]
pub(super) struct Options {
    /// A log that `trifactor run` wrote
    file: PathBuf,
    /// Re-run every transition from its recorded state and compare bit for bit
    #[arg(long)]
    verify: bool,
    #[command(flatten)]
    truncated: Truncated,
    #[command(flatten)]
    json: Json,
}

/// Prints a summary of the log, or verifies it; 1 where a transition differs, or where a log that is
/// to be verified was cut off.
pub(super) fn replay(options: &Options) -> Done {
    let log = Log::read(&options.file)?;
    if options.verify {
        return verify(options, &log);
    }
    if let Some(lost) = log.lost() {
        note(&format!("note: {}: {lost}", options.file.display()));
    }
    options.json.print(|| document(&log), || table(&log))?;
    Ok(0)
}

fn title(Header { world, seed, .. }: &Header) -> String {
    format!("{}, {} ticks per step, seed {seed}", world.config.family, world.config.skip_frame)
}

fn document(log: &Log) -> Value {
    let episodes = log.episodes.iter().enumerate().map(|(index, episode)| {
        json!({
            "episode": index,
            "interventions": episode.interventions,
            "steps": episode.transitions.len(),
            "outcome": episode.outcome,
        })
    });
    let config = &log.header.world.config;
    json!({
        "family": config.family,
        "skip_frame": config.skip_frame,
        "seed": log.header.seed,
        "episodes": episodes.collect::<Vec<_>>(),
    })
}

fn table(log: &Log) -> String {
    let mut table = narrow(&["episode", "interventions", "steps", "fractional success", "reward"]);
    for (index, episode) in log.episodes.iter().enumerate() {
        let told: Vec<String> = episode.interventions.iter().map(show).collect();
        let (success, reward) = match episode.outcome {
            Some(o) => (format!("{:.3}", o.fractional_success), format!("{:.2}", o.reward)),
            None => ("breaks off".to_string(), String::new()),
        };
        table.add_row(vec![
            number(index.to_string()),
            Cell::new(told.join("\n")),
            number(episode.transitions.len().to_string()),
            number(success),
            number(reward),
        ]);
    }
    format!("{}\n{table}", title(&log.header))
}

fn verify(options: &Options, log: &Log) -> Done {
    let mut transitions: Vec<&Transition> =
        log.episodes.iter().flat_map(|e| &e.transitions).collect();
    shuffle(&mut transitions, &mut Rng::stream(log.header.seed, 0, "replay/order"));
    let mut env = log.header.env()?;
    let mut differences = Vec::new();
    for transition in &transitions {
        if let Some(difference) = rerun(&mut env, transition)? {
            differences.push((transition.line, difference));
        }
    }
    differences.sort();
    let (all, agreed) = (transitions.len(), transitions.len() - differences.len());
    let lost = log.lost();
    let document = || {
        let differences =
            differences.iter().map(|(line, what)| json!({"line": line, "what": what}));
        json!({
            "transitions": all,
            "agreed": agreed,
            "differences": differences.collect::<Vec<_>>(),
            "lost": lost,
        })
    };
    let text = || {
        let named = differences.iter().take(NAMED);
        let named = named.map(|(line, difference)| format!("line {line}: {difference}\n"));
        format!("{}{agreed} of {all} transitions agree bit for bit", named.collect::<String>())
    };
    options.json.print(document, text)?;
    let whole = options.truncated.accepts(&options.file, lost.clone());
    Ok(i32::from(agreed < all || !whole))
}

/// Puts the transitions in random order, so that nothing of one can help the next.
fn shuffle<T>(items: &mut [T], rng: &mut Rng) {
    for last in (1..items.len()).rev() {
        items.swap(last, rng.below(last as u64 + 1) as usize);
    }
}

/// Takes the step again; what came out differently.
fn rerun(env: &mut Env, transition: &Transition) -> Result<Option<String>> {
    env.set_state(&transition.before)?;
    let step = env.step(&transition.action)?;
    if let Some(part) = difference(env.state(), &transition.after) {
        return Ok(Some(format!("the next state's {part} differs")));
    }
    let same = step.reward.to_bits() == transition.reward.to_bits();
    let found = || format!("the reward is {}, not {}", step.reward, transition.reward);
    Ok((!same).then(found))
}

/// The first part in which two states differ; numbers by their bits.
fn difference(found: &State, recorded: &State) -> Option<String> {
    let value = |state| serde_json::to_value(state).unwrap_or_default();
    let (found, recorded) = (value(found), value(recorded));
    let parts = found.as_object()?.iter();
    let differs = |key: &str, part: &serde_json::Value| {
        recorded.get(key).is_none_or(|other| !same_bits(other, part))
    };
    parts.filter(|(key, part)| differs(key, part)).map(|(key, _)| key.clone()).next()
}
