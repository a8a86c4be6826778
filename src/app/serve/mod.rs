//! `serve`: the local service alone, in the foreground, until a signal ends it.

mod trace;

use std::io;
use std::sync::Arc;

use anyhow::Context;

use self::trace::Tracer;
use crate::app::cli::{LocalOptions, TraceOptions};
use crate::app::exit::ExitStatus;
use crate::app::output::escape;
use crate::app::output::printer::Printer;
use crate::app::output::style::ColorChoice;
use crate::app::signals::ShutdownSignals;
use crate::service::trace::Trace;
use crate::service::{self, DevicePolicies, LocalService, Log, StartError, StoreError};
use crate::wire::system_error::too_many_open_files;

/// Runs the local service until a signal ends it. The one line on stdout says that it is ready, and where.
pub(crate) async fn run(options: LocalOptions, trace: Option<TraceOptions>) -> anyhow::Result<ExitStatus> {
    let printer = Printer::new(ColorChoice::Never, false);
    let ended = run_traced(options, trace, &printer).await;
    printer.flush_briefly().await;
    ended
}

async fn run_traced(
    options: LocalOptions,
    trace: Option<TraceOptions>,
    printer: &Printer,
) -> anyhow::Result<ExitStatus> {
    let tracer = trace.map(|trace| Tracer::start(&trace, printer)).transpose();
    let tracer = tracer.context("cannot write the trace")?;
    let ended = start_and_run(options, tracer.as_ref(), printer).await;
    if let Some(tracer) = tracer {
        tracer.finish().await;
    }
    ended
}

async fn start_and_run(
    options: LocalOptions,
    tracer: Option<&Tracer>,
    printer: &Printer,
) -> anyhow::Result<ExitStatus> {
    let mut signals = ShutdownSignals::watch().context("cannot wait for signals")?;
    let is_for_any_thing = options.device_policies == DevicePolicies::AnyThing;
    let log = log(tracer, printer);
    let trace = tracer.map(Tracer::trace).unwrap_or_default();
    let service = start_logging(options, trace, log.clone(), printer).await?;
    if is_for_any_thing {
        log("the device certificate may act for any thing; --thing NAME lets it act for one");
    }
    let https = service.https_addr().map_or_else(String::new, |address| format!(" https={address}"));
    printer.result(format!(
        "ready mqtt={} http={}{https} dir={}\n",
        service.mqtt_addr(),
        service.http_addr(),
        escape::line(&service.dir().display().to_string())
    ));
    let ended = tokio::select! {
        () = signals.next() => ExitStatus::Success,
        // Whoever waits for the line would wait for ever.
        () = unwritten(printer) => ExitStatus::Failure,
        // It has said why.
        _ = service.not_kept() => ExitStatus::NotConnected,
    };
    service.stop().await;
    Ok(ended)
}

/// Returns if what was printed cannot be written.
async fn unwritten(printer: &Printer) {
    printer.flush().await;
    if !printer.is_closed() {
        std::future::pending::<()>().await;
    }
}

/// What to do where its files cannot be written.
fn with_advice(error: StartError) -> anyhow::Error {
    let advice = match &error {
        StartError::Write { error, .. } | StartError::Store(StoreError::Write { error, .. })
            if error.kind() == io::ErrorKind::StorageFull =>
        {
            "make room there, or name another folder with --dir"
        }
        StartError::Write { error, .. } | StartError::Store(StoreError::Write { error, .. })
            if too_many_open_files(error) =>
        {
            "raise the limit on open files (ulimit -n)"
        }
        StartError::Write { error, .. } | StartError::Store(StoreError::Write { error, .. })
            if error.kind() == io::ErrorKind::FileTooLarge =>
        {
            "raise the limit on the size of files (ulimit -f)"
        }
        StartError::Write { .. } | StartError::Store(StoreError::Write { .. }) => {
            "name another folder with --dir"
        }
        _ => return error.into(),
    };
    anyhow::anyhow!("{error}: {advice}")
}

/// Where the log goes.
fn log(tracer: Option<&Tracer>, printer: &Printer) -> Log {
    if let Some(tracer) = tracer {
        return Arc::new(tracer.log(printer));
    }
    let printer = printer.clone();
    Arc::new(move |line| printer.notice(&format!("local service: {line}")))
}

/// Starts the local service, which logs to `printer`; `trace` sees what its clients do.
pub(crate) async fn start(
    options: LocalOptions,
    trace: Trace,
    printer: &Printer,
) -> anyhow::Result<LocalService> {
    start_logging(options, trace, log(None, printer), printer).await
}

async fn start_logging(
    options: LocalOptions,
    trace: Trace,
    log: Log,
    printer: &Printer,
) -> anyhow::Result<LocalService> {
    if !options.listen.is_loopback() {
        let risk = if options.require_key {
            "the access key id crosses the network as it is, for anybody on the way to read"
        } else {
            "whoever can reach it can use the control plane without credentials"
        };
        printer.diagnostic(&format!("warning: listening on {}: {risk}", options.listen));
    }
    let options = service::Options {
        mqtt_port: options.mqtt_port,
        http_port: options.http_port,
        https_port: options.https_port,
        listen: options.listen,
        hostnames: options.hostnames,
        require_key: options.require_key,
        keep: options.keep,
        dir: options.dir,
        files: options.files,
        new_certificates: options.new_certificates,
        account: options.account,
        region: options.region,
        things: options.things,
        device_policies: options.device_policies,
        limits: options.limits,
        rollout_rate: options.rollout_rate,
        faults: options.faults,
        log,
        trace,
    };
    LocalService::start(options).await.map_err(with_advice).context("cannot start the local service")
}
