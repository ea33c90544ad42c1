//! `trifactor bench`: steps per second of a batch, with and without a policy, or of given actions.

mod actions;
mod columns;
mod policy;

use std::path::PathBuf;

use super::output::{Done, Json};
use super::world::WorldOptions;

/// What is measured.
#[derive(clap::Args)]
pub(super) struct Options {
    #[command(flatten)]
    world: WorldOptions,
    /// Worlds of the batch [default: 64; with --actions one environment without a batch]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=65536))]
    worlds: Option<u64>,
    /// Threads: rows for 1 to so many; with --actions, as many [default: all the machine has]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=1024))]
    threads: Option<u64>,
    /// How often each row is measured, in turns; with --actions, how often they are replayed
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Replay a JSON file with `episodes`, normalised joint targets (episodes x steps x 9), in
    /// place of random actions
    #[arg(long, value_name = "FILE.json")]
    actions: Option<PathBuf>,
    /// Blocks; more than one lie at the file's `block_centres`, outside any task
    #[arg(long, default_value_t = 1, requires = "actions", conflicts_with = "worlds")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    blocks: u64,
    #[command(flatten)]
    json: Json,
    /// Steps per second of training, one figure for every row: how the Python package passes what
    /// it measured
    #[arg(long, hide = true, value_delimiter = ',')]
    training: Vec<f64>,
}

impl Options {
    /// Threads of the batch with the most of them, 0 for all that the machine has.
    fn most_threads(&self) -> usize {
        self.threads.unwrap_or(0) as usize
    }
}

/// Measures and prints.
pub(super) fn bench(options: &Options) -> Done {
    match &options.actions {
        Some(file) => actions::replay(options, file),
        None => columns::measure(options),
    }
}

/// Profile, processor features and allocator of this build.
fn build() -> String {
    let profile = if cfg!(debug_assertions) { "with debug assertions" } else { "release" };
    let level = if cfg!(all(target_feature = "avx2", target_feature = "fma")) {
        "x86-64-v3"
    } else {
        "baseline"
    };
    let allocator = if cfg!(feature = "mimalloc") { "mimalloc" } else { "system allocator" };
    format!("{profile}, {} {level}, {allocator}", std::env::consts::ARCH)
}
