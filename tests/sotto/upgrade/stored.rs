//! The bytes of each record and the attributes of each row, as 0.1.0 and the releases since wrote them.
//! `stored.json` was taken from the code before each record had one type of its own.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use serde_json::{Value, json};
use shared::http::erase::{Carried, carry_out};
use shared::ids::{ConversationId, StaffId, SubjectId};
use shared::seal::envelope::{DataKey, Sealed};
use shared::seal::place::Place;
use shared::store::attributes::Item;
use shared::store::conversation::Found;
use shared::store::erasure::{OfNothing, Request as Erasure, idempotency};
use shared::store::key_row::{Guarded, KeyRow};
use shared::store::ledger::Basis;
use shared::values::site::Site;
use tests::api::Request;
use tests::staff::Staff;
use tests::visitor::Visitor;
use tests::world::World;

use super::fixture::{Inherited, to_json};

const LEAD: &str = "sotto/v1 lead";

fn subject_of(visitor: &Visitor) -> SubjectId {
    SubjectId::parse(&visitor.subject).expect("an id")
}

fn id_of(path: &str) -> &str {
    path.rsplit('/').next().expect("an id")
}

/// The opened bodies of a conversation's events, in order.
async fn bodies(world: &World, visitor: &Visitor, path: &str) -> Vec<String> {
    let id = ConversationId::parse(id_of(path)).expect("an id");
    let store = &world.app.store;
    let found = store.find_conversation((subject_of(visitor), None), id).await.expect("found");
    let Found::Live(conversation) = found else { panic!("the conversation is not there") };
    let (events, _) = store.events_from(id, 1, 100).await.expect("events");
    let open = |event| conversation.open(event).expect("it opens").reveal().to_vec();
    events.iter().map(|event| String::from_utf8(open(event)).expect("text")).collect()
}

/// The opened contact of a subject, read past the type that stands for it.
async fn contact(world: &World, visitor: &Visitor) -> String {
    let subject = subject_of(visitor);
    let items = world.all_items().await;
    let mut rows = items
        .iter()
        .filter(|(table, _)| table.ends_with("keys"))
        .filter_map(|(_, item)| KeyRow::from_item(item.clone()).expect("a row"));
    let is_profile =
        |row: &KeyRow| matches!(row.guarded, Guarded::Profile { .. }) && row.subject == subject;
    let row = rows.find(is_profile).expect("the key of the profile");
    let branch = world.app.store.settings.existing_branch_key(&row.branch()).await.expect("a key");
    let secret = row.open(&branch).expect("it opens").expect("it is there");
    let is_lead = |item: &Item| item.get("k").is_some_and(|kind| kind.as_s() == Ok(&"lead".into()));
    let mut leads = items.iter().filter(|(table, _)| table.ends_with("profiles"));
    let (_, lead) = leads.find(|(_, item)| is_lead(item)).expect("a contact");
    let sealed = Sealed::from_stored(lead["v"].as_b().expect("bytes").as_ref().to_vec());
    let place = Place::new(LEAD).part(Site::SHIPPED.id.as_bytes()).part(subject.as_bytes());
    let opened = DataKey::derive(&secret, LEAD).expect("a key").open(&place, &sealed);
    opened.expect("it opens").reveal_text().expect("text").to_owned()
}

#[tokio::test]
async fn what_a_visitor_says_is_stored_in_these_bytes() {
    let world = World::new().await.staffed().await;
    let visitor = world.visitor().await;
    let consent = json!({ "notice_version": "2026-11", "purposes": ["support", "quality"] });
    let opened = json!({ "consent": consent, "locale": "de-AT" });
    let opened = visitor.post("/v1/conversations", &opened).await.json();
    let path = format!("/v1/conversations/{}", opened["id"].as_str().expect("an id"));
    let post = async |route: &str, body: Value| {
        let response = visitor.post(&format!("{path}/{route}"), &body).await;
        assert!(response.status < 300, "{route}: {}", response.json());
    };
    post("handover", json!({ "reason": "Lieber ein Mensch" })).await;
    assert_eq!(visitor.say(&path, "hallo").await.status, 201);
    post(
        "lead",
        json!({ "name": "Ada \"Ü\"", "email": "ada@example.org", "phone": "+43 1", "consent": true }),
    )
    .await;
    let with_phone = contact(&world, &visitor).await;
    post("lead", json!({ "name": "Ada", "email": "ada@example.org", "consent": true })).await;
    post("rating", json!({ "score": 4, "comment": "so \"la la\"" })).await;
    post("rating", json!({ "score": 5 })).await;
    post("close", json!({})).await;
    let expected = [
        r#"{"locale":"de-AT","notice_version":"2026-11","purposes":["support","quality"]}"#,
        "Lieber ein Mensch",
        "\u{5}hallo",
        "",
        "",
        r#"{"comment":"so \"la la\"","score":4}"#,
        r#"{"comment":null,"score":5}"#,
        "",
    ];
    assert_eq!(bodies(&world, &visitor, &path).await, expected);
    let id = id_of(&path);
    let stored = |rest: &str| {
        format!(r#"{{"conversation":"{id}","email":"ada@example.org","locale":"de",{rest}}}"#)
    };
    assert_eq!(with_phone, stored(r#""name":"Ada \"Ü\"","phone":"+43 1""#));
    assert_eq!(contact(&world, &visitor).await, stored(r#""name":"Ada","phone":null"#));
}

#[tokio::test]
async fn a_visitor_of_the_release_before_is_told_of_all_that_it_stored() {
    let inherited = Inherited::from("0.1.0").await;
    let visit = inherited.visit("waiting");
    let path = &visit.conversation;
    let bodies = bodies(&inherited.world, &visit.visitor, path).await;
    let consent = r#"{"locale":"de","notice_version":"2026-11","purposes":["support"]}"#;
    assert_eq!((&*bodies[0], &*bodies[5]), (consent, r#"{"comment":"fine","score":4}"#));
    let stored = contact(&inherited.world, &visit.visitor).await;
    let id = id_of(path);
    let expected =
        format!(r#"{{"conversation":"{id}","email":"ada@example.org","name":"Ada","phone":null}}"#);
    assert_eq!(stored, expected);

    let export = visit.visitor.get("/v1/me/export").await.json();
    let lead = &export["lead"];
    assert_eq!(
        (&lead["name"], &lead["email"], &lead["phone"]),
        (&json!("Ada"), &json!("ada@example.org"), &Value::Null)
    );
    let exported = &export["conversations"][0];
    let consent = json!({ "notice_version": "2026-11", "purposes": ["support"], "locale": "de" });
    assert_eq!((&exported["consent"], &exported["integrity"]), (&consent, &json!("ok")));
    let rated = exported["events"].as_array().expect("events");
    let rated = rated.iter().find(|event| event["kind"] == "rated").expect("a rating");
    assert_eq!((&rated["score"], &rated["comment"]), (&json!(4), &json!("fine")));
}

/// Names of the ids that stand in rows.
#[derive(Default)]
struct Names(BTreeMap<String, &'static str>);

impl Names {
    fn add(&mut self, name: &'static str, id: &Value) {
        self.0.insert(id.as_str().expect("an id").to_owned(), name);
    }

    /// The row with names in the place of ids, and lengths in the place of ciphertext.
    fn row(&self, item: &Item) -> Value {
        let mut row = to_json(item);
        for value in row.as_object_mut().expect("a row").values_mut() {
            for content in value.as_object_mut().expect("a value").values_mut() {
                *content = self.content(content);
            }
        }
        for (name, value) in row.as_object_mut().expect("a row") {
            if let ("v" | "w" | "m" | "b", Some(bytes)) = (&**name, value.get_mut("B")) {
                let length = BASE64.decode(bytes.as_str().expect("text").as_bytes());
                *bytes = format!("{} bytes", length.expect("base64").len()).into();
            }
        }
        row
    }

    fn content(&self, content: &Value) -> Value {
        match content {
            Value::Array(all) => all.iter().map(|one| self.content(one)).collect(),
            Value::String(text) => {
                let text = self.0.iter().fold(text.clone(), |text, (id, name)| {
                    let bytes = SubjectId::parse(id).expect("an id").as_bytes().to_vec();
                    text.replace(id, name).replace(&BASE64.encode(&bytes), name)
                });
                // The id of an event, and a signature over ids.
                let text = text.split_once("Z#").map_or(text.clone(), |(at, _)| format!("{at}Z#"));
                let text =
                    text.split_once(r#","jws":"#).map_or(text.clone(), |(all, _)| all.into());
                text.into()
            }
            other => other.clone(),
        }
    }
}

fn ok(response: &tests::api::Response) -> Value {
    assert!(response.status < 300, "{}", response.json());
    response.json()
}

/// Erases as an officer without a case did in 0.1.0, which the route does not do any more; none while a
/// hold does not allow it.
async fn erase(world: &World, officer: &Staff, subject: &str, key: &str) -> Option<Carried> {
    let basis = Basis::Gdpr17;
    let request = Erasure {
        subject: SubjectId::parse(subject).expect("an id"),
        site: Site::SHIPPED,
        basis,
        requested_ms: world.clock.now_ms(),
        idempotency: idempotency(key, basis.as_str()),
        of_nothing: OfNothing::Refused,
    };
    let officer = StaffId::parse(&officer.id).expect("an id");
    let parts = &world.retention;
    let told = (&parts.events, Some(officer));
    carry_out(&parts.store, &parts.issuer, &request, told).await.expect("it is carried out")
}

async fn read(officer: &Staff, path: &str) {
    let request = Request::new("GET", &format!("/v1/transcripts/{}", id_of(path)))
        .header("sotto-purpose", "legal")
        .header("sotto-reason", "Complaint of today");
    ok(&officer.send(request).await);
}

/// The row of whose everything is held, and one who asks to be erased nevertheless.
async fn held(world: &World, officer: &Staff, names: &mut Names) {
    let visitor = world.visitor().await;
    names.add("<held>", &json!(visitor.subject));
    let path = visitor.open().await;
    names.add("<held conversation>", &json!(id_of(&path)));
    let body = json!({ "name": "Ada", "email": "ada@example.org", "consent": true });
    ok(&visitor.post(&format!("{path}/lead"), &body).await);
    read(officer, &path).await;
    let hold = json!({ "subject_id": visitor.subject, "reason": "Litigation 7" });
    names.add("<hold>", &ok(&officer.post("/v1/holds", &hold).await)["id"]);
    assert!(erase(world, officer, &visitor.subject, "the-key-of-the-held").await.is_none());
}

/// Somebody who was erased but for one conversation.
async fn kept(world: &World, officer: &Staff, names: &mut Names) {
    let visitor = world.visitor().await;
    names.add("<erased>", &json!(visitor.subject));
    let (kept, other) = (visitor.open().await, visitor.open().await);
    names.add("<kept conversation>", &json!(id_of(&kept)));
    names.add("<erased conversation>", &json!(id_of(&other)));
    let hold = json!({
        "conversation_id": id_of(&kept), "reason": "Asked by a court",
        "review_at": "2026-12-01T00:00:00Z", "ends_at": "2027-01-01T00:00:00Z",
    });
    names.add("<hold with an end>", &ok(&officer.post("/v1/holds", &hold).await)["id"]);
    let carried = erase(world, officer, &visitor.subject, "the-key-of-the-erased").await;
    names.add("<receipt>", &json!(carried.expect("a receipt").id));
}

/// A hold that was released for a reason.
async fn released(world: &World, officer: &Staff, names: &mut Names) {
    let visitor = world.visitor().await;
    names.add("<released>", &json!(visitor.subject));
    names.add("<released conversation>", &json!(id_of(&visitor.open().await)));
    let hold = json!({ "subject_id": visitor.subject, "reason": "Litigation 8" });
    let hold = ok(&officer.post("/v1/holds", &hold).await);
    names.add("<released hold>", &hold["id"]);
    let body = json!({ "id": hold["id"], "reason": "It was settled" });
    ok(&officer.send(Request::new("DELETE", "/v1/holds").json(&body)).await);
}

async fn cases(officer: &Staff, names: &mut Names, subject: &str) {
    let open = json!({ "kind": "access", "law": "gdpr" });
    let case = ok(&officer.post("/v1/cases", &open).await);
    names.add("<case>", &case["id"]);
    let path = format!("/v1/cases/{}", case["id"].as_str().expect("an id"));
    let change = json!({ "subject_id": subject, "state": "verified" });
    ok(&officer.patch(&path, &change).await);
    let other = ok(&officer.post("/v1/cases", &json!({ "kind": "erasure", "law": "ccpa" })).await);
    names.add("<refused case>", &other["id"]);
    let path = format!("/v1/cases/{}", other["id"].as_str().expect("an id"));
    ok(&officer.patch(&path, &json!({ "state": "refused" })).await);
}

#[tokio::test]
async fn the_rows_of_the_staff_have_these_attributes() {
    let world = World::new().await;
    world.sweep().await;
    let admin = world.admin().await;
    let officer = world.member(&admin, "privacy@example.org", &["privacy"]).await;
    let mut names = Names::default();
    names.add("<officer>", &json!(officer.id));
    let days = json!({
        "transcript_days": 20, "lead_days": 90, "audit_days": 730, "conversation_max_days": 5,
    });
    let policy = Request::new("PUT", "/v1/retention/policy").json(&days);
    ok(&officer.send(policy).await);
    held(&world, &officer, &mut names).await;
    kept(&world, &officer, &mut names).await;
    released(&world, &officer, &mut names).await;
    let subject = SubjectId::parse("01a1c9b8-9a80-7000-8000-000000000001").expect("an id");
    cases(&officer, &mut names, &subject.to_string()).await;

    let rows = world.all_items().await.into_iter().filter(|(table, item)| match &**table {
        "world-ledger" | "world-keys" | "world-profiles" => true,
        "world-settings" => item["k"].as_s().is_ok_and(|kind| kind == "retention"),
        _ => false,
    });
    let mut rows: Vec<_> =
        rows.map(|(table, item)| json!({ "row": names.row(&item), "table": table })).collect();
    rows.sort_by_key(ToString::to_string);
    let expected: Value = serde_json::from_str(include_str!("stored.json")).expect("JSON");
    let text: Vec<_> = rows.iter().map(ToString::to_string).collect();
    assert!(Value::from(rows) == expected, "other rows are stored:\n{}", text.join(",\n"));
}
