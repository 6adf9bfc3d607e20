//! Receipts by another implementation: Node's own cryptography, which has never seen ours.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use shared::http::app;
use shared::seal::sign::Signer;
use shared::store::receipt::{RECEIPT_TYPE, Receipt};
use tests::api::{Api, Request};
use tests::tools;
use tests::visitor::fresh_key;
use tests::world::World;

use super::stage::{conversation, erase_me};

/// The script, with a folder for what it reads.
struct Node {
    program: std::path::PathBuf,
    folder: tempfile::TempDir,
}

impl Node {
    fn new(jwks: &str) -> Option<Self> {
        let node =
            Self { program: tools::bare_node()?, folder: tempfile::tempdir().expect("a folder") };
        node.write("jwks.json", jwks);
        Some(node)
    }

    fn write(&self, name: &str, content: &str) {
        std::fs::write(self.folder.path().join(name), content).expect("a file");
    }

    /// The verdict on a receipt, and the exit code.
    fn judge(&self, receipt: &str, issuer: &str) -> (Value, Option<i32>) {
        self.write("receipt.json", receipt);
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop/receipt.mjs");
        let judged = Command::new(&self.program)
            .arg(script)
            .args(["receipt.json", "jwks.json", issuer])
            .current_dir(self.folder.path())
            .output()
            .expect("it runs");
        let said = serde_json::from_slice(&judged.stdout).unwrap_or_else(|_| {
            panic!("no answer, but {}", String::from_utf8_lossy(&judged.stderr))
        });
        (said, judged.status.code())
    }
}

async fn published(api: &Api) -> String {
    let keys = api.send(&Request::new("GET", "/.well-known/jwks.json")).await;
    assert_eq!(keys.status, 200);
    String::from_utf8(keys.body).expect("UTF-8")
}

/// The receipt as the holder of `signer` would make it.
fn resigned(receipt: &Value, signer: &Signer, issuer: &str) -> Value {
    let mut fields = receipt.clone();
    fields.as_object_mut().expect("an object").remove("jws");
    let receipt: Receipt = serde_json::from_value(fields).expect("a receipt");
    json!(receipt.sign(signer, issuer).expect("a signature"))
}

fn changed(receipt: &Value, field: &str, value: Value) -> Value {
    let mut changed = receipt.clone();
    changed[field] = value;
    changed
}

#[tokio::test]
async fn another_implementation_says_the_same_of_every_receipt() {
    let world = World::new().await;
    let api = world.staff_api();
    let visitor = world.visitor().await;
    conversation(&visitor, 2).await;
    let erased = erase_me(&visitor, &fresh_key()).await;
    assert_eq!(erased.status, 200, "{}", erased.json());
    let receipt = erased.json();
    let jwks = published(&api).await;
    let Some(node) = Node::new(&jwks) else { return };

    let settings = |program: &str| {
        let sdk = world.sdk_of(program);
        app::settings(&world.config.backend, world.clock.clone(), &sdk)
    };
    let ours = settings("retention").receipt_signer().await.expect("a key");
    let of_staff = settings("auth").staff_signing_key().await.expect("a key");
    let of_staff = Signer::derive(&of_staff).expect("a key");
    let elsewhere = World::new().await;
    let of_others = elsewhere.retention.store.settings.receipt_signer().await.expect("a key");
    let token = world.admin().await.token;
    let later = changed(&receipt, "completed_at", json!("2026-11-02T08:00:00.000Z"));
    let less =
        changed(&receipt, "kept", json!([{ "conversation_id": "x", "reason": "legal_hold" }]));
    let list = ours.sign_named("sotto-keys+jwt", &json!({ "iss": "world" })).expect("a signature");
    let mut signature = receipt["jws"].as_str().expect("a signature").to_owned();
    let payload = signature.find('.').expect("parts") + 5;
    let other = if signature.as_bytes()[payload] == b'A' { "B" } else { "A" };
    signature.replace_range(payload..=payload, other);

    let cases = [
        (receipt.clone(), None),
        (json!({ "jws": receipt["jws"] }), None),
        (resigned(&receipt, &ours, "world"), None),
        (later, Some("altered")),
        (less, Some("altered")),
        (changed(&receipt, "note", json!("added")), Some("altered")),
        (json!({ "jws": receipt["jws"], "id": receipt["id"] }), Some("altered")),
        // The signature of a token, under its own type and under that of receipts.
        (changed(&receipt, "jws", json!(token)), Some("wrong_type")),
        (changed(&receipt, "jws", json!(list)), Some("wrong_type")),
        (resigned(&receipt, &of_staff, "world"), Some("unknown_key")),
        (resigned(&receipt, &of_others, "world"), Some("unknown_key")),
        (resigned(&receipt, &ours, "another"), Some("other_issuer")),
        (changed(&receipt, "jws", json!(signature)), Some("bad_signature")),
        (changed(&receipt, "jws", json!("a.b.c")), Some("malformed")),
        (changed(&receipt, "jws", json!("")), Some("malformed")),
        (json!({}), Some("malformed")),
    ];
    let tried = cases.len();
    for (number, (presented, reason)) in cases.into_iter().enumerate() {
        let expected = match reason {
            None => json!({ "valid": true }),
            Some(reason) => json!({ "valid": false, "reason": reason }),
        };
        let asked = Request::new("POST", "/v1/receipts/verify").json(&presented);
        let told = api.send(&asked).await.json();
        assert_eq!(told, expected, "case {number} by the route");
        let (said, code) = node.judge(&presented.to_string(), "world");
        assert_eq!(said, expected, "case {number} by Node");
        assert_eq!(code, Some(i32::from(reason.is_some())), "case {number}");
    }
    assert_eq!(tried, 16);
    let (said, code) = node.judge("no JSON", "world");
    assert_eq!((&said["reason"], code), (&json!("malformed"), Some(1)));
    assert_eq!(RECEIPT_TYPE, "sotto-receipt+jwt", "the script has it as well");
}
