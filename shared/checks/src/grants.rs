//! Whether a policy that is in force is the one of the template: of a role, of the key.
//!
//! The template has intrinsic functions where a deployed policy has names. [`Names`] knows those of the stack; a
//! name that it does not know may be any, but without a wildcard.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::aws::Clients;
use crate::stack::Stack;

/// The names at AWS, by what the template calls them.
pub struct Names(BTreeMap<String, String>);

/// A part of a text.
enum Piece {
    /// It stands there as it is.
    Exact(String),
    /// The ARN of what has this name.
    ArnOf(String),
    /// Another ARN of it, such as that of a table's stream.
    PartOf(String),
    /// Anything without a wildcard.
    Any,
}

impl Names {
    /// Those of a stack: resources, parameters, and what CloudFormation calls pseudo parameters.
    #[must_use]
    pub fn of(clients: &Clients, stack: &Stack) -> Self {
        let mut names = stack.parameters.clone();
        let resources = stack.resources.iter();
        names.extend(resources.map(|one| (one.logical.clone(), one.physical.clone())));
        // Of a stack that CloudFormation does not tell of, nobody knows by which names it was made.
        if stack.status.is_empty() {
            return Self(names);
        }
        names.insert("AWS::Region".to_owned(), clients.region.clone());
        names.insert("AWS::StackName".to_owned(), stack.name.clone());
        // arn:<partition>:kms:<region>:<account>:key/<id>
        if let Some(arn) = stack.outputs.get("KmsKeyArn") {
            let mut parts = arn.split(':').skip(1);
            let (partition, account) = (parts.next(), parts.nth(2));
            let known = [("AWS::Partition", partition), ("AWS::AccountId", account)];
            let known = known.into_iter().filter_map(|(name, value)| Some((name, value?)));
            names.extend(known.map(|(name, value)| (name.to_owned(), value.to_owned())));
        }
        Self(names)
    }

    /// None: each may be any.
    #[cfg(test)]
    pub(crate) fn none() -> Self {
        Self(BTreeMap::new())
    }

    /// Whether `live` is what `design` becomes when it is deployed.
    #[must_use]
    pub fn fits(&self, design: &Value, live: &Value) -> bool {
        if let Some([_, yes, no]) = argument(design, "Fn::If").and_then(|parts| three(parts)) {
            return self.fits(yes, live) || self.fits(no, live);
        }
        if is_no_value(design) {
            return false;
        }
        match (design, live) {
            // A list with a single element and the element are the same to IAM.
            (Value::Array(items), single) if !single.is_array() => {
                matches!(items.as_slice(), [item] if self.fits(item, single))
            }
            (single, Value::Array(items)) if !single.is_array() => {
                matches!(items.as_slice(), [item] if self.fits(single, item))
            }
            (Value::Array(designed), Value::Array(items)) => self.same(designed, items),
            (design, live) => self.fits_single(design, live),
        }
    }

    /// The same of what is no list.
    fn fits_single(&self, design: &Value, live: &Value) -> bool {
        if let Some(pieces) = self.pieces(design) {
            return live.as_str().is_some_and(|text| matches(&pieces, text));
        }
        match (design, live) {
            (Value::Object(designed), Value::Object(parts)) => {
                let is_there = |(name, part): (&String, &Value)| match parts.get(name) {
                    Some(live) => self.fits(part, live),
                    None => may_be_absent(part),
                };
                designed.iter().all(is_there)
                    && parts.keys().all(|name| designed.contains_key(name))
            }
            (plain, live) => text_of(plain).is_some_and(|text| text_of(live) == Some(text)),
        }
    }

    /// Whether each element has its own counterpart. The order says nothing.
    fn same(&self, designed: &[Value], live: &[Value]) -> bool {
        let mut left: Vec<_> = live.iter().collect();
        let found =
            designed.iter().all(|item| match left.iter().position(|live| self.fits(item, live)) {
                Some(at) => {
                    left.swap_remove(at);
                    true
                }
                None => may_be_absent(item),
            });
        found && left.is_empty()
    }

    /// The pieces of a text with names in it; `None` for what is no intrinsic function.
    fn pieces(&self, design: &Value) -> Option<Vec<Piece>> {
        if let Some(name) = argument(design, "Ref").and_then(Value::as_str) {
            return Some(vec![self.named(name)]);
        }
        if let Some(path) = argument(design, "Fn::GetAtt") {
            let joined = path
                .as_array()
                .map(|path| path.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("."));
            return Some(vec![
                self.attribute(&joined.or_else(|| Some(path.as_str()?.to_owned()))?),
            ]);
        }
        let sub = argument(design, "Fn::Sub")?;
        let (text, own) = match sub {
            Value::String(text) => (text.as_str(), None),
            Value::Array(parts) => {
                (parts.first()?.as_str()?, parts.get(1).and_then(Value::as_object))
            }
            _ => return None,
        };
        Some(self.substituted(text, own))
    }

    fn substituted(&self, text: &str, own: Option<&Map<String, Value>>) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once("${") {
            pieces.push(Piece::Exact(before.to_owned()));
            let (name, after) = behind.split_once('}').unwrap_or((behind, ""));
            pieces.push(match own.and_then(|own| own.get(name)) {
                Some(Value::String(text)) => Piece::Exact(text.clone()),
                Some(_) => Piece::Any,
                None if name.contains('.') => self.attribute(name),
                None => self.named(name),
            });
            rest = after;
        }
        pieces.push(Piece::Exact(rest.to_owned()));
        pieces
    }

    fn named(&self, name: &str) -> Piece {
        self.0.get(name).map_or(Piece::Any, |known| Piece::Exact(known.clone()))
    }

    fn attribute(&self, path: &str) -> Piece {
        let (name, attribute) = path.split_once('.').unwrap_or((path, ""));
        let Some(known) = self.0.get(name) else { return Piece::Any };
        let known = last_part(known).to_owned();
        if attribute == "Arn" { Piece::ArnOf(known) } else { Piece::PartOf(known) }
    }
}

/// The statements in which two policies differ, by their `Sid`.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// Those in force that were not designed so.
    pub more: Vec<String>,
    /// Those that were designed and are not in force.
    pub less: Vec<String>,
}

impl Differences {
    /// Those between the policy of the template and the policy that is in force.
    #[must_use]
    pub fn between(names: &Names, design: &Value, live: &Value) -> Self {
        let (designed, live) = (statements(design), statements(live));
        let mut left: Vec<_> = live.iter().collect();
        let mut less = Vec::new();
        for statement in &designed {
            match left.iter().position(|live| names.fits(statement, live)) {
                Some(at) => drop(left.remove(at)),
                None if may_be_absent(statement) => {}
                None => less.push(sid(statement)),
            }
        }
        Self { more: left.into_iter().map(sid).collect(), less }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.more.is_empty() && self.less.is_empty()
    }
}

/// The statements of a policy.
pub(crate) fn statements(policy: &Value) -> Vec<Value> {
    match policy.get("Statement") {
        Some(Value::Array(statements)) => statements.clone(),
        Some(single) => vec![single.clone()],
        None => Vec::new(),
    }
}

/// The name of a statement; without one, the actions that it is about.
fn sid(statement: &Value) -> String {
    let branch = argument(statement, "Fn::If").and_then(three).map(|[_, yes, _]| yes);
    let statement = branch.unwrap_or(statement);
    let named = statement.get("Sid").and_then(Value::as_str).filter(|sid| !sid.is_empty());
    named.map_or_else(
        || {
            let action = statement.get("Action").or_else(|| statement.get("NotAction"));
            format!("on {}", action.map(ToString::to_string).unwrap_or_default())
        },
        ToOwned::to_owned,
    )
}

/// The name that an ARN ends with: of a queue, AWS gives the URL.
fn last_part(physical: &str) -> &str {
    if physical.starts_with("https://") || physical.starts_with("http://") {
        return physical.rsplit('/').next().unwrap_or(physical);
    }
    physical
}

fn argument<'a>(design: &'a Value, function: &str) -> Option<&'a Value> {
    let object = design.as_object().filter(|object| object.len() == 1)?;
    object.get(function)
}

fn three(parts: &Value) -> Option<[&Value; 3]> {
    match parts.as_array()?.as_slice() {
        [first, second, third] => Some([first, second, third]),
        _ => None,
    }
}

fn may_be_absent(design: &Value) -> bool {
    let branches = argument(design, "Fn::If").and_then(three);
    is_no_value(design)
        || branches.is_some_and(|[_, yes, no]| may_be_absent(yes) || may_be_absent(no))
}

fn is_no_value(design: &Value) -> bool {
    argument(design, "Ref").and_then(Value::as_str) == Some("AWS::NoValue")
}

/// A plain value as text: a deployed `true` may come back as a word.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn matches(pieces: &[Piece], text: &str) -> bool {
    let Some((first, rest)) = pieces.split_first() else { return text.is_empty() };
    match first {
        Piece::Exact(start) => {
            text.strip_prefix(start.as_str()).is_some_and(|end| matches(rest, end))
        }
        Piece::ArnOf(_) | Piece::PartOf(_) | Piece::Any => {
            let ends = (0..=text.len()).rev().filter(|end| text.is_char_boundary(*end));
            ends.filter_map(|end| text.split_at_checked(end))
                .any(|(part, end)| stands_for(first, part) && matches(rest, end))
        }
    }
}

fn stands_for(piece: &Piece, part: &str) -> bool {
    // The ARN of a log group ends so.
    let plain = part.strip_suffix(":*").unwrap_or(part);
    let is_wide = plain.contains('*') || plain.contains('?');
    match piece {
        Piece::ArnOf(name) => {
            !is_wide && plain.starts_with("arn:") && is_part(plain, name) && plain.ends_with(name)
        }
        Piece::PartOf(name) => !is_wide && plain.starts_with("arn:") && is_part(plain, name),
        Piece::Any => !part.is_empty() && !part.contains(['*', '?']),
        Piece::Exact(text) => text == part,
    }
}

/// Whether a name stands in an ARN as a whole.
fn is_part(arn: &str, name: &str) -> bool {
    arn.match_indices(name).any(|(at, _)| {
        let (before, behind) = (arn.get(..at), arn.get(at + name.len()..));
        before.is_some_and(|before| before.is_empty() || before.ends_with([':', '/']))
            && behind.is_some_and(|behind| behind.is_empty() || behind.starts_with([':', '/']))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names() -> Names {
        let known = [("Keys", "sotto-Keys-X1"), ("Queue", "https://sqs/1/sotto-q"), ("P", "on")];
        let known = known.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let pseudo = ("AWS::Region".to_owned(), "eu-central-1".to_owned());
        Names(known.into_iter().chain([pseudo]).collect())
    }

    #[test]
    fn a_policy_fits_as_it_was_deployed_and_in_no_other_way() {
        let design = json!({
            "Sid": "Read", "Effect": "Allow", "Action": ["a:Get", "a:Put"],
            "Resource": {"Fn::GetAtt": ["Keys", "Arn"]},
            "Condition": {"StringLike": {"k": {"Fn::Sub": "x.${AWS::Region}.${AWS::Unknown}*"}}},
        });
        let arn = "arn:aws:dynamodb:eu-central-1:1:table/sotto-Keys-X1";
        let live = json!({
            "Sid": "Read", "Effect": "Allow", "Action": ["a:Put", "a:Get"], "Resource": arn,
            "Condition": {"StringLike": {"k": ["x.eu-central-1.y*"]}},
        });
        assert!(names().fits(&design, &live));
        for (pointer, other) in [
            ("/Action", json!(["a:Get", "a:Put", "a:Delete"])),
            ("/Action", json!(["a:Get"])),
            ("/Action", json!("a:*")),
            ("/Effect", json!("Deny")),
            ("/Resource", json!("*")),
            ("/Resource", json!("arn:aws:dynamodb:eu-central-1:1:table/*")),
            ("/Resource", json!("arn:aws:dynamodb:eu-central-1:1:table/sotto-Keys-X12")),
            ("/Resource", json!([arn, "arn:aws:dynamodb:eu-central-1:1:table/other"])),
            ("/Condition/StringLike/k", json!("x.*.y*")),
            ("/Condition/StringLike/k", json!("x.eu-west-1.y*")),
            ("/Condition/StringLike", json!({})),
            ("/Condition", json!({"StringNotLike": {"k": "x.eu-central-1.y*"}})),
            ("/Condition", json!(null)),
        ] {
            let mut changed = live.clone();
            *changed.pointer_mut(pointer).unwrap() = other;
            assert!(!names().fits(&design, &changed), "{changed}");
        }
        let mut more = live;
        more["NotAction"] = json!("a:Get");
        assert!(!names().fits(&design, &more));
    }

    #[test]
    fn statements_that_differ_are_named() {
        let of = |statements: &[Value]| json!({"Version": "2012-10-17", "Statement": statements});
        let statement = |sid: &str, action: &str| json!({"Sid": sid, "Action": action});
        let (read, write) = (statement("Read", "a:Get"), statement("Write", "a:Put"));
        let between = |live: &Value| {
            let design = of(&[read.clone(), write.clone()]);
            let Differences { more, less } = Differences::between(&names(), &design, live);
            (more.join(" "), less.join(" "))
        };
        let none = (String::new(), String::new());
        assert_eq!(between(&of(&[write.clone(), read.clone()])), none);
        assert_eq!(between(&of(std::slice::from_ref(&read))), (String::new(), "Write".to_owned()));
        let wider = of(&[read.clone(), statement("Write", "a:*")]);
        assert_eq!(between(&wider), ("Write".to_owned(), "Write".to_owned()));
        let more = of(&[read.clone(), write.clone(), json!({"Action": "a:Delete"})]);
        assert_eq!(between(&more), ("on \"a:Delete\"".to_owned(), String::new()));
        // The same statement twice is one more.
        assert_eq!(between(&of(&[read.clone(), read.clone(), write.clone()])).0, "Read");
    }

    #[test]
    fn either_branch_may_be_deployed_and_what_has_no_value_is_absent() {
        let nothing = json!({"Ref": "AWS::NoValue"});
        let design =
            json!({"a": {"Fn::If": ["C", "x", nothing]}, "b": [{"Fn::If": ["C", "y", nothing]}]});
        for live in [json!({"a": "x", "b": ["y"]}), json!({"b": []}), json!({"a": "x", "b": []})] {
            assert!(names().fits(&design, &live), "{live}");
        }
        for live in [json!({"a": "z", "b": []}), json!({"b": ["z"]}), json!({"a": "x"})] {
            assert!(!names().fits(&design, &live), "{live}");
        }
    }

    #[test]
    fn queues_log_groups_and_parameters_have_their_names() {
        let fits = |design, live: &str| names().fits(&design, &json!(live));
        assert!(fits(
            json!({"Fn::GetAtt": ["Queue", "Arn"]}),
            "arn:aws:sqs:eu-central-1:1:sotto-q"
        ));
        assert!(fits(
            json!({"Fn::GetAtt": ["Keys", "Arn"]}),
            "arn:aws:logs:e:1:log-group:sotto-Keys-X1:*"
        ));
        let keys = "arn:aws:dynamodb:e:1:table/sotto-Keys-X1";
        let of_keys = |attribute| json!({"Fn::GetAtt": ["Keys", attribute]});
        assert!(!fits(of_keys("Arn"), &format!("{keys}/stream/1")));
        assert!(fits(of_keys("StreamArn"), &format!("{keys}/stream/1")));
        let both = json!([of_keys("Arn"), {"Fn::Sub": "${Keys.Arn}/index/*"}]);
        assert!(names().fits(&both, &json!([format!("{keys}/index/*"), keys])));
        assert!(fits(json!({"Ref": "P"}), "on") && !fits(json!({"Ref": "P"}), "off"));
        assert!(fits(json!("2012-10-17"), "2012-10-17") && !fits(json!("a"), "b"));
    }
}
