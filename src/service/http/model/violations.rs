//! The violations of one request, all of them in one message.
//!
//! `2 validation errors detected: Value '0' at 'maxResults' failed to satisfy constraint: …; Value …`

use super::super::exception::Exception;

/// How many are told; the message has no room for more.
const TOLD: usize = 16;

/// The violations of one request, gathered member by member.
#[derive(Debug, Default)]
pub(super) struct Violations {
    told: Vec<String>,
    count: usize,
}

impl Violations {
    /// Notes that the member at `path`, which is `quoted`, breaks `constraint`.
    pub(super) fn add(&mut self, path: &str, quoted: &str, constraint: &str) {
        self.note(&format!("Value '{quoted}' at"), path, constraint);
    }

    /// The same without its value.
    pub(super) fn add_unquoted(&mut self, path: &str, constraint: &str) {
        self.note("Value at", path, constraint);
    }

    /// Notes that a member is not there.
    pub(super) fn missing(&mut self, path: &str) {
        self.note("Value null at", path, "Member must not be null");
    }

    fn note(&mut self, value: &str, path: &str, constraint: &str) {
        self.count += 1;
        if self.told.len() < TOLD {
            self.told.push(format!("{value} '{path}' failed to satisfy constraint: {constraint}"));
        }
    }

    /// Refuses the request if anything was noted.
    pub(super) fn finish(self) -> Result<(), Exception> {
        if self.count == 0 {
            return Ok(());
        }
        let errors = if self.count == 1 { "error" } else { "errors" };
        Err(Exception::invalid_request(format!(
            "{} validation {errors} detected: {}",
            self.count,
            self.told.join("; ")
        )))
    }
}
