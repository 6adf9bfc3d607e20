//! A site: the page that embeds the widget, and what its visitors are promised.

use super::policy::RetentionPolicy;

/// The configuration of one site.
#[derive(Debug, PartialEq, Eq)]
pub struct Site {
    /// Its name in requests and keys.
    pub id: &'static str,
    /// How long things are kept until somebody sets another policy.
    pub policy: RetentionPolicy,
    /// Languages that answers were published in, the site's own first (BCP 47 primary subtags).
    pub locales: &'static [&'static str],
}

/// The site that ships with Sotto.
const DEFAULT: Site =
    Site { id: "default", policy: RetentionPolicy::DEFAULT, locales: &["en", "de"] };

impl Site {
    /// The site that ships with Sotto.
    pub const SHIPPED: &'static Self = &DEFAULT;

    /// The site of that name.
    #[must_use]
    pub fn find(id: &str) -> Option<&'static Self> {
        (id == DEFAULT.id).then_some(&DEFAULT)
    }

    /// The language of that index; the site's own for one that it has no more.
    #[must_use]
    pub fn language(&self, locale: u8) -> &'static str {
        let found = self.locales.get(usize::from(locale)).or_else(|| self.locales.first());
        found.copied().unwrap_or_default()
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
