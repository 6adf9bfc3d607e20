//! `GET /v1/leads` and `GET /v1/leads/export`: the contacts that visitors left to be answered, for agents
//! with a purpose. Each reading is recorded before a contact is opened, and each subject's export tells of
//! it.

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use csv::{QuoteStyle, WriterBuilder};
use futures_util::future::join_all;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, StatusCode};
use serde::Serialize;
use shared::access::permit::{Purpose, ReadPermit};
use shared::access::staff::Staff;
use shared::clock::{UnixMillis, from_rfc3339, rfc3339};
use shared::http::request::PageQuery;
use shared::http::response::Reply;
use shared::http::staff::{Agent, Allowed, SteppedUp};
use shared::ids::{ConversationId, SubjectId};
use shared::problem::{Code, FieldCode, Problem};
use shared::store::lead::{Contact, Lead, ListPlace};
use shared::store::read_record::ReadPurpose;
use shared::store::security_event::Action;
use shared::values::encoding::{from_timed, timed};
use shared::values::site::Site;
use shared::values::spreadsheet::neutral;
use utoipa::ToSchema;

use crate::grounds::text;
use shared::http::staff_app::{App, not_frozen, not_locked_down};

/// Contacts in one file; a header says where the next file begins.
const FILE: usize = 500;
/// Contacts that are opened at once.
const AT_ONCE: usize = 10;
/// Names the cursor of the next file.
const NEXT: HeaderName = HeaderName::from_static("sotto-next-cursor");
/// The columns of the file.
const COLUMNS: [&str; 7] =
    ["created_at", "name", "email", "phone", "conversation_id", "site", "locale"];

/// A contact that a visitor left.
#[derive(Serialize, ToSchema)]
pub struct LeadItem {
    /// When it was left.
    created_at: String,
    name: String,
    email: String,
    #[schema(required = true)]
    phone: Option<String>,
    /// The conversation in which it was left; its log may have ended.
    #[schema(value_type = String)]
    conversation_id: ConversationId,
    site: &'static str,
    /// The language that the visitor was answered in; null for a contact of 0.1.0.
    #[schema(required = true)]
    locale: Option<String>,
}

/// A page of contacts, the newest first.
#[derive(Serialize, ToSchema)]
pub struct LeadsResponse {
    items: Vec<LeadItem>,
    /// Where the next page begins; null on the last.
    #[schema(required = true)]
    next_cursor: Option<String>,
    /// How many of this page are damaged and left out.
    damaged: usize,
}

impl LeadItem {
    fn of(Lead { contact, left_ms, end_ms: _ }: Lead) -> Self {
        let Contact { conversation, email, locale, name, phone } = contact;
        Self {
            created_at: rfc3339(left_ms),
            name,
            email,
            phone,
            conversation_id: conversation,
            site: Site::SHIPPED.id,
            locale,
        }
    }

    fn cells(&self) -> [String; COLUMNS.len()] {
        let Self { created_at, name, email, phone, conversation_id, site, locale } = self;
        let optional = |text: &Option<String>| text.clone().unwrap_or_default();
        [
            created_at.clone(),
            name.clone(),
            email.clone(),
            optional(phone),
            conversation_id.to_string(),
            (*site).to_owned(),
            optional(locale),
        ]
    }
}

impl Asked {
    /// Where the page begins: a cursor of a list of other times leads nowhere in this one.
    fn place(&self, page: &PageQuery) -> Result<Option<ListPlace>, Problem> {
        let (from_ms, to_ms) = self.times;
        let within = |(left_ms, _): &ListPlace| (from_ms..=to_ms).contains(left_ms);
        page.after(|cursor| read_place(cursor).filter(within))
    }
}

/// When the contacts were left that are asked for; from the beginning until now if nothing is said.
fn times(query: Option<String>) -> Result<(UnixMillis, UnixMillis), Problem> {
    let (mut from_ms, mut to_ms) = (0, UnixMillis::MAX);
    for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        let (time, pointer) = match &*name {
            "from" => (&mut from_ms, "/query/from"),
            "to" => (&mut to_ms, "/query/to"),
            _ => continue,
        };
        let refused = || Problem::invalid(pointer, FieldCode::BadFormat);
        *time = from_rfc3339(&value).ok_or_else(refused)?;
    }
    if from_ms > to_ms {
        return Err(Problem::invalid("/query/to", FieldCode::NotAllowed));
    }
    Ok((from_ms, to_ms))
}

/// Why contacts are read: to answer them, or to see how well it was done.
fn purpose(headers: &HeaderMap) -> Result<Purpose, Problem> {
    let why = Purpose::read(text(headers, "sotto-purpose"), text(headers, "sotto-reason"))?;
    match why.purpose() {
        ReadPurpose::Support | ReadPurpose::Quality => Ok(why),
        ReadPurpose::SubjectRequest | ReadPurpose::Incident | ReadPurpose::Legal => {
            let detail = "Contacts are listed for the purposes support and quality.";
            Err(Problem::new(Code::PurposeRequired, detail))
        }
    }
}

#[utoipa::path(get, path = "/v1/leads",
    params(("from" = Option<String>, Query, description = "Left at that time or later, RFC 3339."),
        ("to" = Option<String>, Query, description = "Left at that time or earlier."),
        ("limit" = Option<u8>, Query), ("cursor" = Option<String>, Query),
        ("Sotto-Purpose" = String, Header, description = "`support` or `quality`."),
        ("Sotto-Reason" = Option<String>, Header,
            description = "Why, 8 to 200 characters; needed for `quality`.")),
    responses((status = 200, body = LeadsResponse)))]
pub(crate) async fn get(
    State(app): State<App>,
    Allowed(staff, ..): Allowed<Agent>,
    page: PageQuery,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Reply<LeadsResponse>, Problem> {
    // A page of contacts is a reading of as many people: a lock is in force at once.
    Allowed::<Agent>::now(&headers, &app).await?;
    not_locked_down(&app, &staff, Site::SHIPPED).await?;
    let asked = Asked { why: purpose(&headers)?, times: times(query)?, action: Action::LeadsRead };
    let place = asked.place(&page)?;
    let Read { items, next, damaged } = read(&app, &staff, &asked, (place, page.limit)).await?;
    let next_cursor = next.map(write_place);
    Ok(Reply(StatusCode::OK, LeadsResponse { items, next_cursor, damaged }))
}

#[utoipa::path(get, path = "/v1/leads/export",
    params(("from" = Option<String>, Query), ("to" = Option<String>, Query),
        ("cursor" = Option<String>, Query, description = "`Sotto-Next-Cursor` of the file before."),
        ("Sotto-Purpose" = String, Header, description = "`support` or `quality`."),
        ("Sotto-Reason" = Option<String>, Header)),
    responses((status = 200, body = String, content_type = "text/csv",
        description = "At most 500 contacts. A cell that a spreadsheet would take for a formula has an \
                       apostrophe before it.",
        headers(("Sotto-Next-Cursor" = Option<String>, description = "Where the next file begins.")))))]
pub(crate) async fn export(
    State(app): State<App>,
    SteppedUp(staff, ..): SteppedUp<Agent>,
    page: PageQuery,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let why = purpose(&headers)?;
    not_frozen(&app, Site::SHIPPED).await?;
    let asked = Asked { why, times: times(query)?, action: Action::LeadsExported };
    let place = asked.place(&page)?;
    let Read { items, next, damaged } = read(&app, &staff, &asked, (place, FILE)).await?;
    if damaged > 0 {
        // A file that lacks somebody does not say so.
        return Err(Code::IntegrityFailed.into());
    }
    let file = csv_of(&items).ok_or(Code::Internal)?;
    let about = [
        (CONTENT_TYPE, "text/csv; charset=utf-8"),
        (CONTENT_DISPOSITION, "attachment; filename=\"contacts.csv\""),
    ];
    let next = next.map(|next| [(NEXT, write_place(next))]);
    Ok((about, next, file).into_response())
}

/// A request for contacts: the reason, the time, and the event that tells of it.
struct Asked {
    why: Purpose,
    times: (UnixMillis, UnixMillis),
    action: Action,
}

/// Contacts of a page or a file.
struct Read {
    items: Vec<LeadItem>,
    next: Option<ListPlace>,
    damaged: usize,
}

/// Up to so many contacts behind a place that have not ended. The reading is recorded first.
async fn read(
    app: &App,
    staff: &Staff,
    asked: &Asked,
    place: (Option<ListPlace>, usize),
) -> Result<Read, Problem> {
    let site = Site::SHIPPED;
    let (subjects, next) = app.store.leads(site, asked.times, place).await?;
    let who = (staff.id, asked.action);
    let permits =
        ReadPermit::issue_for_contacts(&app.store, &app.events, who, &asked.why, &subjects).await?;
    let (mut items, mut damaged) = (Vec::new(), 0);
    for some in permits.chunks(AT_ONCE) {
        for opened in join_all(some.iter().map(|permit| permit.contact(&app.store))).await {
            match opened {
                Ok(lead) => items.extend(lead.map(LeadItem::of)),
                Err(problem) if problem.code == Code::IntegrityFailed => damaged += 1,
                Err(problem) => return Err(problem),
            }
        }
    }
    Ok(Read { items, next, damaged })
}

/// The file of these contacts (RFC 4180).
fn csv_of(items: &[LeadItem]) -> Option<Vec<u8>> {
    let mut file = WriterBuilder::new()
        .quote_style(QuoteStyle::Always)
        .terminator(csv::Terminator::CRLF)
        .from_writer(format!("{}\r\n", COLUMNS.join(",")).into_bytes());
    for item in items {
        file.write_record(item.cells().iter().map(|cell| neutral(cell))).ok()?;
    }
    file.into_inner().ok()
}

fn write_place((left_ms, subject): ListPlace) -> String {
    timed(left_ms, subject.as_bytes())
}

fn read_place(cursor: &str) -> Option<ListPlace> {
    let (left_ms, subject) = from_timed(cursor)?;
    Some((left_ms, SubjectId::from_slice(&subject)?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use shared::clock::Clock;

    proptest! {
        #[test]
        fn a_file_gives_back_its_cells_and_none_of_them_is_a_formula(
            name in "[a;=,|\\t\\n\"' @+-]{0,12}|\\PC*", email in any::<String>(), phone in any::<Option<String>>(),
        ) {
            let conversation_id = ConversationId::generate(&Clock::manual(1)).unwrap();
            let item = LeadItem {
                created_at: rfc3339(1), name, email, phone, conversation_id, site: "default", locale: None,
            };
            let file = csv_of(std::slice::from_ref(&item)).unwrap();
            let mut file = csv::Reader::from_reader(&*file);
            let rows: Vec<_> = file.records().collect::<Result<_, _>>().unwrap();
            prop_assert_eq!(rows.len(), 1);
            for (written, cell) in rows[0].iter().zip(item.cells()) {
                let own = |text: &str| text.replace('\'', "");
                prop_assert_eq!(own(written), own(&cell));
                prop_assert!(!written.starts_with(['\t', '\r', '\n']));
                for part in written.split([',', ';', '|', '\t', '\r', '\n']) {
                    prop_assert!(!part.trim_start_matches([' ', '"']).starts_with(['=', '+', '-', '@']));
                }
            }
        }
    }
}
