//! The table of variables: all that can be said of each without setting it.

use serde::{Serialize, Serializer};

use super::family::Family;
use crate::space::BoxSpace;
use crate::variable::{self, Shape, Subspace, Variable, to_reference};
use crate::world::State;

/// What is to be known of one variable.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Its path, `entity/attribute`.
    pub path: String,
    /// What it is, in one line.
    pub meaning: &'static str,
    /// The unit of its numbers; empty for pure numbers.
    pub unit: &'static str,
    /// The shape of its value: empty for a scalar, else its length.
    #[serde(serialize_with = "as_list")]
    pub shape: Shape,
    /// What it reads as at the family's start; in the state itself where the start lacks it.
    pub default: Vec<f64>,
    /// Range A, derived from the state; `None` where it has none.
    pub space_a: Option<BoxSpace>,
    /// Range B, likewise.
    pub space_b: Option<BoxSpace>,
    /// Their union, likewise.
    pub space_a_b: Option<BoxSpace>,
    /// Whether it can be set, and not only read.
    pub settable: bool,
    /// Whether the family's own structured observation shows it, in these coordinates.
    pub observed: bool,
}

fn as_list<S: Serializer>(shape: &Shape, serializer: S) -> Result<S::Ok, S::Error> {
    let list = match shape {
        Shape::Scalar => vec![],
        Shape::Vector(length) => vec![*length],
    };
    list.serialize(serializer)
}

impl Family {
    /// Every variable of a state, in the reference's order, with its ranges in that state.
    pub fn table(&self, state: &State) -> Vec<Row> {
        let (rules, keys, start) = (self.rules(), self.observation(state), self.initial_state());
        let row = |variable: &Variable| {
            let path = variable.path(&state.scene);
            let attribute = variable.attribute;
            let space = |subspace| variable.space(state, rules, subspace);
            let key = match to_reference(&path) {
                (top, None) => top,
                (top, Some(below)) => format!("{top}_{below}"),
            };
            Row {
                meaning: attribute.meaning,
                unit: attribute.unit,
                shape: attribute.shape,
                default: variable::read(&start, rules, &path)
                    .unwrap_or_else(|_| variable.read(state)),
                space_a: space(Subspace::A),
                space_b: space(Subspace::B),
                space_a_b: space(Subspace::Both),
                settable: attribute.is_writable(),
                observed: keys.contains(&key),
                path,
            }
        };
        Variable::all(&state.scene, rules).iter().map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_tells_the_present_ranges_and_the_default_of_the_start() {
        let family = Family::named("pushing").unwrap();
        let mut state = family.initial_state();
        state.blocks[0].size = [0.08; 3];
        state.blocks[0].mass = 0.05;
        let table = family.table(&state);
        let row = |path: &str| table.iter().find(|row| row.path == path).unwrap();
        let place = row("tool_block/cylindrical_position").space_a.clone().unwrap();
        assert_eq!((place.low[2], place.high[2]), (0.04, 0.04), "half the present height");
        let mass = row("tool_block/mass");
        assert_eq!((mass.default.as_slice(), mass.unit, mass.settable), (&[0.02][..], "kg", true));
        assert!(!mass.observed && row("tool_block/size").observed);
        assert!(row("robot/joint_positions").observed && !row("robot/control_index").settable);
        assert_eq!(table.len(), family.variables(&state).len());
    }
}
