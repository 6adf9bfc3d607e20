//! The audit log: a log that nobody can rewrite unseen.
//!
//! Security events are the leaves of a Merkle tree (RFC 6962, section 2.1), kept as tiles (C2SP
//! tlog-tiles). Each batch of leaves ends with a checkpoint, which is signed (C2SP tlog-checkpoint and
//! signed-note). Whoever has kept a checkpoint can prove that the log of today goes on from it.
//!
//! [`leaf`] has the bytes of a leaf, [`tree`] the hashes, [`note`] the checkpoints, [`log`] the rows of the
//! table `log`, [`verify`] the verification of all of it. Hashes and notes are those of the kept crates
//! `tlog_tiles` and `signed_note`.

pub mod leaf;
pub mod log;
pub mod note;
pub mod proof;
mod rows;
pub mod tree;
pub mod verify;

pub use tlog_tiles::Hash;
