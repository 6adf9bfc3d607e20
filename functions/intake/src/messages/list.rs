//! `GET /v1/conversations/{id}/messages`: what was said, oldest first; with `after`, what is new.

use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;
use shared::access::token::Visitor;
use shared::http::app::App;
use shared::http::live::{Glanced, News, Since, glance, news, position};
use shared::http::metrics::{Metric, Noted};
use shared::http::request::{ConversationPath, PageQuery, PollQuery};
use shared::http::response::Reply;
use shared::http::transcript::{Message, Page, Reader};
use shared::problem::{Code, Problem};
use shared::values::site::Site;
use utoipa::ToSchema;

use crate::commit::{find, find_now};

/// A page of messages.
#[derive(Serialize, ToSchema)]
pub struct MessagesResponse {
    items: Vec<Message>,
    /// Where the next page begins; null on the last.
    next_cursor: Option<String>,
    /// `ok`, or `broken` when an event of this page was altered, moved or taken out.
    integrity: &'static str,
}

/// A page of messages, or with `after` what is new.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum MessagesOrNews {
    /// Without `after`.
    Messages(MessagesResponse),
    /// With `after`.
    News(News),
}

#[utoipa::path(get, path = "/v1/conversations/{id}/messages",
    params(("id" = String, Path), ("limit" = Option<u8>, Query), ("cursor" = Option<String>, Query),
        ("after" = Option<String>, Query,
            description = "The last message that the client has; empty: from the beginning."),
        ("state" = Option<String>, Query, description = "The `state` of the last answer.")),
    responses((status = 200, body = MessagesOrNews),
        (status = 204, description = "With `after`: nothing is new.")))]
pub(crate) async fn get(
    State(app): State<App>,
    visitor: Visitor,
    ConversationPath(id): ConversationPath,
    query: PollQuery,
) -> Result<Response, Problem> {
    let Some(after) = query.after else {
        let (conversation, bases) =
            tokio::join!(find_now(&app, &visitor, id), app.bases.of(Site::SHIPPED));
        let (conversation, bases) = (conversation?, bases?);
        let asked = (query.page.cursor.as_deref(), query.page.limit);
        let page =
            Page::read(&app.store, &conversation, Reader::Visitor, asked, Some(&bases)).await?;
        let integrity = page.integrity();
        let is_sound = page.is_sound;
        let response =
            MessagesResponse { items: page.items, next_cursor: page.next_cursor, integrity };
        return Ok(noted(is_sound, Reply(StatusCode::OK, MessagesOrNews::Messages(response))));
    };
    let after = Some(&*after).filter(|after| !after.is_empty());
    let after = after.map(|after| position(id, after)).transpose()?;
    let PageQuery { limit, cursor } = query.page;
    let since = Since { after, state: query.state, cursor, limit };
    // Where no message is new none is given out, and what this function remembers is enough.
    match glance(&app.store, &find(&app, &visitor, id).await?, &since).await? {
        Glanced::Quiet => return Ok(StatusCode::NO_CONTENT.into_response()),
        Glanced::Moved(news) => {
            return Ok(Reply(StatusCode::OK, MessagesOrNews::News(*news)).into_response());
        }
        Glanced::Unclear => {}
    }
    let conversation = find_now(&app, &visitor, id).await?;
    let held = app.store.held(conversation).await?.ok_or(Code::NotFound)?;
    let live = app.store.settle(held).await?;
    let bases = app.bases.of(Site::SHIPPED).await?;
    match news(&app.store, &live, Reader::Visitor, &since, Some(&bases)).await? {
        None => Ok(StatusCode::NO_CONTENT.into_response()),
        Some(news) => {
            let is_sound = news.is_sound();
            Ok(noted(is_sound, Reply(StatusCode::OK, MessagesOrNews::News(news))))
        }
    }
}

fn noted<T: Serialize>(is_sound: bool, reply: Reply<T>) -> Response {
    let noted = (!is_sound).then_some(Extension(Noted(Metric::Corrupt)));
    (noted, reply).into_response()
}
