//! Rows of publishing: how long 200 entries take, and when a warm function answers from them.

use serde_json::{Value, json};
use tests::api::Request;
use tests::visitor::Visitor;
use tests::world::World;

use crate::counted::stopwatch;
use crate::rows::{Goal, Row};

/// Words that make five entries of one.
const WORDS: [&str; 5] = ["bicycle", "sofa", "laptop", "ticket", "garden"];
/// Phrasings of an entry.
const QUESTIONS: usize = 10;

pub(crate) async fn take() -> [Row; 2] {
    let world = World::unpublished().await;
    let admin = world.admin().await.stepped_up(&world).await;
    let lines = entries();
    let import = Request::new("POST", "/v1/knowledge/import");
    let imported = admin.send(import.bytes("application/jsonl", lines.join("\n"))).await.json();
    let visitor = Visitor::arrive(world.api()).await;
    let answers = async || {
        let conversation = visitor.open().await;
        let said = visitor.say(&conversation, "Where is my parcel? sofa").await.json();
        said["reply"]["sources"].as_array().is_some_and(|sources| !sources.is_empty())
    };
    assert!(!answers().await, "nothing is published");
    let began = stopwatch();
    let published = admin.post("/v1/knowledge/publish", &json!({})).await;
    let seconds = began.elapsed().as_secs_f64();
    assert_eq!(published.status, 200, "{}", published.json());
    let mut waited = 0;
    while !answers().await {
        world.advance_seconds(1);
        waited += 1;
    }
    let about = format!(
        "{} entries of {QUESTIONS} phrasings, by the route, on a whole core of this machine; a function of \
         1,024 MB has more than half of one. Of {} phrasings {} were right when held out",
        imported["added"],
        published.json()["evaluation"]["questions"],
        published.json()["evaluation"]["right"],
    );
    [
        Row::new("publish_seconds", Ok(seconds), "s", Goal::AtMost(10.0)).note(about),
        Row::new("publish_in_force_seconds", Ok(f64::from(waited)), "s", Goal::AtMost(60.0))
            .note("by a clock that is moved: until a warm function answers from it".to_owned()),
    ]
}

/// Five times the demo's entries, told apart by a word, a JSON line each.
fn entries() -> Vec<String> {
    let demo = include_str!("../../infra/local/demo/knowledge/en.json");
    let demo: Vec<Value> = serde_json::from_str(demo).expect("entries");
    let named = |entry: &Value, word: &str| {
        let with = |text: &Value| format!("{} {word}", text.as_str().unwrap_or_default());
        let asked = entry["questions"].as_array().expect("phrasings").iter().take(QUESTIONS);
        let questions: Vec<String> = asked.map(with).collect();
        json!({ "title": with(&entry["title"]), "questions": questions, "answer": entry["answer"] })
            .to_string()
    };
    WORDS.iter().flat_map(|word| demo.iter().map(move |entry| named(entry, word))).collect()
}
