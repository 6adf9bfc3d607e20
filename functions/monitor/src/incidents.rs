//! `GET` and `POST /v1/incidents`, `GET /v1/incidents/{id}` and `GET /v1/incidents/rules`.

use axum::extract::{RawQuery, State};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::clock::{from_rfc3339, rfc3339};
use shared::http::request::{IncidentPath, PageQuery, PlainJson};
use shared::http::response::Reply;
use shared::http::staff::{Allowed, Security};
use shared::ids::{IncidentId, StaffId};
use shared::problem::{Code, FieldCode, Problem};
use shared::store::incident::{Entry, Incident, Note, Revised, RuleRecord, Signal, Taken};
use shared::store::security_event::{Action as Told, SecurityEvent};
use shared::text::{RawText, Text};
use utoipa::ToSchema;
use values::incident::{Kind, Severity, Status};

use crate::parts::App;
use crate::rules::{RULES, Thresholds, precision};

/// Characters of a note.
pub(crate) const NOTE: usize = 2_000;
/// Pages of the table that one request for a list looks at: a status may be rare.
const PAGES: usize = 10;

/// A rule that was met.
#[derive(Serialize, ToSchema)]
pub struct SignalItem {
    rule: String,
    reason: String,
    value: f64,
    threshold: f64,
    at: String,
}

/// An entry of a timeline.
#[derive(Serialize, ToSchema)]
pub struct TimelineItem {
    at: String,
    /// `opened`, the name of a rule, an action, `lifted`, a status, a verdict, `escalated` where nobody has
    /// looked at it in time, or `asks_for_lock_account` where the playbook would lock the last admin out.
    what: String,
    /// Null where it went by itself.
    #[schema(value_type = Option<String>, required = true)]
    by: Option<StaffId>,
}

/// An action that was taken.
#[derive(Serialize, ToSchema)]
pub struct IncidentActionItem {
    id: String,
    action: &'static str,
    target: String,
    /// Null where it went by itself.
    #[schema(value_type = Option<String>, required = true)]
    by: Option<StaffId>,
    at: String,
    #[schema(required = true)]
    lifted_at: Option<String>,
}

/// A note.
#[derive(Serialize, ToSchema)]
pub struct IncidentNoteItem {
    at: String,
    #[schema(value_type = String)]
    by: StaffId,
    text: String,
}

/// The playbook of an incident: what people do.
#[derive(Serialize, ToSchema)]
pub struct PlaybookItem {
    title: String,
    nature: String,
    steps: Vec<String>,
    over_when: String,
    /// Actions that are offered.
    actions: Vec<&'static str>,
}

/// An incident.
#[derive(Serialize, ToSchema)]
pub struct IncidentItem {
    id: String,
    kind: &'static str,
    /// `low`, `medium`, `high` or `critical`.
    severity: &'static str,
    /// `open`, `acknowledged`, `contained` or `resolved`.
    status: &'static str,
    /// The account, network or subject that it is about; null for the site, or for several.
    #[schema(required = true)]
    about: Option<String>,
    opened_at: String,
    /// Until when an authority has to know, where personal data may be concerned.
    #[schema(required = true)]
    notify_authority_by: Option<String>,
    /// The first hundred events that bear it out.
    evidence: Vec<String>,
    evidence_count: u64,
    signals: Vec<SignalItem>,
    timeline: Vec<TimelineItem>,
    actions: Vec<IncidentActionItem>,
    #[schema(value_type = Option<String>, required = true)]
    assignee: Option<StaffId>,
    /// None in a list.
    notes: Vec<IncidentNoteItem>,
    /// `true_positive`, `false_positive` or null.
    #[schema(required = true)]
    verdict: Option<&'static str>,
    playbook: PlaybookItem,
}

/// A page of incidents, the newest first.
#[derive(Serialize, ToSchema)]
pub struct IncidentsResponse {
    items: Vec<IncidentItem>,
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// An incident that nothing has detected.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IncidentRequest {
    /// One of the kinds.
    #[schema(value_type = String)]
    kind: Option<String>,
    /// A note of all that is known, 1 to 2,000 characters.
    #[schema(value_type = String)]
    note: Option<RawText>,
    /// The member of the staff whom it is about.
    actor: Option<String>,
    /// Since when, RFC 3339.
    from: Option<String>,
    /// Until when.
    to: Option<String>,
}

/// A rule and its record.
#[derive(Serialize, ToSchema)]
pub struct RuleItem {
    rule: &'static str,
    kind: &'static str,
    threshold: f64,
    /// The threshold that the rule begins with.
    initial_threshold: f64,
    bounds: BoundsItem,
    window_seconds: i64,
    severity: &'static str,
    /// Whether the playbook's actions are taken without asking.
    contains: bool,
    reason: &'static str,
    record: RuleRecordItem,
}

/// Between which values verdicts move a threshold.
#[derive(Serialize, ToSchema)]
pub struct BoundsItem {
    min: f64,
    max: f64,
}

/// How the incidents of a rule were judged.
#[derive(Serialize, ToSchema)]
pub struct RuleRecordItem {
    true_positive: u32,
    false_positive: u32,
    /// Null where none was judged.
    #[schema(required = true)]
    precision: Option<f64>,
}

/// All rules.
#[derive(Serialize, ToSchema)]
pub struct RulesResponse {
    items: Vec<RuleItem>,
}

impl From<Signal> for SignalItem {
    fn from(Signal { rule, reason, value, threshold, at_ms }: Signal) -> Self {
        Self { rule, reason, value, threshold, at: rfc3339(at_ms) }
    }
}

impl From<Entry> for TimelineItem {
    fn from(Entry { at_ms, what, by }: Entry) -> Self {
        Self { at: rfc3339(at_ms), what, by }
    }
}

impl From<Taken> for IncidentActionItem {
    fn from(Taken { id, action, target, by, at_ms, lifted_ms }: Taken) -> Self {
        let lifted_at = lifted_ms.map(rfc3339);
        let (id, action, at) = (id.to_string(), action.as_str(), rfc3339(at_ms));
        Self { id, action, target, by, at, lifted_at }
    }
}

impl From<Note> for IncidentNoteItem {
    fn from(Note { at_ms, by, text }: Note) -> Self {
        Self { at: rfc3339(at_ms), by, text }
    }
}

impl IncidentItem {
    /// The incident as it is shown.
    #[must_use]
    pub fn of(app: &App, incident: Incident) -> Self {
        let Incident {
            id,
            kind,
            about,
            severity,
            status,
            opened_ms,
            notify_by_ms,
            evidence,
            evidence_count,
            window: _,
            signals,
            timeline,
            actions,
            assignee,
            notes,
            verdict,
            settled_ms: _,
            asked_again_ms: _,
        } = incident;
        let book = app.playbook(kind);
        let offered = book.offered.iter().chain(&book.at_once);
        let mut offered: Vec<_> = offered.filter(|action| app.can(**action)).collect();
        offered.sort_unstable();
        offered.dedup();
        Self {
            id: id.to_string(),
            kind: kind.as_str(),
            severity: severity.as_str(),
            status: status.as_str(),
            about,
            opened_at: rfc3339(opened_ms),
            notify_authority_by: notify_by_ms.map(rfc3339),
            evidence,
            evidence_count,
            signals: signals.into_iter().map(SignalItem::from).collect(),
            timeline: timeline.into_iter().map(TimelineItem::from).collect(),
            actions: actions.into_iter().map(IncidentActionItem::from).collect(),
            assignee,
            notes: notes.into_iter().map(IncidentNoteItem::from).collect(),
            verdict: verdict.map(values::incident::Verdict::as_str),
            playbook: PlaybookItem {
                title: book.title.clone(),
                nature: book.nature.clone(),
                steps: book.steps.clone(),
                over_when: book.over_when.clone(),
                actions: offered.into_iter().map(|action| action.as_str()).collect(),
            },
        }
    }
}

#[utoipa::path(get, path = "/v1/incidents",
    params(("status" = Option<String>, Query,
            description = "`open`, `acknowledged`, `contained`, `resolved`, or `unresolved`; all of them if missing."),
        ("limit" = Option<u8>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = IncidentsResponse)))]
pub(crate) async fn list(
    State(app): State<App>,
    Allowed(..): Allowed<Security>,
    page: PageQuery,
    RawQuery(query): RawQuery,
) -> Result<Reply<IncidentsResponse>, Problem> {
    let wanted = Wanted::read(query.as_deref().unwrap_or_default())?;
    let mut after = page.after(IncidentId::parse)?;
    let mut items = Vec::new();
    for _ in 0..PAGES {
        let rest = i32::try_from(page.limit - items.len()).unwrap_or(i32::MAX);
        let found = app.incidents.page(after, rest).await?;
        let those = found.items.into_iter().filter(|incident| wanted.includes(incident.status));
        // A list of incidents with all their notes could be more than a response takes.
        let brief = |incident| Incident { notes: Vec::new(), ..incident };
        items.extend(those.map(|incident| IncidentItem::of(&app, brief(incident))));
        after = found.next;
        if after.is_none() || items.len() >= page.limit {
            break;
        }
    }
    let next_cursor = after.map(|id| id.to_string());
    Ok(Reply(StatusCode::OK, IncidentsResponse { items, next_cursor }))
}

/// The incidents that are asked for.
enum Wanted {
    All,
    Unresolved,
    One(Status),
}

impl Wanted {
    fn read(query: &str) -> Result<Self, Problem> {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        let Some((_, status)) = pairs.find(|(name, _)| name == "status") else {
            return Ok(Self::All);
        };
        if status == "unresolved" {
            return Ok(Self::Unresolved);
        }
        let refused = || Problem::invalid("/query/status", FieldCode::NotAllowed);
        Status::find(&status).map(Self::One).ok_or_else(refused)
    }

    fn includes(&self, status: Status) -> bool {
        match self {
            Self::All => true,
            Self::Unresolved => status != Status::Resolved,
            Self::One(wanted) => status == *wanted,
        }
    }
}

#[utoipa::path(post, path = "/v1/incidents", request_body = IncidentRequest,
    responses((status = 201, body = IncidentItem)))]
pub(crate) async fn post(
    State(app): State<App>,
    Allowed(staff, ..): Allowed<Security>,
    PlainJson(request): PlainJson<IncidentRequest>,
) -> Result<Reply<IncidentItem>, Problem> {
    let IncidentRequest { kind, note, actor, from, to } = request;
    let kind = kind.ok_or_else(|| Problem::invalid("/kind", FieldCode::Missing))?;
    let kind = Kind::find(&kind).ok_or_else(|| Problem::invalid("/kind", FieldCode::NotAllowed))?;
    let note: Text<1, NOTE> = Text::required(note, "/note")?;
    let actor = match actor {
        Some(actor) => Some(person(&app, &actor, "/actor").await?),
        None => None,
    };
    let now_ms = app.clock().now_ms();
    let time = |text: Option<String>, pointer| match text {
        Some(text) => from_rfc3339(&text)
            .filter(|at_ms| *at_ms <= now_ms)
            .ok_or_else(|| Problem::invalid(pointer, FieldCode::BadFormat)),
        None => Ok(now_ms),
    };
    let window = (time(from, "/from")?, time(to, "/to")?);
    if window.0 > window.1 {
        return Err(Problem::invalid("/to", FieldCode::NotAllowed));
    }
    let id = IncidentId::generate(app.clock())?;
    let personal = app.playbook(kind).personal;
    let about = actor.map(|actor| actor.to_string());
    let severity = Severity::High;
    let mut incident =
        Incident::open((id, kind, severity), about, (now_ms, personal), Some(staff.id));
    incident.window = window;
    incident.note(Note { at_ms: now_ms, by: staff.id, text: note.reveal().to_owned() });
    let incident = Revised::new(incident);
    let told = SecurityEvent::by(staff.id, Told::IncidentOpened, id);
    let writes = app.incidents.transaction();
    let writes = writes.and(app.incidents.put(&incident)?).and(app.staff.events.put(told).await?);
    writes.commit_or_fail("post_incident").await?;
    Ok(Reply(StatusCode::CREATED, IncidentItem::of(&app, incident.value)))
}

/// The member of the staff of that id.
///
/// # Errors
/// 422 for none.
pub(crate) async fn person(app: &App, id: &str, pointer: &'static str) -> Result<StaffId, Problem> {
    let refused = || Problem::invalid(pointer, FieldCode::NotAllowed);
    let staff = StaffId::parse(id).ok_or_else(refused)?;
    if app.accounts.has(staff).await? { Ok(staff) } else { Err(refused()) }
}

#[utoipa::path(get, path = "/v1/incidents/{id}", params(("id" = String, Path)),
    responses((status = 200, body = IncidentItem)))]
pub(crate) async fn get(
    State(app): State<App>,
    Allowed(..): Allowed<Security>,
    IncidentPath(id): IncidentPath,
) -> Result<Reply<IncidentItem>, Problem> {
    let incident = app.incidents.find(id).await?.ok_or(Code::NotFound)?;
    Ok(Reply(StatusCode::OK, IncidentItem::of(&app, incident.value)))
}

#[utoipa::path(get, path = "/v1/incidents/rules",
    responses((status = 200, body = RulesResponse)))]
pub(crate) async fn rules(
    State(app): State<App>,
    Allowed(..): Allowed<Security>,
) -> Result<Reply<RulesResponse>, Problem> {
    let records = app.incidents.rules().await?;
    let thresholds = Thresholds::new(&records);
    let items = RULES.iter().map(|rule| {
        let record = records.iter().find(|(name, _)| name == rule.name);
        let record = record.map_or_else(RuleRecord::default, |(_, record)| record.clone());
        RuleItem {
            rule: rule.name,
            kind: rule.kind.as_str(),
            threshold: thresholds.of(rule),
            initial_threshold: rule.threshold,
            bounds: BoundsItem { min: rule.bounds.0, max: rule.bounds.1 },
            window_seconds: rule.window_ms / 1000,
            severity: rule.severity.as_str(),
            contains: rule.contains,
            reason: rule.reason,
            record: RuleRecordItem {
                true_positive: record.true_positive,
                false_positive: record.false_positive,
                precision: precision(&record),
            },
        }
    });
    Ok(Reply(StatusCode::OK, RulesResponse { items: items.collect() }))
}
