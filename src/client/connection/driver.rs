//! The one task that owns the link: it keeps it, and makes another when it breaks.

use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_rustls::client::TlsStream;

use super::address::address;
use super::change::Change;
use super::dial;
use super::error::Error;
use super::link::Link;
use super::options::Options;
use super::received_message::ReceivedMessage;
use super::request::Request;
use crate::client::backoff::Backoff;

/// A link that lasted this long was stable: the next attempts begin with short waits again.
const STABLE_AFTER: Duration = Duration::from_secs(30);
/// The driver gives up after the server has closed this many links in a row before they were stable.
const CLOSED_TOO_OFTEN: u32 = 3;
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// How many filters one SUBSCRIBE may have.
///
/// AWS: <https://docs.aws.amazon.com/general/latest/gr/iot-core.html#message-broker-limits>
const FILTERS_PER_SUBSCRIBE: usize = 8;

/// The state of the connection, for the handles.
#[derive(Debug, Clone)]
pub(super) enum Status {
    /// Requests are taken.
    Up(LinkHandle),
    /// Not now.
    Down(Error),
    /// Never again.
    Over(Error),
}

/// How to hand requests to a link that is up.
#[derive(Debug, Clone)]
pub(super) struct LinkHandle {
    pub(super) requests: mpsc::Sender<Request>,
    /// The largest packet that the server takes, in bytes.
    pub(super) max_packet_size: usize,
}

/// A link with its subscriptions, as it comes out of [`open`].
pub(super) struct Opened {
    link: Link<TlsStream<TcpStream>>,
    requests: mpsc::Receiver<Request>,
    pub(super) handle: LinkHandle,
}

impl Opened {
    /// Whether the server is the local service.
    pub(super) fn is_local_service(&self) -> bool {
        self.link.is_local_service()
    }
}

/// Connects and subscribes, all of it within the timeout.
pub(super) async fn open(
    options: &Options,
    filters: &[String],
    deliver: &mut impl FnMut(ReceivedMessage),
) -> Result<Opened, Error> {
    let deadline = Instant::now() + options.timeout;
    let timed_out = |awaited| {
        let address = address(&options.host, options.port);
        move |_| Error::ConnectTimedOut { address, awaited, after: options.timeout }
    };
    let (host, port) = (&options.host, options.port);
    let unresolved = |_| Error::ResolveTimedOut { host: host.clone(), after: options.timeout };
    let addresses = timeout_at(deadline, dial::resolve(host, port)).await.map_err(unresolved)??;
    let tcp = timeout_at(deadline, dial::tcp(addresses, host, port))
        .await
        .map_err(timed_out("TCP connection"))??;
    let stream = timeout_at(deadline, dial::tls(tcp, host, port, options.tls.clone()))
        .await
        .map_err(timed_out("TLS handshake"))??;
    let (mut link, connack) =
        timeout_at(deadline, Link::open(stream, &options.client_id, options.keep_alive))
            .await
            .map_err(timed_out("CONNACK"))??;
    for filters in filters.chunks(FILTERS_PER_SUBSCRIBE) {
        let subscribed = timeout_at(deadline, link.subscribe(filters.to_vec(), deliver)).await;
        subscribed.map_err(timed_out("SUBACK"))??;
    }

    let properties = connack.properties.as_ref();
    let (sender, requests) = mpsc::channel(16);
    let max_packet_size = properties
        .and_then(|properties| properties.max_packet_size)
        .map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(Opened { link, requests, handle: LinkHandle { requests: sender, max_packet_size } })
}

/// Owns the link from the first to the last.
pub(super) struct Driver<D, C> {
    pub(super) options: Options,
    /// What is to be subscribed on the next link.
    pub(super) filters: Vec<String>,
    pub(super) deliver: D,
    pub(super) changed: C,
    pub(super) status: watch::Sender<Status>,
    /// Closed when no handle is left, true when one asked to disconnect.
    pub(super) stop: watch::Receiver<bool>,
}

impl<D: FnMut(ReceivedMessage), C: FnMut(Change)> Driver<D, C> {
    /// Runs until a handle disconnects, no handle is left, or the connection is lost for good.
    pub(super) async fn run(mut self, mut opened: Opened) {
        let mut attempts = Attempts::new();
        loop {
            let began = Instant::now();
            let Opened { mut link, mut requests, .. } = opened;
            let reason = tokio::select! {
                reason = link.run(&mut requests, &mut self.deliver) => reason,
                () = stopped(&mut self.stop) => {
                    link.close().await;
                    self.finish(Error::Finished);
                    return refuse(requests);
                }
            };
            attempts.link_ended(began.elapsed(), &reason);
            let reason = if attempts.closed_early == CLOSED_TOO_OFTEN {
                Error::ClosedTooOften { client_id: self.options.client_id.clone() }
            } else {
                reason
            };
            if reason.is_final() {
                self.finish(reason);
                return refuse(requests);
            }
            // The handles learn it first, so that a request that finds this link closed waits for the next one.
            self.status.send_replace(Status::Down(reason.clone()));
            self.filters = link.into_filters();
            refuse(requests);
            (self.changed)(Change::Lost { reason: reason.to_string() });
            opened = match self.restore(&mut attempts.backoff).await {
                Ok(opened) => opened,
                Err(reason) => return self.finish(reason),
            };
            self.status.send_replace(Status::Up(opened.handle.clone()));
            (self.changed)(Change::Restored);
        }
    }

    /// Tries until it succeeds and reports each attempt; an error means that no further attempt makes sense.
    async fn restore(&mut self, backoff: &mut Backoff) -> Result<Opened, Error> {
        let mut failure = None;
        loop {
            let (attempt, after) = backoff.next();
            (self.changed)(Change::Retrying { attempt, after, reason: failure.take() });
            tokio::select! {
                () = sleep(after) => {}
                () = stopped(&mut self.stop) => return Err(Error::Finished),
            }
            let outcome = tokio::select! {
                outcome = open(&self.options, &self.filters, &mut self.deliver) => outcome,
                () = stopped(&mut self.stop) => return Err(Error::Finished),
            };
            match outcome {
                Err(error) if !error.is_final() => {
                    failure = Some(error.to_string());
                    // Whoever gives up waiting is told what is wrong now, not what broke the connection at first.
                    self.status.send_replace(Status::Down(error));
                }
                outcome => return outcome,
            }
        }
    }

    fn finish(&mut self, reason: Error) {
        let line = (reason != Error::Finished).then(|| reason.to_string());
        self.status.send_replace(Status::Over(reason));
        if let Some(reason) = line {
            (self.changed)(Change::Final { reason });
        }
    }
}

/// What the links so far say about the next attempt.
struct Attempts {
    backoff: Backoff,
    /// How many links in a row the server closed before they were stable, including the last one.
    closed_early: u32,
}

impl Attempts {
    fn new() -> Self {
        Self { backoff: Backoff::new(FIRST_WAIT, LONGEST_WAIT), closed_early: 0 }
    }

    fn link_ended(&mut self, lasted: Duration, reason: &Error) {
        let stable = lasted >= STABLE_AFTER;
        if stable {
            self.backoff.reset();
        }
        self.closed_early = if !stable && *reason == Error::Closed { self.closed_early + 1 } else { 0 };
    }
}

/// Tells whoever is in the queue that their request was never sent.
fn refuse(mut requests: mpsc::Receiver<Request>) {
    requests.close();
    while let Ok(request) = requests.try_recv() {
        request.not_sent();
    }
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that no handle is left, which asks for the same.
    let _ = stop.wait_for(|stop| *stop).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::ZERO;

    #[test]
    fn only_links_closed_in_a_row_are_counted() {
        let broken = Error::Broken { reason: "reset".to_owned() };
        let links =
            [(SHORT, &Error::Closed), (SHORT, &Error::Closed), (SHORT, &broken), (SHORT, &Error::Closed)];
        let counted = |links: &[(Duration, &Error)]| {
            let mut attempts = Attempts::new();
            for (lasted, reason) in links {
                attempts.link_ended(*lasted, reason);
            }
            attempts.closed_early
        };
        assert_eq!(counted(&links[..2]), 2);
        assert_eq!(counted(&links), 1);
        assert_eq!(counted(&[links[0], (STABLE_AFTER, &Error::Closed)]), 0);
    }

    #[test]
    fn after_a_stable_link_the_waits_are_short_again() {
        let mut attempts = Attempts::new();
        for number in 1..=3 {
            assert_eq!(attempts.backoff.next().0, number);
            attempts.link_ended(SHORT, &Error::Closed);
        }
        attempts.link_ended(STABLE_AFTER, &Error::Closed);
        let (number, wait) = attempts.backoff.next();
        assert_eq!(number, 1);
        assert!(wait <= FIRST_WAIT, "{wait:?}");
    }
}
