//! `cargo local aws` under `cargo lambda watch`: the same routes, on the same data, by the programs
//! that Lambda would start.
//!
//! `watch` builds with `cargo run --bin …` for the whole workspace, so that it shares the target
//! directory of the tests, and only the programs themselves are left to compile.

use std::fs::File;
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use tests::api::{Api, Request};
use tests::process::{Group, Local, outside_cargo};
use tests::tools;
use tokio::time::{interval, timeout};

use super::event_files::{Event, made};
use super::{LOCAL, Place, root};
use crate::contract;

/// For the programs to be compiled, even where nothing was before.
const BUILD: Duration = Duration::from_mins(15);
/// For one invocation of a function that is up.
const INVOCATION: Duration = Duration::from_mins(1);

#[tokio::test]
async fn cargo_lambda_watch_serves_the_contract_and_takes_every_shipped_event() {
    let Some(cargo_lambda) = tools::cargo_lambda() else { return };
    let place = Place::new();
    let aws = Local::aws_only(LOCAL, &place.data).await;
    let port = free_port();
    let (watch, api) = watch(&cargo_lambda, &place.data, port).await;

    Box::pin(contract::all_in_text(&api)).await;
    let page = api.send(&Request::new("GET", "/")).await;
    assert_eq!(page.status, 200, "the page");

    let folder = place.data.join("events");
    let events = made();
    assert!(events.len() > 60, "{} events", events.len());
    for event in events {
        let answer = invoke(&cargo_lambda, port, &event, &folder).await;
        let answered = answer["statusCode"].as_u64();
        assert_eq!(answered, event.status.map(u64::from), "{}: {answer}", event.name);
    }
    drop(watch);
    assert!(aws.terminate().await.status.success());
}

/// Starts `cargo lambda watch` and waits until each function has been built and answers.
async fn watch(cargo_lambda: &Path, data: &Path, port: u16) -> (Watch, Api) {
    let log = data.with_extension("watch.log");
    let output = File::create(&log).expect("a log file");
    let mut command = Command::new(cargo_lambda);
    command
        .args(["lambda", "watch", "--ignore-changes", "--disable-cors", "-A", "127.0.0.1", "-P"])
        .arg(port.to_string())
        .arg("--env-file")
        .arg(data.join("env"))
        .current_dir(root())
        .stdout(output.try_clone().expect("a second handle"))
        .stderr(output);
    outside_cargo(&mut command);
    let mut watch = Watch { group: Group::start(command), log };
    let api = Api::Http(format!("http://127.0.0.1:{port}"));
    let built = async {
        let mut tries = interval(Duration::from_millis(100));
        // Of each function a path, and how it answers it.
        for (path, status) in [
            ("/v1/health", 200),
            ("/widget.js", 200),
            ("/.well-known/jwks.json", 200),
            ("/v1/retention/policy", 401),
            ("/v1/audit/checkpoint", 401),
        ] {
            loop {
                tries.tick().await;
                assert!(watch.group.ended().is_none(), "cargo lambda watch ended");
                let answer = api.try_send(&Request::new("GET", path)).await;
                if answer.is_some_and(|answer| answer.status == status) {
                    break;
                }
            }
        }
    };
    timeout(BUILD, built).await.expect("the functions are built in time");
    (watch, api)
}

/// `cargo lambda watch` and all that it has started.
struct Watch {
    group: Group,
    log: PathBuf,
}

impl Drop for Watch {
    /// Shows what it wrote, if the test has failed.
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = std::fs::read(&self.log).unwrap_or_default();
            std::io::stderr().write_all(&log).ok();
        }
    }
}

/// Invokes a function with the event of a file, as people do by hand.
async fn invoke(cargo_lambda: &Path, port: u16, event: &Event, folder: &Path) -> Value {
    let file = folder.join(&event.name);
    let mut command = tokio::process::Command::new(cargo_lambda);
    let ran = command
        .args(["lambda", "invoke", event.function, "-A", "127.0.0.1", "-P", &port.to_string()])
        .arg("--data-file")
        .arg(&file)
        .current_dir(root())
        .kill_on_drop(true)
        .output();
    // The first invocation of a job compiles it.
    let limit = if event.status.is_none() { BUILD } else { INVOCATION };
    let output = timeout(limit, ran).await.expect("an answer in time").expect("it starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{}: {text}{said}", file.display());
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}{said}"))
}

/// A port that was free a moment ago; `watch` tells nobody which one it got for 0.
fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("an address").port()
}
