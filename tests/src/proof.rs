//! The work of a guest whose network is over its limit.

use serde_json::Value;
use shared::seal::puzzle::zero_bits;
use shared::seal::suite::hash;
use shared::values::encoding::{base64url, from_base64url};

use crate::api::Response;

/// The header that answers the challenge of a refusal.
#[must_use]
pub fn solve(refusal: &Response) -> String {
    answer(&refusal.json()["proof_of_work"], |found, bits| found >= bits)
}

/// The same with a nonce that does not solve it.
#[must_use]
pub fn fail(refusal: &Response) -> String {
    answer(&refusal.json()["proof_of_work"], |found, bits| found < bits)
}

fn answer(work: &Value, fits: impl Fn(u64, u64) -> bool) -> String {
    assert_eq!(work["algorithm"], "sha256");
    let challenge = work["challenge"].as_str().expect("a challenge");
    let bits = work["bits"].as_u64().expect("a number of bits");
    let bytes = from_base64url(challenge).expect("base64url");
    let fitting = |nonce: &[u8; 8]| fits(u64::from(zero_bits(&hash(&[&bytes, nonce]))), bits);
    let nonce = (0..u64::MAX).map(u64::to_be_bytes).find(fitting).expect("a nonce");
    format!("{challenge}.{}", base64url(&nonce))
}
