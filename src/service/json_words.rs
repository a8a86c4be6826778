//! What is wrong with JSON that was sent, in a person's words.

use serde_json::error::Category;

use super::one_line::{EXCERPT, one_line};

/// Why a text is not JSON: `it ends too early`.
pub(crate) fn why_not_json(error: &serde_json::Error) -> String {
    match error.classify() {
        Category::Eof => "it ends too early".to_owned(),
        _ if error.to_string().starts_with("recursion limit") => "it is nested too deeply".to_owned(),
        _ => format!("byte {} of line {} does not belong there", error.column(), error.line()),
    }
}

/// Why JSON is not what was to be read: `it has 5 where a list belongs`.
pub(crate) fn why_not_fitting(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let parts = said.split_once(": ").and_then(|(_, parts)| parts.rsplit_once(", expected "));
    let Some((found, expected)) = parts else { return "it is not what belongs there".to_owned() };
    let found = match found {
        "map" => "an object".to_owned(),
        "sequence" => "a list".to_owned(),
        "null" | "unit value" => "null".to_owned(),
        // The value follows its type, between backquotes unless it is a string.
        value => {
            let value = value.find(['`', '"']).map_or(value, |at| value[at..].trim_matches('`'));
            one_line(value, EXCERPT)
        }
    };
    format!("it has {found} where {} belongs", name(expected))
}

/// What a type of ours is called in JSON.
fn name(expected: &str) -> &'static str {
    match expected {
        "a string" => "a string",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "f32" | "f64" => "a number",
        number if number.starts_with(['i', 'u']) && number[1..].parse::<u8>().is_ok() => "a whole number",
        object if object == "a map" || object.starts_with("struct ") => "an object",
        _ => "something else",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn what_is_not_json_is_said_without_the_parsers_words() {
        let why = |text: &str| why_not_json(&serde_json::from_str::<Value>(text).unwrap_err());
        for text in ["", "{", r#"{"a":"#, r#"{"a":"b"#, "[1"] {
            assert_eq!(why(text), "it ends too early", "{text}");
        }
        assert_eq!(why("{\n  a}"), "byte 3 of line 2 does not belong there");
        assert_eq!(why("{} x"), "byte 4 of line 1 does not belong there");
        assert_eq!(why(&"[".repeat(1000)), "it is nested too deeply");
    }
}
