//! `GET /v1/sites`, `GET` and `PUT /v1/sites/{id}`: what admins set of a site. In force within a minute.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::header::IF_MATCH;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use shared::http::request::{PathId, PlainJson};
use shared::http::response::{Reply, etag};
use shared::http::staff::{Admin, AgentOrAdmin, Allowed, SteppedUp};
use shared::problem::{Code, FieldCode, FieldError, Problem};
use shared::store::security_event::{Action, SecurityEvent};
use shared::store::site_settings::StoredSite;
use shared::store::webhook::{Webhook, WebhookChange};
use shared::values::internet::Reach;
use shared::values::object::Object;
use shared::values::opening_hours::{OpeningHours, RawOpeningHours};
use shared::values::role::Role;
use shared::values::site::Site;
use shared::values::site_settings::{
    HandoverRules, RawHandoverRules, RawSiteSettings, SiteSettings, WebhookUrl,
};
use utoipa::ToSchema;

use shared::http::staff_app::App;

/// Events of a site that its webhook is for.
const EVENTS: [&str; 1] = ["lead"];

/// A site as its admins have set it.
#[derive(Serialize, ToSchema)]
pub struct SiteResponse {
    id: &'static str,
    /// `null` for always.
    #[schema(value_type = Option<Hours>)]
    opening_hours: Option<OpeningHours>,
    #[schema(value_type = Rules)]
    handover: HandoverRules,
    webhook: Option<WebhookResponse>,
    /// The cost of an hour of an agent, in the operator's currency.
    hourly_wage: Option<f64>,
    /// For `If-Match` of a change; also the header `ETag`.
    etag: String,
}

/// All sites.
#[derive(Serialize, ToSchema)]
pub struct SitesResponse {
    items: Vec<SiteResponse>,
    next_cursor: Option<String>,
}

/// Where new leads are sent.
#[derive(Serialize, ToSchema)]
pub struct WebhookResponse {
    /// Shown to admins; it may hold a token of the receiver's.
    url: Option<String>,
    /// `lead`.
    events: [&'static str; 1],
    /// The key of the signature: its characters, in the answer to the change that made it and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

/// Settings of a site. A member that is left out gets its default.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SiteRequest {
    /// That of the path, if it is given.
    id: Option<String>,
    #[schema(value_type = Option<Hours>)]
    opening_hours: Option<Object<RawOpeningHours>>,
    #[schema(value_type = Option<Rules>)]
    handover: Option<Object<RawHandoverRules>>,
    #[schema(value_type = Option<WebhookRequest>)]
    webhook: Option<Object<WebhookRequest>>,
    /// 0 to 100,000.
    hourly_wage: Option<f64>,
}

/// A webhook to set. Another address gets a new secret; the same one keeps its own.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookRequest {
    /// `https`, up to 2,000 characters; no address of a private network.
    url: Option<String>,
    /// `lead`, or left out.
    events: Option<Vec<String>>,
}

/// When people are there.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// A name of the IANA database, such as `Europe/Berlin`.
    pub time_zone: String,
    /// Spans of each day.
    pub week: Week,
    /// Days off, such as `2026-12-25`.
    pub closed_on: Option<Vec<String>>,
}

/// Up to eight spans a day, such as `["09:00","17:00"]`, which do not overlap; an end may be `24:00`.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names of the days")]
pub struct Week {
    pub mon: Option<Vec<Vec<String>>>,
    pub tue: Option<Vec<Vec<String>>>,
    pub wed: Option<Vec<Vec<String>>>,
    pub thu: Option<Vec<Vec<String>>>,
    pub fri: Option<Vec<Vec<String>>>,
    pub sat: Option<Vec<Vec<String>>>,
    pub sun: Option<Vec<Vec<String>>>,
}

/// When the bot hands over by itself.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// Up to 200 words, or few words in a row, that hand over at once, whatever their case.
    pub words: Option<Vec<String>>,
    /// Up to 200 ids of entries whose questions go to a person, while one is there.
    pub topics: Option<Vec<String>>,
    /// After so many answers in a row that the bot did not know: 1 to 5, 2 if nobody has set it.
    pub after_unknown: Option<u64>,
}

#[utoipa::path(get, path = "/v1/sites", responses((status = 200, body = SitesResponse)))]
pub(crate) async fn list(
    State(app): State<App>,
    Allowed(staff, ..): Allowed<AgentOrAdmin>,
) -> Result<Reply<SitesResponse>, Problem> {
    let site = Site::SHIPPED;
    let stored = app.store.stored_site(site).await?;
    let webhook = shown(&app, site, &stored, staff.roles.has(Role::Admin)).await?;
    let items = vec![SiteResponse::new(site, stored, webhook)];
    Ok(Reply(StatusCode::OK, SitesResponse { items, next_cursor: None }))
}

#[utoipa::path(get, path = "/v1/sites/{id}", params(("id" = String, Path)),
    responses((status = 200, body = SiteResponse, headers(("ETag" = String)))))]
pub(crate) async fn get(
    State(app): State<App>,
    Allowed(staff, ..): Allowed<AgentOrAdmin>,
    PathId(id): PathId,
) -> Result<Response, Problem> {
    let site = Site::find(&id).ok_or(Code::NotFound)?;
    let stored = app.store.stored_site(site).await?;
    let webhook = shown(&app, site, &stored, staff.roles.has(Role::Admin)).await?;
    SiteResponse::new(site, stored, webhook).tagged()
}

#[utoipa::path(put, path = "/v1/sites/{id}", params(("id" = String, Path),
        ("If-Match" = Option<String>, Header, description = "The `etag` of what is changed.")),
    request_body = SiteRequest,
    responses((status = 200, body = SiteResponse, headers(("ETag" = String)))))]
pub(crate) async fn put(
    State(app): State<App>,
    SteppedUp(admin, ..): SteppedUp<Admin>,
    PathId(id): PathId,
    headers: HeaderMap,
    PlainJson(request): PlainJson<SiteRequest>,
) -> Result<Response, Problem> {
    let site = Site::find(&id).ok_or(Code::NotFound)?;
    let condition = headers.get(IF_MATCH).ok_or(Code::PreconditionRequired)?;
    if request.id.is_some_and(|named| named != site.id) {
        return Err(Problem::invalid("/id", FieldCode::NotAllowed));
    }
    let settings = SiteSettings::judge(RawSiteSettings {
        opening_hours: request.opening_hours,
        handover: request.handover,
        hourly_wage: request.hourly_wage,
    })?;
    let url = request.webhook.map(|Object(webhook)| webhook.judge(app.webhooks)).transpose()?;
    let known = app.store.stored_site(site).await?;
    if condition.as_bytes() != etag(known.version).as_bytes() {
        return Err(Code::Stale.into());
    }
    let before = if known.has_webhook { app.store.webhook(site).await? } else { None };
    let (change, webhook) = match url {
        None => (if known.has_webhook { WebhookChange::Remove } else { WebhookChange::Keep }, None),
        Some(url) if before.as_ref().is_some_and(|before| before.url() == url.as_str()) => {
            (WebhookChange::Keep, Some(WebhookResponse::of(Some(url.as_str()))))
        }
        Some(url) => {
            let webhook = Webhook::new(&url)?;
            let secret = Some(webhook.expose_secret().to_owned());
            let shown = WebhookResponse { secret, ..WebhookResponse::of(Some(url.as_str())) };
            (WebhookChange::Set(webhook), Some(shown))
        }
    };
    let event = app.events.put(SecurityEvent::by(admin.id, Action::SiteChanged, site.id))?;
    let put = app.store.put_site(site, &known, (settings, change), event).await?;
    let stored = put.ok_or(Code::Stale)?;
    SiteResponse::new(site, stored, webhook).tagged()
}

/// The webhook of a site as somebody of the staff sees it.
async fn shown(
    app: &App,
    site: &Site,
    stored: &StoredSite,
    is_admin: bool,
) -> Result<Option<WebhookResponse>, Problem> {
    if !stored.has_webhook || !is_admin {
        return Ok(stored.has_webhook.then(|| WebhookResponse::of(None)));
    }
    let webhook = app.store.webhook(site).await?;
    Ok(webhook.map(|webhook| WebhookResponse::of(Some(webhook.url()))))
}

impl WebhookRequest {
    fn judge(self, reach: Reach) -> Result<WebhookUrl, FieldError> {
        let refused = |pointer, code| FieldError { pointer, code };
        if self.events.is_some_and(|events| events != EVENTS) {
            return Err(refused("/webhook/events", FieldCode::NotAllowed));
        }
        let url = self.url.ok_or(refused("/webhook/url", FieldCode::Missing))?;
        WebhookUrl::judge(url, reach)
    }
}

impl WebhookResponse {
    fn of(url: Option<&str>) -> Self {
        Self { url: url.map(str::to_owned), events: EVENTS, secret: None }
    }
}

impl SiteResponse {
    fn new(site: &'static Site, stored: StoredSite, webhook: Option<WebhookResponse>) -> Self {
        let settings = Arc::unwrap_or_clone(stored.settings);
        let SiteSettings { opening_hours, handover, hourly_wage } = settings;
        let etag = etag(stored.version);
        Self { id: site.id, opening_hours, handover, webhook, hourly_wage, etag }
    }

    fn tagged(self) -> Result<Response, Problem> {
        let tag = self.etag.clone();
        Reply(StatusCode::OK, self).tagged(&tag)
    }
}
