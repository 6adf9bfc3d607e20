//! A function in a process of its own: started, invoked, watched, ended.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::process::{Child, Command as AsyncCommand};

use crate::runtime::Runtime;
use crate::stage::{Environment, Talk};
use crate::stopwatch;

/// Under valgrind everything takes some fifty times as long.
const PATIENCE: Duration = Duration::from_mins(2);

/// The time after which an idle function has begun all that it begins, also under valgrind.
pub(crate) const SETTLING: Duration = Duration::from_millis(1_500);

/// A program and its settings.
#[derive(Clone)]
pub(crate) struct Program {
    /// The command, with its arguments.
    pub(crate) command: Vec<OsString>,
    /// All of its environment but `PATH`.
    pub(crate) environment: Environment,
}

/// The measurements of a run.
pub(crate) struct Run {
    /// From the start of the process to its first question for an event.
    pub(crate) ready: Duration,
    /// From the start of the process to its first response, less what the bench took to write the
    /// event.
    pub(crate) first_reply: Duration,
    /// Resident memory after the last response, in MiB.
    pub(crate) resident_mib: f64,
    /// Bytes that it logged.
    pub(crate) logged: u64,
}

impl Program {
    /// Runs it for `invocations` messages of `talk` and kills it when it asks for one more.
    pub(crate) async fn run(&self, talk: &Talk, invocations: usize, folder: &Path) -> Run {
        let (run, mut child) = self.start(&[], talk, invocations, folder).await;
        child.kill().await.expect("the process ends");
        run
    }

    /// The instructions that it executes (valgrind's callgrind) from its start until it asks for the
    /// event after `invocations` of them.
    pub(crate) async fn instructions(&self, talk: &Talk, invocations: usize, folder: &Path) -> u64 {
        let program = self.command.first().map(Path::new).and_then(Path::file_name);
        let program = program.unwrap_or_default().to_string_lossy();
        // Kept apart, for callgrind_annotate.
        let counted = folder.join(format!("callgrind.{program}.{}.{invocations}", talk.name()));
        let mut option = OsString::from("--callgrind-out-file=");
        option.push(&counted);
        let valgrind = ["valgrind".into(), "-q".into(), "--tool=callgrind".into(), option];
        let (_, mut child) = self.start(&valgrind, talk, invocations, folder).await;
        // Only a signal that can be caught lets valgrind write what it counted.
        let id = child.id().expect("it runs").to_string();
        let told = Command::new("kill").args(["-TERM", &id]).status();
        assert!(told.is_ok_and(|status| status.success()), "the process takes the signal");
        child.wait().await.expect("the process ends");
        let written = std::fs::read_to_string(&counted).expect("valgrind wrote its counts");
        let total = written.lines().find_map(|line| line.strip_prefix("totals: "));
        total.and_then(|total| total.trim().parse().ok()).expect("a total")
    }

    /// Starts it, to be served by that Runtime API.
    pub(crate) fn spawn(&self, wrapper: &[OsString], runtime: &Runtime, log: &Path) -> Child {
        let mut words = wrapper.iter().chain(&self.command);
        let mut command = AsyncCommand::new(words.next().expect("a program"));
        command
            .args(words)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("AWS_LAMBDA_RUNTIME_API", &runtime.address)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(log).expect("a log"))
            .kill_on_drop(true);
        command.spawn().expect("the program starts")
    }

    async fn start(
        &self,
        wrapper: &[OsString],
        talk: &Talk,
        invocations: usize,
        folder: &Path,
    ) -> (Run, Child) {
        let mut runtime = Runtime::start().await;
        let log = folder.join("function.log");
        let started = stopwatch();
        let mut child = self.spawn(wrapper, &runtime, &log);
        let exchanged = tokio::select! {
            run = exchange(&mut runtime, started, talk, invocations) => Some(run),
            _ = child.wait() => None,
            _ = tokio::time::timeout(PATIENCE, std::future::pending::<()>()) => None,
        };
        let Some(mut run) = exchanged else {
            let log = std::fs::read_to_string(&log).unwrap_or_default();
            panic!("{:?} does not answer; its log ends with {}", self.command, tail_of(&log));
        };
        run.resident_mib = resident_mib(child.id().expect("it runs"));
        run.logged = std::fs::metadata(&log).map_or(0, |log| log.len());
        (run, child)
    }
}

/// Serves a function `invocations` events and takes the question for one more.
async fn exchange(runtime: &mut Runtime, started: Instant, talk: &Talk, invocations: usize) -> Run {
    let mut poll = runtime.poll().await;
    let ready = poll.at.duration_since(started);
    let mut first_reply = ready;
    let mut last: Option<Value> = None;
    // Several are taken to know a warm one: how many connections the start opens must not differ
    // between two runs, as it does when the first event comes into the middle of it.
    if invocations > 1 {
        let _settled = tokio::time::timeout(SETTLING, std::future::pending::<()>()).await;
    }
    for _ in 0..invocations {
        let event = talk.event(last.as_ref());
        let handed_out = stopwatch();
        poll.answer(event);
        let reply = runtime.reply().await;
        assert_eq!(reply.body["statusCode"], 201, "{}", reply.body);
        if last.is_none() {
            first_reply = ready + reply.at.duration_since(handed_out);
        }
        last = Some(reply.body);
        poll = runtime.poll().await;
    }
    Run { ready, first_reply, resident_mib: 0.0, logged: 0 }
}

/// Resident memory of a process now.
fn resident_mib(id: u32) -> f64 {
    status_mib(id, "VmRSS:")
}

/// The most that it ever was.
pub(crate) fn peak_mib(id: u32) -> f64 {
    status_mib(id, "VmHWM:")
}

/// The value in `/proc`; 0 where there is none.
fn status_mib(id: u32, name: &str) -> f64 {
    let status = std::fs::read_to_string(PathBuf::from(format!("/proc/{id}/status")));
    let kib = status.unwrap_or_default().lines().find_map(|line| {
        line.strip_prefix(name)?.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok()
    });
    kib.unwrap_or(0.0) / 1024.0
}

fn tail_of(log: &str) -> &str {
    let from = log.char_indices().rev().nth(500).map_or(0, |(at, _)| at);
    log.get(from..).unwrap_or_default()
}

/// The programs that take part, with their settings.
pub(crate) struct Cast {
    /// Ours.
    pub(crate) function: Program,
    /// The least that an exchange takes.
    pub(crate) bare: Program,
    /// The Lambda runtime alone.
    pub(crate) floor: Program,
    /// Node with the SDK, or what is missing.
    pub(crate) node: Result<Program, String>,
    /// Python with the SDK, or what is missing.
    pub(crate) python: Result<Program, String>,
}
