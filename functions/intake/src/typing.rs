//! `POST /v1/conversations/{id}/typing`: the visitor types. It is shown for six seconds and is no event.

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use shared::access::token::Visitor;
use shared::http::app::App;
use shared::http::request::{ConversationPath, MaybeJson};
use shared::problem::Problem;
use shared::store::live::Who;
use utoipa::ToSchema;

use crate::commit::find;

/// Nothing needs to be said.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TypingRequest {}

#[utoipa::path(post, path = "/v1/conversations/{id}/typing", params(("id" = String, Path)),
    request_body(content = Option<TypingRequest>), responses((status = 204)))]
pub(crate) async fn post(
    State(app): State<App>,
    visitor: Visitor,
    ConversationPath(id): ConversationPath,
    MaybeJson(TypingRequest {}): MaybeJson<TypingRequest>,
) -> Result<StatusCode, Problem> {
    let conversation = find(&app, &visitor, id).await?;
    app.store.note_typing(conversation.id, Who::Visitor).await?;
    Ok(StatusCode::NO_CONTENT)
}
