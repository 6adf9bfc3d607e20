//! A site: the page that embeds the widget, and what its visitors are promised.

use super::clock::UnixMillis;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What is configured for one site.
#[derive(Debug)]
pub struct Site {
    /// Its name in requests and keys.
    pub id: &'static str,
    /// Days from the opening of a conversation to the end of its transcript.
    pub transcript_days: i64,
    /// Days that a left contact is kept.
    pub lead_days: i64,
    /// Days from its opening after which a conversation takes no more messages.
    pub conversation_max_days: i64,
    /// Languages that answers were published in, the site's own first (BCP 47 primary subtags).
    pub locales: &'static [&'static str],
}

/// The site that ships with Sotto.
const DEFAULT: Site = Site {
    id: "default",
    transcript_days: 30,
    lead_days: 180,
    conversation_max_days: 7,
    locales: &["en", "de"],
};

impl Site {
    /// The site that ships with Sotto.
    pub const SHIPPED: &'static Self = &DEFAULT;

    /// The site of that name.
    #[must_use]
    pub fn find(id: &str) -> Option<&'static Self> {
        (id == DEFAULT.id).then_some(&DEFAULT)
    }

    /// The index in [`Site::locales`] of the language to answer in: the visitor's if answers were
    /// published in it, else the site's own.
    #[must_use]
    pub fn locale_for(&self, asked: &str) -> u8 {
        let primary = asked.split(['-', '_']).next().unwrap_or_default();
        self.locales
            .iter()
            .position(|locale| locale.eq_ignore_ascii_case(primary))
            .and_then(|at| u8::try_from(at).ok())
            .unwrap_or(0)
    }

    /// When the transcript of a conversation opened at `opened_ms` ends.
    #[must_use]
    pub fn transcript_end_ms(&self, opened_ms: UnixMillis) -> UnixMillis {
        opened_ms.saturating_add(self.transcript_days * DAY_MS)
    }

    /// When a contact left at `left_ms` ends.
    #[must_use]
    pub fn lead_end_ms(&self, left_ms: UnixMillis) -> UnixMillis {
        left_ms.saturating_add(self.lead_days * DAY_MS)
    }

    /// When a conversation opened at `opened_ms` stops taking messages.
    #[must_use]
    pub fn last_word_ms(&self, opened_ms: UnixMillis) -> UnixMillis {
        opened_ms.saturating_add(self.conversation_max_days * DAY_MS)
    }

    /// What was opened before takes no more messages at `now_ms`.
    #[must_use]
    pub fn first_open_ms(&self, now_ms: UnixMillis) -> UnixMillis {
        now_ms.saturating_sub(self.conversation_max_days * DAY_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_the_visitors_if_it_was_published_else_the_sites() {
        let site = Site::find("default").unwrap();
        for (asked, given) in [("de", 1), ("de-AT", 1), ("DE", 1), ("en-GB", 0), ("fr", 0), ("", 0)]
        {
            assert_eq!(site.locale_for(asked), given, "{asked}");
        }
    }
}
