//! Published vectors, and other implementations, against the primitives that `shared::seal` uses.
//!
//! One file a standard. Each names its source, and counts what it tried, so that no test passes by
//! being empty. All of them: `cargo test -p tests --test sotto vectors`.

mod hostile_keys;
mod interop;
mod rfc5869;
mod rfc8032;
mod rfc8037;
mod rfc9180;
mod wycheproof;
mod x_wing;

use std::path::Path;
use std::process::Command;

use serde_json::Value;

// Packaged with its vectors; its code stands by and is not used.
use hpke_vectors as _;

/// The bytes that `text` spells in hexadecimal digits.
fn hex(text: &str) -> Vec<u8> {
    data_encoding::HEXLOWER_PERMISSIVE.decode(text.as_bytes()).expect("hexadecimal digits")
}

/// The bytes of a member of a vector.
fn bytes(vector: &Value, member: &str) -> Vec<u8> {
    hex(vector[member].as_str().expect(member))
}

/// A file of vectors from the package of `hpke` 0.14.1, wherever Cargo has unpacked that.
fn hpke_vectors(file: &str) -> Value {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--locked", "--format-version", "1", "--filter-platform", "host-tuple"])
        .args(["--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")])
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let manifest = metadata["packages"]
        .as_array()
        .expect("packages")
        .iter()
        .find(|package| package["name"] == "hpke" && package["version"] == "0.14.1")
        .and_then(|package| package["manifest_path"].as_str())
        .expect("hpke 0.14.1 is a dependency");
    let path = Path::new(manifest).with_file_name("test-vectors").join(file);
    serde_json::from_slice(&std::fs::read(path).expect("the vectors")).expect("JSON")
}
