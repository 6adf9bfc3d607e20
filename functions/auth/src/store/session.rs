//! A session: one sign-in on one device, from the second factor to its end.
//!
//! Items in the partition of the person: `k` = `session#<id>`, `g` the generation of the refresh token
//! that is good, `a` when a second factor was last shown (seconds), `m` how they signed in, `t` when it
//! began, `u` when it was last renewed, `e` the epoch of the account, `expires_at` its latest end, `x` a
//! MAC over person, session, `a`, `m`, `t` and `e`.
//!
//! A refresh token is person, session and generation with a MAC over them. It is spent by raising the
//! generation, on condition that it still is the token's: a token of an earlier generation was
//! spent.

use shared::access::staff::Method;
use shared::clock::UnixMillis;
use shared::ids::{SessionId, StaffId};
use shared::seal::place::Place;
use shared::store::StoreError;
use shared::store::attributes::{
    EXPIRES_AT, Item, binary, corrupt, expiry, number, read_number, string, take_binary,
    take_string,
};
use shared::store::write::{NEW, THERE, Write, delete, put_if, update};
use shared::values::encoding::{base64url, from_base64url};

use super::Store;
use super::account::partition;
use crate::keys::Keys;
use shared::store::table::Key;

/// A session that is not renewed for so long has ended.
pub const IDLE_MS: UnixMillis = 30 * 60 * 1000;
/// A session ends then at the latest.
pub const LONGEST_MS: UnixMillis = 12 * 60 * 60 * 1000;
/// How many sessions somebody may have; one more ends the one that was idle longest.
pub const SESSIONS: usize = 10;

const SESSION: &str = "session#";

/// A session as it is stored.
#[derive(Debug, Clone)]
pub struct Session {
    /// Its id, `sid` in tokens.
    pub id: SessionId,
    /// The generation of the good refresh token.
    pub generation: u32,
    /// When a second factor was last shown, in seconds.
    pub authenticated_at: i64,
    /// How they signed in.
    pub methods: Vec<Method>,
    /// When it began.
    pub made_at_ms: UnixMillis,
    /// When it was last renewed.
    pub used_at_ms: UnixMillis,
    /// The epoch of the account in which it began: the next one ends it.
    pub epoch: u64,
    /// Whether it is as it was written here; the release before left nothing to tell by.
    pub authentic: bool,
}

impl Session {
    /// Whether it has ended by itself.
    #[must_use]
    pub fn has_ended(&self, now_ms: UnixMillis) -> bool {
        now_ms - self.used_at_ms >= IDLE_MS || now_ms - self.made_at_ms >= LONGEST_MS
    }

    /// The MAC that shows that this function wrote the row.
    fn code(&self, keys: &Keys, id: StaffId, methods: &str) -> [u8; 32] {
        keys.tokens.sign(&self.message(id, methods))
    }

    fn message(&self, id: StaffId, methods: &str) -> Vec<u8> {
        let place = Place::new("session").part(id.as_bytes()).part(self.id.as_bytes());
        let numbers = [self.authenticated_at, self.made_at_ms].map(i64::to_be_bytes);
        let [authenticated, made] = &numbers;
        let place = place.part(authenticated).part(made).part(&self.epoch.to_be_bytes());
        place.part(methods.as_bytes()).as_bytes().to_vec()
    }

    /// Seconds until its latest end.
    #[must_use]
    pub fn rest_seconds(&self, now_ms: UnixMillis) -> i64 {
        (self.made_at_ms + LONGEST_MS - now_ms).max(0).div_euclid(1000)
    }
}

/// A refresh token whose MAC is ours.
#[derive(Debug, Clone, Copy)]
pub struct RefreshToken {
    /// The person it belongs to.
    pub staff: StaffId,
    /// The session it belongs to.
    pub session: SessionId,
    /// Its generation in that session.
    pub generation: u32,
}

const LABEL: &[u8] = b"refresh";

impl RefreshToken {
    /// The token as the client keeps it.
    #[must_use]
    pub fn seal(&self, keys: &Keys) -> String {
        let mut bytes = self.content();
        let code = keys.tokens.sign(&[LABEL, &bytes].concat());
        bytes.extend_from_slice(&code);
        base64url(&bytes)
    }

    /// Reads a token; nothing if the MAC is not ours.
    #[must_use]
    pub fn open(keys: &Keys, text: &str) -> Option<Self> {
        let bytes = from_base64url(text)?;
        let (content, code) = bytes.split_at_checked(36)?;
        if !keys.tokens.verifies(&[LABEL, content].concat(), code) {
            return None;
        }
        let (staff, rest) = content.split_at_checked(16)?;
        let (session, generation) = rest.split_at_checked(16)?;
        Some(Self {
            staff: StaffId::from_slice(staff)?,
            session: SessionId::from_slice(session)?,
            generation: u32::from_be_bytes(generation.try_into().ok()?),
        })
    }

    fn content(&self) -> Vec<u8> {
        let mut bytes = self.staff.as_bytes().to_vec();
        bytes.extend_from_slice(self.session.as_bytes());
        bytes.extend_from_slice(&self.generation.to_be_bytes());
        bytes
    }
}

fn key(id: StaffId, session: SessionId) -> Key {
    Key::new(partition(id), format!("{SESSION}{session}"))
}

/// Reads a row of a person's partition, if it is a session.
pub(super) fn read(
    keys: &Keys,
    staff: StaffId,
    kind: &str,
    mut row: Item,
) -> Result<Option<Session>, StoreError> {
    let Some(id) = kind.strip_prefix(SESSION) else { return Ok(None) };
    let methods = take_string(&mut row, "m")?;
    let code = if row.contains_key("x") { take_binary(&mut row, "x")? } else { Vec::new() };
    let mut session = Session {
        id: SessionId::parse(id).ok_or(corrupt("k"))?,
        generation: read_number(&row, "g")?,
        authenticated_at: read_number(&row, "a")?,
        made_at_ms: read_number(&row, "t")?,
        used_at_ms: read_number(&row, "u")?,
        epoch: read_number(&row, "e")?,
        methods: serde_json::from_str(&methods).map_err(|_| corrupt("m"))?,
        authentic: false,
    };
    session.authentic = keys.tokens.verifies(&session.message(staff, &methods), &code);
    Ok(Some(session))
}

impl Store {
    /// A new session.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn put_session(
        &self,
        keys: &Keys,
        id: StaffId,
        session: &Session,
    ) -> Result<Write, StoreError> {
        let methods = serde_json::to_string(&session.methods).map_err(|_| StoreError::Failed)?;
        let mut row = key(id, session.id).item();
        row.extend([
            ("g".to_owned(), number(session.generation)),
            ("a".to_owned(), number(session.authenticated_at)),
            ("x".to_owned(), binary(session.code(keys, id, &methods).to_vec())),
            ("m".to_owned(), string(methods)),
            ("t".to_owned(), number(session.made_at_ms)),
            ("u".to_owned(), number(session.used_at_ms)),
            ("e".to_owned(), number(session.epoch)),
            (EXPIRES_AT.to_owned(), expiry(session.made_at_ms + LONGEST_MS)),
        ]);
        put_if(&self.identity, row, NEW, [])
    }

    /// Spends a refresh token: the session is renewed and has the next generation.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn spend(&self, token: &RefreshToken) -> Result<Write, StoreError> {
        update(
            &self.identity,
            &key(token.staff, token.session),
            ("SET g = :m, u = :u", "g = :g"),
            [
                (":m", number(token.generation.saturating_add(1))),
                (":u", number(self.clock.now_ms())),
                (":g", number(token.generation)),
            ],
        )
    }

    /// That a second factor was shown now.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn step_up(
        &self,
        keys: &Keys,
        id: StaffId,
        session: &Session,
    ) -> Result<Write, StoreError> {
        let methods = serde_json::to_string(&session.methods).map_err(|_| StoreError::Failed)?;
        let code = session.code(keys, id, &methods).to_vec();
        update(
            &self.identity,
            &key(id, session.id),
            ("SET a = :a, m = :m, x = :x", THERE),
            [
                (":a", number(session.authenticated_at)),
                (":m", string(methods)),
                (":x", binary(code)),
            ],
        )
    }

    /// Ends a session: no refresh token opens it any more, and its access tokens are refused.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn end_session(&self, id: StaffId, session: SessionId) -> Result<[Write; 2], StoreError> {
        let ended = delete(&self.identity, &key(id, session))?;
        Ok([ended, self.settings.revoke(session)?])
    }
}
