//! Which events the account sends.

use super::options::{UNTIL, WITHIN};
use crate::app::command::arguments::ParsedArguments;
use crate::app::command::line::Command;
use crate::app::command::spec::{CommandGroup, Flag, Shape, Spec};

pub(super) static COMMANDS: &[Spec] = &[
    Spec {
        name: "describe-event-configurations",
        group: CommandGroup::Topics,
        arguments: &[],
        flags: &[UNTIL, WITHIN],
        summary: "show which events the account sends on $aws/events",
        example: "describe-event-configurations",
        refusals: &[],
        operations: &["DescribeEventConfigurations"],
        needs: &["DescribeEventConfigurations"],
        build: |_| Command::DescribeEventConfigurations,
    },
    Spec {
        name: "update-event-configurations",
        group: CommandGroup::Topics,
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
        needs: &["UpdateEventConfigurations"],
        build: ParsedArguments::update_event_configurations,
    },
];
