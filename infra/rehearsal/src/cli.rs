//! The command line of `cargo rehearse`.

use std::fmt;

use lexopt::{Arg, Parser, ValueExt};

/// The text of `--help`.
pub const HELP: &str = "\
cargo rehearse     deploys template.yaml onto a local AWS with IAM switched on, and tries it

  --only stack       only the template: parameters, contract, roles, rollout, removal
  --only upgrade     only from the last release to this one and back
  --only operations  only the commands of the operator's pages
  --skip-build       with the functions that the last run has built
  --keep             leave the stack and its AWS running until Enter is pressed

The tools come from .ci/tools: source \"$(.ci/tools)\" first. The summary is also written to
target/rehearsal/summary.json.
";

/// The command that was asked for.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// Print [`HELP`].
    Help,
    /// Rehearse.
    Rehearse(Rehearsal),
}

/// The options of a rehearsal.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Rehearsal {
    /// This act and no other.
    pub only: Option<Act>,
    /// Whether to use the functions of the last run instead of building them.
    pub skip_build: bool,
    /// Whether to wait before the stack is removed.
    pub keep: bool,
}

/// Each act has an AWS of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// The template as it stands.
    Stack,
    /// From the last release and back.
    Upgrade,
    /// The commands of the operator's pages.
    Operations,
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
    let mut parser = Parser::from_args(arguments);
    let mut wanted = Rehearsal::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("help") | Arg::Short('h') => return Ok(Command::Help),
            Arg::Long("skip-build") => wanted.skip_build = true,
            Arg::Long("keep") => wanted.keep = true,
            Arg::Long("only") => {
                let act = parser.value()?.string()?;
                wanted.only = Some(match act.as_str() {
                    "stack" => Act::Stack,
                    "upgrade" => Act::Upgrade,
                    "operations" => Act::Operations,
                    _ => {
                        let text = format!("--only takes stack, upgrade or operations, not {act}");
                        return Err(UsageError(text));
                    }
                });
            }
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Command::Rehearse(wanted))
}

impl fmt::Display for UsageError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} (cargo rehearse --help)", self.0)
    }
}

impl From<lexopt::Error> for UsageError {
    fn from(error: lexopt::Error) -> Self {
        Self(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::{Act, Command, Rehearsal, UsageError, parse};

    #[test]
    fn what_is_asked_for_is_what_is_rehearsed() {
        let parsed = parse(["--only", "upgrade", "--skip-build"]);
        let wanted = Rehearsal { only: Some(Act::Upgrade), skip_build: true, keep: false };
        assert_eq!(parsed, Ok(Command::Rehearse(wanted)));
        assert_eq!(parse([] as [&str; 0]), Ok(Command::Rehearse(Rehearsal::default())));
    }

    #[test]
    fn an_act_that_does_not_exist_is_refused_by_name() {
        let text = "--only takes stack, upgrade or operations, not all".to_owned();
        assert_eq!(parse(["--only", "all"]), Err(UsageError(text)));
        assert!(parse(["--fast"]).is_err());
    }
}
