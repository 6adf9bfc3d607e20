//! The table `log`: appended to in transactions, and asked for proofs. [`crate::rows`] has its rows.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};

use futures_util::future::try_join_all;
use seal::sign::Verifier;
use store::StoreError;
use store::attributes::{
    EXPIRES_AT, Item, binary, corrupt, expiry, in_table, number, read_number, string, take_binary,
    take_string,
};
use store::table::{Key, Page, Table};
use store::write::{NEW, Written, put_if};
use tlog_tiles::{
    Error, HASH_SIZE, Hash, HashReader, RecordProof, Tile, TreeProof, check_record, prove_record,
    prove_tree, record_hash,
};
use values::encoding::{base64url, from_base64url};
use values::ids::EventId;

use crate::leaf::{self, Commitment, Leaf};
use crate::note;
use crate::rows::{self, ENTRY};
use crate::tree::{Completed, Frontier, HEIGHT, WIDTH};

const TABLE: &str = "log";
/// Leaves that are appended at once, at most; with the hours of their events they are one transaction.
pub const LEAVES_AT_ONCE: usize = 1_000;
/// Hours of which events are appended at once, at most: a row of the index each.
const HOURS_AT_ONCE: usize = 60;
/// Rows of the index that a search reads at once.
const INDEX_PAGE: i32 = 8;
/// How often a row is looked at while the log grows.
const LOOKS: usize = 5;
/// `p`, `k`, `v` and `expires_at`.
const INDEX_ATTRIBUTES: usize = 4;

/// The leaves of tiles by their numbers.
type Leaves = HashMap<u64, Vec<Vec<u8>>>;

/// The end of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    /// The hashes that it grows from.
    pub frontier: Frontier,
    /// The checkpoint of its size.
    pub checkpoint: String,
    /// The commitments that were stated last, by their names.
    pub stated: BTreeMap<String, Commitment>,
}

impl Head {
    fn read(mut item: Item) -> Result<Self, StoreError> {
        let frontier = Frontier::read(read_number(&item, "n")?, &take_binary(&mut item, "v")?);
        let stated: BTreeMap<String, String> =
            serde_json::from_str(&take_string(&mut item, "a")?).map_err(|_| corrupt("a"))?;
        let commitment = |text: String| from_base64url(&text)?.try_into().ok();
        let stated = stated.into_iter().map(|(name, text)| Some((name, commitment(text)?)));
        Ok(Self {
            frontier: frontier.ok_or(corrupt("v"))?,
            checkpoint: take_string(&mut item, "j")?,
            stated: stated.collect::<Option<_>>().ok_or(corrupt("a"))?,
        })
    }

    fn item(&self) -> Result<Item, StoreError> {
        let stated: BTreeMap<_, _> =
            self.stated.iter().map(|(name, one)| (name, base64url(one))).collect();
        let stated = serde_json::to_string(&stated).map_err(|_| StoreError::Failed)?;
        let mut item = rows::head().item();
        item.insert("n".to_owned(), number(self.frontier.size()));
        item.insert("v".to_owned(), binary(self.frontier.to_bytes()));
        item.insert("j".to_owned(), string(self.checkpoint.as_str()));
        item.insert("a".to_owned(), string(stated));
        Ok(item)
    }
}

/// A part of the leaves of a tile: those of one append.
pub struct Piece {
    /// The size of the tree before that append: there is a checkpoint of it.
    pub before: u64,
    /// The bytes of the leaves.
    pub leaves: Vec<Vec<u8>>,
}

/// The audit log.
#[derive(Clone)]
pub struct AuditLog {
    table: Table,
}

impl AuditLog {
    /// The log in that table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// The end of the log; nothing before the first event.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn head(&self) -> Result<Option<Head>, StoreError> {
        let found = self.table.get("find_log_head", &rows::head()).await?;
        found.map(Head::read).transpose().map_err(in_table(TABLE))
    }

    /// The last checkpoint that is kept, by its own row.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn last_checkpoint(&self) -> Result<Option<String>, StoreError> {
        let page = Page { partition: rows::CHECKPOINT, after: None, limit: 1, only: None };
        let (mut found, _) = self.table.page_back("find_last_checkpoint", page).await?;
        let found = found.pop().map(|mut item| take_string(&mut item, "j"));
        found.transpose().map_err(in_table(TABLE))
    }

    /// All checkpoints with their sizes, the smallest first; nothing in the place of a row that is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn checkpoints(&self) -> Result<Vec<Option<(u64, String)>>, StoreError> {
        let found = self.table.query("find_checkpoints", rows::CHECKPOINT).await?;
        let read = |mut item: Item| {
            let size = take_string(&mut item, "k").ok()?;
            let size = size.parse().ok().filter(|of| rows::checkpoint(*of).sort == size)?;
            Some((size, take_string(&mut item, "j").ok()?))
        };
        Ok(found.into_iter().map(read).collect())
    }

    /// The checkpoint of that size, by its own row.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn checkpoint(&self, size: u64) -> Result<Option<String>, StoreError> {
        let found = self.table.get("find_checkpoint", &rows::checkpoint(size)).await?;
        found.map(|mut item| take_string(&mut item, "j")).transpose().map_err(in_table(TABLE))
    }

    /// The first checkpoint of a tree with at least so many leaves, by its own row, and how many it has.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn checkpoint_from(&self, size: u64) -> Result<Option<(u64, String)>, StoreError> {
        let from = rows::checkpoint(size);
        let bounds = (from.partition.as_str(), from.sort.as_str());
        let mut found = self.table.first_from("find_checkpoint_from", bounds, 1).await?;
        let Some(mut item) = found.pop() else { return Ok(None) };
        let key = take_string(&mut item, "k").map_err(in_table(TABLE))?;
        let size = key.parse().ok().filter(|of| rows::checkpoint(*of).sort == key);
        let size = size.ok_or(corrupt("k").in_table(TABLE))?;
        Ok(Some((size, take_string(&mut item, "j").map_err(in_table(TABLE))?)))
    }

    /// Those of these events that are in the log. The leaves are looked at as well, and a row of the index that
    /// cannot be read is passed over: what somebody made up must not keep an event out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn known(
        &self,
        ids: impl IntoIterator<Item = EventId>,
    ) -> Result<HashSet<EventId>, StoreError> {
        let mut hours: BTreeMap<String, HashSet<EventId>> = BTreeMap::new();
        for id in ids {
            hours.entry(rows::index(id.made_at_ms())).or_default().insert(id);
        }
        let (mut known, mut tiles) = (HashSet::new(), HashMap::new());
        for (hour, ids) in hours {
            let Some(first) = ids.iter().min() else { continue };
            // Rows are in the order of their last ids, so those before the first of ours have none of ours.
            let bounds = (&*first.to_string(), "~");
            for item in self.table.between("find_index", &hour, bounds).await? {
                for (id, place) in entries(item).into_iter().flatten() {
                    if ids.contains(&id) && self.is_at(id, place, &mut tiles).await? {
                        known.insert(id);
                    }
                }
            }
        }
        Ok(known)
    }

    /// The place of an event in the tree, if it is in the log.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn place_of(&self, id: EventId) -> Result<Option<u64>, StoreError> {
        let hour = rows::index(id.made_at_ms());
        let mut tiles = HashMap::new();
        // Rows are in the order of their last ids: those before this one do not have it.
        let mut from = id.to_string();
        loop {
            let found = self.table.first_from("find_in_index", (&hour, &from), INDEX_PAGE).await?;
            let mut last = None;
            for item in found {
                let mut key = item.clone();
                last = Some(take_string(&mut key, "k").map_err(in_table(TABLE))?);
                for (of, place) in entries(item).into_iter().flatten() {
                    if of == id && self.is_at(id, place, &mut tiles).await? {
                        return Ok(Some(place));
                    }
                }
            }
            let Some(last) = last else { return Ok(None) };
            from = last + "~";
        }
    }

    /// Whether the leaf at that place is the event's; each tile is read once.
    async fn is_at(&self, id: EventId, place: u64, tiles: &mut Leaves) -> Result<bool, StoreError> {
        let leaves = match tiles.entry(place / WIDTH) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => {
                let leaves = sound(self.leaves(place / WIDTH).await)?;
                unknown.insert(leaves.unwrap_or_default())
            }
        };
        let within = usize::try_from(place % WIDTH).unwrap_or(usize::MAX);
        let leaf = leaves.get(within).and_then(|leaf| Leaf::read(leaf));
        Ok(leaf.and_then(|leaf| leaf.event()) == Some(id))
    }

    /// Where the log has an event: the place, and size and root of a tree that has it, which a checkpoint of
    /// that key names and a proof leads to. Nothing for an event that is not in the log, or where somebody has
    /// written in it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn proven(
        &self,
        id: EventId,
        key: &Verifier,
    ) -> Result<Option<(u64, u64, Hash)>, StoreError> {
        let Some(place) = self.place_of(id).await? else { return Ok(None) };
        // Read behind the place, so that its tree has it.
        let Some(head) = self.head().await? else { return Ok(None) };
        let Some((size, root)) = note::read_by(key, &head.checkpoint) else { return Ok(None) };
        if place >= size {
            return Ok(None);
        }
        let Some(leaf) = self.leaf(place).await? else { return Ok(None) };
        let proof = self.inclusion(size, place).await?;
        let holds = check_record(&proof, size, root, place, record_hash(&leaf)).is_ok();
        Ok(holds.then_some((place, size, root)))
    }

    /// Appends leaves behind a head that was read before, at most [`LEAVES_AT_ONCE`], with the checkpoint
    /// that `sign` makes: all of it, or nothing when somebody else was quicker. The events must be new:
    /// [`AuditLog::known`] was asked after the head was read.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::Corrupt`] when there is a row where the log goes on.
    pub async fn append(
        &self,
        head: Option<&Head>,
        leaves: &[Leaf],
        sign: impl FnOnce(u64, Hash) -> Result<String, StoreError>,
    ) -> Result<Option<Head>, StoreError> {
        let mut next = head.map_or_else(Head::empty, Head::clone);
        let first = next.frontier.size();
        let mut completed: Vec<Completed> = Vec::new();
        let mut bytes = Vec::with_capacity(leaves.len());
        for leaf in leaves {
            let leaf_bytes = leaf.to_bytes();
            completed.extend(next.frontier.push(&leaf_bytes));
            bytes.push(leaf_bytes);
            if let Leaf::Statement { name, commitment, .. } = leaf {
                next.stated.insert(name.clone(), *commitment);
            }
        }
        next.checkpoint = sign(next.frontier.size(), next.frontier.root())?;
        let of_head = match head {
            None => put_if(&self.table, next.item()?, NEW, [])?,
            Some(head) => {
                let known = number(head.frontier.size());
                put_if(&self.table, next.item()?, "n = :n", [(":n", known)])?
            }
        };
        let mut writes = self.table.transaction().and(of_head);
        for item in pieces(first, &bytes) {
            writes.push(put_if(&self.table, item, NEW, [])?);
        }
        for Completed { level, index, hash } in completed {
            let mut item = rows::hash(level, index).item();
            item.insert("v".to_owned(), binary(hash.0));
            writes.push(put_if(&self.table, item, NEW, [])?);
        }
        for item in index_rows(first, leaves) {
            writes.push(put_if(&self.table, item, NEW, [])?);
        }
        let mut item = rows::checkpoint(next.frontier.size()).item();
        item.insert("j".to_owned(), string(next.checkpoint.as_str()));
        writes.push(put_if(&self.table, item, NEW, [])?);
        match writes.commit_patiently("append_to_log").await? {
            Written::Whole => Ok(Some(next)),
            Written::Refused(refused) if refused.at(0) => Ok(None),
            Written::Refused(_) => Err(corrupt("k").in_table(TABLE)),
        }
    }

    /// The bytes of the leaf at that place; nothing where there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn leaf(&self, place: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let mut leaves = self.leaves(place / WIDTH).await?.into_iter();
        let within = usize::try_from(place % WIDTH).unwrap_or(usize::MAX);
        Ok(leaves.nth(within))
    }

    /// The leaves of a tile, as far as there are any.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::Corrupt`] when its pieces do not follow one another.
    pub async fn leaves(&self, tile: u64) -> Result<Vec<Vec<u8>>, StoreError> {
        Ok(self.pieces(tile).await?.into_iter().flat_map(|piece| piece.leaves).collect())
    }

    /// The pieces of the leaves of a tile.
    ///
    /// # Errors
    /// As [`AuditLog::leaves`].
    pub async fn pieces(&self, tile: u64) -> Result<Vec<Piece>, StoreError> {
        let (mut pieces, mut count) = (Vec::new(), 0);
        for mut item in self.table.query("find_leaves", &rows::leaves(tile)).await? {
            let is_next = take_string(&mut item, "k").is_ok_and(|k| k == format!("{count:03}"));
            let before = read_number(&item, "b").map_err(in_table(TABLE))?;
            let leaves = take_binary(&mut item, "v").map_err(in_table(TABLE))?;
            let leaves = leaf::unbundle(&leaves).filter(|_| is_next);
            let leaves = leaves.ok_or(corrupt("v").in_table(TABLE))?;
            let first = tile.saturating_mul(WIDTH) + u64::try_from(count).unwrap_or(WIDTH);
            // An append that began elsewhere goes on at the beginning of a tile.
            if before > first || (count > 0 && before != first) {
                return Err(corrupt("b").in_table(TABLE));
            }
            count += leaves.len();
            pieces.push(Piece { before, leaves });
        }
        Ok(pieces)
    }

    /// The hashes of a tile, as far as there are any, one after the other.
    ///
    /// # Errors
    /// As [`AuditLog::leaves`].
    pub async fn tile(&self, level: u8, tile: u64) -> Result<Vec<u8>, StoreError> {
        if level == 0 {
            let leaves = self.leaves(tile).await?;
            return Ok(leaves.iter().flat_map(|leaf| record_hash(leaf).0).collect());
        }
        let mut hashes = Vec::new();
        for mut item in self.table.query("find_tile", &rows::tile(level, tile)).await? {
            let place = format!("{:03}", hashes.len() / HASH_SIZE);
            let is_next = take_string(&mut item, "k").is_ok_and(|k| k == place);
            let hash = take_binary(&mut item, "v").map_err(in_table(TABLE))?;
            if !is_next || hash.len() != HASH_SIZE {
                return Err(corrupt("v").in_table(TABLE));
            }
            hashes.extend(hash);
        }
        Ok(hashes)
    }

    /// The proof that the leaf at that place is in the tree of that size, which is one of this log.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn inclusion(&self, size: u64, place: u64) -> Result<RecordProof, StoreError> {
        self.prove(|reader| prove_record(size, place, reader)).await
    }

    /// The proof that the tree of that size goes on from the one of `from` leaves.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn consistency(&self, size: u64, from: u64) -> Result<TreeProof, StoreError> {
        if from == 0 || from == size {
            return Ok(TreeProof::new());
        }
        self.prove(|reader| prove_tree(size, from, reader)).await
    }

    /// The root of the tree of that size, from the tiles.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn root(&self, size: u64) -> Result<Hash, StoreError> {
        self.prove(|reader| tlog_tiles::tree_hash(size, reader)).await
    }

    /// Asks `proof` which hashes it needs, reads their tiles all at once, and lets it have them.
    async fn prove<P>(&self, proof: impl Fn(&Hashes) -> Result<P, Error>) -> Result<P, StoreError> {
        let asked = Hashes::default();
        if let Ok(proof) = proof(&asked) {
            return Ok(proof);
        }
        let asked: Vec<_> = asked.asked.into_inner().into_iter().collect();
        let tiles: Vec<_> = asked.iter().map(|index| Tile::from_index(HEIGHT, *index)).collect();
        let places: HashSet<_> =
            tiles.iter().map(|tile| (tile.level(), tile.level_index())).collect();
        let read = async |at: (u8, u64)| Ok::<_, StoreError>((at, self.tile(at.0, at.1).await?));
        let read: HashMap<_, _> =
            try_join_all(places.into_iter().map(read)).await?.into_iter().collect();
        let mut known = HashMap::new();
        for (index, tile) in asked.into_iter().zip(tiles) {
            let hashes = read.get(&(tile.level(), tile.level_index()));
            let hash = hashes.map(|hashes| tile.hash_at_index(hashes, index));
            let hash = hash.and_then(Result::ok).ok_or(corrupt("v").in_table(TABLE))?;
            known.insert(index, hash);
        }
        proof(&Hashes { known, ..Hashes::default() }).map_err(|_| corrupt("v").in_table(TABLE))
    }

    /// Whether a row that somebody has put fits the log as it stands: `p` and `k` of its key. One that fits
    /// is one of an append, which is a transaction.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::Unavailable`] when the log has grown each time it was looked at.
    pub async fn fits(
        &self,
        (partition, sort): (&str, &str),
        signed_by: &Verifier,
    ) -> Result<bool, StoreError> {
        let Some(row) = rows::Row::read(partition, sort) else { return Ok(false) };
        let key = Key::new(partition, sort);
        for _ in 0..LOOKS {
            let Ok(Some(head)) = sound(self.head().await)? else { return Ok(false) };
            match sound(self.row_fits(&head, row, &key, signed_by).await)? {
                Ok(true) => return Ok(true),
                // It may have grown since the head was read.
                _ if self.head().await.as_ref().is_ok_and(|now| now.as_ref() == Some(&head)) => {
                    return Ok(false);
                }
                _ => {}
            }
        }
        Err(StoreError::Unavailable)
    }

    async fn row_fits(
        &self,
        head: &Head,
        row: rows::Row,
        key: &Key,
        signed_by: &Verifier,
    ) -> Result<bool, StoreError> {
        let size = head.frontier.size();
        Ok(match row {
            rows::Row::Head => {
                let root = (size, head.frontier.root());
                note::read_by(signed_by, &head.checkpoint) == Some(root)
                    && self.last_checkpoint().await?.as_ref() == Some(&head.checkpoint)
            }
            rows::Row::Checkpoint(of) => {
                let note = self.checkpoint(of).await?;
                let said = note.as_deref().and_then(|note| note::read_by(signed_by, note));
                of <= size && said.is_some() && said == Some((of, self.root(of).await?))
            }
            rows::Row::Leaves(tile) => {
                let expected = size.saturating_sub(tile.saturating_mul(WIDTH)).min(WIDTH);
                let leaves = self.leaves(tile).await?;
                expected > 0 && u64::try_from(leaves.len()) == Ok(expected)
            }
            rows::Row::Hash(level, index) => {
                let height = u32::from(level) * u32::from(HEIGHT);
                let complete = size.checked_shr(height).unwrap_or(0);
                level > 0 && index < complete && self.is_of_its_tile(level, index).await?
            }
            rows::Row::Index => self.index_fits(key).await?,
        })
    }

    /// Whether the hash at that place of a level is that of the tile below it.
    async fn is_of_its_tile(&self, level: u8, index: u64) -> Result<bool, StoreError> {
        let above = self.tile(level, index / WIDTH).await?;
        let below = self.tile(level - 1, index).await?;
        let place = usize::try_from(index % WIDTH).unwrap_or(usize::MAX) * HASH_SIZE;
        let is_whole = u64::try_from(below.len() / HASH_SIZE) == Ok(WIDTH);
        let hash = above.get(place..place.saturating_add(HASH_SIZE));
        Ok(is_whole && hash == Some(Tile::subtree_hash(&below).0.as_slice()))
    }

    /// Whether a row of the index has entries, each names the leaf of its event, and its key is made of them.
    async fn index_fits(&self, key: &Key) -> Result<bool, StoreError> {
        // A row that is gone by now has expired; its own record tells of that.
        let Some(item) = self.table.get("find_index_row", key).await? else { return Ok(true) };
        let attributes = item.len();
        let Ok(entries) = entries(item) else { return Ok(false) };
        let entries: Vec<_> = entries.collect();
        let (Some(last), Some(first)) =
            (entries.iter().map(|entry| entry.0).max(), entries.iter().map(|entry| entry.1).min())
        else {
            return Ok(false);
        };
        // The first leaf of the append, which may be of another hour.
        let named = key.sort.split_once('#').and_then(|(_, first)| first.parse().ok());
        let Some(named) = named.filter(|named| *named <= first) else { return Ok(false) };
        let is_named = rows::index_row(&key.partition, last, named) == *key;
        if !is_named || attributes != INDEX_ATTRIBUTES {
            return Ok(false);
        }
        let mut tiles = HashMap::new();
        for (id, place) in entries {
            if !self.is_at(id, place, &mut tiles).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Head {
    fn empty() -> Self {
        let (frontier, stated) = (Frontier::default(), BTreeMap::new());
        Self { frontier, checkpoint: String::new(), stated }
    }
}

/// Takes apart that something cannot be read now from that it is not what was stored.
fn sound<T>(read: Result<T, StoreError>) -> Result<Result<T, StoreError>, StoreError> {
    match read {
        Err(error @ (StoreError::Corrupt { .. } | StoreError::OtherVersion)) => Ok(Err(error)),
        Err(error) => Err(error),
        Ok(value) => Ok(Ok(value)),
    }
}

/// How many of these leaves fit into one transaction.
#[must_use]
pub fn at_once(leaves: &[Leaf]) -> usize {
    let mut hours = HashSet::new();
    for (count, leaf) in leaves.iter().enumerate() {
        hours.extend(leaf.event().map(|id| rows::index(id.made_at_ms())));
        if hours.len() > HOURS_AT_ONCE || count == LEAVES_AT_ONCE {
            return count;
        }
    }
    leaves.len()
}

/// The pieces of the tiles of leaves.
fn pieces(first: u64, leaves: &[Vec<u8>]) -> Vec<Item> {
    let mut items = Vec::new();
    let (mut at, mut rest) = (first, leaves);
    while !rest.is_empty() {
        let room = usize::try_from(WIDTH - at % WIDTH).unwrap_or(usize::MAX);
        let (piece, behind) = rest.split_at(room.min(rest.len()));
        let mut item = rows::piece(at).item();
        item.insert("b".to_owned(), number(first));
        item.insert("v".to_owned(), binary(leaf::bundle(piece)));
        items.push(item);
        at += u64::try_from(piece.len()).unwrap_or(u64::MAX);
        rest = behind;
    }
    items
}

/// The rows of the index for these leaves, which begin at that place of the tree.
fn index_rows(first: u64, leaves: &[Leaf]) -> Vec<Item> {
    let mut hours: BTreeMap<String, Vec<(EventId, u64, u64)>> = BTreeMap::new();
    for (leaf, place) in leaves.iter().zip(first..) {
        if let Leaf::Event { id, end_s, .. } = leaf {
            let hour = rows::index(id.made_at_ms());
            hours.entry(hour).or_default().push((*id, place, *end_s));
        }
    }
    let row = |(hour, entries): (String, Vec<(EventId, u64, u64)>)| {
        let last = entries.iter().map(|entry| entry.0).max()?;
        let end_s = entries.iter().map(|entry| entry.2).max()?;
        let mut item = rows::index_row(&hour, last, first).item();
        let entry = |(id, place, _): &(EventId, u64, u64)| {
            [id.as_bytes().as_slice(), &place.to_be_bytes()].concat()
        };
        item.insert("v".to_owned(), binary(entries.iter().flat_map(entry).collect::<Vec<_>>()));
        let end_ms = i64::try_from(end_s.saturating_mul(1000)).unwrap_or(i64::MAX);
        item.insert(EXPIRES_AT.to_owned(), expiry(end_ms));
        Some(item)
    };
    hours.into_iter().filter_map(row).collect()
}

/// The entries of a row of the index.
fn entries(mut item: Item) -> Result<impl Iterator<Item = (EventId, u64)>, StoreError> {
    let bytes = take_binary(&mut item, "v").map_err(in_table(TABLE))?;
    let (entries, rest) = bytes.as_chunks::<ENTRY>();
    if !rest.is_empty() {
        return Err(corrupt("v").in_table(TABLE));
    }
    let read = |entry: &[u8; ENTRY]| {
        let (id, place) = entry.split_first_chunk::<16>()?;
        Some((EventId::from_slice(id)?, u64::from_be_bytes(place.try_into().ok()?)))
    };
    let entries: Option<Vec<_>> = entries.iter().map(read).collect();
    Ok(entries.ok_or(corrupt("v").in_table(TABLE))?.into_iter())
}

/// The hashes that a proof asks for: first nothing but their places, then the hashes.
#[derive(Default)]
struct Hashes {
    asked: std::cell::RefCell<Vec<u64>>,
    known: HashMap<u64, Hash>,
}

impl HashReader for Hashes {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, Error> {
        let known = indexes.iter().map(|index| self.known.get(index).copied()).collect();
        let missing = || Error::InvalidInput("asked for".to_owned());
        let known: Option<Vec<Hash>> = known;
        if known.is_none() {
            self.asked.borrow_mut().extend(indexes);
        }
        known.ok_or_else(missing)
    }
}
