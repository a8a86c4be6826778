//! Numbers and JSON spelled as Java's libraries spell them, and so as AWS does.

use std::fmt::Write;

/// A number with a fraction or an exponent.
pub(crate) fn double(number: f64) -> String {
    if number == 0.0 || (1e-3..1e7).contains(&number.abs()) {
        return format!("{number:?}");
    }
    let text = format!("{number:e}");
    match text.split_once('e') {
        Some((digits, exponent)) if digits.contains('.') => format!("{digits}E{exponent}"),
        Some((digit, exponent)) => format!("{digit}.0E{exponent}"),
        None => text,
    }
}

/// The JSON value that `json` is, read and written again: without white space and without members that are null.
///
/// It goes from token to token, so that no depth is too much for it.
pub(crate) fn rewrite(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut before_string = 0;
    let mut rest = json;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => string_length(rest),
            _ if DELIMITERS.contains(&first) => 1,
            _ => rest.find(DELIMITERS).unwrap_or(rest.len()),
        };
        let (token, behind) = rest.split_at(length);
        rest = behind;
        match first {
            ' ' | '\t' | '\n' | '\r' | ',' => {}
            ':' | '}' | ']' => out.push(first),
            // The name that stands before it goes too.
            'n' if out.ends_with(':') => out.truncate(before_string),
            _ => {
                before_string = out.len();
                if !out.is_empty() && !out.ends_with(['{', '[', ':']) {
                    out.push(',');
                }
                match first {
                    '"' => write_string(&mut out, &token[1..length - 1]),
                    '-' | '0'..='9' => write_number(&mut out, token),
                    _ => out.push_str(token),
                }
            }
        }
    }
    out
}

/// JSON with the characters beyond Unicode's Basic Multilingual Plane as two escaped surrogates each.
pub(crate) fn escape_supplementary(json: Vec<u8>) -> Vec<u8> {
    // In UTF-8 they alone take four bytes, and in JSON they stand in strings alone.
    if json.iter().all(|byte| *byte < 0xF0) {
        return json;
    }
    let Ok(text) = str::from_utf8(&json) else { return json };
    let mut out = String::with_capacity(json.len() + 8);
    for character in text.chars() {
        if character > '\u{FFFF}' {
            character.encode_utf16(&mut [0; 2]).iter().for_each(|unit| escape(&mut out, *unit));
        } else {
            out.push(character);
        }
    }
    out.into_bytes()
}

/// What ends a number or a word.
const DELIMITERS: [char; 11] = ['{', '}', '[', ']', ',', ':', '"', ' ', '\t', '\n', '\r'];

/// The length of the string at the beginning of `text`, quotes included.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |end| end + 2)
}

/// Digits alone stay as they are, as does what no double can hold.
fn write_number(out: &mut String, text: &str) {
    let read = text.contains(['.', 'e', 'E']).then(|| text.parse().ok()).flatten();
    match read.filter(|number: &f64| number.is_finite()) {
        Some(number) => out.push_str(&double(number)),
        None => out.push_str(text),
    }
}

fn escape(out: &mut String, unit: u16) {
    write!(out, "\\u{unit:04X}").expect("a string can be written to");
}

fn write_string(out: &mut String, escaped: &str) {
    out.push('"');
    for character in char::decode_utf16(units(escaped)) {
        match character {
            Ok('"') => out.push_str("\\\""),
            Ok('\\') => out.push_str("\\\\"),
            Ok('\u{8}') => out.push_str("\\b"),
            Ok('\u{c}') => out.push_str("\\f"),
            Ok('\n') => out.push_str("\\n"),
            Ok('\r') => out.push_str("\\r"),
            Ok('\t') => out.push_str("\\t"),
            Ok(control) if control < ' ' => escape(out, control as u16),
            Ok(character) => out.push(character),
            Err(alone) => escape(out, alone.unpaired_surrogate()),
        }
    }
    out.push('"');
}

/// What a JSON string holds, given what stands between its quotes, in UTF-16.
fn units(escaped: &str) -> impl Iterator<Item = u16> {
    let mut characters = escaped.chars();
    let mut low_surrogate = None;
    std::iter::from_fn(move || {
        if let Some(unit) = low_surrogate.take() {
            return Some(unit);
        }
        let character = match characters.next()? {
            '\\' => match characters.next()? {
                'u' => {
                    let digits: String = characters.by_ref().take(4).collect();
                    return u16::from_str_radix(&digits, 16).ok();
                }
                'b' => '\u{8}',
                'f' => '\u{c}',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                other => other,
            },
            other => other,
        };
        let mut pair = [0; 2];
        let units = character.encode_utf16(&mut pair);
        low_surrogate = units.get(1).copied();
        Some(units[0])
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    #[test]
    fn numbers_look_as_in_java() {
        for (number, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1e3, "1000.0"),
            (1.50, "1.5"),
            (9_999_999.5, "9999999.5"),
            (1e7, "1.0E7"),
            (-12_345_678.9, "-1.23456789E7"),
            (0.001, "0.001"),
            (0.000_999, "9.99E-4"),
            (1e-10, "1.0E-10"),
            (f64::MAX, "1.7976931348623157E308"),
        ] {
            assert_eq!(double(number), text);
        }
        assert_eq!(
            rewrite("[5, -0, 1e3, 1.50, 1E+7, 123456789012345678901234567890, 1e400]"),
            "[5,-0,1000.0,1.5,1.0E7,123456789012345678901234567890,1e400]"
        );
    }

    #[test]
    fn members_that_are_null_go_and_entries_stay() {
        assert_eq!(
            rewrite(r#" { "a" : null , "b":[null, {"c":null}, "null"], "null": 1, "d":null } "#),
            r#"{"b":[null,{},"null"],"null":1}"#
        );
        assert_eq!(rewrite("null"), "null");
        assert_eq!(rewrite(r#"[{"a":":"},null,"x",null]"#), r#"[{"a":":"},null,"x",null]"#);
    }

    #[test]
    fn strings_are_escaped_anew() {
        assert_eq!(rewrite(r#""\u0007\u001f\n\/\u00e9\"\\\u0022""#), r#""\u0007\u001F\n/é\"\\\"""#);
        assert_eq!(rewrite("\"\u{1F600}\\ud83d\\ude00\""), "\"\u{1F600}\u{1F600}\"");
        assert_eq!(rewrite(r#""\ud83d \ude00x""#), r#""\uD83D \uDE00x""#, "halves stay");
        let escaped = escape_supplementary("{\"\u{1F600}\":\"\u{e9}\u{ffff}\"}".into());
        assert_eq!(escaped, "{\"\\uD83D\\uDE00\":\"\u{e9}\u{ffff}\"}".as_bytes());
    }

    #[test]
    fn no_depth_is_too_much() {
        let deep = format!("{}{}", r#"[{"a": "#.repeat(100_000), "null}]".to_owned() + &"}]".repeat(99_999));
        let rewritten = rewrite(&deep);
        assert!(rewritten.starts_with(r#"[{"a":[{"a":"#) && rewritten.contains("[{}]"));
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<i32>().prop_map(|eighths| (f64::from(eighths) / 8.0).into()),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 30, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..5)
                    .prop_map(|members| members.into_iter().collect()),
            ]
        })
    }

    fn without_nulls(value: Value) -> Value {
        match value {
            Value::Array(entries) => entries.into_iter().map(without_nulls).collect(),
            Value::Object(members) => members
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| (name, without_nulls(value)))
                .collect(),
            other => other,
        }
    }

    proptest! {
        #[test]
        fn it_is_the_same_value_but_for_nulls(value in json(), is_pretty in any::<bool>()) {
            let text = if is_pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
            let rewritten = rewrite(&text.unwrap());
            prop_assert_eq!(serde_json::from_str::<Value>(&rewritten).unwrap(), without_nulls(value));
            let escaped = String::from_utf8(escape_supplementary(rewritten.clone().into())).unwrap();
            prop_assert!(escaped.bytes().all(|byte| byte < 0xF0));
            prop_assert_eq!(rewrite(&escaped), rewritten);
        }
    }
}
