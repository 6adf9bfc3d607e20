//! From the last release to this one, back, and forward again, with data in the stack and visitors in
//! it all the while.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::suite::Suite;
use super::{ORIGIN, PARAMETERS};
use crate::aws::Aws;
use crate::command::{self, Failure, ensure, run_well};
use crate::emulator::Emulator;
use crate::report::{Report, say};
use crate::stack::{Package, Stack, architecture};
use crate::{root, target};

/// The folder of the last release's files within its workspace.
const PLACE: &str = "release";

/// The changes to the old template: text, new text, exact number of occurrences, reason.
const CHANGES: [(&str, &str, usize, &str); 2] = [
    (
        "AllowOrigins: !If [HasSiteOrigins, !Split [\",\", !Ref SiteOrigins], [\"https://no-origin.invalid\"]]",
        "AllowOrigins: [\"https://shop.example\"]",
        1,
        "SAM took the condition for the whole of CORS, which no gateway imports",
    ),
    (
        "DeletionProtectionEnabled: true",
        "DeletionProtectionEnabled: false",
        4,
        "the tables of a rehearsal are thrown away",
    ),
];

/// The release before this one.
struct Release {
    version: String,
    commit: String,
}

/// Upgrades a stack that holds data, and goes back.
pub fn act(new: &Package, report: &mut Report) {
    let mut made = None;
    report.step("build the last release, unless that was done before", || {
        let release = Release::last()?;
        say(&format!("the last release is {} ({})", release.version, release.commit));
        let old = release.package()?;
        made = Some((old, Suite::build()?));
        Ok(2)
    });
    let Some((old, suite)) = made else { return };
    let mut started = None;
    report.step("deploy the last release", || {
        let emulator = Emulator::start()?;
        let (stack, pin) = deploy_old(&old, &emulator)?;
        started = Some((emulator, stack, pin));
        Ok(1)
    });
    let Some((emulator, stack, pin)) = started else { return };
    let state = emulator.folder().join("visits.json");
    let back = [format!("SiteOrigins={ORIGIN}"), format!("RootPin={pin}")];
    let back: Vec<&str> = back.iter().map(String::as_str).collect();

    report.step("visitors leave something behind in it", || suite.visit(&stack, &state));
    let mut visitors = None;
    report.step("visitors are there all the while", || {
        visitors = Some(suite.traffic(&stack, emulator.folder())?);
        Ok(1)
    });
    report.step("this release reads and adds to it", || {
        let stack = new.deploy(&emulator.aws, &PARAMETERS)?;
        let same = stack.output("RootPin")? == pin;
        ensure(same, || "the upgrade made another root key, which no page pins".to_owned())?;
        suite.read_again(&stack, &state)
    });
    report.step("the contract on the upgraded stack", || {
        suite.contract(&Stack::look(&emulator.aws)?)
    });
    report.step("visitors leave something behind again", || {
        suite.visit(&Stack::look(&emulator.aws)?, &state)
    });
    report.step("the last release reads old and new", || {
        let aws = &emulator.aws;
        let bridge = Bridge::over(&Stack::look(aws)?)?;
        let stack = old.deploy(aws, &back)?;
        bridge.taken_down(aws)?;
        suite.read_again(&stack, &state)
    });
    report.step("and forward again", || {
        suite.read_again(&new.deploy(&emulator.aws, &PARAMETERS)?, &state)
    });
    report.step("no visitor met a server error", || {
        visitors.ok_or_else(|| Failure("there were none".to_owned()))?.stop()
    });
    if report.failed() {
        super::log(&emulator);
    }
}

/// Deploys the last release as its own README says: the keys are made by hand, and their pin given.
fn deploy_old(old: &Package, emulator: &Emulator) -> Result<(Stack, String), Failure> {
    let aws = &emulator.aws;
    let origins = format!("SiteOrigins={ORIGIN}");
    let stack = old.deploy(aws, &[&origins])?;
    let answer = emulator.folder().join("answer.json");
    let rotate = ["lambda", "invoke", "--function-name", stack.physical("RotateKeysFunction")?];
    aws.ask(&[&rotate[..], &[&answer.to_string_lossy()]].concat())?;
    let answer: Value = serde_json::from_str(&std::fs::read_to_string(answer)?)?;
    let pin = answer["root_pin"].as_str().unwrap_or_default().to_owned();
    ensure(pin.starts_with("sha256-"), || format!("the rotation answers {answer}"))?;
    Ok((old.deploy(aws, &[&origins, &format!("RootPin={pin}")])?, pin))
}

/// The rights that intake has, under a second name, as docs/upgrade-and-restore.md says for the way back: roles are
/// changed before functions, and the newer version would answer for a while with the older's rights.
struct Bridge {
    role: String,
}

impl Bridge {
    const NAME: [&str; 2] = ["--policy-name", "bridge"];

    fn over(stack: &Stack) -> Result<Self, Failure> {
        let (aws, role) = (&stack.aws, stack.physical("IntakeRole")?.to_owned());
        let of_role = ["--role-name", &role];
        let get = [&["iam", "get-role-policy", "--policy-name", "intake"], &of_role[..]].concat();
        let document = aws.ask(&get)?["PolicyDocument"].to_string();
        let put = [&["iam", "put-role-policy", "--policy-document", &document], &of_role[..]];
        aws.ask(&[&put.concat()[..], &Self::NAME].concat())?;
        Ok(Self { role })
    }

    fn taken_down(self, aws: &Aws) -> Result<(), Failure> {
        let delete = ["iam", "delete-role-policy", "--role-name", &self.role];
        aws.ask(&[&delete[..], &Self::NAME].concat())?;
        Ok(())
    }
}

impl Release {
    /// As Cargo.toml records it, since a clone may lack the tags.
    fn last() -> Result<Self, Failure> {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo
            .args(["metadata", "--no-deps", "--format-version", "1", "--locked"])
            .current_dir(root());
        let metadata: Value = serde_json::from_str(&run_well(&mut cargo)?)?;
        let recorded = |name: &str| {
            let text = metadata["metadata"]["release"][name].as_str().map(str::to_owned);
            text.ok_or_else(|| {
                Failure(format!("Cargo.toml has no workspace.metadata.release.{name}"))
            })
        };
        Ok(Self { version: recorded("version")?, commit: recorded("commit")? })
    }

    /// Its functions, from the cache or built, and its template.
    fn package(&self) -> Result<Package, Failure> {
        let folder = cache().join(format!("{}-{}", self.commit, architecture()));
        if !folder.join("template.yaml").is_file() {
            let checkout = self.checkout()?;
            let template = std::fs::read_to_string(checkout.join(PLACE).join("template.yaml"))?;
            let (template, functions) = processed(&template)?;
            let unfinished = folder.with_extension("unfinished");
            let _ = std::fs::remove_dir_all(&unfinished);
            build(&checkout, &functions, &unfinished)?;
            // The template last, and all at once: a build that was interrupted is never taken for whole.
            std::fs::write(unfinished.join("template.yaml"), template)?;
            let _ = std::fs::remove_dir_all(&folder);
            std::fs::rename(unfinished, &folder)?;
        }
        Ok(Package::at(folder))
    }

    /// Its files, below `target/`, in a workspace that is built in our own target directory: most of what
    /// it depends on is there from the tests. Its members stand one folder deeper than ours, since cargo
    /// takes a crate of the same name and place in another checkout for this one's.
    fn checkout(&self) -> Result<PathBuf, Failure> {
        let git = |words: &[&str]| {
            let mut git = Command::new("git");
            git.args(words).current_dir(root());
            git
        };
        let here =
            command::run(&mut git(&["cat-file", "-e", &format!("{}^{{commit}}", self.commit)]))?;
        ensure(here.well, || {
            format!(
                "the history of this clone lacks the release {} ({}): git fetch --unshallow",
                self.version, self.commit
            )
        })?;
        let folder = target().join("rehearsal").join(&self.commit);
        let _ = std::fs::remove_dir_all(&folder);
        let release = folder.join(PLACE);
        std::fs::create_dir_all(&release)?;
        let archive = folder.join("archive.tar");
        let place = archive.to_string_lossy().into_owned();
        run_well(&mut git(&["archive", "--output", &place, &self.commit]))?;
        run_well(Command::new("tar").arg("-xf").arg(&archive).arg("-C").arg(&release))?;
        for of_workspace in ["Cargo.lock", "Cargo.toml", ".cargo"] {
            std::fs::rename(release.join(of_workspace), folder.join(of_workspace))?;
        }
        let manifest = folder.join("Cargo.toml");
        std::fs::write(&manifest, deeper(&std::fs::read_to_string(&manifest)?))?;
        Ok(folder)
    }
}

/// Where built releases are kept, outside the checkout.
fn cache() -> PathBuf {
    let tools = std::env::var_os("SOTTO_TOOLS").map(PathBuf::from);
    tools.unwrap_or_else(|| target().join("rehearsal")).join("releases")
}

/// A workspace's manifest for members that stand in the folder [`PLACE`].
fn deeper(manifest: &str) -> String {
    let line = |line: &str| {
        if line.starts_with("members = ") {
            // The pieces between quotes, which are every other one, are paths.
            let pieces = line.split('"').enumerate();
            let pieces = pieces.map(|(number, piece)| {
                if number % 2 == 1 { format!("{PLACE}/{piece}") } else { piece.to_owned() }
            });
            pieces.collect::<Vec<_>>().join("\"")
        } else {
            line.replace("{ path = \"", &format!("{{ path = \"{PLACE}/"))
        }
    };
    manifest.lines().map(|text| line(text) + "\n").collect()
}

/// The template with each function's code in a folder of its name, and `(function, binary)` of each.
fn processed(template: &str) -> Result<(String, Vec<(String, String)>), Failure> {
    let mut text = template.to_owned();
    for (from, to, times, why) in CHANGES {
        ensure(text.matches(from).count() == times, || {
            format!("the last release's template has not {times} times {from} ({why})")
        })?;
        text = text.replace(from, to);
    }
    let (mut resource, mut lines, mut functions) = (String::new(), Vec::new(), Vec::new());
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        let word = line.trim();
        if indent == 2 && word.ends_with(':') {
            word.trim_end_matches(':').clone_into(&mut resource);
        }
        if let Some(binary) = word.strip_prefix("Binary: ") {
            functions.push((resource.clone(), binary.to_owned()));
        }
        let code = indent == 6 && word.starts_with("CodeUri: ");
        lines.push(if code { format!("      CodeUri: {resource}") } else { line.to_owned() });
    }
    ensure(!functions.is_empty(), || "the last release's template has no functions".to_owned())?;
    Ok((lines.join("\n") + "\n", functions))
}

/// Builds its functions as the tests are built. They are not what was shipped (that has other
/// optimisations), but its code.
fn build(checkout: &Path, functions: &[(String, String)], folder: &Path) -> Result<(), Failure> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--workspace", "--locked"]).current_dir(checkout);
    cargo.env("CARGO_TARGET_DIR", target());
    for (_, binary) in functions {
        cargo.args(["--bin", binary]);
    }
    run_well(&mut cargo)?;
    for (function, binary) in functions {
        let place = folder.join(function);
        std::fs::create_dir_all(&place)?;
        let built = target().join("debug").join(binary);
        run_well(Command::new("strip").arg("-o").arg(place.join("bootstrap")).arg(&built))?;
        // Under its name the next build puts our own there again.
        std::fs::remove_file(built)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{CHANGES, deeper, processed};

    #[test]
    fn a_workspace_is_moved_with_its_members_and_nothing_else() {
        let manifest = "members = [\"shared\", \"functions/one\"]\none = { path = \"functions/one\" }\ntwo = \"1\"\n";
        let moved = "members = [\"release/shared\", \"release/functions/one\"]\none = { path = \"release/functions/one\" }\ntwo = \"1\"\n";
        assert_eq!(deeper(manifest), moved);
    }

    #[test]
    fn a_template_is_changed_where_it_was_said_and_nowhere_else() {
        let mut template =
            String::from("Resources:\n  One:\n    Metadata:\n        Binary: first\n");
        template.push_str("    Properties:\n      CodeUri: functions/one\n");
        assert!(processed(&template).is_err(), "what is to be changed is not there");
        for (from, _, times, _) in CHANGES {
            template.push_str(&format!("      {from}\n").repeat(times));
        }
        let (text, functions) = processed(&template).expect("a template");
        assert_eq!(functions, [("One".to_owned(), "first".to_owned())]);
        assert!(text.contains("      CodeUri: One\n"), "{text}");
        assert_eq!(text.lines().count(), template.lines().count());
    }
}
