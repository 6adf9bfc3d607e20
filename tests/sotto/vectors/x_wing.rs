//! X-Wing, HPKE's KEM 0x647a: the vectors of the CFRG's drafts for hybrid KEMs and for HPKE with
//! post-quantum KEMs, `test-vectors/{hybrid-defafa2,pq-6433c8f}.json` in the package of crate `hpke`
//! 0.14.1. None of them is with AES-256-GCM, so the KEM is checked alone; the rest of the suite is
//! the one of RFC 9180.

use hpke::kem::XWing;
use hpke::{Deserializable, Kem, Serializable};
use serde_json::Value;

use super::{bytes, hpke_vectors};

#[test]
fn decapsulation_gives_the_published_secrets() {
    let vectors = hpke_vectors("hybrid-defafa2.json");
    let mut tested = 0;
    for vector in vectors["mlkem768_x25519"].as_array().unwrap() {
        assert_pair(vector, "decapsulation_key", "encapsulation_key");
        assert_secret(vector, "decapsulation_key", "ciphertext");
        tested += 1;
    }
    assert_eq!(tested, 10);
}

#[test]
fn key_material_gives_the_published_pair() {
    let vectors = hpke_vectors("pq-6433c8f.json");
    let mut tested = 0;
    for vector in vectors.as_array().unwrap().iter().filter(|vector| vector["kem_id"] == 0x647a) {
        let (private, _) = XWing::derive_keypair(&bytes(vector, "ikmR"));
        assert_eq!(private.to_bytes().to_vec(), bytes(vector, "skRm"));
        assert_pair(vector, "skRm", "pkRm");
        assert_secret(vector, "skRm", "enc");
        tested += 1;
    }
    assert_eq!(tested, 2);
}

fn assert_pair(vector: &Value, private: &str, public: &str) {
    let public = bytes(vector, public);
    assert_eq!(XWing::sk_to_pk(&private_key(vector, private)).to_bytes().to_vec(), public);
}

fn assert_secret(vector: &Value, private: &str, enc: &str) {
    let enc = <XWing as Kem>::EncappedKey::from_bytes(&bytes(vector, enc)).expect("an enc");
    let secret = XWing::decap(&private_key(vector, private), None, &enc).expect("a secret");
    assert_eq!(secret.0.to_vec(), bytes(vector, "shared_secret"));
}

fn private_key(vector: &Value, member: &str) -> <XWing as Kem>::PrivateKey {
    <XWing as Kem>::PrivateKey::from_bytes(&bytes(vector, member)).expect("a private key")
}
