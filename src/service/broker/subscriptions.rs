//! Subscriptions, indexed by topic level so that a message is not compared with every filter.

use std::collections::HashMap;

use bytestring::ByteString;

use super::filter::{self, Filter};
use super::packet::Qos;
use super::session::SessionId;

/// One session's subscription, as the index hands it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subscriber {
    pub(crate) session: SessionId,
    /// The group of a shared subscription: one of its members gets each message.
    pub(crate) share: Option<ByteString>,
    pub(crate) qos: Qos,
    pub(crate) no_local: bool,
    pub(crate) retain_as_published: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Subscriptions {
    root: Node,
}

#[derive(Debug, Default)]
struct Node {
    children: HashMap<Box<str>, Node>,
    /// Whose filter ends here.
    here: Vec<Subscriber>,
}

impl Subscriptions {
    /// Whether nobody subscribes to anything.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn is_empty(&self) -> bool {
        self.root.children.is_empty()
    }

    /// Adds a subscription, or replaces the same session's one to the same filter.
    pub(crate) fn insert(&mut self, filter: &Filter, subscriber: Subscriber) {
        let mut node = &mut self.root;
        for level in filter.levels.split('/') {
            node = node.children.entry(level.into()).or_default();
        }
        let same =
            |other: &&mut Subscriber| other.session == subscriber.session && other.share == subscriber.share;
        match node.here.iter_mut().find(same) {
            Some(known) => *known = subscriber,
            None => node.here.push(subscriber),
        }
    }

    /// Removes a session's subscription to a filter.
    pub(crate) fn remove(&mut self, filter: &Filter, session: SessionId) {
        self.root.remove(&mut filter.levels.split('/'), filter.share.as_ref(), session);
    }

    /// Whether anybody subscribes to `topic`.
    pub(crate) fn has_match(&self, topic: &str) -> bool {
        let mut any = false;
        self.matching(topic, &mut |here| any |= !here.is_empty());
        any
    }

    /// Calls `found` for each matching filter, with all who subscribed to it.
    pub(crate) fn matching<'a>(&'a self, topic: &str, found: &mut impl FnMut(&'a [Subscriber])) {
        let levels: Vec<&str> = topic.split('/').collect();
        self.root.matching(&levels, filter::is_reserved(topic), found);
    }
}

impl Node {
    /// Returns whether the node is empty now.
    fn remove<'a>(
        &mut self,
        levels: &mut impl Iterator<Item = &'a str>,
        share: Option<&ByteString>,
        session: SessionId,
    ) -> bool {
        match levels.next() {
            Some(level) => {
                if let Some(child) = self.children.get_mut(level)
                    && child.remove(levels, share, session)
                {
                    self.children.remove(level);
                }
            }
            None => self.here.retain(|known| known.session != session || known.share.as_ref() != share),
        }
        self.here.is_empty() && self.children.is_empty()
    }

    fn matching<'a>(&'a self, levels: &[&str], no_wildcard: bool, found: &mut impl FnMut(&'a [Subscriber])) {
        let Some((level, rest)) = levels.split_first() else {
            found(&self.here);
            return;
        };
        if let Some(child) = self.children.get(*level) {
            child.matching(rest, false, found);
        }
        if no_wildcard {
            return;
        }
        if let Some(child) = self.children.get("+") {
            child.matching(rest, false, found);
        }
        if let Some(child) = self.children.get("#") {
            found(&child.here);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Option<Filter> {
        Filter::parse(&ByteString::from(text))
    }

    fn subscriber(session: u64) -> Subscriber {
        Subscriber {
            session: SessionId(session),
            share: None,
            qos: Qos::AtLeastOnce,
            no_local: false,
            retain_as_published: false,
        }
    }

    fn found(index: &Subscriptions, topic: &str) -> Vec<u64> {
        let mut sessions = Vec::new();
        index.matching(topic, &mut |here| sessions.extend(here.iter().map(|one| one.session.0)));
        sessions.sort_unstable();
        sessions
    }

    #[test]
    fn a_second_subscription_to_the_same_filter_replaces_the_first() {
        let mut index = Subscriptions::default();
        let filter = parse("a/+").unwrap();
        index.insert(&filter, subscriber(1));
        index.insert(&filter, Subscriber { qos: Qos::AtMostOnce, ..subscriber(1) });
        let mut granted = Vec::new();
        index.matching("a/b", &mut |here| granted.extend(here.iter().map(|one| one.qos)));
        assert_eq!(granted, [Qos::AtMostOnce]);
    }

    #[test]
    fn what_is_removed_leaves_nothing_behind() {
        let mut index = Subscriptions::default();
        let (short, long) = (parse("a/b").unwrap(), parse("a/b/c/#").unwrap());
        index.insert(&short, subscriber(1));
        index.insert(&long, subscriber(1));
        index.remove(&short, SessionId(1));
        assert_eq!(found(&index, "a/b/c/d"), [1]);
        index.remove(&long, SessionId(1));
        assert!(index.is_empty());
    }

    proptest! {
        /// The index finds what comparing with each filter finds.
        #[test]
        fn agrees_with_the_filters(
            filters in prop::collection::vec("(\\$?[ab]|\\+|)(/([ab]|\\+|)){0,3}(/#)?", 0..12),
            removed in prop::collection::vec(any::<bool>(), 12),
            topic in "\\$?[ab](/[ab]?){0,4}",
        ) {
            let mut index = Subscriptions::default();
            let filters: Vec<_> = filters.iter().filter_map(|text| parse(text)).collect();
            for (number, filter) in filters.iter().enumerate() {
                index.insert(filter, subscriber(number as u64));
            }
            let mut expected = Vec::new();
            for (number, filter) in filters.iter().enumerate() {
                if removed[number] {
                    index.remove(filter, SessionId(number as u64));
                } else if filter.matches(&topic) {
                    expected.push(number as u64);
                }
            }
            prop_assert_eq!(found(&index, &topic), expected);
        }
    }
}
