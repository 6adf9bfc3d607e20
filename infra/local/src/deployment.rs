//! The deployment as it stands locally: tables, key and the settings that the functions read.

use audit::examine::ExamineConfig;
use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use shared::config::{Backend, VisitorsConfig};
use shared::http::aws;

use crate::aws::Aws;
use crate::cli::Base;
use crate::iam::access_key;
use template::Template;

/// The region that everything local pretends to be in.
const REGION: &str = "eu-central-1";
const KEY_ALIAS: &str = "alias/sotto";
/// Dummies: the local AWS checks no signature, but an SDK wants to sign.
const CREDENTIAL: &str = "local";

/// The address that is invited when there is no staff yet; nothing is ever sent there.
pub(crate) const FIRST_ADMIN: &str = "admin@sotto.example";

/// The settings of the functions by the names that they have in the environment.
#[derive(Debug, Clone)]
pub(crate) struct Settings(Vec<(String, String)>);

/// Makes the tables of the template and the key, as far as they are missing, and gives the settings
/// that lead the functions to them.
pub(crate) fn prepare(aws: &Aws, origins: &[String], base: &Base) -> Result<Settings, String> {
    let template = Template::deployed().map_err(|error| error.to_string())?;
    let mut settings = Vec::new();
    for table in template.tables() {
        let name = format!("sotto-{}", table.short_name());
        aws.ensure_table(table, &name).map_err(|error| error.to_string())?;
        settings.extend(table.setting().map(|setting| (setting.to_owned(), name)));
    }
    let key = aws.ensure_key(KEY_ALIAS).map_err(|error| error.to_string())?;
    let others = [
        ("SOTTO_KMS_KEY", key),
        ("SOTTO_ORIGINS", origins.join(",")),
        // By its name: passkeys belong to names, and 127.0.0.1 has none.
        ("SOTTO_CONSOLE_ORIGIN", origins.last().cloned().unwrap_or_default()),
        ("SOTTO_GUEST_LIMIT", base.guest_limit.clone()),
        ("SOTTO_SEALED_ONLY", switch(base.sealed_only)),
        ("SOTTO_PRIVATE_WEBHOOKS", switch(base.private_webhooks)),
        ("SOTTO_ISSUER", "sotto-local".to_owned()),
        ("SOTTO_STACK", "sotto-local".to_owned()),
        ("SOTTO_AUDIT_DAYS", "91".to_owned()),
        ("AWS_ENDPOINT_URL", aws.url().to_owned()),
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", CREDENTIAL.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", CREDENTIAL.to_owned()),
    ];
    settings.extend(others.map(|(name, value)| (name.to_owned(), value)));
    Ok(Settings(settings))
}

fn switch(is_on: bool) -> String {
    if is_on { "on" } else { "off" }.to_owned()
}

/// The clients' settings of one function, with the credentials by which the local AWS knows it.
pub(crate) fn sdk_config(backend: &Backend, program: &str) -> Result<SdkConfig, String> {
    let credentials = Credentials::new(access_key(program), CREDENTIAL, None, None, "local");
    let credentials = SharedCredentialsProvider::new(credentials);
    let builder = aws::sdk_config(backend)?.into_builder();
    Ok(builder.credentials_provider(credentials).build())
}

impl Settings {
    /// The configuration as a function would read it from its environment.
    pub(crate) fn config(&self) -> Result<VisitorsConfig, String> {
        VisitorsConfig::read(&|name| self.find(name)).map_err(|error| error.to_string())
    }

    /// The same for the staff's sign-in.
    pub(crate) fn auth(&self) -> Result<auth::state::Config, String> {
        auth::state::Config::read(&|name| self.find(name)).map_err(|error| error.to_string())
    }

    /// The same for transcripts and their lifetime, and for the sweep.
    pub(crate) fn retention(&self) -> Result<shared::http::staff_app::Config, String> {
        shared::http::staff_app::Config::read_with_log(&|name| self.find(name))
            .map_err(|error| error.to_string())
    }

    /// The same for the desk, and for the job that returns claims.
    pub(crate) fn desk(&self) -> Result<shared::http::staff_app::Config, String> {
        shared::http::staff_app::Config::read_sealable(&|name| self.find(name))
            .map_err(|error| error.to_string())
    }

    /// The same for the rotation of keys.
    pub(crate) fn rotation(&self) -> Result<intake::rotate::Config, String> {
        intake::rotate::Config::read(&|name| self.find(name)).map_err(|error| error.to_string())
    }

    /// The same for incidents, and for the reader of the streams.
    pub(crate) fn monitor(&self) -> Result<monitor::Config, String> {
        monitor::Config::read(&|name| self.find(name)).map_err(|error| error.to_string())
    }

    /// The same for the routes of the audit log.
    pub(crate) fn audit(&self) -> Result<audit::Config, String> {
        audit::Config::read(&|name| self.find(name)).map_err(|error| error.to_string())
    }

    /// The same for the sequencer of the audit log.
    pub(crate) fn sequence(&self) -> Result<audit::SequenceConfig, String> {
        audit::SequenceConfig::read(&|name| self.find(name)).map_err(|error| error.to_string())
    }

    /// The same for the job that audits.
    pub(crate) fn examine(&self) -> Result<ExamineConfig, String> {
        let template = Template::deployed().map_err(|error| error.to_string())?;
        ExamineConfig::read(&|name| self.find(name), template).map_err(|error| error.to_string())
    }

    /// The same for the pages' function.
    pub(crate) fn site(&self) -> Result<site::Config, String> {
        site::Config::read(&|name| self.find(name))
    }

    /// One more setting, known only after the start.
    pub(crate) fn with(mut self, name: &'static str, value: String) -> Self {
        self.0.push((name.to_owned(), value));
        self
    }

    /// `NAME=value` lines.
    pub(crate) fn env_file(&self) -> String {
        let lines: Vec<_> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        lines.join("\n") + "\n"
    }

    fn find(&self, name: &str) -> Option<String> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    }
}
