//! What an operator does with job templates, over HTTPS.

use super::options::{
    ABORT, DESCRIPTION, DOCUMENT_SOURCE, PRESIGNED_URLS, RETRY, ROLLOUT, TABLE, TAGS, TIMEOUT, UNTIL, WITHIN,
    json, text,
};
use crate::app::command::spec::{Argument, CommandGroup, Count, Shape, Spec};
use crate::app::output::known_names::Named;
use crate::client::control_plane::Operation;

const TEMPLATE: Argument =
    Argument { name: "<jobTemplateId>", shape: Shape::Named(Named::JobTemplate), count: Count::One };
const NO_TEMPLATE: (&str, &str) = ("ResourceNotFoundException", "there is no such template");

pub(super) static COMMANDS: &[Spec] = &[
    Spec {
        name: "create-job-template",
        group: CommandGroup::Templates,
        arguments: &[
            Argument { shape: Shape::NewNamed(Named::JobTemplate), ..TEMPLATE },
            Argument {
                name: "<jobDocument-as-JSON>",
                shape: Shape::Document,
                count: Count::OneUnless(&["--document-source", "--job-arn"]),
            },
        ],
        flags: &[
            DESCRIPTION,
            text("--job-arn", "<ARN>", "the job that it is made from, in place of a document"),
            DOCUMENT_SOURCE,
            PRESIGNED_URLS,
            ROLLOUT,
            ABORT,
            RETRY,
            TIMEOUT,
            json("--maintenance-windows", "[{\"startTime\": \"cron(...)\", \"durationInMinutes\": n}]"),
            TAGS,
        ],
        summary: "create a template for jobs, with a document or from a job",
        example: "create-job-template Reboot {\"ToDo\": \"Reboot\"} --description \"Restarts a pump\"",
        refusals: &[("ConflictException", "a template of this id exists")],
        operations: &["CreateJobTemplate"],
        needs: &[],
        build: |args| {
            args.require("--description");
            args.call(Operation::CreateJobTemplate, &["jobTemplateId", "document"])
        },
    },
    Spec {
        name: "describe-job-template",
        group: CommandGroup::Templates,
        arguments: &[TEMPLATE],
        flags: &[UNTIL, WITHIN],
        summary: "show a template with its document",
        example: "describe-job-template Reboot",
        refusals: &[NO_TEMPLATE],
        operations: &["DescribeJobTemplate"],
        needs: &[],
        build: |args| args.call(Operation::DescribeJobTemplate, &["jobTemplateId"]),
    },
    Spec {
        name: "list-job-templates",
        group: CommandGroup::Templates,
        arguments: &[],
        flags: &[TABLE, UNTIL, WITHIN],
        summary: "list the templates of the account",
        example: "list-job-templates --table",
        refusals: &[],
        operations: &["ListJobTemplates"],
        needs: &[],
        build: |args| args.call(Operation::ListJobTemplates, &[]),
    },
    Spec {
        name: "delete-job-template",
        group: CommandGroup::Templates,
        arguments: &[TEMPLATE],
        flags: &[],
        summary: "delete a template; its jobs stay",
        example: "delete-job-template Reboot",
        refusals: &[NO_TEMPLATE],
        operations: &["DeleteJobTemplate"],
        needs: &[],
        build: |args| args.call(Operation::DeleteJobTemplate, &["jobTemplateId"]),
    },
    Spec {
        name: "list-managed-job-templates",
        group: CommandGroup::Templates,
        arguments: &[],
        flags: &[
            text("--template-name", "<templateName>", "only versions of this one"),
            TABLE,
            UNTIL,
            WITHIN,
        ],
        summary: "list the templates that AWS offers",
        example: "list-managed-job-templates --table",
        refusals: &[],
        operations: &["ListManagedJobTemplates"],
        needs: &[],
        build: |args| args.call(Operation::ListManagedJobTemplates, &[]),
    },
    Spec {
        name: "describe-managed-job-template",
        group: CommandGroup::Templates,
        arguments: &[Argument { name: "<templateName>", shape: Shape::Text, count: Count::One }],
        flags: &[text("--template-version", "<version>", "which; the newest unless given"), UNTIL, WITHIN],
        summary: "show a template that AWS offers, with its parameters",
        example: "describe-managed-job-template AWS-Reboot",
        refusals: &[NO_TEMPLATE],
        operations: &["DescribeManagedJobTemplate"],
        needs: &[],
        build: |args| args.call(Operation::DescribeManagedJobTemplate, &["templateName"]),
    },
];
