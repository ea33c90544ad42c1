//! Causal graphs of one step as pictures: what was before on the left, what came of it on the right.

use super::sketch::{Colour, Side, Sketch, Words, at, hexadecimal};
use crate::error::Result;

/// Rows, margins and columns of the drawing, px.
const ROW: i32 = 22;
const TOP: i32 = 52;
const BETWEEN: i32 = 420;
/// How wide a letter is on average, as a share of the text's size.
const LETTER: f64 = 0.6;
const MARGIN: i32 = 24;
const TEXT: f64 = 13.0;
/// Half the edge of the mark at a place, px.
const DOT: i32 = 4;
const INK: Colour = [40, 40, 40];
/// What an edge that is there in any case is drawn with.
const PALE: Colour = [200, 200, 200];
/// How wide edges are, px: those that are there in any case, and the others.
const WIDTHS: [f32; 2] = [1.0, 2.0];

/// A place in a column: a variable or a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its name.
    pub name: String,
    /// Its colour, and that of the edges from it: red, green and blue.
    pub colour: [u8; 3],
}

/// An edge from the left column to the right one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The place in the left column.
    pub from: usize,
    /// The place in the right column.
    pub to: usize,
    /// Whether it goes without saying, as that something goes on from where it was.
    pub own: bool,
}

/// What influences what in one step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagram {
    /// What it is of.
    pub title: String,
    /// What was before the step.
    pub before: Vec<Place>,
    /// What there is after it.
    pub after: Vec<Place>,
    /// Who influences whom.
    pub links: Vec<Link>,
}

impl Diagram {
    /// The diagram as SVG.
    pub fn svg(&self) -> String {
        self.sketch().svg()
    }

    /// The diagram as a PNG.
    ///
    /// # Errors
    /// None that a picture in memory could have.
    pub fn png(&self) -> Result<Vec<u8>> {
        self.sketch().png()
    }

    fn sketch(&self) -> Sketch {
        let rows = self.before.len().max(self.after.len()) as i32;
        let widest = |places: &[Place]| {
            let letters = places.iter().map(|place| place.name.chars().count()).max();
            // No narrower than the caption above it.
            (LETTER * TEXT * letters.unwrap_or(0).max(12) as f64) as i32 + MARGIN
        };
        let left = widest(&self.before);
        let right = left + BETWEEN;
        let width = right + widest(&self.after);
        // The shorter column is spread over the height of the longer one.
        let row = |place: usize, count: usize| {
            TOP + (2 * place as i32 + 1) * ROW * rows / (2 * count.max(1) as i32)
        };
        let starts = |place: usize| (left, row(place, self.before.len()));
        let ends = |place: usize| (right, row(place, self.after.len()));
        let mut sketch = Sketch::new(width, TOP + ROW * rows + ROW / 2);
        let mut text = |text: &str, at: (i32, i32), side: Side, size: f64| {
            let (text, colour) = (text.to_string(), INK);
            sketch.text(Words { text, at, side, upright: false, size, colour });
        };
        text(&self.title, (width / 2, 16), Side::Middle, 1.2 * TEXT);
        text("before the step", (left, TOP - 12), Side::Middle, TEXT);
        text("after it", (right, TOP - 12), Side::Middle, TEXT);
        for (i, place) in self.before.iter().enumerate() {
            let (x, y) = starts(i);
            text(&place.name, (x - 9, y), Side::Right, TEXT);
        }
        for (i, place) in self.after.iter().enumerate() {
            let (x, y) = ends(i);
            text(&place.name, (x + 9, y), Side::Left, TEXT);
        }
        let (own, others): (Vec<Link>, Vec<Link>) =
            self.links.iter().copied().partition(|link| link.own);
        for link in own.into_iter().chain(others) {
            let colour = if link.own { PALE } else { self.before[link.from].colour };
            let width = WIDTHS[usize::from(!link.own)];
            let (from, to) = (at(starts(link.from)), at(ends(link.to)));
            // It leaves and arrives level.
            let middle = 0.5 * (from.0 + to.0);
            sketch.curve([from, (middle, from.1), (middle, to.1), to], colour, width);
        }
        let mut dot = |(x, y): (i32, i32), colour| {
            sketch.fill([(x - DOT, y - DOT), (x + DOT, y + DOT)], colour);
        };
        for i in 0..self.before.len() {
            let used = self.links.iter().any(|link| link.from == i);
            dot(starts(i), if used { self.before[i].colour } else { PALE });
        }
        for (i, place) in self.after.iter().enumerate() {
            dot(ends(i), place.colour);
        }
        sketch
    }

    /// The diagram in the language of Graphviz.
    pub fn dot(&self) -> String {
        let quoted = |name: &str| name.replace('\\', "\\\\").replace('"', "\\\"");
        let mut text = format!(
            "digraph \"{}\" {{\n  rankdir=LR;\n  node [shape=box, style=rounded, fontsize=10];\n",
            quoted(&self.title)
        );
        for (side, places) in [("before", &self.before), ("after", &self.after)] {
            text += "  { rank=same;\n";
            for (i, place) in places.iter().enumerate() {
                text += &format!(
                    "    {side}{i} [label=\"{}\", color=\"{}\"];\n",
                    quoted(&place.name),
                    hexadecimal(place.colour)
                );
            }
            text += "  }\n";
        }
        for link in &self.links {
            let style = if link.own { " [color=gray]" } else { "" };
            text += &format!("  before{} -> after{}{style};\n", link.from, link.to);
        }
        text + "}\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_and_edge_is_drawn_and_quotes_are_escaped() {
        let place = |name: &str, red| Place { name: name.to_string(), colour: [red, 0, 0] };
        let diagram = Diagram {
            title: "a \"step\"".to_string(),
            before: vec![place("finger", 0), place("block", 1), place("colour", 2)],
            after: vec![place("finger'", 0), place("block'", 1)],
            links: vec![
                Link { from: 0, to: 0, own: true },
                Link { from: 0, to: 1, own: false },
                Link { from: 1, to: 1, own: true },
            ],
        };
        let svg = diagram.svg();
        assert_eq!(svg.matches("<path").count(), 3);
        // A mark at each place, and the ground.
        assert_eq!(svg.matches("<rect").count(), 5 + 1);
        assert!(diagram.png().unwrap().starts_with(b"\x89PNG"));
        let dot = diagram.dot();
        assert!(dot.contains("before0 -> after1;") && dot.contains(r#"digraph "a \"step\"""#));
        assert_eq!(dot.matches("label=").count(), 5);
    }
}
