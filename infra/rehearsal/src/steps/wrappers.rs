//! Programs that stand before the real ones while the pages are run, because the local AWS is not reached
//! as the real one is. Folders may have blanks in their names.

use std::path::Path;

use crate::command::Failure;

/// The gateway's name leads to the emulator, which speaks no TLS.
pub(super) fn curl(folder: &Path, endpoint: &str, curl: &Path) -> Result<(), Failure> {
    let text = format!(
        "words=()\nfor word in \"$@\"; do\n  if [[ $word =~ ^https://([a-z0-9]+\\.execute-api\\.[a-z0-9.-]+)(/.*)?$ ]]; then\n    words+=(-H \"Host: ${{BASH_REMATCH[1]}}\" \"{endpoint}${{BASH_REMATCH[2]}}\")\n  else\n    words+=(\"$word\")\n  fi\ndone\nexec {} \"${{words[@]}}\"\n",
        quoted(curl),
    );
    executable(&folder.join("curl"), &text)
}

/// `sam build` was run before, for this machine's instruction set and into another folder.
pub(super) fn sam(folder: &Path, package: &Path, sam: &Path) -> Result<(), Failure> {
    let text = format!(
        "if [[ $* == build ]]; then mkdir -p .aws-sam; exec cp -R {} .aws-sam/build; fi\nexec {} \"$@\"\n",
        quoted(package),
        quoted(sam),
    );
    executable(&folder.join("sam"), &text)
}

/// For SQS the CLI does not look at the environment.
pub(super) fn aws(folder: &Path, endpoint: &str, aws: &Path) -> Result<(), Failure> {
    let text = format!("exec {} \"$@\" --endpoint-url {endpoint}\n", quoted(aws));
    executable(&folder.join("aws"), &text)
}

/// The doctor's findings are judged afterwards, with the gaps of the local AWS.
pub(super) fn cargo(
    folder: &Path,
    cargo: &Path,
    doctor: &Path,
    places: &Path,
) -> Result<(), Failure> {
    let text = format!(
        "if [[ ${{1-}} != doctor ]]; then exec {cargo} \"$@\"; fi\nshift\n{doctor} \"$@\" || [[ $? -le 2 ]]\nplaces=({places}/*)\nif [[ ! -e ${{places[0]}} ]]; then places=(); fi\n{doctor} \"$@\" --json >{places}/${{#places[@]}} || [[ $? -le 2 ]]\n",
        cargo = quoted(cargo),
        doctor = quoted(doctor),
        places = quoted(places),
    );
    executable(&folder.join("cargo"), &text)
}

/// A path as one word of the shell, whatever stands in it.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

fn executable(place: &Path, text: &str) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(place, format!("#!/usr/bin/env bash\nset -euo pipefail\n{text}"))?;
    std::fs::set_permissions(place, std::fs::Permissions::from_mode(0o755))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// A folder whose name a shell would take apart; gone afterwards.
    struct Folder(std::path::PathBuf);

    impl Folder {
        fn new() -> Self {
            let name = format!("a folder's $HOME; {}", std::process::id());
            let folder = std::env::temp_dir().join(name);
            std::fs::create_dir_all(folder.join("bin")).unwrap();
            Self(folder)
        }

        /// A program that says how it was called.
        fn program(&self, name: &str) -> std::path::PathBuf {
            let place = self.0.join(name);
            executable(&place, &format!("printf '%s' {name}; printf ' <%s>' \"$@\"\n")).unwrap();
            place
        }

        fn said(&self, name: &str, words: &[&str]) -> String {
            let mut command = Command::new(self.0.join("bin").join(name));
            let ran = command.args(words).current_dir(&self.0).output().unwrap();
            assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
            String::from_utf8(ran.stdout).unwrap()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn wrappers_work_in_a_folder_whose_name_has_blanks() {
        let folder = Folder::new();
        let bin = folder.0.join("bin");
        let endpoint = "http://127.0.0.1:1";
        curl(&bin, endpoint, &folder.program("real-curl")).unwrap();
        let url = "https://abc123.execute-api.eu-central-1.amazonaws.com/v1/health";
        let host = "<Host: abc123.execute-api.eu-central-1.amazonaws.com>";
        let called = format!("real-curl <-H> {host} <{endpoint}/v1/health> <two words>");
        assert_eq!(folder.said("curl", &[url, "two words"]), called);
        aws(&bin, endpoint, &folder.program("real-aws")).unwrap();
        let called = format!("real-aws <sqs> <two words> <--endpoint-url> <{endpoint}>");
        assert_eq!(folder.said("aws", &["sqs", "two words"]), called);

        let package = folder.0.join("a package");
        std::fs::create_dir_all(&package).unwrap();
        std::fs::write(package.join("template.yaml"), "built").unwrap();
        sam(&bin, &package, &folder.program("real-sam")).unwrap();
        assert_eq!(folder.said("sam", &["build"]), "");
        let built = folder.0.join(".aws-sam/build/template.yaml");
        assert_eq!(std::fs::read_to_string(built).unwrap(), "built");
        assert_eq!(folder.said("sam", &["deploy", "two words"]), "real-sam <deploy> <two words>");

        let places = folder.0.join("what was found");
        std::fs::create_dir_all(&places).unwrap();
        let (real, doctor) = (folder.program("real-cargo"), folder.program("the-doctor"));
        cargo(&bin, &real, &doctor, &places).unwrap();
        assert_eq!(folder.said("cargo", &["test", "two words"]), "real-cargo <test> <two words>");
        for found in ["0", "1"] {
            assert_eq!(
                folder.said("cargo", &["doctor", "--stack", "s"]),
                "the-doctor <--stack> <s>"
            );
            let text = std::fs::read_to_string(places.join(found)).unwrap();
            assert_eq!(text, "the-doctor <--stack> <s> <--json>", "{found}");
        }
    }
}
