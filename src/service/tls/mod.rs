//! TLS in front of both fronts: a client is identified by the certificate that it shows.
//!
//! | file | what it is |
//! |---|---|
//! | `port` | how the TLS of a port is set up, and how a client gets through it |
//! | `verifier` | which certificates are let in |
//! | `handshake` | why a handshake failed, in words |
//! | `socket` | what a connection wants of its socket, TLS or not |

mod handshake;
mod port;
mod socket;
mod verifier;

pub(crate) use port::{TlsPort, certificate_shown};
pub(crate) use socket::Socket;
