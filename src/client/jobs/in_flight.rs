//! Which requests wait for an answer, by client token. No I/O.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use tokio::time::{Duration, Instant, sleep_until};
use uuid::Uuid;

use super::answer::RawAnswer;

/// How long the proper answer may still come after one that cannot be read, which may have been meant for an earlier
/// request on the topic.
const PATIENCE: Duration = Duration::from_secs(2);

/// The requests in flight. A request is in here from before it is sent until its [`Waiter`] is dropped.
#[derive(Default)]
pub(super) struct InFlight {
    requests: Mutex<HashMap<String, Request>>,
}

/// A request that was in flight until now.
pub(super) struct Request {
    /// The topic of the request, which its answer's topic begins with.
    topic: String,
    resolve: Box<dyn FnOnce(RawAnswer) -> bool + Send>,
    /// Takes the first answer that nobody can read.
    unreadable: Option<oneshot::Sender<RawAnswer>>,
}

impl Request {
    /// Parses what came and hands it over; false if the waiter has just given up.
    pub(super) fn resolve(self, answer: RawAnswer) -> bool {
        (self.resolve)(answer)
    }
}

impl InFlight {
    /// Enters a request on `topic` under a fresh client token; `parse` makes of its answer what the waiter gets.
    pub(super) fn register<A: Send + 'static>(
        self: &Arc<Self>,
        topic: &str,
        parse: impl FnOnce(RawAnswer) -> A + Send + 'static,
    ) -> Waiter<A> {
        let client_token = Uuid::new_v4().to_string();
        let (sender, answer) = oneshot::channel();
        let resolve = Box::new(move |answer| sender.send(parse(answer)).is_ok());
        let (doubt, unreadable) = oneshot::channel();
        let request = Request { topic: topic.to_owned(), resolve, unreadable: Some(doubt) };
        self.lock().insert(client_token.clone(), request);
        Waiter { client_token, answer, unreadable, in_flight: self.clone() }
    }

    /// Tells the request in flight on `topic`, if there is exactly one, that this came, which nobody can read: it
    /// is its answer unless a better one comes.
    pub(super) fn doubt(&self, topic: &str, unreadable: RawAnswer) {
        let Some(token) = self.only_one_on(topic) else { return };
        let doubt = self.lock().get_mut(&token).and_then(|request| request.unreadable.take());
        // Whoever gave up at this very moment does not need it.
        let _ = doubt.map(|doubt| doubt.send(unreadable));
    }

    /// Takes out the request with this client token, if it is in flight and was made on this topic. Whoever takes
    /// it resolves it.
    pub(super) fn take(&self, client_token: &str, topic: &str) -> Option<Request> {
        let mut requests = self.lock();
        requests.get(client_token).filter(|request| request.topic == topic)?;
        requests.remove(client_token)
    }

    /// The client token of the request in flight on `topic`, if there is exactly one.
    pub(super) fn only_one_on(&self, topic: &str) -> Option<String> {
        let requests = self.lock();
        let mut tokens =
            requests.iter().filter(|(_, request)| request.topic == topic).map(|(token, _)| token);
        let only = tokens.next()?.clone();
        tokens.next().is_none().then_some(only)
    }

    /// The client token of a request on `topic` that stands somewhere in `payload`.
    pub(super) fn mentioned_in(&self, payload: &[u8], topic: &str) -> Option<String> {
        let requests = self.lock();
        let on_topic = requests.iter().filter(|(_, request)| request.topic == topic);
        let mut tokens = on_topic.map(|(token, _)| token);
        tokens.find(|token| payload.windows(token.len()).any(|window| window == token.as_bytes())).cloned()
    }

    /// How many requests are in flight.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Request>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits for the answer to one request, which is forgotten when this is dropped.
pub(super) struct Waiter<A> {
    pub(super) client_token: String,
    answer: oneshot::Receiver<A>,
    unreadable: oneshot::Receiver<RawAnswer>,
    in_flight: Arc<InFlight>,
}

impl<A> Waiter<A> {
    /// The answer, once it is there. One that nobody can read counts if no better one comes, and by `deadline` in any
    /// case.
    pub(super) async fn answer(&mut self, deadline: Instant) -> A {
        let Self { client_token, answer, unreadable, in_flight } = self;
        let doubtful = async {
            let Ok(raw) = unreadable.await else { return std::future::pending().await };
            sleep_until(deadline.min(Instant::now() + PATIENCE)).await;
            raw
        };
        tokio::select! {
            biased;
            Ok(answer) = &mut *answer => return answer,
            raw = doubtful => {
                let request = in_flight.lock().remove(client_token);
                // The answer came at this very moment.
                let _ = request.map(|request| request.resolve(raw));
            }
        }
        match answer.await {
            Ok(answer) => answer,
            // While the waiter lives, whoever takes the request out resolves it.
            Err(_) => std::future::pending().await,
        }
    }
}

impl fmt::Debug for InFlight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InFlight").finish_non_exhaustive()
    }
}

impl<A> Drop for Waiter<A> {
    fn drop(&mut self) {
        self.in_flight.lock().remove(&self.client_token);
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::super::answer::RawBody;
    use super::*;
    use crate::testing::{DEADLINE, in_time};

    fn register(in_flight: &Arc<InFlight>, topic: &str) -> Waiter<RawAnswer> {
        in_flight.register(topic, |answer| answer)
    }

    fn accepted(text: &'static str) -> RawAnswer {
        RawAnswer {
            topic: "t/accepted".to_owned(),
            body: RawBody::Accepted(Bytes::from_static(text.as_bytes())),
        }
    }

    fn resolve(in_flight: &InFlight, client_token: &str, topic: &str, answer: RawAnswer) -> bool {
        in_flight.take(client_token, topic).is_some_and(|request| request.resolve(answer))
    }

    #[tokio::test]
    async fn an_answer_reaches_the_request_with_its_token_and_no_other() {
        let in_flight = Arc::new(InFlight::default());
        let mut first = register(&in_flight, "t");
        let mut second = register(&in_flight, "t");
        assert!(resolve(&in_flight, &second.client_token, "t", accepted("2")));
        assert!(resolve(&in_flight, &first.client_token, "t", accepted("1")));
        assert_eq!(in_time(first.answer(Instant::now() + DEADLINE)).await, accepted("1"));
        assert_eq!(in_time(second.answer(Instant::now() + DEADLINE)).await, accepted("2"));
    }

    #[test]
    fn a_second_answer_a_strange_token_and_another_topic_resolve_nothing() {
        let in_flight = Arc::new(InFlight::default());
        let waiter = register(&in_flight, "t");
        assert!(!resolve(&in_flight, "strange", "t", accepted("")));
        assert!(!resolve(&in_flight, &waiter.client_token, "other", accepted("")));
        assert!(resolve(&in_flight, &waiter.client_token, "t", accepted("")));
        assert!(!resolve(&in_flight, &waiter.client_token, "t", accepted("")));
    }

    #[test]
    fn a_request_that_nobody_waits_for_is_forgotten() {
        let in_flight = Arc::new(InFlight::default());
        drop(register(&in_flight, "t"));
        assert!(in_flight.lock().is_empty());
    }

    #[test]
    fn the_only_request_on_a_topic_is_known_and_two_are_not() {
        let in_flight = Arc::new(InFlight::default());
        let first = register(&in_flight, "t");
        let _elsewhere = register(&in_flight, "u");
        assert_eq!(in_flight.only_one_on("t").as_ref(), Some(&first.client_token));
        let _second = register(&in_flight, "t");
        assert_eq!(in_flight.only_one_on("t"), None);
        assert_eq!(in_flight.only_one_on("v"), None);
    }

    #[test]
    fn a_token_is_found_in_the_midst_of_what_is_no_json() {
        let in_flight = Arc::new(InFlight::default());
        let waiter = register(&in_flight, "t");
        let payload = format!("{{\"clientToken\":\"{}\",,", waiter.client_token);
        assert_eq!(in_flight.mentioned_in(payload.as_bytes(), "t").as_ref(), Some(&waiter.client_token));
        assert_eq!(in_flight.mentioned_in(payload.as_bytes(), "u"), None);
        assert_eq!(in_flight.mentioned_in(b"{", "t"), None);
    }
}
