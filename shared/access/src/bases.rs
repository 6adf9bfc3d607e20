//! The bases that the bot answers from, in memory: loaded when another one is published, which a function
//! sees within a minute.

use std::collections::HashMap;
use std::sync::Arc;

use bot::{Base, Entry, Malformed, talk};
use self_cell::self_cell;
use store::base::Head;
use store::site_settings::StoredSite;
use store::{Store, StoreError};
use tokio::sync::Mutex;
use values::site::Site;

self_cell!(
    /// A base and the bytes that it reads.
    struct Loaded {
        owner: Vec<u8>,
        #[covariant]
        dependent: Base,
    }
);

/// The published bases of a site, in the order of its languages.
#[derive(Clone, Default)]
pub struct SiteBases {
    bases: Vec<Option<(Head, Arc<Loaded>)>>,
    is_damaged: bool,
}

impl SiteBases {
    /// The base of a language by its index: the published one, or one that talks and offers a person.
    #[must_use]
    pub fn base(&self, site: &Site, locale: u8) -> Option<&Base<'_>> {
        match self.at(usize::from(locale)) {
            Some((_, loaded)) => Some(loaded.borrow_dependent()),
            None => talk(site.locales.get(usize::from(locale))?),
        }
    }

    /// An entry as it is published now.
    #[must_use]
    pub fn entry(&self, site: &Site, locale: u8, id: &str) -> Option<Entry<'_>> {
        self.base(site, locale)?.entry(id)
    }

    /// Whether a published base does not load, so that an earlier one answers in its place, or none.
    #[must_use]
    pub const fn is_damaged(&self) -> bool {
        self.is_damaged
    }

    /// These bases, in the order of the site's languages; one that does not load is left out.
    #[cfg(feature = "testkit")]
    #[must_use]
    pub fn of_bytes(bases: Vec<Vec<u8>>) -> Self {
        let head = Head { version: 1, hash: String::new(), pieces: 1 };
        let load = |bytes| Loaded::try_new(bytes, |bytes: &Vec<u8>| Base::load(bytes)).ok();
        let bases = bases.into_iter().map(load);
        let kept = |loaded| Some((head.clone(), Arc::new(loaded?)));
        Self { bases: bases.map(kept).collect(), is_damaged: false }
    }

    fn at(&self, index: usize) -> Option<&(Head, Arc<Loaded>)> {
        self.bases.get(index).and_then(Option::as_ref)
    }
}

/// The bases of a site beside the settings that named them.
type Known = (Arc<StoredSite>, Arc<SiteBases>);

/// The bases of all sites.
pub struct Bases {
    store: Arc<Store>,
    known: Mutex<HashMap<&'static str, Known>>,
}

impl Bases {
    /// Nothing yet.
    #[must_use]
    pub fn new(store: Arc<Store>) -> Self {
        Self { store, known: Mutex::default() }
    }

    /// The bases of a site. The last good one answers where the published one does not load.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], when there is none in memory either.
    pub async fn of(&self, site: &'static Site) -> Result<Arc<SiteBases>, StoreError> {
        let stored = self.store.kept_site(site).await?;
        let mut known = self.known.lock().await;
        let before = known.get(site.id);
        if let Some((of, bases)) = before
            && Arc::ptr_eq(of, &stored)
        {
            return Ok(Arc::clone(bases));
        }
        let before = before.map(|(_, bases)| Arc::clone(bases)).unwrap_or_default();
        let mut now = SiteBases::default();
        for (index, locale) in site.locales.iter().enumerate() {
            let there = before.at(index);
            let Some(head) = stored.bases.get(*locale) else {
                now.bases.push(None);
                continue;
            };
            let base = if let Some(there) = there.filter(|(known, _)| known == head) {
                Some(there.clone())
            } else {
                match self.load(site, locale, head).await {
                    Ok(loaded) => Some((head.clone(), Arc::new(loaded))),
                    Err(StoreError::Unavailable) if there.is_none() => {
                        return Err(StoreError::Unavailable);
                    }
                    Err(error) => {
                        tracing::error!(%error, locale, "a published base does not load");
                        now.is_damaged = true;
                        there.cloned()
                    }
                }
            };
            now.bases.push(base);
        }
        let now = Arc::new(now);
        known.insert(site.id, (stored, Arc::clone(&now)));
        Ok(now)
    }

    async fn load(&self, site: &Site, locale: &str, head: &Head) -> Result<Loaded, StoreError> {
        let bytes = self.store.base(site, locale, head).await?;
        let damaged = |Malformed| StoreError::Corrupt { table: "settings", attribute: "v" };
        Loaded::try_new(bytes, |bytes| Base::load(bytes)).map_err(damaged)
    }
}
