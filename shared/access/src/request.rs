//! Extractors: authenticate, open, parse. A handler receives only requests that passed all three.

use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, OriginalUri, RawPathParams, Request};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, Method};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::app::App;
use crate::token::{self, Visitor};
use crate::transport::{OpensSealed, with_key};
pub use edge::reply::BODY_LIMIT;
use edge::reply::ReplySlot;
use seal::sign::Verifier;
use seal::transport::{SEALED_JSON, parse_reply_key, request_aad};
use values::control::Control;
use values::encoding::from_base64url;
use values::ids::{AttemptId, AuditId, ConversationId, EventId, IncidentId, PracticeId, SubjectId};
use values::object::Object;
use values::problem::{Code, FieldCode, FieldError, Problem};
use values::secret::Plaintext;

/// The same for a sealed body, whose padding and base64 may add a third; what is inside is held to
/// [`BODY_LIMIT`].
const SEALED_LIMIT: usize = 96 * 1024;

impl FromRequestParts<App> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let token = bearer(&parts.headers)?.ok_or(Code::TokenMissing)?;
        let verify = |key: &Verifier| token::verify(key, &app.clock, &app.issuer, token);
        let visitor = app.keys.verify(token, verify).await?;
        require_sealed(app, &parts.method, &parts.headers)?;
        fill_slot(parts, app).await?;
        Ok(visitor)
    }
}

/// A request of somebody without a token, who may ask for a sealed response all the same.
pub struct Anybody;

impl FromRequestParts<App> for Anybody {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        fill_slot(parts, app).await?;
        Ok(Self)
    }
}

/// The same as `E`, at a route whose requests and responses may be sealed.
pub struct Sealable<E>(pub E);

impl<S, E> FromRequestParts<S> for Sealable<E>
where
    S: OpensSealed,
    E: FromRequestParts<S, Rejection = Problem> + Send,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let caller = E::from_request_parts(parts, state).await?;
        require_sealed(state, &parts.method, &parts.headers)?;
        fill_slot(parts, state).await?;
        Ok(Self(caller))
    }
}

/// Refuses a request that is not sealed, or whose response would not be, where the stack takes no other.
/// A body that says it is sealed is opened, and then its response is sealed too; only a POST and a PUT have
/// one that is looked at.
///
/// # Errors
/// [`Code::SealedRequired`].
pub fn require_sealed(
    app: &impl OpensSealed,
    method: &Method,
    headers: &HeaderMap,
) -> Result<(), Problem> {
    let asks = headers.contains_key("sotto-reply-key");
    let is_sealed = match content_type(headers) {
        _ if method != Method::POST && method != Method::PUT => asks,
        ContentType::Sealed => true,
        ContentType::Missing => asks,
        ContentType::Json | ContentType::Other => false,
    };
    if app.sealed_only() && !is_sealed {
        return Err(Problem::new(
            Code::SealedRequired,
            "Send application/sotto-sealed+json, or Sotto-Reply-Key where there is no body.",
        ));
    }
    Ok(())
}

/// A request without a body asks in a header for a sealed response; a sealed body asks by itself.
async fn fill_slot(parts: &Parts, app: &impl OpensSealed) -> Result<(), Problem> {
    let Some(header) = parts.headers.get("sotto-reply-key") else { return Ok(()) };
    let header = header.to_str().map_err(|_| Code::UnsealingFailed)?;
    let (kid, enc) = parse_reply_key(header).ok_or(Code::UnsealingFailed)?;
    let sealer = with_key(app, kid, |key| key.reply_to(&enc)).await?;
    ReplySlot::fill(&parts.extensions, sealer);
    Ok(())
}

/// The bearer token of a request; `None` when it has no `Authorization`.
///
/// # Errors
/// [`Code::TokenInvalid`] for another scheme or bytes that are no text.
pub fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get(AUTHORIZATION) else { return Ok(None) };
    let text = value.to_str().map_err(|_| Code::TokenInvalid)?;
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(token.trim())),
        _ => Err(Code::TokenInvalid.into()),
    }
}

macro_rules! path_id {
    ($(#[$doc:meta])* $name:ident($id:ty), $parameter:literal) => {
        $(#[$doc])*
        pub struct $name(pub $id);

        impl<S: Sync + Send> FromRequestParts<S> for $name {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
                let id = parameter(parts, state, $parameter).await?;
                <$id>::parse(&id).map(Self).ok_or_else(|| Code::NotFound.into())
            }
        }
    };
}

path_id! {
    /// The conversation id of the path. A text that is no id gets 404, as an unknown id does.
    ConversationPath(ConversationId), "id"
}
path_id! {
    /// The conversation id of a path of the staff.
    TranscriptPath(ConversationId), "conversation_id"
}
path_id! {
    /// The subject id of the path.
    SubjectPath(SubjectId), "subject_id"
}
path_id! {
    /// The id of an incident in the path.
    IncidentPath(IncidentId), "id"
}
path_id! {
    /// The id of a security event in the path.
    EventPath(EventId), "event_id"
}
path_id! {
    /// The id of an audit in the path.
    AuditPath(AuditId), "id"
}
path_id! {
    /// The id of an attempt in the path.
    AttemptPath(AttemptId), "attempt_id"
}
path_id! {
    /// The id of a practice in the path.
    PracticePath(PracticeId), "id"
}

/// The control in the path. A word that is none gets 404, as an unknown id does.
pub struct ControlPath(pub Control);

impl<S: Sync + Send> FromRequestParts<S> for ControlPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let word = parameter(parts, state, "control").await?;
        Control::find(&word).map(Self).ok_or_else(|| Code::NotFound.into())
    }
}

/// The `Idempotency-Key` of a request that must have one.
pub struct IdempotencyKey(pub String);

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let refused = |code| Problem::invalid("/headers/idempotency-key", code);
        let key = parts
            .headers
            .get("idempotency-key")
            .ok_or_else(|| refused(FieldCode::Missing))?
            .to_str()
            .map_err(|_| refused(FieldCode::BadFormat))?;
        let visible = key.bytes().all(|byte| byte.is_ascii_graphic());
        match key.len() {
            0 => Err(refused(FieldCode::TooShort)),
            129.. => Err(refused(FieldCode::TooLong)),
            _ if visible => Ok(Self(key.to_owned())),
            _ => Err(refused(FieldCode::BadFormat)),
        }
    }
}

/// The same of a request that may have one.
pub struct MaybeIdempotencyKey(pub Option<String>);

impl<S: Sync> FromRequestParts<S> for MaybeIdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        if !parts.headers.contains_key("idempotency-key") {
            return Ok(Self(None));
        }
        let IdempotencyKey(key) = IdempotencyKey::from_request_parts(parts, state).await?;
        Ok(Self(Some(key)))
    }
}

/// A JSON body, plain or sealed.
pub struct Json<T>(pub T);

impl<S: OpensSealed, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &S) -> Result<Self, Problem> {
        let body = read_body(request, app).await?.ok_or_else(unsupported)?;
        Ok(Self(parse(body.reveal())?))
    }
}

/// A JSON body, plain or sealed, that may be missing; then it counts as `{}`.
pub struct MaybeJson<T>(pub T);

impl<S: OpensSealed, T: DeserializeOwned> FromRequest<S> for MaybeJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &S) -> Result<Self, Problem> {
        let body = read_body(request, app).await?;
        parse_or_empty(body.as_ref().map_or(&[], |body| body.reveal())).map(Self)
    }
}

const PLAIN_ONLY: &str = "Send application/json.";

/// A JSON body of a route that takes no sealed ones, since it is not a visitor's.
pub struct PlainJson<T>(pub T);

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for PlainJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        if !matches!(content_type(&parts.headers), ContentType::Json) {
            return Err(Problem::new(Code::UnsupportedMediaType, PLAIN_ONLY));
        }
        let bytes = to_bytes(body, BODY_LIMIT).await.map_err(|_| Code::BodyTooLarge)?;
        let body = Plaintext::new(bytes.to_vec());
        Ok(Self(parse(body.reveal())?))
    }
}

/// The same, that may be missing; then it counts as `{}`.
pub struct MaybePlainJson<T>(pub T);

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for MaybePlainJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = to_bytes(body, BODY_LIMIT).await.map_err(|_| Code::BodyTooLarge)?;
        let body = Plaintext::new(bytes.to_vec());
        match content_type(&parts.headers) {
            ContentType::Missing if bytes.is_empty() => {}
            ContentType::Json => {}
            _ => return Err(Problem::new(Code::UnsupportedMediaType, PLAIN_ONLY)),
        }
        parse_or_empty(body.reveal()).map(Self)
    }
}

/// The parameter `id` of the path, as it came.
pub struct PathId(pub String);

impl<S: Sync + Send> FromRequestParts<S> for PathId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        parameter(parts, state, "id").await.map(Self)
    }
}

/// A parameter of the path, as it came.
async fn parameter<S: Sync + Send>(
    parts: &mut Parts,
    state: &S,
    wanted: &str,
) -> Result<String, Problem> {
    let params =
        RawPathParams::from_request_parts(parts, state).await.map_err(|_| Code::NotFound)?;
    let found = params.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.to_owned());
    found.ok_or_else(|| Code::NotFound.into())
}

/// The sealed form of a body.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SealedBody {
    kid: String,
    enc: String,
    ct: String,
}

/// The body in the clear; `None` when there is none and no type either.
async fn read_body(request: Request, app: &impl OpensSealed) -> Result<Option<Plaintext>, Problem> {
    let (parts, body) = request.into_parts();
    let kind = content_type(&parts.headers);
    let limit = if matches!(kind, ContentType::Sealed) { SEALED_LIMIT } else { BODY_LIMIT };
    let bytes = to_bytes(body, limit).await.map_err(|_| Code::BodyTooLarge)?;
    match kind {
        ContentType::Missing if bytes.is_empty() => Ok(None),
        ContentType::Json => Ok(Some(Plaintext::new(bytes.to_vec()))),
        ContentType::Sealed => open(&parts, &bytes, app).await.map(Some),
        ContentType::Missing | ContentType::Other => Err(unsupported()),
    }
}

fn unsupported() -> Problem {
    Problem::new(Code::UnsupportedMediaType, "Send application/json, or the sealed form.")
}

enum ContentType {
    Json,
    Sealed,
    Missing,
    Other,
}

fn content_type(headers: &HeaderMap) -> ContentType {
    let Some(value) = headers.get(CONTENT_TYPE) else { return ContentType::Missing };
    let Ok(text) = value.to_str() else { return ContentType::Other };
    let mut parts = text.split(';').map(|part| part.trim().to_ascii_lowercase());
    let essence = parts.next().unwrap_or_default();
    // RFC 9110, section 5.6.6: nothing may stand behind a semicolon.
    if !parts.all(|parameter| matches!(&*parameter, "" | "charset=utf-8" | "charset=\"utf-8\"")) {
        return ContentType::Other;
    }
    match &*essence {
        "application/json" => ContentType::Json,
        SEALED_JSON => ContentType::Sealed,
        _ => ContentType::Other,
    }
}

/// Opens a sealed body; one code for every cause but an unknown key.
async fn open(parts: &Parts, bytes: &Bytes, app: &impl OpensSealed) -> Result<Plaintext, Problem> {
    let sealed: SealedBody = parse(bytes)?;
    let enc = from_base64url(&sealed.enc).ok_or(Code::UnsealingFailed)?;
    let ct = from_base64url(&sealed.ct).ok_or(Code::UnsealingFailed)?;
    let aad = request_aad(parts.method.as_str(), path(parts), idempotency_key(&parts.headers));
    let (plaintext, sealer) = with_key(app, &sealed.kid, |key| key.open(&enc, &ct, &aad)).await?;
    ReplySlot::fill(&parts.extensions, sealer);
    if plaintext.reveal().len() > BODY_LIMIT {
        return Err(Code::BodyTooLarge.into());
    }
    Ok(plaintext)
}

fn path(parts: &Parts) -> &str {
    parts.extensions.get::<OriginalUri>().map_or(parts.uri.path(), |original| original.path())
}

fn idempotency_key(headers: &HeaderMap) -> &str {
    headers.get("idempotency-key").and_then(|key| key.to_str().ok()).unwrap_or_default()
}

/// Parses a body. The library's texts repeat values, so they are looked at and never passed on.
fn parse<T: DeserializeOwned>(json: &[u8]) -> Result<T, Problem> {
    // Text is read as bytes, which lets control characters through that JSON forbids; this does not.
    serde_json::from_slice::<IgnoredAny>(json).map_err(|_| Code::MalformedJson)?;
    let read = serde_json::from_slice::<Object<T>>(json);
    read.map(|Object(body)| body).map_err(|error| {
        let text = error.to_string();
        if text.starts_with("unknown field") {
            Code::UnknownField.into()
        } else if text.starts_with("missing field") {
            FieldError { pointer: "", code: FieldCode::Missing }.into()
        } else {
            Code::MalformedJson.into()
        }
    })
}

/// The same; nothing counts as `{}`.
fn parse_or_empty<T: DeserializeOwned>(json: &[u8]) -> Result<T, Problem> {
    let blank = json.iter().all(u8::is_ascii_whitespace);
    parse(if blank { b"{}" } else { json })
}

/// The query of a list: `limit` and `cursor`.
pub struct PageQuery {
    /// How many items at most, 1 to 100.
    pub limit: usize,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

impl PageQuery {
    /// The id that the cursor is, if there is one.
    ///
    /// # Errors
    /// [`Code::Invalid`] at `/query/cursor` for a cursor that `parse` does not take.
    pub fn after<T>(&self, parse: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, Problem> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let invalid = || Problem::invalid("/query/cursor", FieldCode::BadFormat);
        parse(cursor).ok_or_else(invalid).map(Some)
    }
}

/// The query of a poll: `after`, `state` and `limit`.
pub struct PollQuery {
    /// The id of the last message that the client has, as it came; empty from the beginning. `None`
    /// where the client does not poll.
    pub after: Option<String>,
    /// The state that the client knows.
    pub state: Option<String>,
    /// The list that is meant where `after` is missing.
    pub page: PageQuery,
}

impl<S: Sync> FromRequestParts<S> for PollQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let page = PageQuery::from_request_parts(parts, state).await?;
        let query = parts.uri.query().unwrap_or_default();
        let find = |wanted| {
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.find(|(name, _)| *name == wanted).map(|(_, value)| value.to_owned())
        };
        Ok(Self { after: find("after"), state: find("state"), page })
    }
}

impl<S: Sync> FromRequestParts<S> for PageQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut page = Self { limit: 50, cursor: None };
        let query = parts.uri.query().unwrap_or_default();
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            match name {
                "limit" => {
                    let digits = value.bytes().all(|byte| byte.is_ascii_digit());
                    let limit = value.parse().ok().filter(|_| digits);
                    page.limit = limit
                        .filter(|limit| (1..=100).contains(limit))
                        .ok_or_else(|| Problem::invalid("/query/limit", FieldCode::BadFormat))?;
                }
                "cursor" if value.is_empty() => page.cursor = None,
                "cursor" => page.cursor = Some(value.to_owned()),
                _ => {}
            }
        }
        Ok(page)
    }
}
