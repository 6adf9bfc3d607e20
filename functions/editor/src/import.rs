//! `POST /v1/knowledge/import`: entries out of a file. Lines that are right go in, the others come back.

mod csv;
mod html;
mod json_lines;
mod markdown;

use std::collections::{HashMap, HashSet};

use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequest, Request, State};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde::Serialize;
use shared::http::demands::{Demanding, Demands};
use shared::http::response::Reply;
use shared::http::staff::{Admin, Allowed};
use shared::http::staff_app::App;
use shared::problem::{Code, FieldCode, FieldError, Problem};
use shared::store::knowledge::{Draft, Published};
use shared::values::entry::{ENTRIES, Entry, EntryId, RawEntry};
use utoipa::ToSchema;

use crate::entries::{MOST_BYTES, asked, bytes, judge};
use crate::shelf::{Place, PlaceQuery};

/// Bytes of a file at most.
const LIMIT: usize = 2_000_000;
/// Refusals that are listed at most.
const LISTED: usize = 1_000;

/// The result of an import.
#[derive(Serialize, ToSchema)]
pub struct ImportResponse {
    /// Entries that are new.
    added: usize,
    /// Entries of which there was one with the same title, and another content.
    changed: usize,
    /// Entries that are in it as they were.
    unchanged: usize,
    /// At most 1,000.
    rejected: Vec<Rejected>,
}

/// A line that was not taken.
#[derive(Serialize, ToSchema)]
pub struct Rejected {
    /// From 1; of an entry of several lines, its first.
    line: usize,
    /// `no_title`, `no_answer`, `no_question`, `too_long`, `markup`, `bad_url`, `duplicate_question`,
    /// `bad_format`, `not_unicode`, `too_many`.
    code: &'static str,
}

/// An entry of a file, and the line where it begins.
struct Found {
    line: usize,
    entry: RawEntry,
}

/// A line of a file that is no entry.
struct Fault {
    line: usize,
    code: FieldCode,
}

type Parsed = Vec<Result<Found, Fault>>;

#[utoipa::path(post, path = "/v1/knowledge/import",
    params(("site" = Option<String>, Query), ("locale" = Option<String>, Query)),
    request_body(content((String = "text/csv"), (String = "application/jsonl"),
        (String = "text/markdown"), (String = "text/html")),
        description = "CSV with the header `title,question,answer,url,near_misses`, of which the last two may \
                       be missing, several phrasings by several lines of one title or separated by `|`; JSON \
                       Lines of entries; Markdown, `## title`, list items as phrasings, the rest as the \
                       answer; or the HTML of a page, the questions of its schema.org `FAQPage` or else its \
                       headings with what stands below. At most 2 MB."),
    responses((status = 200, body = ImportResponse)))]
pub(crate) async fn post(
    State(app): State<App>,
    Allowed(..): Allowed<Admin>,
    query: PlaceQuery,
    File { kind, bytes }: File,
) -> Result<Reply<ImportResponse>, Problem> {
    let response = take(&app, query.place, kind.parse(&bytes)).await?;
    Ok(Reply(StatusCode::OK, response))
}

/// The form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// `title,question,answer,url,near_misses`.
    Csv,
    /// An entry a line.
    JsonLines,
    /// A heading an entry.
    Markdown,
    /// A page with questions.
    Html,
}

impl FileKind {
    /// Every kind, with the end of its files' names.
    pub const ALL: [(Self, &str); 4] = [
        (Self::Csv, "csv"),
        (Self::JsonLines, "jsonl"),
        (Self::Markdown, "md"),
        (Self::Html, "html"),
    ];

    fn of_media_type(essence: &str) -> Option<Self> {
        match essence {
            "text/csv" => Some(Self::Csv),
            "application/jsonl" | "application/x-ndjson" => Some(Self::JsonLines),
            "text/markdown" => Some(Self::Markdown),
            "text/html" => Some(Self::Html),
            _ => None,
        }
    }

    fn parse(self, bytes: &[u8]) -> Parsed {
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        match self {
            Self::Csv => csv::parse(bytes),
            Self::JsonLines => json_lines::parse(bytes),
            Self::Markdown => markdown::parse(bytes),
            Self::Html => html::parse(bytes),
        }
    }
}

/// The body of a request and its form.
pub(crate) struct File {
    kind: FileKind,
    bytes: Bytes,
}

/// A line of a file that is not taken, and its code.
pub struct Refused {
    /// From 1.
    pub line: usize,
    /// As in [`Rejected`].
    pub code: &'static str,
}

/// The entries of a file, each with an id.
///
/// # Errors
/// The first line that is not right.
pub fn parse_file(kind: FileKind, bytes: &[u8]) -> Result<Vec<Published>, Refused> {
    let mut entries: Vec<Published> = Vec::new();
    let mut taken = HashSet::new();
    for found in kind.parse(bytes) {
        let Found { line, entry } =
            found.map_err(|Fault { line, code }| Refused { line, code: code.words().0 })?;
        let refused = |code: FieldCode| Refused { line, code: code.words().0 };
        let first =
            |errors: Vec<FieldError>| errors.first().map_or(FieldCode::BadFormat, |e| e.code);
        let entry = judge(entry).map_err(|errors| refused(first(errors)))?;
        let own: HashSet<String> = asked(&entry).collect();
        if own.into_iter().any(|question| !taken.insert(question)) {
            return Err(refused(FieldCode::DuplicateQuestion));
        }
        let is_taken = |id: &str| entries.iter().any(|other| other.id == id);
        let id = EntryId::of_title(&entry.title, is_taken).as_str().to_owned();
        entries.push(Published { id, entry });
    }
    Ok(entries)
}

impl Demanding for File {
    fn add_to(demands: &mut Demands) {
        demands.refusals.extend([Code::UnsupportedMediaType, Code::BodyTooLarge]);
    }
}

impl<S: Sync> FromRequest<S> for File {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let kind = parts.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let essence = kind.unwrap_or_default().split(';').next().unwrap_or_default();
        let taken = "Send text/csv, application/jsonl, text/markdown or text/html.";
        let kind = FileKind::of_media_type(&essence.trim().to_ascii_lowercase())
            .ok_or(Problem::new(Code::UnsupportedMediaType, taken))?;
        let large = |_| Problem::new(Code::BodyTooLarge, "A file may have 2 MB: send it in parts.");
        Ok(Self { kind, bytes: to_bytes(body, LIMIT).await.map_err(large)? })
    }
}

/// Stores the entries of a file among those that there are.
async fn take(app: &App, place: Place, parsed: Parsed) -> Result<ImportResponse, Problem> {
    let shelf = place.shelf();
    let mut shelved = Shelved::of(app.store.drafts(shelf).await?);
    let mut done = ImportResponse { added: 0, changed: 0, unchanged: 0, rejected: Vec::new() };
    for found in parsed {
        let refused = match found.map(|found| (found.line, shelved.place_of(found))) {
            Err(Fault { line, code }) => Some((line, code.words().0)),
            Ok((line, Err(code))) => Some((line, code)),
            Ok((_, Ok(Placed::Same))) => {
                done.unchanged += 1;
                None
            }
            Ok((line, Ok(Placed::At(at, id, entry)))) => {
                let known = at.and_then(|at| shelved.drafts.get(at)).map_or(0, |d| d.version);
                match app.store.put_draft(shelf, (id, *entry), known).await? {
                    Some(draft) => {
                        done.added += usize::from(at.is_none());
                        done.changed += usize::from(at.is_some());
                        shelved.put(at, draft);
                        None
                    }
                    // Somebody else edits it right now.
                    None => Some((line, "conflict")),
                }
            }
        };
        let listed = refused.filter(|_| done.rejected.len() < LISTED);
        done.rejected.extend(listed.map(|(line, code)| Rejected { line, code }));
    }
    Ok(done)
}

/// The entries that are there, those of the file included as they come in.
struct Shelved {
    drafts: Vec<Draft>,
    /// The index of the entry that each phrasing is of.
    asked: HashMap<String, usize>,
    bytes: usize,
}

/// The place of an entry.
enum Placed {
    /// It is there already.
    Same,
    /// To the draft of that index, or to a new one.
    At(Option<usize>, EntryId, Box<Entry>),
}

impl Shelved {
    fn of(drafts: Vec<Draft>) -> Self {
        let mut shelved = Self { drafts: Vec::new(), asked: HashMap::new(), bytes: 0 };
        for draft in drafts {
            shelved.put(None, draft);
        }
        shelved
    }

    fn place_of(&self, found: Found) -> Result<Placed, &'static str> {
        let first =
            |errors: Vec<FieldError>| errors.first().map_or("bad_format", |e| e.code.words().0);
        let mut entry = judge(found.entry).map_err(first)?;
        let at = self.drafts.iter().position(|draft| draft.entry.title == entry.title);
        let there = at.and_then(|at| self.drafts.get(at));
        if let Some(there) = there {
            // A file may not say these.
            if entry.near_misses.is_empty() {
                let still = |near: &&String| !entry.questions.contains(near);
                entry.near_misses = there.entry.near_misses.iter().filter(still).cloned().collect();
            }
            let kept = there.entry.keep_together.iter().filter(|part| entry.answer.contains(*part));
            if entry.keep_together.is_empty() {
                entry.keep_together = kept.cloned().collect();
            }
            entry.review_on = entry.review_on.or_else(|| there.entry.review_on.clone());
            if there.entry == entry {
                return Ok(Placed::Same);
            }
        }
        let is_others = |question| self.asked.get(&question).is_some_and(|of| Some(*of) != at);
        if asked(&entry).any(is_others) {
            return Err(FieldCode::DuplicateQuestion.words().0);
        }
        let before = there.map_or(0, |there| bytes(&there.entry));
        let is_full = there.is_none() && self.drafts.len() >= ENTRIES;
        if is_full || self.bytes - before + bytes(&entry) > MOST_BYTES {
            return Err("too_many");
        }
        let is_taken = |id: &str| self.drafts.iter().any(|draft| draft.id.as_str() == id);
        let id = there.map(|there| there.id.clone());
        let id = id.unwrap_or_else(|| EntryId::of_title(&entry.title, is_taken));
        Ok(Placed::At(at, id, Box::new(entry)))
    }

    fn put(&mut self, at: Option<usize>, draft: Draft) {
        let before = at.and_then(|at| self.drafts.get(at)).map_or(0, |draft| bytes(&draft.entry));
        self.bytes = self.bytes - before + bytes(&draft.entry);
        let index = at.unwrap_or(self.drafts.len());
        self.asked.retain(|_, of| *of != index);
        self.asked.extend(asked(&draft.entry).map(|question| (question, index)));
        match self.drafts.get_mut(index) {
            Some(there) => *there = draft,
            None => self.drafts.push(draft),
        }
    }
}
