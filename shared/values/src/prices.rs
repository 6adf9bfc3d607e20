//! The cost of a million exchanges by the public price list, from the counts. Bench and reports count with
//! it.

/// The list prices of us-east-1 as taken down in November 2026, in USD, without free tier.
pub const PRICES: Prices = Prices {
    http_api_request: 1.00e-6,
    lambda_request: 0.20e-6,
    lambda_gb_second_arm: 13.3334e-6,
    write_unit: 0.625e-6,
    read_unit: 0.125e-6,
    kms_request: 3.00e-6,
    log_gb: 0.50,
};
/// Memory of the function in the template.
const MEMORY_GB: f64 = 0.25;
/// Seconds billed for an exchange of one or two calls to DynamoDB; it was not measured on Lambda.
const BILLED_SECONDS: f64 = 0.010;
const MILLION: f64 = 1e6;
/// Traffic by which calls that are made once a lifetime are shared out.
pub const EXCHANGES_PER_DAY: f64 = 1e6;

/// The prices that are counted with, in USD.
#[derive(Debug, Clone, Copy)]
pub struct Prices {
    /// A request to an HTTP API.
    pub http_api_request: f64,
    /// An invocation.
    pub lambda_request: f64,
    /// A GB-second of a function on arm64.
    pub lambda_gb_second_arm: f64,
    /// A write unit on demand.
    pub write_unit: f64,
    /// A read unit on demand.
    pub read_unit: f64,
    /// A request to KMS.
    pub kms_request: f64,
    /// A GB of logs taken in.
    pub log_gb: f64,
}

/// The resources that one exchange takes.
#[derive(Debug, Clone, Copy)]
pub struct Exchange {
    /// Write units.
    pub write_units: f64,
    /// Read units.
    pub read_units: f64,
    /// Calls to KMS.
    pub kms_calls: f64,
    /// Bytes of log.
    pub log_bytes: f64,
}

impl Exchange {
    /// USD for a million of them.
    #[must_use]
    pub fn usd_per_million(&self) -> f64 {
        let each = PRICES.http_api_request
            + PRICES.lambda_request
            + PRICES.lambda_gb_second_arm * MEMORY_GB * BILLED_SECONDS
            + PRICES.write_unit * self.write_units
            + PRICES.read_unit * self.read_units
            + PRICES.kms_request * self.kms_calls
            + PRICES.log_gb * self.log_bytes / 1e9;
        each * MILLION
    }
}

/// USD for a million of gateway, request and one write unit: nothing that stores an exchange behind an HTTP API costs less.
#[must_use]
pub fn floor_usd_per_million() -> f64 {
    (PRICES.http_api_request + PRICES.lambda_request + PRICES.write_unit) * MILLION
}

/// An exchange as the bench counts it: one write unit, and a line of log.
const EXCHANGE: Exchange =
    Exchange { write_units: 1.0, read_units: 0.0, kms_calls: 0.0, log_bytes: 300.0 };
/// Requests of a visit apart from its messages: the session, the keys, the conversation and its end.
const VISIT_REQUESTS: f64 = 4.0;
/// Write units of a visit apart from its messages: the key, the first event, the facts for the reports.
const VISIT_WRITE_UNITS: f64 = 3.0;
/// A hand-over with four minutes of waiting and ten with an agent, polls included, in USD.
pub const HANDOVER_USD: f64 = 0.000_691;

/// An estimate of what so many conversations cost, in USD at list price.
#[must_use]
pub fn conversations_usd(conversations: f64, exchanges: f64, handed_over: f64) -> f64 {
    let request = PRICES.http_api_request
        + PRICES.lambda_request
        + PRICES.lambda_gb_second_arm * MEMORY_GB * BILLED_SECONDS;
    let visit = VISIT_REQUESTS * request + VISIT_WRITE_UNITS * PRICES.write_unit;
    conversations * visit
        + exchanges * EXCHANGE.usd_per_million() / MILLION
        + handed_over * HANDOVER_USD
}
