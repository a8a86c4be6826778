//! The local service's message broker over real TLS: rules, reason codes, sessions, policies.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod client;
mod clients;
mod events;
mod executor;
mod faults;
mod hostile;
mod jobs;
mod libraries;
mod messages;
mod policies;
mod reset;
mod rules;
mod service;
mod sessions;
#[path = "../suite/support/skip.rs"]
mod skip;
