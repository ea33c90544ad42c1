//! Bars and radar charts.

use std::f64::consts::TAU;

use plotters::style::RGBColor;

use super::sketch::{Side, Sketch, Words};
use super::{of_protocol, protocol_names};
use crate::error::Result;
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
const SMALL: f64 = 0.72 * TEXT;
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

/// The means of a metric by protocol, a bar for each of the scores, with their intervals, as SVG.
///
/// # Errors
/// None that a text in memory could have.
pub fn bars(all: &[Scores], metric: Metric) -> Result<String> {
    bar_chart(all, metric).svg()
}

/// The means of a metric on spokes, one for each protocol, a ring for each of the scores, as SVG;
/// none of what is no share, nor where there are fewer than three protocols or too many to tell
/// apart.
///
/// # Errors
/// None that a text in memory could have.
pub fn radar(all: &[Scores], metric: Metric) -> Result<Option<String>> {
    radar_chart(all, metric).map(|chart| chart.svg()).transpose()
}

/// What [`bars`] draws.
pub(super) fn bar_chart(all: &[Scores], metric: Metric) -> Sketch {
    let names = protocol_names(all);
    let upright = names.iter().any(|name| name.len() > LONGEST);
    let group = BETWEEN + BAR * all.len() as i32;
    let width = (LEFT + group * names.len() as i32 + RIGHT).max(420);
    let scale = Scale::of(all, metric);
    let mut chart = Sketch::new(width, TOP + HEIGHT + BELOW[usize::from(upright)]);
    legend(&mut chart, all, metric);
    for tick in scale.ticks() {
        let y = scale.y(tick);
        chart.line(vec![(LEFT, y), (width - RIGHT, y)], PALE, 1);
        chart.text(words(scale.label(tick), (LEFT - 8, y), Side::Right));
    }
    for (place, name) in names.iter().enumerate() {
        let left = LEFT + group * place as i32 + BETWEEN / 2;
        for (turn, scores) in all.iter().enumerate() {
            let Some(found) = of_protocol(scores, name) else { continue };
            let summary = &found.summary[&metric];
            let x = left + BAR * turn as i32;
            bar(&mut chart, &scale, x, summary.mean, summary.mean_interval, turn);
        }
        let middle = left + BAR * all.len() as i32 / 2;
        let (down, side) = if upright { (10, Side::Right) } else { (18, Side::Middle) };
        let label = words(name.to_string(), (middle, TOP + HEIGHT + down), side);
        chart.text(Words { upright, ..label });
    }
    chart.line(vec![(LEFT, scale.y(0.0)), (width - RIGHT, scale.y(0.0))], INK, 1);
    chart
}

fn bar(chart: &mut Sketch, scale: &Scale, x: i32, mean: f64, ends: [f64; 2], turn: usize) {
    let (top, foot) = (scale.y(mean.max(0.0)), scale.y(mean.min(0.0)));
    chart.fill([(x + 1, top), (x + BAR - 1, foot)], colour(turn));
    let (middle, [low, high]) = (x + BAR / 2, ends.map(|end| scale.y(end)));
    chart.line(vec![(middle, low), (middle, high)], INK, 1);
    for end in [low, high] {
        chart.line(vec![(middle - 3, end), (middle + 3, end)], INK, 1);
    }
    let above = high.min(top) - 8;
    chart.text(Words { size: SMALL, ..words(scale.label(mean), (middle, above), Side::Middle) });
}

/// What [`radar`] draws.
pub(super) fn radar_chart(all: &[Scores], metric: Metric) -> Option<Sketch> {
    let names = protocol_names(all);
    if !metric.is_share() || !SPOKES.contains(&names.len()) {
        return None;
    }
    let middle = (HALF, HALF + TOP / 2);
    let place = |spoke: usize, far: f64| {
        let angle = TAU * spoke as f64 / names.len() as f64;
        let along = |share: f64| (RADIUS * far * share).round() as i32;
        (middle.0 + along(math::sin(angle)), middle.1 - along(math::cos(angle)))
    };
    let mut chart = Sketch::new(2 * HALF, 2 * HALF + TOP / 2);
    legend(&mut chart, all, metric);
    for fifth in 1..=5 {
        let far = f64::from(fifth) / 5.0;
        chart.line((0..=names.len()).map(|spoke| place(spoke, far)).collect(), PALE, 1);
        let at = place(0, far);
        let label = words(format!("{far:.1}"), (at.0 + 3, at.1), Side::Left);
        chart.text(Words { size: SMALL, ..label });
    }
    for (spoke, name) in names.iter().enumerate() {
        chart.line(vec![middle, place(spoke, 1.0)], PALE, 1);
        let at = place(spoke, 1.0 + 16.0 / RADIUS);
        let aside = (at.0 - middle.0).signum() * i32::from((at.0 - middle.0).abs() > 20);
        let side = match aside {
            1 => Side::Left,
            -1 => Side::Right,
            _ => Side::Middle,
        };
        chart.text(words(name.to_string(), at, side));
    }
    for (turn, scores) in all.iter().enumerate() {
        let far = |name: &&str| of_protocol(scores, name).map(|s| s.summary[&metric].mean);
        let known = names.iter().enumerate().filter_map(|(i, n)| Some(place(i, far(n)?)));
        let mut ring: Vec<_> = known.collect();
        chart.area(ring.clone(), colour(turn), 0.15);
        ring.extend(ring.first().copied());
        chart.line(ring, colour(turn), 2);
    }
    Some(chart)
}

/// The names of the metric and of the policies.
fn legend(chart: &mut Sketch, all: &[Scores], metric: Metric) {
    chart.text(words(metric.title().to_string(), (LEFT, 15), Side::Left));
    let mut x = LEFT;
    for (turn, scores) in all.iter().enumerate() {
        chart.fill([(x, 31), (x + 10, 41)], colour(turn));
        chart.text(words(scores.policy.clone(), (x + 15, 36), Side::Left));
        x += 40 + (0.55 * TEXT * scores.policy.chars().count() as f64) as i32;
    }
}

fn colour(turn: usize) -> RGBColor {
    COLOURS[turn % COLOURS.len()]
}

fn words(text: String, at: (i32, i32), side: Side) -> Words {
    Words { text, at, side, upright: false, size: TEXT, colour: INK }
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
