//! `POST /v1/conversations/{id}/close`: the visitor ends a conversation. Closing a closed one changes
//! nothing.

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use shared::access::token::Visitor;
use shared::http::app::App;
use shared::http::request::{ConversationPath, MaybeJson};
use shared::http::response::Reply;
use shared::problem::Problem;
use shared::store::body::Body;
use shared::store::inbox::Inbox;
use shared::store::log::Draft;
use shared::store::state::Status;
use utoipa::ToSchema;

use crate::commit::{commit, locate};
use crate::conversations::ConversationResponse;

/// Nothing needs to be said.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseRequest {}

#[utoipa::path(post, path = "/v1/conversations/{id}/close", params(("id" = String, Path)),
    request_body(content = Option<CloseRequest>),
    responses((status = 200, body = ConversationResponse)))]
pub(crate) async fn post(
    State(app): State<App>,
    visitor: Visitor,
    ConversationPath(id): ConversationPath,
    MaybeJson(CloseRequest {}): MaybeJson<CloseRequest>,
) -> Result<Reply<ConversationResponse>, Problem> {
    let located = locate(&app, &visitor, id, None).await?;
    let conversation = located.conversation.clone();
    let now_ms = app.clock.now_ms();
    commit(&app, located, |state| {
        if state.status == Status::Closed {
            return Ok(None);
        }
        let waited = matches!(state.status, Status::Waiting | Status::WithAgent);
        Ok(Some(Draft {
            body: Body::Closed(None),
            state: state.at(now_ms).with_status(Status::Closed),
            idempotency: None,
            inbox: if waited { Inbox::Left } else { Inbox::Unchanged },
            asked: None,
        }))
    })
    .await?;
    Ok(Reply(StatusCode::OK, ConversationResponse::new(&conversation, Status::Closed)))
}
