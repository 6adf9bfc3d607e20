//! `POST /v1/conversations/{id}/feedback`: whether an answer of the bot helped. The last word on an
//! answer counts; a closed conversation takes it too.

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use shared::access::token::Visitor;
use shared::http::app::App;
use shared::http::live::position;
use shared::http::request::{ConversationPath, Json};
use shared::problem::{FieldCode, Problem};
use shared::store::body::{Body, Feedback};
use shared::store::event::Kind;
use shared::store::inbox::Inbox;
use shared::store::log::Draft;
use shared::text::{RawText, Text};
use utoipa::ToSchema;

use crate::commit::{commit, locate, spend};

/// Whether an answer helped.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeedbackRequest {
    /// The id of a bot's message.
    #[schema(value_type = String)]
    message_id: Option<RawText>,
    /// Whether it did.
    #[schema(value_type = bool)]
    helpful: Option<bool>,
}

#[utoipa::path(post, path = "/v1/conversations/{id}/feedback", params(("id" = String, Path)),
    request_body = FeedbackRequest, responses((status = 204)))]
pub(crate) async fn post(
    State(app): State<App>,
    visitor: Visitor,
    ConversationPath(id): ConversationPath,
    Json(request): Json<FeedbackRequest>,
) -> Result<StatusCode, Problem> {
    let unknown = || Problem::invalid("/message_id", FieldCode::BadFormat);
    let helpful =
        request.helpful.ok_or_else(|| Problem::invalid("/helpful", FieldCode::Missing))?;
    let message: Text<1, 80> = Text::required(request.message_id, "/message_id")?;
    let located = locate(&app, &visitor, id, None).await?;
    let at = position(id, message.reveal()).map_err(|_| unknown())?;
    let event = app.store.find_event(id, at.seq).await?;
    if at.part != 1 || event.is_none_or(|event| event.header.kind != Kind::Exchange) {
        return Err(unknown());
    }
    let feedback = Feedback { helpful, seq: at.seq };
    let now_ms = app.clock.now_ms();
    commit(&app, located, |state| {
        Ok(Some(Draft {
            body: Body::Feedback(feedback.clone()),
            state: spend(state, now_ms)?,
            idempotency: None,
            inbox: Inbox::Unchanged,
            asked: None,
        }))
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
