//! Configuration, parsed once at start. A missing or contradictory setting stops the function with
//! sentences that name it.

use std::fmt;

use super::internet::Reach;

/// Which certificate authorities the AWS clients trust.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrustRoots {
    /// The Amazon roots that AWS endpoints chain to; parsing the system's 145 costs most of a start.
    Amazon,
    /// The operating system's store.
    System,
    /// Certificates of one PEM file.
    File(String),
}

/// The settings of every function that touches keys.
#[derive(Debug, Clone)]
pub struct Backend {
    /// Name of the settings table (wrapped branch keys, the key list).
    pub settings_table: String,
    /// Name of the table of the transport's wrapped private keys.
    pub transport_table: String,
    /// Id or ARN of the KMS key.
    pub kms_key: String,
    /// The deployment's name in tokens and key lists (`iss`).
    pub issuer: String,
    /// The AWS region; Lambda sets it.
    pub region: String,
    /// Where DynamoDB is, if not at AWS.
    pub dynamodb_endpoint: Option<String>,
    /// Where KMS is, if not at AWS.
    pub kms_endpoint: Option<String>,
    /// The roots that the TLS connections to AWS trust.
    pub trust_roots: TrustRoots,
}

/// The settings of the functions that serve visitors.
#[derive(Debug, Clone)]
pub struct Config {
    /// Settings and keys.
    pub backend: Backend,
    /// Name of the table of wrapped keys.
    pub keys_table: String,
    /// Name of the table of conversation logs.
    pub conversations_table: String,
    /// Name of the table of leads and identities.
    pub profiles_table: String,
    /// Name of the table of what was used once.
    pub watch_table: String,
    /// Name of the table of erasures, holds and subject requests.
    pub ledger_table: String,
    /// Name of the table of what agents share.
    pub desk_table: String,
    /// Origins of the sites whose pages may call, scheme and host and port, no slash at the end;
    /// none means only pages of this deployment.
    pub origins: Vec<String>,
    /// Where webhooks may lead.
    pub webhooks: Reach,
}

/// The settings of the function that visitors call.
#[derive(Debug, Clone)]
pub struct VisitorsConfig {
    /// Keys and tables.
    pub stores: Config,
    /// Name of the table of security events.
    pub events_table: String,
    /// How far guests are limited by their network.
    pub guest_limit: GuestLimit,
    /// Whether visitors' requests and their responses have to be sealed.
    pub sealed_only: bool,
}

/// The factor by which the limits for the guests of one network are scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuestLimit {
    hundredths: u32,
}

impl GuestLimit {
    /// Reads a number from 0 to 1000 with two digits after the point at most, such as `1`, `0.5` or `12`;
    /// `None` for anything else. 0 is no limit.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let digits =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(part) || whole.len() > 4 || part.len() > 2 {
            return None;
        }
        let whole: u32 = whole.parse().ok()?;
        let hundredths = format!("{part:0<2}").parse::<u32>().ok()? + whole * 100;
        (hundredths <= 100_000).then_some(Self { hundredths })
    }

    /// A limit scaled by it, and at least one; `None` where nothing is limited.
    #[must_use]
    pub const fn scale(self, limit: u32) -> Option<u32> {
        if self.hundredths == 0 {
            return None;
        }
        Some(limit.saturating_mul(self.hundredths).div_ceil(100))
    }
}

/// Everything that is wrong with the configuration, one sentence each.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigError(Vec<String>);

impl ConfigError {
    /// A single sentence.
    #[must_use]
    pub fn of(sentence: &str) -> Self {
        Self(vec![sentence.to_owned()])
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0.join(" "))
    }
}

impl std::error::Error for ConfigError {}

/// Where settings are looked up by name; in a function the environment.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The process environment as a [`Lookup`].
#[must_use]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The endpoint of one AWS service in the setting `name`, else the one of all in
/// `AWS_ENDPOINT_URL`, as the AWS tools read them.
#[must_use]
pub fn endpoint(lookup: Lookup<'_>, name: &str) -> Option<String> {
    [name, "AWS_ENDPOINT_URL"].into_iter().filter_map(lookup).find(|endpoint| !endpoint.is_empty())
}

/// A setting that is `on` or `off`; where it is missing or empty, the default.
///
/// # Errors
/// A sentence that names it.
pub fn switch(lookup: Lookup<'_>, name: &str, default: bool) -> Result<bool, String> {
    match lookup(name).as_deref() {
        None | Some("") => Ok(default),
        Some("on") => Ok(true),
        Some("off") => Ok(false),
        Some(_) => Err(format!("{name} is neither on nor off.")),
    }
}

impl TrustRoots {
    /// Reads `SOTTO_TRUST_ROOTS`: `amazon`, which is the default, `system`, or the path of a PEM
    /// file.
    #[must_use]
    pub fn read(lookup: Lookup<'_>) -> Self {
        match lookup("SOTTO_TRUST_ROOTS").as_deref() {
            None | Some("" | "amazon") => Self::Amazon,
            Some("system") => Self::System,
            Some(path) => Self::File(path.to_owned()),
        }
    }
}

impl Backend {
    /// Reads `SOTTO_TABLE_SETTINGS`, `SOTTO_TABLE_TRANSPORT`, `SOTTO_KMS_KEY`, `SOTTO_ISSUER`,
    /// `AWS_REGION`, `AWS_ENDPOINT_URL` (also with `_DYNAMODB` and `_KMS` behind it) and
    /// `SOTTO_TRUST_ROOTS` (`amazon`, which is the default, `system`, or the path of a PEM file).
    ///
    /// # Errors
    /// [`ConfigError`] that names every setting that is missing.
    pub fn read(lookup: Lookup<'_>) -> Result<Self, ConfigError> {
        Self::read_with(lookup, []).map(|(backend, [])| backend)
    }

    /// The same, and the settings of these names, which must be there as well.
    ///
    /// # Errors
    /// [`ConfigError`] that names every setting that is missing.
    pub fn read_with<const N: usize>(
        lookup: Lookup<'_>,
        names: [&str; N],
    ) -> Result<(Self, [String; N]), ConfigError> {
        let mut reader = Reader { lookup, faults: Vec::new() };
        let backend = reader.backend();
        let others = names.map(|name| reader.required(name));
        reader.finish((backend, others))
    }
}

impl Config {
    /// Reads what [`Backend::read`] reads, the other tables and `SOTTO_ORIGINS` (comma-separated,
    /// may be empty).
    ///
    /// # Errors
    /// [`ConfigError`] that names every setting that is missing or not usable.
    pub fn read(lookup: Lookup<'_>) -> Result<Self, ConfigError> {
        let mut reader = Reader { lookup, faults: Vec::new() };
        let config = reader.stores();
        reader.finish(config)
    }
}

impl VisitorsConfig {
    /// Reads what [`Config::read`] reads, `SOTTO_TABLE_EVENTS`, `SOTTO_GUEST_LIMIT` and
    /// `SOTTO_SEALED_ONLY` (`on` or `off`, which is the default).
    ///
    /// # Errors
    /// [`ConfigError`] that names every setting that is missing or not usable.
    pub fn read(lookup: Lookup<'_>) -> Result<Self, ConfigError> {
        let mut reader = Reader { lookup, faults: Vec::new() };
        let config = Self {
            stores: reader.stores(),
            events_table: reader.required("SOTTO_TABLE_EVENTS"),
            guest_limit: reader.guest_limit(),
            sealed_only: reader.switch("SOTTO_SEALED_ONLY"),
        };
        reader.finish(config)
    }
}

/// Reads `SOTTO_SEALED_ONLY` (`on` or `off`, which is the default).
///
/// # Errors
/// [`ConfigError`] when it is neither.
pub fn sealed_only(lookup: Lookup<'_>) -> Result<bool, ConfigError> {
    let mut reader = Reader { lookup, faults: Vec::new() };
    let sealed_only = reader.switch("SOTTO_SEALED_ONLY");
    reader.finish(sealed_only)
}

struct Reader<'a> {
    lookup: Lookup<'a>,
    faults: Vec<String>,
}

impl Reader<'_> {
    fn required(&mut self, name: &str) -> String {
        let value = (self.lookup)(name).unwrap_or_default();
        if value.is_empty() {
            self.faults.push(format!("{name} is not set."));
        }
        value
    }

    fn backend(&mut self) -> Backend {
        Backend {
            settings_table: self.required("SOTTO_TABLE_SETTINGS"),
            transport_table: self.required("SOTTO_TABLE_TRANSPORT"),
            kms_key: self.required("SOTTO_KMS_KEY"),
            issuer: self.required("SOTTO_ISSUER"),
            region: self.required("AWS_REGION"),
            dynamodb_endpoint: endpoint(self.lookup, "AWS_ENDPOINT_URL_DYNAMODB"),
            kms_endpoint: endpoint(self.lookup, "AWS_ENDPOINT_URL_KMS"),
            trust_roots: TrustRoots::read(self.lookup),
        }
    }

    fn stores(&mut self) -> Config {
        Config {
            backend: self.backend(),
            keys_table: self.required("SOTTO_TABLE_KEYS"),
            conversations_table: self.required("SOTTO_TABLE_CONVERSATIONS"),
            profiles_table: self.required("SOTTO_TABLE_PROFILES"),
            watch_table: self.required("SOTTO_TABLE_WATCH"),
            ledger_table: self.required("SOTTO_TABLE_LEDGER"),
            desk_table: self.required("SOTTO_TABLE_DESK"),
            origins: self.origins(),
            webhooks: if self.switch("SOTTO_PRIVATE_WEBHOOKS") {
                Reach::Anywhere
            } else {
                Reach::Public
            },
        }
    }

    fn switch(&mut self, name: &str) -> bool {
        switch(self.lookup, name, false).unwrap_or_else(|fault| {
            self.faults.push(fault);
            true
        })
    }

    fn guest_limit(&mut self) -> GuestLimit {
        let limit = (self.lookup)("SOTTO_GUEST_LIMIT").as_deref().and_then(GuestLimit::read);
        limit.unwrap_or_else(|| {
            let fault = "SOTTO_GUEST_LIMIT is not set, or is no number from 0 to 1000.";
            self.faults.push(fault.to_owned());
            GuestLimit { hundredths: 100 }
        })
    }

    fn origins(&mut self) -> Vec<String> {
        let listed = (self.lookup)("SOTTO_ORIGINS").unwrap_or_default();
        let mut origins = Vec::new();
        for origin in listed.split(',').map(str::trim).filter(|origin| !origin.is_empty()) {
            let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
            if host.is_none_or(|host| host.is_empty() || host.contains(['/', '*', ' '])) {
                self.faults.push(format!(
                    "SOTTO_ORIGINS holds {origin:?}, which is no origin such as https://shop.example."
                ));
            }
            origins.push(origin.to_owned());
        }
        origins
    }

    fn finish<T>(self, value: T) -> Result<T, ConfigError> {
        if self.faults.is_empty() { Ok(value) } else { Err(ConfigError(self.faults)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complete_environment_is_read() {
        let config = Config::read(&|name| match name {
            "SOTTO_ORIGINS" => Some("https://shop.example, http://127.0.0.1:9000".to_owned()),
            "SOTTO_TRUST_ROOTS" => Some("system".to_owned()),
            "SOTTO_PRIVATE_WEBHOOKS" => Some("on".to_owned()),
            _ => Some("x".to_owned()),
        })
        .unwrap();
        assert_eq!(config.webhooks, Reach::Anywhere);
        assert_eq!(config.origins, ["https://shop.example", "http://127.0.0.1:9000"]);
        assert_eq!(config.backend.trust_roots, TrustRoots::System);
    }

    #[test]
    fn a_limit_is_a_factor_and_none_is_less_than_one() {
        let scale = |text| GuestLimit::read(text).map(|limit| limit.scale(30));
        assert_eq!(scale("1"), Some(Some(30)));
        assert_eq!(scale("0.5"), Some(Some(15)));
        assert_eq!(scale("0.01"), Some(Some(1)));
        assert_eq!(scale("12.25"), Some(Some(368)));
        assert_eq!(scale("1000"), Some(Some(30_000)));
        assert_eq!([scale("0"), scale("0.0")], [Some(None), Some(None)]);
        for text in ["", ".", "1.", ".5", "-1", "+1", "1.234", "1000.01", "10000", "1e3", " 1", "x"]
        {
            assert_eq!(GuestLimit::read(text), None, "{text:?}");
        }
    }

    #[test]
    fn every_fault_is_named_of_what_visitors_call() {
        let error = VisitorsConfig::read(&|name| match name {
            "SOTTO_GUEST_LIMIT" => Some("many".to_owned()),
            "SOTTO_SEALED_ONLY" => Some("yes".to_owned()),
            "SOTTO_ORIGINS" => Some(String::new()),
            "SOTTO_TABLE_KEYS" | "SOTTO_TABLE_EVENTS" => None,
            _ => Some("x".to_owned()),
        })
        .unwrap_err()
        .to_string();
        for part in [
            "SOTTO_GUEST_LIMIT is not set",
            "SOTTO_SEALED_ONLY is neither",
            "SOTTO_TABLE_KEYS",
            "SOTTO_TABLE_EVENTS",
        ] {
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn every_fault_is_named() {
        let error = Config::read(&|name| match name {
            "SOTTO_KMS_KEY" => None,
            "SOTTO_ORIGINS" => Some("shop.example,https://a/b".to_owned()),
            _ => Some("x".to_owned()),
        })
        .unwrap_err()
        .to_string();
        for part in ["SOTTO_KMS_KEY is not set.", "\"shop.example\"", "\"https://a/b\""] {
            assert!(error.contains(part), "{error}");
        }
    }
}
