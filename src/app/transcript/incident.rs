//! What goes wrong outside of commands.

/// Something that went wrong, but not in a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Incident {
    /// What kind of incident, in one word.
    pub title: &'static str,
    /// What went wrong, on one line.
    pub text: String,
    /// More about it, line by line.
    pub details: Vec<String>,
    /// Whether it has been printed already.
    pub reported: bool,
}

impl Incident {
    /// An incident that has not been printed.
    #[must_use]
    pub(crate) fn new(title: &'static str, text: String) -> Self {
        Self { title, text, details: Vec::new(), reported: false }
    }
}
