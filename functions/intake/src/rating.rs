//! `POST /v1/conversations/{id}/rating`: how it went. The last rating counts; a closed conversation
//! can be rated too.

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use serde_json::Number;
use shared::access::token::Visitor;
use shared::http::app::App;
use shared::http::request::{ConversationPath, Json};
use shared::problem::{FieldCode, Problem};
use shared::store::body::{Body, Rating};
use shared::store::inbox::Inbox;
use shared::store::log::Draft;
use shared::text::{RawText, Text, judge_optional};
use utoipa::ToSchema;

use crate::commit::{commit, locate, spend};

/// A rating.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RatingRequest {
    /// 1 to 5.
    #[schema(value_type = u8, minimum = 1, maximum = 5)]
    score: Option<Number>,
    /// In the visitor's words, up to 1,000 characters.
    #[schema(value_type = Option<String>)]
    comment: Option<RawText>,
}

#[utoipa::path(post, path = "/v1/conversations/{id}/rating", params(("id" = String, Path)),
    request_body = RatingRequest, responses((status = 204)))]
pub(crate) async fn post(
    State(app): State<App>,
    visitor: Visitor,
    ConversationPath(id): ConversationPath,
    Json(request): Json<RatingRequest>,
) -> Result<StatusCode, Problem> {
    let score = request.score.ok_or_else(|| Problem::invalid("/score", FieldCode::Missing))?;
    let score = score.as_f64().unwrap_or_default();
    let score = (1_u8..=5)
        .find(|allowed| f64::from(*allowed).to_bits() == score.to_bits())
        .ok_or_else(|| Problem::invalid("/score", FieldCode::NotAllowed))?;
    let comment: Option<Text<0, 1000>> = judge_optional(request.comment, "/comment")?;
    let comment = comment.as_ref().map(|comment| comment.reveal().to_owned());
    let rating = Rating { comment, score };
    let located = locate(&app, &visitor, id, None).await?;
    let now_ms = app.clock.now_ms();
    commit(&app, located, |state| {
        Ok(Some(Draft {
            body: Body::Rated(rating.clone()),
            state: spend(state, now_ms)?,
            idempotency: None,
            inbox: Inbox::Unchanged,
            asked: None,
        }))
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
