//! How requests reach the control plane: the HTTP client, and which failures it does not retry.

use std::sync::Arc;

use aws_sdk_iot::config::interceptors::InterceptorContext;
use aws_sdk_iot::config::retry::{ClassifyRetry, RetryAction};
use aws_sdk_iot::config::{RuntimeComponents, SharedHttpClient};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder as HttpClientBuilder, Connector};

use hyper_util::client::proxy::matcher::Matcher;

use super::error::{TOO_MANY_REQUESTS, is_too_long, never_left};

/// Forbids retries that cannot help: of a request that reached nobody, which spares no service and keeps the
/// user waiting, and of an answer that is too long, which will be as long again.
#[derive(Debug)]
pub(super) struct NoFutileRetries;

impl ClassifyRetry for NoFutileRetries {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let Some(Err(failed)) = context.output_or_error() else { return RetryAction::NoActionIndicated };
        if failed.as_connector_error().is_some_and(|error| never_left(error)) || is_too_long(failed) {
            RetryAction::RetryForbidden
        } else {
            RetryAction::NoActionIndicated
        }
    }

    fn name(&self) -> &'static str {
        "NoFutileRetries"
    }
}

/// Asks for a retry of a request that the server did not look at, even where it does not say so as AWS does.
#[derive(Debug)]
pub(super) struct RetryTooManyRequests;

impl ClassifyRetry for RetryTooManyRequests {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        match context.response() {
            Some(response) if response.status().as_u16() == TOO_MANY_REQUESTS => {
                RetryAction::throttling_error()
            }
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "RetryTooManyRequests"
    }
}

/// The proxies that requests go through.
#[derive(Debug, Clone)]
pub(super) struct Proxies(Option<Arc<Matcher>>);

impl Proxies {
    /// Those of the environment, which [`http_client`] takes for the same endpoint.
    pub(super) fn from_env(endpoint_url: Option<&str>) -> Self {
        Self((!is_plain(endpoint_url)).then(|| Matcher::from_env().into()))
    }

    /// The URL of the proxy for a request to `uri`.
    pub(super) fn of(&self, uri: &str) -> Option<String> {
        let proxy = self.0.as_ref()?.intercept(&uri.parse().ok()?)?;
        Some(proxy.uri().to_string())
    }
}

/// Whether the endpoint is given as one of plain http.
fn is_plain(endpoint_url: Option<&str>) -> bool {
    endpoint_url.is_some_and(|url| url.starts_with("http://"))
}

/// An HTTP client with our one TLS stack, which respects `HTTPS_PROXY` and `NO_PROXY`.
///
/// For plain http, meant for local services, it has neither: loading the system's roots takes time.
pub(super) fn http_client(endpoint_url: Option<&str>, ca_bundle: Option<Vec<u8>>) -> SharedHttpClient {
    if is_plain(endpoint_url) {
        return HttpClientBuilder::new().build_http();
    }
    let trusted =
        ca_bundle.map_or_else(TrustStore::default, |pem| TrustStore::empty().with_pem_certificate(pem));
    HttpClientBuilder::new().build_with_connector_fn(move |settings, components| {
        let tls = TlsContext::builder().with_trust_store(trusted.clone()).build().expect("it cannot fail");
        let mut connector = Connector::builder()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .tls_context(tls)
            .proxy_config(ProxyConfig::from_env());
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        connector.build()
    })
}
