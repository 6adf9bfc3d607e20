//! `GET /v1/canned`, `PUT` and `DELETE /v1/canned/{shortcut}`: texts that agents share.

use axum::extract::{Path, State};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::http::request::{Json, Sealable};
use shared::http::response::Reply;
use shared::http::staff::{Agent as AgentRole, Allowed};
use shared::problem::{Code, FieldCode, Problem};
use shared::store::canned::{Canned, MOST, MOST_BYTES};
use shared::text::{MESSAGE_CHARACTERS, RawText, Text, judge_optional};
use shared::values::site::Site;
use utoipa::ToSchema;

use shared::http::staff_app::App;

/// A canned answer.
#[derive(Serialize, ToSchema)]
pub struct CannedAnswer {
    shortcut: String,
    /// With variables such as `{{agent.name}}`, which the console fills in.
    text: String,
    /// A language tag (BCP 47).
    locale: String,
}

/// All canned answers of the site.
#[derive(Serialize, ToSchema)]
pub struct CannedResponse {
    items: Vec<CannedAnswer>,
}

/// A canned answer to store.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CannedRequest {
    /// That of the path, if it is given.
    #[schema(value_type = Option<String>)]
    shortcut: Option<String>,
    /// 1 to 4,000 characters.
    #[schema(value_type = String)]
    text: Option<RawText>,
    /// A language tag; the site's own if missing.
    #[schema(value_type = Option<String>)]
    locale: Option<RawText>,
}

impl From<Canned> for CannedAnswer {
    fn from(Canned { shortcut, text, locale }: Canned) -> Self {
        Self { shortcut, text, locale }
    }
}

/// A shortcut: 1 to 32 of `a-z0-9-`; anything else names nothing.
fn shortcut(Path(text): Path<String>) -> Result<String, Problem> {
    let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let fits = (1..=32).contains(&text.len()) && text.bytes().all(known);
    fits.then_some(text).ok_or_else(|| Code::NotFound.into())
}

#[utoipa::path(get, path = "/v1/canned", responses((status = 200, body = CannedResponse)))]
pub(crate) async fn get(
    State(app): State<App>,
    Sealable(Allowed(..)): Sealable<Allowed<AgentRole>>,
) -> Result<Reply<CannedResponse>, Problem> {
    let items = app.store.canned(Site::SHIPPED).await?;
    let items = items.into_iter().map(CannedAnswer::from).collect();
    Ok(Reply(StatusCode::OK, CannedResponse { items }))
}

#[utoipa::path(put, path = "/v1/canned/{shortcut}", params(("shortcut" = String, Path)),
    request_body = CannedRequest, responses((status = 200, body = CannedAnswer)))]
pub(crate) async fn put(
    State(app): State<App>,
    Sealable(Allowed(..)): Sealable<Allowed<AgentRole>>,
    path: Path<String>,
    Json(request): Json<CannedRequest>,
) -> Result<Reply<CannedAnswer>, Problem> {
    let shortcut = shortcut(path)?;
    if request.shortcut.is_some_and(|named| named != shortcut) {
        return Err(Problem::invalid("/shortcut", FieldCode::NotAllowed));
    }
    let text: Text<1, MESSAGE_CHARACTERS> = Text::required(request.text, "/text")?;
    let locale: Option<Text<1, 35>> = judge_optional(request.locale, "/locale")?;
    let site = Site::SHIPPED;
    let there = app.store.canned(site).await?;
    if there.len() >= MOST && there.iter().all(|known| known.shortcut != shortcut) {
        return Err(Problem::new(Code::Conflict, "There are 500 already: delete one first."));
    }
    let before = there.iter().find(|known| known.shortcut == shortcut);
    let before = before.map_or(0, |known| known.text.len());
    let all: usize = there.iter().map(|known| known.text.len()).sum();
    let length = text.reveal().len();
    // A shorter text is always a step back to what fits.
    if length > before && all - before + length > MOST_BYTES {
        let full = "All texts together would be longer than 500 kB: shorten or delete one first.";
        return Err(Problem::new(Code::Conflict, full));
    }
    let locale = locale.as_ref().map_or(site.language(0), Text::reveal).to_owned();
    let canned = Canned { shortcut, text: text.reveal().to_owned(), locale };
    app.store.put_canned(site, &canned).await?;
    Ok(Reply(StatusCode::OK, canned.into()))
}

#[utoipa::path(delete, path = "/v1/canned/{shortcut}", params(("shortcut" = String, Path)),
    responses((status = 204)))]
pub(crate) async fn delete(
    State(app): State<App>,
    Sealable(Allowed(..)): Sealable<Allowed<AgentRole>>,
    path: Path<String>,
) -> Result<StatusCode, Problem> {
    let shortcut = shortcut(path)?;
    app.store.delete_canned(Site::SHIPPED, &shortcut).await?;
    Ok(StatusCode::NO_CONTENT)
}
