//! How much a client may send, and how long it may take.

use std::time::Duration;

use crate::service::broker::limits::Timeouts;

/// How much a client may send and how long it may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Open connections; beyond, one without a request makes room, or else one whose request is still on its way.
    pub(super) connections: usize,
    /// Bytes of a body. The largest request that AWS allows, a job document of 32 KiB with every
    /// character escaped and a hundred targets, takes less than half of it.
    pub(super) body: usize,
    /// How long a TLS handshake may take.
    pub(super) handshake_within: Duration,
    /// How long the headers of a request may take, and how long a connection may stay idle.
    pub(super) headers_within: Duration,
    /// How long a body may take.
    pub(super) body_within: Duration,
    /// How long connections get to finish once the service stops.
    pub(super) close_within: Duration,
}

impl Limits {
    pub(super) const DEFAULT: Self = Self {
        connections: 256,
        body: 1024 * 1024,
        handshake_within: Timeouts::DEFAULT.handshake,
        headers_within: Duration::from_secs(30),
        body_within: Duration::from_secs(10),
        close_within: Duration::from_secs(1),
    };
}

/// Bytes of a request's line and headers together; AWS's own requests stay under four thousand.
pub(super) const HEADER_BYTES: usize = 64 * 1024;
