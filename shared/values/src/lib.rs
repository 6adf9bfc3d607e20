//! Values without I/O: each has one door, and past the door it is known to be well formed.

pub mod address;
pub mod clock;
pub mod config;
pub mod deadline;
pub mod encoding;
pub mod entry;
pub mod handover;
pub mod ids;
pub mod incident;
pub mod internet;
pub mod look;
pub mod object;
pub mod opening_hours;
pub mod pins;
pub mod policy;
pub mod prices;
pub mod problem;
pub mod random;
pub mod role;
pub mod secret;
pub mod site;
pub mod site_settings;
pub mod spreadsheet;
pub mod text;
pub mod token_life;
pub mod training;
