//! `GET /v1/training/me` and `GET /v1/training/records`: what was passed, and what is due.

use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use shared::clock::{UnixMillis, rfc3339};
use shared::http::response::Reply;
use shared::http::staff::{Admin, Allowed, Anybody};
use shared::http::staff_app::App;
use shared::problem::Problem;
use shared::store::training::{Certificate, Training};
use shared::values::training::{COURSES, is_required};
use utoipa::ToSchema;

use crate::attempts::is_under_way;

/// A course that has to be passed.
#[derive(Serialize, ToSchema)]
pub struct DueItem {
    course_id: &'static str,
    /// From then on claims and transcripts are refused without it.
    by: String,
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

/// The training of somebody.
#[derive(Serialize, ToSchema)]
pub struct RecordItem {
    staff_id: String,
    /// Whether claims and transcripts are open to them, as far as training goes.
    current: bool,
    current_until: String,
    passed: Vec<PassedItem>,
    due: Vec<DueItem>,
}

/// The trainings of everybody who has joined, or has signed in, since there are courses.
#[derive(Serialize, ToSchema)]
pub struct RecordsResponse {
    items: Vec<RecordItem>,
}

#[utoipa::path(get, path = "/v1/training/me", responses((status = 200, body = MyTrainingResponse)))]
pub(crate) async fn me(
    State(app): State<App>,
    Allowed(staff, ..): Allowed<Anybody>,
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
    let items = app.trainings.all().await?.into_iter().map(|training| RecordItem {
        staff_id: training.staff.to_string(),
        current: now_ms < training.current_until(),
        current_until: rfc3339(training.current_until()),
        due: due(&training, now_ms),
        passed: training.certificates.into_iter().map(PassedItem::from).collect(),
    });
    Ok(Reply(StatusCode::OK, RecordsResponse { items: items.collect() }))
}

/// The courses that are due, in the order in which they are taken.
fn due(training: &Training, now_ms: UnixMillis) -> Vec<DueItem> {
    let item = |course: &shared::values::training::Course| {
        let by = course.due_by(training.grace_ms, training.passed(course.id), now_ms)?;
        Some(DueItem { course_id: course.id, by: rfc3339(by) })
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
