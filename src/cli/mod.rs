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
mod output;
mod patch;
mod protocols;
mod render;
mod replay;
mod run;
mod score;
mod table;
mod variables;
mod verify;
mod work;
mod world;

use std::io::ErrorKind;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use output::{Done, Failure, note, print};
use world::WorldOptions;

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

/// Runs the command line, the program's name first; returns the exit status: 0; 1 where something was
/// found to be wrong or the command failed; 2 where the arguments are wrong.
pub fn main(arguments: Vec<String>) -> i32 {
    let arguments = match parsed(arguments) {
        Ok(arguments) => arguments,
        Err(code) => return code,
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
        Err(Failure::Usage(error)) => {
            note(&format!("error: {error}"));
            2
        }
        Err(Failure::Failed(error)) => {
            note(&format!("error: {error}"));
            1
        }
    }
}

/// The arguments; the exit status where they are wrong, or asked for help.
fn parsed(arguments: Vec<String>) -> std::result::Result<Arguments, i32> {
    // Where no family is named, these two mean all of them, and a mask can be of a recorded step.
    let every = "Task family: its name, or the JSON file of one of your own [default: all]";
    let recorded = "A log or a data set, as `run` writes them; or a task family, whose first step \
                    is taken [default: pushing]";
    let command = Arguments::command()
        .mut_subcommand("variables", |c| c.mut_arg("first", |a| a.help(every)))
        .mut_subcommand("protocols", |c| c.mut_arg("first", |a| a.help(every)))
        .mut_subcommand("mask", |c| {
            c.mut_arg("first", |a| a.value_name("FILE or FAMILY").help(recorded))
        });
    let matches = command.try_get_matches_from(arguments);
    matches.and_then(|matches| Arguments::from_arg_matches(&matches)).map_err(|error| {
        // Help and version go to standard output and are no failure; nor is a reader who has gone.
        let code = error.exit_code();
        match error.print() {
            Err(reason) if reason.kind() != ErrorKind::BrokenPipe => 1,
            _ => code,
        }
    })
}

fn describe(options: &WorldOptions) -> Done {
    print(&options.env(true)?.description().to_json()?)?;
    Ok(0)
}
