//! `cargo doctor`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command that prints its result")]

use std::process::ExitCode;

use doctor::aws::Clients;
use lexopt::prelude::{Long, ValueExt};
use shared::clock::Clock;

const USAGE: &str = "\
cargo doctor [--stack sotto] [--region REGION] [--json]
    Looks at a deployed stack and says what is wrong and what to do.
    Ends with 0 if nothing is wrong, 1 if something is, 2 if something could not be looked at.";

/// What could not be looked at ends like this as well.
const COULD_NOT_LOOK: u8 = 2;

struct Request {
    stack: String,
    region: Option<String>,
    json: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(code) => ExitCode::from(code),
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::from(COULD_NOT_LOOK)
        }
    }
}

async fn run() -> Result<u8, String> {
    let request = Request::parse().map_err(|error| format!("{error}\n{USAGE}"))?;
    let clients = Clients::connect(request.region).await?;
    let report = doctor::examine(&clients, &request.stack, &Clock::system()).await;
    if request.json {
        println!("{:#}", report.json());
    } else {
        print!("{}", report.text());
    }
    Ok(report.exit_code())
}

impl Request {
    fn parse() -> Result<Self, lexopt::Error> {
        let mut request = Self { stack: "sotto".to_owned(), region: None, json: false };
        let mut arguments = lexopt::Parser::from_env();
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("stack") => request.stack = arguments.value()?.string()?,
                Long("region") => request.region = Some(arguments.value()?.string()?),
                Long("json") => request.json = true,
                other => return Err(other.unexpected()),
            }
        }
        Ok(request)
    }
}
