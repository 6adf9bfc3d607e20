//! Which addresses a webhook may lead to: those that the whole internet reaches. An admin could otherwise
//! have the function call what only its own network sees.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where webhooks may lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Over TLS to addresses of the internet.
    Public,
    /// Anywhere, also without TLS: on a developer's machine.
    Anywhere,
}

impl Reach {
    /// Whether a webhook may lead to an address.
    #[must_use]
    pub fn holds(self, address: IpAddr) -> bool {
        self == Self::Anywhere || is_public(address)
    }
}

/// Networks of IPv4 that are not global: the special-purpose registry of IANA (RFC 6890 and later),
/// multicast (RFC 5771), and 6to4's relays (RFC 7526).
const REFUSED_V4: [([u8; 4], u32); 16] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 31, 196, 0], 24),
    ([192, 52, 193, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    // Multicast, and all that is reserved behind it.
    ([224, 0, 0, 0], 3),
];

/// Networks inside `2000::/3` that are not global: protocols with Teredo, benchmarks and ORCHID among them,
/// documentation, 6to4.
const REFUSED_V6: [([u16; 2], u32); 4] =
    [([0x2001, 0], 23), ([0x2001, 0x0db8], 32), ([0x2002, 0], 16), ([0x3fff, 0], 20)];

/// Whether an address is one of the global unicast addresses.
///
/// All of IPv6 outside `2000::/3` is refused, and with it loopback, unique-local, link-local and multicast
/// addresses, and those that stand for one of IPv4 (`::ffff:0:0/96`, `64:ff9b::/96`).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let bits = address.to_bits();
    let is_in = |(network, length): &([u8; 4], u32)| {
        let differ = bits ^ u32::from_be_bytes(*network);
        differ.leading_zeros() >= *length
    };
    !REFUSED_V4.iter().any(is_in)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let bits = u32::from(first) << 16 | u32::from(second);
    let is_in = |([one, two], length): &([u16; 2], u32)| {
        let differ = bits ^ (u32::from(*one) << 16 | u32::from(*two));
        differ.leading_zeros() >= *length
    };
    bits >> 29 == 1 && !REFUSED_V6.iter().any(is_in)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn judged(text: &str) -> bool {
        is_public(text.parse().unwrap())
    }

    #[test]
    fn the_first_and_last_address_of_each_network_is_refused_and_its_neighbours_are_not() {
        for (first, last, before, after) in [
            ("0.0.0.0", "0.255.255.255", None, Some("1.0.0.0")),
            ("10.0.0.0", "10.255.255.255", Some("9.255.255.255"), Some("11.0.0.0")),
            ("100.64.0.0", "100.127.255.255", Some("100.63.255.255"), Some("100.128.0.0")),
            ("127.0.0.0", "127.255.255.255", Some("126.255.255.255"), Some("128.0.0.0")),
            ("169.254.0.0", "169.254.255.255", Some("169.253.255.255"), Some("169.255.0.0")),
            ("172.16.0.0", "172.31.255.255", Some("172.15.255.255"), Some("172.32.0.0")),
            ("192.0.0.0", "192.0.0.255", Some("191.255.255.255"), Some("192.0.1.0")),
            ("192.0.2.0", "192.0.2.255", Some("192.0.1.255"), Some("192.0.3.0")),
            ("192.31.196.0", "192.31.196.255", Some("192.31.195.255"), Some("192.31.197.0")),
            ("192.52.193.0", "192.52.193.255", Some("192.52.192.255"), Some("192.52.194.0")),
            ("192.88.99.0", "192.88.99.255", Some("192.88.98.255"), Some("192.88.100.0")),
            ("192.168.0.0", "192.168.255.255", Some("192.167.255.255"), Some("192.169.0.0")),
            ("198.18.0.0", "198.19.255.255", Some("198.17.255.255"), Some("198.20.0.0")),
            ("198.51.100.0", "198.51.100.255", Some("198.51.99.255"), Some("198.51.101.0")),
            ("203.0.113.0", "203.0.113.255", Some("203.0.112.255"), Some("203.0.114.0")),
            ("224.0.0.0", "255.255.255.255", Some("223.255.255.255"), None),
            ("::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", None, Some("2000::")),
            (
                "2001::",
                "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
                Some("2000:ffff::"),
                Some("2001:200::"),
            ),
            ("2001:db8::", "2001:db8:ffff::", Some("2001:db7::"), Some("2001:db9::")),
            ("2002::", "2002:ffff::", Some("2001:ffff::"), Some("2003::")),
            ("3fff::", "3fff:fff::", Some("3ffe::"), Some("3fff:1000::")),
            ("4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Some("3fff:ffff::"), None),
        ] {
            assert!(!judged(first) && !judged(last), "{first} to {last}");
            for neighbour in [before, after].into_iter().flatten() {
                assert!(judged(neighbour), "{neighbour}");
            }
        }
    }

    #[test]
    fn what_stands_for_an_address_of_ipv4_is_refused() {
        for address in [
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::a00:1",
            "2002:7f00:1::",
            "2001:0:4136:e378:8000:63bf:3fff:fdd2",
            "fd00::1",
            "fe80::1",
            "ff02::1",
            "::1",
            "100::1",
        ] {
            assert!(!judged(address), "{address}");
        }
        for address in ["8.8.8.8", "2001:4860:4860::8888", "2a00:1450:4001::1"] {
            assert!(judged(address), "{address}");
        }
    }

    proptest! {
        /// The standard library's own names for such addresses.
        #[test]
        fn nothing_is_public_that_the_standard_library_calls_otherwise(
            four in any::<u32>(), six in any::<u128>(),
        ) {
            let four = Ipv4Addr::from_bits(four);
            let special = four.is_private() || four.is_loopback() || four.is_link_local()
                || four.is_multicast() || four.is_documentation() || four.is_broadcast()
                || four.is_unspecified();
            prop_assert!(!(special && is_public(four.into())));
            let six = Ipv6Addr::from_bits(six);
            let special = six.is_loopback() || six.is_unique_local() || six.is_multicast()
                || six.is_unicast_link_local() || six.is_unspecified()
                || six.to_ipv4_mapped().is_some();
            prop_assert!(!(special && is_public(six.into())));
            prop_assert!(!is_public(four.to_ipv6_mapped().into()));
        }
    }
}
