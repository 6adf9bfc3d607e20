//! The settings of the function.

use values::config::{Lookup, TrustRoots, endpoint, switch};
use values::pins::Pins;

/// The configuration, read once at start.
#[derive(Debug, Clone)]
pub struct Config {
    /// The new version of the visitors' function.
    pub intake: Version,
    /// The new version of the staff's function.
    pub auth: Version,
    /// The new version of the function of transcripts and their lifetime.
    pub retention: Version,
    /// The new version of the desk.
    pub desk: Version,
    /// The new version of the editor.
    pub editor: Version,
    /// The new version of the function that trains the staff.
    pub training: Version,
    /// The new version of the function of incidents.
    pub monitor: Version,
    /// The new version of the function of the audit log.
    pub audit: Version,
    /// The new version of the pages' function.
    pub site: Version,
    /// The root keys that pages trust; at least one.
    pub root_pins: Pins,
    /// Whether the pages' function serves the demo page.
    pub demo_page: bool,
    /// The deployment's name in key lists (`iss`).
    pub issuer: String,
    /// The AWS region; Lambda sets it.
    pub region: String,
    /// Where Lambda is, if not at AWS.
    pub lambda_endpoint: Option<String>,
    /// Where `CodeDeploy` is, if not at AWS.
    pub codedeploy_endpoint: Option<String>,
    /// The certificate authorities that the TLS connections to AWS trust.
    pub trust_roots: TrustRoots,
}

/// The ARN of one published version of a function. A published version never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version(String);

impl Version {
    /// The ARN.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn parse(arn: &str) -> Option<Self> {
        let parts: Vec<&str> = arn.split(':').collect();
        let ["arn", _, "lambda", _, _, "function", name, version] = parts.as_slice() else {
            return None;
        };
        let numbered = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
        (numbered && !name.is_empty()).then(|| Self(arn.to_owned()))
    }
}

impl Config {
    /// Reads `SOTTO_INTAKE_VERSION`, `SOTTO_AUTH_VERSION`, `SOTTO_RETENTION_VERSION`,
    /// `SOTTO_DESK_VERSION`, `SOTTO_EDITOR_VERSION`, `SOTTO_TRAINING_VERSION`,
    /// `SOTTO_MONITOR_VERSION`, `SOTTO_AUDIT_VERSION`, `SOTTO_SITE_VERSION`, `SOTTO_ROOT_PIN`,
    /// `SOTTO_ISSUER`, `SOTTO_DEMO_PAGE` (`on`, which is the default, or `off`), `AWS_REGION`,
    /// `AWS_ENDPOINT_URL` (also with `_LAMBDA` and `_CODEDEPLOY` behind it) and `SOTTO_TRUST_ROOTS`.
    ///
    /// # Errors
    /// A sentence for each setting that is missing or is not what it has to be.
    pub fn read(lookup: Lookup<'_>) -> Result<Self, String> {
        let set = |name: &str| {
            let value = lookup(name).filter(|value| !value.is_empty());
            value.ok_or_else(|| format!("{name} is not set."))
        };
        let version = |name: &str| {
            Version::parse(&set(name)?)
                .ok_or_else(|| format!("{name} is not the ARN of a function's published version."))
        };
        let pins = || {
            let pins = set("SOTTO_ROOT_PIN")?;
            Pins::try_from(pins.as_str()).map_err(|error| error.to_string())
        };
        let mut faults = Faults::default();
        let read = (
            faults.of(version("SOTTO_INTAKE_VERSION")),
            faults.of(version("SOTTO_AUTH_VERSION")),
            faults.of(version("SOTTO_RETENTION_VERSION")),
            faults.of(version("SOTTO_DESK_VERSION")),
            faults.of(version("SOTTO_EDITOR_VERSION")),
            faults.of(version("SOTTO_TRAINING_VERSION")),
            faults.of(version("SOTTO_MONITOR_VERSION")),
            faults.of(version("SOTTO_AUDIT_VERSION")),
            faults.of(version("SOTTO_SITE_VERSION")),
            faults.of(pins()),
            faults.of(set("SOTTO_ISSUER")),
            faults.of(switch(lookup, "SOTTO_DEMO_PAGE", true)),
            faults.of(set("AWS_REGION")),
        );
        let (
            Some(intake),
            Some(auth),
            Some(retention),
            Some(desk),
            Some(editor),
            Some(training),
            Some(monitor),
            Some(audit),
            Some(site),
            Some(root_pins),
            Some(issuer),
            Some(demo_page),
            Some(region),
        ) = read
        else {
            return Err(faults.0.join(" "));
        };
        Ok(Self {
            intake,
            auth,
            retention,
            desk,
            editor,
            training,
            monitor,
            audit,
            site,
            root_pins,
            issuer,
            demo_page,
            region,
            lambda_endpoint: endpoint(lookup, "AWS_ENDPOINT_URL_LAMBDA"),
            codedeploy_endpoint: endpoint(lookup, "AWS_ENDPOINT_URL_CODEDEPLOY"),
            trust_roots: TrustRoots::read(lookup),
        })
    }
}

/// The sentences about what is missing or wrong.
#[derive(Default)]
struct Faults(Vec<String>);

impl Faults {
    /// The value, or nothing and one more sentence.
    fn of<T>(&mut self, read: Result<T, String>) -> Option<T> {
        read.map_err(|fault| self.0.push(fault)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTAKE: &str = "arn:aws:lambda:eu-central-1:123456789012:function:sotto-intake:7";

    fn read(with: &[(&str, &str)]) -> Result<Config, String> {
        Config::read(&|name| {
            let known = with.iter().find(|(known, _)| *known == name);
            let value = match name {
                "SOTTO_INTAKE_VERSION" => INTAKE,
                "SOTTO_AUTH_VERSION" => "arn:aws-cn:lambda:cn-north-1:123456789012:function:auth:3",
                "SOTTO_RETENTION_VERSION" => "arn:aws:lambda:eu-central-1:1:function:retention:1",
                "SOTTO_DESK_VERSION" => "arn:aws:lambda:eu-central-1:1:function:desk:4",
                "SOTTO_EDITOR_VERSION" => "arn:aws:lambda:eu-central-1:1:function:editor:1",
                "SOTTO_TRAINING_VERSION" => "arn:aws:lambda:eu-central-1:1:function:training:1",
                "SOTTO_MONITOR_VERSION" => "arn:aws:lambda:eu-central-1:1:function:monitor:1",
                "SOTTO_AUDIT_VERSION" => "arn:aws:lambda:eu-central-1:1:function:audit:1",
                "SOTTO_SITE_VERSION" => {
                    "arn:aws-cn:lambda:cn-north-1:123456789012:function:site:12"
                }
                "SOTTO_ROOT_PIN" => "sha256-kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
                "SOTTO_ISSUER" => "sotto",
                "AWS_REGION" => "eu-central-1",
                _ => "",
            };
            Some(known.map_or(value, |(_, value)| value).to_owned())
        })
    }

    #[test]
    fn a_complete_environment_is_read() {
        let config = read(&[("AWS_ENDPOINT_URL_LAMBDA", "http://127.0.0.1:1")]).unwrap();
        assert_eq!(config.intake.as_str(), INTAKE);
        assert_eq!(config.lambda_endpoint.as_deref(), Some("http://127.0.0.1:1"));
        assert_eq!(config.codedeploy_endpoint, None);
    }

    #[test]
    fn what_is_not_one_version_is_named() {
        let unqualified = INTAKE.trim_end_matches(":7");
        for (name, value) in [
            ("SOTTO_INTAKE_VERSION", unqualified.to_owned()),
            ("SOTTO_INTAKE_VERSION", format!("{unqualified}:$LATEST")),
            ("SOTTO_INTAKE_VERSION", format!("{unqualified}:live")),
            ("SOTTO_INTAKE_VERSION", format!("{unqualified}:")),
            ("SOTTO_AUTH_VERSION", "arn:aws:lambda:eu-central-1:1:function:auth:live".to_owned()),
            ("SOTTO_RETENTION_VERSION", String::new()),
            ("SOTTO_DESK_VERSION", "desk".to_owned()),
            ("SOTTO_EDITOR_VERSION", "editor".to_owned()),
            ("SOTTO_TRAINING_VERSION", "training".to_owned()),
            ("SOTTO_MONITOR_VERSION", "monitor".to_owned()),
            ("SOTTO_AUDIT_VERSION", "audit".to_owned()),
            ("SOTTO_SITE_VERSION", "7".to_owned()),
            ("SOTTO_SITE_VERSION", String::new()),
            ("SOTTO_ROOT_PIN", String::new()),
            ("SOTTO_ROOT_PIN", "sha256-".to_owned()),
            ("SOTTO_ISSUER", String::new()),
            ("AWS_REGION", String::new()),
        ] {
            let refused = read(&[(name, &value)]).unwrap_err();
            assert!(refused.starts_with(name) && refused.ends_with('.'), "{value}: {refused}");
        }
        let both = read(&[("SOTTO_SITE_VERSION", ""), ("SOTTO_ISSUER", "")]).unwrap_err();
        assert_eq!(both, "SOTTO_SITE_VERSION is not set. SOTTO_ISSUER is not set.");
    }
}
