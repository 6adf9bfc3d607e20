//! Where a site's new leads and incidents are sent, and the secret that signs them. Only the desk and the job that
//! sends open it: an address may hold a token of the receiver's.
//!
//! Settings item: `p` = `webhook#<site>`, `k` = `webhook`, `v` sealed JSON of address, secret and
//! events, under a key derived from the branch key `webhook` / `lead`, which is in the same partition.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::attributes::{Item, binary, corrupt, in_table, take_binary};
use super::table::Key;
use super::write::{Write, delete, put};
use super::{Store, StoreError};
use seal::envelope::{DataKey, Sealed};
use seal::place::{BranchName, Place, Purpose};
use values::encoding::base64url;
use values::secret::{Plaintext, Secret};
use values::site::Site;
use values::site_settings::{WebhookEvent, WebhookUrl};

const LABEL: &str = "sotto/v1 webhook";

/// A webhook. No `Debug`: it holds a secret.
pub struct Webhook {
    url: String,
    secret: Plaintext,
    events: Vec<WebhookEvent>,
}

/// What becomes of a site's webhook.
pub enum WebhookChange {
    /// It stays as it is.
    Keep,
    /// There is none any more.
    Remove,
    /// This one takes its place.
    Set(Webhook),
}

#[derive(Serialize, Deserialize)]
struct Stored<'a> {
    #[serde(borrow)]
    url: Cow<'a, str>,
    #[serde(borrow)]
    secret: Cow<'a, str>,
    /// The events it is sent. A webhook from before there were others takes contacts.
    #[serde(default = "contacts")]
    events: Cow<'a, [WebhookEvent]>,
}

fn contacts() -> Cow<'static, [WebhookEvent]> {
    Cow::Borrowed(&[WebhookEvent::Lead])
}

impl Webhook {
    /// A webhook with a new secret.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when there is no randomness.
    pub fn new(url: &WebhookUrl, events: Vec<WebhookEvent>) -> Result<Self, StoreError> {
        let secret = Plaintext::new(base64url(Secret::generate()?.expose_secret()).into_bytes());
        Ok(Self { url: url.as_str().to_owned(), secret, events })
    }

    /// The same address and secret for other events.
    #[must_use]
    pub fn with_events(self, events: Vec<WebhookEvent>) -> Self {
        Self { events, ..self }
    }

    /// The events that it is for.
    #[must_use]
    pub fn events(&self) -> &[WebhookEvent] {
        &self.events
    }

    /// The address that is called.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The key of the HMAC that signs what is sent: the characters that the admin was shown.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        self.secret.reveal_text().unwrap_or_default()
    }
}

fn partition(site: &Site) -> String {
    format!("webhook#{}", site.id)
}

fn place(site: &Site) -> Place {
    Place::new(LABEL).part(site.id.as_bytes())
}

impl Store {
    async fn webhook_key(&self, site: &Site) -> Result<DataKey, StoreError> {
        let branch = BranchName::new(&partition(site), Purpose::Webhook, "lead");
        Ok(DataKey::derive(&*self.settings.branch_key(&branch).await?, LABEL)?)
    }

    /// The write by which a webhook changes, if it does.
    pub(super) async fn webhook_write(
        &self,
        site: &Site,
        change: &WebhookChange,
    ) -> Result<Option<Write>, StoreError> {
        let (key, table) = (Key::new(partition(site), "webhook"), self.settings_table());
        match change {
            WebhookChange::Keep => Ok(None),
            WebhookChange::Remove => delete(&table, &key).map(Some),
            WebhookChange::Set(webhook) => {
                let stored = Stored {
                    url: webhook.url().into(),
                    secret: webhook.expose_secret().into(),
                    events: webhook.events().into(),
                };
                let json = serde_json::to_vec(&stored).map_err(|_| StoreError::Failed)?;
                let json = Plaintext::new(json);
                let sealed = self.webhook_key(site).await?.seal(&place(site), json.reveal())?;
                let mut item = key.item();
                item.insert("v".to_owned(), binary(sealed.into_stored()));
                put(&table, item).map(Some)
            }
        }
    }

    /// The webhook of a site, if it has one.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when it is not what an admin has set.
    pub async fn webhook(&self, site: &Site) -> Result<Option<Webhook>, StoreError> {
        let key = Key::new(partition(site), "webhook");
        let Some(item) = self.settings_table().get("webhook", &key).await? else {
            return Ok(None);
        };
        self.open_webhook(site, item).await.map(Some).map_err(in_table("settings"))
    }

    async fn open_webhook(&self, site: &Site, mut item: Item) -> Result<Webhook, StoreError> {
        let sealed = Sealed::from_stored(take_binary(&mut item, "v")?);
        let json = self.webhook_key(site).await?.open(&place(site), &sealed)?;
        let stored: Stored<'_> = serde_json::from_slice(json.reveal()).map_err(|_| corrupt("v"))?;
        let secret = Plaintext::new(stored.secret.as_bytes().to_vec());
        let (url, events) = (stored.url.into_owned(), stored.events.into_owned());
        Ok(Webhook { url, secret, events })
    }
}
