//! The names by which clients may reach the service.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use thiserror::Error;

/// A name under which clients reach the service, besides `localhost` and the addresses of the machine: the name of
/// a container, say.
///
/// `sandbox` is that name alone, `.example.com` every name below `example.com`, `192.0.2.1` an address that stands
/// in the server certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hostname(Kind);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Address(IpAddr),
    Name(String),
    /// All names that end with this, its dot included.
    Below(String),
}

/// A text that is no host name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "a host name has letters, digits, hyphens and dots, such as sandbox or .example.com, without a port; \
     an address is a whole one of this machine, such as 192.0.2.1"
)]
pub struct HostnameError;

impl Hostname {
    /// Whether `host`, in lower case, is this name or below it.
    pub(super) fn covers(&self, host: &str) -> bool {
        match &self.0 {
            Kind::Name(name) => name == host,
            Kind::Below(suffix) => host.len() > suffix.len() && host.ends_with(suffix),
            // An address is let in without being named.
            Kind::Address(_) => false,
        }
    }

    /// The address, where it is one.
    pub(super) fn address(&self) -> Option<IpAddr> {
        match self.0 {
            Kind::Address(address) => Some(address),
            Kind::Name(_) | Kind::Below(_) => None,
        }
    }

    /// The name as certificates write it, with `*` for any one label.
    pub(super) fn in_certificate(&self) -> Option<String> {
        match &self.0 {
            Kind::Name(name) => Some(name.clone()),
            Kind::Below(suffix) => Some(format!("*{suffix}")),
            Kind::Address(_) => None,
        }
    }

    /// Whether a client can connect to it as it stands.
    pub(super) fn is_complete(&self) -> bool {
        !matches!(self.0, Kind::Below(_))
    }
}

/// Whether every machine takes `host`, in lower case, for itself.
pub(super) fn is_localhost(host: &str) -> bool {
    let below = host.strip_suffix(".localhost");
    host == "localhost" || below.is_some_and(|labels| !labels.split('.').any(str::is_empty))
}

impl FromStr for Hostname {
    type Err = HostnameError;

    fn from_str(text: &str) -> Result<Self, HostnameError> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return if address.is_unspecified() {
                Err(HostnameError)
            } else {
                Ok(Self(Kind::Address(address)))
            };
        }
        let name = text.to_ascii_lowercase();
        let labels = name.strip_prefix('.').unwrap_or(&name);
        let is_label = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                // The underscore is no part of a host name, but of many a container's.
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        // Many programs take a name that ends with a number for an address.
        let last = labels.rsplit('.').next().unwrap_or_default();
        let is_number = last.bytes().all(|byte| byte.is_ascii_digit())
            || last.strip_prefix("0x").is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
        if labels.len() > 250 || is_number || !labels.split('.').all(is_label) {
            return Err(HostnameError);
        }
        Ok(Self(if name.starts_with('.') { Kind::Below(name) } else { Kind::Name(name) }))
    }
}

impl fmt::Display for Hostname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Address(address) => address.fmt(f),
            Kind::Name(name) | Kind::Below(name) => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(hostname: &str, host: &str) -> bool {
        hostname.parse::<Hostname>().unwrap().covers(host)
    }

    #[test]
    fn a_name_covers_itself_and_a_leading_dot_all_below() {
        assert!(
            covers("Sandbox", "sandbox")
                && !covers("sandbox", "sandbox.evil")
                && !covers("sandbox", "x.sandbox")
        );
        assert!(covers(".example.com", "a.example.com") && covers(".example.com", "a.b.example.com"));
        assert!(!covers(".example.com", "example.com") && !covers(".example.com", "evilexample.com"));
    }

    #[test]
    fn what_is_no_host_name_is_refused() {
        for text in
            ["", ".", "..", "a..b", "a:80", "http://a", "*.a", "-a", "a-", "é", "a b", "a.", &"a".repeat(64)]
                .into_iter()
                // What leads nowhere, and what might be taken for an address.
                .chain([
                    "::",
                    "0.0.0.0",
                    "1.2.3",
                    "1.2.3.4.5",
                    "256.1.1.1",
                    "127.1",
                    "2130706433",
                    ".5",
                    "a.0x7f",
                ])
        {
            assert_eq!(text.parse::<Hostname>(), Err(HostnameError), "{text}");
        }
        for text in ["a", "my_container-1", "a.b.c", ".a", "::1", "192.0.2.1"] {
            assert_eq!(text.parse::<Hostname>().unwrap().to_string(), text);
        }
    }
}
