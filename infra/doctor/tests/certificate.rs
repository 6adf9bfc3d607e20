//! A certificate as a deployment named `world` gives one, with the keys that it publishes. Node's own
//! cryptography has signed it, until the year 2100.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that meets what it does not expect has to stop there"
)]

use std::process::Command;

use doctor::certificate::verify;
use shared::values::encoding::base64url;

const CERTIFICATE: &str = include_str!("certificate/certificate.txt");
/// Signed by the same key under the same type, with too few claims.
const OTHER_CLAIMS: &str = include_str!("certificate/other_claims.txt");
const JWKS: &str = include_str!("certificate/jwks.json");
/// The name and the value of the key of certificates.
const NAME: &str = "KUJjr9mtypLJ6ZIlVZRJpQpiGuQrG2D6gUMdLlpiRFY";
const KEY: &str = "chPGe5oL1Vn23DFo4Jp3AHqHdX95vNmiaww3yijVlL8";
/// 2100-01-01.
const END_MS: i64 = 4_102_444_800_000;

#[test]
fn a_certificate_is_valid_until_its_end_or_it_is_said_why_not() {
    let (signed, signature) = CERTIFICATE.trim().rsplit_once('.').expect("parts");
    let (_, payload) = signed.split_once('.').expect("parts");
    let header = format!(r#"{{"typ":"sotto-receipt+jwt","alg":"EdDSA","kid":"{NAME}"}}"#);
    let retyped = format!("{}.{payload}.{signature}", base64url(header.as_bytes()));
    let (_, of_others) = OTHER_CLAIMS.trim().rsplit_once('.').expect("parts");
    let exchanged = format!("{signed}.{of_others}");
    let other_key = JWKS.replace(KEY, &"A".repeat(43));
    let other_name = JWKS.replace(NAME, &"A".repeat(43));
    let cases = [
        (CERTIFICATE, JWKS, END_MS - 1, "Valid: signed by world."),
        (CERTIFICATE, JWKS, END_MS, "Not valid (expired): it ended at 2100-01-01T00:00:00.000Z."),
        (&retyped, JWKS, 0, "Not valid (wrong_type)"),
        (CERTIFICATE, &other_name, 0, "Not valid (unknown_key)"),
        (CERTIFICATE, &other_key, 0, "Not valid (bad_signature)"),
        (&exchanged, JWKS, 0, "Not valid (bad_signature)"),
        (OTHER_CLAIMS, JWKS, 0, "Not valid (malformed): this is no certificate."),
        ("a.b.c", JWKS, 0, "Not valid (malformed)"),
        ("", JWKS, 0, "Not valid (malformed)"),
    ];
    for (certificate, jwks, now_ms, begins) in cases {
        let verdict = verify(certificate, jwks, now_ms).expect("a verdict");
        assert!(verdict.sentence.starts_with(begins), "{begins}: {}", verdict.sentence);
        assert_eq!(verdict.exit_code, u8::from(!begins.starts_with("Valid")), "{begins}");
    }
    assert_eq!(
        verify(CERTIFICATE, JWKS, 0).expect("a verdict").sentence,
        "Valid: signed by world. The account 01a19b7c-a680-7d96-9d3b-d326b8e2f800 passed the course \
         phishing, version 1, at 2026-12-01T09:00:00.000Z; the certificate ends at \
         2100-01-01T00:00:00.000Z."
    );
}

#[test]
fn without_keys_of_certificates_nothing_is_said() {
    let of_receipts = JWKS.replace(r#""certificate""#, r#""receipt""#);
    for jwks in ["", "{}", "[]", r#"{"keys":[]}"#, r#"{"keys":[{"kid":"x"}]}"#, &of_receipts] {
        assert!(verify(CERTIFICATE, jwks, 0).is_err(), "{jwks}");
    }
}

#[test]
fn the_command_prints_a_sentence_and_ends_with_the_verdict() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/certificate");
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_doctor"));
        let ended = command.current_dir(folder).args(arguments).output().expect("it runs");
        let said = String::from_utf8([ended.stdout, ended.stderr].concat()).expect("UTF-8");
        (ended.status.code(), said)
    };
    let verify =
        |certificate: &str| run(&["verify-certificate", "--jwks", "jwks.json", certificate]);
    let (code, said) = verify("certificate.txt");
    assert_eq!((code, said.starts_with("Valid: ")), (Some(0), true), "{said}");
    let (code, said) = verify("other_claims.txt");
    assert_eq!((code, said.starts_with("Not valid (malformed)")), (Some(1), true), "{said}");
    assert_eq!(verify("nowhere.txt").0, Some(2));
    for arguments in [
        &["verify-certificate"][..],
        &["verify-certificate", "certificate.txt"],
        &["verify-certificate", "--jwks", "jwks.json"],
        &["verify-certificate", "--jwks", "certificate.txt", "certificate.txt"],
        &["verify-certificate", "--jwks", "jwks.json", "certificate.txt", "other_claims.txt"],
    ] {
        assert_eq!(run(arguments).0, Some(2), "{arguments:?}");
    }
}
