//! One file a thing to look at: what is read of it, and what is judged from that. Reading decides
//! nothing and judging reads nothing, so every judgement has a test without AWS.

pub mod functions;
pub mod key;
pub mod published;
pub mod stack;
pub mod tables;
pub mod traffic;
pub mod watch;
