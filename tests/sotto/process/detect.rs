//! The watchman over the local stream: it reports only the changes that nobody may make to a log.

use data_encoding::BASE64;
use serde_json::{Value, json};
use shared::clock::from_rfc3339;
use tests::process::{Ended, Local};
use tests::sealed::published_keys;
use tests::visitor::Visitor;

use super::Place;

const LOG: &str = "sotto-conversations";
const DAY: i64 = 86_400;
/// How often a record that cannot be read is tried.
const TRIES: u64 = 3;

#[tokio::test]
async fn what_visitors_and_the_ttl_do_is_not_tampering() {
    let place = Place::new();
    let local = place.start().await;
    let key = published_keys(&local.api()).await.remove(0);
    let visitor = Visitor::arrive(local.api()).await;
    for visitor in [visitor.clone(), visitor.sealing_to(&key)] {
        let conversation = talk(&visitor).await;
        let at = |path: &str| format!("{conversation}/{path}");
        let lead =
            json!({ "name": "Ada", "email": "ada@example.org", "phone": null, "consent": true });
        for (path, body) in [
            ("handover", json!({ "reason": "a person" })),
            ("lead", lead),
            ("rating", json!({ "score": 5, "comment": "fine" })),
            ("close", Value::Null),
        ] {
            let answer = match body {
                Value::Null => visitor.send(tests::api::Request::new("POST", &at(path))).await,
                body => visitor.post(&at(path), &body).await,
            };
            assert!(answer.status < 300, "{path}: {}", answer.json());
        }
    }
    detect(&local).await;
    let stored = items(&local).await.len();
    assert!(stored > 8, "{stored} items are no conversations");
    // Moving the clock runs the TTL and then the watchman.
    let moved = local.control("/clock", &json!({ "advance_seconds": 31 * DAY })).await;
    assert_eq!(moved.status, 200, "{}", moved.json());
    assert!(items(&local).await.is_empty(), "the TTL did not run");
    let lines = lines(&local.terminate().await);
    assert_eq!(sum(&lines, "LogTampered"), 0);
    assert_eq!(sum(&lines, "RecordFailed"), 0);
    assert_eq!(sum(&lines, "Expired"), u64::try_from(stored).expect("a count"));
}

#[tokio::test]
async fn each_event_that_was_changed_or_deleted_is_told_once_by_its_place_alone() {
    let place = Place::new();
    let local = place.start().await;
    let visitor = Visitor::arrive(local.api()).await;
    let paths = [talk(&visitor).await, talk(&visitor).await];
    let [changed, deleted] = paths.each_ref().map(|path| id_of(path));
    let canary = "zq where is my parcel";

    let mut item = event(&local, changed, 2).await;
    item["v"] = json!({ "B": BASE64.encode(canary.as_bytes()) });
    item["note"] = json!({ "S": canary });
    put(&local, &item).await;
    let item = event(&local, deleted, 1).await;
    delete(&local, &item).await;
    detect(&local).await;
    // A second look finds nothing new, and a start begins with what comes then.
    detect(&local).await;
    local.terminate().await;
    let local = place.start().await;
    detect(&local).await;
    let ended = local.terminate().await;
    assert!(!String::from_utf8_lossy(&ended.stderr).contains("zq"));
    // Both lives wrote to the same file.
    let lines = lines(&ended);
    assert_eq!(
        tampered(&lines),
        [
            (changed.to_owned(), 2, "modified".to_owned()),
            (deleted.to_owned(), 1, "removed".to_owned()),
        ]
    );
    assert_eq!((sum(&lines, "Expired"), sum(&lines, "RecordFailed")), (0, 0));
}

#[tokio::test]
async fn a_record_that_nobody_can_read_is_named_and_hides_nothing() {
    let place = Place::new();
    let local = place.start().await;
    let visitor = Visitor::arrive(local.api()).await;
    let path = talk(&visitor).await;
    let id = id_of(&path);
    let canary = "zq is no conversation";
    let poison = json!({ "c": { "B": BASE64.encode(canary.as_bytes()) }, "s": { "N": "1" } });
    put(&local, &poison).await;

    delete(&local, &event(&local, id, 1).await).await;
    delete(&local, &poison).await;
    delete(&local, &event(&local, id, 2).await).await;
    detect(&local).await;
    let after = talk(&visitor).await;
    delete(&local, &event(&local, id_of(&after), 1).await).await;
    detect(&local).await;

    let ended = local.terminate().await;
    assert!(!String::from_utf8_lossy(&ended.stderr).contains("zq"));
    let lines = lines(&ended);
    assert_eq!(sum(&lines, "RecordFailed"), TRIES);
    let given_up: Vec<_> = lines
        .iter()
        .filter(|line| line["message"] == "a record of a stream is given up")
        .map(|line| line["record"].as_str().expect("a sequence number"))
        .collect();
    assert_eq!(given_up.len(), 1);
    assert!(given_up[0].bytes().all(|byte| byte.is_ascii_digit()), "{}", given_up[0]);
    // The records behind it in its batch are read again without it, and may be reported twice.
    let mut told = tampered(&lines);
    assert_eq!(told.iter().filter(|(_, seq, _)| *seq == 1).count(), 2, "before it, and later");
    told.dedup();
    let removed = |id: &str, seq| (id.to_owned(), seq, "removed".to_owned());
    assert_eq!(told, [removed(id, 1), removed(id, 2), removed(id_of(&after), 1)]);
}

#[tokio::test]
async fn what_the_sweep_has_announced_is_no_tampering_and_what_it_has_not_is() {
    let place = Place::new();
    let local = place.start().await;
    let visitor = Visitor::arrive(local.api()).await;
    let paths = [talk(&visitor).await, talk(&visitor).await, talk(&visitor).await];
    let [erased, long_ago, stranger] = paths.each_ref().map(|path| id_of(path));
    let now = local.control("/clock", &json!({ "advance_seconds": 0 })).await.json();
    let now = from_rfc3339(now["now"].as_str().expect("a time")).expect("a time") / 1000;
    announce(&local, erased, now + 7 * DAY).await;
    // An announcement of eight days ago is no excuse, even if the TTL has not deleted it yet.
    announce(&local, long_ago, now - 1).await;
    for id in [erased, long_ago, stranger] {
        let mut item = event(&local, id, 2).await;
        item["expires_at"] = json!({ "N": (now + DAY).to_string() });
        put(&local, &item).await;
        delete(&local, &event(&local, id, 1).await).await;
    }
    detect(&local).await;
    let lines = lines(&local.terminate().await);
    assert_eq!(sum(&lines, "Purged"), 2);
    let told: Vec<_> = tampered(&lines).into_iter().map(|(id, _, _)| id).collect();
    assert_eq!(told, [long_ago, long_ago, stranger, stranger]);
    assert_eq!((sum(&lines, "Expired"), sum(&lines, "RecordFailed")), (0, 0));
}

#[tokio::test]
async fn a_change_that_nobody_answers_for_comes_again() {
    let place = Place::new();
    let local = place.start().await;
    let visitor = Visitor::arrive(local.api()).await;
    let path = talk(&visitor).await;
    let fault = |rate: f64| json!({ "service": "dynamodb", "kind": "500", "rate": rate });
    // The rows that the start has put into the audit log are looked at before.
    assert_eq!(local.control("/run/sequence", &json!({})).await.status, 200);
    detect(&local).await;
    for seq in [1, 2] {
        let item = event(&local, id_of(&path), seq).await;
        delete(&local, &item).await;
    }
    assert_eq!(local.control("/faults", &fault(1.0)).await.status, 200);
    detect(&local).await;
    assert_eq!(local.control("/faults", &fault(0.0)).await.status, 200);
    let lines = lines(&local.terminate().await);
    let given_up =
        lines.iter().filter(|line| line["message"] == "a record of a stream is given up");
    // Each is tried three times and then left to a person; the first try had both of them.
    assert_eq!(given_up.count(), 2);
    assert_eq!(sum(&lines, "RecordFailed"), 2 * TRIES + 1);
    assert_eq!((sum(&lines, "LogTampered"), sum(&lines, "Purged")), (0, 0));
}

/// A conversation with an exchange; gives its path.
async fn talk(visitor: &Visitor) -> String {
    let conversation = visitor.open().await;
    for text in ["where is my parcel?", "thanks"] {
        let said = visitor.say(&conversation, text).await;
        assert_eq!(said.status, 201, "{}", said.json());
    }
    conversation
}

/// The id at the end of a path, as the log of the process has it.
fn id_of(path: &str) -> &str {
    path.rsplit('/').next().expect("an id")
}

/// Runs the watchman over the new records; the schedule may have done a part of them.
async fn detect(local: &Local) {
    let ran = local.control("/run/detect", &json!({})).await;
    assert_eq!((ran.status, &ran.json()["job"]), (200, &json!("detect")), "{}", ran.json());
    assert!(ran.json()["report"]["records"].is_u64(), "{}", ran.json());
}

async fn items(local: &Local) -> Vec<Value> {
    let all = json!({ "TableName": LOG });
    let page = local.aws("DynamoDB_20120810.Scan", &all).await;
    page["Items"].as_array().expect("items").clone()
}

/// An event as it is stored.
async fn event(local: &Local, conversation: &str, seq: u64) -> Value {
    let hex: String = conversation.chars().filter(|letter| *letter != '-').collect();
    let id = data_encoding::HEXLOWER.decode(hex.as_bytes()).expect("a UUID");
    let key = json!({ "c": { "B": BASE64.encode(&id) }, "s": { "N": seq.to_string() } });
    let get = json!({ "TableName": LOG, "Key": key, "ConsistentRead": true });
    let mut found = local.aws("DynamoDB_20120810.GetItem", &get).await;
    assert!(found["Item"].is_object(), "event {seq} of {conversation} is not there");
    found["Item"].take()
}

async fn put(local: &Local, item: &Value) {
    let put = json!({ "TableName": LOG, "Item": item });
    local.aws("DynamoDB_20120810.PutItem", &put).await;
}

/// Writes the announcement that the sweep makes before it changes a log.
async fn announce(local: &Local, conversation: &str, expires_at: i64) {
    let item = json!({
        "p": { "S": format!("touched#{conversation}") }, "k": { "S": "touched" },
        "expires_at": { "N": expires_at.to_string() },
    });
    let put = json!({ "TableName": "sotto-ledger", "Item": item });
    local.aws("DynamoDB_20120810.PutItem", &put).await;
}

async fn delete(local: &Local, item: &Value) {
    let delete = json!({ "TableName": LOG, "Key": { "c": item["c"], "s": item["s"] } });
    local.aws("DynamoDB_20120810.DeleteItem", &delete).await;
}

fn lines(ended: &Ended) -> Vec<Value> {
    let log = String::from_utf8(ended.stderr.clone()).expect("UTF-8");
    log.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

/// How often that was counted.
fn sum(lines: &[Value], metric: &str) -> u64 {
    lines.iter().filter_map(|line| line[metric].as_u64()).sum()
}

/// Conversation, place and change of every line that tells of tampering, in order.
fn tampered(lines: &[Value]) -> Vec<(String, u64, String)> {
    let told = lines.iter().filter(|line| !line["LogTampered"].is_null());
    told.map(|line| {
        assert_eq!((&line["LogTampered"], &line["job"]), (&json!(1), &json!("detect")));
        let text = |name: &str| line[name].as_str().expect(name).to_owned();
        (text("conversation_id"), line["seq"].as_u64().expect("a place"), text("change"))
    })
    .collect()
}
