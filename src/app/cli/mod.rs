//! The command line: what clap accepts, and what the options mean together.
//!
//! Whether a session talks to AWS or to the local service follows from the options alone, so that
//! a CI job never passes against a service that it did not mean: any connection option, or its
//! environment variable, selects AWS mode, and AWS mode names whatever is missing.

mod args;
mod endpoint;
mod error;
mod key_material;
mod launch;
mod options;

pub(crate) use args::Cli;
pub(crate) use options::{AwsOptions, Input, Launch, LocalOptions, ScriptOptions, SessionOptions, Target};
