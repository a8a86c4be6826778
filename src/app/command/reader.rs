//! A cursor over the text of a command, which reads words, and JSON byte for byte.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::json_fault::{JsonFault, value_end};
use super::names::{Expanded, ExpandedJson, Names, expand_word, has_names};
use crate::app::output::escape;

/// Whether a character separates arguments, as a line break does, since a document may span lines.
pub(super) fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}

/// Why a piece of JSON was not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum JsonError {
    /// More lines may complete it.
    Unfinished,
    /// It is not JSON: what is wrong, and where.
    Invalid(String),
}

/// A cursor over the text of a command.
#[derive(Debug, Clone)]
pub(super) struct Reader<'a> {
    text: &'a str,
    position: usize,
    fault: Option<usize>,
    names: &'a Names,
    has_names: bool,
}

impl<'a> Reader<'a> {
    /// A cursor at the beginning of `text`, whose names stand for what `names` says.
    pub(super) fn new(text: &'a str, names: &'a Names) -> Self {
        Self { text, position: 0, fault: None, names, has_names: has_names(text) }
    }

    /// All that is left of the text, which it takes, and what its names stand for.
    pub(super) fn take_rest(&mut self) -> (&'a str, &'a Names) {
        let rest = self.rest().trim_end_matches(is_space);
        self.position = self.text.len();
        (rest, self.names)
    }

    /// Whether there are names in the text.
    pub(super) fn has_names(&self) -> bool {
        self.has_names
    }

    /// The rest of the text, from the next argument on.
    pub(super) fn rest(&mut self) -> &'a str {
        let rest = &self.text[self.position..];
        let rest = rest.trim_start_matches(is_space);
        self.position = self.text.len() - rest.len();
        rest
    }

    /// The rest of the text, spaces before it included.
    pub(super) fn remaining(&self) -> &'a str {
        &self.text[self.position..]
    }

    /// Where the cursor is, in bytes.
    pub(super) fn position(&self) -> usize {
        self.position
    }

    /// Where JSON was not accepted, in bytes.
    pub(super) fn fault(&self) -> Option<usize> {
        self.fault
    }

    pub(super) fn advance(&mut self, bytes: usize) {
        self.position += bytes;
    }

    /// The next word as it stands; empty at the end.
    pub(super) fn word(&mut self) -> &'a str {
        let rest = self.rest();
        let word = &rest[..rest.find(is_space).unwrap_or(rest.len())];
        self.position += word.len();
        word
    }

    /// The next option's name, and whether its value follows an equals sign, which is skipped.
    pub(super) fn flag(&mut self) -> (&'a str, bool) {
        let rest = self.rest();
        let end = rest.find(|c| is_space(c) || c == '=').unwrap_or(rest.len());
        let has_value = rest[end..].starts_with('=');
        self.position += end + usize::from(has_value);
        (&rest[..end], has_value)
    }

    /// The next word, with values in the place of names.
    pub(super) fn value(&mut self) -> Result<Expanded<'a>, JsonError> {
        let word = self.word();
        let expanded = self.expand(word);
        if expanded.is_err() {
            self.fault = Some(self.position - word.len());
        }
        expanded
    }

    /// The rest of the text to its end, with values in the place of names.
    pub(super) fn all(&mut self) -> Result<Expanded<'a>, JsonError> {
        let (rest, _) = self.take_rest();
        self.expand(rest)
    }

    /// A piece of the text with values in the place of names.
    pub(super) fn expand(&self, piece: &'a str) -> Result<Expanded<'a>, JsonError> {
        expand_word(piece, self.names).map_err(JsonError::Invalid)
    }

    /// The next JSON value, byte for byte but for names in it.
    pub(super) fn json(&mut self) -> Result<Expanded<'a>, JsonError> {
        let rest = self.rest();
        if !self.has_names || !has_names(rest) {
            let value = value(rest).map_err(|(at, problem)| self.failed(at, problem))?;
            self.position += value.end;
            return Ok(Expanded { text: Cow::Borrowed(value.text), is_known: true });
        }
        let expanded = ExpandedJson::new(rest, self.names);
        let found = value(&expanded.text);
        let end = match &found {
            Ok(value) => value.end,
            Err((at, _)) => at + 1,
        };
        if let Some((at, problem)) = expanded.problem_before(end) {
            return Err(self.failed(at, JsonError::Invalid(problem.to_owned())));
        }
        let value = found.map_err(|(at, problem)| self.failed(expanded.original(at), problem))?;
        self.position += expanded.original(end);
        let is_known = expanded.is_known_before(end);
        Ok(Expanded { text: Cow::Owned(value.text.to_owned()), is_known })
    }

    /// Keeps where a problem is, in bytes from the cursor on.
    fn failed(&mut self, at: usize, problem: JsonError) -> JsonError {
        if problem != JsonError::Unfinished {
            self.fault = Some(self.position + at);
        }
        problem
    }
}

/// A JSON value, and where it ends.
struct Value<'a> {
    text: &'a str,
    end: usize,
}

/// The JSON value at the beginning of `text`, or where it is not JSON, and why.
fn value(text: &str) -> Result<Value<'_>, (usize, JsonError)> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    match values.next() {
        Some(Ok(value)) => {
            let end = values.byte_offset();
            if text[end..].starts_with(|next| !is_space(next)) {
                let next = text[end..].split(is_space).next().unwrap_or_default();
                let next = escape::excerpt(next, 20);
                return Err((end, JsonError::Invalid(format!("{next:?} follows it without a space"))));
            }
            Ok(Value { text: value.get(), end })
        }
        None => Err((text.len(), JsonError::Unfinished)),
        Some(Err(error)) if error.is_eof() && can_go_on(text) => Err((text.len(), JsonError::Unfinished)),
        Some(Err(_)) => {
            let fault = value_end(text).err();
            let JsonFault { at, problem } =
                fault.unwrap_or_else(|| JsonFault { at: 0, problem: "it cannot be read".to_owned() });
            Err((at, JsonError::Invalid(problem)))
        }
    }
}

/// Whether more lines could complete `unfinished`: an open string or half a word cannot go on after
/// a line break.
fn can_go_on(unfinished: &str) -> bool {
    let text = format!("{unfinished}\n");
    match serde_json::from_str::<&RawValue>(&text) {
        Ok(_) => true,
        Err(error) => error.is_eof(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::command::names;

    fn reader(text: &str) -> Reader<'_> {
        Reader::new(text, &names::ANY)
    }

    #[test]
    fn words_stand_between_any_run_of_spaces() {
        let mut reader = reader("  a\t\tb  ");
        assert_eq!((reader.word(), reader.word(), reader.word()), ("a", "b", ""));
    }

    #[test]
    fn json_keeps_its_bytes() {
        let mut reader = reader(r#" {"a" :  [1.50, "x\/ y"]}  rest"#);
        assert_eq!(&*reader.json().unwrap().text, r#"{"a" :  [1.50, "x\/ y"]}"#);
        assert_eq!(reader.word(), "rest");
    }

    #[test]
    fn unfinished_is_told_from_invalid() {
        let json = |text| reader(text).json().map(|json| json.text.into_owned());
        for unfinished in ["{", "{\"a\":", "[1,", "{\"a\": {\"b\": 1}", "[\"x\""] {
            assert_eq!(json(unfinished), Err(JsonError::Unfinished), "{unfinished}");
        }
        for invalid in ["{]", "{\"a\": \"open", "tru", "hello", "{\"a\" 1", "[1,]", "-", "{}x", "{\"a\": tru"]
        {
            assert!(matches!(json(invalid), Err(JsonError::Invalid(_))), "{invalid}");
        }
        assert_eq!(
            json("{\"a\": \"open"),
            Err(JsonError::Invalid("a string is not closed on its line".into()))
        );
    }

    #[test]
    fn deep_nesting_does_not_overflow() {
        let deep = "[".repeat(500_000) + &"]".repeat(500_000);
        assert_eq!(reader(&deep).json().unwrap().text.len(), deep.len());
        assert_eq!(reader(&deep[..700_000]).json(), Err(JsonError::Unfinished));
    }
}
