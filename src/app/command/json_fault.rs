//! Where a text is not JSON, and why, in a person's words.

use crate::app::output::escape;

/// Marks that word processors and shells put where JSON has its double quotes.
const OTHER_QUOTES: [char; 10] = ['\'', '`', '“', '”', '„', '‟', '‘', '’', '«', '»'];

/// The first place at which a text is not JSON.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct JsonFault {
    /// The place, in bytes.
    pub at: usize,
    /// What is wrong there.
    pub problem: String,
}

/// The first place at which `text` is not one JSON value; none where it is.
#[must_use]
pub(crate) fn json_fault(text: &str) -> Option<JsonFault> {
    match value_end(text) {
        Err(fault) => Some(fault),
        Ok(end) => {
            let at = end + white_space(&text[end..]);
            (at < text.len()).then(|| JsonFault { at, problem: "text follows the JSON".to_owned() })
        }
    }
}

/// What the text goes on with.
#[derive(Clone, Copy)]
enum Next {
    Value,
    /// A value, or the end of an array.
    FirstValue,
    Name,
    /// A name, or the end of an object.
    FirstName,
    Colon,
    /// A comma, or the end of an array or object.
    Comma,
}

/// Where the JSON value at the beginning of `text` ends.
pub(super) fn value_end(text: &str) -> Result<usize, JsonFault> {
    let mut open: Vec<char> = Vec::new();
    let mut next = Next::Value;
    let mut comma = 0;
    let mut at = 0;
    loop {
        at += white_space(&text[at..]);
        let rest = &text[at..];
        let Some(first) = rest.chars().next() else { return Err(fault(at, unfinished(&open))) };
        let length = match (next, first) {
            (Next::Value | Next::FirstValue, '{' | '[') => {
                open.push(if first == '{' { '}' } else { ']' });
                next = if first == '{' { Next::FirstName } else { Next::FirstValue };
                at += 1;
                continue;
            }
            (Next::FirstValue | Next::FirstName | Next::Comma, '}' | ']') if open.last() == Some(&first) => {
                open.pop();
                1
            }
            (Next::Value, ']') | (Next::Name, '}') if open.last() == Some(&first) && comma > 0 => {
                return Err(fault(comma, "a comma too many: nothing follows it".to_owned()));
            }
            (Next::Value | Next::FirstValue, _) => {
                scalar_length(rest).map_err(|problem| problem.beyond(at, open.is_empty()))?
            }
            (Next::Name | Next::FirstName, '"') => {
                at += string_length(rest).map_err(|problem| problem.beyond(at, false))?;
                next = Next::Colon;
                continue;
            }
            (Next::Name | Next::FirstName, _) => return Err(fault(at, no_name(rest, first))),
            (Next::Colon, ':') => {
                next = Next::Value;
                comma = 0;
                at += 1;
                continue;
            }
            (Next::Colon, _) => return Err(fault(at, "a colon is missing before this".to_owned())),
            (Next::Comma, ',') => {
                next = if open.last() == Some(&'}') { Next::Name } else { Next::Value };
                comma = at;
                at += 1;
                continue;
            }
            (Next::Comma, _) => {
                let end = open.last().copied().unwrap_or_default();
                return Err(fault(at, no_comma(first, end)));
            }
        };
        at += length;
        if open.is_empty() {
            return Ok(at);
        }
        next = Next::Comma;
    }
}

/// What is wrong with a string, number or word, and how far from its beginning.
struct Wrong(usize, String);

impl Wrong {
    fn beyond(self, start: usize, is_document: bool) -> JsonFault {
        let Self(offset, problem) = self;
        let shells = is_document && problem.ends_with("not '");
        let problem = if shells {
            "no shell reads this line: leave out the quotes around it".to_owned()
        } else {
            problem
        };
        fault(start + offset, problem)
    }
}

fn fault(at: usize, problem: String) -> JsonFault {
    JsonFault { at, problem }
}

fn white_space(text: &str) -> usize {
    text.len() - text.trim_start_matches([' ', '\t', '\r', '\n']).len()
}

fn unfinished(open: &[char]) -> String {
    match open.last() {
        Some(end) => format!("it ends before {end}"),
        None => "there is nothing".to_owned(),
    }
}

/// The length of the string, number or word at the beginning of `rest`.
fn scalar_length(rest: &str) -> Result<usize, Wrong> {
    if rest.starts_with('"') {
        return string_length(rest);
    }
    if rest.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.')) {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '+' | '.'));
        let number = &rest[..end.unwrap_or(rest.len())];
        let is_number = serde_json::from_str::<&serde_json::value::RawValue>(number).is_ok();
        let wrong = || Wrong(0, format!("\"{}\" is no number such as 1, -2.5 or 3e8", shown(number)));
        return is_number.then_some(number.len()).ok_or_else(wrong);
    }
    let word = word(rest);
    match word {
        "true" | "false" | "null" => Ok(word.len()),
        _ => Err(Wrong(0, no_value(rest, word))),
    }
}

fn word(rest: &str) -> &str {
    let end = rest.find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '-' | '.' | '/'));
    &rest[..end.unwrap_or(rest.len())]
}

fn string_length(rest: &str) -> Result<usize, Wrong> {
    let not_closed = |at: usize| Err(Wrong(at, "a string is not closed on its line".to_owned()));
    let mut characters = rest.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Ok(at + 1),
            '\\' => match characters.next() {
                Some((_, '"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't')) => {}
                Some((_, 'u')) => {
                    let is_code = (&mut characters).take(4).filter(|(_, c)| c.is_ascii_hexdigit()).count();
                    if is_code < 4 {
                        return Err(Wrong(at, "\\u needs four digits of base 16".to_owned()));
                    }
                }
                Some((_, other)) if other >= ' ' => {
                    let other = shown(other.encode_utf8(&mut [0; 4]));
                    return Err(Wrong(
                        at,
                        format!("a backslash in a string is written \\\\, not before {other}"),
                    ));
                }
                _ => return not_closed(0),
            },
            '\n' | '\r' => return not_closed(0),
            '\t' => return Err(Wrong(at, "a tab in a string is written \\t".to_owned())),
            control if control < ' ' => return Err(Wrong(at, out_of_place(control))),
            _ => {}
        }
    }
    not_closed(0)
}

fn no_value(rest: &str, word: &str) -> String {
    let first = rest.chars().next().unwrap_or_default();
    match first {
        quote if OTHER_QUOTES.contains(&quote) => no_quote("a string", quote),
        ',' | ':' | '}' | ']' => format!("a value is missing before {first}"),
        '\\' => "a quote needs no backslash: no shell reads this line".to_owned(),
        '#' => "JSON has no comments".to_owned(),
        '/' if rest.starts_with("//") || rest.starts_with("/*") => "JSON has no comments".to_owned(),
        _ => match word {
            "" => out_of_place(first),
            "True" | "TRUE" => "true is written in small letters".to_owned(),
            "False" | "FALSE" => "false is written in small letters".to_owned(),
            "None" | "NULL" | "Null" | "nil" | "undefined" => "nothing is written null".to_owned(),
            "NaN" | "Infinity" => format!("JSON has no number {word}"),
            _ => format!("a string needs double quotes: \"{}\"", shown(word)),
        },
    }
}

fn no_name(rest: &str, first: char) -> String {
    match first {
        quote if OTHER_QUOTES.contains(&quote) => no_quote("a name", quote),
        ',' => "a comma too many".to_owned(),
        '\\' => "a quote needs no backslash: no shell reads this line".to_owned(),
        '#' => "JSON has no comments".to_owned(),
        '/' if rest.starts_with("//") || rest.starts_with("/*") => "JSON has no comments".to_owned(),
        _ => match word(rest) {
            "" => format!("a name in double quotes belongs here, {}", not(first)),
            word => format!("a name needs double quotes: \"{}\"", shown(word)),
        },
    }
}

fn no_comma(first: char, end: char) -> String {
    match first {
        ']' | '}' => format!("{end} belongs here, not {first}"),
        quote if OTHER_QUOTES.contains(&quote) => no_quote("a name", quote),
        _ => format!("a comma or {end} is missing here"),
    }
}

fn no_quote(what: &str, quote: char) -> String {
    let straight = if quote.is_ascii() { "" } else { "straight " };
    format!("{what} needs {straight}double quotes (\"), not {quote}")
}

fn not(character: char) -> String {
    format!("not {}", shown(character.encode_utf8(&mut [0; 4])))
}

fn out_of_place(character: char) -> String {
    if character.is_ascii_graphic() {
        format!("{character} does not belong here")
    } else {
        // Perhaps it is not seen.
        format!("the character U+{:04X} does not belong here", u32::from(character))
    }
}

fn shown(text: &str) -> String {
    escape::excerpt(text, 20)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    use super::*;

    #[test]
    fn each_fault_has_its_place_and_words() {
        for (text, at, problem) in [
            ("'{}'", 0, "no shell reads this line: leave out the quotes around it"),
            ("[1,]", 2, "a comma too many: nothing follows it"),
            ("[,1]", 1, "a value is missing before ,"),
            ("{,}", 1, "a comma too many"),
            ("{\"a\" 1}", 5, "a colon is missing before this"),
            ("{\"a\":}", 5, "a value is missing before }"),
            ("{\"a\":[1}", 7, "] belongs here, not }"),
            ("{\"a\":1 \"b\":2}", 7, "a comma or } is missing here"),
            ("{\"a\":True}", 5, "true is written in small letters"),
            ("{\"a\":01}", 5, "\"01\" is no number such as 1, -2.5 or 3e8"),
            ("{\"a\":\"\\x\"}", 6, "a backslash in a string is written \\\\, not before x"),
            ("{\"a\":\"x\ty\"}", 7, "a tab in a string is written \\t"),
            ("{\"a\":\"x\n\"}", 5, "a string is not closed on its line"),
            ("{\"a\":1} // no", 8, "text follows the JSON"),
            ("{ // no", 2, "JSON has no comments"),
            ("{\u{a0}\"a\":1}", 1, "a name in double quotes belongs here, not \u{a0}"),
            ("[\u{200b}1]", 1, "the character U+200B does not belong here"),
            ("{\"a\":1", 6, "it ends before }"),
            ("", 0, "there is nothing"),
        ] {
            let found = json_fault(text).map(|fault| (fault.at, fault.problem));
            assert_eq!(found, Some((at, problem.to_owned())), "{text}");
        }
        assert_eq!(json_fault(" {\"a\": [1, {}, [], \"\\u00e9\\\"\"]} "), None);
    }

    proptest! {
        /// Nothing is called JSON that is none, and the other way round.
        #[test]
        fn a_fault_is_found_exactly_where_serde_refuses(text in "[{}\\[\\]\":,a0-9eE+.tru\\\\é\n '-]{0,12}") {
            let fault = json_fault(&text);
            prop_assert_eq!(fault.is_none(), serde_json::from_str::<&RawValue>(&text).is_ok(), "{:?}", fault);
            if let Some(JsonFault { at, .. }) = fault {
                prop_assert!(text.is_char_boundary(at), "{}", at);
            }
        }
    }
}
