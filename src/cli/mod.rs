//! The command line of `trifactor`: translates, decides nothing.

mod bench;
mod log;
mod patch;
mod replay;
mod run;

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::error::{Error, Result};
use crate::task::registry;
use crate::world::{Physics, Preset};

/// A TriFinger among blocks: every causal variable can be read and set, every step re-run.
#[derive(Parser)]
#[command(name = "trifactor", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs a scripted policy, with an intervention and a new goal before every episode
    Run(run::Options),
    /// Summarises a log, or re-runs its every transition and compares bit for bit
    Replay(replay::Options),
    /// Measures steps per second on given action sequences
    Bench(bench::Options),
}

/// What describes the world on every command line.
#[derive(clap::Args)]
struct WorldOptions {
    /// Task family
    #[arg(long, default_value = "pushing", value_parser = family)]
    family: String,
    /// Ticks of 4 ms per control step
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    skip_frame: u32,
    /// Physics preset: accurate or reference
    #[arg(long, default_value = "accurate", value_parser = physics)]
    physics: Physics,
}

/// Runs the command line, the program's name first; returns the exit status: 0, 1 where the
/// command failed, 2 where the arguments are wrong.
pub fn main(arguments: Vec<String>) -> i32 {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version go to standard output and are no failure.
            let code = error.exit_code();
            return if error.print().is_ok() { code } else { 1 };
        }
    };
    let done = match arguments.command {
        Command::Run(options) => run::run(&options),
        Command::Replay(options) => replay::replay(&options),
        Command::Bench(options) => bench::bench(&options),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            1
        }
    }
}

fn family(name: &str) -> Result<String> {
    registry::document(name).map(|_| name.to_string())
}

fn physics(name: &str) -> Result<Physics> {
    Preset::parse(name).map(Preset::physics)
}

/// Prints a text and a line's end to standard output; a reader that has gone away is no error.
fn print(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(file_error(&PathBuf::from("standard output"), &error))
        }
        _ => Ok(()),
    }
}

fn file_error(path: &std::path::Path, error: &io::Error) -> Error {
    Error::File { path: path.display().to_string(), reason: error.to_string() }
}

/// What is wrong with a JSON text, without the place, which the caller knows better.
fn json_reason(error: &serde_json::Error) -> String {
    let mut reason = error.to_string();
    if let Some(place) = reason.rfind(" at line ") {
        reason.truncate(place);
    }
    reason
}
