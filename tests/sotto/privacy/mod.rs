//! Transcripts and their lifetime: erasure, holds, the policy, the sweep, reading for a reason, and what
//! subjects ask for.

mod approvals;
mod cases;
mod erasure;
mod export;
mod holds;
mod policy;
mod receipts;
mod restore;
mod retention_table;
mod schedules;
mod search;
mod stage;
mod sweep;
mod transcripts;
