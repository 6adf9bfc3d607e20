//! Visitors' sessions: what a token says of the one that it belongs to, and what ends it before its
//! time.
//!
//! A session begins when a token is given without another one, and goes on in the tokens that renew it.
//! Its beginning is the epoch that its tokens were made under: the subject's row in the keys table
//! holds in `e` the last second whose sessions are ended, in epoch seconds, and in nothing else.

use super::identity_key::Registration;
use super::key_row::{Guarded, KeyRow};
use super::subject::Subject;
use super::{Store, StoreError};
use values::clock::UnixMillis;
use values::ids::SubjectId;
use values::policy::RetentionPolicy;
use values::site::Site;

pub use values::token_life::{RENEWAL_SECONDS, TOKEN_SECONDS};

/// Seconds after which a guest's session ends however often it was renewed.
pub const GUEST_SECONDS: i64 = 400 * 86_400;
/// The same of a customer's, for whom the site's server then has to speak again.
pub const CUSTOMER_SECONDS: i64 = 4 * 3_600;
/// Seconds by which the clocks of two functions may differ.
pub const SKEW_SECONDS: i64 = 60;
/// How often ending is tried again when what is known of the subject has changed.
const ATTEMPTS: usize = 8;

/// A session, as a token describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// When it began, in seconds.
    pub began: i64,
    /// When it ends at the latest, in seconds.
    pub ends: i64,
    /// The key of the site that let it in; a guest's has none.
    pub let_in_by: Option<LetInBy>,
}

/// A site's identity key, as a token names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LetInBy {
    /// The one that was registered then.
    RegisteredAt(UnixMillis),
    /// The one that was registered by then: tokens of earlier releases say no more.
    RegisteredBy(UnixMillis),
}

/// The limits that end sessions of a subject, as they were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// The last second whose sessions are ended.
    pub ended: Option<i64>,
    /// When the site's present identity key was registered.
    pub identity_key: Option<Registration>,
}

/// The data that decides whether a session may be renewed.
pub struct Standing {
    /// The subject as a whole.
    pub subject: Subject,
    /// The limits that end its sessions.
    pub limits: Limits,
    /// Whether a conversation of the subject's is there that has not ended.
    pub has_conversation: bool,
}

impl Session {
    /// A guest's that begins now.
    #[must_use]
    pub const fn of_guest(now: i64) -> Self {
        Self { began: now, ends: now.saturating_add(GUEST_SECONDS), let_in_by: None }
    }

    /// A customer's that begins now, with all that ended the subject's earlier ones behind it.
    #[must_use]
    pub fn of_customer(now: i64, subject: &Subject, Registration(key_ms): Registration) -> Self {
        let began = subject.ended.map_or(now, |ended| now.max(ended.saturating_add(1)));
        let let_in_by = Some(LetInBy::RegisteredAt(key_ms));
        Self { began, ends: now.saturating_add(CUSTOMER_SECONDS), let_in_by }
    }
}

impl Session {
    /// The same under the key that is registered now, for a customer whom these limits admit.
    #[must_use]
    pub fn renewed(self, limits: &Limits) -> Self {
        let present = limits.identity_key.map(|Registration(ms)| LetInBy::RegisteredAt(ms));
        Self { let_in_by: self.let_in_by.and(present), ..self }
    }
}

impl Limits {
    /// Whether nothing of it has ended the session.
    #[must_use]
    pub fn admit(&self, session: &Session) -> bool {
        let goes_on = self.ended.is_none_or(|ended| ended < session.began);
        let present = self.identity_key.map(|Registration(ms)| ms);
        goes_on
            && match session.let_in_by {
                None => true,
                Some(LetInBy::RegisteredAt(ms)) => present == Some(ms),
                Some(LetInBy::RegisteredBy(ms)) => present.is_some_and(|present| present <= ms),
            }
    }
}

impl Store {
    /// The limits that end sessions of the subject, as they are now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn limits_of(
        &self,
        site: &'static Site,
        subject: SubjectId,
        session: &Session,
    ) -> Result<Limits, StoreError> {
        let (subject, identity_key) =
            tokio::try_join!(self.find_subject(subject), self.key_of_session(site, session))?;
        Ok(Limits { ended: subject.ended, identity_key })
    }

    /// The data that decides whether a session of the subject may be renewed, as it is now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn standing_of(
        &self,
        site: &'static Site,
        subject: SubjectId,
        session: &Session,
    ) -> Result<Standing, StoreError> {
        let policy = async { Ok(self.settings.retention_policy(site).await?.policy) };
        let (rows, policy, identity_key) =
            tokio::try_join!(self.rows_of(subject), policy, self.key_of_session(site, session))?;
        let now_ms = self.clock.now_ms();
        let has_conversation = rows.keys.iter().any(|row| is_open_to_visitor(row, &policy, now_ms));
        let limits = Limits { ended: rows.subject.ended, identity_key };
        Ok(Standing { subject: rows.subject, limits, has_conversation })
    }

    /// When the site's identity key was registered, for a session that one has let in.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn key_of_session(
        &self,
        site: &'static Site,
        session: &Session,
    ) -> Result<Option<Registration>, StoreError> {
        match session.let_in_by {
            None => Ok(None),
            Some(_) => self.settings.identity_key_registration(site).await,
        }
    }

    /// Ends all sessions of the subject that have begun by now, wherever they are; false when this one
    /// was ended before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_sessions(
        &self,
        site: &'static Site,
        subject: SubjectId,
        session: &Session,
    ) -> Result<bool, StoreError> {
        let identity_key = self.key_of_session(site, session).await?;
        // Another function's clock may be ahead, and what it began a moment ago is ended too.
        let ended = session.began.max(self.clock.now_seconds().saturating_add(SKEW_SECONDS));
        for _ in 0..ATTEMPTS {
            let known = self.find_subject(subject).await?;
            if !(Limits { ended: known.ended, identity_key }).admit(session) {
                return Ok(false);
            }
            let write = self.put_ended(subject, &known, ended)?;
            if self.transaction().and(write).commit("end_sessions").await?.is_whole() {
                self.conversations.forget_all(|(whose, _)| *whose == subject);
                return Ok(true);
            }
        }
        Err(StoreError::Unavailable)
    }
}

fn is_open_to_visitor(row: &KeyRow, policy: &RetentionPolicy, now_ms: UnixMillis) -> bool {
    let is_conversation = matches!(row.guarded, Guarded::Conversation(_));
    is_conversation && !row.is_destroyed() && now_ms < row.end_ms(policy)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Registration = Registration(7_000);

    fn limits(ended: Option<i64>, identity_key: Option<Registration>) -> Limits {
        Limits { ended, identity_key }
    }

    #[test]
    fn what_began_by_the_ended_second_is_ended_and_nothing_later() {
        let session = Session::of_guest(100);
        assert!(limits(None, None).admit(&session));
        assert!(limits(Some(99), None).admit(&session));
        assert!(!limits(Some(100), None).admit(&session));
        assert!(limits(None, Some(KEY)).admit(&session), "a guest needs no key");
    }

    #[test]
    fn a_customers_session_needs_the_key_that_let_it_in() {
        let session = Session::of_customer(100, &Subject::default(), KEY);
        assert_eq!(session.ends, 100 + CUSTOMER_SECONDS);
        assert!(limits(None, Some(KEY)).admit(&session));
        assert!(!limits(None, None).admit(&session));
        assert!(!limits(None, Some(Registration(7_001))).admit(&session));
        let older = Session { let_in_by: Some(LetInBy::RegisteredBy(7_000)), ..session };
        assert!(limits(None, Some(KEY)).admit(&older));
        assert!(!limits(None, Some(Registration(7_001))).admit(&older));
        assert!(!limits(None, None).admit(&older));
    }

    #[test]
    fn a_session_that_begins_in_the_ended_second_goes_on() {
        let subject = Subject { ended: Some(160), ..Subject::default() };
        let session = Session::of_customer(100, &subject, KEY);
        assert!(limits(Some(160), Some(KEY)).admit(&session));
        assert_eq!(session.ends, 100 + CUSTOMER_SECONDS, "it lasts no longer for that");
    }
}
