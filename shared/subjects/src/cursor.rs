//! Where a list goes on, as an opaque text that is good for one caller and one query. A transcript's is
//! sealed under the conversation's key; these are of lists that have none.

use seal::envelope::{DataKey, Sealed};
use seal::place::{BranchName, Place, Purpose};
use store::{Store, StoreError};
use values::encoding::{base64url, from_base64url};
use values::problem::{Code, FieldCode, Problem};
use values::secret::Plaintext;
use values::site::Site;

const LABEL: &str = "sotto/v1 export cursor";
/// The branch key that cursors are sealed under. Both functions that give out such may make it.
const BRANCH: &str = "export";

/// The cursor of a position, good at this place only.
///
/// # Errors
/// 503, and [`Code::Internal`] when there is no randomness.
pub async fn seal(
    store: &Store,
    site: &Site,
    place: &Place,
    position: &[u8],
) -> Result<String, Problem> {
    let sealed = key(store, site).await?.seal(place, position).map_err(|_| Code::Internal)?;
    Ok(base64url(sealed.as_stored()))
}

/// The position of a cursor.
///
/// # Errors
/// 422 for everything that [`seal`] did not make for the same place; 503.
pub async fn open(
    store: &Store,
    site: &Site,
    place: &Place,
    cursor: &str,
) -> Result<Plaintext, Problem> {
    let sealed = Sealed::from_stored(from_base64url(cursor).ok_or_else(refused)?);
    key(store, site).await?.open(place, &sealed).map_err(|_| refused())
}

/// The answer to a cursor that is not valid here.
#[must_use]
pub fn refused() -> Problem {
    Problem::invalid("/query/cursor", FieldCode::BadFormat)
}

async fn key(store: &Store, site: &Site) -> Result<DataKey, StoreError> {
    let branch = BranchName::new(site.id, Purpose::Index, BRANCH);
    Ok(DataKey::derive(&*store.settings.branch_key(&branch).await?, LABEL)?)
}
