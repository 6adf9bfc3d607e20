//! A contact that a visitor leaves, in the profiles table, under a key of its own in the keys table.
//!
//! Profile item: `u` subject, `k` = `lead`, `v` the sealed contact, `b` the blind index
//! of the address, `t` when it was left, `expires_at`. Key item: as a conversation's, with `c` =
//! `profile`.

use super::attributes::{
    EXPIRES_AT, Item, binary, expiry, number, read_number, string, take_binary, take_string,
};
use super::conversation::put;
use super::schema::Noun;
use super::{Store, StoreError, fault};
use crate::clock::{self, UnixMillis};
use crate::ids::SubjectId;
use crate::seal::blind_index;
use crate::seal::conversation_key::{WrappedKey, unwrap, wrap};
use crate::seal::envelope::DataKey;
use crate::seal::place::{BranchName, Place, Purpose};
use crate::secret::{Plaintext, Secret};
use crate::values::site::Site;

/// What opens and seals a subject's profile.
pub struct ProfileKey(Secret);

const PROFILE: &[u8] = b"profile";
const LEAD: &str = "lead";

impl Store {
    /// Keeps a contact for the site's lead days; the one left before, if any, is replaced. The
    /// profile's key and the contact are written in one transaction.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_lead(
        &self,
        site: &'static Site,
        subject: SubjectId,
        ProfileKey(secret): ProfileKey,
        email: &str,
        contact: &Plaintext,
    ) -> Result<(), StoreError> {
        let now_ms = self.clock.now_ms();
        let end_ms = site.lead_end_ms(now_ms);
        let branch = BranchName::new(site.id, Purpose::Profile, &clock::month(now_ms));
        let index = BranchName::new(site.id, Purpose::Index, "email");
        let (branch_key, index_key) =
            tokio::try_join!(self.settings.branch_key(&branch), self.settings.branch_key(&index))?;

        let place = profile_place(site.id, subject, &branch.branch, end_ms);
        let wrapped = wrap(&branch_key, &place, &secret)?;
        let sealed = DataKey::derive(&secret, "sotto/v1 lead")?
            .seal(&lead_place(site.id, subject), contact.reveal())?;
        let key_row = Item::from([
            ("u".to_owned(), binary(subject.as_bytes().to_vec())),
            ("c".to_owned(), binary(PROFILE)),
            ("i".to_owned(), string(site.id)),
            ("b".to_owned(), string(branch.branch)),
            ("w".to_owned(), binary(wrapped.wrapped)),
            ("m".to_owned(), binary(wrapped.commitment)),
            ("p".to_owned(), number(end_ms)),
            (EXPIRES_AT.to_owned(), expiry(end_ms)),
        ]);
        let lead_row = Item::from([
            ("u".to_owned(), binary(subject.as_bytes().to_vec())),
            ("k".to_owned(), string(LEAD)),
            ("v".to_owned(), binary(sealed.into_stored())),
            ("b".to_owned(), binary(blind_index::email(&index_key, email))),
            ("t".to_owned(), number(now_ms)),
            (EXPIRES_AT.to_owned(), expiry(end_ms)),
        ]);
        self.dynamo
            .transact_write_items()
            .transact_items(put(&self.keys_table, key_row)?)
            .transact_items(put(&self.profiles_table, lead_row)?)
            .send()
            .await
            .map_err(|error| fault("put_lead", &error))?;
        Ok(())
    }

    /// The key of the subject's profile; a fresh one, not stored yet, when there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn profile_key(&self, subject: SubjectId) -> Result<ProfileKey, StoreError> {
        let secret = match self.find_profile_key(subject).await? {
            Some(secret) => secret,
            None => Secret::generate()?,
        };
        Ok(ProfileKey(secret))
    }

    async fn find_profile_key(&self, subject: SubjectId) -> Result<Option<Secret>, StoreError> {
        let found = self
            .dynamo
            .get_item()
            .table_name(&self.keys_table)
            .key("u", binary(subject.as_bytes().to_vec()))
            .key("c", binary(PROFILE))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| fault("find_profile_key", &error))?;
        let Some(mut row) = found.item else { return Ok(None) };
        Noun::ProfileKey.shape_of(&row)?;
        if !row.contains_key("w") {
            return Ok(None);
        }
        let end_ms: UnixMillis = read_number(&row, "p")?;
        if end_ms <= self.clock.now_ms() {
            return Ok(None);
        }
        let site = take_string(&mut row, "i")?;
        let branch = take_string(&mut row, "b")?;
        let commitment = take_binary(&mut row, "m")?;
        let stored = WrappedKey {
            wrapped: take_binary(&mut row, "w")?,
            commitment: commitment.try_into().map_err(|_| StoreError::Corrupt)?,
        };
        let name = BranchName::new(&site, Purpose::Profile, &branch);
        let branch_key = self.settings.existing_branch_key(&name).await?;
        let place = profile_place(&site, subject, &branch, end_ms);
        Ok(Some(unwrap(&branch_key, &place, &stored)?))
    }
}

fn profile_place(site: &str, subject: SubjectId, branch: &str, end_ms: UnixMillis) -> Place {
    Place::new("sotto/v1 profile key")
        .part(site.as_bytes())
        .part(subject.as_bytes())
        .part(branch.as_bytes())
        .number(end_ms.unsigned_abs())
}

fn lead_place(site: &str, subject: SubjectId) -> Place {
    Place::new("sotto/v1 lead").part(site.as_bytes()).part(subject.as_bytes())
}
