//! `run`: the executor of a device, which starts a program for each job execution.
//!
//! | file | what it is |
//! |---|---|
//! | `mod` | from the options to the exit status |
//! | [`program`] | whether there is such a program |
//! | [`handler`] | a process for a job execution: what it gets, and how it is stopped |
//! | [`said`], [`details`] | what it prints; what that and its end mean for the service |

mod details;
mod handler;
mod program;
mod said;

use std::io;
use std::sync::Arc;

use tokio::sync::oneshot;

use crate::app::cli::RunOptions;
use crate::app::exit::ExitStatus;
use crate::app::mqtt::{device_identity, mqtt_options};
use crate::app::output::printer::Printer;
use crate::app::output::style::ColorChoice;
use crate::app::signals::ShutdownSignals;
use crate::client::connection;
use crate::client::executor::{self, Ended, Executor};
use crate::client::identity;
use crate::client::jobs::{Client, Streams};
use crate::client::trace::Trace;
use crate::wire::system_error::in_words;

use handler::{AtWork, Handler};

/// Why job executions cannot be carried out, or no more of them.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    /// The program for them cannot be executed.
    #[error("cannot execute the handler {program}: {}", in_words(source))]
    Handler {
        /// Its name.
        program: String,
        /// Why not.
        source: io::Error,
    },
    /// The certificate files given on the command line are unusable.
    #[error(transparent)]
    Identity(#[from] identity::Error),
    /// The system does not let us wait for signals.
    #[error("cannot wait for signals: {}", in_words(.0))]
    Signals(io::Error),
    /// No connection came about.
    #[error(transparent)]
    Connection(#[from] connection::Error),
    /// It cannot go on.
    #[error(transparent)]
    Executor(#[from] executor::Error),
}

impl RunError {
    /// How the program ends.
    pub(crate) fn exit_status(&self) -> ExitStatus {
        match self {
            Self::Handler { .. } | Self::Identity(_) => ExitStatus::Usage,
            Self::Connection(_) => ExitStatus::NotConnected,
            Self::Signals(_) | Self::Executor(_) => ExitStatus::Failure,
        }
    }
}

/// Carries out job executions until nothing is pending, one is to be resumed, or a signal ends it.
///
/// Handlers end with the thread that polls this.
pub(crate) async fn run(options: RunOptions) -> Result<ExitStatus, RunError> {
    let printer = Printer::new(ColorChoice::default(), false);
    let ended = start_and_run(options, &printer).await;
    printer.flush_briefly().await;
    ended
}

async fn start_and_run(options: RunOptions, printer: &Printer) -> Result<ExitStatus, RunError> {
    let mut signals = ShutdownSignals::watch().map_err(RunError::Signals)?;
    program::check(&options.handler)
        .map_err(|source| RunError::Handler { program: options.handler.display().to_string(), source })?;
    let (client, streams) = tokio::select! {
        connected = connect(&options, printer) => connected?,
        () = signals.next() => return Ok(ExitStatus::Success),
    };
    let (stop, stopped) = oneshot::channel::<()>();
    let telling = printer.clone();
    let executor = Executor::new(client, streams, options.executor)
        .until(async { drop(stopped.await) })
        .telling(move |notice| telling.diagnostic(&notice.to_string()));
    let at_work = AtWork::default();
    let handler = Arc::new(Handler {
        program: options.handler,
        arguments: options.arguments,
        thing: options.thing,
        grace: options.grace,
        printer: printer.clone(),
        at_work: at_work.clone(),
    });
    let running = executor.run(move |execution, control| {
        // Here, and not in the future: that is polled by threads which may end before us.
        let started = handler.start(&execution);
        let handler = handler.clone();
        async move { handler.carry_out(started, control).await }
    });
    let two_signals = async {
        signals.next().await;
        printer.diagnostic("ends in order; a second signal ends it at once");
        drop(stop);
        signals.next().await;
    };
    tokio::select! {
        ended = running => Ok(match ended? {
            Ended::NothingPending | Ended::Shutdown => ExitStatus::Success,
            Ended::Unfinished => ExitStatus::Unfinished,
        }),
        () = two_signals => {
            at_work.kill();
            Ok(ExitStatus::Interrupted)
        }
    }
}

/// Connects, and says so.
async fn connect(options: &RunOptions, printer: &Printer) -> Result<(Client, Streams), RunError> {
    let RunOptions { server, thing, client_id, .. } = options;
    let identity = device_identity(server, printer)?;
    let connection = mqtt_options(server, &identity, client_id, options.timeout);
    let trace = Trace::new(options.trace, {
        let printer = printer.clone();
        move |line| printer.notice(line)
    });
    let connected = Client::connect(thing.clone(), connection, trace).await?;
    let (host, port) = (&server.endpoint, server.port);
    printer.diagnostic(&format!("connected to {host}:{port} as {client_id}, for the jobs of {thing}"));
    Ok(connected)
}
