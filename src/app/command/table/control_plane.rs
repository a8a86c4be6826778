//! What an operator does, over HTTPS.

use super::{JOB, NO_JOB, TABLE, UNTIL, WITHIN};
use crate::app::command::arguments::ParsedArguments;
use crate::app::command::line::Command;
use crate::app::command::spec::{Argument, CommandGroup, Count, Flag, Shape, Spec};

/// The statuses of a job, as AWS writes them.
const JOB_STATUSES: &[&str] = &["IN_PROGRESS", "CANCELED", "COMPLETED", "DELETION_IN_PROGRESS", "SCHEDULED"];

pub(super) static COMMANDS: &[Spec] = &[
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
            Flag {
                name: "--presigned-url-config",
                value: Some(("<config>", Shape::PresignedUrlConfig)),
                help: "who signs links to S3: roleArn=ARN, or roleArn=ARN,expiresInSec=N",
            },
            Flag {
                name: "--substitute",
                value: None,
                help: "replace each {{NAME}} in the file of the document, as in a document written here",
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
            presigned_url_config: args.text("--presigned-url-config"),
            substitute: args.switch("--substitute"),
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
        name: "describe-event-configurations",
        group: CommandGroup::ControlPlane,
        arguments: &[],
        flags: &[UNTIL, WITHIN],
        summary: "show which events the account sends on $aws/events",
        example: "describe-event-configurations",
        refusals: &[],
        operations: &["DescribeEventConfigurations"],
        build: |_| Command::DescribeEventConfigurations,
    },
    Spec {
        name: "update-event-configurations",
        group: CommandGroup::ControlPlane,
        arguments: &[],
        flags: &[Flag {
            name: "--event-configurations",
            value: Some(("<JSON>", Shape::EventConfigurations)),
            help: "the types to switch on or off, JSON or file://path; the others stay as they are",
        }],
        summary: "say which events the account sends on $aws/events",
        example: "update-event-configurations --event-configurations {\"JOB\": {\"Enabled\": true}}",
        refusals: &[("InvalidRequestException", "there is no such type of event")],
        operations: &["UpdateEventConfigurations"],
        build: ParsedArguments::update_event_configurations,
    },
];
