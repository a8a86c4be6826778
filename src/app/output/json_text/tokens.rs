//! JSON as tokens, each with its position in the text.

/// Members whose content the user wrote, so that nothing in them is a time of the service.
const USER_CONTENT: [&str; 4] =
    ["\"jobDocument\"", "\"statusDetails\"", "\"documentParameters\"", "\"payload\""];

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// `{` or `[`.
    Open,
    /// `}` or `]`.
    Close,
    /// `,` or `:`.
    Separator,
    /// A string before a colon.
    Key,
    /// Any other string.
    Text,
    /// A number, `true`, `false`, `null`, or anything that is not JSON.
    Value,
}

/// A piece of JSON between white space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    /// What it is.
    pub kind: TokenKind,
    /// Its spelling.
    pub text: &'a str,
    /// Where it begins, in bytes.
    pub start: usize,
}

/// The tokens of `json`, even if it is not valid.
pub(crate) fn tokens(json: &str) -> impl Iterator<Item = Token<'_>> {
    let mut position = 0;
    std::iter::from_fn(move || {
        position += leading_white_space(&json[position..]);
        let start = position;
        let rest = &json[start..];
        let (kind, length) = match rest.bytes().next()? {
            b'{' | b'[' => (TokenKind::Open, 1),
            b'}' | b']' => (TokenKind::Close, 1),
            b',' | b':' => (TokenKind::Separator, 1),
            b'"' => {
                let length = string_length(rest);
                let after = &rest[length..];
                let is_key = after[leading_white_space(after)..].starts_with(':');
                (if is_key { TokenKind::Key } else { TokenKind::Text }, length)
            }
            _ => (TokenKind::Value, rest.find(is_delimiter).unwrap_or(rest.len())),
        };
        position += length;
        Some(Token { kind, text: &rest[..length], start })
    })
}

/// Whether a member, its name in quotes, holds content that the user wrote.
pub(crate) fn is_user_content(key: &str) -> bool {
    USER_CONTENT.contains(&key)
}

fn leading_white_space(text: &str) -> usize {
    text.len() - text.trim_start_matches([' ', '\t', '\n', '\r']).len()
}

fn is_delimiter(character: char) -> bool {
    matches!(character, '{' | '}' | '[' | ']' | ',' | ':' | '"' | ' ' | '\t' | '\n' | '\r')
}

/// The length of the string at the beginning of `text`, quotes included; to the end if unclosed.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (index, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return index + 1,
            _ => {}
        }
    }
    text.len()
}
