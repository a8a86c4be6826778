//! What refusals say about what they were sent: one line, of bounded length.

/// The longest message of a refusal, in characters: it may quote what a client sent.
pub(crate) const MESSAGE: usize = 1024;

/// The longest piece of a document that a refusal quotes, in characters.
pub(crate) const EXCERPT: usize = 80;

/// At most `limit` characters of `text` on one line, with `…` where something is left out.
pub(crate) fn one_line(text: &str, limit: usize) -> String {
    let mut line = String::new();
    let mut characters = text.chars();
    for character in characters.by_ref().take(limit) {
        if character.is_control() {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    if !characters.as_str().is_empty() {
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_spelled_out_and_the_rest_is_cut() {
        assert_eq!(one_line("a'\n\u{1b}é", 5), "a'\\n\\u{1b}é");
        assert_eq!(one_line("éa\n", 2), "éa…");
    }
}
