//! What messages on topics are called, and which subscriptions bring them.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/reserved-topics.html>

/// A kind of message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    /// Its title.
    pub title: &'static str,
    /// A filter that brings it.
    pub filter: &'static str,
    /// The type of event that update-event-configurations must enable, if it is not sent unasked.
    pub event_type: Option<&'static str>,
    /// The levels of its topics; none for the kind that all others are.
    levels: &'static [&'static str],
}

/// A message that is no event of AWS IoT's on jobs or clients.
pub(crate) static MESSAGE: Kind =
    Kind { title: "Message", filter: "<filter>", event_type: None, levels: &[] };

/// The title of a request that is printed and not sent.
pub(crate) const DRY_RUN: &str = "CreateJobRequest";

/// A message that a fault has struck; no topic brings it.
pub(crate) const FAULT_INJECTED: &str = "FaultInjected";

static EVENTS: [Kind; 4] = [
    Kind {
        title: "JobEvent",
        filter: "$aws/events/job/#",
        event_type: Some("JOB"),
        levels: &["$aws", "events", "job", "+", "+"],
    },
    Kind {
        title: "JobExecutionEvent",
        filter: "$aws/events/jobExecution/#",
        event_type: Some("JOB_EXECUTION"),
        levels: &["$aws", "events", "jobExecution", "+", "+"],
    },
    Kind {
        title: "PresenceEvent",
        filter: "$aws/events/presence/#",
        event_type: None,
        levels: &["$aws", "events", "presence", "+", "+"],
    },
    Kind {
        title: "SubscriptionEvent",
        filter: "$aws/events/subscriptions/#",
        event_type: None,
        levels: &["$aws", "events", "subscriptions", "+", "+"],
    },
];

/// All kinds.
pub(crate) fn kinds() -> impl Iterator<Item = &'static Kind> {
    EVENTS.iter().chain([&MESSAGE])
}

/// The kind with this title.
#[must_use]
pub(crate) fn find(title: &str) -> Option<&'static Kind> {
    kinds().find(|kind| kind.title == title)
}

/// The kind of the messages on a topic.
#[must_use]
pub(crate) fn of_topic(topic: &str) -> &'static Kind {
    EVENTS.iter().find(|kind| topic.starts_with(kind.filter.trim_end_matches('#'))).unwrap_or(&MESSAGE)
}

impl Kind {
    /// Whether a subscription to `filter` can bring such a message.
    #[must_use]
    pub(crate) fn is_brought_by(&self, filter: &str) -> bool {
        let filter = filter
            .strip_prefix("$share/")
            .and_then(|shared| shared.split_once('/'))
            .map_or(filter, |(_, filter)| filter);
        if !self.levels.is_empty() {
            return meet(filter, self.levels);
        }
        // Whatever is no topic of one of the events alone.
        !EVENTS.iter().any(|kind| filter.starts_with(kind.filter.trim_end_matches('#')))
    }
}

/// Whether some topic of these levels matches a filter.
fn meet(filter: &str, levels: &[&str]) -> bool {
    // A wildcard in front matches no topic that begins with `$`.
    if filter.starts_with(['+', '#']) {
        return false;
    }
    let mut wanted = filter.split('/');
    for level in levels {
        match wanted.next() {
            Some("#") => return true,
            Some(wanted) if wanted == "+" || *level == "+" || wanted == *level => {}
            _ => return false,
        }
    }
    wanted.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_called_by_its_topic() {
        for (topic, title) in [
            ("$aws/events/job/J/completed", "JobEvent"),
            ("$aws/events/jobExecution/J/succeeded", "JobExecutionEvent"),
            ("$aws/events/presence/connected/me", "PresenceEvent"),
            ("$aws/events/subscriptions/subscribed/me", "SubscriptionEvent"),
            ("$aws/events/thing/T/created", "Message"),
            ("$aws/events/jobs/J/completed", "Message"),
            ("$aws/things/T/jobs/notify", "Message"),
            ("a/b", "Message"),
        ] {
            assert_eq!(of_topic(topic).title, title, "{topic}");
        }
    }

    #[test]
    fn a_subscription_brings_the_kinds_that_its_filter_meets() {
        for (filter, titles) in [
            ("$aws/events/job/#", &["JobEvent"][..]),
            ("$aws/events/job/J/+", &["JobEvent"]),
            ("$aws/events/job/J", &[]),
            ("$aws/events/job/J/completed/x", &[]),
            ("$aws/events/jobExecution/#", &["JobExecutionEvent"]),
            (
                "$aws/events/+/+/me",
                &["JobEvent", "JobExecutionEvent", "PresenceEvent", "SubscriptionEvent", "Message"],
            ),
            (
                "$aws/events/#",
                &["JobEvent", "JobExecutionEvent", "PresenceEvent", "SubscriptionEvent", "Message"],
            ),
            ("$share/g/$aws/events/presence/#", &["PresenceEvent"]),
            ("#", &["Message"]),
            ("+/events/job/#", &["Message"]),
            ("a/b", &["Message"]),
        ] {
            let brought: Vec<_> =
                kinds().filter(|kind| kind.is_brought_by(filter)).map(|kind| kind.title).collect();
            assert_eq!(brought, titles, "{filter}");
        }
        for kind in &EVENTS {
            assert!(kind.is_brought_by(kind.filter), "{}", kind.title);
        }
    }
}
