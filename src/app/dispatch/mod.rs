//! Carries out commands: calls the Jobs client or the control plane, and shows the answers.

mod document;
mod expect;
mod last_command;
mod limiter;
mod local;
mod outcome;
mod server;
mod show;
mod status;
mod until;

use std::time::Duration;

use serde::Serialize;
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout_at};

use crate::app::command::{Command, Line, ParseError, UsagesShown};
use crate::app::hints;
use crate::app::output::escape;
use crate::app::output::message::{Message, MessageKind};
use crate::app::output::printer::Printer;
use crate::app::transcript::Transcript;
use crate::client::control_plane::{self, ControlPlane, CreateJob, Reply, ThingLookup};
use crate::client::jobs::{self, Answer, Client};
use crate::client::sandbox::{Advance, Sandbox};
use crate::client::trace::Trace;
use crate::wire::model::{JobId, ThingName};

use outcome::{Answered, CommandError, newer_than_us};

pub(crate) use last_command::LastCommand;
pub(crate) use limiter::Limiter;
pub(crate) use outcome::{CommandOutcome, Failure};
pub(crate) use server::Server;

/// Whether the session has been the only client of its service from the start, so that nobody else causes events.
pub(crate) type IsAlone = Box<dyn Fn() -> bool + Send + Sync>;

/// How long events wait at a terminal for the answer of a slow command.
const HOLD_AT_TERMINAL: Duration = Duration::from_millis(250);

/// Everything that commands need.
pub(crate) struct Dispatcher {
    /// The thing that jobs target and whose device this program plays.
    pub thing: ThingName,
    /// Its ARN, once the control plane has returned it.
    pub thing_arn: OnceCell<String>,
    /// Where it is connected.
    pub server: Server,
    /// The data plane.
    pub client: Client,
    /// The control plane.
    pub control_plane: ControlPlane,
    /// Where answers go.
    pub transcript: Transcript,
    /// What only the local service has; `None` where it is not known where that is.
    pub sandbox: Option<Sandbox>,
    /// False on AWS and on a local service of another process, where that is not known.
    pub is_alone: IsAlone,
    /// What `trace` switches.
    pub trace: Trace,
    /// Gives turns to what polls.
    pub limiter: Limiter,
    /// The command whose answer `expect` looks at.
    pub last_command: LastCommand,
    /// The commands that have been explained.
    pub usages_shown: UsagesShown,
}

impl Dispatcher {
    /// Carries out a command; `number` is the line of the script on which it begins.
    ///
    /// Its answer is printed before the events that it caused. On the local service all of these have been
    /// printed when this returns; on AWS those that have arrived so far.
    pub(crate) async fn run(&self, line: &Line, number: Option<usize>) -> CommandOutcome {
        if let Command::Expect(expectation) = &line.command {
            return self.expect(expectation, line.negated, number).await;
        }
        self.transcript.begin(number, line.command.changes());
        self.last_command.set(line);
        let outcome = match &line.command {
            Command::Quit => CommandOutcome::Quit,
            Command::Trace(on) => {
                self.trace.switch(*on);
                CommandOutcome::Passed
            }
            Command::Help(about) => {
                self.help(*about, number);
                CommandOutcome::Passed
            }
            command => match &line.until {
                Some(until) => self.ask_until(command, until, number).await,
                None => self.call(command, number).await,
            },
        };
        outcome.negated_by(line)
    }

    /// Prints a command before its answer.
    pub(crate) fn echo(&self, text: &str) {
        let printer = self.printer();
        for line in text.lines() {
            // In JSON mode stdout holds nothing but JSON.
            if printer.is_json() {
                printer.diagnostic(&format!("> {line}"));
            } else {
                printer.result(format!("> {}\n", escape::line(line)));
            }
        }
    }

    /// A line that is no command, as a failure.
    pub(crate) fn usage_failure(&self, error: &ParseError) -> Failure {
        let what = self.usages_shown.describe(error);
        Failure { place: error.place().cloned().map(Box::new), ..Failure::new("UsageError", what) }
    }

    /// Prints a failure on stderr, and as JSON on stdout; `origin` says which command it is from.
    pub(crate) fn show_failure(&self, origin: &str, number: Option<usize>, failure: &Failure) {
        let message = Message::with_text(MessageKind::Error, failure.title, number, &failure.one_line());
        self.printer().message(&message);
        self.show_details(origin, failure);
    }

    /// Prints a failure on stderr only.
    pub(crate) fn show_details(&self, origin: &str, failure: &Failure) {
        let printer = self.printer();
        printer.failure(origin, &failure.what);
        let place = failure.place.as_ref().map(|place| place.lines(printer.theme()));
        for line in place.iter().flatten() {
            printer.diagnostic(&format!("    {line}"));
        }
        failure.details.iter().for_each(|detail| printer.diagnostic(&format!("    {detail}")));
    }

    /// Where it prints.
    #[must_use]
    pub(crate) fn printer(&self) -> &Printer {
        self.transcript.printer()
    }

    /// The number of the last event that the commands so far have caused, as far as that is known by `deadline`.
    async fn last_event(&self, deadline: Option<Instant>) -> u64 {
        let barrier = async {
            match deadline {
                Some(deadline) => timeout_at(deadline, self.client.barrier()).await.ok()?.ok(),
                None => self.client.barrier().await.ok(),
            }
        };
        let last = if self.client.is_local_service() { barrier.await } else { None };
        // If the connection is gone, no more events will come.
        last.unwrap_or_else(|| self.client.last_event())
    }

    /// Calls the service, and shows its answer and then the events that it caused.
    async fn call(&self, command: &Command, number: Option<usize>) -> CommandOutcome {
        let began = Instant::now();
        let hold = self.transcript.hold(self.printer().is_terminal().then_some(HOLD_AT_TERMINAL));
        let answer = self.answer_to(command).await;
        let outcome = self.conclude(command, number, answer);
        // A service that did not answer is not awaited a second time.
        let deadline = matches!(outcome, CommandOutcome::Failed(_)).then(|| began + self.client.timeout());
        hold.release(self.last_event(deadline).await).await;
        outcome
    }

    /// What the service answered.
    async fn answer_to(&self, command: &Command) -> Result<Answered, CommandError> {
        let (device, operator) = (&self.client, &self.control_plane);
        let answer = match command {
            Command::CreateJob { job, document, description, timeout_minutes, retries } => {
                let document = document::read(document).await?;
                if let Some(doubt) = document::doubt(&document) {
                    self.printer().diagnostic(&format!("warning: the document of {job} is {doubt}"));
                }
                let request = CreateJob {
                    document,
                    target_arn: self.thing_arn().await?,
                    description: description.clone(),
                    timeout_minutes: *timeout_minutes,
                    retries: *retries,
                };
                response("CreateJob", operator.create_job(job, request).await?)
            }
            Command::DeleteJob { job, force } => self.delete_job(job, *force).await?,
            Command::CancelJob { job, force } => {
                response("CancelJob", self.reply_about(job, operator.cancel_job(job, *force).await)?)
            }
            Command::DescribeJob(job) => {
                response("DescribeJob", self.reply_about(job, operator.describe_job(job).await)?)
            }
            Command::GetJobDocument(job) => {
                response("GetJobDocument", self.reply_about(job, operator.get_job_document(job).await)?)
            }
            Command::ListJobs { status, .. } => response("ListJobs", operator.list_jobs(*status).await?),
            Command::ListJobExecutions { job: Some(job), .. } => {
                let reply = operator.list_job_executions_for_job(job).await;
                response("ListJobExecutionsForJob", self.reply_about(job, reply)?)
            }
            Command::ListJobExecutions { job: None, .. } => {
                let reply = operator.list_job_executions_for_thing(&self.thing).await?;
                response("ListJobExecutionsForThing", reply)
            }
            Command::GetPendingJobExecutions { .. } => {
                return Ok(heard("GetPendingJobExecutions", device.get_pending_job_executions().await)?.0);
            }
            Command::StartNextPendingJobExecution(request) => {
                let answer = device.start_next_pending_job_execution(request.clone()).await;
                let (answered, started) = heard("StartNextPendingJobExecution", answer)?;
                let note = started.execution.is_none().then_some("nothing is pending");
                return Ok(Answered { note, ..answered });
            }
            Command::DescribeJobExecution(job, request) => {
                let answer = device.describe_job_execution(job, request.clone()).await;
                return Ok(heard("DescribeJobExecution", answer)?.0);
            }
            Command::DescribeJobExecutionOfOperator { job, execution_number } => {
                let reply = operator.describe_job_execution(job, &self.thing, *execution_number).await?;
                response("DescribeJobExecution", reply)
            }
            Command::UpdateJobExecution(job, request) => {
                let answer = device.update_job_execution(job, request.clone()).await;
                return Ok(heard("UpdateJobExecution", answer)?.0);
            }
            Command::Status => self.status().await,
            Command::Clock(advance) => self.clock(*advance).await?,
            Command::Reset => self.reset().await?,
            Command::Expect(_) | Command::Trace(_) | Command::Help(_) | Command::Quit => {
                unreachable!("it asks no service")
            }
        };
        Ok(answer.into())
    }

    /// Passes on a reply about `job`, which is no longer offered for completion if it does not exist.
    fn reply_about(
        &self,
        job: &JobId,
        reply: Result<Reply, control_plane::Error>,
    ) -> Result<Reply, control_plane::Error> {
        reply.inspect_err(|error| {
            if is_refusal(error, "ResourceNotFoundException") {
                self.transcript.known_jobs().remove(job);
            }
        })
    }

    async fn delete_job(&self, job: &JobId, force: bool) -> Result<Message, CommandError> {
        let error = match self.reply_about(job, self.control_plane.delete_job(job, force).await) {
            Ok(reply) => {
                self.transcript.known_jobs().remove(job);
                return Ok(response("DeleteJob", reply));
            }
            Err(error) => error,
        };
        let not_terminal = is_refusal(&error, "InvalidStateTransitionException");
        let mut error = CommandError::from(error);
        if let CommandError::Refused { refusal, .. } = &mut error
            && not_terminal
            && self.printer().is_terminal()
        {
            let executions = self.control_plane.list_job_executions_for_job(job).await.ok();
            let hint = hints::not_terminal(job, executions.and_then(|reply| reply.body).as_deref());
            refusal.hint = Some(hint);
        }
        Err(error)
    }

    /// The ARN of the thing; asks the control plane for it, and for the thing, if it is not known yet.
    async fn thing_arn(&self) -> Result<String, control_plane::Error> {
        let found =
            self.thing_arn.get_or_try_init(|| find_thing(&self.control_plane, &self.thing, self.printer()));
        found.await.cloned()
    }

    async fn clock(&self, advance: Option<Advance>) -> Result<Message, CommandError> {
        let sandbox = self.sandbox("clock")?;
        let body = match advance {
            Some(advance) => sandbox.advance(advance).await,
            None => sandbox.clock().await,
        };
        let body = local::clock(&body?)?;
        Ok(Message::new(MessageKind::Response, "Clock", Some(body)))
    }

    async fn reset(&self) -> Result<Message, CommandError> {
        let body = self.sandbox("reset")?.reset().await?;
        Ok(Message::new(MessageKind::Response, "Reset", Some(body)))
    }

    /// What only the local service has.
    fn sandbox(&self, command: &str) -> Result<&Sandbox, Failure> {
        if !self.client.is_local_service() {
            let why = format!("{command} is for the local Jobs service alone, and this is another one");
            return Err(Failure::new("NotLocal", why));
        }
        self.sandbox.as_ref().ok_or_else(|| {
            let why = "it is not known where the local service's HTTP port is: read its env file, or give \
                       --control-endpoint-url http://HOST:PORT";
            Failure::new("NotLocal", why)
        })
    }
}

/// Whether the control plane refused with this code.
fn is_refusal(error: &control_plane::Error, with: &str) -> bool {
    matches!(error, control_plane::Error::Rejected { code, .. } if code == with)
}

/// Creates the thing if it does not exist, which is printed, and returns its ARN.
pub(crate) async fn find_thing(
    control_plane: &ControlPlane,
    thing: &ThingName,
    printer: &Printer,
) -> Result<String, control_plane::Error> {
    Ok(match control_plane.create_thing_if_missing(thing).await? {
        ThingLookup::Existing { arn } => arn,
        ThingLookup::Created { arn } => {
            printer.diagnostic(&format!("created thing {arn}"));
            arn
        }
    })
}

/// An answer of the data plane, as it is shown and as it reads.
fn heard<T: Serialize>(
    operation: &str,
    answer: Result<Answer<T>, jobs::Error>,
) -> Result<(Answered, T), jobs::Error> {
    let answer = answer?;
    let warning = newer_than_us(operation, &answer.unknown());
    let Answer { topic, payload, response } = answer;
    let body = String::from_utf8_lossy(&payload).into_owned();
    let message = Message::new(MessageKind::Response, format!("{operation}Response"), Some(body));
    let message = Message { topic: Some(topic), ..message };
    Ok((Answered { message, note: None, warning }, response))
}

/// An answer of the control plane.
fn response(operation: &str, reply: Reply) -> Message {
    Message::new(MessageKind::Response, format!("{operation}Response"), reply.body)
}

impl std::fmt::Debug for Dispatcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dispatcher").field("thing", &self.thing).finish_non_exhaustive()
    }
}
