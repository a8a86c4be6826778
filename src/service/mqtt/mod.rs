//! The MQTT front of the local service: the sockets around the broker's core.
//!
//! | file | what it is |
//! |---|---|
//! | `server` | the port, from its listener to its orderly end |
//! | `acceptor` | how many clients are let in |
//! | `quick_ack` | the socket under it |
//! | `connection` | one client's packets, in and out; in `transfer` their bytes, in `broken` what faults do to it |
//! | `codec` | bytes to packets and back, for MQTT 3.1.1 and 5 |

mod acceptor;
pub(crate) mod codec;
mod connection;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod quick_ack;
mod server;

pub(crate) use server::serve;
