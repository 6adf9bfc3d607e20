//! The least that an exchange needs, and nothing else: opens the body (HPKE, X-Wing), checks the
//! token's signature, puts one item by the official SDK with pinned roots. It keeps no log in order,
//! finds no answer and seals no response.

use std::env::var;
use std::sync::LazyLock;

use aws_config::BehaviorVersion;
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::DisplayErrorContext;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use data_encoding::BASE64URL_NOPAD;
use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::XWing;
use hpke::{Deserializable, Kem, OpModeR, setup_receiver};
use http::StatusCode;
use lambda_http::{Body, Error, Request, RequestExt, Response, run, service_fn};
use serde_json::Value;

const INFO: &[u8] = b"sotto/v1 request";

struct Parts {
    dynamo: Client,
    table: String,
    /// Expanded when it is first used, so that a start is that of the SDK.
    transport: LazyLock<Option<<XWing as Kem>::PrivateKey>>,
    visitors: UnparsedPublicKey<Vec<u8>>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let roots = TrustStore::empty().with_pem_certificate(std::fs::read(var("PEER_TRUST_ROOTS")?)?);
    let tls = TlsContext::builder().with_trust_store(roots).build()?;
    let client = Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .tls_context(tls)
        .build_https();
    let sdk = aws_config::defaults(BehaviorVersion::latest()).http_client(client).load().await;
    let parts = Parts {
        dynamo: Client::new(&sdk),
        table: var("PEER_TABLE")?,
        transport: LazyLock::new(|| {
            let key = decode(&var("PEER_TRANSPORT_KEY").ok()?).ok()?;
            Deserializable::from_bytes(&key).ok()
        }),
        visitors: UnparsedPublicKey::new(&ED25519, decode(&var("PEER_TOKEN_KEY")?)?),
    };
    let parts = &parts;
    run(service_fn(move |request| answer(parts, request))).await
}

async fn answer(parts: &Parts, request: Request) -> Result<Response<Body>, Error> {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let token = header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    let (signed, signature) = token.and_then(|token| token.rsplit_once('.')).ok_or("no token")?;
    parts.visitors.verify(signed.as_bytes(), &decode(signature)?).map_err(|_| "a forged token")?;

    let key = header("idempotency-key").unwrap_or_default();
    let aad = format!("{}\n{}\n{key}", request.method(), request.raw_http_path());
    let sealed: Value = serde_json::from_slice(request.body())?;
    let part = |name: &str| decode(sealed.get(name).and_then(Value::as_str).unwrap_or_default());
    let transport = parts.transport.as_ref().ok_or("no transport key")?;
    let enc = Deserializable::from_bytes(&part("enc")?).map_err(|_| "no encapsulated key")?;
    let mut context =
        setup_receiver::<AesGcm256, HkdfSha256, XWing>(&OpModeR::Base, transport, &enc, INFO)
            .map_err(|_| "does not open")?;
    let opened = context.open(&part("ct")?, aad.as_bytes()).map_err(|_| "does not open")?;

    parts
        .dynamo
        .put_item()
        .table_name(&parts.table)
        .item("c", AttributeValue::B(Blob::new(key)))
        .item("s", AttributeValue::N("1".to_owned()))
        .item("v", AttributeValue::B(Blob::new(opened)))
        .send()
        .await
        .map_err(|error| format!("{}", DisplayErrorContext(error)))?;
    Ok(Response::builder().status(StatusCode::CREATED).body(Body::Empty)?)
}

fn decode(text: &str) -> Result<Vec<u8>, Error> {
    Ok(BASE64URL_NOPAD.decode(text.as_bytes())?)
}
