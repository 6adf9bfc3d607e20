//! New contacts and incidents reach a site's webhook: once, signed, again after a failure, and not when they are gone.

use std::sync::Arc;

use aws_lc_rs::hmac;
use aws_sdk_dynamodb::types::AttributeValue;
use data_encoding::HEXLOWER;
use desk::webhooks::Delivered;
use serde_json::{Value, json};
use shared::ids::StaffId;
use shared::store::attributes::Item;
use shared::store::security_event::{Action, SecurityEvent, SecurityEvents};
use shared::values::policy::AuditDays;
use shared::values::site::Site;
use tests::api::Request;
use tests::visitor::Visitor;
use tests::world::World;

use super::Desk;
use super::webhooks::Receiver;

const OK: &str = "HTTP/1.1 204 No Content\r\n\r\n";
const FAILS: &str = "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n";
const NOTHING: Delivered = Delivered { sent: 0, failed: 0, given_up: 0, dropped: 0, damaged: 0 };

/// A desk whose site sends contacts to a receiver, and the secret that it shares with it.
async fn calling(receiver: &Receiver) -> (Desk, String) {
    let desk = Desk::with(&[("SOTTO_PRIVATE_WEBHOOKS", "on")]).await;
    let secret = set(&desk, &json!({ "url": receiver.url("127.0.0.1") }), "\"0\"").await;
    (desk, secret["secret"].as_str().expect("a secret").to_owned())
}

/// Sets the webhook, and lets the minute go by within which that is in force.
async fn set(desk: &Desk, webhook: &Value, tag: &str) -> Value {
    let admin = desk.admin.signed_in(&desk.world).await.stepped_up(&desk.world).await;
    let put = Request::new("PUT", "/v1/sites/default").header("if-match", tag);
    let put = admin.send(put.json(&json!({ "webhook": webhook }))).await;
    assert_eq!(put.status, 200, "{}", put.json());
    desk.world.advance_seconds(61);
    put.json()["webhook"].clone()
}

async fn leave(visitor: &Visitor, name: &str) -> String {
    let conversation = visitor.open_in("de").await;
    let body =
        json!({ "name": name, "email": "ann@example.org", "phone": "030 1", "consent": true });
    let left = visitor.post(&format!("{conversation}/lead"), &body).await;
    assert_eq!(left.status, 201, "{}", left.json());
    conversation
}

async fn run(world: &World) -> Delivered {
    Box::pin(world.sender().run()).await.expect("a run")
}

async fn outbox(world: &World) -> Vec<Item> {
    let of_outbox = |(table, item): &(String, Item)| {
        let is_delivery =
            |item: &Item| item["p"].as_s().is_ok_and(|key| key.starts_with("delivery#"));
        table.ends_with("desk") && is_delivery(item)
    };
    world.all_items().await.into_iter().filter(of_outbox).map(|(_, item)| item).collect()
}

fn body_of(request: &str) -> Value {
    let (_, body) = request.split_once("\r\n\r\n").expect("a head");
    serde_json::from_str(body).expect("JSON")
}

#[tokio::test]
async fn a_contact_is_sent_once_and_its_receiver_can_check_it() {
    let mut receiver = Receiver::start(OK, true).await;
    let (desk, secret) = Box::pin(calling(&receiver)).await;
    // A policy of the site's own, which the job reads as well.
    let officer = desk.world.member(&desk.admin, "officer@example.org", &["privacy"]).await;
    let policy = json!({
        "transcript_days": 20, "lead_days": 90, "audit_days": 731, "conversation_max_days": 7,
    });
    assert_eq!(officer.put("/v1/retention/policy", &policy).await.status, 200);
    let left_ms = desk.world.clock.now_ms();
    let conversation = leave(&desk.visitor, "Ann").await;
    for item in outbox(&desk.world).await {
        let text = format!("{item:?}");
        assert!(!text.contains("Ann") && !text.contains("example.org"), "{text}");
    }
    assert_eq!(run(&desk.world).await, Delivered { sent: 1, ..NOTHING });
    let request = receiver.requests.recv().await.expect("a request");
    let (head, body) = request.split_once("\r\n\r\n").expect("a head");
    let id = conversation.rsplit('/').next().expect("an id");
    let data = json!({
        "name": "Ann", "email": "ann@example.org", "phone": "030 1", "conversation_id": id,
        "locale": "de",
    });
    let mut sent = body_of(&request);
    assert!(sent["id"].as_str().is_some_and(|id| id.len() == 36));
    sent["id"] = Value::Null;
    let at = shared::clock::rfc3339(left_ms);
    let expected =
        json!({ "id": null, "type": "lead", "created_at": at, "site": "default", "data": data });
    assert_eq!(sent, expected);
    let header = "sotto-signature: ";
    let signature = head.lines().find_map(|line| line.strip_prefix(header)).expect("a signature");
    let (time, code) = signature.split_once(",v1=").expect("two parts");
    let seconds = time.strip_prefix("t=").expect("a time");
    assert_eq!(seconds, (left_ms / 1000).to_string());
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let code = HEXLOWER.decode(code.as_bytes()).expect("digits");
    assert!(hmac::verify(&key, format!("{seconds}.{body}").as_bytes(), &code).is_ok());

    assert_eq!(outbox(&desk.world).await.len(), 0, "nothing is left of it");
    assert_eq!(run(&desk.world).await, NOTHING);
    assert!(receiver.requests.try_recv().is_err(), "it came once");
    let told = desk.world.all_items().await.into_iter().filter(|(table, item)| {
        table.ends_with("events") && item["w"].as_s().is_ok_and(|word| word == "contact_sent")
    });
    assert_eq!(told.count(), 1);
}

#[tokio::test]
async fn without_a_webhook_nothing_is_put_aside() {
    let desk = Desk::open().await;
    leave(&desk.visitor, "Ann").await;
    assert_eq!(outbox(&desk.world).await.len(), 0);
    assert_eq!(run(&desk.world).await, NOTHING);
}

#[tokio::test]
async fn a_failure_is_tried_again_after_a_minute_five_thirty_two_hours_and_twelve() {
    let mut receiver = Receiver::start(FAILS, true).await;
    let (desk, _) = Box::pin(calling(&receiver)).await;
    leave(&desk.visitor, "Ann").await;
    let mut ids = Vec::new();
    for minutes in [1, 5, 30, 120, 720] {
        assert_eq!(run(&desk.world).await, Delivered { failed: 1, ..NOTHING }, "{minutes}");
        ids.push(body_of(&receiver.requests.recv().await.expect("a request"))["id"].clone());
        desk.world.advance_seconds(minutes * 60 - 1);
        assert_eq!(run(&desk.world).await, NOTHING, "too early for {minutes}");
        desk.world.advance_seconds(1);
    }
    assert_eq!(run(&desk.world).await, Delivered { given_up: 1, ..NOTHING });
    ids.push(body_of(&receiver.requests.recv().await.expect("a request"))["id"].clone());
    ids.dedup();
    assert_eq!(ids.len(), 1, "the same delivery each time");
    let dead = outbox(&desk.world).await;
    assert_eq!(dead[0]["r"].as_s().map(String::as_str), Ok("status"));
    desk.world.advance_seconds(24 * 3600);
    assert_eq!(run(&desk.world).await, NOTHING);
    assert!(receiver.requests.try_recv().is_err());
    desk.world.advance_seconds(2 * 24 * 3600);
    desk.world.aws.sweep_ttl().expect("a sweep");
    assert_eq!(outbox(&desk.world).await.len(), 0, "it ends after three days");
}

#[tokio::test]
async fn a_receiver_that_comes_back_gets_what_it_missed() {
    let mut receiver = Receiver::start(OK, true).await;
    let desk = Desk::with(&[("SOTTO_PRIVATE_WEBHOOKS", "on")]).await;
    // Nobody listens at a port that was given back.
    let gone = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        listener.local_addr().expect("an address")
    };
    set(&desk, &json!({ "url": format!("http://{gone}/") }), "\"0\"").await;
    leave(&desk.visitor, "Ann").await;
    assert_eq!(run(&desk.world).await, Delivered { failed: 1, ..NOTHING });
    set(&desk, &json!({ "url": receiver.url("127.0.0.1") }), "\"1\"").await;
    assert_eq!(run(&desk.world).await, Delivered { sent: 1, ..NOTHING });
    assert!(receiver.requests.recv().await.is_some());
}

#[tokio::test]
async fn two_runs_at_once_send_it_once_and_a_run_that_breaks_off_loses_nothing() {
    let mut receiver = Receiver::start(OK, true).await;
    let (desk, _) = Box::pin(calling(&receiver)).await;
    for number in 0..5 {
        leave(&desk.world.visitor().await, &number.to_string()).await;
    }
    let (one, other) = tokio::join!(run(&desk.world), run(&desk.world));
    assert_eq!(one.sent + other.sent, 5);
    let mut names = Vec::new();
    while let Ok(request) = receiver.requests.try_recv() {
        names.push(body_of(&request)["data"]["name"].clone());
    }
    names.sort_by_key(ToString::to_string);
    assert_eq!(names, (0..5).map(|number| json!(number.to_string())).collect::<Vec<_>>());

    // It was taken, and then the function died.
    leave(&desk.visitor, "Ann").await;
    let app = desk.world.at_webhooks();
    let row = app.store.deliveries(Site::SHIPPED).await.expect("rows").remove(0).expect("a row");
    assert!(desk::webhooks::take(&app, Site::SHIPPED, &row).await.expect("it is taken"));
    assert_eq!(run(&desk.world).await, NOTHING, "somebody has it");
    desk.world.advance_seconds(60);
    assert_eq!(run(&desk.world).await, Delivered { sent: 1, ..NOTHING });
}

#[tokio::test]
async fn what_was_erased_or_left_anew_is_not_sent() {
    let mut receiver = Receiver::start(OK, true).await;
    let (desk, _) = Box::pin(calling(&receiver)).await;
    leave(&desk.visitor, "Ann").await;
    let other = desk.world.visitor().await;
    leave(&other, "Ben").await;
    leave(&other, "Benjamin").await;
    let erased =
        desk.visitor.send(Request::new("DELETE", "/v1/me").header("idempotency-key", "k")).await;
    assert!(erased.status < 300, "{}", erased.status);
    assert_eq!(run(&desk.world).await, Delivered { sent: 1, dropped: 1, ..NOTHING });
    let request = receiver.requests.recv().await.expect("a request");
    assert_eq!(body_of(&request)["data"]["name"], "Benjamin");
    assert!(receiver.requests.try_recv().is_err());
    assert_eq!(outbox(&desk.world).await.len(), 0);

    // Nobody wants it any more.
    leave(&other, "Ben").await;
    set(&desk, &Value::Null, "\"1\"").await;
    assert_eq!(run(&desk.world).await, Delivered { dropped: 1, ..NOTHING });
}

#[tokio::test]
async fn an_address_inside_is_refused_when_it_is_set_and_when_it_is_called() {
    let mut receiver = Receiver::start(OK, true).await;
    let desk = Desk::open().await;
    let admin = desk.admin.stepped_up(&desk.world).await;
    for url in ["https://127.0.0.1/", "https://10.0.0.7/", "https://[::1]/", "https://169.254.1.1/"]
    {
        let put = Request::new("PUT", "/v1/sites/default").header("if-match", "\"0\"");
        let put = admin.send(put.json(&json!({ "webhook": { "url": url } }))).await;
        assert_eq!((put.status, put.code()), (422, "invalid".to_owned()), "{url}");
    }
    // A name that leads inside is found out when it is called, and not tried again.
    let port = receiver.url("localhost");
    let inside = port.replace("http://", "https://");
    set(&desk, &json!({ "url": inside }), "\"0\"").await;
    leave(&desk.visitor, "Ann").await;
    assert_eq!(run(&desk.world).await, Delivered { given_up: 1, ..NOTHING });
    let dead = outbox(&desk.world).await;
    assert_eq!(dead[0]["r"].as_s().map(String::as_str), Ok("address_refused"));
    assert!(receiver.requests.try_recv().is_err());
}

/// The outbox is no proof: a row that somebody has written gives a contact only to who has it anyway.
#[tokio::test]
async fn a_delivery_that_names_another_or_nobody_sends_nothing() {
    let mut receiver = Receiver::start(OK, true).await;
    let (desk, _) = Box::pin(calling(&receiver)).await;
    leave(&desk.visitor, "Ann").await;
    assert_eq!(run(&desk.world).await, Delivered { sent: 1, ..NOTHING });
    receiver.requests.recv().await.expect("a request");
    desk.world.advance_seconds(1);
    leave(&desk.world.visitor().await, "Ben").await;
    let forged = outbox(&desk.world).await.remove(0);
    let ann = desk.world.all_items().await.into_iter().find_map(|(table, item)| {
        let is_event =
            table.ends_with("events") && item["w"].as_s().is_ok_and(|w| w == "contact_sent");
        is_event.then(|| item["o"].clone())
    });
    let put = async |change: &dyn Fn(&mut Item)| {
        let mut item = forged.clone();
        change(&mut item);
        let put = desk.world.dynamo().put_item().table_name("world-desk");
        put.set_item(Some(item)).send().await.expect("it is put");
    };
    put(&|item| drop(item.insert("k".to_owned(), ann.clone().expect("a subject")))).await;
    put(&|item| drop(item.insert("k".to_owned(), AttributeValue::S("nobody".to_owned())))).await;
    put(&|item| drop(item.remove("n"))).await;
    // Two do not read, and the contact of the third was left at another time.
    assert_eq!(run(&desk.world).await, Delivered { dropped: 1, damaged: 2, ..NOTHING });
    assert!(receiver.requests.try_recv().is_err());
}

/// Somebody made up is told of as an intruder, which opens an incident; gives its id, time and person.
async fn open_incident(world: &World) -> (String, i64, String) {
    let clock = world.clock.clone();
    let (dynamo, table) = (world.dynamo(), "world-events".to_owned());
    let settings = Arc::new(world.settings());
    let events = SecurityEvents::new(dynamo, table, settings, clock.clone(), AuditDays::default());
    let staff = StaffId::generate(&clock).expect("randomness").to_string();
    let reused = SecurityEvent::of(Action::TokenReused, format!("{staff}/session"));
    events.append(reused).await.expect("it is told");
    world.detect().await;
    let opened = outbox(world).await.into_iter().filter_map(|item| {
        let sort = item["k"].as_s().expect("a key");
        sort.strip_prefix("incident#").map(str::to_owned)
    });
    (opened.max().expect("an incident"), clock.now_ms(), staff)
}

#[tokio::test]
async fn an_incident_is_sent_to_a_webhook_that_is_for_incidents_and_to_no_other() {
    let mut receiver = Receiver::start(OK, true).await;
    let (desk, _) = Box::pin(calling(&receiver)).await;
    // This one is for contacts.
    open_incident(&desk.world).await;
    assert_eq!(run(&desk.world).await, Delivered { dropped: 1, ..NOTHING });
    let url = receiver.url("127.0.0.1");
    let webhook = json!({ "url": url, "events": ["incident"] });
    assert_eq!(set(&desk, &webhook, "\"1\"").await, webhook, "the secret stays");
    let (id, opened_ms, staff) = open_incident(&desk.world).await;
    leave(&desk.visitor, "Ann").await;
    for item in outbox(&desk.world).await {
        assert!(!format!("{item:?}").contains(&staff), "whom it is about is not in it");
    }
    assert_eq!(run(&desk.world).await, Delivered { sent: 1, dropped: 1, ..NOTHING });
    let request = receiver.requests.recv().await.expect("a request");
    assert!(request.contains("sotto-signature: t="));
    let mut sent = body_of(&request);
    assert!(sent["id"].as_str().is_some_and(|delivery| delivery.len() == 36 && delivery != id));
    sent["id"] = Value::Null;
    let at = shared::clock::rfc3339(opened_ms);
    let data = json!({ "id": id, "kind": "token_reused", "severity": "high", "opened_at": at });
    let expected = json!({
        "id": null, "type": "incident", "created_at": at, "site": "default", "data": data,
    });
    assert_eq!(sent, expected);
    assert!(receiver.requests.try_recv().is_err());
    assert_eq!(outbox(&desk.world).await.len(), 0);
    // A contact that nobody wants is not told of as sent.
    let told = desk.world.all_items().await.into_iter().filter(|(table, item)| {
        table.ends_with("events") && item["w"].as_s().is_ok_and(|word| word == "contact_sent")
    });
    assert_eq!(told.count(), 0);
}

#[tokio::test]
async fn an_incident_is_tried_again_like_a_contact() {
    let mut receiver = Receiver::start(FAILS, true).await;
    let desk = Desk::with(&[("SOTTO_PRIVATE_WEBHOOKS", "on")]).await;
    let webhook = json!({ "url": receiver.url("127.0.0.1"), "events": ["lead", "incident"] });
    set(&desk, &webhook, "\"0\"").await;
    open_incident(&desk.world).await;
    for minutes in [1, 5, 30, 120, 720] {
        assert_eq!(run(&desk.world).await, Delivered { failed: 1, ..NOTHING }, "{minutes}");
        assert!(receiver.requests.recv().await.is_some());
        desk.world.advance_seconds(minutes * 60);
    }
    assert_eq!(run(&desk.world).await, Delivered { given_up: 1, ..NOTHING });
}
