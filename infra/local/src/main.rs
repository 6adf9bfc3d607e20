//! `cargo local`: see `cargo local --help`.

use std::io::{self, Write};
use std::process::ExitCode;

use shared::http::telemetry;

#[tokio::main]
async fn main() -> ExitCode {
    telemetry::start();
    let (text, code) = match local::cli::parse(std::env::args_os().skip(1)) {
        Ok(command) => match Box::pin(local::run::run(command)).await {
            Ok(()) => return ExitCode::SUCCESS,
            Err(text) => (text, ExitCode::FAILURE),
        },
        Err(error) => (error.to_string(), ExitCode::from(2)),
    };
    let _ = writeln!(io::stderr(), "{text}");
    code
}
