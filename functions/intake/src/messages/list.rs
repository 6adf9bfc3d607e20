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
use shared::problem::{Code, FieldCode, Problem};
use shared::seal::envelope::Sealed;
use shared::store::conversation::Conversation;
use shared::store::event::{LINK_LEN, StoredEvent};
use shared::store::log::cursor_place;
use shared::values::encoding::{base64url, from_base64url};
use utoipa::ToSchema;

use super::{Message, spoken};
use crate::commit::find;

/// Events read at once. Those without text, such as ratings, fill no page, so a page may take several
/// reads; after these it ends early and says where it goes on.
const EVENTS_PER_READ: i32 = 64;
const READS_PER_PAGE: usize = 4;

/// A page of messages.
#[derive(Serialize, ToSchema)]
pub struct MessagesResponse {
    items: Vec<Message>,
    /// Where the next page begins; null on the last.
    next_cursor: Option<String>,
    /// `ok`, or `broken` when an event of this page was altered, moved or taken out.
    integrity: &'static str,
}

/// Where a page begins: an event, and the message in it.
#[derive(Clone, Copy)]
struct Position {
    seq: u64,
    part: usize,
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
    let conversation = find(&app, &visitor, id).await?;
    let start = match &query.cursor {
        None => Position { seq: 1, part: 0 },
        Some(cursor) => Position::read(&conversation, cursor)
            .ok_or_else(|| Problem::invalid("/query/cursor", FieldCode::BadFormat))?,
    };
    let mut page = Page::new(&conversation, start, query.limit);
    let mut goes_on = true;
    for _ in 0..READS_PER_PAGE {
        let events;
        (events, goes_on) = app.store.events_from(id, page.next_seq, EVENTS_PER_READ).await?;
        if page.last_seen.is_none() && events.is_empty() {
            // The key is there and its log is not: it is past its time.
            return Err(Code::NotFound.into());
        }
        page.add_all(&events);
        if page.rest.is_some() || !goes_on {
            break;
        }
    }
    if page.rest.is_none() && goes_on {
        page.rest = Some(Position { seq: page.next_seq, part: 0 });
    }
    let next_cursor = page.rest.map(|rest| rest.write(&conversation)).transpose()?;
    let integrity = if page.sound { "ok" } else { "broken" };
    let noted = (!page.sound).then_some(Extension(Noted(Metric::Corrupt)));
    let response = MessagesResponse { items: page.items, next_cursor, integrity };
    Ok((noted, Reply(StatusCode::OK, response)))
}

impl Position {
    fn write(self, conversation: &Conversation) -> Result<String, Problem> {
        let part = u8::try_from(self.part).map_err(|_| Code::Internal)?;
        let mut bytes = self.seq.to_be_bytes().to_vec();
        bytes.push(part);
        let place = cursor_place(conversation, "page");
        let sealed = conversation.key.cursors.seal(&place, &bytes).map_err(|_| Code::Internal)?;
        Ok(base64url(sealed.as_stored()))
    }

    fn read(conversation: &Conversation, cursor: &str) -> Option<Self> {
        let sealed = Sealed::from_stored(from_base64url(cursor)?);
        let place = cursor_place(conversation, "page");
        let opened = conversation.key.cursors.open(&place, &sealed).ok()?;
        let (seq, part) = opened.reveal().split_first_chunk::<8>()?;
        let [part] = part else { return None };
        Some(Self { seq: u64::from_be_bytes(*seq), part: usize::from(*part) })
    }
}

/// A page while it is read.
struct Page<'a> {
    conversation: &'a Conversation,
    start: Position,
    limit: usize,
    items: Vec<Message>,
    rest: Option<Position>,
    sound: bool,
    next_seq: u64,
    last_seen: Option<(u64, [u8; LINK_LEN])>,
}

impl<'a> Page<'a> {
    fn new(conversation: &'a Conversation, start: Position, limit: usize) -> Self {
        Self {
            conversation,
            start,
            limit,
            items: Vec::new(),
            rest: None,
            sound: true,
            // One event more at the beginning, so that the first of the page is held against it.
            next_seq: start.seq.saturating_sub(1).max(1),
            last_seen: None,
        }
    }

    /// Adds events in order, until the page is full.
    fn add_all(&mut self, events: &[StoredEvent]) {
        for event in events {
            self.check_link(event);
            if event.seq >= self.start.seq && !self.add(event) {
                return;
            }
        }
    }

    fn add(&mut self, event: &StoredEvent) -> bool {
        let messages = spoken(self.conversation, event).unwrap_or_else(|_| {
            self.sound = false;
            tracing::error!(conversation = %self.conversation.id, seq = event.seq, "an event did not open");
            Vec::new()
        });
        let first = if event.seq == self.start.seq { self.start.part } else { 0 };
        for (part, message) in messages.into_iter().enumerate().skip(first) {
            if self.items.len() == self.limit {
                self.rest = Some(Position { seq: event.seq, part });
                return false;
            }
            self.items.push(message);
        }
        true
    }

    fn check_link(&mut self, event: &StoredEvent) {
        let expected = match self.last_seen {
            Some((seq, link)) => event.seq == seq + 1 && event.header.previous == link,
            None => {
                event.seq == self.next_seq
                    && (event.seq > 1 || event.header.previous == [0; LINK_LEN])
            }
        };
        if !expected {
            self.sound = false;
            tracing::error!(conversation = %self.conversation.id, seq = event.seq, "the chain is broken");
        }
        self.last_seen =
            Some((event.seq, event.link(self.conversation.site.id, self.conversation.id)));
        self.next_seq = event.seq + 1;
    }
}
