//! Takes the packages from Cargo.lock, and from deny.toml the advisories that we accept, so that nothing reads
//! TOML at run time.

#![expect(clippy::print_stdout, reason = "cargo reads it")]

use std::path::Path;
use std::{env, fs};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Lock {
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    /// `None` for a crate of ours, whose name may be that of another one in a registry.
    source: Option<String>,
}

#[derive(Deserialize)]
struct Deny {
    advisories: Advisories,
}

#[derive(Deserialize)]
struct Advisories {
    #[serde(default)]
    ignore: Vec<toml::Value>,
}

#[derive(Deserialize, Serialize)]
struct Accepted {
    id: String,
    reason: String,
}

fn main() -> Result<(), String> {
    let out = env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?;
    let out = Path::new(&out);
    let lock: Lock = read("../../Cargo.lock")?;
    let foreign = lock.package.iter().filter(|package| package.source.is_some());
    let lines: Vec<String> =
        foreign.map(|Package { name, version, .. }| format!("{name} {version}\n")).collect();
    if lines.is_empty() {
        return Err("Cargo.lock names no package of a registry".to_owned());
    }
    write(&out.join("packages.txt"), &lines.concat())?;
    let deny: Deny = read("../../deny.toml")?;
    // An entry may also be a yanked version, or have no reason; then it accepts no advisory.
    let ignored = deny.advisories.ignore.into_iter();
    let accepted: Vec<Accepted> = ignored.filter_map(|one| one.try_into().ok()).collect();
    let accepted = serde_json::to_string(&accepted);
    write(&out.join("accepted.json"), &accepted.map_err(|error| error.to_string())?)
}

fn read<T: DeserializeOwned>(file: &str) -> Result<T, String> {
    println!("cargo::rerun-if-changed={file}");
    let text = fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    toml::from_str(&text).map_err(|error| format!("{file}: {error}"))
}

fn write(file: &Path, text: &str) -> Result<(), String> {
    fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))
}
