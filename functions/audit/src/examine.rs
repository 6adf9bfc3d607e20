//! The job that audits: the binary `examine` looks at the live stack, judges it, and stores the result.
//!
//! It runs every minute. Mostly nothing is due, and it counts the findings that are overdue. An audit that
//! somebody asked for, or that is due, is done in one run; a run that breaks off is begun anew by the next one,
//! since the result is stored in a single transaction.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use checks::aws::Clients;
use checks::finding::{CouldNot, Finding, Severity};
use checks::records::Records;
use checks::stack::{self, Resource, Stack};
use checks::verdict;
use lambda_runtime::LambdaEvent;
use serde::Serialize;
use serde_json::{Value, json};
use shared::access::staff_keychain::StaffKeyring;
use shared::clock::{Clock, UnixMillis};
use shared::config::{Backend, ConfigError, Lookup};
use shared::http::aws::{self, SdkConfig};
use shared::http::metrics::Metric;
use shared::http::telemetry::{self, Invocation};
use shared::ids::{AuditId, EventId};
use shared::store::StoreError;
use shared::store::audit::{Audit, Audits, Examined, carry_over, finished_object};
use shared::store::clients;
use shared::store::security_event::{Action, SecurityEvent, SecurityEvents};
use shared::store::staff_keys::log_key;
use shared::store::table::Table;
use shared::values::control::Control;
use shared::values::policy::DAY_MS;
use shared::values::training::COURSES;
use template::Template;
use tiles::log::AuditLog;

/// The first audit by itself comes when a new stack has settled.
const FIRST_MS: UnixMillis = 7 * DAY_MS;
/// An audit that has not come to its end for so long is given up.
const GIVEN_UP_MS: UnixMillis = 15 * 60 * 1000;
/// How long all calls about the stack may take together. The function has two minutes.
const PATIENCE: Duration = Duration::from_mins(1);
/// Items of a table that are read. Of a larger one nobody knows whether it is whole.
const SAMPLE: usize = 5_000;
/// Parameters of the stack that name a person.
const PERSONAL: [&str; 1] = ["AlarmEmail"];

/// The settings that the function reads from its environment.
#[derive(Debug, Clone)]
pub struct ExamineConfig {
    /// The way to AWS, and the settings' table.
    pub backend: Backend,
    /// The name of the stack.
    pub stack: String,
    /// From an audit to the next one by itself, in days.
    pub every_days: u16,
    /// The names of all tables, by the template's names.
    pub tables: BTreeMap<String, String>,
    /// The address of another AWS, for instance the local one.
    pub endpoint: Option<String>,
}

impl ExamineConfig {
    /// Reads what [`Backend::read`] reads, `SOTTO_STACK`, `SOTTO_AUDIT_DAYS` and the names of all tables.
    ///
    /// # Errors
    /// [`ConfigError`] that names every setting that is missing.
    pub fn read(lookup: Lookup<'_>, template: &Template) -> Result<Self, ConfigError> {
        let names = ["SOTTO_STACK", "SOTTO_AUDIT_DAYS", "SOTTO_TABLE_EVENTS", "SOTTO_TABLE_LOG"];
        let (backend, [stack, days, ..]) = Backend::read_with(lookup, names)?;
        let name = |table: &template::Table| {
            Some((table.logical_id().to_owned(), lookup(table.setting()?)?))
        };
        let tables = template.tables().iter().filter_map(name).collect();
        let every_days = days.parse().ok().filter(|days| *days > 0);
        Ok(Self {
            every_days: every_days
                .ok_or_else(|| ConfigError::of("SOTTO_AUDIT_DAYS is no number of days above 0."))?,
            tables,
            endpoint: lookup("AWS_ENDPOINT_URL").filter(|url| !url.is_empty()),
            backend,
            stack,
        })
    }

    fn table(&self, logical: &str) -> String {
        self.tables.get(logical).cloned().unwrap_or_default()
    }
}

/// The job and what it works with.
pub struct Examiner {
    config: ExamineConfig,
    template: &'static Template,
    clock: Clock,
    clients: Clients,
    staff_keys: StaffKeyring,
    log: AuditLog,
    events_table: Table,
    events: SecurityEvents,
    /// The audits that are stored.
    pub audits: Audits,
}

/// The counts of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Ran {
    /// The audit that was done.
    pub audit: Option<AuditId>,
    /// Controls of it that failed.
    pub failed: u64,
    /// Findings whose due date has passed.
    pub overdue: u64,
}

impl Examiner {
    /// The job over AWS clients that are configured already.
    #[must_use]
    pub fn with_sdk(
        config: ExamineConfig,
        template: &'static Template,
        clock: Clock,
        sdk: &SdkConfig,
    ) -> Self {
        let backend = &config.backend;
        let dynamo = aws::dynamodb(backend, sdk);
        let settings = Arc::new(clients::settings(backend, clock.clone(), sdk));
        let staff_keys = StaffKeyring::new(Arc::clone(&settings), clock.clone());
        let kept = staff_keys.audit_days();
        let events = config.table("EventsTable");
        let (region, roots) = (backend.region.clone(), backend.trust_roots.clone());
        Self {
            clients: Clients::patient(sdk, region, config.endpoint.clone(), roots),
            log: AuditLog::new(Table::new(dynamo.clone(), config.table("LogTable"))),
            events_table: Table::new(dynamo.clone(), events.clone()),
            audits: Audits::new(
                dynamo.clone(),
                config.table("IncidentsTable"),
                clock.clone(),
                kept.clone(),
            ),
            events: SecurityEvents::new(dynamo, events, settings, clock.clone(), kept),
            staff_keys,
            clock,
            template,
            config,
        }
    }

    /// Builds the clients and the job over them; makes no call.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn build(
        config: ExamineConfig,
        template: &'static Template,
        clock: Clock,
    ) -> Result<Self, String> {
        let sdk = aws::sdk_config(&config.backend)?;
        Ok(Self::with_sdk(config, template, clock, &sdk))
    }

    /// Handles a call and says what was done.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, StoreError> {
        let invocation = Invocation::begin(telemetry::Job::Examine, &self.clock, &event.context);
        let ran = Box::pin(self.run()).await;
        let outcome = match &ran {
            Ok(_) => telemetry::Outcome::Done,
            Err(_) => telemetry::Outcome::Failed,
        };
        let counts = ran.as_ref().copied().unwrap_or_default();
        invocation
            .end(outcome)
            .with("audits", u64::from(counts.audit.is_some()))
            .with("failed", counts.failed)
            .count(Metric::FindingsOverdue, counts.overdue)
            .print();
        ran.map(|ran| json!(ran))
    }

    /// Does the audit that somebody asked for or that is due, if there is one.
    ///
    /// # Errors
    /// [`StoreError`]; nothing of the audit is stored then.
    pub async fn run(&self) -> Result<Ran, StoreError> {
        // Also says how long everything is kept.
        let keys = self.staff_keys.get().await?;
        let mut ran = Ran::default();
        if let Some(audit) = self.asked_or_due().await? {
            let jwks = keys.jwks();
            (ran.audit, ran.failed) = Box::pin(self.examine(audit, jwks)).await?;
        }
        ran.overdue = self.overdue().await?;
        Ok(ran)
    }

    /// The audit that is to be done now.
    async fn asked_or_due(&self) -> Result<Option<Audit>, StoreError> {
        if let Some(audit) = self.audits.running().await? {
            return Ok(Some(audit));
        }
        let now_ms = self.clock.now_ms();
        let last = self.audits.last_finished().await?;
        let Some(next_ms) = self.audits.next_due_ms().await? else {
            self.audits.set_next_due(now_ms + FIRST_MS).await?;
            return Ok(None);
        };
        // A row that somebody puts far away delays nothing.
        let by_last = last.as_ref().and_then(|last| Some(last.ended_ms? + self.every_ms()));
        if now_ms < by_last.map_or(next_ms, |at_ms| next_ms.min(at_ms)) {
            return Ok(None);
        }
        let id = AuditId::generate(&self.clock)?;
        let audit = Audit::begun(id, now_ms, None, last.map(|audit| audit.id));
        let told = self.events.put(SecurityEvent::of(Action::AuditBegun, id)).await?;
        // Otherwise somebody has asked for one in this moment, which the next run does.
        Ok(self.audits.begin(&audit, told).await?.then_some(audit))
    }

    fn every_ms(&self) -> UnixMillis {
        i64::from(self.config.every_days) * DAY_MS
    }

    /// Looks, judges and stores; the audit, and how many controls have failed. No audit, where another run was
    /// faster.
    async fn examine(
        &self,
        mut audit: Audit,
        jwks: &str,
    ) -> Result<(Option<AuditId>, u64), StoreError> {
        let before = match audit.previous {
            None => None,
            Some(id) => Some(self.before(id).await),
        };
        let (last, states) = before.unwrap_or_default();
        let since = last.and_then(|last| last.checkpoint);
        // An audit that has not come to its end for so long never will: it ends with nothing examined, and makes
        // room for the next one.
        let is_given_up = self.clock.now_ms() - audit.asked_ms > GIVEN_UP_MS;
        let (stack, mut findings) = if is_given_up {
            (self.environment(), Vec::new())
        } else {
            Box::pin(self.look_at_stack()).await
        };
        if !is_given_up {
            findings.extend(self.look_at_records(&stack).await);
            findings.extend(checks::advisories::findings(self.clock.now_ms()));
        }
        let key = log_key(jwks);
        let now_ms = self.clock.now_ms();
        let kept = since.as_deref();
        let log = checks::log::check(&self.log, &self.events_table, key.as_ref(), kept, now_ms);
        let (of_log, checkpoint) = log.await;
        // The checkpoint of a log that does not hold is nothing to go on from.
        let holds = of_log.iter().all(|finding| finding.severity == Severity::Fine);
        audit.checkpoint = if holds { checkpoint } else { since };
        findings.extend(of_log);

        let examined = carry_over(verdict::judge(&findings, now_ms), &states, now_ms);
        let failed = examined.iter().filter(|one| one.judged.has_failed()).count();
        audit.ended_ms = Some(now_ms);
        let event = EventId::generate(&self.clock)?;
        audit.finished_event = Some(event);
        let configuration = configuration(&stack).to_string();
        let object = finished_object(audit.id, &examined, &configuration);
        let told = SecurityEvent::of(Action::AuditFinished, object);
        let told = self.events.put(SecurityEvent { id: Some(event), ..told }).await?;
        let is_ours = self.audits.finish(&audit, &examined, &configuration, told).await?;
        self.audits.set_next_due(now_ms + self.every_ms()).await?;
        let failed = u64::try_from(failed).unwrap_or(u64::MAX);
        Ok(if is_ours { (Some(audit.id), failed) } else { (None, 0) })
    }

    /// The audit before, and its states. A row that cannot be read must not keep all later audits from their end.
    async fn before(&self, id: AuditId) -> (Option<Audit>, Vec<Examined>) {
        let audit = self.audits.find(id).await.unwrap_or_else(|error| {
            tracing::error!(%error, "the audit before cannot be read");
            None
        });
        let states = self.audits.examined(id).await.unwrap_or_else(|error| {
            tracing::error!(%error, "the results of the audit before cannot be read");
            Vec::new()
        });
        (audit, states)
    }

    /// The stack, and the findings about it. Where CloudFormation tells of none, it has what the environment
    /// names: tables and key.
    async fn look_at_stack(&self) -> (Stack, Vec<Finding>) {
        let (clients, name) = (&self.clients, &self.config.stack);
        let why = match stack::look(clients, name).await {
            Ok(Some(stack)) => {
                let looks = checks::examine(clients, &stack, self.template, &self.clock);
                let looked = Box::pin(tokio::time::timeout(PATIENCE, looks)).await;
                let late =
                    || vec![checks::unknown("AWS does not answer within a minute.".to_owned())];
                return (stack, looked.unwrap_or_else(|_| late()));
            }
            Ok(None) => stack::absent(name, &clients.region).what,
            Err(could_not) => could_not.finding(&"The stack").what,
        };
        let stack = self.environment();
        let mut findings = checks::examine_data(clients, &stack, self.template).await;
        findings.push(checks::unknown(why));
        (stack, findings)
    }

    fn environment(&self) -> Stack {
        let table = |(logical, physical): (&String, &String)| Resource {
            logical: logical.clone(),
            physical: physical.clone(),
            kind: "AWS::DynamoDB::Table".to_owned(),
        };
        let key = ("KmsKeyArn".to_owned(), self.config.backend.kms_key.clone());
        Stack {
            name: self.config.stack.clone(),
            outputs: [key].into(),
            resources: self.config.tables.iter().map(table).collect(),
            ..Stack::default()
        }
    }

    async fn look_at_records(&self, stack: &Stack) -> Vec<Finding> {
        let records = match self.read_records().await {
            Err(could_not) => return vec![of_records(&could_not)],
            Ok(records) if records.broken().is_empty() => records,
            Ok(earlier) => match self.read_records().await {
                Err(could_not) => return vec![of_records(&could_not)],
                Ok(records) => records.behind(&earlier),
            },
        };
        let courses: Vec<_> = COURSES.iter().map(|course| (course.id, course.version)).collect();
        let made_ms = (stack.made_seconds > 0).then_some(stack.made_seconds * 1000);
        records.findings(&courses, self.clock.now_ms(), made_ms)
    }

    async fn read_records(&self) -> Result<Records, CouldNot> {
        let name_of = |logical: &str| self.config.tables.get(logical).cloned();
        let (dynamo, now) = (&self.clients.dynamodb, self.clock.now_seconds());
        Records::read(dynamo, self.template, name_of, now, Some(SAMPLE)).await
    }

    /// How many findings of the last audit are past their due date.
    async fn overdue(&self) -> Result<u64, StoreError> {
        let Some(last) = self.audits.last_finished().await? else { return Ok(0) };
        let now_ms = self.clock.now_ms();
        let standings = self.audits.standings(last.id).await?;
        let late = standings.iter().filter(|standing| standing.is_overdue(now_ms));
        Ok(u64::try_from(late.count()).unwrap_or(u64::MAX))
    }
}

/// The finding that no table could be read.
fn of_records(could_not: &CouldNot) -> Finding {
    let is_of_scan = |control: &&Control| control.nature().asked == "dynamodb:Scan";
    could_not.finding(&"The tables").about(Control::ALL.iter().filter(is_of_scan).copied())
}

/// The parts of the stack, for whoever looks at the audit from outside. No parameter that names a person.
fn configuration(stack: &Stack) -> Value {
    let parameters: BTreeMap<_, _> =
        stack.parameters.iter().filter(|(name, _)| !PERSONAL.contains(&name.as_str())).collect();
    let resources: Vec<_> = stack
        .resources
        .iter()
        .map(|one| json!({ "name": one.logical, "kind": one.kind, "at_aws": one.physical }))
        .collect();
    json!({
        "release": env!("CARGO_PKG_VERSION"),
        "stack": stack.name,
        "status": stack.status,
        "parameters": parameters,
        "outputs": stack.outputs,
        "resources": resources,
    })
}
