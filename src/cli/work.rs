//! What commands that take long have in common: threads, and a progress bar.

use clap::builder::RangedU64ValueParser;
use indicatif::{ProgressBar, ProgressStyle};

/// On how many threads it is done.
#[derive(clap::Args)]
pub(super) struct Threads {
    /// Threads; as many as the machine runs at once where none is given
    #[arg(
        long = "threads",
        value_name = "THREADS",
        value_parser = RangedU64ValueParser::<usize>::new().range(0..=1024),
        default_value_t = 0,
        hide_default_value = true
    )]
    pub(super) count: usize,
}

/// Whether people are shown how far it is.
#[derive(clap::Args)]
pub(super) struct Progress {
    /// No progress bar
    #[arg(long)]
    quiet: bool,
}

impl Progress {
    /// A progress bar of that length, or a spinner where it is not known.
    pub(super) fn bar(&self, length: Option<u64>) -> ProgressBar {
        if self.quiet {
            return ProgressBar::hidden();
        }
        length.map_or_else(ProgressBar::new_spinner, bar)
    }
}

/// A progress bar of that length; it says what its message is.
pub(super) fn bar(length: u64) -> ProgressBar {
    let bar = ProgressBar::new(length);
    // A template that were refused would leave the plain bar, which will do.
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {percent:>3} %  {eta}") {
        bar.set_style(style);
    }
    bar
}
