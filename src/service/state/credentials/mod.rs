//! Certificates, policies, and what is attached to what.
//!
//! | file | what it is |
//! |---|---|
//! | `certificate`, `policy`, `records` | the records |
//! | `certificates`, `policies`, `attachments` | the operations on them |
//! | `principal_policies` | operations that AWS has deprecated |
//! | `paged` | lists by page size and marker |
//! | `connections` | what a connection is judged by |
//! | `own_device` | the user's own device |
//! | `kept` | all of it as rows |
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/x509-client-certs.html> and
//! <https://docs.aws.amazon.com/iot/latest/developerguide/iot-policies.html>

pub mod attachments;
pub mod certificate;
pub mod certificates;
mod connections;
mod kept;
mod own_device;
pub mod paged;
pub mod policies;
mod policy;
pub mod principal_policies;
mod records;
#[cfg(test)]
mod tests;

pub(crate) use self::records::Credentials;
