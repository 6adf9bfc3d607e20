//! An export in parts: together they are the whole, and a cursor works only for the caller who got
//! it.

use serde_json::{Value, json};
use shared::access::permit::SubjectRef;
use shared::access::subject_access::SubjectAccess;
use shared::access::token::Visitor as Identified;
use shared::http::export::{Holdings, Limits, Part, Position};
use shared::ids::SubjectId;
use shared::values::site::Site;
use tests::api::{Request, respond};
use tests::sealed::{published_keys, seal_request};
use tests::visitor::Visitor;
use tests::world::World;

use super::super::stage::{conversation, id_of, items_of, leave_contact, officer, with_reason};
use super::{ME, customer, full_conversation, mine, read_by, subject_of, theirs};

/// The most that Lambda gives back, all of a response counted.
const LAMBDA_BYTES: usize = 6 * 1024 * 1024;

/// A part as it is shipped, but for its size.
async fn part(world: &World, subject: SubjectId, cursor: Option<&str>, limits: Limits) -> Part {
    let store = &world.app.store;
    let visitor = Identified::guest(subject, Site::SHIPPED, world.clock.now_seconds());
    let subject_access = SubjectAccess::of_oneself(&visitor);
    let start =
        Position::read(store, subject_access.bound(), cursor).await.expect("our own cursor");
    let holdings = Holdings::look(store, subject).await.expect("they were not erased");
    holdings.gather(store, &subject_access, start, &limits).await.expect("a part")
}

/// All parts.
async fn parts(world: &World, subject: SubjectId, limits: Limits) -> Vec<Value> {
    let mut parts: Vec<Value> = Vec::new();
    loop {
        let cursor = parts.last().and_then(|part| part["next_cursor"].as_str());
        let Part { export, cost, sound } = part(world, subject, cursor, limits).await;
        assert!(sound);
        let json = serde_json::to_value(&export).expect("JSON");
        assert!(json.to_string().len() <= cost);
        let goes_on = json["next_cursor"].is_string();
        parts.push(json);
        if !goes_on {
            return parts;
        }
        assert!(parts.len() < 100, "it does not come to an end");
    }
}

/// The parts as one document.
fn together(parts: &[Value]) -> Value {
    let mut whole = parts[0].clone();
    for part in &parts[1..] {
        assert!(part["lead"].is_null() && part["customer"].is_null(), "in the first part alone");
        let reads = part["reads"].as_array().expect("reads").clone();
        whole["reads"].as_array_mut().expect("reads").extend(reads);
        let all = whole["conversations"].as_array_mut().expect("conversations");
        for conversation in part["conversations"].as_array().expect("conversations") {
            match all.last_mut().filter(|last| last["id"] == conversation["id"]) {
                None => all.push(conversation.clone()),
                Some(last) => {
                    assert!(conversation["consent"].is_null(), "in its first part alone");
                    assert_eq!(conversation["integrity"], "ok");
                    last["status"] = conversation["status"].clone();
                    let events = conversation["events"].as_array().expect("events").clone();
                    last["events"].as_array_mut().expect("events").extend(events);
                }
            }
        }
    }
    whole["next_cursor"] = Value::Null;
    whole
}

/// A customer of whom there is everything, and of whom there was read several times.
async fn somebody(world: &World) -> Visitor {
    let officer = officer(world).await;
    let visitor = customer(world).await;
    full_conversation(world, &visitor).await;
    conversation(&visitor, 5).await;
    for number in 0..5 {
        let words = format!("Reading number {number}");
        let what = SubjectRef::Everything(subject_of(&visitor));
        read_by(world, &officer, ("incident", Some(&words)), what).await;
    }
    visitor
}

#[tokio::test]
async fn the_parts_are_together_the_whole() {
    let world = World::new().await;
    let visitor = somebody(&world).await;
    let whole = mine(&visitor).await;
    let subject = subject_of(&visitor);
    let frame = 8 * 1024;
    for (limits, at_least) in [
        // Everything for itself; an event is never cut.
        (Limits { enough: 0, most: 0 }, 18),
        // Cut wherever it is full, and where it may end.
        (Limits { enough: usize::MAX, most: frame + 2_000 }, 5),
        (Limits { enough: usize::MAX, most: frame + 5_000 }, 2),
        (Limits { enough: frame + 3_000, most: usize::MAX }, 2),
        (Limits::SHIPPED, 1),
    ] {
        let parts = parts(&world, subject, limits).await;
        assert!(parts.len() >= at_least, "{limits:?} gave {}", parts.len());
        assert_eq!(together(&parts), whole, "{limits:?}");
    }
}

#[tokio::test]
async fn it_goes_on_behind_what_is_gone_by_now() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let first = conversation(&visitor, 3).await;
    world.advance_seconds(60);
    let second = conversation(&visitor, 1).await;
    let limits = Limits { enough: usize::MAX, most: 8 * 1024 + 3_000 };
    let subject = subject_of(&visitor);
    let begun = part(&world, subject, None, limits).await.export;
    assert_eq!(begun.conversations[0].id.to_string(), id_of(&first));
    world.advance_seconds(30 * 24 * 60 * 60 - 60);
    let rest = part(&world, subject, begun.next_cursor.as_deref(), limits).await.export;
    let ids: Vec<_> = rest.conversations.iter().map(|one| one.id.to_string()).collect();
    assert_eq!(ids, [id_of(&second)]);
    assert!(rest.conversations[0].consent.is_some() && rest.next_cursor.is_none());
}

#[tokio::test]
async fn a_cursor_is_good_for_its_caller_and_its_subject() {
    let world = World::new().await;
    let admin = world.admin().await;
    let officer = world.member(&admin, "privacy@example.org", &["privacy"]).await;
    let colleague = world.member(&admin, "other@example.org", &["privacy"]).await;
    let (ada, bob) = (world.visitor().await, world.visitor().await);
    for visitor in [&ada, &bob] {
        let path = conversation(visitor, 1).await;
        world.exchange_many(visitor, &path, 600, |_| ("a".repeat(3_000), String::new())).await;
    }
    let own = mine(&ada).await["next_cursor"].as_str().expect("it goes on").to_owned();
    let staffs = theirs(&officer, &ada.subject).await.json();
    let staffs = staffs["next_cursor"].as_str().expect("it goes on").to_owned();
    let told = items_of(&world, "events", &ada.subject).await.len();

    let me = |cursor: &str| format!("{ME}?cursor={cursor}");
    let of = |subject: &str, cursor: &str| {
        Request::new("POST", &format!("/v1/subjects/{subject}/export?cursor={cursor}"))
    };
    let mut altered = own.clone();
    altered.replace_range(40..41, if &own[40..41] == "A" { "B" } else { "A" });
    for cursor in [&*staffs, &*altered, &own[..own.len() - 1], "AAAA", "!", "%41"] {
        let refused = ada.get(&me(cursor)).await;
        assert_eq!(refused.refusal(), (422, "invalid".to_owned()), "{cursor}");
        let error = &refused.json()["errors"][0];
        assert_eq!(error["pointer"], json!("/query/cursor"));
        assert_eq!(error["code"], json!("bad_format"));
    }
    assert_eq!(bob.get(&me(&own)).await.code(), "invalid");
    for (reader, subject, cursor) in [
        (&officer, &ada.subject, &own),
        (&officer, &bob.subject, &staffs),
        (&colleague, &ada.subject, &staffs),
    ] {
        assert_eq!(reader.send(with_reason(of(subject, cursor))).await.code(), "invalid");
    }
    assert_eq!(items_of(&world, "events", &ada.subject).await.len(), told, "nothing was read");
    assert_eq!(ada.get(&me(&own)).await.status, 200);
    assert_eq!(officer.send(with_reason(of(&ada.subject, &staffs))).await.status, 200);
}

/// Of what takes most room in each form: quotes and ampersands.
#[tokio::test]
async fn a_part_fits_into_a_response_whatever_was_written() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let path = conversation(&visitor, 1).await;
    leave_contact(&visitor, &path, "ada@example.org").await;
    let said = |number: u64| {
        let text = if number.is_multiple_of(2) { "\"" } else { "&\\\u{1}" };
        (text.repeat(4_000 / text.len()), "'\n".repeat(1_000))
    };
    world.exchange_many(&visitor, &path, 250, said).await;
    let key = published_keys(&world.api()).await.remove(0);
    let (mut cursor, mut parts, mut events) = (String::new(), 0, 0);
    loop {
        let path = format!("{ME}?cursor={cursor}");
        let request = || Request::new("GET", &path).bearer(&visitor.token);
        let sealed = |request| seal_request(request, &key).0;
        let page = || request().header("accept", "text/html");
        for request in [request(), page(), sealed(request()), sealed(page())] {
            let response = respond(world.router.clone(), &request.to_event()).await;
            assert_eq!(response["statusCode"], 200, "{}", response["body"]);
            assert_eq!(response["isBase64Encoded"], json!(false));
            let bytes = response.to_string().len();
            assert!(bytes < LAMBDA_BYTES, "{bytes} bytes");
        }
        let part = visitor.get(&path).await.json();
        for conversation in part["conversations"].as_array().expect("conversations") {
            events += conversation["events"].as_array().expect("events").len();
        }
        parts += 1;
        match part["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    assert!(parts > 1, "it was to be more than one part");
    assert_eq!(events, 2 * 250 + 3);
}
