//! The key by which a site's server signs who its customers are.
//!
//! Settings item: `p` = `identity#<site>`, `k` = `identity-key`, `a` the algorithm (`EdDSA` or `HS256`),
//! `x` the public key of EdDSA, `n` the key's name if it has one, `m` whether a second factor is demanded,
//! `f` when it was registered in milliseconds, `v` sealed: the secret of HS256, or nothing. All the others
//! are part of where `v` belongs, so somebody who can edit the table can neither put a key of their
//! own there, which would make them any customer, nor demand less. A removed key leaves `p`, `k`
//! and `f`.
//!
//! 0.1.0 kept the item in the site's own partition, beside the branch keys. That one counts while there is
//! none here.

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use serde_json::{Map, Value};

use super::attributes::{
    Item, binary, corrupt, in_table, number, read_number, string, take_binary, take_string,
};
use super::schema::Noun;
use super::settings::Settings;
use super::{StoreError, fault};
use seal::envelope::{DataKey, Sealed};
use seal::place::{BranchName, Place, Purpose};
use seal::site_key::{SECRET_MAX_LEN, SECRET_MIN_LEN, SiteKey};
use values::clock::UnixMillis;
use values::encoding::from_base64url;
use values::problem::{FieldCode, FieldError};
use values::secret::Plaintext;
use values::site::Site;

const IDENTITY_KEY: &str = "identity-key";
const ED25519: &str = "EdDSA";
const HS256: &str = "HS256";
const KID_MAX_LEN: usize = 128;

/// A key to register, out of a JWK (RFC 7517) that was found good. No `Debug`: it may hold a secret.
pub struct IdentityJwk {
    material: Material,
    kid: Option<String>,
}

enum Material {
    Public(Vec<u8>),
    Secret(Plaintext),
}

/// A registered key.
pub struct IdentityKey {
    /// The key that verifies.
    pub key: SiteKey,
    /// Whether the site demands that its customers have used a second factor.
    pub require_mfa: bool,
    /// When it was registered.
    pub registered_ms: UnixMillis,
}

/// When a site's key was registered, in milliseconds: its name in the tokens of the customers that it
/// has let in. It is read without the proof that the row is the one that was registered, since
/// somebody who can alter it can put an older row back as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registration(pub UnixMillis);

impl Registration {
    pub(super) fn from_item(item: &Item) -> Result<Self, StoreError> {
        Noun::IdentityKey.shape_of(item)?;
        read_number(item, "f").map(Self)
    }
}

/// The attributes in the clear.
struct Row<'a> {
    site: &'a str,
    algorithm: &'a str,
    public: &'a [u8],
    kid: &'a str,
    require_mfa: bool,
    registered_ms: UnixMillis,
}

impl IdentityJwk {
    /// Reads `{"kty":"OKP","crv":"Ed25519","x"}` or `{"kty":"oct","k"}` of 32 to 64 bytes, with `kid`,
    /// `alg` and `use` if they fit; `None` for null, which removes the key. Anything else in it is
    /// refused: a private key (`d`) least of all belongs here.
    ///
    /// # Errors
    /// A [`FieldError`] that says what is wrong.
    pub fn read(jwk: &Value) -> Result<Option<Self>, FieldError> {
        let jwk = match jwk {
            Value::Null => return Ok(None),
            Value::Object(jwk) => jwk,
            _ => return Err(refused("/identity_key/jwk", FieldCode::BadFormat)),
        };
        let (material, alg) = match text(jwk, "kty", "/identity_key/jwk/kty")? {
            Some("OKP") => (public_key(jwk)?, ED25519),
            Some("oct") => (secret(jwk)?, HS256),
            Some(_) => return Err(refused("/identity_key/jwk/kty", FieldCode::NotAllowed)),
            None => return Err(refused("/identity_key/jwk/kty", FieldCode::Missing)),
        };
        let fits = |name, pointer, only| match text(jwk, name, pointer)? {
            Some(other) if other != only => Err(refused(pointer, FieldCode::NotAllowed)),
            _ => Ok(()),
        };
        fits("alg", "/identity_key/jwk/alg", alg)?;
        fits("use", "/identity_key/jwk/use", "sig")?;
        let kid = text(jwk, "kid", "/identity_key/jwk/kid")?;
        match kid.map(str::len) {
            Some(0) => return Err(refused("/identity_key/jwk/kid", FieldCode::TooShort)),
            Some(length) if length > KID_MAX_LEN => {
                return Err(refused("/identity_key/jwk/kid", FieldCode::TooLong));
            }
            _ => {}
        }
        Ok(Some(Self { material, kid: kid.map(str::to_owned) }))
    }
}

impl Settings {
    /// Registers the site's key and replaces the old one, or removes it. Takes effect for new
    /// sessions: the key is read for each, and kept nowhere.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_identity_key(
        &self,
        site: &'static Site,
        jwk: Option<&IdentityJwk>,
        require_mfa: bool,
    ) -> Result<(), StoreError> {
        let Some(jwk) = jwk else { return self.remove_identity_key(site).await };
        let (algorithm, public, secret): (_, &[u8], &[u8]) = match &jwk.material {
            Material::Public(public) => (ED25519, public, &[]),
            Material::Secret(secret) => (HS256, &[], secret.reveal()),
        };
        let row = Row {
            site: site.id,
            algorithm,
            public,
            kid: jwk.kid.as_deref().unwrap_or_default(),
            require_mfa,
            registered_ms: self.clock.now_ms(),
        };
        let key = DataKey::derive(&*self.branch_key(&branch(&partition(site))).await?, LABEL)?;
        let sealed = key.seal(&row.place(), secret)?;
        self.put_identity_item(row.to_item(&partition(site), sealed)).await
    }

    /// When the site's key was registered, if it has one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn identity_key_registration(
        &self,
        site: &Site,
    ) -> Result<Option<Registration>, StoreError> {
        newest(self.identity_rows(site).await?).as_ref().map(Registration::from_item).transpose()
    }

    /// The items that may hold the site's key.
    async fn identity_rows(&self, site: &Site) -> Result<Vec<Item>, StoreError> {
        let keys = KeysAndAttributes::builder().set_keys(Some(keys_of(site).into()));
        let keys = keys.consistent_read(true).build().map_err(|_| StoreError::Failed)?;
        let found = self
            .dynamo
            .batch_get_item()
            .request_items(&self.table, keys)
            .send()
            .await
            .map_err(|error| fault("find_identity_key", &error))?;
        // DynamoDB leaves out of a batch what it had no capacity for.
        if found.unprocessed_keys.is_some_and(|left| !left.is_empty()) {
            return Err(StoreError::Unavailable);
        }
        Ok(found.responses.into_iter().flatten().flat_map(|(_, items)| items).collect())
    }

    /// The site's key, if it has registered one.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when it is not what was registered.
    pub async fn identity_key(
        &self,
        site: &'static Site,
    ) -> Result<Option<IdentityKey>, StoreError> {
        let Some(mut item) = newest(self.identity_rows(site).await?) else { return Ok(None) };
        let place = take_string(&mut item, "p").map_err(in_table("settings"))?;
        if !item.contains_key("v") && !item.contains_key("a") {
            return Ok(None);
        }
        Noun::IdentityKey.shape_of(&item)?;
        let algorithm = take_string(&mut item, "a").map_err(in_table("settings"))?;
        let public = if algorithm == ED25519 {
            take_binary(&mut item, "x").map_err(in_table("settings"))?
        } else {
            Vec::new()
        };
        let kid = item
            .contains_key("n")
            .then(|| take_string(&mut item, "n"))
            .transpose()
            .map_err(in_table("settings"))?;
        let Some(AttributeValue::Bool(require_mfa)) = item.remove("m") else {
            return Err(corrupt("m").in_table("settings"));
        };
        let row = Row {
            site: site.id,
            algorithm: &algorithm,
            public: &public,
            kid: kid.as_deref().unwrap_or_default(),
            require_mfa,
            registered_ms: read_number(&item, "f").map_err(in_table("settings"))?,
        };
        let key = DataKey::derive(&*self.existing_branch_key(&branch(&place)).await?, LABEL)?;
        let secret = key
            .open(
                &row.place(),
                &Sealed::from_stored(take_binary(&mut item, "v").map_err(in_table("settings"))?),
            )
            .map_err(in_table("settings"))?;
        let key = match row.algorithm {
            ED25519 => SiteKey::ed25519(row.public)?,
            HS256 => SiteKey::hs256(secret.reveal())?,
            _ => return Err(corrupt("a").in_table("settings")),
        };
        let registered_ms = row.registered_ms;
        Ok(Some(IdentityKey { key: key.named(kid), require_mfa, registered_ms }))
    }

    async fn remove_identity_key(&self, site: &'static Site) -> Result<(), StoreError> {
        let mut item = identity_item(&partition(site));
        item.insert("f".to_owned(), number(self.clock.now_ms()));
        self.put_identity_item(item).await
    }

    async fn put_identity_item(&self, item: Item) -> Result<(), StoreError> {
        self.dynamo
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .send()
            .await
            .map_err(|error| fault("put_identity_key", &error))?;
        Ok(())
    }
}

/// The key of the item in a partition.
fn identity_item(partition: &str) -> Item {
    Item::from([("p".to_owned(), string(partition)), ("k".to_owned(), string(IDENTITY_KEY))])
}

/// Of its own, so that the role that registers keys reaches no branch key and no policy.
fn partition(site: &Site) -> String {
    format!("identity#{}", site.id)
}

const LABEL: &str = "sotto/v1 identity key";

impl Row<'_> {
    fn place(&self) -> Place {
        Place::new(LABEL)
            .part(self.site.as_bytes())
            .part(self.algorithm.as_bytes())
            .part(self.public)
            .part(self.kid.as_bytes())
            .number(u64::from(self.require_mfa))
            .number(self.registered_ms.unsigned_abs())
    }

    fn to_item(&self, partition: &str, sealed: Sealed) -> Item {
        let mut item = identity_item(partition);
        item.extend([
            ("a".to_owned(), string(self.algorithm)),
            ("m".to_owned(), AttributeValue::Bool(self.require_mfa)),
            ("f".to_owned(), number(self.registered_ms)),
            ("v".to_owned(), binary(sealed.into_stored())),
        ]);
        if !self.public.is_empty() {
            item.insert("x".to_owned(), binary(self.public));
        }
        if !self.kid.is_empty() {
            item.insert("n".to_owned(), string(self.kid));
        }
        item
    }
}

/// The keys of the items that may hold a site's key.
pub(super) fn keys_of(site: &Site) -> [Item; 2] {
    [identity_item(&partition(site)), identity_item(site.id)]
}

/// Of the items that may hold a site's key, the one that counts.
pub(super) fn newest(rows: impl IntoIterator<Item = Item>) -> Option<Item> {
    let of_older_release =
        |row: &Item| row.get("p").is_some_and(|p| p.as_s().is_ok_and(|p| !p.contains('#')));
    rows.into_iter().min_by_key(of_older_release)
}

/// Whether an item of the settings table is a site's key.
pub(super) fn is_row(item: &Item) -> bool {
    item.get("k") == Some(&string(IDENTITY_KEY))
}

fn branch(partition: &str) -> BranchName {
    BranchName::new(partition, Purpose::Signing, "identity")
}

fn refused(pointer: &'static str, code: FieldCode) -> FieldError {
    FieldError { pointer, code }
}

/// A text of the JWK, if it is there.
fn text<'a>(
    jwk: &'a Map<String, Value>,
    name: &str,
    pointer: &'static str,
) -> Result<Option<&'a str>, FieldError> {
    match jwk.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(refused(pointer, FieldCode::BadFormat)),
    }
}

/// Refuses what has no business in a JWK of that kind.
fn nothing_but(jwk: &Map<String, Value>, known: &[&str]) -> Result<(), FieldError> {
    if jwk.keys().all(|name| known.contains(&name.as_str())) {
        Ok(())
    } else {
        Err(refused("/identity_key/jwk", FieldCode::NotAllowed))
    }
}

fn bytes(
    jwk: &Map<String, Value>,
    name: &str,
    pointer: &'static str,
) -> Result<Vec<u8>, FieldError> {
    let encoded = text(jwk, name, pointer)?.ok_or(refused(pointer, FieldCode::Missing))?;
    from_base64url(encoded).ok_or(refused(pointer, FieldCode::BadFormat))
}

fn public_key(jwk: &Map<String, Value>) -> Result<Material, FieldError> {
    nothing_but(jwk, &["kty", "crv", "x", "kid", "alg", "use"])?;
    match text(jwk, "crv", "/identity_key/jwk/crv")? {
        Some("Ed25519") => {}
        Some(_) => return Err(refused("/identity_key/jwk/crv", FieldCode::NotAllowed)),
        None => return Err(refused("/identity_key/jwk/crv", FieldCode::Missing)),
    }
    let pointer = "/identity_key/jwk/x";
    let public = bytes(jwk, "x", pointer)?;
    SiteKey::ed25519(&public).map_err(|_| refused(pointer, FieldCode::BadFormat))?;
    Ok(Material::Public(public))
}

fn secret(jwk: &Map<String, Value>) -> Result<Material, FieldError> {
    nothing_but(jwk, &["kty", "k", "kid", "alg", "use"])?;
    let pointer = "/identity_key/jwk/k";
    let secret = Plaintext::new(bytes(jwk, "k", pointer)?);
    match secret.reveal().len() {
        ..SECRET_MIN_LEN => Err(refused(pointer, FieldCode::TooShort)),
        SECRET_MIN_LEN..=SECRET_MAX_LEN => Ok(Material::Secret(secret)),
        _ => Err(refused(pointer, FieldCode::TooLong)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use values::encoding::base64url;

    /// RFC 8037, appendix A.2.
    const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

    fn read(jwk: &Value) -> Result<bool, (&'static str, FieldCode)> {
        IdentityJwk::read(jwk)
            .map(|read| read.is_some())
            .map_err(|error| (error.pointer.trim_start_matches("/identity_key/jwk"), error.code))
    }

    #[test]
    fn the_two_kinds_of_key_are_read_and_null_removes() {
        let k = base64url(&[7; 32]);
        assert_eq!(read(&Value::Null), Ok(false));
        for jwk in [
            json!({ "kty": "OKP", "crv": "Ed25519", "x": X }),
            json!({ "kty": "OKP", "crv": "Ed25519", "x": X, "kid": "1", "alg": "EdDSA", "use": "sig" }),
            json!({ "kty": "oct", "k": k }),
            json!({ "kty": "oct", "k": base64url(&[7; 64]), "alg": "HS256" }),
        ] {
            assert_eq!(read(&jwk), Ok(true), "{jwk}");
        }
    }

    #[test]
    fn every_other_jwk_is_refused_and_the_fault_is_named() {
        use FieldCode::{BadFormat, Missing, NotAllowed, TooLong, TooShort};
        let okp = |name: &str, value: Value| {
            let mut jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": X });
            jwk[name] = value;
            jwk
        };
        let oct = |bytes: usize| json!({ "kty": "oct", "k": base64url(&vec![7; bytes]) });
        for (jwk, pointer, code) in [
            (json!([]), "", BadFormat),
            (json!(X), "", BadFormat),
            (json!({}), "/kty", Missing),
            (okp("kty", json!("RSA")), "/kty", NotAllowed),
            (okp("kty", json!(1)), "/kty", BadFormat),
            (okp("crv", json!("X25519")), "/crv", NotAllowed),
            (json!({ "kty": "OKP", "x": X }), "/crv", Missing),
            (json!({ "kty": "OKP", "crv": "Ed25519" }), "/x", Missing),
            (okp("x", json!(format!("{X}="))), "/x", BadFormat),
            (okp("x", json!(base64url(&[9; 31]))), "/x", BadFormat),
            (okp("x", json!(base64url(&[0; 32]))), "/x", BadFormat),
            (okp("d", json!("secret")), "", NotAllowed),
            (okp("k", json!("secret")), "", NotAllowed),
            (okp("alg", json!("HS256")), "/alg", NotAllowed),
            (okp("use", json!("enc")), "/use", NotAllowed),
            (okp("kid", json!("")), "/kid", TooShort),
            (okp("kid", json!("x".repeat(129))), "/kid", TooLong),
            (okp("kid", Value::Null), "/kid", BadFormat),
            (json!({ "kty": "oct" }), "/k", Missing),
            (oct(31), "/k", TooShort),
            (oct(65), "/k", TooLong),
            (oct(0), "/k", TooShort),
        ] {
            assert_eq!(read(&jwk), Err((pointer, code)), "{jwk}");
        }
    }
}
