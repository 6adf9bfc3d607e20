//! `GET /v1/sites`, `GET` and `PUT /v1/sites/{id}`: what admins set of a site. In force within a minute.

use std::collections::BTreeMap;
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
use shared::values::look::{Colours, Look, Notice, RawColours, RawLook, RawNotice, Texts};
use shared::values::object::Object;
use shared::values::opening_hours::{OpeningHours, RawOpeningHours};
use shared::values::role::Role;
use shared::values::site::Site;
use shared::values::site_settings::{
    HandoverRules, RawHandoverRules, RawSiteSettings, SiteSettings, WebhookEvent, WebhookUrl,
};
use utoipa::ToSchema;

use shared::http::staff_app::App;

/// The consent purposes that visitors are asked for.
const PURPOSES: [&str; 1] = ["support"];

/// A site as its admins have set it.
#[derive(Serialize, ToSchema)]
pub struct SiteResponse {
    id: &'static str,
    /// The name above the conversation; `null` for none.
    name: Option<String>,
    /// Origins of pages that may embed the widget, beside those of the deployment's parameter `SiteOrigins`.
    origins: Vec<String>,
    /// Languages that the bot answers in, the site's own first.
    locales: &'static [&'static str],
    /// The first words in the window, by language.
    greeting: Texts,
    /// Questions to ask by a click, by language.
    suggested: BTreeMap<String, Vec<String>>,
    /// `null` for the widget's own.
    #[schema(value_type = Option<ColoursShown>)]
    colours: Option<Colours>,
    /// The words on the button that opens the window, by language.
    launcher: Texts,
    /// The operator's own privacy notice.
    privacy_url: Option<String>,
    consent: ConsentResponse,
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

/// Where new leads and incidents are sent.
#[derive(Serialize, ToSchema)]
pub struct WebhookResponse {
    /// Shown to admins; it may hold a token of the receiver's.
    url: Option<String>,
    /// `lead`, `incident` or both.
    events: Vec<&'static str>,
    /// The key of the signature: its characters, in the answer to the change that made it and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

/// The operator's own words in the notice that visitors agree to.
#[derive(Serialize, ToSchema)]
pub struct ConsentResponse {
    /// The version in force. A new text makes a new one.
    notice_version: String,
    /// The words, by language.
    text: Texts,
    /// `support`.
    purposes: [&'static str; 1],
}

/// Colours as `#rrggbb`.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ColoursShown {
    /// Of buttons and links: with a contrast of 4.5 to 1 against white and against the other.
    pub accent: String,
    /// Of the text on it.
    pub on_accent: String,
}

/// Settings of a site. A member that is left out gets its default.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SiteRequest {
    /// That of the path, if it is given.
    id: Option<String>,
    /// Up to 60 characters.
    name: Option<String>,
    /// Up to 50, such as `https://shop.example`.
    origins: Option<Vec<String>>,
    /// Those of the answer, if they are given.
    locales: Option<Vec<String>>,
    /// Up to 500 characters, by language.
    greeting: Option<Texts>,
    /// Up to four in a language, each up to 100 characters.
    suggested: Option<BTreeMap<String, Vec<String>>>,
    #[schema(value_type = Option<ColoursShown>)]
    colours: Option<Object<RawColours>>,
    /// Up to 40 characters, by language.
    launcher: Option<Texts>,
    /// An `https` address of up to 2,000 characters.
    privacy_url: Option<String>,
    #[schema(value_type = Option<ConsentRequest>)]
    consent: Option<Object<ConsentRequest>>,
    #[schema(value_type = Option<Hours>)]
    opening_hours: Option<Object<RawOpeningHours>>,
    #[schema(value_type = Option<Rules>)]
    handover: Option<Object<RawHandoverRules>>,
    #[schema(value_type = Option<WebhookRequest>)]
    webhook: Option<Object<WebhookRequest>>,
    /// 0 to 100,000.
    hourly_wage: Option<f64>,
}

/// A notice to set.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentRequest {
    /// Up to 2,000 characters, by language.
    text: Option<Texts>,
    /// `support`, or left out.
    purposes: Option<Vec<String>>,
    /// Passed over: another text gets the next version by itself.
    #[expect(dead_code, reason = "so that what was read can be sent")]
    notice_version: Option<String>,
}

/// A webhook to set. Another address gets a new secret; the same one keeps its own.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookRequest {
    /// `https`, up to 2,000 characters; no address of a private network.
    url: Option<String>,
    /// `lead`, `incident` or both; `lead` if it is left out.
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
    let (mut settings, wanted) = request.judge(site, app.webhooks)?;
    let known = app.store.stored_site(site).await?;
    if condition.as_bytes() != etag(known.version).as_bytes() {
        return Err(Code::Stale.into());
    }
    let told = &known.settings.look.consent;
    settings.look.consent = settings.look.consent.after(told, app.clock.now_ms());
    let before = if known.has_webhook { app.store.webhook(site).await? } else { None };
    let (change, webhook) = match (wanted, before) {
        (None, _) => {
            (if known.has_webhook { WebhookChange::Remove } else { WebhookChange::Keep }, None)
        }
        (Some((url, events)), Some(before)) if before.url() == url.as_str() => {
            let shown = WebhookResponse::of(Some(url.as_str()), &events);
            let stays = before.events() == events;
            let change = if stays {
                WebhookChange::Keep
            } else {
                WebhookChange::Set(before.with_events(events))
            };
            (change, Some(shown))
        }
        (Some((url, events)), _) => {
            let shown = WebhookResponse::of(Some(url.as_str()), &events);
            let webhook = Webhook::new(&url, events)?;
            let secret = Some(webhook.expose_secret().to_owned());
            (WebhookChange::Set(webhook), Some(WebhookResponse { secret, ..shown }))
        }
    };
    let event = app.events.put(SecurityEvent::by(admin.id, Action::SiteChanged, site.id)).await?;
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
    if !stored.has_webhook {
        return Ok(None);
    }
    let webhook = app.store.webhook(site).await?;
    let shown =
        |webhook: Webhook| WebhookResponse::of(is_admin.then_some(webhook.url()), webhook.events());
    Ok(webhook.map(shown))
}

impl SiteRequest {
    fn judge(
        self,
        site: &Site,
        reach: Reach,
    ) -> Result<(SiteSettings, Option<WantedWebhook>), Problem> {
        if self.id.is_some_and(|named| named != site.id) {
            return Err(Problem::invalid("/id", FieldCode::NotAllowed));
        }
        if self.locales.is_some_and(|named| named != site.locales) {
            return Err(Problem::invalid("/locales", FieldCode::NotAllowed));
        }
        let consent = self.consent.map(|Object(consent)| consent.judge()).transpose()?;
        let look = RawLook {
            name: self.name,
            greeting: self.greeting,
            suggested: self.suggested,
            colours: self.colours,
            launcher: self.launcher,
            privacy_url: self.privacy_url,
            consent: consent.map(Object),
        };
        let settings = SiteSettings::judge(RawSiteSettings {
            look,
            origins: self.origins,
            opening_hours: self.opening_hours,
            handover: self.handover,
            hourly_wage: self.hourly_wage,
        })?;
        let webhook = self.webhook.map(|Object(webhook)| webhook.judge(reach)).transpose()?;
        Ok((settings, webhook))
    }
}

impl ConsentRequest {
    fn judge(self) -> Result<RawNotice, FieldError> {
        if self.purposes.is_some_and(|purposes| purposes != PURPOSES) {
            return Err(FieldError { pointer: "/consent/purposes", code: FieldCode::NotAllowed });
        }
        Ok(RawNotice { text: self.text.unwrap_or_default(), ..RawNotice::default() })
    }
}

/// The address of a webhook to set, and the events that it is for.
type WantedWebhook = (WebhookUrl, Vec<WebhookEvent>);

impl WebhookRequest {
    fn judge(self, reach: Reach) -> Result<WantedWebhook, FieldError> {
        let events = WebhookEvent::judge(self.events)?;
        let missing = FieldError { pointer: "/webhook/url", code: FieldCode::Missing };
        Ok((WebhookUrl::judge(self.url.ok_or(missing)?, reach)?, events))
    }
}

impl WebhookResponse {
    fn of(url: Option<&str>, events: &[WebhookEvent]) -> Self {
        let events = events.iter().map(|event| event.as_str()).collect();
        Self { url: url.map(str::to_owned), events, secret: None }
    }
}

impl SiteResponse {
    fn new(site: &'static Site, stored: StoredSite, webhook: Option<WebhookResponse>) -> Self {
        let settings = Arc::unwrap_or_clone(stored.settings);
        let SiteSettings { look, origins, opening_hours, handover, hourly_wage } = settings;
        let Look { name, greeting, suggested, colours, launcher, privacy_url, consent } = look;
        let notice_version = consent.name();
        let Notice { text, .. } = consent;
        Self {
            id: site.id,
            name,
            origins,
            locales: site.locales,
            greeting,
            suggested,
            colours,
            launcher,
            privacy_url,
            consent: ConsentResponse { notice_version, text, purposes: PURPOSES },
            opening_hours,
            handover,
            webhook,
            hourly_wage,
            etag: etag(stored.version),
        }
    }

    fn tagged(self) -> Result<Response, Problem> {
        let tag = self.etag.clone();
        Reply(StatusCode::OK, self).tagged(&tag)
    }
}
