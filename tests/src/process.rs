//! `cargo local` as people run it: a process with a data folder, free ports, a first line that says
//! where everything is, and two ways to end. Nothing of it outlives the test that started it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use local::iam::seen::{VARIABLE, file_of_the_tests};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::api::{Api, Request, Response};

/// How long a start may take on a machine that is busy with other tests.
const START: Duration = Duration::from_mins(3);
/// How long an end may take before it counts as none.
const END: Duration = Duration::from_secs(20);
const SIGNED: &str = "AWS4-HMAC-SHA256 Credential=local/20261101/eu-central-1/dynamodb/aws4_request, \
                      SignedHeaders=host;x-amz-date, Signature=0";

/// A running `cargo local`; killed when dropped.
pub struct Local {
    /// The first line on stdout.
    pub ready: Value,
    child: Child,
    rest: JoinHandle<()>,
    said: watch::Receiver<String>,
    first: String,
    log: PathBuf,
}

/// The output and status of a process that has ended.
pub struct Ended {
    /// How it ended.
    pub status: ExitStatus,
    /// All of stdout.
    pub stdout: Vec<u8>,
    /// All of stderr.
    pub stderr: Vec<u8>,
}

impl Local {
    /// Starts everything on free ports, and waits for the first line. The log goes to a file beside
    /// the data folder.
    pub async fn everything(binary: &str, data: &Path, more: &[&str]) -> Self {
        let ports = ["--port", "0", "--aws-port", "0", "--control-port", "0"];
        Self::start(binary, data, &[&ports, more].concat()).await
    }

    /// Starts only DynamoDB and KMS on a free port.
    pub async fn aws_only(binary: &str, data: &Path) -> Self {
        Self::start(binary, data, &["aws", "--aws-port", "0"]).await
    }

    async fn start(binary: &str, data: &Path, arguments: &[&str]) -> Self {
        let log = data.with_extension("log");
        let mut child = command(binary, data, arguments)
            .stderr(File::options().create(true).append(true).open(&log).expect("a log file"))
            .spawn()
            .expect("the process starts");
        let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut first = String::new();
        let read = timeout(START, out.read_line(&mut first)).await;
        read.expect("a first line in time").expect("a first line");
        let ready = serde_json::from_str(&first).unwrap_or_else(|error| {
            let log = std::fs::read_to_string(&log).unwrap_or_default();
            panic!("{error}: the first line was {first:?}, and on stderr:\n{log}")
        });
        let (says, said) = watch::channel(String::new());
        let rest = tokio::spawn(async move {
            let mut line = String::new();
            // A killed process closes its end as well.
            while out.read_line(&mut line).await.is_ok_and(|read| read > 0) {
                says.send_modify(|said| said.push_str(&std::mem::take(&mut line)));
            }
        });
        Self { ready, child, rest, said, first, log }
    }

    /// A start that has to be refused: how it ended and what it said.
    pub async fn refused(binary: &str, data: &Path, arguments: &[&str]) -> Ended {
        let mut command = command(binary, data, arguments);
        let output = timeout(START, command.stderr(Stdio::piped()).output()).await;
        let output = output.expect("an end in time").expect("the process starts");
        Ended { status: output.status, stdout: output.stdout, stderr: output.stderr }
    }

    /// The API.
    #[must_use]
    pub fn api(&self) -> Api {
        Api::Http(self.url("url"))
    }

    /// One of the addresses of the first line.
    #[must_use]
    pub fn url(&self, name: &str) -> String {
        self.ready[name].as_str().expect(name).to_owned()
    }

    /// The first line after the first one that holds these words.
    pub async fn line_with(&mut self, words: &str) -> String {
        let find =
            |said: &String| said.lines().find(|line| line.contains(words)).map(str::to_owned);
        let said = timeout(START, self.said.wait_for(|said| find(said).is_some())).await;
        find(&said.expect("the line in time").expect("the line")).expect("the line")
    }

    /// The link with which the first admin joins, as it was printed.
    pub async fn invitation(&mut self) -> String {
        let line = self.line_with("/console#invitation=").await;
        line.split_whitespace().last().expect("a link").to_owned()
    }

    /// Asks the control server.
    pub async fn control(&self, path: &str, body: &Value) -> Response {
        let request = Request::new("POST", path).json(body);
        Api::Http(self.url("control_url")).send(&request).await
    }

    /// Calls an operation of the embedded AWS and shows the answer as it comes over the wire, which
    /// an SDK would not. The signature has the form of one: nobody checks more.
    pub async fn aws(&self, operation: &str, body: &Value) -> Value {
        let request = Request::new("POST", "/")
            .header("x-amz-target", operation)
            .header("x-amz-date", "20261101T000000Z")
            .header("authorization", SIGNED)
            .bytes("application/x-amz-json-1.0", body.to_string());
        let response = Api::Http(self.url("aws_url")).send(&request).await;
        assert_eq!(response.status, 200, "{operation}: {}", response.json());
        response.json()
    }

    /// Asks it to end, as Ctrl-C and a service manager do, and waits until it has.
    pub async fn terminate(self) -> Ended {
        signal("TERM", &self.child.id().expect("a running process").to_string()).await;
        self.end().await
    }

    /// Ends it without a warning.
    pub async fn kill(mut self) -> Ended {
        self.child.start_kill().expect("a running process");
        self.end().await
    }

    async fn end(mut self) -> Ended {
        let status = timeout(END, self.child.wait()).await.expect("an end in time");
        timeout(END, self.rest).await.expect("an end of stdout").expect("no panic");
        let rest = self.said.borrow().clone().into_bytes();
        Ended {
            status: status.expect("a status"),
            stdout: [self.first.into_bytes(), rest].concat(),
            stderr: std::fs::read(&self.log).expect("the log"),
        }
    }
}

/// A process and all that it starts; all of them are killed when it is dropped.
pub struct Group(Child);

impl Group {
    /// Starts the leader of a new group.
    #[must_use]
    pub fn start(command: std::process::Command) -> Self {
        let mut command = Command::from(command);
        Self(command.process_group(0).kill_on_drop(true).spawn().expect("the process starts"))
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().expect("a process of ours")
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.0.id() {
            let kill = format!("kill -s KILL -- -{leader}");
            std::process::Command::new("sh").args(["-c", &kill]).status().ok();
        }
    }
}

/// The environment of a new process without what `cargo test` has added to ours: a build inside
/// would take it for a change of its inputs and compile everything again.
pub fn outside_cargo(command: &mut std::process::Command) {
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        let of_the_test = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_EXE_", "LD_LIBRARY_PATH"];
        if of_the_test.iter().any(|prefix| name.starts_with(prefix)) {
            command.env_remove(name);
        }
    }
}

fn command(binary: &str, data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary);
    command
        .args(arguments)
        .arg("--data")
        .arg(data)
        .env("RUST_LOG", "trace")
        .env(VARIABLE, file_of_the_tests())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    command
}

async fn signal(name: &str, process: &str) {
    let kill = format!("kill -s {name} -- {process}");
    let status = Command::new("sh").args(["-c", &kill]).status().await.expect("a shell");
    assert!(status.success(), "no process to signal");
}
