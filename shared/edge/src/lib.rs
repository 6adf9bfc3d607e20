//! From event to response, for every function: routes, refusals, headers, CORS, log lines. It knows no
//! table, so a function that has none links none.

pub mod demands;
pub mod finish;
pub mod gateway;
pub mod metrics;
pub mod reply;
pub mod response;
pub mod routes;
pub mod stream;
pub mod telemetry;
