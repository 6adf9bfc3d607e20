//! The settings of the function.

use shared::config::{Lookup, TrustRoots, endpoint};

/// The configuration, read once at start.
#[derive(Debug, Clone)]
pub struct Config {
    /// Name of the table in which the sweep announces what it changes.
    pub ledger_table: String,
    /// The AWS region; Lambda sets it.
    pub region: String,
    /// Where DynamoDB is, if not at AWS.
    pub dynamodb_endpoint: Option<String>,
    /// The certificate authorities that the TLS connections to AWS trust.
    pub trust_roots: TrustRoots,
}

impl Config {
    /// Reads `SOTTO_TABLE_LEDGER`, `AWS_REGION`, `AWS_ENDPOINT_URL` (also with `_DYNAMODB` behind it)
    /// and `SOTTO_TRUST_ROOTS`.
    ///
    /// # Errors
    /// A sentence for each setting that is missing.
    pub fn read(lookup: Lookup<'_>) -> Result<Self, String> {
        let set = |name: &str| {
            let value = lookup(name).filter(|value| !value.is_empty());
            value.ok_or_else(|| format!("{name} is not set."))
        };
        match (set("SOTTO_TABLE_LEDGER"), set("AWS_REGION")) {
            (Ok(ledger_table), Ok(region)) => Ok(Self {
                ledger_table,
                region,
                dynamodb_endpoint: endpoint(lookup, "AWS_ENDPOINT_URL_DYNAMODB"),
                trust_roots: TrustRoots::read(lookup),
            }),
            (table, region) => Err([table, region]
                .into_iter()
                .filter_map(Result::err)
                .collect::<Vec<_>>()
                .join(" ")),
        }
    }
}
