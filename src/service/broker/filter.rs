//! Topic names and topic filters: which are valid, and which filter matches which name.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/topics.html>

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;

use bytestring::ByteString;

use crate::wire::topic_names::{filter_fault, topic_fault};

/// A valid topic filter, its shared-subscription prefix taken off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Filter {
    /// The group of `$share/group/filter`.
    pub(crate) share: Option<ByteString>,
    /// What topics are compared with.
    pub(crate) levels: ByteString,
}

impl Filter {
    /// Parses a filter; `None` if it is not valid.
    pub(crate) fn parse(text: &ByteString) -> Option<Self> {
        if filter_fault(text).is_some() {
            return None;
        }
        Some(match text.strip_prefix("$share/").and_then(|shared| shared.split_once('/')) {
            Some((group, levels)) => Self { share: Some(group.into()), levels: levels.into() },
            None => Self { share: None, levels: text.clone() },
        })
    }

    /// Whether it holds no wildcard: only such a subscription gets retained messages.
    pub(crate) fn is_exact(&self) -> bool {
        !self.levels.contains(['+', '#'])
    }

    /// Whether it matches a topic name.
    ///
    /// As AWS does it: `a/#` does not match `a`. A wildcard in front does not match a topic that begins with `$`.
    pub(crate) fn matches(&self, topic: &str) -> bool {
        if topic.starts_with('$') && self.levels.starts_with(['+', '#']) {
            return false;
        }
        let mut names = topic.split('/');
        for level in self.levels.split('/') {
            match (level, names.next()) {
                ("#", Some(_)) => return true,
                ("+", Some(_)) => {}
                (level, Some(name)) if level == name => {}
                _ => return false,
            }
        }
        names.next().is_none()
    }
}

/// Whether a client may publish to a topic of this form.
pub(crate) fn is_valid_topic(topic: &str) -> bool {
    topic_fault(topic).is_none()
}

/// Whether a topic is reserved for the service: it begins with a dollar sign.
pub(crate) fn is_reserved(topic: &str) -> bool {
    topic.starts_with('$')
}

/// Whether a client may publish to a reserved topic: those that some service of AWS listens to.
pub(crate) fn accepts_publish(topic: &str) -> bool {
    ["$aws/things/", "$aws/rules/", "$aws/certificates/", "$aws/provisioning-templates/"]
        .iter()
        .any(|prefix| topic.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(text: &str) -> Option<Filter> {
        Filter::parse(&ByteString::from(text))
    }

    fn matches(text: &str, topic: &str) -> bool {
        filter(text).unwrap().matches(topic)
    }

    #[test]
    fn wildcards_match_whole_levels() {
        assert!(matches("a/+/c", "a/b/c"));
        assert!(matches("a/+", "a/"));
        assert!(!matches("a/+", "a/b/c"));
        assert!(matches("a/#", "a/b/c"));
        assert!(matches("#", "a"));
        assert!(!matches("a/b", "a"));
        assert!(!matches("a", "a/b"));
    }

    #[test]
    fn a_multi_level_wildcard_does_not_match_its_parent() {
        assert!(!matches("a/#", "a"));
        assert!(matches("a/#", "a/"));
    }

    #[test]
    fn a_wildcard_in_front_does_not_match_reserved_topics() {
        assert!(!matches("#", "$aws/things/T/jobs/notify"));
        assert!(!matches("+/things/T/jobs/notify", "$aws/things/T/jobs/notify"));
        assert!(matches("$aws/#", "$aws/things/T/jobs/notify"));
    }

    #[test]
    fn only_valid_filters_are_read() {
        for bad in
            ["", "a/#/b", "a#", "a+/b", "#/a", "a\0", "$share/g", "$share//a", "$share/+/a", "$share/g/"]
        {
            assert!(filter(bad).is_none(), "{bad}");
        }
        assert!(filter("a/b/c/d/e/f/g/h").is_some());
        assert!(filter("a/b/c/d/e/f/g/h/i").is_none());
        assert!(filter(&"x".repeat(257)).is_none());
        let shared = filter("$share/g/a/+").unwrap();
        assert_eq!((shared.share.as_deref(), &*shared.levels), (Some("g"), "a/+"));
    }

    #[test]
    fn only_valid_topics_are_published_to() {
        assert!(is_valid_topic("a/b/c/d/e/f/g/h"));
        assert!(!is_valid_topic("a/b/c/d/e/f/g/h/i"));
        assert!(is_valid_topic("$aws/rules/rule/a/b/c/d/e/f/g/h"));
        assert!(!is_valid_topic("$aws/rules/rule/a/b/c/d/e/f/g/h/i"));
        for bad in ["", "a/+", "#", "a\0b"] {
            assert!(!is_valid_topic(bad), "{bad}");
        }
        assert!(is_valid_topic(&"x".repeat(256)) && !is_valid_topic(&"x".repeat(257)));
    }
}
