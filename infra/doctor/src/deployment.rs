//! The tables of a deployment, for the commands that read and write items: those of a stack, or of `cargo local`.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_config::{BehaviorVersion, Region};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Credentials;
use checks::aws::{Clients, web};
use checks::finding::CouldNot;
use checks::stack;
use shared::clock::Clock;
use shared::store::keyring::Keyring;
use shared::store::settings::Settings;
use shared::store::table::Table;
use template::Template;

/// The name of the key in the template, and that of the key of `cargo local`.
const KEY: (&str, &str) = ("DataKey", "alias/sotto");
/// The region that `cargo local` plays.
const LOCAL_REGION: &str = "eu-central-1";

/// The place of a deployment.
pub struct Place {
    /// The name of its stack.
    pub stack: String,
    /// The region of the stack; without it that of the environment.
    pub region: Option<String>,
    /// The address of the AWS of `cargo local`, in the place of a stack.
    pub aws_url: Option<String>,
}

/// The services that hold tables and keys.
pub struct Services {
    /// DynamoDB.
    pub dynamo: Client,
    /// KMS.
    pub kms: aws_sdk_kms::Client,
    /// The id, ARN or alias of the key there.
    pub key: String,
}

/// The tables of a deployment, and its key.
pub struct Deployment {
    pub(crate) dynamo: Client,
    kms: aws_sdk_kms::Client,
    key: String,
    /// Names at AWS by short names.
    names: BTreeMap<String, String>,
}

impl Deployment {
    /// The tables of the template, of which `name_of` gives the names at AWS.
    #[must_use]
    pub fn named(
        services: Services,
        template: &Template,
        name_of: impl Fn(&template::Table) -> Option<String>,
    ) -> Self {
        let Services { dynamo, kms, key } = services;
        let tables = template.tables().iter();
        let names = tables.filter_map(|table| Some((table.short_name(), name_of(table)?)));
        Self { dynamo, kms, key, names: names.collect() }
    }

    /// The tables at that place.
    ///
    /// # Errors
    /// A sentence, when there is no such stack or AWS does not answer.
    pub async fn at(place: Place, template: &Template) -> Result<Self, String> {
        let Place { stack: name, region, aws_url } = place;
        if let Some(url) = aws_url {
            return Ok(Self::local(url, template).await);
        }
        let clients = Clients::connect(region).await?;
        let say = |could_not: CouldNot| could_not.finding(&"The stack").what;
        let found = stack::look(&clients, &name).await.map_err(say)?;
        let found = found.ok_or_else(|| stack::absent(&name, &clients.region).what)?;
        let physical =
            |logical: &str| found.resource(logical).map(|resource| resource.physical.clone());
        let key = physical(KEY.0).ok_or_else(|| format!("The stack {name} has no {}.", KEY.0))?;
        let (dynamo, kms) = (clients.dynamodb.clone(), clients.kms.clone());
        let name_of = |table: &template::Table| physical(table.logical_id());
        Ok(Self::named(Services { dynamo, kms, key }, template, name_of))
    }

    /// The tables of `cargo local`, whose AWS takes any credentials.
    async fn local(url: String, template: &Template) -> Self {
        let credentials = Credentials::new("local", "local", None, None, "doctor");
        let loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(web())
            .region(Region::new(LOCAL_REGION))
            .credentials_provider(credentials)
            .endpoint_url(url);
        let sdk = loader.load().await;
        let (dynamo, kms) = (Client::new(&sdk), aws_sdk_kms::Client::new(&sdk));
        let services = Services { dynamo, kms, key: KEY.1.to_owned() };
        Self::named(services, template, |table| Some(format!("sotto-{}", table.short_name())))
    }

    /// The name of a table at AWS, by its short name.
    pub(crate) fn name(&self, short: &str) -> Result<String, String> {
        let name = self.names.get(short).cloned();
        name.ok_or_else(|| format!("The deployment has no table {short}."))
    }

    /// The settings, with the keys that the caller's rights open.
    pub(crate) fn settings(&self, clock: &Clock) -> Result<Arc<Settings>, String> {
        let keyring = Keyring::new(self.kms.clone(), self.key.clone(), clock.clone());
        let tables = (self.name("settings")?, self.name("transport")?);
        Ok(Arc::new(Settings::new(self.dynamo.clone(), tables, keyring, clock.clone())))
    }

    /// A table by its short name.
    pub(crate) fn table(&self, short: &str) -> Result<Table, String> {
        Ok(Table::new(self.dynamo.clone(), self.name(short)?))
    }
}
