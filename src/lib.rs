//! The terminal sandbox for AWS IoT Jobs: you play the operator who creates jobs and the device that
//! executes them, on AWS or on the local Jobs service inside.
//!
//! # A tour
//!
//! In reading order; a module imports only from modules below it (and `std`, and libraries).
//!
//! | module | what it is |
//! |---|---|
//! | [`session`], [`serve`] | everything wired together and taken down again; the local service alone |
//! | [`repl`], [`script`] | where commands come from: a person at a terminal, or a file |
//! | [`dispatch`], [`hints`] | a command carried out; what may help after a refusal |
//! | [`cli`] | the command line, and what its options mean together |
//! | [`events`] | the background tasks that print notify and notify-next events |
//! | [`transcript`] | what is shown, in which order, and a memory of it for `expect` |
//! | [`expect`], [`command`] | the command language: what `expect` waits for, what a line means |
//! | [`output`] | messages and how they look, and the only writer to the terminal |
//! | [`control_plane`] | jobs and things over HTTPS; the only `aws_sdk_iot` |
//! | [`jobs`] | the data plane: requests paired with their answers by client token, and the event streams |
//! | [`connection`] | MQTT 5 over mutual TLS that comes back by itself; the only `rumqttc` |
//! | [`identity`] | certificate, key and CA files made into a TLS configuration |
//! | [`service`] | the local Jobs service: a pure state machine behind an MQTT and an HTTP front |
//! | [`jobs::model`], [`jobs::topics`] | the words of the wire, which client and local service share |
//! | [`trace`], [`exit`], `signals` | every message as it goes and comes; the exit codes; what ends the program from outside |
//! | `backoff` | how long to wait before the next attempt at anything |
//!
//! # One command, from the key to the answer
//!
//! `start-next-pending-job-execution`, typed at the prompt:
//!
//! 1. [`repl`] reads the line and [`command`] makes a [`command::Command`] of it, or one line that says
//!    what is wrong.
//! 2. [`dispatch`] tells the [`transcript`] to hold events back and calls
//!    [`jobs::Client::start_next_pending_job_execution`].
//! 3. [`jobs`] makes a client token, registers it as in flight, and only then hands the request to
//!    [`connection`], whose one task owns the socket.
//! 4. The service answers: AWS, or ours. In [`service::broker`] the packet is authorised,
//!    [`service::data_plane`] reads it, [`service::state`] carries it out, and under one lock the answer
//!    and then the events are queued for whoever should get them.
//! 5. The connection's task hands what arrives to [`jobs`], which resolves the request whose token the
//!    answer echoes; events go to two streams, numbered in the order of arrival.
//! 6. [`dispatch`] prints the answer, asks for one ordered round trip on the local service, and lets the
//!    events go, which [`events`] has brought to the transcript meanwhile.
//! 7. [`output::printer`] writes block after block, above the line being typed if there is one.

mod backoff;
pub mod cli;
pub mod command;
pub mod connection;
pub mod control_plane;
pub mod dispatch;
pub mod events;
pub mod exit;
pub mod expect;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzz;
pub mod hints;
pub mod identity;
pub mod jobs;
pub mod output;
pub mod repl;
pub mod script;
pub mod serve;
pub mod service;
pub mod session;
mod signals;
#[cfg(test)]
mod soon;
pub mod trace;
pub mod transcript;
