//! The counts of days in a site's time zone: totals that are kept, and sums of what is still known of each
//! conversation.

use std::collections::BTreeMap;

use futures_util::future::try_join_all;
use shared::clock::UnixMillis;
use shared::store::StoreError;
use shared::store::report::tally::{HOURS, Tally};
use shared::store::report::{FACTS_MS, utc_date};
use shared::values::opening_hours::{Date, Zone};
use shared::values::policy::DAY_MS;
use shared::values::site::Site;

use shared::http::staff_app::App;

/// The counts of days. A day on which nothing happened is in neither.
pub(crate) struct Days {
    /// Days whose totals are kept.
    pub(crate) kept: BTreeMap<Date, Tally>,
    /// The others, summed up now.
    pub(crate) summed: BTreeMap<Date, Tally>,
}

/// The first and the last instant of the days from one date to another, both included.
pub(crate) fn bounds(zone: &Zone, (first, last): (Date, Date)) -> (UnixMillis, UnixMillis) {
    let begin_ms = zone.day_start_ms(first);
    let end_ms = last.tomorrow().map_or(begin_ms, |next| zone.day_start_ms(next) - 1);
    (begin_ms, end_ms)
}

/// The counts of the days from one date to another, both included.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn counted(
    app: &App,
    site: &Site,
    zone: &Zone,
    (first, last): (Date, Date),
) -> Result<Days, StoreError> {
    let totals = app.store.totals(site, (&first.to_string(), &last.to_string())).await?;
    let dated = |(date, tally): (String, Tally)| Some((date.parse().ok()?, tally));
    let kept: BTreeMap<Date, Tally> = totals.into_iter().filter_map(dated).collect();
    // Facts lie by the date in UTC, and are gone after some days.
    let (begin_ms, end_ms) = bounds(zone, (first, last));
    let from_ms = begin_ms.max(app.clock.now_ms() - FACTS_MS);
    let instants = (0..).map(|days| from_ms + days * DAY_MS).take_while(|at| *at <= end_ms);
    let mut dates: Vec<_> = instants.chain([end_ms]).map(utc_date).collect();
    dates.dedup();
    let facts = try_join_all(dates.iter().map(|date| app.store.facts_of(site, date))).await?;
    let mut summed: BTreeMap<Date, Tally> = BTreeMap::new();
    for facts in facts.into_iter().flatten() {
        let opened = zone.local(facts.opened_ms);
        let day = opened.date();
        if (first..=last).contains(&day) && !kept.contains_key(&day) {
            let hour = usize::try_from(opened.hour()).unwrap_or_default() % HOURS;
            summed.entry(day).or_default().add(&facts, hour);
        }
    }
    Ok(Days { kept, summed })
}
