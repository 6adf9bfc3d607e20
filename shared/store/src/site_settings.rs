//! What admins set of a site. It speaks of nobody, and stands in the clear.
//!
//! Settings item: `p` = `site#<site>`, `k` = `settings`, `d` the settings as JSON, `n` the version, one
//! more with each change, `t` when it was changed, `w` 1 if the site has a [webhook](super::webhook).

use std::sync::Arc;

use super::attributes::{Item, corrupt, in_table, number, read_number, string, take_string};
use super::settings::Settings;
use super::table::{Key, Table};
use super::webhook::WebhookChange;
use super::write::{Write, put_if};
use super::{Store, StoreError};
use values::clock::UnixMillis;
use values::site::Site;
use values::site_settings::{RawSiteSettings, SiteSettings};

/// How long a function keeps the settings of a site: a change is in force everywhere by then.
pub const LIFETIME_MS: i64 = 60_000;
/// Of how many sites it keeps them.
pub(super) const BOUND: usize = 64;

/// The settings of a site, as its admins see them.
#[derive(Clone, Default)]
pub struct StoredSite {
    /// The settings.
    pub settings: Arc<SiteSettings>,
    /// One more with each change; 0 of a site that nobody has changed.
    pub version: u64,
    /// When they were changed.
    pub changed_ms: Option<UnixMillis>,
    /// Whether the site has a webhook.
    pub has_webhook: bool,
}

impl StoredSite {
    fn read(mut item: Item) -> Result<Self, StoreError> {
        let json = take_string(&mut item, "d")?;
        let raw: RawSiteSettings = serde_json::from_str(&json).map_err(|_| corrupt("d"))?;
        Ok(Self {
            settings: Arc::new(SiteSettings::judge(raw).map_err(|_| corrupt("d"))?),
            version: read_number(&item, "n")?,
            changed_ms: Some(read_number(&item, "t")?),
            has_webhook: item.contains_key("w"),
        })
    }

    fn to_item(&self, site: &Site) -> Result<Item, StoreError> {
        let Self { settings, version, changed_ms, has_webhook } = self;
        let mut item = site_key(site).item();
        let json = serde_json::to_string(&**settings).map_err(|_| StoreError::Failed)?;
        item.insert("d".to_owned(), string(json));
        item.insert("n".to_owned(), number(*version));
        item.insert("t".to_owned(), number(changed_ms.unwrap_or_default()));
        if *has_webhook {
            item.insert("w".to_owned(), number(1));
        }
        Ok(item)
    }
}

fn site_key(site: &Site) -> Key {
    Key::new(format!("site#{}", site.id), "settings")
}

impl Store {
    pub(super) fn settings_table(&self) -> Table {
        let Settings { table, .. } = &*self.settings;
        Table::new(self.dynamo.clone(), table.clone())
    }

    /// The settings by which a site's visitors are served: read at most once a minute.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn site_settings(&self, site: &Site) -> Result<Arc<SiteSettings>, StoreError> {
        Ok(Arc::clone(&self.kept_site(site).await?.settings))
    }

    /// Whether a site has a webhook: read at most once a minute.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn has_webhook(&self, site: &Site) -> Result<bool, StoreError> {
        Ok(self.kept_site(site).await?.has_webhook)
    }

    async fn kept_site(&self, site: &Site) -> Result<Arc<StoredSite>, StoreError> {
        let load = async || Ok(Arc::new(self.stored_site(site).await?));
        self.sites.get(&site.id, load).await
    }

    /// The settings as they are stored now (one read); what nobody has set is as in
    /// [`SiteSettings::default`].
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn stored_site(&self, site: &Site) -> Result<StoredSite, StoreError> {
        let found = self.settings_table().get("site_settings", &site_key(site)).await?;
        let read = found.map(StoredSite::read).transpose().map_err(in_table("settings"))?;
        Ok(read.unwrap_or_default())
    }

    /// Puts settings in the place of `known`, in one transaction with the webhook and the event that
    /// tells of it; `None` when somebody else has changed them meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_site(
        &self,
        site: &Site,
        known: &StoredSite,
        (settings, webhook): (SiteSettings, WebhookChange),
        event: Write,
    ) -> Result<Option<StoredSite>, StoreError> {
        let has_webhook = match webhook {
            WebhookChange::Keep => known.has_webhook,
            WebhookChange::Remove => false,
            WebhookChange::Set(_) => true,
        };
        let changed = StoredSite {
            settings: Arc::new(settings),
            version: known.version + 1,
            changed_ms: Some(self.clock.now_ms()),
            has_webhook,
        };
        let table = self.settings_table();
        let unchanged = if known.version == 0 { "attribute_not_exists(p)" } else { "n = :n" };
        let values = (known.version > 0).then(|| (":n", number(known.version)));
        let mut writes = self.transaction();
        writes.push(put_if(&table, changed.to_item(site)?, unchanged, values)?);
        writes.push(event);
        writes.extend(self.webhook_write(site, &webhook).await?);
        if !writes.commit("put_site").await?.is_whole() {
            return Ok(None);
        }
        self.sites.put(&site.id, Arc::new(changed.clone())).await;
        Ok(Some(changed))
    }
}
