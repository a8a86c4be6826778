//! Topics and filters are read as the rules say, and what is read is written back as it was.

use bytestring::ByteString;

use super::{Filter, accepts_publish, is_reserved, is_valid_topic};
use crate::service::broker::limits;
use crate::wire::topics::{Channel, Topic, device_filters, split_jobs_topic};

/// Reads a topic in the first line and filters in the others.
pub(crate) fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut lines = text.split('\n');
    let topic = lines.next().unwrap_or_default();
    check_topic(topic);
    for filter in lines {
        check_filter(filter, topic);
    }
}

fn check_topic(name: &str) {
    let Some(topic) = Topic::parse(name) else { return };
    assert_eq!(topic.to_string(), name);
    assert_eq!(split_jobs_topic(name).map(|(thing, _)| thing), Some(topic.thing.as_str()));
    assert!(is_valid_topic(name) && is_reserved(name) && accepts_publish(name), "{name}");
    let covering = device_filters(&topic.thing).into_iter().filter(|text| read(text).matches(name)).count();
    if !matches!(topic.channel, Channel::Request(_)) {
        assert_eq!(covering, 1, "{name} reaches a device once");
    }
}

fn check_filter(text: &str, topic: &str) {
    let Some(filter) = Filter::parse(&text.into()) else { return };
    let written = match &filter.share {
        Some(group) => format!("$share/{group}/{}", filter.levels),
        None => filter.levels.to_string(),
    };
    assert_eq!(written, text);
    assert!(filter.levels.len() <= limits::TOPIC, "{text}");
    let levels: Vec<_> = filter.levels.split('/').collect();
    assert_eq!(filter.is_exact(), !levels.iter().any(|level| matches!(*level, "+" | "#")), "{text}");
    assert!(!filter.is_exact() || filter.matches(&filter.levels), "{text}");
    let hidden = topic.starts_with('$') && matches!(levels[0], "+" | "#");
    let expected = !hidden && matches(&levels, &topic.split('/').collect::<Vec<_>>());
    assert_eq!(filter.matches(topic), expected, "{text} and {topic}");
}

/// The same rule, written to be read.
fn matches(filter: &[&str], topic: &[&str]) -> bool {
    match (filter, topic) {
        ([], []) | (["#"], [_, ..]) => true,
        ([level, filter @ ..], [name, topic @ ..]) => {
            (*level == "+" || level == name) && matches(filter, topic)
        }
        _ => false,
    }
}

fn read(filter: &str) -> Filter {
    Filter::parse(&ByteString::from(filter)).expect("a filter of the client is valid")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    fn level() -> impl Strategy<Value = String> {
        let known = ["get", "update", "start-next", "notify", "notify-next", "accepted", "rejected", "$next"];
        let other = ["J", "a", "+", "#", "", "$aws", "things", "T", "jobs", "$share", "g"];
        prop_oneof![
            8 => prop::sample::select([&known[..], &other[..]].concat()).prop_map(str::to_owned),
            1 => "[+#a:_\\-é]{0,4}",
            1 => "x{60,130}",
        ]
    }

    fn topic() -> impl Strategy<Value = String> {
        let levels = || prop::collection::vec(level(), 0..5).prop_map(|levels| levels.join("/"));
        prop_oneof![
            3 => levels().prop_map(|rest| format!("$aws/things/T/jobs/{rest}")),
            1 => levels().prop_map(|rest| format!("$share/g/{rest}")),
            2 => levels(),
        ]
    }

    proptest! {
        #[test]
        fn topics_and_filters_keep_their_rules(lines in prop::collection::vec(topic(), 1..8)) {
            super::check(lines.join("\n").as_bytes());
        }

        #[test]
        fn so_do_any_bytes(data in prop::collection::vec(any::<u8>(), 0..300)) {
            super::check(&data);
        }
    }
}
