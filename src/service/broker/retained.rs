//! Retained messages: the last one of each topic, bounded in number and size.

use std::collections::HashMap;
use std::sync::Arc;

use bytestring::ByteString;

use super::kept_message::KeptMessage;
use super::limits;
use super::packet::Message;
use crate::service::moment::Moment;
use crate::service::row::{Kind, Row, RowKey};

#[derive(Debug, Default)]
pub(crate) struct RetainedMessages {
    by_topic: HashMap<ByteString, Arc<Message>>,
    bytes: usize,
}

impl RetainedMessages {
    /// The message of a topic.
    pub(crate) fn get(&self, topic: &ByteString) -> Option<&Arc<Message>> {
        self.by_topic.get(topic)
    }

    /// Whether a message may be kept, or empties its topic.
    pub(crate) fn has_room_for(&self, message: &Message) -> bool {
        let replaced = self.by_topic.get(&message.topic);
        let bytes = self.bytes - replaced.map_or(0, |known| known.size()) + message.size();
        let count = self.by_topic.len() + usize::from(replaced.is_none());
        message.payload.is_empty() || (count <= limits::RETAINED_MESSAGES && bytes <= limits::RETAINED_BYTES)
    }

    /// Keeps a message; an empty one makes its topic forget.
    pub(crate) fn keep(&mut self, message: &Arc<Message>) {
        if let Some(replaced) = self.by_topic.remove(&message.topic) {
            self.bytes -= replaced.size();
        }
        if !message.payload.is_empty() {
            self.bytes += message.size();
            self.by_topic.insert(message.topic.clone(), message.clone());
        }
    }

    /// What is kept of the message of a topic.
    pub(crate) fn row(&self, topic: &ByteString, now: Moment) -> Row {
        let value = self.by_topic.get(topic).map(|message| {
            serde_json::to_string(&KeptMessage::of(message, now))
                .expect("a message holds nothing that JSON cannot write")
        });
        Row { key: RowKey::Named(Kind::RetainedMessage, topic.to_string()), value }
    }

    /// Takes up what was kept of the message of a topic, unless it has expired.
    pub(crate) fn restore(&mut self, topic: String, value: &str, now: Moment) -> serde_json::Result<()> {
        let kept: KeptMessage = serde_json::from_str(value)?;
        if let Some(message) = kept.into_message(topic.into(), now) {
            self.keep(&Arc::new(message));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(topic: &str, size: usize) -> Arc<Message> {
        Arc::new(Message { topic: topic.into(), payload: vec![0; size].into(), ..Message::default() })
    }

    #[test]
    fn the_last_message_of_a_topic_is_kept_and_an_empty_one_forgets_it() {
        let mut retained = RetainedMessages::default();
        retained.keep(&message("t", 1));
        retained.keep(&message("t", 2));
        assert_eq!(retained.get(&"t".into()).unwrap().payload.len(), 2);
        retained.keep(&message("t", 0));
        assert!(retained.get(&"t".into()).is_none());
        assert_eq!(retained.bytes, 0);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut retained = RetainedMessages::default();
        let mut topics = 0;
        while retained.has_room_for(&message(&topics.to_string(), limits::PAYLOAD)) {
            retained.keep(&message(&topics.to_string(), limits::PAYLOAD));
            topics += 1;
        }
        assert!(topics > 0 && retained.bytes <= limits::RETAINED_BYTES);
        assert!(retained.has_room_for(&message("0", limits::PAYLOAD)), "one may replace another");
        assert!(retained.has_room_for(&message("new", 0)));
    }
}
