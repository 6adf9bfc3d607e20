//! The job that sends new contacts and incidents to a site's webhook, every minute: signed, tried six times within
//! fifteen hours, then given up with an alarm.

pub mod send;

use futures_util::future::join_all;
use lambda_runtime::LambdaEvent;
use serde::Serialize;
use serde_json::{Value, json};
use shared::clock::rfc3339;
use shared::http::metrics::Metric;
use shared::http::telemetry::{self, Invocation, Outcome};
use shared::store::StoreError;
use shared::store::delivery::{Content, Delivery};
use shared::store::lead::{Contact, Lead};
use shared::store::security_event::{Action, SecurityEvent};
use shared::store::webhook::Webhook;
use shared::values::site::Site;

use self::send::{Call, Machine, Resolve, Sender};
use shared::http::staff_app::App;

/// Deliveries that are sent in one run; the others wait for the next one.
const SENT: usize = 200;
/// Deliveries that are sent at once.
const AT_ONCE: usize = 10;
/// The reason in a delivery whose last try broke off.
const BROKE_OFF: &str = "broke_off";

/// The result of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Delivered {
    /// Deliveries that the receiver has taken.
    pub sent: usize,
    /// Tries that failed, with another to come.
    pub failed: usize,
    /// Deliveries that are given up.
    pub given_up: usize,
    /// Contacts that have ended meanwhile, and what the webhook is not for.
    pub dropped: usize,
    /// Rows of the outbox that could not be read; the run went on.
    pub damaged: usize,
}

/// The job and what it works with.
pub struct Job {
    app: App,
    sender: Sender<Machine>,
}

impl Job {
    /// The job over the parts of the function.
    ///
    /// # Errors
    /// As [`Sender::new`].
    pub fn new(app: App) -> Result<Self, String> {
        let sender = Sender::of_machine(app.webhooks, app.clock.clone())?;
        Ok(Self { app, sender })
    }

    /// Handles a call and says what was done.
    ///
    /// # Errors
    /// [`StoreError`]; the next run goes on.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, StoreError> {
        let job = telemetry::Job::Webhooks;
        let invocation = Invocation::begin(job, &self.app.clock, &event.context);
        let delivered = self.run().await;
        let outcome = if delivered.is_ok() { Outcome::Done } else { Outcome::Failed };
        let counts = delivered.unwrap_or_default();
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        invocation
            .end(outcome)
            .with("sent", count(counts.sent))
            .with("failed", count(counts.failed))
            .with("given_up", count(counts.given_up))
            .with("dropped", count(counts.dropped))
            .with("damaged", count(counts.damaged))
            .count(Metric::DeliveryGivenUp, count(counts.given_up))
            .count(Metric::Corrupt, count(counts.damaged))
            .print();
        delivered.map(|delivered| json!(delivered))
    }

    /// Sends what is due.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn run(&self) -> Result<Delivered, StoreError> {
        run(&self.app, &self.sender).await
    }
}

/// The result of one delivery.
enum Fate {
    Sent,
    Failed,
    GivenUp,
    Dropped,
    /// Another run has it.
    Elsewhere,
}

/// Sends what is due by this sender: first what has been due for longest.
///
/// # Errors
/// [`StoreError`] where the outbox cannot be read, or a row of it cannot be written.
pub async fn run<R: Resolve>(app: &App, sender: &Sender<R>) -> Result<Delivered, StoreError> {
    let site = Site::SHIPPED;
    let mut delivered = Delivered::default();
    let now_ms = app.clock.now_ms();
    let mut due = Vec::new();
    for read in app.store.deliveries(site).await? {
        match read {
            Ok(row) if row.given_up.is_none() && row.due_ms <= now_ms => due.push(row),
            Ok(_) => {}
            Err(error) => {
                tracing::error!(%error, "a delivery cannot be read");
                delivered.damaged += 1;
            }
        }
    }
    if due.is_empty() {
        return Ok(delivered);
    }
    due.sort_by_key(|row| row.due_ms);
    due.truncate(SENT);
    let webhook = app.store.webhook(site).await?;
    for some in due.chunks(AT_ONCE) {
        let all = some.iter().map(|row| deliver(app, sender, (site, webhook.as_ref()), row));
        for fate in join_all(all).await {
            match fate? {
                Fate::Sent => delivered.sent += 1,
                Fate::Failed => delivered.failed += 1,
                Fate::GivenUp => delivered.given_up += 1,
                Fate::Dropped => delivered.dropped += 1,
                Fate::Elsewhere => {}
            }
        }
    }
    Ok(delivered)
}

async fn deliver<R: Resolve>(
    app: &App,
    sender: &Sender<R>,
    (site, webhook): (&Site, Option<&Webhook>),
    row: &Delivery,
) -> Result<Fate, StoreError> {
    if !row.is_open() {
        return give_up(app, site, row, BROKE_OFF).await;
    }
    // Nobody wants it, or not any more: it is not opened, and not recorded as sent.
    let Some(webhook) = webhook.filter(|webhook| webhook.events().contains(&row.content.event()))
    else {
        app.store.end_delivery(site, row).await?;
        return Ok(Fate::Dropped);
    };
    if !take(app, site, row).await? {
        return Ok(Fate::Elsewhere);
    }
    let body = match body(app, site, row).await {
        Ok(Some(body)) => body,
        // The contact was erased, has ended or was left anew.
        Ok(None) => {
            app.store.end_delivery(site, row).await?;
            return Ok(Fate::Dropped);
        }
        Err(StoreError::Corrupt { .. } | StoreError::OtherVersion) => {
            return give_up(app, site, row, "damaged").await;
        }
        Err(error) => return Err(error),
    };
    let call = Call { url: webhook.url(), secret: webhook.expose_secret(), body };
    match sender.send(call).await {
        Ok(()) => {
            app.store.end_delivery(site, row).await?;
            Ok(Fate::Sent)
        }
        Err(failure) => {
            tracing::warn!(delivery = %row.id, %failure, "a webhook was called in vain");
            let tried = Delivery { tries: row.tries + 1, ..row.clone() };
            if failure.is_final() || !tried.is_open() {
                return give_up(app, site, row, failure.as_str()).await;
            }
            Ok(Fate::Failed)
        }
    }
}

/// Takes a delivery for one try; false when another run has it. It is recorded before the contact is opened,
/// once for all tries.
///
/// # Errors
/// [`StoreError`].
pub async fn take(app: &App, site: &Site, row: &Delivery) -> Result<bool, StoreError> {
    let told = match row.content {
        Content::Contact(subject) if row.tries == 0 => {
            Some(app.events.put(SecurityEvent::of(Action::ContactSent, subject)).await?)
        }
        _ => None,
    };
    app.store.take_delivery(site, row, told).await
}

async fn give_up(
    app: &App,
    site: &Site,
    row: &Delivery,
    reason: &'static str,
) -> Result<Fate, StoreError> {
    tracing::error!(delivery = %row.id, reason, "a delivery is given up");
    app.store.give_up_delivery(site, row, reason).await?;
    Ok(Fate::GivenUp)
}

/// The body of a call; nothing where the contact is not there any more.
async fn body(app: &App, site: &Site, row: &Delivery) -> Result<Option<Vec<u8>>, StoreError> {
    let created_at = rfc3339(row.left_ms);
    let data = match row.content {
        Content::Contact(subject) => {
            let lead = app.store.find_lead(subject).await?;
            let lead = lead.filter(|lead| lead.left_ms == row.left_ms);
            let Some(Lead { contact, left_ms: _, end_ms: _ }) = lead else { return Ok(None) };
            let Contact { conversation, email, locale, name, phone } = contact;
            json!({
                "name": name,
                "email": email,
                "phone": phone,
                "conversation_id": conversation,
                "locale": locale,
            })
        }
        Content::Incident { id, kind, severity } => json!({
            "id": id,
            "kind": kind,
            "severity": severity,
            "opened_at": created_at,
        }),
    };
    let body = json!({
        "id": row.id,
        "type": row.content.event(),
        "created_at": created_at,
        "site": site.id,
        "data": data,
    });
    Ok(Some(body.to_string().into_bytes()))
}
