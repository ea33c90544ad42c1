//! `trifactor protocols`: what protocols vary, one protocol's worlds, how often draws are accepted.

use serde_json::{Value, json};

use super::run::{number, plain, show};
use super::{family, json_reason, print};
use crate::curriculum::{Acceptance, Protocol, REDRAWS};
use crate::error::{Error, Result};
use crate::task::{Family, registry};

/// What is wanted of the protocols.
#[derive(clap::Args)]
pub(super) struct Options {
    /// Task family: its name, or the JSON file of one of your own; all that are built in where
    /// none is named
    #[arg(value_parser = family)]
    family: Option<Family>,
    /// One protocol, such as P4 or single/tool_block/mass/B: prints its worlds
    #[arg(requires = "family")]
    name: Option<String>,
    /// How many worlds of the protocol
    #[arg(long, default_value_t = 10, requires = "name")]
    worlds: usize,
    /// Seed that the worlds are drawn from
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Draws that many worlds of every protocol and prints how often they were accepted
    #[arg(long, value_name = "WORLDS", conflicts_with = "name")]
    measure: Option<usize>,
    /// Only the reference's protocols, not the generated ones
    #[arg(long, conflicts_with = "name")]
    benchmark: bool,
    /// JSON: the protocols, or the manifest of one's worlds
    #[arg(long)]
    json: bool,
}

/// Prints what was asked for.
pub(super) fn protocols(options: &Options) -> Result<i32> {
    if let (Some(family), Some(name)) = (&options.family, &options.name) {
        worlds(family, &Protocol::named(family, name)?, options)?;
        return Ok(0);
    }
    let families = match &options.family {
        Some(family) => vec![family.clone()],
        None => registry::names().map(Family::named).collect::<Result<_>>()?,
    };
    let mut documents = Vec::new();
    for family in &families {
        let mut list = Protocol::benchmark(family);
        if !options.benchmark {
            list.extend(Protocol::generated(family));
        }
        match options.measure {
            Some(count) => measured(family, &list, count, options, &mut documents)?,
            None if options.json => documents.push(json!({
                "family": family.name(),
                "protocols": list,
            })),
            None => listed(family, &list)?,
        }
    }
    if options.json {
        print(&pretty(&documents.into())?)?;
    }
    Ok(0)
}

fn worlds(family: &Family, protocol: &Protocol, options: &Options) -> Result<()> {
    let manifest = protocol.manifest(family, options.worlds, options.seed)?;
    if options.json {
        return print(&manifest.to_json()?);
    }
    let mut table = plain(&["world", "seed", "set before the episode", "redraws"]);
    for (index, world) in manifest.worlds.iter().enumerate() {
        table.add_row(vec![
            number(index.to_string()),
            number(world.seed.to_string()),
            show(&world.start).into(),
            number(world.refused.len().to_string()),
        ]);
    }
    print(&format!("{}: {}\n{table}", protocol.name, protocol.description))
}

fn listed(family: &Family, list: &[Protocol]) -> Result<()> {
    let mut table = plain(&["protocol", "what it varies", "drawn before the episode"]);
    for protocol in list {
        let start = protocol.start.to_string();
        table.add_row([protocol.name.clone(), protocol.description.clone(), start]);
    }
    print(&format!("{}\n{table}", family.name()))
}

fn measured(
    family: &Family,
    list: &[Protocol],
    count: usize,
    options: &Options,
    documents: &mut Vec<Value>,
) -> Result<()> {
    let within = format!("within {REDRAWS} redraws");
    let mut table = plain(&["protocol", "at once", "first draw", &within, "refused at once"]);
    for protocol in list {
        let found = protocol.acceptance(family, count, options.seed)?;
        let share = |part: usize| number(format!("{:.1} %", 100.0 * part as f64 / count as f64));
        table.add_row(vec![
            protocol.name.clone().into(),
            share(found.at_once),
            share(found.first),
            share(found.within_redraws),
            reasons(&found).into(),
        ]);
        documents.push(json!({
            "family": family.name(),
            "protocol": protocol.name,
            "acceptance": found,
        }));
    }
    if options.json { Ok(()) } else { print(&format!("{}\n{table}", family.name())) }
}

/// The reasons of refusals, the most frequent first.
fn reasons(found: &Acceptance) -> String {
    let mut all: Vec<(&String, &usize)> = found.reasons.iter().collect();
    all.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let told = all.iter().map(|(reason, count)| format!("{reason} {count}"));
    told.collect::<Vec<_>>().join(", ")
}

fn pretty(document: &Value) -> Result<String> {
    serde_json::to_string_pretty(document).map_err(|error| Error::Malformed {
        what: "protocols".to_string(),
        path: ".".to_string(),
        reason: json_reason(&error),
    })
}
