//! Checks of request members, with the words in which AWS refuses them.
//!
//! All violations of a request are reported together:
//! `2 validation errors detected: Value '0' at 'maxResults' failed to satisfy constraint: …; Value …`

use std::fmt::Display;
use std::str::FromStr;

use unicode_general_category::{GeneralCategory, get_general_category};

use super::Rejected;
use crate::wire::model::{JobId, ThingName};
use crate::wire::number::VersionNumber;

/// The characters that a member may consist of, as AWS writes them and as a test.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Alphabet {
    pub(crate) text: &'static str,
    pub(crate) allows: fn(char) -> bool,
}

/// Job ids, template ids, parameter keys.
pub(crate) const JOB_ID: Alphabet =
    Alphabet { text: "[a-zA-Z0-9_-]+", allows: |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-') };

/// Things, groups and the keys of status details.
pub(crate) const THING_NAME: Alphabet = Alphabet {
    text: "[a-zA-Z0-9:_-]+",
    allows: |c| c.is_ascii_alphanumeric() || matches!(c, ':' | '_' | '-'),
};

/// Free text.
pub(crate) const PRINTABLE: Alphabet = Alphabet { text: r"[^\p{C}]+", allows: is_printable };

/// Free text, or nothing.
pub(crate) const PRINTABLE_OR_EMPTY: Alphabet = Alphabet { text: r"[^\p{C}]*", allows: is_printable };

/// Whether a character is not of Unicode's category C: control, format, private use, unassigned.
fn is_printable(character: char) -> bool {
    use GeneralCategory as Category;
    !matches!(
        get_general_category(character),
        Category::Control
            | Category::Format
            | Category::PrivateUse
            | Category::Surrogate
            | Category::Unassigned
    )
}

/// The violations of one request, gathered member by member.
#[derive(Debug, Default)]
pub(crate) struct Violations(Vec<String>);

impl Violations {
    /// Notes that `member` breaks `constraint`.
    pub(crate) fn add(&mut self, member: &str, value: Option<&dyn Display>, constraint: impl Display) {
        let value = value.map_or_else(|| "null".to_owned(), |value| format!("'{value}'"));
        self.0.push(format!("Value {value} at '{member}' failed to satisfy constraint: {constraint}"));
    }

    /// A member that must be there.
    pub(crate) fn required<'a, T: ?Sized>(&mut self, member: &str, value: Option<&'a T>) -> Option<&'a T> {
        if value.is_none() {
            self.add(member, None, "Member must not be null");
        }
        value
    }

    /// A number between `min` and `max`.
    pub(crate) fn range<N: PartialOrd + Display + Copy>(
        &mut self,
        member: &str,
        value: Option<N>,
        min: N,
        max: N,
    ) {
        let Some(value) = value else { return };
        if value < min {
            let constraint = format!("Member must have value greater than or equal to {min}");
            self.add(member, Some(&value), constraint);
        } else if value > max {
            self.add(member, Some(&value), format!("Member must have value less than or equal to {max}"));
        }
    }

    /// A list of `min` to `max` entries.
    pub(crate) fn size(&mut self, member: &str, len: usize, min: usize, max: usize) {
        self.bounded(member, &format!("[{len} members]"), len, min, max);
    }

    /// A text of `min` to `max` characters.
    pub(crate) fn length(&mut self, member: &str, value: Option<&str>, min: usize, max: usize) {
        let Some(value) = value else { return };
        self.bounded(member, value, value.chars().count(), min, max);
    }

    fn bounded(&mut self, member: &str, value: &str, len: usize, min: usize, max: usize) {
        if len < min {
            let constraint = format!("Member must have length greater than or equal to {min}");
            self.add(member, Some(&value), constraint);
        } else if len > max {
            self.add(member, Some(&value), format!("Member must have length less than or equal to {max}"));
        }
    }

    /// A text of `min` to `max` characters of `pattern`.
    pub(crate) fn text(
        &mut self,
        member: &str,
        value: Option<&str>,
        min: usize,
        max: usize,
        pattern: Alphabet,
    ) {
        let Some(value) = value else { return };
        self.length(member, Some(value), min, max);
        if value.is_empty() && min > 0 || !value.chars().all(pattern.allows) {
            let constraint = format!("Member must satisfy regular expression pattern: {}", pattern.text);
            self.add(member, Some(&value), constraint);
        }
    }

    /// One of the words of an enumeration.
    pub(crate) fn word(&mut self, member: &str, value: Option<&str>, words: &[&str]) {
        let Some(value) = value else { return };
        if !words.contains(&value) {
            let constraint = format!("Member must satisfy enum value set: [{}]", words.join(", "));
            self.add(member, Some(&value), constraint);
        }
    }

    /// Refuses the request if anything was noted.
    pub(crate) fn finish(self) -> Result<(), Rejected> {
        let count = self.0.len();
        if count == 0 {
            return Ok(());
        }
        let errors = if count == 1 { "error" } else { "errors" };
        Err(Rejected::InvalidRequest(format!("{count} validation {errors} detected: {}", self.0.join("; "))))
    }

    /// A job id from a path or query.
    pub(crate) fn job_id(&mut self, text: &str) -> Option<JobId> {
        self.name("jobId", text, 64, JOB_ID)
    }

    /// A thing name from a path or query.
    pub(crate) fn thing_name(&mut self, text: &str) -> Option<ThingName> {
        self.name("thingName", text, 128, THING_NAME)
    }

    /// A name that is parsed into its type; none where a violation was noted.
    pub(crate) fn name<T: FromStr>(
        &mut self,
        member: &str,
        text: &str,
        max: usize,
        pattern: Alphabet,
    ) -> Option<T> {
        self.text(member, Some(text), 1, max, pattern);
        text.parse().ok()
    }
}

/// A job id from a path, alone.
pub(crate) fn job_id(text: &str) -> Result<JobId, Rejected> {
    parsed(|violations| violations.job_id(text))
}

/// A thing name from a path, alone.
pub(crate) fn thing_name(text: &str) -> Result<ThingName, Rejected> {
    parsed(|violations| violations.thing_name(text))
}

/// What `read` returns, or the violations that it noted.
pub(crate) fn parsed<T>(read: impl FnOnce(&mut Violations) -> Option<T>) -> Result<T, Rejected> {
    let mut violations = Violations::default();
    let value = read(&mut violations);
    violations.finish()?;
    Ok(value.expect("a value without violations parses"))
}

/// Refuses a version that is not the stored one.
pub(super) fn check_version(expected: Option<i64>, found: VersionNumber) -> Result<(), Rejected> {
    match expected {
        Some(expected) if u64::try_from(expected).map(VersionNumber::from) != Ok(found) => {
            Err(Rejected::VersionConflict(format!("Expected version {expected} but found version {found}")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_violation_is_told_in_the_words_of_aws() {
        let mut violations = Violations::default();
        violations.range("maxResults", Some(0), 1, 250);
        assert_eq!(
            violations.finish().unwrap_err().to_string(),
            "1 validation error detected: Value '0' at 'maxResults' failed to satisfy constraint: \
             Member must have value greater than or equal to 1"
        );
    }

    #[test]
    fn several_violations_are_told_together() {
        let mut violations = Violations::default();
        violations.required::<str>("description", None);
        violations.word("targetSelection", Some("ALL"), &["CONTINUOUS", "SNAPSHOT"]);
        assert_eq!(
            violations.finish().unwrap_err().to_string(),
            "2 validation errors detected: Value null at 'description' failed to satisfy constraint: \
             Member must not be null; Value 'ALL' at 'targetSelection' failed to satisfy constraint: \
             Member must satisfy enum value set: [CONTINUOUS, SNAPSHOT]"
        );
    }

    #[test]
    fn no_character_of_unicodes_category_c_is_printable() {
        let refused = [
            '\n',
            '\u{9b}',
            '\u{ad}',
            '\u{200b}',
            '\u{202e}',
            '\u{e0041}',
            '\u{e000}',
            '\u{378}',
            '\u{10ffff}',
        ];
        for character in refused {
            assert!(!(PRINTABLE.allows)(character), "{character:?}");
            assert!(!(PRINTABLE_OR_EMPTY.allows)(character), "{character:?}");
        }
        assert!("Grüße, 世界 🚀\u{a0}\u{2028}e\u{301}".chars().all(PRINTABLE.allows));
    }

    #[test]
    fn a_name_breaks_length_and_pattern_apart() {
        assert!(job_id("Job_1-a").is_ok());
        let too_long = job_id(&"x".repeat(65)).unwrap_err().to_string();
        assert!(too_long.ends_with("Member must have length less than or equal to 64"), "{too_long}");
        let pattern = job_id("a b").unwrap_err().to_string();
        assert!(
            pattern.ends_with("Member must satisfy regular expression pattern: [a-zA-Z0-9_-]+"),
            "{pattern}"
        );
        assert!(thing_name("").is_err());
    }
}
