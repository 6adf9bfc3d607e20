//! All keys, and the file that keeps them: readable by its owner alone, replaced as a whole or not
//! at all.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::error::Refusal;
use super::key::{Key, State};

const ARN_PREFIX: &str = "arn:aws:kms:eu-central-1:000000000000:";

/// Everything KMS knows.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Keys {
    pub(super) keys: BTreeMap<Uuid, Key>,
    /// Alias name (`alias/…`) to key.
    pub(super) aliases: BTreeMap<String, Uuid>,
}

impl Keys {
    /// The key behind an id, an ARN, an alias or an alias ARN.
    pub(super) fn find(&self, name: &str) -> Result<&Key, Refusal> {
        let local = name.strip_prefix(ARN_PREFIX).unwrap_or(name);
        let id = if local.starts_with("alias/") {
            self.aliases.get(local).copied()
        } else {
            let plain = local.strip_prefix("key/").unwrap_or(local);
            Uuid::parse_str(plain).ok()
        };
        id.and_then(|id| self.keys.get(&id)).ok_or_else(|| Refusal::NotFound(name.to_owned()))
    }

    /// The same, if it may be used.
    pub(super) fn usable(&self, name: &str) -> Result<&Key, Refusal> {
        let key = self.find(name)?;
        check_usable(key)?;
        Ok(key)
    }

    /// Forgets the keys whose deletion is due, and their aliases.
    pub(super) fn destroy_due(&mut self, now_ms: i64) {
        self.keys.retain(
            |_, key| !matches!(key.state, State::PendingDeletion(at_ms) if at_ms <= now_ms),
        );
        let Self { keys, aliases } = self;
        aliases.retain(|_, id| keys.contains_key(id));
    }
}

/// Whether a key is neither switched off nor waiting for its deletion.
pub(super) fn check_usable(key: &Key) -> Result<(), Refusal> {
    match key.state {
        State::Enabled => Ok(()),
        State::Disabled => Err(Refusal::Disabled(arn(key.id))),
        State::PendingDeletion(_) => Err(Refusal::PendingDeletion(arn(key.id))),
    }
}

/// The ARN of a key.
pub(super) fn arn(id: Uuid) -> String {
    format!("{ARN_PREFIX}key/{id}")
}

/// The ARN of an alias (`alias/…`).
pub(super) fn alias_arn(name: &str) -> String {
    format!("{ARN_PREFIX}{name}")
}

/// Reads the file; an absent one is an empty set.
pub(super) fn read(path: &Path) -> io::Result<Keys> {
    match fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            // The parser's own text may repeat what it read, which is key material here.
            .map_err(|error| {
                io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("it is damaged at line {}", error.line()),
                )
            }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Keys::default()),
        Err(error) => Err(error),
    }
}

/// Writes beside the file, syncs, renames, syncs the folder: when this returns, a kill or a power
/// cut finds the new content; when it is interrupted, the old.
pub(super) fn replace(path: &Path, keys: &Keys) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(&serde_json::to_vec(keys)?)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    File::open(folder(path))?.sync_all()
}

fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}
