//! The record of what the roles were seen to allow and to refuse, over all processes of a run of the
//! tests: a file of JSON lines, each different one written once by each process that saw it.
//!
//! A line is appended by one write of less than a page, which Linux keeps whole, so the processes need
//! no lock. The file is made fresh by `cargo local permissions --reset` before a run.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

/// Names the file, for processes that the tests start.
pub const VARIABLE: &str = "SOTTO_PERMISSIONS_SEEN";

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "seen", rename_all = "snake_case", deny_unknown_fields)]
pub enum Sight {
    /// A role allowed a request.
    Allowed {
        /// The logical id of the function.
        function: String,
        /// Its action, e.g. `kms:Decrypt`.
        action: String,
        /// The resource, e.g. `<DataKey.Arn>`.
        resource: String,
        /// The statement that allowed it.
        sid: String,
        /// The values of its conditions that the request used, as `key=value`.
        used: Vec<String>,
        /// The statement of the key's policy that allowed it as well.
        key_sid: Option<String>,
    },
    /// A role allowed a request to an item of a partition.
    Reached {
        /// The logical id of the function.
        function: String,
        /// Its action, e.g. `dynamodb:PutItem`.
        action: String,
        /// The table or index.
        resource: String,
        /// The partition, ids left out: `ledger`, `receipt#*`, `<id>`.
        partition: String,
    },
    /// A role that limits attributes allowed a request that names this one.
    Named {
        /// The logical id of the function.
        function: String,
        /// Its action.
        action: String,
        /// The table.
        resource: String,
        /// The statement that allowed it.
        sid: String,
        /// The attribute.
        attribute: String,
    },
    /// A request was refused.
    Refused {
        /// The logical id of the function.
        function: String,
        /// The refused action.
        action: String,
        /// The resource.
        resource: String,
        /// Whether a test asked for it, to see it refused.
        provoked: bool,
    },
}

/// A partition without its ids: the words of its key, `*` for a part that is no word, `<id>` for a
/// key without words.
#[must_use]
pub fn partition(key: &str) -> String {
    let word = |part: &str| {
        part.len() <= LONGEST_WORD
            && part.bytes().all(|byte| byte.is_ascii_lowercase() || b"*-_".contains(&byte))
    };
    if !key.contains('#') {
        return if word(key) { key.to_owned() } else { "<id>".to_owned() };
    }
    let parts: Vec<_> = key.split('#').map(|part| if word(part) { part } else { "*" }).collect();
    parts.join("#")
}

/// Ids are longer, or have digits in them.
const LONGEST_WORD: usize = 20;

/// A record that this process adds to.
#[derive(Debug)]
pub struct Record {
    file: PathBuf,
    written: Mutex<BTreeSet<Sight>>,
}

impl Record {
    /// A record in `file`, which is made with its folder when there is something to write.
    #[must_use]
    pub fn at(file: PathBuf) -> Self {
        Self { file, written: Mutex::default() }
    }

    /// Adds a sight, unless this record has it from here.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn add(&self, sight: Sight) -> io::Result<()> {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if written.contains(&sight) {
            return Ok(());
        }
        let mut line = serde_json::to_vec(&sight)?;
        line.push(b'\n');
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder)?;
        }
        OpenOptions::new().create(true).append(true).open(&self.file)?.write_all(&line)?;
        written.insert(sight);
        Ok(())
    }
}

/// Where the tests write it: what [`VARIABLE`] says, else `permissions/seen.jsonl` in cargo's target
/// folder.
#[must_use]
pub fn file_of_the_tests() -> PathBuf {
    if let Some(file) = std::env::var_os(VARIABLE) {
        return PathBuf::from(file);
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let target = target.unwrap_or_else(|| repository().join("target"));
    target.join("permissions").join("seen.jsonl")
}

/// The checkout that this was built from.
#[must_use]
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join("..")
}

/// Every sight of a file, each once; none when there is no file.
///
/// # Errors
/// When the file cannot be read, or has a line that is no sight.
pub fn read(file: &Path) -> io::Result<BTreeSet<Sight>> {
    let text = match fs::read_to_string(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeSet::new()),
        text => text?,
    };
    text.lines().map(|line| serde_json::from_str(line).map_err(io::Error::from)).collect()
}

/// Empties the record before a run.
///
/// # Errors
/// When the file is there and cannot be deleted.
pub fn reset(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sight(action: &str) -> Sight {
        let text = str::to_owned;
        Sight::Refused {
            function: text("F"),
            action: text(action),
            resource: text("<T.Arn>"),
            provoked: true,
        }
    }

    #[test]
    fn many_records_of_one_file_lose_and_tear_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deep/seen.jsonl");
        std::thread::scope(|scope| {
            for writer in 0..8 {
                let file = file.clone();
                scope.spawn(move || {
                    let record = Record::at(file);
                    for number in 0..50 {
                        record.add(sight(&format!("kms:Own{writer}-{number}"))).unwrap();
                        record.add(sight(&format!("kms:Shared{number}"))).unwrap();
                        record.add(sight("kms:Again")).unwrap();
                    }
                });
            }
        });
        assert_eq!(read(&file).unwrap().len(), 8 * 50 + 50 + 1);
        assert_eq!(fs::read_to_string(&file).unwrap().lines().count(), 8 * (50 + 50 + 1));
        reset(&file).unwrap();
        reset(&file).unwrap();
        assert!(read(&file).unwrap().is_empty());
    }

    #[test]
    fn a_partition_is_known_by_its_words() {
        for (key, shown) in [
            ("ledger", "ledger"),
            ("*", "*"),
            ("default", "default"),
            ("019ad0c2-93a5-7d3e-8f1e-0b6f3c1d2e4f", "<id>"),
            ("subject#019ad0c2-93a5-7d3e-8f1e-0b6f3c1d2e4f", "subject#*"),
            ("once#identity-jti#q83vEjRWeJA", "once#identity-jti#*"),
        ] {
            assert_eq!(partition(key), shown);
        }
    }

    #[test]
    fn a_line_that_is_no_sight_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("seen.jsonl");
        fs::write(&file, "{\"seen\":\"allowed\"}\n").unwrap();
        assert!(read(&file).is_err());
    }
}
