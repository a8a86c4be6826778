//! Every command with its arguments and options: the one table that parsing, help, completion and
//! hints read.

use super::Command;
use super::given::Given;
use crate::wire::model::{
    DescribeJobExecutionRequest, StartNextPendingJobExecutionRequest, UpdateJobExecutionRequest,
};

/// The groups of the help text, as in AWS's samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// What an operator does, over HTTPS.
    ControlPlane,
    /// What a device does, over MQTT.
    DataPlane,
    /// Everything else.
    Miscellaneous,
}

/// What an argument looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// The id of a job.
    Job,
    /// The id of a job that does not exist yet.
    NewJob,
    /// The id of a job, or `$next`.
    JobOrNext,
    /// JSON, or `file://path`.
    Document,
    /// A JSON object of strings.
    Details,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A whole number between two bounds.
    Number(i64, i64),
    /// Minutes of a step timer: 1 to 10080, or -1 for none.
    StepTimeout,
    /// A word, or a JSON string for several.
    Text,
    /// Such as `5s`.
    Duration,
    /// Such as `+10m`.
    Advance,
    /// The title of a message.
    Title,
    /// `path=value`
    Condition,
    /// A command.
    CommandName,
}

/// How often an argument stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// Once.
    One,
    /// Once or not at all.
    Optional,
    /// Any number of times.
    Any,
}

/// An argument that has its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Argument {
    /// As the usage line shows it, such as `<jobId>`.
    pub name: &'static str,
    /// What it looks like.
    pub shape: Shape,
    /// How often it stands.
    pub count: Count,
}

/// An option; it may stand anywhere after the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flag {
    /// Such as `--force`.
    pub name: &'static str,
    /// What follows it: a name for the usage line, and what it looks like.
    pub value: Option<(&'static str, Shape)>,
    /// What it does.
    pub help: &'static str,
}

/// A command of the table.
#[derive(Debug)]
pub struct Spec {
    /// The word that is typed.
    pub name: &'static str,
    /// Where help lists it.
    pub group: Group,
    /// Its arguments, in order.
    pub arguments: &'static [Argument],
    /// Its options.
    pub flags: &'static [Flag],
    /// One sentence for the list of commands.
    pub summary: &'static str,
    /// A line that works.
    pub example: &'static str,
    /// What the service may refuse, and why.
    pub refusals: &'static [(&'static str, &'static str)],
    /// The API's operations behind it; none for commands that ask no service.
    pub operations: &'static [&'static str],
    pub(super) build: fn(&mut Given) -> Command,
}

impl PartialEq for Spec {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Spec {
    /// The command called `name`.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        // What fingers type in every other program.
        let name = if name == "exit" { "quit" } else { name };
        COMMANDS.iter().find(|spec| spec.name == name)
    }

    /// Whether nothing can follow the command.
    #[must_use]
    pub fn takes_nothing(&self) -> bool {
        self.arguments.is_empty() && self.flags.is_empty()
    }

    /// The command with its arguments and options on one line.
    #[must_use]
    pub fn usage(&self) -> String {
        let mut usage = self.name.to_owned();
        for argument in self.arguments {
            usage.push(' ');
            usage.push_str(&argument.usage());
        }
        for flag in self.flags {
            usage.extend([" [", &flag.usage(), "]"]);
        }
        usage
    }
}

impl Argument {
    /// The argument as the usage line shows it.
    #[must_use]
    pub fn usage(&self) -> String {
        match self.count {
            Count::One => self.name.to_owned(),
            Count::Optional => format!("[{}]", self.name),
            Count::Any => format!("[{} ...]", self.name),
        }
    }
}

impl Flag {
    /// The option as the usage line shows it, without brackets.
    #[must_use]
    pub fn usage(&self) -> String {
        match self.value {
            Some((value, _)) => format!("{} {value}", self.name),
            None => self.name.to_owned(),
        }
    }
}

/// Every title that a message of a service can have: what `expect` can wait for.
pub fn titles() -> impl Iterator<Item = String> {
    let answers = COMMANDS
        .iter()
        .flat_map(|spec| spec.operations)
        .flat_map(|operation| [format!("{operation}Response"), format!("{operation}Rejected")]);
    EVENTS.iter().map(|event| (*event).to_owned()).chain(answers)
}

/// The titles of the two events.
pub const EVENTS: [&str; 2] = ["JobExecutionsChangedEvent", "NextJobExecutionChangedEvent"];

/// The statuses of a job, as AWS writes them.
pub const JOB_STATUSES: &[&str] =
    &["IN_PROGRESS", "CANCELED", "COMPLETED", "DELETION_IN_PROGRESS", "SCHEDULED"];

/// The statuses that a device may ask for. The service refuses CANCELED, as the samples' users learn.
const UPDATE_STATUSES: &[&str] = &["SUCCEEDED", "IN_PROGRESS", "FAILED", "CANCELED", "REJECTED"];

const JOB: Argument = Argument { name: "<jobId>", shape: Shape::Job, count: Count::One };
const STATUS_DETAILS: Flag = Flag {
    name: "--status-details",
    value: Some(("<JSON>", Shape::Details)),
    help: "replace the status details by this object of strings",
};
const STEP_TIMEOUT: Flag = Flag {
    name: "--step-timeout-in-minutes",
    value: Some(("<n>", Shape::StepTimeout)),
    help: "time out unless updated within 1 to 10080 minutes; -1 stops the step timer",
};
const EXECUTION_NUMBER: Flag = Flag {
    name: "--execution-number",
    value: Some(("<n>", Shape::Number(0, i64::MAX))),
    help: "this execution of the job on the thing, not the newest",
};
const TABLE: Flag = Flag {
    name: "--table",
    value: None,
    help: "as a table that fits the terminal; without effect in JSON output",
};

const NOT_FOUND: (&str, &str) = ("ResourceNotFound", "the job does not exist or does not target this thing");
const NO_JOB: (&str, &str) = ("ResourceNotFoundException", "there is no such job");

/// Every command, in the order of the help text.
pub static COMMANDS: &[Spec] = &[
    Spec {
        name: "create-job",
        group: Group::ControlPlane,
        arguments: &[
            Argument { shape: Shape::NewJob, ..JOB },
            Argument { name: "<jobDocument-as-JSON>", shape: Shape::Document, count: Count::One },
        ],
        flags: &[
            Flag {
                name: "--description",
                value: Some(("<text>", Shape::Text)),
                help: "for people: a word, or a JSON string for several",
            },
            Flag {
                name: "--timeout-minutes",
                value: Some(("<n>", Shape::Number(1, 10_080))),
                help: "an execution in progress times out after so many minutes",
            },
            Flag {
                name: "--retries",
                value: Some(("<n>", Shape::Number(0, 10))),
                help: "try again so often after FAILED or TIMED_OUT",
            },
        ],
        summary: "create a job that targets this thing; the document is JSON or file://path",
        example: "create-job Job1 {\"ToDo\": \"Reboot\"} --timeout-minutes 5",
        refusals: &[
            ("ResourceAlreadyExistsException", "a job of this id exists; delete-job frees the id"),
            ("LimitExceededException", "too many jobs at once"),
        ],
        operations: &["CreateJob"],
        build: |given| Command::CreateJob {
            job: given.job(),
            document: given.document(),
            description: given.text("--description"),
            timeout_minutes: given.number("--timeout-minutes"),
            retries: given.number("--retries").map(|number| i32::try_from(number).expect("at most 10")),
        },
    },
    Spec {
        name: "delete-job",
        group: Group::ControlPlane,
        arguments: &[JOB],
        flags: &[Flag {
            name: "--force",
            value: None,
            help: "also while executions are not finished; their devices can no longer update them",
        }],
        summary: "delete a job; without --force all its executions must be in a terminal status",
        example: "delete-job Job1 --force",
        refusals: &[
            (
                "InvalidStateTransitionException",
                "an execution is not terminal: list-job-executions shows it, --force deletes all the same",
            ),
            NO_JOB,
        ],
        operations: &["DeleteJob"],
        build: |given| Command::DeleteJob { job: given.job(), force: given.switch("--force") },
    },
    Spec {
        name: "cancel-job",
        group: Group::ControlPlane,
        arguments: &[JOB],
        flags: &[Flag { name: "--force", value: None, help: "also executions in progress" }],
        summary: "cancel a job and its executions that no device has started",
        example: "cancel-job Job1",
        refusals: &[("InvalidRequestException", "the job is finished or cancelled already"), NO_JOB],
        operations: &["CancelJob"],
        build: |given| Command::CancelJob { job: given.job(), force: given.switch("--force") },
    },
    Spec {
        name: "describe-job",
        group: Group::ControlPlane,
        arguments: &[JOB],
        flags: &[],
        summary: "show a job: status, targets and how many executions stand where",
        example: "describe-job Job1",
        refusals: &[NO_JOB],
        operations: &["DescribeJob"],
        build: |given| Command::DescribeJob(given.job()),
    },
    Spec {
        name: "get-job-document",
        group: Group::ControlPlane,
        arguments: &[JOB],
        flags: &[],
        summary: "show a job's document as it was given",
        example: "get-job-document Job1",
        refusals: &[NO_JOB],
        operations: &["GetJobDocument"],
        build: |given| Command::GetJobDocument(given.job()),
    },
    Spec {
        name: "list-jobs",
        group: Group::ControlPlane,
        arguments: &[],
        flags: &[
            Flag {
                name: "--status",
                value: Some(("<status>", Shape::OneOf(JOB_STATUSES))),
                help: "only jobs with this status",
            },
            TABLE,
        ],
        summary: "list the jobs of the account",
        example: "list-jobs --status IN_PROGRESS --table",
        refusals: &[],
        operations: &["ListJobs"],
        build: |given| Command::ListJobs { status: given.word("--status"), table: given.switch("--table") },
    },
    Spec {
        name: "list-job-executions",
        group: Group::ControlPlane,
        arguments: &[Argument { name: "<jobId>", shape: Shape::Job, count: Count::Optional }],
        flags: &[TABLE],
        summary: "list the executions of a job, or of this thing; finished ones too",
        example: "list-job-executions Job1 --table",
        refusals: &[NO_JOB],
        operations: &["ListJobExecutionsForJob", "ListJobExecutionsForThing"],
        build: |given| Command::ListJobExecutions {
            job: given.optional_job(),
            table: given.switch("--table"),
        },
    },
    Spec {
        name: "get-pending-job-executions",
        group: Group::DataPlane,
        arguments: &[],
        flags: &[TABLE],
        summary: "list the executions for this thing that are not finished",
        example: "get-pending-job-executions",
        refusals: &[],
        operations: &["GetPendingJobExecutions"],
        build: |given| Command::GetPendingJobExecutions { table: given.switch("--table") },
    },
    Spec {
        name: "start-next-pending-job-execution",
        group: Group::DataPlane,
        arguments: &[],
        flags: &[STATUS_DETAILS, STEP_TIMEOUT],
        summary: "move the next pending execution from QUEUED to IN_PROGRESS; one in progress already comes back as it is",
        example: "start-next-pending-job-execution --step-timeout-in-minutes 5",
        refusals: &[("InvalidRequest", "the status details are outside AWS's limits")],
        operations: &["StartNextPendingJobExecution"],
        build: |given| {
            Command::StartNextPendingJobExecution(StartNextPendingJobExecutionRequest {
                status_details: given.details("--status-details"),
                step_timeout_in_minutes: given.number("--step-timeout-in-minutes"),
                client_token: None,
            })
        },
    },
    Spec {
        name: "describe-job-execution",
        group: Group::DataPlane,
        arguments: &[Argument { name: "<jobId>", shape: Shape::JobOrNext, count: Count::One }],
        flags: &[
            EXECUTION_NUMBER,
            Flag { name: "--no-include-job-document", value: None, help: "leave the job document out" },
        ],
        summary: "show this thing's execution of a job; $next is the one that comes next",
        example: "describe-job-execution $next",
        refusals: &[
            (
                "TerminalStateReached",
                "it is finished: list-job-executions and describe-job read finished ones",
            ),
            NOT_FOUND,
        ],
        operations: &["DescribeJobExecution"],
        build: |given| {
            let include = if given.switch("--no-include-job-document") { Some(false) } else { None };
            let request = DescribeJobExecutionRequest {
                execution_number: given.unsigned("--execution-number").map(Into::into),
                include_job_document: include,
                client_token: None,
            };
            Command::DescribeJobExecution(given.job_or_next(), request)
        },
    },
    Spec {
        name: "update-job-execution",
        group: Group::DataPlane,
        arguments: &[
            JOB,
            Argument {
                name: "<SUCCEEDED | IN_PROGRESS | FAILED | CANCELED | REJECTED>",
                shape: Shape::OneOf(UPDATE_STATUSES),
                count: Count::One,
            },
        ],
        flags: &[
            STATUS_DETAILS,
            Flag {
                name: "--expected-version",
                value: Some(("<n>", Shape::Number(0, i64::MAX))),
                help: "refuse the update unless the execution is at this version",
            },
            EXECUTION_NUMBER,
            STEP_TIMEOUT,
            Flag {
                name: "--include-job-execution-state",
                value: None,
                help: "answer with status, details and version after the update",
            },
            Flag { name: "--include-job-document", value: None, help: "answer with the job document" },
        ],
        summary: "change the status of this thing's execution of a job",
        example: "update-job-execution Job1 IN_PROGRESS --status-details {\"progress\": \"50%\"}",
        refusals: &[
            (
                "InvalidStateTransition",
                "it is finished already, or the status is not a device's to set: CANCELED is the operator's (cancel-job)",
            ),
            ("VersionMismatch", "it is at another version than expected"),
            NOT_FOUND,
        ],
        operations: &["UpdateJobExecution"],
        build: |given| {
            let job = given.job();
            let request = UpdateJobExecutionRequest {
                status_details: given.details("--status-details"),
                expected_version: given.unsigned("--expected-version").map(Into::into),
                execution_number: given.unsigned("--execution-number").map(Into::into),
                include_job_execution_state: given.switch("--include-job-execution-state"),
                include_job_document: given.switch("--include-job-document"),
                step_timeout_in_minutes: given.number("--step-timeout-in-minutes"),
                ..UpdateJobExecutionRequest::new(given.status())
            };
            Command::UpdateJobExecution(job, request)
        },
    },
    Spec {
        name: "expect",
        group: Group::Miscellaneous,
        arguments: &[
            Argument { name: "<title>", shape: Shape::Title, count: Count::One },
            Argument { name: "<path=value>", shape: Shape::Condition, count: Count::Any },
        ],
        flags: &[Flag {
            name: "--within",
            value: Some(("<duration>", Shape::Duration)),
            help: "how long to wait for it; 5s unless given",
        }],
        summary: "check that a message came since the last command, or wait for it; ! expect checks that none came",
        example: "expect JobExecutionsChangedEvent jobs.QUEUED[0].jobId=Job1 jobs.IN_PROGRESS=absent",
        refusals: &[],
        operations: &[],
        build: |given| Command::Expect(given.expectation()),
    },
    Spec {
        name: "clock",
        group: Group::Miscellaneous,
        arguments: &[Argument { name: "<+duration>", shape: Shape::Advance, count: Count::Optional }],
        flags: &[],
        summary: "show the clock of the local Jobs service, or move it forward: timers that fall due fire at once",
        example: "clock +10m",
        refusals: &[],
        operations: &[],
        build: |given| Command::Clock(given.advance()),
    },
    Spec {
        name: "trace",
        group: Group::Miscellaneous,
        arguments: &[Argument { name: "<on | off>", shape: Shape::OneOf(&["on", "off"]), count: Count::One }],
        flags: &[],
        summary: "show every topic, payload and call as it goes and comes",
        example: "trace on",
        refusals: &[],
        operations: &[],
        build: |given| Command::Trace(given.choice() == "on"),
    },
    Spec {
        name: "help",
        group: Group::Miscellaneous,
        arguments: &[Argument { name: "<command>", shape: Shape::CommandName, count: Count::Optional }],
        flags: &[],
        summary: "list the commands, or explain one",
        example: "help update-job-execution",
        refusals: &[],
        operations: &[],
        build: |given| Command::Help(given.command()),
    },
    Spec {
        name: "quit",
        group: Group::Miscellaneous,
        arguments: &[],
        flags: &[],
        summary: "leave",
        example: "quit",
        refusals: &[],
        operations: &[],
        build: |_| Command::Quit,
    },
];
