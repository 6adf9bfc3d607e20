//! `POST /v1/subjects/search` and `DELETE /v1/subjects/{id}`: finding a subject by id or by the address
//! that they left, never by what they wrote; and erasing one.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use shared::access::staff::Staff;
use shared::clock::{UnixMillis, rfc3339};
use shared::http::cursor;
use shared::http::erase::{Carried, carry_out};
use shared::http::request::{IdempotencyKey, PageQuery, PlainJson, SubjectPath};
use shared::http::response::Reply;
use shared::http::staff::{Privacy, SteppedUp};
use shared::ids::{ConversationId, ReceiptId, SubjectId};
use shared::problem::{FieldCode, Problem};
use shared::seal::place::Place;
use shared::store::StoreError;
use shared::store::case::What;
use shared::store::erasure::{OfNothing, Request, idempotency};
use shared::store::key_row::{Guarded, KeyRow};
use shared::store::lead::Position;
use shared::store::ledger::Basis;
use shared::store::receipt::SignedReceipt;
use shared::store::security_event::{Action, SecurityEvent};
use shared::text::{RawText, Text, judge_optional};
use shared::values::address::Address;
use shared::values::policy::RetentionPolicy;
use shared::values::site::Site;
use utoipa::ToSchema;

use crate::erasures::{Asked, ErasureResponse, held};
use crate::grounds::{Grounds, takes};
use shared::http::staff_app::App;

/// A search by address or by subject: one of both.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchRequest {
    /// The address that somebody left.
    #[schema(value_type = Option<String>)]
    email: Option<RawText>,
    /// A subject.
    #[schema(value_type = Option<String>)]
    subject_id: Option<RawText>,
}

/// The subjects that were found.
#[derive(Serialize, ToSchema)]
pub struct SearchResponse {
    items: Vec<SubjectFound>,
    /// Goes on with the others who may have left the address; null at the end.
    next_cursor: Option<String>,
    /// Whether these, with those of the pages before, are all.
    complete: bool,
}

/// A subject of whom something is stored, or was.
#[derive(Serialize, ToSchema)]
pub struct SubjectFound {
    #[schema(value_type = String)]
    subject_id: SubjectId,
    /// Conversations whose time is not up.
    conversations: usize,
    /// Whether a contact is kept.
    lead: bool,
    /// When the first conversation that is kept was opened, or the contact was left if that was earlier.
    since_at: Option<String>,
    /// When the last event of the newest conversation happened, or the contact was left if that was later.
    last_activity_at: Option<String>,
    /// Whether a hold is on any of it.
    held: bool,
    /// Whether they were erased.
    erased: bool,
}

/// Why somebody is erased.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EraseRequest {
    /// `gdpr_17`, `ccpa_delete` or `other`.
    basis: Option<String>,
}

#[utoipa::path(post, path = "/v1/subjects/search", request_body = SearchRequest,
    params(("limit" = Option<u8>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = SearchResponse)))]
pub(crate) async fn search(
    State(app): State<App>,
    SteppedUp(staff, ..): SteppedUp<Privacy>,
    page: PageQuery,
    PlainJson(request): PlainJson<SearchRequest>,
) -> Result<Reply<SearchResponse>, Problem> {
    let email: Option<Text<3, 254>> = judge_optional(request.email, "/email")?;
    let id: Option<Text<1, 64>> = judge_optional(request.subject_id, "/subject_id")?;
    let by_address = email.is_some();
    let (candidates, next_cursor) = match (email, id) {
        (Some(email), None) => by_email(&app, &staff, email.reveal(), &page).await?,
        (None, Some(_)) if page.cursor.is_some() => return Err(cursor::refused()),
        (None, Some(id)) => {
            let id = SubjectId::parse(id.reveal())
                .ok_or_else(|| Problem::invalid("/subject_id", FieldCode::BadFormat))?;
            (vec![id], None)
        }
        (Some(_), Some(_)) => return Err(Problem::invalid("/email", FieldCode::NotAllowed)),
        (None, None) => return Err(Problem::invalid("/email", FieldCode::Missing)),
    };
    // The event says that somebody searched, not for whom: the address is nowhere, and a stranger's
    // id would be one that does not exist.
    app.events.append(SecurityEvent::by(staff.id, Action::SubjectSearched, "subjects")).await?;
    let policy = app.store.settings.retention_policy(Site::SHIPPED).await?.policy;
    let mut items = Vec::new();
    for subject in candidates {
        let found = look_at(&app, subject, &policy).await?;
        // An address whose time is up leads to nobody, though its row may be there until the sweep.
        items.extend(found.filter(|found| !by_address || found.lead || found.erased));
    }
    let complete = next_cursor.is_none();
    Ok(Reply(StatusCode::OK, SearchResponse { items, next_cursor, complete }))
}

/// A page of those who may have left an address, and the cursor of the next one.
async fn by_email(
    app: &App,
    staff: &Staff,
    typed: &str,
    page: &PageQuery,
) -> Result<(Vec<SubjectId>, Option<String>), Problem> {
    let address =
        Address::read(typed).ok_or_else(|| Problem::invalid("/email", FieldCode::BadFormat))?;
    let place = Place::new("subject search").part(staff.id.as_bytes()).part(typed.as_bytes());
    let from = match &page.cursor {
        Some(text) => {
            let position = cursor::open(&app.store, Site::SHIPPED, &place, text).await?;
            Position::from_bytes(position.reveal()).ok_or_else(cursor::refused)?
        }
        None => Position::default(),
    };
    let sought = (&address, typed);
    let found = app.store.subjects_with_email(Site::SHIPPED, sought, (page.limit, from)).await?;
    let next = match found.next {
        Some(next) => {
            Some(cursor::seal(&app.store, Site::SHIPPED, &place, &next.to_bytes()).await?)
        }
        None => None,
    };
    Ok((found.subjects, next))
}

async fn look_at(
    app: &App,
    subject: SubjectId,
    policy: &RetentionPolicy,
) -> Result<Option<SubjectFound>, Problem> {
    let rows = app.store.rows_of(subject).await?;
    let now_ms = app.clock.now_ms();
    let is_kept = |row: &&KeyRow| row.is_kept(policy, now_ms);
    let is_lead = |row: &&KeyRow| matches!(row.guarded, Guarded::Profile { .. });
    let (leads, conversations): (Vec<&KeyRow>, Vec<&KeyRow>) =
        rows.keys.iter().filter(is_kept).partition(is_lead);
    let left_ms = leads.iter().filter_map(|row| match row.guarded {
        Guarded::Profile { left_ms } => Some(left_ms),
        Guarded::Conversation(_) => None,
    });
    let opened = conversations.iter().filter_map(|row| match row.guarded {
        Guarded::Conversation(id) => Some((id.made_at_ms(), id)),
        Guarded::Profile { .. } => None,
    });
    let first_ms = left_ms.clone().chain(opened.clone().map(|(opened_ms, _)| opened_ms)).min();
    let last_event_ms = match opened.max_by_key(|(opened_ms, _)| *opened_ms) {
        Some((opened_ms, newest)) => Some(last_event(app, newest).await?.unwrap_or(opened_ms)),
        None => None,
    };
    let last_ms = left_ms.chain(last_event_ms).max();
    let held = leads.iter().chain(&conversations).any(|row| !row.holds.is_empty());
    let found = SubjectFound {
        subject_id: subject,
        conversations: conversations.len(),
        lead: !leads.is_empty(),
        since_at: first_ms.map(rfc3339),
        last_activity_at: last_ms.map(rfc3339),
        held: held || !rows.subject.holds.is_empty(),
        erased: rows.subject.erased.is_some(),
    };
    let something = found.conversations > 0 || found.lead || found.held || found.erased;
    Ok(something.then_some(found))
}

/// When the last event of a conversation happened. A damaged one keeps nobody from being found.
async fn last_event(app: &App, id: ConversationId) -> Result<Option<UnixMillis>, Problem> {
    match app.store.last_event_ms(id).await {
        Err(StoreError::Unavailable) => Err(StoreError::Unavailable.into()),
        read => Ok(read.unwrap_or_default()),
    }
}

/// With a case that asks for it the subject is erased at once. Without one, somebody else of the privacy
/// officers approves it first.
#[utoipa::path(delete, path = "/v1/subjects/{subject_id}",
    params(("subject_id" = String, Path), ("Sotto-Case" = Option<String>, Header),
        ("Sotto-Purpose" = Option<String>, Header), ("Sotto-Reason" = Option<String>, Header)),
    request_body = EraseRequest,
    responses((status = 200, body = SignedReceipt), (status = 202, body = ErasureResponse)))]
pub(crate) async fn delete(
    State(app): State<App>,
    SteppedUp(staff, ..): SteppedUp<Privacy>,
    SubjectPath(subject): SubjectPath,
    IdempotencyKey(key): IdempotencyKey,
    headers: HeaderMap,
    PlainJson(request): PlainJson<EraseRequest>,
) -> Result<Response, Problem> {
    let grounds = Grounds::read(&app, &headers).await?;
    let basis = request.basis.ok_or_else(|| Problem::invalid("/basis", FieldCode::Missing))?;
    let basis =
        Basis::find(&basis).ok_or_else(|| Problem::invalid("/basis", FieldCode::NotAllowed))?;
    let request = Request {
        subject,
        site: Site::SHIPPED,
        basis,
        requested_ms: app.clock.now_ms(),
        idempotency: idempotency(&key, basis.as_str()),
        of_nothing: OfNothing::Refused,
    };
    let case = match grounds {
        Grounds::Case(case) => case,
        Grounds::Stated(why) => {
            let asked = Asked { request, why, by: staff.id };
            return asked.wait(&app).await;
        }
    };
    if app.store.find_subject(subject).await?.erased.is_none() {
        // Nobody is erased under a case of somebody else, or one that asks for something else.
        let what = What::Erased(ReceiptId::generate(&app.clock)?);
        takes(&case, what, subject, &staff, &app)?;
    }
    let recorded = (&app.events, Some(staff.id));
    let carried = carry_out(&app.store, &app.issuer, &request, recorded).await?;
    let what = carried.as_ref().map_or(What::Waiting, |carried| What::Erased(carried.id));
    app.store.note_in_case(&app.events, staff.id, case.id, what, subject).await?;
    carried.map(Carried::into_response).ok_or_else(held)
}
