//! The HTTP front of the local Jobs service: AWS IoT's control plane and its HTTPS data plane on
//! one port, for every AWS SDK and the AWS CLI; over TLS on another one too, for devices with their certificates.
//!
//! | file | what it is |
//! |---|---|
//! | `listeners`, `server`, `limits` | connections: accepted, bounded and closed |
//! | `peer` | who is on the other side of one |
//! | `admission`, `device` | which requests are let in at all, and what a device's certificate lets it do |
//! | `api`, `body` | one request, from its head and body to its response |
//! | `plane`, `operations` | which plane and which operation a request is for |
//! | `model` | what the operations take, and what they refuse for it |
//! | `call`, `label` | a request, taken apart and read; the parts of its path |
//! | `create_job` | the members of CreateJob without a request |
//! | `offered` | which operations there are handlers for |
//! | `struck` | calls that a fault strikes |
//! | `handler`, `control`, `data` | the operations, which ask the state and render its output |
//! | `sandbox` | what AWS does not have |
//! | `files` | the files that play S3 |
//! | `response_body` | a response in memory, or as it is read from a file |
//! | `traced_call` | what the trace tells of a call |
//! | `exception` | whatever goes wrong, in the shape of AWS |
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/apireference/Welcome.html>

mod admission;
mod api;
mod body;
mod call;
mod control;
mod create_job;
mod data;
mod device;
mod exception;
mod files;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod handler;
mod label;
mod limits;
mod listeners;
mod model;
mod offered;
mod operations;
mod peer;
mod plane;
mod response_body;
mod sandbox;
mod server;
mod struck;
mod traced_call;

pub(crate) use self::admission::Admission;
pub(crate) use self::create_job::read_create_job;
pub(crate) use self::listeners::Listeners;
pub(crate) use self::offered::offered;
pub(crate) use self::server::serve;

#[cfg(test)]
mod tests;
