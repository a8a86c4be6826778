//! How the local service tells a client what it is.

/// The user property of CONNACK that only the local service sends.
pub const LOCAL_SERVICE_PROPERTY: (&str, &str) = ("jobs-sandbox", "local");
