//! TLS in front of both fronts: a client is identified by the certificate that it shows.
//!
//! | file | what it is |
//! |---|---|
//! | `port` | how the TLS of a port is set up, and how a client gets through it |
//! | `verifier` | which certificates are let in |
//! | `handshake` | why a handshake failed, in words |
//! | `break_off` | a connection that ends with a RST |

mod break_off;
mod handshake;
mod port;
mod verifier;

pub(crate) use break_off::BreakOff;
pub(crate) use port::{TlsPort, certificate_shown};
