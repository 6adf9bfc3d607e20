//! `GET` and `PUT /v1/retention/policy`: how long a site keeps things. A shorter policy acts at once, a
//! longer one lengthens nothing that was promised.

use axum::extract::{RawQuery, State};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::clock::rfc3339;
use shared::http::request::PlainJson;
use shared::http::response::Reply;
use shared::http::staff::{Allowed, Privacy, SteppedUp};
use shared::problem::{Code, FieldCode, Problem};
use shared::store::policy::StoredPolicy;
use shared::store::security_event::{Action, SecurityEvent};
use shared::values::policy::{Bounds, RetentionPolicy};
use shared::values::site::Site;
use utoipa::ToSchema;

use shared::http::staff_app::App;

/// A policy that is to be in force.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyRequest {
    /// Days from the opening of a conversation to the end of its transcript.
    transcript_days: Option<u64>,
    /// Days that a left contact is kept.
    lead_days: Option<u64>,
    /// Days that it stays told who did what.
    audit_days: Option<u64>,
    /// Days from its opening after which a conversation takes no more messages.
    conversation_max_days: Option<u64>,
    /// The site; `default` if missing.
    site: Option<String>,
}

/// The policy in force.
#[derive(Serialize, ToSchema)]
pub struct PolicyResponse {
    site: &'static str,
    transcript_days: u16,
    lead_days: u16,
    audit_days: u16,
    conversation_max_days: u16,
    changed_at: Option<String>,
    progress: Progress,
    bounds: AllBounds,
}

/// How far the stored ends have followed the policy.
#[derive(Serialize, ToSchema)]
pub struct Progress {
    /// `aligned`, or `aligning` while the sweep is at it; for readers the policy counts at once.
    state: &'static str,
    /// Rows looked at so far.
    looked_at: u64,
}

/// Least and most days of each value.
#[derive(Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the names are the API's")]
pub struct AllBounds {
    transcript_days: Range,
    lead_days: Range,
    audit_days: Range,
    conversation_max_days: Range,
}

/// Least and most days.
#[derive(Serialize, ToSchema)]
pub struct Range {
    min: u16,
    max: u16,
}

impl From<Bounds> for Range {
    fn from(bounds: Bounds) -> Self {
        Self { min: bounds.min, max: bounds.max }
    }
}

#[utoipa::path(get, path = "/v1/retention/policy", params(("site" = Option<String>, Query)),
    responses((status = 200, body = PolicyResponse)))]
pub(crate) async fn get(
    State(app): State<App>,
    Allowed(..): Allowed<Privacy>,
    RawQuery(query): RawQuery,
) -> Result<Reply<PolicyResponse>, Problem> {
    let query = query.unwrap_or_default();
    let named = query.split('&').find_map(|pair| pair.strip_prefix("site="));
    let site = find_site(named, "/query/site")?;
    let stored = app.store.settings.retention_policy(site).await?;
    Ok(Reply(StatusCode::OK, response(&app, site, stored).await?))
}

#[utoipa::path(put, path = "/v1/retention/policy", request_body = PolicyRequest,
    responses((status = 200, body = PolicyResponse)))]
pub(crate) async fn put(
    State(app): State<App>,
    SteppedUp(staff, ..): SteppedUp<Privacy>,
    PlainJson(request): PlainJson<PolicyRequest>,
) -> Result<Reply<PolicyResponse>, Problem> {
    let site = find_site(request.site.as_deref(), "/site")?;
    let missing = |pointer| Problem::invalid(pointer, FieldCode::Missing);
    let policy = RetentionPolicy::new(
        request.transcript_days.ok_or_else(|| missing("/transcript_days"))?,
        request.lead_days.ok_or_else(|| missing("/lead_days"))?,
        request.audit_days.ok_or_else(|| missing("/audit_days"))?,
        request.conversation_max_days.ok_or_else(|| missing("/conversation_max_days"))?,
    )?;
    let known = app.store.settings.retention_policy(site).await?;
    let stored = if known.policy.has_days_of(&policy) {
        known
    } else {
        let mut actions = vec![Action::PolicyChanged];
        actions.extend(policy.keeps_longer_than(&known.policy).then_some(Action::PolicyLoosened));
        let mut events = Vec::new();
        for action in actions {
            events.push(app.events.put(SecurityEvent::by(staff.id, action, site.id)).await?);
        }
        let followed = app.store.sweep_progress().await?.aligned_version;
        let known = (&known, followed);
        let put = app.store.settings.put_retention_policy(site, known, policy, events).await?;
        put.ok_or_else(|| Problem::new(Code::Conflict, "Somebody else has just changed it."))?
    };
    Ok(Reply(StatusCode::OK, response(&app, site, stored).await?))
}

async fn response(
    app: &App,
    site: &'static Site,
    stored: StoredPolicy,
) -> Result<PolicyResponse, Problem> {
    let progress = app.store.sweep_progress().await?;
    let aligned = progress.aligned_version == Some(stored.version);
    let policy = stored.policy;
    Ok(PolicyResponse {
        site: site.id,
        transcript_days: policy.transcript_days(),
        lead_days: policy.lead_days(),
        audit_days: policy.audit_days(),
        conversation_max_days: policy.conversation_max_days(),
        changed_at: stored.changed_ms.map(rfc3339),
        progress: Progress {
            state: if aligned { "aligned" } else { "aligning" },
            looked_at: progress.looked_at,
        },
        bounds: AllBounds {
            transcript_days: RetentionPolicy::TRANSCRIPT_DAYS.into(),
            lead_days: RetentionPolicy::LEAD_DAYS.into(),
            audit_days: RetentionPolicy::AUDIT_DAYS.into(),
            conversation_max_days: RetentionPolicy::CONVERSATION_MAX_DAYS.into(),
        },
    })
}

fn find_site(name: Option<&str>, pointer: &'static str) -> Result<&'static Site, Problem> {
    name.map_or(Some(Site::SHIPPED), Site::find)
        .ok_or_else(|| Problem::invalid(pointer, FieldCode::NotAllowed))
}
