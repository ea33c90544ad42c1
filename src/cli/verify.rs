//! Re-runs a data set's transitions and says how many agree.

use std::path::PathBuf;

use serde_json::json;

use super::data::Truncated;
use super::output::{Done, Json};
use super::table::figures;
use super::work::{Progress, Threads};
use crate::record::{self, Dataset, Verification};

/// How many differences are named before the rest is only counted.
const NAMED: usize = 5;

#[derive(clap::Args)]
pub(super) struct Options {
    /// A data set, as `run --record` or the recorders of Rust and Python write it
    file: PathBuf,
    #[command(flatten)]
    truncated: Truncated,
    #[command(flatten)]
    json: Json,
    #[command(flatten)]
    threads: Threads,
    #[command(flatten)]
    progress: Progress,
}

/// Verifies a data set; 1 where a transition differs, or where the file was cut off.
pub(super) fn verify(options: &Options) -> Done {
    let dataset = Dataset::open(&options.file)?;
    let bar = options.progress.bar(Some(dataset.len() as u64));
    bar.set_message("episodes");
    let verified = record::verify(&dataset, options.threads.count, &|_| bar.inc(1))?;
    bar.finish_and_clear();
    let document = || {
        json!({
            "episodes": verified.episodes,
            "episodes_that_disagree": verified.disagreeing,
            "transitions": verified.transitions,
            "agreed": verified.agreed,
            "fraction": verified.fraction(),
            "intervened": verified.intervened,
            "differences": verified.differences,
            "closed": verified.closed,
            "lost": verified.lost,
        })
    };
    options.json.print(document, || table(&verified))?;
    let whole = options.truncated.accepts(&options.file, verified.lost.map(|l| l.to_string()));
    Ok(i32::from(!(verified.all_agree() && whole)))
}

fn table(verified: &Verification) -> String {
    let named = verified.differences.iter().take(NAMED).map(|difference| {
        let record::Difference { episode, row, what, largest } = difference;
        format!("episode {episode}, row {row}: {what}; by at most {largest:e}\n")
    });
    let rows = [
        ("episodes", verified.episodes.to_string()),
        ("episodes that disagree", verified.disagreeing.to_string()),
        ("transitions", verified.transitions.to_string()),
        ("agree bit for bit", verified.agreed.to_string()),
        ("fraction", format!("{:.6}", verified.fraction())),
        ("steps with an actor within, not re-run", verified.intervened.to_string()),
        ("closed", if verified.closed { "yes" } else { "no" }.to_string()),
    ];
    named.collect::<String>() + &figures(&rows)
}
