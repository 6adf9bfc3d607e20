//! Opening hours: when people answer, and what a visitor is told when they do not.

use std::time::Duration;

use serde_json::{Value, json};
use shared::clock::from_rfc3339;
use tests::api::Request;

use super::Desk;

/// Sets opening hours, and lets them come into force everywhere.
async fn set(desk: &Desk, time_zone: &str, week: Value, closed_on: Value) {
    let admin = desk.admin.stepped_up(&desk.world).await;
    let tag =
        admin.get("/v1/sites/default").await.json()["etag"].as_str().expect("a tag").to_owned();
    let hours = json!({ "time_zone": time_zone, "week": week, "closed_on": closed_on });
    let request = Request::new("PUT", "/v1/sites/default").header("if-match", tag);
    let set = admin.send(request.json(&json!({ "opening_hours": hours }))).await;
    assert_eq!(set.status, 200, "{}", set.json());
    desk.world.advance_seconds(60);
    desk.there(&desk.agent).await;
}

/// Moves the time to then.
fn to(desk: &Desk, time: &str) {
    let ahead_ms = from_rfc3339(time).expect("a time") - desk.world.clock.now_ms();
    assert!(ahead_ms > 0, "{time} is over");
    desk.world.clock.advance(Duration::from_millis(ahead_ms.unsigned_abs()));
}

async fn widget(desk: &Desk) -> Value {
    let shown = desk.world.api().send(&Request::new("GET", "/v1/sites/default/widget")).await;
    assert_eq!((shown.status, shown.header("cache-control")), (200, "max-age=60"));
    shown.json()
}

/// The beginning is a Monday at ten in Berlin.
#[tokio::test]
async fn the_widget_shows_the_hours_and_whether_somebody_is_there() {
    let desk = Desk::open().await;
    let shown = widget(&desk).await;
    assert_eq!((&shown["id"], &shown["locales"]), (&json!("default"), &json!(["en", "de"])));
    assert_eq!((&shown["opening_hours"], &shown["next_opening"]), (&json!(null), &json!(null)));
    assert_eq!((&shown["open_now"], &shown["available"]), (&json!(true), &json!(true)));
    assert_eq!(shown["retention"]["transcript_days"], json!(30));
    let week = json!({ "mon": [["09:00", "10:08"]], "wed": [["09:00", "17:00"]] });
    set(&desk, "Europe/Berlin", week.clone(), json!(["2026-11-04"])).await;
    let shown = widget(&desk).await;
    assert_eq!(shown["opening_hours"]["week"]["mon"], week["mon"]);
    assert_eq!((&shown["open_now"], &shown["available"]), (&json!(true), &json!(true)));
    // Wednesday is a day off, so Monday is next.
    to(&desk, "2026-11-02T09:08:00Z");
    desk.there(&desk.agent).await;
    let shown = widget(&desk).await;
    assert_eq!((&shown["open_now"], &shown["available"]), (&json!(false), &json!(false)));
    assert_eq!(shown["next_opening"], json!("2026-11-09T08:00:00.000Z"));
    let unknown = Request::new("GET", "/v1/sites/other/widget");
    assert_eq!(desk.world.api().send(&unknown).await.refusal(), (404, "not_found".into()));
}

#[tokio::test]
async fn outside_the_hours_nobody_counts_as_there() {
    let desk = Desk::open().await;
    set(&desk, "Europe/Berlin", json!({ "tue": [["09:00", "17:00"]] }), json!([])).await;
    let conversation = desk.visitor.open().await;
    let asked = desk.visitor.post(&format!("{conversation}/handover"), &json!({})).await;
    let expected = json!({
        "status": "open", "queue": null, "open_now": false, "available": false,
        "next_opening": "2026-11-03T08:00:00.000Z",
    });
    assert_eq!((asked.status, asked.json()), (202, expected));
    assert_eq!(desk.agent.get("/v1/inbox").await.json()["counts"]["waiting"], json!(0));
}

/// An agent is there all the time; the hours decide.
#[tokio::test]
async fn the_bot_says_when_people_are_back_takes_an_address_and_goes_on() {
    let desk = Desk::open().await;
    let hours = json!({ "tue": [["09:00", "17:00"]] });
    set(&desk, "Europe/Berlin", hours, json!([])).await;
    let conversation = desk.visitor.open_in("de").await;
    let asked = desk.visitor.say(&conversation, "Mensch bitte").await.json();
    assert_eq!(asked["status"], json!("open"));
    let said = asked["reply"]["text"].as_str().expect("an answer");
    let back =
        "Wir sind am Dienstag, 3. November, um 09:00 Uhr wieder da (Zeitzone Europe/Berlin).";
    assert!(said.contains(back), "{said}");
    assert_eq!(asked["reply"]["offers_contact"], json!(true));
    let goes_on = desk.visitor.say(&conversation, "Wo ist mein Paket?").await.json();
    assert_eq!(goes_on["reply"]["sources"].as_array().map(Vec::len), Some(1));

    // The minute in which it opens is the first in which somebody is there.
    to(&desk, "2026-11-03T07:55:00Z");
    let agent = desk.agent.signed_in(&desk.world).await;
    to(&desk, "2026-11-03T07:59:59Z");
    desk.there(&agent).await;
    let early = desk.visitor.say(&conversation, "Mensch bitte").await.json();
    assert_eq!(early["status"], json!("open"));
    to(&desk, "2026-11-03T08:00:00Z");
    let late = desk.visitor.say(&conversation, "Mensch bitte").await.json();
    assert_eq!(late["status"], json!("waiting"));
}

/// The clocks go forward on 28 March 2027 in Berlin: nine o'clock is an hour earlier by the watch.
#[tokio::test]
async fn the_hours_follow_the_clocks_of_the_site() {
    let desk = Desk::open().await;
    set(&desk, "Europe/Berlin", json!({ "sun": [["09:00", "10:00"]] }), json!([])).await;
    for (time, open, next) in [
        ("2027-03-21T08:30:00Z", true, Value::Null),
        ("2027-03-21T09:00:00Z", false, json!("2027-03-28T07:00:00.000Z")),
        ("2027-03-28T06:59:59Z", false, json!("2027-03-28T07:00:00.000Z")),
        ("2027-03-28T07:00:00Z", true, Value::Null),
        ("2027-03-28T08:00:00Z", false, json!("2027-04-04T07:00:00.000Z")),
    ] {
        to(&desk, time);
        let shown = widget(&desk).await;
        assert_eq!((&shown["open_now"], &shown["next_opening"]), (&json!(open), &next), "{time}");
    }
}

/// Agents may take a waiting visitor for ten minutes after closing time. Then the bot has them: an
/// agent's page may stay open all night.
#[tokio::test]
async fn a_queue_ends_ten_minutes_after_closing_time() {
    let desk = Desk::open().await;
    set(&desk, "Europe/Berlin", json!({ "mon": [["09:00", "10:08"]] }), json!([])).await;
    let (conversation, inbox) = desk.waiting().await;
    to(&desk, "2026-11-02T09:08:00Z");
    desk.there(&desk.agent).await;
    let news = desk.visitor.get(&format!("{conversation}/messages?after=&state=x")).await.json();
    assert_eq!(news["status"], json!("waiting"));
    assert_eq!(super::claim(&desk.agent, &inbox).await.status, 200);
    let back = desk.agent.post(&format!("{inbox}/release"), &json!({ "to": "queue" })).await;
    assert_eq!(back.json()["status"], json!("waiting"));
    let agent = desk.agent.signed_in(&desk.world).await;
    to(&desk, "2026-11-02T09:17:59Z");
    desk.there(&agent).await;
    let read = async || {
        let path = format!("{conversation}/messages?after=&state=x");
        desk.visitor.get(&path).await.json()
    };
    assert_eq!(read().await["status"], json!("waiting"));
    desk.world.advance_seconds(1);
    // Nobody looks: the job finds it.
    let returned = desk.world.return_claims().await;
    assert_eq!((returned.to_queue, returned.to_bot), (0, 1));
    let news = read().await;
    assert_eq!((&news["status"], &news["queue"]), (&json!("open"), &json!(null)));
}

/// The same by a poll that finds nothing else new, in an intake that remembers the queue.
#[tokio::test]
async fn a_poll_notices_that_the_queue_has_ended() {
    let desk = Desk::open().await;
    set(&desk, "Europe/Berlin", json!({ "mon": [["09:00", "10:08"]] }), json!([])).await;
    let (conversation, _) = desk.waiting().await;
    to(&desk, "2026-11-02T09:17:00Z");
    let agent = desk.agent.signed_in(&desk.world).await;
    to(&desk, "2026-11-02T09:17:50Z");
    desk.there(&agent).await;
    let news = desk.visitor.get(&format!("{conversation}/messages?after=&state=x")).await.json();
    let last =
        news["items"].as_array().and_then(|items| items.last()).map(|item| item["id"].clone());
    let after = last.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned();
    let state = news["state"].as_str().expect("a state");
    let path = format!("{conversation}/messages?after={after}&state={state}");
    assert_eq!(desk.visitor.get(&path).await.status, 204);
    desk.world.advance_seconds(13);
    let ended = desk.visitor.get(&path).await.json();
    assert_eq!(ended["status"], json!("open"));
    let back = json!({ "open_now": false, "next_opening": "2026-11-09T08:00:00.000Z" });
    assert_eq!(ended["opening"], back, "and the visitor is told when people are back");
    assert_eq!(news["opening"], Value::Null, "as nobody is told who has a place in the queue");
}

#[tokio::test]
async fn a_word_of_the_site_hands_over_at_once_or_takes_an_address() {
    let desk = Desk::open().await;
    let admin = desk.admin.stepped_up(&desk.world).await;
    let rules = json!({ "handover": { "words": ["Anwalt", "my lawyer"] } });
    let request = Request::new("PUT", "/v1/sites/default").header("if-match", "\"0\"");
    let visitor = &desk.visitor;
    let warm = visitor.open().await;
    let before = visitor.say(&warm, "my lawyer writes, where is my parcel?").await.json();
    assert_eq!(before["status"], json!("open"));
    assert_eq!(admin.send(request.json(&rules)).await.status, 200);
    desk.world.advance_seconds(60);
    desk.there(&desk.agent).await;
    let handed = visitor.say(&warm, "MY LAWYER writes, where is my parcel?").await.json();
    assert_eq!(handed["status"], json!("waiting"), "in force in a warm function");
    assert_eq!(handed["reply"]["sources"], json!([]));
    let other = visitor.open().await;
    let whole = visitor.say(&other, "is the Anwaltskanzlei a good present?").await.json();
    assert_eq!(whole["status"], json!("open"), "a part of a word is no word");

    let away = desk.agent.put("/v1/presence", &json!({ "state": "away" })).await;
    assert_eq!(away.status, 204);
    let alone = visitor.say(&other, "mein anwalt meldet sich").await.json();
    assert_eq!(
        (&alone["status"], &alone["reply"]["offers_contact"]),
        (&json!("open"), &json!(true))
    );
    let read = visitor.get(&format!("{other}/messages")).await.json();
    let offers = |at: usize| read["items"][at]["offers_contact"].clone();
    assert_eq!((offers(3), offers(1)), (json!(true), Value::Null), "also after a reload");
}

#[tokio::test]
async fn an_upset_visitor_and_an_unproven_account_get_a_person() {
    let desk = Desk::open().await;
    for (text, status) in [
        ("This is unacceptable! Where is my parcel?", "waiting"),
        ("Das ist eine Frechheit", "waiting"),
        ("xyzzy plugh mein Konto frobnicates", "waiting"),
        ("where is my parcel?", "open"),
    ] {
        let conversation = desk.visitor.open().await;
        let said = desk.visitor.say(&conversation, text).await.json();
        assert_eq!(said["status"], json!(status), "{text}");
    }
}
