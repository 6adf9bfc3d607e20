//! The staff's sign-in: invitations, passwords, second factors, sessions, and the people page.
//!
//! Called by the console and by programs through API Gateway, and by operators of the account directly
//! ([`operator`]). Reads and writes the tables `identity` and `watch`, appends to `events`, reads
//! `settings` and writes the sessions that were ended there; uses KMS for the purposes `credential` and
//! `signing` (staff tokens only). [`gate`] issues every token that opens a route.

pub mod accept;
pub mod answer;
pub mod attempt;
pub mod caller;
pub mod client;
pub mod credential;
pub mod device;
pub mod enrolling;
pub mod factors;
pub mod finish;
pub mod gate;
pub mod invitations;
pub mod invite;
pub mod jwks;
pub mod keys;
pub mod login;
pub mod logout;
pub mod me;
pub mod operator;
pub mod passkeys;
pub mod password;
pub mod recovery;
pub mod refresh;
pub mod sessions;
pub mod staff;
pub mod state;
pub mod step_up;
pub mod store;
pub mod totp;

use axum::Router;
use shared::http::finish::{finish as finish_responses, no_other_page};

use crate::state::App;

shared::table! {
    App:
    invitations => post, __path_post [Conflict];
    invitations => list, __path_list;
    invitations => withdraw, __path_withdraw [NotFound];
    accept => post, __path_post [TokenInvalid, CredentialsInvalid, MfaRequired, Conflict, RateLimited];
    login => post, __path_post [CredentialsInvalid, MfaRequired, RateLimited];
    totp => post, __path_post [TokenInvalid, TokenExpired, CodeInvalid, CredentialsInvalid];
    totp => enrol, __path_enrol [Conflict];
    totp => confirm, __path_confirm [Conflict, CodeInvalid, CredentialsInvalid];
    recovery => post, __path_post [TokenInvalid, TokenExpired, CodeInvalid, CredentialsInvalid];
    recovery => renew, __path_renew [Conflict];
    passkeys => register_start, __path_register_start [Conflict, CodeInvalid];
    passkeys => register_finish, __path_register_finish [Conflict, CodeInvalid, CredentialsInvalid];
    passkeys => login_start, __path_login_start [Conflict, CodeInvalid];
    passkeys => login_finish, __path_login_finish [Conflict, CodeInvalid, CredentialsInvalid];
    password => post, __path_post [Conflict, CredentialsInvalid, RateLimited];
    refresh => post, __path_post [TokenMissing, TokenInvalid, TokenRevoked, TokenReused];
    step_up => post, __path_post [Conflict, CodeInvalid];
    logout => post, __path_post [Conflict];
    me => get, __path_get;
    sessions => get, __path_get;
    sessions => delete, __path_delete;
    sessions => delete_one, __path_delete_one;
    factors => get, __path_get;
    factors => patch, __path_patch [Conflict];
    factors => delete, __path_delete [Conflict];
    staff => list, __path_list;
    staff => get, __path_get;
    staff => patch, __path_patch [Conflict, CoolingDown];
    staff => delete, __path_delete [Conflict];
    jwks => get, __path_get;
}

/// The routes over their parts, to be finished with those of other functions.
pub fn routes(app: App) -> Router {
    served().with_state(app)
}

/// The function as it is served. No other origin's page may call it.
pub fn router(app: App) -> Router {
    let clock = app.clock.clone();
    finish_responses(routes(app), clock, no_other_page())
}
