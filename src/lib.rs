//! The terminal sandbox for AWS IoT Jobs.

pub mod cli;
pub mod connection;
pub mod control_plane;
pub mod exit;
pub mod identity;
pub mod jobs;
pub mod service;
