//! `GET /v1/training/me` and `GET /v1/training/records`: what was passed, what is due, and how practices were
//! played.

use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use shared::clock::{UnixMillis, rfc3339};
use shared::http::response::Reply;
use shared::http::staff::{Admin, Allowed, Colleague};
use shared::http::staff_app::App;
use shared::ids::PracticeId;
use shared::problem::Problem;
use shared::store::training::{Certificate, Played, Training};
use shared::values::training::{COURSES, is_required};
use utoipa::ToSchema;

use crate::attempts::is_under_way;

/// A course that has to be passed.
#[derive(Serialize, ToSchema)]
pub struct DueItem {
    course_id: &'static str,
    /// From then on claims and transcripts are refused without it.
    by: String,
    /// Whether an incident asks for it again.
    after_incident: bool,
}

/// A certificate of one's own.
#[derive(Serialize, ToSchema)]
pub struct CertificateItem {
    course_id: String,
    version: u32,
    passed_at: String,
    expires_at: String,
    /// The signature (RFC 7515, compact); the JWK set verifies it.
    jws: String,
}

/// One's own training.
#[derive(Serialize, ToSchema)]
pub struct MyTrainingResponse {
    /// Whether one's roles ask for the courses.
    required: bool,
    /// Whether claims and transcripts are open to one, as far as training goes.
    current: bool,
    /// Until when they are.
    current_until: String,
    due: Vec<DueItem>,
    certificates: Vec<CertificateItem>,
    /// Courses with an attempt under way.
    under_way: Vec<&'static str>,
}

/// A course that somebody has passed.
#[derive(Serialize, ToSchema)]
pub struct PassedItem {
    course_id: String,
    version: u32,
    passed_at: String,
    expires_at: String,
}

/// A practice that somebody has played.
#[derive(Serialize, ToSchema)]
pub struct PracticeRecord {
    id: String,
    script: String,
    /// Good decisions, the first time.
    good: u32,
    /// Decisions in all.
    of: u32,
    at: String,
}

/// The training of somebody.
#[derive(Serialize, ToSchema)]
pub struct RecordItem {
    staff_id: String,
    /// Whether claims and transcripts are open to them, as far as training goes.
    current: bool,
    current_until: String,
    passed: Vec<PassedItem>,
    due: Vec<DueItem>,
    /// The last that began, the oldest first.
    practices: Vec<PracticeRecord>,
}

/// The trainings of everybody who has joined, or has signed in, since there are courses.
#[derive(Serialize, ToSchema)]
pub struct RecordsResponse {
    items: Vec<RecordItem>,
}

#[utoipa::path(get, path = "/v1/training/me", responses((status = 200, body = MyTrainingResponse)))]
pub(crate) async fn me(
    State(app): State<App>,
    Allowed(staff, ..): Allowed<Colleague>,
) -> Result<Reply<MyTrainingResponse>, Problem> {
    let training = app.trainings.begun(staff.id).await?;
    let now_ms = app.clock.now_ms();
    let required = is_required(staff.roles);
    let under_way = COURSES.iter().filter(|course| is_under_way(&training, course, now_ms));
    let response = MyTrainingResponse {
        required,
        current: now_ms < training.current_until(),
        current_until: rfc3339(training.current_until()),
        due: if required { due(&training, now_ms) } else { Vec::new() },
        under_way: under_way.map(|course| course.id).collect(),
        certificates: training.certificates.into_iter().map(CertificateItem::from).collect(),
    };
    Ok(Reply(StatusCode::OK, response))
}

#[utoipa::path(get, path = "/v1/training/records",
    responses((status = 200, body = RecordsResponse)))]
pub(crate) async fn all(
    State(app): State<App>,
    Allowed(..): Allowed<Admin>,
) -> Result<Reply<RecordsResponse>, Problem> {
    let now_ms = app.clock.now_ms();
    // An auditor never begins: an incident about them or a deletion may have left an item.
    let begun = app.trainings.all().await?.into_iter().filter(|one| one.dates.grace_ms > 0);
    let items = begun.map(|training| RecordItem {
        staff_id: training.staff.to_string(),
        current: now_ms < training.current_until(),
        current_until: rfc3339(training.current_until()),
        due: due(&training, now_ms),
        passed: training.certificates.into_iter().map(PassedItem::from).collect(),
        practices: training.practices.into_iter().map(PracticeRecord::from).collect(),
    });
    Ok(Reply(StatusCode::OK, RecordsResponse { items: items.collect() }))
}

/// The courses that are due, in the order in which they are taken.
fn due(training: &Training, now_ms: UnixMillis) -> Vec<DueItem> {
    let item = |course: &shared::values::training::Course| {
        let passed = training.passed(course.id);
        let by = rfc3339(course.due_by(&training.dates, passed, now_ms)?);
        let after_incident = course.asked_again_ms(&training.dates.incidents, passed).is_some();
        Some(DueItem { course_id: course.id, by, after_incident })
    };
    COURSES.iter().filter_map(item).collect()
}

impl From<(String, Certificate)> for CertificateItem {
    fn from((course_id, certificate): (String, Certificate)) -> Self {
        let Certificate { version, passed_ms, expires_ms, jws } = certificate;
        let (passed_at, expires_at) = (rfc3339(passed_ms), rfc3339(expires_ms));
        Self { course_id, version, passed_at, expires_at, jws }
    }
}

impl From<(String, Certificate)> for PassedItem {
    fn from((course_id, certificate): (String, Certificate)) -> Self {
        let Certificate { version, passed_ms, expires_ms, jws: _ } = certificate;
        let (passed_at, expires_at) = (rfc3339(passed_ms), rfc3339(expires_ms));
        Self { course_id, version, passed_at, expires_at }
    }
}

impl From<(PracticeId, Played)> for PracticeRecord {
    fn from((id, Played { script, at_ms, good, of }): (PracticeId, Played)) -> Self {
        Self { id: id.to_string(), script, good, of, at: rfc3339(at_ms) }
    }
}
