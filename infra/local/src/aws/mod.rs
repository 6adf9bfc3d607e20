//! An embedded AWS on 127.0.0.1: DynamoDB and KMS on one port, for any SDK with dummy credentials.
//!
//! It runs on threads of its own, so it can be started and stopped from anywhere and outlives the
//! runtime of the test that started it. Differences from AWS that matter: one stream shard, no
//! transaction conflicts, every read is consistent, signatures are not checked, and a TTL deletion
//! looks like any other in the stream for who reads it over the wire; [`Aws::read_on`] tells them
//! apart, for as long as the process runs.
//!
//! A caller whose access key id is a function's ([`crate::iam::access_key`]) is held to its role of the
//! template and to the key's policy; any other is the account's administrator.

mod count;
mod dynamo;
mod fault;
mod guard;
mod kms;
mod listener;
mod stream;
mod ttl;

use std::fmt;
use std::io;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::Value;
use shared::clock::Clock;
use tokio::net::TcpListener;
use tokio::sync::watch;

use self::dynamo::Dynamo;
use self::guard::Guard;
use self::kms::Kms;
use self::listener::Services;
use crate::iam::policies::Policies;
use template::{Table, TemplateError};

pub use self::count::Counts;
pub use self::dynamo::DatabaseError;
pub use self::fault::{Fault, FaultError, Faults, Service};
pub use self::stream::Place;

/// The database's file in the data folder; `SQLite` keeps two more beside it.
pub(crate) const DATABASE_FILE: &str = "dynamodb.sqlite";
/// The keys' file in the data folder.
pub(crate) const KEY_FILE: &str = "kms.json";

/// How to start.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder that keeps the data; without one all of it is in memory.
    pub data: Option<PathBuf>,
    /// The port on 127.0.0.1; 0 picks a free one.
    pub port: u16,
    /// The clock of the TTL and of KMS.
    pub clock: Clock,
    /// The seed of the fault injector.
    pub seed: u64,
    /// Where it is recorded what the roles of functions allow and refuse.
    pub seen: Option<PathBuf>,
}

/// A running AWS. Stops when dropped, or, waiting for it, with [`Aws::stop`].
pub struct Aws {
    url: String,
    clock: Clock,
    services: Arc<Services>,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

/// Why it could not start.
#[derive(Debug)]
pub enum StartError {
    /// The port cannot be listened on; most often it is in use.
    Port(u16, io::Error),
    /// A file of the data folder cannot be read, written or understood.
    File(PathBuf, io::Error),
    /// The roles of the template cannot be read.
    Roles(TemplateError),
    /// The system gives no thread, or the like.
    System(io::Error),
}

impl Aws {
    /// Starts, and returns when requests are answered.
    ///
    /// # Errors
    /// When the port is taken, or a file of the data folder cannot be read or written.
    pub fn start(options: Options) -> Result<Self, StartError> {
        let (stop, stopped) = watch::channel(false);
        let (report, started) = mpsc::channel();
        let clock = options.clock.clone();
        let thread = thread::Builder::new()
            .name("local-aws".to_owned())
            .spawn(move || run(&options, &report, Stop(stopped)))
            .map_err(StartError::System)?;
        let (url, services) = started
            .recv()
            .map_err(|_| StartError::System(io::ErrorKind::UnexpectedEof.into()))??;
        Ok(Self { url, clock, services, stop, thread: Some(thread) })
    }

    /// The endpoint for SDKs, e.g. `http://127.0.0.1:8000`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The fault injector.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.services.faults
    }

    /// The counters as they stand; see [`Counts::since`] for a difference.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.services.counters.snapshot()
    }

    /// Makes a table of the template under `name`, unless it is there. Not counted, never faulty.
    ///
    /// # Errors
    /// When the engine refuses the definition.
    pub fn ensure_table(&self, table: &Table, name: &str) -> Result<(), DatabaseError> {
        self.services.guard.knows_table(table, name);
        self.services.dynamo.ensure_table(table, name)
    }

    /// The ARN of the KMS key behind `alias` (`alias/…`), which is made when there is none. Not
    /// counted, never faulty.
    ///
    /// # Errors
    /// When the key file cannot be written.
    pub fn ensure_key(&self, alias: &str) -> io::Result<String> {
        let arn = self.services.kms.key_behind(alias)?;
        self.services.guard.knows_key(&arn);
        Ok(arn)
    }

    /// From now on, refusals by IAM are recorded as those that a test wanted to see.
    pub fn provoke_refusals(&self) {
        self.services.guard.provoke();
    }

    /// Deletes every item that is past its TTL by the clock, and says how many. AWS does the same
    /// some time within days; here it happens when it is called.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn sweep_ttl(&self) -> Result<usize, DatabaseError> {
        self.services.dynamo.sweep(self.clock.now_seconds())
    }

    /// Every record that the stream of a table still holds, in order, as `GetRecords` gives them.
    ///
    /// # Errors
    /// When there is no such table or it has no stream.
    pub fn stream_records(&self, table: &str) -> Result<Vec<Value>, DatabaseError> {
        let dynamo = &self.services.dynamo;
        dynamo.read_on(&mut dynamo.stream_start(table)?)
    }

    /// Where the stream of a table begins.
    ///
    /// # Errors
    /// When there is no such table or it has no stream.
    pub fn stream_start(&self, table: &str) -> Result<Place, DatabaseError> {
        self.services.dynamo.stream_start(table)
    }

    /// Where the stream of a table ends now.
    ///
    /// # Errors
    /// When there is no such table or it has no stream.
    pub fn stream_end(&self, table: &str) -> Result<Place, DatabaseError> {
        self.services.dynamo.stream_end(table)
    }

    /// Every record behind `place`, in order, as `GetRecords` gives them, and moves the place behind
    /// them. The record of a deletion by the TTL names the service in `userIdentity`.
    ///
    /// # Errors
    /// When the engine fails; the place is then where it was.
    pub fn read_on(&self, place: &mut Place) -> Result<Vec<Value>, DatabaseError> {
        self.services.dynamo.read_on(place)
    }

    /// Stops: no new connection, running requests get half a second. Returns when the files are closed.
    pub fn stop(mut self) {
        let thread = self.thread.take();
        drop(self);
        if let Some(thread) = thread {
            // It ended by a panic, which has reported itself.
            let _ = thread.join();
        }
    }
}

impl Drop for Aws {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

impl Default for Options {
    /// In memory, on a free port, by the system's clock.
    fn default() -> Self {
        Self { data: None, port: 0, clock: Clock::system(), seed: 0, seen: None }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port(port, error) => {
                write!(formatter, "cannot listen on 127.0.0.1:{port}: {error}")
            }
            Self::File(file, error) => {
                write!(formatter, "{} cannot be used: {error}", file.display())
            }
            Self::Roles(error) => error.fmt(formatter),
            Self::System(error) => write!(formatter, "the local AWS cannot start: {error}"),
        }
    }
}

impl std::error::Error for StartError {}

/// The signal that everything here has to end.
#[derive(Clone)]
struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Resolves when the signal is given, or when its sender is gone.
    async fn requested(mut self) {
        let _ = self.0.wait_for(|stop| *stop).await;
    }
}

type Started = Result<(String, Arc<Services>), StartError>;

/// The thread: a runtime that serves until it is told to stop.
fn run(options: &Options, report: &mpsc::Sender<Started>, stop: Stop) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("local-aws")
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = report.send(Err(StartError::System(error)));
            return;
        }
    };
    runtime.block_on(async {
        let _ = match open(options, stop).await {
            Ok((url, services, serving)) => {
                let sent = report.send(Ok((url, services)));
                serving.await;
                sent
            }
            Err(error) => report.send(Err(error)),
        };
    });
    runtime.shutdown_timeout(Duration::from_millis(200));
}

async fn open(
    options: &Options,
    stop: Stop,
) -> Result<(String, Arc<Services>, impl Future<Output = ()>), StartError> {
    let policies = Policies::deployed().map_err(StartError::Roles)?;
    let file = |name: &str| options.data.as_deref().map(|folder| folder.join(name));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))
        .await
        .map_err(|error| StartError::Port(options.port, error))?;
    let address = listener.local_addr().map_err(StartError::System)?;
    let key_file = file(KEY_FILE);
    let kms = Kms::open(key_file.as_deref(), options.clock.clone())
        .map_err(|error| unusable(key_file, error))?;
    let database_file = file(DATABASE_FILE);
    let (dynamo, engine) = Dynamo::open(database_file.as_deref(), stop.clone())
        .await
        .map_err(|error| unusable(database_file, error))?;
    let services = Arc::new(Services {
        dynamo,
        kms,
        faults: Faults::seeded(options.seed),
        counters: count::Counters::default(),
        guard: Guard::new(policies, options.seen.clone()),
    });
    let serving = listener::serve(listener, Arc::clone(&services), stop);
    Ok((format!("http://{address}"), services, async {
        tokio::join!(serving, engine);
    }))
}

fn unusable(file: Option<PathBuf>, error: io::Error) -> StartError {
    match file {
        Some(file) => StartError::File(file, error),
        None => StartError::System(error),
    }
}
