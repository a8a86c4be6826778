//! The command line: what clap accepts, and what the options mean together.
//!
//! The options alone decide whether a session uses AWS or the local service, so that a CI job never
//! passes against the wrong one: any connection option, or its environment variable, selects AWS mode,
//! and AWS mode reports whatever is missing.
//!
//! | module | what it is |
//! |---|---|
//! | `args`, `values`, `durations` | what clap accepts, and values read for it |
//! | `connection`, `device`, `fleet`, `provision`, `run`, `serve_trace` | the options of one purpose or subcommand each |
//! | `launch`, `provision_options`, `options` | what the options mean together, and the result, checked and complete |
//! | `selector` | what selects AWS mode, where something is given besides that only the local service has |
//! | `endpoint`, `policy_files`, `key_material` | values that are looked into before anything starts |
//! | `error`, `refused`, `habits` | why a command line makes no sense, and what to type instead |

mod args;
mod connection;
mod device;
mod durations;
mod endpoint;
mod error;
mod fleet;
mod habits;
mod key_material;
mod launch;
mod options;
mod policy_files;
mod provision;
mod provision_options;
mod refused;
mod run;
mod selector;
mod serve_trace;
mod values;

pub(crate) use args::Cli;
pub(crate) use key_material::without_keys;
pub(crate) use options::{
    AwsOptions, DeviceOptions, FleetOptions, FleetOutput, Input, Launch, LocalOptions, Mode, RunOptions,
    ScriptOptions, SessionOptions, TraceFormat, TraceOptions,
};
pub(crate) use provision_options::{
    CleanUpOptions, PolicyCheckOptions, PolicyPrintOptions, PolicySource, ProvisionOptions,
};
