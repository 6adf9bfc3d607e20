//! `cargo doctor verify-bundle`: verifies the bundle of an audit from two files, without a network: the signature,
//! the sum of each file, and the proofs from the audit log.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use shared::clock::rfc3339;
use shared::seal::sign::Verifier;
use shared::store::attributes::take_string;
use shared::store::audit::{Evidence, finished_object_of};
use shared::store::bundle::{SIGNATURE, SUMS, read_sums, signed, sum};
use shared::store::security_event::Action;
use shared::store::staff_keys::{bundle_keys, log_key};
use shared::values::encoding::from_base64url;
use tiles::leaf::{Leaf, commit, item_of_image};
use tiles::note::{origin_of, read_by};
use tiles::proof::{Tree, goes_on, hashes, includes};
use zip::{CompressionMethod, ZipArchive};

use crate::receipt::{Verdict, not_valid, usable, why};

/// The most bytes that are read of a bundle: a deployment gives out less than 5 MB.
pub const LIMIT: usize = 8 * 1024 * 1024;
/// The most files of a bundle.
const FILES: usize = 32;
/// The file of the results, as the end of the audit commits to them.
const RESULTS: &str = "proofs/results.json";

/// The files of a bundle by their names.
type Files = BTreeMap<String, Vec<u8>>;

/// Why a bundle is not valid: a word, and a part of a sentence.
struct Fault(&'static str, String);

/// The part of a report that is looked at.
#[derive(Deserialize)]
struct Report {
    id: String,
    at: String,
    previous: Option<String>,
    controls: Vec<Shown>,
}

/// A control as the report shows it: its result, and none of what people said.
#[derive(Deserialize, PartialEq, Eq)]
struct Shown {
    control: String,
    result: String,
    reason: Option<String>,
    evidence: Vec<Line>,
}

/// A line of evidence as the report shows it.
#[derive(Deserialize, PartialEq, Eq)]
struct Line {
    asked: String,
    answered: String,
    at: String,
}

/// A result, as the end of the audit commits to it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bound {
    control: String,
    result: String,
    reason: Option<String>,
    evidence: Vec<Evidence>,
}

/// The proof that the audit log has the end of the audit, as the bundle has it.
#[derive(Deserialize)]
struct Finished {
    event_id: String,
    leaf_index: u64,
    tree_size: u64,
    leaf: String,
    hashes: Vec<String>,
    checkpoint: String,
    event: Value,
}

/// The proof that the log goes on from the audit before, as the bundle has it.
#[derive(Deserialize)]
struct Continued {
    from: u64,
    to: u64,
    hashes: Vec<String>,
    before: String,
}

impl From<Bound> for Shown {
    fn from(Bound { control, result, reason, evidence }: Bound) -> Self {
        let line = |Evidence { asked, answered, at_ms }: Evidence| Line {
            asked,
            answered,
            at: rfc3339(at_ms),
        };
        Self { control, result, reason, evidence: evidence.into_iter().map(line).collect() }
    }
}

/// Verifies a bundle by the JWK set of the deployment that is said to have given it.
///
/// # Errors
/// A sentence, when the set cannot be used; then nothing is known of the bundle.
pub fn verify(bundle: &[u8], jwks: &str) -> Result<Verdict, String> {
    let keys = usable(bundle_keys(jwks), "bundle")?;
    let log = log_key(jwks).ok_or("The JWK set has no key of the audit log.")?;
    Ok(match judge(bundle, &keys, &log) {
        Ok(sentence) => Verdict { sentence, exit_code: 0 },
        Err(Fault(word, why)) => not_valid(word, &why),
    })
}

/// The sentence about a bundle that is valid.
fn judge(bundle: &[u8], keys: &[(String, Verifier)], log: &Verifier) -> Result<String, Fault> {
    let mut files = unzipped(bundle).ok_or_else(malformed)?;
    let signature = files.remove(SIGNATURE).and_then(|text| String::from_utf8(text).ok());
    let key_of = |name: &str| keys.iter().find(|(key, _)| key == name).map(|(_, key)| key);
    let sums = signed(&signature.ok_or_else(malformed)?, key_of)
        .map_err(|reason| Fault(reason.as_str(), why(reason, "bundle")))?;
    if files.remove(SUMS).as_ref() != Some(&sums) {
        return Err(altered(SUMS, "is not the file that was signed"));
    }
    compare(&files, &sums)?;
    let report: Report = read(&files, "report.json")?.ok_or_else(malformed)?;
    let mut sentence = format!(
        "Valid: signed with a key that the JWK set has for bundles. The audit {} of {}: {} files.",
        report.id,
        report.at,
        files.len()
    );
    sentence.push_str(&of_end(&files, log, &report)?);
    sentence.push_str(&of_beginning(&files, log, &report)?);
    Ok(sentence)
}

/// The files of a zip; `None` for one that no deployment makes. Nothing in it is compressed, so it cannot give
/// more than its own size. Where its parts contradict each other another program may find other files in it.
fn unzipped(bundle: &[u8]) -> Option<Files> {
    if bundle.len() > LIMIT {
        return None;
    }
    let mut zip = ZipArchive::new(Cursor::new(bundle)).ok()?;
    zip.validate_header_consistency().ok()?;
    if zip.offset() != 0 || !zip.comment().is_empty() || zip.len() > FILES {
        return None;
    }
    let mut files = Files::new();
    for place in 0..zip.len() {
        let mut file = zip.by_index(place).ok()?;
        if file.compression() != CompressionMethod::Stored || file.encrypted() || !file.is_file() {
            return None;
        }
        let name = file.name().ok()?.into_owned();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).ok()?;
        if files.insert(name, bytes).is_some() {
            return None;
        }
    }
    Some(files)
}

/// Whether there is a sum for each file, and a file for each sum.
fn compare(files: &Files, sums: &[u8]) -> Result<(), Fault> {
    let mut sums = read_sums(sums).ok_or_else(malformed)?;
    for (name, bytes) in files {
        match sums.remove(name.as_str()) {
            None => return Err(altered(name, "has no sum")),
            Some(signed) if signed != sum(bytes) => {
                return Err(altered(name, "is not the file that was signed"));
            }
            Some(_) => {}
        }
    }
    match sums.keys().next() {
        Some(name) => Err(altered(name, "is missing")),
        None => Ok(()),
    }
}

/// The sentence of the log about the end of the audit: its leaf commits to the event that is beside it, and that event is
/// the end of this audit, with the results that the report shows.
fn of_end(files: &Files, log: &Verifier, report: &Report) -> Result<String, Fault> {
    let results: Vec<Bound> = read(files, RESULTS)?.ok_or_else(malformed)?;
    let results: Vec<_> = results.into_iter().map(Shown::from).collect();
    if results != report.controls {
        return Err(Fault("bad_result", format!("report.json has other results than {RESULTS}")));
    }
    let Some(proof) = read::<Finished>(files, "proofs/finished.json")? else {
        let why = "The bundle was asked for before the log had it, or something was changed since";
        return Ok(format!(
            " There is no proof that the audit log has its end, and none of its results. {why}."
        ));
    };
    let Finished { event_id, leaf_index, tree_size, leaf, hashes: texts, checkpoint, event } =
        proof;
    let tree = checkpoint_of(log, &checkpoint)?;
    let leaf = from_base64url(&leaf).unwrap_or_default();
    let is_proven =
        hashes(&texts).is_some_and(|hashes| includes(tree, (leaf_index, &leaf), &hashes));
    let object = match (Leaf::read(&leaf), item_of_image(&event)) {
        (Some(Leaf::Event { id, commitment, .. }), Some(mut item)) => {
            let is_an_end = id.to_string() == event_id
                && commit(&item) == Some(commitment)
                && take_string(&mut item, "w").ok().as_deref()
                    == Some(Action::AuditFinished.as_str());
            take_string(&mut item, "o").ok().filter(|_| is_an_end)
        }
        _ => None,
    };
    let is_its = |object: &String| object.split_once('/').is_some_and(|(id, _)| id == report.id);
    let is_so = tree.0 == tree_size && is_proven;
    let Some(object) = object.filter(|object| is_so && is_its(object)) else {
        return Err(bad_proof("the audit log has its end"));
    };
    let bytes = |name: &str| files.get(name).ok_or_else(malformed);
    if object != finished_object_of(&report.id, bytes(RESULTS)?, bytes("configuration.json")?) {
        let why = "a result was changed after the audit's end, or the configuration was";
        return Err(Fault("bad_result", why.to_owned()));
    }
    let name = origin_of(&checkpoint).unwrap_or_default();
    Ok(format!(" The audit log {name} has its end as leaf {leaf_index} of {tree_size}."))
}

/// The sentence of the log about the time between the audit before and this one.
fn of_beginning(files: &Files, log: &Verifier, report: &Report) -> Result<String, Fault> {
    let text = files.get("proofs/checkpoint").map(|text| std::str::from_utf8(text));
    let text = text.transpose().map_err(|_| malformed())?;
    let now = text.map(|note| checkpoint_of(log, note)).transpose()?;
    let Some(proof) = read::<Continued>(files, "proofs/consistency.json")? else {
        return Ok(match report.previous {
            None => " It names no audit before it.".to_owned(),
            Some(_) => {
                " There is no proof that the log goes on from the audit before: the report says more."
                    .to_owned()
            }
        });
    };
    let Continued { from, to, hashes: texts, before } = proof;
    let before = checkpoint_of(log, &before)?;
    let (Some(now), Some(hashes)) = (now, hashes(&texts)) else {
        return Err(bad_proof("the log goes on from the audit before"));
    };
    if before.0 != from || now.0 != to || !goes_on(now, before, &hashes) {
        return Err(bad_proof("the log goes on from the audit before"));
    }
    Ok(format!(" The log goes on from the audit before: from {from} leaves to {to}."))
}

fn checkpoint_of(log: &Verifier, note: &str) -> Result<Tree, Fault> {
    let why = "a checkpoint in it is not signed by the key that the JWK set has for the audit log";
    read_by(log, note).ok_or_else(|| Fault("bad_checkpoint", why.to_owned()))
}

/// A file in JSON, if it is there.
fn read<T: DeserializeOwned>(files: &Files, name: &str) -> Result<Option<T>, Fault> {
    let read = files.get(name).map(|bytes| serde_json::from_slice(bytes));
    read.transpose().map_err(|_| Fault("malformed", format!("{name} has another form")))
}

fn malformed() -> Fault {
    let why = "this is no bundle as a deployment gives it; one that was unpacked and packed again is none";
    Fault("malformed", why.to_owned())
}

fn bad_proof(of: &str) -> Fault {
    Fault("bad_proof", format!("the proof that {of} does not hold"))
}

/// A file that is not as it was. Somebody may have made up its name.
fn altered(name: &str, how: &str) -> Fault {
    let is_plain = |letter: &char| letter.is_ascii_alphanumeric() || "-_./".contains(*letter);
    let name: String = name.chars().filter(is_plain).take(80).collect();
    Fault("altered", format!("the file {name} {how}"))
}
