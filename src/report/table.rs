//! The tables of a report, as HTML whose every figure also stands in full in an attribute.

use std::fmt::Write as _;

use super::{of_protocol, protocol_names};
use crate::evaluation::{Comparison, Invariance, Metric, Paired, Scores};

/// A table by its head and the cells of its rows, which are HTML already.
pub(super) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut html = "<table><thead><tr>".to_string();
    // Writing to a text in memory can not fail.
    head.iter().for_each(|cell| _ = write!(html, "<th>{}</th>", escaped(cell)));
    html.push_str("</tr></thead><tbody>\n");
    for row in rows {
        html.push_str("<tr>");
        html.extend(row.iter().map(String::as_str));
        html.push_str("</tr>\n");
    }
    html + "</tbody></table>\n"
}

/// A cell of text.
pub(super) fn cell(text: &str) -> String {
    format!("<td>{}</td>", escaped(text))
}

/// A cell with a figure: three digits after the point, and all of them in `data-value`.
fn figure(value: f64, interval: Option<[f64; 2]>, of: &str) -> String {
    let ends = match interval {
        Some([low, high]) => (
            format!(" data-low=\"{low}\" data-high=\"{high}\""),
            format!(" <small>[{low:.3}, {high:.3}]</small>"),
        ),
        None => Default::default(),
    };
    format!("<td class=\"n\" {of} data-value=\"{value}\"{}>{value:.3}{}</td>", ends.0, ends.1)
}

fn named(statistic: &str, protocol: &str, metric: Metric, policy: &str) -> String {
    let (protocol, policy) = (escaped(protocol), escaped(policy));
    let metric = metric.name();
    format!(
        "data-statistic=\"{statistic}\" data-protocol=\"{protocol}\" data-metric=\"{metric}\" \
         data-policy=\"{policy}\""
    )
}

/// The means of some metrics by protocol and policy, then over all protocols.
pub(super) fn means(all: &[Scores], metrics: &[Metric]) -> String {
    let mut head = vec!["protocol", "policy"];
    head.extend(metrics.iter().map(|metric| metric.title()));
    let mut rows = Vec::new();
    for name in protocol_names(all) {
        for scores in all {
            let Some(found) = of_protocol(scores, name) else { continue };
            let mut row = vec![cell(name), cell(&scores.policy)];
            row.extend(metrics.iter().map(|metric| {
                let summary = &found.summary[metric];
                let of = named("mean", name, *metric, &scores.policy);
                figure(summary.mean, Some(summary.mean_interval), &of)
            }));
            rows.push(row);
        }
    }
    for (statistic, label) in [("mean", "all"), ("interquartile_mean", "all, interquartile")] {
        for scores in all {
            let mut row = vec![cell(label), cell(&scores.policy)];
            row.extend(metrics.iter().map(|metric| {
                let summary = &scores.overall[metric];
                let of = named(statistic, "", *metric, &scores.policy);
                let (value, interval) = match statistic {
                    "mean" => (summary.mean, summary.mean_interval),
                    _ => (summary.interquartile_mean, summary.interquartile_mean_interval),
                };
                figure(value, Some(interval), &of)
            }));
            rows.push(row);
        }
    }
    table(&head, &rows)
}

/// How episodes and runs differ in a metric.
pub(super) fn dispersion(all: &[Scores], metric: Metric) -> String {
    let head = [
        "protocol",
        "policy",
        "runs",
        "interquartile mean",
        "standard deviation of all episodes",
        "within runs: standard deviation",
        "within runs: interquartile range",
        "across runs: standard deviation",
        "across runs: interquartile range",
    ];
    let mut rows = Vec::new();
    for name in protocol_names(all) {
        for scores in all {
            let Some(found) = of_protocol(scores, name) else { continue };
            let summary = &found.summary[&metric];
            let of = |statistic: &str| named(statistic, name, metric, &scores.policy);
            let mut row =
                vec![cell(name), cell(&scores.policy), cell(&scores.runs.len().to_string())];
            let iqm = (summary.interquartile_mean, summary.interquartile_mean_interval);
            row.push(figure(iqm.0, Some(iqm.1), &of("interquartile_mean")));
            let within = summary.within_runs;
            row.push(figure(summary.standard_deviation, None, &of("standard_deviation")));
            row.push(figure(within.standard_deviation, None, &of("within_deviation")));
            row.push(figure(within.interquartile_range, None, &of("within_range")));
            match summary.across_runs {
                Some(across) => {
                    row.push(figure(across.standard_deviation, None, &of("across_deviation")));
                    row.push(figure(across.interquartile_range, None, &of("across_range")));
                }
                None => row.extend([cell("one run"), cell("one run")]),
            }
            rows.push(row);
        }
    }
    table(&head, &rows)
}

fn paired(paired: &Paired, of: &str) -> [String; 2] {
    let better = format!("<td class=\"n\" {of} data-better=\"{0}\">{0:.3}</td>", paired.better);
    [figure(paired.difference, Some(paired.interval), of), better]
}

/// What is lost out of distribution in a metric.
pub(super) fn gaps(all: &[Scores], metric: Metric) -> String {
    let head =
        ["drawn from B in place of A", "policy", "in", "out", "lost", "better in distribution"];
    let rows: Vec<_> = all
        .iter()
        .flat_map(|scores| scores.gaps.iter().map(move |gap| (scores, gap)))
        .map(|(scores, gap)| {
            let pair = format!("{} {}", gap.inside, gap.outside);
            let of = named("gap", &pair, metric, &scores.policy);
            let [lost, better] = paired(&gap.metrics[&metric], &of);
            let [axis, inside, outside] = [&gap.axis, &gap.inside, &gap.outside].map(|t| cell(t));
            vec![axis, cell(&scores.policy), inside, outside, lost, better]
        })
        .collect();
    table(&head, &rows)
}

/// Two policies in the same worlds, in a metric.
pub(super) fn comparison(found: &Comparison, metric: Metric) -> String {
    let better = format!("{} better", found.first);
    let difference = format!("{} less {}", found.first, found.second);
    let row = |name: &str, label: &str, one: &Paired| {
        let of = named("difference", name, metric, &found.second);
        std::iter::once(cell(label)).chain(paired(one, &of)).collect::<Vec<_>>()
    };
    let each = found.protocols.iter().map(|p| row(&p.protocol, &p.protocol, &p.metrics[&metric]));
    let all = row("", "all", &found.overall[&metric]);
    table(&["protocol", &difference, &better], &each.chain([all]).collect::<Vec<_>>())
}

/// Whether policies follow what should not matter.
pub(super) fn invariance(all: &[Scores]) -> String {
    let head = ["policy", "changed", "worlds", "action altered", "mean change", "largest change"];
    let row = |scores: &Scores, found: &Invariance| {
        let of = |what: &str| {
            format!("data-statistic=\"{what}\" data-policy=\"{}\"", escaped(&scores.policy))
        };
        vec![
            cell(&scores.policy),
            cell(&found.changed),
            cell(&found.worlds.to_string()),
            figure(found.share_altered, None, &of("share_altered")),
            figure(found.mean_change, None, &of("mean_change")),
            figure(found.largest_change, None, &of("largest_change")),
        ]
    };
    let rows: Vec<_> = all.iter().filter_map(|s| Some(row(s, s.invariance.as_ref()?))).collect();
    table(&head, &rows)
}

/// Text that means itself in HTML.
pub(super) fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            c => html.push(c),
        }
    }
    html
}
