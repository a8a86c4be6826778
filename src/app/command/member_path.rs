//! Where in the body of a message to look: `jobs.QUEUED[0].jobId`.

use std::fmt;

use super::reader::is_space;
use crate::app::output::{escape, json_text};

/// Members between dots, elements in brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MemberPath(Vec<Step>);

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// A member of an object.
    Member(String),
    /// The number of elements or characters; of an object its member of this name.
    Length,
    /// An element of an array, from 0; from -1 backwards.
    Element(i64),
    /// Some element of an array.
    Some,
}

impl MemberPath {
    /// Its steps, from the outside in.
    #[must_use]
    pub(crate) fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Whether it leads to several values.
    #[must_use]
    pub(crate) fn is_some_element(&self) -> bool {
        self.0.contains(&Step::Some)
    }

    /// Whether the service writes a time there, in epoch seconds.
    #[must_use]
    pub(crate) fn is_time(&self) -> bool {
        let Some((Step::Member(last), before)) = self.0.split_last() else { return false };
        let is_of_the_user =
            |step: &Step| matches!(step, Step::Member(name) if json_text::is_user_content(&quoted(name)));
        json_text::is_time(&quoted(last)) && !before.iter().any(is_of_the_user)
    }

    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let broken = |what: &str| format!("the path \"{}\" is broken: {what}", escape::excerpt(text, 80));
        let mut steps = Vec::new();
        let mut left = text;
        loop {
            match name(left).map_err(broken)? {
                (Some(step), rest) => {
                    steps.push(step);
                    left = rest;
                }
                (None, _) if steps.is_empty() && left.starts_with('[') => {}
                (None, _) => return Err(broken("a name is missing")),
            }
            while let Some(rest) = left.strip_prefix('[') {
                let (index, rest) = rest.split_once(']').ok_or_else(|| broken("[n] is not closed"))?;
                steps.push(match index {
                    "*" => Step::Some,
                    index => Step::Element(index.parse().map_err(|_| broken("[n] needs a number, or *"))?),
                });
                left = rest;
            }
            if left.is_empty() {
                return Ok(Self(steps));
            }
            left = left.strip_prefix('.').ok_or_else(|| broken("a dot is missing after ] or \""))?;
        }
    }
}

/// Whether a character ends a name that is not in quotes.
fn is_special(character: char) -> bool {
    matches!(character, '.' | '[' | ']' | '"') || is_operator(character) || is_space(character)
}

/// Whether an operator is made of it.
pub(super) fn is_operator(character: char) -> bool {
    matches!(character, '=' | '!' | '<' | '>' | '~')
}

/// The name at the beginning of `text`, if there is one, and what follows it.
fn name(text: &str) -> Result<(Option<Step>, &str), &'static str> {
    if text.starts_with('"') {
        let end = quoted_end(text).ok_or("a \" is not closed")?;
        let name = serde_json::from_str(&text[..end]).map_err(|_| "what is in quotes is no JSON string")?;
        return Ok((Some(Step::Member(name)), &text[end..]));
    }
    let (name, rest) = text.split_at(text.find(is_special).unwrap_or(text.len()));
    match rest.chars().next() {
        Some(']') => Err("] without ["),
        Some('"') => Err("\" within a name"),
        _ if name.is_empty() => Ok((None, rest)),
        _ if name == "length" => Ok((Some(Step::Length), rest)),
        _ => Ok((Some(Step::Member(name.to_owned())), rest)),
    }
}

/// Where the JSON string at the beginning of `text` ends; `None` if it goes on.
fn quoted_end(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (index, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(index + 1),
            b'\n' => return None,
            _ => {}
        }
    }
    None
}

/// Where the path at the beginning of `text` ends, be it right or broken: before an operator or a space.
pub(super) fn end(text: &str) -> usize {
    let ends = |character| is_operator(character) || is_space(character);
    let mut at = 0;
    while let Some(length) = text[at..].find(|character| character == '"' || ends(character)) {
        at += length;
        match quoted_end(&text[at..]).filter(|_| text[at..].starts_with('"')) {
            Some(quoted) => at += quoted,
            None => return at + text[at..].find(ends).unwrap_or(text.len() - at),
        }
    }
    text.len()
}

impl fmt::Display for MemberPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            let dot = if index == 0 { "" } else { "." };
            match step {
                Step::Member(name) if name.is_empty() || name == "length" || name.contains(is_special) => {
                    write!(f, "{dot}{}", escape::json(&quoted(name)))?;
                }
                Step::Member(name) => write!(f, "{dot}{}", escape::line(name))?,
                Step::Length => write!(f, "{dot}length")?,
                Step::Element(element) => write!(f, "[{element}]")?,
                Step::Some => write!(f, "[*]")?,
            }
        }
        Ok(())
    }
}

fn quoted(name: &str) -> String {
    serde_json::Value::from(name).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_shown_as_it_is_written() {
        for path in [
            "a",
            "jobs.QUEUED[0].jobId",
            "[0][-1].a[*]",
            "a.length",
            "\"length\"",
            "statusDetails.\"a.b\"",
            "\"a.b\".c[2]",
            "\"x y\".\"[=\"",
            "\"\"",
            "a-b.c:d.$é",
        ] {
            assert_eq!(MemberPath::parse(path).unwrap().to_string(), path);
            assert_eq!(end(&format!("{path}=1")), path.len());
            assert_eq!(end(path), path.len());
        }
        assert_eq!(MemberPath::parse("\"plain\"").unwrap().to_string(), "plain");
    }

    #[test]
    fn what_is_broken_is_named() {
        for (path, problem) in [
            ("", "a name is missing"),
            ("a..b", "a name is missing"),
            ("a.", "a name is missing"),
            ("a.[0]", "a name is missing"),
            ("a[x]", "[n] needs a number, or *"),
            ("a[1", "[n] is not closed"),
            ("a[1]b", "a dot is missing after ] or \""),
            ("\"a\"b", "a dot is missing after ] or \""),
            ("a]", "] without ["),
            ("a\"b\"", "\" within a name"),
            ("\"a", "a \" is not closed"),
            ("\"\\x\"", "what is in quotes is no JSON string"),
        ] {
            let broken = format!("the path \"{path}\" is broken: {problem}");
            assert_eq!(MemberPath::parse(path), Err(broken));
        }
    }

    #[test]
    fn the_services_own_times_are_known() {
        for (path, is_time) in [
            ("timestamp", true),
            ("jobs.QUEUED[*].queuedAt", true),
            ("execution.statusDetails.startedAt", false),
            ("execution.jobDocument.x.timestamp", false),
            ("queuedAt.x", false),
            ("queuedAt[0]", false),
            ("status", false),
        ] {
            assert_eq!(MemberPath::parse(path).unwrap().is_time(), is_time, "{path}");
        }
    }
}
