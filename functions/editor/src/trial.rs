//! `POST /v1/knowledge/try`: the bot's reaction to a text, before a visitor sends it.

use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::bot::{Answer, Base};
use shared::http::request::PlainJson;
use shared::http::response::Reply;
use shared::http::staff::{AgentOrAdmin, Allowed};
use shared::http::staff_app::App;
use shared::problem::{Code, FieldCode, Problem};
use shared::store::knowledge::Published;
use shared::text::{MESSAGE_CHARACTERS, RawText, Text};
use utoipa::ToSchema;

use crate::shelf::Place;
use crate::train::train;

/// Candidates at most.
const MOST: usize = 5;

/// A text, and which knowledge it is asked of.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TryRequest {
    /// 1 to 4,000 characters.
    #[schema(value_type = String)]
    text: Option<RawText>,
    /// The site; the only one if missing.
    site: Option<String>,
    /// A language of the site; its own if missing.
    locale: Option<String>,
    /// `draft`, which is the default, or `published`.
    state: Option<String>,
}

/// The bot's reaction to a text.
#[derive(Serialize, ToSchema)]
pub struct TryResponse {
    /// The likeliest first.
    candidates: Vec<CandidateEntry>,
    /// `entry`, `asked_back`, `greeting`, `thanks`, `hand_over`, `unknown`, `unhelped`, `declined`, `machine`,
    /// `nothing_asked`, `abuse` or `crisis`.
    reaction: &'static str,
    /// The entry that it would answer with.
    #[schema(required = true)]
    entry_id: Option<String>,
    /// The words that it would say.
    answer: String,
}

/// An entry that may be meant.
#[derive(Serialize, ToSchema)]
pub struct CandidateEntry {
    entry_id: String,
    title: String,
    /// 0 to 1.
    score: f32,
}

#[utoipa::path(post, path = "/v1/knowledge/try", request_body = TryRequest,
    responses((status = 200, body = TryResponse)))]
pub(crate) async fn post(
    State(app): State<App>,
    Allowed(..): Allowed<AgentOrAdmin>,
    PlainJson(request): PlainJson<TryRequest>,
) -> Result<Reply<TryResponse>, Problem> {
    let text: Text<1, MESSAGE_CHARACTERS> = Text::required(request.text, "/text")?;
    let place = Place::of_body(request.site.as_deref(), request.locale.as_deref())?;
    let response = match request.state.as_deref() {
        None | Some("draft") => {
            let drafts = app.store.drafts(place.shelf()).await?;
            let entries = drafts.into_iter().map(Published::from).collect();
            let trained = train(place.locale, entries)?;
            let base = Base::load(&trained.bytes).map_err(|_| Code::Internal)?;
            TryResponse::of(&base, text.reveal())
        }
        Some("published") => {
            let bases = app.bases.of(place.site).await?;
            let index = place.site.locale_for(place.locale);
            let base = bases.base(place.site, index).ok_or(Code::Internal)?;
            TryResponse::of(base, text.reveal())
        }
        Some(_) => return Err(Problem::invalid("/state", FieldCode::NotAllowed)),
    };
    Ok(Reply(StatusCode::OK, response))
}

impl TryResponse {
    fn of(base: &Base<'_>, text: &str) -> Self {
        let answer = base.answer_alone(text);
        let (reaction, entry_id) = match &answer {
            Answer::Entry { id, .. } => ("entry", Some((*id).to_owned())),
            Answer::Greeting { .. } => ("greeting", None),
            Answer::Thanks { .. } => ("thanks", None),
            Answer::HandOver { .. } => ("hand_over", None),
            Answer::Unknown { .. } => ("unknown", None),
            Answer::Asked { .. } => ("asked_back", None),
            Answer::Unhelped { .. } => ("unhelped", None),
            Answer::Declined { .. } => ("declined", None),
            Answer::Machine { .. } => ("machine", None),
            Answer::NothingAsked { .. } => ("nothing_asked", None),
            Answer::Abuse { .. } => ("abuse", None),
            Answer::Crisis { .. } => ("crisis", None),
        };
        let found = base.candidates(text, MOST).into_iter().map(|found| CandidateEntry {
            entry_id: found.entry.id.to_owned(),
            title: found.entry.title.to_owned(),
            score: found.score,
        });
        Self { candidates: found.collect(), reaction, entry_id, answer: answer.text().to_owned() }
    }
}
