//! The tables: whether each is still as it was designed (docs/data.md).

use shared::values::control::Control;
use template::{Table as Design, Template};

use crate::aws::{Clients, could_not, is_absent};
use crate::finding::{Chapter, CouldNot, Finding};
use crate::stack::Stack;

/// The attribute whose time ends an item.
pub const EXPIRY: &str = shared::store::attributes::EXPIRES_AT;

const AS_DESIGNED: &str = "table_as_designed";

/// The controls that a look at a table is about.
fn controls() -> impl Iterator<Item = Control> {
    Control::of_code(AS_DESIGNED)
}

/// A table as DynamoDB describes it.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is an answer of its own")]
pub struct Table {
    /// Whether it can be used.
    pub active: bool,
    /// The attribute of its TTL; `None` if that is off.
    pub expiry: Option<String>,
    /// The KMS key that encrypts it; `None` for a key of AWS.
    pub key_arn: Option<String>,
    /// Whether it refuses to be deleted.
    pub protected: bool,
    /// Whether it can be restored to a point in time.
    pub recovery: bool,
    /// For how many days back, where DynamoDB says so.
    pub recovery_days: Option<i32>,
    /// The view type of its stream; `None` for no stream.
    pub stream: Option<String>,
    /// Its indexes that can be asked.
    pub indexes: Vec<String>,
    /// Whether a policy of its own lets somebody in.
    pub policy: bool,
}

/// A difference between a table and its design.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// There is no such table.
    Absent,
    /// It is being made or altered, or its key cannot be used.
    NotActive,
    /// Its items never expire.
    ExpiryOff,
    /// Another attribute ends its items.
    ExpiryElsewhere(String),
    /// Another key encrypts it.
    OtherKey,
    /// It can be deleted with one call.
    Unprotected,
    /// A mistake could not be undone.
    NoRecovery,
    /// Deleted items could be restored, although the design rules that out.
    Recoverable,
    /// It can be restored for another number of days than was designed.
    OtherRecovery {
        /// Days.
        days: i32,
        /// Days by design.
        designed: i32,
    },
    /// Nothing tells the reader of its stream what changes.
    NoStream,
    /// Its stream shows more or other than it should.
    OtherStream(String),
    /// Items cannot be found by this index, or not yet.
    NoIndex(String),
    /// A policy of its own lets somebody in.
    Policy,
}

/// Reads one table; `None` if there is none of that name.
///
/// # Errors
/// [`CouldNot`], when DynamoDB does not answer.
pub async fn look(clients: &Clients, name: &str) -> Result<Option<Table>, CouldNot> {
    let action = "dynamodb:DescribeTable";
    let described = match clients.dynamodb.describe_table().table_name(name).send().await {
        Ok(described) => described,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(could_not(action)(error)),
    };
    let table = described.table().ok_or_else(|| CouldNot::missing(action, "a table"))?;
    let ttl = clients.dynamodb.describe_time_to_live().table_name(name).send().await;
    let ttl = ttl.map_err(could_not("dynamodb:DescribeTimeToLive"))?;
    let backups = clients.dynamodb.describe_continuous_backups().table_name(name).send().await;
    let backups = backups.map_err(could_not("dynamodb:DescribeContinuousBackups"))?;
    let recovery = backups
        .continuous_backups_description()
        .and_then(|backups| backups.point_in_time_recovery_description());
    let encryption = table.sse_description();
    let policy = match table.table_arn() {
        None => false,
        Some(arn) => match clients.dynamodb.get_resource_policy().resource_arn(arn).send().await {
            Ok(_) => true,
            Err(error) if is_absent(&error) => false,
            Err(error) => return Err(could_not("dynamodb:GetResourcePolicy")(error)),
        },
    };
    Ok(Some(Table {
        policy,
        active: table.table_status().is_some_and(|status| status.as_str() == "ACTIVE"),
        expiry: ttl
            .time_to_live_description()
            .filter(|ttl| {
                ttl.time_to_live_status().is_some_and(|status| status.as_str().starts_with("ENABL"))
            })
            .and_then(|ttl| ttl.attribute_name().map(ToOwned::to_owned)),
        key_arn: encryption
            .filter(|sse| sse.status().is_some_and(|status| status.as_str() == "ENABLED"))
            .and_then(|sse| sse.kms_master_key_arn().map(ToOwned::to_owned)),
        protected: table.deletion_protection_enabled().unwrap_or(false),
        recovery_days: recovery.and_then(
            aws_sdk_dynamodb::types::PointInTimeRecoveryDescription::recovery_period_in_days,
        ),
        recovery: recovery
            .and_then(|recovery| recovery.point_in_time_recovery_status())
            .is_some_and(|status| status.as_str() == "ENABLED"),
        stream: table
            .stream_specification()
            .filter(|stream| stream.stream_enabled())
            .and_then(|stream| stream.stream_view_type())
            .map(|view| view.as_str().to_owned()),
        indexes: table
            .global_secondary_indexes()
            .iter()
            // AWS gives the status of each index; without a status the index counts as active.
            .filter(|index| index.index_status().is_none_or(|status| status.as_str() == "ACTIVE"))
            .filter_map(|index| index.index_name().map(ToOwned::to_owned))
            .collect(),
    }))
}

/// The differences between a table and its design. `protection` is the stack's parameter.
#[must_use]
pub fn judge(
    design: &Design,
    table: Option<&Table>,
    key_arn: Option<&str>,
    protection: bool,
) -> Vec<Fault> {
    let Some(table) = table else { return vec![Fault::Absent] };
    let mut faults = Vec::new();
    if !table.active {
        faults.push(Fault::NotActive);
    }
    match table.expiry.as_deref() {
        Some(EXPIRY) => {}
        None => faults.push(Fault::ExpiryOff),
        Some(other) => faults.push(Fault::ExpiryElsewhere(other.to_owned())),
    }
    if key_arn.is_none() || table.key_arn.as_deref() != key_arn {
        faults.push(Fault::OtherKey);
    }
    if protection && !table.protected {
        faults.push(Fault::Unprotected);
    }
    match (design.recovery_days(), table.recovery) {
        (Some(_), false) => faults.push(Fault::NoRecovery),
        (None, true) => faults.push(Fault::Recoverable),
        (Some(designed), true) => {
            let other = table.recovery_days.filter(|days| *days != designed);
            faults.extend(other.map(|days| Fault::OtherRecovery { days, designed }));
        }
        (None, false) => {}
    }
    match (design.stream_view(), table.stream.as_deref()) {
        (Some(_), None) => faults.push(Fault::NoStream),
        (designed, Some(other)) if designed != Some(other) => {
            faults.push(Fault::OtherStream(other.to_owned()));
        }
        (None | Some(_), Some(_)) | (None, None) => {}
    }
    let missing = design.indexes().filter(|index| !table.indexes.iter().any(|one| one == index));
    faults.extend(missing.map(|index| Fault::NoIndex(index.to_owned())));
    if table.policy {
        faults.push(Fault::Policy);
    }
    faults
}

impl Fault {
    /// The fault in sentences.
    #[must_use]
    pub fn finding(&self, table: &str) -> Finding {
        let see = Chapter::TableChanged;
        let wrong = |code, what: String, advice: &str| Finding::wrong(code, what, advice, see);
        match self {
            Self::Absent => wrong(
                "table_absent",
                format!("{table} does not exist."),
                "Restore it from a point in time if it has one, or deploy into a new stack.",
            ),
            Self::NotActive => wrong(
                "table_not_active",
                format!("{table} cannot be used now."),
                "See its status in DynamoDB; if its KMS key is disabled, enable the key within 7 days.",
            ),
            Self::ExpiryOff => wrong(
                "table_ttl_off",
                format!("{table} has no TTL: what was promised to end stays."),
                "Switch TTL on again, on the attribute expires_at.",
            ),
            Self::ExpiryElsewhere(attribute) => wrong(
                "table_ttl_elsewhere",
                format!("The TTL of {table} reads {attribute} and not {EXPIRY}."),
                "Switch TTL off, wait an hour, and switch it on for expires_at.",
            ),
            Self::OtherKey => wrong(
                "table_other_key",
                format!("{table} is not encrypted with the stack's key."),
                "Set its encryption to the key of the output KmsKeyArn.",
            ),
            Self::Unprotected => wrong(
                "table_unprotected",
                format!("{table} can be deleted with one call."),
                "Switch its deletion protection on again.",
            ),
            Self::NoRecovery => wrong(
                "table_no_recovery",
                format!("{table} cannot be restored to a point in time."),
                "Switch point-in-time recovery on again; what happened before cannot be restored.",
            ),
            Self::Recoverable => wrong(
                "table_recoverable",
                format!("{table} has point-in-time recovery: what was erased can be brought back."),
                "Switch it off; the backups end with it.",
            ),
            Self::OtherRecovery { days, designed } => wrong(
                "table_other_recovery",
                format!("{table} can be restored for {days} days back, not for {designed}."),
                "Set the period of its point-in-time recovery again.",
            ),
            Self::NoStream => wrong(
                "table_no_stream",
                format!("{table} has no stream, so nobody watches for altered logs."),
                "Switch the stream on again and deploy, so that its reader is attached.",
            ),
            Self::OtherStream(view) => wrong(
                "table_other_stream",
                format!("{table} has a stream that shows {view}, which was not designed."),
                "Switch the stream off, find out who reads it, and deploy again.",
            ),
            Self::NoIndex(index) => wrong(
                "table_no_index",
                format!("{table} cannot be asked by its index {index}."),
                "Wait if it is being made; if it was deleted, make it again as the template has it.",
            ),
            Self::Policy => wrong(
                "table_policy",
                format!("{table} has a policy of its own, which the template has not."),
                "Run aws dynamodb delete-resource-policy; CloudTrail says who put it.",
            ),
        }
    }
}

/// Looks at every table of the stack.
pub async fn check(clients: &Clients, stack: &Stack, template: &Template) -> Vec<Finding> {
    let key_arn = stack.outputs.get("KmsKeyArn").map(String::as_str);
    let protection = stack.parameters.get("DeletionProtection").is_none_or(|set| set != "off");
    let mut findings = Vec::new();
    for design in template.tables() {
        let logical = design.logical_id();
        let resource = stack.resource(logical);
        let table = match resource {
            None => Ok(None),
            Some(resource) => look(clients, &resource.physical).await,
        };
        match table {
            Err(could_not) => findings.push(could_not.finding(&logical).about(controls())),
            Ok(table) => {
                let faults = judge(design, table.as_ref(), key_arn, protection);
                let of_table: Vec<_> = faults.iter().map(|fault| fault.finding(logical)).collect();
                let failed: Vec<_> = of_table.iter().flat_map(Finding::controls).collect();
                let otherwise = if failed.is_empty() { "" } else { " otherwise" };
                // An absent table has none of the others' faults, and is not as designed either.
                if !faults.contains(&Fault::Absent) {
                    let what = format!("{logical} is{otherwise} as designed.");
                    let fine = Finding::fine(AS_DESIGNED, what, Chapter::TableChanged);
                    let about = controls().filter(|control| !failed.contains(control));
                    findings.push(fine.about(about));
                }
                findings.extend(of_table);
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "arn:aws:kms:eu-central-1:1:key/1";

    fn as_designed(design: &Design) -> Table {
        Table {
            active: true,
            expiry: Some(EXPIRY.to_owned()),
            key_arn: Some(KEY.to_owned()),
            protected: true,
            recovery: design.recovery_days().is_some(),
            recovery_days: design.recovery_days(),
            stream: design.stream_view().map(ToOwned::to_owned),
            indexes: design.indexes().map(ToOwned::to_owned).collect(),
            policy: false,
        }
    }

    fn designed(logical: &str) -> &'static Design {
        Template::deployed().unwrap().table(logical).unwrap()
    }

    fn faults(design: &Design, change: impl FnOnce(&mut Table)) -> Vec<Fault> {
        let mut table = as_designed(design);
        change(&mut table);
        judge(design, Some(&table), Some(KEY), true)
    }

    #[test]
    fn a_table_as_designed_has_no_fault() {
        for design in Template::deployed().unwrap().tables() {
            assert_eq!(faults(design, |_| {}), [], "{}", design.logical_id());
        }
    }

    #[test]
    fn every_change_is_named() {
        let [keys, log] = ["KeysTable", "ConversationsTable"].map(designed);
        assert_eq!(faults(keys, |table| table.active = false), [Fault::NotActive]);
        assert_eq!(faults(keys, |table| table.expiry = None), [Fault::ExpiryOff]);
        let elsewhere = faults(keys, |table| table.expiry = Some("p".to_owned()));
        assert_eq!(elsewhere, [Fault::ExpiryElsewhere("p".to_owned())]);
        assert_eq!(faults(keys, |table| table.key_arn = None), [Fault::OtherKey]);
        assert_eq!(faults(keys, |table| table.protected = false), [Fault::Unprotected]);
        assert_eq!(faults(keys, |table| table.recovery = true), [Fault::Recoverable]);
        assert_eq!(faults(log, |table| table.recovery = false), [Fault::NoRecovery]);
        let longer = [Fault::OtherRecovery { days: 35, designed: 7 }];
        assert_eq!(faults(log, |table| table.recovery_days = Some(35)), longer);
        assert_eq!(faults(log, |table| table.recovery_days = None), [], "it is not said");
        assert_eq!(faults(log, |table| table.stream = None), [Fault::NoStream]);
        let image = || Some("NEW_IMAGE".to_owned());
        let shown = [Fault::OtherStream("NEW_IMAGE".to_owned())];
        assert_eq!(faults(log, |table| table.stream = image()), shown);
        assert_eq!(faults(keys, |table| table.stream = image()), shown);
        assert_eq!(faults(keys, |table| table.indexes.clear()), [Fault::NoIndex("due".to_owned())]);
        assert_eq!(faults(keys, |table| table.policy = true), [Fault::Policy]);
    }

    #[test]
    fn what_is_not_there_and_what_the_parameter_allows() {
        let keys = designed("KeysTable");
        assert_eq!(judge(keys, None, Some(KEY), true), [Fault::Absent]);
        let mut open = as_designed(keys);
        open.protected = false;
        assert_eq!(judge(keys, Some(&open), Some(KEY), false), []);
        assert_eq!(judge(keys, Some(&open), None, false), [Fault::OtherKey]);
    }
}
