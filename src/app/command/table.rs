//! Every command with its arguments and options: the one table that parsing, help, completion and
//! hints read.

use super::arguments::ParsedArguments;
use super::line::Command;
use super::spec::{Argument, CommandGroup, Count, Flag, Shape, Spec};
use crate::wire::model::{StartNextPendingJobExecutionRequest, UpdateJobExecutionRequest};

/// The command called `name`.
#[must_use]
pub(crate) fn find(name: &str) -> Option<&'static Spec> {
    // What fingers type in every other program.
    let name = if name == "exit" { "quit" } else { name };
    COMMANDS.iter().find(|spec| spec.name == name)
}

/// Every title that a message of a service can have: what `expect` can wait for.
pub(crate) fn titles() -> impl Iterator<Item = String> {
    let answers = COMMANDS
        .iter()
        .flat_map(|spec| spec.operations)
        .flat_map(|operation| [format!("{operation}Response"), format!("{operation}Rejected")]);
    EVENTS.iter().map(|event| (*event).to_owned()).chain(answers)
}

/// The titles of the two events.
pub(crate) const EVENTS: [&str; 2] = ["JobExecutionsChangedEvent", "NextJobExecutionChangedEvent"];

/// The statuses of a job, as AWS writes them.
pub(crate) const JOB_STATUSES: &[&str] =
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

const UNTIL: Flag = Flag {
    name: "--until",
    value: Some(("<path=value ... | refused>", Shape::Goal)),
    help: "ask again until the answer is like this, conditions as for expect, or until it is refused",
};
const WITHIN: Flag = Flag {
    name: "--within",
    value: Some(("<duration>", Shape::Duration)),
    help: "how long --until waits, 10s unless given",
};

const NOT_FOUND: (&str, &str) = ("ResourceNotFound", "the job does not exist or does not target this thing");
const NO_JOB: (&str, &str) = ("ResourceNotFoundException", "there is no such job");

/// Every command, in the order of the help text.
pub(crate) static COMMANDS: &[Spec] = &[
    Spec {
        name: "create-job",
        group: CommandGroup::ControlPlane,
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
        build: |args| Command::CreateJob {
            job: args.job(),
            document: args.document(),
            description: args.text("--description"),
            timeout_minutes: args.number("--timeout-minutes"),
            retries: args.number("--retries").map(|number| i32::try_from(number).expect("at most 10")),
        },
    },
    Spec {
        name: "delete-job",
        group: CommandGroup::ControlPlane,
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
        build: |args| Command::DeleteJob { job: args.job(), force: args.switch("--force") },
    },
    Spec {
        name: "cancel-job",
        group: CommandGroup::ControlPlane,
        arguments: &[JOB],
        flags: &[Flag { name: "--force", value: None, help: "also executions in progress" }],
        summary: "cancel a job and its executions that no device has started",
        example: "cancel-job Job1",
        refusals: &[("InvalidRequestException", "the job is finished or canceled already"), NO_JOB],
        operations: &["CancelJob"],
        build: |args| Command::CancelJob { job: args.job(), force: args.switch("--force") },
    },
    Spec {
        name: "describe-job",
        group: CommandGroup::ControlPlane,
        arguments: &[JOB],
        flags: &[UNTIL, WITHIN],
        summary: "show a job: status, targets and how many executions stand where",
        example: "describe-job Job1",
        refusals: &[NO_JOB],
        operations: &["DescribeJob"],
        build: |args| Command::DescribeJob(args.job()),
    },
    Spec {
        name: "get-job-document",
        group: CommandGroup::ControlPlane,
        arguments: &[JOB],
        flags: &[UNTIL, WITHIN],
        summary: "show a job's document as it was given",
        example: "get-job-document Job1",
        refusals: &[NO_JOB],
        operations: &["GetJobDocument"],
        build: |args| Command::GetJobDocument(args.job()),
    },
    Spec {
        name: "list-jobs",
        group: CommandGroup::ControlPlane,
        arguments: &[],
        flags: &[
            Flag {
                name: "--status",
                value: Some(("<status>", Shape::OneOf(JOB_STATUSES))),
                help: "only jobs with this status",
            },
            TABLE,
            UNTIL,
            WITHIN,
        ],
        summary: "list the jobs of the account",
        example: "list-jobs --status IN_PROGRESS --table",
        refusals: &[],
        operations: &["ListJobs"],
        build: |args| Command::ListJobs { status: args.word("--status"), table: args.switch("--table") },
    },
    Spec {
        name: "list-job-executions",
        group: CommandGroup::ControlPlane,
        arguments: &[Argument { name: "<jobId>", shape: Shape::Job, count: Count::Optional }],
        flags: &[TABLE, UNTIL, WITHIN],
        summary: "list the executions of a job, or of this thing; finished ones too",
        example: "list-job-executions Job1 --table",
        refusals: &[NO_JOB],
        operations: &["ListJobExecutionsForJob", "ListJobExecutionsForThing"],
        build: |args| Command::ListJobExecutions { job: args.optional_job(), table: args.switch("--table") },
    },
    Spec {
        name: "get-pending-job-executions",
        group: CommandGroup::DataPlane,
        arguments: &[],
        flags: &[TABLE, UNTIL, WITHIN],
        summary: "list the executions for this thing that are not finished",
        example: "get-pending-job-executions",
        refusals: &[],
        operations: &["GetPendingJobExecutions"],
        build: |args| Command::GetPendingJobExecutions { table: args.switch("--table") },
    },
    Spec {
        name: "start-next-pending-job-execution",
        group: CommandGroup::DataPlane,
        arguments: &[],
        flags: &[STATUS_DETAILS, STEP_TIMEOUT],
        summary: "move the next pending execution from QUEUED to IN_PROGRESS; one in progress already comes back as it is",
        example: "start-next-pending-job-execution --step-timeout-in-minutes 5",
        refusals: &[("InvalidRequest", "the status details are outside AWS's limits")],
        operations: &["StartNextPendingJobExecution"],
        build: |args| {
            Command::StartNextPendingJobExecution(StartNextPendingJobExecutionRequest {
                status_details: args.details("--status-details"),
                step_timeout_in_minutes: args.number("--step-timeout-in-minutes"),
                client_token: None,
            })
        },
    },
    Spec {
        name: "describe-job-execution",
        group: CommandGroup::DataPlane,
        arguments: &[Argument { name: "<jobId>", shape: Shape::JobOrNext, count: Count::One }],
        flags: &[
            EXECUTION_NUMBER,
            Flag { name: "--no-include-job-document", value: None, help: "leave the job document out" },
            Flag {
                name: "--control-plane",
                value: None,
                help: "ask as the operator, who also reads finished executions; without the job document",
            },
            UNTIL,
            WITHIN,
        ],
        summary: "show this thing's execution of a job; $next is the one that comes next",
        example: "describe-job-execution Job1 --until execution.statusDetails.progress=\"50%\" --within 30s",
        refusals: &[("TerminalStateReached", "it is finished: --control-plane reads it"), NOT_FOUND],
        operations: &["DescribeJobExecution"],
        build: ParsedArguments::describe_job_execution,
    },
    Spec {
        name: "update-job-execution",
        group: CommandGroup::DataPlane,
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
        build: |args| {
            let job = args.job();
            let request = UpdateJobExecutionRequest {
                status_details: args.details("--status-details"),
                expected_version: args.unsigned("--expected-version").map(Into::into),
                execution_number: args.unsigned("--execution-number").map(Into::into),
                include_job_execution_state: args.switch("--include-job-execution-state"),
                include_job_document: args.switch("--include-job-document"),
                step_timeout_in_minutes: args.number("--step-timeout-in-minutes"),
                ..UpdateJobExecutionRequest::new(args.status())
            };
            Command::UpdateJobExecution(job, request)
        },
    },
    Spec {
        name: "expect",
        group: CommandGroup::Miscellaneous,
        arguments: &[
            Argument { name: "<title>", shape: Shape::Title, count: Count::One },
            Argument { name: "<path=value>", shape: Shape::Predicate, count: Count::Any },
        ],
        flags: &[Flag {
            name: "--within",
            value: Some(("<duration>", Shape::Duration)),
            help: "how long to wait for an event, ! in full; 5s unless given, for ! only where others use the service",
        }],
        summary: "check that the last command had this answer, or wait for an event since the last change; ! expect checks that none came",
        example: "expect JobExecutionsChangedEvent jobs.QUEUED[0].jobId=Job1 jobs.IN_PROGRESS=absent",
        refusals: &[],
        operations: &[],
        build: |args| Command::Expect(args.expectation()),
    },
    Spec {
        name: "clock",
        group: CommandGroup::Miscellaneous,
        arguments: &[Argument { name: "<+duration | next>", shape: Shape::Advance, count: Count::Optional }],
        flags: &[],
        summary: "show the clock of the local Jobs service, or move it forward: timers that fall due fire at once",
        example: "clock +10m",
        refusals: &[],
        operations: &[],
        build: |args| Command::Clock(args.advance()),
    },
    Spec {
        name: "reset",
        group: CommandGroup::Miscellaneous,
        arguments: &[],
        flags: &[],
        summary: "take the local Jobs service back to its first start",
        example: "reset",
        refusals: &[],
        operations: &[],
        build: |_| Command::Reset,
    },
    Spec {
        name: "status",
        group: CommandGroup::Miscellaneous,
        arguments: &[],
        flags: &[],
        summary: "show where the session is connected, and how long a round trip takes",
        example: "status",
        refusals: &[],
        operations: &[],
        build: |_| Command::Status,
    },
    Spec {
        name: "trace",
        group: CommandGroup::Miscellaneous,
        arguments: &[Argument { name: "<on | off>", shape: Shape::OneOf(&["on", "off"]), count: Count::One }],
        flags: &[],
        summary: "show every topic, payload and call as it goes and comes",
        example: "trace on",
        refusals: &[],
        operations: &[],
        build: |args| Command::Trace(args.choice() == "on"),
    },
    Spec {
        name: "help",
        group: CommandGroup::Miscellaneous,
        arguments: &[Argument { name: "<command>", shape: Shape::CommandName, count: Count::Optional }],
        flags: &[],
        summary: "list the commands, or explain one",
        example: "help update-job-execution",
        refusals: &[],
        operations: &[],
        build: |args| Command::Help(args.optional_choice()),
    },
    Spec {
        name: "quit",
        group: CommandGroup::Miscellaneous,
        arguments: &[],
        flags: &[],
        summary: "leave",
        example: "quit",
        refusals: &[],
        operations: &[],
        build: |_| Command::Quit,
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    /// No right too few, none too many: what the commands call, also describe-job-execution with --control-plane, and finding
    /// or creating the thing.
    #[test]
    fn the_control_plane_policy_allows_exactly_what_the_program_calls() {
        let policy: Value =
            serde_json::from_str(include_str!("../../../policies/control-plane-policy.json")).unwrap();
        // One string or a list of them, as policies write both.
        let strings = |value: &Value| -> Vec<String> {
            let all = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
            all.iter().map(|item| item.as_str().unwrap().to_owned()).collect()
        };
        let statements = policy["Statement"].as_array().unwrap();
        let allowed: BTreeSet<String> =
            statements.iter().flat_map(|statement| strings(&statement["Action"])).collect();
        let commands = COMMANDS.iter().filter(|spec| spec.group == CommandGroup::ControlPlane);
        let called: BTreeSet<String> = commands
            .flat_map(|spec| spec.operations)
            .chain(&["DescribeJobExecution", "DescribeThing", "CreateThing"])
            .map(|operation| format!("iot:{operation}"))
            .collect();
        assert_eq!(allowed, called);
    }
}
