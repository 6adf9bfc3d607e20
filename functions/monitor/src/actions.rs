//! `POST /v1/incidents/{id}/actions`: something is done against an incident, or undone.

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use shared::http::request::{IncidentPath, PlainJson};
use shared::http::response::Reply;
use shared::http::staff::{Security, SteppedUp};
use shared::ids::{ActionId, StaffId};
use shared::problem::{Code, FieldCode, Problem};
use shared::store::incident::{Incident, Taken};
use shared::store::lock::Lock;
use shared::store::write::Write;
use shared::values::encoding::from_base64url;
use shared::values::site::Site;
use utoipa::ToSchema;
use values::incident::Action;

use crate::incidents::{IncidentActionItem, person};
use crate::parts::App;
use crate::raise::{take, told};
use crate::verdicts::not_ones_own;

/// How often an action is tried on an incident that others change meanwhile.
const TRIES: usize = 8;
/// Bytes of the keyed name of a network.
const NETWORK_BYTES: usize = 12;
/// Actions of one incident that people take at most.
const ACTIONS: usize = 100;

/// An action to be taken.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IncidentActionRequest {
    /// `lock_account`, `revoke_sessions`, `freeze_exports`, `lock_down_site`, `slow_network`, `stop_model` or
    /// `lift`.
    #[schema(value_type = String)]
    action: Option<String>,
    /// The id of a member of the staff for the first two, of a site for `freeze_exports`, `lock_down_site` and
    /// `stop_model`, the keyed name of a network for `slow_network`, the id of an action for `lift`.
    #[schema(value_type = String)]
    target: Option<String>,
    /// Whether the last admin may be locked out.
    #[serde(default)]
    confirm: bool,
}

#[utoipa::path(post, path = "/v1/incidents/{id}/actions", params(("id" = String, Path)),
    request_body = IncidentActionRequest, responses((status = 201, body = IncidentActionItem)))]
pub(crate) async fn post(
    State(app): State<App>,
    SteppedUp(staff, ..): SteppedUp<Security>,
    IncidentPath(id): IncidentPath,
    PlainJson(request): PlainJson<IncidentActionRequest>,
) -> Result<Reply<IncidentActionItem>, Problem> {
    let IncidentActionRequest { action, target, confirm } = request;
    let missing = |pointer| Problem::invalid(pointer, FieldCode::Missing);
    let action = action.ok_or_else(|| missing("/action"))?;
    let refused = || Problem::invalid("/action", FieldCode::NotAllowed);
    let action = Action::find(&action).ok_or_else(refused)?;
    let target = target.ok_or_else(|| missing("/target"))?;
    if action != Action::Lift {
        judge(&app, action, &target, confirm).await?;
    }
    for _ in 0..TRIES {
        let mut incident = app.incidents.find(id).await?.ok_or(Code::NotFound)?;
        let value = &mut incident.value;
        let (taken, writes) = if action == Action::Lift {
            not_ones_own(value, staff.id)?;
            lift(&app, value, &target, staff.id).await?
        } else {
            if value.in_force(action, &target).is_some() && action != Action::RevokeSessions {
                return Err(Problem::new(Code::Conflict, "It is in force already."));
            }
            if value.actions.len() >= ACTIONS {
                return Err(Problem::new(Code::Conflict, "An incident has at most 100 actions."));
            }
            let writes = take(&app, value, (action, &target), Some(staff.id)).await?.to_vec();
            (value.actions.last().cloned().ok_or(Code::Internal)?, writes)
        };
        let transaction = app.incidents.transaction().and(app.incidents.put(&incident)?);
        if transaction.and_all(writes).commit("take_action").await?.is_whole() {
            return Ok(Reply(StatusCode::CREATED, taken.into()));
        }
    }
    Err(Problem::contended())
}

/// Whether there is such a target, and somebody would be left to manage the staff.
async fn judge(app: &App, action: Action, target: &str, confirm: bool) -> Result<(), Problem> {
    let refused = || Problem::invalid("/target", FieldCode::NotAllowed);
    match action {
        Action::LockAccount | Action::RevokeSessions => {
            let staff = person(app, target, "/target").await?;
            if action == Action::LockAccount && !confirm && app.is_last_admin(staff).await? {
                let detail = "They are the last admin. Send \"confirm\": true to lock them out.";
                return Err(Problem::new(Code::LastAdmin, detail));
            }
            Ok(())
        }
        Action::FreezeExports | Action::LockDownSite => {
            Site::find(target).map(|_| ()).ok_or_else(refused)
        }
        Action::SlowNetwork => {
            let is_name = from_base64url(target).is_some_and(|name| name.len() == NETWORK_BYTES);
            if is_name { Ok(()) } else { Err(refused()) }
        }
        // No site of this release asks a model.
        Action::StopModel | Action::Lift => Err(refused()),
    }
}

/// Lifts an action of this incident.
async fn lift(
    app: &App,
    incident: &mut Incident,
    target: &str,
    by: StaffId,
) -> Result<(Taken, Vec<Write>), Problem> {
    let refused = || Problem::invalid("/target", FieldCode::NotAllowed);
    let id = ActionId::parse(target).ok_or_else(refused)?;
    let now_ms = app.clock().now_ms();
    let taken = incident.actions.iter_mut().find(|taken| taken.id == id).ok_or_else(refused)?;
    if taken.lifted_ms.is_some() {
        return Err(Problem::new(Code::Conflict, "It is lifted already."));
    }
    if taken.action == Action::RevokeSessions {
        return Err(Problem::new(Code::Conflict, "Sessions that were ended stay ended."));
    }
    taken.lifted_ms = Some(now_ms);
    let taken = taken.clone();
    // The events that led to it are judged: they do not lead to it again.
    incident.settled_ms = Some(now_ms);
    incident.tell(now_ms, "lifted", Some(by));
    let unlock = app.staff.store.settings.unlock(taken.action, &taken.target, id)?;
    let event = told(app, incident.id, Action::Lift, Some(by)).await?;
    let mut writes = vec![unlock, event];
    if taken.action == Action::LockAccount {
        // A session of that time may be somebody else's: everybody signs in anew.
        let ended = Lock {
            action: Action::RevokeSessions,
            target: &taken.target,
            incident: incident.id,
            id,
        };
        writes.push(app.staff.store.settings.lock(&ended)?);
    }
    Ok((taken, writes))
}
