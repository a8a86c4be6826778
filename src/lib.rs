//! The terminal sandbox for AWS IoT Jobs.

pub mod cli;
pub mod command;
pub mod connection;
pub mod control_plane;
pub mod escape;
pub mod exit;
pub mod identity;
pub mod jobs;
pub mod json_text;
pub mod message;
pub mod service;
pub mod style;
