//! `cargo doctor`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command that prints its result")]

use std::process::ExitCode;

use doctor::aws::Clients;
use doctor::receipt;
use doctor::records::Broken;
use lexopt::prelude::{Long, Value, ValueExt};
use shared::clock::Clock;
use template::Template;

const USAGE: &str = "\
cargo doctor [--stack sotto] [--region REGION] [--json]
    Looks at a deployed stack and says what is wrong and what to do.
    Ends with 0 if nothing is wrong, 1 if something is, 2 if something could not be looked at.
cargo doctor check [--stack sotto] [--region REGION] [--json]
    Reads every item of every table and says which invariant of docs/data.md it breaks. Opens nothing
    and holds all items in memory. Whatever is written meanwhile may be named: run it twice.
    Ends with 0 if nothing is broken, 1 if something is, 2 if something could not be read.
cargo doctor verify-receipt RECEIPT.json --jwks JWKS.json --issuer NAME
    Says whether the receipt of an erasure is valid, without a network. JWKS.json is what
    /.well-known/jwks.json of the deployment gave, NAME its parameter Issuer, or the
    name of the stack if that is empty.
    Ends with 0 if it is, 1 if it is not, 2 if a file could not be read.";

/// The exit code when the command itself fails, and when something could not be looked at.
const COULD_NOT_LOOK: u8 = 2;

enum Request {
    Examine { stack: String, region: Option<String>, json: bool },
    CheckRecords { stack: String, region: Option<String>, json: bool },
    VerifyReceipt { receipt: String, jwks: String, issuer: String },
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
    match Request::parse().map_err(|error| format!("{error}\n{USAGE}"))? {
        Request::Examine { stack, region, json } => {
            let clients = Clients::connect(region).await?;
            let template = Template::deployed().map_err(|error| error.to_string())?;
            let report = doctor::examine(&clients, &stack, template, &Clock::system()).await;
            if json {
                println!("{:#}", report.json());
            } else {
                print!("{}", report.text());
            }
            Ok(report.exit_code())
        }
        Request::CheckRecords { stack, region, json } => {
            let clients = Clients::connect(region).await?;
            let template = Template::deployed().map_err(|error| error.to_string())?;
            let clock = Clock::system();
            let (read, broken) =
                doctor::examine_records(&clients, &stack, template, &clock).await?;
            if json {
                println!("{:#}", serde_json::json!({ "read": read, "broken": broken }));
            } else {
                for Broken { table, item, invariant, what } in &broken {
                    println!("{table:<14} {invariant:<24} {item}\n{:<14} {what}", "");
                }
                println!("{read} items read, {} broken.", broken.len());
            }
            Ok(u8::from(!broken.is_empty()))
        }
        Request::VerifyReceipt { receipt, jwks, issuer } => {
            let verdict = receipt::verify(&read(&receipt)?, &read(&jwks)?, &issuer)?;
            println!("{}", verdict.sentence);
            Ok(verdict.exit_code)
        }
    }
}

fn read(path: &str) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{path} cannot be read: {error}."))
}

impl Request {
    fn parse() -> Result<Self, lexopt::Error> {
        let (mut stack, mut region, mut json) = ("sotto".to_owned(), None, false);
        let mut records = false;
        let mut arguments = lexopt::Parser::from_env();
        while let Some(argument) = arguments.next()? {
            match argument {
                Value(command) if command == "verify-receipt" => {
                    return Self::parse_verify_receipt(arguments);
                }
                Value(command) if command == "check" && !records => records = true,
                Long("stack") => stack = arguments.value()?.string()?,
                Long("region") => region = Some(arguments.value()?.string()?),
                Long("json") => json = true,
                other => return Err(other.unexpected()),
            }
        }
        Ok(if records {
            Self::CheckRecords { stack, region, json }
        } else {
            Self::Examine { stack, region, json }
        })
    }

    fn parse_verify_receipt(mut arguments: lexopt::Parser) -> Result<Self, lexopt::Error> {
        let (mut receipt, mut jwks, mut issuer) = (None, None, None);
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("jwks") => jwks = Some(arguments.value()?.string()?),
                Long("issuer") => issuer = Some(arguments.value()?.string()?),
                Value(path) if receipt.is_none() => receipt = Some(path.string()?),
                other => return Err(other.unexpected()),
            }
        }
        match (receipt, jwks, issuer) {
            (Some(receipt), Some(jwks), Some(issuer)) => {
                Ok(Self::VerifyReceipt { receipt, jwks, issuer })
            }
            _ => Err("RECEIPT.json, --jwks and --issuer are needed.".into()),
        }
    }
}
