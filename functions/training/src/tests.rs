//! The courses as they are shipped, and what their build refuses.

#[path = "../build/file.rs"]
mod file;

use std::collections::BTreeMap;

use file::{alike, read};
use shared::clock::rfc3339;
use shared::values::training::COURSES;

use crate::content;
use crate::content::{Content, Courses};

fn courses() -> Courses {
    serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/courses.json"))).unwrap()
}

/// A course that the build takes, and the test breaks.
fn sample() -> String {
    include_str!("../courses/phishing.en.md").to_owned()
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
    assert!(read(&sample()).is_ok());
}

#[test]
fn a_course_with_a_missing_answer_is_refused() {
    let none = sample().replace("right = true", "right = false");
    assert!(read(&none).unwrap_err().contains("0 right options"));
    let all = sample().replace("right = false", "right = true");
    assert!(read(&all).is_err());
    let start = sample().find("reason = \"").unwrap();
    let mut unreasoned = sample();
    let end = unreasoned[start..].find('\n').unwrap() + start;
    unreasoned.replace_range(start..end, "reason = \"\"");
    assert!(read(&unreasoned).unwrap_err().contains("a reason"));
    let fewer = {
        let at = sample().rfind("[[questions]]").unwrap();
        let end = sample().rfind("+++\n").unwrap();
        let mut fewer = sample();
        fewer.replace_range(at..end, "");
        fewer
    };
    let count = read(&sample()).unwrap().questions.len();
    assert_eq!(read(&fewer).map_or(0, |content| content.questions.len()) + 1, count);
}

#[test]
fn a_broken_link_is_refused() {
    for address in ["http://example.org", "/console", "https://nowhere", "javascript:alert(1)", ""]
    {
        let broken = format!("{}\n\nSee [this]({address}).\n", sample());
        assert!(read(&broken).unwrap_err().contains("a link"), "{address}");
    }
    let whole = format!("{}\n\nSee [this](https://example.org/page).\n", sample());
    assert!(read(&whole).is_ok());
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
        assert!(read(&format!("{}\n\n{line}\n", sample())).is_err(), "{line}");
    }
}

#[test]
fn a_chat_that_leads_nowhere_is_refused() {
    let content = read(&sample()).unwrap();
    let first = &content.chat[0].choices[0].next.clone().unwrap();
    let lost = sample().replacen(&format!("next = \"{first}\""), "next = \"nowhere\"", 1);
    assert!(read(&lost).unwrap_err().contains("nowhere"));
    let bad = sample().replace("good = true", "good = false");
    assert!(read(&bad).unwrap_err().contains("a good choice"));
}

#[test]
fn two_languages_of_a_course_ask_the_same() {
    let one = read(&sample()).unwrap();
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
