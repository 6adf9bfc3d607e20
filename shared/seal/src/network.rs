//! The network of a caller. An address is never stored: counters carry a keyed name, which is another one
//! each day.

use std::net::IpAddr;

use super::SealError;
use super::mac::MacKey;
use super::place::Place;
use values::clock::{UnixMillis, rfc3339};
use values::encoding::base64url;
use values::secret::Secret;

/// The address and the network of a caller, in bytes: an IPv4 /24 or an IPv6 /48. An IPv4-mapped IPv6
/// address is the IPv4 address. No `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Source {
    whole: Vec<u8>,
}

impl Source {
    /// The address as it is, for a name.
    #[must_use]
    pub fn address(&self) -> &[u8] {
        &self.whole
    }

    /// The first three bytes of an IPv4 address, the first six of an IPv6 address.
    #[must_use]
    pub fn network(&self) -> &[u8] {
        let length = if self.whole.len() == 4 { 3 } else { 6 };
        self.whole.get(..length).unwrap_or(&self.whole)
    }
}

impl From<IpAddr> for Source {
    fn from(address: IpAddr) -> Self {
        let whole = match address.to_canonical() {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        Self { whole }
    }
}

/// Gives addresses and networks their names.
pub struct NetworkNames(MacKey);

impl NetworkNames {
    /// The key for it, derived from `secret`.
    ///
    /// # Errors
    /// [`SealError::Failed`] when the library fails.
    pub fn derive(secret: &Secret, label: &str) -> Result<Self, SealError> {
        MacKey::derive(secret, label).map(Self)
    }

    /// The name of an address or a network on the day of `now_ms`. Nobody learns the address from it
    /// without the key.
    #[must_use]
    pub fn name(&self, now_ms: UnixMillis, octets: &[u8]) -> String {
        let time = rfc3339(now_ms);
        let day = time.get(..10).unwrap_or_default();
        let place = Place::new("network").part(day.as_bytes()).part(octets);
        base64url(&self.0.short::<12>(place.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: i64 = 24 * 60 * 60 * 1000;

    fn source(text: &str) -> Source {
        text.parse::<IpAddr>().unwrap().into()
    }

    #[test]
    fn a_network_is_a_24_or_a_48() {
        assert_eq!(source("192.0.2.7").address(), [192, 0, 2, 7]);
        assert_eq!(source("192.0.2.7").network(), [192, 0, 2]);
        assert!(source("::ffff:192.0.2.7") == source("192.0.2.7"));
        assert_eq!(source("2001:db8:1:2::3").address().len(), 16);
        assert_eq!(source("2001:db8:1:2::3").network(), [0x20, 0x01, 0x0d, 0xb8, 0, 1]);
        assert_eq!(source("2001:db8:1:ffff::9").network(), source("2001:db8:1:2::3").network());
    }

    #[test]
    fn a_name_is_of_one_key_one_day_and_one_network() {
        let secret = Secret::from_slice(&[1; 32]).unwrap();
        let names = NetworkNames::derive(&secret, "a").unwrap();
        let name = names.name(0, &[192, 0, 2]);
        assert_eq!(name, names.name(DAY_MS - 1, &[192, 0, 2]));
        assert_ne!(name, names.name(DAY_MS, &[192, 0, 2]));
        assert_ne!(name, names.name(0, &[192, 0, 3]));
        assert_ne!(name, NetworkNames::derive(&secret, "b").unwrap().name(0, &[192, 0, 2]));
    }
}
