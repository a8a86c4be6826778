//! What arrives on a connection without a request: numbered in the order of arrival, and bounded.
//!
//! An event for which there is no room is dropped, but never silently.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::connection::{Qos, ReceivedMessage};

/// Bytes of memory that events of one stream may hold while they wait to be taken.
const ROOM: usize = 32 * 1024 * 1024;
/// Room is allotted in pieces of this many bytes.
const PIECE: usize = 256;
const PIECES: usize = ROOM / PIECE;
/// One event, or the news that there was one.
#[derive(Debug)]
pub struct StreamEvent {
    /// Consecutive over all streams of a connection, from 1, in the order of arrival.
    pub number: u64,
    /// From the local service: its place among all that this sends to such clients, over all their connections.
    pub sequence: Option<u64>,
    /// The topic that it came on.
    pub topic: String,
    /// At which QoS.
    pub qos: Qos,
    /// Whether the server had kept it for new subscriptions.
    pub retain: bool,
    /// The payload, or why there is none to show. That of an event of Jobs is a JSON object in UTF-8.
    pub payload: Result<Bytes, EventError>,
    /// Gives the room back when the event is dropped.
    _room: Option<OwnedSemaphorePermit>,
}

impl StreamEvent {
    /// An event that takes no room of a stream.
    #[must_use]
    pub fn new(number: u64, topic: String, payload: Result<Bytes, EventError>) -> Self {
        let (sequence, qos, retain) = (None, Qos::default(), false);
        Self { number, sequence, topic, qos, retain, payload, _room: None }
    }
}

/// Why an event cannot be shown.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EventError {
    /// It is not what the service sends.
    #[error("an event that cannot be read: {reason}")]
    Malformed {
        /// What is wrong with it.
        reason: String,
    },
    /// Events came faster than they were taken.
    #[error("{0} events were dropped: they came faster than they could be shown")]
    Dropped(Dropped),
}

/// How many events a gap in a stream holds; it grows until it is looked at.
#[derive(Debug, Clone)]
pub struct Dropped(Arc<AtomicU64>);

impl Dropped {
    /// Set once the count was read: what is dropped after that belongs to another gap.
    const READ: u64 = 1 << 63;

    /// Counts one more; false where the count was read already.
    fn add(&self) -> bool {
        let more = |count: u64| (count & Self::READ == 0).then_some(count + 1);
        self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).is_ok()
    }

    /// How many events were dropped here.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.fetch_or(Self::READ, Ordering::AcqRel) & !Self::READ
    }
}

impl From<u64> for Dropped {
    /// A gap of so many events.
    fn from(count: u64) -> Self {
        Self(Arc::new(AtomicU64::new(count)))
    }
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.count().fmt(f)
    }
}

/// The numbers that the streams of a connection share.
#[derive(Debug, Clone, Default)]
pub(super) struct EventNumbers(Arc<AtomicU64>);

impl EventNumbers {
    fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::AcqRel) + 1
    }

    /// The last one given out; 0 before the first.
    pub(super) fn last(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}

/// The sending end of an event stream.
#[derive(Debug)]
pub(super) struct EventSender {
    sender: mpsc::Sender<StreamEvent>,
    room: Arc<Semaphore>,
    numbers: EventNumbers,
    /// The gap at the end of the stream, if it ends in one.
    gap: Option<Dropped>,
}

impl EventSender {
    /// Both ends of a stream.
    pub(super) fn new(numbers: EventNumbers) -> (Self, mpsc::Receiver<StreamEvent>) {
        // Every event takes a piece at least and no two gaps stand side by side, so this is never full.
        let (sender, receiver) = mpsc::channel(2 * PIECES + 1);
        (Self { sender, room: Arc::new(Semaphore::new(PIECES)), numbers, gap: None }, receiver)
    }

    /// Puts an event in, with this for its payload, or counts it as dropped where there is no room.
    pub(super) fn send(&mut self, message: ReceivedMessage, payload: Result<Bytes, EventError>) {
        let size = message.topic.len() + payload.as_ref().map_or(0, Bytes::len);
        let pieces = u32::try_from(size / PIECE + 1).unwrap_or(u32::MAX);
        if let Ok(room) = self.room.clone().try_acquire_many_owned(pieces) {
            self.gap = None;
            // What came is a piece of a larger buffer, all of which would stay as long as the event waits.
            let payload = payload.map(|payload| Bytes::copy_from_slice(&payload));
            self.push(message, payload, Some(room));
        } else if !self.gap.as_ref().is_some_and(Dropped::add) {
            let gap = Dropped::from(1);
            self.gap = Some(gap.clone());
            self.push(message, Err(EventError::Dropped(gap)), None);
        }
    }

    fn push(
        &self,
        message: ReceivedMessage,
        payload: Result<Bytes, EventError>,
        room: Option<OwnedSemaphorePermit>,
    ) {
        let ReceivedMessage { topic, qos, retain, sequence, .. } = message;
        let number = self.numbers.next();
        let event = StreamEvent { number, sequence, topic, qos, retain, payload, _room: room };
        // Nobody listens any more once the session is over.
        let _ = self.sender.try_send(event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn send(sender: &mut EventSender, payload: Bytes) {
        let message = ReceivedMessage {
            topic: "t".to_owned(),
            payload: payload.clone(),
            qos: Qos::AtLeastOnce,
            retain: false,
            sequence: None,
        };
        sender.send(message, Ok(payload));
    }

    fn event(sender: &mut EventSender, bytes: usize) {
        send(sender, Bytes::from(vec![b' '; bytes]));
    }

    #[test]
    fn a_burst_is_bounded_in_memory_and_its_drop_is_told_in_its_place() {
        let numbers = EventNumbers::default();
        let (mut sender, mut events) = EventSender::new(numbers.clone());
        for _ in 0..1000 {
            event(&mut sender, 128 * 1024);
        }
        let mut kept = 0;
        let gap = loop {
            match events.try_recv().unwrap().payload {
                Ok(_) => kept += 1,
                Err(error) => break error,
            }
        };
        assert!(kept * 128 * 1024 <= ROOM);
        let dropped = 1000 - kept;
        assert_eq!(
            gap.to_string(),
            format!("{dropped} events were dropped: they came faster than they could be shown")
        );
        event(&mut sender, 10);
        let next = events.try_recv().unwrap();
        assert!(next.payload.is_ok());
        assert_eq!(next.number, numbers.last());
    }

    #[test]
    fn an_event_that_waits_holds_no_more_than_itself() {
        let (mut sender, mut events) = EventSender::new(EventNumbers::default());
        let buffer = Bytes::from(vec![b' '; 16 * 1024]);
        send(&mut sender, buffer.slice(..2));
        assert!(buffer.is_unique());
        assert_eq!(&events.try_recv().unwrap().payload.unwrap()[..], b"  ");
    }

    #[test]
    fn what_is_dropped_after_a_gap_was_read_is_another_gap() {
        let (mut sender, mut events) = EventSender::new(EventNumbers::default());
        let all = sender.room.clone().try_acquire_many_owned(u32::try_from(PIECES).unwrap()).unwrap();
        event(&mut sender, 1);
        event(&mut sender, 1);
        let EventError::Dropped(first) = events.try_recv().unwrap().payload.unwrap_err() else { panic!() };
        assert_eq!(first.count(), 2);
        event(&mut sender, 1);
        assert_eq!(first.count(), 2);
        let EventError::Dropped(second) = events.try_recv().unwrap().payload.unwrap_err() else { panic!() };
        assert_eq!(second.count(), 1);
        drop(all);
    }

    #[test]
    fn what_is_dropped_after_an_event_got_in_is_another_gap() {
        let (mut sender, mut events) = EventSender::new(EventNumbers::default());
        let room = sender.room.clone();
        let take = |pieces| room.clone().try_acquire_many_owned(u32::try_from(pieces).unwrap()).unwrap();
        let all = take(PIECES);
        event(&mut sender, 1);
        event(&mut sender, 1);
        drop(all);
        event(&mut sender, 1);
        let rest = take(PIECES - 1);
        event(&mut sender, 1);
        drop((sender, rest));
        let told: Vec<_> = std::iter::from_fn(|| events.try_recv().ok())
            .map(|event| match event.payload {
                Ok(_) => 0,
                Err(EventError::Dropped(dropped)) => dropped.count(),
                Err(error) => panic!("{error}"),
            })
            .collect();
        assert_eq!(told, [2, 0, 1]);
    }

    #[test]
    fn numbers_are_consecutive_over_both_streams() {
        let numbers = EventNumbers::default();
        let (mut first, mut firsts) = EventSender::new(numbers.clone());
        let (mut second, mut seconds) = EventSender::new(numbers);
        event(&mut first, 1);
        event(&mut second, 1);
        event(&mut first, 1);
        assert_eq!(firsts.try_recv().unwrap().number, 1);
        assert_eq!(seconds.try_recv().unwrap().number, 2);
        assert_eq!(firsts.try_recv().unwrap().number, 3);
    }
}
