//! The terminal sandbox for AWS IoT Jobs: you play the operator who creates jobs and the device that
//! executes them, on AWS or on the local Jobs service inside.
//!
//! # Four wings
//!
//! A wing imports only from the wings below it; the table in its own page says which file to open.
//!
//! | wing | what it is |
//! |---|---|
//! | `app` | the program: command line, session, scripts, the terminal |
//! | [`client`] | the Jobs client: the data plane over MQTT 5, the control plane over HTTPS |
//! | [`service`] | the local Jobs service: a pure state machine behind an MQTT and an HTTP front |
//! | [`wire`] | the words that client and service share |
//!
//! `client` and `service` know nothing of each other.
//!
//! # One command, from the key to the answer
//!
//! `start-next-pending-job-execution`, typed at the prompt:
//!
//! 1. `app::repl` reads the line and `app::command` makes an `app::command::Command` of it, or one line
//!    that says what is wrong.
//! 2. `app::dispatch` tells the `app::transcript` to hold events back and calls
//!    [`client::jobs::Client::start_next_pending_job_execution`].
//! 3. [`client::jobs`] makes a client token, registers it as in flight, and only then hands the request to
//!    [`client::connection`], whose one task owns the socket.
//! 4. The service answers: AWS, or ours. In `service::mqtt` the packet is read, in `service::broker` it is
//!    authorized, `service::data_plane` makes a request of it, [`service::state`] carries it out, and under
//!    one lock the answer and then the events are queued for whoever should get them. Where a folder keeps the account,
//!    they go out once `service::store` has written what changed.
//! 5. The connection's task hands what arrives to [`client::jobs`], which resolves the request whose token the
//!    answer echoes; events go to two streams, numbered in the order of arrival.
//! 6. `app::dispatch` prints the answer; `app::connections` asks for one ordered round trip on each connection to the
//!    local service, and lets the events go, which `app::events` has brought to the transcript meanwhile.
//! 7. `app::output::printer` writes block after block, above the line being typed if there is one.
//!
//! # What else the program does
//!
//! A device that carries out jobs is [`client::executor`]; `app::run` lends it a program for each job execution.
//! `app::provision` makes a device on AWS, and takes it away again, by calls of [`client::control_plane`]. `app::fleet`
//! shows what [`service::rehearsal`] plays in virtual time: a rollout, carried out by the same [`service::state`].

#[cfg(feature = "app")]
mod app;
#[cfg(feature = "app")]
#[doc(hidden)]
pub mod bench;
#[cfg(feature = "client")]
pub mod client;
#[cfg(all(feature = "app", any(test, fuzzing)))]
#[doc(hidden)]
pub mod fuzz;
#[cfg(feature = "service")]
#[cfg_attr(not(feature = "store"), allow(dead_code, reason = "all that only a store asks for"))]
pub mod service;
#[cfg(test)]
mod testing;
pub mod wire;

#[cfg(feature = "app")]
pub use app::program::run;
