//! A policy document: JSON read and checked once.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/iot-policies.html> and, for the grammar,
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>

use serde_json::{Map, Value};
use thiserror::Error;

use super::condition::PolicyCondition;
use super::pattern::Pattern;
use super::variable::Context;
use crate::service::json_words::why_not_json;
use crate::service::one_line::{EXCERPT, one_line};

/// The longest policy document, in characters that are not white space.
pub(crate) const MAX_DOCUMENT_CHARS: usize = 2048;

/// The members of a statement.
const MEMBERS: &[&str] = &["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"];

/// Why a policy document is none; AWS answers MalformedPolicyException.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("Policy document is Malformed: {0}")]
pub struct Malformed(String);

/// A policy document, ready to be evaluated.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Document {
    pub(super) statements: Vec<Statement>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Statement {
    pub(super) effect: Effect,
    /// Compared without regard to case, so in lower case here.
    actions: Scope,
    resources: Scope,
    conditions: Vec<PolicyCondition>,
}

/// What a statement is about: `Action` and `Resource`, or all but what `NotAction` and `NotResource` list.
#[derive(Debug, Clone, PartialEq)]
struct Scope {
    listed: Vec<Pattern>,
    negated: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Allow,
    Deny,
}

/// How long a policy document is as AWS counts: without white space.
pub(crate) fn length(text: &str) -> usize {
    text.chars().filter(|character| !character.is_whitespace()).count()
}

impl Document {
    /// Reads a policy document as CreatePolicy takes it.
    pub(crate) fn parse(text: &str) -> Result<Self, Malformed> {
        let length = length(text);
        if length > MAX_DOCUMENT_CHARS {
            return Err(Malformed(format!(
                "{length} characters besides white space, at most {MAX_DOCUMENT_CHARS} are allowed"
            )));
        }
        Self::parse_any_length(text)
    }

    /// Reads a policy document that may be longer than AWS allows.
    pub(crate) fn parse_any_length(text: &str) -> Result<Self, Malformed> {
        let value: Value = serde_json::from_str(text)
            .map_err(|error| Malformed(format!("not JSON: {}", why_not_json(&error))))?;
        let document = object(&value, "the document")?;
        known_members(document, &["Version", "Id", "Statement"], "the document")?;
        match document.get("Version").map(Value::as_str) {
            Some(Some("2012-10-17" | "2008-10-17")) => {}
            _ => {
                return Err(Malformed(
                    "Unknown policy document version. It must be version 2012-10-17".into(),
                ));
            }
        }
        let statements = match document.get("Statement") {
            Some(Value::Array(statements)) if !statements.is_empty() => {
                statements.iter().map(Statement::read).collect::<Result<_, _>>()?
            }
            Some(statement @ Value::Object(_)) => vec![Statement::read(statement)?],
            _ => return Err(Malformed("Policy has no statements".into())),
        };
        Ok(Self { statements })
    }
}

impl Statement {
    fn read(value: &Value) -> Result<Self, Malformed> {
        let statement = object(value, "a statement")?;
        known_members(statement, MEMBERS, "a statement")?;
        let effect = statement.get("Effect").unwrap_or(&Value::Null);
        let effect = match effect.as_str() {
            Some("Allow") => Effect::Allow,
            Some("Deny") => Effect::Deny,
            other => {
                let other = other.map_or_else(|| effect.to_string(), str::to_owned);
                return Err(Malformed(format!("Invalid effect: {}", one_line(&other, EXCERPT))));
            }
        };
        let actions =
            Scope::read(statement, "Action", "NotAction", |action| match action.to_ascii_lowercase() {
                action if action == "*" || action.starts_with("iot") => Ok(Pattern::parse(&action)),
                action => {
                    Err(Malformed(format!("{} is not an action of AWS IoT", one_line(&action, EXCERPT))))
                }
            })?;
        let resources = Scope::read(statement, "Resource", "NotResource", |resource| match resource {
            resource if resource == "*" || resource.starts_with("arn:") => Ok(Pattern::parse(resource)),
            resource => Err(Malformed(format!("{} is not an ARN", one_line(resource, EXCERPT)))),
        })?;
        Ok(Self { effect, actions, resources, conditions: conditions(statement.get("Condition"))? })
    }

    /// Whether the statement speaks of an action, in lower case, on a resource; not where one of its variables
    /// stands for nothing.
    pub(super) fn applies(&self, action: &str, resource: &str, context: &Context) -> bool {
        self.actions.has(action, context)
            && self.resources.has(resource, context)
            && self.conditions.iter().all(|condition| condition.is_met(context))
    }
}

impl Scope {
    /// Reads the member that is there of the two; each of its strings becomes a pattern.
    fn read(
        statement: &Map<String, Value>,
        name: &'static str,
        negation: &'static str,
        pattern: impl Fn(&str) -> Result<Pattern, Malformed>,
    ) -> Result<Self, Malformed> {
        let negated = statement.contains_key(negation);
        if negated && statement.contains_key(name) {
            return Err(Malformed(format!("a statement has {name} or {negation}, not both")));
        }
        let listed = strings(statement, if negated { negation } else { name })?;
        let listed = listed.map(|text| pattern(text?)).collect::<Result<_, _>>()?;
        Ok(Self { listed, negated })
    }

    fn has(&self, text: &str, context: &Context) -> bool {
        let is_listed = self.listed.iter().any(|pattern| pattern.matches(text, context));
        if self.negated {
            !is_listed && self.listed.iter().all(|pattern| pattern.resolves(context))
        } else {
            is_listed
        }
    }
}

fn conditions(value: Option<&Value>) -> Result<Vec<PolicyCondition>, Malformed> {
    let Some(value) = value else { return Ok(Vec::new()) };
    let mut conditions = Vec::new();
    for (operator, keys) in object(value, "Condition")? {
        for (key, values) in object(keys, operator)? {
            conditions.push(PolicyCondition::parse(operator, key, values).map_err(Malformed)?);
        }
    }
    Ok(conditions)
}

fn object<'a>(value: &'a Value, what: &str) -> Result<&'a Map<String, Value>, Malformed> {
    value.as_object().ok_or_else(|| Malformed(format!("{} is not a JSON object", one_line(what, EXCERPT))))
}

fn known_members(object: &Map<String, Value>, known: &[&str], what: &str) -> Result<(), Malformed> {
    match object.keys().find(|name| !known.contains(&name.as_str())) {
        Some(unknown) => {
            Err(Malformed(format!("{what} has the unknown member {}", one_line(unknown, EXCERPT))))
        }
        None => Ok(()),
    }
}

/// A member that is a string or a list of strings, at least one.
fn strings<'a>(
    statement: &'a Map<String, Value>,
    name: &'static str,
) -> Result<impl Iterator<Item = Result<&'a str, Malformed>>, Malformed> {
    let listed = match statement.get(name) {
        Some(Value::Array(listed)) if !listed.is_empty() => listed.iter().collect(),
        Some(one @ Value::String(_)) => vec![one],
        _ => return Err(Malformed(format!("{name} must be a string or a list of strings"))),
    };
    Ok(listed.into_iter().map(move |value| {
        value.as_str().ok_or_else(|| Malformed(format!("{name} must be a string or a list of strings")))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        Document::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn a_statement_may_stand_alone_or_in_a_list() {
        let statement = r#"{"Sid":"s","Effect":"Allow","Action":["iot:Publish","IOT:Sub*"],"Resource":"*"}"#;
        let alone =
            Document::parse(&format!(r#"{{"Version":"2012-10-17","Statement":{statement}}}"#)).unwrap();
        let listed =
            Document::parse(&format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#)).unwrap();
        assert_eq!(alone, listed);
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert!(refusal("{").ends_with(": not JSON: it ends too early"));
        assert!(refusal("[]").contains("the document is not a JSON object"));
        let malformed = |why: &str| format!("Policy document is Malformed: {why}");
        let version = malformed("Unknown policy document version. It must be version 2012-10-17");
        assert_eq!(refusal(r#"{"Statement":[]}"#), version);
        for document in [r#"{"Version":"2012-10-17"}"#, r#"{"Version":"2012-10-17","Statement":[]}"#] {
            assert_eq!(refusal(document), malformed("Policy has no statements"));
        }
        let with =
            |statement: &str| refusal(&format!(r#"{{"Version":"2012-10-17","Statement":{statement}}}"#));
        assert_eq!(
            with(r#"{"Effect":"Maybe","Action":"*","Resource":"*"}"#),
            malformed("Invalid effect: Maybe")
        );
        assert!(with(r#"{"Effect":"Allow","Action":[],"Resource":"*"}"#).contains("Action"));
        assert!(with(r#"{"Effect":"Allow","Action":"s3:Get","Resource":"*"}"#).contains("s3:get"));
        assert!(with(r#"{"Effect":"Allow","Action":"iot:*","Resource":"topic/x"}"#).contains("topic/x"));
        assert!(
            with(r#"{"Effect":"Allow","Action":"*","NotAction":"*","Resource":"*"}"#)
                .contains("a statement has Action or NotAction, not both")
        );
        assert!(with(r#"{"Effect":"Allow","Action":"*","NotResource":"topic/x"}"#).contains("topic/x"));
        assert!(with(r#"{"Effect":"Allow","Action":"*","Resources":"*"}"#).contains("Resources"));
        let long = with(&format!(r#"{{"Effect":"Allow","Action":"a\n{}","Resource":"*"}}"#, "é".repeat(900)));
        assert!(long.contains(r"a\néé") && long.chars().count() < 200, "{long}");
        assert!(
            with(r#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Date":{"a":"b"}}}"#)
                .contains("Date")
        );
    }

    #[test]
    fn white_space_does_not_count() {
        let document =
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}"#;
        assert!(Document::parse(&format!("{document}{}", " ".repeat(5000))).is_ok());
    }

    #[test]
    fn a_document_has_2048_characters_at_most() {
        let with = |sid: &str| {
            format!(
                r#"{{"Version":"2012-10-17","Statement":{{"Sid":"{sid}","Effect":"Allow","Action":"*","Resource":"*"}}}}"#
            )
        };
        let longest = with(&"s".repeat(2048 - with("").len()));
        let longer = with(&"s".repeat(2049 - with("").len()));
        assert!(Document::parse(&longest).is_ok());
        assert!(refusal(&longer).contains("at most 2048"));
        assert!(Document::parse_any_length(&longer).is_ok());
    }
}
