//! `GET /v1/subjects/{subject_id}`: how a subject may be reached, and which conversations there are, for who
//! has to make sure that it is they who ask. Nothing of what was said. That it is read is stored first.

use axum::extract::State;
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use shared::access::permit::{ReadPermit, SubjectRef};
use shared::clock::rfc3339;
use shared::http::request::SubjectPath;
use shared::http::response::Reply;
use shared::http::staff::{Privacy, SteppedUp};
use shared::ids::{ConversationId, SubjectId};
use shared::problem::{Code, Problem};
use shared::store::key_row::{Guarded, KeyRow, Term};
use shared::store::lead::{Contact, Lead};
use shared::values::policy::RetentionPolicy;
use shared::values::role::Role;
use shared::values::site::Site;
use utoipa::ToSchema;

use crate::grounds::Grounds;
use shared::http::staff_app::App;

/// A subject of whom something is stored.
#[derive(Serialize, ToSchema)]
pub struct SubjectResponse {
    #[schema(value_type = String)]
    subject_id: SubjectId,
    /// Whether the site's server has said who this is.
    customer: bool,
    /// Null where none was left, or its time is up.
    #[schema(required = true)]
    contact: Option<SubjectContact>,
    /// The oldest first.
    conversations: Vec<SubjectConversation>,
}

/// A contact as it was left.
#[derive(Serialize, ToSchema)]
pub struct SubjectContact {
    name: String,
    email: String,
    #[schema(required = true)]
    phone: Option<String>,
    left_at: String,
    expires_at: String,
}

/// A conversation, without anything that was said.
#[derive(Serialize, ToSchema)]
pub struct SubjectConversation {
    #[schema(value_type = String)]
    id: ConversationId,
    created_at: String,
    /// When it ends for its visitor. Under a hold it is kept longer, and opens for the purpose
    /// `legal`.
    expires_at: String,
    held: bool,
}

impl SubjectContact {
    fn of(Lead { contact, left_ms, end_ms }: Lead) -> Self {
        let Contact { conversation: _, email, locale: _, name, phone } = contact;
        Self { name, email, phone, left_at: rfc3339(left_ms), expires_at: rfc3339(end_ms) }
    }
}

impl SubjectConversation {
    fn of(row: &KeyRow, policy: &RetentionPolicy) -> Option<Self> {
        let Guarded::Conversation(id) = row.guarded else { return None };
        Some(Self {
            id,
            created_at: rfc3339(id.made_at_ms()),
            expires_at: rfc3339(row.end_ms(policy)),
            held: row.term == Term::Held,
        })
    }
}

#[utoipa::path(get, path = "/v1/subjects/{subject_id}",
    params(("subject_id" = String, Path), ("Sotto-Case" = Option<String>, Header),
        ("Sotto-Purpose" = Option<String>, Header), ("Sotto-Reason" = Option<String>, Header)),
    responses((status = 200, body = SubjectResponse)))]
pub(crate) async fn get(
    State(app): State<App>,
    SteppedUp(staff, ..): SteppedUp<Privacy>,
    SubjectPath(subject): SubjectPath,
    headers: HeaderMap,
) -> Result<Reply<SubjectResponse>, Problem> {
    let why = Grounds::read(&app, &headers).await?.for_contact_of(subject)?;
    let rows = app.store.rows_of(subject).await?;
    if rows.subject.erased.is_some() {
        return Err(Code::Erased.into());
    }
    let policy = app.store.settings.retention_policy(Site::SHIPPED).await?.policy;
    let now_ms = app.clock.now_ms();
    let mut kept: Vec<_> = rows.keys.iter().filter(|row| row.is_kept(&policy, now_ms)).collect();
    let customer = app.store.is_customer(subject).await?;
    if kept.is_empty() && !customer {
        return Err(Code::NotFound.into());
    }
    kept.sort_by_key(|row| match row.guarded {
        Guarded::Conversation(id) => Some(id),
        Guarded::Profile { .. } => None,
    });
    let who = (staff.id, Role::Privacy);
    let what = SubjectRef::Contact(subject);
    let permit = ReadPermit::issue(&app.store, &app.events, who, &why, what).await?;
    let response = SubjectResponse {
        subject_id: subject,
        customer,
        contact: permit.contact(&app.store).await?.map(SubjectContact::of),
        conversations: kept
            .into_iter()
            .filter_map(|row| SubjectConversation::of(row, &policy))
            .collect(),
    };
    Ok(Reply(StatusCode::OK, response))
}
