//! `/v1/training/practices`: conversations that admins send to the staff, announced as practices. They are played
//! in the browser; the first result stands in the record.

use std::sync::LazyLock;

use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::clock::rfc3339;
use shared::http::request::{PlainJson, PracticePath};
use shared::http::response::Reply;
use shared::http::staff::{Admin, Allowed, Colleague, SteppedUp};
use shared::http::staff_app::App;
use shared::ids::PracticeId;
use shared::problem::{Code, FieldCode, Problem};
use shared::store::practice::Practice;
use shared::store::security_event::{Action, SecurityEvent};
use shared::store::training::{Played, Training};
use utoipa::ToSchema;

use crate::attempts::TRIES;
use crate::content::{Content, Courses, LOCALES, Turn};
use crate::courses::{Locale, TurnItem};

/// All scripts as the build has read them.
static SCRIPTS: LazyLock<Courses> = LazyLock::new(|| {
    serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/practices.json")))
        .unwrap_or_default()
});

/// A practice to send.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PracticeRequest {
    /// The name of a script.
    #[schema(value_type = String)]
    script: Option<String>,
}

/// A practice that was sent.
#[derive(Serialize, ToSchema)]
pub struct PracticeBegun {
    id: String,
    script: &'static str,
    title: &'static str,
    begun_at: String,
    /// From then on it is not played any more.
    ends_at: String,
    /// The id of the admin who sent it.
    by: String,
}

/// A practice in the list.
#[derive(Serialize, ToSchema)]
pub struct PracticeItem {
    id: String,
    script: &'static str,
    title: &'static str,
    /// How long it takes.
    minutes: u8,
    begun_at: String,
    /// From then on it is not played any more.
    ends_at: String,
    /// One's own; null before one has played it.
    #[schema(required = true)]
    result: Option<PlayedItem>,
}

/// A script that admins can send.
#[derive(Serialize, ToSchema)]
pub struct ScriptItem {
    script: &'static str,
    title: &'static str,
}

/// The practices that can be played now, the newest first, and all scripts.
#[derive(Serialize, ToSchema)]
pub struct PracticesResponse {
    items: Vec<PracticeItem>,
    /// One of them is sent again when its practice has ended.
    scripts: Vec<ScriptItem>,
}

/// A practice to play.
#[derive(Serialize, ToSchema)]
pub struct PracticeResponse {
    id: String,
    script: &'static str,
    title: &'static str,
    /// How long it takes.
    minutes: u8,
    begun_at: String,
    /// From then on it is not played any more.
    ends_at: String,
    /// The signs by which the chat gives itself away, in Markdown as of a course.
    text: &'static str,
    /// The turns of the chat; it begins with the first.
    chat: Vec<TurnItem>,
    /// One's own; null before one has played it.
    #[schema(required = true)]
    result: Option<PlayedItem>,
}

/// The choices in a chat that was played.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlayRequest {
    /// The place of the choice among those of each turn, 0 for the first, from the first turn to an end of the
    /// chat.
    #[schema(value_type = Vec<u32>)]
    choices: Option<Vec<u32>>,
}

/// The first result of somebody.
#[derive(Serialize, ToSchema)]
pub struct PlayedItem {
    /// Good decisions.
    good: u32,
    /// Decisions in all.
    of: u32,
    at: String,
}

#[utoipa::path(post, path = "/v1/training/practices",
    params(("locale" = Option<String>, Query)),
    request_body = PracticeRequest, responses((status = 201, body = PracticeBegun)))]
pub(crate) async fn begin(
    State(app): State<App>,
    SteppedUp(admin, ..): SteppedUp<Admin>,
    locale: Locale,
    PlainJson(request): PlainJson<PracticeRequest>,
) -> Result<Reply<PracticeBegun>, Problem> {
    let wanted = request.script.ok_or_else(|| Problem::invalid("/script", FieldCode::Missing))?;
    let (script, content) = script(&wanted, &locale)
        .ok_or_else(|| Problem::invalid("/script", FieldCode::NotAllowed))?;
    if app.trainings.open_practices().await?.iter().any(|open| open.script == script) {
        return Err(Problem::new(Code::Conflict, "A practice with this script is open."));
    }
    let practice = Practice {
        id: PracticeId::generate(&app.clock)?,
        script: script.to_owned(),
        begun_ms: app.clock.now_ms(),
        by: admin.id,
    };
    let told = SecurityEvent::by(admin.id, Action::PracticeBegun, practice.id);
    app.trainings.begin_practice(&practice, app.events.put(told).await?).await?;
    let response = PracticeBegun {
        id: practice.id.to_string(),
        script,
        title: &content.title,
        begun_at: rfc3339(practice.begun_ms),
        ends_at: rfc3339(practice.ends_ms()),
        by: practice.by.to_string(),
    };
    Ok(Reply(StatusCode::CREATED, response))
}

#[utoipa::path(get, path = "/v1/training/practices",
    params(("locale" = Option<String>, Query)),
    responses((status = 200, body = PracticesResponse)))]
pub(crate) async fn list(
    State(app): State<App>,
    Allowed(staff, ..): Allowed<Colleague>,
    locale: Locale,
) -> Result<Reply<PracticesResponse>, Problem> {
    let open = app.trainings.open_practices().await?;
    let mine = app.trainings.find(staff.id).await?;
    let item = |practice: &Practice| {
        // Another release has sent one whose script this one does not have.
        let (script, content) = script(&practice.script, &locale)?;
        Some(PracticeItem {
            id: practice.id.to_string(),
            script,
            title: &content.title,
            minutes: content.minutes,
            begun_at: rfc3339(practice.begun_ms),
            ends_at: rfc3339(practice.ends_ms()),
            result: result_of(mine.as_ref(), practice.id),
        })
    };
    let items = open.iter().rev().filter_map(item).collect();
    let all = SCRIPTS.keys().filter_map(|id| script(id, &locale));
    let all = all.map(|(script, content)| ScriptItem { script, title: &content.title });
    Ok(Reply(StatusCode::OK, PracticesResponse { items, scripts: all.collect() }))
}

#[utoipa::path(get, path = "/v1/training/practices/{id}",
    params(("id" = String, Path), ("locale" = Option<String>, Query)),
    responses((status = 200, body = PracticeResponse)))]
pub(crate) async fn get(
    State(app): State<App>,
    Allowed(staff, ..): Allowed<Colleague>,
    PracticePath(id): PracticePath,
    locale: Locale,
) -> Result<Reply<PracticeResponse>, Problem> {
    let practice = app.trainings.find_practice(id).await?.ok_or(Code::NotFound)?;
    let (script, content) = script(&practice.script, &locale).ok_or(Code::NotFound)?;
    let mine = app.trainings.find(staff.id).await?;
    let response = PracticeResponse {
        id: practice.id.to_string(),
        script,
        title: &content.title,
        minutes: content.minutes,
        begun_at: rfc3339(practice.begun_ms),
        ends_at: rfc3339(practice.ends_ms()),
        text: &content.text,
        chat: content.chat.iter().map(TurnItem::from).collect(),
        result: result_of(mine.as_ref(), practice.id),
    };
    Ok(Reply(StatusCode::OK, response))
}

#[utoipa::path(post, path = "/v1/training/practices/{id}", params(("id" = String, Path)),
    request_body = PlayRequest, responses((status = 200, body = PlayedItem)))]
pub(crate) async fn play(
    State(app): State<App>,
    Allowed(staff, ..): Allowed<Colleague>,
    PracticePath(id): PracticePath,
    PlainJson(request): PlainJson<PlayRequest>,
) -> Result<Reply<PlayedItem>, Problem> {
    let choices =
        request.choices.ok_or_else(|| Problem::invalid("/choices", FieldCode::Missing))?;
    let practice = app.trainings.find_practice(id).await?.ok_or(Code::NotFound)?;
    // The chat is the same in every language, but for its words.
    let [locale, ..] = LOCALES;
    let (script, content) = script(&practice.script, &Locale(locale)).ok_or(Code::NotFound)?;
    let (good, of) = walk(&content.chat, &choices)
        .ok_or_else(|| Problem::invalid("/choices", FieldCode::NotAllowed))?;
    for _ in 0..TRIES {
        let mut training = app.trainings.begun(staff.id).await?;
        if training.practices.contains_key(&id) {
            return Err(Problem::new(Code::Conflict, "The first result stands in the record."));
        }
        let played = Played { script: script.to_owned(), at_ms: app.clock.now_ms(), good, of };
        let response = PlayedItem::from(&played);
        training.keep(id, played);
        if app.trainings.put(&training, None).await? {
            return Ok(Reply(StatusCode::OK, response));
        }
    }
    Err(Problem::contended())
}

/// The script of that name in that language.
fn script(id: &str, Locale(locale): &Locale) -> Option<(&'static str, &'static Content)> {
    let (id, localised) = SCRIPTS.get_key_value(id)?;
    Some((id.as_str(), localised.get(*locale)?))
}

/// The result of somebody, if they have played that practice.
fn result_of(mine: Option<&Training>, id: PracticeId) -> Option<PlayedItem> {
    mine?.practices.get(&id).map(PlayedItem::from)
}

/// Walks a chat by the place of the choice at each turn, from the first turn to an end: how many choices were good,
/// and of how many. `None` for a choice that a turn does not have, for one behind the end, and for a walk that does
/// not come to an end.
pub(crate) fn walk(chat: &[Turn], choices: &[u32]) -> Option<(u32, u32)> {
    let mut turn = chat.first();
    let (mut good, mut of) = (0, 0);
    for place in choices {
        let choice = turn?.choices.get(usize::try_from(*place).ok()?)?;
        good += u32::from(choice.good);
        of += 1;
        turn = chat.iter().find(|turn| Some(&turn.id) == choice.next.as_ref());
    }
    turn.is_none().then_some((good, of))
}

impl From<&Played> for PlayedItem {
    fn from(Played { script: _, at_ms, good, of }: &Played) -> Self {
        Self { good: *good, of: *of, at: rfc3339(*at_ms) }
    }
}
