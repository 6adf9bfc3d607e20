//! Reports: what happened, in numbers, from headers alone.

use local::aws::Service;
use serde_json::{Value, json};
use shared::store::attributes::Item;
use tests::api::Request;
use tests::staff::Staff;
use tests::visitor::Visitor;
use tests::world::World;

use super::{Desk, answer, at_desk, claim};

const PATH: &str = "/v1/reports/summary";

async fn summary(staff: &Staff, query: &str) -> Value {
    let answer = staff.get(&format!("{PATH}?{query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    answer.json()
}

async fn totals(staff: &Staff) -> Value {
    summary(staff, "").await["totals"].clone()
}

/// A conversation that the bot answers alone: helpful, rated, with a contact, ended by its visitor.
async fn by_bot(visitor: &Visitor) -> String {
    let conversation = visitor.open().await;
    let said = visitor.say(&conversation, "where is my parcel?").await.json();
    let post = async |what: &str, body: Value| {
        let answer = visitor.post(&format!("{conversation}/{what}"), &body).await;
        assert!(answer.status < 300, "{what}: {}", answer.json());
    };
    let message = &said["reply"]["id"];
    post("feedback", json!({ "message_id": message, "helpful": true })).await;
    post("lead", json!({ "name": "A", "email": "a@b.example", "phone": null, "consent": true }))
        .await;
    post("rating", json!({ "score": 5, "comment": null })).await;
    post("close", json!({})).await;
    conversation
}

/// One that waits a minute, is answered by an agent and closed as solved.
async fn by_agent(desk: &Desk) {
    let (conversation, inbox) = desk.waiting().await;
    desk.world.advance_seconds(60);
    assert_eq!(claim(&desk.agent, &inbox).await.status, 200);
    desk.world.advance_seconds(20);
    assert_eq!(desk.visitor.say(&conversation, "hello?").await.status, 201);
    desk.world.advance_seconds(10);
    assert_eq!(answer(&desk.agent, &inbox, "Good morning").await.status, 201);
    let body = json!({ "score": 2, "comment": null });
    assert_eq!(desk.visitor.post(&format!("{conversation}/rating"), &body).await.status, 204);
    let body = json!({ "reason": "solved", "tags": [] });
    assert_eq!(desk.agent.post(&format!("{inbox}/close"), &body).await.status, 200);
}

#[tokio::test]
async fn a_day_at_the_desk_is_in_the_report() {
    let desk = Desk::open().await;
    let Desk { world, agent, visitor, .. } = &desk;
    by_bot(visitor).await;
    by_agent(&desk).await;
    // The bot does not know, offers a person, and the visitor agrees.
    desk.there(agent).await;
    let unknown = visitor.open().await;
    visitor.say(&unknown, "xyzzy plugh").await;
    visitor.say(&unknown, "plugh, I say").await;
    assert_eq!(visitor.say(&unknown, "yes please").await.json()["status"], "waiting");
    // An agent takes one over from the bot.
    let taken = visitor.open().await;
    visitor.say(&taken, "how can I pay?").await;
    assert_eq!(claim(agent, &at_desk(&taken)).await.status, 200);
    // Somebody opens the chat and says nothing.
    visitor.open().await;
    world.count_reports().await;

    let report = summary(agent, "").await;
    let today = report["to"].as_str().expect("a date").to_owned();
    let last = report["buckets"].as_array().expect("buckets").last().cloned();
    assert_eq!(
        last,
        Some(
            json!({ "at": format!("{today}T00:00:00.000Z"), "conversations": 5, "handed_over": 3 })
        )
    );
    assert_eq!(report["buckets"].as_array().map(Vec::len), Some(30));
    let totals = &report["totals"];
    assert_eq!(totals["conversations"], 5);
    assert_eq!(totals["answered_by_bot_alone"], 1);
    assert_eq!(totals["deflection"], 0.25);
    assert_eq!(totals["handed_over"], 3);
    assert_eq!(totals["handover_reasons"], json!({ "asked": 1, "taken_over": 1, "unknown": 1 }));
    // 60 seconds in the queue, and none for the one that was taken over.
    assert_eq!(totals["waiting_seconds"], json!({ "median": 0, "p90": 60 }));
    assert_eq!(totals["first_answer_seconds"], json!({ "median": 0, "p90": 10 }));
    assert_eq!(totals["ratings"], json!({ "count": 2, "mean": 3.5 }));
    assert_eq!(totals["helpful"], json!({ "yes": 1, "no": 0 }));
    assert_eq!((&totals["leads"], &totals["outside_hours"]), (&json!(1), &json!(0)));
    assert_eq!(totals["closing_reasons"], json!({ "solved": 1, "visitor": 1 }));
    let cost = totals["cost_usd"].as_f64().expect("a number");
    assert!((0.0021..0.0023).contains(&cost), "three hand-overs cost most: {cost}");
    assert_eq!(totals["cost_per_conversation_usd"].as_f64(), Some(cost / 5.0));
    assert_eq!(totals["saved_hours"].as_f64(), Some(5.0 / 60.0));
    assert_eq!(totals["saved_money"], Value::Null);

    let hours = summary(agent, &format!("bucket=hour&from={today}&to={today}")).await;
    let hours = hours["buckets"].as_array().expect("buckets").clone();
    assert_eq!(hours.len(), 24);
    assert_eq!(hours.iter().filter_map(|hour| hour["conversations"].as_u64()).sum::<u64>(), 5);
    assert_eq!(hours[9]["at"], format!("{today}T09:00:00.000Z"));
}

#[tokio::test]
async fn every_reason_of_a_hand_over_is_counted() {
    let desk = Desk::open().await;
    let Desk { world, agent, visitor, .. } = &desk;
    let rules = json!({ "handover": { "words": ["my lawyer"], "topics": ["returns"] } });
    let request = Request::new("PUT", "/v1/sites/default").header("if-match", "\"0\"");
    let admin = desk.admin.stepped_up(world).await;
    assert_eq!(admin.send(request.json(&rules)).await.status, 200);
    let agent = agent.signed_in(world).await;
    desk.there(&agent).await;
    for said in [
        "my lawyer writes",
        "how do I return something?",
        "This is unacceptable!",
        "xyzzy plugh mein Konto frobnicates",
        "human please",
    ] {
        let conversation = visitor.open().await;
        let exchange = visitor.say(&conversation, said).await.json();
        assert_eq!(exchange["status"], "waiting", "{said}");
    }
    world.count_reports().await;
    let counted = json!({ "words": 1, "topic": 1, "upset": 1, "account": 1, "asked": 1 });
    assert_eq!(totals(&agent).await["handover_reasons"], counted);
}

#[tokio::test]
async fn an_empty_report_has_no_percentiles_and_no_ratios() {
    let desk = Desk::open().await;
    let totals = totals(&desk.agent).await;
    for name in ["deflection", "cost_per_conversation_usd", "saved_money"] {
        assert_eq!(totals[name], Value::Null, "{name}");
    }
    assert_eq!(totals["waiting_seconds"], json!({ "median": null, "p90": null }));
    assert_eq!(totals["ratings"], json!({ "count": 0, "mean": null }));
}

/// Batches come in any order, twice, or not at all until a later one.
#[tokio::test]
async fn however_the_stream_arrives_each_conversation_is_counted_once() {
    let desk = Desk::open().await;
    by_bot(&desk.visitor).await;
    by_agent(&desk).await;
    let news = desk.world.news().await;
    let count = async |batch: &[Value]| {
        Box::pin(desk::reports::count(&desk.world.reporter(), batch)).await.expect("it is counted");
    };
    // Every fourth record is lost at first, each batch comes twice, the last before the first.
    for batch in news.chunks(3).rev() {
        let some: Vec<_> = batch.iter().enumerate().filter(|(at, _)| at % 4 != 2).collect();
        let some: Vec<_> = some.into_iter().map(|(_, record)| record.clone()).collect();
        count(&some).await;
        count(&some).await;
    }
    count(&news).await;
    let mut by_parts = totals(&desk.agent).await;
    let fresh = Desk::open().await;
    by_bot(&fresh.visitor).await;
    by_agent(&fresh).await;
    fresh.world.count_reports().await;
    let mut at_once = totals(&fresh.agent).await;
    for totals in [&mut by_parts, &mut at_once] {
        // Messages are counted by the batch: a repeated one counts them again, as the page says.
        let totals = totals.as_object_mut().expect("totals");
        totals.retain(|name, _| !name.starts_with("cost"));
    }
    assert_eq!(by_parts, at_once);
    let unreadable = [json!({ "eventName": "INSERT" }), json!({ "dynamodb": { "Keys": {} } })];
    count(&unreadable).await;
}

/// A log that somebody has damaged keeps no other out of the report.
#[tokio::test]
async fn a_damaged_log_is_left_out_and_the_others_are_counted() {
    let desk = Desk::open().await;
    let Desk { world, visitor, .. } = &desk;
    let damaged = visitor.open().await;
    by_bot(visitor).await;
    let id = damaged.rsplit('/').next().expect("an id");
    let id = shared::ids::ConversationId::parse(id).expect("an id");
    let stored = world.all_items().await.into_iter().find(|(table, item)| {
        table.ends_with("conversations")
            && item["c"].as_b().is_ok_and(|of| of.as_ref() == id.as_bytes())
    });
    let (_, mut stored) = stored.expect("an event");
    stored.insert("m".to_owned(), aws_sdk_dynamodb::types::AttributeValue::B(vec![1].into()));
    let put = world.dynamo().put_item().table_name("world-conversations");
    put.set_item(Some(stored)).send().await.expect("it is damaged");
    let news = world.news().await;
    let counted = Box::pin(desk::reports::count(&world.reporter(), &news)).await;
    let counted = counted.expect("the run goes on");
    assert_eq!((counted.failed, counted.conversations), (1, 1));
    assert_eq!(totals(&desk.agent).await["conversations"], 1);
}

/// What is over is kept as sums, without a trace of a conversation, and what was erased stays counted.
#[tokio::test]
async fn days_that_are_over_become_totals_that_name_nobody() {
    let desk = Desk::open().await;
    let Desk { world, visitor, .. } = &desk;
    let conversation = by_bot(visitor).await;
    by_agent(&desk).await;
    world.count_reports().await;
    let from = shared::clock::rfc3339(world.clock.now_ms())[..10].to_owned();
    let range = format!("from={from}&to={from}");
    let before = summary(&desk.agent, &range).await;
    let request = tests::api::Request::new("DELETE", "/v1/me").header("idempotency-key", "k");
    assert_eq!(visitor.send(request).await.status, 200);

    for day in 0..12 {
        world.advance_seconds(24 * 60 * 60);
        let closed = Box::pin(desk::reports::close_days(&world.reporter())).await;
        assert_eq!(closed.expect("it is closed").days, usize::from(day == 8), "{day}");
    }
    let id = conversation.rsplit('/').next().expect("an id").to_owned();
    let hidden = [id.clone(), id.replace('-', ""), visitor.subject.clone(), "parcel".to_owned()];
    let is_counted = |(table, item): &(String, Item)| {
        table.ends_with("desk") && item["p"].as_s().is_ok_and(|p| !p.starts_with("version#"))
    };
    let stored: Vec<_> = world.all_items().await.into_iter().filter(is_counted).collect();
    assert!(!stored.is_empty());
    for (_, item) in &stored {
        let text = format!("{item:?}");
        assert!(hidden.iter().all(|hidden| !text.contains(hidden)), "{text}");
        assert!(item.contains_key("expires_at"), "{text}");
    }
    // The facts are gone with their end; the totals speak for them.
    world.advance_seconds(6 * 24 * 60 * 60);
    world.rotate_keys().await;
    world.aws.sweep_ttl().expect("the TTL sweeps");
    let facts = world.all_items().await.into_iter().filter(|(table, item)| {
        table.ends_with("desk") && item["p"].as_s().is_ok_and(|name| name.starts_with("facts#"))
    });
    assert_eq!(facts.count(), 0);
    let agent = desk.agent.signed_in(world).await;
    assert_eq!(summary(&agent, &range).await, before);
}

#[tokio::test]
async fn dates_are_those_of_the_sites_time_zone() {
    let desk = Desk::open().await;
    let Desk { world, agent, visitor, .. } = &desk;
    let hours = json!({
        "opening_hours": {
            "time_zone": "Pacific/Auckland", "week": { "mon": [["09:00", "17:00"]] }, "closed_on": [],
        },
        "handover": { "words": [], "after_unknown": 2 },
        "hourly_wage": 30.0,
    });
    let text = |text: &str| aws_sdk_dynamodb::types::AttributeValue::S(text.to_owned());
    let number = |number: i64| aws_sdk_dynamodb::types::AttributeValue::N(number.to_string());
    let put = world.dynamo().put_item().table_name("world-settings");
    let put = put.item("p", text("site#default")).item("k", text("settings"));
    let put = put.item("d", text(&hours.to_string())).item("n", number(1)).item("t", number(1));
    put.send().await.expect("the settings are stored");
    // To twelve at noon in UTC, when a new day has begun in Auckland.
    let today = shared::clock::rfc3339(world.clock.now_ms());
    let at = |time: &str| shared::clock::from_rfc3339(&format!("{}T{time}:00Z", &today[..10]));
    let noon = at("13:30").expect("a time");
    let wait = u64::try_from((noon - world.clock.now_ms()) / 1000).expect("a time to come");
    world.advance_seconds(wait);
    let agent = agent.signed_in(world).await;
    by_bot(visitor).await;
    world.count_reports().await;
    let report = summary(&agent, "").await;
    assert_ne!(report["to"].as_str(), Some(&today[..10]));
    let last = report["buckets"].as_array().expect("buckets").last().cloned().expect("a day");
    // Auckland is 13 hours ahead in November.
    let begins = json!(format!("{}T11:00:00.000Z", &today[..10]));
    assert_eq!((&last["at"], &last["conversations"]), (&begins, &json!(1)));
    assert_eq!(report["totals"]["outside_hours"], 1);
    assert_eq!(report["totals"]["answered_by_bot_alone"], 1, "answered while nobody works");
    assert_eq!(report["totals"]["saved_money"], 2.5, "five minutes of 30 an hour");
}

#[tokio::test]
async fn a_range_that_is_none_is_refused() {
    let desk = Desk::open().await;
    for query in [
        "from=2026-11-02&to=2026-11-01",
        "from=2025-01-01&to=2026-11-01",
        "from=2026-09-01&to=2026-11-01&bucket=hour",
        "from=2026-13-01",
        "from=2026-11-01T00:00:00Z",
        "to=tomorrow",
        "bucket=minute",
        "site=other",
    ] {
        let refused = desk.agent.get(&format!("{PATH}?{query}")).await;
        assert_eq!((refused.status, &*refused.code()), (422, "invalid"), "{query}");
    }
}

/// The job is woken by new events alone, as the local one takes it.
#[test]
fn only_new_events_wake_the_job() {
    let template = include_str!("../../../template.yaml");
    let news = template.split_once("  ReportsFunction:\n").expect("the function").1;
    let pattern = news.lines().find_map(|line| line.trim().strip_prefix("- Pattern: "));
    assert_eq!(pattern, Some(r#"'{"eventName":["INSERT"]}'"#));
}

/// The job reads when things happened and the numbers beside them, and nothing that was said.
#[tokio::test]
async fn the_role_that_counts_reads_no_body_and_opens_no_key() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let conversation = visitor.open().await;
    let app = world.reporter();
    let id = conversation.rsplit('/').next().expect("an id");
    let id = shared::ids::ConversationId::parse(id).expect("an id");
    let count = async |last: u64| {
        let before = world.aws.counts();
        let events = app.store.counted_events(id, (1, last)).await.expect("events");
        let queries = world.aws.counts().since(&before).of(Service::DynamoDb, "Query");
        (events.len(), queries)
    };
    assert_eq!(count(1).await, (1, 1));
    assert_eq!(count(2).await, (1, 2), "a copy that lacks the last one is not believed");
    world.aws.provoke_refusals();
    assert!(app.store.find_event(id, 1).await.is_err(), "the body is not read");
    assert!(app.store.owner_of(id).await.is_err(), "nor whose it is");
    let month = shared::clock::month(world.clock.now_ms());
    let purpose = shared::seal::place::Purpose::Transcript;
    let branch = shared::seal::place::BranchName::new("default", purpose, &month);
    assert!(app.store.settings.branch_key(&branch).await.is_err(), "no key opens");
}
