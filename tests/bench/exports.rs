//! The cost of giving out all that is held about a subject: reads, and memory of the function as it
//! is shipped, in a process of its own.

use std::path::Path;

use local::aws::Service;
use serde_json::Value;
use tests::api::Request;
use tests::visitor::Visitor;

use crate::exact;
use crate::process::{Program, SETTLING, peak_mib};
use crate::rows::{Goal, Row, number};
use crate::runtime::Runtime;
use crate::stage::Stage;

/// Messages in a conversation, two an exchange.
const SIZES: [u64; 4] = [100, 1_000, 10_000, 100_000];
/// Bytes of each message. A thousand of them fill a page all but for a little, so that larger sizes differ
/// from that in the number of pages and in nothing else.
const MESSAGE_BYTES: usize = 1_000;
/// The most that one read of DynamoDB gives.
const PAGE_BYTES: usize = 1024 * 1024;

/// The cost of an export.
struct Exported {
    messages: u64,
    pages: u64,
    least_pages: usize,
    parts: u64,
    peak_mib: f64,
}

/// Both rows.
pub(crate) async fn take(stage: &Stage, function: &Program, folder: &Path) -> [Row; 2] {
    let mut taken = Vec::new();
    for messages in SIZES {
        taken.push(export(stage, function, messages, folder).await);
    }
    let [.., thousand, _, last] = &taken[..] else { panic!("four sizes") };
    let told = |figure: &dyn Fn(&Exported) -> String| {
        let each = taken.iter().map(|one| format!("{} for {}", figure(one), one.messages));
        each.collect::<Vec<_>>().join(", ")
    };
    let least = exact(last.least_pages);
    [
        pages(Ok(exact(last.pages)), least).floor(least).note(format!(
            "reads of the log, of 1 MiB each, for messages of {MESSAGE_BYTES} bytes: {}; beside them one of the keys and of the conversation's own a part, of which there were {}, and one of the readings",
            told(&|one| one.pages.to_string()),
            told(&|one| one.parts.to_string()),
        )),
        ratio(Ok(last.peak_mib / thousand.peak_mib)).note(format!(
            "most resident memory for 100,000 messages over that for 1,000, which fill a page; in MiB {}",
            told(&|one| number(one.peak_mib)),
        )),
    ]
}

/// The rows when they are not taken.
pub(crate) fn missing(why: &str) -> [Row; 2] {
    [pages(Err(why.to_owned()), 0.0), ratio(Err(why.to_owned()))]
}

fn pages(value: Result<f64, String>, least: f64) -> Row {
    Row::new("export_pages_100000", value, "reads", Goal::AtMost(least))
}

fn ratio(value: Result<f64, String>) -> Row {
    Row::new("export_rss_ratio", value, "times", Goal::AtMost(1.2)).floor(1.0)
}

async fn export(stage: &Stage, function: &Program, messages: u64, folder: &Path) -> Exported {
    let world = stage.world();
    let visitor = world.visitor().await;
    let path = visitor.open().await;
    let said = |_| ("a".repeat(MESSAGE_BYTES), "b".repeat(MESSAGE_BYTES));
    let bytes = world.exchange_many(&visitor, &path, messages / 2, said).await;

    let mut runtime = Runtime::start().await;
    let mut child = function.spawn(&[], &runtime, &folder.join("export.log"));
    let mut poll = runtime.poll().await;
    let _settled = tokio::time::timeout(SETTLING, std::future::pending::<()>()).await;
    let before = world.aws.counts();
    let (mut parts, mut events, mut cursor) = (0, 0, String::new());
    loop {
        poll.answer(event(&visitor, &cursor));
        let reply = runtime.reply().await.body;
        assert_eq!(reply["statusCode"], 200, "{}", reply["body"]);
        let part: Value =
            serde_json::from_str(reply["body"].as_str().expect("text")).expect("JSON");
        for conversation in part["conversations"].as_array().expect("conversations") {
            events += conversation["events"].as_array().expect("events").len();
        }
        poll = runtime.poll().await;
        parts += 1;
        match part["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    let counted = world.aws.counts().since(&before);
    let peak_mib = peak_mib(child.id().expect("it runs"));
    child.kill().await.expect("the process ends");
    assert_eq!(events, usize::try_from(messages).expect("a count"), "something is missing");
    Exported {
        messages,
        pages: counted.of(Service::DynamoDb, "Query") - parts - 1,
        least_pages: bytes.div_ceil(PAGE_BYTES),
        parts,
        peak_mib,
    }
}

fn event(visitor: &Visitor, cursor: &str) -> Value {
    let path = format!("/v1/me/export?cursor={cursor}");
    Request::new("GET", &path).bearer(&visitor.token).to_event()
}
