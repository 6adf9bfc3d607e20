//! `cargo local` from outside: its first line, its end, what it keeps, and its control server.

use std::time::Duration;

use serde_json::{Value, json};
use tests::api::{Api, Request};
use tests::process::Local;
use tests::sealed::published_keys;
use tests::visitor::{Visitor, fresh_key, message};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::{LOCAL, Place};
use crate::contract;

const DAY: i64 = 86_400;

#[tokio::test]
async fn the_first_line_says_where_and_the_contract_holds_there() {
    let place = Place::new();
    let local = place.start().await;
    let line = local.ready.as_object().expect("an object");
    let names: Vec<_> = line.keys().map(String::as_str).collect();
    assert_eq!(names, ["aws_url", "control_url", "data", "ready", "url"]);
    assert_eq!(line["ready"], json!(true));
    assert_eq!(line["data"], json!(place.data));
    for name in ["url", "aws_url", "control_url"] {
        let url = local.url(name);
        let port = url.strip_prefix("http://127.0.0.1:").expect("on this machine only");
        assert!(port.parse::<u16>().is_ok_and(|port| port != 0), "{url}");
    }
    Box::pin(contract::all(&local.api())).await;
}

/// The access token of the person behind a link of the demo, as their console gets it.
async fn signed_in_by_the_demo(api: &Api, origin: &str, number: usize) -> String {
    // The links are no part of the API that is described and audited.
    let door = api.try_send(&Request::new("GET", &format!("/demo/{number}"))).await;
    let door = door.expect("the server answers");
    assert_eq!((door.status, door.header("location")), (303, &*format!("{origin}/console")));
    let cookies = door.cookies();
    assert!(cookies.iter().all(|cookie| cookie.contains("HttpOnly")), "{cookies:?}");
    let pairs: Vec<_> = cookies.iter().filter_map(|cookie| cookie.split(';').next()).collect();
    let request = Request::new("POST", "/v1/auth/refresh").json(&json!({}));
    let request = request.header("cookie", pairs.join("; ")).header("sotto-console", "1");
    let tokens = api.send(&request.header("origin", origin)).await;
    assert_eq!(tokens.status, 200, "{}", tokens.json());
    tokens.json()["access_token"].as_str().expect("a token").to_owned()
}

#[tokio::test]
async fn the_demo_is_alive_at_its_first_start_and_at_its_second() {
    let place = Place::new();
    for start in 0..2 {
        let local = Local::everything(LOCAL, &place.data, &["--demo"]).await;
        let origin = local.url("url").replace("127.0.0.1", "localhost");
        // A code is good once, and a fast machine is here twice while it is.
        let moved = local.control("/clock", &json!({ "advance_seconds": 60 * start })).await;
        assert_eq!(moved.status, 200);
        let token = signed_in_by_the_demo(&local.api(), &origin, 0).await;
        let api = local.api();
        let get = async |path: &str| api.send(&Request::new("GET", path).bearer(&token)).await;
        let inbox = get("/v1/inbox?status=waiting").await.json();
        // Those who wait were sent back to the bot if the second start came late; the closed stay.
        assert!(start > 0 || inbox["counts"]["waiting"] == 5, "{inbox}");
        let closed = get("/v1/inbox?status=closed").await.json();
        assert!(closed["items"].as_array().is_some_and(|items| items.len() > 1), "{closed}");
        let canned = get("/v1/canned").await.json();
        assert_eq!(canned["items"].as_array().map(Vec::len), Some(4));
        let summary = get("/v1/reports/summary").await.json();
        let reported = &summary["totals"];
        assert!(reported["conversations"].as_u64() > Some(20), "{summary}");
        assert!(
            reported["ratings"]["count"].as_u64() > Some(0) && reported["leads"].as_u64() > Some(0)
        );
        let leads = Request::new("GET", "/v1/leads").bearer(&token);
        let leads = api.send(&leads.header("sotto-purpose", "support")).await.json();
        assert!(leads["items"].as_array().is_some_and(|items| !items.is_empty()), "{leads}");
        // Whoever asks for a person now waits for one.
        let visitor = Visitor::arrive(local.api()).await;
        let conversation = visitor.open().await;
        let asked = visitor.post(&format!("{conversation}/handover"), &json!({})).await;
        assert_eq!((asked.status, &asked.json()["status"]), (202, &json!("waiting")));
        assert!(local.terminate().await.status.success());
    }
}

#[tokio::test]
async fn the_demo_does_not_stand_among_other_data() {
    let place = Place::new();
    assert!(place.start().await.terminate().await.status.success());
    let arguments = ["--demo", "--port", "0", "--aws-port", "0", "--control-port", "0", "--data"];
    let mut command = tokio::process::Command::new(LOCAL);
    let ended = command.args(arguments).arg(&place.data).output().await.expect("it runs");
    assert!(!ended.status.success());
    assert!(String::from_utf8_lossy(&ended.stderr).contains("--fresh"));
}

#[tokio::test]
async fn sigterm_ends_it_cleanly_within_two_seconds() {
    let place = Place::new();
    let local = place.start().await;
    let visitor = Visitor::arrive(local.api()).await;
    visitor.open().await;
    let ended = timeout(Duration::from_secs(2), local.terminate()).await;
    let ended = ended.expect("an end within two seconds");
    assert!(ended.status.success(), "{}", ended.status);
    let log = String::from_utf8_lossy(&ended.stderr).into_owned();
    for line in log.lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok(), "a line that is no JSON: {line}");
    }
    assert!(!log.contains("panicked"), "{log}");
}

#[tokio::test]
async fn a_killed_process_loses_nothing_that_it_acknowledged() {
    const VISITORS: usize = 4;
    const BEFORE_THE_KILL: usize = 40;
    let place = Place::new();
    let local = place.start().await;
    let keys = published_keys(&local.api()).await;
    let (acknowledge, mut acknowledged) = mpsc::unbounded_channel();
    let mut talks = Vec::new();
    for number in 0..VISITORS {
        let mut visitor = Visitor::arrive(local.api()).await;
        if let Some(key) = keys.get(number) {
            visitor = visitor.sealing_to(key);
        }
        let talk = Talk { conversation: visitor.open().await, visitor, number };
        talks.push(tokio::spawn(talk.until_cut_off(acknowledge.clone())));
    }
    drop(acknowledge);
    for _ in 0..BEFORE_THE_KILL {
        let step = timeout(Duration::from_mins(1), acknowledged.recv()).await;
        step.expect("traffic").expect("somebody who talks");
    }
    local.kill().await;
    let mut cut_off = Vec::new();
    for talk in talks {
        cut_off.push(talk.await.expect("no panic"));
    }

    let local = place.start().await;
    let listed: Vec<_> =
        published_keys(&local.api()).await.into_iter().map(|key| key.kid).collect();
    assert_eq!(listed, keys.iter().map(|key| key.kid.clone()).collect::<Vec<_>>());
    for (talk, texts) in cut_off {
        let visitor = Visitor { api: local.api(), ..talk.visitor.clone() };
        let mine = async || {
            let all = visitor.transcript(&talk.conversation).await;
            all.into_iter()
                .filter(|(author, _)| author == "visitor")
                .map(|(_, text)| text)
                .collect()
        };
        let (last, whole) = texts.split_last().expect("a message that was under way");
        let kept: Vec<String> = mine().await;
        assert!(kept == *whole || kept == *texts, "{kept:?} is left of {whole:?}");
        let again = visitor.say_as(&talk.conversation, last, &talk.key(whole.len())).await;
        assert_eq!(again.status, 201, "{}", again.json());
        let kept: Vec<String> = mine().await;
        assert_eq!(kept, texts, "the message under way was lost or doubled");
    }
    assert!(local.terminate().await.status.success());
}

/// Somebody who talks as fast as the answers come.
struct Talk {
    visitor: Visitor,
    conversation: String,
    number: usize,
}

impl Talk {
    /// Talks until the connection breaks; gives what was said, the last one without an answer.
    async fn until_cut_off(self, acknowledge: mpsc::UnboundedSender<()>) -> (Self, Vec<String>) {
        let mut texts = Vec::new();
        loop {
            let text = format!("number {} of visitor {}", texts.len(), self.number);
            let request = message(&self.conversation, &text, &self.key(texts.len()));
            texts.push(text);
            let request = request.bearer(&self.visitor.token);
            let request = match &self.visitor.key {
                Some(key) => tests::sealed::seal_request(request, key).0,
                None => request,
            };
            match self.visitor.api.try_send(&request).await {
                Some(response) => assert_eq!(response.status, 201, "{}", response.json()),
                None => return (self, texts),
            }
            acknowledge.send(()).ok();
        }
    }

    fn key(&self, number: usize) -> String {
        format!("visitor-{}-message-{number}", self.number)
    }
}

#[tokio::test]
async fn fresh_starts_empty_and_a_folder_in_use_is_refused() {
    let place = Place::new();
    let local = place.start().await;
    let before: Vec<_> =
        published_keys(&local.api()).await.into_iter().map(|key| key.kid).collect();
    let visitor = Visitor::arrive(local.api()).await;
    let conversation = visitor.open().await;

    let free = ["--port", "0", "--aws-port", "0", "--control-port", "0"];
    for more in [&[][..], &["--fresh"]] {
        let refused = Local::refused(LOCAL, &place.data, &[&free, more].concat()).await;
        assert!(!refused.status.success());
        assert!(String::from_utf8_lossy(&refused.stderr).contains("in use"));
        assert!(refused.stdout.is_empty(), "it said that it was ready");
    }
    assert_eq!(visitor.get(&conversation).await.status, 200, "the first one was disturbed");
    assert!(local.terminate().await.status.success());

    let local = Local::everything(LOCAL, &place.data, &["--fresh"]).await;
    for table in ["sotto-keys", "sotto-conversations", "sotto-profiles"] {
        assert_eq!(count(&local, table).await, 0, "{table}");
    }
    let visitor = Visitor { api: local.api(), ..visitor };
    assert_eq!(visitor.get(&conversation).await.status, 401, "the token is of another life");
    let after = published_keys(&local.api()).await;
    assert!(!after.iter().any(|key| before.contains(&key.kid)), "a key was kept");
}

#[tokio::test]
async fn nonsense_on_the_command_line_is_refused_with_a_sentence() {
    let place = Place::new();
    for arguments in [&["--prot", "0"][..], &["--port", "nine"], &["gcp"], &["aws", "--port", "0"]]
    {
        let refused = Local::refused(LOCAL, &place.data, arguments).await;
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}");
        assert!(String::from_utf8_lossy(&refused.stderr).contains("--help"), "{arguments:?}");
        assert!(refused.stdout.is_empty() && !place.data.exists(), "{arguments:?}");
    }
}

#[tokio::test]
async fn after_thirty_days_a_conversation_is_gone_on_every_route_and_then_from_the_tables() {
    /// More than what this test takes between two looks at the clock.
    const MARGIN: i64 = 60;
    let place = Place::new();
    let local = place.start().await;
    let mut visitor = Visitor::arrive(local.api()).await;
    let conversation = visitor.open().await;
    assert_eq!(visitor.say(&conversation, "hello").await.status, 201);
    let lead = json!({ "name": "Ada", "email": "ada@example.org", "phone": null, "consent": true });
    let posts = [
        ("messages", json!({ "text": "still there?" })),
        ("handover", json!({})),
        ("lead", lead),
        ("rating", json!({ "score": 5 })),
        ("close", json!({})),
    ];

    advance(&local, 30 * DAY - MARGIN).await;
    visitor.token = renewed(&visitor).await;
    assert_eq!(visitor.get(&conversation).await.status, 200);
    assert_eq!(visitor.transcript(&conversation).await.len(), 2);
    assert!(count(&local, "sotto-keys").await > 0);

    advance(&local, MARGIN).await;
    let gone = (404, "not_found".to_owned());
    assert_eq!(visitor.get(&conversation).await.refusal(), gone);
    assert_eq!(visitor.get(&format!("{conversation}/messages")).await.refusal(), gone);
    for (path, body) in posts {
        let request = Request::new("POST", &format!("{conversation}/{path}"))
            .header("idempotency-key", fresh_key());
        let request = if path == "close" { request } else { request.json(&body) };
        assert_eq!(visitor.send(request).await.refusal(), gone, "{path}");
    }

    // The TTL has a second's grain; moving the clock runs it.
    advance(&local, 2).await;
    // The item that the sweep leaves in the first table belongs to nobody.
    for (table, left) in [("sotto-keys", 1), ("sotto-conversations", 0)] {
        assert_eq!(count(&local, table).await, left, "{table}");
    }
}

#[tokio::test]
async fn a_day_brings_a_new_key_and_an_old_one_opens_for_three() {
    let place = Place::new();
    let local = place.start().await;
    let api = local.api();
    let kids = async || -> Vec<String> {
        published_keys(&api).await.into_iter().map(|key| key.kid).collect()
    };
    let first = published_keys(&api).await;
    let first_kids = kids().await;
    let again = local.control("/run/rotate-keys", &json!({})).await;
    assert_eq!((again.status, again.json()["job"].as_str()), (200, Some("rotate-keys")));
    assert_eq!(kids().await, first_kids, "a second run on the same day makes no key");

    for day in 1..=2 {
        advance(&local, DAY).await;
        assert_eq!(local.control("/run/rotate-keys", &json!({})).await.status, 200);
        let listed = published_keys(&api).await;
        for suite in [listed.first(), listed.last()].map(|key| key.expect("a key").suite) {
            let live = listed.iter().filter(|key| key.suite == suite).count();
            assert_eq!(live, 2, "day {day}: live keys of one suite");
        }
        assert!(!first_kids.contains(&listed[0].kid), "day {day}: the newest key is an old one");
        let visitor = Visitor::arrive(api.clone()).await;
        for key in &first {
            visitor.clone().sealing_to(key).open().await;
        }
    }
    advance(&local, DAY).await;
    assert_eq!(local.control("/run/rotate-keys", &json!({})).await.status, 200);
    let visitor = Visitor::arrive(api.clone()).await;
    let consent = json!({ "consent": { "notice_version": "1", "purposes": ["support"] } });
    for key in &first {
        let refused = visitor.clone().sealing_to(key).post("/v1/conversations", &consent).await;
        assert_eq!(refused.refusal(), (422, "unknown_key".to_owned()));
    }
    let all = json!({ "TableName": "sotto-settings" });
    let settings = local.aws("DynamoDB_20120810.Scan", &all).await.to_string();
    assert!(!first_kids.iter().any(|kid| settings.contains(kid.as_str())), "a row was kept");
}

#[tokio::test]
async fn faults_begin_and_end() {
    let place = Place::new();
    let local = place.start().await;
    let visitor = Visitor::arrive(local.api()).await;
    let conversation = visitor.open().await;
    for kind in ["throttle", "500", "gone"] {
        let fault = |rate: f64| json!({ "service": "dynamodb", "kind": kind, "rate": rate });
        let set = local.control("/faults", &fault(1.0)).await;
        assert_eq!((set.status, set.json()), (200, fault(1.0)));
        let key = fresh_key();
        let refused = visitor.say_as(&conversation, kind, &key).await;
        assert_eq!(refused.refusal(), (503, "unavailable".to_owned()), "{kind}");
        assert_eq!(local.control("/faults", &fault(0.0)).await.status, 200);
        assert_eq!(visitor.say_as(&conversation, kind, &key).await.status, 201, "{kind}");
    }
    assert_eq!(visitor.transcript(&conversation).await.len(), 6);
    let late = json!({ "service": "kms", "kind": "latency", "rate": 1, "latency_ms": 5 });
    assert_eq!(local.control("/faults", &late).await.status, 200);
}

#[tokio::test]
async fn the_control_server_refuses_what_it_does_not_know() {
    let place = Place::new();
    let local = place.start().await;
    let fault = |service: &str, kind: &str, rate: Value| json!({ "service": service, "kind": kind, "rate": rate });
    for (path, body, status) in [
        ("/run/rotate-kings", json!({}), 404),
        ("/run", json!({}), 404),
        ("/nothing", json!({}), 404),
        ("/clock", json!({}), 422),
        ("/clock", json!({ "advance_seconds": -1 }), 422),
        ("/clock", json!({ "advance_seconds": "1" }), 422),
        ("/clock", json!({ "advance_seconds": u64::MAX }), 422),
        ("/clock", json!({ "advance_seconds": 1, "back": true }), 422),
        ("/faults", fault("s3", "throttle", json!(1)), 422),
        ("/faults", fault("kms", "fire", json!(1)), 422),
        ("/faults", fault("kms", "throttle", json!(1.5)), 422),
        ("/faults", fault("kms", "throttle", json!(null)), 422),
        ("/faults", json!({ "service": "kms" }), 422),
    ] {
        let refused = local.control(path, &body).await;
        assert_eq!(refused.status, status, "{path} {body}");
        assert_eq!(refused.header("content-type"), "application/problem+json", "{path} {body}");
        assert_eq!(refused.json()["status"], json!(status), "{path} {body}");
    }
    let control = Api::Http(local.url("control_url"));
    for (request, status) in [
        (Request::new("GET", "/clock"), 405),
        (Request::new("POST", "/clock").bytes("text/plain", "{\"advance_seconds\":1}"), 415),
        (Request::new("POST", "/clock").bytes("application/json", "{"), 400),
        (
            Request::new("POST", "/clock")
                .json(&json!({ "advance_seconds": 1 }))
                .header("origin", "https://shop.example"),
            403,
        ),
        (
            Request::new("POST", "/clock")
                .json(&json!({ "advance_seconds": 1 }))
                .header("host", "shop.example"),
            403,
        ),
    ] {
        let refused = control.send(&request).await;
        assert_eq!(refused.status, status, "{} {:?}", request.path, request.headers);
        assert_eq!(refused.header("content-type"), "application/problem+json");
    }
    // The same for DynamoDB and KMS: a name that was made to lead here reads nothing.
    for (host, status) in [("shop.example", "403"), ("localhost", "200")] {
        assert_eq!(list_tables(&local.url("aws_url"), host).await, status, "{host}");
    }
    let visitor = Visitor::arrive(local.api()).await;
    visitor.open().await;
}

/// The status of a request to the local AWS under that name.
async fn list_tables(aws_url: &str, host: &str) -> String {
    let address = aws_url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let request = format!(
        "POST / HTTP/1.1\r\nHost: {host}\r\nX-Amz-Target: DynamoDB_20120810.ListTables\r\n\
         Authorization: AWS4-HMAC-SHA256 Credential=local/20261101/eu-central-1/dynamodb/aws4_request, \
         SignedHeaders=host;x-amz-date, Signature=0\r\nX-Amz-Date: 20261101T000000Z\r\n\
         Content-Type: application/x-amz-json-1.0\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}"
    );
    stream.write_all(request.as_bytes()).await.expect("the request is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    answer.split(' ').nth(1).unwrap_or_default().to_owned()
}

async fn advance(local: &Local, seconds: i64) {
    let moved = local.control("/clock", &json!({ "advance_seconds": seconds })).await;
    assert_eq!(moved.status, 200, "{}", moved.json());
    assert!(moved.json()["now"].is_string());
}

/// A new token for the same subject.
async fn renewed(visitor: &Visitor) -> String {
    let session = json!({ "site": "default", "identity": null });
    let renewed = visitor.post("/v1/sessions", &session).await.json();
    assert_eq!(renewed["subject_id"], json!(visitor.subject));
    renewed["access_token"].as_str().expect("a token").to_owned()
}

/// How many items a table has.
async fn count(local: &Local, table: &str) -> usize {
    let page = local.aws("DynamoDB_20120810.Scan", &json!({ "TableName": table })).await;
    page["Items"].as_array().expect("items").len()
}
