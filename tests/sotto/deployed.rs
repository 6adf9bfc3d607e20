//! A stack that was deployed, at its address. `cargo rehearse` runs these, each when its time has come;
//! `cargo test` leaves them alone.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use shared::seal::sign::Verifier;
use shared::values::encoding::from_base64url;
use tests::api::{Api, Request};
use tests::sealed::published_keys;
use tests::visitor::Visitor;
use tokio::time::interval;

use crate::contract;

/// The pause between two actions of a visitor.
const PACE: Duration = Duration::from_millis(100);

/// The stack, as `cargo rehearse` describes it.
struct Deployed {
    api: Api,
    origin: String,
    /// The root's pin, if the stack tells it.
    pin: String,
    state: PathBuf,
}

impl Deployed {
    /// This release.
    fn here() -> Self {
        Self::of(true)
    }

    /// This release, or the last one.
    fn either() -> Self {
        Self::of(false)
    }

    fn of(described: bool) -> Self {
        let said = std::env::var("SOTTO_DEPLOYED").expect("cargo rehearse runs this");
        let said: Value = serde_json::from_str(&said).expect("JSON");
        let text = |name: &str| said[name].as_str().unwrap_or_default().to_owned();
        Self {
            api: Api::Deployed { base: text("base"), host: text("host"), described },
            origin: text("origin"),
            pin: text("pin"),
            state: PathBuf::from(text("state")),
        }
    }

    /// A visitor who seals, with the newest key.
    async fn sealing(&self) -> Visitor {
        let keys = published_keys(&self.api).await;
        Visitor::arrive(self.api.clone()).await.sealing_to(keys.first().expect("a key"))
    }
}

/// Says how much was checked, to `cargo rehearse`.
fn count(checks: usize) {
    writeln!(std::io::stdout(), "\nchecks: {checks}").expect("standard output");
}

#[tokio::test]
#[ignore = "needs a deployed stack: cargo rehearse"]
async fn the_contract_holds() {
    let deployed = Deployed::here();
    Box::pin(contract::all_deployed(&deployed.api)).await;
    count(contract::EVERYWHERE);
}

#[tokio::test]
#[ignore = "needs a deployed stack: cargo rehearse"]
async fn a_page_of_the_site_gets_cors_and_no_other() {
    let deployed = Deployed::here();
    let preflight = |origin: &str, method: &str| {
        Request::new("OPTIONS", "/v1/conversations")
            .header("origin", origin)
            .header("access-control-request-method", method)
            .header("access-control-request-headers", "authorization,sotto-cursor")
    };
    let answer = deployed.api.send(&preflight(&deployed.origin, "POST")).await;
    assert_eq!(answer.header("access-control-allow-origin"), deployed.origin);
    let headers = answer.header("access-control-allow-headers").to_owned();
    for name in ["authorization", "content-type", "idempotency-key", "sotto-cursor"] {
        assert!(headers.contains(name), "{name} is not allowed: {headers}");
    }
    assert!(answer.header("access-control-allow-methods").contains("POST"));
    assert_eq!(answer.header("access-control-allow-credentials"), "");
    let other = deployed.api.send(&preflight("https://evil.example", "POST")).await;
    assert_eq!(other.header("access-control-allow-origin"), "");
    let read = Request::new("GET", "/v1/health").header("origin", deployed.origin.as_str());
    let read = deployed.api.send(&read).await;
    assert_eq!(read.header("access-control-allow-origin"), deployed.origin);
}

#[tokio::test]
#[ignore = "needs a deployed stack: cargo rehearse"]
async fn the_page_pins_the_root_of_the_list() {
    let deployed = Deployed::here();
    assert!(deployed.pin.starts_with("sha256-"), "{}", deployed.pin);
    let page = deployed.api.send(&Request::new("GET", "/")).await;
    let page = String::from_utf8(page.body).expect("a page");
    assert!(page.contains(&format!("data-root=\"{}\"", deployed.pin)), "the page has another pin");
    let list = deployed.api.send(&Request::new("GET", "/v1/keys")).await.json();
    let root = from_base64url(list["root"]["x"].as_str().expect("the root")).expect("base64url");
    let root = Verifier::from_raw(&root).expect("a key");
    assert_eq!(root.pin().ok(), Some(deployed.pin));
}

#[tokio::test]
#[ignore = "needs a deployed stack: cargo rehearse"]
async fn a_visit_is_written_down() {
    let deployed = Deployed::either();
    let mut visits: Vec<Value> = std::fs::read(&deployed.state)
        .map(|text| serde_json::from_slice(&text).expect("JSON"))
        .unwrap_or_default();
    for visitor in [Visitor::arrive(deployed.api.clone()).await, deployed.sealing().await] {
        let conversation = visitor.open().await;
        for text in ["where is my parcel?", "can I send it back?", "zażółć gęślą jaźń 🫖"]
        {
            let said = visitor.say(&conversation, text).await;
            assert_eq!(said.status, 201, "{}", said.json());
        }
        let lead =
            json!({ "name": "Ada", "email": "ada@example.org", "phone": null, "consent": true });
        let left = visitor.post(&format!("{conversation}/lead"), &lead).await;
        assert_eq!(left.status, 201, "{}", left.json());
        visits.push(json!({
            "token": visitor.token,
            "subject": visitor.subject,
            "conversation": conversation,
            "sealed": visitor.key.is_some(),
            "transcript": visitor.transcript(&conversation).await,
        }));
    }
    count(visits.len());
    std::fs::write(&deployed.state, json!(visits).to_string()).expect("written");
}

#[tokio::test]
#[ignore = "needs a deployed stack: cargo rehearse"]
async fn what_was_written_down_is_still_there() {
    let deployed = Deployed::either();
    let visits = std::fs::read(&deployed.state).expect("somebody was here before");
    let mut visits: Vec<Value> = serde_json::from_slice(&visits).expect("JSON");
    assert!(!visits.is_empty(), "nobody was here before");
    let key = published_keys(&deployed.api).await.swap_remove(0);
    for visit in &mut visits {
        let text = |name: &str| visit[name].as_str().expect(name).to_owned();
        let visitor = Visitor {
            api: deployed.api.clone(),
            token: text("token"),
            subject: text("subject"),
            key: (visit["sealed"] == json!(true)).then(|| key.clone()),
        };
        let conversation = text("conversation");
        assert_eq!(json!(visitor.transcript(&conversation).await), visit["transcript"]);
        let said = visitor.say(&conversation, "are you still there?").await;
        assert_eq!(said.status, 201, "{}", said.json());
        visit["transcript"] = json!(visitor.transcript(&conversation).await);
    }
    count(visits.len() * 2);
    std::fs::write(&deployed.state, json!(visits).to_string()).expect("written");
}

/// Goes on until the file that it is told appears.
#[tokio::test]
#[ignore = "needs a deployed stack: cargo rehearse"]
async fn visitors_meet_no_server_error() {
    let deployed = Deployed::either();
    let (mut served, mut rounds) = (0, interval(PACE));
    while !deployed.state.exists() {
        let visitor = deployed.sealing().await;
        let conversation = visitor.open().await;
        for text in ["where is my parcel?", "thanks", "goodbye"] {
            rounds.tick().await;
            let said = visitor.say(&conversation, text).await;
            assert_eq!(said.status, 201, "after {served} messages: {}", said.json());
            served += 1;
        }
        let read = visitor.get(&format!("{conversation}/messages")).await;
        assert_eq!(read.status, 200, "after {served} messages: {}", read.json());
        let page = deployed.api.send(&Request::new("GET", "/widget.js")).await;
        assert_eq!(page.status, 200, "after {served} messages, the widget");
    }
    assert!(served > 0, "nobody was served");
    count(served);
}
