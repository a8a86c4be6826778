//! What went over the wire for one operation, as an interceptor of the SDK sees it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_iot::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_sdk_iot::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_iot::error::BoxError;

/// What the last attempt at an operation sent and got.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Exchange {
    /// Scheme, host and port of the request.
    pub(super) endpoint: Option<String>,
    /// The status of the answer.
    pub(super) status: Option<u16>,
    /// What AWS support asks for.
    pub(super) request_id: Option<String>,
    /// The body of the answer; none where it was empty.
    pub(super) body: Option<String>,
}

/// Writes the exchange down.
#[derive(Debug, Clone, Default)]
pub(super) struct Capture(Arc<Mutex<Exchange>>);

impl Capture {
    /// What was written down last.
    pub(super) fn exchange(&self) -> Exchange {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Exchange> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
        let uri = context.request().uri();
        let end = uri.find("://").map_or(0, |scheme| scheme + 3);
        let end = uri[end..].find('/').map_or(uri.len(), |path| end + path);
        *self.lock() = Exchange { endpoint: Some(uri[..end].to_owned()), ..Exchange::default() };
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        let body = response.body().bytes().map(String::from_utf8_lossy).filter(|body| !body.is_empty());
        let mut exchange = self.lock();
        exchange.status = Some(response.status().as_u16());
        exchange.request_id = response.headers().get("x-amzn-requestid").map(ToOwned::to_owned);
        exchange.body = body.map(String::from);
        Ok(())
    }
}
