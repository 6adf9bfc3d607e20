//! Inviting: what an admin, a reset and the first start have in common.

use shared::clock::{UnixMillis, rfc3339};
use shared::ids::StaffId;
use shared::problem::Problem;
use shared::store::write::Write;

use crate::keys::Keys;
use crate::state::App;
use crate::store::invitation::{Invitation, LIFETIME_MS, Purpose, Secret};

/// An invitation that was made, to be handed over.
pub struct Invited {
    /// The secret.
    pub token: String,
    /// Until when it is good.
    pub ends_at_ms: UnixMillis,
}

impl Invited {
    /// Until when it is good, as the API writes it.
    #[must_use]
    pub fn expires_at(&self) -> String {
        rfc3339(self.ends_at_ms)
    }
}

/// An invitation, and the writes that keep it.
///
/// # Errors
/// [`shared::store::StoreError`].
pub fn invite(
    app: &App,
    keys: &Keys,
    (staff, by): (StaffId, Option<StaffId>),
    purpose: Purpose,
) -> Result<(Invited, Vec<Write>), Problem> {
    let secret = Secret::generate()?;
    let ends_at_ms = app.clock.now_ms() + LIFETIME_MS;
    let invitation = Invitation { staff, purpose, by, ends_at_ms };
    let kept = app.store.put_invitation(keys, &secret, &invitation)?;
    let (token, ends_at_ms) = (secret.reveal().to_owned(), invitation.good_until_ms());
    Ok((Invited { token, ends_at_ms }, kept))
}
