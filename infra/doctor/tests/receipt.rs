//! A receipt that a deployment named `world` made, with the keys that it published. That another
//! implementation says the same of each is tests/sotto/privacy/receipts.rs.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that meets what it does not expect has to stop there"
)]

use std::process::Command;

use doctor::receipt::verify;
use serde_json::{Value, json};

const RECEIPT: &str = include_str!("receipt/receipt.json");
const JWKS: &str = include_str!("receipt/jwks.json");

fn changed(document: &str, pointer: &str, value: Value) -> String {
    let mut changed: Value = serde_json::from_str(document).unwrap();
    *changed.pointer_mut(pointer).expect("a field") = value;
    changed.to_string()
}

#[test]
fn a_receipt_is_valid_or_it_is_said_why_not() {
    let jws = serde_json::from_str::<Value>(RECEIPT).unwrap()["jws"].clone();
    let held = json!([{ "conversation_id": "x", "reason": "legal_hold" }]);
    let other_key = JWKS.replace("La7VajDkBtv0BQBDEoSx4iXf7zkYcQfoGPh-X3ZeoeM", &"A".repeat(43));
    let cases = [
        (RECEIPT.to_owned(), JWKS, "world", "Valid"),
        (json!({ "jws": jws }).to_string(), JWKS, "world", "Valid: signed by world."),
        (RECEIPT.to_owned(), JWKS, "other", "Not valid (other_issuer)"),
        (changed(RECEIPT, "/messages", json!(3)), JWKS, "world", "Not valid (altered)"),
        (changed(RECEIPT, "/kept", held), JWKS, "world", "Not valid (altered)"),
        (changed(RECEIPT, "/jws", json!("a.b.c")), JWKS, "world", "Not valid (malformed)"),
        (RECEIPT.to_owned(), &other_key, "world", "Not valid (bad_signature)"),
        ("no JSON".to_owned(), JWKS, "world", "Not valid (malformed)"),
    ];
    for (receipt, jwks, issuer, begins) in cases {
        let verdict = verify(&receipt, jwks, issuer).expect("a verdict");
        assert!(verdict.sentence.starts_with(begins), "{begins}: {}", verdict.sentence);
        assert_eq!(verdict.exit_code, u8::from(!begins.starts_with("Valid")), "{begins}");
    }
    assert_eq!(
        verify(RECEIPT, JWKS, "world").expect("a verdict").sentence,
        "Valid: signed by world. Of 01a19b7c-a680-7d96-9d3b-d326b8e2f800, this could not be read by \
         anybody from 2026-11-02T09:01:00.000Z on: conversations 1, messages 4; keys destroyed 1; \
         conversations kept under a legal hold 0."
    );
}

#[test]
fn without_keys_of_receipts_nothing_is_said() {
    let of_staff =
        changed(JWKS, "/keys/2", serde_json::from_str::<Value>(JWKS).unwrap()["keys"][0].clone());
    for jwks in ["", "{}", "[]", r#"{"keys":[]}"#, r#"{"keys":[{"kid":"x"}]}"#, &of_staff] {
        assert!(verify(RECEIPT, jwks, "world").is_err(), "{jwks}");
    }
}

#[test]
fn the_command_prints_a_sentence_and_ends_with_the_verdict() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/receipt");
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_doctor"));
        let ended = command.current_dir(folder).args(arguments).output().expect("it runs");
        let said = String::from_utf8([ended.stdout, ended.stderr].concat()).expect("UTF-8");
        (ended.status.code(), said)
    };
    let verify = |receipt: &str, issuer: &str| {
        run(&["verify-receipt", receipt, "--jwks", "jwks.json", "--issuer", issuer])
    };
    let (code, said) = verify("receipt.json", "world");
    assert_eq!((code, said.starts_with("Valid: ")), (Some(0), true), "{said}");
    let (code, said) = verify("receipt.json", "other");
    assert_eq!((code, said.starts_with("Not valid (other_issuer)")), (Some(1), true), "{said}");
    // The set of keys is JSON, but no receipt.
    assert_eq!(verify("jwks.json", "world").0, Some(1));
    assert_eq!(verify("nowhere.json", "world").0, Some(2));
    for arguments in [
        &["verify-receipt"][..],
        &["verify-receipt", "receipt.json"],
        &["verify-receipt", "receipt.json", "--jwks", "jwks.json"],
        &["verify-receipt", "receipt.json", "jwks.json", "--issuer", "world"],
        &["verify-receipt", "receipt.json", "--jwks", "receipt.json", "--issuer", "world"],
        &["verify"],
    ] {
        assert_eq!(run(arguments).0, Some(2), "{arguments:?}");
    }
}
