//! YAML with CloudFormation's short tags, as JSON with their long forms.

use saphyr::{LoadableYamlNode, Scalar, Tag, Yaml};
use serde_json::{Map, Value, json};

use super::TemplateError;

/// The first document of `text`: `!Ref X` as `{"Ref": "X"}`, `!GetAtt A.B` as
/// `{"Fn::GetAtt": ["A", "B"]}`, any other `!Name v` as `{"Fn::Name": v}`.
///
/// # Errors
/// When it is no YAML, or has a key that is not a text.
pub fn to_json(text: &str) -> Result<Value, TemplateError> {
    let documents = Yaml::load_from_str(text)
        .map_err(|error| TemplateError::at("YAML", &format!("does not parse: {error}")))?;
    documents.first().map_or(Ok(Value::Null), convert)
}

fn convert(node: &Yaml<'_>) -> Result<Value, TemplateError> {
    Ok(match node {
        Yaml::Value(scalar) => from_scalar(scalar),
        Yaml::Representation(text, _, Some(tag)) => tagged(tag, json!(text)),
        Yaml::Representation(text, _, None) => json!(text),
        Yaml::Sequence(items) => items.iter().map(convert).collect::<Result<_, _>>()?,
        Yaml::Mapping(entries) => {
            let mut object = Map::new();
            for (key, value) in entries {
                let Some(name) = key.as_str() else {
                    return Err(TemplateError::at("YAML", "has a key that is not a text"));
                };
                object.insert(name.to_owned(), convert(value)?);
            }
            Value::Object(object)
        }
        Yaml::Tagged(tag, inner) => tagged(tag, convert(inner)?),
        Yaml::Alias(_) | Yaml::BadValue => {
            return Err(TemplateError::at("YAML", "has a value that cannot be read"));
        }
    })
}

fn from_scalar(scalar: &Scalar<'_>) -> Value {
    match scalar {
        Scalar::Null => Value::Null,
        Scalar::Boolean(value) => json!(value),
        Scalar::Integer(value) => json!(value),
        Scalar::FloatingPoint(value) => json!(value.into_inner()),
        Scalar::String(value) => json!(value),
    }
}

/// `!Ref X` → `{"Ref": X}`; `!GetAtt A.B` → `{"Fn::GetAtt": ["A", "B"]}`; any other `!Name v` →
/// `{"Fn::Name": v}`.
fn tagged(tag: &Tag, value: Value) -> Value {
    match (tag.suffix.as_str(), value) {
        (name @ ("Ref" | "Condition"), value) => json!({ name: value }),
        ("GetAtt", Value::String(path)) => {
            json!({"Fn::GetAtt": path.splitn(2, '.').collect::<Vec<_>>()})
        }
        (name, value) => json!({ format!("Fn::{name}"): value }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_tags_become_their_long_forms() {
        let json = to_json(
            "a: !Ref Key\nb: !Sub '${AWS::StackName}-x'\nc: !GetAtt Key.Arn\nd: !If [Has, !Ref A, 3]\ne: !Sub\n  - '${x}'\n  - {x: !Ref Y}\nf: '7'\ng: true\nh: 1.5\ni: ~\n",
        )
        .unwrap();
        assert_eq!(
            json,
            json!({
                "a": {"Ref": "Key"},
                "b": {"Fn::Sub": "${AWS::StackName}-x"},
                "c": {"Fn::GetAtt": ["Key", "Arn"]},
                "d": {"Fn::If": ["Has", {"Ref": "A"}, 3]},
                "e": {"Fn::Sub": ["${x}", {"x": {"Ref": "Y"}}]},
                "f": "7", "g": true, "h": 1.5, "i": null,
            })
        );
    }

    #[test]
    fn text_that_is_not_yaml_is_an_error() {
        assert!(to_json("a: [1,").is_err());
        assert!(to_json("{1: 2}").is_err());
    }
}
