//! An agent who is silent, away or no agent any more has no conversation.

use serde_json::json;

use super::{Desk, at_desk, claim, list};
use tests::api::Request;
use tests::staff::Staff;
use tests::visitor::fresh_key;
use tests::world::World;

async fn status(desk: &Desk, conversation: &str) -> String {
    let poll = desk.visitor.get(&format!("{conversation}/messages?after=&state=x")).await.json();
    poll["status"].as_str().expect("a status").to_owned()
}

#[tokio::test]
async fn an_agent_who_is_silent_for_five_minutes_loses_it() {
    let desk = Desk::open().await;
    let (conversation, inbox) = desk.claimed().await;
    let since = list(&desk.agent, "mine").await[0]["waiting_since"].clone();
    desk.visitor.say(&conversation, "are you there?").await;
    for _ in 0..4 {
        desk.world.advance_seconds(60);
        desk.there(&desk.agent).await;
    }
    // A second message does not begin the five minutes anew.
    desk.visitor.say(&conversation, "hello?").await;
    assert_eq!(status(&desk, &conversation).await, "with_agent");
    desk.world.advance_seconds(60);
    desk.there(&desk.agent).await;
    assert_eq!(status(&desk, &conversation).await, "waiting");
    let waiting = list(&desk.agent, "waiting").await;
    assert_eq!(waiting[0]["waiting_since"], since, "it stands at the head");
    assert_eq!(desk.agent.get(&format!("{inbox}/messages")).await.status, 404);
}

#[tokio::test]
async fn an_agent_who_answers_or_looks_keeps_it() {
    let desk = Desk::open().await;
    let (conversation, inbox) = desk.claimed().await;
    for round in 0..6 {
        // A token lasts ten minutes.
        let agent = desk.agent.signed_in(&desk.world).await;
        let said = desk.visitor.say(&conversation, "still there?").await.json();
        if round % 2 == 0 {
            let seen = json!({ "message_id": said["message"]["id"] });
            assert_eq!(agent.post(&format!("{inbox}/seen"), &seen).await.status, 204);
        } else {
            assert_eq!(super::answer(&agent, &inbox, "yes").await.status, 201);
        }
        for _ in 0..4 {
            desk.world.advance_seconds(75);
            desk.there(&agent).await;
        }
        assert_eq!(status(&desk, &conversation).await, "with_agent", "round {round}");
    }
}

/// An agent has five minutes from the moment at which they get a conversation, however long ago its message came.
#[tokio::test]
async fn what_waited_for_long_can_be_taken_and_answered() {
    let desk = Desk::open().await;
    let ben = desk.world.member(&desk.admin, "ben@example.org", &["agent"]).await;
    let mut both = [desk.agent.clone(), ben];
    let conversation = desk.visitor.open().await;
    let asked = desk.visitor.say(&conversation, "a human please").await.json();
    assert_eq!(asked["status"], "waiting", "{asked}");
    let inbox = at_desk(&conversation);
    wait(&desk, &mut both, 6).await;
    assert_eq!(claim(&both[0], &inbox).await.status, 200);
    assert_eq!(list(&both[0], "mine").await[0]["unread"], 1);
    wait(&desk, &mut both, 4).await;
    assert_eq!(super::answer(&both[0], &inbox, "Here I am.").await.status, 201);
    // The same for who takes it from somebody silent, and for who is given it.
    desk.visitor.say(&conversation, "and now?").await;
    wait(&desk, &mut both, 5).await;
    assert_eq!(status(&desk, &conversation).await, "waiting");
    assert_eq!(claim(&both[1], &inbox).await.status, 200);
    wait(&desk, &mut both, 4).await;
    let handed = json!({ "agent_id": desk.agent.id, "note": "Please." });
    assert_eq!(both[1].post(&format!("{inbox}/transfer"), &handed).await.status, 200);
    wait(&desk, &mut both, 4).await;
    assert_eq!(super::answer(&both[0], &inbox, "Here I am again.").await.status, 201);
}

/// An agent has seen what they have seen themselves, since they got it.
#[tokio::test]
async fn what_another_agent_saw_is_unread_to_the_next() {
    let desk = Desk::open().await;
    let ben = desk.world.member(&desk.admin, "ben@example.org", &["agent"]).await;
    desk.there(&ben).await;
    let mut both = [desk.agent.clone(), ben];
    let (conversation, inbox) = desk.claimed().await;
    let said = desk.visitor.say(&conversation, "where is it?").await.json();
    let seen = json!({ "message_id": said["message"]["id"] });
    assert_eq!(desk.agent.post(&format!("{inbox}/seen"), &seen).await.status, 204);
    assert_eq!(list(&both[0], "mine").await[0]["unread"], 0);
    desk.world.advance_seconds(1);
    let back = desk.agent.post(&format!("{inbox}/release"), &json!({ "to": "queue" })).await;
    assert_eq!(back.status, 200);
    assert_eq!(claim(&both[1], &inbox).await.json()["unread"], 1);
    wait(&desk, &mut both, 5).await;
    assert_eq!(status(&desk, &conversation).await, "waiting", "who never looked is silent");
    // The second agent can mark the same message as seen.
    assert_eq!(claim(&both[1], &inbox).await.status, 200);
    assert_eq!(both[1].post(&format!("{inbox}/seen"), &seen).await.status, 204);
    assert_eq!(list(&both[1], "mine").await[0]["unread"], 0);
    wait(&desk, &mut both, 6).await;
    assert_eq!(status(&desk, &conversation).await, "with_agent");
}

/// Five minutes count from the first message that was not seen, however many follow.
#[tokio::test]
async fn a_visitor_who_goes_on_writing_does_not_keep_a_silent_agent() {
    let desk = Desk::open().await;
    let mut alone = [desk.agent.clone()];
    let (conversation, inbox) = desk.claimed().await;
    let said = desk.visitor.say(&conversation, "where is it?").await.json();
    let seen = json!({ "message_id": said["message"]["id"] });
    assert_eq!(desk.agent.post(&format!("{inbox}/seen"), &seen).await.status, 204);
    wait(&desk, &mut alone, 10).await;
    assert_eq!(status(&desk, &conversation).await, "with_agent", "all is seen");
    desk.visitor.say(&conversation, "hello?").await;
    wait(&desk, &mut alone, 3).await;
    desk.visitor.say(&conversation, "anybody?").await;
    wait(&desk, &mut alone, 1).await;
    assert_eq!(status(&desk, &conversation).await, "with_agent", "four minutes");
    wait(&desk, &mut alone, 1).await;
    assert_eq!(status(&desk, &conversation).await, "waiting", "five");
}

/// A message that comes while an agent writes is not answered by the text: it stays unread, and silence
/// counts from it.
#[tokio::test]
async fn what_came_while_an_answer_was_written_stays_unread() {
    let desk = Desk::open().await;
    let mut alone = [desk.agent.clone()];
    let (conversation, inbox) = desk.claimed().await;
    let shown = desk.visitor.say(&conversation, "where is it?").await.json();
    let shown = shown["message"]["id"].as_str().expect("an id").to_owned();
    desk.world.advance_seconds(1);
    desk.visitor.say(&conversation, "and the other one?").await;
    let after = async |after: &str| {
        let said = json!({ "text": "It is on its way.", "after": after });
        let request = Request::new("POST", &format!("{inbox}/messages"));
        desk.agent.send(request.header("idempotency-key", fresh_key()).json(&said)).await
    };
    let id = at_desk(&conversation)[10..].to_owned();
    for garbled in ["x", &format!("{id}.99.0"), &format!("{id}.1.7")] {
        assert_eq!(after(garbled).await.refusal(), (422, "invalid".into()), "{garbled}");
    }
    assert_eq!(list(&desk.agent, "mine").await[0]["unread"], 2);
    assert_eq!(after(&shown).await.status, 201);
    assert_eq!(list(&desk.agent, "mine").await[0]["unread"], 1);
    wait(&desk, &mut alone, 4).await;
    assert_eq!(status(&desk, &conversation).await, "with_agent");
    wait(&desk, &mut alone, 1).await;
    assert_eq!(status(&desk, &conversation).await, "waiting", "nobody has read the second one");
    // An answer without a place counts as an answer to everything.
    let agent = &alone[0];
    assert_eq!(claim(agent, &inbox).await.json()["unread"], 1);
    assert_eq!(super::answer(agent, &inbox, "Both are.").await.status, 201);
    assert_eq!(list(agent, "mine").await[0]["unread"], 0);
}

/// An answer that was written long ago and arrives late takes back nothing that a later one has answered.
#[tokio::test]
async fn a_late_answer_does_not_make_its_agent_silent() {
    let desk = Desk::open().await;
    let mut alone = [desk.agent.clone()];
    let (conversation, inbox) = desk.claimed().await;
    let first = desk.visitor.say(&conversation, "where is it?").await.json();
    desk.world.advance_seconds(1);
    let second = desk.visitor.say(&conversation, "and the other one?").await.json();
    let answer = async |agent: &Staff, text: &str, after: &serde_json::Value| {
        let said = json!({ "text": text, "after": after["message"]["id"] });
        let request = Request::new("POST", &format!("{inbox}/messages"));
        let said = agent.send(request.header("idempotency-key", fresh_key()).json(&said)).await;
        assert_eq!(said.status, 201, "{}", said.json());
    };
    answer(&alone[0], "Both are on their way.", &second).await;
    wait(&desk, &mut alone, 6).await;
    answer(&alone[0], "It is on its way.", &first).await;
    assert_eq!(list(&alone[0], "mine").await[0]["unread"], 0);
    desk.visitor.say(&conversation, "thank you").await;
    assert_eq!(status(&desk, &conversation).await, "with_agent");
    wait(&desk, &mut alone, 4).await;
    assert_eq!(status(&desk, &conversation).await, "with_agent", "four minutes after it");
    wait(&desk, &mut alone, 1).await;
    assert_eq!(status(&desk, &conversation).await, "waiting");
}

/// An answer to what was seen leaves the rest unanswered: silence counts from its time on.
#[tokio::test]
async fn answers_to_what_was_seen_before_do_not_put_silence_off() {
    let desk = Desk::open().await;
    let mut alone = [desk.agent.clone()];
    let (conversation, inbox) = desk.claimed().await;
    let seen = desk.visitor.say(&conversation, "where is it?").await.json();
    let mark = json!({ "message_id": seen["message"]["id"] });
    assert_eq!(alone[0].post(&format!("{inbox}/seen"), &mark).await.status, 204);
    desk.world.advance_seconds(1);
    desk.visitor.say(&conversation, "and the other one?").await;
    wait(&desk, &mut alone, 4).await;
    let said = json!({ "text": "It is on its way.", "after": seen["message"]["id"] });
    let request = Request::new("POST", &format!("{inbox}/messages"));
    let request = request.header("idempotency-key", fresh_key()).json(&said);
    assert_eq!(alone[0].send(request).await.status, 201);
    wait(&desk, &mut alone, 1).await;
    assert_eq!(status(&desk, &conversation).await, "waiting", "five minutes after the second");
}

/// Minutes in which these agents are there, each with a token that is good.
async fn wait(desk: &Desk, agents: &mut [Staff], minutes: u32) {
    for _ in 0..minutes {
        desk.world.advance_seconds(60);
        for agent in &mut *agents {
            agent.take(&agent.renew().await.json());
            desk.there(agent).await;
        }
    }
}

/// Where nobody else is there, the bot has it again.
#[tokio::test]
async fn an_agent_who_went_away_loses_it_at_once() {
    let desk = Desk::open().await;
    let (conversation, inbox) = desk.claimed().await;
    let away = json!({ "state": "away" });
    assert_eq!(desk.agent.put("/v1/presence", &away).await.status, 204);
    assert_eq!(status(&desk, &conversation).await, "open");
    assert!(desk.visitor.say(&conversation, "hello").await.json()["reply"].is_object());
    // The same with a colleague there.
    let other = desk.world.member(&desk.admin, "ben@example.org", &["agent"]).await;
    desk.there(&other).await;
    assert_eq!(claim(&desk.agent, &inbox).await.status, 200);
    desk.world.advance_seconds(89);
    desk.there(&other).await;
    assert_eq!(status(&desk, &conversation).await, "with_agent");
    desk.world.advance_seconds(1);
    assert_eq!(status(&desk, &conversation).await, "waiting");
    assert_eq!(super::answer(&desk.agent, &inbox, "back").await.code(), "not_claimed");
}

/// The job does it where nobody looks, and takes a queue that nobody serves back to the bot.
#[tokio::test]
async fn the_job_returns_what_nobody_looks_at() {
    let desk = Desk::open().await;
    let (claimed, _) = desk.claimed().await;
    let (waiting, _) = desk.waiting().await;
    // A policy of the site's own, which the job reads as well.
    let officer = desk.world.member(&desk.admin, "officer@example.org", &["privacy"]).await;
    let policy = json!({
        "transcript_days": 20, "lead_days": 180, "audit_days": 731, "conversation_max_days": 7,
    });
    assert_eq!(officer.put("/v1/retention/policy", &policy).await.status, 200);
    desk.there(&desk.agent).await;
    let nothing = desk.world.return_claims().await;
    assert_eq!((nothing.looked_at, nothing.to_queue, nothing.to_bot), (2, 0, 0));
    desk.world.advance_seconds(90);
    let returned = desk.world.return_claims().await;
    assert_eq!((returned.to_queue, returned.to_bot, returned.failed), (0, 2, 0));
    for conversation in [claimed, waiting] {
        assert_eq!(desk.visitor.get(&conversation).await.json()["status"], "open");
    }
    assert!(desk.world.waiting().await.is_empty());
}

#[tokio::test]
async fn somebody_who_is_no_agent_any_more_is_out() {
    let desk = Desk::open().await;
    let (conversation, inbox) = desk.claimed().await;
    let admin = desk.admin.signed_in(&desk.world).await;
    let roles = json!({ "roles": ["security"] });
    let path = format!("/v1/auth/staff/{}", desk.agent.id);
    assert_eq!(admin.patch(&path, &roles).await.status, 200);
    // Their token is taken for a minute, but no heartbeat of it, and nobody can hand them anything.
    let there = json!({ "state": "available" });
    let refused = desk.agent.put("/v1/presence", &there).await;
    assert_eq!(refused.refusal(), (401, "token_revoked".into()));
    assert_eq!(status(&desk, &conversation).await, "open");
    desk.world.advance_seconds(60);
    let refused = desk.agent.get(&format!("{inbox}/messages")).await;
    assert!(matches!(refused.status, 401 | 403), "{}", refused.json());
    let refused = super::answer(&desk.agent, &inbox, "still here").await;
    assert!(matches!(refused.status, 401 | 403));
    // Somebody who gets the role back is there again, with their next sign-in.
    let admin = desk.admin.signed_in(&desk.world).await;
    assert_eq!(admin.patch(&path, &json!({ "roles": ["agent"] })).await.status, 200);
    desk.there(&desk.agent.signed_in(&desk.world).await).await;
}

/// A conversation that waits again is at the head of the queue.
#[tokio::test]
async fn what_somebody_had_who_is_disabled_or_demoted_waits_again() {
    for change in [json!({ "roles": ["security"] }), json!({ "disabled": true })] {
        let desk = Desk::open().await;
        let ben = desk.world.member(&desk.admin, "ben@example.org", &["agent"]).await;
        desk.there(&desk.agent).await;
        desk.there(&ben).await;
        let (conversation, inbox) = desk.claimed().await;
        let since = list(&desk.agent, "mine").await[0]["waiting_since"].clone();
        desk.world.advance_seconds(10);
        let (later, _) = desk.waiting().await;
        let admin = desk.admin.signed_in(&desk.world).await;
        let path = format!("/v1/auth/staff/{}", desk.agent.id);
        assert_eq!(admin.patch(&path, &change).await.status, 200, "{change}");
        assert_eq!(status(&desk, &conversation).await, "waiting", "{change}");
        let waiting = list(&ben, "waiting").await;
        let ids: Vec<_> = waiting.iter().map(|item| item["conversation_id"].clone()).collect();
        assert_eq!(ids, [json!(conversation[18..]), json!(later[18..])], "{change}");
        assert_eq!(waiting[0]["waiting_since"], since, "{change}");
        assert_eq!(claim(&ben, &inbox).await.status, 200);
    }
}

/// A conversation whose time is over leaves every list.
#[tokio::test]
async fn what_has_ended_by_time_is_in_no_list() {
    let desk = Desk::open().await;
    let (_, inbox) = desk.waiting().await;
    desk.world.advance_seconds(8 * 24 * 60 * 60);
    let agent = desk.agent.signed_in(&desk.world).await;
    desk.there(&agent).await;
    assert_eq!(list(&agent, "waiting").await.len(), 0);
    assert_eq!(claim(&agent, &inbox).await.code(), "conversation_closed");
}

/// A row of the inbox that somebody else wrote lets nobody read.
#[tokio::test]
async fn a_forged_row_of_the_inbox_gives_nobody_a_conversation() {
    let desk = Desk::open().await;
    let other = desk.world.member(&desk.admin, "ben@example.org", &["agent"]).await;
    desk.there(&desk.agent).await;
    desk.there(&other).await;
    let (_, inbox) = desk.claimed().await;
    let world: &World = &desk.world;
    let rows = world.all_items().await.into_iter();
    let row =
        rows.filter(|(table, item)| table.ends_with("conversations") && item.contains_key("q"));
    for (table, mut row) in row {
        let list = row["q"].as_s().expect("text").replace(&desk.agent.id, &other.id);
        row.insert("q".to_owned(), shared::store::attributes::string(list));
        row.insert("a".to_owned(), shared::store::attributes::string(&other.id));
        let put = world.dynamo().put_item().table_name(table).set_item(Some(row));
        put.send().await.expect("the intruder writes");
    }
    assert_eq!(other.get(&format!("{inbox}/messages")).await.status, 404);
    assert_eq!(super::answer(&other, &inbox, "hello").await.code(), "not_claimed");
    assert_eq!(super::answer(&desk.agent, &inbox, "hello").await.status, 201);
}

/// A table that was restored shows agents nothing before it has followed the ledger.
#[tokio::test]
async fn behind_the_ledger_nothing_is_read_and_nothing_returned() {
    let desk = Desk::open().await;
    let (_, inbox) = desk.claimed().await;
    let head = std::collections::HashMap::from([
        ("p".to_owned(), shared::store::attributes::string("ledger")),
        ("k".to_owned(), shared::store::attributes::string("head")),
        ("n".to_owned(), shared::store::attributes::number(7)),
    ]);
    let put = desk.world.dynamo().put_item().table_name("world-settings").set_item(Some(head));
    put.send().await.expect("the head is ahead");
    let refused = desk.agent.get(&format!("{inbox}/messages")).await;
    assert_eq!(refused.refusal(), (503, "unavailable".into()));
    let returned = desk.world.return_claims().await;
    assert_eq!((returned.failed, returned.to_queue, returned.to_bot), (1, 0, 0));
}
