//! `trifactor protocols`: what protocols vary, one protocol's worlds, how often draws are accepted.

use serde_json::{Value, json};

use super::output::{Done, Failure, Json, pretty, print};
use super::run::show;
use super::table::{number, plain};
use super::world::{self, FamilyWords};
use crate::curriculum::{Acceptance, Protocol, REDRAWS};
use crate::error::Result;
use crate::task::{Family, registry};

/// What is wanted of the protocols.
#[derive(clap::Args)]
pub(super) struct Options {
    #[command(flatten)]
    family: FamilyWords,
    /// One protocol, such as P4 or single/tool_block/mass/B: prints its worlds
    #[arg(index = 2)]
    name: Option<String>,
    /// How many worlds of the protocol [default: 10]
    #[arg(long)]
    worlds: Option<usize>,
    /// Seed that the worlds are drawn from
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Draws that many worlds of every protocol and prints how often they were accepted
    #[arg(long, value_name = "WORLDS")]
    measure: Option<usize>,
    /// Only the reference's protocols, not the generated ones
    #[arg(long)]
    benchmark: bool,
    #[command(flatten)]
    json: Json,
}

/// Prints what was asked for.
pub(super) fn protocols(options: &Options) -> Done {
    let (family, name) = match (options.family.split(), options.name.as_deref()) {
        ((_, Some(first)), Some(_)) => {
            let reason = "the family is given twice; name it once";
            return Err(Failure::setting("FAMILY", first, reason));
        }
        ((family, first), name) => (family.map(world::family).transpose()?, name.or(first)),
    };
    if let (Some(family), Some(name)) = (&family, name) {
        if options.measure.is_some() || options.benchmark {
            let reason = "it is for all protocols of a family; name none";
            return Err(Failure::setting("NAME", name, reason));
        }
        worlds(family, &Protocol::named(family, name).map_err(Failure::Usage)?, options)?;
        return Ok(0);
    }
    if let Some(worlds) = options.worlds {
        let reason = "worlds are those of one protocol; name it, or pass --measure";
        return Err(Failure::setting("worlds", &worlds.to_string(), reason));
    }
    let families = match family {
        Some(family) => vec![family],
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
            None if options.json.wanted => documents.push(json!({
                "family": family.name(),
                "protocols": list,
            })),
            None => listed(family, &list)?,
        }
    }
    if options.json.wanted {
        print(&pretty(&documents)?)?;
    }
    Ok(0)
}

fn worlds(family: &Family, protocol: &Protocol, options: &Options) -> Result<()> {
    let manifest = protocol.manifest(family, options.worlds.unwrap_or(10), options.seed)?;
    if options.json.wanted {
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
    if options.json.wanted { Ok(()) } else { print(&format!("{}\n{table}", family.name())) }
}

/// The reasons of refusals, the most frequent first.
fn reasons(found: &Acceptance) -> String {
    let mut all: Vec<(&String, &usize)> = found.reasons.iter().collect();
    all.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let told = all.iter().map(|(reason, count)| format!("{reason} {count}"));
    told.collect::<Vec<_>>().join(", ")
}
