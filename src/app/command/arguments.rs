//! The parsed arguments and options that a command is built from.

use std::collections::VecDeque;
use std::time::Duration;

use super::expectation::{Expectation, Predicate};
use super::line::{Command, Deferred, DeviceAction, FaultAction, JobDocument, Payload};
use super::member_path::MemberPath;
use super::until::{DEFAULT_WITHIN, Goal, Until};
use crate::client::sandbox::Advance;
use crate::service::read_fault;
use crate::wire::model::{
    DescribeJobExecutionRequest, JobExecutionStatus, JobId, JobRef, StatusDetails, ThingName,
};

/// The value of an argument or option.
#[derive(Debug)]
pub(super) enum ArgumentValue {
    Job(JobId),
    JobOrNext(JobRef),
    Thing(ThingName),
    Document(JobDocument),
    Targets(Vec<String>),
    Details(StatusDetails),
    Payload(Payload),
    Choice(&'static str),
    Number(i64),
    Text(String),
    Duration(Duration),
    Predicate(Predicate),
    Path(MemberPath),
    Deferred(Box<Deferred>),
    /// None if it is not known yet.
    RestOfLine(Option<String>),
    Goal(Goal),
}

/// The arguments and options of one command, which the table's `build` functions take in the table's order.
///
/// A value of another kind than the table declares is a bug in the table, whose every entry is tested.
#[derive(Debug, Default)]
pub(super) struct ParsedArguments {
    pub(super) positionals: VecDeque<ArgumentValue>,
    pub(super) flags: Vec<(&'static str, Option<ArgumentValue>)>,
    /// Why these do not go together, if the command says so.
    pub(super) contradiction: Option<String>,
}

macro_rules! take {
    ($value:expr, $variant:ident) => {
        match $value {
            ArgumentValue::$variant(value) => value,
            other => unreachable!("the table declares another shape than {other:?}"),
        }
    };
}

impl ParsedArguments {
    fn next(&mut self) -> ArgumentValue {
        self.positionals.pop_front().expect("an argument that is required was checked to be there")
    }

    pub(super) fn flag(&mut self, name: &str) -> Option<ArgumentValue> {
        let index = self.flags.iter().position(|(flag, _)| *flag == name)?;
        self.flags.remove(index).1
    }

    pub(super) fn job(&mut self) -> JobId {
        take!(self.next(), Job)
    }

    pub(super) fn optional_thing(&mut self) -> Option<ThingName> {
        self.positionals.pop_front().map(|value| take!(value, Thing))
    }

    pub(super) fn job_or_next(&mut self) -> JobRef {
        take!(self.next(), JobOrNext)
    }

    /// What a message carries, which may be nothing.
    pub(super) fn payload(&mut self) -> Payload {
        let given = self.positionals.pop_front().map(|value| take!(value, Payload));
        given.unwrap_or_else(|| Payload::Text(String::new()))
    }

    pub(super) fn choice(&mut self) -> &'static str {
        take!(self.next(), Choice)
    }

    pub(super) fn status(&mut self) -> JobExecutionStatus {
        self.choice().parse().expect("the table lists statuses of job executions only")
    }

    pub(super) fn name(&mut self) -> String {
        take!(self.next(), Text)
    }

    pub(super) fn path(&mut self) -> MemberPath {
        take!(self.next(), Path)
    }

    pub(super) fn duration(&mut self) -> Duration {
        take!(self.next(), Duration)
    }

    pub(super) fn within(&mut self) -> Option<Duration> {
        self.flag("--within").map(|value| take!(value, Duration))
    }

    pub(super) fn deferred(&mut self) -> Deferred {
        *take!(self.next(), Deferred)
    }

    pub(super) fn rest_of_line(&mut self) -> Option<String> {
        take!(self.next(), RestOfLine)
    }

    pub(super) fn advance(&mut self) -> Option<Advance> {
        self.positionals.pop_front().map(|value| match value {
            ArgumentValue::Choice(_) => Advance::NextTimer,
            value => Advance::By(take!(value, Duration)),
        })
    }

    pub(super) fn optional_choice(&mut self) -> Option<&'static str> {
        self.positionals.pop_front().map(|value| take!(value, Choice))
    }

    pub(super) fn expectation(&mut self) -> Expectation {
        let title = take!(self.next(), Text);
        let predicates = self.positionals.drain(..).map(|value| take!(value, Predicate)).collect();
        let within = self.within();
        Expectation { title, predicates, within }
    }

    pub(super) fn describe_job_execution(&mut self) -> Command {
        let job = self.job_or_next();
        let execution_number = self.number("--execution-number");
        let without_document = self.switch("--no-include-job-document");
        if self.switch("--control-plane") {
            match job {
                JobRef::Next => {
                    self.contradict("--control-plane needs the job's id: $next is known to devices alone");
                }
                JobRef::Id(job) => {
                    if without_document {
                        self.contradict("--no-include-job-document: with --control-plane no document comes");
                    }
                    return Command::DescribeJobExecutionOfOperator { job, execution_number };
                }
            }
        }
        let request = DescribeJobExecutionRequest {
            execution_number: execution_number.map(|number| number.unsigned_abs().into()),
            include_job_document: without_document.then_some(false),
            client_token: None,
        };
        Command::DescribeJobExecution(job, request)
    }

    pub(super) fn update_event_configurations(&mut self) -> Command {
        let option = "--event-configurations";
        let given = self.flag(option).map(|value| take!(value, Document));
        if given.is_none() {
            self.contradict(&format!("{option} is missing"));
        }
        Command::UpdateEventConfigurations(given.unwrap_or_else(|| JobDocument::Json("{}".to_owned())))
    }

    pub(super) fn fault(&mut self) -> FaultAction {
        let action = self.choice();
        let subject = self.positionals.pop_front().map(|value| take!(value, Text));
        let options: Vec<_> = self.flags.drain(..).collect();
        let mut refuse = |problem: String| self.contradiction = Some(problem);
        match (action, subject) {
            ("add", Some(_)) if let Some((name, _)) = options.iter().find(|option| has_spaces(option)) => {
                refuse(format!("{name} takes one word, without spaces"));
            }
            ("add", Some(kind)) => {
                // What is not known yet is nothing yet, and read when it is known.
                let is_known = !kind.is_empty() && options.iter().all(is_known);
                let words = kind + &options.iter().map(option_text).collect::<String>();
                if let Some(problem) = read_fault(&words).err().filter(|_| is_known) {
                    refuse(problem);
                }
                return FaultAction::Add(words);
            }
            ("add", None) => refuse("add needs a kind, such as drop-answer".to_owned()),
            (action, _) if !options.is_empty() => refuse(format!("{action} takes no options")),
            ("remove", Some(number)) => match number.parse() {
                Ok(number) => return FaultAction::Remove(number),
                Err(_) if number.is_empty() => {}
                Err(_) => refuse("remove needs a number, as fault list shows it".to_owned()),
            },
            ("remove", None) => refuse("remove needs a number, as fault list shows it".to_owned()),
            (action, Some(_)) => refuse(format!("{action} takes no argument")),
            ("list", None) => return FaultAction::List,
            _ => {}
        }
        FaultAction::Clear
    }

    pub(super) fn device_action(&mut self) -> DeviceAction {
        let action = self.choice();
        let waits = !self.switch("--no-wait");
        match action {
            "start" => DeviceAction::Start { waits },
            "restart" => DeviceAction::Restart { waits },
            _ if !waits => {
                self.contradict("--no-wait goes with start and restart");
                DeviceAction::Stop
            }
            "stop" => DeviceAction::Stop,
            _ => DeviceAction::Kill,
        }
    }

    pub(super) fn contradict(&mut self, problem: &str) {
        self.contradiction = Some(problem.to_owned());
    }

    /// What `--until` and `--within` say.
    pub(super) fn until(&mut self) -> Result<Option<Until>, String> {
        let goal = self.flag("--until").map(|value| take!(value, Goal));
        let within = self.within();
        match goal {
            Some(goal) => Ok(Some(Until { goal, within: within.unwrap_or(DEFAULT_WITHIN) })),
            None if within.is_some() => Err("--within goes with --until".to_owned()),
            None => Ok(None),
        }
    }

    pub(super) fn switch(&mut self, name: &str) -> bool {
        let index = self.flags.iter().position(|(flag, _)| *flag == name);
        index.map(|index| self.flags.remove(index)).is_some()
    }

    /// Whether building the command took everything that the table declares for it.
    pub(super) fn is_used_up(&self) -> bool {
        self.positionals.is_empty() && self.flags.is_empty()
    }

    pub(super) fn number(&mut self, name: &str) -> Option<i64> {
        self.flag(name).map(|value| take!(value, Number))
    }

    pub(super) fn unsigned(&mut self, name: &str) -> Option<u64> {
        self.number(name).map(|number| u64::try_from(number).expect("the table bounds it from below"))
    }

    pub(super) fn word(&mut self, name: &str) -> Option<&'static str> {
        self.flag(name).map(|value| take!(value, Choice))
    }

    pub(super) fn details(&mut self, name: &str) -> Option<StatusDetails> {
        self.flag(name).map(|value| take!(value, Details))
    }
}

/// An option as it is written.
fn option_text((name, value): &(&'static str, Option<ArgumentValue>)) -> String {
    match value {
        None => format!(" {name}"),
        Some(ArgumentValue::Text(text)) => format!(" {name} {text}"),
        Some(ArgumentValue::Choice(word)) => format!(" {name} {word}"),
        Some(ArgumentValue::Number(number)) => format!(" {name} {number}"),
        Some(ArgumentValue::Job(job)) => format!(" {name} {job}"),
        Some(other) => unreachable!("the table declares another shape than {other:?}"),
    }
}

/// Whether the value of an option was a JSON string of several words, which would be read as options of their own.
fn has_spaces((_, value): &(&'static str, Option<ArgumentValue>)) -> bool {
    matches!(value, Some(ArgumentValue::Text(text)) if text.contains(char::is_whitespace))
}

/// Whether the value of an option is more than what stands for one that is not known yet.
fn is_known((_, value): &(&'static str, Option<ArgumentValue>)) -> bool {
    !matches!(value, Some(ArgumentValue::Text(text)) if text.is_empty())
}

#[cfg(test)]
mod tests {
    use crate::app::command::{Command, FaultAction, parse};

    #[test]
    fn the_control_plane_has_only_some_of_the_options() {
        let command = |rest: &str| parse(&format!("describe-job-execution --control-plane {rest}"));
        for (rest, execution_number) in [("J", None), ("J --execution-number 2", Some(2))] {
            let job = "J".parse().unwrap();
            let expected = Command::DescribeJobExecutionOfOperator { job, execution_number };
            assert_eq!(command(rest).unwrap().unwrap().command, expected);
        }
        for (rest, problem) in [
            (
                "J --no-include-job-document",
                "--no-include-job-document: with --control-plane no document comes",
            ),
            ("$next", "--control-plane needs the job's id: $next is known to devices alone"),
        ] {
            let error = command(rest).unwrap_err().to_string();
            assert_eq!(error, format!("describe-job-execution: {problem}"));
        }
    }

    #[test]
    fn faults_are_read_in_their_own_words() {
        let refused = |text: &str| parse(text).unwrap_err().with_usage();
        let action = |text: &str| match parse(text).unwrap().unwrap().command {
            Command::Fault(action) => action,
            other => panic!("{other:?}"),
        };
        let all = "drop-answer --on update --thing T --client-id c* --job J --status FAILED --times 2 --after 3 \
                   --chance 20% --seed 7";
        assert_eq!(action(&format!("fault add {all}")), FaultAction::Add(all.to_owned()));
        let always = "fault add --always drop-event";
        assert_eq!(action(always), FaultAction::Add("drop-event --always".to_owned()));
        assert_eq!(action("fault list"), FaultAction::List);
        assert_eq!(action("fault remove 2"), FaultAction::Remove(2));
        assert_eq!(action("fault clear"), FaultAction::Clear);
        for text in ["fault add {{KIND}}", "fault add drop-answer --on {{ON}}", "fault remove {{NUMBER}}"] {
            assert!(parse(text).is_ok(), "{text}");
        }
        for (text, problem) in [
            ("fault add", "fault: add needs a kind, such as drop-answer; usage: fault <add"),
            (
                "fault add drop-event --on get",
                "fault: drop-event goes with --on notify or notify-next, not with get;",
            ),
            (
                "fault add corrupt --client-id \"x --always\"",
                "fault: --client-id takes one word, without spaces;",
            ),
            (
                "fault add reset --on CreateJbo",
                "fault: --on CreateJbo: the local service offers no operation",
            ),
            ("fault list all", "fault: list takes no argument;"),
            ("fault clear --always", "fault: clear takes no options;"),
            ("fault remove", "fault: remove needs a number, as fault list shows it;"),
            ("fault remove all", "fault: remove needs a number, as fault list shows it;"),
        ] {
            assert!(refused(text).starts_with(problem), "{}", refused(text));
        }
    }
}
