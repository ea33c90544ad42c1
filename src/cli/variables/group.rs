//! Rows that differ in their entity alone, as one row; and how a row's cells are written.

use crate::space::BoxSpace;
use crate::task::Row;
use crate::variable::{Shape, split};

/// More defaults than this, of variables alike in all else, are not listed one by one.
const DEFAULTS: usize = 4;

/// Rows that are alike, apart from their entities and, where these are many, their defaults.
pub(super) struct Group<'a> {
    rows: Vec<&'a Row>,
}

/// The rows in groups, in the order in which each group first appears.
pub(super) fn grouped<'a>(rows: &[&'a Row]) -> Vec<Group<'a>> {
    let mut alike: Vec<Vec<&Row>> = Vec::new();
    for row in rows {
        match alike.iter_mut().find(|group| without_default(group[0], row)) {
            Some(group) => group.push(row),
            None => alike.push(vec![row]),
        }
    }
    alike.into_iter().flat_map(by_default).collect()
}

fn attribute(row: &Row) -> &str {
    split(&row.path).map_or("", |(_, attribute)| attribute)
}

fn without_default(a: &Row, b: &Row) -> bool {
    let nameless = |row: &Row| Row { path: String::new(), default: Vec::new(), ..row.clone() };
    attribute(a) == attribute(b) && nameless(a) == nameless(b)
}

fn by_default(rows: Vec<&Row>) -> Vec<Group<'_>> {
    let mut groups: Vec<Group> = Vec::new();
    for row in &rows {
        match groups.iter_mut().find(|group| group.rows[0].default == row.default) {
            Some(group) => group.rows.push(row),
            None => groups.push(Group { rows: vec![row] }),
        }
    }
    if groups.len() > DEFAULTS { vec![Group { rows }] } else { groups }
}

impl Group<'_> {
    /// `tool_block/mass`, or with alternatives in braces `robot_finger_{60,120,300}_link_0/mass`.
    pub(super) fn path(&self) -> String {
        let entities =
            self.rows.iter().filter_map(|row| split(&row.path)).map(|(entity, _)| entity);
        let attribute = attribute(self.rows[0]);
        let paths = braces(&entities.collect::<Vec<_>>()).into_iter();
        paths.map(|entity| format!("{entity}/{attribute}")).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn unit(&self) -> String {
        self.rows[0].unit.to_string()
    }

    /// Empty for one number.
    pub(super) fn shape(&self) -> String {
        match self.rows[0].shape {
            Shape::Scalar => String::new(),
            Shape::Vector(length) => length.to_string(),
        }
    }

    /// The default, or that it differs from one to the next.
    pub(super) fn default(&self) -> String {
        let first = &self.rows[0].default;
        let same = self.rows.iter().all(|row| row.default == *first);
        if same { numbers(first) } else { "of its own each".to_string() }
    }

    /// The range as its two ends; empty where there is none.
    pub(super) fn range(&self, of: impl Fn(&Row) -> Option<&BoxSpace>) -> String {
        let Some(BoxSpace { low, high }) = of(self.rows[0]) else { return String::new() };
        match (repeated(low), repeated(high)) {
            _ if low == high => numbers(low),
            (Some(low), Some(high)) => format!("{} to {} each", number(low), number(high)),
            _ => format!("{} to {}", numbers(low), numbers(high)),
        }
    }

    /// The meaning, and what is to be known beside it.
    pub(super) fn meaning(&self) -> String {
        let row = self.rows[0];
        let observed = if row.observed { " *" } else { "" };
        let settable = if row.settable { "" } else { " (can not be set)" };
        format!("{}{settable}{observed}", row.meaning)
    }
}

/// Numbers as people write them: few digits, and what repeats once.
fn numbers(values: &[f64]) -> String {
    match (values, repeated(values)) {
        ([one], _) => number(*one),
        (_, Some(one)) => format!("{} each", number(one)),
        _ => {
            let fingers = values.len() == 9 && values[..6] == values[3..];
            let shown = if fingers { &values[..3] } else { values };
            let list = shown.iter().map(|v| number(*v)).collect::<Vec<_>>().join(", ");
            if fingers { format!("({list}) ×3") } else { format!("({list})") }
        }
    }
}

/// The number that several are.
fn repeated(values: &[f64]) -> Option<f64> {
    let first = *values.first()?;
    (values.len() > 1 && values.iter().all(|v| *v == first)).then_some(first)
}

/// A number to six decimals without its last zeros; π by its name.
fn number(value: f64) -> String {
    if value.abs() == std::f64::consts::PI {
        return if value < 0.0 { "-π" } else { "π" }.to_string();
    }
    let text = format!("{value:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_string() } else { text.to_string() }
}

/// Paths by attribute, alternatives in braces where they can be: `tool_{1,2}/color`.
pub(in crate::cli) fn paths(paths: &[&str]) -> Vec<String> {
    let mut by_attribute: Vec<(&str, Vec<&str>)> = Vec::new();
    for (entity, attribute) in paths.iter().filter_map(|path| split(path)) {
        match by_attribute.iter_mut().find(|(other, _)| *other == attribute) {
            Some((_, entities)) => entities.push(entity),
            None => by_attribute.push((attribute, vec![entity])),
        }
    }
    let named = |(attribute, entities): (&str, Vec<&str>)| {
        let entities = braces(&entities).into_iter();
        entities.map(|entity| format!("{entity}/{attribute}")).collect::<Vec<_>>()
    };
    by_attribute.into_iter().flat_map(named).collect()
}

/// Names that are all combinations of some alternatives as one, the alternatives in braces; those
/// that are not, by their first word.
fn braces(names: &[&str]) -> Vec<String> {
    if let Some(one) = combined(names) {
        return vec![one];
    }
    let first = |name: &str| name.split('_').next().map(str::to_string);
    let mut by_word: Vec<Vec<&str>> = Vec::new();
    for name in names {
        match by_word.iter_mut().find(|group| first(group[0]) == first(name)) {
            Some(group) => group.push(name),
            None => by_word.push(vec![name]),
        }
    }
    let one_by_one = |group: &Vec<&str>| group.iter().map(ToString::to_string).collect();
    let each = |group: Vec<&str>| match combined(&group) {
        Some(one) => vec![one],
        None => one_by_one(&group),
    };
    by_word.into_iter().flat_map(each).collect()
}

/// The one name of all combinations, where the names are these.
fn combined(names: &[&str]) -> Option<String> {
    let words: Vec<Vec<&str>> = names.iter().map(|name| name.split('_').collect()).collect();
    let length = words.first()?.len();
    if words.iter().any(|w| w.len() != length) {
        return None;
    }
    let alternatives: Vec<Vec<&str>> = (0..length)
        .map(|place| {
            let mut seen: Vec<&str> = Vec::new();
            for word in words.iter().map(|w| w[place]) {
                if !seen.contains(&word) {
                    seen.push(word);
                }
            }
            seen
        })
        .collect();
    let combinations: usize = alternatives.iter().map(Vec::len).product();
    let word = |of: &Vec<&str>| match of.as_slice() {
        [one] => one.to_string(),
        [first, .., last] if counts(of) => format!("{{{first}..{last}}}"),
        several => format!("{{{}}}", several.join(",")),
    };
    let one = || alternatives.iter().map(word).collect::<Vec<_>>().join("_");
    (combinations == names.len()).then(one)
}

/// Whether these are three whole numbers or more, one after the other.
fn counts(words: &[&str]) -> bool {
    let numbers: Option<Vec<u64>> = words.iter().map(|word| word.parse().ok()).collect();
    numbers.is_some_and(|n| n.len() > 2 && n.windows(2).all(|pair| pair[1] == pair[0] + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_all_combinations_become_one() {
        assert_eq!(braces(&["a_0_b_0", "a_0_b_1", "a_1_b_0", "a_1_b_1"]), ["a_{0,1}_b_{0,1}"]);
        assert_eq!(braces(&["a_0_b_0", "a_1_b_1"]), ["a_0_b_0", "a_1_b_1"]);
        assert_eq!(braces(&["goal_60", "robot"]), ["goal_60", "robot"]);
        assert_eq!(braces(&["a_0_x", "a_1_x", "a_2_x", "b_0_x"]), ["a_{0..2}_x", "b_0_x"]);
        assert_eq!(braces(&["floor"]), ["floor"]);
    }

    #[test]
    fn numbers_are_written_briefly() {
        assert_eq!(numbers(&[0.1 + 0.2]), "0.3");
        assert_eq!(numbers(&[0.0, -std::f64::consts::PI, 0.0325]), "(0, -π, 0.0325)");
        assert_eq!(numbers(&[0.0, 1.0, -1.0].repeat(3)), "(0, 1, -1) ×3");
        assert_eq!(numbers(&[0.0; 9]), "0 each");
    }
}
