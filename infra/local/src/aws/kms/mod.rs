//! A small KMS: symmetric keys with real AES-256-GCM, encryption contexts, states and rotation.
//!
//! The behaviour that the functions rely on is that of AWS; the contract tests check it with the
//! official SDK: the encryption context is authenticated, a tampered blob does not open, a disabled
//! or deleted key does nothing, a rotated key still opens what it sealed. Left out: asymmetric and
//! HMAC keys, grants, key policies, multi-Region keys, imported material.

#![expect(clippy::indexing_slicing, reason = "JSON indexed by name: what is absent reads as null")]

mod error;
mod key;
mod keys;
mod request;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use data_encoding::BASE64;
use serde_json::{Value, json};
use shared::clock::Clock;
use template::Template;

use self::error::Refusal;
use self::key::{Key, State};
use self::keys::{Keys, alias_arn, arn, check_usable};
use self::request::Request;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const MAX_PLAINTEXT: usize = 4096;
const MAX_BLOB: usize = 6144;

/// The service: keys in memory, and in a file when it was given one.
pub(super) struct Kms {
    keys: Mutex<Keys>,
    file: Option<PathBuf>,
    clock: Clock,
}

/// A refusal as it goes over the wire.
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) body: Value,
}

type Answer = Result<Value, Refusal>;

impl Kms {
    /// Reads the key file, or starts empty.
    pub(super) fn open(file: Option<&Path>, clock: Clock) -> io::Result<Self> {
        let keys = file.map(keys::read).transpose()?.unwrap_or_default();
        Ok(Self { keys: Mutex::new(keys), file: file.map(Path::to_owned), clock })
    }

    /// Answers one request: `operation` is the part after `TrentService.` in its target.
    pub(super) fn call(&self, operation: &str, body: &[u8]) -> Response {
        match self.answer(operation, body) {
            Ok(body) => Response { status: 200, body },
            Err(refusal) => Response { status: refusal.status(), body: refusal.body() },
        }
    }

    /// The ARN of the key that a request is about: the named one, else the one of the blob.
    pub(super) fn key_of(&self, body: &[u8]) -> Option<String> {
        let request = Request::parse(body).ok()?;
        let keys = self.keys();
        if let Some(name) = request.text("KeyId") {
            return keys.find(name).ok().map(|key| arn(key.id));
        }
        let blob = request.bytes("CiphertextBlob", MAX_BLOB).ok()?;
        key::claimed_key(&blob).ok().map(arn)
    }

    /// The ARN of the key behind `alias`, which is made when there is none.
    pub(super) fn key_behind(&self, alias: &str) -> io::Result<String> {
        let found = self.keys().aliases.get(alias).copied();
        if let Some(id) = found {
            return Ok(arn(id));
        }
        self.change(|keys, now_ms| {
            let key = Key::generate(alias.to_owned(), now_ms)?;
            let id = key.id;
            keys.keys.insert(id, key);
            keys.aliases.insert(alias.to_owned(), id);
            Ok(arn(id))
        })
        .map_err(|refusal| match refusal {
            Refusal::Storage(error) => error,
            other => io::Error::other(other.name()),
        })
    }

    fn answer(&self, operation: &str, body: &[u8]) -> Answer {
        let request = Request::parse(body)?;
        match operation {
            "GenerateDataKey" => self.generate_data_key(&request, true),
            "GenerateDataKeyWithoutPlaintext" => self.generate_data_key(&request, false),
            "Encrypt" => self.encrypt(&request),
            "Decrypt" => self.decrypt(&request),
            "CreateKey" => self.create_key(&request),
            "DescribeKey" => self.describe_key(&request),
            "ListKeys" => Ok(self.list_keys()),
            "CreateAlias" => self.create_alias(&request),
            "ListAliases" => Ok(self.list_aliases()),
            "EnableKey" => self.set_state(&request, State::Enabled),
            "DisableKey" => self.set_state(&request, State::Disabled),
            "ScheduleKeyDeletion" => self.schedule_deletion(&request),
            "CancelKeyDeletion" => self.cancel_deletion(&request),
            "RotateKeyOnDemand" => self.rotate(&request),
            "EnableKeyRotation" => self.set_rotation(&request, true),
            "DisableKeyRotation" => self.set_rotation(&request, false),
            "GetKeyRotationStatus" => self.rotation(&request),
            "GetKeyPolicy" => self.policy(&request),
            "PutKeyPolicy" => self.put_policy(&request),
            "ListGrants" => self.grants(&request),
            _ => Err(Refusal::UnknownOperation),
        }
    }

    fn generate_data_key(&self, request: &Request, with_plaintext: bool) -> Answer {
        let mut plaintext = vec![0; request.data_key_len()?];
        aws_lc_rs::rand::fill(&mut plaintext)
            .map_err(|_| Refusal::Storage(io::ErrorKind::Other.into()))?;
        let keys = self.keys();
        let key = keys.usable(request.key_id()?)?;
        let blob = key.seal(&plaintext, &request.context()?)?;
        let mut answer = json!({
            "KeyId": arn(key.id),
            "CiphertextBlob": BASE64.encode(&blob),
            "KeyMaterialId": key.material_id(),
        });
        if with_plaintext {
            answer["Plaintext"] = json!(BASE64.encode(&plaintext));
        }
        Ok(answer)
    }

    fn encrypt(&self, request: &Request) -> Answer {
        request.symmetric_only()?;
        let plaintext = request.bytes("Plaintext", MAX_PLAINTEXT)?;
        let keys = self.keys();
        let key = keys.usable(request.key_id()?)?;
        let blob = key.seal(&plaintext, &request.context()?)?;
        Ok(json!({
            "KeyId": arn(key.id),
            "CiphertextBlob": BASE64.encode(&blob),
            "EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
        }))
    }

    fn decrypt(&self, request: &Request) -> Answer {
        request.symmetric_only()?;
        let blob = request.bytes("CiphertextBlob", MAX_BLOB)?;
        let context = request.context()?;
        let keys = self.keys();
        let id = key::claimed_key(&blob)?;
        let key = keys.keys.get(&id).ok_or(Refusal::InvalidCiphertext)?;
        check_usable(key)?;
        if let Some(named) = request.text("KeyId")
            && keys.usable(named)?.id != id
        {
            return Err(Refusal::IncorrectKey);
        }
        let plaintext = key.open(&blob, &context)?;
        Ok(json!({
            "KeyId": arn(id),
            "Plaintext": BASE64.encode(&plaintext),
            "EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
        }))
    }

    fn create_key(&self, request: &Request) -> Answer {
        for (name, only) in [
            ("KeySpec", "SYMMETRIC_DEFAULT"),
            ("KeyUsage", "ENCRYPT_DECRYPT"),
            ("Origin", "AWS_KMS"),
        ] {
            if request.text(name).is_some_and(|value| value != only) {
                return Err(Refusal::Unsupported(format!(
                    "this local KMS makes only keys with {name} {only}"
                )));
            }
        }
        let description = request.text("Description").unwrap_or_default().to_owned();
        self.change(|keys, now_ms| {
            let key = Key::generate(description, now_ms)?;
            let metadata = metadata(&key);
            keys.keys.insert(key.id, key);
            Ok(json!({ "KeyMetadata": metadata }))
        })
    }

    fn describe_key(&self, request: &Request) -> Answer {
        let keys = self.keys();
        Ok(json!({"KeyMetadata": metadata(keys.find(request.key_id()?)?)}))
    }

    fn list_keys(&self) -> Value {
        let keys: Vec<_> =
            self.keys().keys.keys().map(|id| json!({"KeyId": id, "KeyArn": arn(*id)})).collect();
        json!({"Keys": keys, "Truncated": false})
    }

    fn create_alias(&self, request: &Request) -> Answer {
        let name = request.required("AliasName")?;
        if !name.starts_with("alias/") || name.len() <= "alias/".len() {
            return Err(Refusal::Validation(
                "AliasName must begin with alias/ and have a name after it".to_owned(),
            ));
        }
        let target = request.required("TargetKeyId")?;
        self.change(|keys, _| {
            let id = keys.find(target)?.id;
            if keys.aliases.contains_key(name) {
                return Err(Refusal::AlreadyExists(name.to_owned()));
            }
            keys.aliases.insert(name.to_owned(), id);
            Ok(json!({}))
        })
    }

    fn list_aliases(&self) -> Value {
        let aliases: Vec<_> = self
            .keys()
            .aliases
            .iter()
            .map(|(name, id)| {
                json!({
                    "AliasName": name,
                    "AliasArn": alias_arn(name),
                    "TargetKeyId": id,
                })
            })
            .collect();
        json!({"Aliases": aliases, "Truncated": false})
    }

    fn set_state(&self, request: &Request, state: State) -> Answer {
        self.change_key(request, |key, _| {
            if let State::PendingDeletion(_) = key.state {
                return Err(Refusal::PendingDeletion(arn(key.id)));
            }
            key.state = state;
            Ok(json!({}))
        })
    }

    fn schedule_deletion(&self, request: &Request) -> Answer {
        let days = request.integer("PendingWindowInDays")?.unwrap_or(30);
        if !(7..=30).contains(&days) {
            return Err(Refusal::Validation(
                "PendingWindowInDays must be between 7 and 30".to_owned(),
            ));
        }
        self.change_key(request, |key, now_ms| {
            if let State::PendingDeletion(_) = key.state {
                return Err(Refusal::PendingDeletion(arn(key.id)));
            }
            let deletion_ms = now_ms.saturating_add(days.saturating_mul(DAY_MS));
            key.state = State::PendingDeletion(deletion_ms);
            Ok(json!({
                "KeyId": arn(key.id),
                "DeletionDate": seconds(deletion_ms),
                "KeyState": "PendingDeletion",
                "PendingWindowInDays": days,
            }))
        })
    }

    fn cancel_deletion(&self, request: &Request) -> Answer {
        self.change_key(request, |key, _| {
            let State::PendingDeletion(_) = key.state else {
                return Err(Refusal::Validation(format!(
                    "{} is not pending deletion.",
                    arn(key.id)
                )));
            };
            key.state = State::Disabled;
            Ok(json!({"KeyId": arn(key.id)}))
        })
    }

    fn rotate(&self, request: &Request) -> Answer {
        self.change_key(request, |key, _| {
            check_usable(key)?;
            key.rotate()?;
            Ok(json!({"KeyId": arn(key.id)}))
        })
    }

    fn set_rotation(&self, request: &Request, rotates: bool) -> Answer {
        self.change_key(request, |key, _| {
            check_usable(key)?;
            key.stays = !rotates;
            Ok(json!({}))
        })
    }

    fn rotation(&self, request: &Request) -> Answer {
        let keys = self.keys();
        let key = keys.find(request.key_id()?)?;
        Ok(json!({
            "KeyId": arn(key.id),
            "KeyRotationEnabled": !key.stays,
            "RotationPeriodInDays": 365,
        }))
    }

    /// The policy of the template, as every key here has it, or the one in its place.
    fn policy(&self, request: &Request) -> Answer {
        let keys = self.keys();
        let key = keys.find(request.key_id()?)?;
        let policy = key.policy.clone().map_or_else(designed_policy, Ok)?;
        Ok(json!({ "Policy": policy, "PolicyName": "default" }))
    }

    fn put_policy(&self, request: &Request) -> Answer {
        let policy = request.required("Policy")?.to_owned();
        self.change_key(request, |key, _| {
            key.policy = Some(policy);
            Ok(json!({}))
        })
    }

    fn grants(&self, request: &Request) -> Answer {
        self.keys().find(request.key_id()?)?;
        Ok(json!({ "Grants": [], "Truncated": false }))
    }

    /// The keys as they stand now: those whose deletion is due are gone.
    fn keys(&self) -> MutexGuard<'_, Keys> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.destroy_due(self.clock.now_ms());
        keys
    }

    /// Changes a copy, stores it, and only then lets others see it.
    fn change<T>(
        &self,
        change: impl FnOnce(&mut Keys, i64) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let mut keys = self.keys();
        let mut next = keys.clone();
        let result = change(&mut next, self.clock.now_ms())?;
        if let Some(file) = &self.file {
            keys::replace(file, &next).map_err(Refusal::Storage)?;
        }
        *keys = next;
        Ok(result)
    }

    fn change_key(
        &self,
        request: &Request,
        change: impl FnOnce(&mut Key, i64) -> Answer,
    ) -> Answer {
        let name = request.key_id()?;
        self.change(|keys, now_ms| {
            let id = keys.find(name)?.id;
            match keys.keys.get_mut(&id) {
                Some(key) => change(key, now_ms),
                None => Err(Refusal::NotFound(name.to_owned())),
            }
        })
    }
}

/// The policy of the template's key.
fn designed_policy() -> Result<String, Refusal> {
    let unknown = |error: template::TemplateError| Refusal::Validation(error.to_string());
    let template = Template::deployed().map_err(unknown)?;
    let policy = template.properties("DataKey").get("KeyPolicy").unwrap_or(&Value::Null);
    Ok(template::resolve("KeyPolicy", policy).map_err(unknown)?.to_string())
}

fn metadata(key: &Key) -> Value {
    let (state, deletion_ms) = match key.state {
        State::Enabled => ("Enabled", None),
        State::Disabled => ("Disabled", None),
        State::PendingDeletion(at_ms) => ("PendingDeletion", Some(at_ms)),
    };
    let mut metadata = json!({
        "AWSAccountId": "000000000000",
        "Arn": arn(key.id),
        "CreationDate": seconds(key.created_ms),
        "Description": key.description,
        "Enabled": key.state == State::Enabled,
        "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
        "KeyId": key.id,
        "KeyManager": "CUSTOMER",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "KeyState": state,
        "KeyUsage": "ENCRYPT_DECRYPT",
        "MultiRegion": false,
        "Origin": "AWS_KMS",
        "CurrentKeyMaterialId": key.material_id(),
    });
    if let Some(at_ms) = deletion_ms {
        metadata["DeletionDate"] = seconds(at_ms);
    }
    metadata
}

/// AWS JSON writes an instant as seconds with a fraction.
fn seconds(at_ms: i64) -> Value {
    let (seconds, ms) = (at_ms.div_euclid(1000), at_ms.rem_euclid(1000));
    format!("{seconds}.{ms:03}").parse::<f64>().map_or(Value::Null, Value::from)
}
