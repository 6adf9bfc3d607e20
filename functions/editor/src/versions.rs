//! `GET /v1/knowledge/versions` and `POST /v1/knowledge/versions/{version}/restore`: what was published, and the
//! way back to it.

use axum::extract::{Path, State};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::clock::rfc3339;
use shared::http::request::MaybePlainJson;
use shared::http::response::Reply;
use shared::http::staff::{Admin, AgentOrAdmin, Allowed, SteppedUp};
use shared::http::staff_app::App;
use shared::problem::{Code, Problem};
use shared::store::knowledge::Version;
use utoipa::ToSchema;

use crate::publish::{Candidate, EvaluationResponse};
use crate::shelf::PlaceQuery;

/// A publication that is kept.
#[derive(Serialize, ToSchema)]
pub struct VersionResponse {
    version: u32,
    published_at: String,
    /// The number of its entries.
    entries: usize,
    evaluation: EvaluationResponse,
    /// The version whose entries were published again.
    #[schema(required = true)]
    restored: Option<u32>,
    /// Whether the bot answers from it.
    current: bool,
}

/// The last 50 publications, the latest first.
#[derive(Serialize, ToSchema)]
pub struct VersionsResponse {
    items: Vec<VersionResponse>,
}

/// Nothing has to be said.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RestoreRequest {}

impl VersionResponse {
    fn new(version: Version, current: u32) -> Self {
        let Version { version, published_ms, facts } = version;
        Self {
            version,
            published_at: rfc3339(published_ms),
            entries: facts.entries,
            evaluation: facts.evaluation.into(),
            restored: facts.restored,
            current: version == current,
        }
    }
}

#[utoipa::path(get, path = "/v1/knowledge/versions",
    params(("site" = Option<String>, Query), ("locale" = Option<String>, Query)),
    responses((status = 200, body = VersionsResponse)))]
pub(crate) async fn list(
    State(app): State<App>,
    Allowed(..): Allowed<AgentOrAdmin>,
    query: PlaceQuery,
) -> Result<Reply<VersionsResponse>, Problem> {
    let place = query.place;
    let (stored, versions) =
        tokio::join!(app.store.stored_site(place.site), app.store.versions(place.shelf()));
    let current = stored?.published(place.locale);
    let items = versions?.into_iter().map(|version| VersionResponse::new(version, current));
    Ok(Reply(StatusCode::OK, VersionsResponse { items: items.collect() }))
}

#[utoipa::path(post, path = "/v1/knowledge/versions/{version}/restore",
    params(("version" = String, Path), ("site" = Option<String>, Query),
        ("locale" = Option<String>, Query)),
    request_body = RestoreRequest, responses((status = 200, body = VersionResponse)))]
pub(crate) async fn restore(
    State(app): State<App>,
    SteppedUp(admin, ..): SteppedUp<Admin>,
    Path(version): Path<String>,
    query: PlaceQuery,
    MaybePlainJson(RestoreRequest {}): MaybePlainJson<RestoreRequest>,
) -> Result<Reply<VersionResponse>, Problem> {
    let version = version.parse::<u32>().map_err(|_| Code::NotFound)?;
    let place = query.place;
    let found = app.store.version(place.shelf(), version).await?;
    let (_, edition) = found.ok_or(Code::NotFound)?;
    let candidate = Candidate::of(&app, place, edition.entries).await?;
    let restored = candidate.publish(&app, place, (admin.id, Some(version))).await?;
    let current = restored.version;
    Ok(Reply(StatusCode::OK, VersionResponse::new(restored, current)))
}
