//! The staff: how they come in, what opens for whom, and what never does.

mod audit_bundle;
mod audit_log;
mod auditors;
mod audits;
mod cooling;
mod deletion;
pub(crate) mod documented;
mod examined;
mod factors;
mod incidents;
mod invitations;
mod matrix;
mod parameters;
mod passkeys;
mod people;
mod practices;
mod refresh;
mod resets;
mod sign_in;
mod takeover;
mod tampering;
mod throttle;
mod tokens;
mod training;
