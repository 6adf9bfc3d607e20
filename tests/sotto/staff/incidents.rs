//! Somebody is watching: what the staff do is judged, contained and told, and people decide about it.

use std::time::Duration;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use doctor::decoy::{self, Planted};
use doctor::deployment::Deployment;
use doctor::drill;
use lambda_http::{Context, LambdaEvent};
use monitor::Watchman;
use serde_json::{Value, json};
use shared::clock::rfc3339;
use shared::ids::{ConversationId, EventId};
use shared::store::attributes::Item;
use shared::store::security_event::partition_of;
use shared::values::training::{COURSES, GRACE_MS, INCIDENT_MS};
use template::Template;
use tests::api::{Request, Response};
use tests::staff::{Staff, post};
use tests::world::World;

const HOUR: u64 = 60 * 60;
const DAY: u64 = 24 * HOUR;

/// A team with conversations to read, and somebody who watches.
struct Watched {
    world: World,
    admin: Staff,
    officer: Staff,
    guard: Staff,
    conversations: Vec<String>,
}

impl Watched {
    async fn begin() -> Self {
        let world = World::new().await;
        let admin = world.admin().await;
        let officer = world.member(&admin, "officer@example.org", &["privacy"]).await;
        let officer = officer.trained().await;
        let guard = world.member(&admin, "guard@example.org", &["security"]).await;
        Self { world, admin, officer, guard, conversations: Vec::new() }
    }

    /// So many conversations, each of another visitor.
    async fn with(mut self, count: usize) -> Self {
        for _ in 0..count {
            let visitor = self.world.visitor().await;
            let conversation = visitor.open().await;
            visitor.say(&conversation, "where is my parcel?").await;
            let id = conversation.rsplit('/').next().expect("an id").to_owned();
            self.conversations.push(id);
        }
        self
    }

    /// The officer, who shows a second factor now and then reads conversations, until one is refused.
    async fn read(&mut self, count: usize) -> (usize, Response) {
        self.officer = self.officer.signed_in(&self.world).await;
        let mut last = None;
        for (read, id) in self.conversations.iter().take(count).enumerate() {
            let response = read_one(&self.officer, id).await;
            if response.status != 200 {
                return (read, response);
            }
            last = Some(response);
            self.world.advance_seconds(1);
            self.world.detect().await;
        }
        (count, last.expect("at least one"))
    }

    /// The guard, whose second factor is fresh.
    async fn on_guard(&mut self) -> Staff {
        self.guard = self.guard.signed_in(&self.world).await;
        self.guard.clone()
    }

    async fn incidents(&mut self) -> Vec<Value> {
        let guard = self.on_guard().await;
        let list = guard.get("/v1/incidents").await;
        assert_eq!(list.status, 200, "{}", list.json());
        list.json()["items"].as_array().expect("a list").clone()
    }

    /// The only incident that there is.
    async fn incident(&mut self) -> Value {
        let mut all = self.incidents().await;
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    }
}

async fn read_one(staff: &Staff, id: &str) -> Response {
    let request = Request::new("GET", &format!("/v1/transcripts/{id}"))
        .header("sotto-purpose", "quality")
        .header("sotto-reason", "a look at answers");
    staff.send(request).await
}

fn path(incident: &Value) -> String {
    format!("/v1/incidents/{}", incident["id"].as_str().expect("an id"))
}

async fn act(staff: &Staff, incident: &Value, action: &str, target: &str) -> Response {
    let body = json!({ "action": action, "target": target });
    staff.post(&format!("{}/actions", path(incident)), &body).await
}

fn rules(incident: &Value) -> Vec<&str> {
    let signals = incident["signals"].as_array().expect("signals");
    signals.iter().map(|signal| signal["rule"].as_str().expect("a rule")).collect()
}

fn locked_down(response: &Response) -> bool {
    response.refusal() == (403, "locked_down".to_owned())
}

#[tokio::test]
async fn a_stolen_refresh_token_ends_every_session_of_its_owner() {
    let mut team = Watched::begin().await;
    let elsewhere = team.officer.signed_in(&team.world).await;
    let thief = team.officer.clone();
    assert_eq!(team.officer.renew().await.status, 200);
    assert_eq!(thief.renew().await.refusal(), (401, "token_reused".to_owned()));
    team.world.detect().await;

    let incident = team.incident().await;
    assert_eq!(
        (&incident["kind"], &incident["status"]),
        (&json!("token_reused"), &json!("contained"))
    );
    assert_eq!(incident["about"], json!(team.officer.id));
    assert_eq!(rules(&incident), ["refresh_token_reused"]);
    assert_eq!(incident["actions"][0]["action"], "revoke_sessions");
    assert_eq!(incident["actions"][0]["by"], Value::Null);
    assert_ne!(incident["notify_authority_by"], Value::Null);
    // The other session of the same person is over too, at once where a second factor is asked for, and
    // after a minute everywhere.
    let request = team.officer.clone();
    team.world.advance_seconds(61);
    assert_eq!(elsewhere.get("/v1/auth/me").await.refusal(), (401, "token_revoked".to_owned()));
    assert_eq!(elsewhere.renew().await.refusal(), (401, "token_revoked".to_owned()));
    let again = request.signed_in(&team.world).await;
    assert_eq!(again.get("/v1/auth/me").await.status, 200, "the owner signs in anew");
    // What was ended is not given back.
    let guard = team.on_guard().await;
    let id = incident["actions"][0]["id"].as_str().expect("an id").to_owned();
    assert_eq!(act(&guard, &incident, "lift", &id).await.refusal(), (409, "conflict".to_owned()));
}

#[tokio::test]
async fn who_reads_too_fast_is_locked_before_the_thirtieth_transcript_until_somebody_lifts_it() {
    let mut team = Watched::begin().await.with(30).await;
    let (read, refusal) = team.read(30).await;
    assert_eq!(read, 20, "the next one is refused");
    assert_eq!(refusal.refusal(), (401, "token_revoked".to_owned()));
    let incident = team.incident().await;
    assert_eq!(incident["kind"], "unusual_reads");
    assert_eq!((&incident["severity"], &incident["status"]), (&json!("high"), &json!("contained")));
    assert_eq!(
        (&incident["evidence_count"], incident["evidence"].as_array().map(Vec::len)),
        (&json!(20), Some(20))
    );
    let action = &incident["actions"][0];
    assert_eq!(
        (&action["action"], &action["target"]),
        (&json!("lock_account"), &json!(team.officer.id))
    );

    // Nothing opens: neither the refresh token nor the password.
    assert_eq!(team.officer.renew().await.refusal(), (401, "token_revoked".to_owned()));
    assert_eq!(team.officer.login().await.refusal(), (401, "credentials_invalid".to_owned()));
    let affected = team.on_guard().await.get(&format!("{}/affected", path(&incident))).await;
    assert_eq!(affected.status, 200, "{}", affected.json());
    let affected = affected.json();
    assert_eq!(affected["conversations"].as_array().map(Vec::len), Some(20));
    assert_eq!((&affected["people"], &affected["classes"]), (&json!(20), &json!(["messages"])));

    let guard = team.on_guard().await;
    let id = action["id"].as_str().expect("an id");
    let lifted = act(&guard, &incident, "lift", id).await;
    assert_eq!(lifted.status, 201, "{}", lifted.json());
    assert_ne!(lifted.json()["lifted_at"], Value::Null);
    assert_eq!(act(&guard, &incident, "lift", id).await.refusal(), (409, "conflict".to_owned()));
    // A session of that time opens nothing any more: they sign in anew.
    let refused = team.officer.renew().await;
    assert_eq!(refused.refusal(), (401, "token_revoked".to_owned()));
    team.world.advance_seconds(61);
    assert_eq!(team.officer.renew().await.refusal(), (401, "token_revoked".to_owned()));
    team.officer = team.officer.signed_in(&team.world).await;
    // The reads that led to it are judged: the next one does not lock the account again.
    assert_eq!(read_one(&team.officer, &team.conversations[25]).await.status, 200);
    team.world.detect().await;
    assert_eq!(read_one(&team.officer, &team.conversations[26]).await.status, 200);
}

#[tokio::test]
async fn who_was_reset_is_told_of_in_the_cool_down_and_contained_behind_it() {
    let mut team = Watched::begin().await.with(12).await;
    let admin = team.admin.signed_in(&team.world).await;
    let reset = json!({ "reset": "second_factor" });
    let reset = admin.patch(&format!("/v1/auth/staff/{}", team.officer.id), &reset).await;
    assert_eq!(reset.status, 200, "{}", reset.json());
    let invitation = reset.json()["invitation_token"].as_str().expect("a token").to_owned();
    team.officer = Staff::join(&team.world, "officer@example.org", &invitation).await;
    let first = read_one(&team.officer, &team.conversations[0]).await;
    assert_eq!(first.refusal(), (403, "cooling_down".to_owned()));
    team.world.detect().await;
    let incident = team.incident().await;
    assert_eq!(
        (&incident["kind"], &incident["status"]),
        (&json!("reads_after_reset"), &json!("open"))
    );
    assert_eq!(rules(&incident), ["refused_while_cooling"]);
    assert_eq!(incident["actions"], json!([]));

    team.world.advance_seconds(DAY + 60);
    team.world.rotate_keys().await;
    let (read, refusal) = team.read(12).await;
    assert_eq!((read, refusal.refusal()), (10, (401, "token_revoked".to_owned())));
    let incident = team.incident().await;
    assert_eq!(incident["status"], "contained");
    assert_eq!(rules(&incident), ["refused_while_cooling", "reads_after_reset"]);
}

#[tokio::test]
async fn who_reads_at_night_is_locked_at_the_fifth_transcript() {
    let mut team = Watched::begin().await.with(2).await;
    // Two weeks of work, in the morning, on every day of the week.
    for _ in 0..15 {
        team.read(2).await;
        team.world.advance_seconds(DAY);
        team.world.rotate_keys().await;
    }
    assert_eq!(team.incidents().await, Vec::<Value>::new(), "work is no incident");
    team.world.advance_seconds(16 * HOUR);
    team.conversations.clear();
    let mut team = team.with(8).await;
    let (read, refusal) = team.read(8).await;
    assert_eq!((read, refusal.refusal()), (5, (401, "token_revoked".to_owned())));
    assert_eq!(rules(&team.incident().await), ["reads_at_unusual_hours"]);
}

#[tokio::test]
async fn exports_in_numbers_are_frozen_and_a_subject_still_gets_their_own() {
    let mut team = Watched::begin().await;
    let mut visitors = Vec::new();
    for _ in 0..7 {
        let visitor = team.world.visitor().await;
        visitor.open().await;
        visitors.push(visitor);
    }
    // The factors are not new any more.
    team.world.advance_seconds(2 * DAY);
    team.world.rotate_keys().await;
    let officer = team.officer.signed_in(&team.world).await;
    let (mut given_out, mut refused) = (0, None);
    for visitor in &visitors {
        let path = format!("/v1/subjects/{}/export", visitor.subject);
        let request = Request::new("POST", &path)
            .header("sotto-purpose", "subject_request")
            .header("sotto-reason", "they have asked for it");
        let response = officer.send(request).await;
        team.world.detect().await;
        if response.status == 200 {
            given_out += 1;
        } else {
            refused = Some(response);
        }
    }
    let refused = refused.expect("the exports are frozen");
    assert!(locked_down(&refused), "{}", refused.json());
    assert_eq!(given_out, 5);
    let incident = team.incident().await;
    assert_eq!(incident["kind"], "export_burst");
    assert_eq!(incident["actions"][0]["action"], "freeze_exports");
    let own = visitors[0].clone().returned().await.get("/v1/me/export").await;
    assert_eq!(own.status, 200, "a subject's own export stays: {}", own.json());
}

#[tokio::test]
async fn a_site_that_is_locked_down_answers_nobody_but_who_looks_into_it() {
    let mut team = Watched::begin().await.with(1).await;
    let visitor = team.world.visitor().await;
    let conversation = visitor.open().await;
    let guard = team.on_guard().await;
    let body = json!({ "kind": "manual", "note": "A laptop was left on a train." });
    let opened = guard.post("/v1/incidents", &body).await;
    assert_eq!(opened.status, 201, "{}", opened.json());
    let incident = opened.json();
    let taken = act(&guard, &incident, "lock_down_site", "default").await;
    assert_eq!(taken.status, 201, "{}", taken.json());
    let twice = act(&guard, &incident, "lock_down_site", "default").await;
    assert_eq!(twice.refusal(), (409, "conflict".to_owned()));
    team.world.advance_seconds(61);
    let session = post(&team.world.api(), "/v1/sessions", &json!({ "site": "default" })).await;
    assert!(locked_down(&session));
    assert!(locked_down(&visitor.say(&conversation, "hello?").await));
    let officer = team.officer.signed_in(&team.world).await;
    assert!(locked_down(&read_one(&officer, &team.conversations[0]).await));
    let guard = team.on_guard().await;
    assert_eq!(read_one(&guard, &team.conversations[0]).await.status, 200, "security works");

    let id = taken.json()["id"].as_str().expect("an id").to_owned();
    assert_eq!(act(&guard, &incident, "lift", &id).await.status, 201);
    team.world.advance_seconds(61);
    assert_eq!(visitor.say(&conversation, "hello?").await.status, 201);
}

#[tokio::test]
async fn the_last_admin_is_locked_out_only_by_somebody_who_says_so() {
    let mut team = Watched::begin().await;
    let guard = team.on_guard().await;
    let body = json!({ "kind": "manual", "note": "A laptop was left on a train." });
    let incident = guard.post("/v1/incidents", &body).await.json();
    let refusal = act(&guard, &incident, "lock_account", &team.admin.id).await;
    assert_eq!(refusal.refusal(), (409, "last_admin".to_owned()));
    assert_eq!(team.admin.signed_in(&team.world).await.get("/v1/auth/me").await.status, 200);
    let second = team.world.member(&team.admin, "second@example.org", &["admin"]).await;
    let guard = team.on_guard().await;
    assert_eq!(act(&guard, &incident, "lock_account", &team.admin.id).await.status, 201);
    // A locked admin is none: the other one is the last.
    let refusal = act(&guard, &incident, "lock_account", &second.id).await;
    assert_eq!(refusal.refusal(), (409, "last_admin".to_owned()));
    let body = json!({ "action": "lock_account", "target": second.id, "confirm": true });
    let taken = guard.post(&format!("{}/actions", path(&incident)), &body).await;
    assert_eq!(taken.status, 201, "{}", taken.json());
}

#[tokio::test]
async fn an_event_that_is_changed_deleted_or_made_by_hand_is_an_incident() {
    let mut team = Watched::begin().await;
    let events: Vec<_> = team.world.all_items().await;
    let (table, event) = events
        .iter()
        .find(|(table, item)| {
            table.ends_with("events") && item["w"].as_s().is_ok_and(|w| w == "signed_in")
        })
        .cloned()
        .expect("somebody has signed in");
    let put = |item| team.world.dynamo().put_item().table_name(&table).set_item(Some(item)).send();
    let mut changed = event.clone();
    changed.insert("w".to_owned(), AttributeValue::S("stepped_up".to_owned()));
    put(changed).await.expect("it is changed");
    let mut made = event.clone();
    made.insert("k".to_owned(), AttributeValue::S("yesterday#nobody".to_owned()));
    put(made.clone()).await.expect("it is made");
    made.retain(|name, _| ["p", "k"].contains(&name.as_str()));
    let delete = team.world.dynamo().delete_item().table_name(&table).set_key(Some(made));
    delete.send().await.expect("it is deleted");
    team.world.detect().await;
    // A batch that comes again adds nothing.
    team.world.detect().await;
    let incident = team.incident().await;
    assert_eq!(
        (&incident["kind"], &incident["severity"]),
        (&json!("log_tampered"), &json!("critical"))
    );
    assert_eq!(incident["evidence_count"], 2, "{incident}");
    let id = event["k"].as_s().expect("a key").split_once('#').expect("an id").1.to_owned();
    assert_eq!(incident["evidence"][0], json!(id));
}

/// An event with the form of `like`, made now by somebody who knows the form and no key.
fn made_up(world: &World, like: &Item) -> (String, Item) {
    let id = EventId::generate(&world.clock).expect("randomness");
    let time = rfc3339(world.clock.now_ms());
    let mut item = like.clone();
    item.insert("p".to_owned(), AttributeValue::S(partition_of(&time, id)));
    item.insert("k".to_owned(), AttributeValue::S(format!("{time}#{id}")));
    (id.to_string(), item)
}

#[tokio::test]
async fn an_event_that_no_function_has_stored_is_an_incident_however_well_it_is_made() {
    let mut team = Watched::begin().await;
    let events = team.world.all_items().await;
    let (table, event) =
        events.into_iter().find(|(table, _)| table.ends_with("events")).expect("an event");
    let put = async |item| {
        let put = team.world.dynamo().put_item().table_name(&table).set_item(Some(item));
        put.send().await.expect("it is put");
        team.world.detect().await;
    };
    let code = event["m"].clone();
    let mut ids = Vec::new();
    for code in [None, Some(code), Some(AttributeValue::B(Blob::new([7; 32])))] {
        let (id, mut item) = made_up(&team.world, &event);
        item.remove("m");
        item.extend(code.map(|code| ("m".to_owned(), code)));
        put(item).await;
        ids.push(id);
    }
    let incident = team.incident().await;
    assert_eq!(incident["kind"], "log_tampered");
    assert_eq!(incident["evidence"], json!(ids));
}

#[tokio::test]
async fn without_the_key_of_the_codes_nobody_passes_and_with_another_the_watch_goes_on() {
    let mut team = Watched::begin().await;
    let [_, records, _] = team.world.records();
    let hand = async |watchman: &Watchman, records: &[Value]| {
        let event = LambdaEvent::new(json!({ "Records": records }), Context::default());
        let answer = watchman.handle(&event).await.expect("a batch");
        serde_json::to_value(answer).expect("an answer")
    };
    let (warm, none) = (team.world.watchman(), json!({ "batchItemFailures": [] }));
    assert_eq!(hand(&warm, &records).await, none);
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let delete = team.world.dynamo().delete_item().table_name("world-settings");
    let delete = delete.key("p", text("*")).key("k", text("branch#evidence#events"));
    delete.send().await.expect("it is deleted");
    let first = &records[0]["dynamodb"]["SequenceNumber"];
    let again = json!({ "batchItemFailures": [{ "itemIdentifier": first }] });
    assert_eq!(hand(&team.world.watchman(), &records).await, again);
    let cold = team.world.another_staff_api();
    let told = Request::new("GET", "/v1/audit/events").bearer(&team.guard.token);
    assert_eq!(cold.send(&told).await.status, 503, "no event is stored without its code");

    team.world.rotate_keys().await;
    let told = Request::new("GET", "/v1/audit/events").bearer(&team.guard.token);
    assert_eq!(team.world.another_staff_api().send(&told).await.status, 200);
    let [_, all, _] = team.world.records();
    assert_eq!(hand(&warm, &all[records.len()..]).await, none);
    assert_eq!(team.incidents().await, Vec::<Value>::new(), "events under the new key are ours");
}

#[tokio::test]
async fn an_event_that_was_gone_and_came_back_is_an_incident() {
    let mut team = Watched::begin().await;
    let [_, records, _] = team.world.records();
    let mut copy = records.last().expect("a record").clone();
    let seconds = team.world.clock.now_ms() / 1000 + 20 * 60;
    copy["dynamodb"]["ApproximateCreationDateTime"] = json!(seconds);
    team.world.advance_seconds(20 * 60);
    let batch = json!({ "Records": [copy.clone()] });
    let event = LambdaEvent::new(batch, Context::default());
    team.world.watchman().handle(&event).await.expect("a batch");
    let incident = team.incident().await;
    let name = copy["dynamodb"]["Keys"]["k"]["S"].as_str().expect("a key");
    assert_eq!(incident["kind"], "log_tampered");
    assert_eq!(incident["evidence"][0], name.split_once('#').expect("an id").1);
}

#[tokio::test]
async fn batches_that_come_again_or_out_of_order_are_judged_once() {
    let mut team = Watched::begin().await.with(9).await;
    team.officer = team.officer.signed_in(&team.world).await;
    for id in &team.conversations {
        assert_eq!(read_one(&team.officer, id).await.status, 200);
    }
    let [_, mut records, _] = team.world.records();
    records.reverse();
    let watchman = team.world.watchman();
    for _ in 0..3 {
        for batch in records.chunks(7) {
            let event = LambdaEvent::new(json!({ "Records": batch }), Context::default());
            watchman.handle(&event).await.expect("a batch");
        }
    }
    assert_eq!(
        team.incidents().await,
        Vec::<Value>::new(),
        "nine reads are nine, however often they come"
    );
}

#[tokio::test]
async fn verdicts_move_a_threshold_and_are_shown() {
    let mut team = Watched::begin().await.with(21).await;
    for at in 0..3 {
        let (read, _) = team.read(21).await;
        assert_eq!(read, 20, "{at}");
        let guard = team.on_guard().await;
        let open = guard.get("/v1/incidents?status=unresolved").await.json();
        let incident = open["items"][0].clone();
        let id = incident["actions"][0]["id"].as_str().expect("an id").to_owned();
        assert_eq!(act(&guard, &incident, "lift", &id).await.status, 201);
        let judged = json!({ "status": "resolved", "verdict": "false_positive", "assignee": guard.id,
            "note": "They answered a newspaper." });
        let judged = guard.patch(&path(&incident), &judged).await;
        assert_eq!(judged.status, 200, "{}", judged.json());
        team.world.advance_seconds(700);
    }
    let guard = team.on_guard().await;
    let rules = guard.get("/v1/incidents/rules").await.json();
    let all = rules["items"].as_array().expect("rules");
    let rule = all.iter().find(|rule| rule["rule"] == "reads_in_ten_minutes").expect("it is there");
    assert_eq!((&rule["threshold"], &rule["initial_threshold"]), (&json!(24.0), &json!(20.0)));
    assert_eq!(
        rule["record"],
        json!({ "true_positive": 0, "false_positive": 3, "precision": 0.0 })
    );
    team.world.advance_seconds(61);
    let (read, last) = team.read(21).await;
    assert_eq!((read, last.status), (21, 200), "the threshold is 24 now");
    let resolved = guard.get("/v1/incidents?status=resolved").await;
    assert_eq!(resolved.json()["items"].as_array().map(Vec::len), Some(3), "{}", resolved.json());
}

/// The courses that are due for somebody, each with whether an incident asks for it.
async fn due(staff: &Staff) -> (Vec<(String, bool)>, Value) {
    let mine = staff.get("/v1/training/me").await;
    assert_eq!(mine.status, 200, "{}", mine.json());
    let due = mine.json()["due"].clone();
    let items = due.as_array().expect("a list").iter();
    let of = |item: &Value| {
        (item["course_id"].as_str().expect("an id").to_owned(), item["after_incident"] == true)
    };
    (items.map(of).collect(), due[0]["by"].clone())
}

async fn judge(guard: &Staff, incident: &Value, verdict: &str) {
    let judged = guard.patch(&path(incident), &json!({ "verdict": verdict })).await;
    assert_eq!(judged.status, 200, "{}", judged.json());
}

#[tokio::test]
async fn a_confirmed_incident_asks_for_two_courses_again() {
    let mut team = Watched::begin().await.with(21).await;
    let (read, _) = team.read(21).await;
    assert_eq!(read, 20);
    let incident = team.incident().await;
    let guard = team.on_guard().await;
    let lock = incident["actions"][0]["id"].as_str().expect("an id");
    assert_eq!(act(&guard, &incident, "lift", lock).await.status, 201);
    team.world.advance_seconds(61);
    team.officer = team.officer.signed_in(&team.world).await;
    // Neither an incident that was none, nor one of a kind that is not about their work.
    judge(&guard, &incident, "false_positive").await;
    let body = json!({ "kind": "manual", "note": "A laptop was left on a train.",
        "actor": team.officer.id });
    let by_hand = guard.post("/v1/incidents", &body).await;
    assert_eq!(by_hand.status, 201, "{}", by_hand.json());
    judge(&guard, &by_hand.json(), "true_positive").await;
    assert_eq!(due(&team.officer).await, (Vec::new(), Value::Null));

    judge(&guard, &incident, "true_positive").await;
    let by = json!(rfc3339(team.world.clock.now_ms() + INCIDENT_MS));
    let courses = ["data-privacy", "first-hour"];
    let asked = courses.map(|course| (course.to_owned(), true));
    assert_eq!(due(&team.officer).await, (asked.to_vec(), by.clone()));
    let me = team.officer.get("/v1/auth/me").await.json();
    assert_eq!(me["training"], json!({ "current": true, "expires_at": by }));
    let admin = team.admin.signed_in(&team.world).await;
    let records = admin.get("/v1/training/records").await.json();
    let mut records = records["items"].as_array().expect("a list").iter();
    let record = records.find(|record| record["staff_id"] == json!(team.officer.id));
    let record = record.expect("a record");
    assert_eq!(
        (&record["current"], &record["due"][1]),
        (&json!(true), &json!({ "course_id": "first-hour", "by": by, "after_incident": true }))
    );
    // The same judgement again moves nothing, and another one takes it back.
    judge(&guard, &incident, "true_positive").await;
    assert_eq!(due(&team.officer).await.1, by);
    judge(&guard, &incident, "false_positive").await;
    assert_eq!(due(&team.officer).await, (Vec::new(), Value::Null));
    judge(&guard, &incident, "true_positive").await;
    let by = json!(rfc3339(team.world.clock.now_ms() + INCIDENT_MS));
    assert_eq!(due(&team.officer).await.1, by);

    team.world.advance_seconds(13 * DAY);
    team.world.rotate_keys().await;
    team.conversations.clear();
    let mut team = team.with(1).await;
    team.officer = team.officer.signed_in(&team.world).await;
    assert_eq!(read_one(&team.officer, &team.conversations[0]).await.status, 200);
    team.world.advance_seconds(DAY);
    team.world.rotate_keys().await;
    team.officer = team.officer.signed_in(&team.world).await;
    let refused = read_one(&team.officer, &team.conversations[0]).await;
    assert_eq!(refused.refusal(), (403, "training_required".to_owned()));
    for (course, status) in courses.into_iter().zip([403, 200]) {
        assert_eq!(team.officer.take_course(course, 0).await.json()["passed"], true);
        let read = read_one(&team.officer, &team.conversations[0]).await;
        assert_eq!(read.status, status, "{course}");
    }
    assert_eq!(due(&team.officer).await, (Vec::new(), Value::Null));
}

/// An account from before the courses is judged like any other, and has its first days.
#[tokio::test]
async fn a_verdict_about_somebody_without_a_training_goes_through() {
    let mut team = Watched::begin().await;
    for (table, item) in team.world.all_items().await {
        if table.ends_with("training") {
            let key = ["p", "k"].map(|name| (name.to_owned(), item[name].clone()));
            let delete = team.world.dynamo().delete_item().table_name(&table);
            delete.set_key(Some(key.into())).send().await.expect("it goes");
        }
    }
    let guard = team.on_guard().await;
    let body =
        json!({ "kind": "unusual_reads", "note": "They told us.", "actor": team.officer.id });
    let incident = guard.post("/v1/incidents", &body).await.json();
    judge(&guard, &incident, "true_positive").await;
    let officer = team.officer.signed_in(&team.world).await;
    let week = team.world.clock.now_ms() + GRACE_MS;
    let nothing_passed = COURSES.map(|course| (course.id.to_owned(), false));
    assert_eq!(due(&officer).await, (nothing_passed.to_vec(), json!(rfc3339(week))));
    let me = officer.get("/v1/auth/me").await.json();
    assert_eq!(me["training"]["current"], true);
}

#[tokio::test]
async fn a_report_says_what_an_authority_asks_for_and_escapes_nothing_into_markup() {
    let mut team = Watched::begin().await.with(20).await;
    team.read(20).await;
    let incident = team.incident().await;
    let guard = team.on_guard().await;
    let report = guard.get(&format!("{}/report", path(&incident))).await;
    assert_eq!(report.status, 200, "{}", report.json());
    let report = report.json();
    assert_eq!((&report["people"], &report["records"]), (&json!(20), &json!(20)));
    assert_eq!(report["notify_authority_by"], incident["notify_authority_by"]);
    assert!(report["measures"].to_string().contains("The account was locked at"));
    assert!(report["letter"].as_str().expect("a letter").contains("supervisory authority"));
    let request = Request::new("GET", &format!("{}/report", path(&incident)));
    let page = guard.send(request.header("accept", "text/html")).await;
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let text = String::from_utf8(page.body.clone()).expect("text");
    assert!(text.contains("Article 33(3)(a)") && text.contains("Article 34"));
    assert!(!text.contains("<script"));
}

#[tokio::test]
async fn what_no_incident_can_take_is_refused() {
    let mut team = Watched::begin().await;
    let guard = team.on_guard().await;
    for (body, at) in [
        (json!({ "note": "x" }), "/kind"),
        (json!({ "kind": "none", "note": "x" }), "/kind"),
        (json!({ "kind": "manual" }), "/note"),
        (json!({ "kind": "manual", "note": "" }), "/note"),
        (json!({ "kind": "manual", "note": "x".repeat(2_001) }), "/note"),
        (json!({ "kind": "manual", "note": "x", "actor": "somebody" }), "/actor"),
        (json!({ "kind": "manual", "note": "x", "from": "yesterday" }), "/from"),
        (json!({ "kind": "manual", "note": "x", "to": "2999-01-01T00:00:00Z" }), "/to"),
        (
            json!({ "kind": "manual", "note": "x", "from": "2026-11-02T08:00:00Z",
            "to": "2026-11-01T08:00:00Z" }),
            "/to",
        ),
    ] {
        let refused = guard.post("/v1/incidents", &body).await;
        assert_eq!(refused.refusal(), (422, "invalid".to_owned()), "{body}");
        assert_eq!(refused.json()["errors"][0]["pointer"], at, "{body}");
    }
    let body = json!({ "kind": "manual", "note": "A laptop was left on a train." });
    let incident = guard.post("/v1/incidents", &body).await.json();
    for body in [
        json!({}),
        json!({ "action": "burn", "target": "default" }),
        json!({ "action": "lock_account" }),
        json!({ "action": "lock_account", "target": "default" }),
        json!({ "action": "lock_account", "target": incident["id"] }),
        json!({ "action": "freeze_exports", "target": team.officer.id }),
        json!({ "action": "slow_network", "target": "192.0.2.1" }),
        json!({ "action": "stop_model", "target": "default" }),
        json!({ "action": "lift", "target": incident["id"] }),
    ] {
        let refused = guard.post(&format!("{}/actions", path(&incident)), &body).await;
        assert_eq!(refused.refusal(), (422, "invalid".to_owned()), "{body}");
    }
    for body in [
        json!({ "status": "over" }),
        json!({ "verdict": "maybe" }),
        json!({ "assignee": "somebody" }),
        json!({ "note": "" }),
    ] {
        let refused = guard.patch(&path(&incident), &body).await;
        assert_eq!(refused.refusal(), (422, "invalid".to_owned()), "{body}");
    }
    let resolved = guard.patch(&path(&incident), &json!({ "status": "resolved" })).await;
    assert_eq!(resolved.status, 200);
    let back = guard.patch(&path(&incident), &json!({ "status": "acknowledged" })).await;
    assert_eq!(back.refusal(), (409, "conflict".to_owned()));
    let again = guard.patch(&path(&incident), &json!({ "status": "open" })).await;
    assert_eq!(again.json()["status"], "open");
    assert_eq!(guard.get("/v1/incidents?status=none").await.refusal(), (422, "invalid".to_owned()));
    for path in ["/v1/incidents/x", "/v1/incidents/01a19b7c-a680-7000-8000-000000000009"] {
        assert_eq!(guard.get(path).await.refusal(), (404, "not_found".to_owned()));
    }
}

#[tokio::test]
async fn incidents_come_in_pages_and_each_once() {
    let mut team = Watched::begin().await;
    let guard = team.on_guard().await;
    for _ in 0..7 {
        team.world.clock.advance(Duration::from_millis(5));
        let body = json!({ "kind": "manual", "note": "A laptop was left on a train." });
        assert_eq!(guard.post("/v1/incidents", &body).await.status, 201);
    }
    let mut seen = Vec::new();
    let mut query = "/v1/incidents?limit=3".to_owned();
    loop {
        let page = guard.get(&query).await.json();
        seen.extend(
            page["items"].as_array().expect("a list").iter().map(|one| one["id"].to_string()),
        );
        let Some(next) = page["next_cursor"].as_str() else { break };
        query = format!("/v1/incidents?limit=3&cursor={next}");
    }
    let mut newest_first = seen.clone();
    newest_first.sort_by(|one, other| other.cmp(one));
    newest_first.dedup();
    assert_eq!((seen.len(), &seen), (7, &newest_first));
}

#[tokio::test]
async fn what_is_done_about_an_incident_is_an_event_of_who_did_it() {
    let mut team = Watched::begin().await;
    let guard = team.on_guard().await;
    let body = json!({ "kind": "manual", "note": "A laptop was left on a train." });
    let incident = guard.post("/v1/incidents", &body).await.json();
    guard.patch(&path(&incident), &json!({ "status": "acknowledged" })).await;
    let taken = act(&guard, &incident, "freeze_exports", "default").await.json();
    act(&guard, &incident, "lift", taken["id"].as_str().expect("an id")).await;
    let items = team.world.all_items().await.into_iter();
    let mut told: Vec<_> = items
        .filter(|(table, item)| {
            let by = item.get("a").and_then(|by| by.as_s().ok());
            let word = item.get("w").and_then(|word| word.as_s().ok());
            table.ends_with("events")
                && by == Some(&guard.id)
                && word.is_some_and(|word| word.starts_with("incident_"))
        })
        .map(|(_, item)| {
            (item["k"].as_s().expect("a key").clone(), item["w"].as_s().expect("a word").clone())
        })
        .collect();
    told.sort();
    let mut words: Vec<_> = told.into_iter().map(|(_, word)| word).collect();
    words.sort();
    assert_eq!(
        words,
        ["incident_action", "incident_action", "incident_changed", "incident_opened"]
    );
}

#[tokio::test]
async fn a_visitor_who_tries_ids_is_told_of_and_one_who_polls_an_ended_conversation_is_not() {
    let mut team = Watched::begin().await;
    let polls = team.world.visitor().await;
    let gone = "/v1/conversations/01a19b7c-a680-7000-8000-000000000009/messages";
    for _ in 0..60 {
        assert_eq!(polls.get(gone).await.status, 404);
    }
    team.world.detect().await;
    assert_eq!(team.incidents().await, Vec::<Value>::new());
    let probes = team.world.visitor().await;
    for number in 10..35 {
        let path = format!("/v1/conversations/01a19b7c-a680-7000-8000-0000000000{number}/messages");
        assert_eq!(probes.get(&path).await.status, 404);
    }
    team.world.detect().await;
    let incident = team.incident().await;
    assert_eq!(
        (&incident["kind"], &incident["about"]),
        (&json!("id_probing"), &json!(probes.subject))
    );
    assert_eq!(
        (&incident["evidence_count"], &incident["notify_authority_by"]),
        (&json!(1), &Value::Null)
    );
}

#[tokio::test]
async fn a_network_that_floods_has_to_work_for_each_session() {
    let world = World::with(&[("SOTTO_GUEST_LIMIT", "0.1")]).await;
    let admin = world.admin().await;
    let guard = world.member(&admin, "guard@example.org", &["security"]).await;
    let begin =
        || async { post(&world.api(), "/v1/sessions", &json!({ "site": "default" })).await };
    for _ in 0..3 {
        let mut refused = 0;
        for _ in 0..6 {
            refused += u32::from(begin().await.status == 429);
        }
        assert!(refused > 0);
        world.advance_seconds(61);
    }
    world.detect().await;
    let guard = guard.signed_in(&world).await;
    let list = guard.get("/v1/incidents").await.json();
    assert_eq!(list["items"][0]["kind"], "flood", "{list}");
    assert_eq!(list["items"][0]["actions"][0]["action"], "slow_network");
    world.advance_seconds(61);
    assert_eq!(
        begin().await.refusal(),
        (429, "rate_limited".to_owned()),
        "the first of its minute"
    );
}

#[tokio::test]
async fn the_events_are_read_by_time_actor_and_action_in_pages_and_that_is_an_event() {
    let mut team = Watched::begin().await.with(3).await;
    team.read(3).await;
    team.world.advance_seconds(2 * DAY);
    team.world.rotate_keys().await;
    team.read(2).await;
    let guard = team.on_guard().await;
    let of_officer = format!("action=transcript_read&actor={}", team.officer.id);
    let lately = guard.get(&format!("/v1/audit/events?{of_officer}")).await.json();
    let targets = |page: &Value| {
        let items = page["items"].as_array().expect("a list").clone();
        items
            .into_iter()
            .map(|one| one["target"].as_str().expect("an id").to_owned())
            .collect::<Vec<_>>()
    };
    let [first, second, third] = [0, 1, 2].map(|at: usize| team.conversations[at].clone());
    assert_eq!(targets(&lately), [second.clone(), first.clone()], "the newest first");
    assert_eq!(lately["items"][0]["purpose"], "quality");
    assert_eq!(lately["items"][0]["actor"], json!(team.officer.id));

    let mut seen = Vec::new();
    let since = format!("/v1/audit/events?{of_officer}&from=2026-10-01T00:00:00Z&limit=2");
    let mut page = guard.get(&since).await.json();
    loop {
        seen.extend(targets(&page));
        let Some(next) = page["next_cursor"].as_str() else { break };
        page = guard.get(&format!("{since}&cursor={next}")).await.json();
    }
    assert_eq!(seen, [second.clone(), first.clone(), third, second, first]);
    // Two years come in pages too.
    let long = "/v1/audit/events?from=2024-11-01T00:00:00Z&action=nothing_of_the_kind";
    let looks = async || {
        let is_look = |(_, item): &(String, Item)| {
            item.get("w") == Some(&AttributeValue::S("audit_log_read".to_owned()))
        };
        team.world.all_items().await.iter().filter(|row| is_look(row)).count()
    };
    let before = looks().await;
    let (mut page, mut pages) = (guard.get(long).await.json(), 1);
    while let Some(next) = page["next_cursor"].as_str() {
        page = guard.get(&format!("{long}&cursor={next}")).await.json();
        pages += 1;
    }
    assert!((24..=25).contains(&pages), "{pages}");
    assert_eq!(page["items"], json!([]));
    assert_eq!(looks().await - before, pages, "each page is an event: anybody can write a cursor");

    for (query, at) in [
        ("from=yesterday", "/query/from"),
        ("to=1", "/query/to"),
        ("from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z", "/query/to"),
        ("actor=somebody", "/query/actor"),
        ("action=DROP", "/query/action"),
        ("cursor=x", "/query/cursor"),
        ("limit=0", "/query/limit"),
    ] {
        let refused = guard.get(&format!("/v1/audit/events?{query}")).await;
        assert_eq!(refused.refusal(), (422, "invalid".to_owned()), "{query}");
        assert_eq!(refused.json()["errors"][0]["pointer"], at);
    }
}

#[tokio::test]
async fn many_visitors_who_probe_are_one_incident() {
    let mut team = Watched::begin().await;
    for visitor in 0..3 {
        let probes = team.world.visitor().await;
        for number in 10..30 {
            let path =
                format!("/v1/conversations/01a19b7c-a680-7000-8000-00000000{visitor:02}{number}");
            assert_eq!(probes.get(&path).await.status, 404);
        }
    }
    team.world.detect().await;
    let incident = team.incident().await;
    assert_eq!((&incident["evidence_count"], &incident["about"]), (&json!(3), &Value::Null));
}

#[tokio::test]
async fn a_session_that_was_ended_gets_no_new_token_by_a_step_up() {
    let team = Watched::begin().await;
    let elsewhere = team.officer.signed_in(&team.world).await;
    assert_eq!(elsewhere.get("/v1/auth/me").await.status, 200, "its keys are in memory");
    let thief = team.officer.clone();
    team.officer.renew().await;
    thief.renew().await;
    team.world.detect().await;
    let body = json!({ "code": team.world.fresh_code(&elsewhere.secret) });
    let stepped_up = elsewhere.post("/v1/auth/step_up", &body).await;
    assert_eq!(stepped_up.refusal(), (401, "token_revoked".to_owned()));
}

#[tokio::test]
async fn reading_each_transcript_again_and_again_hides_nothing() {
    let mut team = Watched::begin().await.with(25).await;
    team.officer = team.officer.signed_in(&team.world).await;
    let mut read = 0;
    'all: for id in &team.conversations {
        for _ in 0..4 {
            if read_one(&team.officer, id).await.status != 200 {
                break 'all;
            }
        }
        read += 1;
        team.world.detect().await;
    }
    assert_eq!(read, 20);
    assert_eq!(rules(&team.incident().await), ["reads_in_ten_minutes"]);
}

#[tokio::test]
async fn contacts_that_are_given_out_in_numbers_are_frozen() {
    let mut team = Watched::begin().await;
    let agent =
        team.world.member(&team.admin, "agent@example.org", &["agent"]).await.trained().await;
    team.world.advance_seconds(2 * DAY);
    team.world.rotate_keys().await;
    let agent = agent.signed_in(&team.world).await;
    let export = || {
        let request = Request::new("GET", "/v1/leads/export");
        agent.send(
            request.header("sotto-purpose", "quality").header("sotto-reason", "a campaign of ours"),
        )
    };
    for _ in 0..5 {
        assert_eq!(export().await.status, 200);
        team.world.detect().await;
    }
    assert!(locked_down(&export().await));
    assert_eq!(team.incident().await["kind"], "export_burst");
}

#[tokio::test]
async fn nobody_decides_about_themselves() {
    let mut team = Watched::begin().await.with(21).await;
    let second = team.world.member(&team.admin, "second@example.org", &["security"]).await;
    let curious = team.on_guard().await;
    for id in team.conversations.iter().take(20) {
        assert_eq!(read_one(&curious, id).await.status, 200);
        team.world.detect().await;
    }
    team.guard = second;
    let incident = team.incident().await;
    assert_eq!(incident["about"], json!(curious.id));
    let lock = incident["actions"][0]["id"].as_str().expect("an id").to_owned();
    let guard = team.on_guard().await;
    assert_eq!(act(&guard, &incident, "lift", &lock).await.status, 201);
    team.world.advance_seconds(61);
    let curious = curious.signed_in(&team.world).await;
    for body in [json!({ "status": "resolved" }), json!({ "verdict": "false_positive" })] {
        let refused = curious.patch(&path(&incident), &body).await;
        assert_eq!(refused.refusal(), (403, "forbidden".to_owned()));
    }
    let note = curious.patch(&path(&incident), &json!({ "note": "It was a review." })).await;
    assert_eq!(note.status, 200, "what they know is heard");
    assert_eq!(
        act(&curious, &incident, "lift", &lock).await.refusal(),
        (403, "forbidden".to_owned())
    );
}

#[tokio::test]
async fn an_event_of_tomorrow_is_made_by_hand_and_blinds_nobody() {
    let mut team = Watched::begin().await.with(21).await;
    let events = team.world.all_items().await;
    let of_officer =
        |item: &Item| item.get("a").and_then(|by| by.as_s().ok()) == Some(&team.officer.id);
    let (table, mut event) = events
        .iter()
        .find(|(table, item)| table.ends_with("events") && of_officer(item))
        .cloned()
        .expect("they have signed in");
    let key = event["k"].as_s().expect("a key").replacen("2026", "2099", 1);
    let day = event["p"].as_s().expect("a partition").replacen("2026", "2099", 1);
    event.insert("k".to_owned(), AttributeValue::S(key));
    event.insert("p".to_owned(), AttributeValue::S(day));
    event.insert("w".to_owned(), AttributeValue::S("transcript_read".to_owned()));
    let put = team.world.dynamo().put_item().table_name(&table).set_item(Some(event)).send();
    put.await.expect("it is made");
    team.world.detect().await;
    assert_eq!(team.incident().await["kind"], "log_tampered");
    let (read, refusal) = team.read(21).await;
    assert_eq!((read, refusal.refusal()), (20, (401, "token_revoked".to_owned())));
}

#[tokio::test]
async fn notes_never_make_an_incident_too_large_to_be_changed() {
    let mut team = Watched::begin().await;
    let guard = team.on_guard().await;
    let body = json!({ "kind": "manual", "note": "A laptop was left on a train." });
    let incident = guard.post("/v1/incidents", &body).await.json();
    let long = "\u{ffff}".repeat(2_000);
    let mut kept = 1;
    loop {
        let noted = guard.patch(&path(&incident), &json!({ "note": long })).await;
        if noted.status != 200 {
            assert_eq!(noted.refusal(), (409, "conflict".to_owned()));
            break;
        }
        kept += 1;
    }
    assert!((10..40).contains(&kept), "{kept}");
    assert_eq!(act(&guard, &incident, "freeze_exports", "default").await.status, 201);
    let list = guard.get("/v1/incidents").await.json();
    assert_eq!(list["items"][0]["notes"], json!([]));
    let one = guard.get(&path(&incident)).await.json();
    assert_eq!(one["notes"].as_array().map(Vec::len), Some(kept));
}

#[tokio::test]
async fn a_rule_does_not_lock_the_last_admin_and_asks_a_person() {
    let mut team = Watched::begin().await.with(22).await;
    let second = team.world.member(&team.admin, "both@example.org", &["admin", "privacy"]).await;
    let guard = team.on_guard().await;
    let body = json!({ "kind": "manual", "note": "A laptop was left on a train." });
    let manual = guard.post("/v1/incidents", &body).await.json();
    assert_eq!(act(&guard, &manual, "lock_account", &team.admin.id).await.status, 201);
    team.officer = second.trained().await;
    let (read, last) = team.read(22).await;
    assert_eq!((read, last.status), (22, 200), "somebody has to manage the staff");
    let incident = team.incidents().await.into_iter().find(|one| one["kind"] == "unusual_reads");
    let incident = incident.expect("it is told");
    assert_eq!((&incident["status"], &incident["actions"]), (&json!("open"), &json!([])));
    let timeline = incident["timeline"].as_array().expect("a timeline");
    let asked = timeline.iter().filter(|entry| entry["what"] == "asks_for_lock_account").count();
    assert_eq!(asked, 1, "once");
}

/// How often a timeline says so.
fn entries(incident: &Value, what: &str) -> usize {
    let timeline = incident["timeline"].as_array().expect("a timeline");
    timeline.iter().filter(|entry| entry["what"] == what).count()
}

#[tokio::test]
async fn an_incident_that_nobody_looks_at_rings_and_is_told_once() {
    let mut team = Watched::begin().await;
    let guard = team.on_guard().await;
    let body = json!({ "kind": "manual", "note": "A laptop was left on a train." });
    let incident = guard.post("/v1/incidents", &body).await.json();
    let path = path(&incident);
    let none = json!({ "waiting": 0, "escalated": 0 });
    team.world.advance_seconds(HOUR - 1);
    assert_eq!(team.world.escalate().await, none);
    team.world.advance_seconds(1);
    // Two runs at once count twice and tell once.
    let (one, other) = tokio::join!(team.world.escalate(), team.world.escalate());
    assert_eq!((&one["waiting"], &other["waiting"]), (&json!(1), &json!(1)));
    let told = [one, other].iter().filter_map(|run| run["escalated"].as_u64()).sum::<u64>();
    assert_eq!(told, 1);
    // It rings for as long as nobody looks.
    assert_eq!(team.world.escalate().await, json!({ "waiting": 1, "escalated": 0 }));
    let guard = team.on_guard().await;
    assert_eq!(entries(&guard.get(&path).await.json(), "escalated"), 1);
    for status in ["acknowledged", "resolved"] {
        let changed = guard.patch(&path, &json!({ "status": status })).await;
        assert_eq!(changed.status, 200, "{}", changed.json());
        assert_eq!(team.world.escalate().await, none, "{status}");
    }
    // An incident that is opened again waits from then on.
    assert_eq!(guard.patch(&path, &json!({ "status": "open" })).await.status, 200);
    assert_eq!(team.world.escalate().await, none);
    team.world.advance_seconds(HOUR);
    assert_eq!(team.world.escalate().await, json!({ "waiting": 1, "escalated": 1 }));
    let guard = team.on_guard().await;
    assert_eq!(entries(&guard.get(&path).await.json(), "escalated"), 2);
}

#[tokio::test]
async fn what_was_contained_by_itself_waits_until_a_person_touches_it() {
    let mut team = Watched::begin().await.with(20).await;
    team.read(20).await;
    let incident = team.incident().await;
    assert_eq!(incident["status"], "contained");
    team.world.advance_seconds(HOUR);
    assert_eq!(team.world.escalate().await, json!({ "waiting": 1, "escalated": 1 }));
    let guard = team.on_guard().await;
    let noted = guard.patch(&path(&incident), &json!({ "note": "They are on leave." })).await;
    assert_eq!(noted.status, 200, "{}", noted.json());
    assert_eq!(team.world.escalate().await, json!({ "waiting": 0, "escalated": 0 }));
}

/// The tables of a world, as the doctor has them.
fn deployment(world: &World) -> Deployment {
    let template = Template::deployed().expect("the template");
    let name = |table: &template::Table| Some(format!("world-{}", table.short_name()));
    Deployment::named(world.services(), template, name)
}

/// Makes a conversation a decoy, and says until when.
async fn plant(world: &World, id: &str) -> Result<Planted, String> {
    let id = ConversationId::parse(id).expect("an id");
    Box::pin(decoy::plant(&deployment(world), &world.clock, id)).await
}

#[tokio::test]
async fn who_reads_a_decoy_is_locked_at_once_and_who_reads_beside_it_is_not() {
    let mut team = Watched::begin().await.with(2).await;
    let [decoy, other] = [0, 1].map(|at: usize| team.conversations[at].clone());
    let planted = plant(&team.world, &decoy).await;
    let end_ms = team.world.clock.now_ms() + 30 * 24 * 60 * 60 * 1000;
    let Ok(Planted::Until(until_ms)) = planted else { panic!("{planted:?}") };
    assert!((end_ms - until_ms).abs() < 60_000, "it ends with the conversation");
    team.officer = team.officer.signed_in(&team.world).await;
    assert_eq!(read_one(&team.officer, &other).await.status, 200);
    team.world.detect().await;
    assert_eq!(team.incidents().await, Vec::<Value>::new());
    assert_eq!(read_one(&team.officer, &decoy).await.status, 200);
    // A batch that comes again adds nothing.
    team.world.detect().await;
    team.world.detect().await;
    let incident = team.incident().await;
    assert_eq!(
        (&incident["kind"], &incident["severity"], &incident["status"]),
        (&json!("decoy_read"), &json!("critical"), &json!("contained"))
    );
    assert_eq!(
        (&incident["about"], &incident["evidence_count"]),
        (&json!(team.officer.id), &json!(1))
    );
    assert_eq!(rules(&incident), ["decoy_read"]);
    assert_eq!(incident["actions"][0]["action"], "lock_account");
    let refusal = read_one(&team.officer, &other).await.refusal();
    assert_eq!(refusal, (401, "token_revoked".to_owned()));
}

#[tokio::test]
async fn an_export_of_the_subject_of_a_decoy_reads_it_too() {
    let mut team = Watched::begin().await;
    let visitor = team.world.visitor().await;
    let conversation = visitor.open().await;
    let id = conversation.rsplit('/').next().expect("an id");
    assert!(matches!(plant(&team.world, id).await, Ok(Planted::Until(_))));
    // The factors are not new any more.
    team.world.advance_seconds(2 * DAY);
    team.world.rotate_keys().await;
    team.officer = team.officer.signed_in(&team.world).await;
    let request = Request::new("POST", &format!("/v1/subjects/{}/export", visitor.subject))
        .header("sotto-purpose", "subject_request")
        .header("sotto-reason", "they have asked for it");
    assert_eq!(team.officer.send(request).await.status, 200);
    team.world.detect().await;
    assert_eq!(team.incident().await["kind"], "decoy_read");
}

#[tokio::test]
async fn what_is_absent_or_has_ended_is_no_decoy() {
    let team = Watched::begin().await.with(1).await;
    let nobodys = ConversationId::generate(&team.world.clock).expect("an id").to_string();
    assert_eq!(plant(&team.world, &nobodys).await, Ok(Planted::Absent));
    team.world.advance_seconds(31 * DAY);
    assert_eq!(plant(&team.world, &team.conversations[0]).await, Ok(Planted::Absent));
}

#[tokio::test]
async fn a_drill_is_answered_and_leaves_no_lock_no_open_incident_and_no_verdict() {
    let mut team = Watched::begin().await;
    let world = &team.world;
    let wait = async || {
        world.clock.advance(Duration::from_millis(250));
        world.detect().await;
    };
    let played = Box::pin(drill::run(&deployment(world), &world.clock, 60_000, wait)).await;
    let outcome = played.expect("it is played");
    let answers = [outcome.detected_ms, outcome.contained_ms, outcome.recorded_ms];
    assert_eq!((outcome.reads, answers), (20, [Some(5_000); 3]));
    assert_eq!((outcome.exit_code(60_000), outcome.exit_code(4_999)), (0, 1));
    assert!(outcome.is_cleaned);

    // Nothing of it comes again.
    team.world.detect().await;
    let incident = team.incident().await;
    assert_eq!(incident["id"], json!(outcome.incident));
    assert_eq!((&incident["status"], &incident["verdict"]), (&json!("resolved"), &Value::Null));
    assert_ne!(incident["actions"][0]["lifted_at"], Value::Null);
    let items = team.world.all_items().await;
    let is_lock = |item: &Item| item["p"].as_s().is_ok_and(|partition| partition == "locks");
    assert!(!items.iter().any(|(table, item)| table.ends_with("settings") && is_lock(item)));
    let guard = team.on_guard().await;
    let shown = guard.get(&path(&incident)).await.json();
    assert_eq!(shown["notes"].as_array().map(Vec::len), Some(1));
    let rules = guard.get("/v1/incidents/rules").await.json();
    for rule in rules["items"].as_array().expect("rules") {
        assert_eq!(rule["threshold"], rule["initial_threshold"], "{rule}");
        assert_eq!(rule["record"]["precision"], Value::Null, "{rule}");
    }
}

#[tokio::test]
async fn a_drill_that_is_answered_late_or_not_at_all_says_so() {
    let team = Watched::begin().await;
    let world = &team.world;
    let late_ms = world.clock.now_ms() + 90_000;
    let late = async || {
        world.advance_seconds(5);
        if world.clock.now_ms() >= late_ms {
            world.detect().await;
        }
    };
    let played = Box::pin(drill::run(&deployment(world), &world.clock, 60_000, late)).await;
    let outcome = played.expect("it is played");
    assert!(outcome.detected_ms.is_some_and(|ms| ms >= 90_000), "{:?}", outcome.detected_ms);
    assert_eq!((outcome.exit_code(60_000), outcome.is_cleaned), (1, true));
    let never = async || world.advance_seconds(10);
    let played = Box::pin(drill::run(&deployment(world), &world.clock, 60_000, never)).await;
    let outcome = played.expect("it is played");
    assert_eq!((outcome.incident, outcome.is_cleaned), (None, false));
    assert_eq!(outcome.exit_code(60_000), 1);
    assert!(outcome.lines(60_000)[0].ends_with("missing"));
}
