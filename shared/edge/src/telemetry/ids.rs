//! Ids that AWS gives. Each is read with its form, so that nothing longer or wordier passes for one.

use std::fmt::Write as _;

use uuid::Uuid;

use super::line::sealed::Json;
use super::line::text;

/// Lambda's id of an invocation.
#[derive(Debug, Clone, Copy)]
pub struct InvocationId(Uuid);

impl InvocationId {
    /// Reads a UUID; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Uuid::try_parse(text).ok().map(Self)
    }
}

impl Json for InvocationId {
    fn write(&self, out: &mut String) {
        let _infallible = write!(out, "\"{}\"", self.0.as_hyphenated());
    }
}

/// The id under which AWS keeps something of ours: a word of base64 or a number of up to 64
/// characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignId(String);

impl ForeignId {
    /// The gateway's id of a request, as its access log has it; `None` for what cannot be one.
    #[must_use]
    pub fn of_gateway(text: &str) -> Option<Self> {
        Self::of(text, |byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'=' | b'+' | b'/' | b'-' | b'_')
        })
    }

    /// The sequence number of a record in a stream; `None` for what is no number.
    #[must_use]
    pub fn of_record(text: &str) -> Option<Self> {
        Self::of(text, |byte| byte.is_ascii_digit())
    }

    /// The trace that an invocation belongs to (`1-` and two groups of hexadecimal digits), if it is
    /// one that X-Ray keeps: `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=…;Sampled=1`.
    #[must_use]
    pub fn of_trace(header: &str) -> Option<Self> {
        let part = |name: &str| {
            let mut parts = header.split(';').filter_map(|part| part.trim().split_once('='));
            parts.find(|(known, _)| *known == name).map(|(_, value)| value)
        };
        let root = part("Root").filter(|_| part("Sampled") == Some("1"))?;
        let groups = root.split('-').map(str::len);
        let shaped = groups.eq([1, 8, 24]) && root.starts_with("1-");
        Self::of(root, |byte| byte.is_ascii_hexdigit() || byte == b'-').filter(|_| shaped)
    }

    /// The id itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn of(text: &str, may_stand: impl Fn(u8) -> bool) -> Option<Self> {
        let fits = (1..=64).contains(&text.len()) && text.bytes().all(may_stand);
        fits.then(|| Self(text.to_owned()))
    }
}

impl Json for ForeignId {
    fn write(&self, out: &mut String) {
        text(out, &self.0);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_a_sampled_trace_has_an_id() {
        let root = "1-5759e988-bd862e3fe1be46a994272793";
        let header = format!("Root={root};Parent=53995c3f42cd8ad8;Sampled=1");
        assert_eq!(ForeignId::of_trace(&header).unwrap().as_str(), root);
        for other in [
            format!("Root={root};Parent=53995c3f42cd8ad8;Sampled=0"),
            format!("Root={root}"),
            "Root=where is my parcel?;Sampled=1".to_owned(),
            "Root=1-5759e988-bd862e3fe1be46a99427279z;Sampled=1".to_owned(),
            String::new(),
        ] {
            assert!(ForeignId::of_trace(&other).is_none(), "{other}");
        }
    }

    proptest! {
        #[test]
        fn no_id_carries_a_sentence(text in "\\PC{0,80}") {
            let gateway = ForeignId::of_gateway(&text);
            let record = ForeignId::of_record(&text);
            let trace = ForeignId::of_trace(&format!("Root={text};Sampled=1"));
            for id in [gateway, record, trace].into_iter().flatten() {
                prop_assert!(id.as_str().len() <= 64 && !id.as_str().contains(char::is_whitespace));
            }
            prop_assert!(InvocationId::parse(&text).is_none() || text.len() >= 32);
        }
    }
}
