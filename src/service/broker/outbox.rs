//! What waits to be sent to one client: in order, bounded, within the client's receive maximum.

use std::collections::VecDeque;
use std::num::{NonZeroU16, NonZeroU32};
use std::sync::Arc;
use std::time::Instant;

use super::limits;
use super::packet::{Delivery, Message, Outgoing, PacketId, Qos};

/// The queue of one session.
///
/// PUBACK and PINGRESP overtake the rest. A SUBACK does not: a client that receives one has received every message
/// queued before it, so it can wait for all that it caused by subscribing once more.
///
/// Each item bears the number of the last change when it was queued, and stays until that change is kept: no client is
/// told what a killed process could forget.
#[derive(Debug)]
pub(crate) struct Outbox {
    urgent: VecDeque<(u64, Outgoing)>,
    waiting: VecDeque<(u64, QueueItem)>,
    /// QoS 1 messages that the client has not acknowledged, oldest first.
    in_flight: VecDeque<Delivery>,
    /// How many of them the client accepts at a time.
    receive_maximum: usize,
    next_packet_id: PacketId,
    /// Size of the messages in `waiting` and `in_flight`.
    bytes: usize,
}

#[derive(Debug)]
enum QueueItem {
    Message {
        message: Arc<Message>,
        qos: Qos,
        retain: bool,
        sequence: Option<u64>,
    },
    /// A QoS 1 message that was sent on an earlier connection.
    Redelivery(Delivery),
    Packet(Outgoing),
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pushed {
    Queued,
    /// The queue is full.
    Full,
}

impl Outbox {
    pub(crate) fn new() -> Self {
        Self {
            urgent: VecDeque::new(),
            waiting: VecDeque::new(),
            in_flight: VecDeque::new(),
            receive_maximum: usize::from(limits::RECEIVE_MAXIMUM),
            next_packet_id: PacketId::FIRST,
            bytes: 0,
        }
    }

    /// Size of the messages that it holds.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Queues a message, if there is room for it.
    pub(crate) fn push(
        &mut self,
        change: u64,
        message: Arc<Message>,
        qos: Qos,
        retain: bool,
        sequence: Option<u64>,
    ) -> Pushed {
        let size = message.size();
        if self.waiting.len() >= limits::QUEUED_MESSAGES || self.bytes + size > limits::QUEUED_BYTES {
            return Pushed::Full;
        }
        self.bytes += size;
        self.waiting.push_back((change, QueueItem::Message { message, qos, retain, sequence }));
        Pushed::Queued
    }

    /// Queues a packet behind all messages, if there is room for it: always, where only messages wait.
    pub(crate) fn push_in_order(&mut self, change: u64, packet: Outgoing) -> Pushed {
        if self.waiting.len() >= limits::QUEUED_MESSAGES + limits::QUEUED_ANSWERS {
            return Pushed::Full;
        }
        self.waiting.push_back((change, QueueItem::Packet(packet)));
        Pushed::Queued
    }

    /// Queues a packet in front of all messages.
    pub(crate) fn push_urgent(&mut self, change: u64, packet: Outgoing) {
        self.urgent.push_back((change, packet));
    }

    /// The next packet that may be sent now, where the changes up to the number `kept` are kept.
    pub(crate) fn pop(&mut self, now: Instant, kept: u64) -> Option<Outgoing> {
        if let Some((_, packet)) = self.urgent.pop_front_if(|(change, _)| *change <= kept) {
            return Some(packet);
        }
        loop {
            let packet = match self.waiting.front().filter(|(change, _)| *change <= kept)? {
                (_, QueueItem::Message { qos: Qos::AtMostOnce, .. } | QueueItem::Packet(_)) => {
                    self.pop_unacknowledged(now)
                }
                _ if self.in_flight.len() >= self.receive_maximum => return None,
                _ => self.pop_acknowledged(now),
            };
            if packet.is_some() {
                return packet;
            }
        }
    }

    /// A packet that needs no acknowledgement; `None` if it had expired.
    fn pop_unacknowledged(&mut self, now: Instant) -> Option<Outgoing> {
        match self.waiting.pop_front()?.1 {
            QueueItem::Message { message, qos, retain, sequence } => {
                self.bytes -= message.size();
                let expiry = seconds_left(&message, now)?;
                Some(Outgoing::Publish(Delivery {
                    message,
                    qos,
                    retain,
                    dup: false,
                    packet_id: None,
                    expiry,
                    sequence,
                }))
            }
            QueueItem::Packet(packet) => Some(packet),
            QueueItem::Redelivery(_) => None,
        }
    }

    /// A QoS 1 message; `None` if it had expired.
    fn pop_acknowledged(&mut self, now: Instant) -> Option<Outgoing> {
        let mut delivery = match self.waiting.pop_front()?.1 {
            QueueItem::Redelivery(delivery) => delivery,
            QueueItem::Message { message, qos, retain, sequence } => {
                let packet_id = Some(self.free_packet_id());
                Delivery { message, qos, retain, dup: false, packet_id, expiry: None, sequence }
            }
            QueueItem::Packet(packet) => return Some(packet),
        };
        let Some(expiry) = seconds_left(&delivery.message, now) else {
            self.bytes -= delivery.message.size();
            return None;
        };
        delivery.expiry = expiry;
        self.in_flight.push_back(delivery.clone());
        Some(Outgoing::Publish(delivery))
    }

    /// The number of the first change that something waits for.
    pub(crate) fn awaits(&self, kept: u64) -> Option<u64> {
        let urgent = self.urgent.front().map(|(change, _)| *change);
        let waiting = self.waiting.front().map(|(change, _)| *change);
        urgent.into_iter().chain(waiting).filter(|change| *change > kept).min()
    }

    fn free_packet_id(&mut self) -> PacketId {
        loop {
            let id = self.next_packet_id;
            self.next_packet_id = id.next();
            let redeliveries =
                self.waiting.iter().take(usize::from(limits::RECEIVE_MAXIMUM)).filter_map(|(_, waiting)| {
                    if let QueueItem::Redelivery(delivery) = waiting { delivery.packet_id } else { None }
                });
            if !self
                .in_flight
                .iter()
                .filter_map(|delivery| delivery.packet_id)
                .chain(redeliveries)
                .any(|used| used == id)
            {
                return id;
            }
        }
    }

    /// The client has acknowledged a message, or it could not be sent at all.
    pub(crate) fn acknowledge(&mut self, packet_id: PacketId) {
        if let Some(at) = self.in_flight.iter().position(|delivery| delivery.packet_id == Some(packet_id))
            && let Some(delivery) = self.in_flight.remove(at)
        {
            self.bytes -= delivery.message.size();
        }
    }

    /// The connection is gone: keeps what a later one must still deliver.
    pub(crate) fn detach(&mut self) {
        self.urgent.clear();
        let bytes = &mut self.bytes;
        self.waiting.retain(|(_, waiting)| match waiting {
            QueueItem::Message { message, qos: Qos::AtMostOnce, .. } => {
                *bytes -= message.size();
                false
            }
            QueueItem::Packet(_) => false,
            _ => true,
        });
        while let Some(mut delivery) = self.in_flight.pop_back() {
            delivery.dup = true;
            // What was sent before waits for no change.
            self.waiting.push_front((0, QueueItem::Redelivery(delivery)));
        }
    }

    /// Forgets all messages.
    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
        self.in_flight.clear();
        self.bytes = 0;
    }

    /// A connection is there again, with its own receive maximum.
    pub(crate) fn attach(&mut self, receive_maximum: Option<NonZeroU16>) {
        let asked = receive_maximum.map_or(limits::RECEIVE_MAXIMUM, NonZeroU16::get);
        self.receive_maximum = usize::from(asked.min(limits::RECEIVE_MAXIMUM));
    }
}

/// How many whole seconds are left until a message expires; `None` if it has expired.
#[expect(clippy::option_option, reason = "over, without an end, and so many seconds are three things")]
fn seconds_left(message: &Message, now: Instant) -> Option<Option<NonZeroU32>> {
    let Some(expires_at) = message.expires_at else { return Some(None) };
    let left = expires_at.checked_duration_since(now)?;
    let seconds = u32::try_from(left.as_secs()).unwrap_or(u32::MAX);
    Some(Some(NonZeroU32::new(seconds).unwrap_or(NonZeroU32::MIN)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn message(text: &'static str, qos: Qos) -> Arc<Message> {
        Arc::new(Message { topic: "t".into(), payload: text.into(), qos, ..Message::default() })
    }

    fn push(outbox: &mut Outbox, text: &'static str, qos: Qos) {
        assert_eq!(outbox.push(0, message(text, qos), qos, false, None), Pushed::Queued);
    }

    /// What is sent now: payloads, with their packet identifier and `!` for DUP, and names of other packets.
    fn sent(outbox: &mut Outbox) -> Vec<String> {
        let now = Instant::now();
        std::iter::from_fn(|| outbox.pop(now, 0))
            .map(|packet| match packet {
                Outgoing::Publish(delivery) => format!(
                    "{}{}{}",
                    String::from_utf8_lossy(&delivery.message.payload),
                    delivery.packet_id.map(|id| format!("/{id}")).unwrap_or_default(),
                    if delivery.dup { "!" } else { "" }
                ),
                Outgoing::PingResponse => "ping".into(),
                _ => "ack".into(),
            })
            .collect()
    }

    fn suback() -> Outgoing {
        Outgoing::SubscribeAck { packet_id: PacketId::FIRST, reasons: vec![0] }
    }

    #[test]
    fn messages_wait_for_the_window_and_a_suback_waits_with_them() {
        let mut outbox = Outbox::new();
        outbox.attach(NonZeroU16::new(2));
        for text in ["a", "b", "c"] {
            push(&mut outbox, text, Qos::AtLeastOnce);
        }
        assert_eq!(outbox.push_in_order(0, suback()), Pushed::Queued);
        assert_eq!(sent(&mut outbox), ["a/1", "b/2"]);
        outbox.push_urgent(0, Outgoing::PingResponse);
        assert_eq!(sent(&mut outbox), ["ping"]);
        outbox.acknowledge(PacketId::FIRST);
        assert_eq!(sent(&mut outbox), ["c/3", "ack"]);
    }

    #[test]
    fn after_a_reconnect_what_was_in_flight_comes_first_and_again() {
        let mut outbox = Outbox::new();
        for (text, qos) in [
            ("a", Qos::AtLeastOnce),
            ("b", Qos::AtLeastOnce),
            ("c", Qos::AtMostOnce),
            ("d", Qos::AtLeastOnce),
        ] {
            push(&mut outbox, text, qos);
        }
        outbox.attach(NonZeroU16::new(2));
        assert_eq!(sent(&mut outbox), ["a/1", "b/2", "c"]);
        push(&mut outbox, "e", Qos::AtMostOnce);
        assert_eq!(outbox.push_in_order(0, suback()), Pushed::Queued);
        outbox.detach();
        outbox.attach(None);
        assert_eq!(sent(&mut outbox), ["a/1!", "b/2!", "d/3"]);
    }

    #[test]
    fn what_waits_for_a_change_is_held_back_in_order_until_that_is_kept() {
        let (mut outbox, now) = (Outbox::new(), Instant::now());
        let publish = |outbox: &mut Outbox, change| {
            outbox.push(change, message("m", Qos::AtMostOnce), Qos::AtMostOnce, false, None);
        };
        let sent = |outbox: &mut Outbox, kept| std::iter::from_fn(|| outbox.pop(now, kept)).count();
        publish(&mut outbox, 1);
        publish(&mut outbox, 3);
        outbox.push_in_order(2, suback());
        outbox.push_urgent(4, Outgoing::PublishAck { packet_id: PacketId::FIRST, reason: 0 });
        assert_eq!((sent(&mut outbox, 0), outbox.awaits(0)), (0, Some(1)));
        assert_eq!((sent(&mut outbox, 2), outbox.awaits(2)), (1, Some(3)), "the SUBACK stays behind");
        assert_eq!((sent(&mut outbox, 3), outbox.awaits(3)), (2, Some(4)), "the PUBACK holds nobody up");
        assert_eq!((sent(&mut outbox, 4), outbox.awaits(4)), (1, None));
    }

    #[test]
    fn a_packet_id_is_not_used_twice_at_once() {
        let mut outbox = Outbox::new();
        push(&mut outbox, "a", Qos::AtLeastOnce);
        assert_eq!(sent(&mut outbox), ["a/1"]);
        outbox.next_packet_id = PacketId(NonZeroU16::MAX);
        for text in ["b", "c"] {
            push(&mut outbox, text, Qos::AtLeastOnce);
        }
        assert_eq!(sent(&mut outbox), ["b/65535", "c/2"]);
    }

    #[test]
    fn the_queue_is_bounded_in_number_and_size() {
        let mut outbox = Outbox::new();
        let small = message("x", Qos::AtMostOnce);
        for _ in 0..limits::QUEUED_MESSAGES {
            assert_eq!(outbox.push(0, small.clone(), Qos::AtMostOnce, false, None), Pushed::Queued);
        }
        assert_eq!(outbox.push(0, small, Qos::AtMostOnce, false, None), Pushed::Full);

        let mut outbox = Outbox::new();
        let large = Arc::new(Message { payload: vec![0; limits::PAYLOAD].into(), ..Message::default() });
        while outbox.push(0, large.clone(), Qos::AtLeastOnce, false, None) == Pushed::Queued {}
        assert!(outbox.bytes() <= limits::QUEUED_BYTES);
        assert!(outbox.bytes() > limits::QUEUED_BYTES - 2 * limits::PAYLOAD);
    }

    #[test]
    fn what_has_gone_leaves_no_bytes_behind() {
        let mut outbox = Outbox::new();
        push(&mut outbox, "a", Qos::AtLeastOnce);
        push(&mut outbox, "b", Qos::AtMostOnce);
        assert_eq!(sent(&mut outbox), ["a/1", "b"]);
        assert!(outbox.bytes() > 0);
        outbox.acknowledge(PacketId::FIRST);
        outbox.acknowledge(PacketId(NonZeroU16::new(9).unwrap()));
        assert_eq!(outbox.bytes(), 0);
    }

    #[test]
    fn expired_messages_are_not_sent() {
        let now = Instant::now();
        let mut outbox = Outbox::new();
        for qos in [Qos::AtMostOnce, Qos::AtLeastOnce] {
            let expires_at = Some(now + Duration::from_secs(5));
            let dying = Arc::new(Message { qos, expires_at, ..Message::default() });
            outbox.push(0, dying, qos, false, None);
        }
        let Some(Outgoing::Publish(delivery)) = outbox.pop(now + Duration::from_secs(3), 0) else { panic!() };
        assert_eq!(delivery.expiry, NonZeroU32::new(2));
        assert_eq!(outbox.pop(now + Duration::from_secs(6), 0), None);
        assert_eq!(outbox.bytes(), 0);
    }
}
