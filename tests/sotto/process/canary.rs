//! A visitor's words are nowhere to be found: not in a table, a stream, a log line, a file of the
//! data folder or the answer to a refused request, in no form. Words that nothing else contains are
//! put into every field that takes content, and into every place that does not; then all that is
//! kept is searched for them. A control plants them and has to find them.

use std::path::Path;

use serde_json::{Value, json};
use tests::api::{Request, Response};
use tests::live::staff;
use tests::process::{Ended, Local};
use tests::sealed::{published_keys, seal_request};
use tests::visitor::{Visitor, fresh_key, message};

use super::Place;
use super::scanner::Scanner;

/// Two words that this run alone knows.
struct Canary {
    plain: String,
    umlauts: String,
}

impl Canary {
    fn new() -> Self {
        let random: [u8; 12] = shared::random::bytes().expect("randomness");
        let hex = data_encoding::HEXLOWER.encode(&random);
        let (plain, umlauts) = hex.split_at(16);
        Self { plain: format!("zq{plain}"), umlauts: format!("ä🦜ß{umlauts}") }
    }

    /// Both words, in the 32 characters that the shortest field has room for.
    fn both(&self) -> String {
        format!("{}{}", self.umlauts, self.plain)
    }

    fn scanner(&self) -> Scanner {
        Scanner::new(&[&self.plain, &self.umlauts])
    }
}

/// Something that is kept, by its name.
type Sink = (String, Vec<u8>);

#[tokio::test]
async fn nothing_that_a_visitor_sends_is_kept_in_the_clear() {
    let canary = Canary::new();
    let scanner = canary.scanner();
    let place = Place::new();
    let local = place.start().await;
    let api = local.api();

    somebody_is_there(&local).await;
    let visitor = Visitor::arrive(api.clone()).await;
    let mut said = Said::default();
    for (locale, words) in [("en", &ENGLISH), ("de", &GERMAN)] {
        visit(&visitor, locale, words, &canary, &mut said).await;
        for key in published_keys(&api).await {
            visit(&visitor.clone().sealing_to(&key), locale, words, &canary, &mut said).await;
        }
    }
    let visits = said.visits;
    assert_eq!((said.answered, said.unknown, said.waiting), (visits, visits, visits * 2));
    let mut refused = refusals(&visitor, &canary).await;
    refused.extend(failures(&local, &visitor, &canary).await);
    for (number, response) in refused.iter().enumerate() {
        let sent = [&response.body[..], format!("{:?}", response.headers).as_bytes()].concat();
        assert_eq!(scanner.hits(&sent), [""; 0], "refusal {number} repeats what was sent");
    }

    assert_eq!(local.control("/run/detect", &json!({})).await.status, 200);
    let mut sinks = stored(&local).await;
    sinks.extend(files(&place.data));
    let ended = local.terminate().await;
    assert!(ended.status.success());
    let request_id = refused[0].header("x-request-id").to_owned();
    sinks.extend(written(&ended));
    sinks.extend(files(&place.data));
    assert_alive(&sinks, &request_id);
    for (name, bytes) in &sinks {
        assert_eq!(scanner.hits(bytes), [""; 0], "{name}");
    }
}

/// The words of agents about a visitor are sealed: answers, notes, a note for a colleague, tags. Canned answers
/// speak of nobody; they stand in the clear in their own table, as docs/data.md says, and nowhere else.
#[tokio::test]
async fn what_agents_write_is_in_the_clear_only_where_it_is_said() {
    let (sealed, canned) = (Canary::new(), Canary::new());
    let place = Place::new();
    let mut local = place.start().await;
    let agents = staff(&mut local, 2).await;
    let [anna, ben] = &agents[..] else { panic!("two agents") };
    let visitor = Visitor::arrive(local.api()).await;
    let conversation = visitor.open().await;
    let asked = visitor.post(&format!("{conversation}/handover"), &json!({})).await;
    assert_eq!(asked.status, 202);
    let id = conversation.rsplit('/').next().expect("an id");
    let at = |path: &str| format!("/v1/inbox/{id}/{path}");
    let ok = |response: &Response| assert!(response.status < 300, "{}", response.json());

    ok(&anna.post(&at("claim"), &json!({})).await);
    for (path, text) in
        [("messages", format!("Hello, {}", sealed.both())), ("notes", sealed.both())]
    {
        let request = Request::new("POST", &at(path)).header("idempotency-key", fresh_key());
        ok(&anna.send(request.json(&json!({ "text": text }))).await);
    }
    ok(&anna.post(&at("typing"), &json!({})).await);
    ok(&anna.post(&at("transfer"), &json!({ "agent_id": ben.id, "note": sealed.both() })).await);
    let read = ben.get(&format!("{}?after=", at("messages"))).await.json().to_string();
    assert_eq!(read.matches(&sealed.plain).count(), 3, "a colleague reads all three");
    let answer = json!({ "text": format!("a canned answer {}", canned.both()) });
    ok(&ben.put("/v1/canned/delay", &answer).await);
    ok(&ben.post(&at("close"), &json!({ "reason": "other", "tags": [sealed.plain] })).await);
    // Refused, with the words where they do not belong.
    let mut request_id = String::new();
    for (path, body) in [
        ("messages", json!({ "text": [sealed.both()] })),
        ("transfer", json!({ "agent_id": sealed.both() })),
        ("close", json!({ "reason": sealed.both(), "tags": [[sealed.both()]] })),
    ] {
        let refused = ben.post(&at(path), &body).await;
        assert!((400..500).contains(&refused.status), "{path}");
        assert_eq!(sealed.scanner().hits(&refused.body), [""; 0], "{path} repeats what was sent");
        refused.header("x-request-id").clone_into(&mut request_id);
    }

    assert_eq!(local.control("/run/detect", &json!({})).await.status, 200);
    assert_eq!(local.control("/run/reports", &json!({})).await.status, 200);
    let mut sinks = stored(&local).await;
    let ended = local.terminate().await;
    assert!(ended.status.success());
    sinks.extend(written(&ended));
    let known = Scanner::new(&[&request_id]);
    let is_logged = |(name, bytes): &Sink| name == "stderr" && !known.hits(bytes).is_empty();
    assert!(sinks.iter().any(is_logged), "the log was not searched");
    let (home, scanner) = ("table sotto-desk", canned.scanner());
    assert!(sinks.iter().any(|(name, bytes)| name == home && !scanner.hits(bytes).is_empty()));
    for (name, bytes) in sinks.iter().filter(|(name, _)| name != home) {
        assert_eq!(scanner.hits(bytes), [""; 0], "{name} has words of {home}");
    }
    sinks.extend(files(&place.data));
    let scanner = sealed.scanner();
    for (name, bytes) in &sinks {
        assert_eq!(scanner.hits(bytes), [""; 0], "{name}");
    }
}

/// The same search, over the same kinds of sinks, where there is something to be found.
#[tokio::test]
async fn what_is_planted_is_found_in_every_sink() {
    let canary = Canary::new();
    let scanner = canary.scanner();
    let place = Place::new();
    let local = place.start().await;
    for (seq, value) in [
        (1, json!({ "S": canary.both() })),
        (2, json!({ "B": data_encoding::BASE64.encode(canary.both().as_bytes()) })),
        (3, json!({ "S": data_encoding::HEXLOWER.encode(canary.both().as_bytes()) })),
    ] {
        let item = json!({ "c": { "B": "AAAA" }, "s": { "N": seq.to_string() }, "x": value });
        let put = json!({ "TableName": "sotto-conversations", "Item": item });
        local.aws("DynamoDB_20120810.PutItem", &put).await;
    }
    // The stream holds keys only: what stands in one is found there, and nothing else can be. The second
    // time it is a change, which the watchman looks at and cannot read.
    let key = data_encoding::BASE64.encode(canary.both().as_bytes());
    for value in ["1", "2"] {
        let item = json!({ "c": { "B": key }, "s": { "N": "4" }, "x": { "N": value } });
        let put = json!({ "TableName": "sotto-conversations", "Item": item });
        local.aws("DynamoDB_20120810.PutItem", &put).await;
    }
    assert_eq!(local.control("/run/detect", &json!({})).await.status, 200);
    let health = local.api().send(&Request::new("GET", "/v1/health")).await;
    let sinks = stored(&local).await;
    for (kind, forms_there) in [
        ("table sotto-conversations", &["raw", "base64", "hex"][..]),
        ("stream of sotto-conversations", &["raw", "base64"]),
    ] {
        let found = sinks.iter().filter(|(name, _)| name.starts_with(kind));
        let forms: Vec<_> = found.flat_map(|(_, bytes)| scanner.hits(bytes)).collect();
        for form in forms_there {
            let mut named = forms.iter().filter(|hit| hit.contains(&format!(" as {form}:")));
            assert!(named.next().is_some(), "{kind}: {form}");
        }
    }
    let ended = local.terminate().await;
    let in_files: Vec<_> = files(&place.data).iter().flat_map(|(_, b)| scanner.hits(b)).collect();
    assert!(!in_files.is_empty(), "the files were not searched");

    // The log and stdout hold no content that could be planted by the wire; what they do hold is found.
    let request_id = health.header("x-request-id").to_owned();
    let known = Scanner::new(&[&request_id, "DynamoDB and KMS are at"]);
    for (name, bytes) in written(&ended) {
        assert_eq!(known.hits(&bytes).len(), 1, "{name}");
        assert_eq!(scanner.hits(&bytes), [""; 0], "the watchman repeats a key, {name}");
    }
    assert!(String::from_utf8_lossy(&ended.stderr).contains("\"RecordFailed\":1"), "nobody looked");
}

/// Has an agent at the desk, so that visitors are handed over.
async fn somebody_is_there(local: &Local) {
    let item = json!({
        "p": { "S": "presence#default" }, "k": { "S": "01890000-0000-7000-8000-000000000001" },
        "u": { "N": "9999999999999" }, "d": { "S": "Anna" }, "expires_at": { "N": "9999999999" },
    });
    let put = json!({ "TableName": "sotto-watch", "Item": item });
    local.aws("DynamoDB_20120810.PutItem", &put).await;
}

/// Phrases around the words: one that the base answers, and one that it does not.
struct Phrases {
    known: &'static str,
    unknown: &'static str,
}

const ENGLISH: Phrases =
    Phrases { known: "where is my parcel?", unknown: "who painted the ceiling of the chapel" };
const GERMAN: Phrases =
    Phrases { known: "wo ist mein Paket?", unknown: "wer hat die Decke der Kapelle gemalt" };

/// How often each kind of answer was seen.
#[derive(Default)]
struct Said {
    visits: usize,
    answered: usize,
    unknown: usize,
    waiting: usize,
}

/// Everything that a visitor can say, with the words in every field.
async fn visit(visitor: &Visitor, locale: &str, words: &Phrases, canary: &Canary, said: &mut Said) {
    let both = canary.both();
    let ok = |response: &Response, status: u16| {
        assert_eq!(response.status, status, "{}", response.json());
    };
    let consent = json!({ "notice_version": both, "purposes": ["support", both] });
    let open = json!({ "consent": consent, "locale": locale });
    let opened = visitor.post("/v1/conversations", &open).await;
    ok(&opened, 201);
    let conversation =
        format!("/v1/conversations/{}", opened.json()["id"].as_str().expect("an id"));
    let key = || format!("{}-{}", canary.plain, fresh_key());
    let say = async |text: String| {
        let response = visitor.say_as(&conversation, &text, &key()).await;
        ok(&response, 201);
        response.json()
    };
    said.visits += 1;
    let answered = say(format!("{} {both}", words.known)).await;
    said.answered += usize::from(answered["reply"]["sources"][0].is_object());
    let unknown = say(format!("{} {both} {both}", words.unknown)).await;
    let sources = unknown["reply"]["sources"].as_array().map(Vec::len);
    said.unknown += usize::from(sources == Some(0));
    say(format!("{both}\0\u{202e}{both}")).await;

    let reason = json!({ "reason": format!("because {both}") });
    ok(&visitor.post(&format!("{conversation}/handover"), &reason).await, 202);
    for _ in 0..2 {
        let waiting = say(format!("is somebody there? {both}")).await;
        said.waiting += usize::from(waiting["status"] == "waiting" && waiting["reply"].is_null());
    }
    let lead = json!({
        "name": format!("Ada {both}"), "email": format!("{both}@example.org"),
        "phone": format!("+49 {both}"), "consent": true,
    });
    ok(&visitor.post(&format!("{conversation}/lead"), &lead).await, 201);
    let rating = json!({ "score": 4, "comment": format!("fine {both}") });
    ok(&visitor.post(&format!("{conversation}/rating"), &rating).await, 204);
    let all = visitor.transcript(&conversation).await;
    let mine = all.iter().filter(|(author, text)| author == "visitor" && text.contains(&both));
    assert_eq!(mine.count(), 5, "the visitor reads the words, or they are nowhere at all");
    ok(&visitor.send(Request::new("POST", &format!("{conversation}/close"))).await, 200);
    for form in ["application/json", "text/html"] {
        let export = Request::new("GET", "/v1/me/export").header("accept", form);
        let export = visitor.send(export).await;
        ok(&export, 200);
        let given = String::from_utf8(export.body).expect("UTF-8");
        assert!(given.contains(&canary.plain) && given.contains(&canary.umlauts), "in {form}");
    }
}

/// The words where they do not belong. Every request is refused.
async fn refusals(visitor: &Visitor, canary: &Canary) -> Vec<Response> {
    let (both, plain) = (canary.both(), &canary.plain);
    let conversation = visitor.open().await;
    let at = |path: &str| format!("{conversation}/{path}");
    let post = |path: &str| Request::new("POST", path).header("idempotency-key", fresh_key());
    let mut requests = Vec::new();

    // Bodies that are not JSON, not of the type, not of the shape, too long, or not text.
    for path in ["messages", "handover", "lead", "rating"] {
        for body in [
            both.clone(),
            format!("{{\"text\": {both}"),
            format!("{{\"text\": \"{both}"),
            format!("[\"{both}\"]"),
            format!("\"{both}\""),
            format!("{{\"{both}\": 1}}"),
            format!("{{\"text\": {{\"{both}\": \"{both}\"}}}}"),
            json!({ "text": both, "reason": both, "comment": both, both.as_str(): both })
                .to_string(),
        ] {
            requests.push(post(&at(path)).bytes("application/json", body));
        }
        for content_type in ["text/plain", "application/x-www-form-urlencoded", plain, ""] {
            requests.push(post(&at(path)).bytes(content_type, format!("text={both}")));
        }
    }
    // 5,800 characters, and more than 64 KiB.
    for times in [200, 3_000] {
        requests.push(post(&at("messages")).json(&json!({ "text": both.repeat(times) })));
    }
    let broken = [b"{\"text\":\"\xff", both.as_bytes(), b"\\ud800\"}"].concat();
    requests.push(post(&at("messages")).bytes("application/json", broken));
    let half = format!("{{\"text\":\"{both}\\ud800\"}}");
    requests.push(post(&at("messages")).bytes("application/json", half));
    requests.push(post(&at("rating")).json(&json!({ "score": both, "comment": both })));
    requests.push(post(&at("rating")).json(&json!({ "score": 9, "comment": both })));
    requests.push(post(&at("handover")).json(&json!({ "reason": both.repeat(100) })));
    for lead in [
        json!({ "name": both, "email": both, "phone": both, "consent": true }),
        json!({ "name": both, "email": format!("{both}@b"), "phone": both, "consent": both }),
        json!({ "name": both, "email": format!("{both}@b"), "phone": both, "consent": false }),
        json!({ "name": [both], "email": { "at": both }, "phone": 5, "consent": true }),
    ] {
        requests.push(post(&at("lead")).json(&lead));
    }
    for body in [
        json!({ "consent": both }),
        json!({ "consent": { "notice_version": both, "purposes": both } }),
        json!({ "consent": { "notice_version": both, "purposes": [both] } }),
        json!({ "consent": { "notice_version": both.repeat(2), "purposes": ["support"] } }),
    ] {
        requests.push(Request::new("POST", "/v1/conversations").json(&body));
    }
    for body in [json!({ "site": both }), json!({ "site": "default", "identity": both })] {
        requests.push(Request::new("POST", "/v1/sessions").json(&body));
    }

    // Sealed ones: forged, to no key, to another route, and malformed inside.
    let key = published_keys(&visitor.api).await.remove(0);
    let sealed = |kid: &str, enc: &str, ct: &str| {
        let body = json!({ "kid": kid, "enc": enc, "ct": ct }).to_string();
        post(&at("messages")).bytes("application/sotto-sealed+json", body)
    };
    requests.push(sealed(plain, plain, plain));
    requests.push(sealed(&key.kid, plain, &both));
    requests.push(post(&at("messages")).bytes("application/sotto-sealed+json", both.clone()));
    for inside in [both.clone(), format!("{{\"{both}\":\"{both}\"}}"), format!("{{\"text\":{both}")]
    {
        let request = post(&at("messages")).bytes("application/json", inside);
        requests.push(seal_request(request, &key).0);
    }
    let mut elsewhere = seal_request(message(&conversation, &both, plain), &key).0;
    elsewhere.path = at("handover");
    requests.push(elsewhere);

    // Paths, queries, methods and headers.
    requests.push(Request::new("GET", &format!("/v1/{plain}")));
    requests.push(Request::new("GET", &format!("/v1/conversations/{plain}")));
    requests.push(Request::new("GET", &at(plain)));
    requests.push(Request::new("GET", &at(&format!("messages?limit={plain}"))));
    requests.push(Request::new("GET", &at(&format!("messages?cursor={plain}&{plain}={plain}"))));
    requests.push(Request::new(plain, &conversation));
    requests.push(post(&at("messages")).header("idempotency-key", &both).json(&json!({})));
    requests.push(Request::new("GET", &conversation).header("sotto-reply-key", plain));

    let mut responses = Vec::new();
    for request in requests {
        let Request { method, path, headers, body, .. } = &request;
        let body = String::from_utf8_lossy(&body[..body.len().min(400)]).into_owned();
        let what = format!("{method} {path} {headers:?} {body}");
        let request = request
            .bearer(&visitor.token)
            .header("user-agent", &both)
            .header("referer", format!("https://shop.example/?q={plain}"))
            .header("x-request-id", plain)
            .header("x-amzn-trace-id", plain)
            .header("sotto-cursor", plain)
            .header("cookie", format!("a={plain}"))
            .header("origin", format!("https://{plain}.example"));
        let response = visitor.api.send(&request).await;
        assert!((400..500).contains(&response.status), "{} for {what}", response.status);
        responses.push(response);
    }
    let forged = Request::new("GET", &conversation).bearer(&both);
    responses.push(visitor.api.send(&forged).await);
    assert!(visitor.transcript(&conversation).await.is_empty(), "a refused request was stored");
    responses
}

/// The words in requests that fail for want of a database.
async fn failures(local: &Local, visitor: &Visitor, canary: &Canary) -> Vec<Response> {
    let both = canary.both();
    let conversation = visitor.open().await;
    let mut responses = Vec::new();
    for kind in ["throttle", "500", "gone"] {
        let fault = |rate: f64| json!({ "service": "dynamodb", "kind": kind, "rate": rate });
        assert_eq!(local.control("/faults", &fault(1.0)).await.status, 200);
        let lead = json!({ "name": both, "email": format!("{both}@b"), "consent": true });
        for (path, body) in [
            ("messages", json!({ "text": both })),
            ("handover", json!({ "reason": both })),
            ("lead", lead),
            ("rating", json!({ "score": 1, "comment": both })),
        ] {
            let request = Request::new("POST", &format!("{conversation}/{path}"))
                .header("idempotency-key", fresh_key())
                .json(&body);
            let response = visitor.send(request).await;
            assert_eq!(response.status, 503, "{kind} {path}");
            responses.push(response);
        }
        assert_eq!(local.control("/faults", &fault(0.0)).await.status, 200);
    }
    responses
}

/// Every table and every stream, as they come over the wire and with each value decoded.
async fn stored(local: &Local) -> Vec<Sink> {
    let mut sinks = Vec::new();
    let tables = local.aws("DynamoDB_20120810.ListTables", &json!({})).await;
    for table in tables["TableNames"].as_array().expect("names") {
        let table = table.as_str().expect("a name");
        let mut from = Value::Null;
        loop {
            let mut scan = json!({ "TableName": table });
            if !from.is_null() {
                scan["ExclusiveStartKey"] = from;
            }
            let mut page = local.aws("DynamoDB_20120810.Scan", &scan).await;
            sinks.push((format!("table {table}"), spelled_out(&page["Items"])));
            from = page["LastEvaluatedKey"].take();
            if from.is_null() {
                break;
            }
        }
    }
    let streams = local.aws("DynamoDBStreams_20120810.ListStreams", &json!({})).await;
    for stream in streams["Streams"].as_array().expect("streams") {
        let name = format!("stream of {}", stream["TableName"].as_str().expect("a name"));
        let arn = &stream["StreamArn"];
        let described = local
            .aws("DynamoDBStreams_20120810.DescribeStream", &json!({ "StreamArn": arn }))
            .await;
        for shard in described["StreamDescription"]["Shards"].as_array().expect("shards") {
            let start = json!({
                "StreamArn": arn, "ShardId": shard["ShardId"],
                "ShardIteratorType": "TRIM_HORIZON",
            });
            let mut iterator = local.aws("DynamoDBStreams_20120810.GetShardIterator", &start).await;
            loop {
                let read = json!({ "ShardIterator": iterator["ShardIterator"] });
                let page = local.aws("DynamoDBStreams_20120810.GetRecords", &read).await;
                let records = page["Records"].as_array().expect("records");
                if records.is_empty() {
                    break;
                }
                sinks.push((name.clone(), spelled_out(&page["Records"])));
                iterator = json!({ "ShardIterator": page["NextShardIterator"] });
            }
        }
    }
    sinks
}

/// JSON as it is, and behind it every name, text and binary value in it.
fn spelled_out(value: &Value) -> Vec<u8> {
    fn add(value: &Value, out: &mut Vec<u8>) {
        match value {
            Value::Object(fields) => {
                for (name, field) in fields {
                    out.extend(name.as_bytes());
                    out.push(b'\n');
                    let binary = field.as_str().filter(|_| name == "B").map(str::as_bytes);
                    if let Some(Ok(bytes)) = binary.map(|text| data_encoding::BASE64.decode(text)) {
                        out.extend(bytes);
                        out.push(b'\n');
                    }
                    add(field, out);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| add(item, out)),
            Value::String(text) => {
                out.extend(text.as_bytes());
                out.push(b'\n');
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let mut out = value.to_string().into_bytes();
    out.push(b'\n');
    add(value, &mut out);
    out
}

/// Every file of the data folder.
fn files(folder: &Path) -> Vec<Sink> {
    let mut sinks = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the data folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sinks.extend(files(&path));
        } else {
            sinks.push((path.display().to_string(), std::fs::read(&path).expect("a file")));
        }
    }
    sinks
}

/// The output of the process.
fn written(ended: &Ended) -> Vec<Sink> {
    vec![("stderr".to_owned(), ended.stderr.clone()), ("stdout".to_owned(), ended.stdout.clone())]
}

/// That there was something to search in.
fn assert_alive(sinks: &[Sink], request_id: &str) {
    let size = |start: &str| -> usize {
        let of_kind = sinks.iter().filter(|(name, _)| name.starts_with(start));
        of_kind.map(|(_, bytes)| bytes.len()).sum()
    };
    for start in ["table sotto-keys", "table sotto-profiles", "table sotto-settings", "stdout"] {
        assert!(size(start) > 100, "{start} is as good as empty");
    }
    for start in ["table sotto-conversations", "stream of sotto-conversations", "stderr"] {
        assert!(size(start) > 10_000, "{start} is as good as empty");
    }
    assert!(sinks.iter().any(|(name, _)| name.ends_with("dynamodb.sqlite")), "no database");
    assert!(sinks.iter().any(|(name, _)| name.ends_with("kms.json")), "no keys");
    let log = sinks.iter().find(|(name, _)| name == "stderr").expect("a log");
    assert!(!Scanner::new(&[request_id]).hits(&log.1).is_empty(), "the log is another one");
    let detect = memchr::memmem::find(&log.1, b"\"job\":\"detect\"");
    assert!(detect.is_some(), "the watchman saw nothing");
}
