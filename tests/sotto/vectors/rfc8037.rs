//! Ed25519 as JOSE writes it: RFC 8037, appendix A, from the text of the RFC.

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};
use serde_json::{Value, json};
use shared::seal::sign::Verifier;
use shared::values::encoding::{base64url, from_base64url};

const D: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
const SIGNED: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
const SIGNATURE: &str =
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

#[test]
fn the_key_its_thumbprint_and_its_signature_are_the_published_ones() {
    let verifier = Verifier::from_raw(&from_base64url(X).unwrap()).unwrap();
    assert_eq!(verifier.jwk(), json!({ "kty": "OKP", "crv": "Ed25519", "x": X }), "A.2");
    assert_eq!(
        verifier.pin().unwrap(),
        "sha256-kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
        "A.3"
    );

    let pair = Ed25519KeyPair::from_seed_unchecked(&from_base64url(D).unwrap()).unwrap();
    assert_eq!(base64url(pair.sign(SIGNED.as_bytes()).as_ref()), SIGNATURE, "A.4");
    UnparsedPublicKey::new(&ED25519, verifier.as_raw())
        .verify(SIGNED.as_bytes(), &from_base64url(SIGNATURE).unwrap())
        .expect("A.5");
}

#[test]
fn a_valid_signature_over_something_that_is_no_token_of_ours_is_refused() {
    let verifier = Verifier::from_raw(&from_base64url(X).unwrap()).unwrap();
    assert!(verifier.verify::<Value>("JWT", &format!("{SIGNED}.{SIGNATURE}")).is_err());
}
