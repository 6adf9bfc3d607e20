//! `GET /v1/inbox/{conversation_id}/suggestions`: published entries that may answer the visitor's last
//! message.

use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use shared::http::request::{Sealable, TranscriptPath};
use shared::http::response::Reply;
use shared::http::staff::{Agent as AgentRole, Allowed};
use shared::problem::Problem;
use shared::store::body::Body;
use shared::store::claim::Live;
use shared::store::event::{Kind, Spoken};
use utoipa::ToSchema;

use crate::claimed::claimed;
use shared::http::staff_app::App;

/// Entries at most.
const MOST: usize = 3;
/// Events behind which a message of the visitor is looked for no more.
const LOOKED_AT: u64 = 64;

/// An entry that may answer.
#[derive(Serialize, ToSchema)]
pub struct Suggestion {
    entry_id: String,
    title: String,
    answer: String,
    /// 0 to 1.
    score: f32,
}

/// The entries that may answer, the likeliest first.
#[derive(Serialize, ToSchema)]
pub struct SuggestionsResponse {
    items: Vec<Suggestion>,
}

#[utoipa::path(get, path = "/v1/inbox/{conversation_id}/suggestions",
    params(("conversation_id" = String, Path)),
    responses((status = 200, body = SuggestionsResponse)))]
pub(crate) async fn get(
    State(app): State<App>,
    Sealable(Allowed(staff, ..)): Sealable<Allowed<AgentRole>>,
    TranscriptPath(id): TranscriptPath,
) -> Result<Reply<SuggestionsResponse>, Problem> {
    let live = claimed(&app, &staff, id).await?;
    let site = live.conversation.site;
    let (bases, asked) = tokio::join!(app.bases.of(site), last_message(&app, &live));
    let (bases, asked) = (bases?, asked?);
    let base = bases.base(site, live.tail.state.locale);
    let items = match (base, asked) {
        (Some(base), Some(asked)) => base
            .candidates(&asked, MOST)
            .into_iter()
            .map(|found| Suggestion {
                entry_id: found.entry.id.to_owned(),
                title: found.entry.title.to_owned(),
                answer: found.entry.answer.to_owned(),
                score: found.score,
            })
            .collect(),
        _ => Vec::new(),
    };
    Ok(Reply(StatusCode::OK, SuggestionsResponse { items }))
}

/// The last message of the visitor, among the last events.
async fn last_message(app: &App, live: &Live) -> Result<Option<String>, Problem> {
    let conversation = &live.conversation;
    let from = live.tail.seq.saturating_sub(LOOKED_AT - 1).max(1);
    let (events, _) = app.store.page_from(conversation.id, from).await?;
    for event in events.iter().rev() {
        if matches!(event.header.kind, Kind::Message | Kind::Exchange) {
            let body = Body::decode(event.header.kind, &conversation.open(event)?)?;
            if let Body::Said(Spoken { message, reply: _ }) = body {
                return Ok(Some(message));
            }
        }
    }
    Ok(None)
}
