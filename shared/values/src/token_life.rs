//! How long visitors' tokens live.

/// Seconds that a visitor's token is valid.
pub const TOKEN_SECONDS: i64 = 86_400;
/// Seconds after its end in which a guest's token still gives a new one.
pub const RENEWAL_SECONDS: i64 = 30 * 86_400;
