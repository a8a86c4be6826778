//! The broker's limits: AWS's quotas, and our own bounds on what a client can cost.
//!
//! AWS: <https://docs.aws.amazon.com/general/latest/gr/iot-core.html#message-broker-limits>

use std::time::Duration;

use crate::wire::topic_names::MAX_TOPIC;

/// The longest payload, in bytes.
pub(crate) const PAYLOAD: usize = 128 * 1024;
/// The longest client id, in bytes.
pub(crate) const CLIENT_ID: usize = 128;
/// The longest topic or topic filter, in bytes.
pub(crate) const TOPIC: usize = MAX_TOPIC;
/// The most filters in one SUBSCRIBE.
pub(crate) const FILTERS_PER_SUBSCRIBE: usize = 8;
/// The most subscriptions of one session.
pub(crate) const SUBSCRIPTIONS: usize = 50;
/// The most QoS 1 messages that wait for their PUBACK, each way.
pub(crate) const RECEIVE_MAXIMUM: u16 = 100;
/// The most topic aliases that a client may set.
pub(crate) const TOPIC_ALIASES: u16 = 8;
/// The keep alive that a client can have, in seconds.
pub(crate) const KEEP_ALIVE: std::ops::RangeInclusive<u16> = 30..=1200;
/// How long a session outlives its connection at the most, in seconds.
pub(crate) const SESSION_EXPIRY: u32 = 3600;

/// Our bound on the messages that wait for one client.
pub(crate) const QUEUED_MESSAGES: usize = 10_000;
/// Our bound on the SUBACKs and UNSUBACKs that wait behind them.
pub(crate) const QUEUED_ANSWERS: usize = 1000;
/// Our bound on their size, in bytes.
pub(crate) const QUEUED_BYTES: usize = 16 * 1024 * 1024;
/// Our bound on the size of what waits for all clients together, in bytes.
pub(crate) const QUEUED_BYTES_IN_ALL: usize = 256 * 1024 * 1024;
/// Our bound on the size of all wills, in bytes.
pub(crate) const WILL_BYTES: usize = 64 * 1024 * 1024;
/// Our bound on retained messages.
pub(crate) const RETAINED_MESSAGES: usize = 10_000;
/// Our bound on their size, in bytes.
pub(crate) const RETAINED_BYTES: usize = 64 * 1024 * 1024;
/// Our bound on the messages that faults delay.
pub(crate) const LATE_MESSAGES: usize = 10_000;
/// Our bound on their size, in bytes.
pub(crate) const LATE_BYTES: usize = 16 * 1024 * 1024;
/// Our bound on sessions, connected or not.
pub(crate) const SESSIONS: usize = 20_000;
/// Our bound on connections, if the system allows that many open files.
pub(crate) const CONNECTIONS: usize = 10_000;
/// Open files that are left to everything but MQTT connections.
pub(crate) const OTHER_FILES: usize = 400;

/// How long the broker waits for clients.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeouts {
    /// For the TLS handshake, and as long again for the CONNECT.
    pub(crate) handshake: Duration,
    /// For a connecting client, before it gives way to another where no room is left.
    pub(crate) grace: Duration,
    /// For the client to read what we sent.
    pub(crate) write: Duration,
    /// After a DISCONNECT, for the client to read it.
    pub(crate) linger: Duration,
}

impl Timeouts {
    pub(crate) const DEFAULT: Self = Self {
        handshake: Duration::from_secs(10),
        grace: Duration::from_secs(1),
        write: Duration::from_secs(20),
        linger: Duration::from_secs(1),
    };
}

/// How much of what a client sends is read at once, in bytes.
pub(crate) const READ: usize = 4096;
/// While this many bytes wait to be written, nothing more is read from the client.
pub(crate) const UNWRITTEN: usize = 64 * 1024;
/// How many different refusals of one session are logged.
pub(crate) const LOGGED_REFUSALS: usize = 50;
