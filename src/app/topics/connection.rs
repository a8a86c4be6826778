//! The session's connection for topics of the user's choice.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;
use tokio::task::JoinHandle;

use super::message::message;
use crate::app::command::titles::{Kind, MESSAGE};
use crate::app::connections::Connections;
use crate::app::events::print_events;
use crate::app::output::message::Message;
use crate::app::transcript::{Incident, Transcript};
use crate::client::connection::{self, Change};
use crate::client::events::StreamEvent;
use crate::client::topics::Topics;
use crate::client::trace::Trace;

/// How to connect, which may take a certificate that has yet to be made; or one line that says why that failed.
pub(crate) type HowToConnect = Box<dyn Fn() -> Result<connection::Options, String> + Send + Sync>;

/// The connection for topics, opened when it is first needed, and what it subscribes to.
pub(crate) struct TopicsConnection {
    how: HowToConnect,
    trace: Trace,
    transcript: Transcript,
    connections: Arc<Connections>,
    opened: OnceCell<Opened>,
    filters: Filters,
}

/// The filters that are subscribed, in the order in which they first were.
type Filters = Arc<Mutex<Vec<String>>>;

struct Opened {
    topics: Topics,
    printing: JoinHandle<()>,
}

impl TopicsConnection {
    pub(crate) fn new(
        how: HowToConnect,
        trace: Trace,
        transcript: Transcript,
        connections: Arc<Connections>,
    ) -> Self {
        let (opened, filters) = (OnceCell::new(), Filters::default());
        Self { how, trace, transcript, connections, opened, filters }
    }

    /// The connection; the error is one line.
    pub(crate) async fn open(&self) -> Result<&Topics, String> {
        let opened = self.opened.get_or_try_init(|| async {
            let changed = {
                let (transcript, filters) = (self.transcript.clone(), self.filters.clone());
                move |change| tell(&change, &transcript, !lock(&filters).is_empty())
            };
            let connected = Topics::connect((self.how)()?, self.trace.clone(), changed).await;
            let (topics, messages) = connected.map_err(|error| error.to_string())?;
            let source = self.connections.add(topics.feed());
            let printing =
                print_events(MESSAGE.title, None, shown, messages, source, self.transcript.clone());
            Ok::<_, String>(Opened { topics, printing: tokio::spawn(printing) })
        });
        opened.await.map(|opened| &opened.topics)
    }

    /// The filters that are subscribed.
    pub(crate) fn filters(&self) -> MutexGuard<'_, Vec<String>> {
        lock(&self.filters)
    }

    /// Whether a subscription can bring such a message.
    pub(crate) fn can_bring(&self, kind: &Kind) -> bool {
        self.filters().iter().any(|filter| kind.is_brought_by(filter))
    }

    /// Returns once the connection is lost for good: no further message will come.
    pub(crate) async fn over(&self) {
        match self.opened.get() {
            Some(opened) => opened.topics.over().await,
            None => std::future::pending().await,
        }
    }

    /// Disconnects, and waits until what has come is printed.
    pub(crate) async fn close(self) {
        let Some(Opened { topics, printing }) = self.opened.into_inner() else { return };
        topics.disconnect().await;
        // If it panicked, that has been reported.
        let _ = printing.await;
    }
}

fn lock(filters: &Filters) -> MutexGuard<'_, Vec<String>> {
    filters.lock().unwrap_or_else(PoisonError::into_inner)
}

fn shown(_: &'static str, event: &StreamEvent, payload: &[u8]) -> Message {
    message(event.topic.clone(), event.qos, event.retain, payload)
}

/// Says what has happened to the connection. A script fails if there was something to miss.
fn tell(change: &Change, transcript: &Transcript, has_subscriptions: bool) {
    let text = format!("topics: {change}");
    transcript.printer().diagnostic(&text);
    let text = match change {
        Change::Lost { .. } if has_subscriptions => format!("{text}: messages may have been missed"),
        Change::Final { .. } => text,
        Change::Lost { .. } | Change::Retrying { .. } | Change::Restored => return,
    };
    transcript.incident(Incident { reported: true, ..Incident::new("ConnectionLost", text) });
}

impl fmt::Debug for TopicsConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TopicsConnection").field("filters", &self.filters).finish_non_exhaustive()
    }
}
