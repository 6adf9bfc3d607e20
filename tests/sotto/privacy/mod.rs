//! Transcripts and their lifetime: erasure, holds, the policy, the sweep, reading for a reason, and what
//! subjects ask for.

mod approvals;
mod cases;
mod contacts;
mod crowd;
mod erasure;
mod export;
mod forged;
mod holds;
mod policy;
mod receipts;
mod records;
mod restore;
mod retention_table;
mod schedules;
mod search;
pub(crate) mod stage;
mod sweep;
mod transcripts;
