//! The counters of an attempt to sign in: by account, address and network.

use std::net::IpAddr;

use shared::problem::{Code, Problem};
use shared::seal::network::Source;
use shared::store::security_event::{Action, SecurityEvent};

use crate::client::{Client, DEVICE};
use crate::device::Device;
use crate::keys::Keys;
use crate::state::App;
use crate::store::throttle::{Attempt, Counter, Of, Verdict};

/// The counter of an account: of the device, if it is a known one.
#[must_use]
pub fn of_account(
    app: &App,
    keys: &Keys,
    client: &Client,
    (login, device_token): (&str, Option<&str>),
) -> Counter {
    let token = device_token.or_else(|| client.cookie(DEVICE));
    match token.and_then(|token| Device::read(keys, &app.clock, login, token)) {
        Some(device) => Counter::new(Of::Device, login, &device.name()),
        None => Counter::of_strangers(login),
    }
}

/// The counters of an address and of its network, whose names are others tomorrow.
#[must_use]
pub fn of_source(app: &App, keys: &Keys, source: IpAddr) -> [Counter; 2] {
    let (source, now_ms) = (Source::from(source), app.clock.now_ms());
    let name = |octets| keys.networks.name(now_ms, octets);
    [
        Counter::new(Of::Address, &name(source.address()), "all"),
        Counter::new(Of::Network, &name(source.network()), "all"),
    ]
}

/// Counts an attempt, and tells what begins to wait by it. Whether it may be made.
///
/// # Errors
/// [`Code::RateLimited`] when the address has to wait, or [`shared::store::StoreError`].
pub async fn count(app: &App, attempt: &Attempt) -> Result<bool, Problem> {
    if let Verdict::AddressWaits(seconds) = attempt.verdict() {
        return Err(Problem::from(Code::RateLimited).retry_after(seconds));
    }
    match app.store.count(attempt).await? {
        Verdict::May => {
            for throttled in attempt.begins_to_wait() {
                let event = SecurityEvent::of(Action::ThrottleBegan, throttled);
                app.store.events.append(event).await?;
            }
            Ok(true)
        }
        Verdict::AccountWaits => Ok(false),
        Verdict::AddressWaits(seconds) => {
            Err(Problem::from(Code::RateLimited).retry_after(seconds))
        }
    }
}
