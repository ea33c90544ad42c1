//! Paths of variables, `entity/attribute`: globs, nearest names, and the reference's names.

use crate::error::Error;

/// The entity and the attribute of a path; `None` where it is not of the form `entity/attribute`.
pub fn split(path: &str) -> Option<(&str, &str)> {
    let (entity, attribute) = path.split_once('/')?;
    let whole = !entity.is_empty() && !attribute.is_empty() && !attribute.contains('/');
    whole.then_some((entity, attribute))
}

/// Whether a path fits a glob, in which `*` stands for any number of characters except `/`.
///
/// `*/mass` selects every mass, `robot_finger_*/color` the colour of every link.
pub fn matches(glob: &str, path: &str) -> bool {
    fn fits(glob: &[u8], path: &[u8]) -> bool {
        match glob.split_first() {
            None => path.is_empty(),
            Some((b'*', rest)) => {
                let end = path.iter().position(|&c| c == b'/').unwrap_or(path.len());
                (0..=end).any(|taken| fits(rest, &path[taken..]))
            }
            Some((c, rest)) => path.first() == Some(c) && fits(rest, &path[1..]),
        }
    }
    fits(glob.as_bytes(), path.as_bytes())
}

/// The path of one of the reference's names: a top-level name, and the name below it if any.
///
/// `("tool_block", Some("mass"))` is `tool_block/mass`, `("floor_friction", None)` is
/// `floor/friction`, `("gravity", None)` is `world/gravity`; any other name alone is a variable
/// of the task (facts 4.1, 4.3, 13.1). A name that is a path already stays as it is.
pub fn of_reference(top: &str, below: Option<&str>) -> String {
    if let Some(below) = below {
        return format!("{top}/{below}");
    }
    if top.contains('/') {
        return top.to_string();
    }
    if let Some((_, path)) = FLAT.iter().find(|(name, _)| *name == top) {
        return (*path).to_string();
    }
    for entity in ["robot", "floor", "stage"] {
        let attribute = top.strip_prefix(entity).and_then(|rest| rest.strip_prefix('_'));
        if let Some(attribute) = attribute.filter(|_| !top.starts_with("robot_finger_")) {
            return format!("{entity}/{attribute}");
        }
    }
    format!("task/{top}")
}

/// The reference's names of a path: the top-level name and, for entities, the name below it.
pub fn to_reference(path: &str) -> (String, Option<String>) {
    if let Some((name, _)) = FLAT.iter().find(|(_, p)| *p == path) {
        return ((*name).to_string(), None);
    }
    match split(path) {
        Some(("task", name)) => (name.to_string(), None),
        Some((entity @ ("robot" | "floor" | "stage" | "world"), attribute)) => {
            (format!("{entity}_{attribute}"), None)
        }
        Some((entity, attribute)) => (entity.to_string(), Some(attribute.to_string())),
        None => (path.to_string(), None),
    }
}

/// The names that follow no rule.
const FLAT: [(&str, &str); 4] = [
    ("gravity", "world/gravity"),
    ("joint_positions", "robot/joint_positions"),
    ("joint_velocities", "robot/joint_velocities"),
    ("control_index", "robot/control_index"),
];

/// The refusal of a path that names no variable, suggesting the nearest of the known ones.
///
/// Nearness is the edit distance between the paths or between their names in the reference,
/// whichever is smaller; a name more than a third away is not suggested.
pub(super) fn unknown(path: &str, known: impl Iterator<Item = String>) -> Error {
    let flat = flat(path);
    let suggestion = known
        .map(|name| (distance(path, &name).min(distance(&flat, &self::flat(&name))), name))
        .min()
        .filter(|(far, name)| *far <= 2.max(name.len().min(path.len()) / 3))
        .map(|(_, name)| name);
    Error::UnknownVariable { path: path.to_string(), suggestion }
}

fn flat(path: &str) -> String {
    let (top, below) = to_reference(path);
    below.map_or(top.clone(), |below| format!("{top}/{below}"))
}

/// The edit distance (Levenshtein) of two names: insertions, deletions, substitutions.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let substituted = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_select_by_entity_and_attribute() {
        assert!(matches("*/mass", "tool_block/mass"));
        assert!(matches("robot_finger_*_link_1/*", "robot_finger_300_link_1/color"));
        assert!(!matches("*/mass", "tool_block/massive"));
        assert!(!matches("*", "tool_block/mass"), "a star does not cross the slash");
    }

    #[test]
    fn the_edit_distance_counts_single_edits() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "mass"), 4);
        assert_eq!(distance("mass", "mass"), 0);
    }

    #[test]
    fn reference_names_and_paths_translate_both_ways() {
        for (top, below, path) in [
            ("tool_block", Some("mass"), "tool_block/mass"),
            ("robot_finger_60_link_0", Some("color"), "robot_finger_60_link_0/color"),
            ("floor_friction", None, "floor/friction"),
            ("stage_color", None, "stage/color"),
            ("gravity", None, "world/gravity"),
            ("joint_positions", None, "robot/joint_positions"),
            ("robot_height", None, "robot/height"),
            ("number_of_obstacles", None, "task/number_of_obstacles"),
        ] {
            assert_eq!(of_reference(top, below), path);
            assert_eq!(to_reference(path), (top.to_string(), below.map(str::to_string)));
        }
    }
}
