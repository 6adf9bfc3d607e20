//! A hash as it is stored: salt, cost and result as a string in the PHC format, read strictly and
//! within limits. The pepper is not named in it.

use argon2::Params;
use data_encoding::BASE64_NOPAD;

pub(super) const SALT_LEN: usize = 16;
pub(super) const OUTPUT_LEN: usize = 32;

/// The cost of a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameters {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub iterations: u32,
    /// Lanes. They are computed one after the other here.
    pub parallelism: u32,
}

/// The cost of new hashes: the second choice of OWASP's Password Storage Cheat Sheet, of the same
/// strength as its first and with less than half the memory.
pub const CURRENT: Parameters = Parameters { memory_kib: 19_456, iterations: 2, parallelism: 1 };

/// The most that a stored hash may cost. A row that asks for more is refused before anything is
/// allocated, so that nobody who can write a row can use up the function's memory or time.
pub const LIMITS: Parameters = Parameters { memory_kib: 65_536, iterations: 10, parallelism: 4 };

impl Parameters {
    fn within(self, limits: Self) -> bool {
        self.memory_kib <= limits.memory_kib
            && self.iterations <= limits.iterations
            && self.parallelism <= limits.parallelism
    }

    pub(super) fn weaker_than(self, other: Self) -> bool {
        self.memory_kib < other.memory_kib
            || self.iterations < other.iterations
            || self.parallelism < other.parallelism
    }

    pub(super) fn checked(self) -> Option<Params> {
        if !self.within(LIMITS) {
            return None;
        }
        Params::new(self.memory_kib, self.iterations, self.parallelism, Some(OUTPUT_LEN)).ok()
    }
}

/// A hash as it is stored, in the PHC string format. No `Debug`.
#[derive(Clone)]
pub struct StoredHash {
    pub(super) parameters: Parameters,
    pub(super) params: Params,
    pub(super) salt: [u8; SALT_LEN],
    pub(super) output: [u8; OUTPUT_LEN],
}

impl StoredHash {
    /// Reads a stored string; `None` unless it is exactly one that [`StoredHash::to_stored`] writes
    /// and its parameters are within [`LIMITS`].
    #[must_use]
    pub fn from_stored(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("$argon2id$v=19$")?;
        let mut fields = rest.split('$');
        let (costs, salt, output) = (fields.next()?, fields.next()?, fields.next()?);
        if fields.next().is_some() {
            return None;
        }
        let mut costs = costs.split(',');
        let parameters = Parameters {
            memory_kib: number(costs.next()?.strip_prefix("m=")?)?,
            iterations: number(costs.next()?.strip_prefix("t=")?)?,
            parallelism: number(costs.next()?.strip_prefix("p=")?)?,
        };
        if costs.next().is_some() {
            return None;
        }
        let params = parameters.checked()?;
        Some(Self { parameters, params, salt: bytes(salt)?, output: bytes(output)? })
    }

    /// The string to store.
    #[must_use]
    pub fn to_stored(&self) -> String {
        let Parameters { memory_kib, iterations, parallelism } = self.parameters;
        let (salt, output) = (BASE64_NOPAD.encode(&self.salt), BASE64_NOPAD.encode(&self.output));
        format!("$argon2id$v=19$m={memory_kib},t={iterations},p={parallelism}${salt}${output}")
    }

    /// Its cost.
    #[must_use]
    pub fn parameters(&self) -> Parameters {
        self.parameters
    }
}

/// A number as PHC strings have it: decimal, no sign, no leading zero.
fn number(text: &str) -> Option<u32> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|_| plain)
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    BASE64_NOPAD.decode(text.as_bytes()).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_reads_back_to_the_same_bytes() {
        let text = StoredHash {
            parameters: Parameters { memory_kib: 64, iterations: 3, parallelism: 4 },
            params: Params::DEFAULT,
            salt: [3; SALT_LEN],
            output: [5; OUTPUT_LEN],
        }
        .to_stored();
        assert!(text.starts_with("$argon2id$v=19$m=64,t=3,p=4$AwMDAwMDAwMDAwMDAwMDAw$"));
        assert_eq!(StoredHash::from_stored(&text).unwrap().to_stored(), text);
    }

    #[test]
    fn a_stored_string_is_taken_exactly_or_not_at_all() {
        let salt = "AwMDAwMDAwMDAwMDAwMDAw";
        let output = BASE64_NOPAD.encode(&[5; OUTPUT_LEN]);
        let with = |costs: &str| format!("$argon2id$v=19${costs}${salt}${output}");
        assert!(StoredHash::from_stored(&with("m=65536,t=10,p=4")).is_some(), "the limits");
        let good = with("m=19456,t=2,p=1");
        assert!(StoredHash::from_stored(&good).is_some());
        let refused = [
            with("m=65537,t=2,p=1"),
            with("m=4194304,t=2,p=1"),
            with("m=4294967296,t=2,p=1"),
            with("m=19456,t=11,p=1"),
            with("m=19456,t=2,p=5"),
            with("m=19456,t=0,p=1"),
            with("m=19456,t=2,p=0"),
            with("m=7,t=2,p=1"),
            with("m=31,t=2,p=4"),
            with("m=019456,t=2,p=1"),
            with("m=+19456,t=2,p=1"),
            with("m= 19456,t=2,p=1"),
            with("m=,t=2,p=1"),
            with("t=2,m=19456,p=1"),
            with("m=19456,t=2"),
            with("m=19456,t=2,p=1,keyid=AA"),
            good.replace("argon2id", "argon2i"),
            good.replace("v=19", "v=16"),
            good.replace("$v=19", ""),
            good.replace(salt, "AwMDAwMDAwMDAwMDAwMD"),
            good.replace(salt, "AwMDAwMDAwMDAwMDAwMDAx"),
            good.replace(salt, ""),
            good.replace(&output, ""),
            good.replace(&output, &output[..40]),
            format!("{good}="),
            format!("{good}$"),
            format!("{good}\n"),
            format!(" {good}"),
            String::new(),
        ];
        for text in &refused {
            assert!(StoredHash::from_stored(text).is_none(), "{text}");
        }
        for length in 0..good.len() {
            assert!(StoredHash::from_stored(&good[..length]).is_none());
        }
    }
}
