//! A chart as a list of marks, which becomes SVG or pixels: the same picture in both forms.

use std::fmt::Write as _;

use tiny_skia::{FillRule, Paint, Path, PathBuilder, Pixmap, Stroke, Transform};
use ttf_parser::{Face, OutlineBuilder};

use super::picture;
use super::table::escaped;
use crate::error::{Error, Result};

/// The letters of charts in pixels; those of SVG are the reader's own.
const FONT: &[u8] = include_bytes!("../../assets/font/plot_sans.ttf");
/// Pixels for a unit of length in a PNG, so that it is sharp on fine screens and in print.
const FINENESS: f32 = 2.0;

/// Red, green and blue.
pub(super) type Colour = [u8; 3];

/// Where a text lies beside its place: left of it, about it, or right of it.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Side {
    Left,
    Middle,
    Right,
}

/// A place on a chart, px from the top left.
pub(super) type Point = (f32, f32);

/// The place of whole pixels.
pub(super) fn at((x, y): (i32, i32)) -> Point {
    (x as f32, y as f32)
}

/// Something drawn; places and lengths in px from the top left.
enum Mark {
    Line {
        points: Vec<Point>,
        colour: Colour,
        width: f32,
    },
    /// A cubic Bézier curve: ends first and last, between them where it leaves and arrives.
    Curve {
        points: [Point; 4],
        colour: Colour,
        width: f32,
    },
    Box {
        corners: [Point; 2],
        colour: Colour,
    },
    Area {
        points: Vec<Point>,
        colour: Colour,
        opacity: f64,
    },
    Text(Words),
}

/// A line of text, its middle at the height of its place, or upright, ending there.
pub(super) struct Words {
    pub(super) text: String,
    pub(super) at: (i32, i32),
    pub(super) side: Side,
    pub(super) upright: bool,
    pub(super) size: f64,
    pub(super) colour: Colour,
}

/// A chart on white.
pub(super) struct Sketch {
    size: (u32, u32),
    marks: Vec<Mark>,
}

impl Sketch {
    pub(super) fn new(width: i32, height: i32) -> Self {
        let size = [width, height].map(|length| length.max(1).unsigned_abs());
        Self { size: size.into(), marks: Vec::new() }
    }

    pub(super) fn line(&mut self, points: &[(i32, i32)], colour: Colour, width: f32) {
        let points = points.iter().copied().map(at).collect();
        self.marks.push(Mark::Line { points, colour, width });
    }

    pub(super) fn curve(&mut self, points: [Point; 4], colour: Colour, width: f32) {
        self.marks.push(Mark::Curve { points, colour, width });
    }

    pub(super) fn fill(&mut self, corners: [(i32, i32); 2], colour: Colour) {
        self.mark(corners.map(at), colour);
    }

    /// As [`Sketch::fill`], between pixels.
    pub(super) fn mark(&mut self, corners: [Point; 2], colour: Colour) {
        self.marks.push(Mark::Box { corners, colour });
    }

    pub(super) fn area(&mut self, points: &[(i32, i32)], colour: Colour, opacity: f64) {
        let points = points.iter().copied().map(at).collect();
        self.marks.push(Mark::Area { points, colour, opacity });
    }

    pub(super) fn text(&mut self, words: Words) {
        self.marks.push(Mark::Text(words));
    }

    /// The chart as SVG.
    pub(super) fn svg(&self) -> String {
        let (width, height) = self.size;
        let mut svg = format!(
            "<svg width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
             xmlns=\"http://www.w3.org/2000/svg\" font-family=\"sans-serif\">\n\
             <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n"
        );
        self.marks.iter().for_each(|mark| mark.svg(&mut svg));
        svg + "</svg>\n"
    }

    /// The chart as a PNG, two pixels for a unit of the SVG.
    pub(super) fn png(&self) -> Result<Vec<u8>> {
        let face = Face::parse(FONT, 0).map_err(|error| failed(&error.to_string()))?;
        let (width, height) = (self.size.0 * FINENESS as u32, self.size.1 * FINENESS as u32);
        let mut image = Pixmap::new(width, height).ok_or_else(|| failed("it is too large"))?;
        image.fill(tiny_skia::Color::WHITE);
        let place = Transform::from_scale(FINENESS, FINENESS);
        for mark in &self.marks {
            match mark {
                Mark::Line { points, colour, width } => {
                    if let Some(path) = outline(points, false) {
                        let stroke = Stroke { width: *width, ..Stroke::default() };
                        image.stroke_path(&path, &paint(*colour, 1.0), &stroke, place, None);
                    }
                }
                Mark::Curve { points: [a, b, c, d], colour, width } => {
                    let mut path = PathBuilder::new();
                    path.move_to(a.0, a.1);
                    path.cubic_to(b.0, b.1, c.0, c.1, d.0, d.1);
                    if let Some(path) = path.finish() {
                        let stroke = Stroke { width: *width, ..Stroke::default() };
                        image.stroke_path(&path, &paint(*colour, 1.0), &stroke, place, None);
                    }
                }
                Mark::Box { corners: [a, b], colour } => {
                    let corners = [*a, (b.0, a.1), *b, (a.0, b.1)];
                    if let Some(path) = outline(&corners, true) {
                        let paint = paint(*colour, 1.0);
                        image.fill_path(&path, &paint, FillRule::Winding, place, None);
                    }
                }
                Mark::Area { points, colour, opacity } => {
                    if let Some(path) = outline(points, true) {
                        let paint = paint(*colour, *opacity);
                        image.fill_path(&path, &paint, FillRule::Winding, place, None);
                    }
                }
                Mark::Text(words) => {
                    if let Some(path) = words.outline(&face) {
                        let paint = paint(words.colour, 1.0);
                        image.fill_path(&path, &paint, FillRule::Winding, place, None);
                    }
                }
            }
        }
        let rgb: Vec<u8> =
            image.pixels().iter().flat_map(|p| [p.red(), p.green(), p.blue()]).collect();
        picture::png(&rgb, width, height)
    }
}

impl Mark {
    /// Writes the mark as an element of SVG.
    fn svg(&self, svg: &mut String) {
        let list = |points: &[Point]| {
            let each: Vec<String> = points.iter().map(|(x, y)| format!("{x},{y}")).collect();
            each.join(" ")
        };
        // Writing to a text in memory cannot fail.
        _ = match self {
            Self::Line { points, colour, width } => writeln!(
                svg,
                "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{width}\"/>",
                list(points),
                hexadecimal(*colour)
            ),
            Self::Curve { points: [a, b, c, d], colour, width } => writeln!(
                svg,
                "<path d=\"M{} C{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{width}\"/>",
                list(&[*a]),
                list(&[*b, *c, *d]),
                hexadecimal(*colour)
            ),
            Self::Box { corners: [a, b], colour } => writeln!(
                svg,
                "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\"/>",
                a.0.min(b.0),
                a.1.min(b.1),
                (b.0 - a.0).abs(),
                (b.1 - a.1).abs(),
                hexadecimal(*colour)
            ),
            Self::Area { points, colour, opacity } => writeln!(
                svg,
                "<polygon points=\"{}\" fill=\"{}\" fill-opacity=\"{opacity}\"/>",
                list(points),
                hexadecimal(*colour)
            ),
            Self::Text(words) => words.svg(svg),
        };
    }
}

/// A colour as SVG and Graphviz write it.
pub(super) fn hexadecimal([red, green, blue]: Colour) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

impl Words {
    fn svg(&self, svg: &mut String) -> std::fmt::Result {
        let ((x, y), size) = (self.at, self.size);
        let anchor = match self.side {
            Side::Left => "start",
            Side::Middle => "middle",
            Side::Right => "end",
        };
        let turn = if self.upright {
            format!(" transform=\"rotate(-90 {x} {y})\"")
        } else {
            String::new()
        };
        writeln!(
            svg,
            "<text x=\"{x}\" y=\"{y}\" dy=\"0.36em\" text-anchor=\"{anchor}\" font-size=\"{size}\" \
             fill=\"{}\"{turn}>{}</text>",
            hexadecimal(self.colour),
            escaped(&self.text)
        )
    }

    /// The letters' outlines, where they lie on the chart; none of blanks.
    fn outline(&self, face: &Face<'_>) -> Option<Path> {
        let scale = self.size as f32 / f32::from(face.units_per_em());
        let (mut pen, mut along) = (Pen(PathBuilder::new(), 0.0), 0.0);
        for letter in self.text.chars() {
            // The first glyph of a font stands for all that it lacks.
            let glyph = face.glyph_index(letter).unwrap_or_default();
            pen.1 = along;
            face.outline_glyph(glyph, &mut pen);
            along += f32::from(face.glyph_hor_advance(glyph).unwrap_or(0));
        }
        let before = match self.side {
            Side::Left => 0.0,
            Side::Middle => 0.5 * along,
            Side::Right => along,
        };
        let middle = 0.5 * f32::from(face.capital_height().unwrap_or_else(|| face.ascender()));
        let turn = if self.upright { -90.0 } else { 0.0 };
        let place = Transform::from_translate(-before, -middle)
            .post_scale(scale, -scale)
            .post_rotate(turn)
            .post_translate(self.at.0 as f32, self.at.1 as f32);
        pen.0.finish()?.transform(place)
    }
}

/// Draws glyphs one after the other, from where the last one ended.
struct Pen(PathBuilder, f32);

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.0.move_to(self.1 + x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.0.line_to(self.1 + x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.0.quad_to(self.1 + x1, y1, self.1 + x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.0.cubic_to(self.1 + x1, y1, self.1 + x2, y2, self.1 + x, y);
    }

    fn close(&mut self) {
        self.0.close();
    }
}

fn outline(points: &[Point], closed: bool) -> Option<Path> {
    let mut path = PathBuilder::new();
    for (number, (x, y)) in points.iter().enumerate() {
        match number {
            0 => path.move_to(*x, *y),
            _ => path.line_to(*x, *y),
        }
    }
    if closed {
        path.close();
    }
    path.finish()
}

fn paint([red, green, blue]: Colour, opacity: f64) -> Paint<'static> {
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    paint.set_color_rgba8(red, green, blue, (255.0 * opacity).round() as u8);
    paint
}

fn failed(reason: &str) -> Error {
    Error::File { path: "plot".to_string(), reason: reason.to_string() }
}
