//! What the bot knows: written, tried, published and taken back by the staff, and answered to visitors.

mod drafts;
mod files;
mod publishing;

use serde_json::{Value, json};
use tests::api::{Request, Response};
use tests::staff::Staff;
use tests::visitor::Visitor;
use tests::world::World;

/// A world in which nothing is published, an admin, and an agent.
struct Room {
    world: World,
    admin: Staff,
    agent: Staff,
}

impl Room {
    async fn new() -> Self {
        let world = World::unpublished().await;
        let admin = world.admin().await;
        let agent = world.member(&admin, "ada@shop.example", &["agent"]).await;
        let admin = admin.stepped_up(&world).await;
        Self { world, admin, agent }
    }

    /// Adds an English entry.
    async fn add(&self, id: &str, title: &str, questions: &[&str], answer: &str) -> Response {
        let entry = json!({ "title": title, "questions": questions, "answer": answer });
        let path = format!("/v1/knowledge/{id}");
        let request = Request::new("PUT", &path).json(&entry).header("if-none-match", "*");
        self.admin.send(request).await
    }

    /// Two entries that nobody can mix up.
    async fn with_two(&self) {
        for (id, title, questions, answer) in [
            (
                "parking",
                "Parking",
                ["Where can I park?", "parking space", "Is there a car park?"],
                "Park behind the building; it is free.",
            ),
            (
                "dogs",
                "Dogs",
                ["May I bring my dog?", "dogs allowed", "Are pets welcome?"],
                "Dogs on a lead are welcome.",
            ),
        ] {
            let added = self.add(id, title, &questions, answer).await;
            assert_eq!(added.status, 201, "{}", added.json());
        }
    }

    async fn publish(&self, body: &Value) -> Response {
        self.admin.post("/v1/knowledge/publish", body).await
    }

    async fn published(&self) -> Value {
        let published = self.publish(&json!({})).await;
        assert_eq!(published.status, 200, "{}", published.json());
        self.world.advance_seconds(60);
        published.json()
    }

    /// The bot's answer to the first message of a new visitor, and where it is from.
    async fn asked(&self, text: &str) -> (String, Vec<String>) {
        let visitor = Visitor::arrive(self.world.api()).await;
        let conversation = visitor.open().await;
        let reply = visitor.say(&conversation, text).await.json()["reply"].clone();
        let sources = reply["sources"].as_array().cloned().unwrap_or_default();
        let sources = sources.iter().map(|source| source["id"].as_str().unwrap_or("").to_owned());
        (reply["text"].as_str().unwrap_or_default().to_owned(), sources.collect())
    }
}
