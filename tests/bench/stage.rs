//! The stage for a function in a process of its own: a world at the machine's time, TLS in front of
//! it, settings, and visitors' messages as events.

use std::path::Path;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use serde_json::Value;
use shared::clock::Clock;
use shared::seal::sign::Verifier;
use shared::seal::transport::{KemSuite, PrivateKey};
use shared::values::encoding::base64url;
use tests::sealed::{PublishedKey, published_keys, seal_request};
use tests::visitor::{Visitor, fresh_key, message};
use tests::world::{BEGINNING_MS, World};

use crate::counted::QUESTION;
use crate::endpoint::Endpoints;

const PEER_TABLE: &str = "bench-peer";

/// The stage.
pub(crate) struct Stage {
    world: World,
    endpoints: Endpoints,
    published: Vec<PublishedKey>,
    peer_private: PrivateKey,
    peer_public: PublishedKey,
}

/// A visitor in a conversation, whose messages are sealed.
pub(crate) struct Talk {
    visitor: Visitor,
    conversation: String,
    key: PublishedKey,
    with_cursor: bool,
}

/// Settings of a process.
pub(crate) type Environment = Vec<(&'static str, String)>;

impl Stage {
    /// Sets the stage; files go into `folder`.
    pub(crate) async fn set(folder: &Path) -> Self {
        let world = World::new().await;
        // The function in its process has the machine's clock: so has its world, from here on.
        let ahead = Clock::system().now_ms().saturating_sub(BEGINNING_MS);
        let ahead = u64::try_from(ahead).expect("this machine's clock is behind the first release");
        world.advance_seconds(ahead / 1000);
        world.rotate_keys().await;
        make_peer_table(&world).await;
        let endpoints = Endpoints::start(world.aws.url(), folder).await;
        let (peer_private, public) = PrivateKey::generate(KemSuite::XWing).expect("a key pair");
        let published = published_keys(&world.api()).await;
        let peer_public = PublishedKey { kid: "peer".to_owned(), suite: KemSuite::XWing, public };
        Self { world, endpoints, published, peer_private, peer_public }
    }

    /// The world behind it.
    pub(crate) fn world(&self) -> &World {
        &self.world
    }

    /// TLS connections that the processes have opened so far.
    pub(crate) fn connections(&self) -> u64 {
        self.endpoints.connections()
    }

    /// Settings that lead to an AWS that does not answer, to be put behind others.
    pub(crate) fn without_aws(&self) -> Environment {
        ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_KMS"]
            .map(|name| (name, self.endpoints.unreachable().to_owned()))
            .to_vec()
    }

    /// The settings of the function, as the template gives them.
    pub(crate) fn function(&self) -> Environment {
        let config = &self.world.config;
        let mut settings = self.aws();
        settings.extend([
            ("SOTTO_TABLE_SETTINGS", config.backend.settings_table.clone()),
            ("SOTTO_TABLE_TRANSPORT", config.backend.transport_table.clone()),
            ("SOTTO_TABLE_KEYS", config.keys_table.clone()),
            ("SOTTO_TABLE_CONVERSATIONS", config.conversations_table.clone()),
            ("SOTTO_TABLE_PROFILES", config.profiles_table.clone()),
            ("SOTTO_TABLE_WATCH", config.watch_table.clone()),
            ("SOTTO_TABLE_LEDGER", config.ledger_table.clone()),
            ("SOTTO_TABLE_DESK", config.desk_table.clone()),
            ("SOTTO_TABLE_EVENTS", self.world.visitors_config.events_table.clone()),
            // All guests of the bench come from one network.
            ("SOTTO_GUEST_LIMIT", "0".to_owned()),
            ("SOTTO_SEALED_ONLY", "off".to_owned()),
            ("SOTTO_KMS_KEY", config.backend.kms_key.clone()),
            ("SOTTO_ISSUER", config.backend.issuer.clone()),
            ("SOTTO_ORIGINS", config.origins.join(",")),
            ("SOTTO_TRUST_ROOTS", self.roots()),
        ]);
        settings
    }

    /// The settings of the peers.
    pub(crate) async fn peer(&self) -> Environment {
        let keys = self.world.app.keys.get().await.expect("the keys");
        let verifier: &Verifier = keys.visitors.verifier();
        let mut settings = self.aws();
        settings.extend([
            ("PEER_TABLE", PEER_TABLE.to_owned()),
            ("PEER_TRUST_ROOTS", self.roots()),
            ("PEER_TRANSPORT_KEY", base64url(self.peer_private.secret().expose_secret())),
            ("PEER_TOKEN_KEY", base64url(verifier.as_raw())),
            ("AWS_CA_BUNDLE", self.roots()),
            ("NODE_EXTRA_CA_CERTS", self.roots()),
        ]);
        settings
    }

    /// A visitor who has said something, and seals by `suite`.
    pub(crate) async fn talk(&self, suite: KemSuite, with_cursor: bool) -> Talk {
        let key = self.published.iter().find(|key| key.suite == suite).expect("a published key");
        self.talk_sealed_to(key.clone(), with_cursor).await
    }

    /// The same, sealed to the peers' key.
    pub(crate) async fn talk_to_peer(&self) -> Talk {
        self.talk_sealed_to(self.peer_public.clone(), false).await
    }

    async fn talk_sealed_to(&self, key: PublishedKey, with_cursor: bool) -> Talk {
        let visitor = self.world.visitor().await;
        let conversation = visitor.open().await;
        let said = visitor.say(&conversation, QUESTION).await;
        assert_eq!(said.status, 201, "{}", said.json());
        Talk { visitor, conversation, key, with_cursor }
    }

    fn aws(&self) -> Environment {
        let text = str::to_owned;
        vec![
            ("AWS_REGION", text("eu-central-1")),
            ("AWS_DEFAULT_REGION", text("eu-central-1")),
            ("AWS_ACCESS_KEY_ID", text("bench")),
            ("AWS_SECRET_ACCESS_KEY", text("bench")),
            ("AWS_SESSION_TOKEN", text("bench")),
            ("AWS_EC2_METADATA_DISABLED", text("true")),
            ("AWS_ENDPOINT_URL_DYNAMODB", self.endpoints.dynamodb.clone()),
            ("AWS_ENDPOINT_URL_KMS", self.endpoints.kms.clone()),
            ("AWS_LAMBDA_FUNCTION_NAME", text("bench")),
            ("AWS_LAMBDA_FUNCTION_VERSION", text("1")),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", text("256")),
            ("AWS_LAMBDA_LOG_GROUP_NAME", text("bench")),
            ("AWS_LAMBDA_LOG_STREAM_NAME", text("bench")),
        ]
    }

    fn roots(&self) -> String {
        self.endpoints.roots.to_str().expect("a path in UTF-8").to_owned()
    }
}

impl Talk {
    /// The part of a file's name that distinguishes it.
    pub(crate) fn name(&self) -> String {
        let reading = if self.with_cursor { "cursor" } else { "reading" };
        format!("{:?}-{reading}", self.key.suite).to_lowercase()
    }

    /// The event of the next message; `last` is the response to the one before.
    pub(crate) fn event(&self, last: Option<&Value>) -> Value {
        let request = message(&self.conversation, QUESTION, &fresh_key());
        let mut request = request.bearer(&self.visitor.token);
        if self.with_cursor
            && let Some(cursor) = last.and_then(|last| last["headers"]["sotto-cursor"].as_str())
        {
            request = request.header("sotto-cursor", cursor);
        }
        seal_request(request, &self.key).0.to_event()
    }
}

async fn make_peer_table(world: &World) {
    let attribute = |name: &str, kind| {
        AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build()
    };
    let key =
        |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
    world
        .dynamo()
        .create_table()
        .table_name(PEER_TABLE)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(attribute("c", ScalarAttributeType::B).expect("complete"))
        .attribute_definitions(attribute("s", ScalarAttributeType::N).expect("complete"))
        .key_schema(key("c", KeyType::Hash).expect("complete"))
        .key_schema(key("s", KeyType::Range).expect("complete"))
        .send()
        .await
        .expect("the peers' table is made");
}
