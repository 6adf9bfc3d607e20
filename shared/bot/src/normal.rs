//! Normalizes a visitor's text to the form in which texts are compared.

/// Letters of a text that are read; the rest of a longer text is left out, so that the work for one
/// message is bounded.
const MAX_LETTERS: usize = 512;

/// Lower case, umlauts written out, accents dropped, every number as `0`, a letter repeated more
/// than twice as two, all else a single space: `"Rück-GABE 123?"` becomes `"rueck gabe 0"`.
/// At most 512 letters.
#[must_use]
pub fn normalise(text: &str) -> String {
    words(text).iter().collect()
}

/// The same as letters, words separated by one space, without a space at either end.
pub(super) fn words(text: &str) -> Vec<char> {
    let mut letters = Letters { out: Vec::with_capacity(text.len().min(MAX_LETTERS)) };
    // Four times: most of what is skipped are marks and blanks, and even those are bounded.
    for typed in text.chars().take(4 * MAX_LETTERS) {
        if letters.out.len() >= MAX_LETTERS {
            break;
        }
        if typed.is_ascii() {
            letters.push_folded(typed.to_ascii_lowercase());
        } else {
            for lower in typed.to_lowercase() {
                letters.push_folded(lower);
            }
        }
    }
    if letters.out.last() == Some(&' ') {
        letters.out.pop();
    }
    letters.out
}

struct Letters {
    out: Vec<char>,
}

impl Letters {
    fn push_folded(&mut self, letter: char) {
        match letter {
            'a'..='z' => self.push(letter),
            '0'..='9' => {
                if self.out.last() != Some(&'0') {
                    self.out.push('0');
                }
            }
            // An umlaut typed as a letter and a mark.
            '\u{308}' => {
                if matches!(self.out.last(), Some('a' | 'o' | 'u')) {
                    self.out.push('e');
                }
            }
            // Dropped, not a gap: apostrophes, accents typed as marks, and marks that do not show
            // (joiners, directions).
            '\''
            | '’'
            | '‘'
            | '`'
            | '´'
            | '\u{ad}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{300}'..='\u{36f}' => {}
            'ä' | 'æ' => self.pair('a', 'e'),
            'ö' | 'ø' | 'œ' => self.pair('o', 'e'),
            'ü' => self.pair('u', 'e'),
            'ß' => self.pair('s', 's'),
            'à' | 'á' | 'â' | 'ã' | 'å' | 'ă' | 'ą' => self.push('a'),
            'ç' | 'ć' | 'č' => self.push('c'),
            'è' | 'é' | 'ê' | 'ë' | 'ę' | 'ě' => self.push('e'),
            'ì' | 'í' | 'î' | 'ï' | 'ı' => self.push('i'),
            'ł' => self.push('l'),
            'ñ' | 'ń' | 'ň' => self.push('n'),
            'ò' | 'ó' | 'ô' | 'õ' | 'ő' => self.push('o'),
            'ś' | 'š' | 'ş' => self.push('s'),
            'ù' | 'ú' | 'û' | 'ů' | 'ű' => self.push('u'),
            'ý' | 'ÿ' => self.push('y'),
            'ź' | 'ż' | 'ž' => self.push('z'),
            other if !other.is_ascii() && other.is_alphanumeric() => self.push(other),
            _ => {
                if !matches!(self.out.last(), None | Some(' ')) {
                    self.out.push(' ');
                }
            }
        }
    }

    fn pair(&mut self, first: char, second: char) {
        self.push(first);
        self.push(second);
    }

    fn push(&mut self, letter: char) {
        let mut last = self.out.iter().rev();
        if last.next() == Some(&letter) && last.next() == Some(&letter) {
            return;
        }
        self.out.push(letter);
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_LETTERS, normalise};

    #[test]
    fn folds_what_people_type_differently() {
        for (typed, expected) in [
            ("Rück-GABE 123?", "rueck gabe 0"),
            ("Ru\u{308}ckgabe", "rueckgabe"),
            ("RUECKGABE", "rueckgabe"),
            ("don't", "dont"),
            ("helloooooo", "helloo"),
            ("Größe", "groesse"),
            ("  é\u{202e}à\0\t ", "ea"),
            ("", ""),
            ("?!…", ""),
            ("где посылка", "где посылка"),
        ] {
            assert_eq!(normalise(typed), expected, "{typed:?}");
        }
    }

    #[test]
    fn bounds_the_work() {
        let long = "ab ".repeat(4_000);
        assert!(normalise(&long).chars().count() <= MAX_LETTERS + 1);
        assert_eq!(normalise(&"\u{1f600}".repeat(4_000)), "");
    }
}
