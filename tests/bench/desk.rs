//! Rows of the desk: how soon a message is on the other side's screen, what a hand-over costs, whether two
//! agents ever get one conversation, and whether a text is ever lost.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tests::live::{Load, Seen, talk};
use tests::process::Local;
use tests::staff::Staff;
use tests::tools;
use tests::world::World;
use tokio::process::Command;

use crate::rows::{Goal, Row, number as written};
use crate::{counted, exact, progress};

const LOCAL: &str = env!("CARGO_BIN_EXE_tests-local");
/// Claims of one conversation, after which another one begins.
const CLAIMS: u32 = 50;
/// Over which faults the network has; another one is another run.
const SEED: u64 = 14;

fn at_most(id: &'static str, value: Result<f64, String>, unit: &'static str, bound: f64) -> Row {
    Row::new(id, value, unit, Goal::AtMost(bound))
}

/// The row of the claims.
pub(crate) async fn claims(thorough: bool) -> Row {
    let pairs = if thorough { 10_000 } else { 500 };
    progress("claiming conversations twice at once");
    let (doubled, refused) = Box::pin(race(pairs)).await;
    at_most("double_claims_10000", Ok(exact(doubled)), "double claims", 0.0)
        .floor(0.0)
        .peer(58.0)
        .note(format!(
            "{pairs} pairs of claims at once (10,000 without --quick), {refused} refused with 409; peer: within 10 s of one another in a day of a desk of 160 agents"
        ))
}

/// Two agents claim the same conversation at once, again and again; claims that both got, and those that one
/// was refused.
async fn race(pairs: u32) -> (u32, u32) {
    let world = World::new().await;
    let admin = world.admin().await;
    let mut agents = Vec::new();
    for name in ["anna", "ben"] {
        let agent = world.member(&admin, &format!("{name}@example.org"), &["agent"]).await;
        agents.push(agent);
    }
    let [one, other] = [agents.remove(0), agents.remove(0)];
    for agent in [&one, &other] {
        let there = agent.put("/v1/presence", &json!({ "state": "available" })).await;
        assert_eq!(there.status, 204);
    }
    let (mut doubled, mut refused) = (0, 0);
    let mut inbox = String::new();
    for pair in 0..pairs {
        if pair % CLAIMS == 0 {
            let visitor = world.visitor().await;
            let path = visitor.open().await;
            let asked = visitor.post(&format!("{path}/handover"), &json!({})).await;
            assert_eq!(asked.status, 202, "{}", asked.json());
            inbox = format!("/v1/inbox/{}", path.rsplit('/').next().expect("an id"));
        }
        let claim = async |agent: &Staff| agent.post(&format!("{inbox}/claim"), &json!({})).await;
        let (first, second) = tokio::join!(claim(&one), claim(&other));
        let won = [&first, &second].map(|answer| answer.status == 200);
        let lost = [&first, &second].map(|answer| answer.code() == "claimed");
        doubled += u32::from(won == [true, true]);
        refused += u32::from(lost != [false, false]);
        assert!(won != [false, false], "{} {}", first.json(), second.json());
        let winner = if won[0] { &one } else { &other };
        let released = winner.post(&format!("{inbox}/release"), &json!({ "to": "queue" })).await;
        assert!(released.status < 300, "{}", released.json());
    }
    (doubled, refused)
}

/// The rows that need the programs of this machine: `cargo local`, and a browser.
pub(crate) async fn take(folder: &Path) -> Vec<Row> {
    progress("200 visitors and 10 agents talk for a minute");
    let mut rows: Vec<_> = live().await.into();
    progress("counting a hand-over, and failing each request, in a browser");
    rows.extend(Box::pin(in_a_browser(folder)).await);
    rows
}

/// The rows without a figure.
pub(crate) fn missing(why: &str) -> Vec<Row> {
    let none = || Err(why.to_owned());
    vec![
        at_most("live_p50_ms", none(), "ms", 2_000.0),
        at_most("live_p99_ms", none(), "ms", 2_000.0),
        at_most("handover_requests", none(), "requests", 500.0),
        at_most("handover_usd", none(), "USD", 0.0007),
        at_most("text_lost_steps", none(), "texts", 0.0),
    ]
}

/// Whatever is lost, doubled or out of order ends the bench.
async fn a_minute(faults: Option<u64>) -> Seen {
    let parent = tempfile::tempdir().expect("a folder");
    let mut local = Local::everything(LOCAL, &parent.path().join("data"), &[]).await;
    let minute = Duration::from_mins(1);
    let load = Load { visitors: 200, agents: 10, talk: minute, haste: 1, faults };
    let seen = Box::pin(talk(&mut local, load)).await;
    drop(local);
    assert_eq!(seen.wrong, Vec::<String>::new(), "lost, doubled or out of order");
    assert_eq!(seen.delays_ms.len(), seen.said, "each is seen by the other side");
    seen
}

async fn live() -> [Row; 2] {
    let seen = a_minute(None).await;
    progress("the same over a network that loses, doubles and delays");
    let disturbed = a_minute(Some(SEED)).await;
    let of = |percent| {
        let delay_ms = seen.percentile_ms(percent).and_then(|ms| u32::try_from(ms).ok());
        delay_ms.map(f64::from).ok_or_else(|| "nobody said anything".to_owned())
    };
    let note = format!(
        "from Send to the other side's screen, {} messages of 200 visitors and 10 agents on this machine, {} requests; polls every 1.5 s; none lost, doubled or out of order. The same of {} messages where {} of {} requests were lost, doubled or delayed",
        seen.said, seen.requests, disturbed.said, disturbed.faults, disturbed.requests
    );
    [
        at_most("live_p50_ms", of(50), "ms", 2_000.0).note(note.clone()),
        at_most("live_p99_ms", of(99), "ms", 2_000.0).note(note),
    ]
}

async fn in_a_browser(folder: &Path) -> Vec<Row> {
    let (Some(node), Some(chromium)) = (tools::node(), tools::chromium()) else {
        return missing("Node or Chromium is not installed: source \"$(.ci/tools)\"").split_off(2);
    };
    let parent = tempfile::tempdir().expect("a folder");
    let mut local = Local::everything(LOCAL, &parent.path().join("data"), &[]).await;
    let link = local.invitation().await;
    let output = Command::new(node)
        .arg(tools::browser_folder().join("counted.mjs"))
        .args([&local.url("url"), &local.url("control_url"), &link])
        .arg(folder)
        .arg("--handover")
        .env("CHROMIUM", chromium)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .await;
    drop(local);
    let output = output.expect("node starts");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let counted: Value = said
        .lines()
        .find_map(|line| serde_json::from_str(line.strip_prefix("counted ")?).ok())
        .unwrap_or_else(|| panic!("no counts in {said}"));
    let number = |name: &str| counted[name].as_u64().map(exact).expect(name);
    let (requests, polls) = (number("requests"), number("polls"));
    let handed_over = counted::handed_over().await;
    let usd = handed_over.usd(requests);
    vec![
        at_most("handover_requests", Ok(requests), "requests", 500.0).note(format!(
            "the widget's, 4 minutes waiting and 10 with an agent: {polls} polls, and {} messages, typing marks and the request itself; with a clock that the test moves",
            requests - polls
        )),
        at_most("handover_usd", Ok(usd), "USD", 0.0007).peer(0.0015).note(format!(
            "the visitor's requests at list price; {} read and {} write units, {} read units a poll, counted over an agent's answers, typing and seen marks; 256 MB for 10 ms each (not measured on Lambda); peer: a held connection",
            written(handed_over.read_units),
            written(handed_over.write_units),
            written(handed_over.poll_units / f64::from(handed_over.polls))
        )),
        at_most("text_lost_steps", Ok(number("lost")), "texts", 0.0).floor(0.0).note(format!(
            "{} texts of a visitor and of an agent, each with one request failed before and after it was stored; each is in the conversation once",
            counted["steps"]
        )),
    ]
}
