//! Which requests are let in at all: those of programs that mean this service, of no web page, and where a key is
//! required, of whoever has it.
//!
//! A browser sends requests to a loopback port for any page that asks it to, and a page whose name is made to lead
//! here (DNS rebinding) may even read the answers. Both show in what only the browser writes: the name of the
//! host, `Origin` and `Sec-Fetch-Site`.

use std::net::IpAddr;

use hyper::header::{HOST, ORIGIN};
use hyper::http::Version;
use hyper::http::request::Parts;
use hyper::http::uri::Authority;

use super::exception::Exception;
use super::plane::credential_scope;
use crate::service::access_key::AccessKey;
use crate::service::hostname::{Hostname, is_localhost};

/// Who is let in.
#[derive(Debug, Default)]
pub(crate) struct Admission {
    /// By which clients may call the service.
    pub(crate) hostnames: Vec<Hostname>,
    /// Which clients must name, if any.
    pub(crate) access_key: Option<AccessKey>,
}

impl Admission {
    /// Refuses a request that a web page sent, or that means another host.
    ///
    /// Returns the host by which the client reached this service, if it names one.
    pub(super) fn check(&self, request: &Parts) -> Result<Option<String>, Exception> {
        check_sender(request)?;
        check_host(request, &self.hostnames)
    }

    /// Refuses a request that does not name the key.
    pub(super) fn check_key(&self, request: &Parts) -> Result<(), Exception> {
        self.access_key.as_ref().map_or(Ok(()), |key| check_key(request, key))
    }
}

fn check_sender(request: &Parts) -> Result<(), Exception> {
    if request.headers.contains_key(ORIGIN) {
        return Err(Exception::forbidden(
            "the request has an Origin header: web pages may not use this service",
        ));
    }
    if request.headers.get_all("sec-fetch-site").iter().any(|site| site != "none") {
        return Err(Exception::forbidden(
            "the request comes from a web page: web pages may not use this service",
        ));
    }
    Ok(())
}

fn check_host(request: &Parts, hostnames: &[Hostname]) -> Result<Option<String>, Exception> {
    let Some(authority) = authority(request)? else { return Ok(None) };
    let host = host(&authority).filter(|host| is_allowed(host, hostnames));
    host.map(Some).ok_or_else(|| {
        Exception::forbidden(format!(
            "the request is for the host '{authority}', which is not this service's: start it with --hostname NAME \
             to let clients reach it by that name"
        ))
    })
}

fn check_key(request: &Parts, key: &AccessKey) -> Result<(), Exception> {
    let credential = credential_scope(request).ok().flatten();
    let id = credential.as_deref().and_then(|credential| credential.split('/').next());
    if id == Some(key.as_str()) {
        return Ok(());
    }
    Err(Exception::forbidden(
        "the request does not name this service's access key id, which --require-key asks for: read the env file in \
         the service's folder, as its user, and sign with what it sets",
    ))
}

/// The host that the request is for, with its port; none where HTTP/1.0 leaves it out.
fn authority(request: &Parts) -> Result<Option<String>, Exception> {
    let mut hosts = request.headers.get_all(HOST).iter();
    let host = hosts.next();
    if hosts.next().is_some() {
        return Err(Exception::invalid_request("the request has two Host headers"));
    }
    if let Some(authority) = request.uri.authority() {
        return Ok(Some(authority.to_string()));
    }
    match host {
        Some(host) => Ok(Some(String::from_utf8_lossy(host.as_bytes()).into_owned())),
        None if request.version == Version::HTTP_10 => Ok(None),
        None => Err(Exception::invalid_request("the request has no Host header")),
    }
}

/// The host in lower case, without the port and without the brackets of an IPv6 address.
fn host(authority: &str) -> Option<String> {
    let parsed: Authority = authority.parse().ok().filter(|_| !authority.contains('@'))?;
    let host = parsed.host();
    let rest = &authority[host.len()..];
    let is_port = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !(rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port)) {
        return None;
    }
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    Some(bare.to_ascii_lowercase())
}

fn is_allowed(host: &str, hostnames: &[Hostname]) -> bool {
    // The dot at the end of a complete name.
    let name = host.strip_suffix('.').unwrap_or(host);
    host.parse::<IpAddr>().is_ok()
        || is_localhost(name)
        || hostnames.iter().any(|hostname| hostname.covers(name))
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    fn refusal(uri: &str, headers: &[(&str, &str)]) -> Option<(u16, String)> {
        refusal_in(Version::HTTP_11, uri, headers)
    }

    fn refusal_in(version: Version, uri: &str, headers: &[(&str, &str)]) -> Option<(u16, String)> {
        let request = Request::builder().version(version).uri(uri);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let hostnames = vec!["sandbox".parse().unwrap(), ".example.com".parse().unwrap()];
        let admission = Admission { hostnames, access_key: None };
        let error = admission.check(&request.body(()).unwrap().into_parts().0).err()?;
        Some((error.status().as_u16(), error.message().to_owned()))
    }

    #[test]
    fn addresses_localhost_and_names_that_were_given_are_let_in_on_any_port() {
        for host in [
            "127.0.0.1",
            "127.0.0.1:9443",
            "192.0.2.7:1",
            "[::1]:9443",
            "[2001:db8::1]",
            "localhost:9443",
            "LOCALHOST",
            "localhost.",
            "a.localhost:80",
            "sandbox:9443",
            "SandBox",
            "a.example.com",
            "a.b.Example.com:9443",
        ] {
            assert_eq!(refusal("/jobs", &[("host", host)]), None, "{host}");
            assert_eq!(refusal(&format!("http://{host}/jobs"), &[("host", "evil")]), None, "{host}");
        }
    }

    #[test]
    fn the_host_is_given_without_its_port_and_the_target_counts_before_the_header() {
        let host = |uri: &str, host: &str| {
            let request = Request::builder().uri(uri).header("host", host).body(()).unwrap();
            Admission::default().check(&request.into_parts().0).unwrap().unwrap()
        };
        assert_eq!(host("/endpoint", "LocalHost:9443"), "localhost");
        assert_eq!(host("/endpoint", "127.0.0.1"), "127.0.0.1");
        assert_eq!(host("/endpoint", "[::1]:9443"), "::1");
        assert_eq!(host("http://127.0.0.2:1/endpoint", "localhost"), "127.0.0.2");
    }

    #[test]
    fn any_other_host_is_refused_with_the_option_that_would_let_it_in() {
        for host in [
            "evil",
            "evil:9443",
            "localhost.evil",
            "127.0.0.1.evil",
            "example.com",
            "sandbox.evil",
            "notlocalhost",
            "127.0.0.1@evil",
            "evil@127.0.0.1",
            "127.1",
            "2130706433",
            "localhost:80:80",
            "localhost:x",
            "[::1]x",
            "local host",
            "",
            ":80",
            "evil#localhost",
            ".localhost",
            "..localhost",
            "a..localhost",
            ".localhost:80",
            "localhost/evil",
        ] {
            let (status, message) = refusal("/jobs", &[("host", host)]).unwrap_or_else(|| panic!("{host}"));
            assert_eq!(status, 403, "{host}");
            assert!(message.contains("--hostname"), "{message}");
        }
        assert_eq!(refusal("http://evil/jobs", &[("host", "localhost")]).unwrap().0, 403);
    }

    #[test]
    fn no_web_page_is_let_in_wherever_it_comes_from() {
        for (name, value) in [
            ("origin", "http://evil"),
            ("origin", "null"),
            ("origin", "http://localhost:9443"),
            ("origin", ""),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-site", ""),
        ] {
            assert_eq!(
                refusal("/", &[("host", "localhost"), (name, value)]).unwrap().0,
                403,
                "{name}: {value}"
            );
        }
        let twice = [("host", "localhost"), ("sec-fetch-site", "none"), ("sec-fetch-site", "cross-site")];
        assert_eq!(refusal("/", &twice).unwrap().0, 403);
        // An address typed by hand.
        assert_eq!(refusal("/", &[("host", "localhost"), ("sec-fetch-site", "none")]), None);
    }

    #[test]
    fn one_host_is_named_and_only_http_1_0_may_leave_it_out() {
        assert_eq!(refusal("/", &[("host", "localhost"), ("host", "localhost")]).unwrap().0, 400);
        assert_eq!(refusal("http://localhost/", &[("host", "localhost"), ("host", "evil")]).unwrap().0, 400);
        assert_eq!(refusal("/", &[]).unwrap().0, 400);
        assert_eq!(refusal_in(Version::HTTP_10, "/", &[]), None);
        assert_eq!(refusal_in(Version::HTTP_10, "/", &[("host", "evil")]).unwrap().0, 403);
    }

    #[test]
    fn where_a_key_is_required_each_request_names_it_in_its_header_or_its_query() {
        let key = AccessKey::random();
        let id = key.as_str().to_owned();
        let admission = Admission { hostnames: Vec::new(), access_key: Some(key) };
        let refusal = |uri: &str, authorization: Option<String>| {
            let request = Request::builder().uri(uri).header("host", "localhost");
            let request = authorization
                .into_iter()
                .fold(request, |request, value| request.header("authorization", value));
            admission.check_key(&request.body(()).unwrap().into_parts().0).err()
        };
        let signed = |id: &str| {
            Some(format!(
                "AWS4-HMAC-SHA256 Credential={id}/20260101/us-east-1/iot/aws4_request, SignedHeaders=host, Signature=00"
            ))
        };
        let presigned =
            |id: &str| format!("/jobs?X-Amz-Credential={id}%2F20260101%2Fus-east-1%2Fiot%2Faws4_request");
        for path in ["/jobs", "/_sandbox/clock"] {
            assert!(refusal(path, signed(&id)).is_none(), "{path}");
        }
        assert!(refusal(&presigned(&id), None).is_none());
        let lower = id.to_ascii_lowercase();
        for wrong in ["local", "", &id[1..], &id[..19], &format!("{id}A"), &lower] {
            for refused in [refusal("/jobs", signed(wrong)), refusal(&presigned(wrong), None)] {
                let refused = refused.unwrap_or_else(|| panic!("{wrong}"));
                assert_eq!(refused.status().as_u16(), 403);
                assert!(refused.message().contains("--require-key"), "{}", refused.message());
                assert!(!refused.message().contains(&id));
            }
        }
        for path in ["/jobs", "/_sandbox/health", "/things/T/jobs"] {
            assert!(refusal(path, None).is_some(), "{path}");
            assert!(refusal(path, Some(format!("Basic {id}"))).is_some(), "{path}");
        }
    }
}
