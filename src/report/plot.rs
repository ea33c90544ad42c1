//! Bars and radar charts.

use std::f64::consts::TAU;

use super::sketch::{Colour, Side, Sketch, Words};
use super::{of_protocol, protocol_names};
use crate::evaluation::{Metric, Scores, Summary};
use crate::math;

/// Colours that the colour-blind can tell apart (Okabe and Ito), used in turn.
const COLOURS: [Colour; 7] = [
    [0, 114, 178],
    [213, 94, 0],
    [0, 158, 115],
    [204, 121, 167],
    [230, 159, 0],
    [86, 180, 233],
    [90, 90, 90],
];
const INK: Colour = [40, 40, 40];
const PALE: Colour = [215, 215, 215];
const TEXT: f64 = 15.0;
const SMALL: f64 = 0.72 * TEXT;
/// Space around the axes, px: left, top, right, and below where labels lie or stand.
const LEFT: i32 = 64;
const TOP: i32 = 54;
const RIGHT: i32 = 16;
const BELOW: [i32; 2] = [34, 190];
const HEIGHT: i32 = 312;
/// A bar's width, px: the narrowest, the widest, and from where on its value stands above it.
const BAR: [i32; 2] = [20, 64];
const LABELLED: i32 = 34;
const BETWEEN: i32 = 18;
/// The width of a chart of few bars, px.
const NARROWEST: i32 = 420;
/// Labels of more characters stand upright.
const LONGEST: usize = 4;
/// Radius and half the edge of a radar chart, px.
const RADIUS: f64 = 132.0;
const HALF: i32 = 186;
/// The fewest protocols that a radar chart tells apart, and the most.
const SPOKES: std::ops::RangeInclusive<usize> = 3..=40;

/// The means of a metric by protocol, a bar for each of the scores, with their intervals, as SVG.
pub fn bars(all: &[Scores], metric: Metric) -> String {
    bar_chart(all, metric).svg()
}

/// The means of a metric on spokes, one for each protocol, a ring for each of the scores, as SVG;
/// none of what is no share, nor where there are fewer than three protocols or too many to tell
/// apart.
pub fn radar(all: &[Scores], metric: Metric) -> Option<String> {
    radar_chart(all, metric).map(|chart| chart.svg())
}

/// What [`bars`] draws.
pub(super) fn bar_chart(all: &[Scores], metric: Metric) -> Sketch {
    let names = protocol_names(all);
    let upright = names.iter().any(|name| name.len() > LONGEST);
    let (count, bars) = (names.len().max(1) as i32, all.len() as i32);
    // Few bars are wide ones, so that they fill the chart.
    let fits = ((NARROWEST - LEFT - RIGHT) / count - BETWEEN) / bars;
    let across = fits.clamp(BAR[0], BAR[1]);
    let group = (BETWEEN + across * bars).max((NARROWEST - LEFT - RIGHT) / count);
    let width = LEFT + group * count + RIGHT;
    let scale = Scale::of(all, metric);
    let mut chart = Sketch::new(width, TOP + HEIGHT + BELOW[usize::from(upright)]);
    legend(&mut chart, all, metric);
    for tick in scale.ticks() {
        let y = scale.y(tick);
        chart.line(&[(LEFT, y), (width - RIGHT, y)], PALE, 1.0);
        chart.text(words(scale.label(tick), (LEFT - 8, y), Side::Right));
    }
    for (place, name) in names.iter().enumerate() {
        let left = LEFT + group * place as i32 + (group - across * bars) / 2;
        for (turn, scores) in all.iter().enumerate() {
            let Some(found) = of_protocol(scores, name) else { continue };
            let summary = &found.summary[&metric];
            let x = left + across * turn as i32;
            bar(&mut chart, &scale, [x, x + across], summary, colour(turn));
        }
        let middle = left + across * bars / 2;
        let (down, side) = if upright { (10, Side::Right) } else { (18, Side::Middle) };
        let label = words(name.to_string(), (middle, TOP + HEIGHT + down), side);
        chart.text(Words { upright, ..label });
    }
    chart.line(&[(LEFT, scale.y(0.0)), (width - RIGHT, scale.y(0.0))], INK, 1.0);
    chart
}

fn bar(chart: &mut Sketch, scale: &Scale, [left, right]: [i32; 2], of: &Summary, colour: Colour) {
    let (top, foot) = (scale.y(of.mean.max(0.0)), scale.y(of.mean.min(0.0)));
    chart.fill([(left + 1, top), (right - 1, foot)], colour);
    let (middle, [low, high]) = ((left + right) / 2, of.mean_interval.map(|end| scale.y(end)));
    chart.line(&[(middle, low), (middle, high)], INK, 1.0);
    for end in [low, high] {
        chart.line(&[(middle - 3, end), (middle + 3, end)], INK, 1.0);
    }
    if right - left >= LABELLED {
        let above = (middle, high.min(top) - 8);
        let label = words(scale.value(of.mean), above, Side::Middle);
        chart.text(Words { size: SMALL, ..label });
    }
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
    // Where few spokes point down, the chart ends above where a circle would.
    let lowest = (0..names.len()).map(|spoke| place(spoke, 1.0).1).max().unwrap_or(middle.1);
    let mut chart = Sketch::new(2 * HALF, lowest + HALF - RADIUS as i32);
    legend(&mut chart, all, metric);
    for fifth in 1..=5 {
        let far = f64::from(fifth) / 5.0;
        let ring: Vec<_> = (0..=names.len()).map(|spoke| place(spoke, far)).collect();
        chart.line(&ring, PALE, 1.0);
        let at = place(0, far);
        let label = words(format!("{far:.1}"), (at.0 + 3, at.1), Side::Left);
        chart.text(Words { size: SMALL, ..label });
    }
    for (spoke, name) in names.iter().enumerate() {
        chart.line(&[middle, place(spoke, 1.0)], PALE, 1.0);
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
        chart.area(&ring, colour(turn), 0.15);
        ring.extend(ring.first().copied());
        chart.line(&ring, colour(turn), 2.0);
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

fn colour(turn: usize) -> Colour {
    COLOURS[turn % COLOURS.len()]
}

fn words(text: String, at: (i32, i32), side: Side) -> Words {
    Words { text, at, side, upright: false, size: TEXT, colour: INK }
}

/// Where values lie, px, between the lowest and the highest that must be seen.
struct Scale {
    low: f64,
    high: f64,
    step: f64,
}

/// How many steps the axis has at most.
const STEPS: f64 = 6.0;

impl Scale {
    fn of(all: &[Scores], metric: Metric) -> Self {
        let summaries = all.iter().flat_map(|s| &s.protocols).map(|p| &p.summary[&metric]);
        let ends: Vec<f64> =
            summaries.flat_map(|s| [s.mean, s.mean_interval[0], s.mean_interval[1]]).collect();
        let (low, high) = ends.iter().fold((0.0_f64, 0.0_f64), |(l, h), e| (l.min(*e), h.max(*e)));
        Self::between(low, if low == high { low + 1.0 } else { high })
    }

    /// Ends at whole steps of 1, 2 or 5 times a power of ten.
    fn between(low: f64, high: f64) -> Self {
        let power = (-12..12).map(|power| math::pow(10.0, f64::from(power)));
        let steps = power.flat_map(|power| [power, 2.0 * power, 5.0 * power]);
        let step = steps.into_iter().find(|step| (high - low) / step <= STEPS).unwrap_or(1.0);
        // A value that is a rounding error above a step does not ask for another.
        let near = 1e-9 * (high - low);
        let (low, high) = ((low + near) / step, (high - near) / step);
        Self { low: low.floor() * step, high: high.ceil() * step, step }
    }

    fn y(&self, value: f64) -> i32 {
        let share = (self.high - value) / (self.high - self.low);
        TOP + (share * f64::from(HEIGHT)).round() as i32
    }

    fn ticks(&self) -> impl Iterator<Item = f64> + use<> {
        let (low, step) = (self.low, self.step);
        let count = ((self.high - low) / step).round() as i32;
        (0..=count).map(move |tick| low + step * f64::from(tick))
    }

    /// A tick, with as many digits as its step has.
    fn label(&self, value: f64) -> String {
        let digits = (0..9).find(|digits| {
            let shifted = self.step * math::pow(10.0, f64::from(*digits));
            (shifted - shifted.round()).abs() < 1e-6
        });
        // The zero of a rounding error has no sign.
        format!("{:.*}", digits.unwrap_or(9) as usize, value + 0.0)
    }

    /// A value, with two digits more than three in front of the point leave.
    fn value(&self, value: f64) -> String {
        format!("{value:.*}", if self.high - self.low >= 20.0 { 0 } else { 2 })
    }
}

#[cfg(test)]
mod tests {
    use super::Scale;

    #[test]
    fn an_axis_ends_at_a_round_number_just_above_what_is_shown() {
        for (low, high, ends) in [
            (0.0, 0.63, [0.0, 0.8]),
            (0.0, 1.0, [0.0, 1.0]),
            (0.0, 0.042, [0.0, 0.05]),
            (-31.0, 160.0, [-50.0, 200.0]),
            (0.0, 0.31, [0.0, 0.4]),
        ] {
            let scale = Scale::between(low, high);
            assert!((scale.low - ends[0]).abs() < 1e-9 && (scale.high - ends[1]).abs() < 1e-9);
            assert_eq!(
                scale.ticks().count() as f64,
                ((ends[1] - ends[0]) / scale.step).round() + 1.0
            );
        }
        assert_eq!(Scale::between(0.0, 0.63).label(0.2), "0.2");
        assert_eq!(Scale::between(-31.0, 160.0).label(-50.0), "-50");
    }
}
