//! The shell variables that make other programs use the service.

use std::net::{Ipv4Addr, SocketAddr};

use super::files::{self, Files};
use super::options::Options;

/// What makes other programs use the service.
pub(super) fn environment(
    options: &Options,
    files: &Files,
    mqtt: SocketAddr,
    http: SocketAddr,
) -> Vec<(&'static str, String)> {
    let path = |name| files.path(name).display().to_string();
    // A name rather than an address where there is one: not every TLS library takes addresses.
    let host = if mqtt.ip().is_loopback() || mqtt.ip().is_unspecified() {
        "localhost".to_owned()
    } else {
        mqtt.ip().to_string()
    };
    let http =
        if http.ip().is_unspecified() { SocketAddr::from((Ipv4Addr::LOCALHOST, http.port())) } else { http };
    let mut variables = vec![
        ("JOBS_SANDBOX_ENDPOINT", host),
        ("JOBS_SANDBOX_PORT", mqtt.port().to_string()),
        ("JOBS_SANDBOX_CERT", path(files::CERTIFICATE)),
        ("JOBS_SANDBOX_KEY", path(files::KEY)),
        ("JOBS_SANDBOX_CA_FILE", path(files::CA)),
        ("JOBS_SANDBOX_REGION", options.region.clone()),
        ("AWS_ENDPOINT_URL", format!("http://{http}")),
        ("AWS_ACCESS_KEY_ID", "local".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
        ("AWS_REGION", options.region.clone()),
        ("AWS_DEFAULT_REGION", options.region.clone()),
    ];
    if let Some(thing) = options.things.first() {
        variables.push(("JOBS_SANDBOX_THING", thing.to_string()));
    }
    variables
}
