//! A small base from source to answers, and everything that can be wrong with its bytes.

use super::{Answer, Base, Before, Malformed, Reply, Source, SourceEntry, Turn, publish};

fn entry(id: &str, questions: &[&str]) -> SourceEntry {
    SourceEntry {
        id: id.to_owned(),
        title: format!("About {id}"),
        questions: questions.iter().map(|text| (*text).to_owned()).collect(),
        answer: format!("The answer about {id}."),
        url: (id == "tracking").then(|| "/orders".to_owned()),
    }
}

fn reply(answer: &str, questions: &[&str]) -> Reply {
    let questions = questions.iter().map(|text| (*text).to_owned()).collect();
    Reply { answer: answer.to_owned(), questions }
}

fn source() -> Source {
    Source {
        locale: "en".into(),
        version: 7,
        disclosure: "A machine answers.".into(),
        unknown: "I do not know.".into(),
        greeting: reply("Hello!", &["hi", "hello", "good morning"]),
        thanks: reply("You are welcome.", &["thanks", "thank you", "bye"]),
        crisis: Vec::new(),
        hand_over: reply("One moment.", &["agent please", "I want a human", "talk to a person"]),
        entries: vec![
            entry("tracking", &["Where is my parcel?", "Track my order", "parcel not here yet"]),
            entry("returns", &["How do I return it?", "send back an article", "return policy"]),
            entry("hours", &["When are you open?", "opening hours", "What time do you close?"]),
        ],
    }
}

fn model() -> Vec<u8> {
    let out_of_scope = ["What is the weather?", "Tell me a joke", "Wo ist mein Paket?"];
    publish(&source(), &out_of_scope.map(str::to_owned)).unwrap().bytes
}

fn id_of<'a>(answer: &Answer<'a>) -> &'a str {
    match answer {
        Answer::Entry { id, .. } => id,
        Answer::Greeting { .. } => "greeting",
        Answer::Thanks { .. } => "thanks",
        Answer::HandOver { .. } => "hand-over",
        Answer::Unknown { .. } => "unknown",
        Answer::Declined { .. } => "declined",
        Answer::Machine { .. } => "machine",
        Answer::NothingAsked { .. } => "nothing asked",
        Answer::Abuse { .. } => "abuse",
        Answer::Crisis { .. } => "crisis",
        Answer::Asked { .. } => "asked back",
        Answer::Unhelped { .. } => "unhelped",
    }
}

#[test]
fn answers_in_the_words_of_the_base() {
    let bytes = model();
    let base = Base::load(&bytes).unwrap();
    assert_eq!((base.locale(), base.version()), ("en", 7));
    assert_eq!((base.disclosure(), base.unknown()), ("A machine answers.", "I do not know."));
    let Answer::Entry { id, title, answer, url, score } = base.answer_alone("whre is my PARCEL??")
    else {
        panic!("an entry was due");
    };
    assert_eq!((id, title, url), ("tracking", "About tracking", Some("/orders")));
    assert_eq!(answer, "The answer about tracking.");
    assert!(score >= base.threshold() && score <= 1.0);
    assert_eq!(base.entry("returns").unwrap().url, None);
    assert_eq!(base.entry("nothing"), None);
    assert_eq!(base.entries().count(), 3);
}

#[test]
fn small_talk_is_taken_off_a_question() {
    let bytes = model();
    let base = Base::load(&bytes).unwrap();
    for (text, due) in [
        ("hi", "greeting"),
        ("Good morning!", "greeting"),
        ("Hello, thank you", "thanks"),
        ("hi, where is my parcel, thanks", "tracking"),
        ("agent please", "hand-over"),
        ("Hello. I want a HUMAN", "hand-over"),
        ("Où est mon colis", "unknown"),
        ("qwzx", "unknown"),
        ("", "unknown"),
    ] {
        assert_eq!(id_of(&base.answer_alone(text)), due, "{text}");
    }
    assert_eq!(base.answer_alone("hi").text(), "Hello!");
}

#[test]
fn candidates_are_ranked_and_bounded() {
    let bytes = model();
    let base = Base::load(&bytes).unwrap();
    let found = base.candidates("hello, are you open?", 2);
    assert_eq!(found.len(), 2);
    assert_eq!(found.first().unwrap().entry.id, "hours");
    assert!(found.is_sorted_by(|a, b| a.score >= b.score));
    assert!(base.candidates("", 2).is_empty());
}

#[test]
fn the_same_source_gives_the_same_bytes() {
    assert_eq!(model(), model());
}

#[test]
fn no_text_is_too_strange() {
    let bytes = model();
    let base = Base::load(&bytes).unwrap();
    let long = "where is my parcel ".repeat(300);
    let texts = [
        "\0".repeat(4_000),
        "\u{202e}lecrap ym si erehw".to_owned(),
        "😀".repeat(4_000),
        "𝒳".repeat(4_000),
        " ".repeat(16_000),
        "\u{308}\u{301}".to_owned(),
        "hi ".repeat(4_000),
        "ﬁ İ ẞ ŉ".to_owned(),
        "?!.,;:'\"".to_owned(),
        long,
    ];
    for text in &texts {
        assert!(!base.answer_alone(text).text().is_empty());
        assert!(base.candidates(text, 5).len() <= 3);
    }
}

#[test]
fn a_cut_file_is_refused() {
    let bytes = model();
    for end in 0..bytes.len() {
        assert_eq!(Base::load(bytes.get(..end).unwrap()).err(), Some(Malformed), "at {end}");
    }
    let mut longer = bytes;
    longer.push(0);
    assert_eq!(Base::load(&longer).err(), Some(Malformed));
}

#[test]
fn a_flipped_bit_is_refused_or_harmless() {
    let mut bytes = model();
    let mut refused = 0;
    let bits = 8 * bytes.len();
    // Every bit of header and strings, then a sample of the weights.
    for bit in (0..8 * 2_600).chain((8 * 2_600..bits).step_by(97)) {
        let (at, mask) = (bit / 8, 1 << (bit % 8));
        *bytes.get_mut(at).unwrap() ^= mask;
        match Base::load(&bytes) {
            Ok(base) => {
                let _ = base.answer_alone("hello, where is my parcel today?");
                let _ = base.candidates("return policy", 3);
                assert!(base.entries().count() >= 1);
            }
            Err(Malformed) => refused += 1,
        }
        *bytes.get_mut(at).unwrap() ^= mask;
    }
    assert!(refused > 500, "{refused}");
}

#[test]
fn more_classes_than_a_byte_names() {
    let mut source = source();
    for number in 0..300 {
        source.entries.push(entry(&format!("e{number}"), &[&format!("zz{}", "ab".repeat(number))]));
    }
    source.entries.push(entry("last", &["gift wrapping paper", "wrap a present"]));
    let bytes = publish(&source, &[]).unwrap().bytes;
    let base = Base::load(&bytes).unwrap();
    assert_eq!(base.candidates("wrapping a gift", 1).first().unwrap().entry.id, "last");
}

#[test]
fn the_author_is_told_what_was_missed() {
    let published = publish(&source(), &["What is the weather?".to_owned()]).unwrap();
    let found = published.calibration;
    assert_eq!((found.questions, found.out_of_scope), (9, 1));
    assert_eq!(found.missed.len() + found.right + found.offered, found.questions);
}

#[test]
fn a_text_that_goes_on_with_the_one_before_is_answered_by_both() {
    let bytes = model();
    let base = Base::load(&bytes).unwrap();
    let long = format!("where is my parcel? {}", "it is blue ".repeat(60));
    for before in ["where is my parcel?", &long] {
        let said = Before::Said { text: before, entry: Some("tracking"), choices: &[] };
        let turn = Turn { before: said, ..Turn::default() };
        let answer = base.answer("and my other parcel?", &turn).unwrap();
        assert_eq!(id_of(&answer), "tracking", "{before}");
    }
    let unread = Turn { before: Before::Unread, ..Turn::default() };
    assert_eq!(base.answer("and my other parcel?", &unread), None);
    // The entry that answered is published no more, and nothing else is like it.
    let gone = Before::Said { text: "zzz", entry: Some("gone"), choices: &[] };
    let turn = Turn { before: gone, ..Turn::default() };
    if let Answer::Asked { choices, .. } = base.answer("and xyzzy?", &turn).unwrap() {
        assert!(!choices.is_empty());
    }
    // Nothing that was said before makes a crisis a question.
    let said = Before::Said { text: "where is my parcel?", entry: Some("tracking"), choices: &[] };
    let turn = Turn { before: said, asked: true, offered: true };
    assert_eq!(id_of(&base.answer("and kill myself", &turn).unwrap()), "crisis");
}
