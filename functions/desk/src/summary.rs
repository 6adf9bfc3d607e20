//! `GET /v1/reports/summary`: what happened between two dates, in numbers. It reads what the job `reports`
//! has counted, and no conversation.

use std::collections::BTreeMap;

use axum::extract::{RawQuery, State};
use http::StatusCode;
use serde::Serialize;
use shared::clock::rfc3339;
use shared::http::request::Sealable;
use shared::http::response::Reply;
use shared::http::staff::{AgentOrAdmin, Allowed};
use shared::problem::{Code, FieldCode, Problem};
use shared::store::body::Closing;
use shared::store::report::tally::{Durations, Tally};
use shared::store::report::utc_date;
use shared::values::handover::HandoverReason;
use shared::values::opening_hours::Date;
use shared::values::prices::conversations_usd;
use shared::values::site::Site;
use utoipa::ToSchema;

use crate::days::{Days, bounds, counted};
use shared::http::staff_app::App;

/// Days of a report at most, by day and by hour.
const DAYS: (usize, usize) = (366, 31);
/// Days of a report that names none.
const USUAL_DAYS: usize = 30;
/// The minutes that a person takes for a conversation, until five of them were handled.
const HANDLING_MINUTES: f64 = 5.0;
const HANDLED: u64 = 5;

/// A report.
#[derive(Serialize, ToSchema)]
pub struct Summary {
    /// A date in the site's time zone, included.
    from: String,
    /// The same.
    to: String,
    /// `day` or `hour`.
    bucket: &'static str,
    buckets: Vec<Bucket>,
    totals: Totals,
}

/// A day or an hour.
#[derive(Serialize, ToSchema)]
pub struct Bucket {
    /// When it begins.
    at: String,
    /// Conversations that were opened then.
    conversations: u64,
    /// Those of them that were handed over.
    handed_over: u64,
}

/// All days together. Where nothing was counted, percentiles, means and ratios are null.
#[derive(Serialize, ToSchema)]
pub struct Totals {
    conversations: u64,
    /// With an answer and without a hand-over.
    answered_by_bot_alone: u64,
    /// Those of all conversations with an answer or a hand-over, 0 to 1.
    #[schema(required = true)]
    deflection: Option<f64>,
    handed_over: u64,
    /// `asked`, `unknown`, `words`, `topic`, `upset`, `account`, `taken_over`, `other`.
    #[schema(value_type = BTreeMap<String, u64>)]
    handover_reasons: BTreeMap<&'static str, u64>,
    /// From the hand-over to the claim.
    waiting_seconds: Times,
    /// From the visitor's first message to the first answer of anybody.
    first_answer_seconds: Times,
    ratings: Ratings,
    helpful: Helpful,
    leads: u64,
    /// `solved`, `no_answer`, `spam`, `other`; `visitor` where the visitor ended it.
    #[schema(value_type = BTreeMap<String, u64>)]
    closing_reasons: BTreeMap<&'static str, u64>,
    /// Conversations that were opened outside the opening hours.
    outside_hours: u64,
    /// An estimate at list price, from counted messages, conversations and hand-overs.
    cost_usd: f64,
    #[schema(required = true)]
    cost_per_conversation_usd: Option<f64>,
    /// The time that people would have spent on the conversations that the bot answered alone: for each the
    /// median of those that agents handled, or five minutes while agents handled fewer than five.
    saved_hours: f64,
    /// At the site's hourly wage; null without one.
    #[schema(required = true)]
    saved_money: Option<f64>,
}

/// Percentiles by nearest rank, in whole seconds; above an hour in whole minutes.
#[derive(Serialize, ToSchema)]
pub struct Times {
    #[schema(required = true)]
    median: Option<u64>,
    #[schema(required = true)]
    p90: Option<u64>,
}

/// Scores of visitors.
#[derive(Serialize, ToSchema)]
pub struct Ratings {
    count: u64,
    #[schema(required = true)]
    mean: Option<f64>,
}

/// Visitors' judgement of the bot's answers.
#[derive(Serialize, ToSchema)]
pub struct Helpful {
    yes: u64,
    no: u64,
}

/// The dates of a report, and how fine it is.
#[derive(Default)]
struct Asked {
    from: Option<Date>,
    to: Option<Date>,
    by_hour: bool,
}

impl Asked {
    fn read(query: &str) -> Result<Self, Problem> {
        let mut asked = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let date = |pointer| {
                let date: Option<Date> = value.parse().ok().filter(|_| value.len() == 10);
                date.map(Some).ok_or_else(|| Problem::invalid(pointer, FieldCode::BadFormat))
            };
            match (&*name, &*value) {
                ("from", _) => asked.from = date("/query/from")?,
                ("to", _) => asked.to = date("/query/to")?,
                ("bucket", "day") => asked.by_hour = false,
                ("bucket", "hour") => asked.by_hour = true,
                ("bucket", _) => {
                    return Err(Problem::invalid("/query/bucket", FieldCode::NotAllowed));
                }
                ("site", site) if Site::find(site).is_none() => {
                    return Err(Problem::invalid("/query/site", FieldCode::NotAllowed));
                }
                _ => {}
            }
        }
        Ok(asked)
    }

    /// The days, the first to the last.
    fn days(&self, today: Date) -> Result<Vec<Date>, Problem> {
        let to = self.to.unwrap_or(today);
        let before = |date: &Date| date.yesterday().ok();
        let usual = || std::iter::successors(Some(to), before).nth(USUAL_DAYS - 1);
        let from = self.from.or_else(usual).unwrap_or(to);
        let most = if self.by_hour { DAYS.1 } else { DAYS.0 };
        let days = std::iter::successors(Some(from), |date| date.tomorrow().ok());
        let days: Vec<_> = days.take_while(|date| *date <= to).take(most + 1).collect();
        if days.is_empty() || days.len() > most {
            return Err(Problem::invalid("/query/to", FieldCode::NotAllowed));
        }
        Ok(days)
    }
}

#[utoipa::path(get, path = "/v1/reports/summary",
    params(("from" = Option<String>, Query,
            description = "A date in the site's time zone, included; 29 days before `to` if missing."),
        ("to" = Option<String>, Query, description = "The same; today if missing."),
        ("bucket" = Option<String>, Query,
            description = "`day` (default, at most 366 of them) or `hour` (at most 31 days)."),
        ("site" = Option<String>, Query)),
    responses((status = 200, body = Summary)))]
pub(crate) async fn get(
    State(app): State<App>,
    Sealable(Allowed(..)): Sealable<Allowed<AgentOrAdmin>>,
    RawQuery(query): RawQuery,
) -> Result<Reply<Summary>, Problem> {
    let asked = Asked::read(query.as_deref().unwrap_or_default())?;
    let site = Site::SHIPPED;
    let settings = app.store.stored_site(site).await?.settings;
    let zone = settings.zone();
    let days = asked.days(zone.day_of(app.clock.now_ms()))?;
    let (Some(first), Some(last)) = (days.first().copied(), days.last().copied()) else {
        return Err(Code::Internal.into());
    };
    let Days { kept: mut tallies, summed } = counted(&app, site, &zone, (first, last)).await?;
    tallies.extend(summed);
    let (begin_ms, end_ms) = bounds(&zone, (first, last));
    let exchanges = (utc_date(begin_ms), utc_date(end_ms));
    let exchanges = app.store.exchanges(site, (&exchanges.0, &exchanges.1)).await?;

    let mut all = Tally::default();
    let mut buckets = Vec::new();
    for day in &days {
        let tally = tallies.remove(day).unwrap_or_default();
        if asked.by_hour {
            let hours = tally.opened.into_iter().zip(tally.handed_over).enumerate();
            buckets.extend(hours.map(|(hour, (conversations, handed_over))| {
                let hour = u16::try_from(hour).unwrap_or_default();
                let at = rfc3339(zone.hour_start_ms(*day, hour));
                Bucket { at, conversations, handed_over }
            }));
        } else {
            let handed_over = tally.handed_over.iter().sum();
            let conversations = tally.conversations();
            let at = rfc3339(zone.day_start_ms(*day));
            buckets.push(Bucket { at, conversations, handed_over });
        }
        all.merge(tally);
    }
    Ok(Reply(
        StatusCode::OK,
        Summary {
            from: first.to_string(),
            to: last.to_string(),
            bucket: if asked.by_hour { "hour" } else { "day" },
            buckets,
            totals: totals(&all, exchanges, settings.hourly_wage),
        },
    ))
}

fn totals(all: &Tally, exchanges: u64, hourly_wage: Option<f64>) -> Totals {
    let times =
        |times: &Durations| Times { median: times.percentile(50), p90: times.percentile(90) };
    let handed_over: u64 = all.handed_over.iter().sum();
    let conversations = all.conversations();
    let answered = all.by_bot_alone + handed_over;
    let cost_usd = conversations_usd(float(conversations), float(exchanges), float(handed_over));
    let handled = all.handling.percentile(50).filter(|_| all.handling.count() >= HANDLED);
    let minutes = handled.map_or(HANDLING_MINUTES, |seconds| float(seconds) / 60.0);
    let saved_hours = float(all.by_bot_alone) * minutes / 60.0;
    let named = |counts: &BTreeMap<u8, u64>, name: fn(u8) -> &'static str| {
        let mut named = BTreeMap::new();
        for (code, count) in counts {
            *named.entry(name(*code)).or_default() += count;
        }
        named
    };
    Totals {
        conversations,
        answered_by_bot_alone: all.by_bot_alone,
        deflection: ratio(all.by_bot_alone, answered),
        handed_over,
        handover_reasons: named(&all.reasons, HandoverReason::word_of),
        waiting_seconds: times(&all.waiting),
        first_answer_seconds: times(&all.first_answer),
        ratings: Ratings { count: all.ratings.0, mean: ratio(all.ratings.1, all.ratings.0) },
        helpful: Helpful { yes: all.helpful.0, no: all.helpful.1 },
        leads: all.leads,
        closing_reasons: named(&all.closing, Closing::reason_of),
        outside_hours: all.outside,
        cost_usd,
        cost_per_conversation_usd: (conversations > 0).then(|| cost_usd / float(conversations)),
        saved_hours,
        saved_money: hourly_wage.map(|wage| wage * saved_hours),
    }
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| float(part) / float(whole))
}

#[expect(clippy::cast_precision_loss, reason = "counts of a site stay far below 2^52")]
fn float(count: u64) -> f64 {
    count as f64
}
