//! The data of the whole stack: the published list, the transport keys, branch keys. The daily
//! rotation reads all of it; a function that serves visitors reads what it needs by name.
//!
//! The list: `p` = `*`, `k` = `key-list`, `j` the JWS, `r` the root's public key, `c` when a compromise
//! withdrew all keys that were made up to then, if one did. Its shape says where
//! the keys that it names are: beside it in the first, in the transport table in the second.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};

use super::attributes::{
    Item, binary, in_table, number, optional, read_number, string, take_binary, take_string,
};
use super::branch_row::{BranchRow, RECENT_MS, sort_key};
use super::schema::Noun;
use super::settings::{Settings, credential_seed, events_seed, evidence_seed, visitor_seed};
use super::transport_key::{self, TransportKey};
use super::write::{NEW, Transaction, put_if};
use super::{StoreError, fault};
use seal::BranchKey;
use seal::place::{BranchName, Purpose, STACK};
use seal::transport::{KemSuite, PrivateKey};
use values::clock::{self, UnixMillis};

const KEY_LIST: &str = "key-list";

/// The published list of transport keys.
#[derive(Clone)]
pub struct KeyList {
    /// The signed list, a compact JWS.
    pub jws: String,
    /// The 32 bytes of the root's public key.
    pub root: Vec<u8>,
    /// Keys that were made up to then are withdrawn.
    pub withdrawn_ms: Option<UnixMillis>,
    shape: u8,
}

/// The data of the stack that was read in one go.
#[derive(Default)]
pub struct Stack {
    /// The published list, if one was made.
    pub key_list: Option<KeyList>,
    /// The transport keys that are not past their time, from where the list says they are.
    pub transport_keys: Vec<TransportKey>,
    branch_keys: HashMap<(String, String), Result<BranchRow, StoreError>>,
}

impl Stack {
    /// The stored branch key of that name, if it was read and is there.
    pub(super) fn blob(&self, name: &BranchName) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.row(name)?.map(|row| row.blob.clone()))
    }

    /// The row of the branch key of that name, if it was read and is there.
    pub(super) fn row(&self, name: &BranchName) -> Result<Option<&BranchRow>, StoreError> {
        let row = self.branch_keys.get(&(name.site.clone(), sort_key(name)));
        row.map(Result::as_ref).transpose().map_err(|error| *error)
    }

    /// Whether a branch key of that name was read.
    pub(super) fn knows(&self, name: &BranchName) -> bool {
        self.branch_keys.contains_key(&(name.site.clone(), sort_key(name)))
    }

    /// Whether transport keys were withdrawn some minutes ago.
    #[must_use]
    pub fn was_withdrawn_lately(&self, now_ms: UnixMillis) -> bool {
        let withdrawn_ms = self.key_list.as_ref().and_then(|list| list.withdrawn_ms);
        withdrawn_ms.is_some_and(|at_ms| now_ms - at_ms < RECENT_MS)
    }

    /// The shape of this stack's transport keys. A stack that has no list yet begins with the newest;
    /// any other stays with what its functions, and those of the release before, look for.
    pub(super) fn transport_shape(&self) -> u8 {
        self.key_list.as_ref().map_or(Noun::TransportKey.newest(), |list| list.shape)
    }

    fn add_setting(&mut self, mut item: Item) -> Result<(), StoreError> {
        let (site, kind) = (
            take_string(&mut item, "p").map_err(in_table("settings"))?,
            take_string(&mut item, "k").map_err(in_table("settings"))?,
        );
        if kind.starts_with("branch#") {
            let row = BranchRow::from_item(item).map_err(in_table("settings"));
            self.branch_keys.insert((site, kind), row);
        } else if kind == KEY_LIST {
            let shape = Noun::KeyList.shape_of(&item)?;
            let jws = take_string(&mut item, "j").map_err(in_table("settings"))?;
            self.key_list = Some(KeyList {
                jws,
                root: take_binary(&mut item, "r").map_err(in_table("settings"))?,
                withdrawn_ms: optional(&mut item, "c", |item, name| read_number(item, name))
                    .map_err(in_table("settings"))?,
                shape,
            });
        }
        Ok(())
    }

    fn add_transport_key(&mut self, mut item: Item, now_ms: UnixMillis) -> Result<(), StoreError> {
        let kind = take_string(&mut item, "k").map_err(in_table("transport"))?;
        let Some(kid) = kind.strip_prefix(transport_key::PREFIX) else { return Ok(()) };
        let withdrawn_ms = self.key_list.as_ref().and_then(|list| list.withdrawn_ms);
        match TransportKey::from_item(kid, item, self.transport_shape()) {
            Ok(key) if key.opens(now_ms, withdrawn_ms) => self.transport_keys.push(key),
            Ok(_) => {}
            Err(_) => tracing::error!(kid, "the row of a transport key is damaged"),
        }
        Ok(())
    }
}

impl Settings {
    /// All that is stored for the whole stack.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn stack(&self) -> Result<Stack, StoreError> {
        let mut stack = Stack::default();
        for item in self.rows(&self.table, "branch#", "find_branch_keys").await? {
            stack.add_setting(item)?;
        }
        for item in self.rows(&self.table, KEY_LIST, "find_key_list").await? {
            stack.add_setting(item)?;
        }
        self.add_transport_keys(&mut stack).await?;
        Ok(stack)
    }

    /// The keys that every request of a visitor needs, and the branch key `also`: two requests, the
    /// second for the transport keys. A branch key that is not there yet is left out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn stack_for_visitors(&self, also: &BranchName) -> Result<Stack, StoreError> {
        self.stack_with(vec![(STACK, sort_key(&visitor_seed())), (&also.site, sort_key(also))])
            .await
    }

    /// The keys that open what was sealed to the published list: two requests as well.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn stack_for_transport(&self) -> Result<Stack, StoreError> {
        self.stack_with(Vec::new()).await
    }

    async fn stack_with(&self, mut wanted: Vec<(&str, String)>) -> Result<Stack, StoreError> {
        // The branch key that wraps a transport key is of the month it was made in, days ago at
        // most.
        let now_ms = self.clock.now_ms();
        let transport =
            |at_ms| sort_key(&BranchName::new(STACK, Purpose::Transport, &clock::month(at_ms)));
        let (month, before) =
            (transport(now_ms), transport(now_ms - transport_key::LONGEST_LIFE_MS));
        wanted.push((STACK, KEY_LIST.to_owned()));
        if month != before {
            wanted.push((STACK, before));
        }
        wanted.push((STACK, month));
        let mut stack = Stack::default();
        for item in self.named(wanted).await? {
            stack.add_setting(item)?;
        }
        self.add_transport_keys(&mut stack).await?;
        Ok(stack)
    }

    /// A branch key of the stack, from what was read of it; makes it when there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn stack_key(
        &self,
        stack: &Stack,
        purpose: Purpose,
        branch: &str,
    ) -> Result<BranchKey, StoreError> {
        let name = BranchName::new(STACK, purpose, branch);
        match self.read_key(stack, &name).await? {
            Some(key) => Ok(key),
            None => self.branch_key(&name).await,
        }
    }

    /// The branch key of that name, if it is among what was read of the stack.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn read_key(
        &self,
        stack: &Stack,
        name: &BranchName,
    ) -> Result<Option<BranchKey>, StoreError> {
        let Some(row) = stack.row(name)? else { return Ok(None) };
        let held = self.keyring.of_row(name, row).await.map_err(in_table("settings"))?;
        Ok(Some(held.key))
    }

    /// The seed of the visitors' signing key; the rotation has made it.
    ///
    /// # Errors
    /// [`StoreError::KeysMissing`] before the first rotation.
    pub async fn visitor_seed(&self, stack: &Stack) -> Result<BranchKey, StoreError> {
        self.read_key(stack, &visitor_seed()).await?.ok_or(StoreError::KeysMissing)
    }

    /// Makes what the visitors' signing key, the staff's sign-in and the codes over rows and events are
    /// derived from, if there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn make_seeds(&self, stack: &Stack) -> Result<(), StoreError> {
        for name in [visitor_seed(), credential_seed(), evidence_seed(), events_seed()] {
            if stack.blob(&name)?.is_none() {
                let blob = self.keyring.generate_unseen(&name).await?;
                self.put_blob(&name, &blob).await?;
            }
        }
        Ok(())
    }

    /// Makes and stores a key pair that is made at `made_at_ms` and opens until `not_after_ms`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn make_transport_key(
        &self,
        stack: &Stack,
        suite: KemSuite,
        (made_at_ms, not_after_ms): (UnixMillis, UnixMillis),
    ) -> Result<TransportKey, StoreError> {
        let branch = clock::month(made_at_ms);
        let branch_key = self.stack_key(stack, Purpose::Transport, &branch).await?;
        let shape = stack.transport_shape();
        let life = (made_at_ms, not_after_ms);
        let key = TransportKey::generate(shape, suite, (branch, &branch_key), life)?;
        self.dynamo
            .put_item()
            .table_name(self.transport_table(shape))
            .set_item(Some(key.to_item()))
            .send()
            .await
            .map_err(|error| fault("put_transport_key", &error))?;
        Ok(key)
    }

    /// Unwraps the private half of a stored key.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when it does not open.
    pub async fn unwrap_transport_key(
        &self,
        stack: &Stack,
        key: &TransportKey,
    ) -> Result<PrivateKey, StoreError> {
        let name = key.branch();
        let branch_key = match self.read_key(stack, &name).await? {
            Some(read) => read,
            None => self.existing_branch_key(&name).await?,
        };
        key.open(&branch_key)
    }

    /// Publishes a list of transport keys, all of which `stack` has or were made for it.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::Unavailable`] when another list was published since `stack` was read.
    pub async fn put_key_list(
        &self,
        stack: &Stack,
        jws: String,
        root: &[u8],
    ) -> Result<(), StoreError> {
        let withdrawn_ms = stack.key_list.as_ref().and_then(|list| list.withdrawn_ms);
        let item = list_item(stack, jws, root, withdrawn_ms);
        let put = match &stack.key_list {
            Some(list) => put_if(&self.table, item, "j = :j", [(":j", string(&*list.jws))])?,
            None => put_if(&self.table, item, NEW, [])?,
        };
        Transaction::new(self.dynamo.clone()).and(put).commit_or_fail("put_key_list").await
    }

    async fn add_transport_keys(&self, stack: &mut Stack) -> Result<(), StoreError> {
        let table = self.transport_table(stack.transport_shape());
        let now_ms = self.clock.now_ms();
        for item in self.rows(table, transport_key::PREFIX, "find_transport_keys").await? {
            stack.add_transport_key(item, now_ms)?;
        }
        Ok(())
    }

    /// The rows of these names that are there, read together.
    async fn named(&self, names: Vec<(&str, String)>) -> Result<Vec<Item>, StoreError> {
        let key = |(site, kind): (&str, String)| {
            HashMap::from([("p".to_owned(), string(site)), ("k".to_owned(), string(kind))])
        };
        let keys: Vec<HashMap<String, AttributeValue>> = names.into_iter().map(key).collect();
        let asked = KeysAndAttributes::builder()
            .consistent_read(true)
            .set_keys(Some(keys))
            .build()
            .map_err(|_| StoreError::Failed)?;
        let found = self
            .dynamo
            .batch_get_item()
            .request_items(&self.table, asked)
            .send()
            .await
            .map_err(|error| fault("find_stack", &error))?;
        // A throttled table leaves some out; half of the keys are no keys.
        if found.unprocessed_keys.is_some_and(|left| !left.is_empty()) {
            return Err(StoreError::Unavailable);
        }
        Ok(found.responses.unwrap_or_default().into_values().flatten().collect())
    }
}

/// The published list as it is stored.
pub(super) fn list_item(
    stack: &Stack,
    jws: String,
    root: &[u8],
    withdrawn_ms: Option<UnixMillis>,
) -> Item {
    let mut item = Item::from([
        ("p".to_owned(), string(STACK)),
        ("k".to_owned(), string(KEY_LIST)),
        ("j".to_owned(), string(jws)),
        ("r".to_owned(), binary(root)),
    ]);
    item.extend(withdrawn_ms.map(|at_ms| ("c".to_owned(), number(at_ms))));
    Noun::name_shape(stack.transport_shape(), &mut item);
    item
}
