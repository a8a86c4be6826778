//! Who is on the other side of a connection.

use std::net::IpAddr;
use std::sync::Arc;

use hyper::http::request::Parts;

/// Who is on the other side of a connection; each request has it among its extensions.
#[derive(Debug, Clone)]
pub(super) struct Peer {
    pub(super) address: IpAddr,
    pub(super) over: Over,
}

/// Over what it has come.
#[derive(Debug, Clone)]
pub(super) enum Over {
    Tcp,
    Tls {
        /// The id of the certificate that the client showed, if it showed one.
        certificate: Option<Arc<str>>,
    },
}

impl Peer {
    /// Who sent a request.
    pub(super) fn of(request: &Parts) -> Option<&Self> {
        request.extensions.get()
    }
}
