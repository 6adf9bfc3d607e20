//! `GET` and `POST /v1/cases`, `GET` and `PATCH /v1/cases/{id}`: what subjects ask for, by when it has
//! to be answered, and what was done about it.

use axum::extract::{RawQuery, State};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use shared::clock::{UnixMillis, from_rfc3339, rfc3339};
use shared::http::cursor;
use shared::http::request::{PageQuery, PathId, PlainJson};
use shared::http::response::Reply;
use shared::http::staff::{Allowed, Privacy, SteppedUp};
use shared::ids::{CaseId, ReceiptId, StaffId, SubjectId};
use shared::problem::{Code, FieldCode, Problem};
use shared::seal::place::Place;
use shared::store::case::{Case, Kind, Line, NotNow, State as CaseState, Step};
use shared::store::erasure_request::Waiting;
use shared::store::hold::Hold;
use shared::values::deadline::Law;
use shared::values::policy::RetentionPolicy;
use shared::values::site::Site;
use utoipa::ToSchema;

use crate::holds::HoldResponse;
use shared::http::staff_app::App;

/// A case that begins.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenCaseRequest {
    /// `access` or `erasure`.
    kind: Option<String>,
    /// `gdpr`, `ccpa` or `other`.
    law: Option<String>,
    /// The subject that it is about, if known.
    subject_id: Option<String>,
    /// When it came; now if missing.
    received_at: Option<String>,
}

/// A change of a case; fields that are missing stay as they are.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PatchCaseRequest {
    /// The subject that it is about.
    subject_id: Option<String>,
    /// `verified`, `answered` or `refused`.
    state: Option<String>,
    /// True takes the further time that the law allows.
    extend: Option<bool>,
    /// True when the person was told that the request came.
    confirmed: Option<bool>,
    /// True when the person was told that the erasure waits for a hold to end.
    told_of_hold: Option<bool>,
}

/// A case.
#[derive(Serialize, ToSchema)]
pub struct CaseResponse {
    #[schema(value_type = String)]
    id: CaseId,
    kind: &'static str,
    law: &'static str,
    #[schema(value_type = Option<String>)]
    subject_id: Option<SubjectId>,
    /// `open`, `verified`, `waiting`, `done`, `answered` or `refused`.
    state: &'static str,
    received_at: String,
    /// By when it has to be confirmed that it came, where the law asks for that.
    confirm_by: Option<String>,
    /// When that was done.
    confirmed_at: Option<String>,
    /// When the person was told that the erasure waits for a hold to end.
    told_of_hold_at: Option<String>,
    /// By when it has to be answered.
    due_at: String,
    /// Whether its answer should have been sent by now.
    overdue: bool,
    extended: bool,
    #[schema(value_type = Option<String>)]
    receipt_id: Option<ReceiptId>,
    closed_at: Option<String>,
}

/// Cases, the next due first.
#[derive(Serialize, ToSchema)]
pub struct CasesResponse {
    items: Vec<CaseResponse>,
    next_cursor: Option<String>,
}

/// A case with what was done about it.
#[derive(Serialize, ToSchema)]
pub struct OpenedCaseResponse {
    #[serde(flatten)]
    case: CaseResponse,
    /// The steps that were done, the oldest first.
    log: Vec<CaseLine>,
    /// The holds on its subject that are in force.
    holds: Vec<HoldResponse>,
}

/// Something that was done.
#[derive(Serialize, ToSchema)]
pub struct CaseLine {
    at: String,
    /// Null where the service did it by itself.
    by: Option<CaseOfficer>,
    /// `opened`, `subject_set`, `verified`, `confirmed`, `extended`, `exported`, `waiting`,
    /// `told_of_hold`, `erased`, `answered` or `refused`.
    what: &'static str,
}

/// Somebody of the staff.
#[derive(Serialize, ToSchema)]
pub struct CaseOfficer {
    #[schema(value_type = String)]
    id: StaffId,
}

impl CaseResponse {
    fn new(case: &Case, now_ms: UnixMillis) -> Self {
        Self {
            id: case.id,
            kind: case.kind.as_str(),
            law: case.law.as_str(),
            subject_id: case.subject,
            state: case.state.as_str(),
            received_at: rfc3339(case.received_ms),
            confirm_by: case.confirm_by_ms().map(rfc3339),
            confirmed_at: case.confirmed_ms().map(rfc3339),
            told_of_hold_at: case.told_of_hold_ms().map(rfc3339),
            due_at: rfc3339(case.due_ms()),
            overdue: case.is_overdue(now_ms),
            extended: case.extended,
            receipt_id: case.receipt,
            closed_at: case.closed_ms.map(rfc3339),
        }
    }
}

impl From<&Line> for CaseLine {
    fn from(line: &Line) -> Self {
        let by = line.by.map(|id| CaseOfficer { id });
        Self { at: rfc3339(line.at_ms), by, what: line.what.as_str() }
    }
}

#[utoipa::path(get, path = "/v1/cases",
    params(("state" = Option<String>, Query), ("limit" = Option<u8>, Query),
        ("cursor" = Option<String>, Query)),
    responses((status = 200, body = CasesResponse)))]
pub(crate) async fn list(
    State(app): State<App>,
    Allowed(officer, ..): Allowed<Privacy>,
    RawQuery(query): RawQuery,
    page: PageQuery,
) -> Result<Reply<CasesResponse>, Problem> {
    let chosen = Chosen::read(query.as_deref().unwrap_or_default())?;
    let (store, bound) = (&app.store, chosen.bound_to(officer.id));
    let after = match &page.cursor {
        Some(cursor) => {
            Some(read_cursor(cursor::open(store, Site::SHIPPED, &bound, cursor).await?.reveal())?)
        }
        None => None,
    };
    let mut cases: Vec<Case> = app.store.cases().await?.into_iter().collect::<Result<_, _>>()?;
    cases.retain(|case| chosen.has(case) && after.is_none_or(|after| after < place(case)));
    cases.sort_by_key(place);
    let more = cases.len() > page.limit;
    cases.truncate(page.limit);
    let next_cursor = match cases.last().filter(|_| more) {
        Some(last) => {
            let position = position_of(place(last));
            Some(cursor::seal(store, Site::SHIPPED, &bound, &position).await?)
        }
        None => None,
    };
    let now_ms = app.clock.now_ms();
    let items = cases.iter().map(|case| CaseResponse::new(case, now_ms)).collect();
    Ok(Reply(StatusCode::OK, CasesResponse { items, next_cursor }))
}

#[utoipa::path(post, path = "/v1/cases", request_body = OpenCaseRequest,
    responses((status = 201, body = CaseResponse)))]
pub(crate) async fn post(
    State(app): State<App>,
    Allowed(officer, ..): Allowed<Privacy>,
    PlainJson(request): PlainJson<OpenCaseRequest>,
) -> Result<Reply<CaseResponse>, Problem> {
    let kind = word(request.kind, "/kind", Kind::find)?;
    let law = word(request.law, "/law", Law::find)?;
    let subject = request.subject_id.as_deref().map(read_subject).transpose()?;
    let now_ms = app.clock.now_ms();
    let received_ms = match request.received_at {
        Some(text) => read_receipt(&text, now_ms)?,
        None => now_ms,
    };
    let id = CaseId::generate(&app.clock)?;
    let case = Case::opened(id, (kind, law), subject, received_ms, (officer.id, now_ms));
    app.store.open_case(&app.events, &case, officer.id).await?;
    Ok(Reply(StatusCode::CREATED, CaseResponse::new(&case, now_ms)))
}

#[utoipa::path(get, path = "/v1/cases/{id}", params(("id" = String, Path)),
    responses((status = 200, body = OpenedCaseResponse)))]
pub(crate) async fn get(
    State(app): State<App>,
    Allowed(..): Allowed<Privacy>,
    PathId(id): PathId,
) -> Result<Reply<OpenedCaseResponse>, Problem> {
    let case = find(&app, &id).await?;
    let opened = OpenedCaseResponse {
        case: CaseResponse::new(&case, app.clock.now_ms()),
        log: case.log.iter().map(CaseLine::from).collect(),
        holds: holds_on(&app, case.subject).await?,
    };
    Ok(Reply(StatusCode::OK, opened))
}

#[utoipa::path(patch, path = "/v1/cases/{id}", params(("id" = String, Path)),
    request_body = PatchCaseRequest, responses((status = 200, body = CaseResponse)))]
pub(crate) async fn patch(
    State(app): State<App>,
    Allowed(officer, ..): Allowed<Privacy>,
    PathId(id): PathId,
    headers: HeaderMap,
    PlainJson(request): PlainJson<PatchCaseRequest>,
) -> Result<Reply<CaseResponse>, Problem> {
    let steps = steps_of(request)?;
    // A refusal takes a right from somebody, and may cancel an erasure that waits.
    if steps.contains(&Step::Refuse) {
        SteppedUp::<Privacy>::of(&headers, &app).await?;
    }
    let known = find(&app, &id).await?;
    let now_ms = app.clock.now_ms();
    let by = Some(officer.id);
    let changed = steps
        .into_iter()
        .try_fold(known.clone(), |case, step| case.after(step, by, now_ms))
        .map_err(|NotNow| Code::Conflict)?;
    if (known.state, changed.state) == (CaseState::Waiting, CaseState::Refused) {
        refuse_if_asked_by_the_subject(&app, &known).await?;
    }
    if changed == known {
        return Ok(Reply(StatusCode::OK, CaseResponse::new(&known, now_ms)));
    }
    let written = app.store.change_case(&app.events, by, &known, changed).await?;
    let meanwhile = || Problem::new(Code::Conflict, "The case was changed meanwhile.");
    let changed = written.ok_or_else(meanwhile)?;
    Ok(Reply(StatusCode::OK, CaseResponse::new(&changed, now_ms)))
}

/// An erasure that the subject has asked for by themselves is done once the hold ends, whatever is said
/// in a case about it; so it is not said.
async fn refuse_if_asked_by_the_subject(app: &App, case: &Case) -> Result<(), Problem> {
    let Some(subject) = case.subject else { return Ok(()) };
    let erasure_request = app.store.find_erasure_request(subject).await?;
    if erasure_request
        .is_some_and(|erasure_request| matches!(erasure_request.what, Waiting::Whole(_, None)))
    {
        let detail = "The subject has asked for it in the chat too: it is done once the hold ends.";
        return Err(Problem::new(Code::Conflict, detail));
    }
    Ok(())
}

async fn find(app: &App, id: &str) -> Result<Case, Problem> {
    let id = CaseId::parse(id).ok_or(Code::NotFound)?;
    app.store.find_case(id).await?.ok_or_else(|| Code::NotFound.into())
}

/// The steps that a change asks for, in the order in which an officer would do them.
fn steps_of(request: PatchCaseRequest) -> Result<Vec<Step>, Problem> {
    let mut steps = Vec::new();
    if let Some(id) = request.subject_id {
        steps.push(Step::SetSubject(read_subject(&id)?));
    }
    if request.confirmed == Some(true) {
        steps.push(Step::Confirm);
    }
    if request.extend == Some(true) {
        steps.push(Step::Extend);
    }
    if request.told_of_hold == Some(true) {
        steps.push(Step::TellOfHold);
    }
    match request.state.as_deref().map(CaseState::find) {
        None => {}
        Some(Some(CaseState::Verified)) => steps.push(Step::Verify),
        Some(Some(CaseState::Answered)) => steps.push(Step::Answer),
        Some(Some(CaseState::Refused)) => steps.push(Step::Refuse),
        // The others are where something is carried out, and not what somebody says.
        Some(_) => return Err(Problem::invalid("/state", FieldCode::NotAllowed)),
    }
    Ok(steps)
}

/// The holds on a subject, or on something of theirs.
async fn holds_on(app: &App, subject: Option<SubjectId>) -> Result<Vec<HoldResponse>, Problem> {
    let Some(subject) = subject else { return Ok(Vec::new()) };
    let is_on = |hold: &Hold| hold.subject == subject && hold.released.is_none();
    let holds: Vec<Hold> = app.store.holds().await?.into_iter().collect::<Result<_, _>>()?;
    let holds: Vec<_> = holds.into_iter().filter(is_on).collect();
    if holds.is_empty() {
        return Ok(Vec::new());
    }
    let reasons = app.store.settings.reasons(Site::SHIPPED).await?;
    holds.iter().map(|hold| HoldResponse::new(hold, &reasons)).collect()
}

/// Which cases a list has.
enum Chosen {
    All,
    NotClosed,
    Exactly(CaseState),
}

impl Chosen {
    fn read(query: &str) -> Result<Self, Problem> {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        match pairs.find(|(name, _)| *name == "state").map(|(_, value)| value) {
            None | Some("") => Ok(Self::All),
            Some(name) => match CaseState::find(name) {
                Some(CaseState::Open) => Ok(Self::NotClosed),
                Some(state) => Ok(Self::Exactly(state)),
                None => Err(Problem::invalid("/query/state", FieldCode::NotAllowed)),
            },
        }
    }

    /// The place that a cursor of this list is bound to.
    fn bound_to(&self, officer: StaffId) -> Place {
        let chosen = match self {
            Self::All => "",
            Self::NotClosed => CaseState::Open.as_str(),
            Self::Exactly(state) => state.as_str(),
        };
        let place = Place::new("sotto/v1 cases cursor").part(String::from(officer).as_bytes());
        place.part(chosen.as_bytes())
    }

    fn has(&self, case: &Case) -> bool {
        match self {
            Self::All => true,
            Self::NotClosed => !case.is_closed(),
            Self::Exactly(state) => case.state == *state,
        }
    }
}

/// Where a case stands in a list.
fn place(case: &Case) -> (UnixMillis, CaseId) {
    (case.due_ms(), case.id)
}

fn position_of((due_ms, id): (UnixMillis, CaseId)) -> Vec<u8> {
    [&due_ms.to_be_bytes()[..], id.as_bytes()].concat()
}

fn read_cursor(position: &[u8]) -> Result<(UnixMillis, CaseId), Problem> {
    let read = position.split_first_chunk::<8>().and_then(|(due_ms, id)| {
        Some((UnixMillis::from_be_bytes(*due_ms), CaseId::from_slice(id)?))
    });
    read.ok_or_else(cursor::refused)
}

fn word<T>(
    name: Option<String>,
    pointer: &'static str,
    find: impl Fn(&str) -> Option<T>,
) -> Result<T, Problem> {
    let name = name.ok_or_else(|| Problem::invalid(pointer, FieldCode::Missing))?;
    find(&name).ok_or_else(|| Problem::invalid(pointer, FieldCode::NotAllowed))
}

/// An id by its form: a case may be about somebody of whom nothing is stored.
fn read_subject(id: &str) -> Result<SubjectId, Problem> {
    SubjectId::parse(id).ok_or_else(|| Problem::invalid("/subject_id", FieldCode::BadFormat))
}

/// When a request came: not in the future, and not so long ago that nobody would remember.
fn read_receipt(text: &str, now_ms: UnixMillis) -> Result<UnixMillis, Problem> {
    let refused = |code| Problem::invalid("/received_at", code);
    let received_ms = from_rfc3339(text).ok_or_else(|| refused(FieldCode::BadFormat))?;
    let first_ms = now_ms - RetentionPolicy::LONGEST_MS;
    match received_ms {
        at_ms if at_ms > now_ms => Err(refused(FieldCode::TooLarge)),
        at_ms if at_ms < first_ms => Err(refused(FieldCode::TooSmall)),
        at_ms => Ok(at_ms),
    }
}
