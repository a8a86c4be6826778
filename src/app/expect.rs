//! Whether a message is what `expect` waits for, and if not, what differs.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::app::command::{Expectation, Expected, MemberPath, Predicate, Step};
use crate::app::output::escape;
use crate::app::output::message::Message;

/// How many of the messages that came instead are shown.
const MAX_SHOWN: usize = 5;

/// How a message differs from an expectation: one phrase per predicate that does not hold; `None` if
/// the title differs.
#[must_use]
pub(crate) fn differences(expectation: &Expectation, message: &Message) -> Option<Vec<String>> {
    if message.title != expectation.title {
        return None;
    }
    let body = message.body.as_deref().and_then(|body| serde_json::from_str::<&RawValue>(body).ok());
    Some(expectation.predicates.iter().filter_map(|predicate| difference(predicate, body)).collect())
}

/// Whether a message is what was expected.
#[must_use]
pub(crate) fn matches(expectation: &Expectation, message: &Message) -> bool {
    differences(expectation, message).is_some_and(|differences| differences.is_empty())
}

/// What was expected, and what came instead, one line per message, the closest match first.
#[must_use]
pub(crate) fn explain<'a>(
    expectation: &Expectation,
    messages: impl Iterator<Item = &'a Message>,
) -> (String, Vec<String>) {
    let mut others: Vec<(usize, &Message, Vec<String>)> = messages
        .map(|message| match differences(expectation, message) {
            Some(differences) => (differences.len(), message, differences),
            None => (usize::MAX, message, Vec::new()),
        })
        .collect();
    let what = match others.len() {
        0 => format!("awaited {expectation}, but nothing came"),
        1 => format!("awaited {expectation}; this came instead:"),
        count => format!("awaited {expectation}; these {count} came instead:"),
    };
    // A stable sort: among equally close ones the earlier stays first.
    others.sort_by_key(|(distance, ..)| *distance);
    let mut instead: Vec<String> = others
        .iter()
        .take(MAX_SHOWN)
        .map(|(_, message, differences)| match differences.as_slice() {
            // It matches, so an earlier expect has used it.
            [] if message.title == expectation.title => {
                format!("{}, which an earlier expect has used up", message.title)
            }
            [] => escape::line(&message.title).into_owned(),
            differences => format!("{}: {}", message.title, differences.join("; ")),
        })
        .collect();
    if others.len() > MAX_SHOWN {
        instead.push(format!("and {} more", others.len() - MAX_SHOWN));
    }
    (what, instead)
}

fn difference(predicate: &Predicate, body: Option<&RawValue>) -> Option<String> {
    let found = body.and_then(|body| find(body, &predicate.path));
    let wanted = match &predicate.expected {
        Expected::Absent => return found.map(|found| format!("{} is {}", predicate.path, shown(found))),
        Expected::Value(wanted) => wanted,
    };
    let Some(found) = found else { return Some(format!("there is no {}", predicate.path)) };
    match serde_json::from_str::<Value>(found.get()) {
        Ok(value) if equal(&value, wanted) => None,
        Ok(_) => Some(format!("{} is {}", predicate.path, shown(found))),
        Err(error) => Some(format!("{} cannot be compared: {error}", predicate.path)),
    }
}

/// The member of a message at `path`: a string as its text, anything else as its JSON.
#[must_use]
pub(crate) fn member(message: &Message, path: &MemberPath) -> Option<String> {
    let body: &RawValue = serde_json::from_str(message.body.as_deref()?).ok()?;
    let found = find(body, path)?.get();
    Some(serde_json::from_str(found).unwrap_or_else(|_| found.to_owned()))
}

/// What is at `path`. Works on raw text, so that deep nesting cannot overflow the stack.
fn find<'a>(body: &'a RawValue, path: &MemberPath) -> Option<&'a RawValue> {
    path.steps().iter().try_fold(body, |at, step| match step {
        Step::Member(name) => {
            let members: BTreeMap<Cow<'a, str>, &'a RawValue> = serde_json::from_str(at.get()).ok()?;
            members.get(name.as_str()).copied()
        }
        Step::Element(index) => {
            let elements: Vec<&'a RawValue> = serde_json::from_str(at.get()).ok()?;
            elements.get(*index).copied()
        }
    })
}

/// Equal as JSON: the order of members and the spelling of numbers do not matter.
fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        // Exact if both are integers, as doubles if one is not.
        (Value::Number(a), Value::Number(b)) => {
            a == b || (a.is_f64() != b.is_f64() && a.as_f64() == b.as_f64())
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| equal(a, b)))
        }
        (a, b) => a == b,
    }
}

fn shown(value: &RawValue) -> String {
    escape::excerpt(&crate::app::output::json_text::compact(value.get()), 200)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::command::{Command, Line, parse};
    use crate::app::output::message::MessageKind;

    fn expectation(predicates: &str) -> Expectation {
        match parse(&format!("expect JobExecutionsChangedEvent {predicates}")) {
            Ok(Some(Line { command: Command::Expect(expectation), .. })) => expectation,
            other => panic!("{other:?}"),
        }
    }

    fn event(body: &str) -> Message {
        Message::new(MessageKind::Event, "JobExecutionsChangedEvent", Some(body.to_owned()))
    }

    const BODY: &str = r#"{"timestamp":1,"jobs":{"QUEUED":[{"jobId":"Job1","n":1.0,"x":null}]}}"#;

    fn joined_differences(predicates: &str) -> String {
        differences(&expectation(predicates), &event(BODY)).unwrap().join("; ")
    }

    #[test]
    fn conditions_are_compared_as_json() {
        for holds in [
            "",
            "timestamp=1",
            "timestamp=1.0",
            "jobs.QUEUED[0].jobId=Job1",
            "jobs.QUEUED[0].n=1",
            "jobs.QUEUED[0].x=null",
            "jobs.IN_PROGRESS=absent jobs.QUEUED[1]=absent nothing.there[3].at.all=absent",
            "jobs={\"QUEUED\": [{\"x\": null, \"n\": 1, \"jobId\": \"Job1\"}]}",
        ] {
            assert_eq!(joined_differences(holds), "", "{holds}");
        }
        assert_eq!(joined_differences("jobs.QUEUED[0].jobId=Job2"), "jobs.QUEUED[0].jobId is \"Job1\"");
        assert_eq!(joined_differences("timestamp=\"1\""), "timestamp is 1");
        assert_eq!(
            joined_differences("jobs.QUEUED=absent"),
            r#"jobs.QUEUED is [{"jobId":"Job1","n":1.0,"x":null}]"#
        );
        assert_eq!(joined_differences("a=1 jobs.QUEUED.x=2"), "there is no a; there is no jobs.QUEUED.x");
    }

    #[test]
    fn a_body_of_any_depth_is_searched() {
        let deep = format!("{{\"a\":{}{},\"b\":1}}", "[".repeat(60_000), "]".repeat(60_000));
        let found = differences(&expectation("b=1 a=1"), &event(&deep)).unwrap();
        assert!(found[0].starts_with("a cannot be compared: recursion limit"), "{found:?}");
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn a_failure_shows_the_nearest_first() {
        let messages =
            [Message::new(MessageKind::Response, "CreateJobResponse", None), event("{}"), event(BODY)];
        let (what, instead) = explain(&expectation("timestamp=1 jobs.QUEUED[0].jobId=J"), messages.iter());
        assert_eq!(
            what,
            "awaited JobExecutionsChangedEvent timestamp=1 jobs.QUEUED[0].jobId=\"J\"; these 3 came instead:"
        );
        assert_eq!(
            instead,
            [
                "JobExecutionsChangedEvent: jobs.QUEUED[0].jobId is \"Job1\"",
                "JobExecutionsChangedEvent: there is no timestamp; there is no jobs.QUEUED[0].jobId",
                "CreateJobResponse",
            ]
        );
        let (what, instead) = explain(&expectation(""), [].iter());
        assert_eq!(what, "awaited JobExecutionsChangedEvent, but nothing came");
        assert!(instead.is_empty());
    }
}
