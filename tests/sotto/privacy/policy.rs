//! A shorter policy acts at once, a longer one lengthens nothing that was promised.

use serde_json::{Value, json};
use tests::api::{Request, Response};
use tests::staff::Staff;
use tests::visitor::Visitor;
use tests::world::World;

use super::stage::{DAY, conversation, id_of, items_of, leave_contact, officer};

async fn put(officer: &Staff, body: &Value) -> Response {
    officer.send(Request::new("PUT", "/v1/retention/policy").json(body)).await
}

fn days(transcript: u64) -> Value {
    json!({
        "transcript_days": transcript, "lead_days": 180, "audit_days": 730,
        "conversation_max_days": transcript.min(7),
    })
}

#[tokio::test]
async fn a_shorter_policy_counts_from_that_second_on_for_every_reader() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let path = conversation(&visitor, 1).await;
    world.advance_seconds(5 * DAY);
    let visitor = visitor.returned().await;
    let there = Visitor {
        api: tests::api::Api::Events(intake::router(world.another_function())),
        ..visitor.clone()
    };
    assert_eq!(there.transcript(&path).await.len(), 2);
    let officer = officer(&world).await;
    let put = put(&officer, &days(3)).await;
    assert_eq!(put.status, 200, "{}", put.json());
    assert_eq!(put.json()["transcript_days"], 3);
    for visitor in [&visitor, &there] {
        for path in [path.clone(), format!("{path}/messages")] {
            assert_eq!(visitor.get(&path).await.code(), "not_found", "{path}");
        }
    }
    let swept = world.sweep().await;
    assert_eq!((swept.expired, swept.aligned), (1, 0), "its new end has come already");
    assert_eq!(officer.get("/v1/retention/policy").await.json()["progress"]["state"], "aligned");
    assert_eq!(items_of(&world, "keys", &visitor.subject).await.len(), 0);
    world.sweep().await;
    assert_eq!(items_of(&world, "conversations", &id_of(&path)).await.len(), 0);
}

#[tokio::test]
async fn stored_ends_follow_the_policy_within_a_budget() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    for _ in 0..5 {
        conversation(&visitor, 1).await;
    }
    world.sweep().await;
    let officer = officer(&world).await;
    assert_eq!(put(&officer, &days(3)).await.status, 200);
    let budget = retention::sweep::Budget { until_ms: 0, step: 2 };
    let mut aligned = Vec::new();
    for _ in 0..5 {
        let state = officer.get("/v1/retention/policy").await.json()["progress"]["state"].clone();
        let swept = retention::sweep::run_within(&world.sweeper(), budget).await.expect("a run");
        aligned.push((state.as_str().expect("a state").to_owned(), swept.aligned));
    }
    let done: usize = aligned.iter().map(|(_, aligned)| aligned).sum();
    assert_eq!(done, 5, "{aligned:?}");
    assert_eq!(aligned[0].0, "aligning");
    let end = officer.get("/v1/retention/policy").await.json();
    assert_eq!(end["progress"]["state"], "aligned");
    world.advance_seconds(3 * DAY);
    assert_eq!(world.sweep().await.expired, 5, "found by their new ends");
}

#[tokio::test]
async fn a_longer_policy_does_not_lengthen_what_was_promised() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let path = conversation(&visitor, 1).await;
    let promised = visitor.get(&path).await.json()["expires_at"].clone();
    let officer = officer(&world).await;
    assert_eq!(put(&officer, &days(90)).await.status, 200);
    assert_eq!(visitor.get(&path).await.json()["expires_at"], promised);
    let end_of = async |path: String| {
        let end = visitor.get(&path).await.json()["expires_at"].clone();
        shared::clock::from_rfc3339(end.as_str().expect("a time")).expect("a time")
    };
    let days_on = |days: i64| world.clock.now_ms() + days * 86_400_000;
    let at_once = end_of(conversation(&visitor, 1).await).await;
    assert!(at_once <= days_on(30), "they may have agreed to the notice from before");
    world.advance_seconds(3_601);
    let later = end_of(conversation(&visitor, 1).await).await;
    assert!(later > days_on(89), "what is promised from now on is longer");
    let shown = visitor.get("/v1/keys").await.json()["retention"].clone();
    assert_eq!(shown, json!({ "transcript_days": 90, "lead_days": 180 }));
    for (notice, status) in [
        ("2026-11 (89, 180)", 422),
        ("2026-11 (90, 179)", 422),
        ("2026-11 (1,1)", 422),
        ("2026-11 (90, 180)", 201),
        ("2026-11 (365, 730)", 201),
    ] {
        let consent = json!({ "notice_version": notice, "purposes": ["support"] });
        let opened = visitor.post("/v1/conversations", &json!({ "consent": consent })).await;
        assert_eq!(opened.status, status, "{notice}");
        if status == 422 {
            assert_eq!(opened.json()["code"], "consent_required", "a notice that said less");
        }
    }
    world.advance_seconds(30 * DAY);
    world.sweep().await;
    assert_eq!(items_of(&world, "keys", &visitor.subject).await.len(), 3);
}

#[tokio::test]
async fn a_policy_outside_its_bounds_changes_nothing() {
    let world = World::new().await;
    let officer = officer(&world).await;
    let before = officer.get("/v1/retention/policy").await.json();
    assert_eq!(before["transcript_days"], 30);
    assert_eq!(before["bounds"]["transcript_days"], json!({ "min": 1, "max": 365 }));
    for (field, value, code) in [
        ("transcript_days", json!(0), "too_small"),
        ("transcript_days", json!(366), "too_large"),
        ("lead_days", json!(100_000), "too_large"),
        ("audit_days", json!(364), "too_small"),
        ("conversation_max_days", json!(31), "too_large"),
    ] {
        let mut body = days(30);
        body[field] = value;
        let refused = put(&officer, &body).await;
        assert_eq!(refused.status, 422, "{body}");
        assert_eq!(refused.json()["errors"][0]["pointer"], format!("/{field}"));
        assert_eq!(refused.json()["errors"][0]["code"], code);
    }
    for value in [json!(-1), json!(1.5), json!("30"), json!(null)] {
        let mut body = days(30);
        body["transcript_days"] = value;
        assert!(matches!(put(&officer, &body).await.status, 400 | 422), "{body}");
    }
    let mut unknown = days(30);
    unknown["site"] = json!("elsewhere");
    assert_eq!(put(&officer, &unknown).await.json()["errors"][0]["pointer"], "/site");
    assert_eq!(officer.get("/v1/retention/policy").await.json(), before);
}

#[tokio::test]
async fn a_contact_follows_the_policy_too() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let path = conversation(&visitor, 1).await;
    leave_contact(&visitor, &path, "ada@example.org").await;
    world.sweep().await;
    let officer = officer(&world).await;
    let mut shorter = days(30);
    shorter["lead_days"] = json!(20);
    assert_eq!(put(&officer, &shorter).await.status, 200);
    assert_eq!(world.sweep().await.aligned, 1);
    let ends: u64 = items_of(&world, "profiles", &visitor.subject).await[0]["expires_at"]
        .as_n()
        .expect("a number")
        .parse()
        .expect("seconds");
    assert_eq!((ends - world.seconds() + 3_600) / DAY, 20);

    // A contact that has ended under it is gone at once, from a search by address too.
    world.advance_seconds(20 * DAY);
    let officer = officer.signed_in(&world).await;
    let search = json!({ "email": "ada@example.org" });
    let found = officer.post("/v1/subjects/search", &search).await.json();
    assert_eq!(found["items"], json!([]));
    assert_eq!(world.sweep().await.expired, 1);
    assert_eq!(items_of(&world, "profiles", &visitor.subject).await.len(), 0);
}

#[tokio::test]
async fn what_the_clock_has_closed_stays_closed() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let oldest = conversation(&visitor, 1).await;
    world.advance_seconds(4 * DAY);
    let visitor = visitor.returned().await;
    let middle = conversation(&visitor, 1).await;
    world.advance_seconds(4 * DAY);
    let visitor = visitor.returned().await;
    let latest = conversation(&visitor, 1).await;
    let officer = officer(&world).await;
    // Whether the oldest, the one in the middle and the latest take messages.
    let open = async || {
        let api = tests::api::Api::Events(intake::router(world.another_function()));
        let there = Visitor { api, ..visitor.clone() };
        let mut open = Vec::new();
        for path in [&oldest, &middle, &latest] {
            let said = there.say(path, "Are you there?").await;
            assert!(matches!(said.status, 201 | 409), "{}", said.json());
            let status = there.get(path).await.json()["status"].clone();
            assert_eq!(status == "closed", said.status == 409, "{status}");
            open.push(said.status == 201);
        }
        open
    };
    assert_eq!(open().await, [false, true, true], "under seven days");
    for (max_days, expected) in
        [(30, [false, true, true]), (2, [false, false, true]), (20, [false, false, true])]
    {
        let policy = json!({
            "transcript_days": 30, "lead_days": 180, "audit_days": 730,
            "conversation_max_days": max_days,
        });
        assert_eq!(put(&officer, &policy).await.status, 200);
        assert_eq!(open().await, expected, "under {max_days}");
    }
}
