//! The caller, with everything that is stored about them, for routes that act on their own account.

use shared::access::staff::Staff;
use shared::problem::{Code, Problem};

use crate::keys::Keys;
use crate::state::App;
use crate::store::person::Person;

/// The person of a token whose session has not ended. The session is read now, not from memory.
///
/// # Errors
/// [`Code::TokenRevoked`] when it does not.
pub async fn person(app: &App, keys: &Keys, staff: &Staff) -> Result<Person, Problem> {
    let person = app.store.person(keys, staff.id).await?;
    person.filter(|person| person.is_in(staff.session)).ok_or_else(|| Code::TokenRevoked.into())
}
