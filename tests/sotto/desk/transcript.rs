//! The whole of a claimed conversation by `GET /v1/transcripts/{id}`, for its agent and as long as they
//! have it.

use serde_json::json;
use tests::api::{Request, Response};
use tests::staff::Staff;

use super::{Desk, answer, claim};

async fn transcript(staff: &Staff, inbox: &str) -> Response {
    let id = inbox.rsplit('/').next().expect("an id");
    let request = Request::new("GET", &format!("/v1/transcripts/{id}"));
    staff.send(request.header("sotto-purpose", "support")).await
}

#[tokio::test]
async fn an_agent_reads_all_of_what_they_have_claimed_without_a_step_up_and_nothing_else() {
    let desk = Desk::open().await;
    let (_, inbox) = desk.waiting().await;
    assert_eq!(transcript(&desk.agent, &inbox).await.code(), "not_found");
    assert_eq!(claim(&desk.agent, &inbox).await.status, 200);
    assert_eq!(answer(&desk.agent, &inbox, "Good morning").await.status, 201);
    let note = json!({ "text": "Asked twice" });
    assert_eq!(desk.agent.post(&format!("{inbox}/notes"), &note).await.status, 201);
    // The sign-in is too old for what needs a step-up.
    desk.world.advance_seconds(301);
    desk.there(&desk.agent).await;
    let read = transcript(&desk.agent, &inbox).await;
    assert_eq!(read.status, 200, "{}", read.json());
    let authors: Vec<_> = read.json()["messages"]
        .as_array()
        .expect("messages")
        .iter()
        .map(|message| message["author"].clone())
        .collect();
    assert_eq!(authors, ["agent", "note"]);
    let reads = desk.visitor.get("/v1/me/export").await.json()["reads"].clone();
    // The claim, and this reading.
    assert_eq!(reads.as_array().map(Vec::len), Some(2), "{reads}");

    let without = Request::new("GET", &format!("/v1/transcripts/{}", &inbox["/v1/inbox/".len()..]));
    assert_eq!(desk.agent.send(without).await.code(), "purpose_required");
    let other = desk.world.member(&desk.admin, "bea@example.org", &["agent"]).await;
    desk.there(&other).await;
    assert_eq!(transcript(&other, &inbox).await.code(), "not_found");

    let release = json!({ "to": "queue" });
    let agent = desk.agent.signed_in(&desk.world).await;
    desk.there(&agent).await;
    assert_eq!(agent.post(&format!("{inbox}/release"), &release).await.status, 200);
    assert_eq!(transcript(&agent, &inbox).await.code(), "not_found");
}

#[tokio::test]
async fn an_agent_who_is_away_or_silent_reads_nothing_more() {
    for silent in [false, true] {
        let desk = Desk::open().await;
        let (conversation, inbox) = desk.claimed().await;
        assert_eq!(desk.visitor.say(&conversation, "are you there?").await.status, 201);
        assert_eq!(transcript(&desk.agent, &inbox).await.status, 200);
        desk.world.advance_seconds(if silent { 301 } else { 91 });
        if silent {
            desk.there(&desk.agent).await;
        }
        let before = desk.world.count_items("conversations").await;
        assert_eq!(transcript(&desk.agent, &inbox).await.code(), "not_found", "silent: {silent}");
        assert_eq!(desk.world.count_items("conversations").await, before, "reading writes nothing");
    }
}

#[tokio::test]
async fn an_officer_needs_a_step_up_and_an_agent_who_is_one_only_for_what_others_have() {
    let desk = Desk::open().await;
    let both = desk.world.member(&desk.admin, "cleo@example.org", &["agent", "privacy"]).await;
    let (_, claimed) = desk.claimed().await;
    let (_, own) = desk.waiting().await;
    desk.there(&both).await;
    assert_eq!(claim(&both, &own).await.status, 200);
    desk.world.advance_seconds(301);
    desk.there(&both).await;
    assert_eq!(transcript(&both, &own).await.status, 200);
    assert_eq!(transcript(&both, &claimed).await.code(), "step_up_required");
    let both = both.signed_in(&desk.world).await;
    assert_eq!(transcript(&both, &claimed).await.status, 200);
}
