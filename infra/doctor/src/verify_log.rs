//! `cargo doctor verify-log`: verifies the audit log and the events that it tells of, without trusting any
//! function of the deployment.

use shared::clock::Clock;
use shared::store::StoreError;
use shared::store::attributes::take_string;
use shared::store::staff_keys::log_key;
use shared::store::table::Key;
use tiles::log::AuditLog;
use tiles::note::{NoteVerifier, origin_of, verifier_key};
use tiles::verify::{Verified, verify};

use crate::deployment::Deployment;

/// The result of a verification, and the key that it went by.
pub struct Outcome {
    /// The verifier key (C2SP signed-note).
    pub verifier_key: String,
    /// The result.
    pub verified: Verified,
}

impl Outcome {
    /// A line for each thing that does not hold, and one that sums up.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let Verified { faults, size, events, .. } = &self.verified;
        let mut lines: Vec<_> = faults.iter().map(ToString::to_string).collect();
        lines.push(format!(
            "{size} leaves and {events} stored events verified by {}: {} faults.",
            self.verifier_key,
            faults.len()
        ));
        lines
    }

    /// 0 where all holds, 1 otherwise.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        u8::from(!self.verified.faults.is_empty())
    }
}

/// Verifies the log of a deployment. Without a verifier key that was kept, the one counts that the deployment
/// publishes now; `since` is a checkpoint that was kept.
///
/// # Errors
/// A sentence, when something could not be read: then nothing is known of the log.
pub async fn run(
    deployment: &Deployment,
    clock: &Clock,
    kept_key: Option<String>,
    since: Option<&str>,
) -> Result<Outcome, String> {
    let could_not = |error: StoreError| format!("The tables could not be read: {error}.");
    let log = AuditLog::new(deployment.table("log")?);
    let events = deployment.table("events")?;
    let key = match kept_key {
        Some(key) => key,
        None => published_key(deployment, &log).await?,
    };
    let verifier = NoteVerifier::new(&key).ok_or("--vkey is no verifier key of a signed note.")?;
    let since = match since {
        None => None,
        Some(note) => {
            let refused = "The kept checkpoint is none that this key has signed.";
            Some(verifier.read(note).ok_or(refused)?)
        }
    };
    let verified = verify(&log, &events, &verifier, since, clock.now_ms());
    Ok(Outcome { verified: verified.await.map_err(could_not)?, verifier_key: key })
}

/// The key in the set that the deployment publishes, under the name that its checkpoint has.
async fn published_key(deployment: &Deployment, log: &AuditLog) -> Result<String, String> {
    let could_not = |error: StoreError| format!("The tables could not be read: {error}.");
    let missing = "The deployment publishes no key of its audit log yet: rotate-keys makes it.";
    let settings = deployment.table("settings")?;
    let set = settings.get("find_staff_keys", &Key::new("staff", "jwks")).await;
    let mut set = set.map_err(could_not)?.ok_or(missing)?;
    let set = take_string(&mut set, "j").map_err(could_not)?;
    let key = log_key(&set).ok_or(missing)?;
    let rows = log.checkpoints().await.map_err(could_not)?;
    let mut origins = rows.iter().flatten().rev().filter_map(|(_, note)| origin_of(note));
    let empty = "The audit log is empty: the first event begins it, within a minute.";
    Ok(verifier_key(&origins.next().ok_or(empty)?, &key))
}
