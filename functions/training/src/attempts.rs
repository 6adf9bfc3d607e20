//! `POST /v1/training/courses/{id}/attempts` and `POST …/attempts/{attempt_id}`: questions are drawn, and answers
//! judged.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::clock::{UnixMillis, rfc3339};
use shared::http::request::{AttemptPath, MaybePlainJson, PathId, PlainJson};
use shared::http::response::Reply;
use shared::http::staff::{Allowed, Colleague};
use shared::http::staff_app::App;
use shared::ids::{AttemptId, StaffId};
use shared::problem::{Code, FieldCode, Problem};
use shared::store::security_event::{Action, SecurityEvent};
use shared::store::training::{Attempt, CERTIFICATE_TYPE, Certificate, Claims, Outcome, Training};
use shared::values::training::{CERTIFICATE_MS, Course};
use utoipa::ToSchema;

use crate::content::{Content, Question};
use crate::courses::{Locale, content};

/// How many questions are drawn.
pub const DRAWN: usize = 10;
/// How many right answers of a hundred are enough.
const PASS_PERCENT: usize = 80;
/// How long an attempt lasts.
const ATTEMPT_MS: UnixMillis = 60 * 60 * 1000;
/// How long after an attempt the next one begins at the earliest: guessing on is no way through.
const SPACING_MS: UnixMillis = 10 * 60 * 1000;
/// How often a change is tried that meets another one.
pub(crate) const TRIES: usize = 4;
/// Options that one request may name for a question.
const OPTIONS: usize = 10;

/// Nothing has to be said.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BeginRequest {}

/// An attempt under way.
#[derive(Serialize, ToSchema)]
pub struct AttemptResponse {
    attempt_id: String,
    course_version: u32,
    questions: Vec<QuestionItem>,
    /// Answers are taken until then.
    expires_at: String,
}

/// A question that was drawn.
#[derive(Serialize, ToSchema)]
pub struct QuestionItem {
    id: &'static str,
    text: &'static str,
    /// Whether several options are right.
    multiple: bool,
    options: Vec<OptionItem>,
}

/// A possible answer.
#[derive(Serialize, ToSchema)]
pub struct OptionItem {
    id: &'static str,
    text: &'static str,
}

/// The answers to the questions that were drawn.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswersRequest {
    /// The chosen options by question; a question that is left out counts as wrong.
    #[schema(value_type = BTreeMap<String, Vec<String>>)]
    answers: Option<BTreeMap<String, Vec<String>>>,
}

/// The result of the answers.
#[derive(Serialize, ToSchema)]
pub struct ResultResponse {
    /// The share of right answers, 0 to 1.
    score: f64,
    passed: bool,
    results: Vec<ResultItem>,
    /// Null where the course was not passed.
    #[schema(required = true)]
    certificate: Option<GivenCertificate>,
    /// When the next attempt can begin.
    next_attempt_at: String,
}

/// The result of one answer.
#[derive(Serialize, ToSchema)]
pub struct ResultItem {
    question_id: &'static str,
    correct: bool,
    /// Why the right answer is right.
    reason: &'static str,
}

/// A certificate that was given.
#[derive(Serialize, ToSchema)]
pub struct GivenCertificate {
    /// The signature (RFC 7515, compact), by the key with `"sotto_use":"certificate"` of the JWK set.
    jws: String,
    expires_at: String,
}

#[utoipa::path(post, path = "/v1/training/courses/{id}/attempts",
    params(("id" = String, Path), ("locale" = Option<String>, Query)),
    request_body(content = Option<BeginRequest>), responses((status = 201, body = AttemptResponse)))]
pub(crate) async fn begin(
    State(app): State<App>,
    Allowed(staff, ..): Allowed<Colleague>,
    PathId(id): PathId,
    locale: Locale,
    MaybePlainJson(BeginRequest {}): MaybePlainJson<BeginRequest>,
) -> Result<Reply<AttemptResponse>, Problem> {
    let (course, content) = content(&id, &locale)?;
    for _ in 0..TRIES {
        let mut training = app.trainings.begun(staff.id).await?;
        let now_ms = app.clock.now_ms();
        if let Some(last) = training.attempts.get(course.id) {
            may_begin(last, (course, content), now_ms)?;
        }
        let attempt = Attempt {
            id: AttemptId::generate(&app.clock)?,
            version: course.version,
            questions: draw(&content.questions)?,
            began_ms: now_ms,
            ends_ms: now_ms.saturating_add(ATTEMPT_MS),
            outcome: None,
        };
        let response = AttemptResponse::of(&attempt, content);
        training.attempts.insert(course.id.to_owned(), attempt);
        if app.trainings.put(&training, None).await? {
            return Ok(Reply(StatusCode::CREATED, response));
        }
    }
    Err(Problem::contended())
}

/// Whether another attempt may follow this one now. One that is under way comes with the refusal, so that
/// somebody who has closed the page can go on.
fn may_begin(
    last: &Attempt,
    (course, content): (&Course, &'static Content),
    now_ms: UnixMillis,
) -> Result<(), Problem> {
    let Some(outcome) = last.outcome else {
        if is_over(last, course, now_ms) {
            return Ok(());
        }
        let item = serde_json::to_value(AttemptResponse::of(last, content));
        let item = item.map_err(|_| Code::Internal)?;
        return Err(Problem::new(Code::Conflict, "An attempt is under way.").with_item(item));
    };
    let wait_ms = outcome.at_ms.saturating_add(SPACING_MS).saturating_sub(now_ms);
    if wait_ms <= 0 {
        return Ok(());
    }
    let seconds = u32::try_from(wait_ms.saturating_add(999).div_euclid(1000)).unwrap_or(u32::MAX);
    let detail = "The next attempt begins ten minutes after the last one.";
    Err(Problem::new(Code::RateLimited, detail).retry_after(seconds))
}

#[utoipa::path(post, path = "/v1/training/courses/{id}/attempts/{attempt_id}",
    params(("id" = String, Path), ("attempt_id" = String, Path), ("locale" = Option<String>, Query)),
    request_body = AnswersRequest, responses((status = 200, body = ResultResponse)))]
pub(crate) async fn answer(
    State(app): State<App>,
    Allowed(staff, ..): Allowed<Colleague>,
    PathId(id): PathId,
    AttemptPath(attempt_id): AttemptPath,
    locale: Locale,
    PlainJson(request): PlainJson<AnswersRequest>,
) -> Result<Reply<ResultResponse>, Problem> {
    let (course, content) = content(&id, &locale)?;
    let answers =
        request.answers.ok_or_else(|| Problem::invalid("/answers", FieldCode::Missing))?;
    for _ in 0..TRIES {
        let now_ms = app.clock.now_ms();
        let mut training = app.trainings.find(staff.id).await?.ok_or(Code::NotFound)?;
        let attempt = training.attempts.get_mut(course.id);
        let attempt = attempt.filter(|attempt| attempt.id == attempt_id);
        let attempt = attempt.ok_or(Code::NotFound)?;
        if attempt.outcome.is_some() {
            return Err(Problem::new(Code::Conflict, "The answers are in already."));
        }
        if is_over(attempt, course, now_ms) {
            return Err(Problem::new(Code::AttemptExpired, "Begin another attempt."));
        }
        let results = judge(attempt, content, &answers)?;
        let right = results.iter().filter(|result| result.correct).count();
        let passed = right * 100 >= PASS_PERCENT * attempt.questions.len();
        let count = u32::try_from(right).unwrap_or(u32::MAX);
        attempt.outcome = Some(Outcome { at_ms: now_ms, right: count, passed });
        let version = attempt.version;
        let (mut certificate, mut event) = (None, None);
        if passed {
            let given = sign(&app, (staff.id, attempt_id), course, (version, now_ms)).await?;
            certificate = Some(GivenCertificate {
                jws: given.jws.clone(),
                expires_at: rfc3339(given.expires_ms),
            });
            training.certificates.insert(course.id.to_owned(), given);
            let told = SecurityEvent::by(staff.id, Action::TrainingPassed, course.id);
            event = Some(app.events.put(told).await?);
        }
        if app.trainings.put(&training, event).await? {
            let response = ResultResponse {
                score: score(right, results.len()),
                passed,
                results,
                certificate,
                next_attempt_at: rfc3339(now_ms.saturating_add(SPACING_MS)),
            };
            return Ok(Reply(StatusCode::OK, response));
        }
    }
    Err(Problem::contended())
}

/// A certificate for somebody who has passed now.
async fn sign(
    app: &App,
    (staff, attempt): (StaffId, AttemptId),
    course: &Course,
    (version, now_ms): (u32, UnixMillis),
) -> Result<Certificate, Problem> {
    let expires_ms = now_ms.saturating_add(CERTIFICATE_MS);
    let claims = Claims {
        iss: app.issuer.clone(),
        sub: staff.to_string(),
        course: course.id.to_owned(),
        version,
        iat: now_ms.div_euclid(1000),
        exp: expires_ms.div_euclid(1000),
        jti: attempt.to_string(),
    };
    let signer = app.store.settings.certificate_signer().await?;
    let jws = signer.sign_named(CERTIFICATE_TYPE, &claims).map_err(|_| Code::Internal)?;
    Ok(Certificate { version, passed_ms: now_ms, expires_ms, jws })
}

/// Judges the answers to the questions that were drawn. An answer is right when it names all right options
/// and no other.
fn judge(
    attempt: &Attempt,
    content: &'static Content,
    answers: &BTreeMap<String, Vec<String>>,
) -> Result<Vec<ResultItem>, Problem> {
    let not_allowed = || Problem::invalid("/answers", FieldCode::NotAllowed);
    let drawn = drawn(attempt, content);
    for (question, chosen) in answers {
        let asked = drawn.iter().find(|asked| asked.id == *question).ok_or_else(not_allowed)?;
        let known = |chosen: &String| asked.options.iter().any(|option| option.id == *chosen);
        if chosen.len() > OPTIONS || !chosen.iter().all(known) {
            return Err(not_allowed());
        }
    }
    let result = |question: &'static Question| {
        let right = question.options.iter().filter(|option| option.right);
        let right: BTreeSet<&str> = right.map(|option| &*option.id).collect();
        let chosen = answers.get(&question.id).map(|chosen| chosen.iter().map(|id| &**id));
        let correct = chosen.is_some_and(|chosen| chosen.collect::<BTreeSet<&str>>() == right);
        ResultItem { question_id: &question.id, correct, reason: &question.reason }
    };
    Ok(drawn.into_iter().map(result).collect())
}

/// The questions of an attempt. One that a newer release has taken away is not asked any more.
fn drawn(attempt: &Attempt, content: &'static Content) -> Vec<&'static Question> {
    let find = |id: &String| content.questions.iter().find(|question| question.id == *id);
    attempt.questions.iter().filter_map(find).collect()
}

/// Some questions of the pool, in an order of chance.
fn draw(pool: &[Question]) -> Result<Vec<String>, Problem> {
    let mut ids: Vec<&str> = pool.iter().map(|question| &*question.id).collect();
    let mut drawn = Vec::with_capacity(DRAWN);
    while drawn.len() < DRAWN && !ids.is_empty() {
        let chance = usize::from(u16::from_be_bytes(shared::random::bytes()?));
        drawn.push(ids.swap_remove(chance % ids.len()).to_owned());
    }
    Ok(drawn)
}

#[expect(clippy::cast_precision_loss, reason = "ten questions")]
fn score(right: usize, all: usize) -> f64 {
    if all == 0 { 0.0 } else { right as f64 / all as f64 }
}

impl AttemptResponse {
    fn of(attempt: &Attempt, content: &'static Content) -> Self {
        // The options stand in another order for each question, and in the same one when it is asked again.
        let turn = usize::from(attempt.id.as_bytes().last().copied().unwrap_or_default());
        let item = |(place, question): (usize, &'static Question)| {
            let options = question.options.iter();
            let mut options: Vec<_> =
                options.map(|option| OptionItem { id: &option.id, text: &option.text }).collect();
            let by = (turn + place) % options.len().max(1);
            options.rotate_left(by);
            QuestionItem {
                id: &question.id,
                text: &question.text,
                multiple: question.multiple,
                options,
            }
        };
        Self {
            attempt_id: attempt.id.to_string(),
            course_version: attempt.version,
            questions: drawn(attempt, content).into_iter().enumerate().map(item).collect(),
            expires_at: rfc3339(attempt.ends_ms),
        }
    }
}

/// Whether no answers are taken any more: its time has passed, or its questions are of another version than
/// the course that this instance knows.
fn is_over(attempt: &Attempt, course: &Course, now_ms: UnixMillis) -> bool {
    now_ms >= attempt.ends_ms || attempt.version != course.version
}

/// Whether somebody has an attempt at a course under way.
#[must_use]
pub(crate) fn is_under_way(training: &Training, course: &Course, now_ms: UnixMillis) -> bool {
    let last = training.attempts.get(course.id);
    last.is_some_and(|last| last.outcome.is_none() && !is_over(last, course, now_ms))
}
