//! The HTTP front of the local Jobs service: AWS IoT's control plane and its HTTPS data plane on
//! one port, for every AWS SDK and the AWS CLI.
//!
//! [`serve`] accepts connections; a request is read within limits (`server`) and let in (`admission`), its plane
//! and operation are found (`plane`, `operations`), it is taken apart (`call`) and handed to the operation
//! (`control`, `data`), which asks the state and renders the answer. Whatever goes wrong becomes an
//! AWS-shaped error in one place (`error`).
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/apireference/Welcome.html>

mod admission;
mod call;
mod control;
mod data;
mod error;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod operations;
mod plane;
mod sandbox;
mod server;

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Body;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Request, Response};
use serde::Serialize;
use tokio::sync::Semaphore;
use uuid::Uuid;

use self::call::Call;
use self::error::Error;
use self::operations::Operations;
use self::plane::Plane;
use self::server::Limits;
use super::hostname::Hostname;
use super::shared::Shared;
use super::state::{Outcome, State};
use super::time::Timestamp;

pub use self::server::serve;

/// Carries out one operation.
type Handler = fn(&Shared, &Call) -> Result<Answer, Error>;

/// Operations that are offered, by the names of AWS's model.
type Offered = &'static [(&'static str, Handler)];

/// Takes long enough to be kept off the threads that serve connections: it makes an RSA key.
const SLOW_OPERATION: &str = "CreateKeysAndCertificate";

/// The JSON of an answer; empty for an operation without output.
#[derive(Debug)]
struct Answer(Vec<u8>);

impl Answer {
    fn json(body: &impl Serialize) -> Result<Self, Error> {
        let json = serde_json::to_vec(body).map_err(|error| Error::internal(&error))?;
        // An operation without output has no body at all.
        Ok(Self(if json == b"null" { Vec::new() } else { json }))
    }
}

/// Carries out an operation and renders its answer. What it causes is on its way to the devices
/// before the answer is.
fn run<T: Serialize>(
    shared: &Shared,
    operation: impl FnOnce(&mut State, Timestamp) -> Outcome<T>,
) -> Result<Answer, Error> {
    Answer::json(&shared.handle(operation)?)
}

/// Answers requests, whatever connection they come from.
#[derive(Debug)]
struct Front {
    shared: Arc<Shared>,
    /// By which clients may call the service.
    hostnames: Vec<Hostname>,
    control: Face,
    data: Face,
    slow: Arc<Semaphore>,
}

/// One plane: all the operations that it knows by path, and those that it offers by name.
#[derive(Debug)]
struct Face {
    operations: Operations,
    offered: HashMap<&'static str, Handler>,
}

impl Face {
    fn new(plane: Plane, offered: &[Offered]) -> Self {
        let offered = offered.iter().copied().flatten().copied().collect();
        Self { operations: Operations::of(plane), offered }
    }
}

impl Front {
    fn new(shared: Arc<Shared>, hostnames: Vec<Hostname>) -> Self {
        Self {
            shared,
            hostnames,
            control: Face::new(Plane::Control, control::OFFERED),
            data: Face::new(Plane::Data, &[data::OFFERED]),
            slow: Arc::new(Semaphore::new(1)),
        }
    }

    /// Answers one request; a refusal is an answer too.
    async fn answer<B: Body>(&self, request: Request<B>, limits: Limits) -> Response<Full<Bytes>> {
        let (request, body) = request.into_parts();
        // Read before anything is refused: a client that is still sending does not hear an answer.
        let answer = match server::read_body(body, limits).await {
            Ok(body) => self.carry_out(request, &body).await,
            Err(error) => Err(error),
        };
        respond(answer)
    }

    async fn carry_out(&self, request: Parts, body: &[u8]) -> Result<Answer, Error> {
        admission::check(&request, &self.hostnames)?;
        if sandbox::is_asked(&request) {
            return sandbox::answer(&self.shared, &request, body);
        }
        let plane = Plane::of(&request)?;
        let face = match plane {
            Plane::Control => &self.control,
            Plane::Data => &self.data,
        };
        let matched = face.operations.find(&request.method, request.uri.path())?;
        let name = matched.name;
        let handler = *face.offered.get(name).ok_or_else(|| Error::not_offered(plane, name))?;
        let call = Call::read(matched, request, body)?;
        if name == SLOW_OPERATION {
            self.run_aside(handler, call).await
        } else {
            handler(&self.shared, &call)
        }
    }

    /// Runs a slow operation on a thread of its own, one at a time.
    async fn run_aside(&self, handler: Handler, call: Call) -> Result<Answer, Error> {
        let turn = Arc::clone(&self.slow).acquire_owned().await.map_err(|error| Error::internal(&error))?;
        let shared = Arc::clone(&self.shared);
        let work = tokio::task::spawn_blocking(move || {
            let answer = handler(&shared, &call);
            drop(turn);
            answer
        });
        work.await.map_err(|error| Error::internal(&error))?
    }
}

fn respond(answer: Result<Answer, Error>) -> Response<Full<Bytes>> {
    let mut response = match answer {
        Ok(Answer(body)) => Response::new(Full::from(body)),
        Err(error) => {
            let mut response = Response::new(Full::from(error.body()));
            *response.status_mut() = error.status();
            let kind = HeaderValue::from_static(error.kind());
            response.headers_mut().insert(HeaderName::from_static("x-amzn-errortype"), kind);
            response
        }
    };
    let id = HeaderValue::try_from(Uuid::new_v4().to_string()).expect("a UUID is plain ASCII");
    response.headers_mut().insert(HeaderName::from_static("x-amzn-requestid"), id);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests;
