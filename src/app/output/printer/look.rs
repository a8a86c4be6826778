//! How the environment wants output to look.

use crate::app::output::style::{ColorChoice, Theme};

/// What the environment says about colors and characters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    color: ColorChoice,
    /// What NO_COLOR or CLICOLOR_FORCE say; the former wins.
    wish: Option<bool>,
    dumb: bool,
    utf8: bool,
}

impl Look {
    pub(super) fn of_the_environment(color: ColorChoice) -> Self {
        let variable = |name: &str| std::env::var(name).unwrap_or_default();
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].map(variable).into_iter().find(|value| !value.is_empty());
        let locale = locale.unwrap_or_default().to_ascii_lowercase();
        let wish = if variable("NO_COLOR").is_empty() {
            (!matches!(variable("CLICOLOR_FORCE").as_str(), "" | "0")).then_some(true)
        } else {
            Some(false)
        };
        let utf8 = locale.contains("utf-8") || locale.contains("utf8");
        Self { color, wish, dumb: variable("TERM") == "dumb", utf8 }
    }

    pub(super) fn theme(self, terminal: bool) -> Theme {
        let color = match self.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => self.wish.unwrap_or(terminal && !self.dumb),
        };
        // A pipe takes any bytes; what a terminal can show, its locale tells.
        Theme { color, unicode: !terminal || self.utf8 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOK: Look = Look { color: ColorChoice::Auto, wish: None, dumb: false, utf8: true };

    #[test]
    fn colors_follow_the_option_then_the_environment() {
        assert!(LOOK.theme(true).color);
        assert!(!LOOK.theme(false).color);
        assert!(!Look { dumb: true, ..LOOK }.theme(true).color);
        assert!(!Look { wish: Some(false), ..LOOK }.theme(true).color);
        assert!(Look { wish: Some(true), dumb: true, ..LOOK }.theme(false).color);
        assert!(Look { color: ColorChoice::Always, wish: Some(false), ..LOOK }.theme(false).color);
        assert!(!Look { color: ColorChoice::Never, wish: Some(true), ..LOOK }.theme(true).color);
    }

    #[test]
    fn a_terminal_without_utf8_gets_ascii() {
        assert!(!Look { utf8: false, ..LOOK }.theme(true).unicode);
        assert!(Look { utf8: false, ..LOOK }.theme(false).unicode);
    }
}
