//! What the local service has and AWS has not: its clock, the way back to its first start, and faults.

use std::fmt;
use std::time::Duration;

use crate::wire::system_error::in_words;
use bytes::Bytes;
use http::header::{AUTHORIZATION, HOST};
use http::{Method, Request, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::{Map, Value};
use thiserror::Error;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The longest answer that is read.
const MAX_ANSWER: usize = 256 * 1024;

/// Who asks where the service lets in anybody.
const ANY_ACCESS_KEY: &str = "local";

/// The local service as its HTTP port shows it, below `/_sandbox/`.
#[derive(Clone)]
pub struct Sandbox {
    host: String,
    port: u16,
    access_key: String,
    timeout: Duration,
}

/// Why the local service did not do what it was asked.
#[derive(Debug, Error)]
pub enum Error {
    /// The URL leads to no local service.
    #[error("{url:?} is no URL of a local service, such as http://localhost:9443")]
    Url {
        /// As it was given.
        url: String,
    },
    /// It answered in the negative.
    #[error("the local service at {at} refused: {message}")]
    Refused {
        /// Host and port.
        at: String,
        /// What it said.
        message: String,
    },
    /// Nothing came back that makes sense.
    #[error("no answer from a local service at {at}: {reason}")]
    Unreachable {
        /// Host and port.
        at: String,
        /// What happened.
        reason: String,
    },
    /// It took too long.
    #[error("the local service at {at} did not answer within {after:?}")]
    TimedOut {
        /// Host and port.
        at: String,
        /// How long it had.
        after: Duration,
    },
}

/// How far the clock is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advance {
    /// By so much.
    By(Duration),
    /// To the next time at which the service does something by itself.
    NextTimer,
}

/// What faults have struck.
#[derive(Debug, Deserialize)]
pub struct Strikes {
    /// Which service this is: another one after each start.
    pub service: String,
    /// The number of the last of all strikes.
    pub last: u64,
    /// The first ones after that which was asked for.
    pub struck: Vec<Struck>,
}

/// A message that a fault has struck.
#[derive(Debug, Deserialize)]
pub struct Struck {
    /// Counts them, from 1.
    pub number: u64,
    /// That of the last message which the service had numbered before, whichever client that went to.
    pub sequence: u64,
    /// Which fault, and which message.
    #[serde(flatten)]
    pub about: Map<String, Value>,
}

#[derive(Deserialize)]
struct Refusal {
    message: String,
}

impl Sandbox {
    /// The local service at `url`; `access_key` is the id that it may require.
    ///
    /// # Errors
    /// Where that is no URL of a local service, which speaks plain HTTP.
    pub fn new(url: &str, access_key: Option<String>, timeout: Duration) -> Result<Self, Error> {
        let invalid = || Error::Url { url: url.to_owned() };
        let uri: Uri = url.trim().parse().map_err(|_| invalid())?;
        let host = uri.host().filter(|_| uri.scheme_str() == Some("http")).ok_or_else(invalid)?;
        // A key goes into a header, and nowhere else.
        let is_key = |key: &String| !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric());
        Ok(Self {
            host: host.to_owned(),
            port: uri.port_u16().unwrap_or(80),
            access_key: access_key.filter(is_key).unwrap_or_else(|| ANY_ACCESS_KEY.to_owned()),
            timeout,
        })
    }

    /// What the clock shows.
    ///
    /// # Errors
    /// Where the service does not answer, or refuses.
    pub async fn clock(&self) -> Result<String, Error> {
        self.ask(Method::GET, "clock", String::new()).await
    }

    /// Moves the clock forward; answers when all is done that fell due on the way.
    ///
    /// # Errors
    /// Where the service does not answer, or refuses.
    pub async fn advance(&self, advance: Advance) -> Result<String, Error> {
        let advance = match advance {
            Advance::By(by) => milliseconds(by),
            Advance::NextTimer => "next".to_owned(),
        };
        self.ask(Method::POST, "clock", serde_json::json!({ "advance": advance }).to_string()).await
    }

    /// Takes the service back to its first start; one that keeps what is gone then wants that confirmed.
    ///
    /// # Errors
    /// Where the service does not answer, or refuses.
    pub async fn reset(&self, confirm: bool) -> Result<String, Error> {
        let body = if confirm { r#"{"confirm":"reset"}"# } else { "" };
        self.ask(Method::POST, "reset", body.to_owned()).await
    }

    /// Adds a fault, in its words.
    ///
    /// # Errors
    /// Where the service does not answer, or refuses.
    pub async fn add_fault(&self, words: &str) -> Result<String, Error> {
        self.ask(Method::POST, "faults", serde_json::json!({ "fault": words }).to_string()).await
    }

    /// All faults, and how often they have struck.
    ///
    /// # Errors
    /// Where the service does not answer, or refuses.
    pub async fn faults(&self) -> Result<String, Error> {
        self.ask(Method::GET, "faults", String::new()).await
    }

    /// Takes a fault away.
    ///
    /// # Errors
    /// Where the service does not answer, or has no fault of that number.
    pub async fn remove_fault(&self, number: u64) -> Result<String, Error> {
        self.ask(Method::DELETE, &format!("faults/{number}"), String::new()).await
    }

    /// Takes all faults away.
    ///
    /// # Errors
    /// Where the service does not answer, or refuses.
    pub async fn clear_faults(&self) -> Result<String, Error> {
        self.ask(Method::DELETE, "faults", String::new()).await
    }

    /// What faults have struck after the strike of that number, as soon as there is something, but after `wait` at
    /// the latest.
    ///
    /// # Errors
    /// Where the service does not answer, or refuses.
    pub async fn struck(&self, after: u64, wait: Duration) -> Result<Strikes, Error> {
        let name = format!("faults/struck?after={after}&wait={}", wait.as_secs());
        let body = self.ask_within(self.timeout + wait, Method::GET, &name, String::new()).await?;
        serde_json::from_str(&body).map_err(|_| {
            let reason = "it does not say what faults have struck".to_owned();
            Error::Unreachable { at: self.to_string(), reason }
        })
    }

    /// That the service is ready, and how much there is of everything.
    ///
    /// # Errors
    /// Where the service does not answer, or refuses.
    pub async fn health(&self) -> Result<String, Error> {
        self.ask(Method::GET, "health", String::new()).await
    }

    /// One request on a connection of its own.
    async fn ask(&self, method: Method, name: &str, body: String) -> Result<String, Error> {
        self.ask_within(self.timeout, method, name, body).await
    }

    async fn ask_within(
        &self,
        within: Duration,
        method: Method,
        name: &str,
        body: String,
    ) -> Result<String, Error> {
        let asked = timeout(within, self.exchange(method, name, body)).await;
        let (is_success, body) = match asked {
            Ok(answered) => answered.map_err(|reason| Error::Unreachable { at: self.to_string(), reason })?,
            Err(_) => return Err(Error::TimedOut { at: self.to_string(), after: within }),
        };
        if is_success {
            return Ok(body);
        }
        let message = serde_json::from_str(&body).map_or(body, |Refusal { message }| message);
        Err(Error::Refused { at: self.to_string(), message })
    }

    async fn exchange(&self, method: Method, name: &str, body: String) -> Result<(bool, String), String> {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        let stream = TcpStream::connect((host, self.port)).await.map_err(|error| in_words(&error))?;
        let connected = http1::handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = connected.map_err(|error| error.to_string())?;
        let credential = format!("{}/20260101/us-east-1/iot/aws4_request", self.access_key);
        let request = Request::builder()
            .method(method)
            .uri(format!("/_sandbox/{name}"))
            .header(HOST, self.to_string())
            .header(
                AUTHORIZATION,
                format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0"),
            )
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| error.to_string())?;
        let answer = async {
            let answer = sender.send_request(request).await.map_err(|error| error.to_string())?;
            let is_success = answer.status().is_success();
            let body = Limited::new(answer.into_body(), MAX_ANSWER).collect().await;
            let body = body.map_err(|error| error.to_string())?.to_bytes();
            Ok((is_success, String::from_utf8_lossy(&body).into_owned()))
        };
        tokio::pin!(connection);
        tokio::select! {
            answer = answer => answer,
            ended = &mut connection => Err(match ended {
                Err(error) => error.to_string(),
                Ok(()) => "the connection was closed".to_owned(),
            }),
        }
    }
}

/// A duration as the service reads it.
fn milliseconds(duration: Duration) -> String {
    format!("{}ms", duration.as_millis())
}

/// Host and port.
impl fmt::Display for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// The access key id may be a secret.
impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}
