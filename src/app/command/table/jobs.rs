//! What an operator does with jobs and their executions, over HTTPS.

use super::options::{
    ABORT, COMMENT, DESCRIPTION, DOCUMENT_SOURCE, EXPECTED_VERSION, PRESIGNED_URLS, RETRY, ROLLOUT, TABLE,
    TAGS, TARGETS, THING_NAME, TIMEOUT, UNTIL, WITHIN, YES, json, one_of, switch, text,
};
use super::{JOB, NO_JOB};
use crate::app::command::line::Command;
use crate::app::command::spec::{Argument, CommandGroup, Count, Flag, Shape, Spec};
use crate::app::output::known_names::Named;
use crate::client::control_plane::Operation;
use crate::wire::model::JobExecutionStatus;

/// The statuses of a job, as AWS writes them.
const JOB_STATUSES: &[&str] = &["IN_PROGRESS", "CANCELED", "COMPLETED", "DELETION_IN_PROGRESS", "SCHEDULED"];
const TARGET_SELECTIONS: &[&str] = &["SNAPSHOT", "CONTINUOUS"];

/// The statuses of an execution, as AWS writes them.
pub(super) const EXECUTION_STATUSES: [&str; 8] = {
    let mut words = [""; 8];
    let mut at = 0;
    while at < words.len() {
        words[at] = JobExecutionStatus::ALL[at].as_str();
        at += 1;
    }
    words
};

const FORCE_EXECUTION: Flag = switch("--force", "also if it is in progress");
const BEFORE_SUBSTITUTION: Flag =
    switch("--before-substitution", "with its parameters and presigned URLs as they stand in the document");
const NO_EXECUTION: (&str, &str) =
    ("ResourceNotFoundException", "the job has no such execution on the thing");

pub(super) static COMMANDS: &[Spec] = &[
    Spec {
        name: "create-job",
        group: CommandGroup::Jobs,
        arguments: &[
            Argument { shape: Shape::NewJob, ..JOB },
            Argument {
                name: "<jobDocument-as-JSON>",
                shape: Shape::Document,
                count: Count::OneUnless(&["--document-source", "--job-template-arn"]),
            },
        ],
        flags: &[
            TARGETS,
            one_of(
                "--target-selection",
                "<selection>",
                TARGET_SELECTIONS,
                "CONTINUOUS: also for things that join a group later",
            ),
            DOCUMENT_SOURCE,
            DESCRIPTION,
            PRESIGNED_URLS,
            ROLLOUT,
            ABORT,
            RETRY,
            TIMEOUT,
            json("--scheduling-config", "when it starts and ends: {\"startTime\": ..., \"endTime\": ...}"),
            text("--job-template-arn", "<ARN>", "the template that it is made from, in place of a document"),
            json("--document-parameters", "{\"name\": \"value\"} for the parameters of a managed template"),
            TAGS,
            Flag {
                name: "--timeout-minutes",
                value: Some(("<n>", Shape::Number(1, 10_080))),
                help: "an execution in progress times out after so many minutes; short for --timeout-config",
            },
            Flag {
                name: "--retries",
                value: Some(("<n>", Shape::Number(0, 10))),
                help: "try again so often after FAILED or TIMED_OUT; short for --job-executions-retry-config",
            },
            switch(
                "--substitute",
                "replace each {{NAME}} in the file of the document, as in a document written here",
            ),
            switch("--dry-run", "print the request, and send nothing"),
            YES,
        ],
        summary: "create a job that targets this thing; the document is JSON or file://path",
        example: "create-job Job1 {\"ToDo\": \"Reboot\"} --timeout-minutes 5",
        refusals: &[
            ("ResourceAlreadyExistsException", "a job of this id exists; delete-job frees the id"),
            ("LimitExceededException", "too many jobs at once"),
        ],
        operations: &["CreateJob"],
        needs: &["DescribeThing", "DescribeThingGroup", "ListThingsInThingGroup"],
        build: |args| args.create_job(),
    },
    Spec {
        name: "update-job",
        group: CommandGroup::Jobs,
        arguments: &[JOB],
        flags: &[DESCRIPTION, PRESIGNED_URLS, ROLLOUT, ABORT, RETRY, TIMEOUT, YES],
        summary: "change how a job goes on",
        example: "update-job Job1 --job-executions-rollout-config {\"maximumPerMinute\": 10}",
        refusals: &[("InvalidRequestException", "the job is finished, or a member does not fit"), NO_JOB],
        operations: &["UpdateJob"],
        needs: &["DescribeJob"],
        build: |args| args.call(Operation::UpdateJob, &["jobId"]),
    },
    Spec {
        name: "associate-targets-with-job",
        group: CommandGroup::Jobs,
        arguments: &[JOB],
        flags: &[TARGETS, COMMENT, YES],
        summary: "add targets to a CONTINUOUS job",
        example: "associate-targets-with-job Job1 --targets Pumps",
        refusals: &[("InvalidRequestException", "the job is not CONTINUOUS, or it is finished"), NO_JOB],
        operations: &["AssociateTargetsWithJob"],
        needs: &["DescribeThing", "DescribeThingGroup", "ListThingsInThingGroup"],
        build: |args| {
            args.require("--targets");
            args.call(Operation::AssociateTargetsWithJob, &["jobId"])
        },
    },
    Spec {
        name: "cancel-job",
        group: CommandGroup::Jobs,
        arguments: &[JOB],
        flags: &[
            switch("--force", "also executions in progress"),
            text("--reason-code", "<word>", "why, for programs"),
            COMMENT,
        ],
        summary: "cancel a job and its executions that no device has started",
        example: "cancel-job Job1",
        refusals: &[("InvalidRequestException", "the job is finished or canceled already"), NO_JOB],
        operations: &["CancelJob"],
        needs: &[],
        build: |args| args.call(Operation::CancelJob, &["jobId"]),
    },
    Spec {
        name: "delete-job",
        group: CommandGroup::Jobs,
        arguments: &[JOB],
        flags: &[switch(
            "--force",
            "also while executions are not finished; their devices can no longer update them",
        )],
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
        needs: &["ListJobExecutionsForJob"],
        build: |args| args.call(Operation::DeleteJob, &["jobId"]),
    },
    Spec {
        name: "describe-job",
        group: CommandGroup::Jobs,
        arguments: &[JOB],
        flags: &[BEFORE_SUBSTITUTION, UNTIL, WITHIN],
        summary: "show a job: status, targets and how many executions stand where",
        example: "describe-job Job1",
        refusals: &[NO_JOB],
        operations: &["DescribeJob"],
        needs: &[],
        build: |args| args.call(Operation::DescribeJob, &["jobId"]),
    },
    Spec {
        name: "get-job-document",
        group: CommandGroup::Jobs,
        arguments: &[JOB],
        flags: &[BEFORE_SUBSTITUTION, UNTIL, WITHIN],
        summary: "show a job's document as it was given",
        example: "get-job-document Job1",
        refusals: &[NO_JOB],
        operations: &["GetJobDocument"],
        needs: &[],
        build: |args| args.call(Operation::GetJobDocument, &["jobId"]),
    },
    Spec {
        name: "list-jobs",
        group: CommandGroup::Jobs,
        arguments: &[],
        flags: &[
            one_of("--status", "<status>", JOB_STATUSES, "only jobs with this status"),
            one_of("--target-selection", "<selection>", TARGET_SELECTIONS, "only such jobs"),
            Flag {
                name: "--thing-group-name",
                value: Some(("<thingGroupName>", Shape::Named(Named::ThingGroup))),
                help: "only jobs that target this group",
            },
            text("--thing-group-id", "<id>", "the same, by the group's id"),
            text("--namespace-id", "<id>", "only jobs in this namespace"),
            TABLE,
            UNTIL,
            WITHIN,
        ],
        summary: "list the jobs of the account",
        example: "list-jobs --status IN_PROGRESS --table",
        refusals: &[],
        operations: &["ListJobs"],
        needs: &[],
        build: |args| args.call(Operation::ListJobs, &[]),
    },
    Spec {
        name: "watch-job",
        group: CommandGroup::Jobs,
        arguments: &[JOB],
        flags: &[Flag {
            name: "--within",
            value: Some(("<duration>", Shape::Duration)),
            help: "how long at the most, such as 30s; longer is a failure; for ever unless given",
        }],
        summary: "show how far a job is until it is over: a picture at a terminal, a line for each change elsewhere",
        example: "watch-job Job1 --within 30s",
        refusals: &[NO_JOB],
        operations: &[],
        needs: &["DescribeJob", "ListJobExecutionsForJob", "DescribeJobExecution"],
        build: |args| Command::WatchJob { job: args.job(), within: args.within() },
    },
    Spec {
        name: "list-job-executions",
        group: CommandGroup::Jobs,
        arguments: &[Argument { count: Count::Optional, ..JOB }],
        flags: &[
            one_of("--status", "<status>", &EXECUTION_STATUSES, "only executions with this status"),
            TABLE,
            UNTIL,
            WITHIN,
        ],
        summary: "list the executions of a job, or of this thing; finished ones too",
        example: "list-job-executions Job1 --table",
        refusals: &[NO_JOB],
        operations: &["ListJobExecutionsForJob", "ListJobExecutionsForThing"],
        needs: &[],
        build: |args| {
            let of_job = Operation::ListJobExecutionsForJob;
            let operation = if args.has_arguments() { of_job } else { Operation::ListJobExecutionsForThing };
            args.call(operation, &["jobId"])
        },
    },
    Spec {
        name: "cancel-job-execution",
        group: CommandGroup::Jobs,
        arguments: &[JOB],
        flags: &[
            THING_NAME,
            FORCE_EXECUTION,
            EXPECTED_VERSION,
            Flag {
                name: "--status-details",
                value: Some(("<JSON>", Shape::Details)),
                help: "replace the status details by this object of strings",
            },
        ],
        summary: "cancel the execution of a job on one thing",
        example: "cancel-job-execution Job1 --thing-name Pump2 --force",
        refusals: &[
            ("InvalidStateTransitionException", "it is in progress (--force cancels it) or finished"),
            ("VersionConflictException", "it is at another version than expected"),
            NO_EXECUTION,
        ],
        operations: &["CancelJobExecution"],
        needs: &[],
        build: |args| args.call(Operation::CancelJobExecution, &["jobId"]),
    },
    Spec {
        name: "delete-job-execution",
        group: CommandGroup::Jobs,
        arguments: &[JOB],
        flags: &[
            Flag {
                name: "--execution-number",
                value: Some(("<n>", Shape::Number(0, i64::MAX))),
                help: "which, as list-job-executions shows it",
            },
            THING_NAME,
            FORCE_EXECUTION,
        ],
        summary: "delete a finished execution of a job on one thing",
        example: "delete-job-execution Job1 --execution-number 1",
        refusals: &[
            ("InvalidStateTransitionException", "it is not finished; --force deletes it all the same"),
            NO_EXECUTION,
        ],
        operations: &["DeleteJobExecution"],
        needs: &[],
        build: |args| {
            args.require("--execution-number");
            args.call(Operation::DeleteJobExecution, &["jobId"])
        },
    },
];
