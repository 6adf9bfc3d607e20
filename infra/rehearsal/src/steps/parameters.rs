//! Parameters that a deployment must not be made with.

use crate::aws::Aws;
use crate::command::{Failure, ensure};
use crate::stack::{NAME, Package};

/// A set of parameters and the word that has to be in the sentence that refuses them.
const WRONG: [(&[&str], &str); 8] = [
    (&["SiteOrigins=http://shop.example"], "SiteOrigins"),
    (&["SiteOrigins=https://shop.example/chat"], "SiteOrigins"),
    (&["Issuer=shop#1"], "Issuer"),
    (&["LogRetentionDays=2"], "LogRetentionDays"),
    (&["RolloutType=AllAtOnce"], "RolloutType"),
    (&["Attempt=once"], "Attempt"),
    (&["DeletionProtection=maybe"], "DeletionProtection"),
    (&["GuestLimit=-1"], "GuestLimit"),
];

/// Each is refused by name, and leaves nothing behind.
pub(super) fn refused(package: &Package, aws: &Aws) -> Result<usize, Failure> {
    for (parameters, name) in WRONG {
        let said = package.try_deploy(aws, parameters)?;
        ensure(!said.well, || format!("{parameters:?} is accepted"))?;
        ensure(said.all.contains(name), || {
            format!("the refusal of {parameters:?} does not name {name}: {}", said.all)
        })?;
        let stacks = aws.ask(&["cloudformation", "list-stacks"])?;
        let made = stacks["StackSummaries"].as_array().into_iter().flatten().any(|stack| {
            stack["StackName"] == NAME && stack["StackStatus"] != "REVIEW_IN_PROGRESS"
        });
        ensure(!made, || format!("{parameters:?} left a stack behind"))?;
        let functions = aws.ask(&["lambda", "list-functions"])?;
        ensure(functions["Functions"] == serde_json::json!([]), || {
            format!("{parameters:?} left functions behind")
        })?;
    }
    Ok(WRONG.len())
}
