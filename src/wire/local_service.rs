//! How a client recognizes the local service, and what it can ask of it alone.

/// The user property of CONNACK that only the local service sends.
pub const LOCAL_SERVICE_PROPERTY: (&str, &str) = ("jobs-sandbox", "local");

/// The user property of a SUBSCRIBE with which a client asks that what it is sent from then on be numbered.
pub const SEQUENCE_REQUEST: (&str, &str) = ("jobs-sandbox", "sequence");

/// The name of the user property that bears the number: in a PUBLISH its own, in an UNSUBACK that of the last PUBLISH
/// before it, whichever connection that went to.
pub const SEQUENCE_PROPERTY: &str = "jobs-sandbox-sequence";
