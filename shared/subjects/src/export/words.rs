//! The words of the page, in the languages that it has.

use super::document::CONTACT_TEXTS;

/// A language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    /// English.
    English,
    /// German.
    German,
}

/// The page's own words; everything else in it is stored data.
pub(super) struct Words {
    pub(super) language: &'static str,
    pub(super) title: &'static str,
    pub(super) about: &'static str,
    pub(super) made: &'static str,
    pub(super) subject: &'static str,
    pub(super) site: &'static str,
    pub(super) customer: &'static str,
    pub(super) is_customer: &'static str,
    pub(super) sessions_ended: &'static str,
    pub(super) contact: &'static str,
    /// The names of what [`ExportedLead::texts`](super::document::ExportedLead::texts) gives.
    pub(super) contact_texts: [&'static str; CONTACT_TEXTS],
    pub(super) left: &'static str,
    pub(super) kept_until: &'static str,
    pub(super) reads: &'static str,
    pub(super) reads_about: &'static str,
    pub(super) when: &'static str,
    pub(super) role: &'static str,
    pub(super) purpose: &'static str,
    pub(super) reason: &'static str,
    pub(super) what: &'static str,
    pub(super) everything: &'static str,
    pub(super) only_contact: &'static str,
    pub(super) conversation: &'static str,
    pub(super) number: &'static str,
    pub(super) status: &'static str,
    pub(super) opened: &'static str,
    pub(super) held: &'static str,
    pub(super) is_held: &'static str,
    pub(super) consent: &'static str,
    pub(super) notice: &'static str,
    pub(super) purposes: &'static str,
    pub(super) locale: &'static str,
    pub(super) happened: &'static str,
    pub(super) continued: &'static str,
    pub(super) broken: &'static str,
    pub(super) visitor: &'static str,
    pub(super) bot: &'static str,
    pub(super) agent: &'static str,
    pub(super) source: &'static str,
    pub(super) handover: &'static str,
    pub(super) rated: &'static str,
    pub(super) closed: &'static str,
    pub(super) contact_left: &'static str,
    pub(super) nothing: &'static str,
    pub(super) goes_on: &'static str,
    pub(super) end: &'static str,
    /// Words of the API, and what they are called here.
    names: &'static [(&'static str, &'static str)],
}

impl Language {
    /// The language of a tag such as `de-AT`, if the page has it.
    pub(super) fn of(tag: &str) -> Option<Self> {
        match tag.split('-').next().unwrap_or_default() {
            "en" => Some(Self::English),
            "de" => Some(Self::German),
            _ => None,
        }
    }

    pub(super) const fn words(self) -> &'static Words {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
        }
    }
}

impl Words {
    /// The page's word for a word of the API.
    pub(super) fn called(&self, name: &'static str) -> &'static str {
        self.names.iter().find(|(known, _)| *known == name).map_or(name, |(_, called)| called)
    }
}

static ENGLISH: Words = Words {
    language: "en",
    title: "What is stored about you",
    about: "This is all that is held in this service about the person with the number below, what was agreed to, until when it is kept, and who has read it and why.",
    made: "Made at",
    subject: "Number",
    site: "Site",
    customer: "Customer",
    sessions_ended: "Sessions ended up to",
    is_customer: "The site has confirmed who you are. Your name there is not stored here.",
    contact: "Contact details",
    contact_texts: ["Name", "E-mail", "Phone"],
    left: "Left at",
    kept_until: "Kept until",
    reads: "Who has read your data",
    reads_about: "Each time that somebody of the staff read a conversation or all of this.",
    when: "When",
    role: "Role",
    purpose: "Purpose",
    reason: "Reason given",
    what: "What",
    everything: "Everything",
    only_contact: "Contact details, and which conversations there are",
    conversation: "Conversation",
    number: "Number",
    status: "Status",
    opened: "Opened at",
    held: "Legal hold",
    is_held: "It may not be deleted for now, because the law demands it.",
    consent: "What was agreed to",
    notice: "Version of the notice",
    purposes: "Purposes",
    locale: "Language asked for",
    happened: "What was said and done",
    continued: "This conversation goes on from the part before.",
    broken: "Something of this conversation was altered or is missing.",
    visitor: "You",
    bot: "Automatic assistant",
    agent: "Member of the team",
    source: "Taken from entry",
    handover: "You asked for a person",
    rated: "You rated the conversation",
    closed: "The conversation was ended",
    contact_left: "You left contact details",
    nothing: "Nothing else is stored about you here.",
    goes_on: "This is a part. The next one begins at:",
    end: "This is the end.",
    names: &[
        ("agent", "Agent"),
        ("privacy", "Privacy officer"),
        ("security", "Security officer"),
        ("admin", "Administrator"),
        ("support", "To answer you"),
        ("quality", "To see how well you were answered"),
        ("subject_request", "Because of a request about your data"),
        ("incident", "Because of an incident"),
        ("legal", "For a legal reason"),
        ("open", "Open"),
        ("waiting", "Waiting for a person"),
        ("with_agent", "A person answers"),
        ("closed", "Ended"),
    ],
};

static GERMAN: Words = Words {
    language: "de",
    title: "Was über Sie gespeichert ist",
    about: "Dies ist alles, was in diesem Dienst über die Person mit der unten genannten Nummer gespeichert ist: worin sie eingewilligt hat, bis wann es aufbewahrt wird und wer es warum gelesen hat.",
    made: "Erstellt am",
    subject: "Nummer",
    site: "Website",
    customer: "Kunde",
    sessions_ended: "Sitzungen beendet bis",
    is_customer: "Die Website hat bestätigt, wer Sie sind. Ihr Name dort ist hier nicht gespeichert.",
    contact: "Kontaktdaten",
    contact_texts: ["Name", "E-Mail", "Telefon"],
    left: "Hinterlassen am",
    kept_until: "Aufbewahrt bis",
    reads: "Wer Ihre Daten gelesen hat",
    reads_about: "Jedes Mal, wenn jemand von uns ein Gespräch oder all dies gelesen hat.",
    when: "Wann",
    role: "Rolle",
    purpose: "Zweck",
    reason: "Genannter Grund",
    what: "Was",
    everything: "Alles",
    only_contact: "Kontaktdaten, und welche Gespräche es gibt",
    conversation: "Gespräch",
    number: "Nummer",
    status: "Stand",
    opened: "Begonnen am",
    held: "Aufbewahrungspflicht",
    is_held: "Es darf vorerst nicht gelöscht werden, weil das Recht es verlangt.",
    consent: "Worin eingewilligt wurde",
    notice: "Fassung des Hinweises",
    purposes: "Zwecke",
    locale: "Gewünschte Sprache",
    happened: "Was gesagt und getan wurde",
    continued: "Dieses Gespräch wird aus dem vorigen Teil fortgesetzt.",
    broken: "Etwas an diesem Gespräch wurde verändert oder fehlt.",
    visitor: "Sie",
    bot: "Automatischer Assistent",
    agent: "Jemand aus dem Team",
    source: "Aus dem Eintrag",
    handover: "Sie haben einen Menschen verlangt",
    rated: "Sie haben das Gespräch bewertet",
    closed: "Das Gespräch wurde beendet",
    contact_left: "Sie haben Kontaktdaten hinterlassen",
    nothing: "Sonst ist hier nichts über Sie gespeichert.",
    goes_on: "Dies ist ein Teil. Der nächste beginnt bei:",
    end: "Dies ist das Ende.",
    names: &[
        ("agent", "Agent"),
        ("privacy", "Datenschutz"),
        ("security", "Sicherheit"),
        ("admin", "Verwaltung"),
        ("support", "Um Ihnen zu antworten"),
        ("quality", "Um zu sehen, wie gut Ihnen geantwortet wurde"),
        ("subject_request", "Wegen einer Anfrage zu Ihren Daten"),
        ("incident", "Wegen eines Vorfalls"),
        ("legal", "Aus rechtlichem Grund"),
        ("open", "Offen"),
        ("waiting", "Wartet auf einen Menschen"),
        ("with_agent", "Ein Mensch antwortet"),
        ("closed", "Beendet"),
    ],
};
