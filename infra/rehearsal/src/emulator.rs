//! The local AWS: ministack with what `emulator/` adds to it, on a free port of 127.0.0.1.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use crate::aws::Aws;
use crate::command::{Failure, emulator_python, tail};
use crate::root;

/// Tries of [`PAUSE`] until it has to be up.
const TRIES: usize = 600;
const PAUSE: Duration = Duration::from_millis(100);

/// A running local AWS. It and the functions that it runs are killed when this is dropped, and end by
/// themselves when we do, since they read our end of a pipe.
pub struct Emulator {
    /// Its account's root.
    pub aws: Aws,
    child: Child,
    log: PathBuf,
    // Dropped after the process that writes into it.
    folder: TempDir,
}

impl Emulator {
    /// Starts one with nothing in it, and waits until it answers.
    ///
    /// # Errors
    /// If it is not installed or does not come up.
    pub fn start() -> Result<Self, Failure> {
        let python = emulator_python()?;
        let folder = tempfile::tempdir()?;
        let log = folder.path().join("emulator.log");
        let output = File::create(&log)?;
        let port = free_port()?;
        let aws = Aws::root(port);
        let mut command = Command::new(python);
        command
            .arg(root().join("infra/rehearsal/emulator"))
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .envs(aws.environment())
            .env("AUTH", "true")
            .env("BIND_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", port.to_string())
            .env("HOME", folder.path())
            // Listeners that nobody here needs, and that would be on every interface.
            .env("IOT_MTLS_ENABLED", "0")
            .env("MINISTACK_REGION", aws.region())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("SFTP_ENABLED", "0")
            .env("TMPDIR", folder.path())
            .stdin(Stdio::piped())
            .stdout(output.try_clone()?)
            .stderr(output)
            .process_group(0);
        let mut emulator = Self { aws, child: command.spawn()?, log, folder };
        emulator.wait()?;
        Ok(emulator)
    }

    /// A folder that lives as long as it does.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its log, the functions' own lines included.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read(&self.log)
            .map(|log| String::from_utf8_lossy(&log).into_owned())
            .unwrap_or_default()
    }

    /// Where it logs to.
    #[must_use]
    pub fn log_file(&self) -> &Path {
        &self.log
    }

    fn wait(&mut self) -> Result<(), Failure> {
        for _ in 0..TRIES {
            if let Some(status) = self.child.try_wait()? {
                return Err(Failure(format!(
                    "the emulator ended ({status}):\n{}",
                    tail(&self.log())
                )));
            }
            if self
                .aws
                .http("GET", "localhost", "/_ministack/ready", &[])
                .is_ok_and(|answer| answer.0 == 200)
            {
                return Ok(());
            }
            pause();
        }
        Err(Failure(format!("the emulator does not come up:\n{}", tail(&self.log()))))
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // The emulator's process group ends when its input does.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// Waits a moment for another process.
#[expect(clippy::disallowed_methods, reason = "another process gives no event to wait for")]
pub fn pause() {
    thread::sleep(PAUSE);
}

/// A port that was free a moment ago; the emulator tells nobody which one it got for 0.
fn free_port() -> Result<u16, Failure> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
