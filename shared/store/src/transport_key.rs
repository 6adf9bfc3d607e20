//! HPKE key pairs of the transport: `p` = `*`, `k` = `transport#<kid>`, `a` the KEM, `q` the public
//! key, `w` and `m` the wrapped private key and its commitment, `b` the branch key that wraps it, `t`
//! when it was made, `n` when it stops opening, both in milliseconds.
//!
//! The first shape lies in the settings table, whose recovery brings back what was deleted; the second
//! in a table without recovery, with another label in its AAD, so that neither opens in the other's
//! place (docs/decisions/0011).

use super::attributes::{
    EXPIRES_AT, Item, binary, corrupt, expiry, in_table, number, read_number, string, take_binary,
    take_string,
};
use super::schema::Noun;
use super::settings::Settings;
use super::{StoreError, fault};
use seal::BranchKey;
use seal::conversation_key::{WrappedKey, unwrap, wrap};
use seal::place::{BranchName, Place, Purpose, STACK};
use seal::transport::{KemSuite, PrivateKey};
use values::clock::UnixMillis;
use values::encoding::base64url;
use values::random;

/// The longest that a key may open, in milliseconds.
pub const LONGEST_LIFE_MS: UnixMillis = 72 * 60 * 60 * 1000;
/// The beginning of the sort key of a transport key.
pub(super) const PREFIX: &str = "transport#";

/// A transport key as it is stored.
pub struct TransportKey {
    /// Its name in the key list and in requests.
    pub kid: String,
    /// Which suite it is for.
    pub suite: KemSuite,
    /// The public key.
    pub public: Vec<u8>,
    /// When it was made.
    pub made_at_ms: UnixMillis,
    /// When it stops opening anything; its row is deleted then.
    pub not_after_ms: UnixMillis,
    wrapped: WrappedKey,
    branch: String,
    shape: u8,
}

impl TransportKey {
    /// Reads an item that was found where keys of this shape are.
    pub(super) fn from_item(kid: &str, item: Item, shape: u8) -> Result<Self, StoreError> {
        Self::read_item(kid, item, shape).map_err(in_table(table_of(shape)))
    }

    fn read_item(kid: &str, mut item: Item, shape: u8) -> Result<Self, StoreError> {
        if Noun::TransportKey.shape_of(&item)? != shape {
            return Err(corrupt("y"));
        }
        let suite = KemSuite::from_kem(&take_string(&mut item, "a")?).ok_or(corrupt("a"))?;
        let commitment = take_binary(&mut item, "m")?;
        Ok(Self {
            kid: kid.to_owned(),
            suite,
            public: take_binary(&mut item, "q")?,
            made_at_ms: read_number(&item, "t")?,
            not_after_ms: read_number(&item, "n")?,
            wrapped: WrappedKey {
                wrapped: take_binary(&mut item, "w")?,
                commitment: commitment.try_into().map_err(|_| corrupt("m"))?,
            },
            branch: take_string(&mut item, "b")?,
            shape,
        })
    }

    /// Makes a key pair of this shape that opens until `not_after_ms`, wrapped by the branch key of the
    /// month in which it is made.
    pub(super) fn generate(
        shape: u8,
        suite: KemSuite,
        (branch, branch_key): (String, &BranchKey),
        (made_at_ms, not_after_ms): (UnixMillis, UnixMillis),
    ) -> Result<Self, StoreError> {
        let kid = base64url(&random::bytes::<9>()?);
        let (private, public) = PrivateKey::generate(suite)?;
        let place = place(shape, &kid, suite, &public, not_after_ms, &branch);
        let wrapped = wrap(branch_key, &place, private.secret())?;
        Ok(Self { kid, suite, public, made_at_ms, not_after_ms, wrapped, branch, shape })
    }

    /// Whether it opens requests: it is not past its time, and no compromise has withdrawn it.
    pub(super) fn opens(&self, now_ms: UnixMillis, withdrawn_ms: Option<UnixMillis>) -> bool {
        now_ms < self.not_after_ms && withdrawn_ms.is_none_or(|at_ms| at_ms < self.made_at_ms)
    }

    /// The name of the branch key that wraps it.
    pub(super) fn branch(&self) -> BranchName {
        BranchName::new(STACK, Purpose::Transport, &self.branch)
    }

    /// Unwraps the private half.
    pub(super) fn open(&self, branch_key: &BranchKey) -> Result<PrivateKey, StoreError> {
        let secret = unwrap(branch_key, &self.place(), &self.wrapped)
            .map_err(in_table(table_of(self.shape)))?;
        Ok(PrivateKey::from_secret(self.suite, secret))
    }

    pub(super) fn to_item(&self) -> Item {
        let Self { kid, suite, public, made_at_ms, not_after_ms, wrapped, branch, shape } = self;
        let WrappedKey { wrapped, commitment } = wrapped;
        let mut item = Item::from([
            ("p".to_owned(), string(STACK)),
            ("k".to_owned(), string(format!("{PREFIX}{kid}"))),
            ("a".to_owned(), string(suite.kem())),
            ("q".to_owned(), binary(public.clone())),
            ("w".to_owned(), binary(wrapped.clone())),
            ("m".to_owned(), binary(*commitment)),
            ("b".to_owned(), string(branch)),
            ("t".to_owned(), number(*made_at_ms)),
            ("n".to_owned(), number(*not_after_ms)),
            (EXPIRES_AT.to_owned(), expiry(*not_after_ms)),
        ]);
        Noun::name_shape(*shape, &mut item);
        item
    }

    fn place(&self) -> Place {
        place(self.shape, &self.kid, self.suite, &self.public, self.not_after_ms, &self.branch)
    }
}

impl Settings {
    /// Deletes every transport key that has stopped opening or was withdrawn, of either shape, and gives
    /// their number.
    /// DynamoDB's TTL would take up to days.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn destroy_ended_transport_keys(
        &self,
        withdrawn_ms: Option<UnixMillis>,
    ) -> Result<usize, StoreError> {
        // Those of the first shape are the rotation's alone, as all that is in their table.
        let first = self.destroy_ended_in(&self.table, withdrawn_ms).await?;
        Ok(first + self.destroy_ended_in(&self.transport_table, withdrawn_ms).await?)
    }

    /// Deletes those that have stopped opening from the table that is theirs.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn destroy_ended_in_transport_table(&self) -> Result<usize, StoreError> {
        self.destroy_ended_in(&self.transport_table, None).await
    }

    async fn destroy_ended_in(
        &self,
        table: &str,
        withdrawn_ms: Option<UnixMillis>,
    ) -> Result<usize, StoreError> {
        let now_ms = self.clock.now_ms();
        let mut destroyed = 0;
        for mut item in self.rows(table, PREFIX, "find_ended_transport_keys").await? {
            let number = |name| read_number::<i64>(&item, name).map_err(in_table("transport"));
            let is_withdrawn = match withdrawn_ms {
                Some(at_ms) => number("t")? <= at_ms,
                None => false,
            };
            if !is_withdrawn && now_ms < number("n")? {
                continue;
            }
            self.dynamo
                .delete_item()
                .table_name(table)
                .key("p", string(STACK))
                .key("k", string(take_string(&mut item, "k").map_err(in_table("transport"))?))
                .send()
                .await
                .map_err(|error| fault("destroy_transport_key", &error))?;
            destroyed += 1;
        }
        Ok(destroyed)
    }
}

/// Where keys of a shape are.
const fn table_of(shape: u8) -> &'static str {
    if shape == 1 { "settings" } else { "transport" }
}

fn place(
    shape: u8,
    kid: &str,
    suite: KemSuite,
    public: &[u8],
    not_after_ms: UnixMillis,
    branch: &str,
) -> Place {
    let label = if shape == 1 { "sotto/v1 transport key" } else { "sotto/v2 transport key" };
    Place::new(label)
        .part(kid.as_bytes())
        .part(suite.kem().as_bytes())
        .part(public)
        .number(not_after_ms.unsigned_abs())
        .part(branch.as_bytes())
}
