//! What clients send and what they are sent: a stream of records, for whoever wants to see it.
//!
//! Nothing in a record is a secret, and nothing in it is longer than a bound; but it is what others wrote, and must
//! be made safe before it is shown.
//!
//! | file | what it is |
//! |---|---|
//! | `record`, `packet`, `payload` | what is recorded |
//! | `stream` | where the records go |
//! | `secrets` | what is left out of it |
//! | `connection` | the records of one MQTT connection |
//! | `ended` | why connections end, in words |

mod connection;
mod ended;
mod packet;
mod payload;
mod record;
mod secrets;
mod stream;

pub(crate) use self::connection::ConnectionTrace;
pub use self::packet::{Filter, Packet, Publish};
pub use self::payload::{Payload, excerpt};
pub use self::record::{Call, Client, Event, Record};
pub(crate) use self::secrets::target_without_secrets;
pub use self::stream::Trace;
