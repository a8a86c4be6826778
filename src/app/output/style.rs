//! How output looks: colors that are readable on dark and on light backgrounds, or none.

use clap::ValueEnum;

/// When output is colored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    /// At a terminal, unless the environment says otherwise.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What a piece of text is, which decides its color.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// The title line of an answer.
    Title,
    /// The title line of an event, which nobody asked for.
    Event,
    /// The title line of a refusal, and of what failed.
    Refusal,
    /// The name of a JSON member.
    Key,
    /// A JSON string.
    Text,
    /// A JSON number, `true`, `false` or `null`.
    Value,
    /// What matters less: hints, how long ago something was.
    Faint,
    /// A command word, or a heading.
    Strong,
}

impl Style {
    /// Chosen by eye on black and on white in xterm's own palette, the hardest one: there dark blue cannot
    /// be read on black, nor any cyan on white.
    fn code(self) -> &'static str {
        match self {
            Self::Title => "1;94",
            Self::Event => "1;35",
            Self::Refusal => "1;31",
            Self::Key => "94",
            Self::Text => "32",
            Self::Value => "35",
            Self::Faint => "90",
            Self::Strong => "1",
        }
    }
}

/// What the terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Theme {
    /// Whether colors are wanted.
    pub color: bool,
    /// Whether the terminal shows more than ASCII.
    pub unicode: bool,
}

impl Theme {
    /// `text` in `style`.
    #[must_use]
    pub(crate) fn paint(self, style: Style, text: &str) -> String {
        let mut out = String::with_capacity(text.len() + 10);
        self.push(style, text, &mut out);
        out
    }

    /// Appends `text` to `out` in `style`.
    pub(crate) fn push(self, style: Style, text: &str, out: &mut String) {
        if self.color {
            out.extend(["\x1b[", style.code(), "m", text, "\x1b[0m"]);
        } else {
            out.push_str(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_color_means_no_escape_sequence() {
        assert_eq!(Theme::default().paint(Style::Title, "x"), "x");
        assert_eq!(Theme { color: true, unicode: true }.paint(Style::Strong, "x"), "\x1b[1mx\x1b[0m");
    }
}
