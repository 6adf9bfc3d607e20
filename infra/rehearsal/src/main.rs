//! `cargo rehearse`: see `cargo rehearse --help`.

use std::io::{self, Write};
use std::process::ExitCode;

use rehearsal::cli::{self, Command};

fn main() -> ExitCode {
    let (text, code) = match cli::parse(std::env::args_os().skip(1)) {
        Ok(Command::Help) => {
            let _ = write!(io::stdout(), "{}", cli::HELP);
            return ExitCode::SUCCESS;
        }
        Ok(Command::Rehearse(wanted)) => match rehearsal::run(&wanted) {
            Ok(true) => return ExitCode::SUCCESS,
            // Each failure was printed where it happened.
            Ok(false) => return ExitCode::FAILURE,
            Err(failure) => (failure.to_string(), ExitCode::FAILURE),
        },
        Err(error) => (error.to_string(), ExitCode::from(2)),
    };
    let _ = writeln!(io::stderr(), "{text}");
    code
}
