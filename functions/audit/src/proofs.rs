//! `GET /v1/audit/checkpoint`, `/v1/audit/proofs/{event_id}` and `/v1/audit/consistency`: enough for anybody
//! to verify the log without trusting this function.

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;
use shared::clock::rfc3339;
use shared::http::request::EventPath;
use shared::http::response::Reply;
use shared::http::staff::{Allowed, SecurityOrAuditor};
use shared::ids::EventId;
use shared::problem::{Code, FieldCode, Problem};
use shared::store::StoreError;
use shared::store::attributes::{Item, Value};
use shared::store::security_event::partition_of;
use shared::store::staff_keys::log_key;
use shared::values::encoding::base64url;
use tiles::Hash;
use tiles::leaf::{Leaf, STORED_BEFORE_MS, STORED_WITHIN_MS, commit};
use tiles::note::{origin_of, verifier_key};
use utoipa::ToSchema;

use crate::parts::App;

/// The verifier key of the log (C2SP signed-note).
const LOG_KEY: HeaderName = HeaderName::from_static("sotto-log-key");

/// The tree that the proof of an event leads to.
#[derive(Clone, Copy)]
pub(crate) enum Tree {
    /// The one of the last checkpoint.
    Last,
    /// The first that has the event. The proof is the same whenever it is asked for.
    First,
}

/// The proof that an event is in the log (RFC 6962, section 2.1.1).
#[derive(Serialize, ToSchema)]
pub struct InclusionResponse {
    event_id: String,
    /// The place of its leaf in the tree.
    leaf_index: u64,
    /// How many leaves the tree has.
    tree_size: u64,
    /// The bytes of the leaf, base64url.
    leaf: String,
    /// The hashes beside the path from the leaf to the root, base64url.
    hashes: Vec<String>,
    /// The checkpoint that names the root.
    checkpoint: String,
}

/// The proof that the tree of one size goes on from that of another (RFC 6962, section 2.1.2).
#[derive(Serialize, ToSchema)]
pub struct ConsistencyResponse {
    from: u64,
    to: u64,
    /// The hashes, base64url; none where both sizes are the same, or the first is 0.
    hashes: Vec<String>,
}

#[utoipa::path(get, path = "/v1/audit/checkpoint",
    responses((status = 200, body = String, content_type = "text/plain",
        description = "The last checkpoint, a signed note (C2SP).",
        headers(("Sotto-Log-Key" = String, description = "The verifier key of the log.")))))]
pub(crate) async fn checkpoint(
    State(app): State<App>,
    Allowed(..): Allowed<SecurityOrAuditor>,
) -> Result<Response, Problem> {
    let head = app.log.head().await?.ok_or(Code::NotFound)?;
    let keys = app.staff.staff_keys.get().await?;
    let key = log_key(keys.jwks()).zip(origin_of(&head.checkpoint));
    let key = key.map(|(key, origin)| verifier_key(&origin, &key));
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    let mut response = ([(CONTENT_TYPE, text)], head.checkpoint).into_response();
    if let Some(Ok(key)) = key.map(|key| HeaderValue::from_str(&key)) {
        response.headers_mut().insert(LOG_KEY, key);
    }
    Ok(response)
}

#[utoipa::path(get, path = "/v1/audit/proofs/{event_id}", params(("event_id" = String, Path)),
    responses((status = 200, body = InclusionResponse)))]
pub(crate) async fn inclusion(
    State(app): State<App>,
    Allowed(..): Allowed<SecurityOrAuditor>,
    EventPath(id): EventPath,
) -> Result<Reply<InclusionResponse>, Problem> {
    let (proof, _) = prove(&app, id, Tree::Last).await?;
    Ok(Reply(StatusCode::OK, proof))
}

/// The proof that an event is in the log, and its item, from which the leaf is made.
///
/// # Errors
/// [`Code::NotFound`] for an event that is not in the log, or may be forgotten by now, and
/// [`Code::LeafMismatch`].
pub(crate) async fn prove(
    app: &App,
    id: EventId,
    tree: Tree,
) -> Result<(InclusionResponse, Item), Problem> {
    let place = app.log.place_of(id).await?.ok_or(Code::NotFound)?;
    // Read behind the place, so that its tree has it.
    let read = match tree {
        Tree::Last => {
            let head = app.log.head().await?;
            head.map(|head| (head.frontier.size(), head.checkpoint))
        }
        Tree::First => app.log.checkpoint_from(place.saturating_add(1)).await?,
    };
    let (size, checkpoint) = read.ok_or(Code::NotFound)?;
    let bytes = app.log.leaf(place).await?.ok_or(Code::LeafMismatch)?;
    let Some(Leaf::Event { end_s, commitment, id: named }) = Leaf::read(&bytes) else {
        return Err(Code::LeafMismatch.into());
    };
    let item = match find(app, id).await? {
        Some(item) if named == id && commit(&item) == Some(commitment) => item,
        None if ended(app, end_s) => return Err(Code::NotFound.into()),
        _ => {
            let detail =
                "The stored event was changed or deleted. cargo doctor verify-log says more.";
            return Err(Problem::new(Code::LeafMismatch, detail));
        }
    };
    let proof = InclusionResponse {
        event_id: id.to_string(),
        leaf_index: place,
        tree_size: size,
        leaf: base64url(&bytes),
        hashes: encoded(&app.log.inclusion(size, place).await?),
        checkpoint,
    };
    Ok((proof, item))
}

#[utoipa::path(get, path = "/v1/audit/consistency",
    params(("from" = u64, Query), ("to" = u64, Query)),
    responses((status = 200, body = ConsistencyResponse)))]
pub(crate) async fn consistency(
    State(app): State<App>,
    Allowed(..): Allowed<SecurityOrAuditor>,
    RawQuery(query): RawQuery,
) -> Result<Reply<ConsistencyResponse>, Problem> {
    let query = query.unwrap_or_default();
    let from = size_of(&query, "from", "/query/from")?;
    let to = size_of(&query, "to", "/query/to")?;
    let head = app.log.head().await?;
    let size = head.map_or(0, |head| head.frontier.size());
    if from > to {
        return Err(Problem::invalid("/query/from", FieldCode::NotAllowed));
    }
    if to > size {
        return Err(Problem::invalid("/query/to", FieldCode::NotAllowed));
    }
    let hashes = encoded(&app.log.consistency(to, from).await?);
    Ok(Reply(StatusCode::OK, ConsistencyResponse { from, to, hashes }))
}

/// A size of the tree in a query.
fn size_of(query: &str, name: &str, pointer: &'static str) -> Result<u64, Problem> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let (_, text) = pairs
        .find(|(key, _)| key == name)
        .ok_or_else(|| Problem::invalid(pointer, FieldCode::Missing))?;
    text.parse().map_err(|_| Problem::invalid(pointer, FieldCode::BadFormat))
}

/// Hashes as responses have them.
pub(crate) fn encoded(hashes: &[Hash]) -> Vec<String> {
    hashes.iter().map(|hash| base64url(&hash.0)).collect()
}

/// Whether an event may be forgotten by now.
fn ended(app: &App, end_s: u64) -> bool {
    u64::try_from(app.staff.clock.now_seconds()).is_ok_and(|now_s| end_s <= now_s)
}

/// The item of an event. Its key has the time at which it was stored, which is not in its id.
async fn find(app: &App, id: EventId) -> Result<Option<Item>, StoreError> {
    let from_ms = id.made_at_ms() - STORED_BEFORE_MS;
    let to_ms = id.made_at_ms() + STORED_WITHIN_MS;
    let (first, last) = (rfc3339(from_ms), format!("{}#~", rfc3339(to_ms)));
    let suffix = format!("#{id}");
    let mut days = vec![partition_of(&first, id), partition_of(&last, id)];
    days.dedup();
    for partition in days {
        let found = app.events.between("find_event", &partition, (&first, &last)).await?;
        let is_it =
            |item: &Item| matches!(item.get("k"), Some(Value::S(key)) if key.ends_with(&suffix));
        if let Some(item) = found.into_iter().find(is_it) {
            return Ok(Some(item));
        }
    }
    Ok(None)
}
