//! Keys that nothing is wrapped by any more: transport keys past their use, and branch keys of months
//! whose conversations and contacts are all gone.

use shared::store::StoreError;
use shared::store::key_row::KeyRow;
use shared::store::policy::StoredPolicy;
use shared::values::site::Site;

use shared::http::staff_app::App;

/// Says how many it destroyed.
pub(super) async fn keys(app: &App, policy: &StoredPolicy) -> Result<usize, StoreError> {
    let transport = app.store.settings.destroy_ended_in_transport_table().await?;
    let mut in_use = Vec::new();
    for hold in app.store.holds_of_late().await? {
        in_use.extend(app.store.rows_on_hold(&hold).await?.iter().map(KeyRow::branch));
    }
    let branches = app.store.settings.retire_branches(Site::SHIPPED, policy, &in_use).await?;
    Ok(transport + branches)
}
