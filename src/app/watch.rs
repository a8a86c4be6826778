//! How far a job is, as `watch-job` shows it: a line for a script, a picture for a person.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::listed::Listed;
use crate::app::output::escape;
use crate::app::output::style::{Style, Theme};
use crate::app::output::table::cut;
use crate::wire::model::JobExecutionStatus;

/// How many failures are shown.
pub(crate) const MAX_FAILURES: usize = 3;

/// How many columns the bar takes.
const BAR: usize = 40;

/// How many there are with each status.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counts(BTreeMap<usize, u64>);

/// How far a job is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// The job.
    pub job: String,
    /// Its status.
    pub status: String,
    /// As AWS counts: every attempt by itself.
    pub executions: Counts,
    /// Each thing by its newest execution; none where there are too many to list.
    pub things: Option<Counts>,
    /// The newest executions that failed, the last one first.
    pub failures: Vec<FailedExecution>,
    /// Whether something happened between the two answers that may count a thing twice, or not at all.
    pub is_torn: bool,
}

/// An execution that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FailedExecution {
    /// The thing.
    pub thing: String,
    /// Which of the job's executions on it.
    pub number: i64,
    /// Its status.
    pub status: String,
    /// What the device said of it, as JSON; none if that is not known.
    pub details: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    status: String,
    #[serde(default)]
    execution_number: i64,
    #[serde(default)]
    last_updated_at: f64,
}

impl Counts {
    fn add(&mut self, status: &str, count: u64) {
        let at = JobExecutionStatus::ALL.iter().position(|known| known.as_str() == status);
        if let Some(at) = at.filter(|_| count > 0) {
            *self.0.entry(at).or_default() += count;
        }
    }

    fn without(&self, others: &Self) -> Self {
        let left = |(at, count): (&usize, &u64)| {
            (*at, count.saturating_sub(others.0.get(at).copied().unwrap_or_default()))
        };
        Self(self.0.iter().map(left).filter(|(_, count)| *count > 0).collect())
    }

    /// Those that there are, in the order of a job execution's life.
    fn iter(&self) -> impl Iterator<Item = (JobExecutionStatus, u64)> {
        self.0.iter().map(|(at, count)| (JobExecutionStatus::ALL[*at], *count))
    }

    /// All together.
    #[must_use]
    pub(crate) fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// Those that are finished.
    #[must_use]
    pub(crate) fn done(&self) -> u64 {
        self.iter().filter(|(status, _)| status.is_terminal()).map(|(_, count)| count).sum()
    }

    fn words(&self) -> String {
        let words: Vec<_> = self.iter().map(|(status, count)| format!("{count} {status}")).collect();
        if words.is_empty() { "none".to_owned() } else { words.join(", ") }
    }

    fn to_json(&self) -> Value {
        self.iter()
            .map(|(status, count)| (status.to_string(), Value::from(count)))
            .collect::<serde_json::Map<_, _>>()
            .into()
    }
}

impl Progress {
    /// From the answers to DescribeJob and to ListJobExecutionsForJob, if that was asked; `None` where one makes no sense.
    #[must_use]
    pub(crate) fn of(job: &str, described: &str, listed: Option<&str>) -> Option<Self> {
        let described: Value = serde_json::from_str(described).ok()?;
        let mut progress = Self {
            job: job.to_owned(),
            status: described["job"]["status"].as_str()?.to_owned(),
            ..Self::default()
        };
        for status in JobExecutionStatus::ALL {
            let member = format!("numberOf{}Things", capitalized(status.as_str()));
            let count = described["job"]["jobProcessDetails"][member].as_u64().unwrap_or_default();
            progress.executions.add(status.as_str(), count);
        }
        if let Some(listed) = listed {
            progress.count_things(serde_json::from_str(listed).ok()?);
        }
        Some(progress)
    }

    /// Each thing counts by its newest execution: all executions, which come in one answer, without those that a later
    /// one has followed. The list says which ones these are; they change no more, however long it takes to read.
    fn count_things(&mut self, listed: Listed<Summary>) {
        let mut all: BTreeMap<(String, i64), Summary> = BTreeMap::new();
        for execution in listed.execution_summaries {
            let number = execution.job_execution_summary.execution_number;
            all.insert((execution.thing().to_owned(), number), execution.job_execution_summary);
        }
        let (mut executions, mut followed) = (Counts::default(), Counts::default());
        let mut newest: BTreeMap<String, Summary> = BTreeMap::new();
        for ((thing, _), summary) in all {
            executions.add(&summary.status, 1);
            if let Some(before) = newest.insert(thing, summary) {
                followed.add(&before.status, 1);
            }
        }
        self.is_torn = followed != Counts::default() && executions != self.executions;
        self.things = Some(self.executions.without(&followed));
        let mut failed: Vec<_> =
            newest.into_iter().filter(|(_, summary)| is_failure(&summary.status)).collect();
        failed.sort_by(|(_, a), (_, b)| b.last_updated_at.total_cmp(&a.last_updated_at));
        let failure = |(thing, summary): (String, Summary)| FailedExecution {
            thing,
            number: summary.execution_number,
            status: summary.status,
            details: None,
        };
        self.failures = failed.into_iter().take(MAX_FAILURES).map(failure).collect();
    }

    /// Whether the job changes no more.
    #[must_use]
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.status.as_str(), "COMPLETED" | "CANCELED" | "DELETION_IN_PROGRESS")
    }

    /// Whether it came to its own end.
    #[must_use]
    pub(crate) fn is_completed(&self) -> bool {
        self.status == "COMPLETED"
    }

    /// How many things are finished.
    #[must_use]
    pub(crate) fn done(&self) -> u64 {
        self.counted().0.done()
    }

    /// What is counted: things where they can be, else executions.
    fn counted(&self) -> (&Counts, &'static str) {
        self.things.as_ref().map_or((&self.executions, "executions"), |things| (things, "things"))
    }

    /// All of it on one line.
    #[must_use]
    pub(crate) fn line(&self) -> String {
        let (counts, what) = self.counted();
        let mut line =
            format!("{} {}: {} of {} {what} done", self.job, self.status, counts.done(), counts.total());
        if let Some(things) = &self.things {
            line.extend(["; things: ", &things.words()]);
        }
        line.extend(["; executions: ", &self.executions.words()]);
        if let Some(failure) = self.failures.first() {
            line.extend(["; last failure: ", &failure.words()]);
        }
        escape::line(&line).into_owned()
    }

    /// All of it as JSON.
    #[must_use]
    pub(crate) fn to_json(&self) -> String {
        let failures = self.failures.iter().map(|failure| {
            let details = failure.details.as_deref().and_then(|details| serde_json::from_str::<Value>(details).ok());
            json!({ "thing": failure.thing, "executionNumber": failure.number, "status": failure.status, "statusDetails": details })
        });
        json!({
            "jobId": self.job,
            "status": self.status,
            "things": self.things.as_ref().map(Counts::to_json),
            "executions": self.executions.to_json(),
            "failures": failures.collect::<Vec<_>>(),
        })
        .to_string()
    }

    /// A picture for a terminal of so many columns, line by line. `since` is when `before` things were done; `how` says
    /// how the service is asked.
    #[must_use]
    pub(crate) fn picture(
        &self,
        theme: Theme,
        width: usize,
        since: (Duration, u64),
        how: &str,
    ) -> Vec<String> {
        let (counts, what) = self.counted();
        let (elapsed, before) = since;
        let minutes = elapsed.as_secs_f64() / 60.0;
        let rate = if minutes > 0.0 {
            // No job has as many things as a float cannot hold.
            #[allow(clippy::cast_precision_loss)]
            let done = counts.done().saturating_sub(before) as f64;
            format!("{:.1} a minute", done / minutes)
        } else {
            String::new()
        };
        let done = format!("{} of {} {what} done  {rate}", counts.done(), counts.total());
        let mut lines = vec![
            (Style::Strong, format!("{}  {}", self.job, self.status)),
            (Style::Text, format!("{}  {done}", bar(counts, theme))),
        ];
        if let Some(things) = &self.things {
            lines.push((Style::Value, format!("things      {}", things.words())));
        }
        lines.push((Style::Faint, format!("executions  {}", self.executions.words())));
        for failure in &self.failures {
            lines.push((Style::Refusal, format!("failed      {}", failure.words())));
        }
        if !how.is_empty() && !self.is_over() {
            lines.push((Style::Faint, how.to_owned()));
        }
        lines
            .iter()
            .map(|(style, line)| theme.paint(*style, &cut(&escape::line(line), width, theme)))
            .collect()
    }
}

impl FailedExecution {
    fn words(&self) -> String {
        let details = self.details.as_deref().filter(|details| *details != "{}").unwrap_or_default();
        format!("{} {} {details}", self.thing, self.status).trim_end().to_owned()
    }
}

/// A bar in which each status takes its share: finished ones filled, pending ones not.
fn bar(counts: &Counts, theme: Theme) -> String {
    let marks = if theme.unicode { ['█', '▒', '░'] } else { ['#', '+', '.'] };
    let total = counts.total().max(1);
    let width = |count: u64| usize::try_from(count * BAR as u64 / total).unwrap_or(BAR);
    let in_progress: u64 = counts
        .iter()
        .filter(|(status, _)| *status == JobExecutionStatus::InProgress)
        .map(|(_, count)| count)
        .sum();
    let done = width(counts.done());
    let begun = width(counts.done() + in_progress) - done;
    let shares = [done, begun, BAR - done - begun];
    let bar: String =
        marks.iter().zip(shares).flat_map(|(mark, share)| std::iter::repeat_n(*mark, share)).collect();
    format!("[{bar}]")
}

fn is_failure(status: &str) -> bool {
    matches!(status, "FAILED" | "TIMED_OUT" | "REJECTED")
}

/// A status as it stands in the names of members: `TimedOut`.
fn capitalized(status: &str) -> String {
    let capitalize = |word: &str| word[..1].to_owned() + &word[1..].to_ascii_lowercase();
    status.split('_').map(capitalize).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DESCRIBED: &str = r#"{"job":{"status":"IN_PROGRESS","jobProcessDetails":{"processingTargets":null,
        "numberOfQueuedThings":1,"numberOfSucceededThings":1,"numberOfFailedThings":2,"numberOfTimedOutThings":1}}}"#;

    fn listed() -> String {
        let execution = |thing: &str, number: u32, status: &str, at: u32| {
            format!(
                r#"{{"thingArn":"arn:aws:iot:r:1:thing/{thing}","jobExecutionSummary":{{"status":"{status}","executionNumber":{number},"lastUpdatedAt":{at}}}}}"#
            )
        };
        let all = [
            execution("A", 1, "FAILED", 1),
            execution("A", 2, "SUCCEEDED", 5),
            execution("B", 1, "TIMED_OUT", 2),
            execution("C", 2, "QUEUED", 4),
            execution("C", 1, "FAILED", 3),
        ];
        format!(r#"{{"executionSummaries":[{}]}}"#, all.join(","))
    }

    #[test]
    fn a_thing_that_is_tried_again_is_one_thing() {
        let mut progress = Progress::of("J", DESCRIBED, Some(&listed())).unwrap();
        assert!(!progress.is_torn);
        let earlier = DESCRIBED.replace("\"numberOfFailedThings\":2", "\"numberOfFailedThings\":1");
        assert!(Progress::of("J", &earlier, Some(&listed())).unwrap().is_torn);
        assert_eq!(
            progress.line(),
            "J IN_PROGRESS: 2 of 3 things done; things: 1 QUEUED, 1 SUCCEEDED, 1 TIMED_OUT; \
             executions: 1 QUEUED, 1 SUCCEEDED, 2 FAILED, 1 TIMED_OUT; last failure: B TIMED_OUT"
        );
        progress.failures[0].details = Some(r#"{"why":"\u001b[2J"}"#.to_owned());
        assert!(progress.line().ends_with(r#"B TIMED_OUT {"why":"\u001b[2J"}"#), "{}", progress.line());
        let json: Value = serde_json::from_str(&progress.to_json()).unwrap();
        assert_eq!(json["things"], json!({"QUEUED": 1, "SUCCEEDED": 1, "TIMED_OUT": 1}));
        assert_eq!(json["failures"][0]["statusDetails"]["why"], "\u{1b}[2J");
    }

    /// The list is another answer, and a long one takes its time: it is not what is counted.
    #[test]
    fn what_ends_between_the_two_answers_counts_for_things_and_executions_alike() {
        let later = listed().replace("\"QUEUED\"", "\"SUCCEEDED\"");
        let progress = Progress::of("J", DESCRIBED, Some(&later)).unwrap();
        assert!(progress.is_torn);
        assert!(
            progress.line().starts_with(
                "J IN_PROGRESS: 2 of 3 things done; things: 1 QUEUED, 1 SUCCEEDED, 1 TIMED_OUT; executions: 1 QUEUED, 1 SUCCEEDED, "
            ),
            "{}",
            progress.line()
        );
        // A page may repeat the last execution of the one before.
        let again = r#"{"thingArn":"arn:aws:iot:r:1:thing/C","jobExecutionSummary":{"status":"FAILED","executionNumber":1,"lastUpdatedAt":3}}"#;
        let twice = listed().replace("]}", &format!(",{again}]}}"));
        let progress = Progress::of("J", DESCRIBED, Some(&twice)).unwrap();
        assert!(progress.line().starts_with("J IN_PROGRESS: 2 of 3 things done; "), "{}", progress.line());
    }

    #[test]
    fn where_things_cannot_be_listed_executions_are_counted() {
        let progress = Progress::of("J", DESCRIBED, None).unwrap();
        assert!(progress.line().starts_with("J IN_PROGRESS: 4 of 5 executions done; executions: "));
        assert_eq!(Progress::of("J", "{}", None), None);
        assert_eq!(Progress::of("J", DESCRIBED, Some("[]")), None);
    }

    #[test]
    fn the_picture_fits_the_terminal() {
        let progress = Progress::of("J", DESCRIBED, Some(&listed())).unwrap();
        let theme = Theme { color: false, unicode: true };
        let picture = progress.picture(theme, 80, (Duration::from_mins(1), 1), "asks AWS every 5 s");
        assert_eq!(
            picture,
            [
                "J  IN_PROGRESS",
                "[██████████████████████████░░░░░░░░░░░░░░]  2 of 3 things done  1.0 a minute",
                "things      1 QUEUED, 1 SUCCEEDED, 1 TIMED_OUT",
                "executions  1 QUEUED, 1 SUCCEEDED, 2 FAILED, 1 TIMED_OUT",
                "failed      B TIMED_OUT",
                "asks AWS every 5 s",
            ]
        );
        for line in progress.picture(theme, 20, (Duration::ZERO, 0), "asks AWS every 5 s") {
            assert!(line.chars().count() <= 20, "{line}");
        }
    }
}
