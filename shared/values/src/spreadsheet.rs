//! Cells of a CSV file that a spreadsheet opens.

const COMPUTES: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
const SEPARATES: [char; 7] = [',', ';', '|', ':', '\t', '\r', '\n'];

/// The cell as a spreadsheet shows it and does not compute it (OWASP, CSV injection), also one that takes
/// semicolons, tabs or line ends inside it for separators.
#[must_use]
pub fn neutral(cell: &str) -> String {
    let mut neutral = String::with_capacity(cell.len() + 1);
    if cell.starts_with(['\t', '\r', '\n']) {
        neutral.push('\'');
    }
    let mut may_begin = true;
    for letter in cell.chars() {
        if may_begin && COMPUTES.contains(&letter) {
            neutral.push('\'');
        }
        // Blanks and quotation marks before a formula are left out by some.
        may_begin = SEPARATES.contains(&letter) || (may_begin && matches!(letter, ' ' | '"'));
        neutral.push(letter);
    }
    neutral
}

/// The text of a cell that [`neutral`] wrote; other cells stay as they are, but for an apostrophe right
/// before a sign that it guards.
#[must_use]
pub fn plain(cell: &str) -> String {
    let mut plain = String::with_capacity(cell.len());
    let mut letters = cell.chars().peekable();
    let mut may_begin = true;
    while let Some(letter) = letters.next() {
        let next = letters.peek().copied();
        let guards = next.is_some_and(|next| COMPUTES.contains(&next))
            || (plain.is_empty() && matches!(next, Some('\t' | '\r' | '\n')));
        if may_begin && letter == '\'' && guards {
            continue;
        }
        may_begin = SEPARATES.contains(&letter) || (may_begin && matches!(letter, ' ' | '"'));
        plain.push(letter);
    }
    plain
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_text_comes_back(text in "[a;=,|\\t\\n\" @+-]{0,12}|[^']*") {
            prop_assert_eq!(plain(&neutral(&text)), text);
        }
    }
}
