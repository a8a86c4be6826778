//! The terminal sandbox for AWS IoT Jobs.

pub mod cli;
pub mod exit;
pub mod jobs;
