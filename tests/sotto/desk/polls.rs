//! A poll that finds nothing is remembered, and the next one only compares. Nothing may be missed for that.

use local::aws::Service;
use serde_json::{Value, json};
use tests::api::{Api, Request, Response};
use tests::visitor::{Visitor, fresh_key};

use super::{Desk, answer, at_desk, claim, said, texts};

/// A client that has everything, and whose last poll was remembered.
struct Client<'a> {
    visitor: &'a Visitor,
    path: String,
    after: String,
    state: String,
}

impl<'a> Client<'a> {
    async fn quiet(visitor: &'a Visitor, conversation: &str) -> Self {
        let path = format!("{conversation}/messages");
        let mut client = Self { visitor, path, after: String::new(), state: String::new() };
        for _ in 0..3 {
            let poll = client.poll().await;
            client.learn(&poll);
        }
        assert_eq!(client.poll().await.status, 204);
        client
    }

    async fn poll(&self) -> Response {
        let Self { path, after, state, .. } = self;
        self.visitor.get(&format!("{path}?after={after}&state={state}")).await
    }

    fn learn(&mut self, poll: &Response) {
        if poll.status != 200 {
            return;
        }
        let news = poll.json();
        if let Some(last) = news["items"].as_array().and_then(|items| items.last()) {
            last["id"].as_str().expect("an id").clone_into(&mut self.after);
        }
        news["state"].as_str().expect("a state").clone_into(&mut self.state);
    }

    /// The news, after which there is none again.
    async fn news(&mut self) -> Response {
        let news = self.poll().await;
        assert_eq!(news.status, 200, "nothing was new");
        self.learn(&news);
        assert_eq!(self.poll().await.status, 204);
        news
    }
}

#[tokio::test]
async fn whatever_happens_after_a_quiet_poll_is_in_the_next() {
    let desk = Desk::open().await;
    let (agent, visitor) = (&desk.agent, &desk.visitor);
    let conversation = visitor.open().await;
    visitor.say(&conversation, "where is my parcel?").await;
    assert_eq!(visitor.post(&format!("{conversation}/handover"), &json!({})).await.status, 202);
    let inbox = at_desk(&conversation);
    let mut client = Client::quiet(visitor, &conversation).await;

    assert_eq!(claim(agent, &inbox).await.status, 200);
    assert_eq!(client.news().await.json()["status"], "with_agent");
    assert_eq!(answer(agent, &inbox, "Hello.").await.status, 201);
    assert_eq!(said(&client.news().await), texts(&[("agent", "Hello.")]));
    // From another tab.
    let other = visitor.say(&conversation, "are you there?").await.json();
    assert_eq!(said(&client.news().await), texts(&[("visitor", "are you there?")]));
    // Marks are read once in two polls.
    assert_eq!(agent.post(&format!("{inbox}/typing"), &json!({})).await.status, 204);
    desk.world.advance_seconds(3);
    assert_eq!(client.news().await.json()["typing"], true);
    desk.world.advance_seconds(1);
    assert_eq!(answer(agent, &inbox, "It is on its way.").await.status, 201);
    assert_eq!(client.news().await.json()["typing"], false, "that was what they typed");
    assert_eq!(agent.post(&format!("{inbox}/typing"), &json!({})).await.status, 204);
    desk.world.advance_seconds(3);
    assert_eq!(client.news().await.json()["typing"], true, "and more");
    desk.world.advance_seconds(6);
    assert_eq!(client.news().await.json()["typing"], false);
    let seen = json!({ "message_id": other["message"]["id"] });
    assert_eq!(agent.post(&format!("{inbox}/seen"), &seen).await.status, 204);
    desk.world.advance_seconds(3);
    assert_eq!(client.news().await.json()["seen"], other["message"]["id"]);
    let back = agent.post(&format!("{inbox}/release"), &json!({ "to": "queue" })).await;
    assert_eq!(back.status, 200, "{}", back.json());
    let waits = client.news().await.json();
    assert_eq!((&waits["status"], &waits["queue"]["position"]), (&json!("waiting"), &json!(1)));
    assert_eq!(claim(agent, &inbox).await.status, 200);
    client.news().await;
    let closed = agent.post(&format!("{inbox}/close"), &json!({ "reason": "solved" })).await;
    assert_eq!(closed.status, 200, "{}", closed.json());
    assert_eq!(client.poll().await.json()["status"], "closed");
}

#[tokio::test]
async fn a_client_that_has_less_gets_the_rest_whatever_another_has() {
    let desk = Desk::open().await;
    let (conversation, inbox) = desk.claimed().await;
    for text in ["One.", "Two."] {
        assert_eq!(answer(&desk.agent, &inbox, text).await.status, 201);
    }
    let mut client = Client::quiet(&desk.visitor, &conversation).await;
    let before_last = client.after.replace(".5.", ".4.");
    assert_ne!(client.after, before_last);
    client.after = before_last;
    assert_eq!(said(&client.poll().await), texts(&[("agent", "Two.")]));
}

/// An answer that came between is not lost behind the visitor's own message.
#[tokio::test]
async fn what_came_before_ones_own_message_comes_with_it() {
    let desk = Desk::open().await;
    let (conversation, inbox) = desk.claimed().await;
    let mut client = Client::quiet(&desk.visitor, &conversation).await;
    let send = async |text: &str, after: &str| {
        let request = Request::new("POST", &format!("{conversation}/messages"));
        let request = request.header("idempotency-key", fresh_key());
        let sent = desk.visitor.send(request.json(&json!({ "text": text, "after": after }))).await;
        assert_eq!(sent.status, 201, "{}", sent.json());
        sent.json()["news"].clone()
    };
    let said = |news: &Value| -> Vec<String> {
        let items = news["items"].as_array().expect("items").iter();
        items.map(|item| item["text"].as_str().expect("a text").to_owned()).collect()
    };
    assert_eq!(answer(&desk.agent, &inbox, "Between.").await.status, 201);
    let first = client.after.clone();
    let news = send("Mine.", &first).await;
    assert_eq!(said(&news), ["Between.", "Mine."]);
    let last = news["items"][1]["id"].as_str().expect("an id").to_owned();
    client.after.clone_from(&last);
    news["state"].as_str().expect("a state").clone_into(&mut client.state);
    assert_eq!(client.poll().await.status, 204);

    let alone = send("And this.", &last).await;
    assert_eq!(said(&alone), ["And this."]);
    alone["items"][0]["id"].as_str().expect("an id").clone_into(&mut client.after);
    assert_eq!(alone["state"], client.state);
    assert_eq!(client.poll().await.status, 204, "and nothing of it comes again");
}

#[tokio::test]
async fn an_agent_or_a_desk_that_is_gone_is_noticed_between_quiet_polls() {
    let desk = Desk::open().await;
    let (conversation, _) = desk.claimed().await;
    let client = Client::quiet(&desk.visitor, &conversation).await;
    for _ in 0..3 {
        desk.world.advance_seconds(29);
        assert_eq!(client.poll().await.status, 204);
    }
    desk.world.advance_seconds(3);
    let news = client.poll().await.json();
    assert_eq!(news["status"], "open", "the last heartbeat is ninety seconds old");

    desk.there(&desk.agent).await;
    let (waiting, _) = desk.waiting().await;
    let client = Client::quiet(&desk.visitor, &waiting).await;
    let away = json!({ "state": "away" });
    assert_eq!(desk.agent.put("/v1/presence", &away).await.status, 204);
    desk.world.advance_seconds(12);
    assert_eq!(client.poll().await.json()["status"], "open", "within twelve seconds");
}

#[tokio::test]
async fn an_agent_who_is_silent_loses_it_between_quiet_polls() {
    let desk = Desk::open().await;
    let (conversation, _) = desk.claimed().await;
    desk.visitor.say(&conversation, "are you there?").await;
    let client = Client::quiet(&desk.visitor, &conversation).await;
    for _ in 0..9 {
        desk.world.advance_seconds(30);
        desk.there(&desk.agent).await;
        assert_eq!(client.poll().await.status, 204);
    }
    desk.world.advance_seconds(30);
    desk.there(&desk.agent).await;
    assert_eq!(client.poll().await.json()["status"], "waiting", "after five minutes");
}

/// An agent who goes away gives their conversations back, whether anybody polls or not.
#[tokio::test]
async fn going_away_gives_a_conversation_back_without_a_poll() {
    let desk = Desk::open().await;
    let other = desk.world.member(&desk.admin, "ben@example.org", &["agent"]).await;
    desk.there(&other).await;
    let (conversation, _) = desk.claimed().await;
    let client = Client::quiet(&desk.visitor, &conversation).await;
    let away = json!({ "state": "away" });
    assert_eq!(desk.agent.put("/v1/presence", &away).await.status, 204);
    assert_eq!(desk.visitor.get(&conversation).await.json()["status"], "waiting");
    assert_eq!(client.poll().await.json()["status"], "waiting");
}

/// A function remembers for a minute that a session goes on, and then asks.
#[tokio::test]
async fn a_session_that_was_ended_elsewhere_polls_a_minute_longer_at_most_and_reads_nothing() {
    let desk = Desk::open().await;
    let (conversation, inbox) = desk.claimed().await;
    let client = Client::quiet(&desk.visitor, &conversation).await;
    let api = Api::Events(intake::router(desk.world.another_function()));
    let elsewhere = Visitor { api, ..desk.visitor.clone() };
    assert_eq!(elsewhere.send(Request::new("DELETE", "/v1/sessions")).await.status, 204);
    assert_eq!(client.poll().await.status, 204);
    assert_eq!(answer(&desk.agent, &inbox, "Hello.").await.status, 201);
    assert_eq!(client.poll().await.code(), "token_revoked", "no text after the end");
    desk.world.advance_seconds(60);
    assert_eq!(client.poll().await.code(), "token_revoked");
}

/// A client says every three seconds that its person types. A faster one costs no more.
#[tokio::test]
async fn who_says_again_and_again_that_they_type_is_written_once_a_second() {
    let desk = Desk::open().await;
    let (conversation, inbox) = desk.claimed().await;
    let before = desk.world.aws.counts();
    let written = || desk.world.aws.counts().since(&before).of(Service::DynamoDb, "UpdateItem");
    for round in 1..=3 {
        for _ in 0..20 {
            let visitors = desk.visitor.post(&format!("{conversation}/typing"), &json!({})).await;
            let agents = desk.agent.post(&format!("{inbox}/typing"), &json!({})).await;
            assert_eq!((visitors.status, agents.status), (204, 204));
        }
        assert_eq!(written(), 2 * round);
        desk.world.advance_seconds(1);
    }
}

/// Many events without a text, such as ratings, may lie before a message. A poll says where it goes on.
#[tokio::test]
async fn behind_hundreds_of_ratings_the_next_message_is_found() {
    let desk = Desk::open().await;
    let (conversation, inbox) = desk.claimed().await;
    let rating = json!({ "score": 1, "comment": null });
    for round in 0..300 {
        desk.world.advance_seconds(u64::from(round % 100 == 0));
        let rated = desk.visitor.post(&format!("{conversation}/rating"), &rating).await;
        if rated.code() == "rate_limited" {
            desk.world.advance_seconds(20);
            continue;
        }
        assert_eq!(rated.status, 204, "{}", rated.json());
    }
    let agent = desk.agent.signed_in(&desk.world).await;
    desk.there(&agent).await;
    assert_eq!(answer(&agent, &inbox, "Are you angry?").await.status, 201);
    let [theirs, ours] = [format!("{conversation}/messages"), format!("{inbox}/messages")];
    for reads in [true, false] {
        let (mut cursor, mut polls, mut found) = (String::new(), 0, Vec::new());
        while found.is_empty() && polls < 4 {
            let (path, api) = if reads { (&theirs, None) } else { (&ours, Some(&agent)) };
            let path = format!("{path}?after=&state=x{cursor}");
            let poll = match api {
                Some(agent) => agent.get(&path).await,
                None => desk.visitor.get(&path).await,
            };
            assert_eq!(poll.status, 200, "{}", poll.json());
            polls += 1;
            found = said(&poll);
            cursor = format!("&cursor={}", poll.json()["next_cursor"].as_str().unwrap_or("none"));
        }
        assert_eq!((found, polls), (texts(&[("agent", "Are you angry?")]), 2));
    }
}
