//! The audit log: whether it goes on from where it was when somebody last looked.

use shared::seal::sign::Verifier;
use shared::store::StoreError;
use shared::store::table::Table;
use shared::values::control::Control;
use tiles::log::AuditLog;
use tiles::note::{NoteVerifier, verifier_key};
use tiles::note::{origin_of, read_by};
use tiles::verify::{Verified, verify};

use crate::finding::{Chapter, CouldNot, Finding, MOST, Obstacle};

/// A log with more leaves is not read as a whole: the hashes of its tiles say enough about its growth.
const WHOLE: u64 = 20_000;

/// The findings about the log, and its present checkpoint. `since` is the checkpoint of the last audit, `key`
/// the published key of the log.
pub async fn check(
    log: &AuditLog,
    events: &Table,
    key: Option<&Verifier>,
    since: Option<&str>,
    now_ms: i64,
) -> (Vec<Finding>, Option<String>) {
    match look(log, events, key, since, now_ms).await {
        Ok((faults, size, checkpoint)) => (judge(&faults, size, since.is_some()), checkpoint),
        Err(error) => {
            let reason = Obstacle::NoAnswer(error.to_string());
            let could_not = CouldNot { action: "dynamodb:Query", reason };
            (vec![could_not.finding(&"The audit log").about([Control::LogConsistent])], None)
        }
    }
}

async fn look(
    log: &AuditLog,
    events: &Table,
    key: Option<&Verifier>,
    since: Option<&str>,
    now_ms: i64,
) -> Result<(Vec<String>, u64, Option<String>), StoreError> {
    let Some(head) = log.head().await? else {
        let gone = since.map(|_| "all of it is gone".to_owned());
        return Ok((gone.into_iter().collect(), 0, None));
    };
    let size = head.frontier.size();
    let Some(key) = key else {
        return Ok((vec!["no key of it is published".to_owned()], size, None));
    };
    let before = since.map(|note| read_by(key, note));
    let mut faults = Vec::new();
    if before == Some(None) {
        faults.push("its key has signed no such checkpoint as the last audit kept".to_owned());
    }
    let before = before.flatten();
    if size <= WHOLE {
        let origin = origin_of(&head.checkpoint).unwrap_or_default();
        if let Some(verifier) = NoteVerifier::new(&verifier_key(&origin, key)) {
            let verified = verify(log, events, &verifier, before, now_ms).await?;
            let Verified { faults: found, size, checkpoint, .. } = verified;
            faults.extend(found.iter().map(ToString::to_string));
            return Ok((faults, size, checkpoint));
        }
    }
    if read_by(key, &head.checkpoint) != Some((size, head.frontier.root())) {
        faults.push(format!("checkpoint {size}"));
    }
    if let Some((of, root)) = before
        && (of > size || log.root(of).await? != root)
    {
        faults.push(format!("checkpoint {of}"));
    }
    Ok((faults, size, Some(head.checkpoint)))
}

/// The findings about a log of that many leaves.
#[must_use]
pub fn judge(faults: &[String], size: u64, goes_on: bool) -> Vec<Finding> {
    let see = Chapter::Log;
    if faults.is_empty() {
        let since = if goes_on {
            "goes on from the last audit"
        } else {
            "holds; no earlier audit has kept a checkpoint of it"
        };
        let what = format!("The audit log has {size} leaves and {since}.");
        return vec![Finding::fine("log_consistent", what, see)];
    }
    let named = faults.iter().take(MOST).map(|fault| {
        let what = format!("The audit log does not hold: {fault}.");
        Finding::wrong("log_changed", what, "Run cargo doctor verify-log.", see)
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_does_not_hold_is_named() {
        let codes = |faults: &[String]| {
            judge(faults, 3, true).iter().map(|finding| finding.code).collect::<Vec<_>>()
        };
        assert_eq!(codes(&[]), ["log_consistent"]);
        assert_eq!(codes(&["checkpoint 3".to_owned()]), ["log_changed"]);
    }
}
