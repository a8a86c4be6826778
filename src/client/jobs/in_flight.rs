//! Which requests wait for an answer, by client token. No I/O.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::pending::Lesson;

/// What came for a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Arrived {
    /// The topic that it came on.
    pub(super) topic: String,
    pub(super) verdict: Verdict,
}

/// What it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The payload of an accepted answer, UTF-8 JSON with our client token.
    Accepted(Bytes),
    /// The payload of a rejected answer, UTF-8 JSON.
    Rejected(Bytes),
    /// It bears our client token and is no answer all the same.
    Unreadable(String),
}

/// The requests in flight. A request is in here from before it is sent until its [`Waiter`] is dropped.
#[derive(Debug, Default)]
pub(super) struct InFlight {
    waiting: Mutex<HashMap<String, Waiting>>,
}

/// A request that was in flight until now.
#[derive(Debug)]
pub(super) struct Waiting {
    /// The topic of the request, which its answer's topic begins with.
    topic: String,
    /// What it teaches to be accepted.
    pub(super) lesson: Lesson,
    answer: oneshot::Sender<Arrived>,
}

impl Waiting {
    /// Hands over what came; false where the waiter has given up this very moment.
    pub(super) fn resolve(self, arrived: Arrived) -> bool {
        self.answer.send(arrived).is_ok()
    }
}

impl InFlight {
    /// Enters a request on `topic` under a fresh client token.
    pub(super) fn register(self: &Arc<Self>, topic: &str, lesson: Lesson) -> Waiter {
        let client_token = Uuid::new_v4().to_string();
        let (answer, arrived) = oneshot::channel();
        let waiting = Waiting { topic: topic.to_owned(), lesson, answer };
        self.lock().insert(client_token.clone(), waiting);
        Waiter { client_token, arrived, in_flight: self.clone() }
    }

    /// Takes out the request that has this client token, if it is in flight and was made on this topic. Whoever
    /// takes it resolves it.
    pub(super) fn take(&self, client_token: &str, topic: &str) -> Option<Waiting> {
        let mut waiting = self.lock();
        waiting.get(client_token).filter(|waiting| waiting.topic == topic)?;
        waiting.remove(client_token)
    }

    /// The client token of the one request in flight on `topic`; none where there are more, or none.
    pub(super) fn only_one_on(&self, topic: &str) -> Option<String> {
        let waiting = self.lock();
        let mut tokens = waiting.iter().filter(|(_, waiting)| waiting.topic == topic).map(|(token, _)| token);
        let only = tokens.next()?.clone();
        tokens.next().is_none().then_some(only)
    }

    /// The client token of a request on `topic` that stands somewhere in `payload`.
    pub(super) fn mentioned_in(&self, payload: &[u8], topic: &str) -> Option<String> {
        let waiting = self.lock();
        let on_topic = waiting.iter().filter(|(_, waiting)| waiting.topic == topic);
        let mut tokens = on_topic.map(|(token, _)| token);
        tokens.find(|token| payload.windows(token.len()).any(|window| window == token.as_bytes())).cloned()
    }

    /// How many requests wait.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits for the answer to one request; dropped, the request is forgotten.
#[derive(Debug)]
pub(super) struct Waiter {
    pub(super) client_token: String,
    arrived: oneshot::Receiver<Arrived>,
    in_flight: Arc<InFlight>,
}

impl Waiter {
    /// The answer, once it is there.
    pub(super) async fn arrived(&mut self) -> Arrived {
        match (&mut self.arrived).await {
            Ok(arrived) => arrived,
            // While the waiter lives, who takes the entry out resolves it.
            Err(_) => std::future::pending().await,
        }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.in_flight.lock().remove(&self.client_token);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::in_time;

    fn accepted(text: &'static str) -> Arrived {
        Arrived {
            topic: "t/accepted".to_owned(),
            verdict: Verdict::Accepted(Bytes::from_static(text.as_bytes())),
        }
    }

    fn resolve(in_flight: &InFlight, client_token: &str, topic: &str, arrived: Arrived) -> bool {
        in_flight.take(client_token, topic).is_some_and(|waiting| waiting.resolve(arrived))
    }

    #[tokio::test]
    async fn an_answer_reaches_the_request_with_its_token_and_no_other() {
        let in_flight = Arc::new(InFlight::default());
        let mut first = in_flight.register("t", Lesson::Nothing);
        let mut second = in_flight.register("t", Lesson::Nothing);
        assert!(resolve(&in_flight, &second.client_token, "t", accepted("2")));
        assert!(resolve(&in_flight, &first.client_token, "t", accepted("1")));
        assert_eq!(in_time(first.arrived()).await, accepted("1"));
        assert_eq!(in_time(second.arrived()).await, accepted("2"));
    }

    #[test]
    fn a_second_answer_a_strange_token_and_another_topic_resolve_nothing() {
        let in_flight = Arc::new(InFlight::default());
        let waiter = in_flight.register("t", Lesson::Nothing);
        assert!(!resolve(&in_flight, "strange", "t", accepted("")));
        assert!(!resolve(&in_flight, &waiter.client_token, "other", accepted("")));
        assert!(resolve(&in_flight, &waiter.client_token, "t", accepted("")));
        assert!(!resolve(&in_flight, &waiter.client_token, "t", accepted("")));
    }

    #[test]
    fn a_request_that_nobody_waits_for_is_forgotten() {
        let in_flight = Arc::new(InFlight::default());
        drop(in_flight.register("t", Lesson::Nothing));
        assert!(in_flight.lock().is_empty());
    }

    #[test]
    fn the_only_request_on_a_topic_is_known_and_two_are_not() {
        let in_flight = Arc::new(InFlight::default());
        let first = in_flight.register("t", Lesson::Nothing);
        let _elsewhere = in_flight.register("u", Lesson::Nothing);
        assert_eq!(in_flight.only_one_on("t").as_ref(), Some(&first.client_token));
        let _second = in_flight.register("t", Lesson::Nothing);
        assert_eq!(in_flight.only_one_on("t"), None);
        assert_eq!(in_flight.only_one_on("v"), None);
    }

    #[test]
    fn a_token_is_found_in_the_midst_of_what_is_no_json() {
        let in_flight = Arc::new(InFlight::default());
        let waiter = in_flight.register("t", Lesson::Nothing);
        let payload = format!("{{\"clientToken\":\"{}\",,", waiter.client_token);
        assert_eq!(in_flight.mentioned_in(payload.as_bytes(), "t").as_ref(), Some(&waiter.client_token));
        assert_eq!(in_flight.mentioned_in(payload.as_bytes(), "u"), None);
        assert_eq!(in_flight.mentioned_in(b"{", "t"), None);
    }
}
