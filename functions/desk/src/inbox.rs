//! `GET /v1/inbox`: who waits, whom the caller has, what they have closed, and for admins what all agents
//! have closed. No text of anybody.

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use futures_util::future::try_join_all;
use http::header::{ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;
use shared::access::staff::Staff;
use shared::clock::{UnixMillis, from_rfc3339, rfc3339};
use shared::http::request::{PageQuery, Sealable};
use shared::http::response::Reply;
use shared::http::staff::{AgentOrAdmin, Allowed};
use shared::ids::{ConversationId, StaffId};
use shared::problem::{Code, FieldCode, Problem};
use shared::seal::suite;
use shared::store::StoreError;
use shared::store::inbox::{List, Place, Row};
use shared::store::live::{Side, Who};
use shared::store::state::Status;
use shared::values::encoding::{base64url, from_timed, timed};
use shared::values::role::Role;
use shared::values::site::Site;
use utoipa::ToSchema;

use shared::http::staff_app::App;

/// A filter may pass over so many pages of a list before the answer says where it goes on.
const PAGES: usize = 4;

/// An agent, as colleagues see them.
#[derive(Serialize, ToSchema)]
pub struct AgentRef {
    /// Their id.
    pub id: String,
    /// The name that they work under.
    pub name: String,
}

/// A conversation in the inbox.
#[derive(Serialize, ToSchema)]
pub struct InboxItem {
    conversation_id: String,
    /// Null in a row of 0.1.0.
    subject_id: Option<String>,
    /// `waiting`, `with_agent` or `closed`; `open` once it was given back to the bot.
    status: &'static str,
    waiting_since: String,
    last_message_at: String,
    locale: &'static str,
    /// Whether the site's server has said who the visitor is.
    verified: bool,
    agent: Option<AgentRef>,
    /// Messages of the visitor behind the agent's last answer, and behind what they have seen.
    unread: u64,
    tags: Vec<String>,
}

/// How many conversations there are.
#[derive(Serialize, ToSchema)]
pub struct Counts {
    waiting: u64,
    mine: u64,
}

/// A page of the inbox.
#[derive(Serialize, ToSchema)]
pub struct InboxResponse {
    items: Vec<InboxItem>,
    /// Where the next page begins; null on the last.
    next_cursor: Option<String>,
    counts: Counts,
    /// Other agents who are there now.
    colleagues: Vec<AgentRef>,
}

impl InboxItem {
    /// The item of a row, of which the agent has seen what their side says.
    #[must_use]
    pub fn new(row: &Row, agent: Side) -> Self {
        let site = Site::SHIPPED;
        Self {
            conversation_id: row.conversation.to_string(),
            subject_id: row.subject.map(String::from),
            status: row.status.as_str(),
            waiting_since: rfc3339(row.waiting_since_ms),
            last_message_at: rfc3339(row.last_message_ms),
            locale: site.language(row.locale),
            verified: row.verified,
            agent: row
                .agent
                .as_ref()
                .map(|agent| AgentRef { id: agent.id.to_string(), name: agent.name.clone() }),
            unread: agent.unread(row),
            tags: Vec::new(),
        }
    }

    /// The same with the tags of a closed conversation.
    #[must_use]
    pub fn with_tags(self, tags: Vec<String>) -> Self {
        Self { tags, ..self }
    }
}

#[derive(Default)]
struct Filter {
    status: Wanted,
    tag: Option<String>,
    from_ms: Option<UnixMillis>,
    to_ms: Option<UnixMillis>,
    /// Only what this agent has closed.
    closed_by: Option<StaffId>,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    #[default]
    Waiting,
    Mine,
    Closed,
}

impl Filter {
    fn read(query: &str) -> Result<Self, Problem> {
        let mut filter = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let refused = |pointer| Problem::invalid(pointer, FieldCode::NotAllowed);
            let time = |pointer| {
                from_rfc3339(&value).ok_or_else(|| Problem::invalid(pointer, FieldCode::BadFormat))
            };
            match &*name {
                "status" => {
                    filter.status = match &*value {
                        "waiting" => Wanted::Waiting,
                        "mine" => Wanted::Mine,
                        "closed" => Wanted::Closed,
                        _ => return Err(refused("/query/status")),
                    };
                }
                "tag" if !value.is_empty() => filter.tag = Some(value.into_owned()),
                "from" if !value.is_empty() => filter.from_ms = Some(time("/query/from")?),
                "to" if !value.is_empty() => filter.to_ms = Some(time("/query/to")?),
                _ => {}
            }
        }
        Ok(filter)
    }

    /// Whether it lets a row through, by what the row says in the clear.
    fn lets(&self, row: &Row) -> bool {
        let at_ms = row.last_message_ms;
        let agent = row.agent.as_ref().map(|agent| agent.id);
        self.closed_by.is_none_or(|by| agent == Some(by))
            && self.from_ms.is_none_or(|from_ms| from_ms <= at_ms)
            && self.to_ms.is_none_or(|to_ms| at_ms <= to_ms)
    }
}

#[utoipa::path(get, path = "/v1/inbox",
    params(("status" = Option<String>, Query, description = "`waiting` (default), `mine` or `closed`."),
        ("tag" = Option<String>, Query), ("from" = Option<String>, Query), ("to" = Option<String>, Query),
        ("limit" = Option<u8>, Query), ("cursor" = Option<String>, Query),
        ("If-None-Match" = Option<String>, Header)),
    responses((status = 200, body = InboxResponse, headers(("ETag" = String))),
        (status = 304, description = "Nothing changed.")))]
pub(crate) async fn get(
    State(app): State<App>,
    Sealable(Allowed(staff, ..)): Sealable<Allowed<AgentOrAdmin>>,
    page: PageQuery,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut filter = Filter::read(query.as_deref().unwrap_or_default())?;
    let list = match filter.status {
        Wanted::Closed => {
            filter.closed_by = (!staff.roles.has(Role::Admin)).then_some(staff.id);
            List::Closed
        }
        // An admin who takes no conversations has no business with those who wait.
        _ if !staff.roles.has(Role::Agent) => return Err(Code::Forbidden.into()),
        Wanted::Waiting => List::Waiting,
        Wanted::Mine => List::With(staff.id),
    };
    let place = page.after(read_place)?;
    let site = Site::SHIPPED;
    let (rows, next) = listed(&app, list, &filter, (place, page.limit)).await?;
    let mut items = Vec::new();
    for (row, tags) in rows {
        let side = match filter.status {
            Wanted::Mine => app.store.side(row.conversation, Who::Agent).await?,
            Wanted::Waiting | Wanted::Closed => Side::default(),
        };
        items.push(InboxItem::new(&row, side).with_tags(tags));
    }
    let response = InboxResponse {
        items,
        next_cursor: next.map(write_place),
        counts: Counts {
            waiting: app.store.count_inbox(site, List::Waiting, None).await?,
            mine: app.store.count_inbox(site, List::With(staff.id), None).await?,
        },
        colleagues: colleagues(&app, &staff).await?,
    };
    answer(&headers, response)
}

/// Rows of a list that the filter lets through, with their tags. A conversation that has ended by time is in no list.
async fn listed(
    app: &App,
    list: List,
    filter: &Filter,
    (mut place, limit): (Option<Place>, usize),
) -> Result<(Vec<(Row, Vec<String>)>, Option<Place>), Problem> {
    let site = Site::SHIPPED;
    let policy = app.store.settings.retention_policy(site).await?.policy;
    let now_ms = app.clock.now_ms();
    let mut found = Vec::new();
    for _ in 0..PAGES {
        let (rows, next) = app.store.inbox(site, list, (place, limit - found.len())).await?;
        let rows = rows.into_iter().filter(|row| {
            let opened_ms = row.conversation.made_at_ms();
            let goes_on = match row.status {
                Status::Closed => now_ms < policy.transcript_end_ms(opened_ms),
                _ => now_ms < policy.last_word_ms(opened_ms),
            };
            goes_on && filter.lets(row)
        });
        let opened = rows.map(async |row| Ok::<_, Problem>((tags_of(app, &row).await?, row)));
        for (tags, row) in try_join_all(opened).await? {
            if filter.tag.as_ref().is_none_or(|tag| tags.contains(tag)) {
                found.push((row, tags));
            }
        }
        place = next;
        if place.is_none() || found.len() >= limit {
            break;
        }
    }
    Ok((found, place))
}

/// The tags of a row. What does not open hides no other row: it is told in the log, and has none.
async fn tags_of(app: &App, row: &Row) -> Result<Vec<String>, StoreError> {
    match app.store.tags_of(row).await {
        Err(error) if error != StoreError::Unavailable => {
            tracing::error!(conversation = %row.conversation, %error, "tags do not open");
            Ok(Vec::new())
        }
        opened => opened,
    }
}

async fn colleagues(app: &App, staff: &Staff) -> Result<Vec<AgentRef>, Problem> {
    let now_ms = app.clock.now_ms();
    let agents = app.store.agents(Site::SHIPPED).await?.into_iter();
    let there = agents.filter(|agent| now_ms < agent.until_ms && agent.agent.id != staff.id);
    Ok(there
        .map(|there| AgentRef { id: there.agent.id.to_string(), name: there.agent.name })
        .collect())
}

/// The response with its tag, or that the client has it already.
fn answer(headers: &HeaderMap, response: InboxResponse) -> Result<Response, Problem> {
    let body = serde_json::to_vec(&response).map_err(|_| Code::Internal)?;
    let tag = format!("\"{}\"", base64url(&suite::hash(&[&body])[..12]));
    let known = headers.get(IF_NONE_MATCH).and_then(|known| known.to_str().ok());
    let is_known = known.is_some_and(|known| known.split(',').any(|known| known.trim() == tag));
    let mut answer = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Reply(StatusCode::OK, response).into_response()
    };
    let tag = HeaderValue::from_str(&tag).map_err(|_| Code::Internal)?;
    answer.headers_mut().insert(ETAG, tag);
    Ok(answer)
}

fn write_place((at_ms, id): Place) -> String {
    timed(at_ms, id.as_bytes())
}

fn read_place(cursor: &str) -> Option<Place> {
    let (at_ms, id) = from_timed(cursor)?;
    Some((at_ms, ConversationId::from_slice(&id)?))
}
