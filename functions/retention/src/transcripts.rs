//! `GET /v1/transcripts/{conversation_id}`: a transcript, for staff with a reason to read it. The
//! access is recorded before anything is opened.

use axum::Extension;
use axum::extract::State;
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use shared::access::permit::{Purpose, ReadPermit, SubjectRef};
use shared::access::staff::Staff;
use shared::clock::rfc3339;
use shared::http::metrics::{Metric, Noted};
use shared::http::request::{PageQuery, TranscriptPath};
use shared::http::response::Reply;
use shared::http::staff::{Allowed, Reading, SteppedUp, cooling_down};
use shared::http::transcript::{ConversationRead, Message, Page, Reader};
use shared::ids::ConversationId;
use shared::problem::{Code, Problem};
use shared::store::conversation::Conversation;
use shared::store::key_row::Term;
use shared::values::role::Role;
use utoipa::ToSchema;

use crate::grounds::text;
use shared::http::staff_app::{App, not_locked_down, trained};
use shared::values::site::Site;

/// Roles that read everything, each with a second factor.
const OFFICERS: [Role; 2] = [Role::Privacy, Role::Security];

/// A page of a transcript.
#[derive(Serialize, ToSchema)]
pub struct TranscriptResponse {
    conversation: ConversationRead,
    messages: Vec<Message>,
    /// Where the next page begins; null on the last.
    next_cursor: Option<String>,
    /// `ok`, or `broken` when an event of this page was altered, moved or taken out.
    integrity: &'static str,
}

#[utoipa::path(get, path = "/v1/transcripts/{conversation_id}",
    params(("conversation_id" = String, Path), ("limit" = Option<u8>, Query), ("cursor" = Option<String>, Query),
        ("Sotto-Purpose" = String, Header,
            description = "`support`, `quality`, `subject_request`, `incident` or `legal`."),
        ("Sotto-Reason" = Option<String>, Header,
            description = "Why, 8 to 200 characters; needed for all purposes but `support`.")),
    responses((status = 200, body = TranscriptResponse)))]
pub(crate) async fn get(
    State(app): State<App>,
    Allowed(staff, ..): Allowed<Reading>,
    TranscriptPath(id): TranscriptPath,
    query: PageQuery,
    headers: HeaderMap,
) -> Result<(Option<Extension<Noted>>, Reply<TranscriptResponse>), Problem> {
    // Only an agent may need no step-up. A lock is in force at once for everybody.
    if staff.roles.has(Role::Agent) {
        Allowed::<Reading>::now(&headers, &app).await?;
    } else {
        SteppedUp::<Reading>::of(&headers, &app).await?;
    }
    not_locked_down(&app, &staff, Site::SHIPPED).await?;
    let why = Purpose::read(text(&headers, "sotto-purpose"), text(&headers, "sotto-reason"))?;
    let role = role(&app, &staff, id, &headers).await?;
    let subject = app.store.owner_of(id).await?.ok_or(Code::NotFound)?;
    let found = app.store.row_for_staff(subject, id).await?;
    let (row, policy) = found.ok_or(Code::NotFound)?;
    if row.is_destroyed() {
        return Err(Code::Erased.into());
    }
    trained(&app, (staff.id, staff.id), id).await?;
    let what = SubjectRef::Conversation(subject, id);
    let permit = ReadPermit::issue(&app.store, &app.events, (staff.id, role), &why, what).await?;
    let conversation = permit.open(&app.store, (&row, policy)).await?;
    let reader = staff.id.to_string();
    let asked = (query.cursor.as_deref(), query.limit);
    // This function loads no base, so a source has its id alone.
    let page = Page::read(&app.store, &conversation, Reader::Staff(&reader), asked, None).await?;
    let noted = (!page.is_sound).then_some(Extension(Noted(Metric::Corrupt)));
    let integrity = page.integrity();
    let response = TranscriptResponse {
        conversation: described(&app, &conversation).await?,
        messages: page.items,
        next_cursor: page.next_cursor,
        integrity,
    };
    Ok((noted, Reply(StatusCode::OK, response)))
}

/// The role in which somebody reads: an agent what they have claimed, a privacy or security officer
/// everything, who shows a second factor for it.
async fn role(
    app: &App,
    staff: &Staff,
    id: ConversationId,
    headers: &HeaderMap,
) -> Result<Role, Problem> {
    if staff.roles.has(Role::Agent) && app.store.is_claimed_by(id, staff.id).await? {
        return Ok(Role::Agent);
    }
    let Some(officer) = OFFICERS.into_iter().find(|role| staff.roles.has(*role)) else {
        // An officer whose role rests has been let in as an agent.
        let rests = staff
            .cooling
            .is_some_and(|cooling| OFFICERS.iter().any(|role| cooling.roles.has(*role)));
        let refusal = if rests { cooling_down(app, staff).await } else { Code::NotFound.into() };
        return Err(refusal);
    };
    if staff.roles.has(Role::Agent) {
        SteppedUp::<Reading>::of(headers, app).await?;
    }
    Ok(officer)
}

async fn described(app: &App, conversation: &Conversation) -> Result<ConversationRead, Problem> {
    let tail = app.store.tail(conversation.id).await?.of(conversation)?.ok_or(Code::NotFound)?;
    let status = conversation.status_at(tail.state, app.clock.now_ms());
    Ok(ConversationRead {
        id: conversation.id,
        subject_id: conversation.subject.to_string(),
        status: status.as_str(),
        created_at: rfc3339(conversation.opened_at_ms()),
        expires_at: rfc3339(conversation.end_ms()),
        held: conversation.term == Term::Held,
    })
}
