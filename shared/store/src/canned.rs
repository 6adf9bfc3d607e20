//! Canned answers: texts that every agent of a site reads and writes. They speak of nobody.
//!
//! Item of the table `desk`: `p` = `canned#<site>`, `k` = the shortcut, `d` the text, `o` the language tag.

use super::attributes::{Item, in_table, string, take_string};
use super::table::{Page, key};
use super::{Store, StoreError};
use values::site::Site;

/// Canned answers of a site at most.
pub const MOST: usize = 500;
/// UTF-8 bytes of all their texts at most: one read of a table gives twice as many.
pub const MOST_BYTES: usize = 500_000;

/// A canned answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canned {
    /// By which agents find it: 1 to 32 of `a-z0-9-`.
    pub shortcut: String,
    /// The text, with variables such as `{{agent.name}}`.
    pub text: String,
    /// The language tag.
    pub locale: String,
}

impl Canned {
    fn read(mut item: Item) -> Result<Self, StoreError> {
        Ok(Self {
            shortcut: take_string(&mut item, "k")?,
            text: take_string(&mut item, "d")?,
            locale: take_string(&mut item, "o")?,
        })
    }
}

fn partition(site: &Site) -> String {
    format!("canned#{}", site.id)
}

impl Store {
    /// The canned answers of a site, by shortcut.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn canned(&self, site: &Site) -> Result<Vec<Canned>, StoreError> {
        let limit = i32::try_from(MOST).unwrap_or(i32::MAX);
        let partition = partition(site);
        let page = Page { partition: &partition, after: None, limit, only: None };
        let found = self.desk_table.page("canned", page).await?;
        found.into_iter().map(Canned::read).collect::<Result<_, _>>().map_err(in_table("desk"))
    }

    /// Stores a canned answer in the place of an earlier one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_canned(&self, site: &Site, canned: &Canned) -> Result<(), StoreError> {
        let mut item = key(partition(site), &*canned.shortcut);
        item.insert("d".to_owned(), string(&*canned.text));
        item.insert("o".to_owned(), string(&*canned.locale));
        self.desk_table.put("put_canned", item).await
    }

    /// Deletes a canned answer, if there is one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete_canned(&self, site: &Site, shortcut: &str) -> Result<(), StoreError> {
        self.desk_table.delete("delete_canned", key(partition(site), shortcut)).await
    }
}
