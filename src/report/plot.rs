//! Bars and radar charts, as SVG.

use std::f64::consts::TAU;
use std::io;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::{of_protocol, protocol_names};
use crate::error::{Error, Result};
use crate::evaluation::{Metric, Scores};
use crate::math;

/// Colours that the colour-blind can tell apart (Okabe and Ito), used in turn.
pub(super) const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(90, 90, 90),
];
const INK: RGBColor = RGBColor(40, 40, 40);
const PALE: RGBColor = RGBColor(215, 215, 215);
const TEXT: f64 = 15.0;
/// Space around the axes, px: left, top, right, and below where labels lie or stand.
const LEFT: i32 = 64;
const TOP: i32 = 54;
const RIGHT: i32 = 16;
const BELOW: [i32; 2] = [34, 190];
const HEIGHT: i32 = 260;
const BAR: i32 = 24;
const BETWEEN: i32 = 18;
/// Labels of more characters stand upright.
const LONGEST: usize = 4;
/// Radius and half the edge of a radar chart, px.
const RADIUS: f64 = 170.0;
const HALF: i32 = 240;
/// The fewest protocols that a radar chart tells apart, and the most.
const SPOKES: std::ops::RangeInclusive<usize> = 3..=40;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = std::result::Result<(), DrawingAreaErrorKind<io::Error>>;

/// The means of a metric by protocol, a bar for each of the scores, with their intervals.
///
/// # Errors
/// None that a text in memory could have.
pub fn bars(all: &[Scores], metric: Metric) -> Result<String> {
    let names = protocol_names(all);
    let upright = names.iter().any(|name| name.len() > LONGEST);
    let group = BETWEEN + BAR * all.len() as i32;
    let width = LEFT + group * names.len() as i32 + RIGHT;
    let size = (width.max(420) as u32, (TOP + HEIGHT + BELOW[usize::from(upright)]) as u32);
    let scale = Scale::of(all, metric);
    picture(size, |area| {
        legend(area, all, metric)?;
        for tick in scale.ticks() {
            let y = scale.y(tick);
            line(area, vec![(LEFT, y), (size.0 as i32 - RIGHT, y)], PALE, 1)?;
            text(area, &scale.label(tick), (LEFT - 8, y), (HPos::Right, VPos::Center), false)?;
        }
        for (place, name) in names.iter().enumerate() {
            let left = LEFT + group * place as i32 + BETWEEN / 2;
            for (turn, scores) in all.iter().enumerate() {
                let Some(found) = of_protocol(scores, name) else { continue };
                let summary = &found.summary[&metric];
                let x = left + BAR * turn as i32;
                bar(area, &scale, x, summary.mean, summary.mean_interval, COLOURS[turn % 7])?;
            }
            let anchor =
                if upright { (HPos::Right, VPos::Center) } else { (HPos::Center, VPos::Top) };
            let middle = left + BAR * all.len() as i32 / 2;
            text(area, name, (middle, TOP + HEIGHT + 10), anchor, upright)?;
        }
        line(area, vec![(LEFT, scale.y(0.0)), (size.0 as i32 - RIGHT, scale.y(0.0))], INK, 1)
    })
}

fn bar(area: &Area<'_>, scale: &Scale, x: i32, mean: f64, ends: [f64; 2], fill: RGBColor) -> Drawn {
    let (top, foot) = (scale.y(mean.max(0.0)), scale.y(mean.min(0.0)));
    area.draw(&Rectangle::new([(x + 1, top), (x + BAR - 1, foot)], fill.filled()))?;
    let (middle, [low, high]) = (x + BAR / 2, ends.map(|end| scale.y(end)));
    line(area, vec![(middle, low), (middle, high)], INK, 1)?;
    for end in [low, high] {
        line(area, vec![(middle - 3, end), (middle + 3, end)], INK, 1)?;
    }
    let above = high.min(top) - 3;
    let figure = scale.label(mean);
    sized(area, &figure, (middle, above), (HPos::Center, VPos::Bottom), false, 0.72 * TEXT)
}

/// The means of a metric on spokes, one for each protocol, a ring for each of the scores; none of
/// what is no share, nor where there are fewer than three protocols or too many to tell apart.
///
/// # Errors
/// None that a text in memory could have.
pub fn radar(all: &[Scores], metric: Metric) -> Result<Option<String>> {
    let names = protocol_names(all);
    if !metric.is_share() || !SPOKES.contains(&names.len()) {
        return Ok(None);
    }
    let middle = (HALF, HALF + TOP / 2);
    let place = |spoke: usize, far: f64| {
        let angle = TAU * spoke as f64 / names.len() as f64;
        let along = |share: f64| (RADIUS * far * share).round() as i32;
        (middle.0 + along(math::sin(angle)), middle.1 - along(math::cos(angle)))
    };
    let size = (2 * HALF as u32, (2 * HALF + TOP / 2) as u32);
    let drawn = picture(size, |area| {
        legend(area, all, metric)?;
        for fifth in 1..=5 {
            let far = f64::from(fifth) / 5.0;
            let ring = (0..=names.len()).map(|spoke| place(spoke, far)).collect();
            line(area, ring, PALE, 1)?;
            let at = place(0, far);
            let anchor = (HPos::Left, VPos::Center);
            sized(area, &format!("{far:.1}"), (at.0 + 3, at.1), anchor, false, 0.72 * TEXT)?;
        }
        for (spoke, name) in names.iter().enumerate() {
            line(area, vec![middle, place(spoke, 1.0)], PALE, 1)?;
            let at = place(spoke, 1.0 + 16.0 / RADIUS);
            let anchor = match (at.0 - middle.0).signum() * i32::from((at.0 - middle.0).abs() > 20)
            {
                1 => HPos::Left,
                -1 => HPos::Right,
                _ => HPos::Center,
            };
            text(area, name, at, (anchor, VPos::Center), false)?;
        }
        for (turn, scores) in all.iter().enumerate() {
            let far = |name: &&str| of_protocol(scores, name).map(|s| s.summary[&metric].mean);
            let known = names.iter().enumerate().filter_map(|(i, n)| Some(place(i, far(n)?)));
            let mut ring: Vec<_> = known.collect();
            let colour = COLOURS[turn % COLOURS.len()];
            area.draw(&Polygon::new(ring.clone(), colour.mix(0.15)))?;
            ring.extend(ring.first().copied());
            line(area, ring, colour, 2)?;
        }
        Ok(())
    });
    drawn.map(Some)
}

/// The names of the metric and of the policies.
fn legend(area: &Area<'_>, all: &[Scores], metric: Metric) -> Drawn {
    text(area, metric.title(), (LEFT, 8), (HPos::Left, VPos::Top), false)?;
    let mut x = LEFT;
    for (turn, scores) in all.iter().enumerate() {
        let colour = COLOURS[turn % COLOURS.len()];
        area.draw(&Rectangle::new([(x, 31), (x + 10, 41)], colour.filled()))?;
        text(area, &scores.policy, (x + 15, 36), (HPos::Left, VPos::Center), false)?;
        x += 40 + (0.55 * TEXT * scores.policy.chars().count() as f64) as i32;
    }
    Ok(())
}

/// Where values lie, px, between the lowest and the highest that must be seen.
struct Scale {
    low: f64,
    high: f64,
    digits: usize,
}

impl Scale {
    fn of(all: &[Scores], metric: Metric) -> Self {
        if metric.is_share() {
            return Self { low: 0.0, high: 1.0, digits: 2 };
        }
        let summaries = all.iter().flat_map(|s| &s.protocols).map(|p| &p.summary[&metric]);
        let ends: Vec<f64> =
            summaries.flat_map(|s| [s.mean, s.mean_interval[0], s.mean_interval[1]]).collect();
        let (low, high) = ends.iter().fold((0.0_f64, 0.0_f64), |(l, h), e| (l.min(*e), h.max(*e)));
        let high = if low == high { low + 1.0 } else { high };
        Self { low, high, digits: if high - low >= 20.0 { 0 } else { 2 } }
    }

    fn y(&self, value: f64) -> i32 {
        let share = (self.high - value) / (self.high - self.low);
        TOP + (share * f64::from(HEIGHT)).round() as i32
    }

    fn ticks(&self) -> impl Iterator<Item = f64> + use<> {
        let (low, span) = (self.low, self.high - self.low);
        (0..=5).map(move |fifth| low + span * f64::from(fifth) / 5.0)
    }

    fn label(&self, value: f64) -> String {
        format!("{value:.*}", self.digits)
    }
}

fn line(area: &Area<'_>, points: Vec<(i32, i32)>, colour: RGBColor, width: u32) -> Drawn {
    area.draw(&PathElement::new(points, colour.stroke_width(width)))
}

fn text(area: &Area<'_>, what: &str, at: (i32, i32), anchor: (HPos, VPos), upright: bool) -> Drawn {
    sized(area, what, at, anchor, upright, TEXT)
}

fn sized(
    area: &Area<'_>,
    what: &str,
    at: (i32, i32),
    (across, up): (HPos, VPos),
    upright: bool,
    size: f64,
) -> Drawn {
    let turn = if upright { FontTransform::Rotate270 } else { FontTransform::None };
    let font = ("sans-serif", size).into_font().transform(turn);
    let style = TextStyle::from(font).color(&INK).pos(Pos::new(across, up));
    area.draw(&Text::new(what.to_string(), at, style))
}

fn picture(size: (u32, u32), draw: impl FnOnce(&Area<'_>) -> Drawn) -> Result<String> {
    let mut svg = String::new();
    let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
    let drawn = area.fill(&WHITE).and_then(|()| draw(&area)).and_then(|()| area.present());
    drawn.map_err(|error| Error::File { path: "plot".to_string(), reason: error.to_string() })?;
    drop(area);
    Ok(svg)
}
