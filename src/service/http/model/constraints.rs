//! What breaks a limit of the model: presence, length, range, pattern, enumeration.

use serde_json::Value;

use super::super::exception::Exception;
use super::received::Received;
use super::table::{Bounds, Input, Member, Model, Shape, Text};
use super::violations::Violations;

/// AWS complains of these first, in this order, and of the others as they stand in the model.
const FIRST: [&str; 11] = [
    "jobId",
    "jobExecutionsRolloutConfig",
    "description",
    "presignedUrlConfig",
    "jobExecutionsRetryConfig",
    "abortConfig",
    "numberOfRetries",
    "minNumberOfExecutedThings",
    "failureType",
    "action",
    "thresholdPercentage",
];

impl Model {
    /// Refuses a request that does not fit the model, or that holds what the service does not carry out; takes out the
    /// members that are none of the model's, and returns their paths.
    pub(in super::super) fn check(
        &self,
        input: &Input,
        received: &mut Received,
    ) -> Result<Vec<String>, Exception> {
        let mut ignored = Vec::new();
        self.check_types(&input.members, &mut received.body, "", &mut ignored)?;
        let value = |member: &Member| received.in_place(member.place).get(member.spelled);
        let mut violations = Violations::default();
        self.check_members(&input.members, value, "", &mut violations);
        violations.finish()?;
        match input.members.iter().find(|member| !member.is_offered && value(member).is_some()) {
            Some(member) => Err(Exception::invalid_request(format!(
                "The local Jobs service does not offer {} of {}.",
                member.name, input.operation
            ))),
            None => Ok(ignored),
        }
    }

    fn check_members<'a>(
        &self,
        members: &[Member],
        value: impl Fn(&Member) -> Option<&'a Value>,
        prefix: &str,
        violations: &mut Violations,
    ) {
        let rank =
            |member: &&Member| FIRST.iter().position(|first| *first == member.name).unwrap_or(FIRST.len());
        let mut ordered: Vec<&Member> = members.iter().collect();
        ordered.sort_by_key(rank);
        for member in ordered {
            let path = format!("{prefix}{}", uncapitalized(member.name));
            match value(member).filter(|value| !value.is_null()) {
                Some(value) => self.check_value(member.shape, value, &path, violations),
                None if member.is_required => violations.missing(&path),
                None => {}
            }
        }
    }

    fn check_value(&self, shape: &str, value: &Value, path: &str, violations: &mut Violations) {
        match (self.shape(shape), value) {
            (_, Value::Null) => violations.missing(path),
            (Shape::Structure(members), Value::Object(values)) => {
                let value = |member: &Member| values.get(member.spelled);
                self.check_members(members, value, &format!("{path}."), violations);
            }
            (Shape::List { entry, .. }, Value::Array(entries)) if self.breaks(shape, value).is_none() => {
                for (index, value) in entries.iter().enumerate() {
                    self.check_value(entry, value, &format!("{path}.{}.member", index + 1), violations);
                }
            }
            (Shape::Map { key: key_shape, value: shape }, Value::Object(values)) => {
                for (key, value) in values {
                    let key_path = format!("{path}.member.key");
                    self.check_value(key_shape, &Value::from(key.as_str()), &key_path, violations);
                    self.check_value(shape, value, &format!("{path}.{key}.member"), violations);
                }
            }
            (Shape::Text(Text { is_unquoted: true, .. }), _) => {
                if let Some(constraint) = self.breaks(shape, value) {
                    violations.add_unquoted(path, &constraint);
                }
            }
            _ => {
                if let Some(constraint) = self.breaks(shape, value) {
                    violations.add(path, &self.quote(shape, value), &constraint);
                }
            }
        }
    }

    /// The first constraint that a value breaks, in the words of AWS.
    fn breaks(&self, shape: &str, value: &Value) -> Option<String> {
        match (self.shape(shape), value) {
            (Shape::Number(_, bounds), Value::Number(number)) => outside(*bounds, number.as_f64()?, "value"),
            (Shape::Text(text), Value::String(value)) => {
                outside(text.length, value.chars().count(), "length").or_else(|| {
                    let pattern = text.pattern.as_ref().filter(|pattern| !pattern.fits(value))?;
                    Some(format!("Member must satisfy regular expression pattern: {}", pattern.text))
                })
            }
            (Shape::Enumeration(words), Value::String(value)) if !words.contains(&value.as_str()) => {
                Some(format!("Member must satisfy enum value set: [{}]", words.join(", ")))
            }
            (Shape::List { size, .. }, Value::Array(entries)) => outside(*size, entries.len(), "length"),
            _ => None,
        }
    }
}

fn outside<T: PartialOrd + Copy>(bounds: Bounds<T>, value: T, what: &str) -> Option<String> {
    let below = bounds.least.filter(|(least, _)| value < *least);
    let above = bounds.most.filter(|(most, _)| value > *most);
    let less = |(_, least)| format!("Member must have {what} greater than or equal to {least}");
    below
        .map(less)
        .or_else(|| above.map(|(_, most)| format!("Member must have {what} less than or equal to {most}")))
}

/// Members are told as in Java, where their names begin with a small letter.
fn uncapitalized(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_lowercase().to_string() + letters.as_str())
}
