//! Reads a DynamoDB expression: the attributes it names, and the value that a key has to equal.

use serde_json::{Map, Value};

/// An expression with the names and values that it stands among.
pub(super) struct Expression<'a> {
    tokens: Vec<&'a str>,
    names: Option<&'a Map<String, Value>>,
    values: Option<&'a Map<String, Value>>,
}

/// Words of the language; they have no case.
const WORDS: [&str; 9] = ["AND", "OR", "NOT", "BETWEEN", "IN", "SET", "REMOVE", "ADD", "DELETE"];

impl<'a> Expression<'a> {
    /// `text` is one of the expressions of `request`.
    pub(super) fn new(text: &'a str, request: &'a Value) -> Self {
        Self {
            tokens: tokens(text),
            names: request.get("ExpressionAttributeNames").and_then(Value::as_object),
            values: request.get("ExpressionAttributeValues").and_then(Value::as_object),
        }
    }

    /// The top-level attributes that it mentions.
    ///
    /// # Errors
    /// When a `#name` stands for nothing.
    pub(super) fn attributes(&self) -> Result<Vec<String>, String> {
        let mut found = Vec::new();
        for (at, token) in self.tokens.iter().enumerate() {
            let calls = self.tokens.get(at + 1) == Some(&"(");
            let word = WORDS.iter().any(|word| word.eq_ignore_ascii_case(token));
            // A name after a point or a bracket is inside an attribute.
            let inside = at > 0 && matches!(self.tokens.get(at - 1), Some(&("." | "[")));
            if is_name(token) && !calls && !word && !inside {
                found.push(self.name(token)?);
            }
        }
        Ok(found)
    }

    /// The value that `attribute` has to equal: the one beside an equals sign.
    pub(super) fn equal_to(&self, attribute: &str) -> Option<&'a Value> {
        self.tokens.windows(3).find_map(|three| match three {
            [left, "=", right] => {
                let (name, value) =
                    if right.starts_with(':') { (left, right) } else { (right, left) };
                let fits = is_name(name) && self.name(name).is_ok_and(|name| name == attribute);
                if fits { self.values?.get(*value) } else { None }
            }
            _ => None,
        })
    }

    fn name(&self, token: &str) -> Result<String, String> {
        if !token.starts_with('#') {
            return Ok(token.to_owned());
        }
        let meant = self.names.and_then(|names| names.get(token)?.as_str());
        meant.map(str::to_owned).ok_or_else(|| format!("{token} stands for nothing"))
    }
}

fn is_name(token: &str) -> bool {
    token.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_' || first == '#')
}

/// Words, and every other sign by itself.
fn tokens(text: &str) -> Vec<&str> {
    let of_word = |sign: char| sign.is_ascii_alphanumeric() || "_-#:".contains(sign);
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let end = if of_word(first) {
            rest.find(|sign| !of_word(sign)).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (token, behind) = rest.split_at(end);
        tokens.push(token);
        rest = behind.trim_start();
    }
    tokens
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_attributes_of_an_expression() {
        let request = json!({"ExpressionAttributeNames": {"#n": "name", "#d": "a.b"}});
        for (text, expected) in [
            ("attribute_not_exists(p)", &["p"][..]),
            ("p = :p AND begins_with(k, :k)", &["p", "k"]),
            ("#n <> :x and not (size(#d) > :y)", &["name", "a.b"]),
            ("a.inner[0].deep, b[1], c", &["a", "b", "c"]),
            ("SET a = if_not_exists(b, :z) REMOVE c", &["a", "b", "c"]),
            ("x BETWEEN :a AND :b", &["x"]),
            ("expires_at > :now AND attribute_exists(w)", &["expires_at", "w"]),
            ("", &[]),
        ] {
            assert_eq!(Expression::new(text, &request).attributes().unwrap(), expected, "{text}");
        }
        assert!(Expression::new("#other = :x", &request).attributes().is_err());
    }

    #[test]
    fn the_value_that_a_key_equals() {
        let request = json!({
            "ExpressionAttributeNames": {"#p": "p"},
            "ExpressionAttributeValues": {":p": {"S": "*"}, ":k": {"S": "x"}},
        });
        let all = json!({"S": "*"});
        for (text, expected) in [
            ("p = :p AND begins_with(k, :k)", Some(&all)),
            ("(#p = :p)", Some(&all)),
            (":p = #p", Some(&all)),
            ("k = :k", None),
            ("p = :absent", None),
            ("p > :p", None),
        ] {
            assert_eq!(Expression::new(text, &request).equal_to("p"), expected, "{text}");
        }
    }
}
