//! The credentials themselves: what is secret, how it is made, and when an answer is the right one.
//! Nothing here stores, throttles or decides who may sign in; that each code, step and challenge is
//! used once is the store's to see to, and every function says what it has to consume.

pub mod passkey;
pub mod password;
pub mod recovery;
pub mod totp;
