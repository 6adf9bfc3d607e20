//! The staff: how they come in, what opens for whom, and what never does.

mod documented;
mod factors;
mod matrix;
mod parameters;
mod passkeys;
mod people;
mod refresh;
mod sign_in;
mod throttle;
mod tokens;
