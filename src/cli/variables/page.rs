//! The documentation's page of variables.

use super::{HEAD, cells, grouped};
use crate::task::{Family, Row};

const INTRODUCTION: &str = "\
# Variables

<!-- Written by `trifactor variables --markdown`; change the table, not the page. -->

Everything that can be read and set, family by family. `trifactor variables FAMILY` prints one
family's table, with `--json` for programs.

- A path is `entity/attribute`; braces stand for each of several entities that differ in nothing
  else. From Python the reference's two levels mean the same: `tool_block/mass` is
  `{\"tool_block\": {\"mass\": 0.05}}`, `floor/friction` is `{\"floor_friction\": 0.6}`.
- A is meant for training, B for evaluation; both are inclusive and follow from the present state
  (half the height of a block, the side of a barrier it is on). Here they are those of the family's
  start. A default may lie outside: only interventions are checked, and `check_bounds=False` lifts
  the check. Without a range a variable can be set unchecked only.
- Setting a variable to the value it has changes nothing: it is accepted wherever the value lies,
  every bit of the state stays, and what follows from a change (resting heights, equal sizes, scenes
  that are built) does not follow. Beside a change such a value holds: a block given another size and
  its present position stays where it is, or the intervention is refused.
- Positions are in the world frame: z = 0 is the floor's surface. A pose may be given in either of
  its coordinates, and is checked in those that have a range.
- `*` is in the family's default observation.
- `obstacle_0` and its like exist once `task/number_of_obstacles` asks for them, with the attributes
  of any fixed block.";

/// The page: what all families share once, then what each has beside it.
pub(super) fn page(tables: &[(Family, Vec<Row>)]) -> String {
    let shared = |row: &Row| tables.iter().all(|(_, rows)| rows.contains(row));
    let (common, _) = split(tables.first().map_or(&[], |(_, rows)| rows), shared);
    let mut page = format!("{INTRODUCTION}\n\n## Every family\n\n{}", table(&common));
    for (family, rows) in tables {
        let (_, own) = split(rows, shared);
        let counted = format!("{} variables, {} of them its own", rows.len(), own.len());
        page += &format!(
            "\n\n## {}\n\n{} {counted}:\n\n{}",
            family.name(),
            family.description(),
            table(&own)
        );
    }
    page
}

/// The rows that fit and those that do not.
fn split(rows: &[Row], fits: impl Fn(&Row) -> bool) -> (Vec<&Row>, Vec<&Row>) {
    rows.iter().partition(|row| fits(row))
}

fn table(rows: &[&Row]) -> String {
    let line = |cells: &[String]| format!("| {} |", cells.join(" | "));
    let mut lines = vec![line(&HEAD.map(str::to_string)), line(&HEAD.map(|_| "---".to_string()))];
    for group in grouped(rows) {
        let mut cells = cells(&group).map(|cell| cell.replace('|', "\\|"));
        cells[0] = format!("`{}`", cells[0].replace(", ", "`, `"));
        lines.push(line(&cells));
    }
    lines.join("\n")
}
