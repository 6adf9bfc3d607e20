//! Why a conversation went from the bot to a person.

/// The reason of a hand-over: a word for reports, no word of the visitor. It stands in the clear, so a
/// crisis has none of its own: it counts as asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandoverReason {
    /// The visitor asked for a person.
    Asked,
    /// The bot did not know, offered a person, and the visitor agreed.
    Unknown,
    /// A word of the site's rules.
    Words,
    /// The visitor was upset.
    Upset,
    /// A question about an account, of somebody who is not verified.
    Account,
    /// An agent took it over from the bot.
    TakenOver,
    /// A topic of the site's rules.
    Topic,
}

impl HandoverReason {
    const ALL: [(u8, Self, &str); 7] = [
        (1, Self::Asked, "asked"),
        (2, Self::Unknown, "unknown"),
        (3, Self::Words, "words"),
        (4, Self::Upset, "upset"),
        (5, Self::Account, "account"),
        (7, Self::TakenOver, "taken_over"),
        (8, Self::Topic, "topic"),
    ];

    /// As it is stored.
    #[must_use]
    pub fn code(self) -> u8 {
        Self::ALL.iter().find(|(_, reason, _)| *reason == self).map_or(0, |(code, ..)| *code)
    }

    /// The word of a stored code; `other` for one that this release does not know.
    #[must_use]
    pub fn word_of(code: u8) -> &'static str {
        Self::ALL.iter().find(|(known, ..)| *known == code).map_or("other", |(.., word)| *word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_code_and_a_word_of_its_own() {
        for (code, reason, word) in HandoverReason::ALL {
            assert_eq!((reason.code(), HandoverReason::word_of(code)), (code, word));
            let same =
                HandoverReason::ALL.iter().filter(|other| other.0 == code || other.2 == word);
            assert_eq!(same.count(), 1, "{word}");
        }
        assert_eq!(HandoverReason::word_of(0), "other");
    }
}
