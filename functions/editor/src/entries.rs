//! `GET /v1/knowledge`, `GET`, `PUT` and `DELETE /v1/knowledge/{id}`: the entries as they are edited. They are
//! drafts until they are published.

use std::collections::{BTreeMap, HashSet};

use axum::extract::State;
use axum::response::Response;
use http::header::{IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use shared::bot::{is_link, normalise};
use shared::clock::rfc3339;
use shared::http::request::{PathId, PlainJson};
use shared::http::response::{Reply, etag};
use shared::http::staff::{Admin, AgentOrAdmin, Allowed};
use shared::http::staff_app::App;
use shared::problem::{Code, FieldCode, FieldError, Problem};
use shared::store::StoreError;
use shared::store::knowledge::{Draft, Published};
use shared::text::RawText;
use shared::values::entry::{ENTRIES, Entry, EntryId, RawEntry};
use utoipa::ToSchema;

use crate::shelf::{Place, PlaceQuery};

/// UTF-8 bytes of all entries of a language at most, as they are stored.
pub(crate) const MOST_BYTES: usize = 1_000_000;

/// An entry.
#[derive(Serialize, ToSchema)]
pub struct EntryResponse {
    id: String,
    title: String,
    /// Ways to ask it.
    questions: Vec<String>,
    /// Questions that look like them and that it does not answer.
    near_misses: Vec<String>,
    answer: String,
    /// A path on the site, or an `https` address.
    #[schema(required = true)]
    url: Option<String>,
    locale: &'static str,
    site: &'static str,
    /// Parts of the answer that are never shown apart.
    keep_together: Vec<String>,
    /// When somebody should look whether it still holds.
    #[schema(required = true)]
    review_on: Option<String>,
    /// `published` where visitors get it as it stands here, otherwise `draft`.
    state: &'static str,
    /// Of a draft.
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_at: Option<String>,
    /// For `If-Match` of a change; also the header `ETag`. Of a draft.
    #[serde(skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
}

/// All entries of a language.
#[derive(Serialize, ToSchema)]
pub struct EntriesResponse {
    items: Vec<EntryResponse>,
    /// Always null: an answer has all.
    #[schema(required = true)]
    next_cursor: Option<String>,
    /// Published entries without a draft: the next publication takes them away.
    gone: usize,
}

/// An entry to store.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EntryRequest {
    /// That of the path, if it is given.
    id: Option<String>,
    /// 1 to 200 characters.
    #[schema(value_type = String)]
    title: Option<RawText>,
    /// 1 to 100 ways to ask it, each 1 to 300 characters.
    #[schema(value_type = Vec<String>)]
    questions: Option<Vec<RawText>>,
    /// Up to 100 questions that look like them and that it does not answer, each 1 to 300 characters.
    #[schema(value_type = Option<Vec<String>>)]
    near_misses: Option<Vec<RawText>>,
    /// 1 to 2,000 characters.
    #[schema(value_type = String)]
    answer: Option<RawText>,
    /// A path on the site, or an `https` address.
    #[schema(value_type = Option<String>)]
    url: Option<RawText>,
    /// A language of the site; its own if missing.
    locale: Option<String>,
    /// The site; the only one if missing.
    site: Option<String>,
    /// Parts of the answer.
    #[schema(value_type = Option<Vec<String>>)]
    keep_together: Option<Vec<RawText>>,
    /// A date.
    #[schema(value_type = Option<String>)]
    review_on: Option<RawText>,
}

impl EntryResponse {
    fn of_draft(place: Place, draft: Draft, published: &BTreeMap<String, Entry>) -> Self {
        let is_published = published.get(draft.id.as_str()) == Some(&draft.entry);
        Self {
            changed_at: Some(rfc3339(draft.changed_ms)),
            etag: Some(etag(draft.version)),
            ..Self::new(place, draft.id.as_str().to_owned(), draft.entry, is_published)
        }
    }

    fn new(place: Place, id: String, entry: Entry, is_published: bool) -> Self {
        let Entry { title, questions, near_misses, answer, url, keep_together, review_on } = entry;
        Self {
            id,
            title,
            questions,
            near_misses,
            answer,
            url,
            locale: place.locale,
            site: place.site.id,
            keep_together,
            review_on,
            state: if is_published { "published" } else { "draft" },
            changed_at: None,
            etag: None,
        }
    }

    fn tagged(self, status: StatusCode) -> Result<Response, Problem> {
        let tag = self.etag.clone().unwrap_or_default();
        Reply(status, self).tagged(&tag)
    }
}

/// The published entries of a language, by id.
pub(crate) async fn published(
    app: &App,
    place: Place,
) -> Result<BTreeMap<String, Entry>, StoreError> {
    let stored = app.store.kept_site(place.site).await?;
    let Some(head) = stored.bases.get(place.locale) else { return Ok(BTreeMap::new()) };
    let found = app.store.version(place.shelf(), head.version).await?;
    let entries = found.map(|(_, edition)| edition.entries).unwrap_or_default();
    Ok(entries.into_iter().map(|Published { id, entry }| (id, entry)).collect())
}

#[utoipa::path(get, path = "/v1/knowledge",
    params(("site" = Option<String>, Query), ("locale" = Option<String>, Query),
        ("state" = Option<String>, Query,
            description = "`draft`, which is the default: as they are edited; `published`: as visitors get them.")),
    responses((status = 200, body = EntriesResponse)))]
pub(crate) async fn list(
    State(app): State<App>,
    Allowed(..): Allowed<AgentOrAdmin>,
    query: PlaceQuery,
) -> Result<Reply<EntriesResponse>, Problem> {
    let place = query.place;
    let published = published(&app, place).await?;
    let (items, gone) = match query.kind.as_deref() {
        None | Some("draft") => {
            let drafts = app.store.drafts(place.shelf()).await?;
            let is_gone = |id: &&String| drafts.iter().all(|draft| draft.id.as_str() != **id);
            let gone = published.keys().filter(is_gone).count();
            let of = |draft| EntryResponse::of_draft(place, draft, &published);
            (drafts.into_iter().map(of).collect(), gone)
        }
        Some("published") => {
            let of = |(id, entry)| EntryResponse::new(place, id, entry, true);
            (published.into_iter().map(of).collect(), 0)
        }
        Some(_) => return Err(Problem::invalid("/query/state", FieldCode::NotAllowed)),
    };
    Ok(Reply(StatusCode::OK, EntriesResponse { items, next_cursor: None, gone }))
}

#[utoipa::path(get, path = "/v1/knowledge/{id}",
    params(("id" = String, Path), ("site" = Option<String>, Query),
        ("locale" = Option<String>, Query)),
    responses((status = 200, body = EntryResponse, headers(("ETag" = String)))))]
pub(crate) async fn get(
    State(app): State<App>,
    Allowed(..): Allowed<AgentOrAdmin>,
    PathId(id): PathId,
    query: PlaceQuery,
) -> Result<Response, Problem> {
    let id = EntryId::parse(&id).ok_or(Code::NotFound)?;
    let place = query.place;
    let draft = app.store.draft(place.shelf(), &id).await?.ok_or(Code::NotFound)?;
    let published = published(&app, place).await?;
    EntryResponse::of_draft(place, draft, &published).tagged(StatusCode::OK)
}

#[utoipa::path(put, path = "/v1/knowledge/{id}", params(("id" = String, Path),
        ("If-Match" = Option<String>, Header, description = "The `etag` of what is changed."),
        ("If-None-Match" = Option<String>, Header, description = "`*` for a new entry.")),
    request_body = EntryRequest,
    responses((status = 200, body = EntryResponse, headers(("ETag" = String))),
        (status = 201, body = EntryResponse, headers(("ETag" = String)))))]
pub(crate) async fn put(
    State(app): State<App>,
    Allowed(..): Allowed<Admin>,
    PathId(id): PathId,
    headers: HeaderMap,
    PlainJson(request): PlainJson<EntryRequest>,
) -> Result<Response, Problem> {
    let id = EntryId::parse(&id).ok_or(Code::NotFound)?;
    let condition = Condition::read(&headers)?.ok_or(Code::PreconditionRequired)?;
    if request.id.is_some_and(|named| named != id.as_str()) {
        return Err(Problem::invalid("/id", FieldCode::NotAllowed));
    }
    let place = Place::of_body(request.site.as_deref(), request.locale.as_deref())?;
    let entry = judge(RawEntry {
        title: request.title,
        questions: request.questions.unwrap_or_default(),
        near_misses: request.near_misses.unwrap_or_default(),
        answer: request.answer,
        url: request.url,
        keep_together: request.keep_together.unwrap_or_default(),
        review_on: request.review_on,
    })?;
    let drafts = app.store.drafts(place.shelf()).await?;
    let known = drafts.iter().find(|draft| draft.id == id).map_or(0, |draft| draft.version);
    if !condition.holds(known) {
        return Err(Code::Stale.into());
    }
    let others = drafts.iter().filter(|draft| draft.id != id);
    if known == 0 && drafts.len() >= ENTRIES {
        let full = "There are 500 entries in this language: delete one first.";
        return Err(Problem::new(Code::Conflict, full));
    }
    let all: usize = others.clone().map(|draft| bytes(&draft.entry)).sum();
    if all + bytes(&entry) > MOST_BYTES {
        let full = "All entries of a language together would be over 1 MB: shorten one first.";
        return Err(Problem::new(Code::Conflict, full));
    }
    let own: HashSet<String> = asked(&entry).collect();
    if others.flat_map(|other| asked(&other.entry)).any(|question| own.contains(&question)) {
        return Err(Problem::invalid("/questions", FieldCode::DuplicateQuestion));
    }
    let put = app.store.put_draft(place.shelf(), (id, entry), known).await?;
    let draft = put.ok_or(Code::Stale)?;
    let status = if known == 0 { StatusCode::CREATED } else { StatusCode::OK };
    let published = published(&app, place).await?;
    EntryResponse::of_draft(place, draft, &published).tagged(status)
}

#[utoipa::path(delete, path = "/v1/knowledge/{id}",
    params(("id" = String, Path), ("site" = Option<String>, Query),
        ("locale" = Option<String>, Query),
        ("If-Match" = Option<String>, Header, description = "Deletes this state and no other.")),
    responses((status = 204)))]
pub(crate) async fn delete(
    State(app): State<App>,
    Allowed(..): Allowed<Admin>,
    PathId(id): PathId,
    headers: HeaderMap,
    query: PlaceQuery,
) -> Result<StatusCode, Problem> {
    let id = EntryId::parse(&id).ok_or(Code::NotFound)?;
    let condition = Condition::read(&headers)?;
    let shelf = query.place.shelf();
    let known = app.store.draft(shelf, &id).await?.ok_or(Code::NotFound)?.version;
    if condition.is_some_and(|condition| !condition.holds(known)) {
        return Err(Code::Stale.into());
    }
    if !app.store.delete_draft(shelf, &id, known).await? {
        return Err(Code::Stale.into());
    }
    Ok(StatusCode::NO_CONTENT)
}

/// The state that a request changes.
enum Condition {
    /// That of a tag.
    Tag(String),
    /// None: the entry is new.
    New,
}

impl Condition {
    fn read(headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        if let Some(tag) = headers.get(IF_MATCH) {
            let tag = tag.to_str().map_err(|_| Code::Stale)?;
            return Ok(Some(Self::Tag(tag.to_owned())));
        }
        match headers.get(IF_NONE_MATCH).map(HeaderValue::as_bytes) {
            None => Ok(None),
            Some(b"*") => Ok(Some(Self::New)),
            Some(_) => Err(Problem::invalid("/headers/if-none-match", FieldCode::NotAllowed)),
        }
    }

    fn holds(&self, version: u64) -> bool {
        match self {
            Self::Tag(tag) => version > 0 && *tag == etag(version),
            Self::New => version == 0,
        }
    }
}

/// Judges an entry.
pub(crate) fn judge(raw: RawEntry) -> Result<Entry, Vec<FieldError>> {
    Entry::judge(raw, is_link)
}

/// The phrasings of an entry as the bot tells them apart: two entries may share none.
pub(crate) fn asked(entry: &Entry) -> impl Iterator<Item = String> {
    entry.questions.iter().map(|question| normalise(question))
}

/// UTF-8 bytes of an entry, roughly as it is stored.
pub(crate) fn bytes(entry: &Entry) -> usize {
    let Entry { title, questions, near_misses, answer, url, keep_together, review_on: _ } = entry;
    let lists = questions.iter().chain(near_misses).chain(keep_together).map(|text| text.len() + 3);
    title.len() + answer.len() + url.as_ref().map_or(0, String::len) + lists.sum::<usize>() + 100
}
