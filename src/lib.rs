//! The terminal sandbox for AWS IoT Jobs.

pub mod jobs;
