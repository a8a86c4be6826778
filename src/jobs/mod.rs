//! The data plane: what a device says to AWS IoT Jobs and what it hears back.

pub mod model;
pub mod topics;
