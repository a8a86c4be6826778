//! How a client recognizes the local service.

/// The user property of CONNACK that only the local service sends.
pub const LOCAL_SERVICE_PROPERTY: (&str, &str) = ("jobs-sandbox", "local");
