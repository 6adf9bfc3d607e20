//! The functions as they are shipped: built, and their zips weighed.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::Compression;
use flate2::write::DeflateEncoder;

/// Name and length of the one file in a zip, twice, with the fixed parts of its three headers.
const ZIP_FRAME_BYTES: usize = 30 + 46 + 22 + 2 * "bootstrap".len();

/// Builds the functions by the release profile, alone: together with the tests they would get the
/// tests' features. Gives the folder with the binaries.
pub(crate) fn build(target: &Path) -> PathBuf {
    for packages in [&["intake", "site"][..], &["peers"]] {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
        let mut command = Command::new(cargo);
        command.args(["build", "--release", "--locked", "--quiet", "--target-dir"]).arg(target);
        for package in packages {
            command.args(["--package", package]);
        }
        // As from a shell: what cargo tells a bench it would else tell build scripts as well.
        for (name, _) in env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_")) {
                command.env_remove(name);
            }
        }
        let built = command.env_remove("CARGO_MANIFEST_DIR").status();
        assert!(built.is_ok_and(|status| status.success()), "the functions do not build");
    }
    target.join("release")
}

/// Bytes of the largest zip, and the name of its function.
pub(crate) fn largest_zip(binaries: &Path) -> (usize, &'static str) {
    let sizes = ["intake", "rotate-keys", "site"].map(|name| {
        let binary = fs::read(binaries.join(name)).expect("the binary was built");
        let mut deflate = DeflateEncoder::new(Vec::new(), Compression::default());
        deflate.write_all(&binary).expect("memory takes it");
        (deflate.finish().expect("memory takes it").len() + ZIP_FRAME_BYTES, name)
    });
    sizes.into_iter().max().expect("three binaries")
}
