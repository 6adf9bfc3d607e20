use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::export::document::{
    CONTACT_TEXTS, ExportedConsent, ExportedCustomer, ExportedSource, Form, Integrity,
};
use crate::export::{Limits, cost};
use values::clock::{Clock, rfc3339};
use values::ids::{ConversationId, SubjectId};

/// Whatever a person may write, and what has broken other pages.
fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "<script>alert(1)</script>",
        "</p></article><h1>",
        "\"><img src=x onerror=alert(1)>",
        "' onmouseover='x",
        "&lt;b&gt; &amp;amp; &#60;",
        "<!--",
        "]]>",
        "--><style>*{display:none}</style>",
        "\\\"\\\\\n\r\n\t",
        "\u{0}\u{1}\u{7f}\u{202e}\u{2028}\u{feff}",
        "𝕳̷̡ 🦜 ﷽ ẞ",
    ]);
    let piece = prop_oneof![pieces.prop_map(str::to_owned), any::<String>()];
    prop::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

fn event() -> impl Strategy<Value = ExportedEvent> {
    let at = || rfc3339(1_793_610_000_123);
    let author = prop::sample::select(vec![Author::Visitor, Author::Bot, Author::Agent]);
    let ids = || prop::option::of(prop::collection::vec(hostile(), 0..3));
    prop_oneof![
        (author, prop::option::of(hostile()), hostile(), ids(), ids()).prop_map(
            move |(author, name, text, sources, choices)| {
                let told = |ids: Vec<String>| {
                    ids.into_iter().map(|id| ExportedSource { id }).collect::<Vec<_>>()
                };
                let (sources, choices) = (sources.map(told), choices.map(told));
                ExportedEvent::Message { at: at(), author, name, text, sources, choices }
            }
        ),
        prop::option::of(hostile())
            .prop_map(move |reason| ExportedEvent::Handover { at: at(), reason }),
        (1_u8..=5, prop::option::of(hostile()))
            .prop_map(move |(score, comment)| ExportedEvent::Rated { at: at(), score, comment }),
        (prop::option::of(hostile()), prop::collection::vec(hostile(), 0..3))
            .prop_map(move |(reason, tags)| ExportedEvent::Closed { at: at(), reason, tags }),
        hostile().prop_map(move |name| ExportedEvent::Claimed { at: at(), name }),
        hostile().prop_map(move |to| ExportedEvent::Released { at: at(), to }),
        (hostile(), hostile()).prop_map(move |(name, text)| ExportedEvent::Note {
            at: at(),
            name,
            text
        }),
        any::<bool>().prop_map(move |helpful| ExportedEvent::Feedback { at: at(), helpful }),
        Just(()).prop_map(move |()| ExportedEvent::ContactLeft { at: at() }),
    ]
}

fn conversation() -> impl Strategy<Value = ExportedConversation> {
    let consent = (hostile(), prop::collection::vec(hostile(), 0..3), hostile());
    let consent = consent.prop_map(|(notice_version, purposes, locale)| ExportedConsent {
        notice_version,
        purposes,
        locale,
    });
    let events = prop::collection::vec(event(), 0..4);
    (prop::option::of(consent), events, any::<bool>()).prop_map(|(consent, events, broken)| {
        ExportedConversation {
            id: ConversationId::generate(&Clock::manual(1)).unwrap(),
            status: "with_agent",
            created_at: rfc3339(1),
            expires_at: rfc3339(2),
            held: broken,
            consent,
            events,
            integrity: if broken { Integrity::Broken } else { Integrity::Ok },
        }
    })
}

fn read() -> impl Strategy<Value = ExportedRead> {
    (prop::option::of(hostile()), 0..3).prop_map(|(reason, of)| ExportedRead {
        at: rfc3339(3),
        by_role: "security",
        purpose: "subject_request",
        reason,
        conversation_id: (of == 0).then(|| ConversationId::generate(&Clock::manual(1)).unwrap()),
        only: (of == 1).then_some("contact"),
    })
}

fn lead() -> impl Strategy<Value = ExportedLead> {
    let texts = prop::collection::vec(hostile(), CONTACT_TEXTS);
    texts.prop_map(|texts| ExportedLead::of_texts(texts.try_into().unwrap()))
}

fn export() -> impl Strategy<Value = Export> {
    let conversations = prop::collection::vec(conversation(), 0..3);
    let reads = prop::collection::vec(read(), 0..3);
    (prop::option::of(lead()), conversations, reads, any::<bool>()).prop_map(
        |(lead, conversations, reads, goes_on)| Export {
            schema: Form::One,
            generated_at: rfc3339(4),
            subject_id: SubjectId::generate(&Clock::manual(1)).unwrap(),
            site: "default",
            sessions_ended_at: goes_on.then(|| rfc3339(5)),
            customer: goes_on.then_some(ExportedCustomer { verified: true }),
            lead,
            conversations,
            reads,
            next_cursor: goes_on.then(|| "AQ_-".repeat(40)),
        },
    )
}

/// The cost of a document, by [`cost`].
fn cost_of(export: &Export) -> usize {
    let conversation = |conversation: &ExportedConversation| {
        let events = conversation.events.iter().map(cost::event).sum::<usize>();
        cost::CONVERSATION + conversation.consent.as_ref().map_or(0, cost::consent) + events
    };
    cost::FRAME
        + export.lead.as_ref().map_or(0, cost::lead)
        + export.reads.iter().map(cost::read).sum::<usize>()
        + export.conversations.iter().map(conversation).sum::<usize>()
}

/// The bytes that a body takes in what Lambda hands to the gateway.
fn handed_over(body: &str) -> usize {
    serde_json::to_string(body).unwrap().len()
}

proptest! {
    #[test]
    fn no_text_is_markup(text in hostile()) {
        let mut out = String::new();
        escape(&text, &mut out);
        prop_assert!(!out.contains(['<', '>', '"', '\'']), "{out:?}");
        for entity in out.split('&').skip(1) {
            let known = ["amp;", "lt;", "gt;", "quot;", "#39;"];
            prop_assert!(known.iter().any(|known| entity.starts_with(known)), "{out:?}");
        }
        let back = out
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace("&amp;", "&");
        prop_assert_eq!(back, text.replace('\0', "\u{fffd}"));
    }

    /// Whatever was written, the page has the elements of its own and no other.
    #[test]
    fn a_page_has_no_markup_but_its_own(export in export(), german: bool) {
        let language = if german { Language::German } else { Language::English };
        let page = write(&export, language, 0);
        for element in page.split('<').skip(1) {
            let name: String = element
                .trim_start_matches('/')
                .chars()
                .take_while(char::is_ascii_alphanumeric)
                .collect();
            let known = [
                "", "html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "h3", "p", "dl",
                "dt", "dd", "table", "tr", "th", "td", "article", "br",
            ];
            prop_assert!(known.contains(&name.as_str()), "<{element}");
        }
        prop_assert_eq!(page.matches('<').count(), page.matches('>').count());
        prop_assert_eq!(page.matches("<article>").count(), page.matches("</article>").count());
    }

    #[test]
    fn a_document_takes_no_more_than_its_cost_in_any_form(export in export()) {
        let cost = cost_of(&export);
        let json = serde_json::to_string(&export).unwrap();
        prop_assert!(handed_over(&json) <= cost, "{} of {cost} as JSON", handed_over(&json));
        for language in [Language::English, Language::German] {
            let page = write(&export, language, cost);
            prop_assert!(handed_over(&page) <= cost, "{} of {cost}: {page}", handed_over(&page));
        }
        let read: Value = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(read["schema"].as_str(), Some("urn:sotto:export:1"));
    }

    /// Each in a document of its own, so that no other's room is used.
    #[test]
    fn an_event_takes_no_more_than_its_cost(event in event()) {
        let cost = cost::event(&event);
        let json = serde_json::to_string(&event).unwrap() + ",";
        prop_assert!(handed_over(&json) <= cost + 2, "{} of {cost}: {json}", handed_over(&json));
        let mut page = Page { out: String::new(), words: Language::German.words() };
        page.event(&event);
        prop_assert!(handed_over(&page.out) <= cost + 2, "{cost}: {}", page.out);
    }
}

#[test]
fn the_largest_part_fits_into_a_response_in_every_form() {
    const LAMBDA: usize = 6 * 1024 * 1024;
    const HEADERS: usize = 8 * 1024;
    let most = Limits::SHIPPED.most;
    assert!(most + HEADERS < LAMBDA);
    let sealed = (most.next_power_of_two() + 16).div_ceil(3) * 4 + r#"{"nonce":"","ct":""}"#.len();
    assert!(sealed + 43 + HEADERS < LAMBDA, "{sealed}");
    assert!(Limits::SHIPPED.enough < most);
}

#[test]
fn the_policy_names_the_style_that_stands_in_the_page() {
    let hash = BASE64.encode(&suite::hash(&[STYLE.as_bytes()]));
    assert!(policy().contains(&format!("style-src 'sha256-{hash}'")));
    assert!(policy().starts_with("default-src 'none'"));
    assert!(!STYLE.contains(['<', '>', '&', '"', '\'']));
}
