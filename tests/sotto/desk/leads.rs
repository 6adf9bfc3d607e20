//! Contacts reach agents: the list and the file, for a purpose, told to each subject.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use tests::api::{Request, Response};
use tests::staff::Staff;
use tests::visitor::Visitor;
use tests::world::World;

use super::Desk;

async fn leave(visitor: &Visitor, name: &str, email: &str) {
    let conversation = visitor.open_in("de").await;
    let body = json!({ "name": name, "email": email, "phone": null, "consent": true });
    let left = visitor.post(&format!("{conversation}/lead"), &body).await;
    assert_eq!(left.status, 201, "{}", left.json());
}

/// Visitors who left a contact a second apart, the oldest first.
async fn left(world: &World, names: &[&str]) -> Vec<Visitor> {
    let mut visitors = Vec::new();
    for name in names {
        let visitor = world.visitor().await;
        leave(&visitor, name, "someone@example.org").await;
        world.advance_seconds(1);
        visitors.push(visitor);
    }
    visitors
}

async fn ask(agent: &Staff, path: &str) -> Response {
    agent.send(Request::new("GET", path).header("sotto-purpose", "support")).await
}

/// Asks again where a busy machine did not read hundreds of rows in the time that a request has.
async fn insist(agent: &Staff, path: &str) -> Response {
    let mut answer = ask(agent, path).await;
    for _ in 0..tests::PATIENCE {
        if answer.status != 503 {
            break;
        }
        answer = ask(agent, path).await;
    }
    answer
}

async fn names(agent: &Staff, path: &str) -> Vec<String> {
    let page = ask(agent, path).await;
    assert_eq!(page.status, 200, "{}", page.json());
    let page = page.json();
    let items = page["items"].as_array().expect("items").iter();
    items.map(|item| item["name"].as_str().expect("a name").to_owned()).collect()
}

async fn told(world: &World, word: &str) -> usize {
    let items = world.all_items().await.into_iter();
    let of_word =
        |item: &shared::store::attributes::Item| item["w"].as_s().is_ok_and(|it| it == word);
    items.filter(|(table, item)| table.ends_with("events") && of_word(item)).count()
}

#[tokio::test]
async fn an_agent_lists_contacts_and_each_subject_is_told() {
    let Desk { world, agent, .. } = Desk::open().await;
    let visitors = left(&world, &["Ann", "Ben"]).await;
    let page = ask(&agent, "/v1/leads").await.json();
    let first = &page["items"][0];
    assert_eq!((&first["name"], &first["email"]), (&json!("Ben"), &json!("someone@example.org")));
    assert_eq!((&first["locale"], &first["site"]), (&json!("de"), &json!("default")));
    assert_eq!((&first["phone"], &page["next_cursor"]), (&Value::Null, &Value::Null));
    assert_eq!(page["items"].as_array().map(Vec::len), Some(2));
    assert_eq!(told(&world, "leads_read").await, 1);
    for visitor in &visitors {
        let export = visitor.get("/v1/me/export").await.json();
        let reads = export["reads"].as_array().expect("reads");
        assert_eq!(reads.len(), 1, "{reads:?}");
        assert_eq!(
            (&reads[0]["purpose"], &reads[0]["by_role"]),
            (&json!("support"), &json!("agent"))
        );
        assert_eq!(reads[0]["only"], "contact");
    }
    // A reason that is given is sealed, and the subject reads it.
    world.advance_seconds(1);
    let request = Request::new("GET", "/v1/leads").header("sotto-purpose", "quality");
    let request = request.header("sotto-reason", "Were they answered in a day?");
    assert_eq!(agent.send(request).await.status, 200);
    let export = visitors[0].get("/v1/me/export").await.json();
    assert_eq!(export["reads"][1]["reason"], "Were they answered in a day?");
}

#[tokio::test]
async fn without_a_purpose_that_fits_nothing_is_read_and_nothing_told() {
    let Desk { world, agent, .. } = Desk::open().await;
    let visitors = left(&world, &["Ann"]).await;
    for (purpose, reason) in [
        ("", "Because of a call"),
        ("quality", ""),
        ("quality", "short"),
        ("legal", "A court has asked"),
        ("incident", "Something happened"),
    ] {
        for path in ["/v1/leads", "/v1/leads/export"] {
            let request = Request::new("GET", path).header("sotto-purpose", purpose);
            let agent = agent.signed_in(&world).await;
            let refused = agent.send(request.header("sotto-reason", reason)).await;
            assert_eq!(refused.code(), "purpose_required", "{path} {purpose}");
        }
    }
    assert_eq!(told(&world, "leads_read").await + told(&world, "leads_exported").await, 0);
    assert_eq!(visitors[0].get("/v1/me/export").await.json()["reads"], json!([]));
}

#[tokio::test]
async fn what_is_not_told_is_not_read() {
    let Desk { world, agent, .. } = Desk::open().await;
    left(&world, &["Ann"]).await;
    world.dynamo().delete_table().table_name("world-events").send().await.expect("no table");
    let refused = ask(&agent, "/v1/leads").await;
    assert!(refused.status >= 500, "{}", refused.json());
    assert!(refused.json().get("items").is_none());
}

#[tokio::test]
async fn pages_and_times_give_each_contact_once() {
    let Desk { world, agent, .. } = Desk::open().await;
    let begin = shared::clock::rfc3339(world.clock.now_ms());
    left(&world, &["A", "B", "C", "D", "E"]).await;
    let (mut path, mut seen) = ("/v1/leads?limit=2".to_owned(), Vec::new());
    loop {
        let page = ask(&agent, &path).await.json();
        seen.extend(
            page["items"].as_array().expect("items").iter().map(|item| item["name"].clone()),
        );
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/v1/leads?limit=2&cursor={cursor}");
    }
    assert_eq!(seen, ["E", "D", "C", "B", "A"]);
    assert_eq!(names(&agent, &format!("/v1/leads?to={begin}")).await, ["A"]);
    assert_eq!(names(&agent, &format!("/v1/leads?from={begin}&limit=1")).await, ["E"]);
    for query in [
        "cursor=x",
        // Behind the end of time, and from before it.
        "cursor=__________8AAAAAAAAAAAAAAAAAAAAA",
        "cursor=AAAA",
        "from=yesterday",
        "to=1",
        "limit=0",
        "from=2030-01-01T00:00:00Z&to=2029-01-01T00:00:00Z",
    ] {
        let refused = ask(&agent, &format!("/v1/leads?{query}")).await;
        assert_eq!((refused.status, &*refused.code()), (422, "invalid"), "{query}");
    }
}

#[tokio::test]
async fn what_was_erased_replaced_or_has_ended_is_in_no_list() {
    let Desk { world, agent, .. } = Desk::open().await;
    let visitors = left(&world, &["Ann", "Ben", "Cat"]).await;
    assert_eq!(names(&agent, "/v1/leads").await, ["Cat", "Ben", "Ann"]);
    leave(&visitors[0], "Ann Other", "other@example.org").await;
    assert_eq!(names(&agent, "/v1/leads").await, ["Ann Other", "Cat", "Ben"]);
    let request = Request::new("DELETE", "/v1/me").header("idempotency-key", "k");
    assert_eq!(visitors[1].send(request).await.status, 200);
    assert_eq!(names(&agent, "/v1/leads").await, ["Ann Other", "Cat"]);
    // From the second on in which it ends, though no sweep has run.
    world.advance_seconds(180 * 24 * 60 * 60);
    world.rotate_keys().await;
    let agent = agent.signed_in(&world).await;
    assert!(names(&agent, "/v1/leads").await.is_empty());
}

#[tokio::test]
async fn the_file_needs_a_step_up_and_computes_nothing() {
    let Desk { world, agent, .. } = Desk::open().await;
    left(&world, &["=1+1", "+1", "-1", "@x", "A \"B\", C", "x;=1+1", "Ann"]).await;
    let stale = agent.clone();
    world.advance_seconds(301);
    assert_eq!(ask(&stale, "/v1/leads/export").await.code(), "step_up_required");
    let agent = agent.signed_in(&world).await;
    let file = ask(&agent, "/v1/leads/export").await;
    assert_eq!((file.status, file.header("content-type")), (200, "text/csv; charset=utf-8"));
    assert!(file.header("content-disposition").starts_with("attachment"));
    assert_eq!(file.header("sotto-next-cursor"), "");
    let text = String::from_utf8(file.body.clone()).expect("UTF-8");
    let lines: Vec<_> = text.split_terminator("\r\n").collect();
    assert_eq!(lines[0], "created_at,name,email,phone,conversation_id,site,locale");
    let named: Vec<_> = lines[1..].iter().map(|line| &line[27..]).collect();
    for (line, name) in
        named.iter().zip(["Ann", "x;'=1+1", "A \"\"B\"\", C", "'@x", "'-1", "'+1", "'=1+1"])
    {
        assert!(line.starts_with(&format!("\"{name}\",\"someone@example.org\",\"\",")), "{line}");
        assert!(line.ends_with(",\"default\",\"de\""), "{line}");
    }
    assert_eq!((lines.len(), told(&world, "leads_exported").await), (8, 1));
}

/// The thousandth of a file is not the last one: the header says where the next file begins.
#[tokio::test]
async fn a_long_list_is_given_out_file_by_file() {
    let Desk { world, agent, .. } = Desk::open().await;
    left(&world, &["Ann"]).await;
    world.advance_seconds(1);
    let items = world.all_items().await.into_iter();
    let mut items =
        items.filter(|(table, item)| table.ends_with("profiles") && item.contains_key("q"));
    let (_, stored) = items.next().expect("a contact");
    // Rows of people who are gone, and left theirs later: they stand in the list and in no file.
    for _ in 0..500 {
        let mut gone = stored.clone();
        let subject = shared::ids::SubjectId::generate(&world.clock).expect("an id");
        gone.insert("u".to_owned(), AttributeValue::B(subject.as_bytes().to_vec().into()));
        gone.insert("t".to_owned(), AttributeValue::N(world.clock.now_ms().to_string()));
        let put = world.dynamo().put_item().table_name("world-profiles").set_item(Some(gone));
        put.send().await.expect("a row");
    }
    let lines = |file: &Response| String::from_utf8_lossy(&file.body).lines().count();
    let first = insist(&agent, "/v1/leads/export").await;
    let next = first.header("sotto-next-cursor").to_owned();
    assert_eq!((first.status, lines(&first), next.is_empty()), (200, 1, false));
    let last = insist(&agent, &format!("/v1/leads/export?cursor={next}")).await;
    assert_eq!((last.status, lines(&last), last.header("sotto-next-cursor")), (200, 2, ""));
    assert!(String::from_utf8_lossy(&last.body).contains("Ann"));
}

/// Whatever stands in the index, the key's row and the sealed contact decide.
#[tokio::test]
async fn a_forged_list_gives_no_contact() {
    let Desk { world, agent, .. } = Desk::open().await;
    let visitors = left(&world, &["Ann"]).await;
    let request = Request::new("DELETE", "/v1/me").header("idempotency-key", "k");
    let stored = world
        .all_items()
        .await
        .into_iter()
        .find(|(table, item)| table.ends_with("profiles") && item.contains_key("q"));
    let (_, stored) = stored.expect("a contact");
    assert_eq!(visitors[0].send(request).await.status, 200);
    let put = world.dynamo().put_item().table_name("world-profiles");
    put.set_item(Some(stored)).send().await.expect("it is put back");
    assert!(names(&agent, "/v1/leads").await.is_empty());
}

/// A row that somebody has damaged hides nobody else; a file would be incomplete without saying so.
#[tokio::test]
async fn a_damaged_contact_is_left_out_and_counted() {
    let Desk { world, agent, .. } = Desk::open().await;
    left(&world, &["Ann", "Ben"]).await;
    let stored = world
        .all_items()
        .await
        .into_iter()
        .find(|(table, item)| table.ends_with("profiles") && item.contains_key("q"));
    let (_, mut stored) = stored.expect("a contact");
    let mut sealed = stored["v"].as_b().expect("bytes").as_ref().to_vec();
    *sealed.last_mut().expect("a byte") ^= 1;
    let sealed = AttributeValue::B(sealed.into());
    stored.insert("v".to_owned(), sealed);
    let put = world.dynamo().put_item().table_name("world-profiles");
    put.set_item(Some(stored)).send().await.expect("it is put back");
    let page = ask(&agent, "/v1/leads").await.json();
    assert_eq!(page["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(page["damaged"], 1);
    assert_eq!(ask(&agent, "/v1/leads/export").await.code(), "integrity_failed");
}
