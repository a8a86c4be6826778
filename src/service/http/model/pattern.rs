//! Regular expressions as Java reads them: the whole text must fit.

use std::sync::LazyLock;

use regex::Regex;

/// Classes of characters that mean something else here than in Java.
const CLASSES: [(&str, &str); 4] =
    [(r"\p{Upper}", "A-Z"), (r"\p{Digit}", "0-9"), (r"\p{Graph}", "!-~"), (r"\w", "a-zA-Z0-9_")];

/// A pattern, which is compiled when it is first needed.
#[derive(Debug)]
pub(super) struct Pattern {
    /// As AWS quotes it.
    pub(super) text: &'static str,
    regex: LazyLock<Regex, Box<dyn FnOnce() -> Regex + Send>>,
}

impl Pattern {
    pub(super) fn new(text: &'static str) -> Self {
        Self { text, regex: LazyLock::new(Box::new(|| compile(text))) }
    }

    pub(super) fn fits(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

fn compile(java: &str) -> Regex {
    let pattern = CLASSES.iter().fold(java.to_owned(), |text, (java, here)| text.replace(java, here));
    Regex::new(&format!(r"\A(?:{pattern})\z")).expect("a test compiles every pattern of the table")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_text_must_fit_in_the_classes_of_java() {
        let fits = |pattern: &'static str, text: &str| Pattern::new(pattern).fits(text);
        assert!(fits("[a-z]+", "ab") && !fits("[a-z]+", "ab1") && !fits("[a-z]+", "ab\n"));
        assert!(fits(r"[a-z]+|^\$next", "$next") && !fits(r"[a-z]+|^\$next", "$next2"));
        assert!(fits(r"[\p{Upper}\p{Digit}_]+", "A_1") && !fits(r"[\p{Upper}\p{Digit}_]+", "É"));
        assert!(fits(r"[\w+=]+", "a_1+") && !fits(r"[\w+=]+", "é"));
        assert!(fits(r"[\p{Graph}\x20]*", "a b") && !fits(r"[\p{Graph}\x20]*", "a\tb"));
    }

    #[test]
    fn no_character_of_unicodes_category_c_is_printable() {
        let printable = Pattern::new(r"[^\p{C}]+");
        for refused in [
            "\n",
            "\u{9b}",
            "\u{ad}",
            "\u{200b}",
            "\u{202e}",
            "\u{e0041}",
            "\u{e000}",
            "\u{378}",
            "\u{10ffff}",
        ] {
            assert!(!printable.fits(refused), "{refused:?}");
        }
        assert!(printable.fits("Grüße, 世界 🚀\u{a0}\u{2028}e\u{301}"));
    }
}
