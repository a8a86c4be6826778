//! The things that the session has played, by name, and the one that it plays now.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::wire::model::ThingName;

/// The things played so far. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Played(Arc<Mutex<Names>>);

#[derive(Debug, Default)]
struct Names {
    /// In the order in which they first were.
    all: Vec<ThingName>,
    current: usize,
}

impl Played {
    /// From here on the session plays this one.
    pub(crate) fn play(&self, thing: &ThingName) {
        let mut names = self.lock();
        names.current = names.all.iter().position(|known| known == thing).unwrap_or(names.all.len());
        if names.current == names.all.len() {
            names.all.push(thing.clone());
        }
    }

    /// The one that is played now; none before the session has begun.
    #[must_use]
    pub(crate) fn current(&self) -> Option<ThingName> {
        let names = self.lock();
        names.all.get(names.current).cloned()
    }

    /// Whether it is not the one that the session began with, so that what is printed says whose it is.
    #[must_use]
    pub(crate) fn is_another(&self, thing: &ThingName) -> bool {
        self.lock().all.first().is_some_and(|first| first != thing)
    }

    /// All of them, in the order in which they first were played.
    #[must_use]
    pub(crate) fn all(&self) -> Vec<ThingName> {
        self.lock().all.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Names> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_the_current_one_and_the_first_is_remembered() {
        let played = Played::default();
        assert_eq!(played.current(), None);
        let [a, b]: [ThingName; 2] = ["A", "B"].map(|name| name.parse().unwrap());
        for thing in [&a, &b, &a] {
            played.play(thing);
            assert_eq!(played.current().as_ref(), Some(thing));
        }
        assert_eq!(played.all(), [a.clone(), b.clone()]);
        assert!(played.is_another(&b) && !played.is_another(&a));
    }
}
