//! What the process's environment says about output.

use crate::app::output::style::{ColorChoice, Theme};

/// The option and the environment variables that decide on colors and characters.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Environment {
    color: ColorChoice,
    /// Whether NO_COLOR or CLICOLOR_FORCE force colors off or on; the former wins.
    forced: Option<bool>,
    dumb: bool,
    utf8: bool,
}

impl Environment {
    pub(crate) fn read(color: ColorChoice) -> Self {
        let variable = |name: &str| std::env::var(name).unwrap_or_default();
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].map(variable).into_iter().find(|value| !value.is_empty());
        let locale = locale.unwrap_or_default().to_ascii_lowercase();
        let forced = if variable("NO_COLOR").is_empty() {
            (!matches!(variable("CLICOLOR_FORCE").as_str(), "" | "0")).then_some(true)
        } else {
            Some(false)
        };
        let utf8 = locale.contains("utf-8") || locale.contains("utf8");
        Self { color, forced, dumb: variable("TERM") == "dumb", utf8 }
    }

    /// Whether what has been printed there can be drawn over.
    pub(super) fn can_redraw(self, terminal: bool) -> bool {
        terminal && !self.dumb
    }

    pub(crate) fn theme(self, terminal: bool) -> Theme {
        let color = match self.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => self.forced.unwrap_or(terminal && !self.dumb),
        };
        // A pipe takes any bytes; what a terminal can show depends on its locale.
        Theme { color, unicode: !terminal || self.utf8 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENVIRONMENT: Environment =
        Environment { color: ColorChoice::Auto, forced: None, dumb: false, utf8: true };

    #[test]
    fn colors_follow_the_option_then_the_environment() {
        assert!(ENVIRONMENT.theme(true).color);
        assert!(!ENVIRONMENT.theme(false).color);
        assert!(!Environment { dumb: true, ..ENVIRONMENT }.theme(true).color);
        assert!(!Environment { forced: Some(false), ..ENVIRONMENT }.theme(true).color);
        assert!(Environment { forced: Some(true), dumb: true, ..ENVIRONMENT }.theme(false).color);
        assert!(
            Environment { color: ColorChoice::Always, forced: Some(false), ..ENVIRONMENT }.theme(false).color
        );
        assert!(
            !Environment { color: ColorChoice::Never, forced: Some(true), ..ENVIRONMENT }.theme(true).color
        );
    }

    #[test]
    fn a_terminal_without_utf8_gets_ascii() {
        assert!(!Environment { utf8: false, ..ENVIRONMENT }.theme(true).unicode);
        assert!(Environment { utf8: false, ..ENVIRONMENT }.theme(false).unicode);
    }
}
