//! What packets and calls carry, as much of it as a record keeps.

use std::fmt::Write as _;

use super::secrets::without_secrets;

/// How many bytes of a payload a record keeps.
const KEPT: usize = 64 * 1024;

/// A payload as text: without secrets, and without what exceeds a bound.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Payload {
    /// Its beginning. A byte that is not UTF-8 stands as `\xff`.
    pub text: String,
    /// How many bytes more it had.
    pub left_out: usize,
    /// Whether all that is kept of it was UTF-8.
    pub is_utf8: bool,
}

impl Payload {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let (kept, left_out) = cut(bytes, KEPT);
        let mut text = String::with_capacity(kept.len());
        let mut is_utf8 = true;
        for chunk in kept.utf8_chunks() {
            text.push_str(chunk.valid());
            for byte in chunk.invalid() {
                is_utf8 = false;
                // Writing to a string cannot fail.
                let _ = write!(text, "\\x{byte:02x}");
            }
        }
        // A secret that is cut is one to its end.
        let text = without_secrets(&text).into_owned();
        Self { text, left_out, is_utf8 }
    }
}

/// The first bytes, as many as `limit` but none of a character that is cut in two, and how many are left out.
fn cut(bytes: &[u8], limit: usize) -> (&[u8], usize) {
    if bytes.len() <= limit {
        return (bytes, 0);
    }
    let is_start = |at: &usize| bytes[*at] & 0xC0 != 0x80;
    let end = (limit.saturating_sub(3)..=limit).rev().find(is_start).unwrap_or(limit);
    (&bytes[..end], bytes.len() - end)
}

/// At most `limit` bytes of `text`, and how many are left out.
#[must_use]
pub fn excerpt(text: &str, limit: usize) -> (&str, usize) {
    let end = text.floor_char_boundary(limit);
    (&text[..end], text.len() - end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_text_is_spelled_out() {
        let payload = Payload::new(b"a\xff\xc3\xa9\xc3");
        assert_eq!((&*payload.text, payload.left_out, payload.is_utf8), ("a\\xffé\\xc3", 0, false));
        assert!(Payload::new("é".as_bytes()).is_utf8);
    }

    #[test]
    fn the_rest_of_a_long_one_is_counted_and_no_character_is_cut() {
        for (before, left_out) in [("", 100), ("x", 101)] {
            let text = before.to_owned() + &"é".repeat((KEPT + 100 - before.len()) / 2);
            let payload = Payload::new(text.as_bytes());
            assert_eq!(payload.text.len() + payload.left_out, text.len());
            assert!(payload.is_utf8 && payload.left_out <= left_out && payload.text.ends_with('é'));
        }
    }

    #[test]
    fn a_key_that_is_cut_is_left_out_to_its_end() {
        let text = "x".repeat(KEPT - 60) + "-----BEGIN PRIVATE KEY-----\n" + &"c2VjcmV0".repeat(100);
        assert!(!Payload::new(text.as_bytes()).text.contains("c2Vj"));
    }
}
