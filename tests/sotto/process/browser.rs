//! A visit in headless Chromium; what it does and asserts is in `tests/browser`.

use std::time::Duration;

use tests::tools;
use tokio::process::Command;
use tokio::time::timeout;

use super::{Place, target};

/// All flows together take a minute or two; this is for a machine that is busy.
const FLOWS: Duration = Duration::from_mins(10);

#[tokio::test]
async fn a_visitor_chats_in_a_browser() {
    let (Some(node), Some(chromium)) = (tools::node(), tools::chromium()) else { return };
    let place = Place::new();
    let local = place.start().await;
    let flow = Command::new(node)
        .arg(tools::browser_folder().join("flow.mjs"))
        .arg(local.url("url"))
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
    assert!(local.terminate().await.status.success());
}
