//! The command line of `cargo local`.

use std::fmt;
use std::path::PathBuf;

use lexopt::{Arg, Parser, ValueExt};
use shared::config::GuestLimit;

use crate::permissions::Task;

/// The text of `--help`.
pub const HELP: &str = "\
cargo local        everything in one process, on 127.0.0.1 only
cargo local aws    only DynamoDB and KMS, for `cargo lambda watch --env-file .sotto/env`
cargo local permissions    writes docs/permissions.md: what each role grants, and what the tests
                           were seen to do; --check compares it, --reset is for before the tests
cargo local advisories DIR    writes shared/checks/advisories.json: what DIR, a checkout of the
                              advisory database, knows about the packages of Cargo.lock

  --port N           where the page and the API are (9000)
  --aws-port N       where DynamoDB and KMS are (8000)
  --origin URL       a page of your own that may call the API, such as http://localhost:5173;
                     may be given several times
  --guest-limit N    scales the limits for the guests of one network, as the parameter GuestLimit
                     of the stack does; 0 for none (0)
  --sealed-only      refuses what visitors send or ask for unsealed, as SealedOnly does
  --allow-private-webhooks    lets a site's webhook lead to this machine, also without TLS
  --control-port N   where clock, jobs and faults are controlled (9001)
  --data DIR         the folder that keeps the data (.sotto)
  --fresh            start empty
  --content DIR      what the bot begins to know, in the place of the demo shop: a file for each
                     language, such as en.csv, de.md or en.jsonl, as an import takes it
  --demo             a month of made-up conversations, and links that sign in their staff

Port 0 picks a free one. `cargo local aws` takes --aws-port, --data, --fresh, --origin,
--guest-limit, --sealed-only, --allow-private-webhooks and --content.
";

/// The command that was asked for.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// Print [`HELP`].
    Help,
    /// Everything in one process.
    Everything {
        /// Port of the page and the API.
        port: u16,
        /// Port of the control server.
        control_port: u16,
        /// Whether there are made-up conversations.
        demo: bool,
        /// The options of both commands.
        base: Base,
    },
    /// DynamoDB and KMS with their tables, and the files for cargo-lambda.
    AwsOnly {
        /// The options of both commands.
        base: Base,
    },
    /// The page of what the roles grant and what the tests were seen to do.
    Permissions(Task),
    /// The advisories about the dependencies, from this checkout of their database.
    Advisories(PathBuf),
}

/// The options that both commands take.
#[derive(Debug, PartialEq, Eq)]
pub struct Base {
    /// Port of DynamoDB and KMS.
    pub aws_port: u16,
    /// The folder that keeps the data.
    pub data: PathBuf,
    /// Whether it is emptied first.
    pub fresh: bool,
    /// Origins of other pages that may call the API.
    pub origins: Vec<String>,
    /// How far guests are limited by their network; 0 for not at all.
    pub guest_limit: String,
    /// Whether visitors have to seal.
    pub sealed_only: bool,
    /// Whether webhooks may lead to this machine.
    pub private_webhooks: bool,
    /// The folder of what the bot begins to know; the demo shop's without one.
    pub content: Option<PathBuf>,
}

/// The command line makes no sense; the text says which part.
#[derive(Debug, PartialEq, Eq)]
pub struct UsageError(String);

/// Reads the arguments that follow the program's name.
///
/// # Errors
/// For an unknown flag or word, or a value that is not one.
pub fn parse<I>(arguments: I) -> Result<Command, UsageError>
where
    I: IntoIterator,
    I::Item: Into<std::ffi::OsString>,
{
    let arguments: Vec<std::ffi::OsString> = arguments.into_iter().map(Into::into).collect();
    if let [word, flags @ ..] = arguments.as_slice()
        && word == "permissions"
    {
        return task_of(flags).map(Command::Permissions);
    }
    if let [word, folders @ ..] = arguments.as_slice()
        && word == "advisories"
    {
        return database_of(folders).map(Command::Advisories);
    }
    let mut parser = Parser::from_args(arguments);
    let (mut port, mut control_port) = (None, None);
    let (mut aws_only, mut demo) = (false, false);
    let mut base = Base {
        aws_port: 8000,
        data: PathBuf::from(".sotto"),
        fresh: false,
        origins: Vec::new(),
        guest_limit: "0".to_owned(),
        sealed_only: false,
        private_webhooks: false,
        content: None,
    };
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("help") | Arg::Short('h') => return Ok(Command::Help),
            Arg::Long("port") => port = Some(port_of(&mut parser, "--port")?),
            Arg::Long("aws-port") => base.aws_port = port_of(&mut parser, "--aws-port")?,
            Arg::Long("control-port") => {
                control_port = Some(port_of(&mut parser, "--control-port")?);
            }
            Arg::Long("data") => base.data = folder_of(&mut parser, "--data")?,
            Arg::Long("fresh") => base.fresh = true,
            Arg::Long("demo") => demo = true,
            Arg::Long("sealed-only") => base.sealed_only = true,
            Arg::Long("allow-private-webhooks") => base.private_webhooks = true,
            Arg::Long("content") => base.content = Some(folder_of(&mut parser, "--content")?),
            Arg::Long("guest-limit") => base.guest_limit = limit_of(&mut parser)?,
            Arg::Long("origin") => base.origins.push(origin_of(&mut parser)?),
            Arg::Value(word) if word == "aws" && !aws_only => aws_only = true,
            other => return Err(other.unexpected().into()),
        }
    }
    match (aws_only, port, control_port) {
        (true, None, None) if !demo => Ok(Command::AwsOnly { base }),
        (true, ..) => Err(UsageError(
            "`cargo local aws` serves neither page nor control: leave out --port, --control-port and \
             --demo"
                .to_owned(),
        )),
        (false, port, control_port) => Ok(Command::Everything {
            demo,
            port: port.unwrap_or(9000),
            control_port: control_port.unwrap_or(9001),
            base,
        }),
    }
}

fn task_of(flags: &[std::ffi::OsString]) -> Result<Task, UsageError> {
    match flags {
        [] => Ok(Task::Write),
        [flag] if flag == "--check" => Ok(Task::Check),
        [flag] if flag == "--reset" => Ok(Task::Reset),
        _ => Err(UsageError("`cargo local permissions` takes --check or --reset".to_owned())),
    }
}

fn database_of(folders: &[std::ffi::OsString]) -> Result<PathBuf, UsageError> {
    match folders {
        [folder] if !folder.is_empty() && !folder.to_string_lossy().starts_with('-') => {
            Ok(PathBuf::from(folder))
        }
        _ => Err(UsageError(
            "`cargo local advisories` takes the folder of a checkout of the database".to_owned(),
        )),
    }
}

fn port_of(parser: &mut Parser, flag: &str) -> Result<u16, UsageError> {
    let value = parser.value()?;
    value.parse().map_err(|_| UsageError(format!("{flag} needs a port number between 0 and 65535")))
}

/// As a browser writes it: a slash at the end or a path would never match.
fn origin_of(parser: &mut Parser) -> Result<String, UsageError> {
    let value = parser.value()?.string()?;
    let host = value.strip_prefix("https://").or_else(|| value.strip_prefix("http://"));
    match host {
        Some(host) if !host.is_empty() && !host.contains(['/', ',', '*', ' ']) => Ok(value),
        _ => Err(UsageError(
            "--origin needs an origin such as http://localhost:5173, without a path".to_owned(),
        )),
    }
}

fn limit_of(parser: &mut Parser) -> Result<String, UsageError> {
    let value = parser.value()?.string()?;
    let fault = "--guest-limit needs a number from 0 to 1000, such as 1 or 0.5";
    GuestLimit::read(&value).map(|_| value).ok_or_else(|| UsageError(fault.to_owned()))
}

fn folder_of(parser: &mut Parser, flag: &str) -> Result<PathBuf, UsageError> {
    let folder = PathBuf::from(parser.value()?);
    if folder.as_os_str().is_empty() {
        return Err(UsageError(format!("{flag} needs the name of a folder")));
    }
    Ok(folder)
}

impl From<lexopt::Error> for UsageError {
    fn from(error: lexopt::Error) -> Self {
        Self(error.to_string())
    }
}

impl fmt::Display for UsageError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}; see `cargo local --help`", self.0)
    }
}

impl std::error::Error for UsageError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_flag_means_the_usual_ports_and_folder() {
        let Command::Everything { port, control_port, demo: false, base } = parse([""; 0]).unwrap()
        else {
            panic!("another command");
        };
        assert_eq!((port, base.aws_port, control_port), (9000, 8000, 9001));
        assert_eq!(base.data, PathBuf::from(".sotto"));
        assert!(!base.fresh);
        assert_eq!(base.guest_limit, "0");
    }

    #[test]
    fn every_flag_is_taken_in_both_forms() {
        let spaced =
            ["--port", "0", "--aws-port", "1", "--control-port", "2", "--data", "x y", "--fresh"]
                .into_iter()
                .chain(["--guest-limit", "0.5", "--sealed-only", "--demo"])
                .chain(["--allow-private-webhooks", "--content", "ours"]);
        let joined = ["--port=0", "--aws-port=1", "--control-port=2", "--data=x y", "--fresh"]
            .into_iter()
            .chain(["--guest-limit=0.5", "--sealed-only", "--demo", "--allow-private-webhooks"])
            .chain(["--content=ours"]);
        let expected = Command::Everything {
            port: 0,
            control_port: 2,
            demo: true,
            base: Base {
                aws_port: 1,
                data: PathBuf::from("x y"),
                fresh: true,
                origins: Vec::new(),
                guest_limit: "0.5".to_owned(),
                sealed_only: true,
                private_webhooks: true,
                content: Some(PathBuf::from("ours")),
            },
        };
        assert_eq!(parse(spaced).unwrap(), expected);
        assert_eq!(parse(joined).unwrap(), expected);
    }

    #[test]
    fn aws_takes_its_flags_on_both_sides() {
        for arguments in [["aws", "--aws-port", "0"], ["--aws-port", "0", "aws"]] {
            let Command::AwsOnly { base } = parse(arguments).unwrap() else {
                panic!("another command");
            };
            assert_eq!(base.aws_port, 0);
        }
    }

    #[test]
    fn advisories_are_read_from_the_folder_that_was_named() {
        let expected = Command::Advisories(PathBuf::from("db"));
        assert_eq!(parse(["advisories", "db"]).unwrap(), expected);
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        for (arguments, named) in [
            (&["--prot", "1"][..], "--prot"),
            (&["--port"], "--port"),
            (&["--port", "nine"], "--port"),
            (&["--port", "65536"], "--port"),
            (&["--data", ""], "--data"),
            (&["--fresh=yes"], "--fresh"),
            (&["--origin", "http://localhost:1/"], "--origin"),
            (&["--origin", "localhost:1"], "--origin"),
            (&["--guest-limit", "-1"], "--guest-limit"),
            (&["--guest-limit", "many"], "--guest-limit"),
            (&["gcp"], "gcp"),
            (&["aws", "aws"], "aws"),
            (&["aws", "--port", "1"], "--port"),
            (&["aws", "--demo"], "--demo"),
            (&["permissions", "--fresh"], "--check"),
            (&["advisories"], "folder"),
            (&["advisories", ""], "folder"),
            (&["advisories", "--check"], "folder"),
            (&["advisories", "one", "two"], "folder"),
        ] {
            let error = parse(arguments).unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
    }
}
