//! The job that audits: it does what was asked for, and what is due, and says of each control what it has seen.

use doctor::deployment::Services;
use serde_json::{Value, json};
use shared::store::attributes::{Item, string};
use shared::store::security_event::{Action, SecurityEvent};
use tests::staff::Staff;
use tests::visitor::Visitor;
use tests::world::World;

const AUDITS: &str = "/v1/audits";
const DAY: u64 = 24 * 60 * 60;

/// Controls that cannot be examined in a world, where there is only DynamoDB and KMS.
const UNSEEN: [&str; 20] = [
    "role_permissions",
    "role_trust",
    "role_unused",
    "function_public",
    "function_runtime",
    "function_settings",
    "function_version",
    "build_age",
    "advisories",
    "advisories_age",
    "log_retention",
    "alarm_present",
    "alarm_state",
    "alarm_heard",
    "dead_letters",
    "sweep_runs",
    "key_list",
    "api_answers",
    "api_stage",
    "tls",
];

async fn team() -> (World, Staff, Staff) {
    let world = World::new().await;
    let admin = world.admin().await;
    let guard = world.member(&admin, "guard@example.org", &["security"]).await;
    (world, admin, guard)
}

/// Asks for an audit, has it done, and reads it.
async fn audited(world: &World, guard: &Staff) -> Value {
    world.sequence().await;
    let begun = guard.post(AUDITS, &json!({})).await;
    assert_eq!(begun.status, 201, "{}", begun.json());
    let id = begun.json()["id"].as_str().expect("an id").to_owned();
    let ran = world.examine().await;
    assert_eq!(ran.audit.map(|id| id.to_string()), Some(id.clone()));
    let read = guard.get(&format!("{AUDITS}/{id}")).await;
    assert_eq!(read.status, 200, "{}", read.json());
    read.json()
}

fn of<'a>(audit: &'a Value, control: &str) -> &'a Value {
    let mut all = audit["controls"].as_array().expect("controls").iter();
    all.find(|one| one["control"] == control).unwrap_or_else(|| panic!("{control} is not there"))
}

fn with(audit: &Value, result: &str) -> Vec<String> {
    let all = audit["controls"].as_array().expect("controls").iter();
    let those = all.filter(|one| one["result"] == result);
    those.map(|one| one["control"].as_str().expect("a word").to_owned()).collect()
}

#[tokio::test]
async fn an_audit_that_was_asked_for_is_done_and_passes_nothing_unseen() {
    let (world, admin, guard) = team().await;
    let second = world.member(&admin, "second@example.org", &["admin"]).await;
    let visitor = Visitor::arrive(world.api()).await;
    let conversation = visitor.open().await;
    world.sequence().await;
    let audit = audited(&world, &guard).await;
    assert_eq!(audit["status"], "finished");
    let unseen = with(&audit, "not_examined");
    for control in UNSEEN {
        assert!(unseen.iter().any(|one| one == control), "{control} was not seen: {unseen:?}");
        assert!(of(&audit, control)["reason"].is_string(), "{control}");
        assert_eq!(of(&audit, control)["state"], "open", "{control}");
    }
    for control in [
        "key_state",
        "key_rotation",
        "key_policy",
        "items_expire",
        "items_sealed",
        "records_whole",
        "staff_training",
        "staff_factors",
        "staff_dormant",
        "staff_admins",
        "requests_due",
        "erasures_late",
        "incidents_open",
        "log_consistent",
    ] {
        let one = of(&audit, control);
        assert_eq!(one["result"], "passed", "{one}");
        assert!(!one["evidence"].as_array().expect("a list").is_empty(), "{control}");
        assert_eq!(one["state"], Value::Null, "{control}");
    }
    assert_eq!(with(&audit, "manual").len(), 10);
    // Nothing of a visitor is in it, and of the staff only ids.
    let said = audit.to_string();
    let subject = conversation.rsplit('/').next().expect("an id");
    for name in [subject, "guard@example.org", "second@example.org"] {
        assert!(!said.contains(name), "{name} is in the audit");
    }
    drop(second);
    // Its end is a leaf of the log, which the next audit goes on from.
    world.sequence().await;
    world.advance_seconds(60);
    let next = audited(&world, &guard).await;
    assert_eq!(next["previous"], audit["id"]);
    assert_eq!(of(&next, "log_consistent")["result"], "passed");
    assert_eq!(of(&next, "key_state")["before"], "passed");
}

/// The rehearsal plants nearly fifty more, with AWS around them.
#[tokio::test]
async fn whatever_is_planted_is_found_by_its_control_alone() {
    let (world, admin, guard) = team().await;
    let _second = world.member(&admin, "second@example.org", &["admin"]).await;
    world.sequence().await;
    let clean = audited(&world, &guard).await;
    let changed = |audit: &Value| -> Vec<String> {
        let before = clean["controls"].as_array().expect("controls").iter();
        let is_other = |one: &&Value| {
            let name = one["control"].as_str().expect("a word");
            of(audit, name)["result"] != one["result"]
        };
        before
            .filter(is_other)
            .map(|one| one["control"].as_str().expect("a word").to_owned())
            .collect()
    };
    let dynamo = world.dynamo();
    let (partition, kind) = ("p".to_owned(), "k".to_owned());
    for (name, value) in [("once#guest-proof#x", "once"), ("once#totp-step#x", "once")] {
        let key: Item = [(partition.clone(), string(name)), (kind.clone(), string(value))].into();
        let put = dynamo.put_item().table_name("world-watch").set_item(Some(key.clone()));
        put.send().await.expect("it is put");
        world.advance_seconds(60);
        let audit = audited(&world, &guard).await;
        assert_eq!(changed(&audit), ["items_expire"]);
        let found = of(&audit, "items_expire");
        assert_eq!((&found["result"], &found["state"]), (&json!("failed"), &json!("open")));
        let said = found["evidence"].to_string();
        assert!(said.contains("watch: 1 items break no_end"), "{said}");
        let deleted = dynamo.delete_item().table_name("world-watch").set_key(Some(key));
        deleted.send().await.expect("it is taken back");
    }
    let Services { kms, key, .. } = world.services();
    let key = &key;
    kms.disable_key_rotation().key_id(key).send().await.expect("it is switched off");
    world.advance_seconds(60);
    let audit = audited(&world, &guard).await;
    assert_eq!(changed(&audit), ["key_rotation"]);
    kms.enable_key_rotation().key_id(key).send().await.expect("it is switched on");
    let policy = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*",
    }] });
    let put = kms.put_key_policy().key_id(key).policy(policy.to_string());
    put.send().await.expect("it is put");
    world.advance_seconds(60);
    let audit = audited(&world, &guard).await;
    assert_eq!(changed(&audit), ["key_policy"]);
}

/// Otherwise the audit after one that found a log which does not hold would go on from that.
#[tokio::test]
async fn a_log_that_was_taken_back_stays_found() {
    let (world, _admin, guard) = team().await;
    world.sequence().await;
    audited(&world, &guard).await;
    for (table, item) in world.all_items().await {
        if table.ends_with("-log") {
            let key = item.into_iter().filter(|(name, _)| ["p", "k"].contains(&name.as_str()));
            let gone = world.dynamo().delete_item().table_name(table).set_key(Some(key.collect()));
            gone.send().await.expect("it is gone");
        }
    }
    for _ in 0..2 {
        world.advance_seconds(60);
        // A log begins anew meanwhile: it does not go on from the one that was kept.
        let audit = audited(&world, &guard).await;
        assert_eq!(of(&audit, "log_consistent")["result"], "failed");
    }
}

#[tokio::test]
async fn an_audit_that_never_ends_makes_room_for_the_next() {
    let (world, _admin, guard) = team().await;
    let begun = guard.post(AUDITS, &json!({})).await;
    let id = begun.json()["id"].as_str().expect("an id").to_owned();
    world.advance_seconds(16 * 60);
    let guard = guard.signed_in(&world).await;
    assert_eq!(world.examine().await.audit.map(|id| id.to_string()), Some(id.clone()));
    let given_up = guard.get(&format!("{AUDITS}/{id}")).await.json();
    assert_eq!(of(&given_up, "key_state")["result"], "not_examined");
    assert_eq!(guard.post(AUDITS, &json!({})).await.status, 201);
}

#[tokio::test]
async fn a_leaf_that_was_changed_since_the_last_audit_is_found() {
    let (world, _admin, guard) = team().await;
    // More than a tile of them, so that the tiles are read as well.
    for number in 0..300 {
        let told = SecurityEvent::of(Action::PolicyChanged, format!("site-{number}"));
        world.monitor.staff.events.append(told).await.expect("it is told");
    }
    let clean = audited(&world, &guard).await;
    assert_eq!(of(&clean, "log_consistent")["result"], "passed");
    let leaves = world.all_items().await.into_iter().find(|(table, item)| {
        table.ends_with("-log")
            && item["p"].as_s().is_ok_and(|partition| partition.starts_with("leaves#"))
    });
    let (table, mut leaf) = leaves.expect("leaves");
    let mut bytes = leaf["v"].as_b().expect("bytes").clone().into_inner();
    *bytes.last_mut().expect("a byte") ^= 1;
    leaf.insert("v".to_owned(), shared::store::attributes::binary(bytes));
    let put = world.dynamo().put_item().table_name(table).set_item(Some(leaf));
    put.send().await.expect("it is changed");
    let audit = audited(&world, &guard).await;
    let found = of(&audit, "log_consistent");
    assert_eq!(found["result"], "failed", "{found}");
    assert_eq!(found["severity"], "critical");
}

#[tokio::test]
async fn the_stack_audits_itself_and_counts_what_is_overdue() {
    let (world, _admin, guard) = team().await;
    assert_eq!(world.examine().await.audit, None, "it has just begun");
    world.advance_seconds(6 * DAY);
    world.rotate_keys().await;
    assert_eq!(world.examine().await.audit, None);
    world.advance_seconds(DAY);
    let ran = world.examine().await;
    let id = ran.audit.expect("the first one by itself");
    assert_eq!(ran.overdue, 0);
    assert_eq!(world.examine().await.audit, None, "once");
    let guard = guard.signed_in(&world).await;
    let audit = guard.get(&format!("{AUDITS}/{id}")).await.json();
    assert_eq!(audit["previous"], Value::Null);
    // A finding of the first week has until its day, and is counted from then on.
    world.advance_seconds(91 * DAY);
    world.rotate_keys().await;
    let ran = world.examine().await;
    let next = ran.audit.expect("the next quarter's");
    let overdue = ran.overdue;
    assert!(overdue > 0, "the day of what stays open does not move");
    let guard = guard.signed_in(&world).await;
    let shown = guard.get(&format!("{AUDITS}/{next}")).await.json();
    assert_eq!(shown["counts"]["overdue"], json!(overdue));
    assert_eq!(shown["previous"], json!(id.to_string()));
}
