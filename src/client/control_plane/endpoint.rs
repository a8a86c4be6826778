//! Where the control plane is, as messages show it.

use std::fmt;

use super::proxies::Proxies;
use crate::wire::system_error::TOO_MANY_OPEN_FILES;

/// Where a request went; `Display` names the proxy that it went through, if it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Scheme, host and port.
    url: String,
    /// The URL of the proxy.
    proxy: Option<String>,
    /// Whether there is a proxy that plain http does not go through.
    passes_by_proxy: bool,
}

impl Endpoint {
    /// The endpoint of a request to `uri`, without the user name and the password that may stand in it.
    pub(super) fn of(uri: &str, proxies: &Proxies) -> Self {
        Self {
            url: origin(uri),
            proxy: proxies.of(uri).map(|proxy| origin(&proxy)),
            passes_by_proxy: proxies.are_passed_by(uri),
        }
    }

    /// What to check where nothing is heard from there.
    pub(super) fn what_to_check(&self, reason: &str) -> &'static str {
        match self.proxy {
            // It says what to do.
            _ if reason == TOO_MANY_OPEN_FILES => "",
            Some(_) if self.is_plain() => ": check HTTP_PROXY, ALL_PROXY and NO_PROXY, and the network",
            Some(_) => ": check HTTPS_PROXY, ALL_PROXY and NO_PROXY, and the network",
            None if self.passes_by_proxy => {
                ": check --control-endpoint-url and the network (http:// goes through no proxy)"
            }
            None => ": check --region, --control-endpoint-url and the network",
        }
    }

    /// What may be wrong where something else than HTTP answers.
    pub(super) fn why_no_http(&self) -> String {
        let why = "the connection was closed in place of an answer";
        if self.is_plain() {
            format!("{why}, perhaps because that port wants https://")
        } else {
            why.to_owned()
        }
    }

    fn is_plain(&self) -> bool {
        self.url.starts_with("http://")
    }
}

/// Where no request was made.
impl Default for Endpoint {
    fn default() -> Self {
        Self { url: "AWS".to_owned(), proxy: None, passes_by_proxy: false }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)?;
        self.proxy.as_ref().map_or(Ok(()), |proxy| write!(f, " through the proxy {proxy}"))
    }
}

fn origin(uri: &str) -> String {
    let uri = without_user(uri);
    let host = uri.find("://").map_or(0, |scheme| scheme + 3);
    let end = uri[host..].find('/').map_or(uri.len(), |path| host + path);
    uri[..end].to_owned()
}

/// A URI without the user name and the password that may stand in it.
pub(super) fn without_user(uri: &str) -> String {
    let (scheme, rest) = uri.split_once("://").unwrap_or_default();
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_s_password_is_told() {
        assert_eq!(without_user("https://me:p@ss@host:1/jobs/J@1?a=b@c"), "https://host:1/jobs/J@1?a=b@c");
        assert_eq!(without_user("http://127.0.0.1:80"), "http://127.0.0.1:80");
        assert_eq!(origin("http://me:p@ss@proxy:3128/"), "http://proxy:3128");
    }
}
