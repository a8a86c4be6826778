//! Carries commands out: from a [`Line`] to the Jobs client or the control plane, and from what
//! comes back to messages.

mod document;
mod failure;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout_at};

use crate::app::command::{self, Command, Expectation, Line};
use crate::app::hints;
use crate::app::output::json_text;
use crate::app::output::message::{Kind, Message};
use crate::app::output::printer::Printer;
use crate::app::output::style::{Ink, Style};
use crate::app::output::table::Table;
use crate::app::transcript::{Transcript, Verdict};
use crate::client::control_plane::{self, ControlPlane, CreateJob, Reply, ThingLookup};
use crate::client::jobs::{Answer, Client};
use crate::client::trace::Trace;
use crate::wire::model::{JobId, StartNextJobExecutionResponse, ThingName};

use failure::Failure;

pub(crate) use failure::{Failed, Outcome};

/// The clock of the local Jobs service: moved forward if told by how much, then read, in epoch
/// milliseconds.
pub(crate) type Clock = Arc<dyn Fn(Option<Duration>) -> i64 + Send + Sync>;

/// At a terminal events wait no longer than this for the answer of a slow command.
const HOLD_AT_TERMINAL: Duration = Duration::from_millis(250);

/// How long `expect` waits unless told. AWS's events come a second or two after their cause.
const DEFAULT_WITHIN: Duration = Duration::from_secs(5);

/// How wide help is where there is no terminal that it could fit.
const WIDTH_OF_NO_TERMINAL: usize = 100;

/// What a command is carried out with.
pub(crate) struct Dispatcher {
    /// The thing whose device we play and that jobs target.
    pub thing: ThingName,
    /// Its ARN, as soon as the control plane has told it.
    pub thing_arn: OnceCell<String>,
    /// The data plane.
    pub client: Client,
    /// The control plane.
    pub control_plane: ControlPlane,
    /// Where answers go.
    pub transcript: Transcript,
    /// The clock of the local service; none elsewhere.
    pub clock: Option<Clock>,
    /// What `trace` switches.
    pub trace: Trace,
}

impl Dispatcher {
    /// Carries out a command; `number` is the line of the script on which it begins.
    ///
    /// Its answer is printed before the events that it caused. On the local service these have all
    /// been printed when this returns; elsewhere those that have come so far.
    pub(crate) async fn run(&self, line: &Line, number: Option<usize>) -> Outcome {
        if let Command::Expect(expectation) = &line.command {
            return self.expect(expectation, line.negated, number).await;
        }
        self.transcript.forget();
        let outcome = match &line.command {
            Command::Quit => Outcome::Quit,
            Command::Trace(on) => {
                self.trace.switch(*on);
                Outcome::Passed
            }
            Command::Help(about) => {
                self.help(*about, number);
                Outcome::Passed
            }
            command => self.ask(command, number).await,
        };
        outcome.judged(line)
    }

    /// Prints a failure on stderr, in JSON on stdout too; `origin` is where the command stands.
    pub(crate) fn show_failure(&self, origin: &str, number: Option<usize>, failed: &Failed) {
        let message = Message::in_words(Kind::Error, failed.title, number, &failed.one_line());
        self.printer().message(&message);
        self.show_words(origin, failed);
    }

    /// Prints a failure on stderr alone: its message has been printed.
    pub(crate) fn show_words(&self, origin: &str, failed: &Failed) {
        let printer = self.printer();
        printer.failure(origin, &failed.what);
        failed.details.iter().for_each(|detail| printer.diagnostic(&format!("    {detail}")));
    }

    /// Where it prints.
    #[must_use]
    pub(crate) fn printer(&self) -> &Printer {
        self.transcript.printer()
    }

    /// The number of the last event that what was done so far has caused, as far as that can be known by then.
    async fn last_event(&self, deadline: Option<Instant>) -> u64 {
        let barrier = async {
            match deadline {
                Some(deadline) => timeout_at(deadline, self.client.barrier()).await.ok()?.ok(),
                None => self.client.barrier().await.ok(),
            }
        };
        let last = if self.client.is_local_service() { barrier.await } else { None };
        // Should the connection be gone, what has come so far is all there will be.
        last.unwrap_or_else(|| self.client.last_event())
    }

    /// Asks the service, and shows its answer and then the events that it caused.
    async fn ask(&self, command: &Command, number: Option<usize>) -> Outcome {
        let began = Instant::now();
        let hold = self.transcript.hold(self.printer().is_terminal().then_some(HOLD_AT_TERMINAL));
        let outcome = match self.answer_to(command).await {
            Ok(answer) => {
                self.show(command, Message { line: number, ..answer });
                Outcome::Passed
            }
            Err(Failure::Refused(answer, refusal)) => {
                self.transcript.answer(Message { line: number, ..*answer });
                Outcome::Refused(refusal)
            }
            Err(Failure::Failed(failed)) => Outcome::Failed(failed),
        };
        // A service that did not answer is not awaited a second time.
        let deadline = matches!(outcome, Outcome::Failed(_)).then(|| began + self.client.timeout());
        hold.release(self.last_event(deadline).await).await;
        outcome
    }

    async fn answer_to(&self, command: &Command) -> Result<Message, Failure> {
        let (device, operator) = (&self.client, &self.control_plane);
        Ok(match command {
            Command::CreateJob { job, document, description, timeout_minutes, retries } => {
                let request = CreateJob {
                    document: document::read(document).await?,
                    target_arn: self.thing_arn().await?,
                    description: description.clone(),
                    timeout_minutes: *timeout_minutes,
                    retries: *retries,
                };
                response("CreateJob", operator.create_job(job, request).await?)
            }
            Command::DeleteJob { job, force } => self.delete_job(job, *force).await?,
            Command::CancelJob { job, force } => {
                response("CancelJob", self.of(job, operator.cancel_job(job, *force).await)?)
            }
            Command::DescribeJob(job) => {
                response("DescribeJob", self.of(job, operator.describe_job(job).await)?)
            }
            Command::GetJobDocument(job) => {
                response("GetJobDocument", self.of(job, operator.get_job_document(job).await)?)
            }
            Command::ListJobs { status, .. } => response("ListJobs", operator.list_jobs(*status).await?),
            Command::ListJobExecutions { job: Some(job), .. } => {
                let reply = operator.list_job_executions_for_job(job).await;
                response("ListJobExecutionsForJob", self.of(job, reply)?)
            }
            Command::ListJobExecutions { job: None, .. } => {
                let reply = operator.list_job_executions_for_thing(&self.thing).await?;
                response("ListJobExecutionsForThing", reply)
            }
            Command::GetPendingJobExecutions { .. } => {
                accepted("GetPendingJobExecutions", device.get_pending_job_executions().await?)
            }
            Command::StartNextPendingJobExecution(request) => {
                let answer = device.start_next_pending_job_execution(request.clone()).await?;
                accepted("StartNextPendingJobExecution", answer)
            }
            Command::DescribeJobExecution(job, request) => {
                let answer = device.describe_job_execution(job, request.clone()).await?;
                accepted("DescribeJobExecution", answer)
            }
            Command::UpdateJobExecution(job, request) => {
                let answer = device.update_job_execution(job, request.clone()).await?;
                accepted("UpdateJobExecution", answer)
            }
            Command::Clock(advance) => self.clock(*advance)?,
            Command::Expect(_) | Command::Trace(_) | Command::Help(_) | Command::Quit => {
                unreachable!("it asks no service")
            }
        })
    }

    /// What the control plane answered about `job`, which is not offered for completion if there is none.
    fn of(
        &self,
        job: &JobId,
        reply: Result<Reply, control_plane::Error>,
    ) -> Result<Reply, control_plane::Error> {
        reply.inspect_err(|error| {
            if is_refusal(error, "ResourceNotFoundException") {
                self.transcript.known().forget(job);
            }
        })
    }

    async fn delete_job(&self, job: &JobId, force: bool) -> Result<Message, Failure> {
        let error = match self.of(job, self.control_plane.delete_job(job, force).await) {
            Ok(reply) => {
                self.transcript.known().forget(job);
                return Ok(response("DeleteJob", reply));
            }
            Err(error) => error,
        };
        let not_terminal = is_refusal(&error, "InvalidStateTransitionException");
        let mut failure = Failure::from(error);
        if let Failure::Refused(_, refusal) = &mut failure
            && not_terminal
            && self.printer().is_terminal()
        {
            let executions = self.control_plane.list_job_executions_for_job(job).await.ok();
            let hint = hints::not_terminal(job, executions.and_then(|reply| reply.body).as_deref());
            refusal.hint = Some(hint);
        }
        Err(failure)
    }

    /// The ARN of the thing; asks the control plane if it has not said so yet, and says what was created.
    async fn thing_arn(&self) -> Result<String, control_plane::Error> {
        let found =
            self.thing_arn.get_or_try_init(|| find_thing(&self.control_plane, &self.thing, self.printer()));
        found.await.cloned()
    }

    fn clock(&self, advance: Option<Duration>) -> Result<Message, Failed> {
        let Some(clock) = &self.clock else {
            let why = "there is a clock to move only in local mode, where the Jobs service is ours";
            return Err(Failed::new("NotLocal", why));
        };
        let millis = clock(advance);
        let body = format!("{{\"timestamp\":{}.{:03}}}", millis.div_euclid(1000), millis.rem_euclid(1000));
        Ok(Message::new(Kind::Response, "Clock", Some(body)))
    }

    fn help(&self, about: Option<&'static str>, number: Option<usize>) {
        let is_json = self.printer().is_json();
        let width = self.printer().width().filter(|_| !is_json).unwrap_or(WIDTH_OF_NO_TERMINAL);
        let style = self.printer().style();
        let style = Style { colour: style.colour && !is_json, ..style };
        let text = about
            .and_then(command::table::find)
            .map_or_else(|| command::help(style, width), |spec| command::help_on(spec, style, width));
        if is_json {
            let body = serde_json::Value::from(text).to_string();
            self.printer()
                .message(&Message { line: number, ..Message::new(Kind::Response, "Help", Some(body)) });
        } else {
            self.printer().result(text);
        }
    }

    /// Prints an answer, as a table if it is to be one. A person sees a document as such, a long list summed
    /// up, and is told that nothing was pending.
    fn show(&self, command: &Command, message: Message) {
        let printer = self.printer();
        let body = message.body.as_deref().filter(|_| !printer.is_json());
        let for_person = body.filter(|_| printer.is_terminal());
        let table = for_person.or(body.filter(|_| command.as_table())).and_then(Table::of_answer);
        let note = match command {
            Command::StartNextPendingJobExecution(_) => for_person.and_then(nothing_pending),
            _ => table.as_ref().filter(|_| for_person.is_some()).and_then(Table::summary),
        };
        let text = match command {
            Command::GetJobDocument(_) => for_person.and_then(|body| document::shown(body, printer.layout())),
            _ => table
                .filter(|_| command.as_table())
                .map(|table| table.render(printer.width(), printer.layout())),
        };
        match text {
            Some(text) => self.transcript.answer_as(message, &text),
            None => self.transcript.answer(message),
        }
        if let Some(note) = note {
            printer.result(format!("{}\n", printer.style().paint(Ink::Faint, &note)));
        }
    }

    async fn expect(&self, expectation: &Expectation, negated: bool, number: Option<usize>) -> Outcome {
        let within = match expectation.within {
            // Whatever a command caused there has come.
            _ if negated && self.client.is_local_service() => Duration::ZERO,
            within => within.unwrap_or(DEFAULT_WITHIN),
        };
        let verdict = tokio::select! {
            verdict = self.transcript.expect(expectation, within) => verdict,
            // What has come is all there will be.
            () = self.client.over() => {
                self.transcript.caught_up(self.client.last_event()).await;
                self.transcript.expect(expectation, Duration::ZERO).await
            }
        };
        let failed = match (verdict, negated) {
            (Verdict::Found(_), false) | (Verdict::Missing { .. }, true) => None,
            (Verdict::Missing { what, instead }, false) => {
                Some(Failed { details: instead, ..Failed::new("NotAsExpected", what) })
            }
            (Verdict::Found(message), true) => {
                let body = json_text::compact(message.body.as_deref().unwrap_or("null"));
                Some(Failed::new("NotAsExpected", format!("! expect {expectation}, but it came: {body}")))
            }
        };
        let words = failed.as_ref().map_or_else(String::new, Failed::one_line);
        let body = serde_json::json!({ "passed": failed.is_none(), "message": words }).to_string();
        let message = Message::new(Kind::Expect, expectation.title.clone(), Some(body));
        self.printer().message(&Message { line: number, ..message });
        failed.map_or(Outcome::Passed, Outcome::Unexpected)
    }
}

/// Whether the control plane refused with this code.
fn is_refusal(error: &control_plane::Error, with: &str) -> bool {
    matches!(error, control_plane::Error::Rejected { code, .. } if code == with)
}

/// What to say of an answer to StartNextPendingJobExecution without an execution.
fn nothing_pending(answer: &str) -> Option<String> {
    let answer: StartNextJobExecutionResponse = serde_json::from_str(answer).ok()?;
    answer.execution.is_none().then(|| "nothing is pending".to_owned())
}

/// Makes sure that the thing exists, says so if it was created, and returns its ARN.
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

/// The answer of the control plane.
fn response(operation: &str, reply: Reply) -> Message {
    Message::new(Kind::Response, format!("{operation}Response"), reply.body)
}

/// The answer of the data plane.
fn accepted<T>(operation: &str, answer: Answer<T>) -> Message {
    let body = String::from_utf8_lossy(&answer.payload).into_owned();
    let message = Message::new(Kind::Response, format!("{operation}Response"), Some(body));
    Message { topic: Some(answer.topic), ..message }
}

impl std::fmt::Debug for Dispatcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dispatcher").field("thing", &self.thing).finish_non_exhaustive()
    }
}
