//! The `Condition` block of a policy statement.

use serde_json::Value;

use super::operator::{Operand, Operator};
use super::variable::{Context, Variable};
use crate::service::one_line::{EXCERPT, one_line};

/// One operator on one key: `"Bool": {"iot:Connection.Thing.IsAttached": ["true"]}`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PolicyCondition {
    quantifier: Quantifier,
    /// `…IfExists`: met where the request has no value for the key.
    if_exists: bool,
    negated: bool,
    key: Key,
    values: Vec<Operand>,
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
        let (operator, negated) = Operator::named(name)
            .ok_or_else(|| format!("condition operator {} is not supported", one_line(operator, EXCERPT)))?;
        let listed = match values {
            Value::Array(listed) => listed.iter().collect(),
            one => vec![one],
        };
        let values = listed
            .into_iter()
            .map(|value| {
                let operand = match value {
                    Value::String(text) => operator.operand(text),
                    Value::Bool(_) | Value::Number(_) => operator.operand(&value.to_string()),
                    _ => None,
                };
                operand.ok_or_else(|| {
                    let key = one_line(key, EXCERPT);
                    format!("a value of condition key {key} is not {}", operator.expects())
                })
            })
            .collect::<Result<_, _>>()?;
        let key = match key {
            "iot:ConnectAttributes" => Key::ConnectAttributes,
            name => Key::Variable(Variable::parse(name)),
        };
        Ok(Self { quantifier, if_exists, negated, key, values })
    }

    /// Whether the request meets the condition.
    ///
    /// A negated condition on a key that the request does not have is met, as in IAM:
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>
    pub(super) fn is_met(&self, context: &Context) -> bool {
        let listed =
            |actual: &str| self.values.iter().any(|value| value.admits(actual, context)) != self.negated;
        let resolved;
        let actual: Vec<&str> = match &self.key {
            Key::ConnectAttributes => context.connect_attributes.clone(),
            Key::Variable(variable) => {
                resolved = variable.values(context);
                resolved.iter().map(AsRef::as_ref).collect()
            }
        };
        if let [Operand::Null(wanted), ..] = &*self.values {
            return actual.is_empty() == *wanted;
        }
        // What is not this unknown value is unknown too.
        if self.negated && !self.values.iter().all(|value| value.resolves(context)) {
            return false;
        }
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

#[cfg(test)]
mod tests;
