//! How scripts went, in one line.

use super::step::Location;

/// How many places of failures are named.
const MAX_NAMED: usize = 5;

/// What has been carried out, and what failed.
#[derive(Debug, Default)]
pub(super) struct Summary {
    commands: usize,
    expectations: usize,
    failed: usize,
    places: Vec<Location>,
}

impl Summary {
    /// Counts a command, or an `expect`.
    pub(super) fn count(&mut self, is_expect: bool) {
        if is_expect {
            self.expectations += 1;
        } else {
            self.commands += 1;
        }
    }

    /// Counts a failure.
    pub(super) fn failed(&mut self, place: &Location) {
        self.failed += 1;
        if self.places.len() < MAX_NAMED {
            self.places.push(place.clone());
        }
    }

    /// Whether anything has failed.
    pub(super) fn has_failed(&self) -> bool {
        self.failed > 0
    }

    /// The line, if anything was expected or has failed.
    pub(super) fn line(&self) -> Option<String> {
        if self.expectations == 0 && self.failed == 0 {
            return None;
        }
        let counted =
            |count: usize, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
        let commands = counted(self.commands, "command");
        let expectations = counted(self.expectations, "expectation");
        let more = self.failed - self.places.len();
        let mut places: Vec<String> = self.places.iter().map(Location::to_string).collect();
        places.extend((more > 0).then(|| format!("and {more} more")));
        let places = if places.is_empty() { String::new() } else { format!(": {}", places.join(", ")) };
        Some(format!("{commands}, {expectations}, {} failed{places}", self.failed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_counts_and_names_what_failed() {
        let mut summary = Summary::default();
        summary.count(false);
        assert_eq!(summary.line(), None);
        summary.count(true);
        summary.count(true);
        assert_eq!(summary.line().unwrap(), "1 command, 2 expectations, 0 failed");
        for line in 1..=7 {
            summary.failed(&Location { file: "a.jobs".into(), line: Some(line) });
        }
        assert_eq!(
            summary.line().unwrap(),
            "1 command, 2 expectations, 7 failed: a.jobs:1, a.jobs:2, a.jobs:3, a.jobs:4, a.jobs:5, and 2 more"
        );
    }
}
