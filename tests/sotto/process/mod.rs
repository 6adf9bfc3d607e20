//! Programs that run as processes of their own: `cargo local`, `cargo lambda watch`, a browser.

mod browser;
mod canary;
mod detect;
mod event_files;
mod events;
mod load;
mod local;
mod scanner;
mod watch;

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tests::process::Local;

/// `cargo local`. The package of the tests builds the program's own source once more under this
/// name: cargo then keeps it as new as the tests, whichever of them are run, and a link of a few
/// seconds is all that it costs, where a `cargo build` from inside a test would wait for the lock
/// of every other build and might choose other features for what both share.
const LOCAL: &str = env!("CARGO_BIN_EXE_tests-local");

/// A folder that goes with the test, and the data folder in it.
struct Place {
    _parent: TempDir,
    data: PathBuf,
}

impl Place {
    fn new() -> Self {
        let parent = tempfile::tempdir().expect("a temporary folder");
        Self { data: parent.path().join("data"), _parent: parent }
    }

    /// Everything, on this folder.
    async fn start(&self) -> Local {
        Local::everything(LOCAL, &self.data, &[]).await
    }
}

/// The repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The folder that every build goes to.
fn target() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("a parent")
}
