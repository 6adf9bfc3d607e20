//! What admins set of a site. It speaks of nobody, and stands in the clear.
//!
//! Settings item: `p` = `site#<site>`, `k` = `settings`, `d` the settings as JSON, `n` the version, one
//! more with each change, `t` when it was changed, `w` 1 if the site has a [webhook](super::webhook). `b` has
//! the heads of its [bases](super::base); whoever publishes may change nothing else of the item, and whoever
//! changes the settings leaves it alone.

use std::sync::Arc;

use super::attributes::{Item, Value, corrupt, in_table, number, read_number, string, take_string};
use super::base::{Head, Heads, read_heads};
use super::table::{Key, Table};
use super::webhook::WebhookChange;
use super::write::{Write, update};
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
    /// The heads of the published bases.
    pub bases: Heads,
}

impl StoredSite {
    /// The version that is published in a language; 0 where nothing is.
    #[must_use]
    pub fn published(&self, locale: &str) -> u32 {
        self.bases.get(locale).map_or(0, |head| head.version)
    }

    fn read(mut item: Item) -> Result<Self, StoreError> {
        let bases = read_heads(&item)?;
        // A row that has settings and no version was changed by hand.
        if !item.contains_key("n") && !item.contains_key("d") {
            return Ok(Self { bases, ..Self::default() });
        }
        let json = take_string(&mut item, "d")?;
        let raw: RawSiteSettings = serde_json::from_str(&json).map_err(|_| corrupt("d"))?;
        Ok(Self {
            settings: Arc::new(SiteSettings::judge(raw).map_err(|_| corrupt("d"))?),
            version: read_number(&item, "n")?,
            changed_ms: Some(read_number(&item, "t")?),
            has_webhook: item.contains_key("w"),
            bases,
        })
    }

    /// The change by which these settings take the place of those of `known`.
    fn write(&self, table: &Table, site: &Site, known: &Self) -> Result<Write, StoreError> {
        let Self { settings, version, changed_ms, has_webhook, bases: _ } = self;
        let json = serde_json::to_string(&**settings).map_err(|_| StoreError::Failed)?;
        let mut values: Vec<(&'static str, Value)> = vec![
            (":d", string(json)),
            (":m", number(*version)),
            (":t", number(changed_ms.unwrap_or_default())),
        ];
        let change = if *has_webhook {
            values.push((":w", number(1)));
            "SET d = :d, n = :m, t = :t, w = :w"
        } else {
            "SET d = :d, n = :m, t = :t REMOVE w"
        };
        let unchanged = if known.version == 0 {
            "attribute_not_exists(n)"
        } else {
            values.push((":n", number(known.version)));
            "n = :n"
        };
        update(table, &site_key(site), (change, unchanged), values)
    }
}

fn site_key(site: &Site) -> Key {
    Key::new(format!("site#{}", site.id), "settings")
}

impl Store {
    pub(super) fn settings_table(&self) -> Table {
        self.settings.handle()
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

    /// The settings and the heads of the published bases: read at most once a minute.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn kept_site(&self, site: &Site) -> Result<Arc<StoredSite>, StoreError> {
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
            bases: known.bases.clone(),
        };
        let mut writes = self.transaction();
        writes.push(changed.write(&self.settings_table(), site, known)?);
        writes.push(event);
        writes.extend(self.webhook_write(site, &webhook).await?);
        if !writes.commit("put_site").await?.is_whole() {
            return Ok(None);
        }
        self.sites.put(&site.id, Arc::new(changed.clone())).await;
        Ok(Some(changed))
    }

    /// The write by which a base is in force; refused where another one was published meanwhile.
    pub(super) fn head_write(
        &self,
        site: &Site,
        known: &StoredSite,
        (locale, head): (&str, Head),
    ) -> Result<Write, StoreError> {
        let json = |heads: &Heads| serde_json::to_string(heads).map_err(|_| StoreError::Failed);
        let mut heads = known.bases.clone();
        heads.insert(locale.to_owned(), head);
        let mut values = vec![(":b", string(json(&heads)?))];
        let condition = if known.bases.is_empty() {
            "attribute_not_exists(b)"
        } else {
            values.push((":o", string(json(&known.bases)?)));
            "b = :o"
        };
        update(&self.settings_table(), &site_key(site), ("SET b = :b", condition), values)
    }
}
