//! Carries out commands: calls the Jobs client or the control plane, and shows the answers.
//!
//! | module | what it is |
//! |---|---|
//! | `call`, `document`, `reach` | an operation of the control plane: its documents, and how many things it reaches |
//! | `things`, `topics`, `device` | the things that are played, topics, the device program |
//! | `local` | what only the local service has |
//! | `expect`, `until`, `last_command` | `expect`, `--until`, and the command whose answer they look at |
//! | `watch`, `picture`, `status` | `watch-job` and its picture, `status` |
//! | `language` | what scripts have besides operations |
//! | `server`, `limiter` | where the session is connected; AWS's rates kept |
//! | `outcome`, `show` | how commands end, and how answers are shown |

mod call;
mod device;
mod document;
mod expect;
mod language;
mod last_command;
mod limiter;
mod local;
mod outcome;
mod picture;
mod reach;
mod server;
mod show;
mod status;
mod things;
mod topics;
mod until;
mod watch;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

use crate::app::command::{Command, JobDocument, Line, Names, ParseError, UsagesShown};
use crate::app::connections::Connections;
use crate::app::device::Device;
use crate::app::output::escape;
use crate::app::output::message::{Message, MessageKind};
use crate::app::output::printer::Printer;
use crate::app::things::Things;
use crate::app::topics::TopicsConnection;
use crate::app::transcript::{Beginning, Transcript};
use crate::client::control_plane::{self, ControlPlane, EventConfigurations, Reply};
use crate::client::jobs::{self, Answer};
use crate::client::sandbox::Sandbox;
use crate::client::trace::Trace;

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
    /// The things whose device this program plays; jobs target the current one.
    pub things: Arc<Things>,
    /// Where it is connected.
    pub server: Server,
    /// Topics of the user's choice.
    pub topics: TopicsConnection,
    /// All connections on which events come.
    pub connections: Arc<Connections>,
    /// The control plane.
    pub control_plane: ControlPlane,
    /// Where answers go.
    pub transcript: Transcript,
    /// What only the local service has; `None` where it is not known where that is.
    pub sandbox: Option<Sandbox>,
    /// False on AWS and on a local service of another process, where that is not known.
    pub is_alone: IsAlone,
    /// The device program beside the local service of this process, if there is one.
    pub device: Option<Device>,
    /// The folder of the device that is played, if provision made it.
    pub device_folder: Option<PathBuf>,
    /// What `trace` switches.
    pub trace: Trace,
    /// What `{{NAME}}` stands for.
    pub names: Mutex<Names>,
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
        if let Some(outcome) = self.run_aside(&line.command, number).await {
            return outcome;
        }
        let beginning = if line.command.changes() { Beginning::Change } else { Beginning::Read };
        self.transcript.begin(number, beginning);
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
            Command::WatchJob { job, within } => self.watch(job, *within, number).await,
            command => match &line.until {
                Some(until) => self.ask_until(command, until, number).await,
                None => self.call(command, number).await,
            },
        };
        outcome.negated_by(line)
    }

    /// Prints a command before its answer.
    pub(crate) fn echo(&self, text: &str, number: Option<usize>) {
        let printer = self.printer();
        if printer.is_json() {
            let title =
                text.trim_start_matches(['!', ' ', '\t']).split_whitespace().next().unwrap_or_default();
            let body = serde_json::Value::from(text).to_string();
            return printer
                .message(&Message { line: number, ..Message::new(MessageKind::Command, title, Some(body)) });
        }
        text.lines().for_each(|line| printer.result(format!("> {}\n", escape::line(line))));
    }

    /// Takes the local service of this process back to its first start; false where there is none.
    pub(crate) async fn start_anew(&self) -> Result<bool, Failure> {
        if !self.server.is_ours {
            return Ok(false);
        }
        match self.reset(false).await {
            Ok(_) => {
                self.connections.settle(None, None).await;
                Ok(true)
            }
            Err(CommandError::Failed(failure)) => Err(failure),
            Err(CommandError::Refused { refusal, .. }) => Err(Failure::new("NotReset", refusal.text)),
        }
    }

    /// A line that is no command, as a failure.
    pub(crate) fn usage_failure(&self, error: &ParseError) -> Failure {
        Failure::of_usage(error, &self.usages_shown)
    }

    /// Where it prints.
    #[must_use]
    pub(crate) fn printer(&self) -> &Printer {
        self.transcript.printer()
    }

    /// Calls the service, and shows its answer and then the events that it caused.
    async fn call(&self, command: &Command, number: Option<usize>) -> CommandOutcome {
        let began = Instant::now();
        let hold = self.transcript.hold(self.printer().is_terminal().then_some(HOLD_AT_TERMINAL));
        let answer = self.answer_to(command).await;
        let outcome = self.conclude(command, number, answer).await;
        // A service that did not answer is not awaited a second time.
        let deadline = matches!(outcome, CommandOutcome::Failed(_))
            .then(|| began + self.things.current().client.timeout());
        self.connections.settle(Some(hold), deadline).await;
        outcome
    }

    /// What the service answered.
    async fn answer_to(&self, command: &Command) -> Result<Answered, CommandError> {
        let thing = self.things.current();
        let (device, operator) = (&thing.client, &self.control_plane);
        let answer = match command {
            Command::Call(call) => self.call_operation(call).await?,
            Command::GetPendingJobExecutions { .. } => {
                heard("GetPendingJobExecutions", device.get_pending_job_executions().await)?.0
            }
            Command::StartNextPendingJobExecution(request) => {
                let answer = device.start_next_pending_job_execution(request.clone()).await;
                let (answered, started) = heard("StartNextPendingJobExecution", answer)?;
                let note = started.execution.is_none().then_some("nothing is pending");
                Answered { note, ..answered }
            }
            Command::DescribeJobExecution(job, request) => {
                let answer = device.describe_job_execution(job, request.clone()).await;
                heard("DescribeJobExecution", answer)?.0
            }
            Command::DescribeJobExecutionOfOperator { job, execution_number } => {
                let reply = operator.describe_job_execution(job, &thing.name, *execution_number).await?;
                response(reply)
            }
            Command::UpdateJobExecution(job, request) => {
                let answer = device.update_job_execution(job, request.clone()).await;
                heard("UpdateJobExecution", answer)?.0
            }
            Command::DescribeEventConfigurations => response(operator.describe_event_configurations().await?),
            Command::UpdateEventConfigurations(document) => {
                self.update_event_configurations(document).await?
            }
            Command::Subscribe(filter) => self.subscribe(filter).await?,
            Command::Unsubscribe(filter) => self.unsubscribe(filter).await?,
            Command::Publish { topic, payload, qos, retain } => {
                self.publish(topic, payload, *qos, *retain).await?
            }
            Command::Thing(thing) => self.play(thing.as_ref()).await?,
            Command::Status => self.status().await.into(),
            Command::Clock(advance) => self.clock(*advance).await?.into(),
            Command::Reset { confirm } => self.reset(*confirm).await?.into(),
            Command::Fault(action) => self.fault(action).await?.into(),
            Command::Device(action) => self.device_command(*action).await?.into(),
            _ => unreachable!("it asks no service"),
        };
        Ok(answer)
    }

    async fn update_event_configurations(&self, document: &JobDocument) -> Result<Answered, CommandError> {
        let json = document::read("the event configurations", document, None).await?;
        let configurations: EventConfigurations = json.parse().map_err(|problem| {
            Failure::new(
                "UsageError",
                format!("update-event-configurations: --event-configurations {problem}"),
            )
        })?;
        Ok(response(self.control_plane.update_event_configurations(&configurations).await?))
    }
}

/// Whether the control plane refused with this code.
fn is_refusal(error: &control_plane::Error, with: &str) -> bool {
    matches!(error, control_plane::Error::Rejected { code, .. } if code == with)
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

/// An answer of the control plane, as it is shown.
fn response(reply: Reply) -> Answered {
    let warning = newer_than_us(reply.operation, &reply.unknown());
    let title = format!("{}Response", reply.operation);
    Answered { message: Message::new(MessageKind::Response, title, reply.body), note: None, warning }
}

impl std::fmt::Debug for Dispatcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dispatcher").field("things", &self.things).finish_non_exhaustive()
    }
}
