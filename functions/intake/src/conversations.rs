//! `POST /v1/conversations` and `GET /v1/conversations/{id}`.

use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::access::token::Visitor;
use shared::clock::rfc3339;
use shared::http::app::App;
use shared::http::request::{ConversationPath, Json};
use shared::http::response::Reply;
use shared::ids::ConversationId;
use shared::problem::{Code, FieldCode, Problem};
use shared::store::conversation::{Conversation, Opened};
use shared::store::guests::Act;
use shared::store::state::Status;
use shared::store::{StoreError, body};
use shared::text::{RawText, Text, judge_optional};
use shared::values::object::Object;
use shared::values::site::Site;
use utoipa::ToSchema;

use crate::admission::{admit, not_locked_down};
use crate::commit::{end_of_log, find_now};
use crate::guests::Guest;

/// The answer to a visitor who was erased and would begin anew under the same subject.
pub(crate) fn erased() -> Problem {
    Problem::new(Code::Erased, "Begin with POST /v1/sessions and no token.")
}

/// The purpose without which there is nothing to talk about.
pub(crate) const SUPPORT: &str = "support";

/// A conversation to open.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenRequest {
    /// The visitor's consent; without it nothing is opened.
    #[schema(value_type = Option<Consent>)]
    consent: Option<Object<Consent>>,
    /// Language of the visitor, BCP 47; the site's own if missing.
    #[schema(value_type = Option<String>)]
    locale: Option<RawText>,
}

/// A visitor's consent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// Version of the notice that was shown.
    #[schema(value_type = String)]
    notice_version: Option<RawText>,
    /// The purposes agreed to; `support` must be one.
    #[schema(value_type = Vec<String>)]
    purposes: Option<Vec<RawText>>,
}

/// A conversation.
#[derive(Serialize, ToSchema)]
pub struct ConversationResponse {
    #[schema(value_type = String)]
    id: ConversationId,
    status: &'static str,
    created_at: String,
    /// When it ceases to exist.
    expires_at: String,
}

impl ConversationResponse {
    /// The conversation as its visitor sees it.
    #[must_use]
    pub fn new(conversation: &Conversation, status: Status) -> Self {
        Self {
            id: conversation.id,
            status: status.as_str(),
            created_at: rfc3339(conversation.opened_at_ms()),
            expires_at: rfc3339(conversation.end_ms()),
        }
    }
}

#[utoipa::path(post, path = "/v1/conversations", request_body = OpenRequest,
    params(("Sotto-Proof" = Option<String>, Header)),
    responses((status = 201, body = ConversationResponse)))]
pub(crate) async fn post(
    State(app): State<App>,
    visitor: Visitor,
    guest: Guest,
    Json(request): Json<OpenRequest>,
) -> Result<Reply<ConversationResponse>, Problem> {
    not_locked_down(&app, visitor.site).await?;
    let Object(consent) = request.consent.ok_or(Code::ConsentRequired)?;
    let notice: Text<1, 32> = Text::required(consent.notice_version, "/consent/notice_version")?;
    let purposes = consent
        .purposes
        .unwrap_or_default()
        .into_iter()
        .map(|purpose| Text::<1, 32>::judge(purpose, "/consent/purposes"))
        .collect::<Result<Vec<_>, _>>()?;
    if !purposes.iter().any(|purpose| purpose.reveal() == SUPPORT) {
        return Err(Code::ConsentRequired.into());
    }
    if purposes.len() > 8 {
        return Err(Problem::invalid("/consent/purposes", FieldCode::TooLong));
    }
    if !visitor.verified {
        guest.may(&app, Act::Conversation).await?;
    }
    let (is_in_force, is_kept_to) = tokio::join!(
        is_in_force(&app, visitor.site, notice.reveal()),
        is_kept_to(&app, visitor.site, notice.reveal()),
    );
    if !is_in_force? {
        return Err(Problem::new(Code::ConsentRequired, "The notice has another version by now."));
    }
    if !is_kept_to? {
        return Err(Problem::new(Code::ConsentRequired, "The notice said fewer days."));
    }
    let locale: Option<Text<1, 35>> = judge_optional(request.locale, "/locale")?;
    let locale = locale.as_ref().map_or("", Text::reveal);
    // The transaction that opens it sees what ended sessions of the subject, and not the site's key.
    if visitor.verified {
        admit(&app, &visitor).await?;
    }
    let consent = body::Consent {
        locale: locale.to_owned(),
        notice_version: notice.reveal().to_owned(),
        purposes: purposes.iter().map(|purpose| purpose.reveal().to_owned()).collect(),
    };
    let locale = visitor.site.locale_for(locale);
    let whose = (visitor.subject, &visitor.session);
    let opened = app.store.open_conversation(visitor.site, whose, locale, consent).await?;
    let conversation = match opened {
        Opened::New(conversation) => conversation,
        Opened::Erased => return Err(erased()),
        Opened::Ended => return Err(Code::TokenRevoked.into()),
        Opened::Full => {
            let full = Problem::new(Code::RateLimited, "Too many conversations.");
            return Err(full.retry_after(3600));
        }
    };
    let response = ConversationResponse::new(&conversation, Status::Open);
    Ok(Reply(StatusCode::CREATED, response))
}

#[utoipa::path(get, path = "/v1/conversations/{id}",
    params(("id" = String, Path)), responses((status = 200, body = ConversationResponse)))]
pub(crate) async fn get(
    State(app): State<App>,
    visitor: Visitor,
    ConversationPath(id): ConversationPath,
) -> Result<Reply<ConversationResponse>, Problem> {
    let conversation = find_now(&app, &visitor, id).await?;
    let tail = end_of_log(&app, &conversation).await?;
    let status = conversation.status_at(tail.state, app.clock.now_ms());
    Ok(Reply(StatusCode::OK, ConversationResponse::new(&conversation, status)))
}

/// Whether visitors may agree to a version of the notice.
async fn is_in_force(app: &App, site: &Site, notice_version: &str) -> Result<bool, StoreError> {
    let now_ms = app.clock.now_ms();
    let kept = app.store.site_settings(site).await?;
    if kept.look.consent.takes(notice_version, now_ms) {
        return Ok(true);
    }
    // Another function may have shown what an admin changed within the last minute.
    let stored = app.store.stored_site(site).await?;
    Ok(stored.settings.look.consent.takes(notice_version, now_ms))
}

/// Whether nothing is kept for longer than the notice said, if it said days.
async fn is_kept_to(app: &App, site: &Site, notice_version: &str) -> Result<bool, StoreError> {
    let Some((transcript_days, lead_days)) = days_told(notice_version) else { return Ok(true) };
    let policy = app.store.settings.retention_policy(site).await?.policy;
    Ok(policy.keeps_to(transcript_days, lead_days, app.clock.now_ms()))
}

/// The days of transcripts and of contacts that a notice's version ends with, as in `2026-11 (30, 180)`.
fn days_told(notice_version: &str) -> Option<(u16, u16)> {
    let (_, days) = notice_version.trim_end().strip_suffix(')')?.rsplit_once('(')?;
    let (transcript_days, lead_days) = days.split_once(',')?;
    Some((transcript_days.trim().parse().ok()?, lead_days.trim().parse().ok()?))
}
