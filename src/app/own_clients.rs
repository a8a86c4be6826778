//! The MQTT client ids of the session's own connections.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::wire::model::ThingName;

/// How many bytes a client id may have, on AWS too.
const MAX_BYTES: usize = 128;

/// The client ids of the session, each given once. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct OwnClients {
    first: String,
    topics: String,
    things: Arc<Mutex<Vec<(ThingName, String)>>>,
}

impl OwnClients {
    /// Those of a session that begins with this client id for this thing.
    pub(crate) fn new(client_id: &str, thing: &ThingName) -> Self {
        let things = vec![(thing.clone(), client_id.to_owned())];
        Self {
            first: client_id.to_owned(),
            topics: bounded(client_id, "-topics"),
            things: Arc::new(Mutex::new(things)),
        }
    }

    /// That of the connection for topics.
    pub(crate) fn of_topics(&self) -> &str {
        &self.topics
    }

    /// That of a thing's connection: the thing's name if the session's own client id is one, as policies with
    /// `${iot:Connection.Thing.ThingName}` want it, else the name behind the session's client id.
    pub(crate) fn of_thing(&self, thing: &ThingName) -> String {
        let mut things = self.things();
        if let Some((_, known)) = things.iter().find(|(name, _)| name == thing) {
            return known.clone();
        }
        let wanted = if things[0].0.as_str() == self.first {
            thing.to_string()
        } else {
            format!("{}-{thing}", self.first)
        };
        let is_free = |id: &String| *id != self.topics && things.iter().all(|(_, taken)| taken != id);
        let numbered = (2..).map(|number| bounded(&wanted, &format!("-{number}")));
        let client_id = std::iter::once(bounded(&wanted, "")).chain(numbered).find(is_free);
        let client_id = client_id.expect("one of the numbers is free");
        things.push((thing.clone(), client_id.clone()));
        client_id
    }

    /// All of them.
    pub(crate) fn all(&self) -> Vec<String> {
        let things = self.things();
        things.iter().map(|(_, id)| id).chain([&self.topics]).cloned().collect()
    }

    /// Whether this is one of them.
    pub(crate) fn contains(&self, client_id: &str) -> bool {
        client_id == self.topics || self.things().iter().any(|(_, id)| id == client_id)
    }

    fn things(&self) -> MutexGuard<'_, Vec<(ThingName, String)>> {
        self.things.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `begin` and `end`, of at most as many bytes as a client id may have.
fn bounded(begin: &str, end: &str) -> String {
    format!("{}{end}", &begin[..begin.floor_char_boundary(MAX_BYTES - end.len())])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thing(name: &str) -> ThingName {
        name.parse().unwrap()
    }

    #[test]
    fn each_connection_has_one_of_its_own_however_long_the_names() {
        let own = OwnClients::new("test-1", &thing("A"));
        assert_eq!(own.of_topics(), "test-1-topics");
        assert_eq!(
            (own.of_thing(&thing("A")), own.of_thing(&thing("B"))),
            ("test-1".into(), "test-1-B".into())
        );
        assert_eq!(own.of_thing(&thing("topics")), "test-1-topics-2");
        let long = |end: &str| own.of_thing(&thing(&format!("{}{end}", "x".repeat(127))));
        let (one, two) = (long("1"), long("2"));
        assert_eq!((one.len(), two.len()), (128, 128));
        assert_ne!(one, two);
        assert_eq!(long("1"), one, "the same thing keeps it");
        assert_eq!(own.all().len(), 6);
        assert!(own.all().iter().all(|id| own.contains(id)) && !own.contains("C"));
        let long = OwnClients::new(&"é".repeat(64), &thing("A"));
        assert!(long.of_topics().len() <= 128 && long.of_topics().ends_with("é-topics"));
    }

    #[test]
    fn a_thing_that_is_its_own_client_stays_one() {
        let own = OwnClients::new("A", &thing("A"));
        assert_eq!((own.of_thing(&thing("B")).as_str(), own.of_topics()), ("B", "A-topics"));
    }
}
