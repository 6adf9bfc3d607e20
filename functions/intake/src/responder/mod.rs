//! The bot: it answers from the published knowledge base of the site, in the visitor's language.

use shared::bot::{Answer as Found, Before, Opening, Turn, is_upset, names_account};
use shared::clock::UnixMillis;
use shared::http::bases::SiteBases;
use shared::problem::{Code, FieldCode, Problem};
use shared::store::event::Spoken;
use shared::store::live::Attendance;
use shared::store::state::State;
use shared::values::handover::HandoverReason;
use shared::values::opening_hours::Zone;
use shared::values::site::Site;
use shared::values::site_settings::SiteSettings;

/// An answer of the bot.
pub struct Answer {
    /// The text.
    pub text: String,
    /// The entry that it is taken from.
    pub source: Option<String>,
    /// The entries that the visitor may choose from.
    pub choices: Vec<String>,
    /// Why the visitor is to have a person; `None` where they are not.
    pub wanted: Option<HandoverReason>,
    /// Whether they are handed over to one.
    pub hands_over: bool,
    /// Whether the answer offers a person.
    pub offers_person: bool,
    /// Whether the bot did not know what to say.
    pub unknown: bool,
}

/// A visitor's message to the bot.
#[derive(Clone, Copy)]
pub enum Sent<'a> {
    /// A text.
    Text(&'a str),
    /// The id of an entry that they were asked about.
    Choice(&'a str),
}

/// Circumstances of an answer beside the text and the log.
#[derive(Clone, Copy)]
pub struct Visit<'a> {
    /// The bases of the site.
    pub bases: &'a SiteBases,
    /// The site's rules and hours.
    pub settings: &'a SiteSettings,
    /// Whether the site's server has said who the visitor is.
    pub verified: bool,
    /// Facts that cost a request; `None` as long as nobody has looked.
    pub looked: Option<&'a Looked>,
}

/// Facts that an answer needs now and then.
pub struct Looked {
    /// Whether people answer now.
    pub attendance: Attendance,
    /// How many of the last answers in a row the bot did not know.
    pub unknown_in_a_row: usize,
    /// The exchange before.
    pub before: Option<Spoken>,
}

/// Answers `sent` from the published entries; the first answer of a conversation says that a bot
/// gives it (EU AI Act, Art. 50). A yes accepts the person that was offered just before, a no declines.
/// The site's rules, anger and an account that nobody has proven hand over without being asked. Where
/// nobody is there, the answer says so in the place of handing over, and when people are back. `None` where
/// it cannot be decided before somebody has looked.
///
/// # Errors
/// 422 for a choice that is not published, [`Code::Internal`] for a language that the bot does not speak.
pub fn answer(
    site: &Site,
    state: &State,
    sent: Sent<'_>,
    visit: Visit<'_>,
) -> Result<Option<Answer>, Problem> {
    let base = visit.bases.base(site, state.locale).ok_or(Code::Internal)?;
    let found = match sent {
        Sent::Text(text) => base.answer(text, &turn(state, visit)),
        Sent::Choice(id) => Some(base.chosen(id).ok_or_else(no_choice)?),
    };
    let Some(found) = found else { return Ok(None) };
    let wanted = wanted(&found, state, sent, visit);
    if wanted.is_some() && visit.looked.is_none() {
        return Ok(None);
    }
    let available = visit.looked.is_none_or(|looked| looked.attendance.available);
    let hand_over = Found::HandOver { text: base.hand_over() };
    let found = match (wanted, found) {
        // While nobody can take over, an answer that there is helps more than none.
        (Some(HandoverReason::Upset | HandoverReason::Topic), found @ Found::Entry { .. })
            if !available =>
        {
            found
        }
        (
            Some(
                HandoverReason::Words
                | HandoverReason::Topic
                | HandoverReason::Upset
                | HandoverReason::Account,
            ),
            _,
        ) => hand_over,
        (_, found) => found,
    };
    let (unknown, offers_person) = match found {
        // Where nothing is published, other words would not help.
        Found::Unknown { .. } if base.entries().next().is_none() => (true, true),
        Found::Unknown { .. } => match offers_now(state, visit) {
            Some(offers) => (true, offers),
            None => return Ok(None),
        },
        _ => (matches!(found, Found::Unhelped { .. }), found.offers_person()),
    };
    let said = if unknown && !offers_person {
        Found::text_again(base.locale()).into()
    } else if available {
        found.text().into()
    } else {
        let zone = visit.settings.zone();
        let next_ms = visit.looked.and_then(|looked| looked.attendance.next_opening_ms);
        let opening = next_ms.map(|next_ms| opening(&zone, next_ms));
        found.text_alone(base.locale(), opening.as_ref())
    };
    let text = if state.introduced {
        said.into_owned()
    } else {
        format!("{}\n\n{said}", base.disclosure())
    };
    let (source, choices) = match found {
        Found::Entry { id, .. } => (Some(id.to_owned()), Vec::new()),
        Found::Asked { choices, .. } => {
            (None, choices.into_iter().map(|entry| entry.id.to_owned()).collect())
        }
        _ => (None, Vec::new()),
    };
    Ok(Some(Answer {
        text,
        source,
        choices,
        wanted,
        hands_over: wanted.is_some() && available,
        offers_person,
        unknown,
    }))
}

/// The words of a choice, as they stand in the conversation.
///
/// # Errors
/// As [`answer`].
pub fn title(site: &Site, state: &State, id: &str, bases: &SiteBases) -> Result<String, Problem> {
    let entry = bases.entry(site, state.locale, id).ok_or_else(no_choice)?;
    Ok(entry.title.to_owned())
}

fn no_choice() -> Problem {
    Problem::invalid("/choice", FieldCode::NotAllowed)
}

/// The turn before, as far as it is known.
fn turn<'a>(state: &State, visit: Visit<'a>) -> Turn<'a> {
    let before = match visit.looked {
        _ if !state.introduced => Before::Nothing,
        None => Before::Unread,
        Some(looked) => match &looked.before {
            Some(Spoken { message, reply: Some(reply) }) => Before::Said {
                text: message,
                entry: reply.sources.first().map(String::as_str),
                choices: &reply.choices,
            },
            _ => Before::Nothing,
        },
    };
    Turn { offered: state.offered, asked: state.asked, before }
}

/// Whether an answer that the bot does not know offers a person: after so many in a row as the site's
/// rules say, this one counted. `None` where those before have to be counted first.
fn offers_now(state: &State, visit: Visit<'_>) -> Option<bool> {
    let needed = visit.settings.handover.after_unknown;
    match (state.unknown, state.offered) {
        (false, _) => Some(needed <= 1),
        (true, true) => Some(true),
        (true, false) if needed <= 2 => Some(true),
        (true, false) => {
            visit.looked.map(|looked| looked.unknown_in_a_row + 1 >= usize::from(needed))
        }
    }
}

/// Why the visitor is to have a person, if they are.
fn wanted(
    found: &Found<'_>,
    state: &State,
    sent: Sent<'_>,
    visit: Visit<'_>,
) -> Option<HandoverReason> {
    // A choice has no words of the visitor's own.
    let text = match sent {
        Sent::Text(text) => text,
        Sent::Choice(_) => "",
    };
    match found {
        // In the clear nothing tells it from others.
        Found::Crisis { .. } => Some(HandoverReason::Asked),
        Found::HandOver { .. } => Some(asked(state)),
        _ if visit.settings.handover.is_named_in(text) => Some(HandoverReason::Words),
        Found::Entry { id, .. }
            if visit.settings.handover.topics.iter().any(|topic| topic == id) =>
        {
            Some(HandoverReason::Topic)
        }
        _ if is_upset(text) => Some(HandoverReason::Upset),
        Found::Unknown { .. } if !visit.verified && names_account(text) => {
            Some(HandoverReason::Account)
        }
        _ => None,
    }
}

/// Why a person is asked for: out of the blue, or because the bot has just offered one.
#[must_use]
pub fn asked(state: &State) -> HandoverReason {
    if state.offered { HandoverReason::Unknown } else { HandoverReason::Asked }
}

fn opening(zone: &Zone, at_ms: UnixMillis) -> Opening<'_> {
    let at = zone.local(at_ms);
    let number = |value: i8| value.unsigned_abs();
    Opening {
        weekday: usize::from(number(at.date().weekday().to_monday_zero_offset())),
        day: number(at.day()),
        month: usize::from(number(at.month())),
        time: (number(at.hour()), number(at.minute())),
        zone: zone.name(),
    }
}

#[cfg(test)]
mod tests {
    use shared::bot::{Base, SourceEntry, Words, publish, says_nobody};
    use shared::values::site_settings::HandoverRules;

    use super::*;

    #[test]
    fn the_bot_speaks_every_language_of_the_site() {
        let bases = SiteBases::default();
        for (locale, language) in (0..).zip(Site::SHIPPED.locales) {
            let base = bases.base(Site::SHIPPED, locale);
            assert_eq!(base.map(Base::locale), Some(*language));
        }
    }

    /// Two entries in each language.
    fn bases() -> SiteBases {
        let entry = |id: &str, questions: &[&str]| SourceEntry {
            id: id.to_owned(),
            title: id.to_owned(),
            questions: questions.iter().map(|question| (*question).to_owned()).collect(),
            answer: format!("The answer about {id}."),
            url: None,
        };
        let english = vec![
            entry("tracking", &["where is my parcel?", "track my parcel", "parcel not here"]),
            entry("returns", &["how do I return something?", "send it back", "return a purchase"]),
        ];
        let german = vec![entry("tracking", &["Wo ist mein Paket?", "Paket verfolgen"])];
        let base = |locale, entries| {
            let words = Words::of(locale).unwrap();
            publish(&words.source(locale, 1, entries), &words.out_of_scope).unwrap().bytes
        };
        SiteBases::of_bytes(vec![base("en", english), base("de", german)])
    }

    /// An answer while people are there, or are not.
    fn said(state: &State, text: &str, is_staffed: bool) -> Answer {
        let attendance =
            Attendance { open_now: true, available: is_staffed, next_opening_ms: None };
        let (bases, settings) = (bases(), SiteSettings::default());
        let looked = Looked { attendance, unknown_in_a_row: 0, before: None };
        let looked = Some(&looked);
        let visit = Visit { bases: &bases, settings: &settings, verified: false, looked };
        answer(Site::SHIPPED, state, Sent::Text(text), visit).unwrap().unwrap()
    }

    #[test]
    fn an_answer_names_its_entry_and_the_first_one_says_who_speaks() {
        let opened = State::opened(0, 0);
        let first = said(&opened, "where is my parcel?", true);
        let second = said(&opened.answered(false), "where is my parcel?", true);
        assert_eq!((&first.source, first.hands_over), (&second.source, false));
        assert!(first.source.is_some() && first.text.ends_with(&second.text));
        assert!(first.text.len() > second.text.len());
    }

    #[test]
    fn a_yes_accepts_the_person_that_was_offered_and_nothing_else() {
        for (locale, yes) in [(0, "Yes, please!"), (0, "ok"), (1, "Ja, gerne."), (1, "ja")] {
            let offered = State::opened(locale, 0).answered(true);
            assert_eq!(said(&offered, yes, true).wanted, Some(HandoverReason::Unknown), "{yes}");
            assert!(said(&offered, yes, true).hands_over, "{yes}");
            assert!(!said(&offered.answered(false), yes, true).hands_over, "{yes}");
        }
        let unknown = said(&State::opened(0, 0).not_knowing(true), "xyzzy plugh", true);
        assert!(unknown.offers_person && !unknown.hands_over);
    }

    #[test]
    fn while_nobody_is_there_nobody_is_promised() {
        let opened = |locale| State::opened(locale, 0);
        let asked = said(&opened(0), "human please", false);
        assert!(asked.wanted.is_some() && !asked.hands_over && says_nobody(&asked.text));
        let crisis = said(&opened(1), "Ich will nicht mehr leben", false);
        assert_eq!(crisis.wanted, Some(HandoverReason::Asked));
        assert!(!crisis.hands_over && crisis.text.ends_with("143)."));
        let staffed = said(&opened(0), "human please", true);
        assert!(staffed.hands_over && !says_nobody(&staffed.text));
    }

    #[test]
    fn rules_anger_and_an_account_fetch_a_person_unasked() {
        let (words, topics) = (vec!["Anwalt".to_owned()], vec!["returns".to_owned()]);
        let rules = HandoverRules { words, topics, ..HandoverRules::default() };
        let (bases, settings) =
            (bases(), SiteSettings { handover: rules, ..SiteSettings::default() });
        let answered = |text: &str, verified, available| {
            let attendance = Attendance { open_now: true, available, next_opening_ms: None };
            let looked = Looked { attendance, unknown_in_a_row: 0, before: None };
            let looked = Some(&looked);
            let visit = Visit { bases: &bases, settings: &settings, verified, looked };
            answer(Site::SHIPPED, &State::opened(0, 0), Sent::Text(text), visit).unwrap().unwrap()
        };
        for (text, verified, expected) in [
            ("where is my parcel? else my ANWALT calls", false, Some(HandoverReason::Words)),
            ("this is unacceptable, where is my parcel?", false, Some(HandoverReason::Upset)),
            ("xyzzy plugh mein Konto frobnicates", false, Some(HandoverReason::Account)),
            ("xyzzy plugh mein Konto frobnicates", true, None),
            ("where is my parcel?", false, None),
            ("how do I return something?", true, Some(HandoverReason::Topic)),
            ("how do I return something? my Anwalt asks", false, Some(HandoverReason::Words)),
            ("the Anwalt wants me to kill myself", false, Some(HandoverReason::Asked)),
        ] {
            let given = answered(text, verified, true);
            assert_eq!((given.wanted, given.hands_over), (expected, expected.is_some()), "{text}");
            let alone = answered(text, verified, false);
            assert_eq!((alone.wanted, alone.hands_over), (expected, false), "{text}");
        }
        let alone = answered("this is unacceptable, where is my parcel?", false, false);
        assert!(alone.source.is_some(), "what the bot knows it says");
        let alone = answered("how do I return something?", false, false);
        assert_eq!(alone.source.as_deref(), Some("returns"), "so it does of a topic for people");
        assert!(says_nobody(&answered("my Anwalt calls", false, false).text));
    }

    #[test]
    fn a_closed_site_says_when_it_opens_in_its_time_and_the_visitors_language() {
        let raw = serde_json::from_str(
            r#"{"opening_hours":{"time_zone":"Europe/Berlin","week":{"mon":[["09:00","17:00"]]}}}"#,
        );
        let (bases, settings) = (bases(), SiteSettings::judge(raw.unwrap()).unwrap());
        // 30 November 2026, 08:00 UTC.
        let next_opening_ms = Some(1_796_025_600_000);
        let attendance = Attendance { open_now: false, available: false, next_opening_ms };
        let looked = Looked { attendance, unknown_in_a_row: 0, before: None };
        let looked = Some(&looked);
        let visit = Visit { bases: &bases, settings: &settings, verified: false, looked };
        let given = |locale| {
            let asked = if locale == 0 { "human please" } else { "einen Menschen bitte" };
            let state = State::opened(locale, 0);
            answer(Site::SHIPPED, &state, Sent::Text(asked), visit).unwrap().unwrap().text
        };
        let english = "We are back on Monday, 30 November, at 09:00 (time zone Europe/Berlin).";
        let german =
            "Wir sind am Montag, 30. November, um 09:00 Uhr wieder da (Zeitzone Europe/Berlin).";
        assert!(given(0).contains(english) && says_nobody(&given(0)), "{}", given(0));
        assert!(given(1).contains(german) && says_nobody(&given(1)), "{}", given(1));
    }
}
