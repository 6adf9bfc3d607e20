//! Releases meet one another in a deployment, after it, and when it is taken back: what the release
//! before wrote is read, and what a later one wrote is refused by its own name.

mod before;
mod fixture;
mod later;
mod stored;
mod write;
