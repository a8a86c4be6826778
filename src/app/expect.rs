//! Whether a message is what `expect` waits for, and if not, what differs.

mod compare;
mod find;

use serde_json::value::RawValue;

use crate::app::command::{Expectation, MemberPath, Predicate};
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
    Some(unmet(&expectation.predicates, message.body.as_deref()))
}

/// The predicates that do not hold for a body, as one phrase each.
#[must_use]
pub(crate) fn unmet(predicates: &[Predicate], body: Option<&str>) -> Vec<String> {
    let body = body.and_then(|body| serde_json::from_str::<&RawValue>(body).ok());
    let difference = |predicate: &Predicate| {
        let found = body.map_or_else(Vec::new, |body| find::find(body, &predicate.path));
        compare::difference(predicate, &found)
    };
    predicates.iter().filter_map(difference).collect()
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

/// The member of a message at `path`: a string as its text, anything else as its JSON.
#[must_use]
pub(crate) fn member(message: &Message, path: &MemberPath) -> Option<String> {
    let body: &RawValue = serde_json::from_str(message.body.as_deref()?).ok()?;
    let found = find::find(body, path).into_iter().next()?;
    Some(serde_json::from_str(found.get()).unwrap_or_else(|_| found.get().to_owned()))
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
        assert_eq!(
            joined_differences("jobs.QUEUED=absent"),
            r#"jobs.QUEUED is [{"jobId":"Job1","n":1.0,"x":null}]"#
        );
        assert_eq!(joined_differences("a=1 jobs.QUEUED.x=2"), "there is no a; there is no jobs.QUEUED.x");
    }

    #[test]
    fn a_body_of_any_depth_is_searched() {
        let deep = format!("{{\"a\":{}{},\"b\":1}}", "[".repeat(60_000), "]".repeat(60_000));
        let found = differences(&expectation("b=1 a=1 a[0][0]=present"), &event(&deep)).unwrap();
        let [found] = &found[..] else { panic!("{found:?}") };
        assert!(found.ends_with("[[…, which cannot be compared: it is nested too deeply"), "{found}");
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
