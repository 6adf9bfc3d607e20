//! A visit in headless Chromium; its steps and assertions are in `tests/browser`.

use std::time::Duration;

use tests::process::Local;
use tests::tools;
use tokio::process::Command;
use tokio::time::timeout;

use super::{LOCAL, Place, target};

/// Each visit ends on its own (`tests/browser/run.mjs`); this is for a browser that does not.
const FLOWS: Duration = Duration::from_mins(25);

#[tokio::test]
async fn a_visitor_chats_in_a_browser() {
    let place = Place::new();
    let local = place.start().await;
    flows("flow.mjs", &[&local.url("url")]).await;
    assert!(local.terminate().await.status.success());
}

#[tokio::test]
async fn a_visitor_chats_on_pages_of_other_peoples_in_a_browser() {
    let place = Place::new();
    // Free a moment ago: the pages are served there, from an origin that is not the API's.
    let shop = std::net::TcpListener::bind("127.0.0.1:0").and_then(|port| port.local_addr());
    let shop = format!("http://{}", shop.expect("a free port"));
    let local = Local::everything(LOCAL, &place.data, &["--origin", &shop]).await;
    flows("hosts.mjs", &[&local.url("url"), &local.url("aws_url"), &shop]).await;
    assert!(local.terminate().await.status.success());
}

#[tokio::test]
async fn a_visitor_of_a_crowded_network_chats_in_a_browser() {
    let place = Place::new();
    let local = Local::everything(LOCAL, &place.data, &["--guest-limit", "0.01"]).await;
    flows("crowd.mjs", &[&local.url("url"), &local.url("control_url")]).await;
    assert!(local.terminate().await.status.success());
}

#[tokio::test]
async fn a_visitor_talks_to_a_person_in_a_browser() {
    let place = Place::new();
    let mut local = place.start().await;
    let link = local.invitation().await;
    flows("live.mjs", &[&local.url("url"), &link]).await;
    assert!(local.terminate().await.status.success());
}

#[tokio::test]
async fn somebody_of_the_staff_signs_in_in_a_browser() {
    let place = Place::new();
    let mut local = place.start().await;
    let link = local.invitation().await;
    flows("console.mjs", &[&local.url("url"), &local.url("control_url"), &link]).await;
    assert!(local.terminate().await.status.success());
}

#[tokio::test]
async fn what_visitors_ask_about_their_data_is_answered_in_a_browser() {
    let place = Place::new();
    let mut local = place.start().await;
    let link = local.invitation().await;
    flows("privacy.mjs", &[&local.url("url"), &local.url("control_url"), &link]).await;
    assert!(local.terminate().await.status.success());
}

#[tokio::test]
async fn an_agent_answers_visitors_in_a_browser() {
    let place = Place::new();
    let mut local = place.start().await;
    let link = local.invitation().await;
    flows("inbox.mjs", &[&local.url("url"), &local.url("control_url"), &link]).await;
    assert!(local.terminate().await.status.success());
}

#[tokio::test]
async fn the_whole_story_is_played_in_a_browser() {
    let place = Place::new();
    let mut local = place.start().await;
    let link = local.invitation().await;
    flows("story.mjs", &[&local.url("url"), &local.url("control_url"), &link]).await;
    assert!(local.terminate().await.status.success());
}

/// Each request that sends a text fails once, before and after it was stored.
#[tokio::test]
async fn no_text_is_lost_when_a_request_fails_in_a_browser() {
    let place = Place::new();
    let mut local = place.start().await;
    let link = local.invitation().await;
    flows("counted.mjs", &[&local.url("url"), &local.url("control_url"), &link]).await;
    assert!(local.terminate().await.status.success());
}

/// Runs flows in a browser, if there is one.
async fn flows(file: &str, arguments: &[&str]) {
    let (Some(node), Some(chromium)) = (tools::node(), tools::chromium()) else { return };
    let flow = Command::new(node)
        .arg(tools::browser_folder().join(file))
        .args(arguments)
        .arg(target().join("screenshots"))
        .env("CHROMIUM", chromium)
        .kill_on_drop(true)
        .output();
    let output = timeout(FLOWS, flow).await.expect("an end in time").expect("node starts");
    assert!(
        output.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
