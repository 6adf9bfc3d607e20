//! `POST /v1/conversations/{id}/handover`: the visitor asks for a person.

use axum::Extension;
use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::access::token::Visitor;
use shared::clock::rfc3339;
use shared::http::app::App;
use shared::http::live::{Queue, queue};
use shared::http::metrics::{Metric, Noted};
use shared::http::request::{ConversationPath, MaybeJson};
use shared::http::response::Reply;
use shared::problem::Problem;
use shared::store::body::Body;
use shared::store::inbox::{Inbox, Row};
use shared::store::log::Draft;
use shared::store::state::Status;
use shared::text::{RawText, Text, judge_optional};
use utoipa::ToSchema;

use crate::admission::not_locked_down;
use crate::commit::{Outcome, commit, locate, speak};
use crate::responder;

/// Why a person is asked for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandoverRequest {
    /// In the visitor's words, up to 1,000 characters.
    #[schema(value_type = Option<String>)]
    reason: Option<RawText>,
}

/// The state of the conversation, which says who speaks next, and how long that may take.
#[derive(Serialize, ToSchema)]
pub struct HandoverResponse {
    /// `waiting` or `with_agent`; `open` where nobody is there and the bot goes on.
    status: &'static str,
    queue: Option<Queue>,
    /// Whether it is within the opening hours of the site. A site without such hours is always open.
    open_now: bool,
    /// Whether it is, and somebody is there who can answer.
    available: bool,
    /// When a closed site opens next, if it does within 60 days.
    next_opening: Option<String>,
}

#[utoipa::path(post, path = "/v1/conversations/{id}/handover", params(("id" = String, Path)),
    request_body(content = Option<HandoverRequest>),
    responses((status = 202, body = HandoverResponse)))]
pub(crate) async fn post(
    State(app): State<App>,
    visitor: Visitor,
    ConversationPath(id): ConversationPath,
    MaybeJson(request): MaybeJson<HandoverRequest>,
) -> Result<(Option<Extension<Noted>>, Reply<HandoverResponse>), Problem> {
    let reason: Option<Text<0, 1000>> = judge_optional(request.reason, "/reason")?;
    not_locked_down(&app, visitor.site).await?;
    let located = locate(&app, &visitor, id, None).await?;
    let conversation = located.conversation.clone();
    let now_ms = app.clock.now_ms();
    let attendance = app.store.attendance(conversation.site).await?;
    let outcome = commit(&app, located, |state| {
        let spent = speak(&conversation, state, now_ms)?;
        if state.status != Status::Open || !attendance.available {
            return Ok(None);
        }
        let reason = reason.as_ref().map_or("", Text::reveal);
        let row = Row::entering(&conversation, state.locale, visitor.verified, spent.at_ms);
        Ok(Some(Draft {
            body: Body::Handover(reason.to_owned()),
            state: spent.with_status(Status::Waiting),
            idempotency: None,
            inbox: Inbox::Row(Box::new(row)),
            asked: Some(responder::asked(&state)),
        }))
    })
    .await?;
    let asked = matches!(outcome, Outcome::Appended(..));
    let status = match outcome {
        Outcome::Appended(event, _) | Outcome::Repeated(event) => event.header.state.status,
        Outcome::Unneeded(state) => state.status,
    };
    let place = if status == Status::Waiting {
        let row = app.store.inbox_row(id).await?;
        Some(queue(&app.store, &conversation, row.as_ref()).await?)
    } else {
        None
    };
    let noted = asked.then_some(Extension(Noted(Metric::HandedOver)));
    let response = HandoverResponse {
        status: status.as_str(),
        queue: place,
        open_now: attendance.open_now,
        available: attendance.available,
        next_opening: attendance.next_opening_ms.map(rfc3339),
    };
    Ok((noted, Reply(StatusCode::ACCEPTED, response)))
}
