//! The client of AWS IoT Jobs: both planes, on AWS or on the local service.
//!
//! | module | what it is |
//! |---|---|
//! | [`jobs`] | the data plane: requests paired with their answers by client token, and the event streams |
//! | [`control_plane`] | jobs and things over HTTPS; the only `aws_sdk_iot` |
//! | [`connection`] | MQTT 5 over mutual TLS, which restores itself; the only `rumqttc` |
//! | [`identity`] | certificate, key and CA files made into a TLS configuration |
//! | [`trace`] | a line for every message and call |
//! | `backoff` | how long to wait before the next attempt at anything |

pub(crate) mod backoff;
pub mod connection;
pub mod control_plane;
pub mod identity;
pub mod jobs;
pub mod trace;
