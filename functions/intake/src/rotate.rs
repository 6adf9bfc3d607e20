//! The daily rotation of the transport keys: makes a pair a suite, publishes the signed list, and
//! destroys what has stopped opening. It may run twice, or again after it was cut off anywhere.

mod answer;
mod event;
pub mod job;

use serde::Serialize;
use serde_json::{Value, json};
use shared::clock::{Clock, UnixMillis, rfc3339};
use shared::seal::key_list::KEY_LIST_TYPE;
use shared::seal::place::Purpose;
use shared::seal::sign::Signer;
use shared::seal::transport::KemSuite;
use shared::store::StoreError;
use shared::store::settings::Settings;
use shared::store::stack::Stack;
use shared::store::transport_key::{LONGEST_LIFE_MS, TransportKey};
use shared::values::encoding::base64url;

const HOUR_MS: i64 = 60 * 60 * 1000;
/// A pair is made when the newest is older: daily runs make one a day, a repeated run makes none.
const RENEW_AFTER_MS: UnixMillis = 12 * HOUR_MS;
/// A pair opens for three days: one as the newest, and two more for pages that are still open and
/// for runs that failed. After that nobody can open what was sealed to it.
const OPENS_FOR_MS: UnixMillis = LONGEST_LIFE_MS;
/// How many pairs of a suite are published at once.
const LISTED: usize = 2;

/// The report of a run.
#[derive(Debug, Serialize)]
pub struct Rotated {
    /// Pairs made.
    pub made: usize,
    /// Pairs in the published list.
    pub listed: usize,
    /// Pairs destroyed.
    pub destroyed: usize,
    /// The pin of the root key, for the embed snippet.
    pub root_pin: String,
}

/// Runs the rotation.
///
/// # Errors
/// [`StoreError`]; what was done until then stays and is taken up by the next run.
pub async fn run(settings: &Settings, clock: &Clock, issuer: &str) -> Result<Rotated, StoreError> {
    let mut stack = settings.stack().await?;
    settings.make_seeds(&stack).await?;
    settings.rotate_staff_keys(&stack).await?;
    let made = make_missing(settings, clock, &mut stack).await?;
    let root = Signer::derive(&settings.stack_key(&stack, Purpose::Signing, "root").await?)?;
    let listed = newest(&mut stack.transport_keys);
    let end_ms = listed.iter().map(|key| key.not_after_ms).max().unwrap_or_default();
    let claims = json!({
        "iss": issuer,
        "iat": clock.now_seconds(),
        "exp": end_ms.div_euclid(1000),
        "keys": listed.iter().map(|key| published(key)).collect::<Vec<_>>(),
    });
    let listed = listed.len();
    let jws = root.sign(KEY_LIST_TYPE, &claims)?;
    settings.put_key_list(&stack, jws, root.verifier().as_raw()).await?;
    let destroyed = settings.destroy_ended_transport_keys().await?;
    let rotated = Rotated { made, listed, destroyed, root_pin: root.verifier().pin()? };
    tracing::info!(made, listed, destroyed, "transport keys rotated");
    Ok(rotated)
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
            let key = settings.make_transport_key(stack, suite, now_ms + OPENS_FOR_MS).await?;
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
