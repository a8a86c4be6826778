//! How a device program ended.

/// How it ended.
#[derive(Debug, Clone)]
pub(crate) struct Ended {
    /// In words.
    pub(super) how: String,
    /// What it printed last.
    pub(super) last_lines: Vec<String>,
    /// Whether nobody had asked it to.
    pub(super) by_itself: bool,
    /// Whether something that it has started goes on.
    pub(super) has_left: bool,
}
