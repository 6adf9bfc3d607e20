//! `cargo local` as a process: its first line, its routes, its files, its ends.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Method, Request};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use shared::clock::Clock;

use crate::{PATIENT, dynamodb};

/// A running `cargo local`; killed when dropped.
struct Local {
    child: Child,
    ready: Value,
}

impl Local {
    fn start(folder: &Path, more: &[&str]) -> Self {
        let mut child =
            command(folder, more).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        let out = child.stdout.as_mut().unwrap();
        BufReader::new(out).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(ready["ready"], true);
        Self { child, ready }
    }

    fn url(&self, name: &str) -> &str {
        self.ready[name].as_str().unwrap()
    }

    /// Sends a signal, as a shell would.
    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(folder: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    if more.first() != Some(&"aws") {
        command.args(["--port", "0", "--control-port", "0"]);
    }
    command.args(["--aws-port", "0", "--data"]).arg(folder).args(more);
    command
}

fn refused(output: &Output) -> (Option<i32>, String) {
    assert!(output.stdout.is_empty(), "nothing is ready");
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    (output.status.code(), text)
}

/// Status, content type and JSON of an answer.
async fn send(method: Method, url: &str, body: Option<Value>) -> (u16, String, Value) {
    let request = Request::builder()
        .method(method)
        .uri(url)
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(body.map(|body| body.to_string()).unwrap_or_default())))
        .unwrap();
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let response = client.request(request).await.unwrap();
    let status = response.status().as_u16();
    let kind = response
        .headers()
        .get("content-type")
        .map(|kind| kind.to_str().unwrap().to_owned())
        .unwrap_or_default();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let json = serde_json::from_slice(&body).unwrap_or(Value::Null);
    (status, kind, json)
}

#[tokio::test]
async fn everything_is_served_and_sigterm_ends_it_in_two_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let mut local = Local::start(folder.path(), &[]);
    let (status, kind, _) = send(Method::GET, local.url("url"), None).await;
    assert_eq!((status, kind.as_str()), (200, "text/html; charset=utf-8"));
    let keys = format!("{}/v1/keys", local.url("url"));
    let (status, _, keys) = send(Method::GET, &keys, None).await;
    assert_eq!(status, 200);
    assert!(keys["jws"].is_string());
    let tables = dynamodb(local.url("aws_url"), PATIENT).list_tables().send().await.unwrap();
    assert_eq!(tables.table_names().len(), 13);

    let clock = Clock::system();
    let before = clock.now_ms();
    local.signal("-TERM");
    let ended = local.child.wait().unwrap();
    assert_eq!(ended.code(), Some(0));
    assert!(clock.now_ms() - before < 2_000);
    let log = folder.path().join("dynamodb.sqlite-wal");
    assert!(!log.exists(), "the database was closed");
}

#[tokio::test]
async fn the_control_server_moves_time_and_runs_jobs() {
    let folder = tempfile::tempdir().unwrap();
    let local = Local::start(folder.path(), &[]);
    let control = |path: &str| format!("{}{path}", local.url("control_url"));
    let post = |path: &str, body| {
        let url = control(path);
        async move { send(Method::POST, &url, body).await }
    };
    let (_, _, rotated) = post("/run/rotate-keys", None).await;
    assert_eq!(rotated["report"]["made"], 0, "made at the start");
    let (status, _, _) = post("/clock", Some(json!({"advance_seconds": 86_400}))).await;
    assert_eq!(status, 200);
    let (status, _, rotated) = post("/run/rotate-keys", None).await;
    assert_eq!(status, 200);
    assert_eq!(rotated["report"]["made"], 0, "made when the day had passed");
    assert_eq!(rotated["report"]["listed"], 4);
    let (status, _, swept) = post("/run/sweep", None).await;
    assert_eq!((status, swept["job"].as_str()), (200, Some("sweep")), "{swept}");
    assert!(swept["report"].is_object(), "{swept}");

    for (path, body, status, code) in [
        ("/run/digest", None, 404, "no_such_job"),
        ("/clock", None, 400, "malformed_json"),
        ("/clock", Some(json!({"advance_seconds": -1})), 422, "invalid"),
        ("/clock", Some(json!({"advance_seconds": u64::MAX})), 422, "invalid"),
        ("/clock", Some(json!({"seconds": 1})), 422, "invalid"),
        ("/faults", Some(json!({"service": "s3", "kind": "gone", "rate": 1})), 422, "invalid"),
        ("/faults", Some(json!({"service": "kms", "kind": "gone", "rate": 1.5})), 422, "invalid"),
        ("/nothing", None, 404, "no_such_route"),
    ] {
        let (got, kind, problem) = post(path, body).await;
        assert_eq!((got, problem["code"].as_str()), (status, Some(code)), "{path}");
        assert_eq!(kind, "application/problem+json");
    }
    let (status, _, _) = send(Method::GET, &control("/clock"), None).await;
    assert_eq!(status, 405);

    let fault = json!({"service": "dynamodb", "kind": "throttle", "rate": 1});
    assert_eq!(post("/faults", Some(fault)).await.0, 200);
    let client = dynamodb(local.url("aws_url"), PATIENT);
    assert!(client.list_tables().send().await.is_err());
    let over = json!({"service": "dynamodb", "kind": "throttle", "rate": 0});
    assert_eq!(post("/faults", Some(over)).await.0, 200);
    assert!(client.list_tables().send().await.is_ok());
}

#[tokio::test]
async fn aws_alone_writes_an_environment_and_events_with_a_real_visitor() {
    let folder = tempfile::tempdir().unwrap();
    let local = Local::start(folder.path(), &["aws"]);
    assert!(local.ready["url"].is_null());
    let environment = std::fs::read_to_string(folder.path().join("env")).unwrap();
    for name in [
        "AWS_ENDPOINT_URL",
        "AWS_REGION",
        "SOTTO_TABLE_KEYS",
        "SOTTO_TABLE_SETTINGS",
        "SOTTO_KMS_KEY",
        "SOTTO_ORIGINS",
        "SOTTO_GUEST_LIMIT",
        "SOTTO_SEALED_ONLY",
        "SOTTO_ISSUER",
        "SOTTO_ROOT_PIN",
    ] {
        let value = environment.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        assert!(value.is_some_and(|value| !value.is_empty()), "{name}");
    }
    let mut events = 0;
    for entry in std::fs::read_dir(folder.path().join("events")).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        assert!(!text.contains("{{"), "{text}");
        events += 1;
    }
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/events");
    assert_eq!(events, std::fs::read_dir(shipped).unwrap().count());
}

#[test]
fn what_cannot_start_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let (code, text) = refused(&command(folder.path(), &["--prot"]).output().unwrap());
    assert_eq!(code, Some(2));
    assert!(text.contains("--prot"), "{text}");

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for flag in ["--port", "--control-port", "--aws-port"] {
        let (code, text) = refused(&command(folder.path(), &[flag, &port]).output().unwrap());
        assert_eq!(code, Some(1));
        assert!(text.contains(&port) && text.contains(flag), "{text}");
    }

    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let (code, text) = refused(&command(&file, &[]).output().unwrap());
    assert_eq!(code, Some(1));
    assert!(text.contains("file"), "{text}");

    let _first = Local::start(folder.path(), &[]);
    let (code, text) = refused(&command(folder.path(), &["--fresh"]).output().unwrap());
    assert_eq!(code, Some(1));
    assert!(text.contains("in use"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_loses_nothing_that_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..3 {
        let local = Local::start(folder.path(), &["aws"]);
        let stop = Arc::new(AtomicBool::new(false));
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let client = dynamodb(local.url("aws_url"), PATIENT);
                let stop = Arc::clone(&stop);
                tokio::spawn(async move {
                    let mut acknowledged = Vec::new();
                    while !stop.load(Ordering::Relaxed) {
                        let name = format!("{round}.{writer}.{}", acknowledged.len());
                        if !put(&client, &name).await {
                            break;
                        }
                        acknowledged.push(name);
                    }
                    acknowledged
                })
            })
            .collect();
        let watcher = dynamodb(local.url("aws_url"), PATIENT);
        while stored(&watcher, &format!("{round}.0.20")).await.is_none() {
            tokio::task::yield_now().await;
        }
        local.signal("-KILL");
        drop(local);
        stop.store(true, Ordering::Relaxed);
        let mut acknowledged = Vec::new();
        for writer in writers {
            acknowledged.extend(writer.await.unwrap());
        }

        let local = Local::start(folder.path(), &["aws"]);
        let client = dynamodb(local.url("aws_url"), PATIENT);
        for name in &acknowledged {
            assert!(stored(&client, name).await.is_some(), "{name} is lost");
        }
        assert!(acknowledged.len() > 20);
    }
    for name in ["dynamodb.sqlite", "kms.json", "env"] {
        let mode = std::fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name} is open to others");
    }
}

#[test]
fn help_is_printed() {
    let output = Command::new(env!("CARGO_BIN_EXE_local")).arg("--help").output().unwrap();
    assert!(output.status.success());
    let mut text = String::new();
    output.stdout.as_slice().read_to_string(&mut text).unwrap();
    assert!(text.contains("cargo local aws"));
}

async fn put(client: &aws_sdk_dynamodb::Client, name: &str) -> bool {
    client
        .put_item()
        .table_name("sotto-keys")
        .item("u", AttributeValue::B(Blob::new(name)))
        .item("c", AttributeValue::B(Blob::new(name)))
        .send()
        .await
        .is_ok()
}

async fn stored(client: &aws_sdk_dynamodb::Client, name: &str) -> Option<()> {
    let found = client
        .get_item()
        .table_name("sotto-keys")
        .key("u", AttributeValue::B(Blob::new(name)))
        .key("c", AttributeValue::B(Blob::new(name)))
        .send()
        .await
        .ok()?;
    found.item().map(|_| ())
}
