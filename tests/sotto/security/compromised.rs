//! A key of each kind is compromised and changed: what ends, what still verifies, and how its holders go on.

use lambda_runtime::{Context, LambdaEvent};
use retention::sweep::job::Job;
use retention::sweep::{self, Budget};
use serde_json::{Value, json};
use shared::seal::key_list;
use shared::seal::sign::Signer;
use shared::store::attributes::Item;
use shared::store::receipt::Receipt;
use shared::values::pins::Pins;
use tests::api::{Api, Request};
use tests::sealed::published_keys;
use tests::staff::Staff;
use tests::visitor::{Visitor, fresh_key};
use tests::world::World;

use crate::privacy::stage::{erase, leave_contact, officer};

/// Seconds after which no function has a key in memory that was replaced.
const FORGOTTEN: u64 = 300;
const MINUTE: u64 = 60;

async fn change(world: &World, kind: &str) -> Value {
    let wish = json!({ "compromised": kind });
    let report = world.call_rotation(wish).await.expect("it is changed");
    assert_eq!(report["compromised"], kind);
    report
}

/// The objects of the events that tell of a change, in the order of the alphabet.
async fn told(world: &World) -> Vec<String> {
    let text =
        |item: &Item, name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
    let items = world.all_items().await.into_iter().map(|(_, item)| item);
    let mut told: Vec<_> = items
        .filter(|item| text(item, "w").as_deref() == Some("key_changed"))
        .inspect(|item| assert!(!item.contains_key("a") && item.contains_key("expires_at")))
        .filter_map(|item| text(&item, "o"))
        .collect();
    told.sort();
    told
}

async fn published(api: &Api) -> Vec<Value> {
    let set = api.send(&Request::new("GET", "/.well-known/jwks.json")).await.json();
    set["keys"].as_array().expect("keys").clone()
}

async fn verdict(api: &Api, receipt: &Value) -> Value {
    api.send(&Request::new("POST", "/v1/receipts/verify").json(receipt)).await.json()
}

/// The receipt as somebody signs it who has the key.
fn forged(receipt: &Value, signer: &Signer) -> Value {
    let mut fields = receipt.clone();
    fields.as_object_mut().expect("an object").remove("jws");
    fields["messages"] = json!(1_000);
    let receipt: Receipt = serde_json::from_value(fields).expect("a receipt");
    json!(receipt.sign(signer, "world").expect("a signature"))
}

#[tokio::test]
async fn receipts_of_a_compromised_key_are_valid_if_they_are_stored_and_no_others() {
    let world = World::new().await;
    let api = world.staff_api();
    let officer = officer(&world).await;
    let erased = async |world: &World| {
        let visitor = world.visitor().await;
        visitor.open().await;
        let response = erase(&officer, &visitor.subject, &fresh_key(), "gdpr_17").await;
        assert_eq!(response.status, 200, "{}", response.json());
        response.json()
    };
    let (first, stolen) = (erased(&world).await, world.settings().receipt_signer().await);
    let stolen = stolen.expect("a key");
    let forged_before = forged(&first, &stolen);
    let valid = json!({ "valid": true });
    assert_eq!(verdict(&api, &forged_before).await, valid, "before anybody knows of it");

    let report = change(&world, "receipt").await;
    assert_eq!(report["changed"], true);
    world.advance_seconds(MINUTE);
    let invalid = json!({ "valid": false, "reason": "retired_key" });
    assert_eq!(verdict(&api, &first).await, valid);
    assert_eq!(verdict(&api, &json!({ "jws": first["jws"] })).await, valid);
    assert_eq!(verdict(&api, &forged_before).await, invalid);
    let mut of_nobody = first.clone();
    of_nobody["id"] = json!("receipt");
    assert_eq!(verdict(&api, &forged(&of_nobody, &stolen)).await, invalid);

    // A function that has the old key in memory signs with it for some minutes.
    let meanwhile = erased(&world).await;
    assert_eq!(verdict(&api, &meanwhile).await, valid);
    world.advance_seconds(FORGOTTEN);
    let officer = officer.signed_in(&world).await;
    let visitor = world.visitor().await;
    visitor.open().await;
    let later = erase(&officer, &visitor.subject, &fresh_key(), "gdpr_17").await.json();
    assert_eq!(verdict(&api, &later).await, valid);
    let names = published(&api).await;
    let of_receipts: Vec<_> = names.iter().filter(|key| key["sotto_use"] == "receipt").collect();
    assert_eq!(of_receipts.len(), 2);
    let (now, before) = (of_receipts[0], of_receipts[1]);
    assert!(now.get("sotto_retired_at").is_none());
    assert_eq!(before["sotto_retired_at"], report["at"]);
    assert_eq!(before["x"], json!(shared::values::encoding::base64url(stolen.verifier().as_raw())));
    assert_eq!(told(&world).await, ["receipt"]);

    // Days and a second compromise later both are still there, sealed by whatever key seals the set.
    world.advance_seconds(3 * 86_400);
    world.rotate_keys().await;
    assert_eq!(change(&world, "staff").await["changed"], true);
    assert_eq!(change(&world, "receipt").await["changed"], true);
    world.advance_seconds(MINUTE);
    let retired = published(&api).await;
    assert_eq!(retired.iter().filter(|key| key.get("sotto_retired_at").is_some()).count(), 2);
    for receipt in [&first, &meanwhile, &later] {
        assert_eq!(verdict(&api, receipt).await, valid);
    }
    assert_eq!(verdict(&api, &forged_before).await, invalid);
    assert_eq!(told(&world).await, ["receipt", "receipt", "staff"]);
}

#[tokio::test]
async fn a_compromised_key_of_staff_tokens_ends_every_session_and_opens_nothing() {
    let world = World::new().await;
    let admin = world.admin().await;
    let stolen = world.settings().staff_signing_key().await.expect("a key");
    let stolen =
        Signer::derive(&stolen).expect("a signer").verifier().thumbprint().expect("a name");
    assert_eq!(admin.get("/v1/auth/me").await.status, 200);
    world.advance_seconds(1);

    assert_eq!(change(&world, "staff").await["changed"], true);
    let listed = |keys: Vec<Value>| keys.iter().any(|key| key["kid"] == json!(stolen));
    world.advance_seconds(MINUTE);
    assert!(!listed(published(&admin.api).await));
    let refused = (401, "token_invalid".to_owned());
    assert_eq!(admin.get("/v1/auth/me").await.refusal(), refused);
    assert_eq!(admin.renew().await.refusal(), (401, "token_revoked".to_owned()));
    // The very function that has signed with the old key until now signs with the new one.
    let again = admin.signed_in(&world).await;
    assert_eq!(again.get("/v1/auth/me").await.status, 200);
    let renewed = again.renew().await;
    assert_eq!(renewed.status, 200, "{}", renewed.json());
    let another = Api::Events(auth::router(world.another_auth()));
    let me = Request::new("GET", "/v1/auth/me").bearer(&again.token);
    assert_eq!(another.send(&me).await.status, 200);
    assert_eq!(another.send(&me.clone().bearer(&admin.token)).await.refusal(), refused);
    world.advance_seconds(86_400);
    world.rotate_keys().await;
    assert!(!listed(published(&admin.api).await), "the daily run does not bring it back");
    assert_eq!(told(&world).await, ["staff"]);
}

/// A step-up sees it at once; all others within the minute for which they keep the keys.
#[tokio::test]
async fn a_warm_function_takes_no_token_of_a_compromised_key_for_a_step_up() {
    let world = World::new().await;
    let officer = officer(&world).await;
    let visitor = world.visitor().await;
    visitor.open().await;
    let search = async || {
        let request = Request::new("POST", "/v1/subjects/search")
            .header("sotto-purpose", "subject_request")
            .header("sotto-reason", "A letter")
            .json(&json!({ "email": "ada@example.org" }));
        officer.send(request).await
    };
    assert_eq!(search().await.status, 200);
    change(&world, "staff").await;
    assert_eq!(search().await.refusal(), (401, "token_invalid".to_owned()));
}

/// Passwords, factors and sessions are under that key: every account ends, and the first admin is invited anew.
#[tokio::test]
async fn a_compromised_key_of_credentials_ends_every_account_and_the_first_admin_begins_anew() {
    let world = World::new().await;
    let admin = world.admin().await;
    let agent = world.member(&admin, "anna@example.org", &["agent"]).await;
    assert_eq!(change(&world, "credential").await["changed"], true);
    // With the table of a moment ago, as whoever had the key may have it.
    world.advance_seconds(FORGOTTEN);
    for gone in [&admin, &agent] {
        assert!(gone.login().await.status >= 400, "nothing of the account opens");
        assert!(gone.renew().await.status >= 400, "nor of the session");
    }
    // As the runbook says.
    for (table, item) in world.all_items().await {
        if table.ends_with("identity") {
            let delete = world.dynamo().delete_item().table_name(&table);
            let key = |name: &str| item[name].clone();
            delete.key("p", key("p")).key("k", key("k")).send().await.expect("it is deleted");
        }
    }
    let again = world.admin().await;
    let people = again.get("/v1/auth/staff").await;
    assert_eq!(people.json()["items"].as_array().expect("people").len(), 1, "{}", people.json());
    assert_eq!(agent.login().await.refusal(), (401, "credentials_invalid".to_owned()));
    assert_eq!(told(&world).await, ["credential"]);
}

#[tokio::test]
async fn a_compromised_key_of_visitors_tokens_ends_them_and_new_ones_work_everywhere_at_once() {
    let world = World::new().await;
    let (old, path) = {
        let visitor = world.visitor().await;
        let path = visitor.open().await;
        (visitor, path)
    };
    let cold = Api::Events(intake::router(world.another_function()));
    assert_eq!(change(&world, "visitor").await["changed"], true);
    world.advance_seconds(2);

    // A function that was there before, and one that begins now.
    let new = Visitor::arrive(cold.clone()).await;
    let at_warm = Visitor { api: world.api(), ..new.clone() };
    let conversation = at_warm.open().await;
    assert_eq!(at_warm.say(&conversation, "Hello").await.status, 201);
    let refused = (401, "token_invalid".to_owned());
    for api in [cold, world.api()] {
        let old = Visitor { api, ..old.clone() };
        assert_eq!(old.get(&path).await.refusal(), refused);
        let again = json!({ "site": "default", "identity": null });
        assert_eq!(old.post("/v1/sessions", &again).await.refusal(), refused);
    }
    assert_eq!(told(&world).await, ["visitor"]);
}

/// Without a new token that shows it the change, a function notices it with its next reading of the keys.
#[tokio::test]
async fn a_function_keeps_a_compromised_key_of_tokens_for_five_minutes_at_most() {
    let world = World::new().await;
    let old = world.visitor().await;
    let path = old.open().await;
    change(&world, "visitor").await;
    world.advance_seconds(FORGOTTEN);
    assert_eq!(old.get(&path).await.refusal(), (401, "token_invalid".to_owned()));
}

#[tokio::test]
async fn who_seals_to_a_compromised_key_is_told_and_goes_on_with_the_new_list() {
    let world = World::new().await;
    let api = world.api();
    let before = published_keys(&api).await;
    let visitor = world.visitor().await;
    let path = visitor.open().await;
    world.advance_seconds(86_400);
    world.rotate_keys().await;
    let day_old = published_keys(&api).await;

    assert_eq!(change(&world, "transport").await["changed"], true);
    world.advance_seconds(2);
    let after = published_keys(&api).await;
    assert_eq!(after.len(), 2, "one of each suite");
    let visitor = visitor.returned().await;
    for key in &after {
        let said = visitor.clone().sealing_to(key).say(&path, "Hello").await;
        assert_eq!(said.status, 201, "{}", said.json());
    }
    for key in before.iter().chain(&day_old) {
        assert!(after.iter().all(|listed| listed.kid != key.kid));
        let refused = visitor.clone().sealing_to(key).say(&path, "Hello").await.refusal();
        assert_eq!(refused, (422, "unknown_key".to_owned()));
    }
    let rows = world.count_items("transport").await;
    assert_eq!(rows, 2, "the private keys are destroyed");
    world.advance_seconds(3_600);
    world.rotate_keys().await;
    let kids = |keys: &[tests::sealed::PublishedKey]| {
        keys.iter().map(|key| key.kid.clone()).collect::<Vec<_>>()
    };
    assert_eq!(kids(&published_keys(&api).await), kids(&after));
    assert_eq!(told(&world).await, ["transport"]);
}

/// The pairs were made and published, and the run was cut off before it destroyed the old ones: somebody
/// puts one back, and the next run destroys it.
#[tokio::test]
async fn what_a_run_that_was_cut_off_has_left_the_next_one_destroys() {
    let world = World::new().await;
    let stored: Vec<_> = world.all_items().await;
    let old = stored.into_iter().filter(|(table, _)| table.ends_with("transport"));
    let old: Vec<_> = old.collect();
    change(&world, "transport").await;
    for (table, item) in &old {
        let put = world.dynamo().put_item().table_name(table).set_item(Some(item.clone()));
        put.send().await.expect("put back");
    }
    let visitor = world.visitor().await;
    let cold = Api::Events(intake::router(world.another_function()));
    let kid = old[0].1["k"].as_s().expect("a name").strip_prefix("transport#").expect("a kid");
    let get = Request::new("GET", "/v1/keys").header("sotto-reply-key", format!("{kid}.AAAA"));
    let refused = cold.send(&get.bearer(&visitor.token)).await.refusal();
    assert_eq!(refused, (422, "unknown_key".to_owned()), "it opens nothing while it is there");
    world.rotate_keys().await;
    assert_eq!(world.count_items("transport").await, 2);
}

#[tokio::test]
async fn a_compromised_root_is_replaced_once_pages_have_the_pin_of_the_next() {
    let world = World::new().await;
    let api = world.api();
    let (now_ms, get) = (world.clock.now_ms(), Request::new("GET", "/v1/keys"));
    let verifies = async |pin: &str| {
        let served = api.send(&get).await;
        let pins = Pins::try_from(pin).expect("pins");
        key_list::verify(&served.body, &pins, "world", now_ms).is_ok()
    };
    let first = world.call_rotation(json!({})).await.expect("a run")["root_pin"].clone();
    let first = first.as_str().expect("a pin").to_owned();
    let prepared = change(&world, "root").await;
    let next = prepared["next_pin"].as_str().expect("a pin").to_owned();
    assert_eq!(prepared["root_pin"], json!(format!("{first} {next}")));
    assert_eq!(prepared["changed"], true);
    let again = change(&world, "root").await;
    assert_eq!((&again["next_pin"], &again["changed"]), (&json!(next), &json!(false)));
    assert!(verifies(&first).await && !verifies(&next).await, "nothing is in force yet");
    let run = world.call_rotation(json!({})).await.expect("a run");
    assert_eq!(run["root_pin"], prepared["root_pin"], "what a deployment puts out");

    let confirm = json!({ "compromised": "root", "pin": next });
    let before = world.all_items().await;
    let other = format!("sha256-{}", "A".repeat(43));
    let refused = world.call_rotation(json!({ "compromised": "root", "pin": other })).await;
    assert!(refused.expect_err("no such root").to_string().contains("nothing was changed"));
    assert!(world.all_items().await == before);
    let confirmed = world.call_rotation(confirm.clone()).await.expect("it is changed");
    assert_eq!((&confirmed["changed"], &confirmed["root_pin"]), (&json!(true), &json!(next)));
    world.advance_seconds(2);
    assert!(verifies(&next).await && !verifies(&first).await);
    assert!(verifies(&format!("{first} {next}")).await, "a page that was changed in time");
    let again = world.call_rotation(confirm).await.expect("a second time");
    assert_eq!(again["changed"], false);
    world.advance_seconds(86_400);
    world.rotate_keys().await;
    assert!(!verifies(&first).await);
    assert_eq!(told(&world).await, ["root", "root/next"]);
}

#[tokio::test]
async fn a_command_that_is_repeated_changes_nothing_more_and_three_at_once_change_once() {
    let world = World::new().await;
    for kind in ["receipt", "staff", "credential", "visitor", "transport"] {
        let wish = || Box::pin(world.call_rotation(json!({ "compromised": kind })));
        let (first, second, third) = tokio::join!(wish(), wish(), wish());
        let reports = [first, second, third];
        let changed = reports.iter().flatten().filter(|report| report["changed"] == true).count();
        // One that changed it may fail after that, when another one publishes at the same time.
        let repeated = change(&world, kind).await;
        let last = usize::from(repeated["changed"] == true);
        assert!(changed + last <= 1, "{kind}: {reports:?} {repeated}");
        assert_eq!(repeated.get("at").is_some(), last == 1, "{kind}");
    }
    assert_eq!(told(&world).await.len(), 5);
    world.advance_seconds(600);
    assert_eq!(change(&world, "receipt").await["changed"], true, "it happens a second time");
}

#[tokio::test]
async fn a_command_that_is_none_changes_nothing_and_says_why() {
    let world = World::new().await;
    let before = world.all_items().await;
    for (event, word) in [
        (
            json!({ "compromised": "everything" }),
            "one of receipt, staff, credential, visitor, transport, root",
        ),
        (json!({ "compromised": 1 }), "takes compromised, a word"),
        (json!({ "compromised": "staff", "now": true }), "no other field"),
        (json!({ "compromised": "staff", "pin": "sha256-A" }), "only the root has a pin"),
        (json!({ "compromised": "root", "pin": "A" }), "not the pin of the root"),
        (json!({ "compromise": "staff" }), "nor does it name what is compromised"),
    ] {
        let refused = world.call_rotation(event.clone()).await.expect_err("no wish").to_string();
        assert!(refused.contains(word), "{event}: {refused}");
    }
    assert!(world.all_items().await == before, "something was written");
}

/// Seconds after which the sweep begins to bring everything under the new keys.
const SETTLED: u64 = 360;

async fn change_site_keys(world: &World, kind: &str) -> Value {
    let job = Job::new(world.sweeper());
    let wish = json!({ "compromised": kind });
    job.handle(LambdaEvent::new(wish, Context::default())).await.expect("it is changed")
}

/// What stands in the rows of a site's keys: the present blob, and the one before.
async fn site_keys(world: &World, purpose: &str) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
    let prefix = format!("branch#{purpose}#");
    let bytes = |item: &Item, name: &str| {
        item.get(name).and_then(|value| value.as_b().ok()).map(|blob| blob.as_ref().to_vec())
    };
    let of_site = |item: &Item| {
        let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
        text("p").as_deref() == Some("default") && text("k").is_some_and(|k| k.starts_with(&prefix))
    };
    let items = world.all_items().await.into_iter().map(|(_, item)| item).filter(of_site);
    items.map(|item| (bytes(&item, "w").expect("a key"), bytes(&item, "o"))).collect()
}

async fn found(world: &World, officer: &Staff, email: &str) -> Vec<String> {
    let officer = officer.stepped_up(world).await;
    let mut query = String::new();
    let mut found = Vec::new();
    loop {
        let request = Request::new("POST", &format!("/v1/subjects/search?limit=2{query}"))
            .header("sotto-purpose", "subject_request")
            .header("sotto-reason", "A letter")
            .json(&json!({ "email": email }));
        let page = officer.send(request).await;
        assert_eq!(page.status, 200, "{}", page.json());
        let page = page.json();
        let items = page["items"].as_array().expect("items");
        found.extend(items.iter().filter_map(|item| Some(item["subject_id"].as_str()?.to_owned())));
        match page["next_cursor"].as_str() {
            Some(cursor) => query = format!("&cursor={cursor}"),
            None => break,
        }
    }
    found.sort();
    found
}

#[tokio::test]
async fn after_a_change_of_the_index_key_everybody_is_found_before_during_and_after() {
    let world = World::new().await;
    let officer = officer(&world).await;
    let leave = async |world: &World| {
        let visitor = world.visitor().await;
        let path = visitor.open().await;
        leave_contact(&visitor, &path, "Ada@Example.org").await;
        visitor.subject
    };
    let none = change_site_keys(&world, "index").await;
    assert_eq!(none["changed"], false, "there is no such key before the first contact");
    let mut left = Vec::new();
    for _ in 0..5 {
        left.push(leave(&world).await);
    }
    let old = site_keys(&world, "index").await.remove(0).0;
    assert_eq!(change_site_keys(&world, "index").await["changed"], true);
    // This function has the old key in memory, and others have not.
    left.push(leave(&world).await);
    world.advance_seconds(MINUTE);
    left.push(leave(&world).await);
    left.sort();
    let officer = officer.signed_in(&world).await;
    assert_eq!(found(&world, &officer, "ada@example.org").await, left);
    assert!(world.sweep().await.old_keys, "nothing is done while the old key may be in memory");
    assert_eq!(change_site_keys(&world, "index").await["changed"], false, "one at a time");

    world.advance_seconds(SETTLED);
    left.push(leave(&world).await);
    left.sort();
    let officer = officer.signed_in(&world).await;
    assert_eq!(found(&world, &officer, "ada@example.org").await, left);
    let swept = world.sweep().await;
    assert!(!swept.old_keys && swept.rewrapped >= left.len(), "{swept:?}");
    let keys = site_keys(&world, "index").await;
    assert!(keys.iter().all(|(present, before)| *present != old && before.is_none()));
    world.advance_seconds(FORGOTTEN);
    let officer = officer.signed_in(&world).await;
    assert_eq!(found(&world, &officer, "ada@example.org").await, left);
    assert_eq!(told(&world).await, ["index", "replaced keys/destroyed"]);
}

#[tokio::test]
async fn after_a_change_of_branch_keys_every_conversation_opens_and_nothing_under_the_old_ones() {
    let world = World::new().await;
    let officer = officer(&world).await;
    let mut talks = Vec::new();
    for _ in 0..3 {
        let visitor = world.visitor().await;
        let path = visitor.open().await;
        assert_eq!(visitor.say(&path, "Where is my parcel?").await.status, 201);
        leave_contact(&visitor, &path, "ada@example.org").await;
        talks.push((visitor, path));
    }
    let held = json!({ "subject_id": talks[0].0.subject, "reason": "A lawsuit" });
    let placed = officer.stepped_up(&world).await.post("/v1/holds", &held).await;
    assert!([200, 201].contains(&placed.status), "{}", placed.json());
    let stored = site_keys(&world, "transcript").await;
    assert_eq!(change_site_keys(&world, "branch").await["changed"], true);
    let kept = site_keys(&world, "transcript").await;
    assert_eq!(kept[0].1.as_ref(), Some(&stored[0].0));
    let reads = async |api: Api, talks: &[(Visitor, String)]| {
        for (visitor, path) in talks {
            let visitor = Visitor { api: api.clone(), ..visitor.clone() };
            assert!(visitor.transcript(path).await.len() >= 2);
            let said = visitor.say(path, "And now?").await;
            assert_eq!(said.status, 201, "{}", said.json());
        }
        let visitor = Visitor::arrive(api).await;
        let path = visitor.open().await;
        visitor.say(&path, "Hello").await;
        (visitor, path)
    };
    // A function from before, which wraps under the old key, and one that begins now.
    let cold = || Api::Events(intake::router(world.another_function()));
    talks.push(reads(world.api(), &talks).await);
    talks.push(reads(cold(), &talks).await);
    world.advance_seconds(SETTLED);
    let warm = cold();
    talks.push(reads(warm.clone(), &talks).await);
    let budget = Budget { until_ms: world.clock.now_ms(), step: 2 };
    let mut runs = 0;
    loop {
        // One step a run, as of a run that is cut off; visitors go on meanwhile.
        let swept = Box::pin(sweep::run_within(&world.sweeper(), budget)).await.expect("a sweep");
        reads(warm.clone(), &talks).await;
        runs += 1;
        if !swept.old_keys {
            break;
        }
    }
    assert!(runs > 3, "{runs}");
    for kind in ["transcript", "profile"] {
        let keys = site_keys(&world, kind).await;
        assert!(keys.iter().all(|(_, before)| before.is_none()) && !keys.contains(&stored[0]));
    }
    reads(warm, &talks).await;
    reads(cold(), &talks).await;
    let officer = officer.signed_in(&world).await;
    assert_eq!(found(&world, &officer, "ada@example.org").await.len(), 3);
    assert_eq!(told(&world).await, ["branch", "replaced keys/destroyed"]);
}

#[tokio::test]
async fn the_sweep_refuses_a_command_that_is_none() {
    let world = World::new().await;
    world.visitor().await.open().await;
    let before = world.all_items().await;
    for wish in [json!({ "compromised": "root" }), json!({ "compromised": "index", "x": 1 })] {
        let job = Job::new(world.sweeper());
        let refused = job.handle(LambdaEvent::new(wish, Context::default())).await;
        let said = refused.expect_err("no wish").to_string();
        assert!(said.contains("nothing was changed") && said.contains("index or branch"), "{said}");
    }
    assert!(world.all_items().await == before);
}
