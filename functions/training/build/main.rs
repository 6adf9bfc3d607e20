//! Reads the courses and the practices, refuses what is incomplete or broken, and makes one file of each kind
//! for the function.

use std::path::Path;
use std::{env, fs};

#[path = "../src/content.rs"]
mod content;
mod file;

use content::{Content, Courses, LOCALES, Localised};
use file::{alike, read_course, read_practice};

/// Reads a file of a folder.
type Read = fn(&str) -> Result<Content, String>;

fn main() -> Result<(), String> {
    let out = env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?;
    let folders: [(&str, Read); 2] = [("courses", read_course), ("practices", read_practice)];
    for (folder, read) in folders {
        let json = serde_json::to_string(&all(Path::new(folder), read)?);
        let json = json.map_err(|error| error.to_string())?;
        let made = Path::new(&out).join(folder).with_extension("json");
        fs::write(made, json).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Everything in a folder: files `<id>.<language>.md`.
fn all(folder: &Path, read: Read) -> Result<Courses, String> {
    let mut courses = Courses::new();
    let listed = fs::read_dir(folder).map_err(|error| error.to_string())?;
    for entry in listed {
        let name = entry.map_err(|error| error.to_string())?.file_name();
        let name = name.to_str().ok_or("a file's name is no text")?.to_owned();
        let stem = name.strip_suffix(".md").ok_or(format!("{name} is no Markdown"))?;
        let (course, locale) = stem.rsplit_once('.').ok_or(format!("{name} names no language"))?;
        let text = fs::read_to_string(folder.join(&name)).map_err(|error| error.to_string())?;
        let content = read(&text).map_err(|fault| format!("{name}: {fault}"))?;
        courses.entry(course.to_owned()).or_default().insert(locale.to_owned(), content);
    }
    for (course, localised) in &courses {
        complete(localised).map_err(|fault| format!("{course}: {fault}"))?;
    }
    Ok(courses)
}

fn complete(localised: &Localised) -> Result<(), String> {
    let [first, others @ ..] = LOCALES;
    let origin = localised.get(first).ok_or(format!("there is none in {first}"))?;
    for locale in others {
        let other = localised.get(locale).ok_or(format!("there is none in {locale}"))?;
        alike(origin, other).map_err(|fault| format!("{first} and {locale}: {fault}"))?;
    }
    Ok(())
}
