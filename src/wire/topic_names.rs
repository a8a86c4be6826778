//! What MQTT and AWS IoT take for the name of a topic, and for a topic filter.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/topics.html>

/// The longest topic or topic filter, in bytes.
///
/// AWS: <https://docs.aws.amazon.com/general/latest/gr/iot-core.html#message-broker-limits>
pub const MAX_TOPIC: usize = 256;

/// The most slashes in a topic or topic filter.
const MAX_SLASHES: usize = 7;

/// Why a message cannot be published to `topic`, in words that go on from "it"; `None` if it can.
#[must_use]
pub fn topic_fault(topic: &str) -> Option<&'static str> {
    if topic.contains(['+', '#']) {
        return Some("holds a wildcard, + or #");
    }
    // The rule's name in front of a Basic Ingest topic does not count.
    let counted = topic
        .strip_prefix("$aws/rules/")
        .and_then(|rest| rest.split_once('/'))
        .map_or(topic, |(_, rest)| rest);
    fault(counted)
}

/// Why nobody can subscribe to `filter`, in words that go on from "it"; `None` if somebody can.
#[must_use]
pub fn filter_fault(filter: &str) -> Option<&'static str> {
    let levels = match filter.strip_prefix("$share/") {
        Some(shared) => match shared.split_once('/') {
            Some((group, levels)) if !group.is_empty() && !group.contains(['+', '#']) => levels,
            _ => return Some("is no $share/group/filter"),
        },
        None => filter,
    };
    if levels.strip_suffix("/#").unwrap_or(levels).contains('#') && levels != "#" {
        return Some("holds a # that is not its whole last level");
    }
    if levels.split('/').any(|level| level.contains('+') && level != "+") {
        return Some("holds a + that is not a whole level");
    }
    fault(levels)
}

fn fault(topic: &str) -> Option<&'static str> {
    if topic.is_empty() {
        Some("is empty")
    } else if topic.contains('\0') {
        Some("holds the character U+0000")
    } else if topic.len() > MAX_TOPIC {
        Some("is longer than 256 bytes")
    } else if topic.bytes().filter(|byte| *byte == b'/').count() > MAX_SLASHES {
        Some("has more than 7 slashes")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_stand_alone_and_in_filters_only() {
        for filter in ["#", "+", "a/#", "+/a/+/#", "$aws/events/#", "$share/g/a/+", "/", "a//b"] {
            assert_eq!(filter_fault(filter), None, "{filter}");
        }
        for filter in
            ["", "a#", "#/a", "a/#/b", "a+", "a/+b", "##", "$share/g", "$share//a", "$share/+/a", "a\0"]
        {
            assert!(filter_fault(filter).is_some(), "{filter}");
        }
        assert_eq!(topic_fault("a/b"), None);
        assert!(topic_fault("a/+").is_some() && topic_fault("").is_some());
    }

    #[test]
    fn what_is_too_long_or_too_deep_is_refused() {
        let (long, deep) = ("x".repeat(257), "/".repeat(8));
        for fault in [topic_fault(&long), topic_fault(&deep), filter_fault(&long), filter_fault(&deep)] {
            assert!(fault.is_some());
        }
        assert_eq!(topic_fault(&format!("$aws/rules/R/{}", "/".repeat(7))), None);
    }
}
