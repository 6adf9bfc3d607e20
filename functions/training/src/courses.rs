//! `GET /v1/training/courses` and `GET /v1/training/courses/{id}`: what there is to learn. The right answers
//! stay here.

use std::sync::LazyLock;

use axum::extract::{FromRequestParts, State};
use http::StatusCode;
use http::request::Parts;
use serde::Serialize;
use shared::http::demands::{Demanding, Demands};
use shared::http::request::PathId;
use shared::http::response::Reply;
use shared::http::staff::{Allowed, Colleague};
use shared::http::staff_app::App;
use shared::problem::{Code, FieldCode, Problem};
use shared::values::training::{COURSES, Course};
use utoipa::ToSchema;

use crate::content::{Choice, Content, Courses, LOCALES, Localised, Turn};

/// All courses as the build has read them.
static CONTENT: LazyLock<Courses> = LazyLock::new(|| {
    serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/courses.json")))
        .unwrap_or_default()
});

/// A course in the list.
#[derive(Serialize, ToSchema)]
pub struct CourseItem {
    id: &'static str,
    /// The languages that it can be read in.
    locales: Vec<String>,
    title: &'static str,
    /// How long it takes.
    minutes: u8,
    version: u32,
}

/// All courses, in the order in which they are taken.
#[derive(Serialize, ToSchema)]
pub struct CoursesResponse {
    items: Vec<CourseItem>,
}

/// A course: its text and a chat to play.
#[derive(Serialize, ToSchema)]
pub struct CourseResponse {
    id: &'static str,
    /// The languages that it can be read in.
    locales: Vec<String>,
    title: &'static str,
    /// How long it takes.
    minutes: u8,
    version: u32,
    locale: &'static str,
    /// Markdown: headings (`## `), paragraphs, lists (`- `), bold words and links.
    text: &'static str,
    /// The turns of the chat; it begins with the first.
    chat: Vec<TurnItem>,
}

/// Something that a visitor writes, and the possible reactions.
#[derive(Serialize, ToSchema)]
pub struct TurnItem {
    id: &'static str,
    /// The visitor's words.
    says: &'static str,
    choices: Vec<ChoiceItem>,
}

/// A reaction, and its consequence.
#[derive(Serialize, ToSchema)]
pub struct ChoiceItem {
    text: &'static str,
    /// The consequence.
    then: &'static str,
    good: bool,
    /// The turn that follows; null where the chat ends.
    #[schema(required = true)]
    next: Option<&'static str>,
}

/// The language that is asked for.
pub(crate) struct Locale(pub(crate) &'static str);

impl Demanding for Locale {
    fn add_to(demands: &mut Demands) {
        demands.refusals.push(Code::Invalid);
    }
}

impl<S: Sync> FromRequestParts<S> for Locale {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let mut asked = form_urlencoded::parse(query.as_bytes());
        let [default, ..] = LOCALES;
        let Some((_, asked)) = asked.find(|(name, _)| name == "locale") else {
            return Ok(Self(default));
        };
        let known = LOCALES.into_iter().find(|known| *known == asked);
        known.map(Self).ok_or_else(|| Problem::invalid("/query/locale", FieldCode::NotAllowed))
    }
}

/// The right options of a question; none where there is no such question. For the demo and the tests, which take
/// the courses as a person does: no route tells them.
#[must_use]
pub fn right_options(course: &str, question: &str) -> Vec<&'static str> {
    let [locale, ..] = LOCALES;
    let content = CONTENT.get(course).and_then(|localised| localised.get(locale));
    let questions = content.into_iter().flat_map(|content| &content.questions);
    let options = questions.filter(|known| known.id == question).flat_map(|known| &known.options);
    options.filter(|option| option.right).map(|option| &*option.id).collect()
}

/// The course of that name in that language.
pub(crate) fn content(
    id: &str,
    Locale(locale): &Locale,
) -> Result<(&'static Course, &'static Content), Problem> {
    let course = Course::find(id).ok_or(Code::NotFound)?;
    let content = CONTENT.get(course.id).and_then(|localised| localised.get(*locale));
    Ok((course, content.ok_or(Code::Internal)?))
}

/// The languages of a course.
fn locales(course: &Course) -> Vec<String> {
    CONTENT.get(course.id).into_iter().flat_map(Localised::keys).cloned().collect()
}

#[utoipa::path(get, path = "/v1/training/courses", params(("locale" = Option<String>, Query)),
    responses((status = 200, body = CoursesResponse)))]
pub(crate) async fn list(
    State(_): State<App>,
    Allowed(..): Allowed<Colleague>,
    locale: Locale,
) -> Result<Reply<CoursesResponse>, Problem> {
    let item = |course: &Course| {
        let (course, content) = content(course.id, &locale)?;
        let Content { title, minutes, version, .. } = content;
        let locales = locales(course);
        Ok(CourseItem { id: course.id, locales, title, minutes: *minutes, version: *version })
    };
    let items = COURSES.iter().map(item).collect::<Result<_, Problem>>()?;
    Ok(Reply(StatusCode::OK, CoursesResponse { items }))
}

#[utoipa::path(get, path = "/v1/training/courses/{id}",
    params(("id" = String, Path), ("locale" = Option<String>, Query)),
    responses((status = 200, body = CourseResponse)))]
pub(crate) async fn get(
    State(_): State<App>,
    Allowed(..): Allowed<Colleague>,
    PathId(id): PathId,
    locale: Locale,
) -> Result<Reply<CourseResponse>, Problem> {
    let (course, content) = content(&id, &locale)?;
    let Content { title, minutes, version, changed: _, chat, questions: _, text } = content;
    let response = CourseResponse {
        id: course.id,
        locales: locales(course),
        title,
        minutes: *minutes,
        version: *version,
        locale: locale.0,
        text,
        chat: chat.iter().map(TurnItem::from).collect(),
    };
    Ok(Reply(StatusCode::OK, response))
}

impl From<&'static Turn> for TurnItem {
    fn from(Turn { id, says, choices }: &'static Turn) -> Self {
        Self { id, says, choices: choices.iter().map(ChoiceItem::from).collect() }
    }
}

impl From<&'static Choice> for ChoiceItem {
    fn from(Choice { text, then, good, next }: &'static Choice) -> Self {
        Self { text, then, good: *good, next: next.as_deref() }
    }
}
