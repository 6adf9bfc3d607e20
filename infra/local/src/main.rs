//! `cargo local`: see `cargo local --help`.

use std::env;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use shared::http::telemetry;

/// What the AWS clients must find, so that they ask neither the person's own profiles nor the
/// metadata service of the network for what only exists locally.
const ENVIRONMENT: [(&str, &str); 5] = [
    ("AWS_CONFIG_FILE", "/dev/null"),
    ("AWS_EC2_METADATA_DISABLED", "true"),
    ("AWS_PROFILE", "default"),
    ("AWS_REGION", local::REGION),
    ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
];

#[tokio::main]
async fn main() -> ExitCode {
    let (text, code) = match local::cli::parse(env::args_os().skip(1)) {
        Ok(command) => match in_environment() {
            Ok(()) => {
                telemetry::start();
                match Box::pin(local::run::run(command)).await {
                    Ok(()) => return ExitCode::SUCCESS,
                    Err(text) => (text, ExitCode::FAILURE),
                }
            }
            Err(error) => (format!("Cannot start anew: {error}."), ExitCode::FAILURE),
        },
        Err(error) => (error.to_string(), ExitCode::from(2)),
    };
    let _ = writeln!(io::stderr(), "{text}");
    code
}

/// Goes on if the environment is [`ENVIRONMENT`]; otherwise this process begins again in it, because
/// a process with threads cannot safely change its own.
fn in_environment() -> io::Result<()> {
    let complete = ENVIRONMENT
        .iter()
        .all(|(name, value)| env::var_os(name).is_some_and(|found| found == *value));
    if complete {
        return Ok(());
    }
    Err(Command::new(env::current_exe()?)
        .args(env::args_os().skip(1))
        .envs(ENVIRONMENT)
        .exec())
}
