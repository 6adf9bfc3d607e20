//! Patterns of policies: `*` is any text, `?` any one character.

/// Whether `text` fits `pattern`.
pub(super) fn glob_matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    // The prefixes of the pattern that fit the text so far, as in a table of edit distances.
    let mut fits = vec![true];
    fits.extend(pattern.iter().scan(true, |all, sign| {
        *all &= *sign == '*';
        Some(*all)
    }));
    for character in text.chars() {
        let mut next = vec![false];
        for (at, sign) in pattern.iter().enumerate() {
            let before = fits.get(at).copied().unwrap_or_default();
            let here = fits.get(at + 1).copied().unwrap_or_default();
            let shorter = next.last().copied().unwrap_or_default();
            next.push(match sign {
                '*' => here || shorter,
                '?' => before,
                plain => before && *plain == character,
            });
        }
        fits = next;
    }
    fits.last().copied().unwrap_or_default()
}

/// Whether an ARN fits an ARN with patterns: each of its six parts by itself.
pub(super) fn arn_matches(pattern: &str, arn: &str) -> bool {
    let (patterns, parts): (Vec<_>, Vec<_>) =
        (pattern.splitn(6, ':').collect(), arn.splitn(6, ':').collect());
    patterns.len() == parts.len()
        && patterns.iter().zip(&parts).all(|(pattern, part)| glob_matches(pattern, part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("a", "a", true),
            ("a", "", false),
            ("*", "", true),
            ("*", "anything", true),
            ("a*", "abc", true),
            ("*c", "abc", true),
            ("a*c", "abbc", true),
            ("a*c", "abcd", false),
            ("a*b*c", "a-b-b-c", true),
            ("**a", "ba", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("kms:*", "kms:Decrypt", true),
            ("kms:*", "dynamodb:Query", false),
        ] {
            assert_eq!(glob_matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_star_does_not_leave_its_part_of_an_arn() {
        let arn = "arn:aws:logs:eu:1:log-group:/sotto/x/intake";
        assert!(arn_matches("arn:aws:logs:*:1:log-group:/sotto/*", arn));
        assert!(!arn_matches("arn:aws:logs:*:log-group:/sotto/x/intake", arn));
        assert!(!arn_matches("arn:aws:*", arn));
    }
}
