//! The `Condition` block of a policy statement.

use serde_json::Value;

use super::pattern::Pattern;
use super::variable::{Context, Variable};
use crate::service::one_line::{EXCERPT, one_line};

/// One operator on one key: `"Bool": {"iot:Connection.Thing.IsAttached": ["true"]}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PolicyCondition {
    quantifier: Quantifier,
    /// `…IfExists`: met where the request has no value for the key.
    if_exists: bool,
    negated: bool,
    ignore_case: bool,
    key: Key,
    values: Vec<Pattern>,
}

/// How the values that the request has for the key are taken together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quantifier {
    /// The key has exactly one value; without one the condition is met only if it is negated.
    One,
    /// Each of them must be listed; none at all is well too.
    ForAll,
    /// At least one of them must be listed.
    ForAny,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Key {
    ConnectAttributes,
    Variable(Variable),
}

impl PolicyCondition {
    /// Reads one member of an operator's object; the error says what is wrong.
    pub(super) fn parse(operator: &str, key: &str, values: &Value) -> Result<Self, String> {
        let (quantifier, name) = match operator.split_once(':') {
            Some(("ForAllValues", name)) => (Quantifier::ForAll, name),
            Some(("ForAnyValue", name)) => (Quantifier::ForAny, name),
            _ => (Quantifier::One, operator),
        };
        let (name, if_exists) = match name.strip_suffix("IfExists") {
            Some(name) => (name, true),
            None => (name, false),
        };
        let read: fn(&str) -> Pattern = match name {
            "StringLike" | "StringNotLike" => Pattern::parse,
            "StringEquals" | "StringNotEquals" => Pattern::parse_without_wildcards,
            "Bool" => |text| match text {
                _ if text.eq_ignore_ascii_case("true") => Pattern::parse_without_wildcards("true"),
                _ if text.eq_ignore_ascii_case("false") => Pattern::parse_without_wildcards("false"),
                _ => Pattern::parse_without_wildcards(text),
            },
            _ => return Err(format!("condition operator {} is not supported", one_line(operator, EXCERPT))),
        };
        let listed = match values {
            Value::Array(listed) => listed.iter().collect(),
            one => vec![one],
        };
        let values = listed
            .into_iter()
            .map(|value| match value {
                Value::String(text) => Ok(read(text)),
                Value::Bool(truth) => Ok(read(if *truth { "true" } else { "false" })),
                _ => Err(format!("a value of condition key {} is not a string", one_line(key, EXCERPT))),
            })
            .collect::<Result<_, _>>()?;
        let key = match key {
            "iot:ConnectAttributes" => Key::ConnectAttributes,
            name => Key::Variable(Variable::parse(name)),
        };
        let negated = matches!(name, "StringNotEquals" | "StringNotLike");
        Ok(Self { quantifier, if_exists, negated, ignore_case: name == "Bool", key, values })
    }

    /// Whether the request meets the condition.
    ///
    /// A negated condition on a key that the request does not have is met, as in IAM:
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>
    pub(super) fn is_met(&self, context: &Context) -> bool {
        let listed = |actual: &str| {
            let lower;
            let actual = if self.ignore_case {
                lower = actual.to_ascii_lowercase();
                &lower
            } else {
                actual
            };
            self.values.iter().any(|value| value.matches(actual, context)) != self.negated
        };
        let resolved;
        let actual: Vec<&str> = match &self.key {
            Key::ConnectAttributes => context.connect_attributes.clone(),
            Key::Variable(variable) => {
                resolved = variable.resolve(context);
                resolved.as_deref().into_iter().collect()
            }
        };
        if actual.is_empty() && self.if_exists {
            return true;
        }
        match self.quantifier {
            Quantifier::One if actual.is_empty() => self.negated,
            Quantifier::One | Quantifier::ForAll => actual.into_iter().all(listed),
            Quantifier::ForAny => actual.into_iter().any(listed),
        }
    }
}
