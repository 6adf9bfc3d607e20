//! From request to response: extractors, refusals, headers, logs.

pub mod app;
pub mod aws;
pub mod cursor;
pub mod demands;
pub mod erase;
pub mod export;
pub mod finish;
pub mod gateway;
pub mod metrics;
pub mod request;
pub mod response;
pub mod routes;
pub mod staff;
pub mod telemetry;
pub mod transcript;
