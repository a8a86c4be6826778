//! What the trace tells of a call: the request, and then its answer.

use std::time::{Instant, SystemTime};

use hyper::header::USER_AGENT;
use hyper::http::request::Parts;
use hyper::{Response, StatusCode};

use super::exception::Exception;
use super::files::S3Error;
use super::handler::Output;
use super::peer::Peer;
use super::response_body::ResponseBody;
use crate::service::trace::{Call, Client, Event, Payload, Record, Trace, excerpt, target_without_secrets};

/// How many bytes of a path and a query are recorded.
const TARGET: usize = 2048;

/// How many bytes of a program's name are recorded.
const NAME: usize = 64;

/// How many ignored members are recorded.
const MEMBERS: usize = 16;

/// A call that is being carried out.
#[derive(Debug)]
pub(super) struct TracedCall {
    trace: Trace,
    client: Client,
    call: Call,
    begun: Instant,
}

impl TracedCall {
    /// Records a request. What signs it is in headers, of which none is recorded, or in the query.
    pub(super) fn begin(trace: Trace, request: &Parts, body: &[u8], operation: Option<&'static str>) -> Self {
        let client = client(request);
        let call = Call { number: trace.next_call(), operation };
        let target = request.uri.path_and_query().map_or_else(String::new, ToString::to_string);
        let target = target_without_secrets(&target);
        let event = Event::Called {
            call,
            method: excerpt(request.method.as_str(), NAME).0.to_owned(),
            target: excerpt(&target, TARGET).0.to_owned(),
            body: Payload::new(body),
        };
        trace.put(|| Record { time: SystemTime::now(), client: client.clone(), event });
        Self { trace, client, call, begun: Instant::now() }
    }

    /// Records which members of the request mean nothing.
    pub(super) fn ignore(&self, members: &[String]) {
        if !members.is_empty() {
            let members = members.iter().take(MEMBERS).map(|name| excerpt(name, NAME).0.to_owned()).collect();
            let event = Event::Ignored { call: self.call, members };
            self.trace.put(|| Record { time: SystemTime::now(), client: self.client.clone(), event });
        }
    }

    /// Records the answer.
    pub(super) fn end(self, output: &Result<Output, Exception>) {
        let (status, exception, body) = match output {
            Ok(output) => (StatusCode::OK, None, Payload::new(&output.body)),
            Err(error) => (
                error.status(),
                Some(error.kind()).filter(|kind| !kind.is_empty()),
                Payload::new(&error.body()),
            ),
        };
        self.answered(status, exception, body);
    }

    /// Records the answer to a request for a file; what is in the file is not recorded.
    pub(super) fn end_file(self, answer: Result<&Response<ResponseBody>, &S3Error>) {
        let (status, code) = match answer {
            Ok(response) => (response.status(), None),
            Err(error) => (error.status(), Some(error.code())),
        };
        self.answered(status, code, Payload::new(b""));
    }

    fn answered(self, status: StatusCode, exception: Option<&'static str>, body: Payload) {
        let (call, took) = (self.call, self.begun.elapsed());
        let event = Event::Answered { call, status: status.as_u16(), exception, body, took };
        self.trace.put(|| Record { time: SystemTime::now(), client: self.client, event });
    }
}

/// The first word of what a program says of itself, such as `aws-cli/2.31.5`, and where it is.
fn client(request: &Parts) -> Client {
    let agent = request.headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok());
    let name = agent.and_then(|agent| agent.split_whitespace().next());
    Client {
        name: name.map(|name| excerpt(name, NAME).0.to_owned()),
        address: Peer::of(request).map(|peer| peer.address),
    }
}
