//! Bundles as a deployment gives them, with keys and a log that are made here.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that meets what it does not expect has to stop there"
)]

use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use doctor::bundle::{LIMIT, verify};
use serde_json::{Value, json};
use shared::clock::{Clock, rfc3339};
use shared::ids::EventId;
use shared::seal::sign::{NoteSigner, Signer, Verifier};
use shared::secret::Secret;
use shared::store::attributes::{Item, binary, number, string};
use shared::store::audit::finished_object_of;
use shared::store::bundle::{BUNDLE_TYPE, SIGNATURE, SUMS, sums};
use shared::store::security_event::partition_of;
use shared::values::encoding::base64url;
use tiles::Hash;
use tiles::leaf::{Leaf, commit, image_of};
use tiles::note::sign;
use tiles::tree::Frontier;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const ORIGIN: &str = "world/audit";
const AUDIT: &str = "01a19b7c-a680-7d96-9d3b-d326b8e2f800";
const BEFORE: &str = "01a10000-a680-7d96-9d3b-d326b8e2f800";
const CONFIGURATION: &str = "{}";
const RESULTS: &str = concat!(
    r#"[{"control":"key_state","result":"failed","reason":"It is disabled.","evidence":["#,
    r#"{"asked":"kms:DescribeKey","answered":"It is disabled.","at_ms":1796029200000}]},"#,
    r#"{"control":"restore_drill","result":"manual","reason":null,"evidence":[]}]"#,
);
type Files = BTreeMap<String, Vec<u8>>;

fn signer(seed: u8) -> Signer {
    Signer::derive(&Arc::new(Secret::from_slice(&[seed; 32]).unwrap())).unwrap()
}

fn note_signer(seed: u8) -> NoteSigner {
    NoteSigner::derive(&Arc::new(Secret::from_slice(&[seed; 32]).unwrap())).unwrap()
}

/// The set as the deployment publishes it: its keys of bundles are of the seed 1, those of the log of 2.
fn jwks() -> String {
    let jwk = |verifier: &Verifier, signs: Option<&str>| {
        let mut jwk = verifier.jwk();
        jwk["kid"] = verifier.thumbprint().unwrap().into();
        if let Some(signs) = signs {
            jwk["sotto_use"] = signs.into();
        }
        jwk
    };
    let (bundles, log) = (signer(1), note_signer(2));
    let keys = [
        jwk(signer(3).verifier(), None),
        jwk(signer(4).verifier(), Some("receipt")),
        jwk(bundles.verifier(), Some("bundle")),
        jwk(log.verifier(), Some("log")),
    ];
    json!({ "keys": keys }).to_string()
}

/// The tree of these leaves.
fn tree(leaves: &[Vec<u8>]) -> (u64, Hash) {
    let mut frontier = Frontier::default();
    for leaf in leaves {
        frontier.push(leaf);
    }
    (frontier.size(), frontier.root())
}

fn statement(name: &str) -> Vec<u8> {
    Leaf::Statement { at_ms: 1, name: name.to_owned(), commitment: [7; 32] }.to_bytes()
}

fn note(leaves: &[Vec<u8>], seed: u8) -> String {
    sign(ORIGIN, tree(leaves), &note_signer(seed)).unwrap()
}

/// Three leaves: the log at the audit before had one, at this audit two, and the third is its end.
struct Log {
    leaves: Vec<Vec<u8>>,
    id: EventId,
    event: Item,
}

impl Log {
    fn of(action: &str, object: &str) -> Self {
        let clock = Clock::manual(1_796_000_000_000);
        let (id, time) = (EventId::generate(&clock).unwrap(), rfc3339(clock.now_ms()));
        let event = Item::from([
            ("p".to_owned(), string(partition_of(&time, id))),
            ("k".to_owned(), string(format!("{time}#{id}"))),
            ("w".to_owned(), string(action)),
            ("o".to_owned(), string(object)),
            ("n".to_owned(), binary([7; 16])),
            ("expires_at".to_owned(), number(1_860_000_000)),
        ]);
        let commitment = commit(&event).unwrap();
        let leaf = Leaf::Event { id, end_s: 1_860_000_000, commitment }.to_bytes();
        Self { leaves: vec![statement("jwks"), statement("key-list"), leaf], id, event }
    }

    fn finished(&self) -> Value {
        json!({
            "event_id": self.id.to_string(),
            "leaf_index": 2,
            "tree_size": 3,
            "leaf": base64url(&self.leaves[2]),
            "hashes": [base64url(&tree(&self.leaves[..2]).1.0)],
            "checkpoint": note(&self.leaves, 2),
            "event": image_of(&self.event).unwrap(),
        })
    }

    fn continued(&self) -> Value {
        json!({
            "from": 1,
            "to": 2,
            "hashes": [base64url(&tree(&self.leaves[1..2]).1.0)],
            "before": note(&self.leaves[..1], 2),
        })
    }

    /// All files but the sums and their signature.
    fn files(&self) -> Files {
        let files = [
            ("README.txt", "Verify it.\n".to_owned()),
            ("configuration.json", CONFIGURATION.to_owned()),
            ("proofs/checkpoint", note(&self.leaves[..2], 2)),
            ("proofs/consistency.json", self.continued().to_string()),
            ("proofs/finished.json", self.finished().to_string()),
            ("proofs/jwks.json", jwks()),
            ("proofs/results.json", RESULTS.to_owned()),
            ("report.html", "<!doctype html>".to_owned()),
            ("report.json", report(Some(BEFORE)).to_string()),
        ];
        files.map(|(name, text)| (name.to_owned(), text.into_bytes())).into()
    }
}

/// The report with these results, and with what people said of them.
fn report(previous: Option<&str>) -> Value {
    let line = json!({
        "asked": "kms:DescribeKey", "answered": "It is disabled.", "at": "2026-11-30T09:00:00.000Z",
    });
    json!({
        "id": AUDIT,
        "at": "2026-11-30T09:00:00.000Z",
        "previous": previous,
        "controls": [
            {
                "control": "key_state", "title": "The KMS key can be used", "result": "failed",
                "evidence": [line], "reason": "It is disabled.", "state": "open", "note": null,
            },
            {
                "control": "restore_drill", "result": "manual", "evidence": [], "reason": null,
                "state": "fixed",
            },
        ],
    })
}

/// The object of the end of an audit with these results.
fn object(audit: &str) -> String {
    finished_object_of(audit, RESULTS.as_bytes(), CONFIGURATION.as_bytes())
}

fn ours() -> Log {
    Log::of("audit_finished", &object(AUDIT))
}

fn signed(files: &Files) -> Files {
    signed_by(files, &signer(1), BUNDLE_TYPE)
}

fn signed_by(files: &Files, signer: &Signer, typ: &str) -> Files {
    let mut files = files.clone();
    let sums = sums(&files).into_bytes();
    let signature = signer.sign_bytes(typ, &sums).unwrap();
    files.insert(SUMS.to_owned(), sums);
    files.insert(SIGNATURE.to_owned(), signature.into_bytes());
    files
}

fn zipped(files: &Files) -> Vec<u8> {
    written(files).finish().unwrap().into_inner()
}

fn written(files: &Files) -> ZipWriter<Cursor<Vec<u8>>> {
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip
}

/// The sentence about a bundle; its exit code has to fit.
fn said(bundle: &[u8]) -> String {
    let verdict = verify(bundle, &jwks()).expect("a verdict");
    let is_valid = verdict.sentence.starts_with("Valid: ");
    assert_eq!(verdict.exit_code, u8::from(!is_valid), "{}", verdict.sentence);
    verdict.sentence
}

/// The same bytes with a name in the place of another of the same length.
fn renamed(zip: &[u8], from: &str, to: &str) -> Vec<u8> {
    let mut renamed = zip.to_vec();
    for place in 0..zip.len() {
        if zip[place..].starts_with(from.as_bytes()) {
            renamed[place..place + to.len()].copy_from_slice(to.as_bytes());
        }
    }
    renamed
}

#[test]
fn a_bundle_is_valid_and_says_what_is_proven() {
    let files = ours().files();
    assert_eq!(
        said(&zipped(&signed(&files))),
        "Valid: signed with a key that the JWK set has for bundles. The audit \
         01a19b7c-a680-7d96-9d3b-d326b8e2f800 of 2026-11-30T09:00:00.000Z: 9 files. The audit log \
         world/audit has its end as leaf 2 of 3. The log goes on from the audit before: from 1 leaves \
         to 2."
    );
    let mut fewer = files;
    for proof in ["checkpoint", "consistency.json", "finished.json"] {
        fewer.remove(&format!("proofs/{proof}"));
    }
    let sentence = said(&zipped(&signed(&fewer)));
    for part in ["no proof that the audit log has its end", "no proof that the log goes on"] {
        assert!(sentence.contains(part), "{sentence}");
    }
    fewer.insert("report.json".to_owned(), report(None).to_string().into_bytes());
    let sentence = said(&zipped(&signed(&fewer)));
    assert!(sentence.ends_with(" It names no audit before it."), "{sentence}");
}

#[test]
fn a_file_that_is_not_as_it_was_signed_is_named() {
    let files = signed(&ours().files());
    for name in files.keys() {
        let mut changed = files.clone();
        changed.get_mut(name).unwrap().push(b'x');
        let sentence = said(&zipped(&changed));
        let reason = match name.as_str() {
            SIGNATURE => "bad_signature",
            _ => "altered",
        };
        assert!(sentence.starts_with(&format!("Not valid ({reason}): ")), "{name}: {sentence}");
        let mut missing = files.clone();
        missing.remove(name);
        let sentence = said(&zipped(&missing));
        let reason = if name == SIGNATURE { "malformed" } else { "altered" };
        assert!(sentence.starts_with(&format!("Not valid ({reason}): ")), "{name}: {sentence}");
        assert!(name == SIGNATURE || sentence.contains(name.as_str()), "{name}: {sentence}");
    }
    let mut more = files.clone();
    more.insert("proofs/\u{1b}[2Jmore".to_owned(), Vec::new());
    assert_eq!(said(&zipped(&more)), "Not valid (altered): the file proofs/2Jmore has no sum.");
    // The sums of another bundle, with their signature and without it.
    let other = signed(&BTreeMap::from([("report.json".to_owned(), b"{}".to_vec())]));
    for taken in [&[SUMS, SIGNATURE][..], &[SUMS], &[SIGNATURE]] {
        let mut mixed = files.clone();
        for name in taken {
            mixed.insert((*name).to_owned(), other[*name].clone());
        }
        let sentence = said(&zipped(&mixed));
        assert!(sentence.starts_with("Not valid (altered): "), "{taken:?}: {sentence}");
    }
}

#[test]
fn only_a_signature_of_the_key_of_bundles_counts() {
    let files = ours().files();
    let cases = [
        (signed_by(&files, &signer(3), BUNDLE_TYPE), "unknown_key"),
        (signed_by(&files, &signer(4), BUNDLE_TYPE), "unknown_key"),
        (signed_by(&files, &signer(9), BUNDLE_TYPE), "unknown_key"),
        (signed_by(&files, &signer(1), "sotto-certificate+jwt"), "wrong_type"),
    ];
    for (files, reason) in cases {
        let sentence = said(&zipped(&files));
        assert!(sentence.starts_with(&format!("Not valid ({reason}): ")), "{reason}: {sentence}");
    }
    for text in [&b"a.b.c"[..], b"", b"\xff"] {
        let mut files = signed(&files);
        files.insert(SIGNATURE.to_owned(), text.to_vec());
        let sentence = said(&zipped(&files));
        assert!(sentence.starts_with("Not valid (malformed): "), "{sentence}");
    }
}

/// A deployment that signs proofs that do not hold is found out as well.
#[test]
fn a_proof_that_does_not_hold_is_told_though_it_is_signed() {
    let log = ours();
    let with = |file: &str, text: String| {
        let mut files = log.files();
        files.insert(file.to_owned(), text.into_bytes());
        files
    };
    let set = |mut value: Value, field: &str, to: Value| {
        value[field] = to;
        value.to_string()
    };
    let finished = |field, to| with("proofs/finished.json", set(log.finished(), field, to));
    let continued = |field, to| with("proofs/consistency.json", set(log.continued(), field, to));
    let other = base64url(&[9; 32]);
    let mut event = log.finished()["event"].clone();
    event["n"] = json!({ "B": "AAAAAAAAAAAAAAAAAAAAAA==" });
    let cases = [
        (finished("leaf_index", json!(1)), "bad_proof"),
        (finished("leaf_index", json!(3)), "bad_proof"),
        (finished("tree_size", json!(4)), "bad_proof"),
        (finished("hashes", json!([])), "bad_proof"),
        (finished("hashes", json!([other])), "bad_proof"),
        (finished("hashes", json!(["x"])), "bad_proof"),
        (finished("leaf", json!(base64url(&log.leaves[1]))), "bad_proof"),
        (finished("leaf", json!("=")), "bad_proof"),
        (finished("event_id", json!(AUDIT)), "bad_proof"),
        (finished("event", event), "bad_proof"),
        (finished("event", json!({})), "bad_proof"),
        (finished("event", Value::Null), "bad_proof"),
        (finished("checkpoint", json!(note(&log.leaves[..2], 2))), "bad_proof"),
        (finished("checkpoint", json!(note(&log.leaves, 1))), "bad_checkpoint"),
        (finished("checkpoint", json!("")), "bad_checkpoint"),
        (finished("hashes", Value::Null), "malformed"),
        (Log::of("audit_begun", &object(AUDIT)).files(), "bad_proof"),
        (Log::of("audit_finished", &object(BEFORE)).files(), "bad_proof"),
        (Log::of("audit_finished", AUDIT).files(), "bad_proof"),
        (continued("from", json!(2)), "bad_proof"),
        (continued("to", json!(3)), "bad_proof"),
        (continued("hashes", json!([])), "bad_proof"),
        (continued("hashes", json!([other])), "bad_proof"),
        (continued("before", json!(note(&[statement("other")], 2))), "bad_proof"),
        (continued("before", json!(note(&log.leaves[..1], 1))), "bad_checkpoint"),
        (with("proofs/checkpoint", note(&log.leaves[..2], 1)), "bad_checkpoint"),
        (with("proofs/checkpoint", note(&log.leaves, 2)), "bad_proof"),
        (with("proofs/checkpoint", String::new()), "bad_checkpoint"),
        (with("report.json", "{}".to_owned()), "malformed"),
        (with("report.json", "no JSON".to_owned()), "malformed"),
    ];
    let tried = cases.len();
    for (number, (files, reason)) in cases.into_iter().enumerate() {
        let sentence = said(&zipped(&signed(&files)));
        let begins = format!("Not valid ({reason}): ");
        assert!(sentence.starts_with(&begins), "{number} {reason}: {sentence}");
    }
    assert_eq!(tried, 30);
    let mut files = log.files();
    files.remove("proofs/checkpoint");
    assert!(said(&zipped(&signed(&files))).starts_with("Not valid (bad_proof): "));
    files.remove("report.json");
    assert!(said(&zipped(&signed(&files))).starts_with("Not valid (malformed): "));
}

/// A row that is written after the end of an audit gets a signature, but not another event.
#[test]
fn a_result_that_was_changed_after_the_end_is_told_though_it_is_signed() {
    let log = ours();
    let changed = |to: &[(&str, String)]| {
        let mut files = log.files();
        for (name, text) in to {
            files.insert((*name).to_owned(), text.clone().into_bytes());
        }
        said(&zipped(&signed(&files)))
    };
    let results = |from: &str, to: &str| ("proofs/results.json", RESULTS.replace(from, to));
    let shown = |pointer: &str, to: Value| {
        let mut report = report(Some(BEFORE));
        *report.pointer_mut(pointer).unwrap() = to;
        ("report.json", report.to_string())
    };
    let passed = || shown("/controls/0/result", json!("passed"));
    let later = "Not valid (bad_result): a result was changed after the audit's end, or the \
                 configuration was.";
    for files in [
        &[results("failed", "passed"), passed()][..],
        &[
            results("\"It is disabled.\",\"ev", "null,\"ev"),
            shown("/controls/0/reason", Value::Null),
        ],
        &[
            results("9200000}", "9200001}"),
            shown("/controls/0/evidence/0/at", json!("2026-11-30T09:00:00.001Z")),
        ],
        &[("configuration.json", "[]".to_owned())],
        // The same results in other bytes.
        &[results("[{\"control", "[ {\"control")],
    ] {
        assert_eq!(changed(files), later, "{files:?}");
    }
    let other = "Not valid (bad_result): report.json has other results than proofs/results.json.";
    for files in [
        passed(),
        shown("/controls/0/control", json!("key_rotation")),
        shown("/controls/0/reason", Value::Null),
        shown("/controls/0/evidence", json!([])),
        shown("/controls/0/evidence/0/answered", json!("It is enabled.")),
        shown("/controls", json!([])),
        results("failed", "passed"),
    ] {
        assert_eq!(changed(std::slice::from_ref(&files)), other, "{files:?}");
    }
    // People may change their own words later.
    let said_later = shown("/controls/0/state", json!("accepted"));
    assert!(changed(&[said_later]).starts_with("Valid: "));
    for (name, text) in [results("reason", "reasons"), results("]", "")] {
        assert!(changed(&[(name, text)]).starts_with("Not valid (malformed): "));
    }
    for missing in ["proofs/results.json", "configuration.json"] {
        let mut files = log.files();
        files.remove(missing);
        let sentence = said(&zipped(&signed(&files)));
        assert!(sentence.starts_with("Not valid (malformed): "), "{missing}: {sentence}");
    }
}

#[test]
fn another_file_is_no_bundle() {
    let files = signed(&ours().files());
    let whole = zipped(&files);
    let mut twice = files.clone();
    twice.insert("report.jsoN".to_owned(), b"{}".to_vec());
    let mut many = files.clone();
    many.extend((0..40).map(|number| (number.to_string(), Vec::new())));
    let mut commented = written(&files);
    commented.set_comment("more").unwrap();
    let forms = [
        ("nothing", Vec::new()),
        ("a text", b"PK\x03\x04 and no more".to_vec()),
        ("the first half", whole[..whole.len() / 2].to_vec()),
        ("all but the end", whole[..whole.len() - 1].to_vec()),
        ("bytes before it", [b"MZ", whole.as_slice()].concat()),
        ("a name twice", renamed(&zipped(&twice), "report.jsoN", "report.json")),
        ("too many files", zipped(&many)),
        ("a comment", commented.finish().unwrap().into_inner()),
        ("too many bytes", vec![0; LIMIT + 1]),
        ("a byte of a file changed", renamed(&whole, "<!doctype", "<?doctype")),
    ];
    for (what, bundle) in forms {
        let sentence = said(&bundle);
        assert!(sentence.starts_with("Not valid (malformed): "), "{what}: {sentence}");
    }
}

#[test]
fn without_keys_of_bundles_and_of_the_log_nothing_is_said() {
    let bundle = zipped(&signed(&ours().files()));
    let of_receipts = jwks().replace(r#""bundle""#, r#""receipt""#);
    let without_log = jwks().replace(r#""log""#, r#""receipt""#);
    for jwks in ["", "{}", "[]", r#"{"keys":[]}"#, &of_receipts, &without_log] {
        assert!(verify(&bundle, jwks).is_err(), "{jwks}");
    }
}

#[test]
fn the_command_prints_a_sentence_and_ends_with_the_verdict() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bundle");
    std::fs::create_dir_all(&folder).unwrap();
    let files = signed(&ours().files());
    let mut changed = files.clone();
    changed.insert("report.json".to_owned(), b"{}".to_vec());
    for (name, bytes) in [
        ("bundle.zip", zipped(&files)),
        ("changed.zip", zipped(&changed)),
        ("jwks.json", jwks().into_bytes()),
    ] {
        std::fs::write(folder.join(name), bytes).unwrap();
    }
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_doctor"));
        let ended = command.current_dir(&folder).args(arguments).output().expect("it runs");
        let said = String::from_utf8([ended.stdout, ended.stderr].concat()).expect("UTF-8");
        (ended.status.code(), said)
    };
    let verify = |bundle: &str| run(&["verify-bundle", "--jwks", "jwks.json", bundle]);
    let (code, said) = verify("bundle.zip");
    assert_eq!((code, said.starts_with("Valid: ")), (Some(0), true), "{said}");
    let (code, said) = verify("changed.zip");
    assert_eq!((code, said.starts_with("Not valid (altered)")), (Some(1), true), "{said}");
    assert_eq!(verify("nowhere.zip").0, Some(2));
    for arguments in [
        &["verify-bundle"][..],
        &["verify-bundle", "bundle.zip"],
        &["verify-bundle", "--jwks", "jwks.json"],
        &["verify-bundle", "--jwks", "bundle.zip", "bundle.zip"],
        &["verify-bundle", "--jwks", "jwks.json", "bundle.zip", "changed.zip"],
    ] {
        assert_eq!(run(arguments).0, Some(2), "{arguments:?}");
    }
}
