//! What the tests share: start our binary or a peer's, feed it, wait with a deadline, compare, clean up.
//!
//! - [`Sandbox`] runs `jobs-sandbox` with arguments, files and a script, and checks what came out.
//! - [`Serve`] keeps a `jobs-sandbox serve` running and knows its addresses and files.
//! - [`Process`] is any program: lines in, lines out, killed and reaped when it goes out of scope.
//! - [`pattern`] compares text in which `[..]` stands for anything, [`wire`] payloads with captured ones.
//! - [`peers`] finds programs of others, [`proxy`] is a line that breaks on demand, [`Namespace`] a machine with
//!   other system files.

pub(crate) mod broker;
pub(crate) mod certificates;
pub(crate) mod http;
mod machine;
pub(crate) mod ministack;
pub(crate) mod mosquitto;
pub(crate) mod moto;
mod namespace;
mod packet;
pub(crate) mod pattern;
pub(crate) mod peers;
pub(crate) mod process;
pub(crate) mod proxy;
mod sandbox;
mod serve;
pub(crate) mod skip;
pub(crate) mod tls;
pub(crate) mod wire;

pub(crate) use machine::{has_address, has_full_device};
pub(crate) use namespace::Namespace;
pub(crate) use process::{DEADLINE, Finished, Process, connect, kept_port, open_pipe, refusing};
pub(crate) use sandbox::{Message, Output, Sandbox};
pub(crate) use serve::Serve;
