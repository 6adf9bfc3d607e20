//! The sequencer: the binary `sequence` reads the stream of security events and appends them to the log.
//!
//! Each event is appended exactly once, however often its record comes: leaves, index and head are one
//! transaction, upon the condition that the head is still the one behind which the index was asked. Two
//! sequencers at once make no fork for the same reason: one of them is refused, and begins anew.

use std::collections::HashSet;
use std::sync::Arc;

use lambda_runtime::LambdaEvent;
use serde_json::Value;
use shared::clock::Clock;
use shared::config::{Backend, ConfigError, Lookup};
use shared::http::aws::{self, SdkConfig};
use shared::http::metrics::Metric;
use shared::http::stream::{self, BatchError, BatchResponse};
use shared::http::telemetry::{Invocation, Job, Outcome};
use shared::seal::sign::Verifier;
use shared::store::StoreError;
use shared::store::clients;
use shared::store::settings::Settings;
use shared::store::table::{Key, Table};
use shared::values::site::Site;
use tiles::leaf::{Commitment, Leaf, StoredEvent, commit, item_of_image};
use tiles::log::{AuditLog, Head, at_once};
use tiles::note::{origin, origin_of, read_by, sign};

/// How often a batch is appended anew where another sequencer was quicker.
const TRIES: usize = 8;
/// The commitment to an item that no function of ours writes: it must not stop the log.
const OTHER: Commitment = [0; 32];

/// The settings that the function reads from its environment.
#[derive(Debug, Clone)]
pub struct SequenceConfig {
    /// The way to AWS, and the settings' table.
    pub backend: Backend,
    /// Name of the table of the audit log.
    pub log_table: String,
}

impl SequenceConfig {
    /// Reads what [`Backend::read`] reads, and `SOTTO_TABLE_LOG`.
    ///
    /// # Errors
    /// [`ConfigError`] that names every setting that is missing.
    pub fn read(lookup: Lookup<'_>) -> Result<Self, ConfigError> {
        let (backend, [log_table]) = Backend::read_with(lookup, ["SOTTO_TABLE_LOG"])?;
        Ok(Self { backend, log_table })
    }
}

/// The sequencer, and what it writes with.
#[derive(Clone)]
pub struct Sequencer {
    clock: Clock,
    log: AuditLog,
    settings: Arc<Settings>,
    /// The settings' table, for what is stated of it.
    published: Table,
    origin: Arc<str>,
}

/// The counts of a batch.
#[derive(Default)]
struct Seen {
    appended: u64,
    unreadable: u64,
    failed: bool,
}

impl Sequencer {
    /// The sequencer over AWS clients that are configured already.
    #[must_use]
    pub fn with_sdk(config: &SequenceConfig, clock: Clock, sdk: &SdkConfig) -> Self {
        let backend = &config.backend;
        let dynamo = aws::dynamodb(backend, sdk);
        Self {
            log: AuditLog::new(Table::new(dynamo.clone(), config.log_table.clone())),
            settings: Arc::new(clients::settings(backend, clock.clone(), sdk)),
            published: Table::new(dynamo, backend.settings_table.clone()),
            origin: origin(&backend.issuer).into(),
            clock,
        }
    }

    /// Builds the clients and the sequencer over them; makes no call.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn build(config: &SequenceConfig, clock: Clock) -> Result<Self, String> {
        let sdk = aws::sdk_config(&config.backend)?;
        Ok(Self::with_sdk(config, clock, &sdk))
    }

    /// Appends the events of a batch, and names the first that could not be appended. A record of a new item
    /// that is no event is passed over and counted: detect opens an incident about it.
    ///
    /// # Errors
    /// [`BatchError`]; nothing of the batch is done then.
    pub async fn handle(&self, event: &LambdaEvent<Value>) -> Result<BatchResponse, BatchError> {
        let invocation = Invocation::begin(Job::Sequence, &self.clock, &event.context);
        let appended = match stream::records(&event.payload) {
            Ok(records) => Ok(Box::pin(self.append_all(&records)).await),
            Err(error) => Err(error),
        };
        let (outcome, seen) = match &appended {
            Ok((_, seen)) if seen.failed => (Outcome::Failed, seen),
            Ok((_, seen)) => (Outcome::Done, seen),
            Err(_) => (Outcome::Failed, &Seen::default()),
        };
        invocation
            .end(outcome)
            .with("appended", seen.appended)
            .with("unreadable", seen.unreadable)
            .count(Metric::RecordFailed, seen.unreadable)
            .print();
        appended.map(|(response, _)| response)
    }

    async fn append_all(&self, records: &[(&str, &Value)]) -> (BatchResponse, Seen) {
        let (mut response, mut seen) = (BatchResponse::default(), Seen::default());
        let (mut numbers, mut leaves) = (Vec::new(), Vec::new());
        for (number, record) in records {
            if record.get("eventName").is_none_or(|name| name != "INSERT") {
                continue;
            }
            let image = record.pointer("/dynamodb/NewImage").and_then(item_of_image);
            match image.as_ref().and_then(StoredEvent::read).map(|event| event.leaf()) {
                Some(Some(leaf)) => {
                    numbers.push(*number);
                    leaves.push(leaf);
                }
                // A release before the log has stored it.
                Some(None) => {}
                None => seen.unreadable += 1,
            }
        }
        let mut from = 0;
        while let Some(rest) = leaves.get(from..).filter(|rest| !rest.is_empty()) {
            let count = at_once(rest);
            let Ok(appended) = self.append(rest.get(..count).unwrap_or(rest)).await else {
                response.fail(numbers.get(from).copied().unwrap_or_default());
                seen.failed = true;
                break;
            };
            seen.appended += appended;
            from += count;
        }
        (response, seen)
    }

    /// Appends those of the events that are not in the log yet, and what has been published since; gives how
    /// many events that were.
    async fn append(&self, events: &[Leaf]) -> Result<u64, StoreError> {
        let signer = self.settings.log_signer().await?;
        for _ in 0..TRIES {
            let head = self.log.head().await?;
            if head.as_ref().is_some_and(|head| !is_ours(signer.verifier(), head)) {
                // Nothing is built upon what somebody else has written.
                return Err(StoreError::Corrupt { table: "log", attribute: "j" });
            }
            let mut leaves = self.fresh(events).await?;
            if leaves.is_empty() {
                return Ok(0);
            }
            let count = leaves.len();
            leaves.extend(self.statements(head.as_ref()).await?);
            // The name of a log stays, whatever becomes of the issuer's.
            let origin = head.as_ref().and_then(|head| origin_of(&head.checkpoint));
            let origin = origin.as_deref().unwrap_or(&self.origin);
            let sign = |size, root| sign(origin, (size, root), &signer);
            if self.log.append(head.as_ref(), &leaves, sign).await?.is_some() {
                return Ok(u64::try_from(count).unwrap_or(u64::MAX));
            }
        }
        Err(StoreError::Unavailable)
    }

    /// Those events that are not in the log, each once.
    async fn fresh(&self, events: &[Leaf]) -> Result<Vec<Leaf>, StoreError> {
        let known = self.log.known(events.iter().filter_map(Leaf::event)).await?;
        let mut seen = HashSet::new();
        let is_fresh =
            |leaf: &&Leaf| leaf.event().is_some_and(|id| !known.contains(&id) && seen.insert(id));
        Ok(events.iter().filter(is_fresh).cloned().collect())
    }

    /// A statement of each thing that was published since the last one: a key that was made for one visitor
    /// is not among them, and a policy that was loosened for an hour is.
    async fn statements(&self, head: Option<&Head>) -> Result<Vec<Leaf>, StoreError> {
        let site = Site::SHIPPED.id;
        let (settings, policy) = (format!("site/{site}"), format!("policy/{site}"));
        // Of the lists of keys what is published; a seal beside it is made anew each day.
        let published = [
            ("jwks", Key::new("staff", "jwks"), Some("j")),
            ("key-list", Key::new("*", "key-list"), Some("j")),
            ("ledger", Key::new("ledger", "head"), None),
            (&*policy, Key::new(site, "retention"), None),
            (&*settings, Key::new(format!("site#{site}"), "settings"), None),
        ];
        let mut statements = Vec::new();
        for (name, key, only) in published {
            let Some(mut item) = self.published.get("find_published", &key).await? else {
                continue;
            };
            if let Some(only) = only {
                item.retain(|attribute, _| attribute == only);
            }
            let commitment = commit(&item).unwrap_or(OTHER);
            let stated = head.and_then(|head| head.stated.get(name));
            if stated != Some(&commitment) {
                let at_ms = self.clock.now_ms();
                statements.push(Leaf::Statement { at_ms, name: name.to_owned(), commitment });
            }
        }
        Ok(statements)
    }
}

/// Whether the head is one that this key has signed, and its hashes are those of its checkpoint.
fn is_ours(key: &Verifier, head: &Head) -> bool {
    read_by(key, &head.checkpoint) == Some((head.frontier.size(), head.frontier.root()))
}
