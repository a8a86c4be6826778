//! What a member is compared with, and how: `=1`, `>=2`, `~^a`, `=absent`.

use std::fmt;

use regex::{Regex, RegexBuilder};
use serde_json::value::RawValue;

use super::member_path::{MemberPath, is_operator};
use super::names::Expanded;
use super::reader::{JsonError, Reader, is_space};
use crate::app::json::{Json, Quantity};
use crate::app::output::{escape, json_text};

/// How many bytes a regular expression may take once it is compiled.
const MAX_PATTERN: usize = 1024 * 1024;

/// What is asked of a member.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Comparison {
    /// There is none.
    Absent,
    /// There is one, whatever it is.
    Present,
    /// It is this.
    Equal(Operand),
    /// It is there, and something else.
    NotEqual(Operand),
    /// It is a number, or a time, on this side of another.
    Ordered(Order, Operand, Quantity),
    /// It is a text, or reads like one, in which this is found.
    Matches(Pattern),
}

/// On which side of another value a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

/// A value to compare with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Operand {
    /// As JSON, safe to show.
    pub spelling: String,
    /// What that means.
    pub value: Json,
}

/// A regular expression.
#[derive(Debug, Clone)]
pub(crate) struct Pattern(Regex);

impl Pattern {
    /// Whether it is found in `text`.
    #[must_use]
    pub(crate) fn is_found_in(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Order {
    /// Whether it is this one of `left` against `right`.
    #[must_use]
    pub(crate) fn holds<T: Ord>(self, left: &T, right: &T) -> bool {
        match self {
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::Greater => left > right,
            Self::AtLeast => left >= right,
        }
    }

    fn operator(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Greater => ">",
            Self::AtLeast => ">=",
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("=absent"),
            Self::Present => f.write_str("=present"),
            Self::Equal(operand) => write!(f, "={}", operand.spelling),
            Self::NotEqual(operand) => write!(f, "!={}", operand.spelling),
            Self::Ordered(order, operand, _) => write!(f, "{}{}", order.operator(), operand.spelling),
            Self::Matches(pattern) => write!(f, "~/{}/", escape::line(pattern.0.as_str())),
        }
    }
}

impl Comparison {
    /// Reads an operator and its value, which come after `path`.
    pub(super) fn read(path: &MemberPath, reader: &mut Reader<'_>) -> Result<Self, JsonError> {
        let shown = escape::excerpt(&path.to_string(), 80);
        let refused = |problem: String| Err(JsonError::Invalid(problem));
        let operator = operator(reader.rest());
        reader.advance(operator.len());
        let value = reader.remaining();
        if value.is_empty() || value.starts_with(is_space) {
            return refused(match operator {
                "~" => format!("{shown}~ needs a regular expression"),
                _ => format!("{shown}{operator} needs a value; an empty string is \"\""),
            });
        }
        let word = value.split(is_space).next().unwrap_or_default();
        let several = path.is_some_element();
        match (operator, word) {
            ("=", "absent") if several => refused(format!(
                "{shown}=absent: [*] is some element, so that one without it among many would do; [n] names one, and .length=0 says that there is none"
            )),
            ("!=", _) if several => refused(format!(
                "{shown}!=: [*] is some element, so that one that differs among many would do; [n] names one, and ! expect with = says that none is it"
            )),
            ("=", "absent") => {
                reader.advance(word.len());
                Ok(Self::Absent)
            }
            ("=", "present") => {
                reader.advance(word.len());
                Ok(Self::Present)
            }
            ("!=", "absent") => refused(format!("{shown}!=absent is written {shown}=present")),
            ("!=", "present") => refused(format!("{shown}!=present is written {shown}=absent")),
            ("~", _) => pattern(&shown, value, reader).map(Self::Matches),
            ("=", _) => Ok(operand(&shown, value, reader)?.map_or(Self::Present, Self::Equal)),
            ("!=", _) => Ok(operand(&shown, value, reader)?.map_or(Self::Present, Self::NotEqual)),
            (other, _) => match [Order::Less, Order::AtMost, Order::Greater, Order::AtLeast]
                .into_iter()
                .find(|order| order.operator() == other)
            {
                Some(order) => match operand(&shown, value, reader)? {
                    Some(operand) => ordered(&shown, order, operand),
                    None => Ok(Self::Present),
                },
                None => refused(format!(
                    "{shown}{other} is no comparison: there are = != < <= > >= and ~; a text that begins with = or ~ goes in quotes"
                )),
            },
        }
    }
}

/// The operator at the beginning of `text`, be it one of ours or not; empty if there is none.
///
/// After `=` comes a value, which may begin with any character but those with which `=` would be an operator of other
/// languages.
pub(super) fn operator(text: &str) -> &str {
    let rest = match text.strip_prefix('=') {
        Some(rest) => rest.trim_start_matches(['=', '~']),
        None => text.trim_start_matches(is_operator),
    };
    &text[..text.len() - rest.len()]
}

/// How long the value after `operator` is at the beginning of `text`; `None` if it is JSON.
pub(super) fn value_length(operator: &str, text: &str) -> Option<usize> {
    if operator == "~" && text.starts_with('/') {
        return Some(pattern_end(text).unwrap_or(text.len()));
    }
    (operator == "~" || !is_json(text)).then(|| text.find(is_space).unwrap_or(text.len()))
}

/// Whether a value begins as JSON does that may have spaces in it; a name does not.
fn is_json(value: &str) -> bool {
    value.starts_with(['{', '[', '"']) && !value.starts_with("{{")
}

/// Where the expression between slashes at the beginning of `text` ends: with a slash before a space.
fn pattern_end(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (index, character) in text.char_indices().skip(1) {
        match character {
            '\n' => return None,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '/' if text[index + 1..].chars().next().is_none_or(is_space) => return Some(index + 1),
            _ => {}
        }
    }
    None
}

fn pattern(path: &str, value: &str, reader: &mut Reader<'_>) -> Result<Pattern, JsonError> {
    let refused = |problem: String| JsonError::Invalid(problem);
    if value.starts_with('"') {
        return Err(refused(format!(
            "{path}~ takes no quotes: with spaces or quotes in it, an expression goes between slashes, {path}~/two words/"
        )));
    }
    let (expression, length) = if value.starts_with('/') {
        let end = pattern_end(value)
            .filter(|end| *end > 1)
            .ok_or_else(|| refused(format!("{path}~/ does not end with / and a space")))?;
        (&value[1..end - 1], end)
    } else {
        let word = value.split(is_space).next().unwrap_or_default();
        (word, word.len())
    };
    if expression.is_empty() {
        return Err(refused(format!("{path}~// is in every text; write {path}=present")));
    }
    reader.advance(length);
    let expression = reader.expand(expression)?.text;
    let compiled = RegexBuilder::new(&expression).size_limit(MAX_PATTERN).dfa_size_limit(MAX_PATTERN).build();
    compiled.map(Pattern).map_err(|error| {
        let why = match error {
            regex::Error::Syntax(words) => words
                .rsplit("error: ")
                .next()
                .map_or("it cannot be read".to_owned(), |why| escape::excerpt(why.trim(), 80)),
            _ => "it is too large".to_owned(),
        };
        refused(format!("{path}~ is followed by no regular expression that can be used: {why}"))
    })
}

/// Reads a value; `None` if it is not known yet.
fn operand(path: &str, value: &str, reader: &mut Reader<'_>) -> Result<Option<Operand>, JsonError> {
    if !is_json(value) {
        let Expanded { text: word, is_known: true } = reader.value()? else { return Ok(None) };
        let json = serde_json::from_str::<&RawValue>(&word).ok().and_then(|json| Json::read(json).ok());
        let Some(value) = json else {
            let spelling = escape::json(&serde_json::Value::from(&*word).to_string()).into_owned();
            return Ok(Some(Operand { spelling, value: Json::Text(word.into_owned()) }));
        };
        return Ok(Some(Operand { spelling: json_text::compact(&word), value }));
    }
    let json = reader.json().map_err(|problem| match problem {
        JsonError::Unfinished => JsonError::Unfinished,
        JsonError::Invalid(problem) => {
            JsonError::Invalid(format!("the value of {path} is not JSON: {problem}"))
        }
    })?;
    let Expanded { text: json, is_known: true } = json else { return Ok(None) };
    let value = serde_json::from_str::<&RawValue>(&json).map_err(|_| "is not JSON").and_then(Json::read);
    let value = value
        .map_err(|why| JsonError::Invalid(format!("the value of {path} cannot be compared: it {why}")))?;
    Ok(Some(Operand { spelling: json_text::compact(&json), value }))
}

fn ordered(path: &str, order: Order, operand: Operand) -> Result<Comparison, JsonError> {
    let Some(quantity) = operand.value.quantity() else {
        let (operator, shown) = (order.operator(), escape::excerpt(&operand.spelling, 80));
        let problem =
            format!("{path}{operator} needs a number, or a time such as 2026-01-31T12:00:00Z, not {shown}");
        return Err(JsonError::Invalid(problem));
    };
    Ok(Comparison::Ordered(order, operand, quantity))
}
