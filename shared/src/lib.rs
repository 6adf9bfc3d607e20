//! The face of the crates that Sotto's functions share. Cargo holds the direction of their
//! dependencies: `values` → `seal` → `store` and `edge` → `access` → `subjects`, with `connect` below
//! `store` and `bot` on its own. A function that needs few of them names those crates instead.

pub use bot;
pub use edge::table;
pub use seal;
pub use store;
pub use values;
pub use values::{clock, config, ids, problem, random, secret, text};

/// Callers and their permits.
pub mod access {
    pub use access::{identity, keychain, staff, staff_keychain, subject_access, token};
    pub use store::permit;
}

/// From request to response.
pub mod http {
    pub use access::{app, bases, request, requirement as staff, staff_app};
    pub use edge::{demands, finish, gateway, metrics, response, routes, stream, telemetry};
    pub use subjects::{cursor, erase, export, live, transcript};

    /// The way to AWS and the clients of its services.
    pub mod aws {
        pub use connect::{SdkConfig, connector, sdk, sdk_config};
        pub use store::clients::{dynamodb, dynamodb_at, kms};
    }
}
