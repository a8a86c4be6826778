//! A server that answers what the test tells it to.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

/// What the server does with one request.
#[derive(Clone)]
pub(super) enum Act {
    Answer(u16, &'static str, &'static str),
    HangUp,
    SayNothing,
    /// The next act, so much later.
    Wait(Duration),
}

/// Serves the acts in order and writes down what was asked.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(super) async fn start(acts: &[Act]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let acts = Arc::new(Mutex::new(acts.iter().cloned().collect::<VecDeque<_>>()));
        tokio::spawn({
            let asked = asked.clone();
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(serve(stream, asked.clone(), acts.clone()));
                }
            }
        });
        Self { address, asked }
    }

    /// Method, path and body of each request.
    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, asked: Arc<Mutex<Vec<String>>>, acts: Arc<Mutex<VecDeque<Act>>>) {
    let mut inbox = Vec::new();
    loop {
        let head_end = loop {
            if let Some(at) = inbox.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break at + 4;
            }
            if stream.read_buf(&mut inbox).await.unwrap_or(0) == 0 {
                return;
            }
        };
        let head = String::from_utf8(inbox[..head_end].to_vec()).unwrap();
        let length = head.lines().find_map(|line| {
            line.to_lowercase()
                .strip_prefix("content-length:")
                .map(|length| length.trim().parse::<usize>().unwrap())
        });
        let end = head_end + length.unwrap_or(0);
        while inbox.len() < end {
            assert_ne!(stream.read_buf(&mut inbox).await.unwrap(), 0);
        }
        let body = String::from_utf8(inbox[head_end..end].to_vec()).unwrap();
        let line = head.lines().next().unwrap().trim_end_matches(" HTTP/1.1");
        asked.lock().unwrap().push(format!("{line} {body}").trim_end().to_owned());
        inbox.drain(..end);
        let next = || acts.lock().unwrap().pop_front().unwrap_or(Act::HangUp);
        let mut act = next();
        if let Act::Wait(time) = act {
            sleep(time).await;
            act = next();
        }
        match act {
            Act::HangUp => return,
            Act::SayNothing | Act::Wait(_) => std::future::pending().await,
            Act::Answer(status, class, body) => {
                let class =
                    if class.is_empty() { String::new() } else { format!("x-amzn-ErrorType: {class}\r\n") };
                let answer = format!(
                    "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nx-amzn-requestid: r-1\r\n{class}content-length: {}\r\n\r\n{body}",
                    body.len()
                );
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        }
    }
}
