//! The hashes of the tree (RFC 6962, section 2.1), as far as appending needs them.

use tlog_tiles::{
    EMPTY_HASH, Error, HASH_SIZE, Hash, HashReader, node_hash, record_hash, stored_hash_index,
};

/// The height of a tile: it has 256 hashes.
pub const HEIGHT: u8 = 8;
/// The hashes of a complete tile.
pub const WIDTH: u64 = 1 << HEIGHT;

/// The hash of a tile that is complete, for its place in the tile of the level above.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Completed {
    /// The level of the tile that this hash goes into, at least 1.
    pub level: u8,
    /// Its place among all hashes of that level.
    pub index: u64,
    /// The hash.
    pub hash: Hash,
}

/// The hashes of the perfect subtrees that a tree of some size consists of, the largest first. A tree grows
/// from them alone.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Frontier {
    size: u64,
    hashes: Vec<Hash>,
}

impl Frontier {
    /// The frontier of that size with these hashes; `None` if their number does not fit.
    #[must_use]
    pub fn read(size: u64, bytes: &[u8]) -> Option<Self> {
        let (hashes, rest) = bytes.as_chunks::<HASH_SIZE>();
        let fits = rest.is_empty() && hashes.len() == usize::try_from(size.count_ones()).ok()?;
        fits.then(|| Self { size, hashes: hashes.iter().copied().map(Hash).collect() })
    }

    /// The frontier of the tree of that size, from its hashes.
    ///
    /// # Errors
    /// Those of the reader.
    pub fn of(size: u64, hashes: &impl HashReader) -> Result<Self, Error> {
        let heights = (0..64_u8).rev().filter(|height| size >> height & 1 == 1);
        let places: Vec<_> =
            heights.map(|height| stored_hash_index(height, (size >> height) - 1)).collect();
        Ok(Self { size, hashes: hashes.read_hashes(&places)? })
    }

    /// Its hashes, one after the other.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.hashes.iter().flat_map(|hash| hash.0).collect()
    }

    /// How many leaves the tree has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf, and gives the hashes of the tiles that it completes.
    pub fn push(&mut self, leaf: &[u8]) -> Vec<Completed> {
        let mut completed = Vec::new();
        let mut hash = record_hash(leaf);
        let mut height = 0;
        // Each perfect subtree at the end is as large as what was added: both become one of twice the size.
        while self.size >> height & 1 == 1 {
            let Some(left) = self.hashes.pop() else { break };
            hash = node_hash(left, hash);
            height += 1;
            if height % HEIGHT == 0 {
                let (level, index) = (height / HEIGHT, self.size >> height);
                completed.push(Completed { level, index, hash });
            }
        }
        self.hashes.push(hash);
        self.size += 1;
        completed
    }

    /// The subtrees whose leaves are the hashes of the last tile of a level, the first first: how many of
    /// these hashes each has, and its own.
    pub fn of_level(&self, level: u8) -> impl Iterator<Item = (usize, Hash)> + '_ {
        let lowest = u32::from(level) * u32::from(HEIGHT);
        let heights = (0..u64::BITS).rev().filter(|height| self.size >> height & 1 == 1);
        heights.zip(self.hashes.iter().copied()).filter_map(move |(height, hash)| {
            let within = height.checked_sub(lowest).filter(|within| *within < u32::from(HEIGHT))?;
            Some((1 << within, hash))
        })
    }

    /// The root of the tree.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut from_right = self.hashes.iter().rev().copied();
        let Some(last) = from_right.next() else { return EMPTY_HASH };
        from_right.fold(last, |right, left| node_hash(left, right))
    }
}

#[cfg(test)]
mod tests {
    use ct_merkle::mem_backed_tree::MemoryBackedTree;
    use proptest::prelude::*;
    use sha2::Sha256;
    use tlog_tiles::Tile;

    use super::*;

    fn leaf(number: u64) -> Vec<u8> {
        number.to_be_bytes().to_vec()
    }

    /// The roots of RFC 6962's reference implementation for its eight leaves.
    #[test]
    fn the_roots_are_those_of_the_reference_implementation() {
        let leaves: [&[u8]; 8] = [
            &[],
            &[0],
            &[0x10],
            &[0x20, 0x21],
            &[0x30, 0x31],
            &[0x40, 0x41, 0x42, 0x43],
            &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
            &[
                0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d,
                0x6e, 0x6f,
            ],
        ];
        let roots = [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let mut frontier = Frontier::default();
        assert_eq!(frontier.root(), EMPTY_HASH);
        for (leaf, root) in leaves.into_iter().zip(roots) {
            frontier.push(leaf);
            assert_eq!(data_encoding::HEXLOWER.encode(&frontier.root().0), root);
        }
    }

    #[test]
    fn a_tree_is_that_of_another_implementation_at_every_size() {
        let (mut frontier, mut other) = (Frontier::default(), MemoryBackedTree::<Sha256, _>::new());
        for number in 0..1_100 {
            frontier.push(&leaf(number));
            other.push(leaf(number));
            assert_eq!(
                frontier.root().0.as_slice(),
                other.root().as_bytes().as_slice(),
                "{number}"
            );
        }
    }

    #[test]
    fn a_complete_tile_has_one_hash_in_the_tile_above() {
        let mut frontier = Frontier::default();
        let mut completed = Vec::new();
        for number in 0..(2 * WIDTH + 5) {
            completed.extend(frontier.push(&leaf(number)));
        }
        let places: Vec<_> = completed.iter().map(|one| (one.level, one.index)).collect();
        assert_eq!(places, [(1, 0), (1, 1)]);
        let hashes: Vec<u8> = (0..WIDTH).flat_map(|number| record_hash(&leaf(number)).0).collect();
        assert_eq!(completed[0].hash, Tile::subtree_hash(&hashes));
    }

    proptest! {
        #[test]
        fn a_frontier_is_read_back(size in 0_u64..3_000) {
            let mut frontier = Frontier::default();
            for number in 0..size {
                frontier.push(&leaf(number));
            }
            let bytes = frontier.to_bytes();
            prop_assert_eq!(Frontier::read(size, &bytes), Some(frontier));
            prop_assert_eq!(Frontier::read(size + 1, &bytes).is_some(), size.count_ones() == (size + 1).count_ones());
        }
    }
}
