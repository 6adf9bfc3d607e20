//! Practices: an admin sends one, the staff play it, and the first result stands in the record.

use serde_json::{Value, json};
use shared::clock::from_rfc3339;
use shared::store::attributes::{Item, string};
use shared::store::practice::Practice;
use tests::api::Response;
use tests::staff::Staff;
use tests::world::World;

const PRACTICES: &str = "/v1/training/practices";
const SCRIPT: &str = "parcel-refund";
const OTHER: &str = "new-colleague";
const DAY: u64 = 24 * 60 * 60;

struct Team {
    world: World,
    admin: Staff,
    agent: Staff,
    officer: Staff,
}

impl Team {
    async fn new() -> Self {
        let world = World::new().await;
        let admin = world.admin().await;
        let agent = world.member(&admin, "agent@example.org", &["agent"]).await;
        let officer = world.member(&admin, "officer@example.org", &["privacy"]).await;
        let admin = admin.signed_in(&world).await;
        Self { world, admin, agent, officer }
    }

    /// A practice that the admin sends.
    async fn sent(&self, script: &str) -> Value {
        let sent = self.admin.post(PRACTICES, &json!({ "script": script })).await;
        assert_eq!(sent.status, 201, "{}", sent.json());
        sent.json()
    }

    /// The rows of practices.
    async fn rows(&self) -> Vec<(String, Item)> {
        let items = self.world.all_items().await.into_iter();
        let of_practices = items.filter(|(table, item)| {
            table.ends_with("training") && item["p"].as_s().is_ok_and(|kind| kind == "practice")
        });
        of_practices.collect()
    }

    /// Puts an item as somebody does who can write the table.
    async fn put(&self, table: &str, item: Item) {
        let put = self.world.dynamo().put_item().table_name(table).set_item(Some(item));
        put.send().await.expect("it is written");
    }
}

fn path_of(practice: &Value) -> String {
    format!("{PRACTICES}/{}", practice["id"].as_str().expect("an id"))
}

/// A way through the chat of a practice: so many good choices, and bad ones to the end.
fn way(practice: &Value, good: usize) -> Vec<usize> {
    let chat = practice["chat"].as_array().expect("a chat");
    let mut choices = Vec::new();
    let mut turn = chat.first();
    while let Some(now) = turn {
        let all = now["choices"].as_array().expect("choices");
        let is_good = choices.len() < good;
        let at = all.iter().position(|choice| choice["good"] == is_good).expect("a choice");
        choices.push(at);
        turn = chat.iter().find(|turn| turn["id"] == all[at]["next"]);
    }
    choices
}

async fn play(staff: &Staff, practice: &Value, choices: &[usize]) -> Response {
    staff.post(&path_of(practice), &json!({ "choices": choices })).await
}

async fn listed(staff: &Staff) -> Vec<Value> {
    let list = staff.get(PRACTICES).await;
    assert_eq!(list.status, 200, "{}", list.json());
    list.json()["items"].as_array().expect("items").clone()
}

#[tokio::test]
async fn a_practice_is_sent_played_and_recorded() {
    let team = Team::new().await;
    assert!(listed(&team.agent).await.is_empty());
    let sent = team.sent(SCRIPT).await;
    let fields: Vec<_> = sent.as_object().expect("fields").keys().collect();
    assert_eq!(fields, ["begun_at", "by", "ends_at", "id", "script", "title"]);
    assert_eq!((&sent["script"], &sent["by"]), (&json!(SCRIPT), &json!(team.admin.id)));
    let time = |name: &str| from_rfc3339(sent[name].as_str().expect("a time")).expect("a time");
    assert_eq!(time("ends_at") - time("begun_at"), Practice::LIFE_MS);
    let items = team.world.all_items().await;
    let told: Vec<_> = items
        .iter()
        .filter(|(_, item)| item.get("w").is_some_and(|w| *w == string("practice_begun")))
        .map(|(_, item)| (item["a"].clone(), item["o"].clone()))
        .collect();
    let id = sent["id"].as_str().expect("an id");
    assert_eq!(told, [(string(team.admin.id.clone()), string(id))]);

    let items = listed(&team.agent).await;
    let [item] = &*items else { panic!("one practice") };
    for name in ["id", "script", "title", "begun_at", "ends_at"] {
        assert_eq!(item[name], sent[name], "{name}");
    }
    assert_eq!(item["result"], Value::Null);
    let practice = team.agent.get(&path_of(&sent)).await.json();
    assert_eq!((&practice["title"], &practice["result"]), (&sent["title"], &Value::Null));
    assert!(practice["text"].as_str().expect("a text").starts_with("## "));
    let german = team.agent.get(&format!("{}?locale=de", path_of(&sent))).await.json();
    assert_ne!(german["title"], practice["title"]);
    assert_eq!(way(&german, 3), way(&practice, 3), "the same chat in other words");

    let choices = way(&practice, 2);
    let played = play(&team.agent, &sent, &choices).await;
    assert_eq!(played.status, 200, "{}", played.json());
    let result = played.json();
    assert_eq!((&result["good"], &result["of"]), (&json!(2), &json!(choices.len())));
    let again = play(&team.agent, &sent, &way(&practice, 9)).await;
    assert_eq!(again.refusal(), (409, "conflict".into()), "the first one counts");
    assert_eq!(listed(&team.agent).await[0]["result"], result);
    assert_eq!(team.agent.get(&path_of(&sent)).await.json()["result"], result);
    assert_eq!(listed(&team.officer).await[0]["result"], Value::Null, "not another's");

    let records = team.admin.get("/v1/training/records").await.json();
    let of = |staff: &Staff| {
        let mut items = records["items"].as_array().expect("items").iter();
        let item = items.find(|item| item["staff_id"] == json!(staff.id));
        item.expect("a record")["practices"].clone()
    };
    let recorded = json!([{ "id": id, "script": SCRIPT, "good": 2, "of": choices.len(),
        "at": result["at"] }]);
    assert_eq!((of(&team.agent), of(&team.officer)), (recorded, json!([])));
}

#[tokio::test]
async fn admins_send_a_script_once_at_a_time() {
    let team = Team::new().await;
    let body = json!({ "script": SCRIPT });
    for staff in [&team.agent, &team.officer] {
        assert_eq!(staff.post(PRACTICES, &body).await.refusal(), (403, "forbidden".into()));
    }
    for (bad, code) in [
        (json!({}), "missing"),
        (json!({ "script": "phishing" }), "not_allowed"),
        (json!({ "script": "" }), "not_allowed"),
    ] {
        let refused = team.admin.post(PRACTICES, &bad).await;
        assert_eq!(refused.refusal(), (422, "invalid".into()), "{bad}");
        let error = &refused.json()["errors"][0];
        assert_eq!((&error["pointer"], &error["code"]), (&json!("/script"), &json!(code)));
    }
    let first = team.sent(SCRIPT).await;
    let twice = team.admin.post(PRACTICES, &body).await;
    assert_eq!(twice.refusal(), (409, "conflict".into()));
    team.world.advance_seconds(1);
    let second = team.sent(OTHER).await;
    let items = listed(&team.officer).await;
    let ids: Vec<_> = items.iter().map(|item| &item["id"]).collect();
    assert_eq!(ids, [&second["id"], &first["id"]], "the newest first");
    let german = team.admin.get(&format!("{PRACTICES}?locale=de")).await.json();
    let scripts: Vec<_> =
        german["scripts"].as_array().expect("scripts").iter().map(|one| &one["script"]).collect();
    assert_eq!(scripts, [OTHER, SCRIPT]);
    assert_eq!(german["items"][0]["title"], german["scripts"][0]["title"]);
    assert_ne!(german["items"][0]["title"], second["title"]);
    let other = team.agent.get(&format!("{PRACTICES}?locale=fr")).await;
    assert_eq!(other.refusal(), (422, "invalid".into()));
    assert_eq!(team.rows().await.len(), 2, "a refusal stores nothing");
}

#[tokio::test]
async fn what_is_no_way_through_the_chat_is_refused_and_counts_for_nothing() {
    let team = Team::new().await;
    let sent = team.sent(SCRIPT).await;
    let practice = team.agent.get(&path_of(&sent)).await.json();
    let whole = way(&practice, 9);
    let (_, shorter) = whole.split_last().expect("choices");
    let longer = [&*whole, &[0]].concat();
    let mut elsewhere = whole.clone();
    elsewhere[1] = 3;
    let ways: [&[usize]; 6] = [shorter, &longer, &elsewhere, &[], &[9], &[0; 1000]];
    for choices in ways {
        let refused = play(&team.agent, &sent, choices).await;
        assert_eq!(refused.refusal(), (422, "invalid".into()), "{choices:?}");
        let error = &refused.json()["errors"][0];
        assert_eq!(
            (&error["pointer"], &error["code"]),
            (&json!("/choices"), &json!("not_allowed"))
        );
    }
    for bad in [json!({}), json!({ "choices": null })] {
        let refused = team.agent.post(&path_of(&sent), &bad).await;
        assert_eq!(refused.refusal(), (422, "invalid".into()), "{bad}");
    }
    for bad in [json!({ "choices": [-1] }), json!({ "choices": "all" })] {
        let refused = team.agent.post(&path_of(&sent), &bad).await;
        assert_eq!(refused.refusal(), (400, "malformed_json".into()), "{bad}");
    }
    for nowhere in ["00000000-0000-7000-8000-000000000000", "none", SCRIPT] {
        let path = format!("{PRACTICES}/{nowhere}");
        assert_eq!(team.agent.get(&path).await.refusal(), (404, "not_found".into()));
        let played = team.agent.post(&path, &json!({ "choices": whole })).await;
        assert_eq!(played.refusal(), (404, "not_found".into()));
    }
    assert_eq!(listed(&team.agent).await[0]["result"], Value::Null);
    let played = play(&team.agent, &sent, &whole).await.json();
    assert_eq!(played["good"], played["of"]);
}

/// Two tabs come to the end at the same instant: one result counts.
#[tokio::test]
async fn of_two_plays_at_once_one_counts() {
    let team = Team::new().await;
    let sent = team.sent(OTHER).await;
    let practice = team.agent.get(&path_of(&sent)).await.json();
    let (good, bad) = (way(&practice, 9), way(&practice, 0));
    let (one, two) = tokio::join!(play(&team.agent, &sent, &good), play(&team.agent, &sent, &bad));
    let won = if one.status == 200 { &one } else { &two };
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert_eq!(listed(&team.agent).await[0]["result"], won.json());
}

#[tokio::test]
async fn a_practice_ends_after_two_weeks_also_where_its_row_is_still_there() {
    let team = Team::new().await;
    let sent = team.sent(SCRIPT).await;
    let ends_ms = from_rfc3339(sent["ends_at"].as_str().expect("a time")).expect("a time");
    let rows = team.rows().await;
    let [(table, row)] = &*rows else { panic!("one row") };
    let end = row["expires_at"].as_n().expect("an end").parse::<i64>().expect("seconds");
    assert_eq!(end, (ends_ms + 999).div_euclid(1000));
    let mut without_end = row.clone();
    without_end.remove("expires_at");
    team.put(table, without_end).await;

    team.world.advance_seconds(14 * DAY - 300);
    team.world.rotate_keys().await;
    let agent = team.agent.signed_in(&team.world).await;
    let admin = team.admin.signed_in(&team.world).await;
    let practice = agent.get(&path_of(&sent)).await.json();
    let played = play(&agent, &sent, &way(&practice, 1)).await;
    assert_eq!(played.status, 200, "{}", played.json());
    let left = u64::try_from(ends_ms - team.world.clock.now_ms()).expect("it is ahead");
    team.world.advance_seconds(left.div_ceil(1000) - 1);
    assert_eq!(listed(&agent).await.len(), 1, "to the last second");
    assert_eq!(agent.get(&path_of(&sent)).await.status, 200);
    team.world.advance_seconds(1);
    assert_eq!(listed(&agent).await.len(), 0);
    assert_eq!(agent.get(&path_of(&sent)).await.refusal(), (404, "not_found".into()));
    let late = play(&admin, &sent, &way(&practice, 1)).await;
    assert_eq!(late.refusal(), (404, "not_found".into()));
    assert_eq!(team.rows().await.len(), 1, "nothing has deleted it");
    let records = admin.get("/v1/training/records").await.json();
    assert!(records.to_string().contains(sent["id"].as_str().expect("an id")), "the result stays");
    let again = Team { admin, agent, ..team }.sent(SCRIPT).await;
    assert_ne!(again["id"], sent["id"], "the script can be sent again");
}

/// A row that somebody has damaged, or that another release has written, keeps the others from nobody.
#[tokio::test]
async fn a_practice_that_cannot_be_read_is_left_out_of_the_list() {
    let team = Team::new().await;
    let (first, second) = (team.sent(SCRIPT).await, team.sent(OTHER).await);
    let mut rows = team.rows().await.into_iter();
    let (table, row) = rows.find(|(_, item)| item["s"] == string(SCRIPT)).expect("the first");
    for name in ["s", "t", "a"] {
        let mut damaged = row.clone();
        damaged.remove(name);
        team.put(&table, damaged).await;
        let items = listed(&team.agent).await;
        let [item] = &*items else { panic!("the other one") };
        assert_eq!(item["id"], second["id"], "without {name}");
        let refused = team.agent.get(&path_of(&first)).await;
        assert_eq!(refused.code(), "integrity_failed", "without {name}");
    }
    let mut newer = row.clone();
    newer.insert("s".to_owned(), string("of-a-newer-release"));
    team.put(&table, newer).await;
    assert_eq!(listed(&team.agent).await.len(), 1);
    for refused in [team.agent.get(&path_of(&first)).await, play(&team.agent, &first, &[0]).await] {
        assert_eq!(refused.refusal(), (404, "not_found".into()));
    }
    team.put(&table, row).await;
    assert_eq!(listed(&team.agent).await.len(), 2);
}
