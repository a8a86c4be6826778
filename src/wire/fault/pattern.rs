//! Client ids with `*`.

use std::fmt;

/// A client id in which `*` stands for anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    pub(super) fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Whether `client_id` fits.
    #[must_use]
    pub fn matches(&self, client_id: &str) -> bool {
        let Some((begin, rest)) = self.0.split_once('*') else { return self.0 == client_id };
        let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
        let Some(inner) = client_id.strip_prefix(begin).and_then(|inner| inner.strip_suffix(end)) else {
            return false;
        };
        // What is found first leaves most for the rest.
        let found = middle
            .split('*')
            .try_fold(inner, |left, piece| left.find(piece).map(|at| &left[at + piece.len()..]));
        found.is_some()
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
