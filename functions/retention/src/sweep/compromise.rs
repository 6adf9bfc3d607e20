//! The change of a site's keys after a compromise, as an operator wishes it: `{"compromised":"<kind>"}`.
//! IAM says who may call the job. The sweeps that follow do what is left ([`super::rewrap`]).

use serde::Deserialize;
use serde_json::{Value, json};
use shared::clock::rfc3339;
use shared::store::StoreError;
use shared::store::key_change::{Changed, SiteKeys};
use shared::store::security_event::{Action, SecurityEvent};
use shared::values::site::Site;

use shared::http::staff_app::App;

/// The wish for a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wish(SiteKeys);

/// The event is no such wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoWish;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    compromised: String,
}

impl Wish {
    /// Reads an event; `None` for one that asks for the sweep.
    pub(super) fn read(event: Value) -> Option<Result<Self, NoWish>> {
        event.get("compromised")?;
        let kind = serde_json::from_value(event).map(|Raw { compromised }| compromised);
        Some(match kind.as_deref() {
            Ok("index") => Ok(Self(SiteKeys::Index)),
            Ok("branch") => Ok(Self(SiteKeys::Branches)),
            Ok(_) | Err(_) => Err(NoWish),
        })
    }

    const fn as_str(self) -> &'static str {
        match self.0 {
            SiteKeys::Index => "index",
            SiteKeys::Branches => "branch",
        }
    }
}

/// Fulfils a wish and gives the report.
pub(super) async fn fulfil(app: &App, wish: Wish) -> Result<Value, StoreError> {
    let event = app.events.put(SecurityEvent::of(Action::KeyChanged, wish.as_str())).await?;
    let changed = app.store.settings.change_site_keys(Site::SHIPPED, wish.0, event).await?;
    Ok(match changed {
        Changed::Now => json!({
            "compromised": wish.as_str(), "changed": true, "at": rfc3339(app.clock.now_ms()),
        }),
        Changed::Nothing => json!({ "compromised": wish.as_str(), "changed": false }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_names_a_kind_and_nothing_else() {
        for kind in ["index", "branch"] {
            let wish = Wish::read(json!({ "compromised": kind })).unwrap().unwrap();
            assert_eq!(wish.as_str(), kind);
        }
        for event in [
            json!({ "compromised": "receipt" }),
            json!({ "compromised": ["index"] }),
            json!({ "compromised": null }),
            json!({ "compromised": "index", "now": true }),
        ] {
            assert_eq!(Wish::read(event.clone()), Some(Err(NoWish)), "{event}");
        }
        for event in [json!({}), json!(null), json!({ "detail-type": "Scheduled Event" })] {
            assert_eq!(Wish::read(event.clone()), None, "{event}");
        }
    }
}
