//! One request, from its head and body to its response.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Body;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Request, Response, StatusCode};
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::admission::Admission;
use super::body::read_body;
use super::call::Call;
use super::device::DeviceCall;
use super::exception::Exception;
use super::handler::{Handler, Handlers, JSON, Output};
use super::limits::Limits;
use super::model::Model;
use super::operations::Operations;
use super::plane::Plane;
use super::response_body::ResponseBody;
use super::struck::{self, Broken};
use super::traced_call::TracedCall;
use super::{control, data, files, sandbox};
use crate::service::rates::{Rate, Throttled};
use crate::service::shared::Shared;
use crate::wire::fault::Kind;

/// It takes too long for the threads that serve connections: it makes an RSA key.
pub(super) const SLOW_OPERATION: &str = "CreateKeysAndCertificate";

/// Both planes: answers a request, whatever connection it comes from.
#[derive(Debug)]
pub(super) struct Api {
    pub(super) shared: Arc<Shared>,
    admission: Admission,
    control: Routes,
    data: Routes,
    model: Model,
    pub(super) slow: Arc<Semaphore>,
}

/// The operations of one plane: all of them by path, and the handlers of those that are offered, by name.
#[derive(Debug)]
pub(super) struct Routes {
    operations: Operations,
    pub(super) handlers: HashMap<&'static str, Handler>,
}

impl Routes {
    pub(super) fn new(plane: Plane, handlers: &[Handlers]) -> Self {
        let handlers = handlers.iter().copied().flatten().copied().collect();
        Self { operations: Operations::of(plane), handlers }
    }
}

impl Api {
    pub(super) fn new(shared: Arc<Shared>, admission: Admission) -> Self {
        Self {
            shared,
            admission,
            control: Routes::new(Plane::Control, control::HANDLERS),
            data: Routes::new(Plane::Data, &[data::HANDLERS]),
            model: Model::read(),
            slow: Arc::new(Semaphore::new(1)),
        }
    }

    /// Answers one request; a refusal is an answer too. Where a fault strikes it, none may come. Calls `received` once the whole request is there.
    pub(super) async fn answer<B: Body>(
        &self,
        request: Request<B>,
        limits: Limits,
        received: impl FnOnce(),
    ) -> Result<Response<ResponseBody>, Broken> {
        let (request, body) = request.into_parts();
        // Read before anything is refused: a client that is still sending does not read an answer.
        let body = read_body(body, limits).await;
        received();
        let trace = self.shared.trace().clone();
        let traced = trace.is_on().then(|| {
            let body = body.as_deref().unwrap_or_default();
            TracedCall::begin(trace, &request, body, self.operation_of(&request))
        });
        if files::is_asked(&self.shared, &request) {
            self.shared.count_call();
            return Ok(self.answer_file(&request, traced).await);
        }
        let mut fault = None;
        let output = match body {
            Ok(body) => self.carry_out(request, &body, &mut fault, traced.as_ref()).await,
            Err(error) => Err(error),
        };
        // Nobody is told what is not kept.
        let kept = self.shared.until_kept().await;
        let output = kept.map_err(|not_kept| Exception::internal(&not_kept)).and(output);
        if let Some(traced) = traced {
            traced.end(&output);
        }
        struck::suffer(respond(output), fault).await.map(|response| response.map(ResponseBody::from))
    }

    /// Answers a request for a file. Its signature lets it in; nothing else of it is looked at.
    async fn answer_file(&self, request: &Parts, traced: Option<TracedCall>) -> Response<ResponseBody> {
        let answer = files::answer(&self.shared, request).await;
        if let Some(traced) = traced {
            traced.end_file(answer.as_ref());
        }
        answer.unwrap_or_else(|error| error.response())
    }

    /// The operation that a request names, if it is one of AWS's.
    fn operation_of(&self, request: &Parts) -> Option<&'static str> {
        let plane = Plane::of(request).ok()?;
        Some(self.routes(plane).operations.find(&request.method, request.uri.path()).ok()?.name)
    }

    fn routes(&self, plane: Plane) -> &Routes {
        match plane {
            Plane::Control => &self.control,
            Plane::Data => &self.data,
        }
    }

    /// Carries a request out, unless it is refused; `fault` becomes what goes wrong with its answer.
    async fn carry_out(
        &self,
        request: Parts,
        body: &[u8],
        fault: &mut Option<Kind>,
        traced: Option<&TracedCall>,
    ) -> Result<Output, Exception> {
        let host = self.admission.check(&request)?;
        let device = DeviceCall::of(&self.shared, &request)?;
        if device.is_none()
            && let Err(refusal) = self.admission.check_key(&request)
        {
            return if sandbox::asks_health(&request) { sandbox::ready() } else { Err(refusal) };
        }
        self.shared.count_call();
        if sandbox::is_asked(&request) {
            return sandbox::answer(&self.shared, &request, body).await;
        }
        let plane = Plane::of(&request)?;
        let routes = self.routes(plane);
        let matched = routes.operations.find(&request.method, request.uri.path())?;
        let name = matched.name;
        let handler =
            *routes.handlers.get(name).ok_or_else(|| Exception::not_offered(plane.signing_name(), name))?;
        if let Some(device) = device {
            device.authorize(&self.shared, &matched)?;
        }
        *fault = struck::strike(&self.shared, &matched, body);
        if let Some(instead) = struck::instead(plane, fault.as_ref()) {
            return instead;
        }
        self.throttle(plane, name)?;
        let input = self.model.input(plane, name).expect("a test looks up every operation that is offered");
        let call = Call::read(&self.model, input, &matched, &request, host, body)?;
        if let Some(traced) = traced {
            traced.ignore(&call.ignored);
        }
        if name == SLOW_OPERATION {
            self.run_aside(handler, call).await
        } else {
            handler(&self.shared, &call)
        }
    }

    /// Refuses what is asked for too often, whatever it asks.
    fn throttle(&self, plane: Plane, operation: &'static str) -> Result<(), Exception> {
        let (rate, status) = match plane {
            Plane::Control => (Rate::of_control_plane(operation), StatusCode::BAD_REQUEST),
            Plane::Data => (Some(Rate::of_data_plane(operation)), StatusCode::TOO_MANY_REQUESTS),
        };
        let admitted = self.shared.requests(|requests| requests.rates.admit(requests.now, || rate));
        admitted.map_err(|Throttled| Exception::new(status, "ThrottlingException", Throttled::MESSAGE))
    }

    /// Runs a slow operation on a thread of its own, one at a time.
    async fn run_aside(&self, handler: Handler, call: Call) -> Result<Output, Exception> {
        let turn =
            Arc::clone(&self.slow).acquire_owned().await.map_err(|error| Exception::internal(&error))?;
        let shared = Arc::clone(&self.shared);
        let work = tokio::task::spawn_blocking(move || {
            let output = handler(&shared, &call);
            drop(turn);
            output
        });
        work.await.map_err(|error| Exception::internal(&error))?
    }
}

fn respond(output: Result<Output, Exception>) -> Response<Full<Bytes>> {
    let mut content_type = JSON;
    let mut response = match output {
        Ok(output) => {
            content_type = output.content_type;
            Response::new(Full::from(output.body))
        }
        Err(error) => {
            let mut response = Response::new(Full::from(error.body()));
            *response.status_mut() = error.status();
            if !error.kind().is_empty() {
                let kind = HeaderValue::from_static(error.kind());
                response.headers_mut().insert(HeaderName::from_static("x-amzn-errortype"), kind);
            }
            response
        }
    };
    let id = HeaderValue::try_from(Uuid::new_v4().to_string()).expect("a UUID is plain ASCII");
    response.headers_mut().insert(HeaderName::from_static("x-amzn-requestid"), id);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

#[cfg(test)]
mod tests {
    use std::iter::repeat_with;

    use super::*;
    use crate::service::rates;
    use crate::service::state::things::CreateThingRequest;
    use crate::service::state::{Settings, State};

    /// The statuses of the answers to the same request, again and again, up to the first refusal.
    async fn until_refused(api: &Api, service: &str, path: &str) -> (usize, Response<ResponseBody>) {
        let request = || {
            let scope = format!("AKID/20260101/us-east-1/{service}/aws4_request");
            Request::get(path)
                .header("host", "localhost")
                .header("authorization", format!("AWS4-HMAC-SHA256 Credential={scope}, Signature=0"))
                .body(Full::<Bytes>::default())
                .unwrap()
        };
        for (let_in, request) in repeat_with(request).take(10_000).enumerate() {
            let response = api.answer(request, Limits::DEFAULT, || ()).await.unwrap();
            if !response.status().is_success() {
                return (let_in, response);
            }
        }
        panic!("nothing is refused");
    }

    #[tokio::test]
    async fn where_clients_are_kept_to_aws_rates_each_plane_throttles_in_its_own_way() {
        let settings = Settings { region: "us-east-1".into(), account: "123456789012".into() };
        let shared = Arc::new(Shared::new(settings).limited_to(rates::Limits::Aws));
        let api = Api::new(shared.clone(), Admission::default());
        let create = |state: &mut State, now| {
            state.create_thing(now, "T", Uuid::nil(), &CreateThingRequest::default())
        };
        shared.write(create).unwrap();
        for (service, path, at_once, status) in
            [("iot", "/jobs", 10, 400), ("iot-jobs-data", "/things/T/jobs", 200, 429)]
        {
            let (let_in, refused) = until_refused(&api, service, path).await;
            assert!(let_in >= at_once, "{let_in}");
            assert_eq!(refused.status(), status, "{path}");
            assert_eq!(refused.headers()["x-amzn-errortype"], "ThrottlingException");
        }
    }
}
