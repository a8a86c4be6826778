//! A cursor over the text of a command, which reads words, and JSON byte for byte.

use serde_json::value::RawValue;

use super::json_fault::{JsonFault, value_end};

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
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, position: 0, fault: None }
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

    /// The next word; empty at the end.
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

    /// The next JSON value, byte for byte.
    pub(super) fn json(&mut self) -> Result<&'a str, JsonError> {
        let rest = self.rest();
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<&'a RawValue>();
        match values.next() {
            Some(Ok(value)) => {
                let end = values.byte_offset();
                if rest[end..].starts_with(|next| !is_space(next)) {
                    let next = rest[end..].split(is_space).next().unwrap_or_default();
                    let next = crate::app::output::escape::excerpt(next, 20);
                    self.fault = Some(self.position + end);
                    return Err(JsonError::Invalid(format!("{next:?} follows it without a space")));
                }
                self.position += end;
                Ok(value.get())
            }
            None => Err(JsonError::Unfinished),
            Some(Err(error)) if error.is_eof() && can_go_on(rest) => Err(JsonError::Unfinished),
            Some(Err(_)) => {
                let fault = value_end(rest).err();
                let JsonFault { at, problem } =
                    fault.unwrap_or_else(|| JsonFault { at: 0, problem: "it cannot be read".to_owned() });
                self.fault = Some(self.position + at);
                Err(JsonError::Invalid(problem))
            }
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

    #[test]
    fn words_stand_between_any_run_of_spaces() {
        let mut reader = Reader::new("  a\t\tb  ");
        assert_eq!((reader.word(), reader.word(), reader.word()), ("a", "b", ""));
    }

    #[test]
    fn json_keeps_its_bytes() {
        let mut reader = Reader::new(r#" {"a" :  [1.50, "x\/ y"]}  rest"#);
        assert_eq!(reader.json().unwrap(), r#"{"a" :  [1.50, "x\/ y"]}"#);
        assert_eq!(reader.word(), "rest");
    }

    #[test]
    fn unfinished_is_told_from_invalid() {
        let json = |text| Reader::new(text).json().map(str::to_owned);
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
        assert_eq!(Reader::new(&deep).json().unwrap().len(), deep.len());
        assert_eq!(Reader::new(&deep[..700_000]).json(), Err(JsonError::Unfinished));
    }
}
