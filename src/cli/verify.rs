//! Re-runs a data set's transitions and tells how many agree.

use std::path::PathBuf;

use super::print;
use super::run::{number, plain};
use super::work::{Progress, Threads};
use crate::error::Result;
use crate::record::{self, Dataset, Verification};

/// How many differences are named before the rest is only counted.
const NAMED: usize = 5;

#[derive(clap::Args)]
pub(super) struct Options {
    /// A data set, as `run --record` or the recorders of Rust and Python write it
    file: PathBuf,
    #[command(flatten)]
    threads: Threads,
    #[command(flatten)]
    progress: Progress,
}

/// Verifies a data set; 1 where a transition differs.
pub(super) fn verify(options: &Options) -> Result<i32> {
    let dataset = Dataset::open(&options.file)?;
    let bar = options.progress.bar(Some(dataset.len() as u64));
    bar.set_message("episodes");
    let verified = record::verify(&dataset, options.threads.count, &|_| bar.inc(1))?;
    bar.finish_and_clear();
    for difference in verified.differences.iter().take(NAMED) {
        let record::Difference { episode, row, what, largest } = difference;
        print(&format!("episode {episode}, row {row}: {what}; by at most {largest:e}"))?;
    }
    print(&table(&verified))?;
    if !verified.closed {
        let cut = dataset.cut();
        print(&format!(
            "the file was not closed: episodes may be missing at its end, and the last {cut} bytes \
             belong to no whole one"
        ))?;
    }
    Ok(i32::from(!verified.all_agree()))
}

fn table(verified: &Verification) -> String {
    let mut table = plain(&["what", "number"]);
    let rows = [
        ("episodes", verified.episodes.to_string()),
        ("episodes that disagree", verified.disagreeing.to_string()),
        ("transitions", verified.transitions.to_string()),
        ("agree bit for bit", verified.agreed.to_string()),
        ("fraction", format!("{:.6}", verified.fraction())),
        ("steps with an actor within, not re-run", verified.intervened.to_string()),
    ];
    for (what, value) in rows {
        table.add_row(vec![comfy_table::Cell::new(what), number(value)]);
    }
    table.to_string()
}
