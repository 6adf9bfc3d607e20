//! The change of a key that is compromised, as an operator wishes it: `{"compromised":"<kind>"}`, for the
//! root a second time with `"pin"`. IAM says who may call the job. A change is one transaction with
//! its security event; the run that follows it publishes and destroys what is left to do, and so does the
//! daily one, if this one is cut off.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::clock::rfc3339;
use shared::seal::sign::Signer;
use shared::seal::transport::KemSuite;
use shared::store::StoreError;
use shared::store::key_change::Changed;
use shared::store::security_event::{Action, SecurityEvent};
use shared::store::stack::Stack;
use shared::store::write::Write;
use shared::values::pins::Pins;

use super::{OPENS_FOR_MS, Stores, newest, pins, root, run, signed};

/// A kind of key that can be changed by this job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Signs receipts.
    Receipt,
    /// Sign staff tokens and seal the published set.
    Staff,
    /// Guards the staff's passwords, factors and sessions.
    Credential,
    /// Signs visitors' tokens.
    Visitor,
    /// Open what visitors seal.
    Transport,
    /// Signs the list of transport keys.
    Root,
}

/// The wish for a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wish {
    kind: Kind,
    /// The pin of the next root: pages have it.
    pin: Option<String>,
}

/// Why a wish is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoWish {
    /// Its form.
    Malformed,
    /// No such kind of key.
    UnknownKind,
    /// Only a root has a pin.
    PinOfAnother,
    /// The pin is not that of the root that is to follow.
    OtherPin,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    compromised: String,
    pin: Option<String>,
}

impl Kind {
    const ALL: [Self; 6] =
        [Self::Receipt, Self::Staff, Self::Credential, Self::Visitor, Self::Transport, Self::Root];

    /// Its word in the wish, the report and the event.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Receipt => "receipt",
            Self::Staff => "staff",
            Self::Credential => "credential",
            Self::Visitor => "visitor",
            Self::Transport => "transport",
            Self::Root => "root",
        }
    }
}

impl Wish {
    /// Reads a wish.
    pub(super) fn read(event: Value) -> Result<Self, NoWish> {
        let Raw { compromised, pin } =
            serde_json::from_value(event).map_err(|_| NoWish::Malformed)?;
        let mut kinds = Kind::ALL.into_iter();
        let kind = kinds.find(|kind| kind.as_str() == compromised).ok_or(NoWish::UnknownKind)?;
        if pin.is_some() && kind != Kind::Root {
            return Err(NoWish::PinOfAnother);
        }
        if pin.as_deref().is_some_and(|pin| Pins::try_from(pin).is_err()) {
            return Err(NoWish::OtherPin);
        }
        Ok(Self { kind, pin })
    }
}

impl fmt::Display for NoWish {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => out.write_str(
                "nothing was changed: the event takes compromised, a word, and for the root pin, and no other field",
            ),
            Self::UnknownKind => {
                let kinds = Kind::ALL.map(Kind::as_str).join(", ");
                write!(
                    out,
                    "nothing was changed: compromised is one of {kinds}; index and branch are the sweep's"
                )
            }
            Self::PinOfAnother => {
                out.write_str("nothing was changed: only the root has a pin")
            }
            Self::OtherPin => out.write_str(
                "nothing was changed: pin is not the pin of the root that is to follow; the event without pin names it",
            ),
        }
    }
}

/// Why a change was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotChanged {
    /// The wish is none.
    NoWish(NoWish),
    /// Something was not to be had.
    Store(StoreError),
}

impl From<StoreError> for NotChanged {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Fulfils a wish and gives the report: the kind, whether a key was changed by this call, and the pins
/// that pages are to have.
pub(super) async fn fulfil(stores: &Stores, wish: Wish) -> Result<Value, NotChanged> {
    let Wish { kind, pin } = wish;
    let mut stack = stores.settings.stack().await?;
    let event = async |what: &str| {
        let object = format!("{}{what}", kind.as_str());
        stores.events.put(SecurityEvent::of(Action::KeyChanged, object)).await
    };
    let changed = match kind {
        Kind::Receipt => stores.settings.change_receipt_key(&stack, event("").await?).await?,
        Kind::Staff => stores.settings.change_staff_keys(&stack, event("").await?).await?,
        Kind::Credential => stores.settings.change_credential_key(&stack, event("").await?).await?,
        Kind::Visitor => stores.settings.change_visitor_key(&stack, event("").await?).await?,
        Kind::Transport => transport(stores, stack, event("").await?).await?,
        Kind::Root => match pin {
            None => return next_root(stores, &stack, event("/next").await?).await,
            Some(pin) => {
                let pin =
                    Pins::try_from(&*pin).map_err(|_| NotChanged::NoWish(NoWish::OtherPin))?;
                change_root(stores, &mut stack, &pin, event("").await?).await?
            }
        },
    };
    let rotated = Box::pin(run(stores)).await?;
    Ok(json!(report(stores, kind, changed, rotated.root_pin)))
}

/// The report of a command.
#[derive(Serialize)]
struct Report {
    compromised: &'static str,
    /// Whether this call has changed something.
    changed: bool,
    /// When it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    /// The pins that pages are to have.
    root_pin: String,
    /// The pin of the root that is not in force yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_pin: Option<String>,
}

fn report(stores: &Stores, kind: Kind, changed: Changed, root_pin: String) -> Report {
    let changed = changed == Changed::Now;
    let at = changed.then(|| rfc3339(stores.clock.now_ms()));
    Report { compromised: kind.as_str(), changed, at, root_pin, next_pin: None }
}

/// Makes new pairs, and publishes them alone. The others open nothing from then on.
async fn transport(stores: &Stores, mut stack: Stack, event: Write) -> Result<Changed, StoreError> {
    let Stores { settings, clock, .. } = stores;
    let now_ms = clock.now_ms();
    if stack.was_withdrawn_lately(now_ms) {
        return Ok(Changed::Nothing);
    }
    // Later than each of those that it replaces, also within the same millisecond.
    let newest_ms = stack.transport_keys.iter().map(|key| key.made_at_ms).max();
    let made_at_ms = newest_ms.map_or(now_ms, |at_ms| now_ms.max(at_ms + 1));
    stack.transport_keys.clear();
    for suite in KemSuite::ALL {
        let life = (made_at_ms, now_ms + OPENS_FOR_MS);
        let key = settings.make_transport_key(&stack, suite, life).await?;
        stack.transport_keys.push(key);
    }
    let root = root(settings, &stack).await?;
    let jws = signed(stores, &root, &stack.transport_keys.iter().collect::<Vec<_>>())?;
    let list = (jws, root.verifier().as_raw().as_slice());
    settings.withdraw_transport_keys(&stack, list, made_at_ms - 1, event).await
}

/// Makes the root that is to follow, or finds it: pages have to pin it before it signs anything.
async fn next_root(stores: &Stores, stack: &Stack, event: Write) -> Result<Value, NotChanged> {
    let present = root(&stores.settings, stack).await?;
    let (next, changed) = match stores.settings.next_root(stack).await? {
        Some(next) => (next, Changed::Nothing),
        None => (stores.settings.make_next_root(stack, event).await?, Changed::Now),
    };
    let next_pin = next.verifier().pin().map_err(StoreError::from)?;
    let root_pin = pins(&present, Some(&next))?;
    let report = report(stores, Kind::Root, changed, root_pin);
    Ok(json!(Report { next_pin: Some(next_pin), ..report }))
}

/// Puts the root of that pin in force, with a list that it has signed.
async fn change_root(
    stores: &Stores,
    stack: &mut Stack,
    pin: &Pins,
    event: Write,
) -> Result<Changed, NotChanged> {
    let has = |signer: &Signer| signer.verifier().pin().is_ok_and(|its| pin.contains(&its));
    if has(&root(&stores.settings, stack).await?) {
        return Ok(Changed::Nothing);
    }
    let next = stores.settings.next_root(stack).await?.filter(has);
    let next = next.ok_or(NotChanged::NoWish(NoWish::OtherPin))?;
    let jws = signed(stores, &next, &newest(&mut stack.transport_keys))?;
    let list = (jws, next.verifier().as_raw().as_slice());
    Ok(stores.settings.change_root(stack, list, event).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_names_a_kind_and_nothing_else() {
        let read = |event: Value| Wish::read(event);
        for kind in Kind::ALL {
            let wish = Wish { kind, pin: None };
            assert_eq!(read(json!({ "compromised": kind.as_str() })), Ok(wish));
        }
        let pin = format!("sha256-{}", "A".repeat(43));
        let root = json!({ "compromised": "root", "pin": pin });
        assert_eq!(read(root), Ok(Wish { kind: Kind::Root, pin: Some(pin.clone()) }));
        for (event, why) in [
            (json!({ "compromised": "receipts" }), NoWish::UnknownKind),
            (json!({ "compromised": "" }), NoWish::UnknownKind),
            (json!({ "compromised": ["receipt"] }), NoWish::Malformed),
            (json!({ "compromised": null }), NoWish::Malformed),
            (json!({ "compromised": "receipt", "force": true }), NoWish::Malformed),
            (json!({ "compromised": "receipt", "pin": pin }), NoWish::PinOfAnother),
            (json!({ "compromised": "root", "pin": 1 }), NoWish::Malformed),
            (json!({ "compromised": "root", "pin": "sha256-" }), NoWish::OtherPin),
        ] {
            assert_eq!(read(event.clone()), Err(why), "{event}");
            assert!(why.to_string().starts_with("nothing was changed: "));
        }
    }
}
