//! A proof of work. A caller over a limit gets a challenge, which is authenticated and not stored, and
//! answers it with a nonce: SHA-256 over the bytes of the challenge and of the nonce begins with a number of
//! zero bits. To find such a nonce takes 2^bits hashes on average, to check it takes one.
//!
//! Challenge: one byte for the version, one for the bits, the end in seconds (8 bytes, big endian), 16 random
//! bytes, and a MAC over these, the purpose and the network.

use super::SealError;
use super::mac::MacKey;
use super::place::Place;
use super::suite::{self, HASH_LEN};
use values::clock::UnixMillis;
use values::encoding::{base64url, from_base64url};
use values::random;
use values::secret::Secret;

const VERSION: u8 = 1;
const HEAD_LEN: usize = 1 + 1 + 8 + 16;
/// Most characters of an answer.
const LONGEST_ANSWER: usize = 256;
/// Most bytes of a nonce.
const LONGEST_NONCE: usize = 32;

/// Issues challenges, and judges the answers.
pub struct Puzzles(MacKey);

/// The answer to a challenge, as it came; nothing of it is verified yet.
pub struct Answer {
    challenge: Vec<u8>,
    nonce: Vec<u8>,
}

/// A challenge that was ours, of this purpose and network, in time, and is solved. Whether it was used
/// before is another question.
pub struct Solved {
    /// The bytes that identify it.
    pub challenge: Vec<u8>,
    /// When it stops counting.
    pub until_ms: UnixMillis,
}

impl Answer {
    /// Reads `<challenge>.<nonce>`, both in base64url; `None` for anything else.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        if text.len() > LONGEST_ANSWER {
            return None;
        }
        let (challenge, nonce) = text.split_once('.')?;
        let (challenge, nonce) = (from_base64url(challenge)?, from_base64url(nonce)?);
        let fits = !challenge.is_empty() && (1..=LONGEST_NONCE).contains(&nonce.len());
        fits.then_some(Self { challenge, nonce })
    }
}

impl Puzzles {
    /// The key for it, derived from `secret`.
    ///
    /// # Errors
    /// [`SealError::Failed`] when the library fails.
    pub fn derive(secret: &Secret) -> Result<Self, SealError> {
        MacKey::derive(secret, "sotto/v1 proof of work").map(Self)
    }

    /// A fresh challenge for a purpose and a network, in base64url.
    ///
    /// # Errors
    /// [`SealError::Failed`] when there is no randomness.
    pub fn issue(
        &self,
        (purpose, network): (&str, &[u8]),
        bits: u8,
        until_seconds: i64,
    ) -> Result<String, SealError> {
        let random: [u8; 16] = random::bytes()?;
        let head = [&[VERSION, bits][..], &until_seconds.to_be_bytes(), &random].concat();
        let code = self.0.sign(place(&head, purpose, network).as_bytes());
        Ok(base64url(&[&head[..], &code].concat()))
    }

    /// Judges an answer to a challenge of this purpose and network.
    #[must_use]
    pub fn judge(
        &self,
        (purpose, network): (&str, &[u8]),
        answer: &Answer,
        now_ms: UnixMillis,
    ) -> Option<Solved> {
        let (head, code) = answer.challenge.split_at_checked(HEAD_LEN)?;
        let (&version, rest) = head.split_first()?;
        let (&bits, rest) = rest.split_first()?;
        let (until, _) = rest.split_first_chunk::<8>()?;
        let until_ms = i64::from_be_bytes(*until).checked_mul(1000)?;
        let ours = version == VERSION
            && self.0.verifies(place(head, purpose, network).as_bytes(), code)
            && now_ms < until_ms;
        let hash = suite::hash(&[&answer.challenge, &answer.nonce]);
        let solved = ours && zero_bits(&hash) >= u32::from(bits);
        solved.then(|| Solved { challenge: answer.challenge.clone(), until_ms })
    }
}

/// The zero bits with which a hash begins.
#[must_use]
pub fn zero_bits(hash: &[u8; HASH_LEN]) -> u32 {
    let zeros = hash.iter().take_while(|byte| **byte == 0).count();
    let next = hash.get(zeros).map_or(0, |byte| byte.leading_zeros());
    u32::try_from(zeros).unwrap_or(u32::MAX).saturating_mul(8).saturating_add(next)
}

fn place(head: &[u8], purpose: &str, network: &[u8]) -> Place {
    Place::new("sotto/v1 challenge").part(head).part(purpose.as_bytes()).part(network)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: (&str, &[u8]) = ("session", &[192, 0, 2]);

    fn puzzles(seed: u8) -> Puzzles {
        Puzzles::derive(&Secret::from_slice(&[seed; 32]).unwrap()).unwrap()
    }

    /// The first nonce that has at least, or has not, so many zero bits.
    fn answer(challenge: &str, wanted: impl Fn(u32) -> bool) -> Answer {
        let bytes = from_base64url(challenge).unwrap();
        let nonce = (0..u32::MAX)
            .map(u32::to_be_bytes)
            .find(|nonce| wanted(zero_bits(&suite::hash(&[&bytes, nonce]))))
            .unwrap();
        Answer::read(&format!("{challenge}.{}", base64url(&nonce))).unwrap()
    }

    #[test]
    fn only_a_solved_challenge_of_ours_counts_and_only_where_and_while_it_was_meant() {
        let ours = puzzles(1);
        let challenge = ours.issue(HERE, 8, 100).unwrap();
        let solved = answer(&challenge, |bits| bits >= 8);
        let judge = |at, answer: &Answer, now_ms| ours.judge(at, answer, now_ms).is_some();
        assert!(judge(HERE, &solved, 99_999));
        assert!(!judge(HERE, &solved, 100_000), "its time is up");
        assert!(!judge(("erasure", HERE.1), &solved, 0), "another purpose");
        assert!(!judge((HERE.0, &[192, 0, 3]), &solved, 0), "another network");
        assert!(!judge(HERE, &answer(&challenge, |bits| bits < 8), 0), "not solved");
        assert!(puzzles(2).judge(HERE, &solved, 0).is_none(), "another key");
        // Nobody makes it easier, or last longer.
        for position in 0..solved.challenge.len() {
            let mut altered = solved.challenge.clone();
            altered[position] ^= 0xff;
            let altered = answer(&base64url(&altered), |bits| bits >= 8);
            assert!(!judge(HERE, &altered, 0), "byte {position}");
        }
    }

    #[test]
    fn only_two_values_in_base64url_are_an_answer() {
        for text in ["", ".", "AAAA", "AAAA.", ".AAAA", "AA==.AAAA", "AAAA.A A", "AAAA.AAAA.AAAA"] {
            assert!(Answer::read(text).is_none(), "{text:?}");
        }
        assert!(Answer::read("AAAA.AAAA").is_some());
        let long = "A".repeat(44);
        assert!(Answer::read(&format!("AAAA.{long}")).is_none());
        assert!(Answer::read(&format!("{}.AAAA", "A".repeat(256))).is_none());
        let foreign = Answer::read("AAAA.AAAA").unwrap();
        assert!(puzzles(1).judge(HERE, &foreign, 0).is_none());
    }

    #[test]
    fn zero_bits_are_those_at_the_beginning() {
        let hash = |begin: &[u8]| {
            let mut hash = [0xff; HASH_LEN];
            hash[..begin.len()].copy_from_slice(begin);
            hash
        };
        assert_eq!(zero_bits(&hash(&[])), 0);
        assert_eq!(zero_bits(&hash(&[0, 0x10])), 11);
        assert_eq!(zero_bits(&[0; HASH_LEN]), 256);
    }
}
