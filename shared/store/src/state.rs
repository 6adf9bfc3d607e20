//! The state of a conversation after an event, as it stands in the event's header.

use values::clock::UnixMillis;

/// Messages that may come at once, in hundredths.
const FULL: u16 = 240 * 100;
/// Hundredths that come back each second: two messages.
const REFILL_PER_SECOND: i64 = 200;
/// The cost of one message, in hundredths.
const COST: u16 = 100;
const OFFERED_BIT: u8 = 4;
/// The code of a status needs three of the four bits that it has.
const ASKED_BIT: u8 = 3;
/// The allowance needs fifteen bits; a release that does not know the sixteenth takes it for a full one.
const UNKNOWN_BIT: u16 = 1 << 15;

/// The status of a conversation: who speaks next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The bot answers.
    Open,
    /// A person was asked for.
    Waiting,
    /// A person answers.
    WithAgent,
    /// It has ended.
    Closed,
    /// It was erased.
    Erased,
}

impl Status {
    /// The status as the API names it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Waiting => "waiting",
            Self::WithAgent => "with_agent",
            Self::Closed => "closed",
            Self::Erased => "erased",
        }
    }

    const fn code(self) -> u8 {
        match self {
            Self::Open => 0,
            Self::Waiting => 1,
            Self::WithAgent => 2,
            Self::Closed => 3,
            Self::Erased => 4,
        }
    }

    const fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Open),
            1 => Some(Self::Waiting),
            2 => Some(Self::WithAgent),
            3 => Some(Self::Closed),
            4 => Some(Self::Erased),
            _ => None,
        }
    }
}

/// The data that the next decision is made on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "bits of the header, each with a meaning of its own"
)]
pub struct State {
    /// The status.
    pub status: Status,
    /// Whether the bot has said that it is one.
    pub introduced: bool,
    /// Whether the bot's last answer was to offer a person.
    pub offered: bool,
    /// Whether the bot did not know its last answer.
    pub unknown: bool,
    /// Whether the bot's last answer was to ask which entry is meant.
    pub asked: bool,
    /// Index of the language in the site's list.
    pub locale: u8,
    /// When the event of this state happened.
    pub at_ms: UnixMillis,
    /// The rest of the rate limit at `at_ms`, in hundredths of a message.
    allowance: u16,
}

/// Too many messages: seconds until one more may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMany {
    /// At least 1.
    pub retry_after_seconds: u32,
}

impl State {
    /// Bytes of a stored state.
    pub const LEN: usize = 10;

    /// The state of a conversation just opened.
    #[must_use]
    pub fn opened(locale: u8, at_ms: UnixMillis) -> Self {
        Self {
            status: Status::Open,
            introduced: false,
            offered: false,
            unknown: false,
            asked: false,
            locale,
            at_ms,
            allowance: FULL,
        }
    }

    /// The state at `now_ms`, the allowance filled up for the time that has passed.
    #[must_use]
    pub fn at(self, now_ms: UnixMillis) -> Self {
        let passed = now_ms.saturating_sub(self.at_ms).max(0);
        let refill = passed.saturating_mul(REFILL_PER_SECOND) / 1000;
        let allowance = i64::from(self.allowance).saturating_add(refill).min(i64::from(FULL));
        Self {
            // Instants of two functions may differ by a little; the log never goes back.
            at_ms: self.at_ms.max(now_ms),
            allowance: u16::try_from(allowance).unwrap_or(FULL),
            ..self
        }
    }

    /// The same with another status.
    #[must_use]
    pub fn with_status(self, status: Status) -> Self {
        Self { status, ..self }
    }

    /// The same once the bot has answered, and with that has said that it is one.
    #[must_use]
    pub fn answered(self, offered: bool) -> Self {
        Self { introduced: true, offered, unknown: false, asked: false, ..self }
    }

    /// The same where the bot did not know the answer.
    #[must_use]
    pub fn not_knowing(self, unknown: bool) -> Self {
        Self { unknown, ..self }
    }

    /// The same where the bot asked which entry is meant.
    #[must_use]
    pub fn asking(self, asked: bool) -> Self {
        Self { asked, ..self }
    }

    /// Takes one message off the allowance.
    ///
    /// # Errors
    /// [`TooMany`] when nothing is left.
    pub fn spend(self) -> Result<Self, TooMany> {
        match self.allowance.checked_sub(COST) {
            Some(allowance) => Ok(Self { allowance, ..self }),
            None => Err(TooMany { retry_after_seconds: 1 }),
        }
    }

    /// Stored form: status and flags in two bytes (the first holds a flag, too, and its upper half is left
    /// to the event's kind), allowance in two with one more flag, time in six.
    #[must_use]
    pub fn encode(&self) -> [u8; Self::LEN] {
        let flags = u8::from(self.introduced)
            | (self.locale & 0x07) << 1
            | u8::from(self.offered) << OFFERED_BIT;
        let mut out = [0; Self::LEN];
        out[0] = self.status.code() | u8::from(self.asked) << ASKED_BIT;
        out[1] = flags;
        let unknown = if self.unknown { UNKNOWN_BIT } else { 0 };
        out[2..4].copy_from_slice(&(self.allowance | unknown).to_be_bytes());
        out[4..].copy_from_slice(&self.at_ms.to_be_bytes()[2..]);
        out
    }

    /// Reads the stored form, ignoring the upper half of the first byte and the flags' upper bits.
    #[must_use]
    pub fn decode(bytes: &[u8; Self::LEN]) -> Option<Self> {
        let [first, flags, allowance_high, allowance_low, time @ ..] = *bytes;
        let allowance = u16::from_be_bytes([allowance_high, allowance_low]);
        let mut at_ms = [0; 8];
        at_ms[2..].copy_from_slice(&time);
        Some(Self {
            status: Status::from_code(first & 0x07)?,
            asked: first >> ASKED_BIT & 1 == 1,
            introduced: flags & 1 == 1,
            offered: flags >> OFFERED_BIT & 1 == 1,
            locale: flags >> 1 & 0x07,
            at_ms: i64::from_be_bytes(at_ms),
            unknown: allowance & UNKNOWN_BIT != 0,
            allowance: allowance & !UNKNOWN_BIT,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_allowance_runs_out_and_comes_back() {
        let mut state = State::opened(0, 0);
        for _ in 0..240 {
            state = state.spend().unwrap();
        }
        assert_eq!(state.spend(), Err(TooMany { retry_after_seconds: 1 }));
        assert!(state.at(499).spend().is_err());
        assert!(state.at(500).spend().is_ok());
        assert_eq!(state.at(i64::MAX).allowance, FULL);
        assert_eq!(state.at(1_000).at(500).at_ms, 1_000, "time went back");
    }

    proptest! {
        #[test]
        fn what_is_stored_is_read_back(
            status in 0_u8..5, introduced: bool, offered: bool, unknown: bool, asked: bool, locale in 0_u8..8, at_ms in 0_i64..1 << 47,
            allowance in 0..=FULL,
        ) {
            let status = Status::from_code(status).unwrap();
            let state = State { status, introduced, offered, unknown, asked, locale, at_ms, allowance };
            prop_assert_eq!(State::decode(&state.encode()), Some(state));
        }
    }
}
