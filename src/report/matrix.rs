//! Causal graphs over many variables as pictures: parents by children, how often and how strongly.

use super::sketch::{Colour, Side, Sketch, Words};
use crate::error::Result;

/// Edge of a cell, px.
const CELL: i32 = 24;
/// Space between two groups, px.
const APART: i32 = 8;
/// Sizes of text, px: names, the title, the legend.
const TEXT: f64 = 13.0;
const TITLE: f64 = 17.0;
/// How wide a letter is on average, as a share of the text's size.
const LETTER: f64 = 0.54;
const MARGIN: i32 = 16;
/// The height of a line of the legend, px.
const LINE: i32 = 20;
const INK: Colour = [40, 40, 40];
const GREY: Colour = [110, 110, 110];
const GRID: Colour = [243, 243, 243];
/// How dark a mark is: from what share of the column's largest change on, and how that is written.
const SHADES: [(f64, Colour, &str); 4] = [
    (0.3, [8, 48, 107], "30 % and more"),
    (0.03, [33, 113, 181], "3 to 30 %"),
    (0.003, [107, 174, 214], "0.3 to 3 %"),
    (0.0, [186, 214, 235], "less"),
];
/// What the legend says above its marks.
const AREA: [&str; 2] = ["area: how many of the parent's", "experiments changed the child"];
const SHADE: [&str; 2] = ["shade: the largest change, as a", "share of the child's largest"];
const OWN: &str = "the same variable, a step later";
/// How often the marks of the legend stand for.
const OFTEN: [f64; 4] = [1.0, 0.5, 0.1, 0.01];
/// The edge of the smallest mark, px.
const SMALLEST: f32 = 4.0;

/// A variable at the edge of the matrix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heading {
    /// What it belongs to; those of one group stand side by side.
    pub group: String,
    /// Its name within the group.
    pub name: String,
    /// The group's colour: red, green and blue.
    pub colour: [u8; 3],
}

/// An edge of the graph.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// The parent, as a place in [`Matrix::rows`].
    pub row: usize,
    /// The child, as a place in [`Matrix::columns`].
    pub column: usize,
    /// In which share of the parent's experiments the child came out otherwise, 0 to 1.
    pub often: f64,
    /// The largest change of the child, in the child's unit.
    pub strength: f64,
    /// Whether parent and child are the same variable.
    pub own: bool,
}

/// Which variables change which.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matrix {
    /// What it is of.
    pub title: String,
    /// The parents.
    pub rows: Vec<Heading>,
    /// The children.
    pub columns: Vec<Heading>,
    /// The edges.
    pub cells: Vec<Cell>,
    /// What changes nothing, by name; it stands below the matrix.
    pub without: Vec<String>,
}

/// Where headings lie along one side, px from its beginning.
struct Places(Vec<i32>);

impl Places {
    fn of(headings: &[Heading]) -> Self {
        let mut place = -CELL;
        let mut before: Option<&str> = None;
        let each = headings.iter().map(|heading| {
            let apart = before.is_some_and(|group| group != heading.group);
            place += CELL + if apart { APART } else { 0 };
            before = Some(&heading.group);
            place
        });
        Self(each.collect())
    }

    fn length(&self) -> i32 {
        self.0.last().map_or(0, |last| last + CELL)
    }
}

/// The groups of a side: the first heading and the last of each.
fn groups(headings: &[Heading]) -> Vec<(usize, usize)> {
    let mut groups: Vec<(usize, usize)> = Vec::new();
    for (i, heading) in headings.iter().enumerate() {
        match groups.last_mut() {
            Some((first, last)) if headings[*first].group == heading.group => *last = i,
            _ => groups.push((i, i)),
        }
    }
    groups
}

/// The width of a text, px.
fn width(text: &str, size: f64) -> i32 {
    (LETTER * size * text.chars().count() as f64).ceil() as i32
}

fn widest<'a>(texts: impl Iterator<Item = &'a str>) -> i32 {
    texts.map(|text| width(text, TEXT)).max().unwrap_or(0)
}

impl Matrix {
    /// The matrix as `svg` or as `png`.
    ///
    /// # Errors
    /// None that a picture in memory could have.
    pub fn picture(&self, kind: &str) -> Result<Vec<u8>> {
        match kind {
            "png" => self.sketch().png(),
            _ => Ok(self.sketch().svg().into_bytes()),
        }
    }

    fn sketch(&self) -> Sketch {
        let (rows, columns) = (Places::of(&self.rows), Places::of(&self.columns));
        let names = widest(self.rows.iter().map(|row| row.name.as_str()));
        let entities = widest(self.rows.iter().map(|row| row.group.as_str()));
        let left = MARGIN + entities + 2 * APART + names + APART;
        let heads = widest(self.columns.iter().map(|column| column.name.as_str()));
        let top = 2 * MARGIN + TITLE as i32 + 3 * LINE + heads + 2 * APART;
        let beside = left + columns.length() + 4 * APART;
        let foot = top + rows.length().max(legend_height()) + MARGIN;
        let legend_width = widest(AREA.into_iter().chain(SHADE)).max(width(OWN, TEXT) + CELL);
        let across = beside + legend_width + MARGIN;
        let without = format!("without effect: {}", self.without.join(", "));
        let lines = match self.without.is_empty() {
            true => Vec::new(),
            false => wrapped(&without, across - 2 * MARGIN),
        };
        let mut sketch = Sketch::new(across, foot + LINE * lines.len() as i32 + MARGIN);
        let title = words(&self.title, (MARGIN, MARGIN + TITLE as i32 / 2), Side::Left, INK);
        sketch.text(Words { size: TITLE, ..title });
        self.head_columns(&mut sketch, &columns, left, top);
        self.head_rows(&mut sketch, &rows, left, top);
        for y in &rows.0 {
            for x in &columns.0 {
                let corner = (left + x + 1, top + y + 1);
                sketch.fill([corner, (corner.0 + CELL - 2, corner.1 + CELL - 2)], GRID);
            }
        }
        for cell in &self.cells {
            let corner = (left + columns.0[cell.column], top + rows.0[cell.row]);
            self.draw(&mut sketch, cell, corner);
        }
        legend(&mut sketch, (beside, top));
        for (i, line) in lines.iter().enumerate() {
            let y = foot + LINE * i as i32 + LINE / 2;
            sketch.text(words(line, (MARGIN, y), Side::Left, GREY));
        }
        sketch
    }

    fn head_columns(&self, sketch: &mut Sketch, places: &Places, left: i32, top: i32) {
        for (i, column) in self.columns.iter().enumerate() {
            let at = (left + places.0[i] + CELL / 2, top - APART);
            let text = words(&column.name, at, Side::Left, INK);
            sketch.text(Words { upright: true, ..text });
        }
        let heads = widest(self.columns.iter().map(|column| column.name.as_str()));
        let y = top - heads - 2 * APART;
        let mut free = [i32::MIN; 2];
        for (first, last) in groups(&self.columns) {
            let (from, to) = (left + places.0[first], left + places.0[last] + CELL);
            sketch.fill([(from + 1, y - 3), (to - 1, y)], self.columns[first].colour);
            // A name that would run into its neighbour's stands a line higher.
            let text = &self.columns[first].group;
            let line = usize::from(from < free[0]);
            free[line] = from + width(text, TEXT) + APART;
            let at = (from + 1, y - 12 - line as i32 * (LINE - 2));
            sketch.text(words(text, at, Side::Left, INK));
        }
        let at = (left, y - 14 - 2 * LINE);
        sketch.text(words("came out otherwise after the step", at, Side::Left, GREY));
    }

    fn head_rows(&self, sketch: &mut Sketch, places: &Places, left: i32, top: i32) {
        for (i, row) in self.rows.iter().enumerate() {
            let at = (left - APART, top + places.0[i] + CELL / 2);
            sketch.text(words(&row.name, at, Side::Right, INK));
        }
        let names = widest(self.rows.iter().map(|row| row.name.as_str()));
        for (first, last) in groups(&self.rows) {
            let x = left - APART - names - APART;
            let (from, to) = (top + places.0[first], top + places.0[last] + CELL);
            sketch.fill([(x - 3, from + 1), (x, to - 1)], self.rows[first].colour);
            let at = (x - APART, top + places.0[first] + CELL / 2);
            sketch.text(words(&self.rows[first].group, at, Side::Right, INK));
        }
        sketch.text(words(
            "set before the step",
            (left - APART, top - APART - 4),
            Side::Right,
            GREY,
        ));
    }

    fn draw(&self, sketch: &mut Sketch, cell: &Cell, corner: (i32, i32)) {
        let column = self.cells.iter().filter(|other| other.column == cell.column);
        let most = column.map(|other| other.strength).fold(0.0, f64::max);
        let share = if most > 0.0 { cell.strength / most } else { 0.0 };
        let shade = SHADES.iter().find(|(least, ..)| share >= *least);
        let colour = shade.map_or(INK, |(_, colour, _)| *colour);
        mark(sketch, corner, cell.often, colour);
        if cell.own {
            frame(sketch, corner);
        }
    }
}

/// A square in the middle of a cell, whose area is how often.
fn mark(sketch: &mut Sketch, (x, y): (i32, i32), often: f64, colour: Colour) {
    let edge = ((CELL - 4) as f32 * often.clamp(0.0, 1.0).sqrt() as f32).max(SMALLEST);
    let from = 0.5 * (CELL as f32 - edge);
    let (x, y) = (x as f32 + from, y as f32 + from);
    sketch.mark([(x, y), (x + edge, y + edge)], colour);
}

/// The lines of the legend, and two that are left free.
fn legend_height() -> i32 {
    (AREA.len() + OFTEN.len() + SHADE.len() + SHADES.len() + 3) as i32 * LINE
}

fn legend(sketch: &mut Sketch, (left, top): (i32, i32)) {
    let mut y = top + LINE / 2;
    let mut part = |title: [&str; 2], marks: &[(f64, Colour, String)]| {
        for line in title {
            sketch.text(words(line, (left, y), Side::Left, GREY));
            y += LINE;
        }
        for (often, colour, text) in marks {
            mark(sketch, (left, y - CELL / 2), *often, *colour);
            sketch.text(words(text, (left + CELL + APART, y), Side::Left, GREY));
            y += LINE;
        }
        y += LINE;
    };
    let dark = SHADES[0].1;
    part(AREA, &OFTEN.map(|often| (often, dark, format!("{:.0} %", 100.0 * often))));
    part(SHADE, &SHADES.map(|(_, colour, text)| (0.5, colour, text.to_string())));
    frame(sketch, (left, y - CELL / 2));
    sketch.text(words(OWN, (left + CELL + APART, y), Side::Left, GREY));
}

/// The frame of a cell.
fn frame(sketch: &mut Sketch, (x, y): (i32, i32)) {
    let corners = [(x, y), (x + CELL, y), (x + CELL, y + CELL), (x, y + CELL), (x, y)];
    sketch.line(&corners, INK, 1.0);
}

fn words(text: &str, at: (i32, i32), side: Side, colour: Colour) -> Words {
    Words { text: text.to_string(), at, side, upright: false, size: TEXT, colour }
}

/// A text in lines of no more than that width, px.
fn wrapped(text: &str, most: i32) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().map(std::mem::take).unwrap_or_default();
        lines.pop();
        let longer = if line.is_empty() { word.to_string() } else { format!("{line} {word}") };
        if width(&longer, TEXT) <= most || line.is_empty() {
            lines.push(longer);
        } else {
            lines.extend([line, word.to_string()]);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_edge_is_a_mark_in_its_cell_and_every_group_is_named_once() {
        let heading = |group: &str, name: &str| Heading {
            group: group.to_string(),
            name: name.to_string(),
            colour: [1, 2, 3],
        };
        let rows = vec![heading("a", "x"), heading("a", "y"), heading("b", "<x>")];
        let cell = |row, column, often, own| Cell { row, column, often, strength: 1.0, own };
        let matrix = Matrix {
            title: "who".to_string(),
            columns: rows[..2].to_vec(),
            rows,
            cells: vec![cell(0, 0, 1.0, true), cell(2, 1, 0.25, false)],
            without: vec!["nothing/at_all".to_string()],
        };
        let svg = matrix.sketch().svg();
        // The ground, cells, groups of rows and columns, edges, marks of the legend.
        let rects = 1 + 3 * 2 + 2 + 1 + 2 + OFTEN.len() + SHADES.len();
        assert_eq!(svg.matches("<rect").count(), rects);
        // A frame for what is its own, one in the legend.
        assert_eq!(svg.matches("<polyline").count(), 2);
        assert!(svg.contains("&lt;x&gt;") && svg.contains("without effect: nothing/at_all"));
        assert_eq!(svg.matches(">b</text>").count(), 1);
        assert!(matrix.picture("png").unwrap().starts_with(b"\x89PNG"));
    }

    #[test]
    fn long_texts_are_broken_between_words() {
        assert_eq!(wrapped("one two three", width("one two", TEXT)), ["one two", "three"]);
        assert_eq!(wrapped("unbreakable", 1), ["unbreakable"]);
    }
}
