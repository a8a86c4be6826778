//! What refusals say about what they were sent: one line, of bounded length.

/// The longest message of a refusal, in characters: it may quote what a client sent.
pub(crate) const MESSAGE: usize = 1024;

/// The longest piece of a document that a refusal quotes, in characters.
pub(crate) const EXCERPT: usize = 80;

/// `text` on one line of at most `limit` characters, and `…` where something is left out.
pub(crate) fn one_line(text: &str, limit: usize) -> String {
    let mut line = String::new();
    let mut room = limit;
    for character in text.chars() {
        let end = line.len();
        if character.is_control() {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
        // What is spelled out takes more than one.
        let Some(left) = room.checked_sub(line[end..].chars().count()) else {
            line.truncate(end);
            line.push('…');
            break;
        };
        room = left;
    }
    line
}

#[cfg(any(test, fuzzing))]
/// One line of bounded length: how everything that is said about bad input looks.
pub(crate) fn assert_plain(said: &str) {
    assert!(!said.is_empty() && said.chars().count() <= 1100, "{} bytes: {said:?}", said.len());
    assert!(!said.contains(char::is_control), "{said:?}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_spelled_out_and_the_rest_is_cut() {
        assert_eq!(one_line("a'\n\u{1b}é", 11), "a'\\n\\u{1b}é");
        assert_eq!(one_line("a'\n\u{1b}é", 10), "a'\\n\\u{1b}…");
        assert_eq!(one_line("a'\n\u{1b}é", 9), "a'\\n…");
        assert_eq!(one_line("éa\n", 2), "éa…");
        assert_eq!(one_line("éa", 2), "éa");
    }
}
