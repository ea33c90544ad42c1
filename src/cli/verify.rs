//! Re-runs a data set's transitions and tells how many agree.

use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressStyle};

use super::print;
use super::run::{number, plain};
use crate::error::Result;
use crate::record::{self, Dataset, Verification};

/// How many differences are named before the rest is only counted.
const NAMED: usize = 5;

#[derive(clap::Args)]
pub(super) struct Options {
    /// A data set, as `run --record` or the recorders of Rust and Python write it
    file: PathBuf,
    /// Threads; as many as the machine runs at once where none is given
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    threads: usize,
    /// No progress bar
    #[arg(long)]
    quiet: bool,
}

/// Verifies a data set; 1 where a transition differs.
pub(super) fn verify(options: &Options) -> Result<i32> {
    let dataset = Dataset::open(&options.file)?;
    let bar = bar(dataset.len(), options.quiet);
    let verified = record::verify(&dataset, options.threads, &|_| bar.inc(1))?;
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

/// A bar that counts episodes.
fn bar(episodes: usize, quiet: bool) -> ProgressBar {
    if quiet {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(episodes as u64);
    // A template that were refused would leave the plain bar, which will do.
    if let Ok(style) = ProgressStyle::with_template("{pos} of {len} episodes {wide_bar} {eta}") {
        bar.set_style(style);
    }
    bar
}
