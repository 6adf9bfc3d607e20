//! The knowledge of a site as its admins edit it, and what was published of it. It speaks of nobody, and
//! stands in the clear.
//!
//! Items of the table `desk`. A draft: `p` = `knowledge#<site>#<language>`, `k` the entry's id, `d` the entry
//! as JSON, `n` its version, one more with each change, `t` when it was changed. A version: `p` =
//! `version#<site>#<language>`, `k` = `<version>`, `d` JSON of what it has and how it was judged, `t` when it
//! was published; and its entries as JSON in pieces, as those of a [base](super::base).

use serde::{Deserialize, Serialize};

use super::attributes::{Item, Value, corrupt, in_table, number, read_number, string, take_string};
use super::base::{Head, delete_before, pieces, put_pieces};
use super::site_settings::StoredSite;
use super::table::{Key, Page};
use super::write::{NEW, Write, delete_if, put_if};
use super::{Store, StoreError};
use values::clock::UnixMillis;
use values::entry::{Entry, EntryId};
use values::site::Site;

/// Versions that are kept.
pub const KEPT: u32 = 50;

/// A site's knowledge in one language.
#[derive(Debug, Clone, Copy)]
pub struct Shelf<'a> {
    /// The site.
    pub site: &'a Site,
    /// A language of it.
    pub locale: &'a str,
}

/// An entry as it is edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Its id.
    pub id: EntryId,
    /// The entry.
    pub entry: Entry,
    /// One more with each change; 0 of one that is not stored yet.
    pub version: u64,
    /// When it was changed.
    pub changed_ms: UnixMillis,
}

/// A published entry: an id and what it was then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// The id.
    pub id: String,
    /// The entry.
    pub entry: Entry,
}

/// The content of a publication.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edition {
    /// The entries.
    pub entries: Vec<Published>,
    /// Phrasings of theirs that the base did not answer rightly when it was judged.
    pub missed: Vec<String>,
}

impl Edition {
    /// All phrasings.
    pub fn questions(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().flat_map(|published| &published.entry.questions).map(String::as_str)
    }
}

impl From<Draft> for Published {
    fn from(Draft { id, entry, .. }: Draft) -> Self {
        Self { id: id.as_str().to_owned(), entry }
    }
}

/// The judgement of a base by its own phrasings, each asked of a base that was trained without it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Phrasings.
    pub questions: usize,
    /// Answered with their own entry.
    pub right: usize,
    /// Asked back, with their own entry among the choices.
    pub offered: usize,
    /// Answered with another one.
    pub wrong: usize,
    /// Neither answered nor asked back with it.
    pub silent: usize,
}

/// A publication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Counts up.
    pub version: u32,
    /// When it was published.
    pub published_ms: UnixMillis,
    /// Its facts.
    pub facts: Facts,
}

/// The facts of a publication.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The number of its entries.
    pub entries: usize,
    /// The judgement of its base.
    pub evaluation: Evaluation,
    /// The version whose entries were published again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored: Option<u32>,
    /// Hash of the entries as they are stored.
    hash: String,
    /// Pieces of them.
    pieces: usize,
}

/// A base on its way to being published.
pub struct Publication<'a> {
    /// Its content.
    pub edition: &'a Edition,
    /// Its bytes.
    pub bytes: &'a [u8],
    /// The judgement of its base.
    pub evaluation: Evaluation,
    /// The version whose entries these are, if they are published again.
    pub restored: Option<u32>,
}

impl Shelf<'_> {
    fn drafts(&self) -> String {
        format!("knowledge#{}#{}", self.site.id, self.locale)
    }

    fn versions(&self) -> String {
        format!("version#{}#{}", self.site.id, self.locale)
    }

    fn draft_key(&self, id: &EntryId) -> Key {
        Key::new(self.drafts(), id.as_str())
    }

    fn version_key(&self, version: u32) -> Key {
        Key::new(self.versions(), format!("{version:08}"))
    }
}

impl Draft {
    fn read(mut item: Item) -> Result<Self, StoreError> {
        let json = take_string(&mut item, "d")?;
        let id = take_string(&mut item, "k")?;
        Ok(Self {
            id: EntryId::parse(&id).ok_or_else(|| corrupt("k"))?,
            entry: serde_json::from_str(&json).map_err(|_| corrupt("d"))?,
            version: read_number(&item, "n")?,
            changed_ms: read_number(&item, "t")?,
        })
    }
}

impl Version {
    fn read(mut item: Item) -> Result<Self, StoreError> {
        let json = take_string(&mut item, "d")?;
        let version = take_string(&mut item, "k")?.parse().map_err(|_| corrupt("k"))?;
        let facts = serde_json::from_str(&json).map_err(|_| corrupt("d"))?;
        Ok(Self { version, published_ms: read_number(&item, "t")?, facts })
    }

    fn head(&self) -> Head {
        let Facts { hash, pieces, .. } = &self.facts;
        Head { version: self.version, hash: hash.clone(), pieces: *pieces }
    }
}

impl Store {
    /// All drafts of a shelf, by id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn drafts(&self, shelf: Shelf<'_>) -> Result<Vec<Draft>, StoreError> {
        let found = self.desk_table.query("drafts", &shelf.drafts()).await?;
        found.into_iter().map(Draft::read).collect::<Result<_, _>>().map_err(in_table("desk"))
    }

    /// A draft, if there is one of that id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn draft(&self, shelf: Shelf<'_>, id: &EntryId) -> Result<Option<Draft>, StoreError> {
        let found = self.desk_table.get("draft", &shelf.draft_key(id)).await?;
        found.map(Draft::read).transpose().map_err(in_table("desk"))
    }

    /// Puts an entry in the place of the one of that version, 0 where there is none; `None` when somebody
    /// else has changed it meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_draft(
        &self,
        shelf: Shelf<'_>,
        (id, entry): (EntryId, Entry),
        known: u64,
    ) -> Result<Option<Draft>, StoreError> {
        let draft = Draft { id, entry, version: known + 1, changed_ms: self.clock.now_ms() };
        let mut item = shelf.draft_key(&draft.id).item();
        let json = serde_json::to_string(&draft.entry).map_err(|_| StoreError::Failed)?;
        item.insert("d".to_owned(), string(json));
        item.insert("n".to_owned(), number(draft.version));
        item.insert("t".to_owned(), number(draft.changed_ms));
        let (condition, values) = unchanged(known);
        let put = put_if(&self.desk_table, item, condition, values)?;
        Ok(self.commit_one("put_draft", put).await?.then_some(draft))
    }

    /// Deletes the draft of that version; false when somebody else has changed it meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete_draft(
        &self,
        shelf: Shelf<'_>,
        id: &EntryId,
        known: u64,
    ) -> Result<bool, StoreError> {
        let (condition, values) = unchanged(known);
        let key = shelf.draft_key(id);
        let deleted = delete_if(&self.desk_table, &key, condition, values)?;
        self.commit_one("delete_draft", deleted).await
    }

    async fn commit_one(&self, operation: &'static str, write: Write) -> Result<bool, StoreError> {
        let mut writes = self.transaction();
        writes.push(write);
        Ok(writes.commit(operation).await?.is_whole())
    }

    /// The publications of a shelf that are kept, the latest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn versions(&self, shelf: Shelf<'_>) -> Result<Vec<Version>, StoreError> {
        let partition = shelf.versions();
        // Pieces lie among them.
        let only = Some("p, k, d, t");
        let page = Page { partition: &partition, after: None, limit: 1_000, only };
        let found = self.desk_table.page("versions", page).await?;
        let is_version = |item: &Item| item.contains_key("d");
        let read = found.into_iter().filter(is_version).map(Version::read);
        let mut versions: Vec<Version> =
            read.collect::<Result<_, _>>().map_err(in_table("desk"))?;
        versions.reverse();
        Ok(versions)
    }

    /// A publication and what it was made of, if it is kept.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when that is not what was published.
    pub async fn version(
        &self,
        shelf: Shelf<'_>,
        version: u32,
    ) -> Result<Option<(Version, Edition)>, StoreError> {
        let key = shelf.version_key(version);
        let Some(item) = self.desk_table.get("version", &key).await? else { return Ok(None) };
        let version = Version::read(item).map_err(in_table("desk"))?;
        let json = pieces(&self.desk_table, &key.partition, &version.head()).await;
        let json = json.map_err(in_table("desk"))?;
        let edition = serde_json::from_slice(&json).map_err(|_| corrupt("v").in_table("desk"))?;
        Ok(Some((version, edition)))
    }

    /// Publishes a base in the place of the one that `known` has, in one transaction with what is told of it
    /// and the event; `None` when somebody else has published meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn publish(
        &self,
        shelf: Shelf<'_>,
        known: &StoredSite,
        publication: Publication<'_>,
        event: Option<Write>,
    ) -> Result<Option<Version>, StoreError> {
        let Shelf { site, locale } = shelf;
        let Publication { edition, bytes, evaluation, restored } = publication;
        let version = known.published(locale) + 1;
        let key = shelf.version_key(version);
        let json = serde_json::to_vec(edition).map_err(|_| StoreError::Failed)?;
        let kept = put_pieces(&self.desk_table, &key.partition, version, &json).await?;
        let head = self.put_base(site, locale, (version, bytes)).await?;
        let Head { hash, pieces, .. } = kept;
        let entries = edition.entries.len();
        let facts = Facts { entries, evaluation, restored, hash, pieces };
        let published = Version { version, published_ms: self.clock.now_ms(), facts };
        let mut item = key.item();
        let facts = serde_json::to_string(&published.facts).map_err(|_| StoreError::Failed)?;
        item.insert("d".to_owned(), string(facts));
        item.insert("t".to_owned(), number(published.published_ms));
        let mut writes = self.transaction();
        writes.push(put_if(&self.desk_table, item, NEW, None)?);
        writes.push(self.head_write(site, known, (locale, head))?);
        writes.extend(event);
        if !writes.commit("publish").await?.is_whole() {
            return Ok(None);
        }
        self.sites.forget(&site.id);
        self.delete_old_bases(site, locale, version).await?;
        let first = version.saturating_sub(KEPT - 1);
        delete_before(&self.desk_table, &key.partition, first).await?;
        Ok(Some(published))
    }
}

/// The condition that an item still has this version.
fn unchanged(known: u64) -> (&'static str, Option<(&'static str, Value)>) {
    match known {
        0 => (NEW, None),
        known => ("n = :n", Some((":n", number(known)))),
    }
}
