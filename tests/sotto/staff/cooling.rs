//! A day's cool-down: after a reset, or after granting oneself a role, the role is not usable yet.

use serde_json::json;
use tests::api::Request;
use tests::staff::Staff;
use tests::world::World;

const DAY_SECONDS: u64 = 24 * 60 * 60;

fn path(staff: &Staff) -> String {
    format!("/v1/auth/staff/{}", staff.id)
}

async fn back_after_a_reset(world: &World, admin: &Staff, whom: &Staff) -> Staff {
    let admin = admin.signed_in(world).await;
    let reset = admin.patch(&path(whom), &json!({ "reset": "second_factor" })).await;
    let link = reset.json()["invitation_token"].as_str().expect("a token").to_owned();
    // Keeping the link for a day and a half does not use up the day.
    world.advance_seconds(DAY_SECONDS * 3 / 2);
    Staff::join(world, &whom.email, &link).await
}

fn cooling() -> (u16, String) {
    (403, "cooling_down".to_owned())
}

#[tokio::test]
async fn a_reset_officer_reads_nothing_for_a_day() {
    let world = World::new().await;
    let admin = world.admin().await;
    let officer = world.member(&admin, "officer@example.org", &["privacy", "security"]).await;
    let before = officer.get("/v1/cases").await.status;
    assert_eq!(before, 200);
    let officer = back_after_a_reset(&world, &admin, &officer).await;
    let id = shared::ids::ConversationId::generate(&world.clock).expect("an id");
    let transcript = Request::new("GET", &format!("/v1/transcripts/{id}"));
    let transcript = transcript.header("sotto-purpose", "quality");
    let transcript = transcript.header("sotto-reason", "a reason of some length");
    let subject = shared::ids::SubjectId::generate(&world.clock).expect("an id");
    let erase = Request::new("DELETE", &format!("/v1/subjects/{subject}"));
    let erase = erase.header("idempotency-key", "1").json(&json!({ "basis": "other" }));
    let routes = [
        Request::new("GET", "/v1/cases"),
        Request::new("GET", "/v1/holds"),
        Request::new("GET", "/v1/retention/policy"),
        Request::new("POST", "/v1/subjects/search").json(&json!({ "email": "a@example.org" })),
        Request::new("GET", &format!("/v1/subjects/{subject}")),
        Request::new("POST", &format!("/v1/subjects/{subject}/export")).json(&json!({})),
        erase,
        transcript,
        Request::new("GET", "/v1/audit/checkpoint"),
        Request::new("GET", &format!("/v1/audit/proofs/{id}")),
        Request::new("GET", "/v1/audit/consistency?from=0&to=0"),
        Request::new("GET", "/v1/audits"),
        Request::new("GET", &format!("/v1/audits/{id}")),
        Request::new("POST", "/v1/audits").json(&json!({})),
    ];
    for request in &routes {
        assert_eq!(officer.send(request.clone()).await.refusal(), cooling(), "{}", request.path);
    }
    // Their own account is theirs.
    let me = officer.get("/v1/auth/me").await;
    assert_eq!(me.status, 200);
    assert!(me.json()["cool_until"].is_string());
    assert_eq!(me.json()["cool_roles"], json!(["privacy", "security"]));
    assert_eq!(officer.post("/v1/auth/recovery_codes", &json!({})).await.status, 200);
    let events = world.all_items().await;
    let told = events.iter().filter(|(table, item)| {
        table.ends_with("events")
            && item["w"].as_s().is_ok_and(|word| word == "cooling_down")
            && item["a"].as_s().is_ok_and(|actor| *actor == officer.id)
    });
    assert_eq!(told.count(), routes.len());
    world.advance_seconds(DAY_SECONDS - 120);
    let officer = officer.signed_in(&world).await;
    assert_eq!(officer.get("/v1/cases").await.refusal(), cooling(), "two minutes before");
    world.advance_seconds(120);
    let officer = officer.signed_in(&world).await;
    assert_eq!(officer.get("/v1/cases").await.status, 200);
    let me = officer.get("/v1/auth/me").await.json();
    assert!(me["cool_until"].is_null() && me["cool_roles"].is_null());
}

/// Who is an agent too goes on as one, and is told why they read no more than that.
#[tokio::test]
async fn an_officer_who_is_an_agent_reads_as_an_agent_for_a_day() {
    let world = World::new().await;
    let admin = world.admin().await;
    let both = world.member(&admin, "both@example.org", &["agent", "privacy"]).await;
    let both = back_after_a_reset(&world, &admin, &both).await;
    assert_eq!(both.get("/v1/inbox").await.status, 200);
    let conversation = world.visitor().await.open().await;
    let id = conversation.rsplit('/').next().expect("an id");
    let read = async |purpose: &str| {
        let request = Request::new("GET", &format!("/v1/transcripts/{id}"));
        let request = request.header("sotto-purpose", purpose);
        both.send(request.header("sotto-reason", "a reason of some length")).await
    };
    assert_eq!(read("quality").await.refusal(), cooling());
    let events = world.all_items().await;
    let is_told = |item: &shared::store::attributes::Item| {
        item.get("w").and_then(|word| word.as_s().ok()).is_some_and(|word| word == "cooling_down")
    };
    assert_eq!(events.iter().filter(|(_, item)| is_told(item)).count(), 1);
    assert_eq!(both.post(&format!("/v1/inbox/{id}/claim"), &json!({})).await.status, 200);
    assert_eq!(read("support").await.status, 200);
}

#[tokio::test]
async fn who_has_no_role_that_rests_is_not_told_to_wait() {
    let world = World::new().await;
    let admin = world.admin().await;
    let agent = world.member(&admin, "agent@example.org", &["agent"]).await;
    let agent = back_after_a_reset(&world, &admin, &agent).await;
    let me = agent.get("/v1/auth/me").await.json();
    assert!(me["cool_until"].is_null() && me["cool_roles"].is_null(), "{me}");
    let conversation = world.visitor().await.open().await;
    let id = conversation.rsplit('/').next().expect("an id");
    let read = Request::new("GET", &format!("/v1/transcripts/{id}"));
    let read = read.header("sotto-purpose", "support");
    assert_eq!(agent.send(read).await.refusal(), (404, "not_found".to_owned()));
}

#[tokio::test]
async fn a_role_that_an_admin_grants_to_themselves_rests_for_a_day() {
    let world = World::new().await;
    let admin = world.admin().await;
    let granted = admin.patch(&path(&admin), &json!({ "roles": ["admin", "privacy"] })).await;
    assert_eq!(granted.status, 200, "{}", granted.json());
    let admin = admin.signed_in(&world).await;
    assert_eq!(admin.get("/v1/cases").await.refusal(), cooling());
    // Earlier roles stay.
    let invitation = json!({ "email": "new@example.org", "roles": ["privacy"] });
    assert_eq!(admin.post("/v1/auth/invitations", &invitation).await.status, 201);
    world.advance_seconds(DAY_SECONDS);
    let admin = admin.signed_in(&world).await;
    assert_eq!(admin.get("/v1/cases").await.status, 200);
}

#[tokio::test]
async fn the_only_admin_is_not_locked_out_by_a_cool_down() {
    let world = World::new().await;
    let admin = world.admin().await;
    let member = world.member(&admin, "agent@example.org", &["agent"]).await;
    let link = world.bootstrap("admin@example.org").await;
    let admin = Staff::join(&world, "admin@example.org", &link).await;
    for body in
        [json!({ "unlock": true }), json!({ "end_sessions": true }), json!({ "disabled": true })]
    {
        assert_eq!(admin.patch(&path(&member), &body).await.status, 200, "{body}");
    }
    assert_eq!(admin.get("/v1/auth/staff").await.status, 200);
    assert_eq!(admin.get("/v1/auth/invitations").await.status, 200);
    for body in [
        json!({ "disabled": false }),
        json!({ "roles": ["agent", "privacy"] }),
        json!({ "reset": "password" }),
        json!({ "reset": "second_factor" }),
    ] {
        assert_eq!(admin.patch(&path(&member), &body).await.refusal(), cooling(), "{body}");
    }
    assert_eq!(admin.delete(&path(&member)).await.refusal(), cooling());
    let invitation = json!({ "email": "new@example.org", "roles": ["privacy"] });
    assert_eq!(admin.post("/v1/auth/invitations", &invitation).await.refusal(), cooling());
    // The operator can invite somebody else at once.
    let link = world.bootstrap("second@example.org").await;
    let second = Staff::join(&world, "second@example.org", &link).await;
    assert_eq!(second.post("/v1/auth/invitations", &invitation).await.status, 201);
    world.advance_seconds(DAY_SECONDS);
    let admin = admin.signed_in(&world).await;
    assert_eq!(admin.patch(&path(&member), &json!({ "disabled": false })).await.status, 200);
}
