//! A course or a practice as a file: TOML between two lines `+++`, then Markdown of headings, paragraphs, lists,
//! bold words and links.

use std::collections::BTreeSet;

use super::content::{Content, Question, Turn};

/// Questions that a pool has at least: more than are drawn, so that attempts differ.
const POOL: usize = 15;
/// Turns of a played chat at least.
const TURNS: usize = 5;

/// Reads a course and refuses what is incomplete.
///
/// # Errors
/// A sentence for the author.
pub(crate) fn read_course(file: &str) -> Result<Content, String> {
    let content = read(file)?;
    judge_questions(&content.questions)?;
    Ok(content)
}

/// Reads a practice: a course without questions, whose text is shown when the chat was played.
///
/// # Errors
/// A sentence for the author.
pub(crate) fn read_practice(file: &str) -> Result<Content, String> {
    let content = read(file)?;
    if !content.questions.is_empty() {
        return Err("a practice has no questions".to_owned());
    }
    Ok(content)
}

fn read(file: &str) -> Result<Content, String> {
    let front = file.strip_prefix("+++\n").ok_or("the first line is not +++")?;
    let (front, text) = front.split_once("\n+++\n").ok_or("the front matter does not end")?;
    let mut content: Content = toml::from_str(front).map_err(|error| error.to_string())?;
    text.trim().clone_into(&mut content.text);
    if content.title.trim().is_empty() || content.version == 0 || content.minutes == 0 {
        return Err("title, version and minutes are needed".to_owned());
    }
    judge_text(&content.text)?;
    judge_chat(&content.chat)?;
    Ok(content)
}

/// Whether two languages of a course have the same chat and the same questions, whatever the words.
///
/// # Errors
/// A sentence for the author.
pub(crate) fn alike(one: &Content, other: &Content) -> Result<(), String> {
    let facts = |content: &Content| (content.minutes, content.version, content.changed.clone());
    let chat = |content: &Content| {
        let turns = content.chat.iter().map(|turn| {
            let choices = turn.choices.iter().map(|choice| (choice.good, choice.next.clone()));
            (turn.id.clone(), choices.collect::<Vec<_>>())
        });
        turns.collect::<Vec<_>>()
    };
    let questions = |content: &Content| {
        let questions = content.questions.iter().map(|question| {
            let options = question.options.iter().map(|option| (option.id.clone(), option.right));
            (question.id.clone(), question.multiple, options.collect::<Vec<_>>())
        });
        questions.collect::<Vec<_>>()
    };
    if facts(one) != facts(other) {
        return Err("minutes, version or day differ".to_owned());
    }
    if chat(one) != chat(other) {
        return Err("the chats differ in more than words".to_owned());
    }
    if questions(one) != questions(other) {
        return Err("the questions differ in more than words".to_owned());
    }
    Ok(())
}

/// The console shows headings, paragraphs, lists, bold words and links, and nothing else.
fn judge_text(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("there is no text".to_owned());
    }
    for line in text.lines() {
        let content = line.strip_prefix("## ").or_else(|| line.strip_prefix("- ")).unwrap_or(line);
        let is_other = content.starts_with(['#', '>', '|', '*', ' ', '`'])
            && !content.starts_with("**")
            || content.contains(['<', '`'])
            || content.matches("**").count() % 2 != 0;
        if is_other {
            return Err(format!("this is shown as it stands: {line}"));
        }
        for (_, link) in content.match_indices("](").map(|(at, _)| content.split_at(at + 2)) {
            let address = link.split_once(')').ok_or(format!("a link does not end: {line}"))?.0;
            let rest = address.strip_prefix("https://").unwrap_or_default();
            if !rest.contains('.') || rest.contains(char::is_whitespace) {
                return Err(format!("a link leads nowhere: {address}"));
            }
        }
    }
    Ok(())
}

fn judge_chat(chat: &[Turn]) -> Result<(), String> {
    let known: BTreeSet<&str> = chat.iter().map(|turn| &*turn.id).collect();
    if chat.len() < TURNS || known.len() != chat.len() {
        return Err(format!("a chat has {TURNS} turns at least, each with an id of its own"));
    }
    let mut reached = BTreeSet::new();
    let mut ahead: Vec<&str> = chat.first().map(|turn| &*turn.id).into_iter().collect();
    while let Some(id) = ahead.pop() {
        let turn = chat.iter().find(|turn| turn.id == id);
        let turn = turn.ok_or(format!("no turn is called {id}"))?;
        if reached.insert(id) {
            ahead.extend(turn.choices.iter().filter_map(|choice| choice.next.as_deref()));
        }
    }
    if let Some(lost) = known.iter().find(|id| !reached.contains(*id)) {
        return Err(format!("nothing leads to the turn {lost}"));
    }
    for (at, Turn { id, says, choices }) in chat.iter().enumerate() {
        // Every walk comes to an end.
        let is_later = |next: &str| chat.iter().skip(at + 1).any(|turn| turn.id == next);
        let mut nexts = choices.iter().filter_map(|choice| choice.next.as_deref());
        if let Some(back) = nexts.find(|next| !is_later(next)) {
            return Err(format!("turn {id} leads back to {back}"));
        }
        let both = choices.iter().any(|choice| choice.good) && choices.iter().any(|it| !it.good);
        let told = choices.iter().all(|it| !it.text.is_empty() && !it.then.is_empty());
        if says.is_empty() || !both || !told {
            return Err(format!(
                "turn {id} needs words, a good choice, another, and what comes of each"
            ));
        }
    }
    Ok(())
}

fn judge_questions(questions: &[Question]) -> Result<(), String> {
    let ids: BTreeSet<&str> = questions.iter().map(|question| &*question.id).collect();
    if questions.len() < POOL || ids.len() != questions.len() {
        return Err(format!("there are {POOL} questions at least, each with an id of its own"));
    }
    for Question { id, text, multiple, reason, options } in questions {
        let right = options.iter().filter(|option| option.right).count();
        let ids: BTreeSet<&str> = options.iter().map(|option| &*option.id).collect();
        let enough = if *multiple { 2..options.len() } else { 1..2 };
        if !enough.contains(&right) {
            return Err(format!("question {id} has {right} right options of {}", options.len()));
        }
        let is_told = options.iter().all(|option| !option.text.is_empty());
        if text.is_empty() || reason.is_empty() || !is_told || ids.len() != options.len() {
            return Err(format!(
                "question {id} needs words, a reason, and options with ids of their own"
            ));
        }
    }
    Ok(())
}
