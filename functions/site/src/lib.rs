//! The pages' function: `widget.js`, what it loads, a demo page around it, and the staff's console.
//!
//! Called by browsers through API Gateway, which also sends it whatever no route takes. Reads and
//! writes nothing and calls nobody: its files are compiled in from `web/dist`, and its role may only
//! write its log.

mod console;
mod dist;
mod document;
mod files;
pub mod page;

use std::sync::Arc;

use axum::Router;
use edge::finish::{finish, no_other_page};
use values::clock::Clock;
use values::config::{Lookup, switch};
use values::pins::{PinError, Pins};

use page::Pages;

/// The settings of the function.
#[derive(Debug, Clone)]
pub struct Config {
    /// The root keys that the demo page's widget trusts.
    pub root_pins: Pins,
    /// Whether the demo page is served.
    pub demo_page: bool,
}

impl Config {
    /// Reads `SOTTO_ROOT_PIN`: pins separated by spaces, or nothing while the stack has no root key
    /// yet; the demo page's widget then refuses to send and says so. And `SOTTO_DEMO_PAGE`: `on`, which is
    /// the default, or `off`.
    ///
    /// # Errors
    /// A sentence that names the setting.
    pub fn read(lookup: Lookup<'_>) -> Result<Self, String> {
        let pins = lookup("SOTTO_ROOT_PIN").ok_or(PinError::NotSet);
        let pins = pins.and_then(|pins| Pins::try_from(pins.as_str()));
        let demo_page = switch(lookup, "SOTTO_DEMO_PAGE", true);
        Ok(Self { root_pins: pins.map_err(|error| error.to_string())?, demo_page: demo_page? })
    }
}

edge::table! {
    Arc<Pages>:
    page => get, __path_get [NoSuchRoute];
    console => get, __path_get;
    files => widget, __path_widget;
    files => asset, __path_asset [NoSuchRoute];
}

/// The routes over their parts, to be finished with those of other functions.
pub fn routes(config: &Config) -> Router {
    served().with_state(Arc::new(Pages::new(config)))
}

/// The function as it is served.
pub fn router(config: &Config, clock: Clock) -> Router {
    // No origin is listed: scripts are for every page, and say so themselves.
    finish(routes(config), clock, no_other_page())
}
