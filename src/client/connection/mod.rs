//! The MQTT 5 connection over mutual TLS, which restores itself. The only module that knows rumqttc.
//!
//! A [`Connection`] is a handle; the socket belongs to one task behind it. Messages go to one callback in the
//! order of their arrival, changes of the connection to another.
//!
//! | file | what it is |
//! |---|---|
//! | `handle` | the handle: publish, subscribe, barrier, disconnect |
//! | `driver` | the task: one link after another |
//! | `link`, `request` | one link, over any stream, and what a handle asks of it |
//! | `dial`, `address` | TCP and TLS |
//! | `packets`, `framing` | what packets mean; packets to bytes and back |
//! | `options`, `qos`, `received_message`, `change`, `error`, `reason_code` | the data in and out |
//! | `tls_words` | why TLS failed, in a person's words |
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/mqtt.html>

mod address;
mod change;
mod dial;
mod driver;
mod error;
mod framing;
mod handle;
mod link;
mod options;
mod packets;
mod qos;
mod reason_code;
mod received_message;
mod request;
mod tls_words;

pub use change::Change;
pub use error::Error;
pub use handle::{Connection, MAX_PAYLOAD, Sent};
pub use options::{KEEP_ALIVE, Options};
pub use qos::Qos;
pub use reason_code::ReasonCode;
pub use received_message::ReceivedMessage;
pub(crate) use tls_words::{why_not_trusted, why_tls_failed};
