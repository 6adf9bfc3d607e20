//! `POST` and `GET /v1/conversations/{id}/messages`.

pub mod list;

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use shared::access::token::Visitor;
use shared::http::app::App;
use shared::http::bases::SiteBases;
use shared::http::live::{News, Since, behind_own, news, position};
use shared::http::metrics::{Metric, Noted};
use shared::http::request::{ConversationPath, IdempotencyKey, Json};
use shared::http::response::{Reply, replayed};
use shared::http::transcript::{Message, Position, Reader, spoken};
use shared::ids::ConversationId;
use shared::problem::{Code, FieldCode, Problem};
use shared::store::body::Body;
use shared::store::conversation::Conversation;
use shared::store::event::{Answered, Idempotency, Kind, Spoken, StoredEvent};
use shared::store::inbox::{Inbox, Row};
use shared::store::log::{Draft, Tail};
use shared::store::state::{State as LogState, Status};
use shared::text::{MESSAGE_CHARACTERS, RawText, Text, judge_optional};
use shared::values::site::Site;
use shared::values::site_settings::SiteSettings;
use utoipa::ToSchema;

use crate::admission::not_locked_down;
use crate::commit::{Located, Outcome, commit, find_now, locate, speak};
use crate::responder::{self, Looked, Sent, Visit};

/// Longest id of an entry.
const ENTRY_ID_CHARACTERS: usize = 10;
/// Where the log ends, for the next message.
static CURSOR: HeaderName = HeaderName::from_static("sotto-cursor");

/// A message of the visitor: a text, or a choice.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageRequest {
    /// 1 to 4,000 characters.
    #[schema(value_type = Option<String>)]
    text: Option<RawText>,
    /// In its place: the id of an entry that the bot has asked about. Its title stands in the conversation.
    #[schema(value_type = Option<String>)]
    choice: Option<RawText>,
    /// The last message that the client has; then the response has the news behind it.
    #[schema(value_type = Option<String>)]
    after: Option<RawText>,
}

/// The stored message, and the answer that is there at once.
#[derive(Serialize, ToSchema)]
pub struct ExchangeResponse {
    message: Message,
    reply: Option<Message>,
    status: &'static str,
    /// The other news behind `after`.
    #[serde(skip_serializing_if = "Option::is_none")]
    news: Option<News>,
}

#[utoipa::path(post, path = "/v1/conversations/{id}/messages", request_body = MessageRequest,
    params(("id" = String, Path), ("Sotto-Cursor" = Option<String>, Header,
        description = "That of the last response; saves a read.")),
    responses((status = 201, body = ExchangeResponse, headers(
        ("Sotto-Cursor" = String, description = "For the next message.")))))]
pub(crate) async fn post(
    State(app): State<App>,
    visitor: Visitor,
    ConversationPath(id): ConversationPath,
    IdempotencyKey(key): IdempotencyKey,
    headers: HeaderMap,
    Json(request): Json<MessageRequest>,
) -> Result<Response, Problem> {
    let words = Words::judge(request.text, request.choice)?;
    let after: Option<Text<0, 80>> = judge_optional(request.after, "/after")?;
    let after = after.map(|after| asked_after(id, after.reveal())).transpose()?;
    let cursor = headers.get(&CURSOR).and_then(|cursor| cursor.to_str().ok());
    // Settings and bases are in memory but once a minute, and then read beside the log.
    let (open, located, settings, bases) = tokio::join!(
        not_locked_down(&app, visitor.site),
        locate(&app, &visitor, id, cursor),
        app.store.site_settings(Site::SHIPPED),
        app.bases.of(Site::SHIPPED),
    );
    open?;
    let (located, settings, bases) = (located?, settings?, bases?);
    let conversation = located.conversation.clone();
    let idempotency = idempotency(&conversation, &key, words.sent());
    let known = app.store.find_repeated(id, &located.tail, &idempotency.key).await?;
    let (event, tail) = if let Some(event) = known {
        (event, None)
    } else {
        let writer = Writer {
            app: &app,
            visitor: &visitor,
            settings: &settings,
            bases: &bases,
            idempotency,
            sent: words.sent(),
        };
        writer.write(located).await?
    };
    let is_first = tail.is_some();
    let own = match (&tail, after) {
        (Some(tail), Some(after)) => {
            let appended = (&event, tail);
            behind_own(&app.store, &conversation, appended, after, Some(&bases)).await?
        }
        _ => None,
    };
    // Other stored text may go out here, so the row is read as it is stored now: the copy in memory may be
    // of a conversation that somebody has erased since, or whose time has ended.
    let conversation = if is_first && (after.is_none() || own.is_some()) {
        conversation
    } else {
        find_now(&app, &visitor, id).await?
    };
    if !is_first && event.header.idempotency.as_ref() != Some(&idempotency) {
        return Err(Code::IdempotencyMismatch.into());
    }
    let mut exchange = exchange(&conversation, &event, &bases)?;
    exchange.news = match (own, after) {
        (None, Some(after)) => news_after(&app, Arc::clone(&conversation), after, &bases).await?,
        (own, _) => own,
    };
    let mut response = Reply(StatusCode::CREATED, exchange).into_response();
    let Some(tail) = tail else { return Ok(replayed(response)) };
    let cursor = tail.to_cursor(&conversation)?;
    let cursor = HeaderValue::from_str(&cursor).map_err(|_| Code::Internal)?;
    response.headers_mut().insert(CURSOR.clone(), cursor);
    // While somebody waits, messages stand alone: this exchange is the one that asked for a person.
    if event.header.kind == Kind::Exchange && event.header.state.status == Status::Waiting {
        response.extensions_mut().insert(Noted(Metric::HandedOver));
    } else if bases.is_damaged() {
        response.extensions_mut().insert(Noted(Metric::BaseDamaged));
    }
    Ok(response)
}

fn asked_after(id: ConversationId, after: &str) -> Result<Option<Position>, Problem> {
    let invalid = |_| Problem::invalid("/after", FieldCode::BadFormat);
    let after = Some(after).filter(|after| !after.is_empty());
    after.map(|after| position(id, after)).transpose().map_err(invalid)
}

async fn news_after(
    app: &App,
    conversation: Arc<Conversation>,
    after: Option<Position>,
    bases: &SiteBases,
) -> Result<Option<News>, Problem> {
    let held = app.store.held(conversation).await?.ok_or(Code::NotFound)?;
    let live = app.store.live(held).await?;
    let since = Since { after, state: None, cursor: None, limit: 50 };
    news(&app.store, &live, Reader::Visitor, &since, Some(bases)).await
}

/// The words of a message.
enum Words {
    Text(Text<1, MESSAGE_CHARACTERS>),
    Choice(Text<1, ENTRY_ID_CHARACTERS>),
}

impl Words {
    fn judge(text: Option<RawText>, choice: Option<RawText>) -> Result<Self, Problem> {
        Ok(match (text, choice) {
            (Some(_), Some(_)) => return Err(Problem::invalid("/choice", FieldCode::NotAllowed)),
            (None, Some(choice)) => Self::Choice(Text::required(Some(choice), "/choice")?),
            (text, None) => Self::Text(Text::required(text, "/text")?),
        })
    }

    fn sent(&self) -> Sent<'_> {
        match self {
            Self::Text(text) => Sent::Text(text.reveal()),
            Self::Choice(id) => Sent::Choice(id.reveal()),
        }
    }
}

/// A message on its way into the log.
struct Writer<'a> {
    app: &'a App,
    visitor: &'a Visitor,
    settings: &'a SiteSettings,
    bases: &'a SiteBases,
    idempotency: Idempotency,
    sent: Sent<'a>,
}

impl Writer<'_> {
    /// The event of the message, and the log's end where it was appended now.
    async fn write(&self, located: Located) -> Result<(StoredEvent, Option<Tail>), Problem> {
        let (conversation, now_ms) = (located.conversation.clone(), self.app.clock.now_ms());
        let mut from = located;
        let mut looked: Option<Looked> = None;
        loop {
            let outcome = commit(self.app, from, |state| {
                let spent = speak(&conversation, state, now_ms)?;
                self.draft(&conversation, spent, looked.as_ref())
            });
            match outcome.await? {
                Outcome::Appended(event, tail) => return Ok((event, Some(tail))),
                Outcome::Repeated(event) => return Ok((event, None)),
                // A person is wanted or may have to be offered, or the text leans on the one before; only
                // then somebody looks.
                Outcome::Unneeded(_) => {
                    let (attendance, end) = tokio::join!(
                        self.app.store.attendance(conversation.site),
                        self.app.store.tail(conversation.id),
                    );
                    let end = end?;
                    looked = Some(Looked {
                        attendance: attendance?,
                        unknown_in_a_row: end.unknown_in_a_row(),
                        before: end.last_exchange(&conversation)?,
                    });
                    let tail = end.of(&conversation)?.ok_or(Code::NotFound)?;
                    // The cursor may have been of before this very message.
                    let (store, key) = (&self.app.store, &self.idempotency.key);
                    if let Some(event) = store.find_repeated(conversation.id, &tail, key).await? {
                        return Ok((event, None));
                    }
                    from = Located { conversation: Arc::clone(&conversation), tail };
                }
            }
        }
    }

    /// A message and its instant answer are one event; while a person answers, a message stands alone.
    /// Nothing where it has to be known first whether somebody is there.
    fn draft(
        &self,
        conversation: &Conversation,
        state: LogState,
        looked: Option<&Looked>,
    ) -> Result<Option<Draft>, Problem> {
        let (bases, settings, verified) = (self.bases, self.settings, self.visitor.verified);
        let idempotency = Some(self.idempotency);
        let message = match self.sent {
            Sent::Text(text) => text.to_owned(),
            Sent::Choice(id) => responder::title(conversation.site, &state, id, bases)?,
        };
        if state.status != Status::Open {
            let body = Body::Said(Spoken { message, reply: None });
            return Ok(Some(Draft { body, state, idempotency, inbox: Inbox::Heard, asked: None }));
        }
        let visit = Visit { bases, settings, verified, looked };
        let Some(answer) = responder::answer(conversation.site, &state, self.sent, visit)? else {
            return Ok(None);
        };
        let is_asking = !answer.choices.is_empty();
        let reply = Answered {
            text: answer.text,
            sources: answer.source.into_iter().collect(),
            choices: answer.choices,
        };
        let spoken = Spoken { message, reply: Some(reply) };
        let (status, inbox) = match answer.wanted {
            Some(_) if answer.hands_over => {
                let row = Row::entering(conversation, state.locale, verified, state.at_ms);
                (Status::Waiting, Inbox::Row(Box::new(row.with_message())))
            }
            _ => (Status::Open, Inbox::Unchanged),
        };
        Ok(Some(Draft {
            body: Body::Said(spoken),
            state: state
                .answered(answer.offers_person)
                .not_knowing(answer.unknown)
                .asking(is_asking)
                .with_status(status),
            idempotency,
            inbox,
            asked: answer.wanted.filter(|_| answer.hands_over),
        }))
    }
}

fn idempotency(conversation: &Conversation, key: &str, sent: Sent<'_>) -> Idempotency {
    let mac = |label, parts: &[&[u8]]| conversation.key.short_mac(label, parts);
    let key = key.as_bytes();
    Idempotency {
        key: mac("idempotency key", &[key]),
        body: match sent {
            Sent::Text(text) => mac("idempotency body", &[key, text.as_bytes()]),
            Sent::Choice(id) => mac("idempotency choice", &[key, id.as_bytes()]),
        },
    }
}

fn exchange(
    conversation: &Conversation,
    event: &StoredEvent,
    bases: &SiteBases,
) -> Result<ExchangeResponse, Problem> {
    let mut messages = spoken(conversation, event, Reader::Visitor, Some(bases))?.into_iter();
    Ok(ExchangeResponse {
        message: messages.next().ok_or(Code::IntegrityFailed)?,
        reply: messages.next(),
        status: event.header.state.status.as_str(),
        news: None,
    })
}
