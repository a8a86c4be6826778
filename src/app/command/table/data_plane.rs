//! What a device does, over MQTT.

use super::JOB;
use super::options::{TABLE, UNTIL, WITHIN};
use crate::app::command::arguments::ParsedArguments;
use crate::app::command::line::Command;
use crate::app::command::spec::{Argument, CommandGroup, Count, Flag, Shape, Spec};
use crate::wire::model::{StartNextPendingJobExecutionRequest, UpdateJobExecutionRequest};

/// The statuses that a device may ask for. The service refuses CANCELED, as the samples' users learn.
const UPDATE_STATUSES: &[&str] = &["SUCCEEDED", "IN_PROGRESS", "FAILED", "CANCELED", "REJECTED"];

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
const NOT_FOUND: (&str, &str) = ("ResourceNotFound", "the job does not exist or does not target this thing");

pub(super) static COMMANDS: &[Spec] = &[
    Spec {
        name: "get-pending-job-executions",
        group: CommandGroup::DataPlane,
        arguments: &[],
        flags: &[TABLE, UNTIL, WITHIN],
        summary: "list the executions for this thing that are not finished",
        example: "get-pending-job-executions",
        refusals: &[],
        operations: &["GetPendingJobExecutions"],
        needs: &[],
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
        needs: &[],
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
        needs: &["DescribeJobExecution"],
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
        needs: &[],
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
];
