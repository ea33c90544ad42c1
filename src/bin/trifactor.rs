//! The command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = std::env::args_os().map(|argument| argument.to_string_lossy().into_owned());
    ExitCode::from(trifactor::cli::main(arguments.collect()) as u8)
}
