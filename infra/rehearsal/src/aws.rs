//! The AWS CLI and plain HTTP against the local AWS, with somebody's credentials.
//!
//! The CLI and not the SDK's crates: the operator's pages use it, and a dozen clients would have to
//! be compiled.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use crate::command::{self, Failure, Said, ensure};
use crate::root;

const REGION: &str = "eu-central-1";

/// Somebody who makes requests.
#[derive(Clone)]
pub struct Aws {
    port: u16,
    access_key: String,
    secret_key: String,
    session_token: Option<String>,
    cli: Arc<Mutex<Option<Cli>>>,
}

/// The AWS CLI in a process that stays (aws.py), because each start of its own takes half a second.
struct Cli {
    child: Child,
    // `None` once the process has to end.
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Aws {
    /// The account's root at this port.
    #[must_use]
    pub fn root(port: u16) -> Self {
        Self {
            port,
            access_key: "rehearsal".to_owned(),
            secret_key: "rehearsal-secret".to_owned(),
            session_token: None,
            cli: Arc::default(),
        }
    }

    /// The environment of a program that makes requests in this name.
    pub fn environment(&self) -> impl Iterator<Item = (&'static str, String)> {
        [
            ("AWS_ACCESS_KEY_ID", self.access_key.clone()),
            ("AWS_SECRET_ACCESS_KEY", self.secret_key.clone()),
            ("AWS_DEFAULT_REGION", REGION.to_owned()),
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_ENDPOINT_URL", self.endpoint()),
            // The configuration of this machine's owner is for another AWS.
            ("AWS_CONFIG_FILE", "/dev/null".to_owned()),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null".to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ("AWS_PAGER", String::new()),
            ("SAM_CLI_TELEMETRY", "0".to_owned()),
            // Seconds between two looks at a stack.
            ("SAM_CLI_POLL_DELAY", "1".to_owned()),
        ]
        .into_iter()
        .chain(self.session_token.clone().map(|token| ("AWS_SESSION_TOKEN", token)))
    }

    /// Where it is.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The region that everything is in.
    #[must_use]
    pub fn region(&self) -> &'static str {
        REGION
    }

    /// A program with the environment of this name and of no other.
    ///
    /// # Errors
    /// If it is not on the path.
    pub fn program(&self, name: &str) -> Result<Command, Failure> {
        let mut command = Command::new(command::tool(name)?);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("AWS_") {
                command.env_remove(&name);
            }
        }
        command.envs(self.environment()).current_dir(crate::root());
        Ok(command)
    }

    /// Asks the AWS CLI, and gives its answer; null if there is none.
    ///
    /// # Errors
    /// If it is refused or fails.
    pub fn ask(&self, words: &[&str]) -> Result<Value, Failure> {
        let said = self.try_ask(words)?;
        let what = words.iter().take(2).copied().collect::<Vec<_>>().join(" ");
        ensure(said.well, || format!("aws {what}: {}", said.all.trim()))?;
        if said.out.trim().is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&said.out)
            .map_err(|error| Failure(format!("aws {what}: {error}: {}", said.out)))
    }

    /// Asks the AWS CLI, which may be refused.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn try_ask(&self, words: &[&str]) -> Result<Said, Failure> {
        // For SQS the CLI does not look at the environment.
        let endpoint = self.endpoint();
        let always = ["--output", "json", "--endpoint-url", &endpoint];
        let mut cli = self.cli.lock().unwrap_or_else(PoisonError::into_inner);
        let cli = match &mut *cli {
            Some(cli) => cli,
            none => none.insert(Cli::start()?),
        };
        cli.run(self.environment().collect(), &[words, &always].concat())
    }

    /// The same AWS in the name of a role.
    ///
    /// # Errors
    /// If the role does not exist.
    pub fn assume(&self, role_arn: &str) -> Result<Self, Failure> {
        let session = ["--role-session-name", "rehearsal"];
        let answer =
            self.ask(&[&["sts", "assume-role", "--role-arn", role_arn], &session[..]].concat())?;
        let text = |name: &str| answer["Credentials"][name].as_str().unwrap_or_default().to_owned();
        Ok(Self {
            port: self.port,
            access_key: text("AccessKeyId"),
            secret_key: text("SecretAccessKey"),
            session_token: Some(text("SessionToken")),
            cli: Arc::clone(&self.cli),
        })
    }

    /// Makes a plain HTTP request and gives status and response, headers included.
    ///
    /// # Errors
    /// If there is no connection, or what comes back is no HTTP.
    pub fn http(
        &self,
        method: &str,
        host: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<(u16, String), Failure> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        let mut request =
            format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
        for (name, value) in headers {
            let _ = write!(request, "{name}: {value}\r\n");
        }
        stream.write_all((request + "\r\n").as_bytes())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let text = String::from_utf8_lossy(&answer).into_owned();
        let status = text.split(' ').nth(1).and_then(|code| code.parse().ok());
        Ok((status.ok_or_else(|| Failure("no HTTP response".to_owned()))?, text))
    }
}

impl Cli {
    fn start() -> Result<Self, Failure> {
        let mut child = Command::new(command::emulator_python()?)
            .arg(root().join("infra/rehearsal/aws.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Failure("the AWS CLI has no pipes".to_owned()));
        };
        Ok(Self { child, input: Some(input), output: BufReader::new(output) })
    }

    fn run(
        &mut self,
        mut environment: BTreeMap<&str, String>,
        words: &[&str],
    ) -> Result<Said, Failure> {
        // Without it Python would read files and arguments as ASCII.
        environment.insert("LC_ALL", "C.UTF-8".to_owned());
        let request = json!({ "environment": environment, "words": words }).to_string() + "\n";
        let ended = || Failure("the AWS CLI's process has ended".to_owned());
        self.input.as_mut().ok_or_else(ended)?.write_all(request.as_bytes())?;
        let mut answer = String::new();
        self.output.read_line(&mut answer)?;
        ensure(!answer.is_empty(), || ended().0)?;
        let answer: Value = serde_json::from_str(&answer)?;
        let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
        let all = text("out") + &text("err");
        Ok(Said { well: answer["code"] == 0, out: text("out"), all })
    }
}

impl Drop for Cli {
    fn drop(&mut self) {
        // The process ends when its input does.
        self.input.take();
        let _ = self.child.wait();
    }
}
