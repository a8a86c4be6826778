//! Which proxy a request goes through.

use std::sync::Arc;

use hyper_util::client::proxy::matcher::Matcher;

/// The proxies that requests go through.
#[derive(Debug, Clone)]
pub(super) struct Proxies(Option<Arc<Matcher>>);

impl Proxies {
    /// Those of the environment, which the HTTP client takes for the same endpoint.
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
pub(super) fn is_plain(endpoint_url: Option<&str>) -> bool {
    endpoint_url.is_some_and(|url| url.starts_with("http://"))
}
