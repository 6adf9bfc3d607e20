//! The verification of a whole log, from the signed checkpoint down to the events.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

use store::StoreError;
use store::attributes::{Item, Value};
use store::security_event::partitions;
use store::table::Table;
use tlog_tiles::{Error, HASH_SIZE, Hash, HashReader, Tile, record_hash, tree_hash};
use values::clock::UnixMillis;
use values::ids::EventId;
use values::policy::DAY_MS;

use crate::leaf::{Commitment, Leaf, StoredEvent};
use crate::log::{AuditLog, Head};
use crate::note::NoteVerifier;
use crate::tree::{Frontier, HEIGHT, WIDTH};

/// How long an event may be on its way to the log.
const PENDING_MS: UnixMillis = 2 * 60 * 1000;
/// How far before the first event of the log others are looked for.
const LOOKED_BEFORE_MS: UnixMillis = 35 * DAY_MS;
/// The longest that an event is kept.
const LONGEST_KEPT_MS: UnixMillis = 3_653 * DAY_MS;

/// Something that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A checkpoint is not signed, or is not that of the tree.
    Checkpoint(u64),
    /// A tile is not the one of the checkpoint.
    Tile(u8, u64),
    /// An event is not the one in the log, is missing from it, or was deleted before its time.
    Event(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Checkpoint(size) => write!(out, "checkpoint {size}"),
            Self::Tile(level, tile) => write!(out, "tile {level}/{tile}"),
            Self::Event(id) => write!(out, "event {id}"),
        }
    }
}

/// The result of a verification.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// The faults, each once.
    pub faults: Vec<Fault>,
    /// How many leaves the log has.
    pub size: u64,
    /// How many stored events were compared with their leaves.
    pub events: u64,
    /// The present checkpoint, to be kept and given to the next verification.
    pub checkpoint: Option<String>,
}

/// Verifies the log and the events that it tells of. `since` is a checkpoint that was kept. The log may grow
/// meanwhile.
///
/// # Errors
/// [`StoreError`] when a table cannot be read.
pub async fn verify(
    log: &AuditLog,
    events: &Table,
    verifier: &NoteVerifier,
    since: Option<(u64, Hash)>,
    now_ms: UnixMillis,
) -> Result<Verified, StoreError> {
    let mut faults = Vec::new();
    let head = read_head(log, &mut faults).await?;
    let rows = log.checkpoints().await?;
    if rows.iter().any(Option::is_none) {
        faults.push(Fault::Checkpoint(0));
    }
    let checkpoints: BTreeMap<u64, String> = rows.into_iter().flatten().collect();
    let signed = |note: &String| verifier.read(note);
    let ours = head.as_ref().filter(|head| {
        signed(&head.checkpoint) == Some((head.frontier.size(), head.frontier.root()))
    });
    // A head that somebody else has written is not gone by: its size may be anything.
    let last = checkpoints.values().rev().find_map(signed);
    let (size, root) = match (ours, last) {
        (Some(head), _) => (head.frontier.size(), Some(head.frontier.root())),
        (None, Some((size, root))) => (size, Some(root)),
        (None, None) => (0, None),
    };
    if ours.is_none() && (head.is_some() || last.is_some()) {
        faults.push(Fault::Checkpoint(head.as_ref().map_or(size, |head| head.frontier.size())));
    }
    let mut tiles = Tiles::load(log, size).await?;
    let frontier = match ours {
        Some(head) => head.frontier.clone(),
        None => Frontier::of(size, &tiles).unwrap_or_default(),
    };
    if root.is_some_and(|root| frontier.root() != root) {
        faults.push(Fault::Checkpoint(size));
    }
    tiles.judge(&frontier, &mut faults);
    // Those that were made meanwhile are of the head of now.
    let now = read_head(log, &mut faults).await?;
    let limit = now.map_or(size, |now| now.frontier.size().max(size));
    let kept = since.map(|(of, root)| (of, Some((of, root))));
    let stored = checkpoints.iter().map(|(of, note)| (*of, signed(note)));
    for (of, said) in stored.chain(kept) {
        if of > size {
            if of > limit || said.is_none() {
                faults.push(Fault::Checkpoint(of));
            }
        } else if said.is_none() {
            faults.push(Fault::Checkpoint(of));
        } else if let Some(root) = tiles.root(of)
            && said != Some((of, root))
        {
            faults.push(Fault::Checkpoint(of));
        }
    }
    let named = ours.map(|head| (size, &head.checkpoint));
    if named.is_some_and(|(size, note)| checkpoints.get(&size) != Some(note)) {
        faults.push(Fault::Checkpoint(size));
    }
    let gone = tiles.appended_at.iter().filter(|of| **of > 0 && !checkpoints.contains_key(of));
    faults.extend(gone.map(|of| Fault::Checkpoint(*of)));
    if ours.is_some_and(|head| head.stated != tiles.stated()) && !tiles.lacks_leaves {
        faults.push(Fault::Checkpoint(size));
    }
    let compared = compare(log, &tiles, events, &mut faults, now_ms).await?;
    faults.sort_unstable();
    faults.dedup();
    let checkpoint = ours.map(|head| head.checkpoint.clone());
    Ok(Verified { faults, size, events: compared, checkpoint })
}

/// The head; a damaged one is a fault, and none.
async fn read_head(log: &AuditLog, faults: &mut Vec<Fault>) -> Result<Option<Head>, StoreError> {
    match log.head().await {
        Err(StoreError::Corrupt { .. }) => {
            faults.push(Fault::Checkpoint(0));
            Ok(None)
        }
        read => read,
    }
}

/// All tiles of a tree.
struct Tiles {
    all: BTreeMap<(u8, u64), Vec<u8>>,
    leaves: Vec<Vec<u8>>,
    /// The sizes at which the tree was appended to: of each there is a checkpoint.
    appended_at: HashSet<u64>,
    /// Whether leaves are missing, so that nobody can say which events are in the log.
    lacks_leaves: bool,
    widths: Vec<Tile>,
    /// The tiles of leaves that are not those of the checkpoint.
    spoilt: HashSet<u64>,
}

impl Tiles {
    /// The tiles of a tree of that size, without what was appended since.
    async fn load(log: &AuditLog, size: u64) -> Result<Self, StoreError> {
        let widths = Tile::new_tiles(HEIGHT, 0, size);
        let (mut all, mut leaves, mut lacks_leaves) = (BTreeMap::new(), Vec::new(), false);
        let mut appended_at = HashSet::new();
        for tile in &widths {
            let at = (tile.level(), tile.level_index());
            let width = usize::try_from(tile.width()).unwrap_or(usize::MAX);
            let hashes = if at.0 == 0 {
                log.pieces(at.1).await.map(|pieces| {
                    let ours = pieces.iter().map(|piece| piece.before).filter(|of| *of < size);
                    appended_at.extend(ours);
                    let found = pieces.into_iter().flat_map(|piece| piece.leaves).take(width);
                    let found: Vec<_> = found.collect();
                    let hashes = found.iter().flat_map(|leaf| record_hash(leaf).0).collect();
                    leaves.extend(found);
                    hashes
                })
            } else {
                log.tile(at.0, at.1).await
            };
            let mut hashes: Vec<u8> = match hashes {
                Err(StoreError::Corrupt { .. }) => {
                    lacks_leaves |= at.0 == 0;
                    Vec::new()
                }
                hashes => hashes?,
            };
            hashes.truncate(width.saturating_mul(HASH_SIZE));
            all.insert(at, hashes);
        }
        Ok(Self { all, leaves, appended_at, lacks_leaves, widths, spoilt: HashSet::new() })
    }

    /// The last statement of each name.
    fn stated(&self) -> BTreeMap<String, Commitment> {
        let leaves = self.leaves.iter().filter_map(|leaf| Leaf::read(leaf));
        let statements = leaves.filter_map(|leaf| match leaf {
            Leaf::Statement { name, commitment, .. } => Some((name, commitment)),
            Leaf::Event { .. } => None,
        });
        statements.collect()
    }

    /// Looks at every tile, from the frontier down. A tile of hashes that is wrong is made anew from those
    /// below it, if they are right: so each fault is named where it is.
    fn judge(&mut self, frontier: &Frontier, faults: &mut Vec<Fault>) {
        let mut from_top: Vec<_> = self
            .widths
            .iter()
            .map(|tile| (tile.level(), tile.level_index(), usize::try_from(tile.width())))
            .filter_map(|(level, index, width)| Some((level, index, width.ok()?)))
            .collect();
        from_top.sort_unstable_by(|a, b| b.cmp(a));
        for (level, index, width) in from_top {
            let stored = self.all.get(&(level, index)).map(Vec::as_slice).unwrap_or_default();
            if self.is_right(frontier, (level, index, width), stored) {
                continue;
            }
            faults.push(Fault::Tile(level, index));
            if level == 0 {
                self.spoilt.insert(index);
                continue;
            }
            let below = (0..WIDTH).take(width).map(|place| {
                let tile = self.all.get(&(level - 1, index * WIDTH + place));
                tile.filter(|tile| is_whole(tile)).map(|tile| Tile::subtree_hash(tile).0)
            });
            let made: Option<Vec<_>> = below.collect();
            let made: Option<Vec<u8>> = made.map(|hashes| hashes.concat());
            if let Some(made) =
                made.filter(|made| self.is_right(frontier, (level, index, width), made))
            {
                self.all.insert((level, index), made);
            }
        }
    }

    /// Whether these are the hashes of a tile, by the tile above it or by the frontier.
    fn is_right(
        &self,
        frontier: &Frontier,
        (level, index, width): (u8, u64, usize),
        hashes: &[u8],
    ) -> bool {
        if hashes.len() != width * HASH_SIZE {
            return false;
        }
        if is_whole(hashes) {
            let above = self.all.get(&(level + 1, index / WIDTH));
            let place =
                usize::try_from(index % WIDTH).unwrap_or(usize::MAX).saturating_mul(HASH_SIZE);
            let named = above.and_then(|above| above.get(place..place.saturating_add(HASH_SIZE)));
            return named == Some(Tile::subtree_hash(hashes).0.as_slice());
        }
        // The hashes of the last tile of a level are some subtrees of the frontier, one after the other.
        let mut rest = hashes;
        frontier.of_level(level).all(|(count, hash)| {
            let Some((subtree, behind)) = rest.split_at_checked(count * HASH_SIZE) else {
                return false;
            };
            rest = behind;
            Tile::subtree_hash(subtree) == hash
        }) && rest.is_empty()
    }

    /// The root of the tree of that size; nothing where a tile is not what it was.
    fn root(&self, size: u64) -> Option<Hash> {
        let is_within_spoilt = !size.is_multiple_of(WIDTH) && self.spoilt.contains(&(size / WIDTH));
        if is_within_spoilt {
            return None;
        }
        tree_hash(size, self).ok()
    }
}

fn is_whole(hashes: &[u8]) -> bool {
    u64::try_from(hashes.len() / HASH_SIZE) == Ok(WIDTH)
}

impl HashReader for Tiles {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, Error> {
        let read = |index: &u64| {
            let tile = Tile::from_index(HEIGHT, *index);
            let hashes = self.all.get(&(tile.level(), tile.level_index()));
            tile.hash_at_index(hashes.ok_or(Error::InvalidTile)?, *index)
        };
        indexes.iter().map(read).collect()
    }
}

/// Compares the events that are stored with their leaves; gives how many there were.
async fn compare(
    log: &AuditLog,
    tiles: &Tiles,
    events: &Table,
    faults: &mut Vec<Fault>,
    now_ms: UnixMillis,
) -> Result<u64, StoreError> {
    let mut known: HashMap<EventId, (u64, Commitment)> = HashMap::new();
    for leaf in &tiles.leaves {
        if let Some(Leaf::Event { id, end_s, commitment }) = Leaf::read(leaf)
            && known.insert(id, (end_s, commitment)).is_some()
        {
            faults.push(Fault::Event(id.to_string()));
        }
    }
    // Where a log was begun anew, events from before it are in none.
    let begun_ms = known.keys().map(EventId::made_at_ms).min().unwrap_or(now_ms);
    let begun_ms = (begun_ms - LOOKED_BEFORE_MS).max(now_ms - LONGEST_KEPT_MS);
    let mut compared = 0;
    for partition in partitions(begun_ms, now_ms + PENDING_MS) {
        for item in events.query("verify_events", &partition).await? {
            let Some(event) = StoredEvent::read(&item) else {
                faults.push(Fault::Event(name_of(&item)));
                continue;
            };
            let id = event.id();
            let is_pending = (now_ms - id.made_at_ms()).abs() < PENDING_MS;
            match (known.remove(&id), event.leaf()) {
                (Some((end_s, commitment)), leaf) => {
                    let named = Leaf::Event { id, end_s, commitment };
                    if leaf != Some(named) {
                        faults.push(Fault::Event(id.to_string()));
                    }
                }
                // It is of a release before the log, on its way, or appended meanwhile.
                (None, None) => continue,
                (None, Some(_)) if tiles.lacks_leaves || is_pending => continue,
                (None, Some(_)) if log.place_of(id).await?.is_some() => continue,
                (None, Some(_)) => faults.push(Fault::Event(id.to_string())),
            }
            compared += 1;
        }
    }
    let now_s = u64::try_from(now_ms.div_euclid(1000)).unwrap_or(0);
    let gone = known.iter().filter(|(_, (end_s, _))| *end_s > now_s);
    faults.extend(gone.map(|(id, _)| Fault::Event(id.to_string())));
    Ok(compared)
}

/// The name of an item that no function has stored: somebody may have made up its key.
fn name_of(item: &Item) -> String {
    let Some(Value::S(key)) = item.get("k") else { return "unreadable".to_owned() };
    let is_plain = |letter: &char| letter.is_ascii_alphanumeric() || "-_:.#".contains(*letter);
    let id = key.split_once('#').and_then(|(_, id)| EventId::parse(id));
    id.map_or_else(|| key.chars().filter(is_plain).take(80).collect(), |id| id.to_string())
}
