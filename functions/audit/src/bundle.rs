//! `GET /v1/audits/{id}/bundle`: an audit and its proofs as one file, which anybody verifies without this
//! service: `cargo doctor verify-bundle`, or by hand as its README says.

use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde::Serialize;
use serde_json::Value;
use shared::clock::{UnixMillis, rfc3339};
use shared::http::request::AuditPath;
use shared::http::staff::{Allowed, SecurityOrAuditor};
use shared::problem::{Code, Problem};
use shared::seal::sign::Verifier;
use shared::store::StoreError;
use shared::store::audit::{Audit, results};
use shared::store::bundle::{BUNDLE_TYPE, SIGNATURE, SUMS, sums};
use shared::store::security_event::{Action, SecurityEvent};
use shared::store::staff_keys::{keys_for_bundles, log_key};
use tiles::leaf::image_of;
use tiles::note::read_by;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipWriter};

use crate::parts::App;
use crate::proofs::{InclusionResponse, Tree, encoded, prove};
use crate::{audits, page};

/// The most bytes of all files: Lambda gives out 6 MB, of which base64 takes a third.
const LIMIT: usize = 4 * 1024 * 1024;
const REPORT_PAGE: &str = "report.html";
const README: &str = "\
An audit of a deployment of Sotto, which anybody verifies without asking the deployment.
report.json and report.html have each control, its result and its evidence; configuration.json is the deployment
as it was; proofs/ has the audit log's checkpoint, that the end of the audit is in the log, and that the log goes
on from where it was at the audit before. A proof that cannot be given is not there. The end commits to the
results: its event names the SHA-256 over proofs/results.json, a zero byte, and configuration.json.
Get the keys from the deployment itself, not from proofs/jwks.json, and let the doctor verify all of it:
  curl https://<the API>/.well-known/jwks.json >jwks.json
  cargo doctor verify-bundle --jwks jwks.json <this file>
By hand: sha256sum -c SHA256SUMS. Then verify SHA256SUMS.jws (RFC 7515, Ed25519): its payload is the file
SHA256SUMS, byte for byte, and its kid names a key of the set that has \"sotto_use\":\"bundle\".
report.html is left out where the bundle would be larger than 4 MB with it.
";

/// The proof that the audit log has the end of the audit.
#[derive(Serialize)]
struct Finished {
    #[serde(flatten)]
    proof: InclusionResponse,
    /// The event as it is stored: its leaf commits to it.
    event: Value,
}

/// The proof that the log goes on from where it was at the audit before.
#[derive(Serialize)]
struct Continued {
    from: u64,
    to: u64,
    /// The hashes, base64url.
    hashes: Vec<String>,
    /// The checkpoint of the audit before.
    before: String,
}

#[utoipa::path(get, path = "/v1/audits/{id}/bundle", params(("id" = String, Path)),
    responses((status = 200, body = String, content_type = "application/zip",
        description = "A zip of the report, of the deployment as it was, and of proofs, with \
                       `SHA256SUMS` over every file and its signature.")))]
pub(crate) async fn get(
    State(app): State<App>,
    Allowed(staff, ..): Allowed<SecurityOrAuditor>,
    AuditPath(id): AuditPath,
) -> Result<Response, Problem> {
    let audit = app.audits.find(id).await?.ok_or(Code::NotFound)?;
    let Some(ended_ms) = audit.ended_ms else {
        return Err(Problem::new(Code::Conflict, "The audit is running: ask again in a minute."));
    };
    let mut files = Box::pin(gather(&app, &audit)).await?;
    let signer = app.staff.store.settings.bundle_signer().await?;
    let sums = sums(&files).into_bytes();
    let signature = signer.sign_bytes(BUNDLE_TYPE, &sums).map_err(|_| Code::Internal)?;
    files.insert(SUMS.to_owned(), sums);
    files.insert(SIGNATURE.to_owned(), signature.into_bytes());
    let bundle = zipped(&files, ended_ms).ok_or(Code::Internal)?;
    let told = SecurityEvent::by(staff.id, Action::AuditExported, id);
    app.staff.events.append(told).await?;
    let date = rfc3339(ended_ms);
    let date = date.get(..10).unwrap_or_default();
    let name = format!("attachment; filename=\"sotto-audit-{date}.zip\"");
    let headers = [(CONTENT_TYPE, "application/zip".to_owned()), (CONTENT_DISPOSITION, name)];
    Ok((headers, bundle).into_response())
}

/// All files but the sums and their signature.
async fn gather(app: &App, audit: &Audit) -> Result<BTreeMap<String, Vec<u8>>, Problem> {
    // Rows of an audit end together, and are deleted one by one.
    let configuration = app.audits.configuration(audit.id).await?.ok_or(Code::NotFound)?;
    let examined = app.audits.examined(audit.id).await?;
    let results = results(&examined);
    let report = audits::report(app, audit, examined).await?;
    let keys = app.staff.staff_keys.now().await?;
    let jwks = keys_for_bundles(keys.jwks()).ok_or(Code::Internal)?;
    let mut files = BTreeMap::from([
        ("README.txt".to_owned(), README.as_bytes().to_vec()),
        ("configuration.json".to_owned(), configuration.into_bytes()),
        ("proofs/jwks.json".to_owned(), jwks.into_bytes()),
        ("proofs/results.json".to_owned(), results),
        ("report.json".to_owned(), json(&report)?),
        (REPORT_PAGE.to_owned(), page::html(&report).into_bytes()),
    ]);
    if let Some(checkpoint) = &audit.checkpoint {
        files.insert("proofs/checkpoint".to_owned(), checkpoint.clone().into_bytes());
    }
    if let Some(finished) = finished(app, audit).await? {
        files.insert("proofs/finished.json".to_owned(), json(&finished)?);
    }
    if let Some(key) = log_key(keys.jwks())
        && let Some(continued) = continued(app, audit, &key).await?
    {
        files.insert("proofs/consistency.json".to_owned(), json(&continued)?);
    }
    let size = |files: &BTreeMap<String, Vec<u8>>| files.values().map(Vec::len).sum::<usize>();
    if size(&files) > LIMIT {
        files.remove(REPORT_PAGE);
    }
    if size(&files) > LIMIT {
        tracing::error!(bytes = size(&files), "a bundle is too large to be given out");
        return Err(Code::Internal.into());
    }
    Ok(files)
}

/// The proof of the end of the audit. There is none before the log has the event, which takes a minute, and
/// none where somebody has written in the log or among the events: the audit is given out all the same.
async fn finished(app: &App, audit: &Audit) -> Result<Option<Finished>, Problem> {
    let Some(event) = audit.finished_event else { return Ok(None) };
    match prove(app, event, Tree::First).await {
        Ok((proof, item)) => Ok(image_of(&item).map(|event| Finished { proof, event })),
        Err(problem) => match problem.code {
            Code::NotFound | Code::LeafMismatch | Code::IntegrityFailed => Ok(None),
            _ => Err(problem),
        },
    }
}

/// The proof that the log goes on. There is none for the first audit, and none where the log does not go on,
/// which is a result of the audit.
async fn continued(app: &App, audit: &Audit, key: &Verifier) -> Result<Option<Continued>, Problem> {
    let (Some(now), Some(before)) = (&audit.checkpoint, audit.previous) else { return Ok(None) };
    let before = app.audits.find(before).await?.and_then(|before| before.checkpoint);
    let Some(before) = before else { return Ok(None) };
    let (Some((to, _)), Some((from, _))) = (read_by(key, now), read_by(key, &before)) else {
        return Ok(None);
    };
    if from > to {
        return Ok(None);
    }
    match app.log.consistency(to, from).await {
        Ok(hashes) => Ok(Some(Continued { from, to, hashes: encoded(&hashes), before })),
        Err(StoreError::Corrupt { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(value).map_err(|_| Code::Internal.into())
}

/// The files as a zip, which has the same bytes for the same files: nothing is compressed, and each is as old as
/// the audit.
fn zipped(files: &BTreeMap<String, Vec<u8>>, at_ms: UnixMillis) -> Option<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(dated(at_ms)?)
        .unix_permissions(0o644)
        .system(System::Unix);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(name, options).ok()?;
        zip.write_all(bytes).ok()?;
    }
    Some(zip.finish().ok()?.into_inner())
}

/// A time as a zip has it, in UTC; `None` for one that a zip cannot have.
fn dated(at_ms: UnixMillis) -> Option<DateTime> {
    let text = rfc3339(at_ms);
    let part = |from: usize| text.get(from..from + 2)?.parse::<u8>().ok();
    let year = text.get(..4)?.parse().ok()?;
    DateTime::from_date_and_time(year, part(5)?, part(8)?, part(11)?, part(14)?, part(17)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_files_are_the_same_zip() {
        let files = BTreeMap::from([
            ("report.json".to_owned(), b"{}".to_vec()),
            ("README.txt".to_owned(), Vec::new()),
        ]);
        // 2026-11-02, 09:00:05 UTC.
        let at_ms = 1_793_610_005_000;
        let zip = zipped(&files, at_ms).unwrap();
        assert!(zip.starts_with(b"PK\x03\x04"));
        assert_eq!(zipped(&files, at_ms), Some(zip.clone()));
        assert_ne!(zipped(&files, at_ms + 60_000), Some(zip));
        let date = dated(at_ms).unwrap();
        assert_eq!(date.to_string(), "2026-11-02 09:00:04", "a zip counts two seconds");
        assert!(dated(0).is_none(), "before 1980");
    }

    #[test]
    fn the_readme_is_short() {
        assert_eq!(README.lines().count(), 11);
        assert!(README.lines().all(|line| line.len() <= 115), "it is read in a terminal");
    }
}
