//! The courses and practices as they are shipped, what their build refuses, and walks through a practice.

#[path = "../build/file.rs"]
mod file;

use std::collections::BTreeMap;

use file::{alike, read_course, read_practice};
use proptest::prelude::*;
use shared::clock::rfc3339;
use shared::values::training::COURSES;

use crate::content;
use crate::content::{Content, Courses, Turn};
use crate::practices::walk;

fn courses() -> Courses {
    serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/courses.json"))).unwrap()
}

fn practices() -> Courses {
    serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/practices.json"))).unwrap()
}

/// A course that the build takes, and the test breaks.
fn sample() -> String {
    include_str!("../courses/phishing.en.md").to_owned()
}

/// The same of a practice.
fn sample_practice() -> String {
    include_str!("../practices/parcel-refund.en.md").to_owned()
}

#[test]
fn the_courses_are_those_that_the_gate_asks_for() {
    let courses = courses();
    let known: Vec<&str> = COURSES.iter().map(|course| course.id).collect();
    let mut sorted = known.clone();
    sorted.sort_unstable();
    assert_eq!(courses.keys().map(|id| &**id).collect::<Vec<_>>(), sorted);
    for course in COURSES {
        for content in courses[course.id].values() {
            assert_eq!(content.version, course.version, "{}", course.id);
            assert_eq!(content.changed, rfc3339(course.changed_ms)[..10], "{}", course.id);
            assert!((10..=15).contains(&content.minutes), "{}: {}", course.id, content.minutes);
        }
    }
}

/// Somebody who always takes the longest option, or always the same one, does not pass.
#[test]
fn a_habit_does_not_pass() {
    for (id, localised) in courses() {
        for (locale, Content { questions, .. }) in localised {
            let single: Vec<_> = questions.iter().filter(|question| !question.multiple).collect();
            let longest = single.iter().filter(|question| {
                question.options.iter().max_by_key(|option| option.text.len()).unwrap().right
            });
            let longest = longest.count();
            assert!(longest * 100 <= single.len() * 60, "{id}.{locale}: {longest}");
            let mut places = BTreeMap::<usize, usize>::new();
            for question in &single {
                let place = question.options.iter().position(|option| option.right).unwrap();
                *places.entry(place).or_default() += 1;
            }
            let most = places.values().max().unwrap();
            assert!(most * 100 <= single.len() * 60, "{id}.{locale}: {places:?}");
        }
    }
}

#[test]
fn a_course_as_it_is_shipped_is_taken() {
    assert!(read_course(&sample()).is_ok());
}

#[test]
fn a_course_with_a_missing_answer_is_refused() {
    let none = sample().replace("right = true", "right = false");
    assert!(read_course(&none).unwrap_err().contains("0 right options"));
    let all = sample().replace("right = false", "right = true");
    assert!(read_course(&all).is_err());
    let start = sample().find("reason = \"").unwrap();
    let mut unreasoned = sample();
    let end = unreasoned[start..].find('\n').unwrap() + start;
    unreasoned.replace_range(start..end, "reason = \"\"");
    assert!(read_course(&unreasoned).unwrap_err().contains("a reason"));
    let fewer = {
        let at = sample().rfind("[[questions]]").unwrap();
        let end = sample().rfind("+++\n").unwrap();
        let mut fewer = sample();
        fewer.replace_range(at..end, "");
        fewer
    };
    let count = read_course(&sample()).unwrap().questions.len();
    assert_eq!(read_course(&fewer).map_or(0, |content| content.questions.len()) + 1, count);
}

#[test]
fn a_broken_link_is_refused() {
    for address in ["http://example.org", "/console", "https://nowhere", "javascript:alert(1)", ""]
    {
        let broken = format!("{}\n\nSee [this]({address}).\n", sample());
        assert!(read_course(&broken).unwrap_err().contains("a link"), "{address}");
    }
    let whole = format!("{}\n\nSee [this](https://example.org/page).\n", sample());
    assert!(read_course(&whole).is_ok());
}

#[test]
fn what_the_console_does_not_show_is_refused() {
    for line in [
        "# Title",
        "### Part",
        "> quoted",
        "| a | b |",
        "<b>bold</b>",
        "`code`",
        "* item",
        "**half",
    ] {
        assert!(read_course(&format!("{}\n\n{line}\n", sample())).is_err(), "{line}");
    }
}

#[test]
fn a_chat_that_leads_nowhere_is_refused() {
    let content = read_course(&sample()).unwrap();
    let first = &content.chat[0].choices[0].next.clone().unwrap();
    let lost = sample().replacen(&format!("next = \"{first}\""), "next = \"nowhere\"", 1);
    assert!(read_course(&lost).unwrap_err().contains("nowhere"));
    let bad = sample().replace("good = true", "good = false");
    assert!(read_course(&bad).unwrap_err().contains("a good choice"));
    let last = &content.chat.last().unwrap().id;
    let back = sample().replacen(&format!("next = \"{last}\""), "next = \"start\"", 1);
    assert!(read_course(&back).unwrap_err().contains("leads back to start"));
}

#[test]
fn the_practices_are_short_and_each_turn_has_three_choices() {
    let practices = practices();
    assert_eq!(practices.keys().collect::<Vec<_>>(), ["new-colleague", "parcel-refund"]);
    for (id, localised) in practices {
        for (locale, Content { chat, minutes, .. }) in localised {
            assert!((5..=6).contains(&chat.len()), "{id}.{locale}");
            assert!((3..=10).contains(&minutes), "{id}.{locale}");
            for turn in chat {
                let good = turn.choices.iter().filter(|choice| choice.good).count();
                assert_eq!((turn.choices.len(), good), (3, 1), "{id}.{locale}: {}", turn.id);
            }
        }
    }
}

#[test]
fn a_practice_is_a_course_without_questions() {
    assert!(read_practice(&sample_practice()).is_ok());
    assert!(read_course(&sample_practice()).unwrap_err().contains("questions"));
    assert!(read_practice(&sample()).unwrap_err().contains("no questions"));
    let lost = sample_practice().replacen("next = \"proof\"", "next = \"nowhere\"", 1);
    assert!(read_practice(&lost).unwrap_err().contains("nowhere"));
    let untold = sample_practice();
    let untold = untold.split("\n+++\n").next().unwrap();
    assert!(read_practice(&format!("{untold}\n+++\n")).unwrap_err().contains("no text"));
}

#[test]
fn two_languages_of_a_course_ask_the_same() {
    let one = read_course(&sample()).unwrap();
    let changes: [fn(&mut Content); 4] = [
        |content| content.version += 1,
        |content| content.questions[0].options[0].right ^= true,
        |content| content.chat[0].choices[0].next = None,
        |content| content.questions.swap(0, 1),
    ];
    for change in changes {
        let mut other = one.clone();
        change(&mut other);
        assert!(alike(&one, &other).is_err());
    }
    let mut words = one.clone();
    words.title.push('!');
    assert_eq!(alike(&one, &words), Ok(()));
}

/// A walk to an end: at each turn the choice at one of the places, counted around. Gives the places, and how many
/// of the choices are good.
fn to_the_end(chat: &[Turn], places: &[usize]) -> (Vec<u32>, u32) {
    let (mut choices, mut good) = (Vec::new(), 0);
    let mut places = places.iter().cycle();
    let mut turn = chat.first();
    while let Some(now) = turn {
        let place = places.next().unwrap() % now.choices.len();
        let choice = &now.choices[place];
        choices.push(u32::try_from(place).unwrap());
        good += u32::from(choice.good);
        let next = choice.next.as_deref();
        turn = next.map(|next| chat.iter().find(|turn| turn.id == next).unwrap());
    }
    (choices, good)
}

proptest! {
    /// Whatever somebody chooses, the chat ends, and its good choices are counted. A walk that is shorter, longer or
    /// goes where no choice is counts as none.
    #[test]
    fn every_walk_through_a_practice_ends_and_counts_its_good_choices(
        places in proptest::collection::vec(0..100_usize, 1..8),
    ) {
        for localised in practices().into_values() {
            let Content { chat, .. } = &localised["en"];
            let (choices, good) = to_the_end(chat, &places);
            let of = u32::try_from(choices.len()).unwrap();
            prop_assert!(choices.len() <= chat.len());
            prop_assert_eq!(walk(chat, &choices), Some((good, of)));
            let (_, shorter) = choices.split_last().unwrap();
            prop_assert_eq!(walk(chat, shorter), None);
            let longer: Vec<_> = choices.iter().copied().chain([0]).collect();
            prop_assert_eq!(walk(chat, &longer), None);
            for at in 0..choices.len() {
                let mut elsewhere = choices.clone();
                elsewhere[at] = 3;
                prop_assert_eq!(walk(chat, &elsewhere), None);
            }
        }
    }
}
