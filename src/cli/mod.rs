//! The command line of `trifactor`: translates, decides nothing.

mod augment;
mod bench;
mod counterfactual;
mod data;
mod evaluate;
mod graph;
mod log;
mod manifest;
mod mask;
mod patch;
mod protocols;
mod render;
mod replay;
mod run;
mod score;
mod variables;
mod verify;
mod work;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};

use crate::env::{Config, Description, Env};
use crate::error::{Error, Result};
use crate::robot::ActionMode;
use crate::task::Family;
use crate::world::{Physics, Preset};

pub use manifest::from_nothing;

/// A TriFinger among blocks: every causal variable can be read and set, every step re-run.
#[derive(Parser)]
#[command(name = "trifactor", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs a policy without learning, with an intervention and a new goal before every episode
    Run(run::Options),
    /// Summarises a log, or re-runs its every transition and compares bit for bit
    Replay(replay::Options),
    /// Re-runs every transition of a data set of episodes and compares bit for bit
    Verify(verify::Options),
    /// Prints the manifest of a data set: from what it can be made again
    Manifest(manifest::Options),
    /// Makes a data set from its manifest, bit for bit
    Regenerate(manifest::Regenerate),
    /// Prints a world's description as JSON: family, parameters, configuration, versions
    Describe(WorldOptions),
    /// Tells what would have come of a recorded episode, had something been otherwise
    Counterfactual(Box<counterfactual::Options>),
    /// Prints and draws who influenced whom in a step, or proves it for all steps of a file
    Mask(Box<mask::Options>),
    /// Finds, draws and exports the causal graph over the variables of a family
    Graph(Box<graph::Options>),
    /// Makes more transitions of those of a data set (CoDA), or checks certificates of such
    Augment(Box<augment::Options>),
    /// Ranks what guesses local masks against the truth, on a data set
    Score(score::Options),
    /// Draws a state, or a log's episode, as a PNG or an animated GIF
    Render(Box<render::Options>),
    /// Measures steps per second on given action sequences
    Bench(bench::Options),
    /// Prints the variables of a task family: unit, shape, default, ranges, meaning
    Variables(Box<variables::Options>),
    /// Evaluates a policy in the frozen worlds of protocols: scores, intervals, a report
    Evaluate(evaluate::Options),
    /// Prints evaluation protocols: what they vary; one's worlds; how often draws are accepted
    Protocols(Box<protocols::Options>),
}

/// What describes the world on every command line.
#[derive(clap::Args)]
struct WorldOptions {
    /// Task family: its name, or the JSON file of one of your own
    #[arg(long, default_value = "pushing", value_parser = family)]
    family: Family,
    /// Ticks of 4 ms per control step
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    skip_frame: u32,
    /// Physics preset: accurate or reference
    #[arg(long, default_value = "accurate", value_parser = physics)]
    physics: Physics,
    /// A world's description, as `describe` prints it, in place of the above
    #[arg(long, value_name = "FILE.json", conflicts_with_all = ["family", "skip_frame", "physics"])]
    world: Option<PathBuf>,
}

impl WorldOptions {
    /// The environment just as it was described.
    fn described(&self) -> Result<Env> {
        match &self.world {
            Some(path) => Env::from_description(&Description::load(path)?),
            None => self.env(true),
        }
    }

    /// The environment, whose actions are joint targets: in rad, or in \[-1, 1\].
    fn env(&self, normalize_actions: bool) -> Result<Env> {
        let own = |config| Config { normalize_actions, ..config };
        match &self.world {
            Some(path) => {
                let mut description = Description::load(path)?;
                description.config =
                    Config { action_mode: ActionMode::default(), ..own(description.config) };
                Env::from_description(&description)
            }
            None => {
                let (skip_frame, physics) = (self.skip_frame, self.physics);
                let config = Config { skip_frame, physics, ..Config::new(self.family.name()) };
                Env::with_family(own(config), self.family.clone())
            }
        }
    }
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
        Command::Verify(options) => verify::verify(&options),
        Command::Manifest(options) => manifest::manifest(&options),
        Command::Regenerate(options) => manifest::regenerate(&options),
        Command::Describe(options) => describe(&options),
        Command::Counterfactual(options) => counterfactual::counterfactual(&options),
        Command::Mask(options) => mask::mask(&options),
        Command::Graph(options) => graph::graph(&options),
        Command::Augment(options) => augment::augment(&options),
        Command::Score(options) => score::score(&options),
        Command::Render(options) => render::render(&options),
        Command::Bench(options) => bench::bench(&options),
        Command::Variables(options) => variables::variables(&options),
        Command::Evaluate(options) => evaluate::evaluate(&options),
        Command::Protocols(options) => protocols::protocols(&options),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            1
        }
    }
}

fn describe(options: &WorldOptions) -> Result<i32> {
    print(&options.env(true)?.description().to_json()?)?;
    Ok(0)
}

fn family(name: &str) -> Result<Family> {
    let path = Path::new(name);
    if path.extension().is_some_and(|extension| extension == "json") {
        Family::from_file(path)
    } else {
        Family::named(name)
    }
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
