//! The data folder: made for its owner alone, used by one process at a time, emptied with care.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::aws::{DATABASE_FILE, KEY_FILE};

/// The environment of the functions, for `cargo lambda watch`.
pub(crate) const ENV_FILE: &str = "env";
/// Event files for `cargo lambda invoke`.
pub(crate) const EVENTS_FOLDER: &str = "events";
/// The people of the demo.
pub(crate) const DEMO_FILE: &str = "demo.json";
const LOCK_FILE: &str = "lock";

/// A data folder that this process holds; let go when dropped, and by the system at the latest.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes the folder if need be and takes hold of it; with `fresh`, deletes the data in it.
    pub(crate) fn open(path: &Path, fresh: bool) -> Result<Self, String> {
        let unusable = |error: io::Error| {
            format!(
                "The data folder {} cannot be used: {error}. Choose another with --data.",
                path.display()
            )
        };
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(unusable)?;
        let lock = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(false)
            .mode(0o600)
            .open(path.join(LOCK_FILE))
            .map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(format!(
                    "The data folder {} is in use by another `cargo local`. Stop that one, or \
                     choose another folder with --data.",
                    path.display()
                ));
            }
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
        }
        let folder = Self { path: path.to_owned(), _lock: lock };
        if fresh {
            folder.empty().map_err(unusable)?;
        }
        Ok(folder)
    }

    /// Where it is, as it was named.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether somebody has stored something in it.
    pub(crate) fn has_data(&self) -> bool {
        self.path.join(DATABASE_FILE).exists()
    }

    /// Writes a file in the folder, for its owner alone.
    pub(crate) fn write(&self, name: &Path, content: &str) -> io::Result<()> {
        let path = self.path.join(name);
        if let Some(parent) = path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
        }
        OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(true)
            .mode(0o600)
            .open(path)?
            .write_all(content.as_bytes())
    }

    /// The content of a file of the folder, if it is there.
    pub(crate) fn read(&self, name: &str) -> io::Result<Option<String>> {
        match fs::read_to_string(self.path.join(name)) {
            Ok(content) => Ok(Some(content)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Deletes what `cargo local` itself has written, and nothing else.
    fn empty(&self) -> io::Result<()> {
        let database = [
            DATABASE_FILE.to_owned(),
            format!("{DATABASE_FILE}-wal"),
            format!("{DATABASE_FILE}-shm"),
        ];
        let others = [KEY_FILE, "kms.new", ENV_FILE, DEMO_FILE].map(str::to_owned);
        for name in database.into_iter().chain(others) {
            remove(&self.path.join(name))?;
        }
        let events = match fs::read_dir(self.path.join(EVENTS_FOLDER)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        for entry in events {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                remove(&path)?;
            }
        }
        Ok(())
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_new_folder_is_its_owner_s_alone() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("deep/.sotto");
        let _folder = Folder::open(&path, false).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[test]
    fn a_held_folder_is_refused_until_it_is_let_go() {
        let parent = tempfile::tempdir().unwrap();
        let folder = Folder::open(parent.path(), false).unwrap();
        let error = Folder::open(parent.path(), true).unwrap_err();
        assert!(error.contains("in use"), "{error}");
        drop(folder);
        Folder::open(parent.path(), false).unwrap();
    }

    #[test]
    fn fresh_deletes_our_files_and_no_other() {
        let parent = tempfile::tempdir().unwrap();
        let folder = Folder::open(parent.path(), false).unwrap();
        for name in [
            "dynamodb.sqlite",
            "dynamodb.sqlite-wal",
            "kms.json",
            "env",
            "events/get-root.json",
            "events/notes.txt",
            "thesis.odt",
        ] {
            folder.write(Path::new(name), "x").unwrap();
        }
        drop(folder);
        Folder::open(parent.path(), true).unwrap();
        let left = |folder: &Path| {
            let mut names: Vec<_> = fs::read_dir(folder)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        };
        assert_eq!(left(parent.path()), ["events", "lock", "thesis.odt"]);
        assert_eq!(left(&parent.path().join("events")), ["notes.txt"]);
    }

    #[test]
    fn a_file_in_the_way_is_named() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("file");
        fs::write(&path, "x").unwrap();
        let error = Folder::open(&path, false).unwrap_err();
        assert!(error.contains("file"), "{error}");
    }
}
