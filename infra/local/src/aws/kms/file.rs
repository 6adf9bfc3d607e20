//! The key file: readable by its owner alone, replaced as a whole or not at all.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::key::Key;

/// Everything KMS knows.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Keys {
    pub(super) keys: BTreeMap<Uuid, Key>,
    /// Alias name (`alias/…`) to key.
    pub(super) aliases: BTreeMap<String, Uuid>,
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
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&beside)?;
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
