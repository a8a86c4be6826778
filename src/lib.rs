//! The terminal sandbox for AWS IoT Jobs.

pub mod cli;
pub mod command;
pub mod connection;
pub mod control_plane;
pub mod dispatch;
pub mod escape;
pub mod events;
pub mod exit;
pub mod expect;
pub mod hints;
pub mod identity;
pub mod jobs;
pub mod json_text;
pub mod junit;
pub mod known;
pub mod message;
pub mod printer;
pub mod repl;
pub mod script;
pub mod serve;
pub mod service;
pub mod session;
pub mod style;
pub mod table;
pub mod trace;
pub mod transcript;
