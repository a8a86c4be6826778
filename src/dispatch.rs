//! Carries commands out: from a [`Line`] to the Jobs client or the control plane, and from what
//! comes back to messages.

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;
use tokio::sync::OnceCell;

use crate::command::{self, Command, Document, Expectation, Line, MAX_COMMAND_BYTES};
use crate::control_plane::{self, ControlPlane, CreateJob, Reply, ThingLookup};
use crate::hints;
use crate::jobs::model::{JobId, ThingName};
use crate::jobs::{self, Answer, Client};
use crate::output::message::{Kind, Message};
use crate::output::printer::Printer;
use crate::output::style::Ink;
use crate::output::table::Table;
use crate::transcript::{Transcript, Verdict};

/// The clock of the local Jobs service: moved forward if told by how much, then read, in epoch
/// milliseconds.
pub type Clock = Arc<dyn Fn(Option<Duration>) -> i64 + Send + Sync>;

/// Switches the trace on and off.
pub type TraceSwitch = Arc<dyn Fn(bool) + Send + Sync>;

/// At a terminal events wait no longer than this for the answer of a slow command.
const HOLD_AT_TERMINAL: Duration = Duration::from_millis(250);

/// How long `expect` waits unless told. AWS's events come a second or two after their cause.
const DEFAULT_WITHIN: Duration = Duration::from_secs(5);

/// How wide help is where there is no terminal that it could fit.
const WIDTH_OF_NO_TERMINAL: usize = 100;

/// What a command is carried out with.
pub struct Dispatcher {
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
    /// Switches the trace.
    pub trace: TraceSwitch,
}

/// How a command went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// As it should.
    Passed,
    /// The service refused; that has been shown.
    Refused(Refusal),
    /// It failed otherwise; that is yet to be shown.
    Failed(Failed),
    /// The session is to end.
    Quit,
}

/// A refusal in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// On one line: the operation, the code and the service's words.
    pub text: String,
    /// What may help, if anything is known to.
    pub hint: Option<String>,
}

/// A failure in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// What kind of failure, in one word.
    pub title: &'static str,
    /// What failed and what to do; after the first line, the details.
    pub lines: Vec<String>,
}

impl Failed {
    /// A failure that one line tells.
    #[must_use]
    pub fn new(title: &'static str, line: impl Into<String>) -> Self {
        Self { title, lines: vec![line.into()] }
    }
}

/// The title of an expectation that did not hold; its message has been printed already.
const NOT_AS_EXPECTED: &str = "NotAsExpected";

/// Why a command has no answer to show.
enum Failure {
    Refused(Box<Message>, Refusal),
    Failed(Failed),
}

impl From<Failed> for Failure {
    fn from(failed: Failed) -> Self {
        Self::Failed(failed)
    }
}

type Done = Result<(), Failure>;

impl Dispatcher {
    /// Carries out a command; `number` is the line of the script on which it begins.
    ///
    /// Its answer is printed before the events that it caused. On the local service these have all
    /// been printed when this returns; elsewhere those that have come so far.
    pub async fn run(&self, line: &Line, number: Option<usize>) -> Outcome {
        if let Command::Expect(expectation) = &line.command {
            return self.expect(expectation, line.negated, number).await;
        }
        self.transcript.forget();
        let hold = self.transcript.hold(self.printer().is_terminal().then_some(HOLD_AT_TERMINAL));
        let done = self.execute(&line.command, number).await;
        let mut outcome = self.report(done, number);
        hold.release(self.last_event().await).await;
        let faults = self.transcript.take_faults();
        if !faults.is_empty() {
            outcome = Outcome::Failed(match outcome {
                // What the command itself failed of comes first.
                Outcome::Failed(mut failed) => {
                    failed.lines.extend(faults);
                    failed
                }
                _ => Failed { title: "EventsLost", lines: faults },
            });
        }
        judge(outcome, line)
    }

    /// Prints a failure on stderr, in JSON on stdout too; `origin` is where the command stands.
    pub fn show_failure(&self, origin: &str, number: Option<usize>, failed: &Failed) {
        let printer = self.printer();
        if failed.title != NOT_AS_EXPECTED {
            printer.message(&Message::in_words(Kind::Error, failed.title, number, &one_line(&failed.lines)));
        }
        let mut lines = failed.lines.iter();
        printer.failure(origin, lines.next().map_or("failed", String::as_str));
        lines.for_each(|line| printer.diagnostic(&format!("    {line}")));
    }

    /// Where it prints.
    #[must_use]
    pub fn printer(&self) -> &Printer {
        self.transcript.printer()
    }

    /// The number of the last event that what was done so far has caused, as far as that can be known.
    async fn last_event(&self) -> u64 {
        if self.client.is_local_service() {
            // Should the connection be gone, what has come so far is all there will be.
            if let Ok(last) = self.client.fence().await {
                return last;
            }
        }
        self.client.last_event()
    }

    async fn execute(&self, command: &Command, number: Option<usize>) -> Result<Outcome, Failure> {
        match command {
            Command::CreateJob { job, document, description, timeout_minutes, retries } => {
                let request = CreateJob {
                    document: read_document(document)?,
                    target_arn: self.thing_arn().await?,
                    description: description.clone(),
                    timeout_minutes: *timeout_minutes,
                    retries: retries.and_then(|retries| i32::try_from(retries).ok()),
                };
                self.reply("CreateJob", self.control_plane.create_job(job, request).await, number)
            }
            Command::DeleteJob { job, force } => self.delete_job(job, *force, number).await,
            Command::CancelJob { job, force } => {
                self.reply("CancelJob", self.control_plane.cancel_job(job, *force).await, number)
            }
            Command::DescribeJob(job) => {
                self.reply("DescribeJob", self.control_plane.describe_job(job).await, number)
            }
            Command::GetJobDocument(job) => {
                self.reply("GetJobDocument", self.control_plane.get_job_document(job).await, number)
            }
            Command::ListJobs { status, table } => {
                let reply = self.control_plane.list_jobs(*status).await;
                self.reply_or_table("ListJobs", reply, number, *table)
            }
            Command::ListJobExecutions { job: Some(job), table } => {
                let reply = self.control_plane.list_job_executions_for_job(job).await;
                self.reply_or_table("ListJobExecutionsForJob", reply, number, *table)
            }
            Command::ListJobExecutions { job: None, table } => {
                let reply = self.control_plane.list_job_executions_for_thing(&self.thing).await;
                self.reply_or_table("ListJobExecutionsForThing", reply, number, *table)
            }
            Command::GetPendingJobExecutions { table } => {
                let answer = self.client.get_pending_job_executions().await;
                self.answer("GetPendingJobExecutions", answer, number, *table)
            }
            Command::StartNextPendingJobExecution(request) => {
                let answer = self.client.start_next_pending_job_execution(request.clone()).await;
                self.answer("StartNextPendingJobExecution", answer, number, false)
            }
            Command::DescribeJobExecution(job, request) => {
                let answer = self.client.describe_job_execution(job, request.clone()).await;
                self.answer("DescribeJobExecution", answer, number, false)
            }
            Command::UpdateJobExecution(job, request) => {
                let answer = self.client.update_job_execution(job, request.clone()).await;
                self.answer("UpdateJobExecution", answer, number, false)
            }
            Command::Clock(advance) => return self.clock(*advance, number).map(|()| Outcome::Passed),
            Command::Trace(on) => {
                (self.trace)(*on);
                Ok(())
            }
            Command::Help(about) => {
                self.help(*about, number);
                Ok(())
            }
            Command::Quit => return Ok(Outcome::Quit),
            Command::Expect(_) => unreachable!("an expectation asks no service"),
        }
        .map(|()| Outcome::Passed)
    }

    async fn delete_job(&self, job: &JobId, force: bool, number: Option<usize>) -> Done {
        let reply = self.control_plane.delete_job(job, force).await;
        let not_terminal = matches!(&reply, Err(control_plane::Error::Rejected { code, .. })
            if code == "InvalidStateTransitionException");
        let mut done = self.reply("DeleteJob", reply, number);
        match &mut done {
            Ok(()) => self.transcript.known().forget(job),
            Err(Failure::Refused(_, refusal)) if not_terminal && self.printer().is_terminal() => {
                let executions = self.control_plane.list_job_executions_for_job(job).await.ok();
                refusal.hint =
                    Some(hints::not_terminal(job, executions.and_then(|reply| reply.body).as_deref()));
            }
            Err(_) => {}
        }
        done
    }

    /// The ARN of the thing; asks the control plane if it has not said so yet, and says what was created.
    async fn thing_arn(&self) -> Result<String, Failure> {
        let found = self.thing_arn.get_or_try_init(|| async {
            match self.control_plane.create_thing_if_missing(&self.thing).await? {
                ThingLookup::Existing { arn } => Ok(arn),
                ThingLookup::Created { arn } => {
                    self.printer().diagnostic(&format!("created thing {arn}"));
                    Ok(arn)
                }
            }
        });
        found.await.cloned().map_err(|error| refused_or_failed(error, None))
    }

    fn clock(&self, advance: Option<Duration>, number: Option<usize>) -> Done {
        let Some(clock) = &self.clock else {
            let why = "there is a clock to move only in local mode, where the Jobs service is ours";
            return Err(Failed::new("NotLocal", why).into());
        };
        let millis = clock(advance);
        let body = format!("{{\"timestamp\":{}.{:03}}}", millis.div_euclid(1000), millis.rem_euclid(1000));
        self.transcript.answer(Message { line: number, ..Message::new(Kind::Response, "Clock", Some(body)) });
        Ok(())
    }

    fn help(&self, about: Option<&'static command::Spec>, number: Option<usize>) {
        let (style, width) = (self.printer().style(), self.printer().width().unwrap_or(WIDTH_OF_NO_TERMINAL));
        let text =
            about.map_or_else(|| command::help(style, width), |spec| command::help_on(spec, style, width));
        if self.printer().is_json() {
            let body = serde_json::Value::from(text).to_string();
            self.printer()
                .message(&Message { line: number, ..Message::new(Kind::Response, "Help", Some(body)) });
        } else {
            self.printer().result(text);
        }
    }

    fn answer<T>(
        &self,
        operation: &str,
        answer: Result<Answer<T>, jobs::Error>,
        number: Option<usize>,
        as_table: bool,
    ) -> Done {
        let answer = answer.map_err(|error| match error {
            jobs::Error::Rejected { operation, topic, payload, response } => {
                let refusal = Refusal {
                    text: format!("{operation} rejected: {}: {}", response.code, response.message),
                    hint: hints::data_plane(&response),
                };
                let body = String::from_utf8_lossy(&payload).into_owned();
                let message = Message::new(Kind::Rejected, format!("{operation}Rejected"), Some(body));
                Failure::Refused(Box::new(Message { line: number, topic: Some(topic), ..message }), refusal)
            }
            other => Failed::new(title_of(&other), other.to_string()).into(),
        })?;
        let body = String::from_utf8_lossy(&answer.payload).into_owned();
        let message = Message::new(Kind::Response, format!("{operation}Response"), Some(body));
        self.show(Message { line: number, topic: Some(answer.topic), ..message }, as_table);
        Ok(())
    }

    fn reply(
        &self,
        operation: &str,
        reply: Result<Reply, control_plane::Error>,
        number: Option<usize>,
    ) -> Done {
        self.reply_or_table(operation, reply, number, false)
    }

    fn reply_or_table(
        &self,
        operation: &str,
        reply: Result<Reply, control_plane::Error>,
        number: Option<usize>,
        as_table: bool,
    ) -> Done {
        let reply = reply.map_err(|error| refused_or_failed(error, number))?;
        let message = Message::new(Kind::Response, format!("{operation}Response"), reply.body);
        self.show(Message { line: number, ..message }, as_table);
        Ok(())
    }

    fn show(&self, message: Message, as_table: bool) {
        let printer = self.printer();
        let for_people = !printer.is_json() && (as_table || printer.is_terminal());
        let table = message.body.as_deref().filter(|_| for_people).and_then(Table::of_answer);
        match &table {
            Some(table) if as_table => {
                self.transcript.answer_as(message, &table.render(printer.width(), printer.style()));
            }
            _ => self.transcript.answer(message),
        }
        if printer.is_terminal()
            && let Some(summary) = table.and_then(|table| table.summary())
        {
            printer.result(format!("{}\n", printer.style().paint(Ink::Faint, &summary)));
        }
    }

    fn report(&self, done: Result<Outcome, Failure>, number: Option<usize>) -> Outcome {
        match done {
            Ok(outcome) => outcome,
            Err(Failure::Refused(message, refusal)) => {
                self.transcript.answer(Message { line: number, ..*message });
                Outcome::Refused(refusal)
            }
            Err(Failure::Failed(failed)) => Outcome::Failed(failed),
        }
    }

    async fn expect(&self, expectation: &Expectation, negated: bool, number: Option<usize>) -> Outcome {
        let within = match expectation.within {
            // Whatever a command caused there has come.
            _ if negated && self.client.is_local_service() => Duration::ZERO,
            within => within.unwrap_or(DEFAULT_WITHIN),
        };
        let lines = match (self.transcript.expect(expectation, within).await, negated) {
            (Verdict::Found(_), false) | (Verdict::Missing(_), true) => Vec::new(),
            (Verdict::Missing(lines), false) => lines,
            (Verdict::Found(message), true) => {
                let body = message.body.as_deref().unwrap_or("null");
                vec![format!(
                    "! expect {expectation}, but it came: {}",
                    crate::output::json_text::compact(body)
                )]
            }
        };
        let passed = lines.is_empty();
        let body = serde_json::json!({ "passed": passed, "message": one_line(&lines) }).to_string();
        let message = Message::new(Kind::Expect, expectation.title.clone(), Some(body));
        self.printer().message(&Message { line: number, ..message });
        if passed { Outcome::Passed } else { Outcome::Failed(Failed { title: NOT_AS_EXPECTED, lines }) }
    }
}

impl std::fmt::Debug for Dispatcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dispatcher").field("thing", &self.thing).finish_non_exhaustive()
    }
}

/// A heading and what stands below it, on one line.
fn one_line(lines: &[String]) -> String {
    lines.join("; ").replace(":; ", ": ")
}

/// What `!` makes of an outcome.
fn judge(outcome: Outcome, line: &Line) -> Outcome {
    match outcome {
        Outcome::Refused(_) if line.negated => Outcome::Passed,
        Outcome::Passed if line.negated => {
            Outcome::Failed(Failed::new("NotRefused", "the service was to refuse this, but did it"))
        }
        other => other,
    }
}

fn title_of(error: &jobs::Error) -> &'static str {
    match error {
        jobs::Error::Rejected { .. } => "Rejected",
        jobs::Error::TimedOut { .. } => "TimedOut",
        jobs::Error::Malformed { .. } => "Malformed",
        jobs::Error::OutcomeUnknown { .. } => "OutcomeUnknown",
        jobs::Error::NotConnected { .. } => "NotConnected",
        jobs::Error::NotAccepted { .. } => "NotAccepted",
    }
}

fn refused_or_failed(error: control_plane::Error, number: Option<usize>) -> Failure {
    let text = error.to_string();
    let title = match error {
        control_plane::Error::Rejected { operation, code, message, request_id, body } => {
            let hint = hints::control_plane(operation, &code, &message);
            let body = refusal_body(&code, &message, request_id.as_deref(), body.as_deref());
            let message = Message::new(Kind::Rejected, format!("{operation}Rejected"), Some(body));
            let message = Box::new(Message { line: number, ..message });
            return Failure::Refused(message, Refusal { text, hint });
        }
        control_plane::Error::NotAuthenticated { .. } => "NotAuthenticated",
        control_plane::Error::NoCredentials { .. } => "NoCredentials",
        control_plane::Error::NoRegion => "NoRegion",
        control_plane::Error::Unreachable { .. } => "Unreachable",
        control_plane::Error::NotTrusted { .. } => "NotTrusted",
        control_plane::Error::TimedOut { .. } => "TimedOut",
        control_plane::Error::OutcomeUnknown { .. } => "OutcomeUnknown",
        control_plane::Error::Malformed { .. } => "Malformed",
        control_plane::Error::NotSent { .. } => "NotSent",
    };
    Failed::new(title, text).into()
}

/// The body of a refusal as it came, with the code and the request id of the headers around it.
fn refusal_body(code: &str, message: &str, request_id: Option<&str>, body: Option<&str>) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let members = body
        .filter(|body| serde_json::from_str::<&RawValue>(body).is_ok())
        .and_then(|body| body.trim().strip_prefix('{')?.strip_suffix('}'))
        .map_or_else(|| format!("\"message\":{}", quoted(message)), |members| members.trim().to_owned());
    let mut out = format!("{{\"code\":{}", quoted(code));
    if !members.is_empty() {
        out.extend([",", &members]);
    }
    if let Some(id) = request_id {
        out.extend([",\"requestId\":", &quoted(id)]);
    }
    out + "}"
}

fn read_document(document: &Document) -> Result<String, Failed> {
    let path = match document {
        Document::Json(json) => return Ok(json.clone()),
        Document::File(path) => path,
    };
    let failed = |why: &dyn std::fmt::Display| {
        Failed::new("UsageError", format!("cannot take the job document from {}: {why}", path.display()))
    };
    let text = read_file(path).map_err(|error| failed(&error))?;
    if text.len() > MAX_COMMAND_BYTES {
        return Err(failed(&"it is larger than 1 MiB"));
    }
    match serde_json::from_str::<&RawValue>(&text) {
        Ok(_) => Ok(text.trim_matches([' ', '\t', '\r', '\n']).to_owned()),
        Err(error) => Err(failed(&format!("it is not JSON: {error}"))),
    }
}

/// The text of a file, cut off just beyond what may be taken.
fn read_file(path: &Path) -> std::io::Result<String> {
    let home = path.strip_prefix("~").ok().zip(std::env::home_dir());
    let path = home.map_or_else(|| path.to_owned(), |(below, home)| home.join(below));
    let mut text = String::new();
    std::fs::File::open(path)?.take(MAX_COMMAND_BYTES as u64 + 1).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Line {
        command::parse(text).unwrap().unwrap()
    }

    #[test]
    fn a_bang_passes_only_on_a_refusal() {
        let refused = || Outcome::Refused(Refusal { text: "no".into(), hint: None });
        let failed = || Outcome::Failed(Failed::new("TimedOut", "late"));
        assert_eq!(judge(refused(), &line("! delete-job J")), Outcome::Passed);
        assert_eq!(judge(refused(), &line("delete-job J")), refused());
        assert_eq!(judge(failed(), &line("! delete-job J")), failed());
        assert!(matches!(judge(Outcome::Passed, &line("! delete-job J")), Outcome::Failed(_)));
    }

    #[test]
    fn a_refusal_keeps_the_wire_and_adds_what_the_headers_said() {
        assert_eq!(
            refusal_body("X", "m", Some("r"), Some(r#" {"message":"m", "resourceId": "J"} "#)),
            r#"{"code":"X","message":"m", "resourceId": "J","requestId":"r"}"#
        );
        assert_eq!(refusal_body("X", "m", None, Some("{}")), r#"{"code":"X"}"#);
        assert_eq!(refusal_body("X", "a\"b", None, Some("<html>")), r#"{"code":"X","message":"a\"b"}"#);
    }

    #[test]
    fn a_document_comes_from_a_file_that_holds_json() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("doc.json");
        let read = || read_document(&Document::File(path.clone())).map_err(|failed| failed.lines.concat());
        assert!(read().unwrap_err().starts_with("cannot take the job document from "));
        std::fs::write(&path, "{\"a\" : 1.0}\r\n").unwrap();
        assert_eq!(read().unwrap(), "{\"a\" : 1.0}");
        std::fs::write(&path, "{").unwrap();
        assert!(read().unwrap_err().contains("it is not JSON"));
        std::fs::write(&path, [0xff]).unwrap();
        assert!(read().is_err());
        std::fs::write(&path, " ".repeat(MAX_COMMAND_BYTES + 1)).unwrap();
        assert!(read().unwrap_err().ends_with("it is larger than 1 MiB"));
    }
}
