//! How a rehearsal ended, in a few lines.

use std::time::Duration;

use crate::service::rehearsal::{Minute, Rehearsal};
use crate::service::state::job_status::JobStatus;

/// All that is to be said of it.
pub(super) fn lines(rehearsal: &Rehearsal, until: Duration) -> Vec<String> {
    let things = rehearsal.things;
    let never = things - rehearsal.answered;
    let waiting = rehearsal.reached - rehearsal.answered;
    let waiting = if waiting > 0 { format!(", {waiting} of which had it queued") } else { String::new() };
    let had = format!("{} of {things} things had it, {never} never saw it{waiting}.", rehearsal.answered);
    let worst = match rehearsal.worst_minute() {
        None => "Nothing failed.".to_owned(),
        Some((minute, failures)) => {
            format!("The worst minute was {}, with {}.", clock(minute), counted(failures, "failure"))
        }
    };
    vec![format!("The job is {}", how(rehearsal, until)), had, executions(rehearsal), worst]
}

/// How it ended, and by which rule.
pub(super) fn how(rehearsal: &Rehearsal, until: Duration) -> String {
    let status = rehearsal.status.as_str();
    let Some(ended) = rehearsal.ended else {
        return format!("still {status} after {}.", words(until));
    };
    let ended = words(ended);
    match (&rehearsal.comment, rehearsal.status) {
        (Some(comment), _) => format!("{status} after {ended}: {comment}"),
        (None, JobStatus::Canceled) => format!("{status} after {ended}, by the end of its schedule."),
        _ => format!("{status} after {ended}."),
    }
}

/// Where its executions stand.
fn executions(rehearsal: &Rehearsal) -> String {
    let last = rehearsal.minutes.last().copied().unwrap_or_default();
    let Minute { queued, in_progress, succeeded, failed, rejected, timed_out, canceled, .. } = last;
    let counts = [
        (succeeded, "SUCCEEDED"),
        (failed, "FAILED"),
        (rejected, "REJECTED"),
        (timed_out, "TIMED_OUT"),
        (canceled, "CANCELED"),
        (queued, "QUEUED"),
        (in_progress, "IN_PROGRESS"),
    ];
    let all: u64 = counts.iter().map(|(count, _)| count).sum();
    let told =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, status)| format!("{count} {status}"));
    let told: Vec<String> = told.collect();
    if told.is_empty() {
        return "It reached no thing.".to_owned();
    }
    format!("{}: {}.", counted(all, "job execution"), told.join(", "))
}

/// Hours and minutes since the job's creation.
pub(super) fn clock(minute: u64) -> String {
    format!("{}:{:02}", minute / 60, minute % 60)
}

fn counted(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// A duration in words as options take them, to the second.
fn words(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let parts =
        [(seconds / 86_400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")];
    let told = parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count}{unit}"));
    let told: Vec<String> = told.collect();
    if told.is_empty() { "0s".to_owned() } else { told.join(" ") }
}
