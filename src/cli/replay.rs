//! Summarises a log, or re-runs its transitions.

use std::path::PathBuf;

use comfy_table::Cell;

use super::log::{self, Header, Recorded, Transition};
use super::patch::same_bits;
use super::print;
use super::run::{number, plain, show};
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
}

/// Prints a summary of the log, or verifies it; 1 where a transition differs.
pub(super) fn replay(options: &Options) -> Result<i32> {
    let (header, episodes) = log::read(&options.file)?;
    if options.verify { verify(&header, &episodes) } else { summarise(&header, &episodes) }
}

fn summarise(header: &Header, episodes: &[Recorded]) -> Result<i32> {
    let (config, seed) = (&header.world.config, header.seed);
    print(&format!("{}, {} ticks per step, seed {seed}", config.family, config.skip_frame))?;
    let mut table = plain(&["episode", "interventions", "steps", "fractional success", "reward"]);
    for (index, episode) in episodes.iter().enumerate() {
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
    print(&table.to_string())?;
    Ok(0)
}

fn verify(header: &Header, episodes: &[Recorded]) -> Result<i32> {
    let mut transitions: Vec<&Transition> = episodes.iter().flat_map(|e| &e.transitions).collect();
    shuffle(&mut transitions, &mut Rng::stream(header.seed, 0, "replay/order"));
    let mut env = header.env()?;
    let mut differences = Vec::new();
    for transition in &transitions {
        if let Some(difference) = rerun(&mut env, transition)? {
            differences.push((transition.line, difference));
        }
    }
    differences.sort();
    for (line, difference) in differences.iter().take(NAMED) {
        print(&format!("line {line}: {difference}"))?;
    }
    let (all, agreed) = (transitions.len(), transitions.len() - differences.len());
    print(&format!("{agreed} of {all} transitions agree bit for bit"))?;
    Ok(i32::from(agreed < all))
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
