//! Conditions of a statement, as IAM evaluates them.
//!
//! - Several operators, and several keys of one, are AND; several values OR, of a negated operator
//!   NOR ("Conditions with multiple context keys or values" in the IAM user guide).
//! - An absent key fails, but satisfies a negated operator, `…IfExists` and `ForAllValues`; it never
//!   satisfies `ForAnyValue` ("Condition operators", "Multivalued context keys").
//! - `Null` asks whether the key is absent, `"true"`, or present, `"false"`.
//!
//! IAM treats a key that it does not know as absent, and many operators are true of an absent key.
//! Here an unknown operator or key is an error when the policy is read.

use std::collections::BTreeMap;

use serde_json::Value;

use super::glob::{arn_matches, glob_matches};
use template::TemplateError;

/// The request context: condition key to values, one for most keys.
pub type Context = BTreeMap<String, Vec<String>>;

/// The condition key of the attributes that a request names.
pub const ATTRIBUTES: &str = "dynamodb:Attributes";
/// The condition key of the partitions that a request names.
pub const LEADING_KEYS: &str = "dynamodb:LeadingKeys";

/// One operator on one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    operator: String,
    set: Set,
    comparison: Comparison,
    negated: bool,
    if_exists: bool,
    /// The condition key, e.g. `dynamodb:LeadingKeys`.
    pub key: String,
    /// The values that the policy compares with.
    pub values: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    One,
    ForAllValues,
    ForAnyValue,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equals,
    Like,
    Arn,
    Null,
}

/// How many values a request may have under a key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Valued {
    Single,
    Multi,
    Either,
}

/// The operators that are understood: name, comparison, negated.
const OPERATORS: [(&str, Comparison, bool); 9] = [
    ("StringEquals", Comparison::Equals, false),
    ("StringNotEquals", Comparison::Equals, true),
    ("StringLike", Comparison::Like, false),
    ("StringNotLike", Comparison::Like, true),
    // Both take patterns, says the IAM user guide: "The ArnEquals and ArnLike condition operators
    // behave identically."
    ("ArnEquals", Comparison::Arn, false),
    ("ArnLike", Comparison::Arn, false),
    ("ArnNotEquals", Comparison::Arn, true),
    ("ArnNotLike", Comparison::Arn, true),
    ("Null", Comparison::Null, false),
];

/// The keys that requests here carry, or (those of `aws:Source…`) rightly do not, because no service
/// calls on behalf of a resource. One that ends in `:` has any name behind it.
const KEYS: [(&str, Valued); 10] = [
    ("kms:EncryptionContext:", Valued::Single),
    ("kms:EncryptionContextKeys", Valued::Multi),
    ("kms:ViaService", Valued::Single),
    ("kms:CallerAccount", Valued::Single),
    ("dynamodb:LeadingKeys", Valued::Multi),
    ("dynamodb:Attributes", Valued::Multi),
    // One value, but Amazon's own examples ask for it with ForAnyValue.
    ("dynamodb:EnclosingOperation", Valued::Either),
    ("dynamodb:Select", Valued::Single),
    ("aws:SourceAccount", Valued::Single),
    ("aws:SourceArn", Valued::Single),
];

impl Condition {
    /// Reads the `Condition` of a statement at `place`, its functions resolved.
    pub(super) fn read_all(place: &str, block: &Value) -> Result<Vec<Self>, TemplateError> {
        let Some(operators) = block.as_object() else {
            return match block {
                Value::Null => Ok(Vec::new()),
                _ => Err(TemplateError::at(place, "has a Condition that is no mapping")),
            };
        };
        let mut conditions = Vec::new();
        for (operator, keys) in operators {
            let keys = keys.as_object().ok_or_else(|| {
                TemplateError::at(place, &format!("has a {operator} that is no mapping"))
            })?;
            for (key, values) in keys {
                conditions.push(Self::read(place, operator, key, values)?);
            }
        }
        Ok(conditions)
    }

    fn read(place: &str, operator: &str, key: &str, values: &Value) -> Result<Self, TemplateError> {
        let fault = |what: &str| TemplateError::at(place, &format!("{what}: {operator} of {key}"));
        let (set, plain) = match operator.split_once(':') {
            None => (Set::One, operator),
            Some(("ForAllValues", plain)) => (Set::ForAllValues, plain),
            Some(("ForAnyValue", plain)) => (Set::ForAnyValue, plain),
            Some(_) => return Err(fault("has an unknown operator")),
        };
        let (plain, if_exists) = match plain.strip_suffix("IfExists") {
            Some(plain) => (plain, true),
            None => (plain, false),
        };
        let (_, comparison, negated) = *OPERATORS
            .iter()
            .find(|(name, ..)| *name == plain)
            .ok_or_else(|| fault("has an unknown operator"))?;
        let valued = valued(key).ok_or_else(|| fault("has an unknown condition key"))?;
        let values = texts(values).ok_or_else(|| fault("has values that are no texts"))?;
        let fits = match (comparison, set) {
            (Comparison::Null, Set::One) => {
                !if_exists && values.iter().all(|value| value == "true" || value == "false")
            }
            (Comparison::Null, _) => false,
            // A set operator on a key with one value lets more pass than it says, and without one
            // a key with several cannot be compared.
            (_, Set::One) => valued != Valued::Multi,
            _ => valued != Valued::Single,
        };
        if !fits || values.is_empty() {
            return Err(fault("has a condition that cannot be meant"));
        }
        let (operator, key) = (operator.to_owned(), key.to_owned());
        Ok(Self { operator, set, comparison, negated, if_exists, key, values })
    }

    /// Whether a request with this context satisfies it.
    pub(super) fn is_met(&self, context: &Context) -> bool {
        let present = context.get(&self.key).filter(|values| !values.is_empty());
        if self.comparison == Comparison::Null {
            let absent = present.is_none();
            return self.values.iter().any(|value| (value == "true") == absent);
        }
        match (self.set, present) {
            (Set::One, None) => self.if_exists || self.negated,
            (Set::ForAllValues, None) => true,
            (Set::ForAnyValue, None) => false,
            (Set::One | Set::ForAllValues, Some(values)) => {
                values.iter().all(|value| self.takes(value))
            }
            (Set::ForAnyValue, Some(values)) => values.iter().any(|value| self.takes(value)),
        }
    }

    /// The values of the policy that the request has made use of, if there is a choice of several.
    pub(super) fn used<'a>(&'a self, context: &'a Context) -> impl Iterator<Item = &'a str> {
        let given = context.get(&self.key).filter(|_| self.is_choice());
        self.values
            .iter()
            .filter(move |ours| given.is_some_and(|all| all.iter().any(|one| self.like(ours, one))))
            .map(String::as_str)
    }

    /// Whether it lists several values, each of which is a grant of its own.
    #[must_use]
    pub fn is_choice(&self) -> bool {
        self.values.len() > 1 && !self.negated && self.comparison != Comparison::Null
    }

    /// Whether it lists what a request must not have.
    #[must_use]
    pub fn is_negated(&self) -> bool {
        self.negated
    }

    /// Whether a request has one of the values at a time, not a subset of them.
    #[must_use]
    pub fn is_exclusive(&self) -> bool {
        self.is_choice() && self.set == Set::One
    }

    /// For people, with these values instead of its own.
    #[must_use]
    pub fn shown(&self, values: &[String]) -> String {
        let key = self.key.strip_prefix("kms:EncryptionContext:").unwrap_or(&self.key);
        let listed = values.join(", ");
        match (self.comparison, self.set, self.negated) {
            (Comparison::Null, ..) if listed == "false" => format!("has {key}"),
            (Comparison::Null, ..) => format!("has no {key}"),
            (_, Set::ForAllValues, false) => format!("{key} within {{{listed}}}"),
            (_, Set::ForAllValues, true) => format!("{key} not within {{{listed}}}"),
            (_, Set::One, false) if values.len() == 1 && !self.if_exists => {
                format!("{key} = {listed}")
            }
            _ => format!("{} {key}: {listed}", self.operator),
        }
    }

    fn takes(&self, given: &str) -> bool {
        self.values.iter().any(|ours| self.like(ours, given)) != self.negated
    }

    fn like(&self, ours: &str, given: &str) -> bool {
        match self.comparison {
            Comparison::Equals => ours == given,
            Comparison::Like => glob_matches(ours, given),
            Comparison::Arn => arn_matches(ours, given),
            Comparison::Null => false,
        }
    }
}

/// One text, or a list of them.
pub(super) fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(items) => items.iter().map(|item| Some(item.as_str()?.to_owned())).collect(),
        _ => None,
    }
}

fn valued(key: &str) -> Option<Valued> {
    let fits = |known: &str| match known.strip_suffix(':') {
        Some(_) => key.len() > known.len() && key.starts_with(known),
        None => key == known,
    };
    KEYS.iter().find(|(known, _)| fits(known)).map(|(_, valued)| *valued)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const PURPOSE: &str = "kms:EncryptionContext:sotto:purpose";
    const NAMES: &str = "kms:EncryptionContextKeys";

    fn met(operator: &str, key: &str, values: &Value, given: &[&str]) -> bool {
        let block = json!({ operator: { key: values } });
        let conditions = Condition::read_all("Role", &block).unwrap();
        let given = given.iter().map(|value| (*value).to_owned()).collect();
        let context = Context::from([(key.to_owned(), given)]);
        conditions.iter().all(|condition| condition.is_met(&context))
    }

    #[test]
    fn every_operator_on_values_that_fit_that_do_not_and_that_are_absent() {
        let arn = "aws:SourceArn";
        for (operator, key, values, fits, differs, absent) in [
            ("StringEquals", PURPOSE, json!(["a", "b"]), "b", "ab", false),
            ("StringNotEquals", PURPOSE, json!(["a", "b"]), "c", "b", true),
            ("StringEqualsIfExists", PURPOSE, json!("a"), "a", "b", true),
            ("StringLike", PURPOSE, json!("tr*"), "transcript", "profile", false),
            ("StringNotLike", PURPOSE, json!("tr*"), "profile", "transport", true),
            ("ForAllValues:StringEquals", NAMES, json!(["a", "b"]), "a", "c", true),
            ("ForAllValues:StringNotEquals", NAMES, json!(["*"]), "default", "*", true),
            ("ForAllValues:StringLike", NAMES, json!("sotto:*"), "sotto:site", "aws:x", true),
            ("ForAnyValue:StringEquals", NAMES, json!(["a"]), "a", "c", false),
            ("ForAnyValue:StringNotEquals", NAMES, json!(["a"]), "c", "a", false),
            (
                "ArnEquals",
                arn,
                json!("arn:aws:sns:*:1:t"),
                "arn:aws:sns:eu:1:t",
                "arn:aws:sns:eu:1:u",
                false,
            ),
            (
                "ArnLike",
                arn,
                json!("arn:aws:sns:eu:1:t*"),
                "arn:aws:sns:eu:1:tt",
                "arn:aws:sns:eu:2:t",
                false,
            ),
            (
                "ArnNotEquals",
                arn,
                json!("arn:aws:sns:eu:1:t"),
                "arn:aws:sns:eu:1:u",
                "arn:aws:sns:eu:1:t",
                true,
            ),
            (
                "ArnNotLike",
                arn,
                json!("arn:aws:sns:eu:1:*"),
                "arn:aws:sns:eu:2:t",
                "arn:aws:sns:eu:1:t",
                true,
            ),
        ] {
            assert!(met(operator, key, &values, &[fits]), "{operator} {fits}");
            assert!(!met(operator, key, &values, &[differs]), "{operator} {differs}");
            assert_eq!(met(operator, key, &values, &[]), absent, "{operator} without {key}");
        }
    }

    #[test]
    fn a_set_is_within_or_it_is_not() {
        let ours = json!(["p", "k", "w"]);
        let key = "dynamodb:Attributes";
        for (operator, given, expected) in [
            ("ForAllValues:StringEquals", &["p", "k"][..], true),
            ("ForAllValues:StringEquals", &["p", "k", "expires_at"], false),
            ("ForAllValues:StringNotEquals", &["a", "b"], true),
            ("ForAllValues:StringNotEquals", &["a", "p"], false),
            ("ForAnyValue:StringEquals", &["a", "p"], true),
            ("ForAnyValue:StringEquals", &["a", "b"], false),
            ("ForAnyValue:StringNotEquals", &["a", "p"], true),
            ("ForAnyValue:StringNotEquals", &["p"], false),
        ] {
            assert_eq!(met(operator, key, &ours, given), expected, "{operator} {given:?}");
        }
    }

    #[test]
    fn null_asks_for_absence_and_false_for_presence() {
        for (value, given, expected) in [
            ("true", &[][..], true),
            ("true", &["x"], false),
            ("false", &["x"], true),
            ("false", &[], false),
        ] {
            assert_eq!(met("Null", PURPOSE, &json!(value), given), expected, "{value} {given:?}");
        }
    }

    #[test]
    fn all_conditions_have_to_be_met() {
        let block = json!({
            "StringEquals": { PURPOSE: "signing", "kms:EncryptionContext:sotto:branch": "root" },
            "Null": { "kms:ViaService": "true" },
        });
        let conditions = Condition::read_all("Role", &block).unwrap();
        let context = |pairs: &[(&str, &str)]| -> Context {
            pairs
                .iter()
                .map(|(key, value)| ((*key).to_owned(), vec![(*value).to_owned()]))
                .collect()
        };
        let branch = "kms:EncryptionContext:sotto:branch";
        for (pairs, expected) in [
            (&[(PURPOSE, "signing"), (branch, "root")][..], true),
            (&[(PURPOSE, "signing"), (branch, "visitor")], false),
            (&[(PURPOSE, "transport"), (branch, "root")], false),
            (&[(PURPOSE, "signing")], false),
            (&[(PURPOSE, "signing"), (branch, "root"), ("kms:ViaService", "x")], false),
        ] {
            let context = context(pairs);
            let all = conditions.iter().all(|condition| condition.is_met(&context));
            assert_eq!(all, expected, "{pairs:?}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused_and_never_true() {
        for block in [
            json!({"StringEqualsIgnoreCase": { PURPOSE: "a" }}),
            json!({"Bool": {"aws:SecureTransport": "true"}}),
            json!({"ForSomeValues:StringEquals": { NAMES: "a" }}),
            json!({"StringEquals": {"kms:KeyOrigin": "AWS_KMS"}}),
            json!({"StringEquals": {"kms:EncryptionContext:": "a"}}),
            json!({"StringEquals": { NAMES: "a" }}),
            json!({"ForAllValues:StringEquals": { PURPOSE: "a" }}),
            json!({"StringEquals": { PURPOSE: 3 }}),
            json!({"StringEquals": { PURPOSE: [] }}),
            json!({"Null": { PURPOSE: "yes" }}),
            json!({"ForAllValues:Null": { NAMES: "true" }}),
            json!({"StringEquals": "a"}),
            json!("StringEquals"),
        ] {
            let error = Condition::read_all("XRole.Sid", &block).unwrap_err().to_string();
            assert!(error.contains("XRole.Sid"), "{error}");
        }
    }
}
