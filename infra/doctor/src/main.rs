//! `cargo doctor`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command that prints its result")]

use std::fs::File;
use std::io::Read as _;
use std::process::ExitCode;
use std::time::Duration;

use checks::aws::Clients;
use checks::records::Broken;
use doctor::decoy::{self, Planted};
use doctor::deployment::{Deployment, Place};
use doctor::{bundle, certificate, drill, receipt, verify_log};
use lexopt::prelude::{Long, Value, ValueExt};
use shared::clock::{Clock, UnixMillis, rfc3339};
use shared::ids::ConversationId;
use template::Template;
use tokio::time::MissedTickBehavior;

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
    Ends with 0 if it is, 1 if it is not, 2 if a file could not be read.
cargo doctor verify-certificate --jwks JWKS.json CERTIFICATE
    Says whether the certificate of a training in the file CERTIFICATE is valid, without a network. It is
    what the console copies; JWKS.json is as for receipts.
    Ends with 0 if it is, 1 if it is not or has ended, 2 if a file could not be read.
cargo doctor verify-bundle --jwks JWKS.json BUNDLE.zip
    Says whether the bundle of an audit is valid, without a network: its signature, the sum of every file, and
    the proofs from the audit log. JWKS.json is as for receipts; the set inside the bundle proves nothing.
    Ends with 0 if it is, 1 if it is not, 2 if a file could not be read.
cargo doctor verify-log [--vkey KEY] [--since FILE] [--keep FILE] [--stack sotto] [--region REGION]
                        [--aws-url URL]
    Verifies the audit log and the security events that it tells of, and names what does not hold: a
    checkpoint, a tile or an event. KEY is the verifier key, as the header Sotto-Log-Key has it; without
    it, the published key counts. FILE of --since is a checkpoint that was kept, which the log has to go
    on from; --keep writes the present one. --aws-url is the AWS of cargo local.
    Ends with 0 if all holds, 1 if something does not, 2 if something could not be read.
cargo doctor plant-decoy --conversation ID [--stack sotto] [--region REGION] [--aws-url URL]
    Makes a conversation that you have begun yourself a decoy: the first of the staff who reads it is
    locked out, and an incident is opened. Opens nothing. --aws-url is the AWS of cargo local.
    Ends with 0 if it is planted, 1 if it cannot be, 2 if something could not be read or written.
cargo doctor drill [--within SECONDS] [--stack sotto] [--region REGION] [--aws-url URL]
    Plays an attack: somebody made up reads thirty made-up transcripts. Says after how many seconds it
    was detected, contained and recorded, 60 at most unless --within says otherwise. Lifts the lock and
    resolves the incident afterwards. The alarm rings.
    Ends with 0 if all came in time, 1 if not, 2 if something could not be read or written.";

/// From one read of a drill to the next: as fast as a program that reads what it gets.
const BETWEEN_READS: Duration = Duration::from_millis(250);
/// How long the answers to a drill may take.
const WITHIN_SECONDS: u32 = 60;
/// The exit code when the command itself fails, and when something could not be looked at.
const COULD_NOT_LOOK: u8 = 2;

enum Request {
    Examine {
        stack: String,
        region: Option<String>,
        json: bool,
    },
    CheckRecords {
        stack: String,
        region: Option<String>,
        json: bool,
    },
    VerifyReceipt {
        receipt: String,
        jwks: String,
        issuer: String,
    },
    VerifyCertificate {
        certificate: String,
        jwks: String,
    },
    VerifyBundle {
        bundle: String,
        jwks: String,
    },
    VerifyLog {
        place: Place,
        verifier_key: Option<String>,
        since: Option<String>,
        keep: Option<String>,
    },
    PlantDecoy {
        place: Place,
        conversation: ConversationId,
    },
    Drill {
        place: Place,
        within_ms: UnixMillis,
    },
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
        Request::VerifyCertificate { certificate, jwks } => {
            let now_ms = Clock::system().now_ms();
            let verdict = certificate::verify(&read(&certificate)?, &read(&jwks)?, now_ms)?;
            println!("{}", verdict.sentence);
            Ok(verdict.exit_code)
        }
        Request::VerifyBundle { bundle, jwks } => {
            let verdict = bundle::verify(&read_bundle(&bundle)?, &read(&jwks)?)?;
            println!("{}", verdict.sentence);
            Ok(verdict.exit_code)
        }
        Request::VerifyLog { place, verifier_key, since, keep } => {
            let since = since.as_deref().map(read).transpose()?;
            let deployment = connect(place).await?;
            let clock = Clock::system();
            let outcome =
                verify_log::run(&deployment, &clock, verifier_key, since.as_deref()).await?;
            for line in outcome.lines() {
                println!("{line}");
            }
            if let (Some(path), Some(checkpoint)) = (keep, &outcome.verified.checkpoint) {
                let written = std::fs::write(&path, checkpoint);
                written.map_err(|error| format!("{path} cannot be written: {error}."))?;
            }
            Ok(outcome.exit_code())
        }
        Request::PlantDecoy { place, conversation } => {
            let deployment = connect(place).await?;
            let clock = Clock::system();
            Ok(match Box::pin(decoy::plant(&deployment, &clock, conversation)).await? {
                Planted::Until(end_ms) => {
                    println!("It is a decoy within a minute, until {}.", rfc3339(end_ms));
                    0
                }
                Planted::Absent => {
                    println!("There is no such conversation, or it has ended.");
                    1
                }
                Planted::Held => {
                    println!("A hold keeps it. Begin another one.");
                    1
                }
            })
        }
        Request::Drill { place, within_ms } => {
            let deployment = connect(place).await?;
            let mut ticks = tokio::time::interval(BETWEEN_READS);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let wait = async || {
                ticks.tick().await;
            };
            let clock = Clock::system();
            let outcome = Box::pin(drill::run(&deployment, &clock, within_ms, wait)).await?;
            for line in outcome.lines(within_ms) {
                println!("{line}");
            }
            Ok(outcome.exit_code(within_ms))
        }
    }
}

async fn connect(place: Place) -> Result<Deployment, String> {
    let template = Template::deployed().map_err(|error| error.to_string())?;
    Deployment::at(place, template).await
}

fn read(path: &str) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{path} cannot be read: {error}."))
}

/// A bundle, and of a file that is larger than any so much that it is seen.
fn read_bundle(path: &str) -> Result<Vec<u8>, String> {
    let could_not = |error: std::io::Error| format!("{path} cannot be read: {error}.");
    let most = u64::try_from(bundle::LIMIT).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    File::open(path).map_err(could_not)?.take(most).read_to_end(&mut bytes).map_err(could_not)?;
    Ok(bytes)
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
                Value(command) if command == "verify-certificate" => {
                    return Self::parse_verify_certificate(arguments);
                }
                Value(command) if command == "verify-bundle" => {
                    return Self::parse_verify_bundle(arguments);
                }
                Value(command) if command == "verify-log" => {
                    return Self::parse_verify_log(arguments);
                }
                Value(command) if command == "plant-decoy" || command == "drill" => {
                    return Self::parse_of_tables(command == "drill", arguments);
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

    /// The two commands that read and write the tables of a deployment.
    fn parse_of_tables(
        is_drill: bool,
        mut arguments: lexopt::Parser,
    ) -> Result<Self, lexopt::Error> {
        let (mut stack, mut region, mut aws_url) = ("sotto".to_owned(), None, None);
        let (mut conversation, mut within) = (None, WITHIN_SECONDS);
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("stack") => stack = arguments.value()?.string()?,
                Long("region") => region = Some(arguments.value()?.string()?),
                Long("aws-url") => aws_url = Some(arguments.value()?.string()?),
                Long("conversation") if !is_drill => {
                    conversation = ConversationId::parse(&arguments.value()?.string()?);
                }
                Long("within") if is_drill => within = arguments.value()?.parse()?,
                other => return Err(other.unexpected()),
            }
        }
        let place = Place { stack, region, aws_url };
        if is_drill {
            let within_ms = UnixMillis::from(within) * 1000;
            return Ok(Self::Drill { place, within_ms });
        }
        let conversation = conversation.ok_or("--conversation and the id of one are needed.")?;
        Ok(Self::PlantDecoy { place, conversation })
    }

    fn parse_verify_log(mut arguments: lexopt::Parser) -> Result<Self, lexopt::Error> {
        let (mut stack, mut region, mut aws_url) = ("sotto".to_owned(), None, None);
        let (mut verifier_key, mut since, mut keep) = (None, None, None);
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("stack") => stack = arguments.value()?.string()?,
                Long("region") => region = Some(arguments.value()?.string()?),
                Long("aws-url") => aws_url = Some(arguments.value()?.string()?),
                Long("vkey") => verifier_key = Some(arguments.value()?.string()?),
                Long("since") => since = Some(arguments.value()?.string()?),
                Long("keep") => keep = Some(arguments.value()?.string()?),
                other => return Err(other.unexpected()),
            }
        }
        let place = Place { stack, region, aws_url };
        Ok(Self::VerifyLog { place, verifier_key, since, keep })
    }

    fn parse_verify_certificate(mut arguments: lexopt::Parser) -> Result<Self, lexopt::Error> {
        let (mut certificate, mut jwks) = (None, None);
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("jwks") => jwks = Some(arguments.value()?.string()?),
                Value(path) if certificate.is_none() => certificate = Some(path.string()?),
                other => return Err(other.unexpected()),
            }
        }
        match (certificate, jwks) {
            (Some(certificate), Some(jwks)) => Ok(Self::VerifyCertificate { certificate, jwks }),
            _ => Err("CERTIFICATE and --jwks are needed.".into()),
        }
    }

    fn parse_verify_bundle(mut arguments: lexopt::Parser) -> Result<Self, lexopt::Error> {
        let (mut bundle, mut jwks) = (None, None);
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("jwks") => jwks = Some(arguments.value()?.string()?),
                Value(path) if bundle.is_none() => bundle = Some(path.string()?),
                other => return Err(other.unexpected()),
            }
        }
        match (bundle, jwks) {
            (Some(bundle), Some(jwks)) => Ok(Self::VerifyBundle { bundle, jwks }),
            _ => Err("BUNDLE.zip and --jwks are needed.".into()),
        }
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
