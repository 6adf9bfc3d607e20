//! The data that a release has stored and handed out, in one file of JSON: the items of every table
//! as DynamoDB writes them, the key file of the local KMS, and what visitors hold.

use std::path::{Path, PathBuf};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Map, Value, json};
use shared::store::attributes::Item;
use tempfile::TempDir;
use tests::api::{Api, Request};
use tests::visitor::Visitor;
use tests::world::World;

/// The local KMS keeps its keys under this name in the data folder.
const KMS_FILE: &str = "kms.json";

/// The file of a release.
pub(super) fn path(release: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("sotto/upgrade/v{release}.json"))
}

/// The stored data of a world that keeps it in `folder`, and `visits`.
pub(super) async fn record(world: &World, folder: &Path, visits: Value) -> Value {
    let mut tables = Map::new();
    for (table, item) in world.all_items().await {
        let rows = tables.entry(table).or_insert_with(|| json!([]));
        rows.as_array_mut().expect("rows").push(to_json(&item));
    }
    let kms = std::fs::read(folder.join(KMS_FILE)).expect("the key file");
    let kms: Value = serde_json::from_slice(&kms).expect("JSON");
    json!({ "now_ms": world.clock.now_ms(), "kms": kms, "tables": tables, "visits": visits })
}

/// A world in which a release has been at work.
pub(super) struct Inherited {
    pub(super) world: World,
    visits: Value,
    _folder: TempDir,
}

impl Inherited {
    /// The world that `release` left, at the time when it was left.
    pub(super) async fn from(release: &str) -> Self {
        let text = std::fs::read_to_string(path(release)).expect("the fixture of a release");
        let recorded: Value = serde_json::from_str(&text).expect("JSON");
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join(KMS_FILE), recorded["kms"].to_string()).expect("written");
        let world = World::in_folder(folder.path(), recorded["now_ms"].as_i64().expect("a time"));
        for (table, rows) in recorded["tables"].as_object().expect("tables") {
            for row in rows.as_array().expect("rows") {
                let put = world.dynamo().put_item().table_name(table);
                put.set_item(Some(from_json(row))).send().await.expect("a put");
            }
        }
        // A release with compiled answers stored none; an admin has published them since.
        Box::pin(world.publish_demo()).await;
        Self { world, visits: recorded["visits"].clone(), _folder: folder }
    }

    /// The visit of that name, with all that its visitor holds.
    pub(super) fn visit(&self, name: &str) -> Visit {
        let held = self.visits[name].clone();
        let text = |name: &str| held[name].as_str().expect(name).to_owned();
        let visitor = Visitor {
            api: self.world.api(),
            token: text("token"),
            subject: text("subject"),
            key: None,
        };
        Visit { visitor, conversation: text("conversation"), held }
    }
}

/// A visitor of the release before, and the conversation's path.
pub(super) struct Visit {
    pub(super) visitor: Visitor,
    pub(super) conversation: String,
    /// Everything else that was recorded.
    pub(super) held: Value,
}

impl Visit {
    /// The messages, as they were read at that time.
    pub(super) fn said(&self) -> Vec<(String, String)> {
        let said = self.held["said"].as_array().expect("messages");
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        said.iter().map(|one| (text(&one[0]), text(&one[1]))).collect()
    }
}

/// A request, to be sent by another release.
pub(super) fn request_to_json(request: &Request) -> Value {
    let body = std::str::from_utf8(&request.body).expect("text");
    json!({ "method": request.method, "path": request.path, "headers": request.headers, "body": body })
}

/// The same request.
pub(super) fn request_from_json(value: &Value) -> Request {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let headers = value["headers"].as_array().expect("headers");
    Request {
        method: text(&value["method"]),
        path: text(&value["path"]),
        headers: headers.iter().map(|one| (text(&one[0]), text(&one[1]))).collect(),
        body: text(&value["body"]).into_bytes(),
        ..Request::default()
    }
}

/// Sends it as it is.
pub(super) async fn resend(api: &Api, recorded: &Value) -> tests::api::Response {
    api.send(&request_from_json(recorded)).await
}

/// An item as DynamoDB writes it in JSON.
pub(super) fn to_json(item: &Item) -> Value {
    let value = |value: &AttributeValue| match value {
        AttributeValue::B(bytes) => json!({ "B": data_encoding::BASE64.encode(bytes.as_ref()) }),
        AttributeValue::N(digits) => json!({ "N": digits }),
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::Ss(texts) => json!({ "SS": texts }),
        other => unreachable!("an attribute of no type that Sotto stores: {other:?}"),
    };
    item.iter().map(|(name, one)| (name.clone(), value(one))).collect::<Map<_, _>>().into()
}

fn from_json(row: &Value) -> Item {
    let value = |value: &Value| {
        let (kind, content) = value.as_object().and_then(|one| one.iter().next()).expect("a value");
        let content = content.as_str().expect("text");
        match kind.as_str() {
            "B" => AttributeValue::B(Blob::new(
                data_encoding::BASE64.decode(content.as_bytes()).expect("base64"),
            )),
            "N" => AttributeValue::N(content.to_owned()),
            "S" => AttributeValue::S(content.to_owned()),
            other => unreachable!("{other}"),
        }
    };
    row.as_object().expect("a row").iter().map(|(name, one)| (name.clone(), value(one))).collect()
}
