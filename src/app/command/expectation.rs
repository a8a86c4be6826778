//! What `expect` waits for: a title, and predicates on members of the body.

use std::fmt;
use std::time::Duration;

use serde_json::Value;

use super::reader::{JsonError, Reader};
use crate::app::output::escape;

/// What `expect` waits for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Expectation {
    /// The title of the message.
    pub title: String,
    /// What its body must hold.
    pub predicates: Vec<Predicate>,
    /// How long to wait for it.
    pub within: Option<Duration>,
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.title)?;
        self.predicates.iter().try_for_each(|predicate| write!(f, " {predicate}"))
    }
}

/// `path=value`
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Predicate {
    /// Where to look.
    pub path: MemberPath,
    /// The value that is expected there.
    pub expected: Expected,
}

impl fmt::Display for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.expected {
            Expected::Absent => write!(f, "{}=absent", self.path),
            Expected::Value(value) => write!(f, "{}={}", self.path, escape::json(&value.to_string())),
        }
    }
}

/// The value that is expected at a path.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expected {
    /// Nothing: there is no such member.
    Absent,
    /// This value.
    Value(Value),
}

/// A dotted path with `[n]` for elements of arrays, such as `jobs.QUEUED[0].jobId`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MemberPath(Vec<Step>);

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// A member of an object.
    Member(String),
    /// An element of an array, from 0.
    Element(usize),
}

impl MemberPath {
    /// Its steps, from the outside in.
    #[must_use]
    pub(crate) fn steps(&self) -> &[Step] {
        &self.0
    }

    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let broken = |what: &str| format!("the path \"{}\" is broken: {what}", escape::excerpt(text, 80));
        let mut steps = Vec::new();
        for member in text.split('.') {
            let (name, elements) = member.split_at(member.find('[').unwrap_or(member.len()));
            if name.is_empty() && (elements.is_empty() || !steps.is_empty()) {
                return Err(broken("a name is missing"));
            }
            if name.contains(']') {
                return Err(broken("] without ["));
            }
            if !name.is_empty() {
                steps.push(Step::Member(name.to_owned()));
            }
            let mut left = elements;
            while !left.is_empty() {
                let element = left.strip_prefix('[').and_then(|rest| rest.split_once(']'));
                let (index, rest) = element.ok_or_else(|| broken("[n] is not closed"))?;
                let index = index.parse().map_err(|_| broken("[n] needs a number"))?;
                steps.push(Step::Element(index));
                left = rest;
            }
        }
        Ok(Self(steps))
    }
}

impl fmt::Display for MemberPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            match step {
                Step::Member(name) if index == 0 => write!(f, "{}", escape::line(name))?,
                Step::Member(name) => write!(f, ".{}", escape::line(name))?,
                Step::Element(element) => write!(f, "[{element}]")?,
            }
        }
        Ok(())
    }
}

impl Predicate {
    /// Reads `path=value`: the value is JSON, or else a plain word; `absent` without quotes means no member.
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, JsonError> {
        let rest = reader.rest();
        let word_end = rest.find(super::reader::is_space).unwrap_or(rest.len());
        let Some(equals) = rest[..word_end].find('=') else {
            let word = escape::excerpt(reader.word(), 80);
            return Err(JsonError::Invalid(format!("\"{word}\" is no path=value")));
        };
        refuse_comparison(rest, equals)?;
        let path = MemberPath::parse(&rest[..equals]).map_err(JsonError::Invalid)?;
        let shown = || escape::excerpt(&path.to_string(), 80);
        reader.advance(equals + 1);
        let value = &rest[equals + 1..];
        let expected = if value.starts_with(['{', '[', '"']) {
            let json = reader.json().map_err(|problem| match problem {
                JsonError::Unfinished => JsonError::Unfinished,
                JsonError::Invalid(problem) => {
                    JsonError::Invalid(format!("the value of {} is not JSON: {problem}", shown()))
                }
            })?;
            let value = serde_json::from_str(&json.text)
                .map_err(|error| JsonError::Invalid(format!("the value of {}: {error}", shown())))?;
            Expected::Value(value)
        } else if value.is_empty() || value.starts_with(super::reader::is_space) {
            return Err(JsonError::Invalid(format!("{}= needs a value; an empty string is \"\"", shown())));
        } else {
            match &*reader.value()?.text {
                "absent" => Expected::Absent,
                word => Expected::Value(serde_json::from_str(word).unwrap_or_else(|_| Value::from(word))),
            }
        };
        Ok(Self { path, expected })
    }
}

/// Refuses the comparisons of other languages, which would read as a member `path!` or a text `~x`.
fn refuse_comparison(rest: &str, equals: usize) -> Result<(), JsonError> {
    let begin = rest[..equals].trim_end_matches(['!', '<', '>', '~', '=']).len();
    let value = rest[equals + 1..].trim_start_matches(['=', '~']);
    let operator = &rest[begin..rest.len() - value.len()];
    if operator == "=" {
        return Ok(());
    }
    let path = escape::excerpt(&rest[..begin], 80);
    let problem = format!(
        "{path}{operator} is no comparison that expect knows: there is {path}=value; a text that begins with = or ~ goes in quotes"
    );
    Err(JsonError::Invalid(problem))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Predicate, JsonError> {
        Predicate::read(&mut Reader::new(text, &crate::app::command::names::ANY))
    }

    #[test]
    fn a_value_is_json_or_else_a_plain_string() {
        for (text, shown) in [
            ("a=1", "a=1"),
            ("a=x", "a=\"x\""),
            ("a=absent", "a=absent"),
            ("a=\"absent\"", "a=\"absent\""),
            ("a=null", "a=null"),
            ("a=2025-01-01", "a=\"2025-01-01\""),
            ("a=b=c", "a=\"b=c\""),
            ("jobs.QUEUED[0].jobId=Job1", "jobs.QUEUED[0].jobId=\"Job1\""),
            ("a[1][2]={\"x\": [1, 2]} tail", "a[1][2]={\"x\":[1,2]}"),
            ("[0].a=true", "[0].a=true"),
        ] {
            assert_eq!(read(text).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn a_comparison_of_another_language_is_no_value() {
        for text in
            ["a!=1", "a=~x", "a==5", "a==", "a<=5", "a>=5", "a~=x", "a!==1", "a===1", "a=~{}", "a=={}"]
        {
            let Err(JsonError::Invalid(problem)) = read(text) else { panic!("{text}") };
            assert!(problem.contains(" is no comparison that expect knows: "), "{problem}");
        }
        for (text, shown) in [
            ("a=\"~x\"", "a=\"~x\""),
            ("a=\"=5\"", "a=\"=5\""),
            ("a=b==c", "a=\"b==c\""),
            ("a=!x", "a=\"!x\""),
        ] {
            assert_eq!(read(text).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn what_is_broken_is_named() {
        for (text, problem) in [
            ("a", "\"a\" is no path=value"),
            ("=1", "the path \"\" is broken: a name is missing"),
            ("a..b=1", "the path \"a..b\" is broken: a name is missing"),
            ("a.=1", "the path \"a.\" is broken: a name is missing"),
            ("a[x]=1", "the path \"a[x]\" is broken: [n] needs a number"),
            ("a[1=1", "the path \"a[1\" is broken: [n] is not closed"),
            ("a[1]b=1", "the path \"a[1]b\" is broken: [n] is not closed"),
            ("a]=1", "the path \"a]\" is broken: ] without ["),
            ("a=", "a= needs a value; an empty string is \"\""),
            (
                "a.b!=1",
                "a.b!= is no comparison that expect knows: there is a.b=value; a text that begins with = or ~ goes in quotes",
            ),
        ] {
            assert_eq!(read(text), Err(JsonError::Invalid(problem.into())), "{text}");
        }
        let long = "x".repeat(1000);
        for text in [format!("{long}="), format!("{long}=[]]"), format!("{long}..={{")] {
            assert!(matches!(read(&text), Err(JsonError::Invalid(problem)) if problem.len() < 200), "{text}");
        }
        assert_eq!(read("a={"), Err(JsonError::Unfinished));
        assert!(matches!(read("a={]"), Err(JsonError::Invalid(_))));
    }
}
