//! Every route of every function, tried by everybody: one table of what each is answered, and a route
//! without a row fails.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shared::access::staff::{ACCESS_SECONDS, STEP_UP_SECONDS};
use tests::api::{Api, Request};
use tests::staff::post;
use tests::world::World;

/// The callers that a route takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    /// Anybody; a token is not looked at.
    All,
    /// Visitors.
    Visitors,
    /// Staff who have signed in.
    Staff,
    /// The same, who have shown a second factor just now.
    StaffSteppedUp,
    /// Staff who have signed in, without auditors.
    Colleagues,
    /// Staff who enrol a second factor: with the token of an invitation, or stepped up.
    Enrolling,
    /// Admins.
    Admins,
    /// Admins who have shown a second factor just now.
    AdminsSteppedUp,
    /// Readers of transcripts, each within limits of their own, with a second factor just now.
    Readers,
    /// Agents.
    Agents,
    /// Agents and admins.
    AgentsAndAdmins,
    /// The same, who have shown a second factor just now.
    AgentsSteppedUp,
    /// Privacy officers.
    Privacy,
    /// The same, who have shown a second factor just now.
    PrivacySteppedUp,
    /// Security officers.
    Security,
    /// The same, who have shown a second factor just now.
    SecuritySteppedUp,
    /// Security officers and auditors.
    Auditing,
}

const TABLE: [(&str, &str, Open); 128] = [
    ("GET", "/", Open::All),
    ("GET", "/widget.js", Open::All),
    ("GET", "/console", Open::All),
    ("GET", "/assets/{file}", Open::All),
    ("GET", "/v1/health", Open::All),
    ("GET", "/v1/keys", Open::All),
    ("POST", "/v1/sessions", Open::All),
    ("POST", "/v1/conversations", Open::Visitors),
    ("GET", "/v1/conversations/{id}", Open::Visitors),
    ("POST", "/v1/conversations/{id}/messages", Open::Visitors),
    ("GET", "/v1/conversations/{id}/messages", Open::Visitors),
    ("POST", "/v1/conversations/{id}/handover", Open::Visitors),
    ("POST", "/v1/conversations/{id}/lead", Open::Visitors),
    ("POST", "/v1/conversations/{id}/rating", Open::Visitors),
    ("POST", "/v1/conversations/{id}/close", Open::Visitors),
    ("POST", "/v1/conversations/{id}/typing", Open::Visitors),
    ("POST", "/v1/conversations/{id}/feedback", Open::Visitors),
    ("GET", "/v1/me/export", Open::Visitors),
    ("GET", "/v1/sites/{id}/widget", Open::All),
    // The last two of the visitor, whom they erase and sign out.
    ("DELETE", "/v1/me", Open::Visitors),
    ("DELETE", "/v1/sessions", Open::Visitors),
    ("GET", "/v1/transcripts/{conversation_id}", Open::Readers),
    ("GET", "/v1/leads", Open::Agents),
    ("GET", "/v1/leads/export", Open::AgentsSteppedUp),
    ("POST", "/v1/subjects/search", Open::PrivacySteppedUp),
    ("GET", "/v1/subjects/{subject_id}", Open::PrivacySteppedUp),
    ("POST", "/v1/subjects/{subject_id}/export", Open::PrivacySteppedUp),
    ("DELETE", "/v1/subjects/{subject_id}", Open::PrivacySteppedUp),
    ("GET", "/v1/erasures", Open::Privacy),
    ("POST", "/v1/erasures/{id}/approve", Open::PrivacySteppedUp),
    ("DELETE", "/v1/erasures/{id}", Open::PrivacySteppedUp),
    ("GET", "/v1/retention/policy", Open::Privacy),
    ("PUT", "/v1/retention/policy", Open::PrivacySteppedUp),
    ("GET", "/v1/holds", Open::Privacy),
    ("POST", "/v1/holds", Open::PrivacySteppedUp),
    ("DELETE", "/v1/holds", Open::PrivacySteppedUp),
    ("GET", "/v1/receipts/{id}", Open::All),
    ("POST", "/v1/receipts/verify", Open::All),
    ("GET", "/v1/cases", Open::Privacy),
    ("POST", "/v1/cases", Open::Privacy),
    ("GET", "/v1/cases/{id}", Open::Privacy),
    ("PATCH", "/v1/cases/{id}", Open::Privacy),
    ("GET", "/v1/inbox", Open::AgentsAndAdmins),
    ("PUT", "/v1/presence", Open::Agents),
    ("POST", "/v1/inbox/{conversation_id}/claim", Open::Agents),
    ("POST", "/v1/inbox/{conversation_id}/release", Open::Agents),
    ("POST", "/v1/inbox/{conversation_id}/transfer", Open::Agents),
    ("POST", "/v1/inbox/{conversation_id}/close", Open::Agents),
    ("GET", "/v1/inbox/{conversation_id}/messages", Open::Agents),
    ("POST", "/v1/inbox/{conversation_id}/messages", Open::Agents),
    ("POST", "/v1/inbox/{conversation_id}/notes", Open::Agents),
    ("POST", "/v1/inbox/{conversation_id}/typing", Open::Agents),
    ("POST", "/v1/inbox/{conversation_id}/seen", Open::Agents),
    ("GET", "/v1/inbox/{conversation_id}/suggestions", Open::Agents),
    ("GET", "/v1/reports/summary", Open::AgentsAndAdmins),
    ("GET", "/v1/canned", Open::Agents),
    ("PUT", "/v1/canned/{shortcut}", Open::Agents),
    ("DELETE", "/v1/canned/{shortcut}", Open::Agents),
    ("GET", "/v1/sites", Open::AgentsAndAdmins),
    ("GET", "/v1/sites/{id}", Open::AgentsAndAdmins),
    ("PUT", "/v1/sites/{id}", Open::AdminsSteppedUp),
    ("GET", "/v1/knowledge", Open::AgentsAndAdmins),
    ("GET", "/v1/knowledge/{id}", Open::AgentsAndAdmins),
    ("PUT", "/v1/knowledge/{id}", Open::Admins),
    ("DELETE", "/v1/knowledge/{id}", Open::Admins),
    ("POST", "/v1/knowledge/import", Open::Admins),
    ("GET", "/v1/knowledge/export", Open::AgentsAndAdmins),
    ("POST", "/v1/knowledge/try", Open::AgentsAndAdmins),
    ("POST", "/v1/knowledge/publish", Open::AdminsSteppedUp),
    ("GET", "/v1/knowledge/versions", Open::AgentsAndAdmins),
    ("POST", "/v1/knowledge/versions/{version}/restore", Open::AdminsSteppedUp),
    ("GET", "/v1/training/courses", Open::Colleagues),
    ("GET", "/v1/training/courses/{id}", Open::Colleagues),
    ("POST", "/v1/training/courses/{id}/attempts", Open::Colleagues),
    ("POST", "/v1/training/courses/{id}/attempts/{attempt_id}", Open::Colleagues),
    ("GET", "/v1/training/practices", Open::Colleagues),
    ("POST", "/v1/training/practices", Open::AdminsSteppedUp),
    ("GET", "/v1/training/practices/{id}", Open::Colleagues),
    ("POST", "/v1/training/practices/{id}", Open::Colleagues),
    ("GET", "/v1/training/me", Open::Colleagues),
    ("GET", "/v1/training/records", Open::Admins),
    ("GET", "/v1/incidents", Open::Security),
    ("POST", "/v1/incidents", Open::Security),
    ("GET", "/v1/incidents/rules", Open::Security),
    ("GET", "/v1/incidents/{id}", Open::Security),
    ("PATCH", "/v1/incidents/{id}", Open::Security),
    ("POST", "/v1/incidents/{id}/actions", Open::SecuritySteppedUp),
    ("GET", "/v1/incidents/{id}/affected", Open::Security),
    ("GET", "/v1/incidents/{id}/report", Open::Security),
    ("GET", "/v1/audit/events", Open::Auditing),
    ("GET", "/v1/audit/checkpoint", Open::Auditing),
    ("GET", "/v1/audit/proofs/{event_id}", Open::Auditing),
    ("GET", "/v1/audit/consistency", Open::Auditing),
    ("GET", "/v1/audits", Open::Auditing),
    ("POST", "/v1/audits", Open::Security),
    ("GET", "/v1/audits/{id}", Open::Auditing),
    ("PATCH", "/v1/audits/{id}/findings/{control}", Open::Security),
    ("GET", "/v1/audits/{id}/bundle", Open::Auditing),
    ("GET", "/.well-known/jwks.json", Open::All),
    ("POST", "/v1/auth/invitations", Open::AdminsSteppedUp),
    ("GET", "/v1/auth/invitations", Open::AdminsSteppedUp),
    ("DELETE", "/v1/auth/invitations/{id}", Open::AdminsSteppedUp),
    ("POST", "/v1/auth/invitations/accept", Open::All),
    ("POST", "/v1/auth/login", Open::All),
    ("POST", "/v1/auth/totp", Open::All),
    ("POST", "/v1/auth/totp/enrol", Open::Enrolling),
    ("POST", "/v1/auth/totp/confirm", Open::Enrolling),
    ("POST", "/v1/auth/recovery", Open::All),
    ("POST", "/v1/auth/recovery_codes", Open::StaffSteppedUp),
    ("POST", "/v1/auth/passkeys/register/start", Open::Enrolling),
    ("POST", "/v1/auth/passkeys/register/finish", Open::Enrolling),
    ("POST", "/v1/auth/passkeys/login/start", Open::All),
    ("POST", "/v1/auth/passkeys/login/finish", Open::All),
    ("POST", "/v1/auth/password", Open::StaffSteppedUp),
    ("POST", "/v1/auth/refresh", Open::All),
    ("POST", "/v1/auth/step_up", Open::Staff),
    ("POST", "/v1/auth/logout", Open::Staff),
    ("GET", "/v1/auth/me", Open::Staff),
    ("GET", "/v1/auth/sessions", Open::Staff),
    ("DELETE", "/v1/auth/sessions", Open::StaffSteppedUp),
    ("DELETE", "/v1/auth/sessions/{id}", Open::StaffSteppedUp),
    ("GET", "/v1/auth/factors", Open::Staff),
    ("PATCH", "/v1/auth/factors/{id}", Open::Staff),
    ("DELETE", "/v1/auth/factors/{id}", Open::StaffSteppedUp),
    ("GET", "/v1/auth/staff", Open::AdminsSteppedUp),
    ("GET", "/v1/auth/staff/{id}", Open::AdminsSteppedUp),
    ("PATCH", "/v1/auth/staff/{id}", Open::AdminsSteppedUp),
    ("DELETE", "/v1/auth/staff/{id}", Open::AdminsSteppedUp),
];

/// How the paths of the staff's functions begin.
const STAFF: [&str; 20] = [
    "/v1/canned",
    "/v1/inbox",
    "/v1/knowledge",
    "/v1/leads",
    "/v1/presence",
    "/v1/reports/",
    "/v1/sites",
    "/v1/training/",
    "/v1/audit/",
    "/v1/audits",
    "/v1/incidents",
    "/v1/erasures",
    "/v1/auth/",
    "/.well-known/jwks.json",
    "/v1/transcripts/",
    "/v1/subjects/",
    "/v1/retention/",
    "/v1/holds",
    "/v1/receipts/",
    "/v1/cases",
];

/// The callers that try each route.
const CALLERS: [&str; 15] = [
    "nobody",
    "visitor",
    "agent",
    "privacy",
    "security",
    "auditor",
    "admin",
    "expired",
    "revoked",
    "not enrolled",
    "without second factor",
    "admin, stale",
    "privacy, stale",
    "security, stale",
    "of another stack",
];

/// The refusal of a caller; `None` where the route takes them, and then judges the rest.
fn expected(open: Open, caller: &str) -> Option<(u16, &'static str)> {
    let unfinished = Some((403, "mfa_required"));
    match (open, caller) {
        (Open::All, _)
        | (Open::Visitors, "visitor")
        | (Open::Enrolling, "not enrolled")
        | (Open::Admins, "admin" | "admin, stale")
        | (Open::AdminsSteppedUp, "admin")
        | (Open::Readers, "agent" | "privacy" | "security")
        | (Open::Agents | Open::AgentsSteppedUp, "agent")
        | (Open::AgentsAndAdmins, "agent" | "admin" | "admin, stale")
        | (Open::Privacy, "privacy" | "privacy, stale")
        | (Open::PrivacySteppedUp, "privacy")
        | (Open::Security, "security" | "security, stale")
        | (Open::Auditing, "security" | "security, stale" | "auditor")
        | (Open::SecuritySteppedUp, "security") => None,
        (_, "nobody") => Some((401, "token_missing")),
        (Open::Visitors, _) | (_, "visitor" | "of another stack") => Some((401, "token_invalid")),
        (_, "expired") => Some((401, "token_expired")),
        (_, "revoked") => Some((401, "token_revoked")),
        (_, "not enrolled" | "without second factor") => unfinished,
        (
            Open::StaffSteppedUp | Open::Enrolling,
            "admin, stale" | "privacy, stale" | "security, stale",
        )
        | (Open::AdminsSteppedUp, "admin, stale")
        | (Open::PrivacySteppedUp | Open::Readers, "privacy, stale")
        | (Open::SecuritySteppedUp | Open::Readers, "security, stale") => {
            Some((403, "step_up_required"))
        }
        (Open::Staff | Open::StaffSteppedUp | Open::Enrolling, _) => None,
        (Open::Colleagues, who) if who != "auditor" => None,
        (
            Open::Admins
            | Open::AdminsSteppedUp
            | Open::Readers
            | Open::Agents
            | Open::AgentsSteppedUp
            | Open::AgentsAndAdmins
            | Open::Privacy
            | Open::PrivacySteppedUp
            | Open::Security
            | Open::Auditing
            | Open::Colleagues
            | Open::SecuritySteppedUp,
            _,
        ) => Some((403, "forbidden")),
    }
}

async fn callers(world: &World) -> BTreeMap<&'static str, Option<String>> {
    let admin = world.admin().await;
    let mut tokens = BTreeMap::from([("nobody", None)]);
    let mut add = |name, token: String| tokens.insert(name, Some(token));
    // The token that is to expire is made first.
    let expired = admin.signed_in(world).await;
    world.advance_seconds(u64::try_from(ACCESS_SECONDS).expect("seconds"));
    add("expired", expired.token);
    let mut members = Vec::new();
    for role in ["agent", "privacy", "security"] {
        let signed_in = admin.signed_in(world).await;
        let email = format!("{role}@example.org");
        members.push((role, world.member(&signed_in, &email, &[role]).await));
    }
    let signed_in = admin.signed_in(world).await;
    members.push(("auditor", world.auditor(&signed_in, "auditor@example.org", 86_400).await));
    // Other people's, since one of the routes ends all other sessions of the caller.
    let signed_in = admin.signed_in(world).await;
    let stale = world.member(&signed_in, "boss@example.org", &["admin"]).await;
    let officer = world.member(&signed_in, "officer@example.org", &["privacy"]).await;
    let guard = world.member(&signed_in, "guard@example.org", &["security"]).await;
    // Each takes half a minute, and a token lasts ten.
    let stale = stale.signed_in(world).await;
    let officer = officer.signed_in(world).await;
    let guard = guard.signed_in(world).await;
    world.advance_seconds(u64::try_from(STEP_UP_SECONDS).expect("seconds"));
    add("admin, stale", stale.token);
    add("privacy, stale", officer.token);
    add("security, stale", guard.token);
    for (role, member) in members {
        add(role, member.signed_in(world).await.token);
    }
    let revoked = admin.signed_in(world).await;
    let out = revoked.post("/v1/auth/logout", &json!({})).await;
    assert_eq!(out.status, 204, "{}", out.json());
    add("revoked", revoked.token);
    let admin = admin.signed_in(world).await;
    let body = json!({ "email": "late@example.org", "roles": ["agent"] });
    let invited = admin.post("/v1/auth/invitations", &body).await.json();
    let body = json!({
        "invitation_token": invited["invitation_token"], "name": "Late",
        "password": tests::staff::PASSWORD,
    });
    let accepted = post(&admin.api, "/v1/auth/invitations/accept", &body).await.json();
    add("not enrolled", accepted["enrolment_token"].as_str().expect("a token").to_owned());
    add("without second factor", admin.mfa_token().await);
    add("admin", admin.token);
    add("visitor", world.visitor().await.token);
    let elsewhere = World::new().await;
    add("of another stack", elsewhere.admin().await.token);
    tokens
}

/// A body that the route would read; its values lead nowhere, so that nothing is changed.
fn body_for(method: &str, path: &str) -> Value {
    match (method, path) {
        ("GET" | "DELETE", _) => Value::Null,
        (_, "/v1/auth/invitations") => json!({ "email": "no address", "roles": ["agent"] }),
        (_, "/v1/auth/passkeys/register/start") => json!({ "name": "" }),
        (_, "/v1/auth/passkeys/register/finish") => json!({ "credential": {} }),
        (_, "/v1/auth/totp/confirm" | "/v1/auth/step_up") => json!({ "code": "no code" }),
        (_, "/v1/auth/password") => json!({ "password": "x", "new_password": "y" }),
        (_, "/v1/auth/logout" | "/v1/auth/recovery_codes" | "/v1/auth/totp/enrol") => {
            json!({ "unknown": true })
        }
        ("PATCH", _) | (_, "/v1/knowledge/publish" | "/v1/audits") => json!({ "unknown": true }),
        _ => json!({}),
    }
}

/// How often each table was written to; the counters of `watch` apart, which every caller moves.
fn writes(world: &World) -> BTreeMap<String, u64> {
    let mut writes = world.aws.counts().writes().clone();
    writes.retain(|table, _| !table.ends_with("watch"));
    writes
}

#[test]
fn every_route_of_every_function_has_a_row() {
    let mut routes = Vec::new();
    for described in [
        serde_json::to_value(intake::api().get_openapi()),
        serde_json::to_value(auth::api().get_openapi()),
        serde_json::to_value(retention::api().get_openapi()),
        serde_json::to_value(desk::api().get_openapi()),
        serde_json::to_value(editor::api().get_openapi()),
        serde_json::to_value(training::api().get_openapi()),
        serde_json::to_value(monitor::api().get_openapi()),
        serde_json::to_value(audit::api().get_openapi()),
        serde_json::to_value(site::api().get_openapi()),
    ] {
        let described = described.expect("openapi");
        for (path, methods) in described["paths"].as_object().expect("paths") {
            for method in methods.as_object().expect("methods").keys() {
                routes.push((method.to_uppercase(), path.clone()));
            }
        }
    }
    routes.sort();
    let mut rows: Vec<_> =
        TABLE.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect();
    rows.sort();
    assert_eq!(rows, routes);
}

#[tokio::test]
async fn everybody_is_answered_as_the_table_says() {
    let world = World::new().await;
    let tokens = Box::pin(callers(&world)).await;
    let pages = site::Config::read(&|_| Some(String::new())).expect("no pin");
    let site = Api::Events(site::router(&pages, world.clock.clone()));
    let (visitors, staff) = (world.api(), world.staff_api());
    let mut tried = 0;
    for (method, path, open) in TABLE {
        let api = match path {
            path if path.ends_with("/widget") => &visitors,
            path if STAFF.iter().any(|start| path.starts_with(start)) => &staff,
            path if path.starts_with("/v1/") => &visitors,
            _ => &site,
        };
        for caller in CALLERS {
            let nobody = "00000000-0000-7000-8000-000000000000";
            let target = path.replace("{file}", "none.js");
            let target = ["{id}", "{conversation_id}", "{event_id}", "{subject_id}"]
                .iter()
                .fold(target, |target, id| target.replace(id, nobody));
            // The one list of the inbox that admins see as well.
            let target =
                if path == "/v1/inbox" { format!("{target}?status=closed") } else { target };
            let mut request = Request::new(method, &target).header("idempotency-key", "matrix");
            let body = body_for(method, path);
            if !body.is_null() {
                request = request.json(&body);
            }
            if let Some(token) = &tokens[caller] {
                request = request.bearer(token);
            }
            let before = writes(&world);
            let response = api.send(&request).await;
            let what =
                format!("{method} {path} by {caller}: {} {}", response.status, response.code());
            if let Some((status, code)) = expected(open, caller) {
                assert_eq!(response.refusal(), (status, code.to_owned()), "{what}");
                assert_eq!(writes(&world), before, "{what} wrote");
            } else {
                let refused = matches!(
                    response.code().as_str(),
                    "token_missing" | "token_revoked" | "forbidden" | "step_up_required"
                );
                let own_token = path.contains("refresh") || path == "/v1/sessions";
                assert!(!refused || own_token, "{what}");
                let unexpected = response.status >= 500 || response.status == 405;
                let token = response.code().starts_with("token_") && open != Open::All;
                assert!(!unexpected && !token, "{what}");
            }
            tried += 1;
        }
    }
    assert_eq!(tried, TABLE.len() * CALLERS.len());
}
