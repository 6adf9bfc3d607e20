//! People take over: hand-over, claims, live messages, and what is told to whom.

mod choices;
mod claims;
mod counted;
mod deliveries;
mod hours;
mod leads;
mod lost;
mod polls;
mod reports;
mod sites;
mod story;
mod transcript;
mod webhooks;

use serde_json::{Value, json};
use tests::api::{Request, Response};
use tests::staff::Staff;
use tests::visitor::{Visitor, fresh_key};
use tests::world::World;

/// A desk with one agent who is there, and a visitor.
struct Desk {
    world: World,
    admin: Staff,
    agent: Staff,
    visitor: Visitor,
}

impl Desk {
    async fn open() -> Self {
        Self::with(&[]).await
    }

    /// The same with settings of its own.
    async fn with(settings: &[(&str, &str)]) -> Self {
        let world = World::with(settings).await;
        let admin = world.admin().await;
        let agent = world.member(&admin, "anna.berg@example.org", &["agent"]).await;
        let visitor = world.visitor().await;
        let desk = Self { world, admin, agent, visitor };
        desk.there(&desk.agent).await;
        desk
    }

    async fn there(&self, agent: &Staff) {
        let put = agent.put("/v1/presence", &json!({ "state": "available" })).await;
        assert_eq!(put.status, 204);
    }

    /// A conversation that waits, by its path and its path in the inbox.
    async fn waiting(&self) -> (String, String) {
        let conversation = self.visitor.open().await;
        let asked = self.visitor.post(&format!("{conversation}/handover"), &json!({})).await;
        assert_eq!((asked.status, &asked.json()["status"]), (202, &json!("waiting")));
        let inbox = at_desk(&conversation);
        (conversation, inbox)
    }

    /// The same, which the agent has claimed.
    async fn claimed(&self) -> (String, String) {
        let (conversation, inbox) = self.waiting().await;
        assert_eq!(claim(&self.agent, &inbox).await.status, 200);
        (conversation, inbox)
    }
}

fn at_desk(conversation: &str) -> String {
    format!("/v1/inbox/{}", conversation.rsplit('/').next().expect("an id"))
}

async fn claim(agent: &Staff, inbox: &str) -> Response {
    agent.post(&format!("{inbox}/claim"), &json!({})).await
}

async fn answer(agent: &Staff, inbox: &str, text: &str) -> Response {
    answer_as(agent, inbox, text, &fresh_key()).await
}

async fn answer_as(agent: &Staff, inbox: &str, text: &str, key: &str) -> Response {
    let request = Request::new("POST", &format!("{inbox}/messages"));
    agent.send(request.header("idempotency-key", key).json(&json!({ "text": text }))).await
}

async fn list(agent: &Staff, status: &str) -> Vec<Value> {
    let found = agent.get(&format!("/v1/inbox?status={status}")).await;
    assert_eq!(found.status, 200, "{}", found.json());
    found.json()["items"].as_array().expect("items").clone()
}

/// The new messages of a poll, as author and text.
fn said(news: &Response) -> Vec<(String, String)> {
    let news = news.json();
    let items = news["items"].as_array().expect("items").iter();
    let text = |item: &Value, name: &str| item[name].as_str().expect(name).to_owned();
    items.map(|item| (text(item, "author"), text(item, "text"))).collect()
}

fn texts(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(author, text)| ((*author).to_owned(), (*text).to_owned())).collect()
}
