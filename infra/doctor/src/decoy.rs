//! `cargo doctor plant-decoy`: makes a conversation a decoy, so that the first who reads it is locked out.
//!
//! The operator begins the conversation in the widget, like a visitor. This command is no visitor: it looks in the
//! tables that the conversation is there and when it ends, and opens nothing.

use shared::clock::{Clock, UnixMillis};
use shared::ids::{ConversationId, SubjectId};
use shared::store::StoreError;
use shared::store::attributes::{
    EXPIRES_AT, Item, binary, number, optional, read_number, take_binary,
};
use shared::store::decoy::Decoy;
use shared::store::incident::IncidentTable;
use shared::values::policy::AuditDays;

use crate::deployment::Deployment;

/// The result of a try to plant a decoy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planted {
    /// It is in force within a minute, until the conversation ends.
    Until(UnixMillis),
    /// There is no such conversation, it has ended, or it was erased.
    Absent,
    /// A hold keeps it, so nobody knows its end.
    Held,
}

/// Makes the conversation a decoy.
///
/// # Errors
/// A sentence, when the tables could not be read or written.
pub async fn plant(
    deployment: &Deployment,
    clock: &Clock,
    conversation: ConversationId,
) -> Result<Planted, String> {
    let could_not =
        |error: StoreError| format!("The tables could not be read or written: {error}.");
    let Some(subject) = owner(deployment, conversation).await? else { return Ok(Planted::Absent) };
    let key = Item::from([
        ("u".to_owned(), binary(subject.as_bytes().to_vec())),
        ("c".to_owned(), binary(conversation.as_bytes().to_vec())),
    ]);
    let row = deployment.table("keys")?.get("find_end", key).await.map_err(could_not)?;
    // An erasure leaves a row without a key.
    let Some(row) = row.filter(|row| row.contains_key("w")) else { return Ok(Planted::Absent) };
    if !row.contains_key(EXPIRES_AT) {
        return Ok(Planted::Held);
    }
    let end_seconds: i64 = read_number(&row, EXPIRES_AT).map_err(could_not)?;
    let (planted_ms, end_ms) = (clock.now_ms(), end_seconds.saturating_mul(1000));
    if end_ms <= planted_ms {
        return Ok(Planted::Absent);
    }
    let (dynamo, table) = (deployment.dynamo.clone(), deployment.name("incidents")?);
    let incidents = IncidentTable::new(dynamo, table, clock.clone(), AuditDays::default());
    let decoy = Decoy { conversation, subject, planted_ms, end_ms };
    incidents.plant_decoy(&decoy).await.map_err(could_not)?;
    Ok(Planted::Until(end_ms))
}

/// The subject of a conversation, as its first event names it.
async fn owner(
    deployment: &Deployment,
    conversation: ConversationId,
) -> Result<Option<SubjectId>, String> {
    let could_not = |error: StoreError| format!("The conversation could not be read: {error}.");
    let key = Item::from([
        ("c".to_owned(), binary(conversation.as_bytes().to_vec())),
        ("s".to_owned(), number(1)),
    ]);
    let found = deployment.table("conversations")?.get("find_owner", key).await;
    let Some(mut event) = found.map_err(could_not)? else { return Ok(None) };
    let subject = optional(&mut event, "u", take_binary).map_err(could_not)?;
    Ok(subject.and_then(|bytes| SubjectId::from_slice(&bytes)))
}
