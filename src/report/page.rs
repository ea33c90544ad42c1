//! The page: tables and pictures in one file of HTML.

use super::gallery::{Pictures, gallery, html};
use super::plot::{bars, radar};
use super::table::{cell, comparison, dispersion, escaped, gaps, invariance, means, table};
use super::{of_protocol, protocol_names};
use crate::error::Result;
use crate::evaluation::{Comparison, LAST_STEPS, Metric, Scores};

const STYLE: &str = "
body { font: 15px/1.5 sans-serif; color: #282828; max-width: 1200px; margin: 2em auto; padding: 0 1em; }
table { border-collapse: collapse; margin: 1em 0; display: block; overflow-x: auto; }
th, td { padding: .25em .7em; border-bottom: 1px solid #ddd; text-align: left; vertical-align: top; }
th { font-weight: 600; border-bottom: 2px solid #888; }
td.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
small { color: #666; }
svg { max-width: 100%; height: auto; }
.plots { display: flex; flex-wrap: wrap; gap: 1em; align-items: flex-start; }
.names { font-size: 13px; max-width: 26em; max-height: 400px; overflow-y: auto; }
.names dt { font-weight: 600; float: left; clear: left; margin-right: .5em; } .names dd { margin: 0 0 .3em; }
.gallery { display: flex; flex-wrap: wrap; gap: 1.5em; }
figure { margin: 0; width: 648px; max-width: 100%; } figure img { width: 320px; max-width: 49%; margin-right: 4px; }
details { margin: .5em 0; } summary { cursor: pointer; font-weight: 600; }
";

/// The headline figures, by volume and beside it by bounds.
const HEADLINE: [Metric; 4] = [
    Metric::LastFractionalSuccess,
    Metric::AabbLastFractionalSuccess,
    Metric::Success,
    Metric::Return,
];
const INTEGRATED: [Metric; 4] = [
    Metric::FullIntegratedFractionalSuccess,
    Metric::AabbFullIntegratedFractionalSuccess,
    Metric::LastIntegratedFractionalSuccess,
    Metric::AabbLastIntegratedFractionalSuccess,
];

/// The report as one file of HTML, with its pictures within.
///
/// Every figure is shown with three digits after the point, and stands as `scores.json` has it in
/// the attribute `data-value` of its cell.
///
/// # Errors
/// None that pictures in memory could have.
pub fn page(all: &[Scores]) -> Result<String> {
    with(all, &gallery(all)?)
}

/// As [`page`], with pictures that are drawn already.
pub(super) fn with(all: &[Scores], seen: &[Pictures]) -> Result<String> {
    let main = Metric::LastFractionalSuccess;
    let title = all.iter().map(|s| s.policy.as_str()).collect::<Vec<_>>().join(", ");
    let mut parts = vec![
        format!("<h1>Evaluation of {}</h1>\n", escaped(&title)),
        worlds(all),
        charts(all, main, &names(all)),
        section("Scores", &means_note(all), &means(all, &HEADLINE)),
    ];
    for (number, scores) in all.iter().enumerate().skip(1) {
        if let Ok(found) = Comparison::new(&all[0], scores) {
            let names = format!("{} against {}", all[0].policy, all[number].policy);
            let note = "Last fractional success in the same frozen worlds, world by world: the \
                        mean of the differences with its interval, and the share of pairs in \
                        which the first is better, ties counting half.";
            parts.push(section(&names, note, &comparison(&found, main)));
        }
    }
    if all.iter().any(|scores| !scores.gaps.is_empty()) {
        let note = "Last fractional success in distribution less that out of distribution, for \
                    protocols that differ only in drawing from range B what the other draws from \
                    A; the worlds of such a pair share their draws.";
        parts.push(section("In distribution and out of it", note, &gaps(all, main)));
    }
    let note = "Of the last fractional success: how the worlds of one run differ, and how the runs \
                differ from each other.";
    parts.push(section("Dispersion", note, &dispersion(all, main)));
    if all.iter().any(|scores| scores.invariance.is_some()) {
        let note = "The first action of an episode, asked for in a world and in its like with other \
                    colours. Changes are the largest over the nine numbers, in the action's unit.";
        parts.push(section("Invariance", note, &invariance(all)));
    }
    if !seen.is_empty() {
        let note = "The worst episode of every protocol by last fractional success, and the best: \
                    its start and its end, and all of it as a clip, at another pace than its own. \
                    Goals are outlined and can be seen through.";
        parts.push(section("What it looked like", note, &html(seen)));
    }
    let integrated = format!(
        "Means of the fractional success over all steps and over the last {LAST_STEPS}, by volume \
         and by bounding boxes."
    );
    parts.push(section("Over the episode", &integrated, &means(all, &INTEGRATED)));
    for metric in Metric::ALL.into_iter().filter(|metric| *metric != main) {
        let inside = charts(all, metric, "");
        let name = metric.title();
        parts.push(format!(
            "<details><summary>Pictures of the {name}</summary>{inside}</details>\n"
        ));
    }
    parts.push(section("Protocols", "", &protocols(all)));
    Ok(format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>\n\
         <title>Evaluation of {}</title>\n<style>{STYLE}</style></head><body>\n{}</body></html>",
        escaped(&title),
        parts.concat()
    ))
}

fn section(title: &str, note: &str, body: &str) -> String {
    format!("<h2>{}</h2>\n<p>{}</p>\n{body}", escaped(title), escaped(note))
}

fn means_note(all: &[Scores]) -> String {
    let Some(first) = all.first() else { return String::new() };
    let bootstrap = first.bootstrap;
    format!(
        "Means over runs and worlds with {:.0} % intervals: percentiles of {} resamples of runs \
         and of worlds, stratified by protocol. The fractional success by volume is the exact \
         share of the goals that is filled; by bounding boxes it is the reference's figure.",
        100.0 * bootstrap.confidence,
        bootstrap.resamples
    )
}

fn worlds(all: &[Scores]) -> String {
    let head =
        ["policy", "family", "runs", "worlds of a protocol", "drawn from seed", "step", "made by"];
    let rows: Vec<_> = all
        .iter()
        .map(|scores| {
            let config = &scores.world.config;
            let counts: Vec<_> = scores.protocols.iter().map(|p| p.worlds).collect();
            let count = counts.first().map_or(String::new(), ToString::to_string);
            let step = format!("{} ticks of 4 ms", config.skip_frame);
            [
                &scores.policy,
                &config.family,
                &runs(&scores.runs),
                &count,
                &scores.seed.to_string(),
                &step,
                &scores.made_by(),
            ]
            .map(|text| cell(text))
            .to_vec()
        })
        .collect();
    table(&head, &rows)
}

/// How many runs there are, with the names of several.
fn runs(names: &[String]) -> String {
    match names {
        [_] => "1".to_string(),
        several => format!("{}: {}", several.len(), several.join(", ")),
    }
}

fn charts(all: &[Scores], metric: Metric, beside: &str) -> String {
    let both = bars(all, metric) + &radar(all, metric).unwrap_or_default();
    format!("<div class=\"plots\">{both}{beside}</div>\n")
}

/// What the protocols' names stand for, beside the first charts.
fn names(all: &[Scores]) -> String {
    let found = protocol_names(all);
    let found = found.iter().filter_map(|name| all.iter().find_map(|s| of_protocol(s, name)));
    let each = found.map(|scores| {
        let protocol = &scores.protocol;
        format!("<dt>{}</dt><dd>{}</dd>", escaped(&protocol.name), escaped(&protocol.description))
    });
    format!("<dl class=\"names\">{}</dl>", each.collect::<String>())
}

fn protocols(all: &[Scores]) -> String {
    let rows: Vec<_> = protocol_names(all)
        .iter()
        .filter_map(|name| all.iter().find_map(|scores| of_protocol(scores, name)))
        .map(|found| {
            let within: Vec<String> = (found.protocol.within.iter())
                .map(|within| format!("at {:.0} %: {}", 100.0 * within.at, within.space))
                .collect();
            let missed = match (within.len(), found.missed) {
                (0, _) => String::new(),
                (_, missed) => missed.to_string(),
            };
            let start = found.protocol.start.to_string();
            [&found.protocol.name, &found.protocol.description, &start, &within.join("; "), &missed]
                .map(|text| cell(text))
                .to_vec()
        })
        .collect();
    let head =
        ["protocol", "what it varies", "drawn before the episode", "within it", "not accepted"];
    table(&head, &rows)
}
