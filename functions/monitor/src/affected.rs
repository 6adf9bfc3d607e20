//! `GET /v1/incidents/{id}/affected`: which conversations, how many people and which classes of data, from the
//! record of who has read what.

use std::collections::BTreeSet;

use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use shared::clock::{UnixMillis, rfc3339};
use shared::http::request::IncidentPath;
use shared::http::response::Reply;
use shared::http::staff::{Allowed, Security};
use shared::ids::{ConversationId, StaffId, SubjectId};
use shared::problem::{Code, Problem};
use shared::store::StoreError;
use shared::store::attributes::{Item, take_string};
use shared::store::incident::Incident;
use shared::store::security_event::partitions;
use shared::values::policy::DAY_MS;
use utoipa::ToSchema;

use crate::parts::App;

/// Days before the incident was opened that are looked at beside the time of its events: who reads in one
/// hour what they may not may have done so before.
const BEFORE_MS: UnixMillis = DAY_MS;
/// Days that are looked at in all; the answer says which.
const MOST_MS: UnixMillis = 31 * DAY_MS;

/// The time that was looked at.
#[derive(Serialize, ToSchema)]
pub struct WindowItem {
    from: String,
    to: String,
}

/// The people and data that an incident concerns.
#[derive(Serialize, ToSchema)]
pub struct AffectedResponse {
    conversations: Vec<String>,
    people: usize,
    /// Of `messages`, `contacts` and `erased`.
    classes: Vec<&'static str>,
    window: WindowItem,
}

/// The same, for the report.
pub(crate) struct Affected {
    pub(crate) conversations: BTreeSet<ConversationId>,
    pub(crate) subjects: BTreeSet<SubjectId>,
    /// Conversations of which nobody can say any more whose they were.
    pub(crate) unknown: usize,
    pub(crate) classes: BTreeSet<&'static str>,
    pub(crate) window: (UnixMillis, UnixMillis),
}

impl Affected {
    /// Everybody who can be told apart: a conversation that is gone counts as somebody of its own.
    pub(crate) fn people(&self) -> usize {
        self.subjects.len() + self.unknown
    }
}

#[utoipa::path(get, path = "/v1/incidents/{id}/affected", params(("id" = String, Path)),
    responses((status = 200, body = AffectedResponse)))]
pub(crate) async fn get(
    State(app): State<App>,
    Allowed(..): Allowed<Security>,
    IncidentPath(id): IncidentPath,
) -> Result<Reply<AffectedResponse>, Problem> {
    let incident = app.incidents.find(id).await?.ok_or(Code::NotFound)?;
    let affected = look(&app, &incident.value).await?;
    let people = affected.people();
    let response = AffectedResponse {
        conversations: affected.conversations.iter().map(ToString::to_string).collect(),
        people,
        classes: affected.classes.into_iter().collect(),
        window: WindowItem { from: rfc3339(affected.window.0), to: rfc3339(affected.window.1) },
    };
    Ok(Reply(StatusCode::OK, response))
}

/// Reads what the person whom an incident is about has read, or takes the conversations that its evidence
/// names.
pub(crate) async fn look(app: &App, incident: &Incident) -> Result<Affected, StoreError> {
    let (from_ms, to_ms) = incident.window;
    let from_ms = from_ms.saturating_sub(BEFORE_MS).max(to_ms.saturating_sub(MOST_MS));
    let mut affected = Affected {
        conversations: BTreeSet::new(),
        subjects: BTreeSet::new(),
        unknown: 0,
        classes: BTreeSet::new(),
        window: (from_ms, to_ms),
    };
    if let Some(person) = incident.about.as_deref().and_then(StaffId::parse) {
        for partition in partitions(from_ms, to_ms) {
            let times = (&*rfc3339(from_ms), &*format!("{}~", rfc3339(to_ms)));
            for item in app.read_log.between("find_reads", &partition, times).await? {
                affected.add(item, person)?;
            }
        }
    }
    for event in &incident.evidence {
        let id = event.split_once('#').and_then(|(id, _)| ConversationId::parse(id));
        affected.conversations.extend(id);
    }
    if !affected.conversations.is_empty() {
        affected.classes.insert("messages");
    }
    for id in affected.conversations.clone() {
        match app.staff.store.owner_of(id).await? {
            Some(subject) => {
                affected.subjects.insert(subject);
            }
            None => affected.unknown += 1,
        }
    }
    Ok(affected)
}

impl Affected {
    fn add(&mut self, mut item: Item, person: StaffId) -> Result<(), StoreError> {
        let actor =
            if item.contains_key("a") { take_string(&mut item, "a")? } else { String::new() };
        if StaffId::parse(&actor) != Some(person) {
            return Ok(());
        }
        let (action, object) = (take_string(&mut item, "w")?, take_string(&mut item, "o")?);
        match &*action {
            "transcript_read" | "conversation_claimed" | "conversation_received" => {
                self.conversations.extend(ConversationId::parse(&object));
            }
            "subject_exported" => {
                self.subjects.extend(SubjectId::parse(&object));
                self.classes.extend(["messages", "contacts"]);
            }
            "contact_read" => {
                self.subjects.extend(SubjectId::parse(&object));
                self.classes.insert("contacts");
            }
            // The subjects of a list are in the record of each, and not in the event.
            "leads_read" | "leads_exported" => {
                self.classes.insert("contacts");
            }
            "subject_erased" => {
                self.subjects.extend(SubjectId::parse(&object));
                self.classes.insert("erased");
            }
            _ => {}
        }
        Ok(())
    }
}
