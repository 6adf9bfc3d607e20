//! The bundle of an audit: what is in it, and that two implementations refuse each change of it.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use doctor::bundle;
use serde_json::{Value, json};
use shared::clock::UnixMillis;
use shared::ids::{AuditId, EventId, StaffId};
use shared::store::attributes::{Item, string};
use shared::store::audit::{Audit, Audits, Evidence, Judged, carry_over, finished_object, results};
use shared::store::bundle::{BUNDLE_TYPE, SIGNATURE, SUMS, sums};
use shared::store::security_event::{Action, SecurityEvent, SecurityEvents};
use shared::store::table::Table;
use shared::values::control::{Control, Outcome};
use shared::values::policy::AuditDays;
use tests::api::{Request, Response};
use tests::staff::Staff;
use tests::tools;
use tests::world::World;
use tiles::log::AuditLog;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

type Files = BTreeMap<String, Vec<u8>>;

/// All files of a bundle with all proofs.
const NAMES: [&str; 11] = [
    "README.txt",
    SUMS,
    SIGNATURE,
    "configuration.json",
    "proofs/checkpoint",
    "proofs/consistency.json",
    "proofs/finished.json",
    "proofs/jwks.json",
    "proofs/results.json",
    "report.html",
    "report.json",
];

const CONFIGURATION: &str = r#"{"stack":"world"}"#;

/// A deployment that is audited, and who reads the results.
struct Audited {
    world: World,
    admin: Staff,
    guard: Staff,
    audits: Audits,
    events: SecurityEvents,
    log: AuditLog,
}

impl Audited {
    async fn begin() -> Self {
        let world = World::new().await;
        let admin = world.admin().await;
        let guard = world.member(&admin, "guard@example.org", &["security"]).await;
        let (dynamo, clock, kept) = (world.dynamo(), world.clock.clone(), AuditDays::default());
        let settings = Arc::new(world.settings());
        Self {
            audits: Audits::new(
                dynamo.clone(),
                "world-incidents".to_owned(),
                clock.clone(),
                kept.clone(),
            ),
            events: SecurityEvents::new(
                dynamo.clone(),
                "world-events".to_owned(),
                settings,
                clock,
                kept,
            ),
            log: AuditLog::new(Table::new(dynamo, world.log_table().to_owned())),
            admin,
            guard,
            world,
        }
    }

    async fn sequence(&self) {
        for answer in self.world.sequence().await {
            assert_eq!(answer, json!({ "batchItemFailures": [] }));
        }
    }

    /// An audit that is running.
    async fn run(&self, previous: Option<AuditId>) -> Audit {
        let id = AuditId::generate(&self.world.clock).expect("an id");
        let asked_ms = self.world.clock.now_ms();
        let by = StaffId::parse(&self.guard.id);
        let audit = Audit {
            id,
            asked_ms,
            by,
            ended_ms: None,
            previous,
            checkpoint: None,
            finished_event: None,
        };
        let told = self.events.put(SecurityEvent::of(Action::AuditBegun, id)).await;
        let begun = self.audits.begin(&audit, told.expect("an event")).await;
        assert!(begun.expect("it is stored"));
        audit
    }

    /// An audit that has ended, of whose evidence each answer is so long.
    async fn audit(&self, previous: Option<AuditId>, letters: usize) -> AuditId {
        let running = self.run(previous).await;
        let (id, now_ms) = (running.id, self.world.clock.now_ms());
        let head = self.log.head().await.expect("it is read");
        let event = EventId::generate(&self.world.clock).expect("an id");
        let ended = Audit {
            ended_ms: Some(now_ms),
            checkpoint: head.map(|head| head.checkpoint),
            finished_event: Some(event),
            ..running
        };
        let examined = carry_over(judged(now_ms, letters), &[], now_ms);
        let object = finished_object(id, &examined, CONFIGURATION);
        let told = SecurityEvent::of(Action::AuditFinished, object);
        let told = self.events.put(SecurityEvent { id: Some(event), ..told }).await;
        let told = told.expect("an event");
        let stored = self.audits.finish(&ended, &examined, CONFIGURATION, told).await;
        assert!(stored.expect("it is stored"));
        id
    }

    async fn bundle(&self, id: AuditId) -> Response {
        self.guard.get(&format!("/v1/audits/{id}/bundle")).await
    }

    async fn files(&self, id: AuditId) -> Files {
        let bundle = self.bundle(id).await;
        assert_eq!(bundle.status, 200, "{}", bundle.json());
        unzipped(&bundle.body)
    }

    async fn jwks(&self) -> String {
        let published = self.guard.get("/.well-known/jwks.json").await;
        String::from_utf8(published.body).expect("UTF-8")
    }

    /// The stored events of that kind, with their table.
    async fn told(&self, action: &str) -> Vec<(String, Item)> {
        let items = self.world.all_items().await.into_iter();
        let is_of_kind = |(table, item): &(String, Item)| {
            table.ends_with("events") && item["w"].as_s().is_ok_and(|word| word == action)
        };
        items.filter(is_of_kind).collect()
    }
}

/// Each control as somebody might find it: one has failed, with a hundred lines of evidence.
fn judged(now_ms: UnixMillis, letters: usize) -> Vec<Judged> {
    let judge = |control: &Control| {
        let is_by_hand = control.nature().by_hand_days.is_some();
        let outcome = match control {
            _ if is_by_hand => Outcome::Manual,
            Control::KeyState => Outcome::Failed,
            _ => Outcome::Passed,
        };
        let line = || Evidence {
            asked: "table <&> \"x\"".to_owned(),
            answered: "a".repeat(letters),
            at_ms: now_ms,
        };
        let lines = match outcome {
            Outcome::Manual => 0,
            Outcome::Failed => 100,
            _ => letters / 20,
        };
        let evidence = (0..lines).map(|_| line()).collect();
        Judged { control: *control, outcome, evidence, reason: None }
    };
    Control::ALL.iter().map(judge).collect()
}

fn unzipped(bundle: &[u8]) -> Files {
    let mut zip = ZipArchive::new(Cursor::new(bundle)).expect("a zip");
    let mut files = Files::new();
    for place in 0..zip.len() {
        let mut file = zip.by_index(place).expect("a file");
        assert_eq!(file.compression(), CompressionMethod::Stored);
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).expect("its bytes");
        files.insert(file.name().expect("a name").into_owned(), bytes);
    }
    files
}

fn zipped(files: &Files) -> Vec<u8> {
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(name, options).expect("a file");
        zip.write_all(bytes).expect("it is written");
    }
    zip.finish().expect("a zip").into_inner()
}

/// Both verifiers: the doctor's library, and Node's cryptography over Python's zipfile, where they are there.
struct Verifiers {
    jwks: String,
    folder: tempfile::TempDir,
    tools: Option<(PathBuf, PathBuf)>,
}

impl Verifiers {
    fn new(jwks: String) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("jwks.json"), &jwks).expect("a file");
        let tools = tools::bare_node().zip(tools::python_with("zipfile"));
        Self { jwks, folder, tools }
    }

    /// The reason why both refuse a bundle; nothing for one that both take.
    fn reason(&self, bundle: &[u8]) -> Option<String> {
        let (sentence, exit_code) = self.doctor(bundle);
        let refused = sentence.strip_prefix("Not valid (");
        let reason = refused.and_then(|rest| rest.split_once(')')).map(|(word, _)| word.to_owned());
        assert_eq!(exit_code, u8::from(reason.is_some()), "{sentence}");
        let Some((node, python)) = &self.tools else { return reason };
        std::fs::write(self.folder.path().join("bundle.zip"), bundle).expect("a file");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop/bundle.mjs");
        let judged = Command::new(node)
            .arg(script)
            .args(["bundle.zip", "jwks.json"])
            .env("SOTTO_PYTHON", python)
            .current_dir(self.folder.path())
            .output()
            .expect("it runs");
        let said: Value = serde_json::from_slice(&judged.stdout).unwrap_or_else(|_| {
            panic!("no answer, but {}", String::from_utf8_lossy(&judged.stderr))
        });
        let expected = match &reason {
            None => json!({ "valid": true }),
            Some(reason) => json!({ "valid": false, "reason": reason }),
        };
        assert_eq!(said, expected, "{sentence}");
        assert_eq!(judged.status.code(), Some(i32::from(exit_code)), "{sentence}");
        reason
    }

    fn doctor(&self, bundle: &[u8]) -> (String, u8) {
        let verdict = bundle::verify(bundle, &self.jwks).expect("a verdict");
        (verdict.sentence, verdict.exit_code)
    }
}

#[tokio::test]
async fn a_bundle_is_verified_by_two_implementations_without_the_service() {
    let team = Audited::begin().await;
    team.sequence().await;
    let first = team.audit(None, 20).await;
    let both = Verifiers::new(team.jwks().await);
    let early = team.bundle(first).await;
    assert_eq!(both.reason(&early.body), None);
    let (sentence, _) = both.doctor(&early.body);
    for part in ["no proof that the audit log has its end", "It names no audit before it."] {
        assert!(sentence.contains(part), "{sentence}");
    }
    team.sequence().await;
    let second = team.audit(Some(first), 20).await;
    team.sequence().await;

    let bundle = team.bundle(second).await;
    assert_eq!(bundle.status, 200, "{}", bundle.json());
    assert_eq!(bundle.header("content-type"), "application/zip");
    let name = "attachment; filename=\"sotto-audit-2026-11-02.zip\"";
    assert_eq!(bundle.header("content-disposition"), name);
    assert_eq!(both.reason(&bundle.body), None);
    let (sentence, _) = both.doctor(&bundle.body);
    let begins = "Valid: signed with a key that the JWK set has for bundles. The audit ";
    assert!(sentence.starts_with(&format!("{begins}{second} of 2026-11-02T")), "{sentence}");
    for part in ["audit log world/audit has its end as leaf ", "goes on from the audit before"] {
        assert!(sentence.contains(part), "{sentence}");
    }

    let files = unzipped(&bundle.body);
    assert_eq!(files.keys().collect::<Vec<_>>(), NAMES);
    let path = format!("/v1/audits/{second}");
    assert_eq!(files["report.json"], team.guard.get(&path).await.body);
    let page = Request::new("GET", &path).header("accept", "text/html");
    assert_eq!(files["report.html"], team.guard.send(page).await.body);
    assert_eq!(files["configuration.json"], CONFIGURATION.as_bytes());
    let examined = team.audits.examined(second).await.expect("they are read");
    assert_eq!(files["proofs/results.json"], results(&examined));
    let keys: Value = serde_json::from_slice(&files["proofs/jwks.json"]).expect("JSON");
    let keys = keys["keys"].as_array().expect("keys").iter();
    let uses: Vec<_> = keys.map(|key| key["sotto_use"].as_str().expect("a use")).collect();
    assert_eq!(uses, ["bundle", "log"]);

    // The log goes on, and the bundle is the same.
    team.sequence().await;
    assert_eq!(team.bundle(second).await.body, bundle.body);
    let auditor = team.world.auditor(&team.admin, "expert@example.org", 60 * 60).await;
    let theirs = auditor.get(&format!("/v1/audits/{second}/bundle")).await;
    assert_eq!(theirs.body, bundle.body);
    let told = team.told("audit_exported").await;
    let of = |staff: &Staff, id: AuditId| {
        let is_theirs = |(_, item): &&(String, Item)| {
            item["a"].as_s() == Ok(&staff.id) && item["o"].as_s() == Ok(&id.to_string())
        };
        told.iter().filter(is_theirs).count()
    };
    let counts = (of(&team.guard, first), of(&team.guard, second), of(&auditor, second));
    assert_eq!((counts, told.len()), ((1, 2, 1), 4));
}

#[tokio::test]
async fn a_bundle_that_was_changed_is_refused_by_both() {
    let team = Audited::begin().await;
    team.sequence().await;
    let first = team.audit(None, 20).await;
    team.sequence().await;
    let second = team.audit(Some(first), 40).await;
    team.sequence().await;
    let both = Verifiers::new(team.jwks().await);
    let (files, others) = (team.files(second).await, team.files(first).await);
    assert_eq!(both.reason(&zipped(&files)), None, "packed again in the same manner");
    for name in NAMES {
        let mut changed = files.clone();
        changed.get_mut(name).expect("a file").push(b'x');
        let reason = if name == SIGNATURE { "bad_signature" } else { "altered" };
        assert_eq!(both.reason(&zipped(&changed)).as_deref(), Some(reason), "{name} changed");
        let mut less = files.clone();
        less.remove(name);
        let reason = if name == SIGNATURE { "malformed" } else { "altered" };
        assert_eq!(both.reason(&zipped(&less)).as_deref(), Some(reason), "{name} removed");
    }

    let with = |name: &str, bytes: &[u8]| {
        let mut changed = files.clone();
        changed.insert(name.to_owned(), bytes.to_vec());
        changed
    };
    let mut signed = files.clone();
    signed.retain(|name, _| ![SUMS, SIGNATURE].contains(&name.as_str()));
    let sums = sums(&signed).into_bytes();
    let settings = &team.world.settings();
    let ours = settings.bundle_signer().await.expect("a key");
    let of_certificates = settings.certificate_signer().await.expect("a key");
    let elsewhere = World::unpublished().await;
    let of_others = elsewhere.settings().bundle_signer().await.expect("a key");
    let by = |signer: &shared::seal::sign::Signer, typ: &str| {
        with(SIGNATURE, signer.sign_bytes(typ, &sums).expect("a signature").as_bytes())
    };
    let mut of_another = files.clone();
    for name in [SUMS, SIGNATURE] {
        of_another.insert(name.to_owned(), others[name].clone());
    }
    let cases = [
        (with("proofs/more", b""), "altered"),
        (with("SHA256SUMS.asc", b"x"), "altered"),
        (by(&of_certificates, BUNDLE_TYPE), "unknown_key"),
        (by(&of_others, BUNDLE_TYPE), "unknown_key"),
        (by(&ours, "sotto-certificate+jwt"), "wrong_type"),
        (with(SIGNATURE, team.guard.token.as_bytes()), "wrong_type"),
        (with(SIGNATURE, b"a.b.c"), "malformed"),
        (of_another, "altered"),
        (with(SUMS, &others[SUMS]), "altered"),
        (with(SIGNATURE, &others[SIGNATURE]), "altered"),
        (with("report.json", &others["report.json"]), "altered"),
    ];
    for (number, (changed, reason)) in cases.into_iter().enumerate() {
        assert_eq!(both.reason(&zipped(&changed)).as_deref(), Some(reason), "case {number}");
    }
    assert_eq!(both.reason(&zipped(&by(&ours, BUNDLE_TYPE))), None, "as the service signs it");

    let whole = zipped(&files);
    let mut twice = zipped(&with("report.jsoN", b"{}"));
    for place in 0..twice.len() {
        if twice[place..].starts_with(b"report.jsoN") {
            twice[place..place + 11].copy_from_slice(b"report.json");
        }
    }
    for (what, bundle) in [
        ("nothing", Vec::new()),
        ("half of it", whole[..whole.len() / 2].to_vec()),
        ("a name twice", twice),
    ] {
        assert_eq!(both.reason(&bundle).as_deref(), Some("malformed"), "{what}");
    }
}

#[tokio::test]
async fn only_an_audit_that_has_ended_is_given_out() {
    let team = Audited::begin().await;
    let running = team.run(None).await;
    assert_eq!(team.bundle(running.id).await.refusal(), (409, "conflict".into()));
    let unknown = AuditId::generate(&team.world.clock).expect("an id");
    assert_eq!(team.bundle(unknown).await.refusal(), (404, "not_found".into()));
    let none = team.guard.get("/v1/audits/none/bundle").await;
    assert_eq!(none.refusal(), (404, "not_found".into()));
    assert!(team.told("audit_exported").await.is_empty());
}

/// Somebody who can write the tables takes a proof away; they cannot take the audit away by it.
#[tokio::test]
async fn an_audit_whose_end_was_deleted_is_given_out_without_the_proof() {
    let team = Audited::begin().await;
    team.sequence().await;
    let id = team.audit(None, 20).await;
    team.sequence().await;
    assert!(team.files(id).await.contains_key("proofs/finished.json"));
    for (table, item) in team.told("audit_finished").await {
        let delete = team.world.dynamo().delete_item().table_name(table);
        let key = ["p", "k"].map(|name| (name.to_owned(), item[name].clone()));
        delete.set_key(Some(key.into())).send().await.expect("it is deleted");
    }
    let bundle = team.bundle(id).await;
    assert!(!unzipped(&bundle.body).contains_key("proofs/finished.json"));
    let both = Verifiers::new(team.jwks().await);
    assert_eq!(both.reason(&bundle.body), None);
    let (sentence, _) = both.doctor(&bundle.body);
    assert!(sentence.contains("no proof that the audit log has its end"), "{sentence}");
}

/// Somebody who can write the table changes what was found; what people say of it may change.
#[tokio::test]
async fn a_result_that_was_changed_after_the_end_of_the_audit_is_told() {
    let team = Audited::begin().await;
    team.sequence().await;
    let id = team.audit(None, 20).await;
    team.sequence().await;
    let both = Verifiers::new(team.jwks().await);
    let accepted = json!({ "state": "accepted", "note": "It is known." });
    let path = format!("/v1/audits/{id}/findings/key_state");
    assert_eq!(team.guard.patch(&path, &accepted).await.status, 200);
    assert_eq!(both.reason(&team.bundle(id).await.body), None);

    let rows = team.world.all_items().await;
    let row = |name: &str| {
        let is_it = |(_, item): &&(String, Item)| {
            item.get("p") == Some(&string(format!("audit#{id}")))
                && item.get("k") == Some(&string(name))
        };
        rows.iter().find(is_it).expect("a row").clone()
    };
    let put = async |(table, item): (String, Item)| {
        let put = team.world.dynamo().put_item().table_name(table).set_item(Some(item));
        put.send().await.expect("it is put");
    };
    for (name, attribute, value) in [
        ("key_state", "r", "passed"),
        ("key_state", "w", "It is enabled."),
        ("key_state", "j", "[]"),
        ("configuration", "j", "{}"),
    ] {
        let (table, mut item) = row(name);
        item.insert(attribute.to_owned(), string(value));
        put((table, item)).await;
        let bundle = team.bundle(id).await;
        assert_eq!(bundle.status, 200, "{}", bundle.json());
        let (sentence, exit_code) = both.doctor(&bundle.body);
        let begins = "Not valid (bad_result): a result was changed after the audit's end";
        assert!(sentence.starts_with(begins), "{name} {attribute}: {sentence}");
        assert_eq!(exit_code, 1);
        put(row(name)).await;
    }
    assert_eq!(both.reason(&team.bundle(id).await.body), None, "as it was");
}

/// Lambda gives out 6 MB, of which base64 takes a third.
#[tokio::test]
async fn a_bundle_that_would_be_too_large_leaves_the_page_out() {
    let team = Audited::begin().await;
    let id = team.audit(None, 840).await;
    let bundle = team.bundle(id).await;
    assert_eq!(bundle.status, 200, "{}", bundle.json());
    assert!(bundle.body.len() < 4_500_000, "{}", bundle.body.len());
    let files = unzipped(&bundle.body);
    assert!(files["report.json"].len() > 1_500_000, "{}", files["report.json"].len());
    assert!(!files.contains_key("report.html"));
    assert_eq!(Verifiers::new(team.jwks().await).reason(&bundle.body), None);
}
