//! `trifactor variables`: the table of variables of a family, or of all of them.

pub(super) mod group;
mod page;

use serde_json::{Value, json};

use super::output::{Done, pretty, print};
use super::table::plain;
use super::world::FamilyWords;
use crate::error::Result;
use crate::task::{Family, Row, registry};
use group::{Group, grouped};

/// What is wanted of the table.
#[derive(clap::Args)]
pub(super) struct Options {
    #[command(flatten)]
    family: FamilyWords,
    /// JSON, one entry for every variable
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
    /// The documentation's page, docs/variables.md
    #[arg(long, conflicts_with_all = ["first", "named"])]
    markdown: bool,
}

/// Prints the table; the ranges are those of the family's start.
pub(super) fn variables(options: &Options) -> Done {
    let named = options.family.named()?;
    let families = match &named {
        Some(family) => vec![family.clone()],
        None => registry::names().map(Family::named).collect::<Result<_>>()?,
    };
    let tables: Vec<(Family, Vec<Row>)> = families.into_iter().map(table).collect();
    let text = if options.json {
        let all: Vec<Value> = tables
            .iter()
            .map(|(family, rows)| json!({"family": family.name(), "variables": rows}))
            .collect();
        // One family is an object, several are a list of them.
        match (&named, all.as_slice()) {
            (Some(_), [one]) => pretty(one)?,
            _ => pretty(&all)?,
        }
    } else if options.markdown {
        page::page(&tables)
    } else {
        tables.iter().map(|(family, rows)| shown(family, rows)).collect::<Vec<_>>().join("\n\n")
    };
    print(&text)?;
    Ok(0)
}

/// A family and the rows of its start.
fn table(family: Family) -> (Family, Vec<Row>) {
    let rows = family.table(&family.initial_state());
    (family, rows)
}

/// The columns of a table that people read.
const HEAD: [&str; 8] = ["variable", "unit", "shape", "default", "A", "B", "A and B", "meaning"];

fn cells(group: &Group) -> [String; 8] {
    [
        group.path(),
        group.unit(),
        group.shape(),
        group.default(),
        group.range(|row| row.space_a.as_ref()),
        group.range(|row| row.space_b.as_ref()),
        group.range(|row| row.space_a_b.as_ref()),
        group.meaning(),
    ]
}

fn shown(family: &Family, rows: &[Row]) -> String {
    let mut table = plain(&HEAD);
    let all: Vec<&Row> = rows.iter().collect();
    for group in grouped(&all) {
        table.add_row(cells(&group).to_vec());
    }
    format!(
        "{}: {}\n{table}\n{} variables; those that differ in their entity alone share a line, \
         and --json lists each. * is in the default observation.",
        family.name(),
        family.description(),
        rows.len()
    )
}
