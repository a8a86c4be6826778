//! What went over the wire for one operation, as an interceptor of the SDK sees it.

use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use aws_sdk_iot::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeDeserializationInterceptorContextMut,
    BeforeTransmitInterceptorContextRef,
};
use aws_sdk_iot::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_iot::error::BoxError;
use aws_smithy_types::body::SdkBody;
use http_body_util::Limited;

use super::endpoint::{Endpoint, without_user};
use super::proxies::Proxies;
use crate::client::trace::Trace;

/// The longest answer that is read, in bytes; the longest of AWS's, a full page of a list, is far from it.
pub(super) const MAX_ANSWER: usize = 4 * 1024 * 1024;

/// What the last attempt at an operation sent and got.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Exchange {
    /// Where the request went.
    pub(super) endpoint: Option<Endpoint>,
    /// The status of the answer.
    pub(super) status: Option<u16>,
    /// What AWS support asks for.
    pub(super) request_id: Option<String>,
    /// The body of the answer, or `None` if it was empty.
    pub(super) body: Option<String>,
}

/// Records the exchange, and traces it.
#[derive(Debug, Clone)]
pub(super) struct Capture {
    last: Arc<Mutex<Attempt>>,
    proxies: Proxies,
    trace: Trace,
    answers: Arc<AtomicU64>,
}

#[derive(Debug, Default)]
struct Attempt {
    exchange: Exchange,
    sent: Option<Instant>,
}

impl Capture {
    /// Records into `trace`, and counts the answers in `answers`.
    pub(super) fn new(proxies: Proxies, trace: Trace, answers: Arc<AtomicU64>) -> Self {
        Self { last: Arc::default(), proxies, trace, answers }
    }

    /// Takes out what was recorded last.
    pub(super) fn take(&self) -> Exchange {
        mem::take(&mut self.lock().exchange)
    }

    fn lock(&self) -> MutexGuard<'_, Attempt> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Intercept for Capture {
    fn name(&self) -> &'static str {
        "Capture"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request();
        let uri = &without_user(request.uri());
        self.trace.write(|| {
            let body = request.body().bytes().map(String::from_utf8_lossy).unwrap_or_default();
            format!("-> {} {uri} {body}", request.method()).trim_end().to_owned()
        });
        let exchange = Exchange { endpoint: Some(Endpoint::of(uri, &self.proxies)), ..Exchange::default() };
        *self.lock() = Attempt { exchange, sent: Some(Instant::now()) };
        Ok(())
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response_mut().body_mut();
        let unlimited = mem::replace(body, SdkBody::taken());
        *body = SdkBody::from_body_1_x(Limited::new(unlimited, MAX_ANSWER));
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.answers.fetch_add(1, Ordering::SeqCst);
        let response = context.response();
        let body = response.body().bytes().map(String::from_utf8_lossy).filter(|body| !body.is_empty());
        let request_id = response.headers().get("x-amzn-requestid").map(ToOwned::to_owned);
        let mut attempt = self.lock();
        self.trace.write(|| {
            let status = response.status().as_u16();
            let request_id = request_id.as_deref().unwrap_or("unknown");
            let millis = attempt.sent.map_or(0.0, |sent| sent.elapsed().as_secs_f64() * 1000.0);
            // A refusal may quote the request, session token included.
            let body = body.as_deref().filter(|_| response.status().is_success()).unwrap_or_default();
            format!("<- {status}, request id {request_id}, after {millis:.1} ms {body}").trim_end().to_owned()
        });
        attempt.exchange.status = Some(response.status().as_u16());
        attempt.exchange.request_id = request_id;
        attempt.exchange.body = body.map(String::from);
        Ok(())
    }
}
