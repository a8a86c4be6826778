//! Checks the endpoints given on the command line, and finds the region in an endpoint's name.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/connect-to-iot.html>

use super::error::UsageError;

/// Checks that an endpoint is a host name, without the scheme, port or path that people paste with it.
pub(super) fn check(endpoint: &str) -> Result<String, UsageError> {
    let host = endpoint.trim();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let ipv6 = host.parse::<std::net::Ipv6Addr>().is_ok();
    if ipv6 || (!host.is_empty() && host.len() <= 253 && host.bytes().all(plain)) {
        Ok(host.to_owned())
    } else if host.contains('@') {
        // Not repeated: what is before the @ may be a password.
        let why = "--endpoint must be a host name alone, without user name, scheme, port or path";
        Err(UsageError(why.to_owned()))
    } else {
        Err(UsageError(format!(
            "--endpoint must be a host name alone, without scheme, port or path (for a port there is --port), not {host:?}"
        )))
    }
}

/// Whether what stands in the place of a port is none.
fn has_bad_port(uri: &http::Uri) -> bool {
    let Some(authority) = uri.authority() else { return false };
    authority.as_str() != authority.host() && authority.port_u16().is_none_or(|port| port == 0)
}

/// Checks the URL of a control plane.
pub(super) fn check_url(url: &str) -> Result<String, UsageError> {
    let url = url.trim();
    // Not repeated: what is before the @ may be a password.
    if url.contains('@') {
        return Err(UsageError("--control-endpoint-url must hold no user name and no password".to_owned()));
    }
    match url.parse::<http::Uri>() {
        Ok(uri) if has_bad_port(&uri) => Err(UsageError(format!(
            "--control-endpoint-url has a port that is none: it must be a number up to 65535, not as in {url:?}"
        ))),
        Ok(uri) if matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some() => {
            Ok(url.to_owned())
        }
        _ => Err(UsageError(format!(
            "--control-endpoint-url must begin with http:// or https:// and name a host, not {url:?}"
        ))),
    }
}

/// The region to use: the one given, or else the one in the endpoint's name.
pub(super) fn region(endpoint: &str, given: Option<&str>) -> Result<Option<String>, UsageError> {
    let given = given.map(str::trim).filter(|region| !region.is_empty());
    let shown = shown_region(endpoint);
    match (given, shown) {
        (Some(given), _) if !looks_like_region(given) => {
            Err(UsageError(format!("--region: {given:?} is not a region name such as us-east-1")))
        }
        (Some(given), Some(shown)) if given != shown => Err(UsageError(format!(
            "--region {given} contradicts the endpoint, which is in {shown}: leave out --region or correct one of them"
        ))),
        (given, shown) => Ok(given.or(shown).map(str::to_owned)),
    }
}

/// The region in an AWS host name: the label after `iot` or `iot-fips`.
fn shown_region(endpoint: &str) -> Option<&str> {
    let name = endpoint.strip_suffix(".cn").unwrap_or(endpoint).strip_suffix(".amazonaws.com")?;
    let labels: Vec<&str> = name.split('.').collect();
    let iot = labels.iter().rposition(|label| matches!(*label, "iot" | "iot-fips"))?;
    labels.get(iot + 1).copied().filter(|label| looks_like_region(label))
}

/// Whether a text has the form of a region name, such as `us-gov-west-1`; there is no list of regions, so that
/// new ones need no new release.
pub(super) fn looks_like_region(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    text.len() <= 32
        && text.contains('-')
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.ends_with(|last: char| last.is_ascii_digit())
        && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_is_read_from_every_form_of_endpoint() {
        for (endpoint, shown) in [
            ("a1b2-ats.iot.us-east-1.amazonaws.com", Some("us-east-1")),
            ("a1b2.iot.eu-central-1.amazonaws.com", Some("eu-central-1")),
            ("a1b2.ats.iot.cn-north-1.amazonaws.com.cn", Some("cn-north-1")),
            ("a1b2.iot-fips.us-gov-west-1.amazonaws.com", Some("us-gov-west-1")),
            ("vpce-1.data.iot.us-west-2.vpce.amazonaws.com", Some("us-west-2")),
            ("localhost", None),
            ("iot.example.com", None),
        ] {
            assert_eq!(shown_region(endpoint), shown, "{endpoint}");
        }
    }

    #[test]
    fn a_region_that_contradicts_the_endpoint_is_named() {
        let error = region("a-ats.iot.us-east-1.amazonaws.com", Some("eu-west-1")).unwrap_err();
        assert!(error.to_string().contains("eu-west-1 contradicts the endpoint, which is in us-east-1"));
        assert_eq!(region("localhost", Some("eu-west-1")), Ok(Some("eu-west-1".into())));
        assert_eq!(region("localhost", None), Ok(None));
    }

    #[test]
    fn a_pasted_url_is_not_an_endpoint() {
        for wrong in ["https://a.iot.us-east-1.amazonaws.com", "host:8883", "host/path", "", "a b"] {
            assert!(check(wrong).is_err(), "{wrong}");
        }
        assert!(check("::1").is_ok());
    }

    #[test]
    fn a_control_plane_is_an_http_url() {
        assert!(check_url("http://127.0.0.1:5000").is_ok());
        assert!(check_url("https://[::1]/path").is_ok());
        for wrong in
            ["127.0.0.1:5000", "ftp://host", "https://", "", "http://a:99999", "http://[::1]:x", "http://a:0"]
        {
            assert!(check_url(wrong).is_err(), "{wrong}");
        }
    }
}
