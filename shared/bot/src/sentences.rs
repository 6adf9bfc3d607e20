//! Sentences of the bot that do not depend on the site.

/// Sentences in one language.
pub(super) struct Sentences {
    /// To a no.
    pub(super) declined: &'static str,
    /// To a question without an answer, while no person is offered yet.
    pub(super) again: &'static str,
    /// To a question that several entries may answer; they are named beside it.
    pub(super) which: &'static str,
    /// The same of one entry.
    pub(super) this: &'static str,
    /// To a yes where nothing was offered.
    pub(super) yes: &'static str,
    /// To a number or a code.
    pub(super) code: &'static str,
    /// To whether a machine answers.
    pub(super) machine: &'static str,
    /// To an insult.
    pub(super) abuse: &'static str,
    /// To a crisis: numbers that answer at any hour.
    pub(super) crisis: &'static str,
    /// The same while nobody is there to join.
    pub(super) crisis_alone: &'static str,
    /// In the place of a hand-over while nobody is there.
    pub(super) nobody: &'static str,
    /// What follows on that: an address may be left.
    pub(super) leave: &'static str,
}

/// When people are there again, in the site's time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening<'a> {
    /// From 0, a Monday.
    pub weekday: usize,
    /// Day of the month.
    pub day: u8,
    /// From 1.
    pub month: usize,
    /// Hour and minute.
    pub time: (u8, u8),
    /// The time zone's name.
    pub zone: &'a str,
}

const DAYS: [[&str; 7]; 2] = [
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"],
];
const MONTHS: [[&str; 12]; 2] = [
    [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ],
];

const ENGLISH: Sentences = Sentences {
    declined: "All right. What would you like to know?",
    again: "I have found no answer to that. Could you say it in other words?",
    which: "Do you mean one of these?",
    this: "Do you mean this?",
    yes: "What would you like to know? I can also fetch a person: shall I?",
    code: "I see a number or a code, but no question, and I cannot look anything up by it. A person can. Shall I fetch one?",
    machine: "I am an automated assistant, not a person. Shall I fetch a person?",
    abuse: "I am sorry that this is annoying. Tell me in a few words what you need, or shall I fetch a person?",
    crisis: "I am an automated assistant and cannot help with this, but people can, now and in confidence. In danger call 112 (Europe), 999 (United Kingdom) or 911 (North America). To talk to somebody call 116 123 (United Kingdom, Ireland and much of Europe) or 988 (United States and Canada). I am asking a person to join this chat.",
    crisis_alone: "I am an automated assistant and cannot help with this, but people can, now and in confidence. In danger call 112 (Europe), 999 (United Kingdom) or 911 (North America). To talk to somebody call 116 123 (United Kingdom, Ireland and much of Europe) or 988 (United States and Canada).",
    nobody: "Nobody is at the desk right now.",
    leave: " I go on answering what I can. If you leave your address, somebody will write to you.",
};

const GERMAN: Sentences = Sentences {
    declined: "In Ordnung. Was möchten Sie wissen?",
    again: "Darauf habe ich keine Antwort gefunden. Können Sie es mit anderen Worten sagen?",
    which: "Meinen Sie eines davon?",
    this: "Meinen Sie das?",
    yes: "Was möchten Sie wissen? Ich kann auch einen Menschen holen: Soll ich?",
    code: "Ich sehe eine Nummer oder einen Code, aber keine Frage, und kann damit nichts nachschlagen. Ein Mensch kann das. Soll ich einen holen?",
    machine: "Ich bin ein automatischer Assistent, kein Mensch. Soll ich einen Menschen holen?",
    abuse: "Es tut mir leid, dass das ärgerlich ist. Sagen Sie mir mit wenigen Worten, was Sie brauchen, oder soll ich einen Menschen holen?",
    crisis: "Ich bin ein automatischer Assistent und kann dabei nicht helfen, aber Menschen können es, jetzt und vertraulich. Bei Gefahr wählen Sie 112. Die Telefonseelsorge erreichen Sie jederzeit kostenlos unter 0800 111 0 111 oder 116 123 (Österreich: 142, Schweiz: 143). Ich bitte einen Menschen in diesen Chat.",
    crisis_alone: "Ich bin ein automatischer Assistent und kann dabei nicht helfen, aber Menschen können es, jetzt und vertraulich. Bei Gefahr wählen Sie 112. Die Telefonseelsorge erreichen Sie jederzeit kostenlos unter 0800 111 0 111 oder 116 123 (Österreich: 142, Schweiz: 143).",
    nobody: "Gerade ist niemand da.",
    leave: " Ich beantworte weiter, was ich kann. Wenn Sie Ihre Adresse hinterlassen, schreibt Ihnen jemand.",
};

/// The sentences of a language tag; English for a language that has none.
pub(super) fn of(locale: &str) -> &'static Sentences {
    if is_german(locale) { &GERMAN } else { &ENGLISH }
}

fn is_german(locale: &str) -> bool {
    let language = locale.split(['-', '_']).next().unwrap_or_default();
    language.eq_ignore_ascii_case("de")
}

/// In the place of a hand-over while nobody is there, with the time at which people are back if the site
/// is closed.
pub(super) fn nobody(locale: &str, opening: Option<&Opening<'_>>) -> String {
    let Sentences { nobody, leave, .. } = of(locale);
    let back = opening.map_or_else(String::new, |opening| back(locale, opening));
    format!("{nobody}{back}{leave}")
}

fn back(locale: &str, opening: &Opening<'_>) -> String {
    let Opening { weekday, day, month, time: (hour, minute), zone } = opening;
    let language = usize::from(is_german(locale));
    let name = |names: Option<&&'static str>| names.copied().unwrap_or_default();
    let weekday = name(DAYS.get(language).and_then(|days| days.get(*weekday)));
    let month = name(MONTHS.get(language).and_then(|months| months.get(month.saturating_sub(1))));
    if is_german(locale) {
        format!(
            " Wir sind am {weekday}, {day}. {month}, um {hour:02}:{minute:02} Uhr wieder da (Zeitzone {zone})."
        )
    } else {
        format!(
            " We are back on {weekday}, {day} {month}, at {hour:02}:{minute:02} (time zone {zone})."
        )
    }
}

/// Whether a text of the bot says that nobody is there, and asks for an address.
#[must_use]
pub fn says_nobody(text: &str) -> bool {
    [ENGLISH, GERMAN].iter().any(|sentences| text.ends_with(sentences.leave))
}
