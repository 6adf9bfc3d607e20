//! Intrinsic functions as names: what only a deployed stack knows is written `<X>` or `<X.Attribute>`,
//! the same on both sides of every comparison.

use serde_json::{Map, Value};

use super::TemplateError;

/// `value` without intrinsic functions: `!Ref X` is `<X>`, `!Ref AWS::Region` is `<Region>`,
/// `!GetAtt X.Arn` is `<X.Arn>`, and a `!Sub` has them inside its text. An `!If` in a list gives the
/// elements of both branches, because either may be deployed; anywhere else it is refused, as are
/// the other functions.
///
/// # Errors
/// When a function is none of these, or malformed; `place` names it.
pub fn resolve(place: &str, value: &Value) -> Result<Value, TemplateError> {
    match value {
        Value::Object(object) => match function(object) {
            Some((name, argument)) => call(place, name, argument).map(Value::String),
            None => object
                .iter()
                .map(|(key, value)| Ok((key.clone(), resolve(&format!("{place}.{key}"), value)?)))
                .collect::<Result<Map<_, _>, _>>()
                .map(Value::Object),
        },
        Value::Array(items) => {
            let mut resolved = Vec::new();
            for item in items {
                resolve_item(place, item, &mut resolved)?;
            }
            Ok(Value::Array(resolved))
        }
        plain => Ok(plain.clone()),
    }
}

/// The logical id that a resolved name begins with: `X` of `<X.Arn>/index/i`.
#[must_use]
pub fn logical_id(resolved: &str) -> Option<&str> {
    let (name, _) = resolved.strip_prefix('<')?.split_once('>')?;
    name.split('.').next()
}

fn resolve_item(place: &str, item: &Value, out: &mut Vec<Value>) -> Result<(), TemplateError> {
    let branches = item.get("Fn::If").and_then(Value::as_array).map(Vec::as_slice);
    match branches {
        Some([_, yes, no]) => {
            resolve_item(place, yes, out)?;
            resolve_item(place, no, out)
        }
        _ if item.get("Ref").and_then(Value::as_str) == Some("AWS::NoValue") => Ok(()),
        _ => {
            out.push(resolve(place, item)?);
            Ok(())
        }
    }
}

fn function(object: &Map<String, Value>) -> Option<(&str, &Value)> {
    let mut entries = object.iter();
    match (entries.next(), entries.next()) {
        (Some((name, argument)), None) if name == "Ref" || name.starts_with("Fn::") => {
            Some((name, argument))
        }
        _ => None,
    }
}

fn call(place: &str, name: &str, argument: &Value) -> Result<String, TemplateError> {
    let malformed = || TemplateError::at(place, &format!("has a {name} that cannot be read"));
    match (name, argument) {
        ("Ref", Value::String(id)) => Ok(named(id)),
        ("Fn::GetAtt", Value::Array(path)) => {
            let parts: Option<Vec<_>> = path.iter().map(Value::as_str).collect();
            Ok(named(&parts.ok_or_else(malformed)?.join(".")))
        }
        ("Fn::Sub", Value::String(text)) => substituted(place, text, &Map::new()),
        ("Fn::Sub", Value::Array(parts)) => match parts.as_slice() {
            [Value::String(text), Value::Object(own)] => substituted(place, text, own),
            _ => Err(malformed()),
        },
        ("Ref" | "Fn::GetAtt" | "Fn::Sub", _) => Err(malformed()),
        _ => Err(TemplateError::at(place, &format!("has a {name}, which nobody here evaluates"))),
    }
}

fn named(id: &str) -> String {
    format!("<{}>", id.strip_prefix("AWS::").unwrap_or(id))
}

fn substituted(place: &str, text: &str, own: &Map<String, Value>) -> Result<String, TemplateError> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("${") {
        let open = TemplateError::at(place, "has a Fn::Sub with a `${` that does not end");
        let (name, after) = behind.split_once('}').ok_or(open)?;
        out.push_str(before);
        match own.get(name) {
            Some(value) => match resolve(place, value)? {
                Value::String(text) => out.push_str(&text),
                _ => return Err(TemplateError::at(place, "has a Fn::Sub of no text")),
            },
            // `${!x}` would be a policy variable, which the evaluator does not fill in.
            None if name.starts_with('!') => {
                return Err(TemplateError::at(place, "has a policy variable"));
            }
            None => out.push_str(&named(name)),
        }
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_stand_for_what_only_a_stack_knows() {
        let value = json!({
            "a": {"Ref": "Table"},
            "b": {"Fn::GetAtt": ["Table", "Arn"]},
            "c": {"Fn::Sub": "dynamodb.${AWS::Region}.amazonaws.com"},
            "d": {"Fn::Sub": ["${T}/index/${Table}", {"T": {"Fn::GetAtt": ["Table", "Arn"]}}]},
            "e": [{"Fn::If": ["Has", {"x": {"Ref": "Y"}}, {"Ref": "AWS::NoValue"}]}, 3],
            "f": {"Fn::GetAtt": ["Function", "Version.Arn"]},
        });
        assert_eq!(
            resolve("x", &value).unwrap(),
            json!({
                "a": "<Table>",
                "b": "<Table.Arn>",
                "c": "dynamodb.<Region>.amazonaws.com",
                "d": "<Table.Arn>/index/<Table>",
                "e": [{"x": "<Y>"}, 3],
                "f": "<Function.Version.Arn>",
            })
        );
        assert_eq!(logical_id("<Table.Arn>/index/i"), Some("Table"));
        assert_eq!(logical_id("*"), None);
    }

    #[test]
    fn what_is_not_understood_is_an_error_that_names_its_place() {
        for value in [
            json!({"Fn::ImportValue": "x"}),
            json!({"Fn::If": ["Has", "a", "b"]}),
            json!({"Fn::Sub": "${open"}),
            json!({"Fn::Sub": "${!aws:username}"}),
            json!({"Ref": 1}),
        ] {
            let error = resolve("Role.Policies", &value).unwrap_err().to_string();
            assert!(error.contains("Role.Policies"), "{error}");
        }
    }
}
