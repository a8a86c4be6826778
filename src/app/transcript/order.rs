//! The order in which events are printed: that of their arrival on one connection, and over several that in which the
//! local service sent them.

use std::collections::BTreeMap;

use crate::app::output::message::Message;

/// A connection on which events arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Source(usize);

/// How an event arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arrival {
    /// On which connection.
    pub source: Source,
    /// Its number there, consecutive from 1.
    pub number: u64,
    /// From the local service: its place among all that this sent on all connections.
    pub sequence: Option<u64>,
    /// Whether it is none of these, but came behind the one with that sequence.
    pub is_behind: bool,
}

/// That a round trip has passed on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Passed {
    /// The connection.
    pub source: Source,
    /// The number of the last event that had arrived before.
    pub before: u64,
    /// The number of the last event that had arrived after.
    pub after: u64,
}

/// Events that are not printed yet.
#[derive(Debug, Default)]
pub(super) struct Order {
    /// In the order in which they were added.
    sources: Vec<Arrivals>,
    /// In the order in which they are to be printed.
    waiting: BTreeMap<Place, Message>,
    /// How much memory all of them take.
    bytes: usize,
    handed_in: u64,
}

/// What has been handed in of a connection's events.
#[derive(Debug)]
struct Arrivals {
    /// The number of the event that is awaited next.
    next: u64,
    /// Those that came before their turn; `None` for one that is not printed.
    early: BTreeMap<u64, Option<(Place, Message)>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    sequence: Option<u64>,
    is_behind: bool,
    handed_in: u64,
    source: Source,
    number: u64,
}

impl Order {
    pub(super) fn add_source(&mut self) -> Source {
        self.sources.push(Arrivals { next: 1, early: BTreeMap::new() });
        Source(self.sources.len() - 1)
    }

    /// How much memory the events take.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether no event is due to be printed.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Takes an event, or the news that one is not printed.
    pub(super) fn take(&mut self, arrival: Arrival, event: Option<Message>) {
        let Arrival { source, number, sequence, is_behind } = arrival;
        self.bytes += event.as_ref().map_or(0, Message::size);
        let arrivals = &mut self.sources[source.0];
        self.handed_in += 1;
        let place = Place { sequence, is_behind, handed_in: self.handed_in, source, number };
        arrivals.early.insert(number, event.map(|message| (place, message)));
        self.advance(source);
    }

    /// Lets those wait to be printed that are due, or were.
    fn advance(&mut self, source: Source) {
        let Arrivals { next, early } = &mut self.sources[source.0];
        while let Some(first) = early.first_entry()
            && first.key() <= next
        {
            let (number, event) = first.remove_entry();
            *next = (*next).max(number + 1);
            self.handed_in += 1;
            self.waiting.extend(
                event.map(|(place, message)| (Place { handed_in: self.handed_in, ..place }, message)),
            );
        }
    }

    /// The first event, if nothing that is to be printed before it can still come: on several connections that is
    /// not known of those that the local service numbers.
    pub(super) fn pop_ready(&mut self) -> Option<Message> {
        let (place, _) = self.waiting.first_key_value()?;
        if place.sequence.is_some() && self.sources.len() > 1 {
            return None;
        }
        self.pop()
    }

    fn pop(&mut self) -> Option<Message> {
        let (_, message) = self.waiting.pop_first()?;
        self.bytes -= message.size();
        Some(message)
    }

    /// Whether all events have been handed in that arrived before a round trip had passed.
    pub(super) fn have_come(&self, passed: &[Passed]) -> bool {
        passed.iter().all(|passed| self.sources[passed.source.0].next > passed.after)
    }

    /// Stops waiting for events that have not been handed in; returns how many these are.
    pub(super) fn give_up(&mut self, passed: &[Passed]) -> usize {
        let mut missing = 0;
        for &Passed { source, after, .. } in passed {
            let Arrivals { next, early } = &mut self.sources[source.0];
            missing += (*next..=after).filter(|number| !early.contains_key(number)).count();
            *next = (*next).max(after + 1);
            self.advance(source);
        }
        missing
    }

    /// The events after which nothing can come that is to be printed before them, in their order, now that a round
    /// trip has passed on these connections and the local service had sent what has `sequence` by then.
    pub(super) fn pop_settled(&mut self, passed: &[Passed], sequence: Option<u64>) -> Vec<Message> {
        let is_settled = |place: &Place| {
            let passed = passed.iter().find(|passed| passed.source == place.source);
            let of = |limit: fn(&Passed) -> u64| passed.is_some_and(|passed| place.number <= limit(passed));
            // A service that was started anew counts anew.
            of(|passed| passed.before)
                || match (place.sequence, sequence) {
                    (Some(own), Some(last)) => own <= last,
                    _ => of(|passed| passed.after),
                }
        };
        let settled: Vec<_> = self.waiting.extract_if(.., |place, _| is_settled(place)).collect();
        self.bytes -= settled.iter().map(|(_, message)| message.size()).sum::<usize>();
        settled.into_iter().map(|(_, message)| message).collect()
    }
}
