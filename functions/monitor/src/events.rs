//! `GET /v1/audit/events`: the security events, the newest first. Reading them is itself an event.

use axum::extract::{RawQuery, State};
use http::StatusCode;
use serde::Serialize;
use shared::clock::{UnixMillis, from_rfc3339, rfc3339};
use shared::http::request::PageQuery;
use shared::http::response::Reply;
use shared::http::staff::{Allowed, SecurityOrAuditor};
use shared::ids::{EventId, StaffId};
use shared::problem::{FieldCode, Problem};
use shared::store::StoreError;
use shared::store::attributes::{Item, optional, take_string};
use shared::store::security_event::{Action as Told, SecurityEvent, partitions};
use shared::values::policy::DAY_MS;
use utoipa::ToSchema;

use crate::parts::App;

/// Days that one request looks at; a longer time comes in pages.
const DAYS: usize = 31;

/// A security event.
#[derive(Serialize, ToSchema)]
pub struct EventItem {
    id: String,
    at: String,
    /// The member of the staff who did it; null where nobody is known.
    #[schema(required = true)]
    actor: Option<String>,
    /// The stored word of the action.
    action: String,
    /// The id of the object.
    target: String,
    /// The read purpose, where one is asked for.
    #[schema(required = true)]
    purpose: Option<String>,
}

/// A page of events, the newest first.
#[derive(Serialize, ToSchema)]
pub struct EventsResponse {
    items: Vec<EventItem>,
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// The events that are asked for.
struct Asked {
    from_ms: UnixMillis,
    to_ms: UnixMillis,
    actor: Option<StaffId>,
    action: Option<String>,
}

impl Asked {
    fn read(query: &str, now_ms: UnixMillis) -> Result<Self, Problem> {
        let mut asked = Self { from_ms: now_ms - DAY_MS, to_ms: now_ms, actor: None, action: None };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let time = |pointer| {
                let refused = || Problem::invalid(pointer, FieldCode::BadFormat);
                from_rfc3339(&value).filter(|at_ms| *at_ms >= 0).ok_or_else(refused)
            };
            match &*name {
                "from" => asked.from_ms = time("/query/from")?,
                "to" => asked.to_ms = time("/query/to")?.min(now_ms),
                "actor" => {
                    let refused = || Problem::invalid("/query/actor", FieldCode::BadFormat);
                    asked.actor = Some(StaffId::parse(&value).ok_or_else(refused)?);
                }
                "action" => {
                    let is_word =
                        value.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
                    if value.is_empty() || value.len() > 40 || !is_word {
                        return Err(Problem::invalid("/query/action", FieldCode::BadFormat));
                    }
                    asked.action = Some(value.into_owned());
                }
                _ => {}
            }
        }
        if asked.from_ms > asked.to_ms {
            return Err(Problem::invalid("/query/to", FieldCode::NotAllowed));
        }
        Ok(asked)
    }

    fn wants(&self, event: &EventItem) -> bool {
        let actor = self.actor.map(|actor| actor.to_string());
        (actor.is_none() || event.actor == actor)
            && self.action.as_ref().is_none_or(|action| event.action == *action)
    }
}

#[utoipa::path(get, path = "/v1/audit/events",
    params(("from" = Option<String>, Query, description = "RFC 3339; a day ago if missing."),
        ("to" = Option<String>, Query, description = "RFC 3339; now if missing."),
        ("actor" = Option<String>, Query), ("action" = Option<String>, Query),
        ("limit" = Option<u8>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = EventsResponse)))]
pub(crate) async fn list(
    State(app): State<App>,
    Allowed(staff, ..): Allowed<SecurityOrAuditor>,
    page: PageQuery,
    RawQuery(query): RawQuery,
) -> Result<Reply<EventsResponse>, Problem> {
    let asked = Asked::read(query.as_deref().unwrap_or_default(), app.clock().now_ms())?;
    let place = page.after(Place::read)?;
    // Each page: a cursor is plain text, and whoever begins with one reads as much.
    let told = SecurityEvent::by(staff.id, Told::AuditLogRead, "events");
    app.staff.events.append(told).await?;
    Ok(Reply(StatusCode::OK, find(&app, &asked, place, page.limit).await?))
}

/// The beginning of a page: behind an event, or behind all of a time in which nothing was found.
struct Place {
    at_ms: UnixMillis,
    key: String,
}

impl Place {
    fn read(cursor: &str) -> Option<Self> {
        let (time, id) = cursor.split_once('_')?;
        let at_ms = from_rfc3339(time).filter(|at_ms| *at_ms >= 0)?;
        let fits = rfc3339(at_ms) == time && (id.is_empty() || EventId::parse(id).is_some());
        fits.then(|| Self { at_ms, key: format!("{time}#{id}") })
    }

    fn write(key: &str) -> String {
        key.replacen('#', "_", 1)
    }
}

/// Reads day by day, from the end of the time to its beginning.
async fn find(
    app: &App,
    asked: &Asked,
    place: Option<Place>,
    limit: usize,
) -> Result<EventsResponse, StoreError> {
    let mut before = place.as_ref().map(|place| place.key.clone());
    let mut to_ms = place.map_or(asked.to_ms, |place| place.at_ms.min(asked.to_ms));
    let mut items = Vec::new();
    for _ in 0..DAYS {
        let day_ms = to_ms.div_euclid(DAY_MS) * DAY_MS;
        let from_ms = day_ms.max(asked.from_ms);
        let mut found = Vec::new();
        for partition in partitions(from_ms, to_ms) {
            let last = before.clone().unwrap_or_else(|| format!("{}#~", rfc3339(to_ms)));
            let times = (&*rfc3339(from_ms), &*last);
            found.extend(app.read_log.between("find_events", &partition, times).await?);
        }
        let mut found = found.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
        found.sort_by(|(one, _), (other, _)| other.cmp(one));
        for (key, event) in found {
            if before.as_ref().is_some_and(|before| key >= *before) || !asked.wants(&event) {
                continue;
            }
            items.push(event);
            if items.len() == limit {
                return Ok(EventsResponse { items, next_cursor: Some(Place::write(&key)) });
            }
        }
        if from_ms <= asked.from_ms {
            return Ok(EventsResponse { items, next_cursor: None });
        }
        (to_ms, before) = (day_ms - 1, None);
    }
    let next = format!("{}#", rfc3339(to_ms + 1));
    Ok(EventsResponse { items, next_cursor: Some(Place::write(&next)) })
}

/// An event with its key. One that somebody has made by hand is shown as far as it can be read.
fn read(mut item: Item) -> Result<(String, EventItem), StoreError> {
    let key = take_string(&mut item, "k")?;
    let (at, id) = key.split_once('#').unwrap_or((&key, ""));
    let mut text = |name| optional(&mut item, name, take_string).unwrap_or_default();
    let event = EventItem {
        id: id.to_owned(),
        at: at.to_owned(),
        actor: text("a"),
        action: text("w").unwrap_or_default(),
        target: text("o").unwrap_or_default(),
        purpose: text("d"),
    };
    Ok((key, event))
}
