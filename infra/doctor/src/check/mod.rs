//! Each file reads one part of the deployment and judges it. Reading decides nothing and judging
//! reads nothing, so every judgement has a test without AWS.

pub mod functions;
pub mod key;
pub mod published;
pub mod stack;
pub mod tables;
pub mod traffic;
pub mod watch;
