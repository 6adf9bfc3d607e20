//! Who tries, and how often they have: the counters of an attempt to sign in.

use std::net::IpAddr;

use shared::clock::rfc3339;
use shared::problem::{Code, Problem};
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
    let time = rfc3339(app.clock.now_ms());
    let day = time.get(..10).unwrap_or_default();
    let (address, network) = octets(source);
    [
        Counter::new(Of::Address, &keys.network(day, &address), "all"),
        Counter::new(Of::Network, &keys.network(day, &network), "all"),
    ]
}

/// The bytes of an address, and of its network: an IPv4 /24, an IPv6 /48.
fn octets(source: IpAddr) -> (Vec<u8>, Vec<u8>) {
    let whole = match source {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(address) => address.octets().to_vec(),
            None => address.octets().to_vec(),
        },
    };
    let length = if whole.len() == 4 { 3 } else { 6 };
    let network = whole.iter().take(length).copied().collect();
    (whole, network)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_a_24_or_a_48() {
        let split = |text: &str| octets(text.parse().unwrap());
        assert_eq!(split("192.0.2.7"), (vec![192, 0, 2, 7], vec![192, 0, 2]));
        assert_eq!(split("::ffff:192.0.2.7"), split("192.0.2.7"));
        let (whole, network) = split("2001:db8:1:2::3");
        assert_eq!((whole.len(), network), (16, vec![0x20, 0x01, 0x0d, 0xb8, 0, 1]));
    }
}
