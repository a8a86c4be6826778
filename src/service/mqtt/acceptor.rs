//! Who is let in: as many clients as there is room for. One that does not finish arriving gives way to the next.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep};

use crate::service::Log;

/// A pause after the operating system refused a connection, for lack of file descriptors say.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Dropped once a client has arrived: once its CONNECT was accepted.
#[derive(Debug, Default)]
pub(super) struct Arrival(Arc<()>);

/// All clients of a listener, each served by a task; dropped, they end at once.
pub(super) struct Acceptor {
    room: usize,
    /// How long nobody has to give way who is arriving.
    undisturbed: Duration,
    clients: JoinSet<()>,
    /// Who came first is first; some have arrived or gone meanwhile.
    arriving: VecDeque<Arriving>,
    log: Log,
    /// Told when it begins, not again and again while clients come and go.
    trouble: Option<String>,
}

#[derive(Debug)]
struct Arriving {
    since: Instant,
    arrival: Weak<()>,
    task: AbortHandle,
}

impl Acceptor {
    /// An acceptor of at most `room` clients at a time.
    pub(super) fn new(room: usize, undisturbed: Duration, log: Log) -> Self {
        let (clients, arriving) = (JoinSet::new(), VecDeque::new());
        Self { room, undisturbed, clients, arriving, log, trouble: None }
    }

    /// Lets clients in for ever; may be given up at any await.
    pub(super) async fn run<F>(
        &mut self,
        listener: &TcpListener,
        converse: impl Fn(TcpStream, SocketAddr, Arrival) -> F,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, address)) => self.welcome(|arrival| converse(stream, address, arrival)),
                    Err(error) => {
                        self.tell(format!("cannot accept MQTT connections: {error}"));
                        sleep(ACCEPT_PAUSE).await;
                    }
                },
                Some(_) = self.clients.join_next(), if !self.clients.is_empty() => {}
            }
        }
    }

    /// Waits until all clients have gone.
    pub(super) async fn emptied(&mut self) {
        while self.clients.join_next().await.is_some() {}
    }

    fn welcome<F>(&mut self, converse: impl FnOnce(Arrival) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        if !self.has_room() {
            let room = self.room;
            return self.tell(format!("clients are refused: {room} are connected, no more are taken"));
        }
        if self.clients.len() <= self.room / 2 {
            self.trouble = None;
        }
        let arrival = Arrival::default();
        let (since, waits) = (Instant::now(), Arc::downgrade(&arrival.0));
        let task = self.clients.spawn(converse(arrival));
        self.arriving.push_back(Arriving { since, arrival: waits, task });
    }

    /// Whether one more may come, for whom another one perhaps had to go.
    fn has_room(&mut self) -> bool {
        while self.arriving.pop_front_if(|first| first.arrival.strong_count() == 0).is_some() {}
        if self.clients.len() < self.room {
            return true;
        }
        let late = self.arriving.pop_front_if(|first| first.since.elapsed() >= self.undisturbed);
        late.inspect(|late| late.task.abort()).is_some()
    }

    fn tell(&mut self, trouble: String) {
        if self.trouble.as_ref() != Some(&trouble) {
            (self.log)(&trouble);
            self.trouble = Some(trouble);
        }
    }
}

impl fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acceptor").field("room", &self.room).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::task::JoinHandle;
    use tokio::time::timeout;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);
    const HOUR: Duration = Duration::from_hours(1);

    /// A listener whose clients have arrived with their first byte, and get each byte back.
    struct Bench {
        address: SocketAddr,
        log: Arc<Mutex<Vec<String>>>,
        task: JoinHandle<()>,
    }

    async fn echo(mut stream: TcpStream, arrival: Arrival) {
        let mut arrival = Some(arrival);
        let mut byte = [0];
        while stream.read_exact(&mut byte).await.is_ok() {
            arrival.take();
            stream.write_all(&byte).await.unwrap();
        }
    }

    impl Bench {
        async fn new(room: usize, undisturbed: Duration) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let log: Arc<Mutex<Vec<String>>> = Arc::default();
            let lines = log.clone();
            let log_line: Log = Arc::new(move |line| lines.lock().unwrap().push(line.to_owned()));
            let mut acceptor = Acceptor::new(room, undisturbed, log_line);
            let task = tokio::spawn(async move {
                acceptor.run(&listener, |stream, _, arrival| echo(stream, arrival)).await;
            });
            Self { address, log, task }
        }

        async fn connect(&self) -> TcpStream {
            TcpStream::connect(self.address).await.unwrap()
        }
    }

    impl Drop for Bench {
        fn drop(&mut self) {
            self.task.abort();
        }
    }

    /// Whether the client is served; otherwise its connection is closed.
    async fn is_served(stream: &mut TcpStream) -> bool {
        let exchange =
            async { stream.write_all(b"x").await.is_ok() && matches!(stream.read(&mut [0]).await, Ok(1)) };
        timeout(PATIENCE, exchange).await.expect("an answer or the end")
    }

    /// Waits until the service closes the connection.
    async fn closed(stream: &mut TcpStream) {
        let read = timeout(PATIENCE, stream.read(&mut [0])).await.expect("the connection is closed");
        assert!(!matches!(read, Ok(1..)), "{read:?}");
    }

    #[tokio::test]
    async fn who_is_one_too_many_is_refused_until_another_goes() {
        let bench = Bench::new(3, HOUR).await;
        let mut clients = Vec::new();
        for _ in 0..3 {
            let mut client = bench.connect().await;
            assert!(is_served(&mut client).await);
            clients.push(client);
        }
        for _ in 0..5 {
            closed(&mut bench.connect().await).await;
        }
        assert_eq!(*bench.log.lock().unwrap(), ["clients are refused: 3 are connected, no more are taken"]);
        for client in &mut clients {
            assert!(is_served(client).await, "the others notice nothing");
        }
        for _ in 0..3 {
            drop(clients.pop());
            // The service sees the end of the one in its own time.
            let next = async {
                loop {
                    let mut next = bench.connect().await;
                    if is_served(&mut next).await {
                        return next;
                    }
                }
            };
            clients.insert(0, timeout(PATIENCE, next).await.expect("the place is taken again"));
            closed(&mut bench.connect().await).await;
        }
        for client in &mut clients {
            assert!(is_served(client).await);
        }
    }

    #[tokio::test]
    async fn who_does_not_finish_arriving_gives_way_to_the_next() {
        let bench = Bench::new(3, Duration::ZERO).await;
        let mut arrived = bench.connect().await;
        assert!(is_served(&mut arrived).await);
        let mut silent = [bench.connect().await, bench.connect().await];
        let mut late = Vec::new();
        for silent in &mut silent {
            let mut next = bench.connect().await;
            assert!(is_served(&mut next).await);
            closed(silent).await;
            late.push(next);
        }
        // Now all have arrived.
        closed(&mut bench.connect().await).await;
        for client in late.iter_mut().chain([&mut arrived]) {
            assert!(is_served(client).await);
        }
    }

    #[tokio::test]
    async fn who_has_just_come_is_not_disturbed() {
        let bench = Bench::new(2, HOUR).await;
        let mut arriving = [bench.connect().await, bench.connect().await];
        closed(&mut bench.connect().await).await;
        for client in &mut arriving {
            assert!(is_served(client).await);
        }
    }
}
