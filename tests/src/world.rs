//! A world: an AWS of its own in memory, the tables of the template, the functions, a clock.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use audit::Sequencer;
use audit::examine::{ExamineConfig, Examiner, Ran};
use aws_config::SdkConfig;
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_dynamodb::types::AttributeValue;
use axum::Router;
use data_encoding::BASE64;
use desk::return_claims::Returned;
use doctor::deployment::Services;
use editor::Content;
use intake::rotate::Stores;
use intake::rotate::job::{Job, JobError};
use lambda_http::{Context, LambdaEvent};
use local::aws::{Aws, Options, Place};
use local::content::demo;
use local::iam::access_key;
use local::iam::seen::file_of_the_tests;
use monitor::Watchman;
use retention::sweep::{self, Swept};
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::config::{Config, TrustRoots, VisitorsConfig};
use shared::http::app::{self, App};
use shared::http::aws::sdk_config;
use shared::http::finish::{LONG_DEADLINE, finish_within, no_other_page};
use shared::ids::{ConversationId, StaffId};
use shared::store::attributes::Item;
use shared::store::audit::Audits;
use shared::store::body::Agent;
use shared::store::knowledge::{Publication, Shelf};
use shared::store::live::Presence;
use shared::store::settings::Settings;
use shared::values::site::Site;
use template::{Table, Template};

use crate::api::Api;
use crate::visitor::Visitor;

/// Where the console of a world is.
pub const CONSOLE: &str = "https://console.example";
/// When every world begins: 2026-11-02, 09:00 UTC.
pub const BEGINNING_MS: i64 = 1_793_610_000_000;

/// An AWS, its tables, and the functions over them.
pub struct World {
    /// DynamoDB and KMS.
    pub aws: Aws,
    /// The time, for the functions and for the TTL.
    pub clock: Clock,
    /// The parts of the function that was started first.
    pub app: App,
    /// Its router.
    pub router: Router,
    /// The parts of the staff's sign-in.
    pub auth: auth::state::App,
    /// The parts of the function of transcripts and their lifetime.
    pub retention: shared::http::staff_app::App,
    /// The parts of the desk.
    pub desk: shared::http::staff_app::App,
    /// The parts of the editor.
    pub editor: shared::http::staff_app::App,
    /// The parts of the training.
    pub training: shared::http::staff_app::App,
    /// The parts of the monitor.
    pub monitor: monitor::App,
    /// The parts of the routes of the audit log.
    pub audit: audit::App,
    /// How functions are configured.
    pub config: Config,
    /// How the function that visitors call is configured.
    pub visitors_config: VisitorsConfig,
    auth_config: auth::state::Config,
    retention_config: shared::http::staff_app::Config,
    desk_config: shared::http::staff_app::Config,
    monitor_config: monitor::Config,
    audit_config: audit::Config,
    sequence_config: audit::SequenceConfig,
    examine_config: Box<ExamineConfig>,
    /// The place in the events' stream that the sequencer has come to.
    sequenced: Mutex<Place>,
    rotation_config: intake::rotate::Config,
    sdk: SdkConfig,
}

impl World {
    /// A world whose keys have been rotated once.
    pub async fn new() -> Self {
        Self::with(&[]).await
    }

    /// The same with settings of its own.
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        let world = Self::start(None, BEGINNING_MS, settings);
        world.rotate_keys().await;
        Box::pin(world.publish_demo()).await;
        world
    }

    /// A world whose keys have been rotated once, and in which nothing is published.
    pub async fn unpublished() -> Self {
        let world = Self::start(None, BEGINNING_MS, &[]);
        world.rotate_keys().await;
        world
    }

    /// Publishes the entries of the demo, as an admin would.
    ///
    /// # Panics
    /// Where it cannot.
    pub async fn publish_demo(&self) {
        let site = Site::SHIPPED;
        for locale in site.locales {
            let Content { edition, base } = demo(locale).expect("the demo speaks it");
            let (bytes, evaluation) = base.expect("it is trained");
            let stored = self.editor.store.stored_site(site).await.expect("settings");
            let publication =
                Publication { edition: &edition, bytes: &bytes, evaluation, restored: None };
            let shelf = Shelf { site, locale };
            let published = self.editor.store.publish(shelf, &stored, publication, None).await;
            assert!(published.expect("it is published").is_some());
        }
    }

    /// A world at `now_ms` that keeps its data in `folder`, or finds it there.
    #[must_use]
    pub fn in_folder(folder: &Path, now_ms: i64) -> Self {
        Self::start(Some(folder), now_ms, &[])
    }

    fn start(folder: Option<&Path>, now_ms: i64, settings: &[(&str, &str)]) -> Self {
        let clock = Clock::manual(now_ms);
        let data = folder.map(Path::to_owned);
        let seen = Some(file_of_the_tests());
        let options = Options { data, clock: clock.clone(), seen, ..Options::default() };
        let aws = Aws::start(options).expect("an AWS of its own");
        let tables = Template::deployed().expect("the template").tables();
        for table in tables {
            aws.ensure_table(table, &name_of(table)).expect("the table is made");
        }
        let key = aws.ensure_key("alias/world").expect("the key is made");
        let read = |name: &str| {
            let table = tables.iter().find(|table| table.setting() == Some(name));
            let own = settings.iter().find(|(known, _)| *known == name);
            if let Some((_, value)) = own {
                return Some((*value).to_owned());
            }
            match name {
                "SOTTO_GUEST_LIMIT" => Some("0".to_owned()),
                "SOTTO_SEALED_ONLY" => Some("off".to_owned()),
                "SOTTO_CONSOLE_ORIGIN" => Some(CONSOLE.to_owned()),
                "SOTTO_KMS_KEY" => Some(key.clone()),
                "AWS_ENDPOINT_URL" => Some(aws.url().to_owned()),
                "AWS_REGION" => Some("eu-central-1".to_owned()),
                "SOTTO_ISSUER" | "SOTTO_STACK" => Some("world".to_owned()),
                "SOTTO_AUDIT_DAYS" => Some("91".to_owned()),
                "SOTTO_ORIGINS" => Some("https://shop.example".to_owned()),
                _ => table.map(name_of),
            }
        };
        let visitors_config = VisitorsConfig::read(&read).expect("a complete configuration");
        let config = visitors_config.stores.clone();
        let auth_config = auth::state::Config::read(&read).expect("a complete configuration");
        let auth_sdk = sdk(&config, &access_key("auth"));
        let auth = auth::state::App::with_sdk(&auth_config, clock.clone(), &auth_sdk)
            .expect("memory for a hash");
        let retention_config =
            shared::http::staff_app::Config::read_with_log(&read).expect("a configuration");
        let rotation_config = intake::rotate::Config::read(&read).expect("a configuration");
        let retention_sdk = sdk(&config, &access_key("retention"));
        let retention = shared::http::staff_app::App::with_sdk(
            &retention_config,
            clock.clone(),
            &retention_sdk,
        );
        let desk_config =
            shared::http::staff_app::Config::read_sealable(&read).expect("a configuration");
        let desk_sdk = sdk(&config, &access_key("desk"));
        let desk = shared::http::staff_app::App::with_sdk(&desk_config, clock.clone(), &desk_sdk);
        let editor_sdk = sdk(&config, &access_key("editor"));
        let editor =
            shared::http::staff_app::App::with_sdk(&retention_config, clock.clone(), &editor_sdk);
        let training_sdk = sdk(&config, &access_key("training"));
        let training =
            shared::http::staff_app::App::with_sdk(&retention_config, clock.clone(), &training_sdk);
        let monitor_config = monitor::Config::read(&read).expect("a configuration");
        let monitor_sdk = sdk(&config, &access_key("monitor"));
        let monitor = monitor::App::with_sdk(&monitor_config, clock.clone(), &monitor_sdk)
            .expect("the playbooks are read");
        let audit_config = audit::Config::read(&read).expect("a configuration");
        let audit_sdk = sdk(&config, &access_key("audit"));
        let audit = audit::App::with_sdk(&audit_config, clock.clone(), &audit_sdk);
        let sequence_config = audit::SequenceConfig::read(&read).expect("a configuration");
        let template = Template::deployed().expect("the template");
        let examine_config = ExamineConfig::read(&read, template).expect("a configuration");
        let sequenced = aws.stream_end(&retention_config.events_table).expect("it has a stream");
        let sdk = sdk(&config, &access_key("intake"));
        let app = App::with_sdk(&visitors_config, clock.clone(), &sdk);
        let router = intake::router(app.clone());
        Self {
            aws,
            clock,
            app,
            router,
            auth,
            retention,
            desk,
            editor,
            training,
            monitor,
            audit,
            config,
            visitors_config,
            auth_config,
            retention_config,
            desk_config,
            monitor_config,
            audit_config,
            sequence_config,
            examine_config: Box::new(examine_config),
            sequenced: Mutex::new(sequenced),
            rotation_config,
            sdk,
        }
    }

    /// Another instance of the function, with cold caches, over the same tables.
    #[must_use]
    pub fn another_function(&self) -> App {
        App::with_sdk(&self.visitors_config, self.clock.clone(), &self.sdk)
    }

    /// Another instance of the staff's sign-in, with cold caches, over the same tables.
    #[must_use]
    pub fn another_auth(&self) -> auth::state::App {
        let sdk = self.sdk_of("auth");
        auth::state::App::with_sdk(&self.auth_config, self.clock.clone(), &sdk)
            .expect("memory for a hash")
    }

    /// The staff's API by instances with cold caches.
    #[must_use]
    pub fn another_staff_api(&self) -> Api {
        let auth = auth::routes(self.another_auth());
        let routes = auth.merge(retention::routes(self.retention_of("retention")));
        let sdk = self.sdk_of("desk");
        let desk =
            shared::http::staff_app::App::with_sdk(&self.desk_config, self.clock.clone(), &sdk);
        let editor = editor::routes(self.retention_of("editor"));
        let training = training::routes(self.retention_of("training"));
        let routes = routes.merge(desk::routes(desk)).merge(editor).merge(training);
        let sdk = self.sdk_of("monitor");
        let monitor = monitor::App::with_sdk(&self.monitor_config, self.clock.clone(), &sdk);
        let routes = routes.merge(monitor::routes(monitor.expect("the playbooks are read")));
        let sdk = self.sdk_of("audit");
        let audit = audit::App::with_sdk(&self.audit_config, self.clock.clone(), &sdk);
        let routes = routes.merge(audit::routes(audit));
        let (clock, pages) = (self.clock.clone(), no_other_page());
        Api::Events(finish_within(routes, clock, pages, LONG_DEADLINE))
    }

    fn retention_of(&self, program: &str) -> shared::http::staff_app::App {
        let sdk = self.sdk_of(program);
        shared::http::staff_app::App::with_sdk(&self.retention_config, self.clock.clone(), &sdk)
    }

    /// The staff's API by events: the routes of both of their functions, as the gateway puts them at
    /// one address.
    #[must_use]
    pub fn staff_api(&self) -> Api {
        let auth = auth::routes(self.auth.clone());
        let routes = auth.merge(retention::routes(self.retention.clone()));
        let routes = routes.merge(desk::routes(self.desk.clone()));
        let routes = routes.merge(editor::routes(self.editor.clone()));
        let routes = routes.merge(training::routes(self.training.clone()));
        let routes = routes.merge(monitor::routes(self.monitor.clone()));
        let routes = routes.merge(audit::routes(self.audit.clone()));
        let (clock, pages) = (self.clock.clone(), no_other_page());
        Api::Events(finish_within(routes, clock, pages, LONG_DEADLINE))
    }

    /// Runs the job that returns claims, as an instance of its own, and says what it did.
    pub async fn return_claims(&self) -> Returned {
        let sdk = self.sdk_of("return-claims");
        let app =
            shared::http::staff_app::App::with_sdk(&self.desk_config, self.clock.clone(), &sdk);
        Box::pin(desk::return_claims::run(&app)).await.expect("claims are returned")
    }

    /// The reader of the streams, with its rights, as an instance of its own.
    ///
    /// # Panics
    /// Where the playbooks are damaged.
    #[must_use]
    pub fn watchman(&self) -> Watchman {
        let sdk = self.sdk_of("detect");
        let watchman = Watchman::with_sdk(&self.monitor_config, self.clock.clone(), &sdk);
        watchman.expect("the playbooks are read")
    }

    /// All records of the streams, in order: what happened to logs, to security events, and to the audit log.
    ///
    /// # Panics
    /// Where there is no stream.
    #[must_use]
    pub fn records(&self) -> [Vec<Value>; 3] {
        [
            &self.config.conversations_table,
            &self.monitor_config.staff.events_table,
            &self.audit_config.log_table,
        ]
        .map(|table| self.aws.stream_records(table).expect("it has a stream"))
    }

    /// Runs the reader over all that the streams hold, those records too that it has seen.
    ///
    /// # Panics
    /// Where a record fails.
    pub async fn detect(&self) {
        let watchman = self.watchman();
        for records in self.records() {
            let changed = |record: &Value| record["eventName"] != "INSERT";
            let of_log =
                records.first().is_some_and(|one| one["dynamodb"]["Keys"]["c"].is_object());
            let records: Vec<_> =
                records.into_iter().filter(|record| !of_log || changed(record)).collect();
            for batch in records.chunks(100) {
                let event = json!({ "Records": batch });
                let event = LambdaEvent::new(event, Context::default());
                let answer = Box::pin(watchman.handle(&event)).await.expect("a batch");
                let answer = serde_json::to_value(answer).expect("an answer");
                assert_eq!(answer["batchItemFailures"], json!([]));
            }
        }
    }

    /// Name of the table of the audit log.
    #[must_use]
    pub fn log_table(&self) -> &str {
        &self.audit_config.log_table
    }

    /// The audits, with the rights of the account's administrator: results can be stored without the job.
    #[must_use]
    pub fn audits(&self) -> Audits {
        let table = self.audit_config.incidents_table.clone();
        let kept = self.audit.staff.staff_keys.audit_days();
        Audits::new(self.dynamo(), table, self.clock.clone(), kept)
    }

    /// The sequencer of the audit log, with its rights, as an instance of its own.
    #[must_use]
    pub fn sequencer(&self) -> Sequencer {
        let sdk = self.sdk_of("sequence");
        Sequencer::with_sdk(&self.sequence_config, self.clock.clone(), &sdk)
    }

    /// Hands what is new in the stream of security events to the sequencer, in batches as Lambda's mapping does, and
    /// gives its answers. After a failure all of it is new the next time.
    ///
    /// # Panics
    /// Where a batch is refused as a whole.
    pub async fn sequence(&self) -> Vec<Value> {
        self.sequence_by(self.sequencer()).await
    }

    /// The same by a sequencer of a deployment that got another issuer.
    ///
    /// # Panics
    /// Where a batch is refused as a whole.
    pub async fn sequence_as(&self, issuer: &str) -> Vec<Value> {
        let mut config = self.sequence_config.clone();
        config.backend.issuer = issuer.to_owned();
        let sdk = self.sdk_of("sequence");
        self.sequence_by(Sequencer::with_sdk(&config, self.clock.clone(), &sdk)).await
    }

    async fn sequence_by(&self, sequencer: Sequencer) -> Vec<Value> {
        let mut place = self.sequenced.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let records = self.aws.read_on(&mut place).expect("it has a stream");
        let mut answers = Vec::new();
        for batch in records.chunks(1000) {
            let event = json!({ "Records": batch });
            let event = LambdaEvent::new(event, Context::default());
            let answer = Box::pin(sequencer.handle(&event)).await.expect("a batch");
            answers.push(serde_json::to_value(answer).expect("an answer"));
        }
        if answers.iter().all(|answer| answer["batchItemFailures"] == json!([])) {
            *self.sequenced.lock().unwrap_or_else(PoisonError::into_inner) = place;
        }
        answers
    }

    /// Has the reader of the streams count the incidents that wait, as its schedule does, and gives its answer.
    ///
    /// # Panics
    /// Where it cannot.
    pub async fn escalate(&self) -> Value {
        let event = json!({ "detail-type": "Scheduled Event", "source": "aws.scheduler" });
        let event = LambdaEvent::new(event, Context::default());
        let answer = Box::pin(self.watchman().handle(&event)).await.expect("they are counted");
        serde_json::to_value(answer).expect("an answer")
    }

    /// The job that counts for the reports, as an instance of its own.
    #[must_use]
    pub fn reporter(&self) -> shared::http::staff_app::App {
        let sdk = self.sdk_of("reports");
        shared::http::staff_app::App::with_sdk(&self.desk_config, self.clock.clone(), &sdk)
    }

    /// The job that sends contacts to webhooks, as an instance of its own.
    ///
    /// # Panics
    /// Where TLS cannot be set up.
    #[must_use]
    pub fn sender(&self) -> desk::webhooks::Job {
        desk::webhooks::Job::new(self.at_webhooks()).expect("TLS")
    }

    /// What that job works with.
    #[must_use]
    pub fn at_webhooks(&self) -> shared::http::staff_app::App {
        let sdk = self.sdk_of("webhooks");
        shared::http::staff_app::App::with_sdk(&self.desk_config, self.clock.clone(), &sdk)
    }

    /// The job that audits, with its rights, as an instance of its own.
    #[must_use]
    pub fn examiner(&self) -> Examiner {
        let (config, clock) = (*self.examine_config.clone(), self.clock.clone());
        let template = Template::deployed().expect("the template");
        Examiner::with_sdk(config, template, clock, &self.sdk_of("examine"))
    }

    /// Runs that job, as its schedule does.
    ///
    /// # Panics
    /// Where it fails.
    pub async fn examine(&self) -> Ran {
        Box::pin(self.examiner().run()).await.expect("it runs")
    }

    /// What the stream told of the events that are stored: a record each, in no order.
    pub async fn news(&self) -> Vec<Value> {
        let of_log = |(table, _): &(String, Item)| table.ends_with("conversations");
        let items = self.all_items().await.into_iter().filter(of_log);
        let record = |(_, item): (String, Item)| {
            let conversation = BASE64.encode(item["c"].as_b().expect("bytes").as_ref());
            let keys = json!({ "c": { "B": conversation }, "s": { "N": item["s"].as_n().expect("a number") } });
            json!({ "eventName": "INSERT", "dynamodb": { "Keys": keys } })
        };
        items.map(record).collect()
    }

    /// Counts all events for the reports, those too that were counted before.
    pub async fn count_reports(&self) {
        let news = self.news().await;
        Box::pin(desk::reports::count(&self.reporter(), &news)).await.expect("it is counted");
    }

    /// The API by events.
    #[must_use]
    pub fn api(&self) -> Api {
        Api::Events(self.router.clone())
    }

    /// Runs the daily rotation.
    pub async fn rotate_keys(&self) {
        Box::pin(intake::rotate::run(&self.rotation())).await.expect("the keys are rotated");
    }

    /// What the rotation reaches, with its rights, as an instance of its own.
    #[must_use]
    pub fn rotation(&self) -> Stores {
        Stores::new(&self.rotation_config, self.clock.clone(), &self.sdk_of("rotate-keys"))
    }

    /// Calls the rotation as an operator does.
    ///
    /// # Errors
    /// As the job.
    pub async fn call_rotation(&self, event: Value) -> Result<Value, JobError> {
        let connector = shared::http::aws::connector(&TrustRoots::Amazon).expect("TLS");
        let job = Job::new(self.rotation(), connector);
        job.handle(LambdaEvent::new(event, Context::default())).await
    }

    /// The parts of the sweep, with its rights.
    #[must_use]
    pub fn sweeper(&self) -> shared::http::staff_app::App {
        self.retention_of("sweep")
    }

    /// Runs the sweep, as an instance of its own, and says what it did.
    pub async fn sweep(&self) -> Swept {
        Box::pin(sweep::run(&self.sweeper())).await.expect("the sweep comes to its end")
    }

    /// A visitor who has a session.
    pub async fn visitor(&self) -> Visitor {
        Visitor::arrive(self.api()).await
    }

    /// Has an agent at the desk who is there for weeks and takes nothing.
    pub async fn staffed(self) -> Self {
        self.somebody_is_there().await;
        self
    }

    /// The same.
    pub async fn somebody_is_there(&self) {
        let agent = Agent {
            id: StaffId::generate(&self.clock).expect("randomness"),
            name: "Somebody".to_owned(),
        };
        let until_ms = self.clock.now_ms() + 30 * 24 * 60 * 60 * 1000;
        let there = Presence { agent, until_ms };
        let noted = self.desk.store.note_presence(Site::SHIPPED, &there, 1).await;
        assert!(noted.expect("a watch table"), "they are there");
    }

    /// Moves the time.
    pub fn advance_seconds(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// Registers the key by which the site's server signs who its customers are, with the rights of
    /// an operator; null removes it.
    pub async fn register_identity_key(&self, jwk: &Value, require_mfa: bool) {
        let key = json!({ "site": Site::SHIPPED.id, "jwk": jwk, "require_mfa": require_mfa });
        let wish = LambdaEvent::new(json!({ "identity_key": key }), Context::default());
        let auth = self.another_auth();
        let answer = auth::operator::answer(&auth, auth::router(auth.clone()), wish).await;
        assert_eq!(answer.expect("the key is registered")["registered"], json!(!jwk.is_null()));
    }

    /// A client for looking at what is stored and for altering it as an intruder would.
    #[must_use]
    pub fn dynamo(&self) -> aws_sdk_dynamodb::Client {
        shared::http::aws::dynamodb(&self.config.backend, &sdk(&self.config, "local"))
    }

    /// The services of the AWS, as somebody at the doctor's has them.
    #[must_use]
    pub fn services(&self) -> Services {
        let sdk = sdk(&self.config, "local");
        let kms = shared::http::aws::kms(&self.config.backend, &sdk);
        Services { dynamo: self.dynamo(), kms, key: self.config.backend.kms_key.clone() }
    }

    /// The settings and their keys, with the rights of the account's administrator.
    #[must_use]
    pub fn settings(&self) -> Settings {
        app::settings(&self.config.backend, self.clock.clone(), &sdk(&self.config, "local"))
    }

    /// The clients' settings of a function, by its program: with its role's rights.
    #[must_use]
    pub fn sdk_of(&self, program: &str) -> SdkConfig {
        sdk(&self.config, &access_key(program))
    }

    /// Every item of every table, with the table's name.
    pub async fn all_items(&self) -> Vec<(String, Item)> {
        let dynamo = self.dynamo();
        let mut all = Vec::new();
        for table in Template::deployed().expect("the template").tables() {
            let table = name_of(table);
            let mut pages = dynamo.scan().table_name(&table).into_paginator().items().send();
            while let Some(item) = pages.next().await {
                all.push((table.clone(), item.expect("a scan")));
            }
        }
        all
    }

    /// The conversations that the inbox lists as waiting.
    pub async fn waiting(&self) -> Vec<ConversationId> {
        let items = self.all_items().await.into_iter();
        items
            .filter(|(table, item)| table.ends_with("conversations") && item.contains_key("q"))
            .filter_map(|(_, item)| ConversationId::from_slice(item["c"].as_b().ok()?.as_ref()))
            .collect()
    }

    /// How many items a table has.
    pub async fn count_items(&self, table: &str) -> usize {
        self.all_items().await.iter().filter(|(name, _)| name.ends_with(table)).count()
    }
}

/// The name of a template's table in a world.
fn name_of(table: &Table) -> String {
    format!("world-{}", table.short_name())
}

/// The size of an item as DynamoDB counts it: names and values in bytes.
#[must_use]
pub fn item_size(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + value_size(value)).sum()
}

fn value_size(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::S(text) => text.len(),
        // Two digits a byte and one byte more, without leading and trailing zeros.
        AttributeValue::N(digits) => {
            digits.trim_start_matches('-').trim_end_matches('0').len().div_ceil(2) + 1
        }
        other => unreachable!("an attribute of no type that Sotto stores: {other:?}"),
    }
}

fn sdk(config: &Config, access_key: &str) -> SdkConfig {
    let credentials = Credentials::new(access_key, "local", None, None, "tests");
    let builder = sdk_config(&config.backend).expect("AWS clients").into_builder();
    builder.credentials_provider(SharedCredentialsProvider::new(credentials)).build()
}
