//! `PUT /v1/presence`: whether the caller is there to answer. It counts for ninety seconds. Who goes away
//! gives back what they have.

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use shared::access::staff::Staff;
use shared::http::request::{Json, Sealable};
use shared::http::staff::{Agent as AgentRole, Allowed};
use shared::problem::{Code, FieldCode, Problem};
use shared::store::body::Agent;
use shared::store::inbox::List;
use shared::store::live::{PRESENCE_MS, Presence};
use shared::values::site::Site;
use utoipa::ToSchema;

use shared::http::staff_app::App;

use crate::return_claims::{Returned, give_back};

/// The name of somebody whose name auth has not told yet.
const UNNAMED: &str = "Agent";

/// Whether the caller is there.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PresenceRequest {
    /// `available` or `away`.
    #[schema(value_type = String)]
    state: Option<String>,
}

#[utoipa::path(put, path = "/v1/presence", request_body = PresenceRequest,
    responses((status = 204)))]
pub(crate) async fn put(
    State(app): State<App>,
    Sealable(Allowed(staff, ..)): Sealable<Allowed<AgentRole>>,
    Json(request): Json<PresenceRequest>,
) -> Result<StatusCode, Problem> {
    let state = request.state.ok_or_else(|| Problem::invalid("/state", FieldCode::Missing))?;
    let is_there = match &*state {
        "available" => true,
        "away" => false,
        _ => return Err(Problem::invalid("/state", FieldCode::NotAllowed)),
    };
    note(&app, &staff, agent(&app, &staff).await?, is_there).await?;
    if !is_there {
        Box::pin(give_back(&app, List::With(staff.id), &mut Returned::default())).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// The caller under the name that they work under.
///
/// # Errors
/// 503.
pub async fn agent(app: &App, staff: &Staff) -> Result<Agent, Problem> {
    let name = app.store.work_name(staff.id).await?.unwrap_or_else(|| UNNAMED.to_owned());
    Ok(Agent { id: staff.id, name })
}

/// Notes whether an agent is there.
///
/// # Errors
/// 401 when what they may do has changed since their token was made; 503.
pub async fn note(app: &App, staff: &Staff, agent: Agent, is_there: bool) -> Result<(), Problem> {
    let now_ms = app.clock.now_ms();
    let until_ms = if is_there { now_ms + PRESENCE_MS } else { now_ms };
    let presence = Presence { agent, until_ms };
    if app.store.note_presence(Site::SHIPPED, &presence, staff.epoch).await? {
        Ok(())
    } else {
        Err(Code::TokenRevoked.into())
    }
}
