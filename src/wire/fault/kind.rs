//! What goes wrong.

use std::fmt;
use std::time::Duration;

use super::code::Code;
use super::reason::Reason;

/// The word that each kind begins with.
pub const KINDS: [&str; 14] = [
    "refuse=",
    "drop-request",
    "drop-answer",
    "drop-event",
    "duplicate",
    "delay=",
    "corrupt",
    "disconnect",
    "reset",
    "silence",
    "takeover",
    "no-connack",
    "refuse-connect=",
    "no-puback",
];

/// What goes wrong with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// It is refused, and not carried out.
    Refuse(Code),
    /// A request is never carried out, and not answered.
    DropRequest,
    /// A request is carried out, and not answered.
    DropAnswer,
    /// An event does not arrive.
    DropEvent,
    /// An answer or an event arrives twice.
    Duplicate,
    /// An answer or an event arrives so much later.
    Delay(Duration),
    /// An answer or an event breaks off in the middle: it is not JSON.
    Corrupt,
    /// The connection is ended with a DISCONNECT; MQTT 3.1.1 has none.
    Disconnect(Reason),
    /// The connection is reset (TCP RST).
    Reset,
    /// The connection stays, and nothing more is heard or said on it.
    Silence,
    /// The connection is ended as if another client had connected with the same client id.
    Takeover,
    /// A CONNECT is not answered.
    NoConnack,
    /// A CONNECT is refused.
    RefuseConnect(Reason),
    /// A PUBLISH is not acknowledged.
    NoPuback,
}

impl Kind {
    /// The word for it, without what follows a `=`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Refuse(_) => "refuse",
            Self::DropRequest => "drop-request",
            Self::DropAnswer => "drop-answer",
            Self::DropEvent => "drop-event",
            Self::Duplicate => "duplicate",
            Self::Delay(_) => "delay",
            Self::Corrupt => "corrupt",
            Self::Disconnect(_) => "disconnect",
            Self::Reset => "reset",
            Self::Silence => "silence",
            Self::Takeover => "takeover",
            Self::NoConnack => "no-connack",
            Self::RefuseConnect(_) => "refuse-connect",
            Self::NoPuback => "no-puback",
        }
    }
}

/// As it is written.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())?;
        match self {
            Self::Refuse(code) => write!(f, "={code}"),
            Self::Delay(by) => {
                write!(f, "={}", humantime::format_duration(*by).to_string().replace(' ', ""))
            }
            Self::Disconnect(reason) if *reason != Reason::OF_DISCONNECT => write!(f, "={reason}"),
            Self::RefuseConnect(reason) => write!(f, "={reason}"),
            _ => Ok(()),
        }
    }
}
