//! The job that counts what happened in conversations, for the reports. It reads headers alone: its role
//! opens nothing.
//!
//! Called by the stream of the conversations' table with the keys of new events, and once a day by a
//! schedule, which turns the facts of each day that is over into its totals.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use lambda_runtime::LambdaEvent;
use serde::Serialize;
use serde_json::{Value, json};
use shared::clock::UnixMillis;
use shared::http::telemetry::{self, Invocation, Outcome};
use shared::ids::ConversationId;
use shared::store::StoreError;
use shared::store::event::{Kind, place_in_stream};
use shared::store::report::{FACTS_MS, utc_date};
use shared::values::policy::DAY_MS;
use shared::values::site::Site;
use shared::values::site_settings::SiteSettings;

use crate::days;
use shared::http::staff_app::App;

/// Conversations that are counted at once.
const AT_ONCE: usize = 10;
/// A day is over when its last conversation is: they last seven days at most, and a job may be late.
const OVER_AFTER_DAYS: i64 = 9;

/// The result of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Reported {
    /// Conversations that were counted.
    pub conversations: usize,
    /// Messages that were answered at once.
    pub exchanges: u64,
    /// Records that name no event.
    pub unreadable: usize,
    /// Conversations whose log is damaged or of a later release; the others were counted.
    pub failed: usize,
    /// Days whose totals were made.
    pub days: usize,
}

/// The job and what it works with.
pub struct Job(App);

impl Job {
    /// The job over the parts of the function.
    #[must_use]
    pub fn new(app: App) -> Self {
        Self(app)
    }

    /// Handles a call and says what was done.
    ///
    /// # Errors
    /// [`StoreError`]; Lambda calls again. No conversation is counted twice by that, but messages that were
    /// answered may be: only the cost, an estimate, is made of them.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, StoreError> {
        let invocation = Invocation::begin(telemetry::Job::Reports, &self.0.clock, &event.context);
        let reported = match event.payload.get("Records").and_then(Value::as_array) {
            Some(records) => Box::pin(count(&self.0, records)).await,
            None => Box::pin(close_days(&self.0)).await,
        };
        let outcome = if reported.is_ok() { Outcome::Done } else { Outcome::Failed };
        let counts = reported.unwrap_or_default();
        let number = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        invocation
            .end(outcome)
            .with("conversations", number(counts.conversations))
            .with("exchanges", counts.exchanges)
            .with("unreadable", number(counts.unreadable))
            .with("failed", number(counts.failed))
            .with("days", number(counts.days))
            .print();
        reported.map(|reported| json!(reported))
    }
}

/// Counts the new events that the records of a batch name.
///
/// # Errors
/// [`StoreError`].
pub async fn count(app: &App, records: &[Value]) -> Result<Reported, StoreError> {
    let mut reported = Reported::default();
    let mut touched: BTreeMap<ConversationId, (u64, u64)> = BTreeMap::new();
    for record in records {
        match place_in_stream(record) {
            // The row of the inbox is no event.
            Some((_, 0)) => {}
            Some((id, seq)) => {
                let (first, last) = touched.entry(id).or_insert((seq, seq));
                (*first, *last) = ((*first).min(seq), (*last).max(seq));
            }
            None => reported.unreadable += 1,
        }
    }
    let site = Site::SHIPPED;
    let settings = app.store.site_settings(site).await?;
    let mut exchanges: BTreeMap<String, (UnixMillis, u64)> = BTreeMap::new();
    let touched: Vec<_> = touched.into_iter().collect();
    for some in touched.chunks(AT_ONCE) {
        let all = some.iter().map(|one| count_one(app, site, &settings, *one));
        for ((id, _), counted) in some.iter().zip(join_all(all).await) {
            match counted {
                Ok((answered, is_counted)) => {
                    let opened_ms = id.made_at_ms();
                    exchanges.entry(utc_date(opened_ms)).or_insert((opened_ms, 0)).1 += answered;
                    reported.exchanges += answered;
                    reported.conversations += usize::from(is_counted);
                }
                Err(StoreError::Corrupt { .. } | StoreError::OtherVersion) => {
                    tracing::error!(conversation = %id, "the log of a conversation cannot be counted");
                    reported.failed += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }
    for (date, (opened_ms, more)) in exchanges.iter().filter(|(_, (_, more))| *more > 0) {
        app.store.count_exchanges(site, (date, *opened_ms), *more).await?;
    }
    Ok(reported)
}

/// Counts what is new in a conversation; gives how many messages were answered at once, and whether its
/// facts were looked at.
async fn count_one(
    app: &App,
    site: &Site,
    settings: &SiteSettings,
    (id, (first, last)): (ConversationId, (u64, u64)),
) -> Result<(u64, bool), StoreError> {
    // With the one before: an exchange behind an exchange changes no count but that of exchanges.
    let events = app.store.counted_events(id, (first.saturating_sub(1), last)).await?;
    let new = events.iter().filter(|event| (first..=last).contains(&event.seq));
    let answered = new.filter(|event| event.header.kind == Kind::Exchange).count();
    let is_more = events.iter().any(|event| event.seq <= last && !event.is_plain());
    let is_counted = first == 1 || is_more;
    if is_counted {
        app.store.count_in(site, id, events, |at_ms| !settings.open_at(at_ms)).await?;
    }
    Ok((u64::try_from(answered).unwrap_or_default(), is_counted))
}

/// Makes the totals of the days that are over, as far as they are missing.
///
/// # Errors
/// [`StoreError`].
pub async fn close_days(app: &App) -> Result<Reported, StoreError> {
    let site = Site::SHIPPED;
    let settings = app.store.stored_site(site).await?.settings;
    let zone = settings.zone();
    let now_ms = app.clock.now_ms();
    let [first, last] = [FACTS_MS / DAY_MS - 1, OVER_AFTER_DAYS]
        .map(|days_ago| zone.day_of(now_ms - days_ago * DAY_MS));
    let mut reported = Reported::default();
    for (day, tally) in days::counted(app, site, &zone, (first, last)).await?.summed {
        let dated = (&*day.to_string(), zone.day_start_ms(day));
        reported.days += usize::from(app.store.keep_totals(site, dated, &tally).await?);
    }
    Ok(reported)
}
