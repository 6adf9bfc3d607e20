//! Which subject a verified customer is, the same on every device.
//!
//! Profile item: `u` the blind index of the name by which the site knows the customer, `k` =
//! `customer`, `s` the sealed subject, `p` its end in milliseconds, `expires_at`. Back from the subject
//! leads an item of the keys table: `u` subject, `c` = `customer`, `i` site, `v` the sealed blind
//! index, `expires_at`; by it an erasure finds the first, and leaves of both nothing but the key
//! and an end that has come. Neither the name nor anything else about the person is stored. The
//! subject is sealed at its place, so an editor of the table cannot turn one customer into another.

use super::attributes::{
    EXPIRES_AT, Item, binary, corrupt, expiry, in_table, number, read_number, string, take_binary,
    take_string,
};
use super::once::Kind;
use super::schema::Noun;
use super::write::{Write, Written, emptied, put, put_if};
use super::{Store, StoreError, fault};
use seal::BranchKey;
use seal::blind_index;
use seal::envelope::{DataKey, Sealed};
use seal::place::{BranchName, Place, Purpose};
use values::clock::{Clock, UnixMillis};
use values::ids::SubjectId;
use values::policy::RetentionPolicy;
use values::site::Site;

const CUSTOMER: &str = "customer";
const LABEL: &str = "sotto/v1 customer";
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Days that a row has at least beyond the transcript of a conversation opened now: the day for which
/// the token is good that opens one.
pub const LEAST_DAYS: i64 = 1;
/// The same of a row just written: it is written again once a day at most.
pub const FULL_DAYS: i64 = 2;

/// A customer of a site, found or about to be.
pub struct Customer {
    /// The subject: the stored one, or a fresh one that is not stored yet.
    pub subject: SubjectId,
    /// Whether it was stored.
    pub known: bool,
    /// How long things are kept.
    pub policy: RetentionPolicy,
    site: &'static Site,
    index: [u8; 16],
    key: DataKey,
    /// The sealed subject that is stored now, past its end or not.
    stored: Option<Vec<u8>>,
    end_ms: UnixMillis,
}

/// The link from a subject to the row of the customer.
pub struct WayBack {
    site: &'static Site,
    sealed: Sealed,
}

impl WayBack {
    /// Whether an item of the keys table is one, or what is left of it.
    pub(super) fn is_in(item: &Item) -> bool {
        item.get("c") == Some(&binary(CUSTOMER))
    }

    /// Reads an item; `None` for what an erasure has left.
    pub(super) fn from_item(mut item: Item) -> Result<Option<Self>, StoreError> {
        if !item.contains_key("v") {
            return Ok(None);
        }
        let site =
            Site::find(&take_string(&mut item, "i")?).ok_or(corrupt("i").in_table("keys"))?;
        Ok(Some(Self { site, sealed: Sealed::from_stored(take_binary(&mut item, "v")?) }))
    }

    /// The blind index that the row is found by, and the key of the row.
    fn open(
        &self,
        subject: SubjectId,
        branch_key: &BranchKey,
    ) -> Result<([u8; 16], DataKey), StoreError> {
        let key = DataKey::derive(branch_key, LABEL)?;
        let opened = key.open(&back_place(self.site.id, subject), &self.sealed)?;
        let index = opened.reveal().try_into().map_err(|_| corrupt("v").in_table("keys"))?;
        Ok((index, key))
    }

    fn branch(&self) -> BranchName {
        BranchName::new(self.site.id, Purpose::Index, CUSTOMER)
    }
}

/// The result of a sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// The proof is used up, the subject stored.
    Admitted,
    /// The proof was used before; nothing was changed.
    Spent,
    /// Another device was at the same row; nothing was changed, and it is to be read again.
    Overtaken,
}

impl Customer {
    /// The same customer with a fresh subject: the stored one was erased, and its row is about to be.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when there is no randomness.
    pub fn anew(self, clock: &Clock) -> Result<Self, StoreError> {
        Ok(Self { subject: SubjectId::generate(clock)?, known: false, ..self })
    }
}

impl Store {
    /// The customer whom the site knows by `name`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_customer(
        &self,
        site: &'static Site,
        name: &str,
    ) -> Result<Customer, StoreError> {
        let branch = BranchName::new(site.id, Purpose::Index, CUSTOMER);
        let branch_key = self.settings.branch_key(&branch).await?;
        let index = blind_index::customer(&branch_key, name)?;
        let key = DataKey::derive(&branch_key, LABEL)?;
        let policy = async { Ok(self.settings.retention_policy(site).await?.policy) };
        let (found, policy) = tokio::try_join!(Box::pin(self.customer_item(&index)), policy)?;
        let now_ms = self.clock.now_ms();
        let (mut stored, mut live) = (None, None);
        // The row of an erased customer may be there without the subject.
        if let Some(mut item) = found.filter(|item| item.contains_key("s")) {
            Noun::Customer.shape_of(&item)?;
            let end_ms: UnixMillis = read_number(&item, "p").map_err(in_table("profiles"))?;
            let sealed = take_binary(&mut item, "s").map_err(in_table("profiles"))?;
            if now_ms < end_ms {
                let place = place(site.id, &index, end_ms);
                let opened = key
                    .open(&place, &Sealed::from_stored(sealed.clone()))
                    .map_err(in_table("profiles"))?;
                let subject = SubjectId::from_slice(opened.reveal())
                    .ok_or(corrupt("s").in_table("profiles"))?;
                live = Some((subject, end_ms));
            }
            stored = Some(sealed);
        }
        let known = live.is_some();
        let (subject, end_ms) = match live {
            Some(live) => live,
            None => (SubjectId::generate(&self.clock)?, 0),
        };
        Ok(Customer { subject, known, policy, site, index, key, stored, end_ms })
    }

    /// Lets the customer in by a proof with this `jti`, which ends at `until_ms`: uses it up, and
    /// stores the subject if it is new or its end is near, in one transaction.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn admit_customer(
        &self,
        customer: &Customer,
        jti: &str,
        until_ms: UnixMillis,
    ) -> Result<Admission, StoreError> {
        let parts: [&[u8]; 2] = [customer.site.id.as_bytes(), jti.as_bytes()];
        let now_ms = self.clock.now_ms();
        let transcript_end_ms = customer.policy.transcript_end_ms(now_ms);
        if customer.known && transcript_end_ms + LEAST_DAYS * DAY_MS <= customer.end_ms {
            let ours = self.once.consume(Kind::IdentityJti, &parts, until_ms).await?;
            return Ok(if ours { Admission::Admitted } else { Admission::Spent });
        }
        let end_ms = transcript_end_ms + FULL_DAYS * DAY_MS;
        let written = self
            .transaction()
            .and(self.once.put(Kind::IdentityJti, &parts, until_ms)?)
            .and(self.customer_row(customer, end_ms)?)
            .and(self.way_back(customer, end_ms)?)
            .commit("admit_customer")
            .await?;
        Ok(match written {
            Written::Whole => Admission::Admitted,
            Written::Refused(refused) if refused.at(0) => Admission::Spent,
            Written::Refused(_) => Admission::Overtaken,
        })
    }

    /// The item of the subject that leads back to the row.
    fn way_back(&self, customer: &Customer, end_ms: UnixMillis) -> Result<Write, StoreError> {
        let place = back_place(customer.site.id, customer.subject);
        let sealed = customer.key.seal(&place, &customer.index)?;
        let mut item = back_key(customer.subject);
        item.insert("i".to_owned(), string(customer.site.id));
        item.insert("v".to_owned(), binary(sealed.into_stored()));
        item.insert(EXPIRES_AT.to_owned(), expiry(end_ms));
        put(&self.keys_table, item)
    }

    /// Whether the subject is a customer whom the site's server has named.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_customer(&self, subject: SubjectId) -> Result<bool, StoreError> {
        Ok(self.find_way_back(subject).await?.is_some())
    }

    /// Deletes the subject's identity as a customer: the row by which the name leads to the
    /// subject, and the way back. False when there was neither.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete_customer(&self, subject: SubjectId) -> Result<bool, StoreError> {
        let Some(back) = self.find_way_back(subject).await? else { return Ok(false) };
        if let Some((index, stored)) = self.row_of_customer(subject, &back).await? {
            self.dynamo
                .delete_item()
                .table_name(&self.profiles_table)
                .set_key(Some(customer_key(&index)))
                .condition_expression("attribute_not_exists(u) OR s = :s")
                .expression_attribute_values(":s", binary(stored))
                .send()
                .await
                .map_err(|error| fault("delete_customer", &error))?;
        }
        self.dynamo
            .delete_item()
            .table_name(&self.keys_table)
            .set_key(Some(back_key(subject)))
            .send()
            .await
            .map_err(|error| fault("delete_way_back", &error))?;
        Ok(true)
    }

    /// Empties the subject's identity as a customer: part of the transaction that erases. A damaged
    /// item is left as it is.
    pub(super) async fn emptied_customer(
        &self,
        subject: SubjectId,
        back: &WayBack,
    ) -> Result<Vec<Write>, StoreError> {
        let found = match self.row_of_customer(subject, back).await {
            Err(StoreError::Corrupt { .. } | StoreError::OtherVersion) => return Ok(Vec::new()),
            found => found?,
        };
        let now_ms = self.clock.now_ms();
        let mut writes = vec![put(&self.keys_table, emptied(back_key(subject), now_ms))?];
        if let Some((index, stored)) = found {
            let item = emptied(customer_key(&index), now_ms);
            writes.push(put_if(&self.profiles_table, item, "s = :s", [(":s", binary(stored))])?);
        }
        Ok(writes)
    }

    /// The row that a way back leads to, by its index and what is stored in it. `None` when the name
    /// leads to a new subject by now, which nobody has asked to erase.
    async fn row_of_customer(
        &self,
        subject: SubjectId,
        back: &WayBack,
    ) -> Result<Option<([u8; 16], Vec<u8>)>, StoreError> {
        let branch_key = self.settings.existing_branch_key(&back.branch()).await?;
        let (index, key) = back.open(subject, &branch_key)?;
        let found = self.customer_item(&index).await?;
        let Some(mut item) = found.filter(|item| item.contains_key("s")) else { return Ok(None) };
        let end_ms: UnixMillis = read_number(&item, "p").map_err(in_table("profiles"))?;
        let stored = take_binary(&mut item, "s").map_err(in_table("profiles"))?;
        let place = place(back.site.id, &index, end_ms);
        let opened =
            key.open(&place, &Sealed::from_stored(stored.clone())).map_err(in_table("profiles"))?;
        Ok((opened.reveal() == subject.as_bytes()).then_some((index, stored)))
    }

    async fn customer_item(&self, index: &[u8; 16]) -> Result<Option<Item>, StoreError> {
        let found = self
            .dynamo
            .get_item()
            .table_name(&self.profiles_table)
            .set_key(Some(customer_key(index)))
            // The role may read these of the table, and with them nobody's contact.
            .projection_expression("s, p, y")
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| fault("find_customer", &error))?;
        Ok(found.item)
    }

    async fn find_way_back(&self, subject: SubjectId) -> Result<Option<WayBack>, StoreError> {
        let found = self
            .dynamo
            .get_item()
            .table_name(&self.keys_table)
            .set_key(Some(back_key(subject)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| fault("find_way_back", &error))?;
        Ok(found.item.map(WayBack::from_item).transpose()?.flatten())
    }

    /// The row with a new end, in the place of what was read and of nothing else.
    fn customer_row(&self, customer: &Customer, end_ms: UnixMillis) -> Result<Write, StoreError> {
        let place = place(customer.site.id, &customer.index, end_ms);
        let sealed = customer.key.seal(&place, customer.subject.as_bytes())?;
        let item = Item::from([
            ("u".to_owned(), binary(customer.index)),
            ("k".to_owned(), string(CUSTOMER)),
            ("s".to_owned(), binary(sealed.into_stored())),
            ("p".to_owned(), number(end_ms)),
            (EXPIRES_AT.to_owned(), expiry(end_ms)),
        ]);
        let condition = match &customer.stored {
            None => "attribute_not_exists(s)",
            // TTL may have taken what was read and past its end.
            Some(_) if !customer.known => "attribute_not_exists(u) OR s = :s",
            Some(_) => "s = :s",
        };
        let stored = customer.stored.clone().map(|stored| (":s", binary(stored)));
        put_if(&self.profiles_table, item, condition, stored)
    }
}

fn customer_key(index: &[u8; 16]) -> Item {
    Item::from([("u".to_owned(), binary(*index)), ("k".to_owned(), string(CUSTOMER))])
}

fn back_key(subject: SubjectId) -> Item {
    Item::from([
        ("u".to_owned(), binary(subject.as_bytes().to_vec())),
        ("c".to_owned(), binary(CUSTOMER)),
    ])
}

fn back_place(site: &str, subject: SubjectId) -> Place {
    Place::new("sotto/v1 customer of a subject").part(site.as_bytes()).part(subject.as_bytes())
}

fn place(site: &str, index: &[u8; 16], end_ms: UnixMillis) -> Place {
    Place::new(LABEL).part(site.as_bytes()).part(index).number(end_ms.unsigned_abs())
}
