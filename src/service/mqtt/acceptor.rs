//! Which clients are let in: as many as there is room for. One that does not finish connecting gives way to the
//! next.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep};

use crate::service::accept_errors::{AcceptErrors, PAUSE};
use crate::service::log::Log;
use crate::service::memory;
use crate::wire::system_error::too_many_open_files;

/// So many clients are a crowd: when most of it has gone, its memory goes back to the operating system.
const CROWD: usize = 200;

/// Held while a client is connecting, and dropped once its CONNECT is accepted.
#[derive(Debug, Default)]
pub(super) struct Connecting(Arc<()>);

/// All clients of a listener, each served by a task; dropped, they end at once.
pub(super) struct Acceptor {
    room: usize,
    /// How long a connecting client does not have to give way.
    grace: Duration,
    clients: JoinSet<()>,
    /// The oldest first; some have connected or gone meanwhile.
    connecting: VecDeque<ConnectingClient>,
    log: Log,
    /// The last problem logged, so that it is not logged again and again while clients come and go.
    problem: Option<String>,
    /// The most clients at a time since memory was given back.
    most: usize,
}

#[derive(Debug)]
struct ConnectingClient {
    since: Instant,
    connecting: Weak<()>,
    task: AbortHandle,
}

impl Acceptor {
    /// An acceptor of at most `room` clients at a time.
    pub(super) fn new(room: usize, grace: Duration, log: Log) -> Self {
        let (clients, connecting) = (JoinSet::new(), VecDeque::new());
        Self { room, grace, clients, connecting, log, problem: None, most: 0 }
    }

    /// Lets clients in for ever; cancel safe.
    pub(super) async fn run<F>(
        &mut self,
        listener: &TcpListener,
        serve: impl Fn(TcpStream, SocketAddr, Connecting) -> F,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        let mut errors = AcceptErrors::new("MQTT", self.log.clone());
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, address)) => self.admit(|connecting| serve(stream, address, connecting)),
                    Err(error) => {
                        errors.put(&error);
                        if too_many_open_files(&error) && self.end_late() {
                            // Its file is closed by then.
                            self.clients.join_next().await;
                        } else {
                            sleep(PAUSE).await;
                        }
                    }
                },
                Some(_) = self.clients.join_next(), if !self.clients.is_empty() => {
                    self.forget_connected();
                    if self.crowd_has_gone() {
                        tokio::task::spawn_blocking(memory::give_back);
                    }
                }
            }
        }
    }

    /// Waits until all clients have gone.
    pub(super) async fn emptied(&mut self) {
        while self.clients.join_next().await.is_some() {}
    }

    fn admit<F>(&mut self, serve: impl FnOnce(Connecting) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        if !self.has_room() {
            let room = self.room;
            return self.log_once(format!("clients are refused: {room} are connected, no more are taken"));
        }
        if self.clients.len() <= self.room / 2 {
            self.problem = None;
        }
        let connecting = Connecting::default();
        let (since, waits) = (Instant::now(), Arc::downgrade(&connecting.0));
        let task = self.clients.spawn(serve(connecting));
        self.most = self.most.max(self.clients.len());
        self.connecting.push_back(ConnectingClient { since, connecting: waits, task });
    }

    /// Whether there is room for one more client, if necessary after ending one that is connecting for too long.
    fn has_room(&mut self) -> bool {
        self.forget_connected();
        self.clients.len() < self.room || self.end_late()
    }

    /// Ends the client that has been connecting for longest, if that is too long.
    fn end_late(&mut self) -> bool {
        self.forget_connected();
        let late = self.connecting.pop_front_if(|first| first.since.elapsed() >= self.grace);
        late.inspect(|late| late.task.abort()).is_some()
    }

    /// Whether most clients of a crowd have gone; true once for each crowd.
    fn crowd_has_gone(&mut self) -> bool {
        let has_gone = self.most >= CROWD && self.clients.len() <= self.most / 10;
        if has_gone {
            self.most = self.clients.len();
        }
        has_gone
    }

    /// Lets go of the oldest clients that have connected or gone: each keeps the memory of a whole task.
    fn forget_connected(&mut self) {
        while self.connecting.pop_front_if(|first| first.connecting.strong_count() == 0).is_some() {}
        if self.connecting.is_empty() {
            self.connecting = VecDeque::new();
        }
    }

    fn log_once(&mut self, problem: String) {
        if self.problem.as_ref() != Some(&problem) {
            (self.log)(&problem);
            self.problem = Some(problem);
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
    use crate::testing::DEADLINE;

    const HOUR: Duration = Duration::from_hours(1);

    /// A listener whose clients have connected with their first byte, and get each byte back.
    struct Bench {
        address: SocketAddr,
        log: Arc<Mutex<Vec<String>>>,
        task: JoinHandle<()>,
    }

    async fn echo(mut stream: TcpStream, connecting: Connecting) {
        let mut connecting = Some(connecting);
        let mut byte = [0];
        while stream.read_exact(&mut byte).await.is_ok() {
            connecting.take();
            stream.write_all(&byte).await.unwrap();
        }
    }

    impl Bench {
        async fn new(room: usize, grace: Duration) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let log: Arc<Mutex<Vec<String>>> = Arc::default();
            let lines = log.clone();
            let log_line: Log = Arc::new(move |line| lines.lock().unwrap().push(line.to_owned()));
            let mut acceptor = Acceptor::new(room, grace, log_line);
            let task = tokio::spawn(async move {
                acceptor.run(&listener, |stream, _, connecting| echo(stream, connecting)).await;
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
        timeout(DEADLINE, exchange).await.expect("an answer or the end")
    }

    /// Waits until the service closes the connection.
    async fn closed(stream: &mut TcpStream) {
        let read = timeout(DEADLINE, stream.read(&mut [0])).await.expect("the connection is closed");
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
            clients.insert(0, timeout(DEADLINE, next).await.expect("the place is taken again"));
            closed(&mut bench.connect().await).await;
        }
        for client in &mut clients {
            assert!(is_served(client).await);
        }
    }

    #[tokio::test]
    async fn who_does_not_finish_connecting_gives_way_to_the_next() {
        let bench = Bench::new(3, Duration::ZERO).await;
        let mut connected = bench.connect().await;
        assert!(is_served(&mut connected).await);
        let mut silent = [bench.connect().await, bench.connect().await];
        let mut late = Vec::new();
        for silent in &mut silent {
            let mut next = bench.connect().await;
            assert!(is_served(&mut next).await);
            closed(silent).await;
            late.push(next);
        }
        // Now all are connected.
        closed(&mut bench.connect().await).await;
        for client in late.iter_mut().chain([&mut connected]) {
            assert!(is_served(client).await);
        }
    }

    #[tokio::test]
    async fn who_has_gone_leaves_nothing_behind() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut acceptor = Acceptor::new(3, HOUR, Arc::new(|_| ()));
        let client = tokio::spawn(async move {
            let mut client = TcpStream::connect(address).await.unwrap();
            assert!(is_served(&mut client).await);
        });
        let gone = async {
            while !(client.is_finished() && acceptor.clients.is_empty()) {
                tokio::select! {
                    () = acceptor.run(&listener, |stream, _, connecting| echo(stream, connecting)) => {}
                    () = tokio::task::yield_now() => {}
                }
            }
        };
        timeout(DEADLINE, gone).await.expect("the client goes");
        assert!(acceptor.connecting.is_empty());
        client.await.unwrap();
    }

    #[tokio::test]
    async fn a_crowd_is_noticed_once_when_most_of_it_has_gone() {
        let mut acceptor = Acceptor::new(2 * CROWD, HOUR, Arc::new(|_| ()));
        for size in [CROWD - 1, CROWD] {
            for _ in 0..size {
                acceptor.admit(|_| async {});
            }
            let mut noticed = Vec::new();
            while acceptor.clients.join_next().await.is_some() {
                if acceptor.crowd_has_gone() {
                    noticed.push(acceptor.clients.len());
                }
            }
            assert_eq!(noticed, if size < CROWD { vec![] } else { vec![CROWD / 10] });
        }
    }

    #[tokio::test]
    async fn who_has_just_come_is_not_disturbed() {
        let bench = Bench::new(2, HOUR).await;
        let mut connecting = [bench.connect().await, bench.connect().await];
        closed(&mut bench.connect().await).await;
        for client in &mut connecting {
            assert!(is_served(client).await);
        }
    }
}
