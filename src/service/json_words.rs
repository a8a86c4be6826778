//! What is wrong with JSON that was sent, in a person's words.

use serde_json::error::Category;

/// Why a text is not JSON: `it ends too early`.
pub(crate) fn why_not_json(error: &serde_json::Error) -> String {
    match error.classify() {
        Category::Eof => "it ends too early".to_owned(),
        _ if error.to_string().starts_with("recursion limit") => "it is nested too deeply".to_owned(),
        _ => format!("byte {} of line {} does not belong there", error.column(), error.line()),
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
