//! A stack of the template on the local AWS.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::aws::Aws;
use crate::command::{self, Failure, Said};
use crate::{root, target};

/// The name of the stack that is rehearsed.
pub const NAME: &str = "sotto-rehearsal";

/// A package to deploy: the output of `sam build`, or a copy of it.
pub struct Package {
    /// The folder with template.yaml and a folder for each function.
    pub folder: PathBuf,
    /// The template that SAM is given.
    template: PathBuf,
}

/// A stack that was deployed.
pub struct Stack {
    /// The AWS client with the administrator's rights.
    pub aws: Aws,
    /// By name.
    pub outputs: BTreeMap<String, String>,
    /// Physical ids by logical id.
    pub resources: BTreeMap<String, String>,
}

impl Package {
    /// Builds every function of the template as it is shipped, for this machine's instruction set.
    ///
    /// # Errors
    /// If one does not build.
    pub fn build(template: &Path, folder: PathBuf) -> Result<Self, Failure> {
        let architecture = format!("Architecture={}", architecture());
        let mut sam = std::process::Command::new(command::tool("sam")?);
        sam.args(["build", "--template-file"])
            .arg(template)
            .arg("--build-dir")
            .arg(&folder)
            .args(["--parameter-overrides", &architecture])
            .env("AWS_DEFAULT_REGION", "eu-central-1")
            .env("SAM_CLI_TELEMETRY", "0")
            .current_dir(root());
        command::run_well(&mut sam)?;
        Ok(Self::at(folder))
    }

    /// The package of the last build of this checkout.
    ///
    /// # Errors
    /// If there is none.
    pub fn present() -> Result<Self, Failure> {
        let folder = Self::place();
        command::ensure(folder.join("template.yaml").is_file(), || {
            "there is no earlier build: leave --skip-build away".to_owned()
        })?;
        Ok(Self::at(folder))
    }

    /// The package in such a folder.
    #[must_use]
    pub fn at(folder: PathBuf) -> Self {
        let template = folder.join("template.yaml");
        Self { folder, template }
    }

    /// The same with its functions in a bucket already, so that no deployment packs them again.
    ///
    /// # Errors
    /// If they cannot be packed or put there.
    pub fn upload(&self, aws: &Aws, template: PathBuf) -> Result<Self, Failure> {
        let mut sam = aws.program("sam")?;
        // Where samconfig.toml has `sam deploy` put them: another place would be another code.
        sam.args(["package", "--resolve-s3", "--s3-prefix", "sotto", "--no-progressbar"])
            .arg("--template-file")
            .arg(&self.template)
            .arg("--output-template-file")
            .arg(&template);
        command::run_well(&mut sam)?;
        Ok(Self { folder: self.folder.clone(), template })
    }

    /// Where this checkout's build is.
    #[must_use]
    pub fn place() -> PathBuf {
        target().join("sam")
    }

    /// A copy, to change something in.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn copy_to(&self, folder: &Path) -> Result<Self, Failure> {
        command::copy_folder(&self.folder, folder)?;
        Ok(Self::at(folder.to_owned()))
    }

    /// `sam deploy`, which may be refused.
    ///
    /// # Errors
    /// If SAM cannot be started.
    pub fn try_deploy(&self, aws: &Aws, parameters: &[&str]) -> Result<Said, Failure> {
        let mut sam = aws.program("sam")?;
        sam.args(["deploy", "--stack-name", NAME, "--resolve-s3", "--template-file"])
            .arg(&self.template)
            .args(["--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"])
            .args(["--no-confirm-changeset", "--no-progressbar", "--no-fail-on-empty-changeset"])
            .arg("--parameter-overrides")
            .arg(format!("Architecture={}", architecture()))
            .args(parameters);
        command::run(&mut sam)
    }

    /// `sam deploy`.
    ///
    /// # Errors
    /// If the stack does not come up.
    pub fn deploy(&self, aws: &Aws, parameters: &[&str]) -> Result<Stack, Failure> {
        let said = self.try_deploy(aws, parameters)?;
        if !said.well {
            let reasons = failed_events(aws).unwrap_or_default();
            return Err(Failure(format!(
                "sam deploy failed: {reasons}\n{}",
                command::tail(&said.all)
            )));
        }
        Stack::look(aws)
    }
}

impl Stack {
    /// The stack as it is now.
    ///
    /// # Errors
    /// If there is no stack.
    pub fn look(aws: &Aws) -> Result<Self, Failure> {
        let described = aws.ask(&["cloudformation", "describe-stacks", "--stack-name", NAME])?;
        let listed = aws.ask(&["cloudformation", "list-stack-resources", "--stack-name", NAME])?;
        let outputs = pairs(&described["Stacks"][0]["Outputs"], "OutputKey", "OutputValue");
        let resources =
            pairs(&listed["StackResourceSummaries"], "LogicalResourceId", "PhysicalResourceId");
        Ok(Self { aws: aws.clone(), outputs, resources })
    }

    /// An output's value.
    ///
    /// # Errors
    /// If the template has none of this name.
    pub fn output(&self, name: &str) -> Result<&str, Failure> {
        known(&self.outputs, name)
    }

    /// The physical id of a resource.
    ///
    /// # Errors
    /// If the template has none of this name.
    pub fn physical(&self, logical: &str) -> Result<&str, Failure> {
        known(&self.resources, logical)
    }

    /// The ARN of a role.
    ///
    /// # Errors
    /// If the template has none of this name.
    pub fn role(&self, logical: &str) -> Result<String, Failure> {
        Ok(format!("arn:aws:iam::000000000000:role/{}", self.physical(logical)?))
    }

    /// The host of the API's address, as its output names it.
    ///
    /// # Errors
    /// If there is no such output.
    pub fn host(&self) -> Result<&str, Failure> {
        Ok(self.output("ApiUrl")?.trim_start_matches("https://"))
    }

    /// The status that CloudFormation gives.
    ///
    /// # Errors
    /// If there is no stack.
    pub fn status(&self) -> Result<String, Failure> {
        let described =
            self.aws.ask(&["cloudformation", "describe-stacks", "--stack-name", NAME])?;
        Ok(described["Stacks"][0]["StackStatus"].as_str().unwrap_or_default().to_owned())
    }

    /// The version that the alias `live` of a function points to.
    ///
    /// # Errors
    /// If it has no such alias.
    pub fn live(&self, function: &str) -> Result<String, Failure> {
        let name = ["--function-name", self.physical(function)?, "--name", "live"];
        let alias = self.aws.ask(&[&["lambda", "get-alias"], &name[..]].concat())?;
        Ok(alias["FunctionVersion"].as_str().unwrap_or_default().to_owned())
    }
}

/// The reasons of what failed in the last operation.
///
/// # Errors
/// If there is no stack.
pub fn failed_events(aws: &Aws) -> Result<String, Failure> {
    let events = aws.ask(&["cloudformation", "describe-stack-events", "--stack-name", NAME])?;
    let reasons = events["StackEvents"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|event| {
            event["ResourceStatus"].as_str().is_some_and(|status| status.ends_with("_FAILED"))
        })
        .map(|event| {
            let text = |name: &str| event[name].as_str().unwrap_or_default();
            format!("{}: {}", text("LogicalResourceId"), text("ResourceStatusReason"))
        });
    Ok(reasons.collect::<Vec<_>>().join("; "))
}

/// This machine's instruction set, as Lambda names it.
#[must_use]
pub fn architecture() -> &'static str {
    if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" }
}

fn known<'a>(of: &'a BTreeMap<String, String>, name: &str) -> Result<&'a str, Failure> {
    of.get(name).map(String::as_str).ok_or_else(|| Failure(format!("the stack has no {name}")))
}

fn pairs(list: &Value, key: &str, value: &str) -> BTreeMap<String, String> {
    let text = |item: &Value, name: &str| item[name].as_str().unwrap_or_default().to_owned();
    list.as_array().into_iter().flatten().map(|item| (text(item, key), text(item, value))).collect()
}
