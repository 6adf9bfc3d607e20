//! `GET /v1/conversations/{id}/messages`: what was said, oldest first.

use axum::Extension;
use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use shared::access::token::Visitor;
use shared::http::app::App;
use shared::http::metrics::{Metric, Noted};
use shared::http::request::{ConversationPath, PageQuery};
use shared::http::response::Reply;
use shared::http::transcript::{Message, Page, Reader};
use shared::problem::Problem;
use utoipa::ToSchema;

use crate::commit::find_now;
use crate::responder;

/// A page of messages.
#[derive(Serialize, ToSchema)]
pub struct MessagesResponse {
    items: Vec<Message>,
    /// Where the next page begins; null on the last.
    next_cursor: Option<String>,
    /// `ok`, or `broken` when an event of this page was altered, moved or taken out.
    integrity: &'static str,
}

#[utoipa::path(get, path = "/v1/conversations/{id}/messages",
    params(("id" = String, Path), ("limit" = Option<u8>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = MessagesResponse)))]
pub(crate) async fn get(
    State(app): State<App>,
    visitor: Visitor,
    ConversationPath(id): ConversationPath,
    query: PageQuery,
) -> Result<(Option<Extension<Noted>>, Reply<MessagesResponse>), Problem> {
    let conversation = find_now(&app, &visitor, id).await?;
    let asked = (query.cursor.as_deref(), query.limit);
    let page =
        Page::read(&app.store, &conversation, Reader::Visitor, asked, responder::entry).await?;
    let noted = (!page.is_sound).then_some(Extension(Noted(Metric::Corrupt)));
    let integrity = page.integrity();
    let response = MessagesResponse { items: page.items, next_cursor: page.next_cursor, integrity };
    Ok((noted, Reply(StatusCode::OK, response)))
}
