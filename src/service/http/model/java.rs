//! Values as AWS quotes them: the way that Java writes them.

use serde_json::Value;

use super::table::{Model, Number, Shape};
use crate::service::java;
use crate::service::one_line::one_line;

/// How much of a value is quoted, in characters: a constraint must have room behind it.
const QUOTED: usize = 600;

impl Model {
    /// A value as AWS quotes it, on one line.
    pub(super) fn quote(&self, shape: &str, value: &Value) -> String {
        one_line(&self.write(shape, value), QUOTED)
    }

    fn write(&self, shape: &str, value: &Value) -> String {
        match (self.shape(shape), value) {
            (_, Value::String(text)) => text.clone(),
            (Shape::Number(Number::Double, _), Value::Number(number)) => {
                java::double(number.as_f64().unwrap_or_default())
            }
            (Shape::List { entry, .. }, Value::Array(entries)) => {
                let entries: Vec<String> = entries.iter().map(|value| self.write(entry, value)).collect();
                format!("[{}]", entries.join(", "))
            }
            (Shape::Structure(members), Value::Object(values)) => {
                let member = |member: &super::table::Member| {
                    let value = values.get(member.spelled).unwrap_or(&Value::Null);
                    format!("{}={}", member.name, self.write(member.shape, value))
                };
                let members: Vec<String> = members.iter().map(member).collect();
                format!("{shape}({})", members.join(", "))
            }
            (Shape::Map { value: entry, .. }, Value::Object(values)) => {
                let pair = |(key, value): (&String, &Value)| format!("{key}={}", self.write(entry, value));
                let pairs: Vec<String> = values.iter().map(pair).collect();
                format!("{{{}}}", pairs.join(", "))
            }
            _ => value.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn structures_lists_and_doubles_look_as_in_java() {
        let model = Model::read();
        let quote = |shape, value| model.quote(shape, &value);
        assert_eq!(quote("AbortThresholdPercentage", json!(101)), "101.0");
        assert_eq!(quote("NumberOfRetries", json!(11)), "11");
        assert_eq!(quote("RetryCriteriaList", json!([])), "[]");
        let criteria = json!([{ "failureType": "FAILED", "numberOfRetries": 1 }, { "failureType": "ALL" }]);
        assert_eq!(
            quote("RetryCriteriaList", criteria),
            "[RetryCriteria(failureType=FAILED, numberOfRetries=1), RetryCriteria(failureType=ALL, numberOfRetries=null)]"
        );
        assert_eq!(quote("DetailsMap", json!({ "a": "b", "c": "d" })), "{a=b, c=d}");
        assert_eq!(quote("JobDescription", json!("a\nb")), r"a\nb");
        assert_eq!(quote("JobDescription", json!("x".repeat(1000))).chars().count(), QUOTED + 1);
    }
}
