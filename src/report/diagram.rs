//! Causal graphs of one step as pictures: what was before on the left, what came of it on the right.

use plotters::style::RGBColor;

use super::plot::COLOURS;
use super::sketch::{Side, Sketch, Words};
use crate::error::Result;

/// Rows, margins and columns of the drawing, px.
const ROW: i32 = 22;
const TOP: i32 = 52;
const NAMES: i32 = 320;
const BETWEEN: i32 = 420;
const TEXT: f64 = 13.0;
/// Half the edge of the mark at a place, px.
const DOT: i32 = 4;
const INK: RGBColor = RGBColor(40, 40, 40);
/// How many pieces a curve is drawn with.
const PIECES: i32 = 24;
/// What an edge that is there in any case is drawn with.
const PALE: RGBColor = RGBColor(200, 200, 200);

/// A place in a column: a variable or a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its name.
    pub name: String,
    /// What it belongs to; places and their edges of one group have one colour.
    pub group: usize,
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
    ///
    /// # Errors
    /// None that a text in memory could have.
    pub fn svg(&self) -> Result<String> {
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
        let (left, right) = (NAMES, NAMES + BETWEEN);
        let width = right + NAMES;
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
            let colour = if link.own { PALE } else { self.colour(link.from) };
            sketch.line(curve(starts(link.from), ends(link.to)), colour, 1);
        }
        let mut dot = |(x, y): (i32, i32), colour| {
            sketch.fill([(x - DOT, y - DOT), (x + DOT, y + DOT)], colour);
        };
        for i in 0..self.before.len() {
            let used = self.links.iter().any(|link| link.from == i);
            dot(starts(i), if used { self.colour(i) } else { PALE });
        }
        for (i, place) in self.after.iter().enumerate() {
            dot(ends(i), COLOURS[place.group % COLOURS.len()]);
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
                let RGBColor(red, green, blue) = COLOURS[place.group % COLOURS.len()];
                text += &format!(
                    "    {side}{i} [label=\"{}\", color=\"#{red:02x}{green:02x}{blue:02x}\"];\n",
                    quoted(&place.name)
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

    fn colour(&self, from: usize) -> RGBColor {
        COLOURS[self.before[from].group % COLOURS.len()]
    }
}

/// A curve that leaves and arrives level (a cubic Bézier curve).
fn curve(from: (i32, i32), to: (i32, i32)) -> Vec<(i32, i32)> {
    let reach = f64::from(to.0 - from.0) / 2.0;
    let point = |piece: i32| {
        let t = f64::from(piece) / f64::from(PIECES);
        let s = 1.0 - t;
        let weights = [s * s * s, 3.0 * s * s * t, 3.0 * s * t * t, t * t * t];
        let mix = |values: [f64; 4]| {
            weights.iter().zip(values).map(|(w, v)| w * v).sum::<f64>().round() as i32
        };
        let (x0, y0, x1, y1) =
            (f64::from(from.0), f64::from(from.1), f64::from(to.0), f64::from(to.1));
        (mix([x0, x0 + reach, x1 - reach, x1]), mix([y0, y0, y1, y1]))
    };
    (0..=PIECES).map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_and_edge_is_drawn_and_quotes_are_escaped() {
        let place = |name: &str, group| Place { name: name.to_string(), group };
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
        let svg = diagram.svg().unwrap();
        assert_eq!(svg.matches("<polyline").count(), 3);
        // A mark at each place, and the ground.
        assert_eq!(svg.matches("<rect").count(), 5 + 1);
        assert!(diagram.png().unwrap().starts_with(b"\x89PNG"));
        let dot = diagram.dot();
        assert!(dot.contains("before0 -> after1;") && dot.contains(r#"digraph "a \"step\"""#));
        assert_eq!(dot.matches("label=").count(), 5);
    }
}
