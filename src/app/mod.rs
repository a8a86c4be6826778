//! The program: from the command line to a running session, and to what a person sees.
//!
//! In reading order; a module imports only from modules below it.
//!
//! | module | what it is |
//! |---|---|
//! | [`program`] | from the arguments to the exit code |
//! | [`session`], [`serve`] | everything wired together and taken down again; the local service alone |
//! | [`run`] | the executor of a device, with a program for each job execution |
//! | [`fleet`] | the rehearsal of a rollout, and what it shows |
//! | `provision` | devices on AWS, made and taken away again |
//! | [`input`], [`repl`], [`script`] | where commands come from: a person at a terminal, or a file |
//! | [`dispatch`], [`hints`] | a command carried out; hints after a refusal |
//! | [`device`] | a device program beside the local service |
//! | [`processes`] | programs beside ours: the signals to them, what they print |
//! | `health`, `host` | whether a local service is ready; what the machine must have |
//! | `man_pages` | the manual pages, made from the command line |
//! | [`mqtt`] | the connection of a device, as the options say |
//! | [`own_clients`] | the client ids of the session's own connections |
//! | [`cli`] | the command line, and what its options mean together |
//! | `device_folder` | the folder of a device on AWS |
//! | [`things`] | the things that are played, each with a connection of its own |
//! | [`topics`] | topics of the user's choice: the connection for them, and what comes on them |
//! | [`events`] | the background tasks that print events, and connection changes |
//! | [`connections`] | all connections of the session: what comes on them is printed in one order |
//! | [`faults`] | what faults of the local service have struck |
//! | [`transcript`] | the order of the output, and a memory of it for `expect` |
//! | [`expect`], [`command`] | the command language: what `expect` waits for, what a line means |
//! | [`json`], [`watch`] | values as they are compared; how far a job is |
//! | `listed` | the executions of a job, as they are listed |
//! | [`output`] | messages and how they look, and the only writer to the terminal |
//! | [`exit`], `signals`, `standard_streams` | the exit codes; the signals that end the program; streams closed from the start |

pub(crate) mod cli;
pub(crate) mod command;
pub(crate) mod connections;
pub(crate) mod device;
mod device_folder;
pub(crate) mod dispatch;
pub(crate) mod events;
pub(crate) mod exit;
pub(crate) mod expect;
pub(crate) mod faults;
pub(crate) mod fleet;
pub(crate) mod health;
mod hints;
mod host;
pub(crate) mod input;
pub(crate) mod json;
mod listed;
mod man_pages;
pub(crate) mod mqtt;
pub(crate) mod output;
pub(crate) mod own_clients;
pub(crate) mod processes;
pub(crate) mod program;
mod provision;
pub(crate) mod repl;
pub(crate) mod run;
pub(crate) mod script;
pub(crate) mod serve;
pub(crate) mod session;
mod signals;
mod standard_streams;
pub(crate) mod things;
pub(crate) mod topics;
pub(crate) mod transcript;
pub(crate) mod watch;
