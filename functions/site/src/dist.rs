//! The output of `web/build.mjs`, compiled in.

/// Everything that is served.
pub(crate) struct Dist {
    /// The demo page, in English first.
    pub(crate) pages: [Page; 2],
    /// The staff's console; its script chooses the language.
    pub(crate) console: Page,
    /// The widget, its parts, and what the pages need.
    pub(crate) files: &'static [File],
}

/// A page in one language.
pub(crate) struct Page {
    /// Language tag.
    pub(crate) language: &'static str,
    /// Names the bytes of `html`.
    pub(crate) tag: &'static str,
    /// The page; `{{root}}` is where the pins belong.
    pub(crate) html: &'static str,
}

/// A file as it is, and as it is sent to a client that takes gzip.
pub(crate) struct File {
    /// Path in the URL.
    pub(crate) path: &'static str,
    /// Value of `Content-Type`.
    pub(crate) content_type: &'static str,
    /// Names the bytes of `plain`.
    pub(crate) tag: &'static str,
    /// The bytes.
    pub(crate) plain: &'static [u8],
    /// The same, compressed.
    pub(crate) gzipped: &'static [u8],
}

/// The build of this checkout; CI builds it again and compares.
pub(crate) const DIST: Dist = include!("../web/dist/dist.rs");
