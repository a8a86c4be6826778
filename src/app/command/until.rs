//! What `--until` waits for.

use std::fmt;
use std::time::Duration;

use super::expectation::Predicate;
use super::reader::{JsonError, Reader};

/// How long `--until` waits unless `--within` says otherwise.
pub(super) const DEFAULT_WITHIN: Duration = Duration::from_secs(10);

/// The word that stands for a refusal.
const REFUSED: &str = "refused";

/// When a command that is asked again and again is to end.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Until {
    /// What ends the wait.
    pub goal: Goal,
    /// How long to wait for it.
    pub within: Duration,
}

/// What ends a wait.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Goal {
    /// An answer for which all of these hold.
    Fits(Vec<Predicate>),
    /// A refusal.
    Refused,
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => f.write_str("a refusal"),
            Self::Fits(predicates) => predicates.iter().enumerate().try_for_each(|(index, predicate)| {
                write!(f, "{}{predicate}", if index == 0 { "" } else { " " })
            }),
        }
    }
}

impl Goal {
    /// Reads `refused`, or predicates up to the next word that is none.
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, JsonError> {
        if reader.clone().word() == REFUSED {
            reader.word();
            return Ok(Self::Refused);
        }
        let mut predicates = vec![Predicate::read(reader)?];
        while is_next(reader.rest()) {
            predicates.push(Predicate::read(reader)?);
        }
        Ok(Self::Fits(predicates))
    }
}

/// Whether another predicate follows one.
pub(super) fn is_next(rest: &str) -> bool {
    !rest.starts_with("--") && Predicate::begins(rest)
}

#[cfg(test)]
mod tests {
    use crate::app::command::{Line, ParseError, parse};

    fn error(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn a_read_may_wait_for_its_answer() {
        let until = |text: &str| match parse(text) {
            Ok(Some(Line { until, .. })) => {
                until.map(|until| (until.goal.to_string(), until.within.as_secs()))
            }
            other => panic!("{text}: {other:?}"),
        };
        let shown = |goal: &str, within| Some((goal.to_owned(), within));
        assert_eq!(until("list-jobs"), None);
        assert_eq!(until("list-jobs --until jobs.length=0 --table"), shown("jobs.length=0", 10));
        assert_eq!(until("describe-job --within 2s --until refused J"), shown("a refusal", 2));
        assert_eq!(
            until("describe-job-execution --until a=1 b~/x y/ c=\"refused\" J --execution-number 1"),
            shown("a=1 b~/x y/ c=\"refused\"", 10)
        );
        for (text, problem) in [
            ("list-jobs --within 1s", "list-jobs: --within goes with --until"),
            ("list-jobs --until jobs", "list-jobs: \"jobs\" is no path=value"),
            ("list-jobs --until", "list-jobs: --until needs a value"),
            ("list-jobs --until refused a=1", "list-jobs: extra argument \"a=1\""),
            (
                "! list-jobs --until refused",
                "list-jobs: ! does not go with --until; to wait for a refusal: --until refused",
            ),
            ("delete-job J --until refused", "delete-job: unknown option \"--until\""),
        ] {
            assert_eq!(error(text), problem);
        }
        assert!(matches!(parse("list-jobs --until a={"), Err(ParseError::Unfinished(_))));
    }
}
