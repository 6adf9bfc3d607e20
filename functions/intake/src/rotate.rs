//! The daily rotation of the transport keys: makes a pair a suite, publishes the signed list, and
//! destroys what has stopped opening. It may run twice, or again after it was cut off anywhere.

mod answer;
mod compromise;
mod event;
pub mod job;

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};
use shared::clock::{Clock, UnixMillis, rfc3339};
use shared::config::{Backend, ConfigError, Lookup};
use shared::http::{app, aws};
use shared::seal::key_list::KEY_LIST_TYPE;
use shared::seal::place::Purpose;
use shared::seal::sign::Signer;
use shared::seal::transport::KemSuite;
use shared::store::StoreError;
use shared::store::security_event::SecurityEvents;
use shared::store::settings::Settings;
use shared::store::stack::Stack;
use shared::store::transport_key::{LONGEST_LIFE_MS, TransportKey};
use shared::values::encoding::base64url;
use shared::values::policy::AuditDays;

const HOUR_MS: i64 = 60 * 60 * 1000;
/// A pair is made when the newest is older: daily runs make one a day, a repeated run makes none.
const RENEW_AFTER_MS: UnixMillis = 12 * HOUR_MS;
/// A pair opens for three days: one as the newest, and two more for pages that are still open and
/// for runs that failed. After that nobody can open what was sealed to it.
const OPENS_FOR_MS: UnixMillis = LONGEST_LIFE_MS;
/// How many pairs of a suite are published at once.
const LISTED: usize = 2;

/// The settings that the job reads from its environment.
#[derive(Debug, Clone)]
pub struct Config {
    /// Settings and keys.
    pub backend: Backend,
    /// Name of the table of security events.
    pub events_table: String,
}

impl Config {
    /// Reads what [`Backend::read`] reads, and `SOTTO_TABLE_EVENTS`.
    ///
    /// # Errors
    /// [`ConfigError`] that names every setting that is missing.
    pub fn read(lookup: Lookup<'_>) -> Result<Self, ConfigError> {
        let (backend, [events_table]) = Backend::read_with(lookup, ["SOTTO_TABLE_EVENTS"])?;
        Ok(Self { backend, events_table })
    }
}

/// The job's access to what is stored.
pub struct Stores {
    /// The settings and their keys.
    pub settings: Arc<Settings>,
    /// The security events.
    pub events: SecurityEvents,
    /// The time.
    pub clock: Clock,
    /// The deployment's name in key lists.
    pub issuer: String,
}

impl Stores {
    /// The stores of a deployment.
    #[must_use]
    pub fn new(config: &Config, clock: Clock, sdk: &aws::SdkConfig) -> Self {
        let Config { backend, events_table } = config;
        let dynamo = aws::dynamodb(backend, sdk);
        let settings = Arc::new(app::settings(backend, clock.clone(), sdk));
        let (table, kept) = (events_table.clone(), AuditDays::default());
        Self {
            events: SecurityEvents::new(dynamo, table, Arc::clone(&settings), clock.clone(), kept),
            settings,
            issuer: backend.issuer.clone(),
            clock,
        }
    }
}

/// The report of a run.
#[derive(Debug, Serialize)]
pub struct Rotated {
    /// Pairs made.
    pub made: usize,
    /// Pairs in the published list.
    pub listed: usize,
    /// Pairs destroyed.
    pub destroyed: usize,
    /// The pin of the root key, for the embed snippet; behind it the pin of the one that follows it, once
    /// there is one.
    pub root_pin: String,
}

/// Runs the rotation.
///
/// # Errors
/// [`StoreError`]; what was done until then stays and is taken up by the next run.
pub async fn run(stores: &Stores) -> Result<Rotated, StoreError> {
    let Stores { settings, clock, .. } = stores;
    let mut stack = settings.stack().await?;
    settings.make_seeds(&stack).await?;
    settings.rotate_staff_keys(&stack).await?;
    let made = make_missing(settings, clock, &mut stack).await?;
    let root = root(settings, &stack).await?;
    let listed = newest(&mut stack.transport_keys);
    let jws = signed(stores, &root, &listed)?;
    let listed = listed.len();
    settings.put_key_list(&stack, jws, root.verifier().as_raw()).await?;
    let withdrawn_ms = stack.key_list.as_ref().and_then(|list| list.withdrawn_ms);
    let destroyed = settings.destroy_ended_transport_keys(withdrawn_ms).await?;
    let root_pin = pins(&root, settings.next_root(&stack).await?.as_ref())?;
    let rotated = Rotated { made, listed, destroyed, root_pin };
    tracing::info!(made, listed, destroyed, "transport keys rotated");
    Ok(rotated)
}

async fn root(settings: &Settings, stack: &Stack) -> Result<Signer, StoreError> {
    Ok(Signer::derive(&settings.stack_key(stack, Purpose::Signing, "root").await?)?)
}

/// The pins that a page is to have.
fn pins(root: &Signer, next: Option<&Signer>) -> Result<String, StoreError> {
    let pin = root.verifier().pin()?;
    let Some(next) = next else { return Ok(pin) };
    Ok(format!("{pin} {}", next.verifier().pin()?))
}

/// The list of these keys, signed by the root.
fn signed(stores: &Stores, root: &Signer, keys: &[&TransportKey]) -> Result<String, StoreError> {
    let end_ms = keys.iter().map(|key| key.not_after_ms).max().unwrap_or_default();
    let claims = json!({
        "iss": stores.issuer,
        "iat": stores.clock.now_seconds(),
        "exp": end_ms.div_euclid(1000),
        "keys": keys.iter().map(|key| published(key)).collect::<Vec<_>>(),
    });
    Ok(root.sign(KEY_LIST_TYPE, &claims)?)
}

async fn make_missing(
    settings: &Settings,
    clock: &Clock,
    stack: &mut Stack,
) -> Result<usize, StoreError> {
    let now_ms = clock.now_ms();
    let mut made = 0;
    for suite in KemSuite::ALL {
        let fresh = stack
            .transport_keys
            .iter()
            .any(|key| key.suite == suite && now_ms - key.made_at_ms < RENEW_AFTER_MS);
        if !fresh {
            let life = (now_ms, now_ms + OPENS_FOR_MS);
            let key = settings.make_transport_key(stack, suite, life).await?;
            stack.transport_keys.push(key);
            made += 1;
        }
    }
    Ok(made)
}

/// The newest pairs of each suite, the preferred suite and the newest pair first.
fn newest(keys: &mut [TransportKey]) -> Vec<&TransportKey> {
    keys.sort_by(|a, b| (b.made_at_ms, &b.kid).cmp(&(a.made_at_ms, &a.kid)));
    KemSuite::ALL
        .iter()
        .flat_map(|suite| keys.iter().filter(move |key| key.suite == *suite).take(LISTED))
        .collect()
}

fn published(key: &TransportKey) -> Value {
    json!({
        "kid": key.kid,
        "suite": { "kem": key.suite.kem(), "kdf": "HKDF-SHA256", "aead": "AES-256-GCM" },
        "public_key": base64url(&key.public),
        "not_after": rfc3339(key.not_after_ms),
    })
}
