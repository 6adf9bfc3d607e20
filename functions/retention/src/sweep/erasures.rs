//! The rest of erasures, and of logs whose keys have ended before their items: ciphertext. Nobody can
//! read any of it by then, and of erasures contact, index entry and customer are gone already, unless
//! something came in between.
//!
//! The queue is fair by turns: each has a step of its log deleted, then the next has. So what is small is
//! gone at once, however much somebody else has left or asked for.

use std::collections::VecDeque;

use shared::clock::UnixMillis;
use shared::ids::ConversationId;
use shared::store::StoreError;
use shared::store::due::Queued;
use shared::store::erasure_request::Unfinished;
use shared::store::key_row::Guarded;
use shared::store::ledger::{Entry, Rest};

use super::several::{Step, work};
use super::{Budget, Swept, go_on};
use shared::http::staff_app::App;

/// Longer than a function keeps a conversation's key: nobody appends to a log any more that is deleted.
const QUIET_MS: UnixMillis = 2 * 60 * 1000;

/// A task of the queue.
enum Work {
    /// The erasure of that number.
    Erasure(u64),
    /// These logs, and then the erasure is finished.
    Logs(Box<Entry>, Vec<ConversationId>),
    /// A log that was queued.
    Queued(ConversationId),
}

/// Deletes ciphertext: of erasures and of the queue by turns.
pub(super) async fn finish(app: &App, budget: Budget, swept: &mut Swept) -> Result<(), StoreError> {
    let quiet_ms = app.clock.now_ms() - QUIET_MS;
    let mut unfinished = Vec::new();
    for found in app.store.unfinished().await? {
        unfinished.extend(go_on(found, swept)?.filter(|found| found.since_ms <= quiet_ms));
    }
    let mut queued = Vec::new();
    for found in app.store.queued().await? {
        queued.extend(go_on(found, swept)?);
    }
    let mut queue = VecDeque::new();
    let mut queued = queued.into_iter();
    for Unfinished { number, .. } in unfinished {
        queue.push_back(Work::Erasure(number));
        queue.extend(queued.next().map(|Queued { id, .. }| Work::Queued(id)));
    }
    queue.extend(queued.map(|Queued { id, .. }| Work::Queued(id)));
    let step = budget.step;
    work(app, budget, queue, swept, move |app, next| async move {
        match next {
            Work::Erasure(number) => begin(&app, number).await,
            Work::Logs(entry, logs) => go_on_with(&app, entry, logs, step).await,
            Work::Queued(id) => delete_queued(&app, id, step).await,
        }
    })
    .await
}

/// How long the oldest erasure and the oldest log of the queue have waited, in seconds.
pub(super) async fn ages(app: &App) -> Result<(u64, u64), StoreError> {
    let now_ms = app.clock.now_ms();
    let (unfinished, queued) = tokio::try_join!(app.store.unfinished(), app.store.queued())?;
    let age = |oldest: Option<UnixMillis>| {
        let since_ms = oldest.unwrap_or(now_ms);
        u64::try_from((now_ms - since_ms).div_euclid(1000)).unwrap_or_default()
    };
    let unfinished = unfinished.into_iter().flatten().map(|found| found.since_ms).min();
    let queued = queued.into_iter().flatten().map(|found| found.since_ms).min();
    Ok((age(unfinished), age(queued)))
}

/// Everything of an erasure but its logs.
async fn begin(app: &App, number: u64) -> Result<Step<Work>, StoreError> {
    let nothing = || Step::done(Swept::default());
    let Some(entry) = app.store.find_entry(number).await? else {
        app.store.finished(number).await?;
        return Ok(nothing());
    };
    if !app.store.find_subject(entry.subject).await?.has(entry.receipt) {
        return unproven(app, &entry).await;
    }
    let rows = app.store.destroy_rest(entry.subject).await?;
    // Before the log goes, from which the receipt counts.
    if app.store.receipt_of(&entry, &app.issuer).await?.is_none() {
        return unproven(app, &entry).await;
    }
    let mut logs = Vec::new();
    for row in rows.keys.iter().filter(|row| row.is_destroyed()) {
        match row.guarded {
            Guarded::Conversation(id) => logs.push(id),
            Guarded::Profile { .. } => app.store.delete_lead(entry.subject).await?,
        }
    }
    app.store.delete_customer(entry.subject).await?;
    Ok(Step { again: Some(Work::Logs(Box::new(entry), logs)), ..nothing() })
}

/// Tells of an entry that nothing bears out, and leaves what it speaks of as it is.
async fn unproven(app: &App, entry: &Entry) -> Result<Step<Work>, StoreError> {
    tracing::error!(number = entry.number, "the ledger has an erasure that nothing bears out");
    app.store.finish_unproven(&app.events, entry).await?;
    Ok(Step::done(Swept { unproven: 1, ..Swept::default() }))
}

/// A step of the logs that are left.
async fn go_on_with(
    app: &App,
    entry: Box<Entry>,
    mut logs: Vec<ConversationId>,
    step: usize,
) -> Result<Step<Work>, StoreError> {
    let mut swept = Swept::default();
    while let Some(id) = logs.last() {
        let left = step.saturating_sub(swept.items);
        if left == 0 {
            return Ok(Step { swept, again: Some(Work::Logs(entry, logs)) });
        }
        let (deleted, more) = app.store.delete_log(*id, left).await?;
        swept.items += deleted;
        if !more {
            logs.pop();
        }
    }
    let rest = if entry.kept.is_empty() { Rest::Nothing } else { Rest::Kept };
    let finished = Entry { rest, ..(*entry).clone() };
    // Where something was added to it meanwhile, the next run looks again.
    if app.store.change_entry(&entry, &finished).await? {
        app.store.finished(entry.number).await?;
        swept.erasures = 1;
    }
    Ok(Step::done(swept))
}

/// A step of a log whose key ended before its items do.
async fn delete_queued(
    app: &App,
    id: ConversationId,
    step: usize,
) -> Result<Step<Work>, StoreError> {
    let (deleted, more) = app.store.delete_log(id, step).await?;
    let swept = Swept { items: deleted, ..Swept::default() };
    if more {
        return Ok(Step { swept, again: Some(Work::Queued(id)) });
    }
    app.store.unqueue(id).await?;
    Ok(Step::done(swept))
}
