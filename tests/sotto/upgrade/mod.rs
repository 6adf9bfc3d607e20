//! Releases meet one another in a deployment, after it, and when it is taken back: data of the
//! release before is read, and data of a later one is refused by its own name.

mod before;
mod fixture;
mod later;
mod stored;
mod write;
