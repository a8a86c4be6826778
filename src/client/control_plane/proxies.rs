//! Which proxy a request goes through.

use std::env;
use std::sync::Arc;

use hyper_util::client::proxy::matcher::Matcher;

/// The variables that name proxies.
const VARIABLES: [&str; 6] =
    ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

/// A variable that should name a proxy and does not. Its value is not told: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0} is not the URL of a proxy: write http://HOST:PORT or http://USER:PASSWORD@HOST:PORT, with %20 for a space and the like"
)]
pub struct NoProxyUrl(&'static str);

/// Checks the variables that name proxies, where requests to that endpoint go through one.
///
/// # Errors
/// [`NoProxyUrl`] names the first that cannot be read, which the HTTP client would pass over in silence.
pub fn check_proxies(endpoint_url: Option<&str>) -> Result<(), NoProxyUrl> {
    if is_plain(endpoint_url) {
        return Ok(());
    }
    let is_bad = |name: &&str| env::var_os(name).is_some_and(|value| !names_proxy(&value.to_string_lossy()));
    VARIABLES.into_iter().find(is_bad).map_or(Ok(()), |name| Err(NoProxyUrl(name)))
}

/// Whether a value is the URL of a proxy, or empty, which stands for none.
fn names_proxy(value: &str) -> bool {
    let any = http::Uri::from_static("https://host.example");
    value.trim().is_empty() || Matcher::builder().https(value).build().intercept(&any).is_some()
}

/// The proxies that requests go through.
#[derive(Debug, Clone)]
pub(super) struct Proxies {
    from_env: Arc<Matcher>,
    are_used: bool,
}

impl Proxies {
    /// Those of the environment, which the HTTP client takes for the same endpoint.
    pub(super) fn from_env(endpoint_url: Option<&str>) -> Self {
        Self { from_env: Matcher::from_env().into(), are_used: !is_plain(endpoint_url) }
    }

    /// The URL of the proxy for a request to `uri`.
    pub(super) fn of(&self, uri: &str) -> Option<String> {
        self.meant_for(uri).filter(|_| self.are_used)
    }

    /// Whether there is one for a request to `uri` that is not used.
    pub(super) fn are_passed_by(&self, uri: &str) -> bool {
        !self.are_used && self.meant_for(uri).is_some()
    }

    fn meant_for(&self, uri: &str) -> Option<String> {
        Some(self.from_env.intercept(&uri.parse().ok()?)?.uri().to_string())
    }
}

/// Whether the endpoint is given as one of plain http.
pub(super) fn is_plain(endpoint_url: Option<&str>) -> bool {
    endpoint_url.is_some_and(|url| url.starts_with("http://"))
}
